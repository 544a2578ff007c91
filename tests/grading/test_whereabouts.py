"""Twenty slips that instructors tell of, through the real command: what is right counts, what is lost is explained."""

import pytest

from course_lib.checks.specification import Exercise
from course_lib.grading.notebook import read_notebook
from course_lib.grading.whereabouts import whereabouts
from tests.grading.handing_in import CHAPTER_01, SEED, SLOPE, chapter_01, notebook
from tests.grading.shared import query, spoken
from tests.grading.test_handed_in import zipped

NP = "import numpy as np"
INDENTED = "\n".join(f"    {line}" for line in SLOPE.splitlines())


def markdown(*texts):
    """The right answer's cell, turned into another kind of cell by a slip on the keyboard."""
    return notebook(NP).replace(
        b'"cells": [', b'"cells": [{"cell_type": "%s", "metadata": {}, "source": "%s"}, ' % texts
    )


# name -> (what is handed in, points, words in the verdict's sentence)
SLIPS = {
    "a name misspelt": (notebook(SLOPE.replace("square", "sqaure")), 0, "but a function `sqaure_slope`, which no"),
    "a name in other letters": (notebook(SLOPE.replace("square_s", "Square_S")), 0, "but a function `Square_Slope`"),
    "in a class": (notebook(f"class Solution:\n{INDENTED}"), 0, "inside something else in cell 1"),
    "in a function": (notebook(NP, f"def main():\n{INDENTED}\nmain()"), 0, "inside something else in cell 2"),
    "under if": (notebook(f"if True:\n{INDENTED}"), 1, ""),
    "a Markdown cell": (markdown(b"markdown", SLOPE.replace("\n", "\\n").encode()), 0, "in a Markdown or raw cell"),
    "a raw cell": (markdown(b"raw", SLOPE.replace("\n", "\\n").encode()), 0, "in a Markdown or raw cell"),
    "its value under its name": (notebook(SLOPE, "square_slope = square_slope(3.0)"), 0, "stands for no function"),
    "deleted in the end": (notebook(SLOPE, "del square_slope"), 0, "stands for no function"),
    "only an attempt at something else": (notebook("def area(x):\n    return x**2"), 0, ""),
    "asking until somebody answers": (notebook("while not input('name? '): pass", SLOPE), 1, ""),
    "a module of one's own": (
        notebook(f"%%writefile mine.py\n{SLOPE}", "from mine import square_slope"),
        1,
        "",
    ),
    "a module in two parts": (
        notebook(
            "%%writefile mine.py\ntwo = 2",
            f"%%file -a mine.py\n\n{SLOPE.replace('2 *', 'two *')}",
            "from mine import *",
        ),
        1,
        "",
    ),
    "a file somewhere else": (notebook("%%writefile /etc/passwd\nx", "%%writefile ../x.py\n1", SLOPE), 1, ""),
    "Colab's drive": (
        notebook("from google.colab import drive\ndrive.mount('/content/drive')\n%cd /content/drive", SLOPE),
        1,
        "",
    ),
    "compiled": (notebook(f"import numba\n@numba.njit(cache=True)\n{SLOPE}"), 1, ""),
    "a table nobody sees": (notebook("import pandas as pd\nt = pd.read_csv('x.csv')\nt.head()", SLOPE), 1, ""),
    "a main program": (notebook(f"{SLOPE}\nif __name__ == '__main__':\n    print(square_slope(1))"), 1, ""),
    "a type from elsewhere": (
        notebook(f"import torch\n{SLOPE.replace('(x)', '(x: torch.Tensor) -> torch.Tensor')}"),
        1,
        "",
    ),
    "a progress bar": (notebook("from tqdm.auto import tqdm\nfor i in tqdm(range(3)): pass", SLOPE), 1, ""),
}


@pytest.fixture
def folder(tmp_path, bwrap):
    for number, (data, _, _) in enumerate(SLIPS.values()):
        path = tmp_path / "inbox" / f"student{number:02}" / "00_start.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
    return tmp_path


