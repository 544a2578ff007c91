"""Values of typed trees on random draws, and derivatives by complex step through the same evaluator.

A value is an array of shape (perturbations, one axis per index letter, rows, columns). The first axis carries
all
perturbed copies at once, so a gradient costs one evaluation; an axis an expression does not depend on has
length one.
"""

from __future__ import annotations

import zlib

import numpy as np

from course_lib.clock import seconds_spent

from .names import Names, dependencies
from .shapes import Core, resolve
from .tree import sym, walk

STEP = 1e-30
SIZES = (3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14)
LARGEST = 3_000_000


class TooLargeError(Exception):
    """An evaluation that would need more memory or time than a report may use."""


class UndefinedError(Exception):
    """A value that does not exist on this draw (the logarithm of a negative number and the like)."""


# Not a number in both parts, so that a derivative taken where the function is undefined is undefined too.
_NOWHERE = complex(np.nan, np.nan)


def _where_defined(defined, x, f):
    out = f(np.where(defined, x, 1))
    return out if defined.all() else np.where(defined, out, _NOWHERE if np.iscomplexobj(out) else np.nan)


def _log(x):
    return _where_defined(x.real > 0, x, np.log)


def _sqrt(x):
    return _where_defined(x.real >= 0, x, np.sqrt)


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


# Each function with its first and second derivative; all are analytic, so complex step passes through them.
FUNCTIONS = {
    "exp": (np.exp, np.exp, np.exp),
    "log": (_log, lambda x: 1 / x, lambda x: -1 / x**2),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2, lambda x: -2 * np.tanh(x) * (1 - np.tanh(x) ** 2)),
    "sigmoid": (
        _sigmoid,
        lambda x: _sigmoid(x) * (1 - _sigmoid(x)),
        lambda x: _sigmoid(x) * (1 - _sigmoid(x)) * (1 - 2 * _sigmoid(x)),
    ),
    "relu": (
        lambda x: np.where(x.real > 0, x, 0),
        lambda x: np.where(x.real > 0, 1.0 + 0 * x, 0),
        lambda x: 0 * x,
    ),
    "sin": (np.sin, np.cos, lambda x: -np.sin(x)),
    "cos": (np.cos, lambda x: -np.sin(x), lambda x: -np.cos(x)),
    "sinh": (np.sinh, np.cosh, np.sinh),
    "cosh": (np.cosh, np.sinh, np.cosh),
    "sqrt": (_sqrt, lambda x: 0.5 / _sqrt(x), lambda x: -0.25 / _sqrt(x) ** 3),
    "softplus": (lambda x: _log(1 + np.exp(x)), _sigmoid, lambda x: _sigmoid(x) * (1 - _sigmoid(x))),
    "sign": (lambda x: np.sign(x.real) + 0 * x, lambda x: 0 * x, lambda x: 0 * x),
    "abs": (lambda x: np.where(x.real < 0, -x, x), lambda x: np.sign(x.real) + 0 * x, lambda x: 0 * x),
}


def _condition(a):
    """The condition numbers of a stack of matrices; UndefinedError where an entry is not finite."""
    if not np.isfinite(a.real).all():  # LAPACK would print its complaint over the learner's report
        raise UndefinedError
    return np.linalg.cond(a.real)


def _any_function(name):
    """A smooth function without special properties that stands for an unknown f, with two derivatives."""
    a, b = 0.3 + (zlib.crc32(name.encode()) % 97) / 100, 0.7 + (zlib.crc32(name[::-1].encode()) % 89) / 100
    return (
        lambda x: np.sin(a * x) + b * x * x + np.exp(0.3 * x),
        lambda x: a * np.cos(a * x) + 2 * b * x + 0.3 * np.exp(0.3 * x),
        lambda x: -a * a * np.sin(a * x) + 2 * b + 0.09 * np.exp(0.3 * x),
    )


