"""What a line claims, evaluated without `derive`: drawn values, derivatives by autograd, and no broadcasting.

Every array is 2-D: a column is (d, 1), a row (1, d). A gradient has the shape of its variable, a Jacobian has rows for
the output, and both read a matrix by its columns.
"""

import keyword
import re
from itertools import count, pairwise

import autograd.numpy as np
import numpy
from autograd import elementwise_grad, jacobian

SEEDS = (1, 2)
TOLERANCE = 1e-8
PROMISES = {"symmetric", "spd", "orthogonal", "onehot", "simplex", "positive"}


class Strict(numpy.ndarray):
    """An array without broadcasting: elementwise operations want equal shapes or a single number."""

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        plain = [x.view(numpy.ndarray) if isinstance(x, Strict) else x for x in inputs]
        shapes = {numpy.shape(x) for x in plain if numpy.size(x) > 1}
        if ufunc is not numpy.matmul and method == "__call__" and len(shapes) > 1:
            raise ValueError(f"shapes {shapes} do not fit together")
        return strict(getattr(ufunc, method)(*plain, **kwargs))


def strict(value):
    return value.view(Strict) if isinstance(value, numpy.ndarray) else value


def unstrict(value):
    return value.view(numpy.ndarray) if isinstance(value, Strict) else value


def softmax(z):
    """Along the entries of a vector, along each row of a matrix."""
    axis = 0 if z.shape[1] == 1 else 1
    e = np.exp(z)
    return e / np.sum(e, axis=axis, keepdims=True)


def vec(a):
    """The columns of `a` stacked, shape (size, 1)."""
    return np.reshape(a.T, (-1, 1))


def diag(a):
    """A diagonal matrix from a vector of either kind."""
    return np.diag(np.reshape(a, -1))


def slope(f, z):
    """f'(z) entry by entry, for a function `f` that acts on each entry alone."""
    return strict(elementwise_grad(f)(unstrict(z)))


def order(rest):
    """The power of t with which the number `rest(t)` goes to zero, from two steps; infinite where it is zero."""
    far, near = (float(numpy.abs(rest(t)).item()) for t in (1e-1, 1e-2))
    return numpy.inf if near < 1e-12 else numpy.log10(far / near)


def expm(a):
    """The exponential of a matrix by its series, which forty terms are enough for where the matrix is small."""
    out = term = np.eye(len(a))
    for k in range(1, 40):
        term = term @ a / k
        out = out + term
    return out


def power(a, k):
    """A matrix multiplied by itself."""
    return a if k == 1 else a @ power(a, k - 1)


HELPERS = {
    "np": np,
    "softmax": softmax,
    "vec": vec,
    "diag": diag,
    "tr": np.trace,
    "inv": np.linalg.inv,
    "kron": lambda a, b: strict(numpy.kron(numpy.array(a), numpy.array(b))),
    "eye": np.eye,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "norm": lambda a: np.sqrt(np.sum(a**2)),
    "logdet": lambda a: np.linalg.slogdet(a)[1],
    "ones": lambda m: np.ones((m, 1)),
    "slope": slope,
    "expm": expm,
    "power": power,
    "diagonal": lambda a: np.reshape(np.diag(a), (-1, 1)),
    "off": lambda a: a - diag(np.diag(a)),
    # A rest in o(tᵏ) goes to zero faster than tᵏ, one in O(tᵏ) at least as fast; the powers are whole numbers.
    "little_o": lambda k, rest: order(rest) > k + 0.5,
    "big_o": lambda k, rest: order(rest) > k - 0.5,
}


def python_name(name):
    """`W^{(2)}` as W2, `lambda` as lambda_."""
    plain = re.sub(r"[^A-Za-z0-9]", "", name)
    return f"{plain}_" if keyword.iskeyword(plain) else plain


def random_array(words, size, rng):
    """An array of the declared shape that keeps the declared promises; a scalar is a float."""
    promises = [w for w in words if w in PROMISES]
    dims = [1 if w == "1" else size[w] for w in words if w not in promises]
    if not dims:
        return float(rng.uniform(0.5, 1.5))
    a = rng.uniform(0.5, 1.5, (*dims, 1)[:2]) * rng.choice([-1, 1], (*dims, 1)[:2])
    for promise in promises:
        if promise == "symmetric":
            a = a + a.T
        elif promise == "spd":
            a = a @ a.T + numpy.eye(len(a))
        elif promise == "orthogonal":
            a = numpy.linalg.qr(a)[0]
        elif promise == "onehot" and len(dims) == 1:
            a = numpy.eye(len(a))[:, [rng.integers(0, len(a))]]
        elif promise == "onehot":
            a = numpy.eye(a.shape[1])[rng.integers(0, a.shape[1], a.shape[0])]
        elif promise == "simplex":
            a = numpy.abs(a) / numpy.abs(a).sum()
        elif promise == "positive":
            a = numpy.abs(a)
    return a


def drawn(shapes, seed, rising=""):
    """Values of the declared names and of the dimensions, which all differ and change with the seed.

    The dimensions named in `rising`, as in "d n", get larger from left to right.
    """
    rng = numpy.random.default_rng(seed)
    size, fresh = {}, count(8 * seed - 3)
    words = {name: declared.split() for name, declared in shapes.items()}
    for word in rng.permutation(sorted({w for ws in words.values() for w in ws} - PROMISES - {"1"})):
        size[str(word)] = next(fresh)
    size |= zip(rising.split(), sorted(size[word] for word in rising.split()), strict=True)
    return {python_name(name): random_array(ws, size, rng) for name, ws in words.items()} | size


def by_columns(a):
    """The entries of `a`, column after column, shape (size,)."""
    return np.reshape(np.transpose(a), -1)


