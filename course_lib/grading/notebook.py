"""A notebook as bytes: is it one, which code cells has it, which names does it define, which chapter is it?"""

import base64
import hashlib
import json
import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from course_lib.checks import chapters

if TYPE_CHECKING:
    from course_lib.checks.origins import Source
    from course_lib.checks.specification import Exercise


CELL_LIMIT = 2000
# In the name of a notebook that `course start` laid beside one that was changed.
NEW_EDITION = ".new-edition-"
# The prompts of Python and IPython, which people paste along with what follows them.
_PROMPT = re.compile(r"^(?:>>> ?|\.\.\. ?|In \[\d+\]: ?|[ ]+\.\.\.: ?)", re.MULTILINE)
_FUNCTION = re.compile(r"^(?:async )?def[ \t]+(\w+)", re.MULTILINE)
_VALUE = re.compile(r"^(\w+)[ \t]*(?::[^=\n]+)?=(?!=)", re.MULTILINE)
_CHECKED = re.compile(r"^(?:check|hint)\((\w+)", re.MULTILINE)
# Halves of a character, of which Python would read no cell.
_NO_TEXT = re.compile("[\ud800-\udfff]")
# What only a chapter to read has: the way to its exercises.
_TO_EXERCISES = re.compile(r"\]\((?:\.\./)?exercises/([^)/]+)\.ipynb")
# The ids of the cells that come with the course.
_OWN_CELL = re.compile(r"cell-\d\d")


class UnreadableError(Exception):
    """What was handed in cannot be read as what it claims to be; the text says why in one sentence."""


@dataclass(frozen=True)
class Notebook:
    """What a notebook holds that says something about it.

    cells     sources of the code cells, in order.
    silent    sources of the other cells, which no kernel runs.
    added     those of the code cells that did not come with the course, by their ids.
    marked    the names that nbgrader's metadata give to cells.
    to_read   the name of the exercises that it leads to, "" for one to be read that leads nowhere, None for others.
    """

    cells: list[str]
    added: list[str]
    marked: frozenset[str]
    to_read: str | None
    silent: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Recognised:
    """Which chapter a notebook is by what is in it ("": nothing says), and whether it is one to read."""

    chapter: str
    to_read: bool = False


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def receipt_code(digest: str) -> str:
    """Eight letters and digits, such as `K7QF-2M9D`, derived from a sha256 in hexadecimal."""
    code = base64.b32encode(bytes.fromhex(digest)[:5]).decode()
    return f"{code[:4]}-{code[4:]}"


def read_notebook(data: bytes) -> Notebook:
    """The Notebook in the bytes of a file; raises UnreadableError where they are no notebook."""
    tree = _tree(data)
    cells = _cells(tree) if isinstance(tree, dict) else None
    if not isinstance(cells, list):
        raise UnreadableError("This is not a notebook: it has no list of cells.")
    if len(cells) > CELL_LIMIT:
        raise UnreadableError(f"The notebook has {len(cells)} cells; at most {CELL_LIMIT} are read.")
    cells = [cell for cell in cells if isinstance(cell, dict)]
    code = [cell for cell in cells if cell.get("cell_type") == "code"]
    own = {id(cell) for cell in cells if _OWN_CELL.fullmatch(str(cell.get("id")))}
    # Some services write notebooks without ids: then nothing says which cells were added.
    added = [_source(cell) for cell in code if own and id(cell) not in own]
    marked = frozenset(filter(None, map(_mark, code)))
    silent = [_source(cell) for cell in cells if cell.get("cell_type") in ("markdown", "raw")]
    return Notebook([_source(cell) for cell in code], added, marked, _to_read(tree, cells), silent)


def _tree(data: bytes) -> Any:
    if not data.strip():
        raise UnreadableError("This is not a notebook: the file is empty.")
    try:
        # Some programs of Windows write UTF-16, and many a byte order mark.
        return json.loads(data.decode(json.detect_encoding(data)))
    except UnicodeDecodeError:
        raise UnreadableError("This is not a notebook: the file is not text.") from None
    except RecursionError:
        raise UnreadableError("This is not a notebook: its JSON is nested too deeply.") from None
    except ValueError as error:
        raise UnreadableError(f"This is not a notebook: its JSON is broken ({str(error)[:120]}).") from None


def _cells(tree: dict[str, Any]) -> Any:
    """The cells of a notebook; format 3 has them in worksheets, and calls the source of code `input`."""
    sheets = tree.get("worksheets")
    if "cells" in tree or not isinstance(sheets, list):
        return tree.get("cells")
    lists = [sheet["cells"] for sheet in sheets if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list)]
    return [{"source": cell.get("input"), **cell} for cells in lists for cell in cells if isinstance(cell, dict)]


