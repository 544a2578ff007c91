"""Marks follow from verdicts and today's decisions: through the real command, whatever changed between two runs."""

import csv
import io
import os
import shutil
import zipfile
from dataclasses import replace

import pytest

from course_lib.checks import find
from tests.grading.handing_in import SLOPE, bundle, chapter_01, notebook
from tests.grading.shared import query, spoken

RIGHT, WRONG = notebook(SLOPE), notebook("def square_slope(x):\n    return x")
NOON = 1_893_499_200  # 2030-01-01, 12:00 UTC
DAY = 86_400
DUE = "[due]\n00 = 2030-01-01T23:59:00Z\n01 = 2030-01-01T23:59:00Z\n[late]\nper_day = 0.25\n"


class Course:
    """A course folder with an inbox, and the `course` command in it."""

    def __init__(self, folder, capsys, monkeypatch):
        self.folder, self.capsys, self.monkeypatch = folder, capsys, monkeypatch
        self.decide(DUE)

    def decide(self, text):
        (self.folder / "course.toml").write_text(text)

    def hand_in(self, name, data, at=NOON):
        path = self.folder / "inbox" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (at, at))
        return path

    def say(self, *arguments):
        """What the command prints; in this process, so that a test can mend an exercise."""
        code, said, complaint = spoken(self.capsys, self.monkeypatch, self.folder, *arguments)
        assert not code, complaint
        return said

    def grade(self, *options):
        return self.say("grade", "inbox", "--jobs", 1, *options)

    def marks(self):
        """student -> chapter, "total" and "max" -> text, from grades.csv."""
        with (self.folder / "graded" / "grades.csv").open() as file:
            return {row.pop("student"): row for row in csv.DictReader(file)}

    def query(self, text):
        return query(self.folder / "graded" / "gradebook.sqlite", text)


@pytest.fixture
def course(tmp_path, capsys, monkeypatch, bwrap):
    return Course(tmp_path, capsys, monkeypatch)


def zipped(name, data):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, data)
    return packed.getvalue()


@pytest.mark.parametrize("attempts", ["latest", "best"])
def test_the_same_bytes_again_never_cost_a_point(course, attempts):
    course.decide(f'attempts = "{attempts}"\n{DUE}')
    first = course.hand_in("ada/00.ipynb", RIGHT)
    course.hand_in("bob/00.ipynb", WRONG)
    course.hand_in("bob/00 better.ipynb", RIGHT, NOON + 60)
    course.hand_in("cyd_00_20300101T120000Z.zip", bundle(RIGHT, "cyd"))
    course.grade()
    before = course.marks()
    assert [before[name]["00"] for name in ("ada", "bob", "cyd")] == ["1", "1", "1"]
    late = NOON + 3 * DAY
    os.utime(first, (late, late))
    course.hand_in("ada/00-Copy1.ipynb", RIGHT, late)
    course.hand_in("ada/00 (1).zip", zipped("00.ipynb", RIGHT), late)
    course.hand_in("bob/00 old.ipynb", WRONG, late)
    course.hand_in("cyd_00_20300104T120000Z.zip", bundle(RIGHT, "cyd", manifest={"time": "2030-01-04T12:00:00+00:00"}))
    said = course.grade()
    assert course.marks() == before
    assert "fell" not in said and "0 graded, 8 graded before" in said
    assert course.query("select count(*) from submissions") == [(4,)]
    assert course.query("select count(*) from arrivals") == [(8,)]


def test_handing_in_an_older_version_once_more_takes_the_newer_back(course):
    course.hand_in("ada/00 a.ipynb", RIGHT)
    course.hand_in("ada/00 b.ipynb", WRONG, NOON + 60)
    assert "fell" not in course.grade() and course.marks()["ada"]["00"] == "0"
    course.hand_in("ada/00 c.ipynb", RIGHT, NOON + 120)
    course.grade()
    assert course.marks()["ada"]["00"] == "1"


def test_what_lowers_a_mark_is_said_and_why(course):
    course.hand_in("ada/00.ipynb", RIGHT)
    course.hand_in("bob/00.ipynb", RIGHT)
    course.hand_in("cyd/00.ipynb", RIGHT, NOON + DAY)
    course.grade()
    course.hand_in("ada/00 again.ipynb", WRONG, NOON + 60)
    assert "ada 00: 1 → 0 (another attempt counts)" in course.grade()
    report = (course.folder / "graded" / "report.html").read_text()
    assert "Marks that fell since the report before: 1" in report and "another attempt counts" in report
    assert "fell" not in course.grade()
    course.decide(DUE.replace("0.25", "0.5"))
    assert "cyd 00: 0.75 → 0.5 (lateness)" in course.say("report")
    course.say("adjust", "bob", "square_slope", "--points", "0.5", "--reason", "copied")
    course.decide(f"[points]\nsquare_slope = 0.8\n{DUE}")
    course.say("adjust", "bob", "square_slope", "--withdraw", "--reason", "not copied")
    course.decide(f'chapters = ["01"]\n[points]\nsquare_slope = 0.8\n{DUE}')
    said = course.say("report")
    assert (
        "bob 00: 0.8 → 0 (its chapter is not in play)" in said
        and "Marks that fell since they were said last: 2" in said
    )


