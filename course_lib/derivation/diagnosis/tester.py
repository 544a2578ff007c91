"""The truth of a line, and whether a candidate agrees with it on every draw, fresh ones included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.clock import seconds_spent

from ..dimensions import Core, MisfitError, Scope, is_scalar, resolve
from ..evaluation import evaluate
from ..judgement import DRAWS, FRESH, MODES, TOLERANCE, Bench, Relation, entry_order
from ..names import Names
from ..shapes import Typer
from ..tree import Node, Span, free_indices
from ..values import TooLargeError, UndefinedError

NUMBERS = (*range(DRAWS), *FRESH)  # the draws on which a finding is confirmed


SECONDS = 0.8


@dataclass
class Finding:
    """A confirmed mistake: its id, its sentence, the mended expression if there is one, and where it is."""

    mistake: str
    words: str
    mended: Node | None = None
    span: Span | None = None
    cost: float = 1.0


class _Behind(Scope):
    """A scope in which an index that is new gets an axis behind all that are taken."""

    def slot(self, index: str) -> int:
        return self.slots.setdefault(index, max(self.slots.values(), default=-1) + 1)


class Tester:
    """Compares candidates with one truth, whose values are computed once per draw."""

    def __init__(
        self, names: Names, bench: Bench, truth: Node, member: Node, promise: tuple[str, str] | None = None
    ) -> None:
        self.names, self.truth = names, truth
        self.bench = bench if promise is None else Bench(names, bench.seed, bench.deadline, promise)
        relation = Relation(names, [truth, member])
        self.core, self.scope = relation.core(0), relation.scope
        self.first_order, self.active = relation.scope.first_order, relation.active()
        self.letters = free_indices(truth)
        self.shape = resolve(self.core.shape[0]), resolve(self.core.shape[1])
        self.tolerance = max(TOLERANCE, relation.tolerance())
        self.known: dict[int, tuple[np.ndarray, int]] = {}
        self.until = seconds_spent() + SECONDS
        if bench.deadline is not None:
            self.until = min(self.until, bench.deadline)

    def truth_on(self, number: int) -> tuple[np.ndarray, int]:
        """(values of the truth, attempt) on a draw."""
        if number not in self.known:
            for attempt in range(len(MODES)):
                out = self._value(self.core, self.scope, number, attempt)
                if out is not None:
                    self.known[number] = (out, attempt)
                    break
            else:
                raise UndefinedError
        return self.known[number]

    def values(self, node: Node, numbers: Sequence[int] = NUMBERS) -> list[np.ndarray] | None:
        """A candidate's values on the draws given, or None when it does not fit or is not finite."""
        typed = self.typed(node)
        if typed is None:
            return None
        out = []
        for number in numbers:
            value = self.on_draw(*typed, number)
            if value is None:
                return None
            out.append(value)
        return out

    def typed(self, node: Node) -> tuple[Core, Scope] | None:
        """(typed tree, scope) of a candidate that has the truth's shape and indices, else None."""
        if seconds_spent() > self.until:
            raise TimeoutError
        scope = _Behind(self.names)
        scope.free = {k: self.scope.free[k] for k in self.letters if k in self.scope.free}
        scope.slots = {k: v[0] for k, v in scope.free.items()}
        for k in range(len(self.letters)):
            scope.slots.setdefault(f"reserved {k}", max([*scope.slots.values(), -1]) + 1)
        scope.direction_shapes = {k: (resolve(s[0]), resolve(s[1])) for k, s in self.scope.direction_shapes.items()}
        try:
            core = Typer(scope).typed(node)
            right = free_indices(node)
            if self.letters and not right and is_scalar(self.shape) and not is_scalar(core.shape):
                core = Typer(scope).typed(Node("idx", [node], tuple(entry_order(self.truth)), node.span))
        except (MisfitError, RecursionError):
            return None
        if any(i not in self.letters for i in right) or not scope.same(self.shape, core.shape):
            return None
        return core, scope

    def on_draw(self, core: Core, scope: Scope, number: int) -> np.ndarray | None:
        """The value of a typed candidate on a draw, None where it is not finite there."""
        return self._value(core, scope, number, self.truth_on(number)[1])

    def _value(self, core: Core, scope: Scope, number: int, attempt: int) -> np.ndarray | None:
        slots = max(scope.slots.values(), default=-1) + 1
        try:
            if not self.first_order:
                return self._plain(evaluate(core, self.bench.env(number, attempt, self.active), slots), scope)
            at_rest = evaluate(core, self.bench.env(number, attempt, self.active, 0.0), slots).real
            slope = evaluate(core, self.bench.env(number, attempt, self.active, 1e-30j), slots).imag / 1e-30
        except (
            UndefinedError,
            TooLargeError,
            np.linalg.LinAlgError,
            OverflowError,
            ZeroDivisionError,
            ValueError,
        ):
            return None
        rest, moved = self._plain(at_rest, scope), self._plain(slope, scope)
        return None if rest is None or moved is None else np.concatenate([rest.ravel(), moved.ravel()])

    def _plain(self, array: np.ndarray, scope: Scope) -> np.ndarray | None:
        """The value with one axis per index letter of the left side, in its order, then rows and columns."""
        if not np.isfinite(array).all():
            return None
        order = [scope.free[x][0] + 1 for x in self.letters if x in scope.free]
        kept = np.moveaxis(array, order, range(len(order)))
        return kept.reshape(*kept.shape[: len(order)], *kept.shape[-2:])

    def near(self, value: np.ndarray, number: int) -> bool:
        """Whether a value equals the truth on a draw."""
        truth = self.truth_on(number)[0]
        scale = max(np.abs(truth).max(initial=0), np.abs(value).max(initial=0))
        try:
            return bool(np.abs(truth - value).max(initial=0) <= self.tolerance * scale + 1e-13)
        except ValueError:
            return False

    def right(self, node: Node) -> bool:
        """Whether a candidate equals the truth on all draws and on fresh ones."""
        typed = self.typed(node)
        if typed is None:
            return False
        for number in NUMBERS:
            value = self.on_draw(*typed, number)
            if value is None or not self.near(value, number):
                return False
        return True
