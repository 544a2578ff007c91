"""The student's seat needs no more than a browser has: it runs whole with everything else taken away."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from course_lib import clock
from course_lib.checks import exercises


@pytest.fixture(scope="module")
def told(course_root, tmp_path_factory):
    """What the narrow seat tells after it ran every solution and the first chapter with its figures."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copytree(course_root / "solutions", folder / "exercises")
    (folder / "course.toml").touch()
    notebooks = [*sorted((folder / "exercises").glob("*.ipynb")), *(course_root / "notebooks").glob("01_*.ipynb")]
    run = subprocess.run(
        [sys.executable, "-m", "tests.narrow_seat", *map(str, notebooks)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(course_root), "COURSE_INBOX": ""},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_every_solution_is_right(told):
    assert told["verdicts"] == [[exercise.name, "right"] for exercise in exercises()]


def test_a_derivation_is_judged_and_its_editor_opens(told):
    assert told["derivation"] == ["definition", "wrong"]
    assert told["editor"] in ("VBox", "Editor")  # the plain one, or the one of a built course


def test_a_notebook_is_handed_in_and_the_doctor_looks(told):
    assert "Submitted for ada" in told["receipt"]
    assert "NumPy" in told["doctor"]


@pytest.mark.parametrize("lack", [AttributeError("no attribute 'thread_time'"), OSError(22, "Invalid argument")])
def test_without_a_clock_of_the_thread_the_time_that_passes_counts(monkeypatch, lack):
    def missing():
        raise lack

    monkeypatch.setattr(clock.time, "thread_time", missing)
    assert clock._clock() is clock.time.perf_counter
