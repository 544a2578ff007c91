"""What an LMS exported goes back with the points in it and everything else as it was."""

import csv
import io
import json
import os
import subprocess
import sys
import zipfile

import pytest

from course_lib.errors import CourseError
from course_lib.grading.config import Config
from course_lib.grading.gradebook import Gradebook
from course_lib.grading.gradescope import results_of, write_autograder
from course_lib.grading.lms import fill_canvas, fill_moodle, write_plain
from tests.grading.handing_in import PATIENT, SEED, SLOPE, bundle, chapter_01, notebook
from tests.grading.test_gradebook import graded, handed_in, record

CANVAS = (
    "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,"
    "Exercises 0 (555),Essay (556),Exercises 1 (557),Current Score\r\n"
    "    Points Possible,,,,,4,10,8,(read only)\r\n"
    '"Lovelace, Ada",1234,x1,ada@uni.example,"A ""1""",,7,,87.5\r\n'
    '"Hopper, Grace",1235,grace,,A,EX,8,,90\r\n'
    '"Turing, Alan",1236,,alan,A,,9,,91\r\n'
    '"Student, Test",9999,,x,A,,,,\r\n'
)
MOODLE = (
    'Identifier,"Full name","Email address",Status,Grade,"Maximum grade","Last modified (submission)",'
    '"Last modified (grade)","Feedback comments"\n'
    '"Participant 12345","Ada Lovelace",ada@uni.example,"Submitted for grading",,4.00,-,-,\n'
    '"Participant 12346","Grace Hopper",grace,"Submitted for grading",,4.00,-,-,"well done"\n'
    '"Participant 12347","Nobody Here",n@uni.example,"No submission",,4.00,-,-,\n'
)


@pytest.fixture
def book(tmp_path, made_up):
    book = Gradebook(f"sqlite:///{tmp_path / 'gradebook.sqlite'}")
    record(book, handed_in("lovelaceada (1234)", lms="canvas:1234"), graded(2, 1))
    record(book, handed_in("Ada Lovelace", lms="moodle:12345"), graded(2, 1))
    record(book, handed_in("grace"), graded(2, 2))
    record(book, handed_in("alan"), graded(0, 2))
    record(book, handed_in("alan", "01"), graded(2, 2, chapter="01"))
    record(book, handed_in("unlisted"), graded(2, 2))
    yield book
    book.close()


def put(tmp_path, content, encoding="utf-8"):
    path = tmp_path / "export.csv"
    path.write_bytes(content.encode(encoding))
    return path


def cells(path, separator=","):
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""), delimiter=separator))


@pytest.mark.parametrize("separator", [",", ";"])
def test_canvas_gets_its_points_and_nothing_else_changes(tmp_path, book, separator):
    content = CANVAS.replace(",", separator).replace(f"e{separator} ", "e, ").replace(f"r{separator} ", "r, ")
    content = content.replace(f"g{separator} ", "g, ").replace(f"t{separator} ", "t, ")
    path = put(tmp_path, content)
    filled = fill_canvas(path, book, Config())
    before, after = cells(path, separator), cells(filled.path, separator)
    assert [row[5] for row in after] == ["Exercises 0 (555)", "4", "3", "EX", "2", ""]
    assert [row[7] for row in after] == ["Exercises 1 (557)", "8", "", "", "4", ""]
    for row in (*before, *after):
        row[5] = row[7] = ""
    assert before == after
    assert filled.path.read_bytes().startswith(b"\xef\xbb\xbf") and b"\r\n" in filled.path.read_bytes()
    assert (filled.filled, filled.kept) == (3, 1)
    assert filled.only_in_file == ("Student, Test",)
    assert filled.only_here == ("Ada Lovelace", "unlisted")
    assert "8 points at most, here 4" in str(filled)