class Draw:
    """One random assignment: a size for each dimension, a value for each declared name, a direction for each
    differential.

    Everything is a function of the seed, the draw's number and the name, so a report is the same every time.
    `mode` is "signed" (entries in ±[0.5, 1.5]), "positive" ([0.5, 1.5]) or "unit" ([0.1, 0.9]).
    """

    def __init__(self, names: Names, number: int, seed: int = 0, mode: str = "signed", promise: tuple | None = None):
        self.names, self.mode, self.seed, self.number, self.promise = names, mode, seed, number, promise
        self.dims = _sizes(names.dims, number, seed, names.least)
        self.values: dict[str, np.ndarray] = {}
        self.cache: dict = {}

    def _rng(self, what):
        return np.random.default_rng([self.seed, self.number, zlib.crc32(what.encode())])

    def size(self, d) -> int:
        """A dimension as a number on this draw; one that nothing decides gets a size of its own."""
        total = 1
        for atom in resolve(d):
            total *= atom if isinstance(atom, int) else self.dims[atom] if isinstance(atom, str) else self._loose(atom)
        return total

    def _loose(self, atom):
        return self.dims.setdefault(f"?{atom.number}", 2 + (self.number % 2))

    def base(self, name: str) -> np.ndarray:
        """The value of a declared name, shape (1, rows, columns)."""
        if name not in self.values:
            s = self.names.symbols[name]
            rows = s.rows if isinstance(s.rows, int) else self.dims[s.rows]
            columns = s.columns if isinstance(s.columns, int) else self.dims[s.columns]
            promises = s.promises
            if self.promise and self.promise[0] == name:
                promises = (*promises, self.promise[1])
            self.values[name] = self._keep(promises, rows, columns, self._rng(name))[None]
        return self.values[name]

    def _entries(self, rng, shape):
        if self.mode == "unit":
            return rng.uniform(0.1, 0.9, shape)
        size = rng.uniform(0.5, 1.5, shape)
        return size if self.mode == "positive" else size * rng.choice([-1.0, 1.0], shape)

    def _keep(self, promises, rows, columns, rng):
        """A matrix that keeps its promises."""
        a = self._entries(rng, (rows, columns))
        if "positive" in promises:
            a = rng.uniform(0.5, 1.5, (rows, columns))
        if "onehot" in promises or "simplex" in promises:
            turned = columns == 1
            wide = a.T if turned else a
            if "onehot" in promises:
                wide = np.eye(wide.shape[1])[rng.integers(0, wide.shape[1], wide.shape[0])]
            else:
                wide = np.abs(wide) / np.abs(wide).sum(1, keepdims=True)
            a = wide.T if turned else wide
        if "unitsum" in promises:
            a = a / a.sum(0 if columns == 1 else 1, keepdims=True)
        if "unitnorm" in promises:
            a = a / np.sqrt((a * a).sum())
        if "orthonormal" in promises and rows < columns:
            # More columns than a space of that size can hold at right angles: other sizes are drawn.
            raise UndefinedError
        if "orthogonal" in promises or "orthonormal" in promises:
            a = np.linalg.qr(a)[0]
        if "spd" in promises:
            a = a @ a.T + np.eye(rows)
        elif "symmetric" in promises:
            a = (a + a.T) / 2
        return a

    def direction(self, name: str, rows: int, columns: int) -> np.ndarray:
        """A random direction for a differential or a small δ, shape (1, rows, columns)."""
        key = f"d:{name}"
        if key not in self.values:
            rng = self._rng(key)
            a = rng.uniform(0.5, 1.5, (rows, columns)) * rng.choice([-1.0, 1.0], (rows, columns))
            self.values[key] = a[None]
        return self.values[key]


def _sizes(dims, number, seed, least=3) -> dict[str, int]:
    """Distinct sizes from 3 up, another assignment in each draw; single letters keep their relative order
    free.
    """
    rng = np.random.default_rng([seed, number, 77])
    sizes = tuple(range(least, least + len(SIZES)))
    pool = (
        np.array(sizes[: max(len(dims), 1) + 2])
        if len(dims) + 2 <= len(SIZES)
        else np.arange(least, len(dims) + least + 3)
    )
    order = rng.permutation(pool)[: len(dims)]
    # Rotating the draw's number in makes sure that no dimension keeps its size throughout.
    order = pool[(np.searchsorted(pool, order) + number) % len(pool)]
    return {name: int(size) for name, size in zip(dims, order, strict=True)}


