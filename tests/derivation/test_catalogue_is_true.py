"""The catalogue itself is true: right lines hold and wrong ones fail, by autograd, without `derive`."""

import keyword
import re
from itertools import count

import autograd.numpy as np
import numpy
import pytest
from autograd import jacobian

from .catalogue import PROBLEMS

SEEDS = (1, 2)
TOLERANCE = 1e-8


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
}


def python_name(name):
    """`W^{(2)}` as W2, `lambda` as lambda_."""
    plain = re.sub(r"[^A-Za-z0-9]", "", name)
    return f"{plain}_" if keyword.iskeyword(plain) else plain


def random_array(words, size, rng):
    """An array of the declared shape that keeps the declared promises; a scalar is a float."""
    promises = [w for w in words if w in {"symmetric", "spd", "orthogonal", "onehot", "simplex", "positive"}]
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
        elif promise == "onehot":
            a = numpy.eye(a.shape[1])[rng.integers(0, a.shape[1], a.shape[0])]
        elif promise == "simplex":
            a = numpy.abs(a) / numpy.abs(a).sum()
        elif promise == "positive":
            a = numpy.abs(a)
    return a


def drawn(problem, seed):
    """Values of the declared names and of the dimensions, which all differ and change with the seed."""
    rng = numpy.random.default_rng(seed)
    size, fresh = {}, count(8 * seed - 5)
    words = {name: declared.split() for name, declared in (problem.shapes | problem.undeclared).items()}
    promises = {"symmetric", "spd", "orthogonal", "onehot", "simplex", "positive", "1"}
    for word in rng.permutation(sorted({w for ws in words.values() for w in ws} - promises)):
        size[str(word)] = next(fresh)
    return {python_name(name): random_array(ws, size, rng) for name, ws in words.items()} | size


def value_of(target, problem, values):
    """The problem's map `target`, evaluated after every other map whose value is not already fixed."""
    known = dict(values)
    for name, expression in problem.maps.items():
        if name not in known:
            # eval is fine here: the expressions are this folder's own test data, and nobody else's reach it.
            known[name] = eval(expression, HELPERS | known)
        if name == target:
            break
    return known[target]


def derivative(target, variable, problem, values):
    """A gradient in the shape of its variable, else a Jacobian with rows for the output, vec by columns."""

    def by_columns(v):
        return np.reshape(np.transpose(value_of(target, problem, values | {variable: v})), -1)

    at = value_of(variable, problem, values) if variable not in values else values[variable]
    at = np.array(at, dtype=float).reshape(np.shape(at) or (1, 1))
    jac = jacobian(by_columns)(at)
    if jac.shape[0] == 1:
        return jac[0]
    return numpy.transpose(jac, (0, 2, 1)).reshape(jac.shape[0], -1)


def directions(problem, values, expression):
    """Random dX for the declared arrays named in the expression, or for all of them when it names none."""
    rng = numpy.random.default_rng(7)
    arrays = [name for name in values if isinstance(values[name], numpy.ndarray)]
    named = [name for name in arrays if re.search(rf"\bd{name}\b", expression)]
    along = {name: rng.normal(size=values[name].shape) for name in named or arrays}
    moved = {f"d{name}": d for name, d in along.items()}
    for name in problem.maps:
        at = value_of(name, problem, values)
        step = sum(derivative_along(name, x, d, problem, values) for x, d in along.items())
        moved[f"d{name}"] = numpy.reshape(step, numpy.shape(at)[::-1]).T
    return moved


def derivative_along(target, variable, direction, problem, values):
    """The entries of target's change, by columns, as the variable moves along the direction."""

    def by_columns(v):
        return np.reshape(np.transpose(value_of(target, problem, values | {variable: v})), -1)

    return numpy.tensordot(jacobian(by_columns)(values[variable]), direction, 2)