def test_canvas_may_give_the_two_names_apart_and_say_who_is_not_assigned(tmp_path, book):
    content = (
        "LastName,FirstName,ID,SIS User ID,SIS Login ID,Integration ID,Section,Exercises 0 (555)\n"
        ",,,,,,,Manual Posting\n"
        "    Points Possible,,,,,,,8\n"
        "Lovelace,Ada,1234,x1,ada@uni.example,,A,\n"
        "Hopper,Grace,1235,grace,,,A,N/A\n"
        "Student,Test,9999,,x,,A\n"
    )
    filled = fill_canvas(put(tmp_path, content), book, Config(), scale=True)
    assert [row[7] for row in cells(filled.path)] == ["Exercises 0 (555)", "Manual Posting", "8", "6", "N/A", ""]
    assert (filled.kept, filled.only_in_file) == (1, ("Student, Test",))


def test_canvas_columns_can_be_named_and_points_stretched(tmp_path, book):
    filled = fill_canvas(put(tmp_path, CANVAS), book, Config(), ("total=Essay",), scale=True)
    assert [row[6] for row in cells(filled.path)] == ["Essay (556)", "10", "3.75", "5", "7.5", ""]
    assert filled.columns == ("Essay (556) ← total",)


def test_a_name_that_stands_in_two_rows_of_a_file_gives_nobody_points(tmp_path, book):
    doubled = CANVAS + '"Hopper, Grete",1300,x9,grace,A,,,,\r\n'
    filled = fill_canvas(put(tmp_path, doubled), book, Config())
    assert [row[5] for row in cells(filled.path)][3:] == ["EX", "2", "", ""]
    assert filled.only_in_file == ("Hopper, Grace", "Student, Test", "Hopper, Grete")


def test_a_namesake_who_handed_in_nothing_gets_nothing(tmp_path, book):
    namesake = '"Participant 12399","Ada Lovelace",ada2@uni.example,"No submission",,4.00,-,-,\n'
    for content in (MOODLE + namesake, MOODLE.replace("Ada Lovelace", "Ada King", 1) + namesake):
        filled = fill_moodle(put(tmp_path, content), book, Config(), "00")
        assert [row[4] for row in cells(filled.path)] == ["Grade", "3", "4", "", ""]
        assert filled.only_in_file == ("Nobody Here", "Ada Lovelace")


@pytest.mark.parametrize(
    ("content", "fill", "words"),
    [
        (CANVAS, ("07=Essay",), "'07' is not graded"),
        (CANVAS, ("00=Poem",), "0 columns are called 'Poem'"),
        (CANVAS.replace("Exercises", "Work ten"), ("00=Exercises 0",), "Work ten 0"),
        ("Name,Points\nx,1\n", (), "no Canvas gradebook"),
        ("Student,ID,Section,Poem (3)\n", (), "No column"),
        ("", (), "no header"),
    ],
)
def test_what_cannot_be_filled_is_one_sentence(tmp_path, book, content, fill, words):
    with pytest.raises(CourseError, match=words):
        fill_canvas(put(tmp_path, content), book, Config(), fill)
    assert not (tmp_path / "export.graded.csv").exists()


def test_a_file_that_is_not_text_is_one_sentence(tmp_path, book):
    with pytest.raises(CourseError, match="not UTF-8"):
        fill_canvas(put(tmp_path, "Student,ID\né,1", "latin-1"), book, Config())


def test_moodle_gets_grades_and_comments(tmp_path, book, made_up):
    path = put(tmp_path, MOODLE)
    filled = fill_moodle(path, book, Config(), "00")
    assert [row[4] for row in cells(filled.path)] == ["Grade", "3", "4", ""]
    assert [row[8] for row in cells(filled.path)] == [row[8] for row in cells(path)]
    assert filled.only_in_file == ("Nobody Here",)
    book.adjust("Ada Lovelace", made_up["e001"], 2.0, 2.0, "a <slip> of ours")
    remarks = [row[8] for row in cells(fill_moodle(path, book, Config(), "00", comments=True).path)]
    assert "e001: wrong values, 2 of 2. adjusted by hand: a &lt;slip&gt; of ours" in remarks[1]
    assert remarks[3] == ""


