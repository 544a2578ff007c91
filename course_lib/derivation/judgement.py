"""What is claimed, and is it so? Relations typed and evaluated on draws; no wording and no diagnosis here."""

from __future__ import annotations

import numpy as np

from .dimensions import Core, MisfitError, Open, Scope, is_scalar, is_vector, resolve, shape_phrase, spoken_shape
from .draws import Draw
from .evaluation import Env, _differentiates, differentials, evaluate
from .names import Definition, Names, dependencies
from .shapes import Typer
from .tree import Node, bound_indices, free_indices, num, sym, walk
from .values import UndefinedError

DRAWS = 5
FRESH = (101, 102)
TOLERANCE = 1e-8
STEP = 1e-4  # of the second difference along a small step
MODES = (
    "signed",
    "signed",
    "positive",
    "unit",
    "signed",
    "signed",
    "positive",
    "signed",
    "signed",
    "signed",
    "apart",
    "apart",
    "apart",
    "apart",
    "apart",
    "apart",
)


# A member's value, its derivative along small steps where there are any, and what is of second order in them.
Value = tuple[np.ndarray, np.ndarray | None, *tuple[np.ndarray, ...]]


class Bench:
    """The draws of one report: made once, shared by all lines, with the values of definitions on them."""

    def __init__(
        self, names: Names, seed: int = 0, deadline: float | None = None, promise: tuple[str, str] | None = None
    ) -> None:
        self.names, self.seed, self.deadline, self.promise = names, seed, deadline, promise
        self.draws: dict[tuple[int, int], Draw] = {}
        self.envs: dict[tuple[int, int, tuple[str, ...], complex], Env] = {}

    def env(self, number: int, attempt: int = 0, active: tuple[str, ...] = (), scale: complex = 1.0) -> Env:
        """The environment of draw `number`; later attempts draw again, in other modes."""
        drawn = (number, attempt)
        if drawn not in self.draws:
            self.draws[drawn] = Draw(self.names, number + 1000 * attempt, self.seed, MODES[attempt], self.promise)
        draw = self.draws[drawn]
        missing = [d for d in self.names.dims if d not in draw.dims]
        if missing:
            draw.dims.update(Draw(self.names, draw.number, self.seed).dims)
        key = (number, attempt, active, scale)
        if key not in self.envs:
            self.envs[key] = Env(draw, active, scale, deadline=self.deadline)
        env = self.envs[key]
        env.deadline = self.deadline
        return env


