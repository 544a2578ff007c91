"""How a text spells its names and transposes, so that what is written for its reader looks like what stands there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from .names import Names, latex_name, name_of
from .tex import Tex, everywhere, flat, read_tex

LOGS = {
    "log" + name for name in ("L", "p", "P", "ell", "q")
}  # names of likelihoods of which only the logarithm is named


@dataclass(frozen=True)
class Spelling:
    r"""names: {canonical name: as it is written}; transpose: what stands in the exponent, `\top` or `T`.

    entries: {name: the small letter} where x_{ij} is written for the entries of X. fractions: whether a gradient is
    written as a fraction of ∂, and nowhere with ∇. functions: {what a function is: the text's own name for it}.
    """

    names: dict[str, str] = field(default_factory=dict)
    entries: dict[str, str] = field(default_factory=dict)
    transpose: str = r"\top"
    fractions: bool = False
    functions: dict[str, str] = field(default_factory=dict)


_OURS = Spelling()
_current: ContextVar[Spelling] = ContextVar("spelling", default=_OURS)  # noqa: B039  nobody writes into it


def spelling_of(text: str, names: Names) -> Spelling:
    """How a text writes those of the names that stand in it; the first way counts."""
    found: dict[str, str] = {}
    entries: dict[str, str] = {}
    marks: list[str] = []
    signs = set()
    for node in everywhere(read_tex(text)):
        signs |= {node.value} if node.kind == "command" else set()
        marks += [r"\top" if s == [r"\top"] else "T" for s in _raised(node) if s in ([r"\top"], ["T"])]
        for k in range(len(node.scripts), -1, -1):
            name = name_of([node.scripted(node.scripts[:k])]) if node.kind in ("letter", "command", "style") else None
            if name and (name in names.symbols or name in names.definitions):
                found.setdefault(name, text[node.start : node.scripts[k - 1][3] if k else node.end])
                break
        bare = name_of([node.bare()]) if node.kind in ("letter", "style") and node.scripts else None
        capital = names.with_entries(bare) if bare and node.scripts[0][0] == "_" and bare not in found else None
        if capital is not None:
            entries.setdefault(capital, text[node.start : node.end])
    for name in names.definitions:
        if name not in found and name in LOGS:
            found[name] = rf"\log {latex_name(name[3:])}"
    fractions = "partial" in signs and "nabla" not in signs
    return Spelling(found, entries, marks[0] if marks else r"\top", fractions)


def layers_of(text: str, names: Names) -> dict[str, str]:
    """The names with a layer's number that a text spells otherwise than we do: {"W1": "W^1"}."""
    found = spelling_of(text, names).names
    return {name: said for name, said in found.items() if name[-1:].isdigit() and said != latex_name(name)}


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


def written_name(name: str, of_an_entry: bool = False) -> str:
    """A canonical name as LaTeX, in the spelling that holds here."""
    if of_an_entry and name in _current.get().entries:
        return _current.get().entries[name]
    return _current.get().names.get(name) or latex_name(name)


def own_function(name: str) -> str | None:
    """What the text that is followed calls a function, None where it has no name of its own."""
    return _current.get().functions.get(name)


def transpose_mark() -> str:
    return _current.get().transpose


def follows_a_text() -> bool:
    """Whether what is written is a new line for somebody's text, and not that text as it was read."""
    return _current.get() is not _OURS
