"""What people really hand in, through the real command: everything has a row and a reason, and content decides."""

import html
import io
import json
import os
import re
import subprocess
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from course_lib.grading.config import Config, Limits
from course_lib.grading.feedback import page_name
from course_lib.grading.gradebook import Gradebook
from course_lib.grading.run import grade_inbox
from tests.grading.handing_in import CHAPTER_01, SEED, SLOPE, bundle, chapter_01, notebook
from tests.grading.shared import course, once, query

# One process sets up what all of them read.
pytestmark = pytest.mark.xdist_group("handed-in")

RIGHT = notebook(SLOPE)
STUB = notebook("def square_slope(x):\n    raise NotImplementedError")
DUE = "2030-10-01T23:59:00+02:00"
NOON = datetime(2030, 10, 1, 10, tzinfo=UTC).timestamp()  # of the day it was due, in its zone
ALL = 32  # points of chapter 1
LONG = "x" * (25 << 20)


def zipped(**members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return packed.getvalue()


def with_output(*outputs):
    """The right answer with outputs under it."""
    tree = json.loads(RIGHT)
    tree["cells"][0]["outputs"] = list(outputs)
    return json.dumps(tree).encode()


def written(source):
    """The same notebook with its one source written differently."""
    tree = json.loads(RIGHT)
    tree["cells"][0]["source"] = source
    return json.dumps(tree).encode()


def of_format_3():
    cell = {"cell_type": "code", "input": SLOPE.splitlines(keepends=True), "language": "python", "outputs": []}
    return json.dumps({"nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": [cell]}]}).encode()


def renamed(**told):
    """A notebook whose file has lost its functions' names but not what the sheet's metadata say."""
    tree = json.loads(notebook("answer = 1"))
    tree["cells"][0]["metadata"] = {"nbgrader": {"grade_id": "polar_jacobian", "solution": True, **told}}
    return json.dumps(tree).encode()


def to_read(*more, ids=True):
    """A chapter to read, with answers shown in its own cells, and perhaps with cells that a student added."""
    tree = json.loads(notebook(SLOPE, *more))
    tree["cells"][0]["id"] = "cell-05" if ids else None
    text = "Try it now with [the exercises of this chapter](../exercises/00_start_here.ipynb)."
    tree["cells"].append({"cell_type": "markdown", "id": "cell-06" if ids else None, "source": text, "metadata": {}})
    return json.dumps(tree).encode()


@dataclass(frozen=True)
class Handed:
    """What one student hands in (path in the own folder -> bytes) and what must come of it.

    rows      (chapter, status, points, words in the reason) of each row.
    counts    the points that count in all.
    """

    files: dict
    rows: list
    counts: float = 0.0
    times: dict = field(default_factory=dict)


def refused(name, words, data=b"x", chapter=""):
    return Handed({name: data}, [(chapter, "refused", 0, words)])


def slope(name, data, words=""):
    return Handed({name: data}, [("00", "graded", 1, words)], 1)


def chapter_1(name, words=""):
    return Handed({name: chapter_01()}, [("01", "graded", ALL, words)], ALL)


PAIR = [("00", "graded", 1, ""), ("00", "graded", 0, "")]