class Relation:
    """Members typed together: one scope, so that one member may decide what another leaves open.

    `reference` is the member the others are compared with. `cores[k]` is None and `misfits[k]` says why when a member
    does not fit in itself.
    """

    def __init__(self, names: Names, nodes: list[Node], reference: int = 0) -> None:
        self.names, self.nodes, self.reference = names, nodes, reference
        self.scope = Scope(names)
        self.cores: list[Core | None] = [None] * len(nodes)
        self.misfits: list[MisfitError | None] = [None] * len(nodes)
        self.as_entries = [False] * len(nodes)
        self.forced: tuple[str, ...] | None = None
        self.guessed = False
        order = [reference] + [k for k in range(len(nodes)) if k != reference]
        for k in order:
            self._type(k)

    def _type(self, k: int) -> None:
        try:
            if k != self.reference and self.cores[self.reference] is not None:
                self.cores[k] = self._fitted(k)
            else:
                self.cores[k] = Typer(self.scope).typed(self.nodes[k])
        except MisfitError as misfit:
            self.misfits[k] = misfit
        except RecursionError:
            self.misfits[k] = MisfitError("this expression is nested too deep", self.nodes[k])

    def core(self, k: int) -> Core:
        """The typed tree of a member; its MisfitError where it does not fit in itself."""
        core = self.cores[k]
        if core is None:
            raise self.misfits[k] or MisfitError("this does not fit in itself", self.nodes[k])
        return core

    def _fitted(self, k: int) -> Core:
        """A member typed and compared in shape with the reference."""
        reference, node = self.core(self.reference), self.nodes[k]
        left, right = set(free_indices(self.nodes[self.reference])), free_indices(node)
        extra = [i for i in right if i not in left]
        core = Typer(self.scope).typed(node)
        if is_zero(node):
            return core
        if is_scalar(reference.shape) and left and not right and not is_scalar(core.shape):
            letters = entry_order(self.nodes[self.reference])
            wanted = 2 if not any(resolve(s) == () for s in core.shape) else 1
            if len(letters) == wanted:
                self.as_entries[k] = True
                return Typer(self.scope).typed(Node("idx", [node], tuple(letters), node.span))
        if extra:
            raise MisfitError(_loose(extra), node, "free")
        if core.op == "along" and self.scope.same(reference.shape, core.shape[::-1]):
            return Core("T", [core], core.shape[::-1])  # NumPy's sums along an axis are neither rows nor columns
        if not self.scope.same(reference.shape, core.shape):
            raise MisfitError(
                f"this side is {shape_phrase(core.shape)}, the other is {shape_phrase(reference.shape)}",
                node,
                "trace" if is_scalar(reference.shape) else "sides",
            )
        return core

    @property
    def shape(self) -> str:
        """The shape of the reference as text."""
        core = self.cores[self.reference]
        return spoken_shape(core.shape) if core is not None else ""

    def clashes(self, k: int) -> list[str]:
        """Index letters that member k both sums over and uses free (on the left side or around the sum)."""
        outside = set(free_indices(self.nodes[self.reference])) | set(free_indices(self.nodes[k]))
        nested = {letter for node, letter in self.scope.clashes if any(n is node for n in walk(self.nodes[k]))}
        return sorted((outside & set(bound_indices(self.nodes[k]))) | nested)

    def active(self) -> tuple[str, ...]:
        """The declared names that vary in this relation: those whose differential it mentions.

        Where it mentions none (dE = −dŶ), those the derivation differentiates in somewhere, else all of them.
        """
        if self.forced is not None:
            return self.forced
        if not any(n.op == "d" for node in self.nodes for n in walk(node)):
            return ()
        here = [
            d
            for d in dict.fromkeys(differentials(self.nodes))
            if d in self.names.symbols and d not in self.names.definitions
        ]
        if here:
            return (*here, *self._moving(here))
        self.guessed = not self.names.varied
        inside = self._under_d()
        likely = self.names.varied or _multiplied(self.names) or list(self.names.symbols)
        return tuple([n for n in likely if n in inside] or inside or likely)

    def _under_d(self) -> list[str]:
        """The declared names that the differentials of the members depend on: with others alone all would be 0."""
        moved = [n.args[0] for node in self.nodes for n in walk(node) if n.op == "d"]
        needed = {name for body in moved for name in dependencies(body, self.names)}
        return [s for s in self.names.symbols if s in needed]

    def _moving(self, here: list[str]) -> dict[str, None]:
        """The declared names that must vary besides `here` so that no differential in the relation is 0."""
        found: dict[str, None] = {}
        for name in dict.fromkeys(differentials(self.nodes)):
            if name in self.names.definitions:
                needed = dependencies(sym(name), self.names)
                below = [s for s in self.names.symbols if s in needed]
                if not set(below) & {*here, *found}:
                    found.update(dict.fromkeys([s for s in below if s in self.names.varied] or below))
        return found

    def tolerance(self) -> float:
        """Relative tolerance: looser where a second derivative had to be taken by differences."""
        for core in self.cores:
            stack = [core] if core is not None else []
            while stack:
                c = stack.pop()
                if c.op in ("grad", "jacobian", "diff") and _differentiates(c.args[0], self.names):
                    return 1e-6
                if (
                    self.scope.order == 2
                    or c.op == "along_moves"
                    and len(c.args) > 2
                    or c.op == "formula"
                    and c.data[1] > 1
                ):
                    return 1e-6
                stack.extend(c.args)
        return TOLERANCE

    def values(self, bench: Bench, number: int) -> list[Value | None]:
        """The members' values on a draw: (value, derivative along small directions or None) each, None for a misfit.

        Draws again while something is not finite; UndefinedError when no attempt succeeds.
        """
        slots, active = len(self.scope.slots), self.active()
        for attempt in range(len(MODES)):
            try:
                out = [self._value(bench, number, attempt, active, slots, k) for k in range(len(self.nodes))]
            except (UndefinedError, np.linalg.LinAlgError, OverflowError, ZeroDivisionError):
                continue
            if all(v is None or all(p is None or np.isfinite(p).all() for p in v) for v in out):
                self.attempt = attempt
                return out
        raise UndefinedError

    def on_draw(self, bench: Bench, number: int, attempt: int, k: int) -> np.ndarray:
        """A member's value on one draw, where nothing moves; UndefinedError where it has none that is finite."""
        out = self._value(bench, number, attempt, (), len(self.scope.slots), k)
        if out is None or not np.isfinite(out[0]).all():
            raise UndefinedError
        return out[0]

    def _value(
        self, bench: Bench, number: int, attempt: int, active: tuple[str, ...], slots: int, k: int
    ) -> Value | None:
        core = self.cores[k]
        return None if core is None else self._parts(core, bench, number, attempt, active, slots)

    def _parts(self, core: Core, bench: Bench, number: int, attempt: int, active: tuple[str, ...], slots: int) -> Value:
        """A value on a draw and, where small steps are taken, its derivatives along them."""
        if not self.scope.first_order:
            return evaluate(core, bench.env(number, attempt, active), slots), None
        at_rest = evaluate(core, bench.env(number, attempt, active, 0.0), slots)
        moved = self._slope(core, bench, number, attempt, active, slots, 0.0)
        if self.scope.order != 2:
            return at_rest.real, moved
        return at_rest.real, moved, self._bend(core, bench, number, attempt, active, slots, 0.0)

    def _slope(
        self, core: Core, bench: Bench, number: int, attempt: int, active: tuple[str, ...], slots: int, at: float
    ) -> np.ndarray:
        """How a member changes with the size of small steps, where they have the size `at`."""
        return evaluate(core, bench.env(number, attempt, active, at + 1e-30j), slots).imag / 1e-30

    def _bend(
        self, core: Core, bench: Bench, number: int, attempt: int, active: tuple[str, ...], slots: int, at: float
    ) -> np.ndarray:
        """How that slope changes, by central differences."""
        up, down = (self._slope(core, bench, number, attempt, active, slots, at + h) for h in (STEP, -STEP))
        return (up - down) / (2 * STEP)

    def beyond(self, bench: Bench, number: int, k: int) -> bool:
        """Whether member k says more about a step than its first power, and says it wrongly.

        Without o(.) a line about f(x + h) is exact, or leaves out powers of h; those that it names must be right.
        """
        if self.scope.order is not None or not self.scope.first_order or not self._steps():
            return False
        active, slots = self.active(), len(self.scope.slots)
        cores = self.core(self.reference), self.core(k)
        moved = bench.env(number, self.attempt, active, 1.0)
        whole = [evaluate(c, moved, slots).real for c in cores]
        if _near(whole[0], whole[1], TOLERANCE):
            return False
        bends = [[self._bend(c, bench, number, self.attempt, active, slots, at) for at in (0.0, 0.5)] for c in cores]
        straight = [
            all(np.abs(b).max(initial=0) <= 1e-6 * (1 + np.abs(whole[0]).max(initial=0)) for b in bent)
            for bent in bends
        ]
        if any(straight):
            return False
        even = any(_near(bent[0], bent[1], 1e-6) for bent in bends)
        return not (even and _near(bends[0][0], bends[1][0], 1e-6))

    def cancelling(self, bench: Bench, number: int, k: int) -> float:
        """The size of the terms of a member that should cancel, on the draw of the last values."""
        terms: list[Core] = []
        todo = [self.cores[k], self.cores[self.reference]]
        while todo:
            core = todo.pop()
            if core is not None and core.op in ("add", "neg"):
                todo += core.args
            elif core is not None:
                terms.append(core)
        given = (bench, number, self.attempt, self.active(), len(self.scope.slots))
        parts = [p for c in terms for p in self._parts(c, *given) if p is not None]
        return max((float(np.abs(p).max(initial=0)) for p in parts), default=0.0)

    def _steps(self) -> bool:
        """Whether a letter for a small step stands in the members."""
        return any(n.op == "sym" and n.val in self.names.directions for node in self.nodes for n in walk(node))


