"""Values of typed trees on random draws, and derivatives by complex step through the same evaluator.

A value is an array of shape (perturbations, one axis per index letter, rows, columns). The first axis carries all
perturbed copies at once, so a gradient costs one evaluation; an axis an expression does not depend on has length one.
What an operation makes of the values of its operands is said by its row in `operations`.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from course_lib.clock import seconds_spent

from .dimensions import Core
from .draws import Draw
from .names import Names, dependencies
from .operations import OPERATIONS, key
from .tree import Node, sym, walk
from .values import LARGEST, Array, Function, TooLargeError, UndefinedError

STEP = 1e-30
# Of the fourth-order central difference that takes second derivatives: its step, and where and with which weights.
WIDTH = 2e-4
STENCIL = ((-2, 1 / 12), (-1, -2 / 3), (1, 2 / 3), (2, -1 / 12))


class Env:
    """A draw together with what is perturbed in it, and the values of definitions computed so far."""

    def __init__(
        self,
        draw: Draw,
        active: Iterable[str] = (),
        scale: complex = 1.0,
        over: Mapping[str, Array] | None = None,
        parent: Env | None = None,
        deadline: float | None = None,
    ):
        self.draw, self.names, self.active, self.scale = draw, draw.names, tuple(active), scale
        self.over, self.parent = over or {}, parent
        self.deadline: float | None = deadline if deadline is not None or parent is None else parent.deadline
        self.cache: dict[Any, Any] = parent.cache if parent is not None and not over else {}
        self.depth: int = 0 if parent is None else parent.depth + 1

    def child(self, over: Mapping[str, Array]) -> Env:
        """The environment with some names replaced."""
        return Env(self.draw, self.active, self.scale, {**self.over, **over}, self)

    @property
    def perturbed(self) -> bool:
        """Whether a complex step is under way."""
        return any(np.iscomplexobj(v) for v in self.over.values())

    def value(self, name: str) -> Array:
        """The value of a name, shape (perturbations or 1, rows, columns)."""
        if name in self.over:
            return self.over[name]
        if name in self.names.definitions:
            return self._defined(name)
        return self.draw.base(name)

    def _defined(self, name: str) -> Array:
        if self.parent is not None and self.over and not (dependency_set(name, self.names) & self.over.keys()):
            return self.parent._defined(name)
        if name not in self.cache:
            if self.depth > 60:
                raise TooLargeError("definitions are nested too deep")
            definition = self.names.definitions[name]
            out = evaluate(definition.typed, self, definition.slots)
            self.cache[name] = out.reshape(out.shape[0], *out.shape[-2:])
        found: Array = self.cache[name]
        return found


def dependency_set(name: str, names: Names) -> frozenset[str]:
    """What a defined name depends on, remembered with the definition."""
    definition = names.definitions[name]
    if definition.needs is None:
        definition.needs = frozenset(dependencies(sym(name), names))
    return definition.needs


def evaluate(core: Core, env: Env, slots: int) -> Array:
    """The value of a typed tree: shape (perturbations or 1, one axis per index, rows, columns)."""
    if env.deadline is not None and seconds_spent() > env.deadline:
        raise TimeoutError
    with np.errstate(all="ignore"):
        return _Evaluator(env, slots).ev(core)


class _Evaluator:
    def __init__(self, env: Env, slots: int):
        self.env, self.slots = env, slots

    def ev(self, core: Core) -> Array:
        kernel = OPERATIONS.kernels.get(key(core.op, core.data))
        out: Array
        if kernel is not None:
            out = kernel.value(core.data, *[self.ev(a) for a in core.args])
        else:
            out = getattr(self, "_" + core.op)(core)
        if out.size > LARGEST:
            raise TooLargeError("this line needs too many numbers at once")
        return out

    def _in(self, env: Env, core: Core) -> Array:
        return _Evaluator(env, self.slots).ev(core)

    def _wide(self, array: Array) -> Array:
        """(perturbations, rows, columns) with an axis of length one for each index."""
        return array.reshape(array.shape[0], *(1,) * self.slots, *array.shape[-2:])

    # -- names and constants

    def _size(self, core: Core) -> Array:
        return np.full((1,) * (self.slots + 3), float(self.env.draw.dims[core.data]))

    def _num(self, core: Core) -> Array:
        return np.full((1,) * (self.slots + 3), core.data)

    def _sym(self, core: Core) -> Array:
        return self._wide(self.env.value(core.data))

    def _direction(self, core: Core) -> Array:
        if core.data in self.env.over:
            return self._wide(self.env.over[core.data])
        return self._dbase(core)

    def _dbase(self, core: Core) -> Array:
        rows, columns = (self.env.draw.size(d) for d in core.shape)
        return self._wide(self.env.draw.direction(core.data, rows, columns) * self.env.scale)

    def _ones(self, core: Core) -> Array:
        return np.ones((1,) * (self.slots + 1) + (self.env.draw.size(core.shape[0]), 1))

    def _eye(self, core: Core) -> Array:
        return self._wide(np.eye(self.env.draw.size(core.shape[0]))[None])

    def _mat(self, core: Core) -> Array:
        rows, columns = core.data
        flat = np.broadcast_arrays(*[self.ev(a) for a in core.args])
        joined = np.concatenate(flat, -1)
        return joined.reshape(*joined.shape[:-2], rows, columns)

    def _zeros(self, core: Core) -> Array:
        rows, columns = (self.env.draw.size(d) for d in core.shape)
        return np.zeros((1,) * (self.slots + 1) + (rows, columns))

    def _blocks(self, core: Core) -> Array:
        """Blocks put beside and below each other."""
        rows, columns = core.data
        cells = [self.ev(a) for a in core.args]
        lead = np.broadcast_shapes(*(c.shape[:-2] for c in cells))
        cells = [np.broadcast_to(c, (*lead, *c.shape[-2:])) for c in cells]
        return np.concatenate([np.concatenate(cells[r * columns : (r + 1) * columns], -1) for r in range(rows)], -2)

    # -- functions of one number

    def _fn(self, core: Core) -> Array:
        name, primes = core.data
        row, x = OPERATIONS.entrywise.get(name), self.ev(core.args[0])
        out: Array = row.value(primes, x) if row is not None else _any_function(name)[primes](x)
        return out

    def _formula(self, core: Core) -> Array:
        """A function that the text defines by a formula in one number, entry by entry, or its first derivatives."""
        name, primes = core.data
        definition = self.env.names.definitions[name]

        def f(x: Array) -> Array:
            param = x.reshape(x.shape[0], -1, 1)
            out = _Evaluator(self.env.child({definition.params[0]: param}), definition.slots).ev(definition.typed)
            return np.broadcast_to(out, (out.shape[0], param.shape[1], 1)).reshape(out.shape[0], *x.shape[1:])

        def slope(x: Array, order: int) -> Array:
            if order == 0:
                return f(x)
            if order == 1 and not np.iscomplexobj(x):
                return f(x + 1j * STEP).imag / STEP
            return _difference(lambda k: slope(x + k, order - 1))

        return slope(self.ev(core.args[0]), primes)

    # -- indices

    def _onto(self, a: Array, slot: int, axis: int) -> Array:
        """Move a matrix axis of `a` to the axis of an index; take the diagonal when the index is there already."""
        at = slot + 1
        if a.shape[at] == 1:
            return a.swapaxes(at, axis)
        if a.shape[at] != a.shape[axis]:
            raise TooLargeError("an index runs over two lengths")
        return _restore(a, at, axis)

    def _entry(self, core: Core) -> Array:
        a = self.ev(core.args[0])
        for position, axis in zip(core.data, (-2, -1), strict=True):
            if position is None:
                continue
            if isinstance(position, int):
                if position < 1 or position > a.shape[axis]:
                    raise UndefinedError
                a = np.take(a, [position - 1], axis=axis)
            else:
                a = self._onto(a, position[1], axis)
        return a

    def _sum(self, core: Core) -> Array:
        slot, length, unequal = core.data
        a = self.ev(core.args[0])
        n = self.env.draw.size(length)
        if unequal is not None:
            a = a * (1 - self._diagonal_of(n, a.ndim, slot, unequal[0]))
        if a.shape[slot + 1] == 1 and n != 1:
            return a * n
        total: Array = a.sum(slot + 1, keepdims=True)
        return total

    def _kdelta(self, core: Core) -> Array:
        i, j, length = core.data
        if i == j:
            return np.ones((1,) * (self.slots + 3))
        return self._diagonal_of(self.env.draw.size(length), self.slots + 3, i, j)

    def _diagonal_of(self, n: int, axes: int, i: int, j: int) -> Array:
        """The identity matrix on the axes of two indices."""
        shape = [1] * axes
        shape[i + 1] = shape[j + 1] = n
        return np.eye(n).reshape(shape)

    def _table(self, core: Core) -> Array:
        a = self.ev(core.args[0])
        for slot, axis, d in zip(core.data, (-2, -1), core.shape, strict=True):
            if slot is None:
                continue
            n = self.env.draw.size(d)
            a = a.swapaxes(slot + 1, axis)
            if a.shape[axis] == 1 and n != 1:
                a = np.repeat(a, n, axis)
        return a

    # -- derivatives

    def _frozen(self, core: Core) -> Array:
        """The value without any perturbation: what a derivative must hold fixed."""
        env = self.env
        while env.parent is not None:
            env = env.parent
        return self._in(env, core.args[0])

    def _at(self, core: Core) -> Array:
        body, *args = core.args
        over = {}
        for param, arg in zip(core.data, args, strict=True):
            over[param] = self._without_indices(arg, "a function of an indexed argument is not read here")
        return self._in(self.env.child(over), body)

    def _without_indices(self, core: Core, complaint: str) -> Array:
        """The value of what carries no index, shape (perturbations, rows, columns)."""
        value = self.ev(core)
        if value.size != value.shape[0] * value.shape[-1] * value.shape[-2]:
            raise TooLargeError(complaint)
        return value.reshape(value.shape[0], *value.shape[-2:])

    def _steps(self, body: Core, name: str, env: Env) -> Array:
        """`body` differentiated in each entry of `name`: shape (entries, indices, rows, columns)."""
        value = env.value(name)
        entries = value.shape[-2] * value.shape[-1]
        basis = np.eye(entries).reshape(entries, *value.shape[-2:])
        if not env.perturbed and not _differentiates(body, env.names):
            out = self._in(env.child({name: value + 1j * STEP * basis}), body).imag / STEP
            return np.broadcast_to(out, (entries, *out.shape[1:]))
        if env.perturbed and _differentiates(body, env.names):
            raise TooLargeError("derivatives of order three and more are not read")
        return np.concatenate([self._bend(body, {name: b[None]}, env) for b in basis], 0)

    def _bend(self, body: Core, along: Mapping[str, Array], env: Env) -> Array:
        """The derivative of `body` along real directions by a difference, for second derivatives."""

        def moved(k: float) -> Array:
            child = env.child({name: env.value(name) + k * step for name, step in along.items()})
            out = self._in(child, body)
            if out.shape[0] != 1:
                raise TooLargeError("this derivative of a derivative is not read")
            return out

        return _difference(moved)

    def _grad(self, core: Core) -> Array:
        name, along = core.data
        env = self.env
        remembered = (id(core), "grad") if not env.over else None
        if remembered and remembered in env.cache:
            found: Array = env.cache[remembered][1]
            return found
        steps = self._steps(core.args[0], name, env)
        rows, columns = env.value(name).shape[-2:]
        if along is None:
            out = np.moveaxis(steps, 0, -1)[..., 0, 0, :]
            out = out.reshape(1, *out.shape[:-1], rows, columns)
        else:
            out = self._along_entry(steps.reshape(rows, columns, *steps.shape[1:]), along)
        if remembered:
            env.cache[remembered] = (core, out)
        return out

    def _along_entry(self, steps: Array, along: Sequence[Any]) -> Array:
        """From the derivatives in all entries (two leading axes) those in one entry, or in the entries of an index."""
        for position in along:
            # The leading axis is the variable's row, then its column: fix it or move it to its index.
            if isinstance(position, int):
                steps = steps[position - 1]
            else:
                steps = _lead_onto(steps, position[1] + (steps.ndim - self.slots - 2))
        return steps[None]

    def _jacobian(self, core: Core) -> Array:
        name, _ = core.data
        steps = self._steps(core.args[0], name, self.env)
        rows, columns = self.env.value(name).shape[-2:]
        a, b = steps.shape[-2:]
        lead = steps.shape[1:-2]
        # vec stacks columns, of the output (rows of the Jacobian) and of the variable (its columns).
        out = steps.reshape(rows, columns, -1, a, b).transpose(2, 4, 3, 1, 0)
        return out.reshape(1, *lead, a * b, rows * columns)

    def _along_moves(self, core: Core) -> Array:
        """The derivative along given directions: one complex step, around it a difference for the second."""
        body, *moves = core.args
        env, name = self.env, core.data
        complaint = "a derivative along an indexed direction is not read"
        first, *rest = [self._without_indices(m, complaint) for m in moves]
        if env.perturbed or _differentiates(body, env.names):
            return self._bend(body, {name: first}, env)

        def slope(at: Array) -> Array:
            return self._in(env.child({name: at + 1j * STEP * first}), body).imag / STEP

        value = env.value(name)
        return _difference(lambda k: slope(value + k * rest[0])) if rest else slope(value)

    def _diff(self, core: Core) -> Array:
        env, body = self.env, core.args[0]
        needed = dependencies_of_core(body, env.names)
        along = {}
        for name in env.active:
            if name in needed:
                value = env.draw.base(name) if name in env.names.symbols else env.value(name)
                along[name] = env.draw.direction(name, *value.shape[-2:])
        if not along:
            return 0.0 * self.ev(body)
        if env.perturbed or _differentiates(body, env.names):
            return self._bend(body, along, env) * env.scale
        child = env.child({name: env.value(name) + 1j * STEP * step for name, step in along.items()})
        return self._in(child, body).imag / STEP * env.scale


def _difference(f: Callable[[float], Array]) -> Array:
    """f'(0) by a fourth-order central difference."""
    total: Any = 0
    for k, weight in STENCIL:
        total = total + weight * f(k * WIDTH)
    out: Array = total / WIDTH
    return out