HANDED = {
    # The name is a hint, the content decides.
    "a date for a name": chapter_1("homework_2026_10_05.ipynb", "speaks of chapter 10"),
    "points in a name": chapter_1("10 points homework.ipynb", "speaks of chapter 10"),
    "a version in a name": chapter_1("hw_v2_00.ipynb", "speaks of chapter 00"),
    "another number": chapter_1("12_homework.ipynb", "speaks of chapter 12"),
    "the folder of another chapter": chapter_1("03_assignment/work.ipynb", "speaks of chapter 03"),
    "no number": chapter_1("final FINAL.ipynb"),
    "Copy1": chapter_1("01_gradients_and_jacobians-Copy1.ipynb"),
    "in parentheses": chapter_1("01_gradients_and_jacobians (1).ipynb"),
    "a bundle of another chapter": Handed(
        {"x.zip": bundle(chapter_01(), "who", "00")}, [("01", "graded", ALL, "speaks of chapter 00")], ALL
    ),
    "the sheet's own marks": Handed({"07.ipynb": renamed()}, [("01", "graded", 0, "speaks of chapter 07")]),
    "one function of another chapter": Handed(
        {"01.ipynb": notebook("import numpy as np", SLOPE, *CHAPTER_01.values())}, [("01", "graded", ALL, "")], ALL
    ),
    "a chapter to read": refused("00_start_here.ipynb", "chapter 00 to read, not its exercises", to_read(), "00"),
    "a chapter to read whose ids a service dropped": refused("x.ipynb", "chapter 00 to read", to_read(ids=False), "00"),
    "answers in a chapter to read": Handed({"x.ipynb": to_read(SLOPE)}, [("00", "graded", 1, "")], 1),
    "both notebooks of a chapter": Handed(
        {"x.zip": zipped(**{"notebooks/00.ipynb": to_read(), "exercises/00.ipynb": RIGHT})},
        [("00", "graded", 1, ""), ("00", "refused", 0, "to read")],
        1,
    ),
    # Of files of one time the answered one counts.
    "an empty sheet beside it": Handed({"00_a.ipynb": RIGHT, "00_b.ipynb": STUB}, PAIR, 1),
    "an empty sheet before it": Handed({"00_a.ipynb": STUB, "00_b.ipynb": RIGHT}, PAIR, 1),
    "a zipped pair": Handed({"x.zip": zipped(**{"00 (1).ipynb": RIGHT, "00-Copy1.ipynb": STUB})}, PAIR, 1),
    # Everything has a row.
    "ipynb.txt": Handed({"00_start_here.ipynb.txt": RIGHT}, [("00", "graded", 1, "")], 1),
    "ipynb.json": Handed({"00_start_here.ipynb.json": RIGHT}, [("00", "graded", 1, "")], 1),
    "ipynb (1)": Handed({"00_start_here.ipynb (1)": RIGHT}, [("00", "graded", 1, "")], 1),
    "json": Handed({"00_start_here.json": RIGHT}, [("00", "graded", 1, "")], 1),
    "json that is none": refused("data.json", "no list of cells", b'{"a": 1}'),
    "html": refused("00_start_here.html", "a page made of a notebook", chapter="00"),
    "pdf": refused("01.pdf", "a document for printing", chapter="01"),
    "tar.gz": refused("homework.tar.gz", "an archive of a kind that is not read"),
    "7z": refused("homework.7z", "an archive of a kind that is not read"),
    "icloud": refused(".00_start_here.ipynb.icloud", "stayed in iCloud"),
    "no ending": refused("homework", "whose name has no ending"),
    "strange ending": refused("x.\x1bfoo", "the kind .\ufffdfoo"),
    "empty file": refused("00.ipynb", "the file is empty", b"", "00"),
    "too deep": refused("a/b/c/d/e/f/00.ipynb", "more than 6 folders deep", RIGHT),
    "deep": Handed({"a/b/c/d/e/00.ipynb": RIGHT}, [("00", "graded", 1, "")], 1),
    "empty folder": Handed({}, [("", "refused", 0, "The folder is empty")]),
    "only what systems leave": Handed({".DS_Store": b"x"}, [("", "refused", 0, "The folder is empty")]),
    "empty assignment": Handed({"01_homework/.keep": b""}, [("01", "refused", 0, "The folder is empty")]),
    "an archive of texts": refused("x.zip", "neither a notebook nor", zipped(**{"a.pdf": b"x"})),
    "a text beside it": Handed(
        {"00.ipynb": RIGHT, "notes.md": b"x"}, [("00", "graded", 1, ""), ("", "refused", 0, "This is a text")], 1
    ),
    "an archive in an archive": slope("x.zip", zipped(**{"hw/in.zip": zipped(**{"a/00.ipynb": RIGHT})})),
    "a bundle in an archive": slope("x.zip", zipped(**{"submissions/a.zip": bundle(RIGHT)})),
    "an archive in an archive in an archive": refused(
        "x.zip", "neither a notebook nor", zipped(**{"a.zip": zipped(**{"b.zip": zipped(**{"00.ipynb": RIGHT})})})
    ),
    "a notebook and others in an archive": Handed(
        {"x.zip": zipped(**{"00.ipynb": RIGHT, "01.pdf": b"x", "__MACOSX/._00.ipynb": b"x"})},
        [("00", "graded", 1, ""), ("", "refused", 0, "what else is in this archive: 01.pdf.")],
        1,
    ),
    "backslashes in an archive": slope("x.zip", zipped(**{"hw/00.ipynb": RIGHT}).replace(b"hw/00", b"hw\\00")),
    # As programs write it.
    "format 3": slope("00.ipynb", of_format_3()),
    "UTF-16": slope("00.ipynb", RIGHT.decode().encode("utf-16")),
    "a byte order mark": slope("00.ipynb", RIGHT.decode().encode("utf-8-sig")),
    "a byte order mark in a cell": slope("00.ipynb", written(f"\ufeff{SLOPE}")),
    "half a character in a cell": slope("00.ipynb", written(f"# \ud83d\n{SLOPE}")),
    "lines that end as in Windows": slope(
        "00.ipynb", written(f"%cd data\n{SLOPE}\n".replace("\n", "\r\n").split("\n"))
    ),
    # Big outputs are cut before they are read.
    "a picture of 25 MB": Handed(
        {"00.ipynb": with_output({"output_type": "display_data", "data": {"image/png": LONG}})},
        [("00", "graded", 1, "")],
        1,
    ),
    "a print of 25 MB in a bundle": Handed(
        {"x.zip": bundle(with_output({"output_type": "stream", "text": ["same line\n"] * 1_900_000}))},
        [("00", "graded", 1, "")],
        1,
    ),
    "25 MB of code": refused("00.ipynb", "8.4 MB that are read, without its outputs", notebook(LONG), "00"),
    # nbgrader's timestamp is the arrival; a day late is a day of the calendar where it was due.
    "nbgrader, on time": Handed(
        {"00/00.ipynb": RIGHT, "00/timestamp.txt": b"2030-10-01 21:58:00.123456 UTC\n"}, [("00", "graded", 1, "")], 1
    ),
    "nbgrader, late": Handed(
        {"00/00.ipynb": RIGHT, "00/timestamp.txt": b"2030-10-02 00:30:00.123456 Europe/Berlin"},
        [("00", "graded", 1, "")],
        0.75,
    ),
    "nbgrader, another zone": Handed(
        {"00/00.ipynb": RIGHT, "00/timestamp.txt": b"2030-10-02 23:30:00 -02:00"}, [("00", "graded", 1, "")], 0.5
    ),
    "nbgrader, no time": Handed({"00/00.ipynb": RIGHT, "00/timestamp.txt": b"soon"}, [("00", "graded", 1, "")], 1),
    "the same day": Handed({"00.ipynb": RIGHT}, [("00", "graded", 1, "")], 0.75, {"00.ipynb": NOON + 43_190}),
    "the second day": Handed({"00.ipynb": RIGHT}, [("00", "graded", 1, "")], 0.5, {"00.ipynb": NOON + 86_400 + 43_800}),
    # Times that are none.
    "the year 280000": Handed(
        {"00.ipynb": RIGHT}, [("00", "graded", 1, "file's time is none")], 1, {"00.ipynb": 1 << 43}
    ),
    "before all time": Handed(
        {"00.ipynb": RIGHT}, [("00", "graded", 1, "file's time is none")], 1, {"00.ipynb": -1e11}
    ),
}