class Env:
    """A draw together with what is perturbed in it, and the values of definitions computed so far."""

    def __init__(self, draw: Draw, active=(), scale=1.0, over=None, perturbations=1, parent=None, deadline=None):
        self.draw, self.names, self.active, self.scale = draw, draw.names, tuple(active), scale
        self.over, self.perturbations, self.parent = over or {}, perturbations, parent
        self.deadline = deadline if deadline is not None or parent is None else parent.deadline
        self.cache: dict = parent.cache if parent is not None and not over else {}
        self.depth = 0 if parent is None else parent.depth + 1

    def child(self, over, perturbations=1) -> Env:
        """The environment with some names replaced."""
        kept = {**self.over, **over}
        return Env(self.draw, self.active, self.scale, kept, perturbations, self)

    @property
    def perturbed(self) -> bool:
        """Whether a complex step is under way."""
        return any(np.iscomplexobj(v) for v in self.over.values())

    def value(self, name: str) -> np.ndarray:
        """The value of a name, shape (perturbations or 1, rows, columns)."""
        if name in self.over:
            return self.over[name]
        if name in self.names.definitions:
            return self._defined(name)
        return self.draw.base(name)

    def _defined(self, name):
        if self.parent is not None and self.over and not (self._needs(name) & self.over.keys()):
            return self.parent._defined(name)
        if name not in self.cache:
            if self.depth > 60:
                raise TooLargeError("definitions are nested too deep")
            definition = self.names.definitions[name]
            out = evaluate(definition.core, self, definition.slots)
            self.cache[name] = out.reshape(out.shape[0], *out.shape[-2:])
        return self.cache[name]

    def _needs(self, name):
        return dependency_set(name, self.names)


def dependency_set(name: str, names: Names) -> set[str]:
    """What a defined name depends on, remembered with the definition."""
    definition = names.definitions[name]
    if definition.needs is None:
        definition.needs = frozenset(dependencies(sym(name), names))
    return definition.needs


def evaluate(core: Core, env: Env, slots: int) -> np.ndarray:
    """The value of a typed tree: shape (perturbations or 1, one axis per index, rows, columns)."""
    if env.deadline is not None and seconds_spent() > env.deadline:
        raise TimeoutError
    with np.errstate(all="ignore"):
        return _Evaluator(env, slots).ev(core)