def _any_function(name: str) -> tuple[Function, Function, Function]:
    """A smooth function without special properties that stands for an unknown f, with two derivatives.

    It grows slowly, so that what is behind it, a softmax or a sigmoid say, is not at its end, where digits are lost.
    """
    a, b = 0.3 + (zlib.crc32(name.encode()) % 97) / 100, 0.7 + (zlib.crc32(name[::-1].encode()) % 89) / 100
    return (
        lambda x: np.sin(a * x) + b * np.arctan(x) + 0.3 * np.log(1 + x * x),
        lambda x: a * np.cos(a * x) + (b + 0.6 * x) / (1 + x * x),
        lambda x: -a * a * np.sin(a * x) + (0.6 * (1 - x * x) - 2 * b * x) / (1 + x * x) ** 2,
    )


def _lead_onto(a: Array, at: int) -> Array:
    """Move the leading axis to axis `at`, taking the diagonal when that axis is occupied."""
    if a.shape[at] == 1:
        moved: Array = a.swapaxes(0, at)[0]
        return moved
    line = np.diagonal(a, axis1=0, axis2=at)
    return np.moveaxis(line, -1, at - 1)


def _restore(a: Array, at: int, axis: int) -> Array:
    """The diagonal of axes `at` and `axis`, kept at `at`, with length one left at `axis`."""
    axis = a.ndim + axis
    line = np.diagonal(a, axis1=at, axis2=axis)
    line = np.moveaxis(line, -1, at)
    return np.expand_dims(line, axis)


