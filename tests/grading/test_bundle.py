"""Handing in: a bundle that intake reads, a receipt, and refusals that say what to type."""

import base64
import json
import os
import re
import zipfile

import pytest

from course_lib.errors import CourseError
from course_lib.grading import bundle as bundling
from course_lib.grading.bundle import Receipt, Refusal, answered_names, hand_in, submit
from course_lib.grading.intake import intake
from course_lib.grading.notebook import receipt_code, sha256
from tests.grading.handing_in import SLOPE, notebook


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course folder with a chapter 0 notebook; the current directory."""
    for name in ("COURSE_STUDENT", "COURSE_INBOX", "JPY_SESSION_NAME"):
        monkeypatch.delenv(name, raising=False)
    root = tmp_path / "course"
    (root / "exercises").mkdir(parents=True)
    (root / "pyproject.toml").touch()
    (root / "exercises" / "00_start_here.ipynb").write_bytes(notebook(SLOPE))
    monkeypatch.chdir(root)
    return root


def test_a_bundle_can_be_taken_in(course):
    receipt = hand_in("00", "ada")
    (found,) = intake(course / "submissions")
    assert (found.student, found.chapter, found.notebook) == ("ada", "00", notebook(SLOPE))
    assert receipt.code == receipt_code(sha256(notebook(SLOPE)))
    assert receipt.bundle.parent == course / "submissions"
    assert receipt.answered == ("square_slope",)
    assert receipt.code in repr(receipt) and receipt.code in receipt._repr_html_()


def test_two_bundles_in_one_second_are_two_files(course):
    assert hand_in("00", "ada").bundle != hand_in("00", "ada").bundle


def test_what_is_missing_is_said(course):
    (course / "exercises" / "00_start_here.ipynb").write_bytes(notebook("x = 1"))
    assert "Not answered: square_slope" in repr(hand_in("00", "ada"))


@pytest.mark.parametrize(
    ("cells", "answered"),
    [
        (["def f(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()"], False),
        (['def f(x):\n    """What it does."""\n    raise NotImplementedError'], False),
        (["def f(x):\n    ..."], False),
        (["def f(x):\n    return x"], True),
        (["def f(x):\n    if x:\n        return x\n    raise NotImplementedError()"], True),
        (["def f(x):\n    return x", "def f(x):\n    raise NotImplementedError()"], False),
        (["%%time\ndef f(x):\n    return x"], True),
        (["def f(x):\n    return x +"], True),
        (['f = """\n# your derivation\n...\n"""'], False),
        (['f = """\nL = x\n"""'], True),
        (["f = None"], False),
        (["f = lambda x: x"], True),
        (["g = 1"], False),
    ],
)
def test_a_stub_is_no_answer(cells, answered):
    assert ("f" in answered_names(cells)) == answered


def test_the_student_comes_from_the_argument_then_the_environment_then_the_course(course, monkeypatch):
    (course / "course.toml").write_text('student = "from-file"')
    assert hand_in("00").student == "from-file"
    monkeypatch.setenv("COURSE_STUDENT", "from-environment")
    assert hand_in("00").student == "from-environment"
    assert hand_in("00", "given").student == "given"


@pytest.mark.parametrize("student", [None, "", "../x", "a/b", "a b", ".hidden", "x" * 65, "=cmd", "a\nb"])
def test_an_unusable_student_id_is_one_sentence_that_says_what_to_type(course, student):
    with pytest.raises(CourseError, match="--student"):
        hand_in("00", student)
    assert not (course / "submissions").exists()


def test_the_running_notebook_is_found(course, monkeypatch):
    path = course / "exercises" / "00_start_here.ipynb"
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    assert hand_in(student="ada").notebook == path.name
    monkeypatch.delenv("JPY_SESSION_NAME")
    assert hand_in(student="ada", session={"__vsc_ipynb_file__": str(path)}).notebook == path.name
    with pytest.raises(CourseError, match="Which notebook"):
        hand_in(student="ada")
    monkeypatch.setenv("JPY_SESSION_NAME", str(course / "renamed.ipynb"))
    with pytest.raises(CourseError, match="renamed or moved"):
        hand_in(student="ada")


def test_where_no_frontend_names_the_notebook_its_folder_and_names_tell(course, monkeypatch):
    monkeypatch.chdir(course / "exercises")
    (course / "exercises" / "notes.ipynb").write_bytes(notebook("x = 1"))
    (course / "exercises" / "broken.ipynb").write_text("{")
    session = {"square_slope": lambda x: 2 * x}
    assert hand_in(student="ada", session=session).notebook == "00_start_here.ipynb"
    with pytest.raises(CourseError, match="Which notebook"):
        hand_in(student="ada", session={"x": 1})
    (course / "exercises" / "copy.ipynb").write_bytes(notebook(SLOPE))
    with pytest.raises(CourseError, match="00_start_here.ipynb, copy.ipynb all define them"):
        hand_in(student="ada", session=session)


