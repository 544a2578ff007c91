"""`derive` against the catalogue: verdicts for lines, names for mistakes, repairs that are right."""

from collections import Counter
from functools import cache

import pytest

from .catalogue import MISTAKES, PROBLEMS
from .settling import settling

CASES = [(problem, entry) for problem in PROBLEMS for entry in problem.entries]
WRONG = [(problem, entry) for problem, entry in CASES if entry.mistakes]
MENDED = [(problem, entry) for problem, entry in WRONG if entry.mended]


def over(cases):
    """Parametrise by problem and entry, with the line itself as the name of the test."""
    return pytest.mark.parametrize(
        ("problem", "entry"), cases, ids=[f"{problem.name}: {entry.line}" for problem, entry in cases]
    )


@cache
def judged(problem, line):
    """The report's line that settles what `derive` says of `line` after the problem's definitions."""
    from course_lib import derive

    report = derive(problem.given + "\n" + line, problem.shapes, problem.functions)
    return settling(report, len(problem.given.splitlines()))


def left_side(line):
    """What stands before the first equals sign outside braces."""
    depth = 0
    for position, character in enumerate(line):
        depth += (character == "{") - (character == "}")
        if character == "=" and depth == 0:
            return line[:position]
    raise ValueError(f"{line!r} is no relation")


@over(CASES)
def test_verdict(problem, entry):
    found = judged(problem, entry.line)
    assert found.verdict in entry.verdicts, found.message


@over(WRONG)
def test_mistake_is_not_misnamed(problem, entry):
    found = judged(problem, entry.line)
    # Silence is honest; how much of it is tolerated is counted once, below.
    assert found.mistake is None or found.mistake in entry.mistakes, found.message


@over(WRONG)
def test_repair_is_right(problem, entry):
    repair = judged(problem, entry.line).repair
    if repair is not None:
        again = judged(problem, f"{left_side(entry.line)} = {repair}")
        assert again.verdict == "right", f"{repair}: {again.message}"


@over(MENDED)
def test_mended_line_is_right(problem, entry):
    found = judged(problem, entry.mended)
    assert found.verdict == "right", found.message


@over([case for case in CASES if case[1].is_right])
def test_right_line_carries_no_mistake(problem, entry):
    assert judged(problem, entry.line).mistake is None


def test_nearly_all_mistakes_are_named_and_none_misnamed():
    found = [(f"{problem.name}: {entry.line}", entry, judged(problem, entry.line)) for problem, entry in WRONG]
    unnamed = [line for line, _, verdict in found if verdict.mistake is None]
    misnamed = [
        f"{line} is {entry.mistakes}, called {verdict.mistake}"
        for line, entry, verdict in found
        if verdict.mistake not in (None, *entry.mistakes)
    ]
    assert misnamed == []
    assert len(unnamed) <= 0.05 * len(WRONG), unnamed


def test_half_of_the_mendable_lines_come_with_a_repair():
    """Keeps the test of the repairs from passing because there are none."""
    repaired = [entry.line for problem, entry in MENDED if judged(problem, entry.line).repair is not None]
    assert len(repaired) >= 0.5 * len(MENDED)


def test_a_consequence_of_a_wrong_line_follows():
    from course_lib import derive

    text = "\n".join(
        [
            r"L = \frac{1}{2n}\|Xw-y\|^2",
            r"\nabla_w L = \frac1n X^\top(y - Xw)",
            r"\nabla_w L = \frac1n X^\top y - \frac1n X^\top Xw",
        ]
    )
    report = derive(text, {"X": "n d", "w": "d", "y": "n"})
    assert [line.verdict for line in report.lines] == ["definition", "wrong", "follows"]
    assert report.first_wrong == 1
    assert not report.ok


def test_catalogue_keeps_its_promised_size():
    assert len(PROBLEMS) >= 16
    assert len(CASES) >= 160
    assert len(WRONG) >= 90
    assert sum(entry.is_right for _, entry in CASES) >= 60
    assert all(set(entry.mistakes) <= set(MISTAKES) for _, entry in CASES)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_every_mistake_occurs_in_three_problems(mistake):
    assert len({problem.name for problem, entry in WRONG if entry.mistakes[0] == mistake}) >= 3


def test_no_line_stands_twice_in_a_problem():
    lines = Counter((problem.name, entry.line) for problem, entry in CASES)
    assert [line for line, times in lines.items() if times > 1] == []
