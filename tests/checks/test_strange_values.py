"""Values that no exercise asks for and that cost nothing to hand in: each gets a verdict, none trips the judge."""

import numpy as np
import pytest

from course_lib.checks import exercises, judge
from course_lib.checks.calling import Outcome

STRANGE = {
    "no entries, and a sum over them larger than the machine": np.zeros((0, 1 << 28, 1 << 20)),
    "a million entries and more": np.ones((1100, 1000)),
}


class Returns:
    """A caller whose function returns one value, however it is called."""

    def __init__(self, value):
        self.value = value

    def signature(self, name):
        return None, 0

    def call(self, name, args):
        return Outcome("value", self.value)


@pytest.mark.parametrize("what", STRANGE)
def test_a_strange_value_gets_a_verdict_in_every_exercise(what):
    for exercise in exercises():
        if exercise.kind == "function":
            several = (STRANGE[what],) * max(1, len(exercise.returns))
            verdict = judge(exercise, Returns(several if exercise.returns else several[0]))
            assert verdict.status not in ("right", "stopped", "not attempted") and verdict.points == 0, exercise.name
            assert len(verdict.message) < 2000
