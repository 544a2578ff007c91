"""`derive` against the catalogue: every line gets its verdict, every mistake its name, every repair is right."""

from collections import Counter

import pytest

from .catalogue import MISTAKES, PROBLEMS

CASES = [(problem, entry) for problem in PROBLEMS for entry in problem.entries]
WRONG = [(problem, entry) for problem, entry in CASES if entry.mistakes]
MENDED = [(problem, entry) for problem, entry in WRONG if entry.mended]


def over(cases):
    """Parametrise by problem and entry, with the line itself as the name of the test."""
    return pytest.mark.parametrize(
        ("problem", "entry"), cases, ids=[f"{problem.name}: {entry.line}" for problem, entry in cases]
    )


def judged(problem, line):
    """The report's line that settles what `derive` says of `line` after the problem's definitions."""
    from course_lib import derive

    report = derive(problem.given + "\n" + line, problem.shapes, problem.functions)
    return settling(report, len(problem.given.splitlines()))


def settling(report, given):
    """The first claim after `given` lines that is not right, else the last line; the given lines must stand."""
    refused = [k.message for k in report.lines[:given] if k.verdict not in ("definition", "right")]
    assert not refused, f"a given line was refused: {refused}"
    claims = report.lines[given:]
    assert claims, "the line is missing from the report"
    return next((k for k in claims if k.verdict not in ("definition", "right")), claims[-1])


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
def test_mistake_is_named(problem, entry):
    found = judged(problem, entry.line)
    assert found.mistake in entry.mistakes, found.message


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
    named, misnamed = 0, []
    for problem, entry in WRONG:
        mistake = judged(problem, entry.line).mistake
        named += mistake in entry.mistakes
        if mistake is not None and mistake not in entry.mistakes:
            misnamed.append(f"{problem.name}: {entry.line} is {entry.mistakes}, called {mistake}")
    assert misnamed == []
    assert named >= 0.95 * len(WRONG)


def test_most_wrong_lines_with_a_one_edit_mend_are_repaired():
    repaired = sum(judged(problem, entry.line).repair is not None for problem, entry in MENDED)
    assert repaired >= 0.5 * len(MENDED)


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
