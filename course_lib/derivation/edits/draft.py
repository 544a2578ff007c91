"""What is edited: one member of a line, with its places, and what is known of the names and numbers in it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from ..dimensions import MisfitError, Scope, Shape, is_scalar, is_vector
from ..names import Names
from ..operations import ELEMENTWISE
from ..shapes import Typer
from ..tree import Node, Path, Span, free_indices, places, put, walk

NUMBER = ((), ())


@dataclass
class Edit:
    """A candidate: the whole tree after the edit, the mistake it mends, its cost, the place, its sentence."""

    cost: float
    mistake: str
    tree: Node
    place: Node
    words: str


class Draft:
    """A member that may need mending, given the names that may be used and the index letters on the left."""

    def __init__(self, names: Names, member: Node, truth: Node, exclude: Collection[str] = ()) -> None:
        self.names, self.member, self.truth = names, member, truth
        self.left = free_indices(truth)
        self.available = [n for n in (*names.symbols, *names.definitions) if n not in exclude]
        self.available = list(dict.fromkeys(self.available))
        self.everywhere = list(places(member))
        variables = [p + (k,) for p, n in self.everywhere if n.op in ("grad", "hess") for k in range(1, len(n.args))]
        self.places = [(p, n) for p, n in self.everywhere if not any(p[: len(v)] == v for v in variables)]
        self.parents = {path + (k,): node for path, node in self.everywhere for k in range(len(node.args))}

    def edit(self, cost: float, mistake: str, path: Path, new: Node, place: Node, words: str) -> Edit:
        """The edit that puts `new` at a path; `place` is what its sentence is about."""
        return Edit(cost, mistake, put(self.member, path, new), place, words)

    # -- names

    def shape_of(self, name: str) -> Shape | None:
        """The shape of a name, None when nothing says it."""
        return NUMBER if name in self.names.dims else self.names.shape(name)

    def is_array(self, name: str) -> bool:
        """Whether a name is known to be a vector or a matrix."""
        return (self.shape_of(name) or NUMBER) != NUMBER

    def arrays(self) -> dict[str, Shape]:
        """The available names of vectors and matrices, with their shapes."""
        shapes = {name: self.shape_of(name) for name in self.available}
        return {name: shape for name, shape in shapes.items() if shape is not None and shape != NUMBER}

    # -- numbers and vectors

    def is_number(self, node: Node) -> bool:
        """Whether a node is a number by its form."""
        if (
            node.op in ("num", "norm", "frob", "kdelta")
            or node.op == "idx"
            and None not in node.val
            and not self._is_row(node)
        ):
            return True
        if node.op == "fn" and node.val[0] in ("tr", "det", "logdet", "sum", "mean"):
            return True
        if node.op == "sym":
            return self.shape_of(node.val) in (None, NUMBER)
        if node.op in ("div", "pow", "neg", "mul", "add", "sum", "had"):
            return all(self.is_number(a) for a in node.args)
        if node.op == "fn" and node.val[0] in ELEMENTWISE:
            return self.is_number(node.args[0])
        return False

    def _is_row(self, node: Node) -> bool:
        """Whether an indexed node is a row of a matrix: x_i of X."""
        base = node.args[0]
        shape = self.shape_of(base.val) if base.op == "sym" else None
        return len(node.val) == 1 and shape is not None and () not in shape

    def is_typed_number(self, node: Node) -> bool:
        """Whether a node is a number by its shapes."""
        return self._has_shape(node, is_scalar)

    def is_typed_vector(self, node: Node) -> bool:
        """Whether a node is a vector by its shapes."""
        return self._has_shape(node, is_vector)

    def _has_shape(self, node: Node, wanted: Callable[[Shape], bool]) -> bool:
        try:
            return wanted(Typer(Scope(self.names)).typed(node).shape)
        except MisfitError:
            return False

    # -- index letters

    def bound_above(self, path: Path) -> list[str]:
        """The letters of the sums that a place stands in."""
        letters = []
        node = self.member
        for k in path:
            if node.op == "sum":
                letters.append(node.val[0])
            node = node.args[k]
        return letters

    def fresh_letter(self) -> str:
        """An index letter that the line does not use yet."""
        used = (
            set(self.left)
            | {i for n in walk(self.member) if n.op in ("idx", "kdelta") for i in n.val}
            | {n.val[0] for n in walk(self.member) if n.op == "sum"}
        )
        return next(c for c in "lmpqrstuv" if c not in used)


def span_from(a: Node, b: Node) -> Span | None:
    """The stretch of text from the start of a to the end of b, None when one of them stands nowhere."""
    return (a.span[0], b.span[1]) if a.span and b.span else None