def _multiplied(names: Names) -> list[str]:
    """Declared arrays that definitions multiply by something: what a derivation that does not say probably
    varies.
    """
    found: set[str] = set()
    for definition in names.definitions.values():
        for n in walk(definition.body):
            if n.op in ("mul", "at") and sum(a.op in ("sym", "T", "idx") for a in n.args) > 1:
                found |= {m.val for a in n.args if a.op in ("sym", "T", "idx") for m in walk(a) if m.op == "sym"}
    return [s for s, spec in names.symbols.items() if s in found and (spec.rows, spec.columns) != (1, 1)]


def is_number(node: Node, names: Names) -> bool:
    """Whether a tree fits together and is a number."""
    core = Relation(names, [node]).cores[0]
    return core is not None and is_scalar(core.shape)


def is_zero(node: Node) -> bool:
    return node == num(0)


def entry_order(node: Node) -> list[str]:
    """The index letters of a member in the order in which they name an entry (those of the derivative's
    variable first).
    """
    for n in walk(node):
        if n.op == "grad" and len(n.args) > 1 and n.args[1].op == "idx":
            own = free_indices(n.args[0])
            return own + [i for i in n.args[1].val if isinstance(i, str) and i not in own]
    return free_indices(node)


def close(a: Value, b: Value, tolerance: float = TOLERANCE, scale: float = 0.0) -> bool:
    """Whether two values agree to the relative tolerance (each its value and its derivatives, or None for one).

    scale: the size of what cancels in them, where they are to be 0.
    """
    pairs = zip(a, b, strict=True)
    return all(_near(x, y, tolerance, scale) for x, y in pairs if x is not None and y is not None)