def test_in_a_browser_the_receipt_holds_the_bundle_as_a_link(course, monkeypatch):
    assert "<a " not in hand_in("00", "ada")._repr_html_()
    monkeypatch.setattr(bundling, "IN_BROWSER", True)
    receipt = hand_in("00", "ada")
    name, data = re.search(
        r'<a download="([^"]+)" href="data:application/zip;base64,([^"]+)">', receipt._repr_html_()
    ).groups()
    assert name == receipt.bundle.name
    assert base64.b64decode(data) == receipt.bundle.read_bytes()


def test_a_bundle_holds_no_earlier_one(course, monkeypatch):
    """A notebook that is saved with its receipt and handed in again, and again: as a browser's learner does."""
    monkeypatch.setattr(bundling, "IN_BROWSER", True)
    sheet, sizes = course / "exercises" / "00_start_here.ipynb", []
    for _ in range(4):
        receipt = hand_in("00", "ada")
        sizes.append(receipt.bundle.stat().st_size)
        saved = json.loads(notebook(SLOPE, "submit()"))
        saved["cells"][1]["outputs"] = [
            {"output_type": "display_data", "metadata": {}, "data": {"text/html": receipt._repr_html_()}}
        ]
        sheet.write_text(json.dumps(saved), encoding="utf-8")
    assert sizes[1] > sizes[0]  # the receipt's words are in it
    assert max(sizes[1:]) - min(sizes[1:]) < 30  # names and hashes are packed a little differently
    with zipfile.ZipFile(receipt.bundle) as archive:
        held = archive.read(sheet.name)
    assert b"Submitted for ada" in held
    assert receipt.code == receipt_code(sha256(held))


def test_a_browser_without_files_and_one_whose_store_is_full_say_how_to_keep_the_work(course, monkeypatch, tmp_path):
    monkeypatch.setattr(bundling, "IN_BROWSER", True)

    def full(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bundling, "write_whole", full)
    with pytest.raises(CourseError, match="No space left on device.*File → Download"):
        hand_in("00", "ada")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CourseError, match="private window.*File → Download"):
        hand_in(student="ada")


def cell_function(source, number):
    """A function as a notebook cell defines it."""
    import linecache

    filename = f"<ipython-input-{number}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace = {}
    exec(compile(source, filename, "exec"), namespace)
    return namespace["square_slope"]


def test_unsaved_work_is_refused_and_saved_work_is_not(course):
    saved = {"square_slope": cell_function(SLOPE + "   \n\n", 1)}
    assert hand_in("00", "ada", session=saved).code
    unsaved = {"square_slope": cell_function(SLOPE + " + 0", 2)}
    with pytest.raises(CourseError, match=r"`square_slope`.*save first \(Ctrl\+S\), then run this cell"):
        hand_in("00", "ada", session=unsaved)


def test_in_a_notebook_a_refusal_is_shown_and_not_raised(course):
    shown = submit("00", student="<b>")
    assert isinstance(shown, Refusal)
    assert "&lt;b&gt;" in shown._repr_html_() and "<b>'" not in shown._repr_html_()
    assert isinstance(submit("00", student="ada"), Receipt)


def test_the_inbox_gets_a_copy_and_the_bundle_stays(course, tmp_path, monkeypatch):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    monkeypatch.setenv("COURSE_INBOX", str(inbox))
    receipt = hand_in("00", "ada")
    assert receipt.copy.read_bytes() == receipt.bundle.read_bytes()
    assert os.listdir(inbox) == [receipt.bundle.name]


def test_a_missing_inbox_is_said_and_the_bundle_stays(course, tmp_path):
    with pytest.raises(CourseError, match="not there; your bundle stays at") as error:
        hand_in("00", "ada", tmp_path / "nowhere")
    (bundle,) = (course / "submissions").iterdir()
    assert str(bundle) in str(error.value)


def test_an_unwritable_inbox_is_said_and_leaves_nothing_half_written(course, tmp_path, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    inbox = tmp_path / "inbox"
    inbox.mkdir()
    written = bundling.write_whole
    monkeypatch.setattr(
        bundling, "write_whole", lambda path, data: (full if path.parent == inbox else written)(path, data)
    )
    with pytest.raises(CourseError, match=r"cannot be written to \(No space left.*stays at"):
        hand_in("00", "ada", inbox)
    assert os.listdir(inbox) == []


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff\xfe", b"[" * 100000, b'{"cells": 3}', b"{}"])
def test_a_file_that_is_no_notebook_is_refused(course, content):
    (course / "exercises" / "00_start_here.ipynb").write_bytes(content)
    with pytest.raises(CourseError, match="not a notebook"):
        hand_in("00", "ada")
