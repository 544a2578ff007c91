"""How a text spells its names and transposes, so that what is written for its reader looks like what stands there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from .names import Names, latex_name, name_of
from .tex import Tex, everywhere, flat, read_tex


@dataclass(frozen=True)
class Spelling:
    r"""names: {canonical name: as it is written}; transpose: what stands in the exponent, `\top` or `T`."""

    names: dict[str, str] = field(default_factory=dict)
    transpose: str = r"\top"


_OURS = Spelling()
_current: ContextVar[Spelling] = ContextVar("spelling", default=_OURS)  # noqa: B039  nobody writes into it


def spelling_of(text: str, names: Names) -> Spelling:
    """How a text writes those of the names that stand in it; the first way counts."""
    found: dict[str, str] = {}
    marks: list[str] = []
    for node in everywhere(read_tex(text)):
        marks += [r"\top" if s == [r"\top"] else "T" for s in _raised(node) if s in ([r"\top"], ["T"])]
        for k in range(len(node.scripts), -1, -1):
            name = name_of([node.scripted(node.scripts[:k])]) if node.kind in ("letter", "command", "style") else None
            if name and (name in names.symbols or name in names.definitions):
                found.setdefault(name, text[node.start : node.scripts[k - 1][3] if k else node.end])
                break
    return Spelling(found, marks[0] if marks else r"\top")


def _raised(node: Tex) -> list[list[str]]:
    return [flat(inside) for mark, inside, *_ in node.scripts if mark == "^"]


@contextmanager
def spelled(spelling: Spelling) -> Iterator[None]:
    """What is written inside follows the spelling."""
    token = _current.set(spelling)
    try:
        yield
    finally:
        _current.reset(token)


def written_name(name: str) -> str:
    """A canonical name as LaTeX, in the spelling that holds here."""
    return _current.get().names.get(name) or latex_name(name)


def transpose_mark() -> str:
    return _current.get().transpose