def student(name):
    return "h-" + re.sub(r"\W+", "-", name)


def hand_in(folder):
    (folder / "course.toml").write_text(f"[due]\n00 = {DUE}\n[late]\nper_day = 0.25\n", encoding="utf-8-sig")
    for name, handed in HANDED.items():
        home = folder / "inbox" / student(name)
        home.mkdir(parents=True)
        for path, data in handed.files.items():
            file = home / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
            at = handed.times.get(path, NOON)
            os.utime(file, (at, at))
    run = course("grade", "inbox", "--seed", SEED, cwd=folder)
    (folder / "said.json").write_text(json.dumps([run.returncode, run.stdout, run.stderr]))


@pytest.fixture(scope="session")
def desk(bwrap, tmp_path_factory):
    return once(tmp_path_factory, "handed-in", hand_in)


def test_the_run_ends_well(desk):
    code, said, complaint = json.loads((desk / "said.json").read_text())
    assert (code, complaint) == (0, "")
    assert ", 0 failed," in said and "Skipped" not in said
    assert "h-another-number 01: Its name speaks of chapter 12; what is in it is chapter 01, and that counts." in said


@pytest.mark.parametrize("name", HANDED)
def test_what_was_handed_in_has_its_rows_its_points_and_its_page(desk, name):
    handed, who = HANDED[name], student(name)
    rows = query(
        desk / "graded" / "gradebook.sqlite",
        "select chapter, status, coalesce((select sum(points) from verdicts where submission_id = s.id), 0), reason "
        "from submissions s where student_id = ? order by source",
        who,
    )
    assert len(rows) == len(handed.rows)
    for (chapter, status, points, words), got in zip(sorted(handed.rows), sorted(rows), strict=True):
        assert got[:3] == (chapter, status, points)
        assert (words in got[3]) if words else got[3] == ""
    table = (desk / "graded" / "grades.csv").read_text().splitlines()
    total = next((line.split(",")[-2] for line in table if line.startswith(f"{who},")), "0")
    assert float(total) == handed.counts
    page = html.unescape((desk / "graded" / "feedback" / page_name(who)).read_text())
    assert all(reason in re.sub("</?code>", "`", page) for *_, reason in rows)