def test_moodle_in_another_language_keeps_its_decimal_comma(tmp_path, book):
    record(book, handed_in("Ada Lovelace", lms="moodle:12345"), graded(2, 1.5))
    german = (
        "ID;Vollständiger Name;Bewertung;Bestwertung;Zuletzt geändert (Bewertung)\nTeilnehmer/in12345;Ada;;4,00;-\n"
    )
    assert cells(fill_moodle(put(tmp_path, german), book, Config(), "00").path, ";")[1][2] == "3,5"
    polish = german.replace("Bewertung;", "Ocena;")
    with pytest.raises(CourseError, match="--grade-column"):
        fill_moodle(put(tmp_path, polish), book, Config(), "00")
    filled = fill_moodle(put(tmp_path, polish), book, Config(), "00", columns={"grade": "Ocena"})
    assert cells(filled.path, ";")[1][2] == "3,5"


def test_moodle_needs_the_column_without_which_it_takes_nothing_back(tmp_path, book):
    with pytest.raises(CourseError, match=r"Last modified \(grade\)"):
        fill_moodle(put(tmp_path, MOODLE.replace("Last modified (grade)", "x")), book, Config(), "00")


def test_an_autograder_for_gradescope_grades_what_lies_in_its_folder(bwrap, tmp_path, course_root):
    write_autograder(tmp_path / "autograder.zip", "00", course_root)
    place = tmp_path / "autograder"
    with zipfile.ZipFile(tmp_path / "autograder.zip") as archive:
        archive.extractall(place / "source")
        modes = {member.filename: member.external_attr >> 16 for member in archive.infolist()}
    assert modes["setup.sh"] == modes["run_autograder"] == 0o755
    (place / "submission").mkdir()
    (place / "submission" / "any name.ipynb").write_bytes(notebook(SLOPE))
    command = [sys.executable, "-m", "course_lib.grading.gradescope", str(place)]
    environment = {**os.environ, "PYTHONPATH": str(place / "source")}
    subprocess.run(command, cwd=place / "source", env=environment, check=True)
    results = json.loads((place / "results" / "results.json").read_text())
    (test,) = results["tests"]
    assert (results["score"], test["score"], test["max_score"], test["status"]) == (1, 1, 1, "passed")
    assert test["visibility"] == results["visibility"] == "visible"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "No notebook of chapter 00"),
        ({"x.ipynb": b"{"}, "JSON is broken"),
        ({"x.zip": bundle(chapter_01())}, "No notebook of chapter 00"),
        ({"x.zip": b"PK"}, "broken"),
    ],
)
def test_what_gradescope_cannot_grade_says_why(confinement, tmp_path, files, words):
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    results = results_of(tmp_path, "00", SEED, Config(limits=PATIENT), confinement)
    assert results["score"] == 0 and words in results["output"]


def test_what_an_lms_gave_is_never_written_over(tmp_path, book, course_root):
    export, download = put(tmp_path, CANVAS), tmp_path / "download.zip"
    download.write_bytes(bundle(notebook(SLOPE)))
    before = export.read_bytes(), download.read_bytes()
    for path in (export, download):
        with pytest.raises(CourseError, match="something else"):
            write_plain(path, book, Config())
        with pytest.raises(CourseError, match="something else"):
            write_autograder(path, "00", course_root)
    assert (export.read_bytes(), download.read_bytes()) == before
    for _ in range(2):
        write_plain(tmp_path / "points.csv", book, Config())
        write_autograder(tmp_path / "autograder.zip", "00", course_root)
    assert (tmp_path / "points.csv").read_text().startswith("student,00,01,total,max\n")


def test_an_unknown_chapter_makes_no_autograder(tmp_path, course_root):
    with pytest.raises(CourseError, match="No chapter '99'"):
        write_autograder(tmp_path / "x.zip", "99", course_root)