def test_slips(folder, capsys, monkeypatch):
    (folder / "course.toml").write_text('chapters = ["00"]\n')
    code, _, complaint = spoken(capsys, monkeypatch, folder, "grade", folder / "inbox", "--seed", SEED, "--jobs", 1)
    assert (code, complaint) == (0, "")
    rows = query(
        folder / "graded" / "gradebook.sqlite",
        "select student_id, points, verdicts.status, message from verdicts join submissions on submission_id = "
        "submissions.id where exercise = 'square_slope' order by student_id",
    )
    for (name, (_, points, words)), (student, *found) in zip(SLIPS.items(), rows, strict=True):
        status = "right" if points else "raised" if words else "not attempted"
        assert found[:2] == [points, status], (name, found)
        assert words in found[2], (name, found)
        assert not words or words.replace("`", "") in "".join(
            (folder / "graded" / "feedback" / f"{student}.html").read_text().replace("<code>", "").split("</code>")
        )


@pytest.mark.parametrize(
    "layout", ["01/{}.ipynb", "homework 1/{}/work.ipynb", "01_gradients/{}/01.ipynb", "Week_01/{}_01.ipynb"]
)
def test_a_class_sorted_by_chapters_is_not_taken_for_one_student(layout, tmp_path, capsys, monkeypatch):
    for student in ("ann", "bob", "zoe"):
        path = tmp_path / "inbox" / layout.format(student)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(chapter_01())
    (tmp_path / "course.toml").touch()
    code, said, _ = spoken(capsys, monkeypatch, tmp_path, "grade", tmp_path / "inbox", "--seed", SEED, "--jobs", 1)
    ((student, status, reason),) = query(
        tmp_path / "graded" / "gradebook.sqlite", "select student_id, status, reason from submissions"
    )
    assert (code, student, status) == (0, "(unknown)", "refused")
    assert "named after chapter 01" in reason and reason in said


def test_a_student_who_is_called_by_a_number_is_one(tmp_path, capsys, monkeypatch):
    inbox = tmp_path / "inbox"
    handed = {"01/00_start.ipynb": notebook(SLOPE), "01/01.ipynb": chapter_01(), "02/a.ipynb": chapter_01()}
    handed["02/b.zip"] = zipped(**{"00.ipynb": notebook(SLOPE)})
    handed["03/a.ipynb"] = chapter_01(polar_jacobian=CHAPTER_01["polar_jacobian"] + "  # 2")
    handed["03/a (1).ipynb"] = chapter_01()
    for name, data in handed.items():
        (inbox / name).parent.mkdir(parents=True, exist_ok=True)
        (inbox / name).write_bytes(data)
    (tmp_path / "course.toml").touch()
    code, _, _ = spoken(capsys, monkeypatch, tmp_path, "grade", inbox, "--seed", SEED, "--jobs", 1)
    found = query(
        tmp_path / "graded" / "gradebook.sqlite",
        "select student_id, chapter, status from submissions order by student_id, chapter",
    )
    chapters = {"01": ("00", "01"), "02": ("00", "01"), "03": ("01", "01")}
    assert code == 0
    assert found == [(student, chapter, "graded") for student, two in chapters.items() for chapter in two]


def test_a_derivation_that_is_no_plain_text_is_told_so():
    exercise = Exercise("my_derivation", (), "00", 2, 5, (), kind="derivation")
    given = read_notebook(notebook("x = 1", "my_derivation = 'dL = ' + str(x)"))
    assert "`my_derivation` is given in cell 2 as something else than a plain text" in whereabouts(exercise, given, [])
    assert whereabouts(exercise, read_notebook(notebook("x = 1")), []) == ""


def test_what_another_exercise_asks_for_is_no_misspelling():
    exercise = Exercise("bias_gradient", ("x",), "00", 2, 5, ())
    given = read_notebook(notebook("def bias_gradients(x):\n    return x"))
    assert whereabouts(exercise, given, ["bias_gradient", "bias_gradients"]) == ""
    assert "but a function `bias_gradients`" in whereabouts(exercise, given, ["bias_gradient"])
