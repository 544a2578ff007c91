"""Right answers to other questions: the arguments as somebody would have to change them to get what came.

An answer that is right for `y = 0` has left y out; one that is right for the first sample alone has lost the others.
"""

import math
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from course_lib.checks.trials import Case, copied

Args = tuple[Any, ...]


@dataclass(frozen=True)
class Question:
    """Other arguments in the place of those that were handed over.

    id     the finding that it stands for.
    words  what was done to the arguments, as the end of "Your answer is the right one ...".
    asked  the arguments, changed; it may raise where the change makes no sense.
    """

    id: str
    words: str
    asked: Callable[[Args], Args]


def softmax(Z: np.ndarray) -> np.ndarray:
    E = np.exp(Z - Z.max(axis=-1, keepdims=True))
    return E / E.sum(axis=-1, keepdims=True)


def standardised(X: np.ndarray) -> np.ndarray:
    return (X - X.mean(axis=0)) / X.std(axis=0)


def _with_ones(X: np.ndarray, behind: bool = False) -> np.ndarray:
    if X.ndim != 2:
        raise ValueError("no table")
    ones = np.ones((len(X), 1))
    return np.hstack([X, ones] if behind else [ones, X])


ARRAYS: tuple[tuple[str, str, Callable[[np.ndarray], np.ndarray]], ...] = (
    ("left-out", "for {0} = 0: {0} does not enter", lambda a: 0 * a),
    ("left-out", "for a {0} of ones: {0} does not enter", lambda a: 0 * a + 1),
    ("turned", "for -{0}: the sign of {0} is turned", lambda a: -a),
    ("squared", "for the squares of {0}", lambda a: a**2),
    ("rooted", "for the square roots of {0}", np.sqrt),
    ("sizes", "for the absolute values of {0}", np.abs),
    ("centred", "for {0} with its mean taken out", lambda a: a - a.mean(axis=0)),
    ("standardised", "for a {0} that is scaled to mean 0 and deviation 1", standardised),
    ("intercept", "for {0} with a column of ones in front: no intercept is asked for", _with_ones),
    ("intercept", "for {0} with a column of ones behind: no intercept is asked for", lambda X: _with_ones(X, True)),
    ("softmax-again", "for the softmax of {0}: one softmax is too many", softmax),
    ("sigmoid-again", "for the sigmoid of {0}: one sigmoid is too many", lambda a: 1 / (1 + np.exp(-a))),
    ("logarithm", "for the logarithm of {0}", np.log),
    ("exponential", "for the exponential of {0}", np.exp),
    ("labels", "for 2 · {0} - 1: {0} is 0 or 1 as it comes", lambda t: 2 * _labels(t) - 1),
    ("labels", "for ({0} + 1)/2: {0} is 0 or 1 as it comes, not ±1", lambda t: (_labels(t) + 1) / 2),
    ("labels", "for 1 - {0}: the two classes are exchanged", lambda t: 1 - _labels(t)),
    ("transposed", "for the transpose of {0}", lambda a: _square(a).T),
    ("sorted", "for a sorted {0}", np.sort),
    ("repeats", "for a {0} in which no entry is repeated", np.unique),
)
SAMPLES: tuple[tuple[str, str, slice], ...] = (
    ("one-sample", "for the first sample alone", slice(0, 1)),
    ("one-sample", "for the last sample alone", slice(-1, None)),
    ("sample-lost", "without the last sample", slice(0, -1)),
    ("sample-lost", "without the first sample", slice(1, None)),
)
PIECES: tuple[tuple[str, str, slice], ...] = (
    ("batch-lost", "without the last item of {0}", slice(0, -1)),
    ("batch-lost", "without the first item of {0}", slice(1, None)),
    ("one-batch", "for the first item of {0} alone", slice(0, 1)),
    ("one-batch", "for the last item of {0} alone", slice(-1, None)),
    ("backwards", "for {0} taken backwards", slice(None, None, -1)),
)
EPSILONS = tuple(c * 10.0**-k for k in range(2, 13) for c in (1, 5))


def _labels(t: np.ndarray) -> np.ndarray:
    if not np.all((t == 0) | (t == 1)):
        raise ValueError("no labels")
    return t


def _square(a: np.ndarray) -> np.ndarray:
    if a.ndim != 2 or a.shape[0] != a.shape[1]:
        raise ValueError("no square matrix")
    return a


def at(place: int, change: Callable[..., Any], *more: Any) -> Callable[[Args], Args]:
    """The arguments with `change(that at place, *more)` in its place; ValueError where this is nan or infinite."""

    def asked(args: Args) -> Args:
        changed = change(args[place], *more)
        if type(changed) in (np.ndarray, float) and not np.all(np.isfinite(changed)):
            raise ValueError("the change makes no sense")
        return (*args[:place], changed, *args[place + 1 :])

    return asked


