r"""Lines about a point: `\hat w = \arg\min_w F`, a solution `w^* = …`, a value `\left.\frac{df}{dx}\right|_{x=a}`."""

from __future__ import annotations

import numpy as np

from .evaluation import Env
from .judgement import Bench, Relation
from .names import Names
from .tex import Tex, flat, trimmed
from .tree import Node

SEARCHES = (["argmin"], [r"\argmin"], ["argmax"], [r"\argmax"])


def search(nodes: list[Tex]) -> tuple[list[Tex], list[Tex]] | None:
    r"""(variable, what is minimised) of `\arg\min_w F`; None where no search begins here."""
    nodes = trimmed(nodes)
    if not nodes:
        return None
    first = nodes[0]
    if first.kind == "command" and first.value == "underset":
        found = _spelled([n.bare() for n in first.args[1]])
        return (first.args[0], nodes[1:]) if found else None
    length = 2 if flat([first.bare()]) == [r"\arg"] else 1
    last = nodes[length - 1] if length <= len(nodes) else first
    if not _spelled([n.bare() for n in nodes[:length]]):
        return None
    variable = next((inside for mark, inside, *_ in last.scripts if mark == "_"), None)
    return (variable, nodes[length:]) if variable else None


def _spelled(nodes: list[Tex]) -> bool:
    words = flat(nodes)
    return words in SEARCHES or words in ([r"\arg", r"\min"], [r"\arg", r"\max"])


class Fixed(Bench):
    """Draws on which declared names have given values, for claims about a point."""

    def __init__(self, names: Names, bench: Bench, values: dict[str, Node]) -> None:
        super().__init__(names, bench.seed, bench.deadline)
        self.given = {name: Relation(names, [Node("sym", (), name), tree]) for name, tree in values.items()}
        self.set: set[tuple[int, int]] = set()

    @property
    def misfits(self) -> bool:
        """Whether some value does not have the shape of its name."""
        return any(any(relation.misfits) for relation in self.given.values())

    def env(self, number: int, attempt: int = 0, active: tuple[str, ...] = (), scale: complex = 1.0) -> Env:
        """The environment of a draw, with the values put in when it is first asked for."""
        made = super().env(number, attempt, active, scale)
        if (number, attempt) not in self.set:
            self.set.add((number, attempt))
            for name, relation in self.given.items():
                self._put(name, relation, number, attempt)
            self.envs.clear()
            made = super().env(number, attempt, active, scale)
        return made

    def _put(self, name: str, relation: Relation, number: int, attempt: int) -> None:
        shape = self.draws[number, attempt].base(name).shape
        value = relation.on_draw(self, number, attempt, 1)
        self.draws[number, attempt].values[name] = np.broadcast_to(np.real(value), shape).copy()