def code_cells(data: bytes) -> list[str]:
    """The sources of the code cells, in order; raises UnreadableError where the bytes are no notebook."""
    return read_notebook(data).cells


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    return _NO_TEXT.sub("\N{REPLACEMENT CHARACTER}", source).removeprefix("\ufeff") if isinstance(source, str) else ""


def _mark(cell: dict[str, Any]) -> str:
    """The name that nbgrader's metadata give to a cell with an answer, or ""."""
    told = cell.get("metadata")
    told = told.get("nbgrader") if isinstance(told, dict) else None
    name = told.get("grade_id") if isinstance(told, dict) and told.get("solution") is True else None
    return name if isinstance(name, str) else ""


def _to_read(tree: dict[str, Any], cells: list[dict[str, Any]]) -> str | None:
    for cell in cells:
        if cell.get("cell_type") == "markdown" and (found := _TO_EXERCISES.search(_source(cell))):
            return found[1]
    told = tree.get("metadata")
    return "" if isinstance(told, dict) and isinstance(told.get("course"), dict) else None


def defined_names(sources: Iterable[str]) -> set[str]:
    """Names of functions and variables defined at the left margin; read as text, because ast is for trusted code."""
    return {name for found in map(_names, sources) for name in found}


def _names(source: str) -> dict[str, bool]:
    """Name -> whether a function of that name is defined, for what one cell defines at its left margin."""
    source = textwrap.dedent(_PROMPT.sub("", source) if _PROMPT.search(source) else source)
    return {**dict.fromkeys(_VALUE.findall(source), False), **dict.fromkeys(_FUNCTION.findall(source), True)}


def recognised(notebook: Notebook, exercises: "Iterable[Exercise]", hint: str = "") -> Recognised:
    """The chapter that a Notebook is by what is in it.

    A cell marked as an exercise's answer, a function of its name or a text for a derivation says most; a variable of
    the name, or a line that checks it, says a little. Where two chapters have the same, `hint`, the chapter in the
    file's name, decides between them.
    """
    own = notebook.added if notebook.to_read is not None and not notebook.marked else notebook.cells
    defined = {name: kind for source in own for name, kind in _names(source).items()}
    mentioned = {*defined, *(name for source in own for name in _CHECKED.findall(source))}
    counts: dict[str, int] = {}
    for exercise in exercises:
        if weight := _weight(exercise, notebook.marked, defined, mentioned):
            counts[exercise.chapter] = counts.get(exercise.chapter, 0) + weight
    if not counts:
        return Recognised(chapter_by_name(notebook.to_read or ""), notebook.to_read is not None)
    most = max(counts.values())
    likely = [chapter for chapter in sorted(counts) if counts[chapter] == most]
    return Recognised(hint if hint in likely else likely[0])


def _weight(exercise: "Exercise", marked: frozenset[str], defined: dict[str, bool], mentioned: set[str]) -> int:
    name = exercise.name
    if name in marked or (name in defined and defined[name] == (exercise.kind == "function")):
        return 3
    return int(name in mentioned)


def answers_in(notebook: Notebook, names: Iterable[str]) -> int:
    """How many of the names a Notebook defines in cells that are no stub; read as text."""
    written = [source for source in notebook.cells if "NotImplementedError" not in source]
    return len(defined_names(written) & set(names))


def chapter_by_name(filename: str, banks: "tuple[Source, ...] | None" = None) -> str:
    """The chapter that a file name starts with (`01_gradients.ipynb` -> "01", `warm-up_1.ipynb` -> "warm-up"), or "".

    banks   as of `checks.exercises`: they know the chapters that have names instead of numbers.
    """
    found = re.match(chapter_pattern(banks), filename, re.IGNORECASE)
    return chapter_as_written(found[0], banks) if found else ""


def chapter_pattern(banks: "tuple[Source, ...] | None" = None) -> str:
    """A regular expression for the chapter in a name: two digits, or one of the chapters that have a name."""
    named = sorted((c for c in chapters(banks) if not re.fullmatch(r"\d\d", c)), key=len, reverse=True)
    return "|".join([*(rf"{re.escape(chapter)}(?![^\W_])" for chapter in named), r"\d\d(?!\d)"])


def chapter_as_written(found: str, banks: "tuple[Source, ...] | None" = None) -> str:
    """The chapter with its own capitals; a system that knows none may have changed those of a file."""
    return next((chapter for chapter in chapters(banks) if chapter.casefold() == found.casefold()), found)