def test_equal_answers_have_equal_points_whatever_was_decided_when(course):
    """Ada is graded before the decisions change, and Bob, who hands in the same, after it."""
    course.hand_in("ada/01.ipynb", chapter_01(linear_approximation="x = 1"))
    course.hand_in("ada/00.ipynb", RIGHT)
    course.grade()
    course.decide('chapters = ["01"]\nattempts = "best"\n[points]\npolar_jacobian = 40\n' + DUE.replace("0.25", "0.1"))
    course.hand_in("bob/01.ipynb", chapter_01(linear_approximation="x = 1"))
    course.hand_in("bob/00.ipynb", RIGHT)
    course.hand_in("eve/00.ipynb", RIGHT)
    said = course.grade()
    marks = course.marks()
    assert marks["ada"] == marks["bob"] == {"01": "66", "total": "66", "max": "68"}
    assert marks["eve"] == {"01": "", "total": "0", "max": "68"}
    assert "There is no chapter 00 to grade" in said and "stale" not in said
    pages = [(course.folder / "graded" / "feedback" / f"{name}.html").read_text() for name in ("ada", "bob", "eve")]
    assert [f"{points} of 68 points" in page for points, page in zip((66, 66, 0), pages, strict=True)] == [True] * 3
    course.decide(DUE)
    course.grade()
    marks = course.marks()
    assert marks["ada"] == marks["bob"] and marks["eve"]["00"] == marks["bob"]["00"] == "1"


def test_a_mended_exercise_makes_its_verdicts_stale_and_they_alone_are_judged_again(course, monkeypatch):
    course.hand_in("ada/01.ipynb", chapter_01())
    course.hand_in("ada/00.ipynb", RIGHT)
    assert "stale" not in course.grade("--seed", 7)
    exercise = find("linear_approximation")
    monkeypatch.setattr(exercise, "hints", ("Another hint.",))
    monkeypatch.setattr(exercise, "points", 3)
    assert "stale" not in course.say("report") and course.marks()["ada"]["01"] == "33"
    monkeypatch.setattr(exercise, "rtol", 1e-7)
    course.hand_in("bob/01.ipynb", chapter_01())
    for said in (course.grade(), course.say("report")):
        assert "1 verdict is stale and counts as judged then:" in said
        assert "1 judged before the exercise was changed: linear_approximation 1" in said
        assert "--stale` judges exactly this one again" in said
    runs = (
        "select exercise, v.run_id from verdicts v join submissions s on s.id = submission_id where student_id = 'ada'"
    )
    before = dict(course.query(runs))
    said = course.grade("--stale")
    assert "stale" not in said and "Graded again: 1, of which 0 changed." in said
    after = dict(course.query(runs))
    assert {name for name in after if after[name] != before[name]} == {"linear_approximation"}
    assert course.marks()["ada"]["01"] == course.marks()["bob"]["01"]


def test_another_library_and_another_seed_are_said(course, monkeypatch):
    course.hand_in("ada/00.ipynb", RIGHT)
    course.grade("--seed", 7)
    course.decide(f"seed = 8\n{DUE}")
    assert "1 judged with another seed: square_slope 1" in course.say("report")
    course.decide(DUE)
    monkeypatch.setattr("course_lib.grading.today.__version__", "9.9.9")
    assert "1 judged by course_lib 0.1.0, here is 9.9.9: square_slope 1" in course.say("report")


def test_what_was_stopped_would_be_judged_anew_under_other_limits(course):
    course.decide("[limits]\nanswer_mb = 1\n")
    course.hand_in(
        "ada/00.ipynb", notebook("import numpy as np\ndef square_slope(x):\n    return np.zeros(200_000) + 2 * x")
    )
    course.hand_in("bob/00.ipynb", WRONG)
    assert "stale" not in course.grade("--seed", 7)
    course.decide("[limits]\nanswer_mb = 2\nfile_mb = 99\n")
    said = course.say("report")
    assert "1 verdict is stale" in said and "1 stopped under other limits: square_slope 1" in said
    assert "Graded again: 1, of which 0 changed." in course.grade("--stale")
    assert course.query("select status from verdicts order by id")[-1] != ("stopped",)


def test_an_exercise_that_is_new_is_not_judged_yet_and_one_that_is_gone_does_not_count(course, monkeypatch):
    from course_lib.checks.specification import BANK

    course.hand_in("ada/00.ipynb", RIGHT)
    course.grade()
    monkeypatch.setitem(BANK, "square_slope_2", replace(find("square_slope"), name="square_slope_2", points=2))
    said = course.say("report")
    assert "1 not judged yet, because the exercise is new: square_slope_2 1" in said
    assert course.marks()["ada"]["max"] == "3"
    assert "came after this was graded" in (course.folder / "graded" / "feedback" / "ada.html").read_text()
    course.grade("--stale")
    assert course.query("select exercise, status from verdicts") == [
        ("square_slope", "right"),
        ("square_slope_2", "not attempted"),
    ]
    monkeypatch.delitem(BANK, "square_slope")
    assert "ada 00: 1 → 0 (what its exercises are worth)" in course.say("report")
    assert course.marks()["ada"]["max"] == "2"


def test_where_the_notebooks_are_gone_the_stale_stay_stale(course, monkeypatch):
    course.hand_in("ada/00.ipynb", RIGHT)
    course.grade()
    monkeypatch.setattr(find("square_slope"), "rtol", 1e-7)
    shutil.rmtree(course.folder / "inbox")
    (course.folder / "inbox").mkdir()
    assert "1 verdict is stale" in course.grade("--stale") and course.marks()["ada"]["00"] == "1"