def truth(of, problem, values, expression):
    """What stands on the left, from the definitions: a value, a derivative or a differential."""
    if "/" in of:
        target, variable = re.fullmatch(r"d(\w+)/d(\w+)", of).groups()
        return derivative(target, variable, problem, values)
    if of.startswith("d"):
        return directions(problem, values, expression)[of]
    return value_of(of, problem, values)


def claim(expression, problem, values):
    """The right-hand side of an entry, evaluated without broadcasting."""
    known = dict(values)
    for name in problem.maps:
        known[name] = value_of(name, problem, values)
    known |= directions(problem, values, expression) if re.search(r"\bd[A-Za-z]", expression) else {}
    return eval(expression, HELPERS | {name: strict(v) for name, v in known.items()})  # as above


def same_shape(a, b):
    return numpy.shape(a) == numpy.shape(b) or numpy.size(a) == numpy.size(b) == 1


def agrees(a, b):
    return same_shape(a, b) and numpy.allclose(numpy.reshape(a, -1), numpy.reshape(b, -1), TOLERANCE, TOLERANCE)


VERIFIABLE = [(p, e) for p in PROBLEMS for e in p.entries if e.numpy is not None]
MENDABLE = [(p, e) for p in PROBLEMS for e in p.entries if e.mended_numpy is not None]


def names(cases):
    return [f"{p.name}: {e.line}" for p, e in cases]


@pytest.mark.parametrize(("problem", "entry"), VERIFIABLE, ids=names(VERIFIABLE))
@pytest.mark.parametrize("seed", SEEDS)
def test_right_lines_hold_and_wrong_lines_fail(problem, entry, seed):
    values = drawn(problem, seed)
    expected = truth(entry.of, problem, values, entry.numpy)
    if entry.verdicts == ("shapes",):
        try:
            got = claim(entry.numpy, problem, values)
        except ValueError:
            return
        assert not same_shape(got, expected), "declared undefined, yet it has the right shape"
    elif entry.is_right:
        assert agrees(claim(entry.numpy, problem, values), expected)
    else:
        got = claim(entry.numpy, problem, values)
        assert same_shape(got, expected) == (entry.verdicts == ("wrong",)), numpy.shape(got)
        assert not agrees(got, expected)


@pytest.mark.parametrize(("problem", "entry"), MENDABLE, ids=names(MENDABLE))
def test_mended_lines_hold(problem, entry):
    values = drawn(problem, SEEDS[0])
    expected = truth(entry.of, problem, values, entry.mended_numpy)
    assert agrees(claim(entry.mended_numpy, problem, values), expected)


def ratios(problem, entry):
    """Truth over claim for each seed: a number when it is one constant over all entries, else None."""
    found = []
    for seed in SEEDS:
        values = drawn(problem, seed)
        quotient = truth(entry.of, problem, values, entry.numpy) / claim(entry.numpy, problem, values)
        flat = numpy.reshape(quotient, -1)
        found.append(float(flat[0]) if numpy.allclose(flat, flat[0], 1e-6) else None)
    return found


def named(mistake):
    cases = [(p, e) for p, e in VERIFIABLE if e.mistakes == (mistake,)]
    return pytest.mark.parametrize(("problem", "entry"), cases, ids=names(cases))


@named("factor")
def test_a_lost_factor_is_the_same_number_on_every_draw(problem, entry):
    first, second = ratios(problem, entry)
    assert first is not None
    assert first == pytest.approx(second)


@named("mean")
def test_a_lost_mean_is_a_number_that_follows_a_dimension(problem, entry):
    first, second = ratios(problem, entry)
    assert first is not None
    assert second is not None
    assert first != pytest.approx(second)


@named("layout")
def test_the_other_layout_is_the_transpose_of_the_truth(problem, entry):
    values = drawn(problem, SEEDS[0])
    assert agrees(claim(entry.numpy, problem, values).T, truth(entry.of, problem, values, entry.numpy))


def test_enough_of_the_catalogue_is_verified():
    assert len(VERIFIABLE) >= 60
    assert len({p.name for p, _ in VERIFIABLE}) >= 10
