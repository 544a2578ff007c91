"""What an instructor in a hurry does with folders, files and pipes, through the real command."""

import csv
import os
import shlex
import stat
import subprocess
import sys

import pytest

from tests.grading.handing_in import SEED, SLOPE, notebook
from tests.grading.shared import HANGING

RIGHT, WRONG = notebook(SLOPE), notebook("def square_slope(x):\n    return 3 * x")
BASE = {"inbox/ada/00.ipynb": RIGHT, "inbox/Łukasz/00.ipynb": WRONG}
GRADE = ("grade", "inbox", "--seed", SEED, "--jobs", 1)


def put(folder, files):
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


@pytest.fixture
def folder(tmp_path):
    put(tmp_path, BASE)
    (tmp_path / "course.toml").write_text('chapters = ["00"]\n')
    return tmp_path


def grades(folder):
    """student -> the points in chapter 00, as they stand in grades.csv."""
    with (folder / "graded" / "grades.csv").open(newline="", encoding="utf-8") as file:
        return {row["student"]: row["00"] for row in csv.DictReader(file)}


def in_a_shell(folder, line, **environment):
    """The line run in bash, with the command in the place of COURSE."""
    command = shlex.join([sys.executable, "-m", "course_lib.cli"])
    return subprocess.run(
        ["bash", "-c", line.replace("COURSE", command)],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=HANGING,
    )


def test_a_students_own_folder_makes_no_students_of_its_folders(folder, here):
    names = ("exercises", "hw1", "hw2", "Week 3")
    put(folder / "inbox" / "ada", {f"{name}/00.ipynb": RIGHT for name in names})
    ended = here("grade", "inbox/ada", "--seed", SEED, "--jobs", 1, cwd=folder)
    assert "exercises: a folder of a course, no student's" in ended.stdout
    assert ended.stdout.count("so nothing says whose it is: <student>/<chapter>.ipynb was expected") == 3
    assert grades(folder) == {}


def test_one_student_may_be_called_like_a_chapter_and_a_sheet_alone_may_not(folder, here):
    put(folder / "inbox", {"ch12/00.ipynb": RIGHT, "00_start/00.ipynb": RIGHT})
    here(*GRADE, cwd=folder)
    assert grades(folder) == {"ada": "1", "ch12": "1", "Łukasz": "0"}


def test_the_courses_folders_in_an_inbox_hand_nothing_in(folder, here):
    put(folder / "inbox", {f"{name}/00.ipynb": RIGHT for name in ("solutions", "exercises", "Notebooks", "feedback")})
    ended = here(*GRADE, cwd=folder)
    assert "Skipped, no submissions: 4" in ended.stdout
    assert grades(folder) == {"ada": "1", "Łukasz": "0"}


def test_results_do_not_go_among_what_was_handed_in(folder, here):
    ended = here(*GRADE, "--out", "inbox", cwd=folder)
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1) and "--out names another folder" in ended.stderr
    assert sorted(os.listdir(folder / "inbox")) == ["ada", "Łukasz"]
    for _ in range(2):
        assert here(*GRADE, "--out", "inbox/out", cwd=folder).returncode == 0
    assert "\nout," not in (folder / "inbox" / "out" / "grades.csv").read_text()


@pytest.mark.parametrize("name", ["Kurs 100% #1", "what?x=1", "a;b&c:d@e", "%41"])
def test_the_gradebook_lies_in_a_folder_of_any_name(folder, here, name):
    course = folder / name
    put(course, BASE)
    (course / "course.toml").write_text('chapters = ["00"]\n')
    before = set(os.listdir(folder))
    ended = here(*GRADE, cwd=course)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (course / "graded" / "gradebook.sqlite").stat().st_size > 0
    assert here("adjust", "ada", "square_slope", "--points", "0", "--reason", "x", cwd=course).returncode == 0
    assert set(os.listdir(folder)) == before


@pytest.mark.parametrize("line", ["COURSE {} | true", "COURSE {} | head -1", "COURSE {} >&-"])
def test_a_run_is_finished_though_nobody_reads_what_it_says(folder, line):
    # The pipe is closed before the command has said a word.
    ended = in_a_shell(folder, f"set -o pipefail; {line.format(shlex.join(map(str, GRADE)))}")
    assert "Traceback" not in ended.stderr
    assert (ended.returncode, grades(folder)) == (0, {"ada": "1", "Łukasz": "0"})


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_name_that_the_terminal_has_no_letters_for_stops_nothing(folder, encoding):
    put(folder, {"inbox/Łukasz/notes.pdf": b"x"})
    grade = shlex.join(map(str, GRADE))
    adjust = "adjust Łukasz square_slope --points 1 --reason ok"
    ended = in_a_shell(folder, f"COURSE {grade} && COURSE {adjust}", PYTHONIOENCODING=encoding)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "\\u0141ukasz" in ended.stdout
    assert grades(folder) == {"ada": "1", "Łukasz": "1"}