def in_shape(entries, shape):
    """The array of the shape whose entries, column after column, are these."""
    return np.transpose(np.reshape(entries, shape[::-1]))


class Draw:
    """Values of the declared names on one draw, and what follows from them by `maps`: name -> expression, in order.

    Methods take names of either; `at` fixes other values for some of them. `start` replaces drawn values, `where`
    names what claims use.
    """

    def __init__(self, shapes, maps, seed, rising="", start=None, where=None):
        self.maps, self.where = maps, where or {}
        self.values = drawn(shapes, seed, rising)
        for name, expression in (start or {}).items():  # declared names that are not as free as a draw
            self.values[name] = eval(expression, HELPERS | self.values)  # as below

    def value(self, target, **at):
        """The target, after every map before it whose value is not already fixed."""
        known = self.values | {name: unstrict(v) for name, v in at.items()}
        for name, expression in self.maps.items():
            if target in known:
                break
            if name not in known:
                # eval is fine here: the expressions are this folder's own test data, and nobody else's reach it.
                known[name] = eval(expression, HELPERS | known)
        return known[target]

    def shape(self, name, **at):
        return numpy.shape(self.value(name, **at))

    def _of_entries(self, target, variables, at):
        """The entries of the target as a function of the variables' entries, and the point where they stand."""
        points = [numpy.array(self.value(name, **at), dtype=float) for name in variables]
        ends = numpy.cumsum([p.size for p in points])

        def entries(moved):
            parts = zip(variables, points, ends, strict=True)
            there = {name: in_shape(moved[end - p.size : end], p.shape) for name, p, end in parts}
            return by_columns(self.value(target, **(at | there)))

        return entries, numpy.concatenate([by_columns(p) for p in points])

    def jac(self, target, *variables, **at):
        """The Jacobian in all variables: rows for the entries of the target."""
        entries, point = self._of_entries(target, variables, at)
        return jacobian(entries)(point)

    def grad(self, target, *variables, **at):
        """The gradient of a number in the shape of its variable; a column for several."""
        row = self.jac(target, *variables, **at)
        assert len(row) == 1, f"{target} is no number"
        return in_shape(row[0], self.shape(*variables, **at)) if len(variables) == 1 else row.T

    def hess(self, target, *variables, **at):
        """The second derivatives of a number in the entries of all variables."""
        entries, point = self._of_entries(target, variables, at)
        return jacobian(jacobian(entries))(point)[0]

    def along(self, target, **directions):
        """The change of the target, in its shape, as each named variable moves along its direction."""
        moves = numpy.concatenate([by_columns(unstrict(d)) for d in directions.values()])
        return in_shape(self.jac(target, *directions) @ moves, self.shape(target))

    def stationary(self, target, variable):
        """Where the gradient of a quadratic function vanishes, by one Newton step from what was drawn."""
        shape = self.shape(variable)
        step = numpy.linalg.solve(self.hess(target, variable), self.jac(target, variable)[0])
        found = self.value(variable) - in_shape(step, shape)
        assert agrees(self.grad(target, variable, **{variable: found}), numpy.zeros(shape))
        return found

    def smallest(self, target, variable):
        """Where a convex quadratic function is smallest."""
        assert (numpy.linalg.eigvalsh(self.hess(target, variable)) > 0).all()
        return self.stationary(target, variable)

    def directions(self, expression):
        """dX for every name: random for the declared arrays that the expression moves, all where it moves none."""
        rng = numpy.random.default_rng(7)
        arrays = [name for name in self.values if isinstance(self.values[name], numpy.ndarray)]
        named = [name for name in arrays if re.search(rf"\bd{name}\b", expression)]
        moves = {name: rng.normal(size=self.values[name].shape) for name in named or arrays}
        follow = {f"d{name}": self.along(name, **moves) for name in self.maps}
        return {f"d{name}": d for name, d in moves.items()} | follow

    def known(self, expression):
        """What an expression may use: all values, the differentials where it has some, helpers and methods."""
        known = self.values | {name: self.value(name) for name in self.maps}
        if any(re.search(rf"\bd{name}\b", expression) for name in known):
            known |= self.directions(expression)
        methods = (self.jac, self.grad, self.hess, self.along, self.stationary, self.smallest)
        strictly = {m.__name__: lambda *a, m=m, **k: strict(m(*a, **k)) for m in methods}
        known = HELPERS | strictly | {name: strict(v) for name, v in known.items()}
        return known | {name: eval(named, known) for name, named in self.where.items()}  # as above

    def claim(self, expression):
        """The expression, evaluated without broadcasting."""
        return eval(expression, self.known(expression))  # as above

    def gap(self, *chain):
        """The largest distance of neighbours in a chain of expressions; infinite where shapes do not fit together."""
        known = self.known(" ".join(chain))
        truth = eval(chain[0], known)  # as above, and it has a value whatever the rest may be
        try:
            sides = [truth, *(eval(expression, known) for expression in chain[1:])]
        except ValueError:
            return numpy.inf
        return numpy.max([distance(a, b) for a, b in pairwise(sides)])


def same_shape(a, b):
    return numpy.shape(a) == numpy.shape(b) or numpy.size(a) == numpy.size(b) == 1


def distance(a, b):
    """The largest difference of entries, as a share of the largest entry or of 1; infinite where shapes differ."""
    if not same_shape(a, b):
        return numpy.inf
    a, b = (numpy.asarray(x, dtype=float).reshape(-1) for x in (a, b))
    return numpy.max(abs(a - b)) / max(1, numpy.max(abs(a)), numpy.max(abs(b)))


def agrees(a, b):
    return distance(a, b) <= TOLERANCE
