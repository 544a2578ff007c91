"""A notebook as bytes: is it one, which code cells has it, which names does it define?"""

import base64
import hashlib
import json
import re

from course_lib.checks import chapters

CELL_LIMIT = 2000
# In the name of a notebook that `course start` laid beside one that was changed.
NEW_EDITION = ".new-edition-"
_DEFINITION = re.compile(r"^(?:async )?def[ \t]+(\w+)|^(\w+)[ \t]*=", re.MULTILINE)


class UnreadableError(Exception):
    """What was handed in cannot be read as what it claims to be; the text says why in one sentence."""


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def receipt_code(digest):
    """Eight letters and digits, such as `K7QF-2M9D`, derived from a sha256 in hexadecimal."""
    code = base64.b32encode(bytes.fromhex(digest)[:5]).decode()
    return f"{code[:4]}-{code[4:]}"


def code_cells(data):
    """The sources of the code cells, in order; raises UnreadableError where the bytes are no notebook."""
    try:
        tree = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UnreadableError("This is not a notebook: the file is not text.") from None
    except RecursionError:
        raise UnreadableError("This is not a notebook: its JSON is nested too deeply.") from None
    except ValueError as error:
        raise UnreadableError(f"This is not a notebook: its JSON is broken ({str(error)[:120]}).") from None
    cells = tree.get("cells") if isinstance(tree, dict) else None
    if not isinstance(cells, list):
        raise UnreadableError("This is not a notebook: it has no list of cells (format 4 or later was expected).")
    if len(cells) > CELL_LIMIT:
        raise UnreadableError(f"The notebook has {len(cells)} cells; at most {CELL_LIMIT} are read.")
    return [_source(cell) for cell in cells if isinstance(cell, dict) and cell.get("cell_type") == "code"]


def _source(cell):
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    return source if isinstance(source, str) else ""


def defined_names(sources):
    """Names of functions and variables defined at the left margin; read as text, because ast is for trusted code."""
    return {first or second for source in sources for first, second in _DEFINITION.findall(source)}


def chapter_by_content(sources, exercises):
    """The chapter that most of the defined names belong to, or "" when no name is an exercise."""
    defined = defined_names(sources)
    counts = {}
    for exercise in exercises:
        if exercise.name in defined:
            counts[exercise.chapter] = counts.get(exercise.chapter, 0) + 1
    return max(sorted(counts), key=counts.get) if counts else ""


def chapter_by_name(filename, banks=None):
    """The chapter that a file name starts with (`01_gradients.ipynb` -> "01", `warm-up_1.ipynb` -> "warm-up"), or "".

    banks   as of `checks.exercises`: they know the chapters that have names instead of numbers.
    """
    found = re.match(chapter_pattern(banks), filename, re.IGNORECASE)
    return chapter_as_written(found[0], banks) if found else ""


def chapter_pattern(banks=None):
    """A regular expression for the chapter in a name: two digits, or one of the chapters that have a name."""
    named = sorted((c for c in chapters(banks) if not re.fullmatch(r"\d\d", c)), key=len, reverse=True)
    return "|".join([*(rf"{re.escape(chapter)}(?![^\W_])" for chapter in named), r"\d\d(?!\d)"])


def chapter_as_written(found, banks=None):
    """The chapter with its own capitals; a system that knows none may have changed those of a file."""
    return next((chapter for chapter in chapters(banks) if chapter.casefold() == found.casefold()), found)
