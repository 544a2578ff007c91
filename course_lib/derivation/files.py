r"""A derivation in a file: a line with the shapes, perhaps one with functions, then the derivation.

    shapes: X = n d; w = d; y = n
    functions: sigma
    L = \frac{1}{2n}\|Xw-y\|^2
    \nabla_w L = \frac{1}{n}X^\top(Xw-y)

`X: n d, w: d` and `{"X": "n d"}` are understood too, several `shapes:` lines add up, and `%` begins a
comment. Without such a line the shapes are inferred.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib.errors import CourseError

from . import derive

if TYPE_CHECKING:
    from .report import Report

LARGEST = 200_000


def derive_file(path: str | Path) -> Report:
    """The Report on the derivation in a text file; CourseError says what the file lacks."""
    path = Path(path)
    try:
        if path.stat().st_size > LARGEST:
            raise CourseError(f"{path} is larger than {LARGEST // 1000} kB, too large for a derivation.")
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise CourseError(f"There is no file {path}.") from None
    except IsADirectoryError:
        raise CourseError(f"{path} is a folder; a text file with a derivation is needed.") from None
    except UnicodeDecodeError:
        raise CourseError(f"{path} is not a text file in UTF-8.") from None
    except OSError as e:
        raise CourseError(f"{path} cannot be read: {e.strerror or e}.") from None
    shapes, functions, body = split_header(text, str(path))
    try:
        return derive(body, shapes, functions)
    except (TypeError, ValueError) as e:
        raise CourseError(f"The header of {path} is not understood: {e}.") from None


def split_header(text: str, source: str = "the file") -> tuple[dict[str, str] | None, tuple[str, ...], str]:
    """(shapes, functions, derivation) of a file's text; shapes is None where no line declares any."""
    shapes: dict[str, str] = {}
    functions: list[str] = []
    body, seen = [], False
    for line in text.splitlines():
        found = re.match(r"\s*(?:[%#]\s*)?(shapes?|functions?)\s*:\s*(.*)$", line, re.IGNORECASE)
        if not found:
            body.append(line)
        elif found[1].lower().startswith("shape"):
            seen = True
            shapes.update(_entries(found[2], source))
        else:
            functions += [f for f in re.split(r"[\s,;]+", found[2].strip()) if f]
    return (shapes if seen else None), tuple(functions), "\n".join(body)


def _entries(text: str, source: str) -> dict[str, str]:
    """Names and shapes from `X = n d; w = d`, `X: n d, w: d` or `{"X": "n d"}`."""
    bare = re.sub(r"[\"'`]", "", text.strip().strip("{}").rstrip(".;,"))
    # A comma or semicolon ends an entry only when another name follows it, so that `X = n, d` is a shape too.
    starts = list(re.finditer(r"(?:^|[;,])\s*([^\s=:;,][^=:;,]*?)\s*[=:]", bare))
    if not starts or bare[: starts[0].start()].strip():
        raise CourseError(
            f"The shapes in {source} are not understood: {text.strip()!r}; write 'shapes: X = n d; w = d'."
        )
    ends = [s.start() for s in starts[1:]] + [len(bare)]
    return {s[1].strip(): bare[s.end() : end].strip() for s, end in zip(starts, ends, strict=True)}
