"""Intake: every layout is read, every oddity becomes a row or a word, nothing stops the run."""

import io
import os
import stat
import zipfile

import pytest

from course_lib.errors import CourseError
from course_lib.grading.intake import Refused, Skipped, Submission, intake
from tests.grading.handing_in import SLOPE, bundle, notebook

NOTEBOOK = notebook(SLOPE)


def lay(inbox, **files):
    for name, data in files.items():
        put(inbox, name, data)


def put(inbox, name, data):
    path = inbox / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def only(inbox):
    (found,) = intake(inbox)
    return found


@pytest.mark.parametrize(
    ("name", "student", "chapter"),
    [
        ("ada/00_start.ipynb", "ada", "00"),
        ("ada/00.ipynb", "ada", "00"),
        ("ada/homework.ipynb", "ada", ""),
        ("submitted/ada/00_start_here/any name.ipynb", "ada", "00"),
        ("ada/week one/00_start.ipynb", "ada", "00"),
        ("ada_00_start.ipynb", "ada", "00"),
        ("ada_von_00_start-1.ipynb", "ada_von", "00"),
        ("ada/ada_00_20300101T120000Z.ipynb", "ada", "00"),
        ("Ada Lovelace (7)/00.ipynb", "Ada Lovelace (7)", "00"),
    ],
)
def test_notebooks_are_found_in_every_layout(tmp_path, name, student, chapter):
    put(tmp_path, name, NOTEBOOK)
    found = only(tmp_path)
    assert (found.student, found.chapter, found.notebook, found.source) == (student, chapter, NOTEBOOK, name)


def test_a_bundle_says_whose_it_is_and_when_it_was_made(tmp_path):
    put(tmp_path, "x.zip", bundle(NOTEBOOK, "grace", manifest={"time": "2001-01-01T10:00:00+02:00"}))
    found = only(tmp_path)
    assert (found.student, found.chapter, found.notebook) == ("grace", "00", NOTEBOOK)
    assert found.submitted_at.isoformat() == "2001-01-01T08:00:00+00:00"


def test_a_folder_is_believed_more_than_the_bundle_in_it(tmp_path):
    put(tmp_path, "ada/x.zip", bundle(NOTEBOOK, "somebody else"))
    assert only(tmp_path).student == "ada"


def test_nobody_hands_in_after_it_arrived(tmp_path):
    put(tmp_path, "x.zip", bundle(NOTEBOOK, manifest={"time": "2999-01-01T10:00:00+00:00"}))
    found = only(tmp_path)
    assert found.submitted_at == found.received_at


def test_system_files_are_passed_over_in_silence_and_foreign_files_with_a_word(tmp_path):
    empty = io.BytesIO()
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("holiday.txt", "sun")
    names = (".DS_Store", "ada/.ipynb_checkpoints/00.ipynb", "__MACOSX/x.ipynb", "Thumbs.db", "a/~$00.ipynb")
    lay(tmp_path, **dict.fromkeys(names, b"x"))
    lay(tmp_path, **{"essay.pdf": b"%PDF", "holiday.zip": empty.getvalue(), "final.ipynb": NOTEBOOK})
    found = {item.source: item for item in intake(tmp_path)}
    assert set(found) == {"essay.pdf", "holiday.zip", "final.ipynb"}
    assert all(isinstance(item, Skipped) and item.reason for item in found.values())


def crafted(*members, compress=zipfile.ZIP_DEFLATED):
    """A bundle with further members: (ZipInfo or name, bytes)."""
    packed = io.BytesIO(bundle(NOTEBOOK))
    with zipfile.ZipFile(packed, "a", compress) as archive:
        for member, data in members:
            archive.writestr(member, data)
    return packed.getvalue()


def link():
    member = zipfile.ZipInfo("passwd")
    member.create_system, member.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return member


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (crafted(("../../evil.txt", b"x")), "leads outside"),
        (crafted(("/etc/cron.d/evil", b"x")), "leads outside"),
        (crafted(("a\\..\\evil", b"x")), "leads outside"),
        (crafted((link(), b"/etc/passwd")), "a link"),
        (crafted(*[(f"{i}", b"") for i in range(100)]), "members"),
        (bundle(b"0" * (40 << 20), name="00.ipynb"), "unpacks to"),
        (bundle(NOTEBOOK, manifest={"files": {"00_start.ipynb": "0" * 64}}), "changed afterwards"),
        (bundle(NOTEBOOK, manifest={"files": {"other.ipynb": "0" * 64}}), "does not hold"),
        (bundle(NOTEBOOK, manifest={"format": 99}), "format"),
        (bundle(NOTEBOOK, manifest={"chapter": "../.."}), "two digits"),
        (bundle(NOTEBOOK, manifest={"student": 7}), "student"),
        (bundle(NOTEBOOK)[:-40], "broken"),
        (b"PK\x03\x04 and then nothing", "broken"),
    ],
)
def test_a_hostile_or_broken_bundle_is_refused_with_the_reason(tmp_path, data, words):
    put(tmp_path, "mallory_00_x.zip", data)
    put(tmp_path, "zoe_00.ipynb", NOTEBOOK)
    refused, fine = intake(tmp_path)
    assert isinstance(refused, Refused) and words in refused.reason
    assert (refused.student, refused.chapter) == ("mallory", "00")
    assert isinstance(fine, Submission)
    assert sorted(os.listdir(tmp_path)) == ["mallory_00_x.zip", "zoe_00.ipynb"]


def test_links_pipes_and_large_files_in_the_inbox_are_refused(tmp_path):
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "00_link.ipynb").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "ada" / "00_pipe.ipynb")
    put(tmp_path, "ada/00_large.ipynb", b" " * ((1 << 20) + 1))
    reasons = {item.source: item.reason for item in intake(tmp_path, notebook_mb=1) if isinstance(item, Refused)}
    assert "link" in reasons["ada/00_link.ipynb"]
    assert "ordinary" in reasons["ada/00_pipe.ipynb"]
    assert "MB" in reasons["ada/00_large.ipynb"]


def test_a_linked_folder_is_not_entered(tmp_path):
    (tmp_path / "inbox").mkdir()
    put(tmp_path, "elsewhere/00.ipynb", NOTEBOOK)
    (tmp_path / "inbox" / "ada").symlink_to(tmp_path / "elsewhere")
    assert isinstance(only(tmp_path / "inbox"), Skipped)


def test_names_are_shown_without_control_and_direction_characters(tmp_path):
    put(tmp_path, "a\x1b[31m\nb\u202e/00.ipynb", NOTEBOOK)
    found = only(tmp_path)
    assert not set("\x1b\n\u202e") & set(found.student + found.source)


def test_a_missing_inbox_is_one_sentence(tmp_path):
    with pytest.raises(CourseError, match="no folder"):
        list(intake(tmp_path / "nowhere"))
