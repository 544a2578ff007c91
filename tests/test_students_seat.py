"""The student's seat needs no more than a browser has: it runs whole with everything else taken away."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from course_lib import clock, health
from course_lib.checks import exercises
from course_lib.lab import lock
from tests.grading.shared import HANGING


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
        timeout=HANGING,
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


def test_a_verb_of_another_seat_names_the_extra_that_it_needs(course_root, tmp_path):
    """Without the instructor's packages, one sentence says how to get them."""
    program = (
        "import sys; sys.modules['sqlalchemy'] = None; from course_lib.cli import main; "
        "sys.argv = ['course', 'grade', '.']; main()"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=HANGING)
    assert run.returncode == 1
    assert run.stderr.strip().endswith("install the course with its extra, course_lib[instructor].")
    assert len(run.stderr.strip().splitlines()) == 1


def test_what_the_seat_imports_is_among_the_courses_dependencies(course_root, told):
    """Everything that was imported comes with `dependencies`, without an extra."""
    project = tomllib.loads((course_root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted, brought = [Requirement(text) for text in project["dependencies"]], set()
    while wanted:
        need = wanted.pop()
        if canonicalize_name(need.name) in brought or (need.marker and not need.marker.evaluate({"extra": ""})):
            continue
        brought.add(canonicalize_name(need.name))
        wanted += map(Requirement, metadata.distribution(need.name).requires or ())
    # psygnal, which anywidget needs, takes mypy-extensions where a tool of the tests has brought it.
    assert {canonicalize_name(name) for name in told["imported"]} - {"setuptools", "mypy-extensions"} <= brought


def test_every_module_that_the_seat_loads_travels_to_the_browser(told):
    shipped = {*lock.sources(lock.SEAT), *lock.sources(lock.FIGURES)}
    missing = [
        name
        for name in told["modules"]
        if not {f"{name.replace('.', '/')}.py", f"{name.replace('.', '/')}/__init__.py"} & shipped
    ]
    assert len(told["modules"]) > 40
    assert missing == []


def doctor_in_a_browser(monkeypatch):
    monkeypatch.setattr(health, "IN_BROWSER", True)
    return health.doctor()


def test_the_doctor_knows_the_browser(monkeypatch, tmp_path):
    (tmp_path / "course.toml").touch()
    monkeypatch.chdir(tmp_path)
    found = doctor_in_a_browser(monkeypatch)
    assert "in the browser" in repr(found)
    assert "File → Download" in repr(found)
    assert "JupyterLab" not in repr(found)


def test_the_doctor_says_that_a_private_window_has_no_files(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    found = doctor_in_a_browser(monkeypatch)
    assert not found.ok
    assert "private window" in repr(found)


def test_the_doctor_of_a_student_looks_for_the_course_and_the_instructors_does_not(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert "`course start` lays one out" in repr(health.doctor())
    assert "JupyterLab" in repr(health.doctor())
    assert "JupyterLab" not in repr(health.doctor("instructor"))