class _Evaluator:
    def __init__(self, env, slots):
        self.env, self.slots = env, slots

    def ev(self, core):
        out = getattr(self, "_" + core.op)(core)
        if out.size > LARGEST:
            raise TooLargeError("this line needs too many numbers at once")
        return out

    def _args(self, core):
        return [self.ev(a) for a in core.args]

    def _wide(self, array):
        """(perturbations, rows, columns) with an axis of length one for each index."""
        return array.reshape(array.shape[0], *(1,) * self.slots, *array.shape[-2:])

    def _size(self, core):
        return np.full((1,) * (self.slots + 3), float(self.env.draw.dims[core.data]))

    def _num(self, core):
        return np.full((1,) * (self.slots + 3), core.data)

    def _sym(self, core):
        return self._wide(self.env.value(core.data))

    def _direction(self, core):
        if core.data in self.env.over:
            return self._wide(self.env.over[core.data])
        rows, columns = (self.env.draw.size(d) for d in core.shape)
        return self._wide(self.env.draw.direction(core.data, rows, columns) * self.env.scale)

    def _dbase(self, core):
        rows, columns = (self.env.draw.size(d) for d in core.shape)
        return self._wide(self.env.draw.direction(core.data, rows, columns) * self.env.scale)

    def _ones(self, core):
        return np.ones((1,) * (self.slots + 1) + (self.env.draw.size(core.shape[0]), 1))

    def _eye(self, core):
        return self._wide(np.eye(self.env.draw.size(core.shape[0]))[None])

    def _stretch(self, core):
        return self.ev(core.args[0])

    def _neg(self, core):
        return -self.ev(core.args[0])

    def _add(self, core):
        a, b = self._args(core)
        return a + b

    def _scale(self, core):
        a, b = self._args(core)
        return a * b

    _had = _scale

    def _quotient(self, core):
        a, b = self._args(core)
        return a / b

    def _matmul(self, core):
        a, b = self._args(core)
        self._bounded(a, b, a.shape[-2] * b.shape[-1])
        return a @ b

    def _bounded(self, a, b, entries):
        lead = 1
        for x, y in zip(a.shape[:-2], b.shape[:-2], strict=True):
            lead *= max(x, y)
        if lead * entries > LARGEST:
            raise TooLargeError("this line needs too many numbers at once")

    def _kron(self, core):
        a, b = self._args(core)
        self._bounded(a, b, a.shape[-2] * a.shape[-1] * b.shape[-2] * b.shape[-1])
        out = a[..., :, None, :, None] * b[..., None, :, None, :]
        return out.reshape(*out.shape[:-4], a.shape[-2] * b.shape[-2], a.shape[-1] * b.shape[-1])

    def _frob(self, core):
        a, b = self._args(core)
        return (a * b).sum((-2, -1), keepdims=True)

    def _power(self, core):
        base = self.ev(core.args[0])
        if core.data is not None:
            return base * base if core.data == 2 else base ** float(core.data)
        exponent = self.ev(core.args[1])
        return _where_defined(base.real > 0, base, lambda b: b**exponent)

    def _outer(self, core):
        a, b = self._args(core)
        column = a if a.shape[-1] == 1 else a.swapaxes(-1, -2)
        row = b if b.shape[-2] == 1 else b.swapaxes(-1, -2)
        return column * row

    def _matpower(self, core):
        return np.linalg.matrix_power(self.ev(core.args[0]), core.data)

    def _T(self, core):
        return self.ev(core.args[0]).swapaxes(-1, -2)

    def _inv(self, core):
        a = self.ev(core.args[0])
        # XᵀX with fewer rows than columns has no inverse, only rounding errors in place of one.
        if not (_condition(a) < 1e7).all():
            raise UndefinedError
        return np.linalg.inv(a)

    def _det(self, core):
        a = self.ev(core.args[0])
        out = np.linalg.det(a)
        # A singular matrix has determinant 0, not the rounding error that elimination leaves; its logarithm
        # does not exist, so a draw on which XXᵀ is singular is not used.
        singular = _condition(a) > 1e13
        if singular.any():
            out = np.where(singular, out.imag * 1j if np.iscomplexobj(out) else 0.0, out)
        return out[..., None, None]

    def _logdet(self, core):
        return _log(self._det(core))

    def _norm(self, core):
        a = self.ev(core.args[0])
        if core.data == "spectral":
            # uᵀAv with the leading singular vectors of the real part: the value, and to first order its change.
            u, _, vh = np.linalg.svd(a.real)
            return u[..., :, :1].swapaxes(-1, -2) @ a @ vh[..., :1, :].swapaxes(-1, -2)
        if core.data == "2":
            return np.sqrt((a * a).sum((-2, -1), keepdims=True))
        size = np.where(a.real < 0, -a, a)
        if core.data == "1":
            return size.sum((-2, -1), keepdims=True)
        flat = size.reshape(*size.shape[:-2], -1)
        at = flat.real.argmax(-1, keepdims=True)
        return np.take_along_axis(flat, at, -1)[..., None]

    def _fn(self, core):
        name, primes = core.data
        table = FUNCTIONS.get(name) or _any_function(name)
        return table[primes](self.ev(core.args[0]))

    def _tr(self, core):
        return np.trace(self.ev(core.args[0]), axis1=-2, axis2=-1)[..., None, None]

    def _vec(self, core):
        a = self.ev(core.args[0]).swapaxes(-1, -2)
        return a.reshape(*a.shape[:-2], -1, 1)

    def _diag(self, core):
        a = self.ev(core.args[0])
        column = a if a.shape[-1] == 1 else a.swapaxes(-1, -2)
        return column * np.eye(column.shape[-2])

    def _diagonal(self, core):
        return np.diagonal(self.ev(core.args[0]), axis1=-2, axis2=-1)[..., None]

    def _softmax(self, core):
        a = self.ev(core.args[0])
        axis = -2 if a.shape[-1] == 1 else -1
        e = np.exp(a - a.real.max(axis, keepdims=True))
        return e / e.sum(axis, keepdims=True)

    def _logsumexp(self, core):
        a = self.ev(core.args[0])
        axis = -2 if a.shape[-1] == 1 else -1
        top = a.real.max(axis, keepdims=True)
        return top + np.log(np.exp(a - top).sum(axis, keepdims=True))

    def _total(self, core):
        a = self.ev(core.args[0])
        return a.sum((-2, -1), keepdims=True) / (a.shape[-1] * a.shape[-2] if core.data == "mean" else 1)

    def _along(self, core):
        what, axis = core.data
        a = self.ev(core.args[0])
        out = a.sum(axis - 2, keepdims=True) / (a.shape[axis - 2] if what == "mean" else 1)
        return out if axis == 1 else out.swapaxes(-1, -2)

    def _mat(self, core):
        entries = self._args(core)
        rows, columns = core.data
        flat = np.broadcast_arrays(*entries)
        joined = np.concatenate(flat, -1)
        return joined.reshape(*joined.shape[:-2], rows, columns)

    # -- indices
    # ------------------------------------------------------------------------------------------------

    def _onto(self, a, slot, axis):
        """Move a matrix axis of `a` to the axis of an index; take the diagonal when the index is there
        already.
        """
        at = slot + 1
        if a.shape[at] == 1:
            return a.swapaxes(at, axis)
        if a.shape[at] != a.shape[axis]:
            raise TooLargeError("an index runs over two lengths")
        return _restore(a, at, axis)

    def _entry(self, core):
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

    def _sum(self, core):
        slot, length, unequal = core.data
        a = self.ev(core.args[0])
        n = self.env.draw.size(length)
        if unequal is not None:
            shape = [1] * a.ndim
            shape[slot + 1] = shape[unequal[0] + 1] = n
            a = a * (1 - np.eye(n)).reshape(shape)
        if a.shape[slot + 1] == 1 and n != 1:
            return a * n
        return a.sum(slot + 1, keepdims=True)

    def _kdelta(self, core):
        i, j, length = core.data
        n = self.env.draw.size(length)
        if i == j:
            return np.ones((1,) * (self.slots + 3))
        shape = [1] * (self.slots + 3)
        shape[i + 1] = shape[j + 1] = n
        return np.eye(n).reshape(shape)

    def _table(self, core):
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
    # --------------------------------------------------------------------------------------------

    def _frozen(self, core):
        """The value without any perturbation: what a derivative must hold fixed."""
        env = self.env
        while env.parent is not None:
            env = env.parent
        return _Evaluator(env, self.slots).ev(core.args[0])

    def _at(self, core):
        body, *args = core.args
        over = {}
        lead = 1
        for param, arg in zip(core.data, args, strict=True):
            value = self.ev(arg)
            if value.size != value.shape[0] * value.shape[-1] * value.shape[-2]:
                raise TooLargeError("a function of an indexed argument is not read here")
            over[param] = value.reshape(value.shape[0], *value.shape[-2:])
            lead = max(lead, value.shape[0])
        return _Evaluator(self.env.child(over, lead), self.slots).ev(body)

    def _steps(self, body, name, env):
        """The value of `body` differentiated in each entry of `name`: shape (entries, indices, rows,
        columns).
        """
        value = env.value(name)
        entries = value.shape[-2] * value.shape[-1]
        basis = np.eye(entries).reshape(entries, *value.shape[-2:])
        if not env.perturbed and not _differentiates(body, env.names):
            child = env.child({name: value + 1j * STEP * basis}, entries)
            out = _Evaluator(child, self.slots).ev(body).imag / STEP
            return np.broadcast_to(out, (entries, *out.shape[1:]))
        if env.perturbed and _differentiates(body, env.names):
            raise TooLargeError("derivatives of order three and more are not read")
        return np.concatenate([self._difference(body, {name: b[None]}, env) for b in basis], 0)

    def _difference(self, body, along, env):
        """The derivative of `body` along real directions by a fourth-order central difference, for second
        derivatives.
        """
        h = 1e-3
        total = 0
        for k, weight in ((-2, 1 / 12), (-1, -2 / 3), (1, 2 / 3), (2, -1 / 12)):
            child = env.child({name: env.value(name) + k * h * step for name, step in along.items()})
            total = total + weight * _Evaluator(child, self.slots).ev(body)
        if total.shape[0] != 1:
            raise TooLargeError("this derivative of a derivative is not read")
        return total / h

    def _grad(self, core):
        name, along = core.data
        env = self.env
        key = (id(core), "grad") if not env.over else None
        if key and key in env.cache:
            return env.cache[key][1]
        steps = self._steps(core.args[0], name, env)
        rows, columns = env.value(name).shape[-2:]
        if along is None:
            out = np.moveaxis(steps, 0, -1)[..., 0, 0, :]
            out = out.reshape(1, *out.shape[:-1], rows, columns)
        else:
            out = steps.reshape(rows, columns, *steps.shape[1:])
            for position in along:
                # The leading axis is the variable's row, then its column: fix it or move it to its index.
                if isinstance(position, int):
                    out = out[position - 1]
                else:
                    at = position[1]
                    out = _lead_onto(out, at + (out.ndim - self.slots - 2))
            out = out[None]
        if key:
            env.cache[key] = (core, out)
        return out

    def _jacobian(self, core):
        name, _ = core.data
        steps = self._steps(core.args[0], name, self.env)
        rows, columns = self.env.value(name).shape[-2:]
        a, b = steps.shape[-2:]
        lead = steps.shape[1:-2]
        # vec stacks columns, of the output (rows of the Jacobian) and of the variable (its columns).
        out = steps.reshape(rows, columns, -1, a, b).transpose(2, 4, 3, 1, 0)
        return out.reshape(1, *lead, a * b, rows * columns)

    def _along_moves(self, core):
        """The derivative along given directions: one complex step, around it a difference for the second."""
        body, *moves = core.args
        env, name = self.env, core.data
        steps = [self.ev(m) for m in moves]
        if any(s.size != s.shape[0] * s.shape[-1] * s.shape[-2] for s in steps):
            raise TooLargeError("a derivative along an indexed direction is not read")
        first, *rest = [s.reshape(s.shape[0], *s.shape[-2:]) for s in steps]
        if env.perturbed or _differentiates(body, env.names):
            return self._difference(body, {name: first}, env)

        def slope(at):
            child = env.child({name: at + 1j * STEP * first})
            return _Evaluator(child, self.slots).ev(body).imag / STEP

        value = env.value(name)
        if not rest:
            return slope(value)
        h = 1e-3
        weights = ((-2, 1 / 12), (-1, -2 / 3), (1, 2 / 3), (2, -1 / 12))
        return sum(w * slope(value + k * h * rest[0]) for k, w in weights) / h

    def _formula(self, core):
        """A function that the text defines by a formula in one number, entry by entry, or its first derivatives."""
        name, primes = core.data
        definition = self.env.names.definitions[name]
        value = self.ev(core.args[0])

        def f(x):
            over = {definition.params[0]: x.reshape(x.shape[0], -1, 1)}
            child = self.env.child(over, x.shape[0])
            out = _Evaluator(child, definition.slots).ev(definition.core)
            flat = over[definition.params[0]].shape[1]
            return np.broadcast_to(out, (out.shape[0], flat, 1)).reshape(out.shape[0], *x.shape[1:])

        def slope(x, order):
            if order == 0:
                return f(x)
            if order == 1 and not np.iscomplexobj(x):
                return f(x + 1j * STEP).imag / STEP
            h = 1e-3
            weights = ((-2, 1 / 12), (-1, -2 / 3), (1, 2 / 3), (2, -1 / 12))
            return sum(w * slope(x + k * h, order - 1) for k, w in weights) / h

        return slope(value, primes)

    def _diff(self, core):
        env = self.env
        along = {}
        for name in env.active:
            if name in dependencies_of_core(core.args[0], env.names):
                value = env.draw.base(name) if name in env.names.symbols else env.value(name)
                along[name] = env.draw.direction(name, *value.shape[-2:])
        if not along:
            return 0.0 * self.ev(core.args[0])
        if env.perturbed or _differentiates(core.args[0], env.names):
            return self._difference(core.args[0], along, env) * env.scale
        child = env.child({name: env.value(name) + 1j * STEP * step for name, step in along.items()})
        return _Evaluator(child, self.slots).ev(core.args[0]).imag / STEP * env.scale


def _lead_onto(a, at):
    """Move the leading axis to axis `at`, taking the diagonal when that axis is occupied."""
    if a.shape[at] == 1:
        return a.swapaxes(0, at)[0]
    line = np.diagonal(a, axis1=0, axis2=at)
    return np.moveaxis(line, -1, at - 1)


def _restore(a, at, axis):
    """The diagonal of axes `at` and `axis`, kept at `at`, with length one left at `axis`."""
    axis = a.ndim + axis
    line = np.diagonal(a, axis1=at, axis2=axis)
    line = np.moveaxis(line, -1, at)
    return np.expand_dims(line, axis)


def dependencies_of_core(core: Core, names: Names) -> frozenset:
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
            stack.append(names.definitions[c.data].core)
        stack.extend(c.args)
    return False


def differentials(nodes) -> list[str]:
    """The declared names whose differential stands in the trees."""
    return [n.args[0].val for node in nodes for n in walk(node) if n.op == "d" and n.args[0].op == "sym"]
