"""What the tests of grading share."""

import subprocess

import pytest

from course_lib.checks.specification import Exercise
from tests.grading.shared import spoken


@pytest.fixture
def here(capsys, monkeypatch):
    """`shared.course` in this process: the same command, without loading everything anew."""

    def run(*arguments, cwd):
        return subprocess.CompletedProcess(arguments, *spoken(capsys, monkeypatch, cwd, *arguments))

    return run


@pytest.fixture
def made_up(monkeypatch):
    """A course of two chapters with two exercises each, all of 2 points: name -> Exercise."""
    names = [(f"e{chapter}{n}", chapter) for chapter in ("00", "01") for n in range(2)]
    course = [Exercise(name, ("x",), chapter, 2.0, 1, ()) for name, chapter in names]
    monkeypatch.setattr(
        "course_lib.checks.exercises",
        lambda chapter=None, banks=None: [e for e in course if chapter in (None, e.chapter)],
    )
    return {exercise.name: exercise for exercise in course}