def _near(x: np.ndarray, y: np.ndarray, tolerance: float, cancelled: float = 0.0) -> bool:
    scale = max(np.abs(x).max(initial=0), np.abs(y).max(initial=0))
    try:
        return bool(np.abs(x - y).max(initial=0) <= tolerance * scale + 1e-13 * max(cancelled, 1))
    except ValueError:
        return False


def _loose(indices: list[str]) -> str:
    """What is to be said of indices that are free on the right side only."""
    if len(indices) == 1:
        return f"the index {indices[0]} is neither summed nor does it stand on the left"
    return f"the indices {' and '.join(indices)} are neither summed nor do they stand on the left"


def define(
    names: Names, name: str, params: tuple[str, ...], indices: tuple[str, ...], node: Node
) -> tuple[Definition, Relation]:
    """A definition from the right side of `name = node`; MisfitError when it does not fit together."""
    relation = Relation(names, [node])
    core = relation.core(0)
    scope = relation.scope
    free = free_indices(node)
    extra = [i for i in free if i not in indices]
    if extra:
        raise MisfitError(_loose(extra), node, "free")
    if indices:
        core = _collected(core, indices, node, scope)
    _decide_by_count(core, scope)
    if not names.inferring and any(isinstance(a, Open) for d in core.shape for a in resolve(d)):
        raise MisfitError("the size of this is not decided by anything: give it, as in I_m", node)
    shape = resolve(core.shape[0]), resolve(core.shape[1])
    return Definition(
        name,
        node if not indices else Node("table", [node], (indices[0], None, (*indices, None)[1], None)),
        params,
        shape,
        core,
        len(scope.slots),
    ), relation


def _decide_by_count(core: Core, scope: Scope) -> None:
    r"""Let the open length of `I - \frac1n 11^T` be n, the one length that is counted in it."""
    todo, counted = [core], set()
    while todo:
        part = todo.pop()
        todo += part.args
        if part.op == "size":
            counted.add(part.data)
    if len(counted) == 1:
        (length,) = counted
        for d in core.shape:
            if any(isinstance(a, Open) for a in resolve(d)):
                scope.unify(d, (length,))


def _collected(core: Core, indices: tuple[str, ...], node: Node, scope: Scope) -> Core:
    """An index-form right side as the array whose entries it gives: a column, a row where its vectors are
    rows, a matrix.
    """
    if not is_scalar(core.shape) and (len(indices) != 1 or is_vector(core.shape) is False):
        raise MisfitError("each entry must be a number here", node)
    slots = []
    for letter in indices:
        if letter not in scope.free:
            raise MisfitError(f"the index {letter} stands on the left but not on the right", node, "index")
        slots.append(scope.free[letter])
    if len(slots) == 2:
        return Core("table", [core], (slots[0][1], slots[1][1]), (slots[0][0], slots[1][0]))
    slot, length = slots[0]
    if not is_scalar(core.shape):  # vectors side by side: μ_k is column k
        core = core if resolve(core.shape[1]) == () else Core("T", [core], core.shape[::-1])
        return Core("table", [core], (core.shape[0], length), (None, slot))
    if _over_rows(core, slot):
        return Core("table", [core], ((), length), (None, slot))
    return Core("table", [core], (length, ()), (slot, None))


def _over_rows(core: Core, slot: int) -> bool:
    """Whether every vector this index picks from is a row."""
    seen = []
    stack = [core]
    while stack:
        c = stack.pop()
        if c.op == "entry" and c.args:
            rows, columns = c.args[0].shape
            a, b = c.data
            if b == ("slot", slot) and resolve(rows) == ():
                seen.append(True)
            elif a == ("slot", slot):
                seen.append(False)
        stack.extend(c.args)
    return bool(seen) and all(seen)
