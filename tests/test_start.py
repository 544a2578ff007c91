"""`course start`: the course in a folder of the student's own, and never a word of the student's written over."""

import json
import os
import pwd
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
import pytest

from course_lib import start
from course_lib.checks import exercises
from course_lib.errors import CourseError
from course_lib.grading.config import Config, load_config
from course_lib.start import NEW_EDITION, config_path, course_folder, lay_out, material, open_lab
from tests.grading.shared import HANGING, course
from tests.test_walk import CHAPTER, filled, solved

SHEET = "exercises/01_exercises.ipynb"


@pytest.fixture
def edition(monkeypatch, tmp_path, course_root):
    """A function that makes an edition of the course with that text in exercise sheet 1 the one that is installed."""
    packed = tmp_path / "packed"
    for folder in ("notebooks", "exercises"):
        (packed / folder).mkdir(parents=True)
        for path in (course_root / folder).glob("0[01]_*.ipynb"):
            shutil.copy(path, packed / folder)
    monkeypatch.setattr(start, "material", lambda: packed)

    def put(text):
        (packed / SHEET).write_text(text, encoding="utf-8")

    return put


def test_a_new_folder_gets_every_chapter_and_sheet_and_settings(tmp_path, course_root):
    layout = lay_out(tmp_path / "mine")
    expected = {f"{f}/{p.name}" for f in ("notebooks", "exercises") for p in (course_root / f).glob("*.ipynb")}
    assert set(layout.added) == expected
    assert all((tmp_path / "mine" / name).read_bytes() == (course_root / name).read_bytes() for name in expected)
    assert load_config(tmp_path / "mine") == Config()
    assert course_folder(tmp_path / "mine") == tmp_path / "mine"


def test_what_was_not_changed_is_brought_up_to_date(edition, tmp_path):
    edition("first")
    lay_out(tmp_path / "mine")
    edition("second")
    assert lay_out(tmp_path / "mine").renewed == (SHEET,)
    assert (tmp_path / "mine" / SHEET).read_text() == "second"
    assert lay_out(tmp_path / "mine") == start.Layout(tmp_path / "mine")


def test_a_new_edition_lies_beside_what_was_changed_and_is_laid_there_once(edition, tmp_path):
    edition("first")
    lay_out(tmp_path / "mine")
    mine = tmp_path / "mine" / SHEET
    mine.write_text("my work")
    assert lay_out(tmp_path / "mine").beside == ()
    edition("second")
    layout = lay_out(tmp_path / "mine")
    ((changed, beside),) = layout.beside
    assert (changed, mine.read_text()) == (SHEET, "my work")
    assert (tmp_path / "mine" / beside).read_text() == "second"
    assert f"You have changed {SHEET}, so its new edition lies beside it: {beside}." in str(layout)
    assert lay_out(tmp_path / "mine").beside == ()
    edition("third")
    (tmp_path / "mine" / beside).write_text("my work in the second")
    ((_, third),) = lay_out(tmp_path / "mine").beside
    assert (tmp_path / "mine" / third).read_text() == "third"
    assert (tmp_path / "mine" / beside).read_text() == "my work in the second"


@pytest.mark.parametrize("memory", [None, "not JSON", "[]"])
def test_without_memory_of_an_edition_every_file_counts_as_changed(edition, tmp_path, memory):
    edition("first")
    lay_out(tmp_path / "mine")
    (tmp_path / "mine" / start.MEMORY).unlink()
    if memory:
        (tmp_path / "mine" / start.MEMORY).write_text(memory)
    edition("second")
    assert [mine for mine, _ in lay_out(tmp_path / "mine").beside] == [SHEET]
    assert (tmp_path / "mine" / SHEET).read_text() == "first"


def test_settings_and_files_of_ones_own_stay(edition, tmp_path):
    edition("first")
    (tmp_path / "course.toml").write_text('student = "ada"\n')
    (tmp_path / "diary.txt").write_text("mine")
    lay_out(tmp_path)
    assert load_config(tmp_path).student == "ada"
    assert (tmp_path / "diary.txt").read_text() == "mine"


def test_a_clone_is_left_alone(course_root):
    before = sorted(path.name for path in course_root.iterdir())
    assert lay_out(course_root) == start.Layout(course_root)
    assert sorted(path.name for path in course_root.iterdir()) == before