def questions_beside(case: Case) -> Iterator[Question]:
    """All other questions that the answers of a case may be right for, the likely ones first."""
    given, names = case.trials[0].args, case.exercise.parameters
    # Targets and step sizes stand behind the tables, and are the likelier ones.
    for place, (name, value) in reversed([*enumerate(zip(names, given, strict=True))]):
        if type(value) is np.ndarray and value.ndim:
            for id, words, change in ARRAYS:
                yield Question(id, words.format(f"`{name}`"), at(place, change))
        elif type(value) is float:
            yield from _for_number(case, place, name)
        elif type(value) is int:
            for step, word in ((1, "one more"), (-1, "one less")):
                yield Question("off-by-one", f"for {word} than `{name}`", at(place, operator.add, step))
        elif type(value) is tuple and value and all(type(item) is np.ndarray for item in value):
            for id, words, kept in PIECES:
                yield Question(id, words.format(f"`{name}`"), at(place, operator.getitem, kept))
    yield from _for_samples(given)
    yield from _exchanged(given, names)
    for place, (name, value) in enumerate(zip(names, given, strict=True)):
        if type(value) is np.ndarray and value.dtype.kind == "f":
            for epsilon in EPSILONS:
                words = f"for `{name}` + {epsilon:g}: a small number was added for safety, and it shows"
                yield Question("epsilon", words, at(place, operator.add, epsilon))


def _for_number(case: Case, place: int, name: str) -> Iterator[Question]:
    for value in (0.0, 1.0):
        words = f"for `{name}` = {value:g}: `{name}` does not enter"
        yield Question("left-out", words, at(place, lambda s, value: value, value))
    for factor, word in ((2.0, "2"), (0.5, "half of"), (-1.0, "minus"), (4.0, "4")):
        yield Question("scaled", f"for {word} `{name}`", at(place, operator.mul, factor))
    yield Question("squared", f"for the square of `{name}`", at(place, lambda s: s * s))
    yield Question("rooted", f"for the square root of `{name}`", at(place, lambda s: s**0.5))
    lengths = {
        f"{owner}.shape[{axis}]": (j, axis)
        for j, owner in enumerate(case.exercise.parameters)
        if type(case.trials[0].args[j]) is np.ndarray
        for axis in range(case.trials[0].args[j].ndim)
    }
    for one in lengths:
        yield Question("scaled", f"for `{name}` times {one}", partial(_by_lengths, place, (lengths[one],), ()))
        yield Question("scaled", f"for `{name}` over {one}", partial(_by_lengths, place, (), (lengths[one],)))
        for other in lengths:
            words = f"for `{name}` times {one} over {other}"
            yield Question("scaled", words, partial(_by_lengths, place, (lengths[one],), (lengths[other],)))


def _by_lengths(place: int, above: tuple, below: tuple, args: Args) -> Args:
    """The number at `place`, times some lengths of array arguments and over others."""
    factor = math.prod(args[j].shape[axis] for j, axis in above) / math.prod(args[j].shape[axis] for j, axis in below)
    return at(place, operator.mul, factor)(args)


def _for_samples(given: Args) -> Iterator[Question]:
    """A part of the samples: the rows of the first array, and of all that have as many."""
    first = next((value for value in given if type(value) is np.ndarray and value.ndim), None)
    if first is None or len(first) < 3:
        return

    def taken(kept: slice, args: Args) -> Args:
        count = len(next(value for value in args if type(value) is np.ndarray and value.ndim))
        return tuple(
            value[kept] if type(value) is np.ndarray and value.ndim and len(value) == count else value for value in args
        )

    for id, words, kept in SAMPLES:
        yield Question(id, words, partial(taken, kept))


def _exchanged(given: Args, names: tuple[str, ...]) -> Iterator[Question]:
    """Two arguments of one kind in each other's place."""

    def exchange(i: int, j: int, args: Args) -> Args:
        turned = list(args)
        turned[i], turned[j] = args[j], args[i]
        return tuple(turned)

    for j in range(len(given)):
        for i in range(j):
            if type(given[i]) is type(given[j]) and np.shape(given[i]) == np.shape(given[j]):
                words = f"with `{names[i]}` and `{names[j]}` in each other's place"
                yield Question("exchanged", words, partial(exchange, i, j))


def broadcasts(case: Case) -> Iterator[tuple[str, Callable[[Args], Any]]]:
    """What comes out when a column (n, 1) meets a vector (n,) and NumPy makes a table (n, n) of them.

    Entry j of the vector then meets every entry of the column: for each j the right answer with that entry in all
    places. The values are these answers side by side, or their sum or mean.
    """
    ways: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "side by side": lambda stacked: np.moveaxis(stacked, 0, -1),
        "one below the other": lambda stacked: stacked,
        "added up": lambda stacked: stacked.sum(axis=0),
        "averaged": lambda stacked: stacked.mean(axis=0),
    }
    definition, given = case.exercise.definition, case.trials[0].args
    if definition is None or case.exercise.returns:
        return

    def value(place: int, way: Callable[[np.ndarray], np.ndarray], args: Args) -> Any:
        each = [at(place, np.full_like, entry)(copied(args)) for entry in args[place]]
        return way(np.array([definition(*one) for one in each]))

    for place, name in enumerate(case.exercise.parameters):
        vector = given[place]
        if type(vector) is not np.ndarray or type(given[0]) is not np.ndarray or not given[0].ndim:
            continue
        if vector.ndim == 1 and len(vector) == len(given[0]):
            for way in ways.values():
                yield name, partial(value, place, way)
