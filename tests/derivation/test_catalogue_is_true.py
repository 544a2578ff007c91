"""The catalogue itself is true: right lines hold and wrong ones fail, by autograd, without `derive`."""

import re

import numpy
import pytest

from .catalogue import PROBLEMS
from .oracle import SEEDS, Draw, agrees, same_shape


def draw_of(problem, seed):
    return Draw(problem.shapes | problem.undeclared, problem.maps, seed)


def truth(of, draw, expression):
    """What stands on the left, from the definitions: a value, a derivative or a differential."""
    if "/" in of:
        target, variable = re.fullmatch(r"d(\w+)/d(\w+)", of).groups()
        return (draw.grad if numpy.size(draw.value(target)) == 1 else draw.jac)(target, variable)
    if of.startswith("d"):
        return draw.directions(expression)[of]
    return draw.value(of)


VERIFIABLE = [(p, e) for p in PROBLEMS for e in p.entries if e.numpy is not None]
MENDABLE = [(p, e) for p in PROBLEMS for e in p.entries if e.mended_numpy is not None]


def names(cases):
    return [f"{p.name}: {e.line}" for p, e in cases]


@pytest.mark.parametrize(("problem", "entry"), VERIFIABLE, ids=names(VERIFIABLE))
@pytest.mark.parametrize("seed", SEEDS)
def test_right_lines_hold_and_wrong_lines_fail(problem, entry, seed):
    draw = draw_of(problem, seed)
    expected = truth(entry.of, draw, entry.numpy)
    if entry.verdicts == ("shapes",):
        try:
            got = draw.claim(entry.numpy)
        except ValueError:
            return
        assert not same_shape(got, expected), "declared undefined, yet it has the right shape"
    elif entry.is_right:
        assert agrees(draw.claim(entry.numpy), expected)
    else:
        got = draw.claim(entry.numpy)
        assert same_shape(got, expected) == (entry.verdicts == ("wrong",)), numpy.shape(got)
        assert not agrees(got, expected)


@pytest.mark.parametrize(("problem", "entry"), MENDABLE, ids=names(MENDABLE))
def test_mended_lines_hold(problem, entry):
    draw = draw_of(problem, SEEDS[0])
    expected = truth(entry.of, draw, entry.mended_numpy)
    assert agrees(draw.claim(entry.mended_numpy), expected)


def ratios(problem, entry):
    """Truth over claim for each seed: a number when it is one constant over all entries, else None."""
    found = []
    for seed in SEEDS:
        draw = draw_of(problem, seed)
        quotient = truth(entry.of, draw, entry.numpy) / draw.claim(entry.numpy)
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
    draw = draw_of(problem, SEEDS[0])
    assert agrees(draw.claim(entry.numpy).T, truth(entry.of, draw, entry.numpy))


def test_enough_of_the_catalogue_is_verified():
    assert len(VERIFIABLE) >= 60
    assert len({p.name for p, _ in VERIFIABLE}) >= 10