def test_a_folder_that_cannot_be_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    run = course("start", "file/mine", "--no-lab", cwd=tmp_path)
    assert (run.returncode, len(run.stderr.strip().splitlines())) == (1, 1)
    assert "cannot be laid out" in run.stderr


def test_without_jupyterlab_it_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setattr(start, "find_spec", lambda name: None)
    with pytest.raises(CourseError, match="pip install jupyterlab"):
        open_lab(tmp_path)


def test_the_sheet_of_a_chapter_is_handed_in_not_its_new_edition(tmp_path):
    lay_out(tmp_path)
    sheet = tmp_path / SHEET
    shutil.copy(sheet, sheet.with_name(f"{sheet.stem}{NEW_EDITION}1.ipynb"))
    run = course("submit", "01", "--student", "ada", cwd=tmp_path)
    assert "01_exercises.ipynb answers 0" in run.stdout, run.stderr


def test_widgets_are_saved_with_a_notebook():
    folder = config_path().partition(":")[0]
    told = json.loads((Path(folder) / "labconfig" / "default_setting_overrides.json").read_text())
    assert told["@jupyter-widgets/jupyterlab-manager:plugin"] == {"saveState": True}


@pytest.fixture(scope="module")
def installed(course_root):
    """A fresh environment with the course from a wheel; it sees the tests' other packages, but not the clone."""
    with TemporaryDirectory(prefix="course-installed-") as name:
        Path(name).chmod(0o755)  # for a user that does not own it
        yield _installed(course_root, Path(name))


def _installed(course_root, folder):
    """The `course` command of an environment in that folder."""
    for name in ("course_lib", "notebooks", "exercises"):
        shutil.copytree(course_root / name, folder / "source" / name)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(course_root / name, folder / "source")
    pip("wheel", "--no-build-isolation", "--wheel-dir", folder, folder / "source")
    venv.create(folder / "env", with_pip=False)
    pip("--python", folder / "env" / "bin" / "python", "install", *folder.glob("*.whl"))
    (site,) = (folder / "env" / "lib").glob("python*/site-packages")
    (site / "others.pth").write_text(f"{Path(nbformat.__file__).parents[1]}\n")
    return folder / "env" / "bin" / "course"


def pip(*arguments):
    """Run pip without asking any other machine."""
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *map(str, arguments)]
    subprocess.run([*command, "--no-deps", "--no-index"], check=True, timeout=HANGING)


@pytest.fixture
def home(installed):
    """(a folder, how to run a program there as an ordinary user).

    Root runs it as `nobody`, unless Python or the tests' packages lie where that user sees nothing.
    """
    with TemporaryDirectory(prefix="course-home-") as name:
        nobody = pwd.getpwnam("nobody")
        ordinary = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        if ordinary:
            os.chown(name, nobody.pw_uid, nobody.pw_gid)
        seen = [*Path(nbformat.__file__).parents, *Path(sys.executable).resolve().parents]
        public = all(folder.stat().st_mode & 0o001 for folder in seen)
        yield Path(name), ordinary if public else {}


def test_from_a_wheel_to_a_grade(installed, home, course_root, confinement):
    folder, someone = home

    def run(*arguments, cwd=folder):
        environment = {**os.environ, "HOME": str(folder), "COURSE_INBOX": "", "COURSE_STUDENT": ""}
        ran = subprocess.run(
            [installed, *arguments],
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            timeout=HANGING,
            **someone,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    assert "The course is in" in run("start", "x", "--no-lab")
    sheet = folder / "x" / SHEET
    solution = nbformat.read(course_root / "solutions" / "01_exercises.ipynb", as_version=4)
    answers = solved([cell.source for cell in solution.cells if cell.cell_type == "code"])
    sheet.write_text(filled(nbformat.read(sheet, as_version=4), answers), encoding="utf-8")
    (folder / "inbox").mkdir(mode=0o777)
    (folder / "inbox").chmod(0o777)
    submitted = run("submit", CHAPTER, "--student", "ada", "--inbox", "../inbox", cwd=folder / "x")
    assert f"answers {len(exercises(CHAPTER))} of the {len(exercises(CHAPTER))} exercises" in submitted
    run("grade", "inbox", "--out", "graded")
    (row,) = (folder / "graded" / "grades.csv").read_text().splitlines()[1:]
    assert row.split(",")[0] == "ada"
    assert f"{sum(exercise.points for exercise in exercises(CHAPTER)):g}" in row.split(",")


def test_a_clone_is_its_own_material(course_root):
    assert material() == course_root
