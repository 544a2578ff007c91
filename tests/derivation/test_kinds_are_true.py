"""The kinds of writing are judged truly: right lines hold and wrong ones fail, by autograd, without `derive`."""

from functools import cache

import numpy as np
import pytest

from .kinds import KINDS
from .oracle import SEEDS, TOLERANCE, Draw
from .truths import TRUTHS

CLEARLY = 1e-4


@cache
def draws(kind):
    truth = TRUTHS[kind]
    return [
        Draw(KINDS[kind][0] | truth.more, functions | truth.maps, seed, truth.rising, truth.start, truth.where)
        for seed in SEEDS
        for functions in truth.functions
    ]


def gaps(kind, line):
    """By how much the line's claim fails, draw by draw: a line of several claims fails with one of them."""
    chains = [chain.split(" == ") for chain in TRUTHS[kind].claims[line].split("; ")]
    return [np.max([draw.gap(*chain) for chain in chains]) for draw in draws(kind)]


def test_every_line_has_one_truth():
    told = [(kind, list(truth.claims)) for kind, truth in TRUTHS.items()]
    assert told == [(kind, right + wrong) for kind, (_, _, _, right, wrong) in KINDS.items()]


@pytest.mark.parametrize(("kind", "line"), [(k, line) for k, case in KINDS.items() for line in case[3]])
def test_a_right_line_holds(kind, line):
    assert all(gap <= TOLERANCE for gap in gaps(kind, line)), gaps(kind, line)


@pytest.mark.parametrize(("kind", "line"), [(k, line) for k, case in KINDS.items() for line in case[4]])
def test_a_wrong_line_fails_on_every_draw(kind, line):
    assert all(gap > CLEARLY for gap in gaps(kind, line)), gaps(kind, line)