def test_folders_in_folders_without_end_are_a_row(bwrap, tmp_path):
    inner = tmp_path / "inbox" / "ada"
    inner.mkdir(parents=True)
    (tmp_path / "course.toml").touch()
    # Deeper than a path can be long, and deeper than Python calls itself.
    folder = os.open(inner, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("nest", dir_fd=folder)
        deeper = os.open("nest", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = deeper
    os.close(folder)
    try:
        run = course("grade", "inbox", cwd=tmp_path)
        assert (run.returncode, run.stderr) == (0, "")
        assert "ada : The folder lies more than 6 folders deep" in run.stdout
    finally:
        subprocess.run(["rm", "-rf", inner], check=True)


def test_a_file_removed_during_the_run_is_a_row(confinement, tmp_path):
    (tmp_path / "inbox").mkdir()
    for name in "abcdef":
        (tmp_path / "inbox" / f"{name}_00.ipynb").write_bytes(RIGHT)
    book = Gradebook(f"sqlite:///{tmp_path / 'gradebook.sqlite'}")
    last = tmp_path / "inbox" / "f_00.ipynb"
    report = grade_inbox(
        tmp_path / "inbox", book, Config(), seed=SEED, how=confinement, advance=lambda _: last.unlink(missing_ok=True)
    )
    book.close()
    assert len(report.graded) == 5
    assert report.refused == [("f", "00", "The file cannot be read: No such file or directory.", "f_00.ipynb")]


def test_what_takes_a_student_too_long_waits_for_the_next_run(confinement, tmp_path):
    for number in range(3):
        path = tmp_path / "inbox" / "ada" / f"{number}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(notebook(SLOPE, f"# {number}"))
    (tmp_path / "inbox" / "zoe_00.ipynb").write_bytes(RIGHT)
    book = Gradebook(f"sqlite:///{tmp_path / 'gradebook.sqlite'}")
    # Less than any notebook takes: one in each run.
    config = Config(limits=Limits(seconds_per_student=1e-6))
    found = []
    for _ in range(3):
        report = grade_inbox(tmp_path / "inbox", book, config, seed=SEED, how=confinement)
        found.append((len(report.graded), report.known, len(report.failed)))
        assert all("the 1e-06 s that `seconds_per_student` in course.toml" in row[2] for row in report.failed)
    pages = {row.status for row in book.submissions("ada")}
    book.close()
    assert found == [(2, 0, 2), (1, 2, 1), (1, 3, 0)]
    assert pages == {"graded"}