@pytest.mark.parametrize(("mask", "mode"), [(0o077, 0o600), (0o027, 0o640), (0o022, 0o644)])
def test_who_may_read_the_marks_is_what_the_instructors_mask_leaves(folder, here, mask, mode):
    before = os.umask(mask)
    try:
        here(*GRADE, cwd=folder)
    finally:
        os.umask(before)
    written = [path for path in (folder / "graded").rglob("*") if path.is_file()]
    assert len(written) > 4
    assert {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in written} == {
        path.name: oct(mode) for path in written
    }


def test_a_grades_csv_that_is_a_link_is_written_where_it_leads(folder, here):
    here(*GRADE, cwd=folder)
    link, place = folder / "graded" / "grades.csv", folder / "cloud.csv"
    link.rename(place)
    link.symlink_to(place)
    put(folder, {"inbox/eve/00.ipynb": RIGHT})
    here(*GRADE, cwd=folder)
    assert link.is_symlink() and grades(folder)["eve"] == "1"
    assert place.read_bytes() == link.read_bytes()


EDITS = {
    "a mark": ("ada,1,1,1", "ada,7,1,1", "ada 00: 1 → 7"),
    "a total": ("ada,1,1,1", "ada,1,9,1", "ada total: 1 → 9"),
    "a word": ("Łukasz,0,0,1", "Łukasz,excused,0,1", "Łukasz 00: 0 → excused"),
    "nothing": ("Łukasz,0,0,1", "Łukasz,,0,1", "Łukasz 00: 0 → nothing"),
    "a column": ("ada,1,1,1", "ada,1,1,1", "ada exam: nothing → 5"),
    "a row": ("Łukasz,0,0,1", "Łukasz,0,0,1\nzoe,1,1,1", "zoe 00: nothing → 1"),
}


@pytest.mark.parametrize(
    ("edit", "saved"),
    [*((edit, "utf-8") for edit in EDITS), *(("a mark", saved) for saved in ("utf-16", "utf-8-sig", "semicolons"))],
)
def test_what_was_typed_into_grades_csv_is_kept_and_said(folder, here, edit, saved):
    old, new, told = EDITS[edit]
    here(*GRADE, cwd=folder)
    path = folder / "graded" / "grades.csv"
    text = path.read_text().replace("\r\n", "\n")
    assert old in text
    text = text.replace(old, new)
    if edit == "a column":
        text = "\n".join(
            f"{line},{'exam' if not k else 5 if 'ada' in line else ''}" for k, line in enumerate(text.split())
        )
    if saved == "semicolons":
        text = text.replace(",", ";")
    path.write_bytes(text.encode("utf-8" if saved == "semicolons" else saved))
    typed = path.read_bytes()
    said = here("report", cwd=folder).stdout
    copy = folder / "graded" / "grades.by-hand.csv"
    assert f"grades.csv was changed by hand and is written anew ({told}" in said and str(copy) in said
    assert copy.read_bytes() == typed
    assert grades(folder) == {"ada": "1", "Łukasz": "0"}
    assert "by hand" not in here("report", cwd=folder).stdout
    path.write_bytes(typed)
    here("report", cwd=folder)
    assert (folder / "graded" / "grades.by-hand-2.csv").read_bytes() == typed


def test_a_grades_csv_that_a_spreadsheet_only_saved_is_no_change(folder, here):
    here(*GRADE, cwd=folder)
    here("adjust", "ada", "square_slope", "--points", "0.256", "--reason", "x", cwd=folder)
    path = folder / "graded" / "grades.csv"
    lines = [line.replace(",", ";").replace("0.26", "0,26") for line in path.read_text().splitlines()]
    path.write_bytes("\r\n".join(["\ufeff" + lines[0], *lines[1:]]).encode())
    assert "0,26" in path.read_text()
    assert "by hand" not in here("report", cwd=folder).stdout


@pytest.mark.parametrize("edit", ["decimal commas", "utf-16", "noise"])
def test_a_grades_csv_without_its_gradebook_may_look_like_anything(folder, here, edit):
    here(*GRADE, cwd=folder)
    (folder / "graded" / "gradebook.sqlite").unlink()
    path = folder / "graded" / "grades.csv"
    text = path.read_text()
    noise = bytes(range(256))
    changed = {"decimal commas": text.replace("ada,1,", 'ada,"1,5",').encode(), "utf-16": text.encode("utf-16")}
    path.write_bytes(changed.get(edit, noise))
    ended = here(*GRADE, cwd=folder)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ("ada 00: 1.5 → 1" in ended.stdout) == (edit == "decimal commas")
    assert grades(folder) == {"ada": "1", "Łukasz": "0"}


def test_that_nothing_was_decided_is_said(folder, here):
    assert "There is no course.toml" not in here(*GRADE, cwd=folder).stdout
    (folder / "course.toml").unlink()
    said = here(*GRADE, cwd=folder).stdout
    assert f"There is no course.toml in {folder}, so every chapter counts and nothing is late." in said