def dependencies_of_core(core: Core, names: Names) -> frozenset[str]:
    """Every name the value of a typed tree depends on, through definitions."""
    found: set[str] = set()
    stack = [core]
    while stack:
        c = stack.pop()
        if c.op == "formula":
            found |= dependency_set(c.data[0], names) - {names.definitions[c.data[0]].params[0]}
        if c.op in ("sym", "direction"):
            found.add(c.data)
            if c.data in names.definitions:
                found |= dependency_set(c.data, names)
        stack.extend(c.args)
    return frozenset(found)


def _differentiates(core: Core, names: Names) -> bool:
    """Whether evaluating the tree takes a derivative on the way."""
    stack, seen = [core], set()
    while stack:
        c = stack.pop()
        if c.op in ("grad", "jacobian", "diff", "along_moves") or c.op == "formula" and c.data[1]:
            return True
        if c.op == "sym" and c.data in names.definitions and c.data not in seen:
            seen.add(c.data)
            stack.append(names.definitions[c.data].typed)
        stack.extend(c.args)
    return False


def differentials(nodes: Iterable[Node]) -> list[str]:
    """The declared names whose differential stands in the trees."""
    return [n.args[0].val for node in nodes for n in walk(node) if n.op == "d" and n.args[0].op == "sym"]
