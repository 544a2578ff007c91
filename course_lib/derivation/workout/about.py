"""What a learner's text derives: which function, named or not, in which variable, and what is right of it so far."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from ..charity import shape_of
from ..dimensions import SCALAR, MisfitError, Scope
from ..engine import Line, Session
from ..evaluation import differentials
from ..meaning import named
from ..names import Names, dependencies, stem
from ..shapes import Typer
from ..tree import Node, map_tree, names_in, sym, walk
from .algebra import d_of
from .working import LOSSES

PARAMETERS = ("W", "w", "theta", "Theta", "beta", "U", "V", "b", "x", "X", "z", "Z")
FITTED = PARAMETERS[:8]
TARGETS = ("y", "Y", "t", "T")
SETTINGS = ("lambda", "alpha", "eta", "epsilon")  # R(λ) = … is minimised in something else
DERIVED = ("grad", "d", "along", "hess")


class NothingAskedError(ValueError):
    """A text in which nothing is differentiated, and nothing could be."""

    def __init__(self) -> None:
        super().__init__("Begin with the definition, such as L = …; then the next line can be found.")


class About:
    """The function and the variable of a text, and its right claims.

    loss      the name of the function; for one without a name, `d tr(AXB) = …`, a name that is given to it here.
    formula   what such a name stands for, None where the text has the name.
    """

    def __init__(self, session: Session, goal: str = ""):
        self.names: Names = session.names
        self.claims = [x for x in session.lines if x.claimed is not None and x.verdict == "right"]
        self.goal = session.parse(goal) if goal else None
        lines = session.statements
        self.programmed = self.goal is None and bool(lines) and all(s.numpy for s in lines)
        self.formula: Node | None = None
        self.loss = self._function()
        self.variable = self._variable()

    def written_out(self, node: Node) -> Node:
        """The tree with the function's formula in place of a name that the text does not have."""
        return map_tree(node, {sym(self.loss): self.formula}.get) if self.formula is not None else node

    def as_named(self, node: Node) -> Node:
        """The tree with the function's name in place of a call of it, or of its formula, under a derivative."""
        formula, loss = self.formula, sym(self.loss)

        def change(n: Node) -> Node | None:
            if n.op not in DERIVED or not n.args:
                return None
            below = n.args[0]
            called = below.op == "app" and below.val == self.loss and all(a.op == "sym" for a in below.args)
            return n.with_args([loss, *n.args[1:]]) if called or below == formula else None

        return map_tree(node, change)

    def gradients(self) -> Iterator[Node]:
        """The gradients that the claims are about, the last first."""
        for line in reversed(self.claims):
            if line.claimed is not None:
                yield from (n for n in walk(line.claimed) if n.op == "grad" and n.args[0].op != "grad")

    def variable_of(self, grad: Node) -> str | None:
        """The name in which a gradient is taken, said or the only one that can be meant."""
        if len(grad.args) > 1:
            below = grad.args[1].args[0] if grad.args[1].op == "idx" else grad.args[1]
            return below.val if below.op == "sym" else None
        try:
            return Typer(Scope(self.names)).only_variable(grad.args[0], grad)
        except MisfitError:
            return None

    def said(self) -> Iterator[tuple[Node, Line]]:
        """What each right claim is about, in the names used here, with its line."""
        for line in self.claims:
            if line.claimed is not None:
                yield self._about_steps(self.as_named(line.claimed)), line

    def end(self) -> Line | None:
        """The line that says what is asked for, the last where a goal is set; None where no line does."""
        if self.goal is not None:
            line = self.claims[-1] if self.claims else None
            return line if line is not None and line.explicit and self._is_about(line, self.variable) else None
        return next((x for x in reversed(self._taken) if self._is_about(x, self.variable)), None)

    def carry_on(self) -> None:
        """In a program, take the next parameter when what was varied is done."""
        rest = self.open_parameters() if self.programmed and self.end() is not None else []
        self.variable = rest[-1] if rest else self.variable

    def open_parameters(self) -> list[str]:
        """The parameters beside one that is varied, those of a network say, of which no line says the gradient."""
        if stem(self.variable) not in FITTED:
            return []
        needed, taken = dependencies(sym(self.loss), self.names), self._taken
        free = [n for n in self.names.symbols if n in needed and stem(n) in FITTED]
        return [n for n in free if not any(self._is_about(line, n) for line in taken)]

    @cached_property
    def _taken(self) -> list[Line]:
        """The lines about gradients with no derivative on the right but those that lines above them say."""
        known: set[Node] = set()
        found = []
        for line in self.claims:
            claimed = self._unscaled(line)
            if claimed is None or claimed.op != "grad":
                continue
            last = line.sides[-1]
            left_open = any(n.op in DERIVED and self._whole(n) not in known for n in walk(last))
            if not left_open and not any(n.op == "sum" and any(m.op == "kdelta" for m in walk(n)) for n in walk(last)):
                known.add(self._whole(claimed))
                found.append(line)
        return found

    def _unscaled(self, line: Line) -> Node | None:
        """What a line is about, a gradient also where a program takes the mean of it only later."""
        node = line.claimed
        return node.args[-1] if node is not None and node.op == "mul" and self.names.scale else node

    def _whole(self, node: Node) -> Node:
        """A derivative by entries, or of vec F in vec X, as one of whole arrays."""

        def bare(n: Node) -> Node:
            inside = n.op == "T" or n.op == "fn" and n.val[0] == "vec" or n.op == "idx" and _is_letters(n)
            return bare(n.args[0]) if inside else n

        node = self.as_named(node)
        return self.as_named(node.with_args(map(bare, node.args)))

    def _is_about(self, line: Line, variable: str) -> bool:
        if line.claimed is None or line.claimed.op != "grad":
            return False
        grad = self._whole(line.claimed)
        return grad.args[0] == sym(self.loss) and self.variable_of(grad) == variable

    # -- which function

    def _function(self) -> str:
        if self.goal is not None:
            return str(self.goal.args[0].val)
        defined = list(self.names.definitions)
        for grad in self.gradients():
            f = grad.args[0].args[0] if grad.args[0].op == "idx" else grad.args[0]
            if f.op in ("sym", "app") and f.val in defined and (len(grad.args) > 1 or self.variable_of(grad)):
                later = [n for n in defined if self._is_number(n) and f.val in dependencies(sym(n), self.names)]
                later = [n for n in later if n != f.val]
                return str(later[-1] if later and not self._is_number(f.val) else f.val)
        numbers = [n for n in defined if self._is_number(n)]
        moved = [x.claimed.args[0].val for x in self.claims if x.claimed and x.claimed.op == "d"]
        about = [n for n in numbers if all(m in dependencies(sym(n), self.names) for m in moved if m)]
        if not numbers:
            self.formula = self._unnamed()
            if self.formula is not None:
                return str(named(self.formula, self.names, LOSSES).val)
        if not defined:
            raise NothingAskedError
        return (about or numbers or defined)[-1]

    def _unnamed(self) -> Node | None:
        """The expression that is differentiated, or the number that the claims rewrite, where neither has a name."""
        for line in reversed(self.claims):
            head = line.claimed
            if head is not None and head.op in ("grad", "d") and head.args[0].op not in ("sym", "idx", "app"):
                return head.args[0]
        defined = set(self.names.definitions)
        for line in reversed(self.claims):
            head = line.claimed
            if head is None or head.op in (*DERIVED, "sym", "idx") or defined and not names_in(head) & defined:
                continue
            if shape_of(head, self.names) == SCALAR:
                return head
        return None

    def _is_number(self, name: str) -> bool:
        return self.names.shape(name) == SCALAR

    # -- which variable

    def _variable(self) -> str:
        if self.goal is not None and len(self.goal.args) > 1:
            return str(self.variable_of(self.goal))
        needed = dependencies(sym(self.loss), self.names)
        declared = [n for n in self.names.symbols if n in needed and n not in self.names.definitions]
        for grad in self.gradients():
            name = self.variable_of(self.as_named(grad))
            if name in declared:
                return str(name)
        definition = self.names.definitions.get(self.loss)
        written = [n for n in (definition.params if definition is not None else ()) if n in declared]
        written = [n for n in written if n not in SETTINGS] or declared
        for name in differentials(side for line in reversed(self.claims) for side in line.sides):
            if name in written:
                return name
        free = [n for n in written if stem(n) not in TARGETS] or written
        if not free:
            raise NothingAskedError
        return min(free, key=lambda n: (PARAMETERS.index(stem(n)) if stem(n) in PARAMETERS else 99, self._is_number(n)))

    def _about_steps(self, claimed: Node) -> Node:
        """D f(x)[v] as d f: the step is called v."""
        once = claimed.op == "along" and len(claimed.args) == 2 and claimed.args[1].op == "sym"
        return d_of(self.loss) if once and claimed.args[0] == sym(self.loss) else claimed

    def in_steps(self, line: Line, side: Node) -> Node:
        """A side of D f(x)[v] = … with dx for the step v."""
        claimed = line.claimed
        if claimed is None or claimed.op != "along" or self._about_steps(self.as_named(claimed)).op != "d":
            return side
        return map_tree(side, {claimed.args[1]: d_of(self.variable)}.get)


def is_by_entries(grad: Node) -> bool:
    """Whether a gradient is one in an entry, or a row, that stands for any."""
    return len(grad.args) > 1 and grad.args[1].op == "idx" and _is_letters(grad.args[1])


def _is_letters(entry: Node) -> bool:
    return all(isinstance(k, str) for k in entry.val)
