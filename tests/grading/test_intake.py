"""Intake: every layout is read, every oddity becomes a row or a word, nothing stops the run."""

import io
import os
import stat
import struct
import zipfile
from datetime import UTC, datetime

import pytest

from course_lib.errors import CourseError
from course_lib.grading.config import Limits
from course_lib.grading.intake import Refused, Skipped, Submission, count_candidates, intake
from course_lib.grading.names import UNKNOWN, visible
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
        ("ada/homework.ipynb", "ada", "00"),
        ("submitted/ada/00_start_here/any name.ipynb", "ada", "00"),
        ("ada/week one/00_start.ipynb", "ada", "00"),
        ("ada_00_start.ipynb", "ada", "00"),
        ("ada_von_00_start-1.ipynb", "ada_von", "00"),
        ("ada/ada_00_20300101T120000Z.ipynb", "ada", "00"),
        ("Copy of ada_00_start.ipynb", "ada", "00"),
        ("Ada L - 00_start_here.ipynb", "Ada L", "00"),
        ("Ada Lovelace (7)/00.ipynb", "Ada Lovelace (7)", "00"),
    ],
)
def test_notebooks_are_found_in_every_layout(tmp_path, name, student, chapter):
    put(tmp_path, name, NOTEBOOK)
    found = only(tmp_path)
    assert (found.student, found.chapter, found.notebook, found.source) == (student, chapter, NOTEBOOK, name)


OLD = {"time": "2001-01-01T10:00:00+02:00"}


def test_a_bundle_says_whose_it_is_and_when_it_was_made(tmp_path):
    put(tmp_path, "x.zip", bundle(NOTEBOOK, "grace", manifest=OLD))
    found = only(tmp_path)
    assert (found.student, found.chapter, found.notebook) == ("grace", "00", NOTEBOOK)
    assert found.claimed_at.isoformat() == "2001-01-01T08:00:00+00:00"


def test_the_files_time_counts_where_the_bundle_was_delivered_and_its_own_word_where_others_moved_it(tmp_path):
    put(tmp_path, "a.zip", bundle(NOTEBOOK, "ada", manifest=OLD))
    put(tmp_path, "bob/a.zip", bundle(NOTEBOOK, "bob", manifest=OLD))
    delivered, moved = intake(tmp_path)
    assert delivered.submitted_at == delivered.received_at
    assert moved.submitted_at.isoformat() == "2001-01-01T08:00:00+00:00"


def archive(**members):
    """Bytes of an archive with these members (name -> bytes)."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, data in members.items():
            zipped.writestr(zipfile.ZipInfo(name, (2030, 1, 2, 3, 4, 6)), data)
    return packed.getvalue()


LMS = [
    ("Ada Lovelace_12345_assignsubmission_file/00_start.ipynb", "Ada Lovelace", "00", "moodle:12345"),
    ("Ada Lovelace_12345_assignsubmission_file_/00_start.ipynb", "Ada Lovelace", "00", "moodle:12345"),
    ("Ada_7_B_12345_assignsubmission_file_/homework.ipynb", "Ada_7_B", "00", "moodle:12345"),
    ("Ada L_12345_assignsubmission_file_00_start.ipynb", "Ada L", "00", "moodle:12345"),
    # What follows the first number is the student's own choice, and makes nobody of it.
    ("Eve_1_assignsubmission_file_x_999_assignsubmission_file_00.ipynb", "Eve", "00", "moodle:1"),
    ("lovelaceada_1234_56789_00_start.ipynb", "lovelaceada (1234)", "00", "canvas:1234"),
    ("lovelaceada_LATE_1234_56789_00_start-2.ipynb", "lovelaceada (1234)", "00", "canvas:1234"),
    ("anon_x8Dk2_56789_00_start.ipynb", "anon (x8Dk2)", "00", "canvas:x8Dk2"),
    ("anon_LATE_x8Dk2_56789_00_start.ipynb", "anon (x8Dk2)", "00", "canvas:x8Dk2"),
    ("eve_1_22_bob_333_444_00.ipynb", "eve (1)", "00", "canvas:1"),
    ("Week_1 HW_ada7_attempt_2029-10-01-21-58-00_00_start.ipynb", "ada7", "00", "blackboard:ada7"),
    ("HW_eve_attempt_2029-99-01-21-58-00_bob_attempt_2029-10-01-21-58-00_0.ipynb", "eve", "00", "blackboard:eve"),
]


@pytest.mark.parametrize(("name", "student", "chapter", "lms"), LMS)
@pytest.mark.parametrize("packed", [True, False])
def test_the_downloads_of_an_lms_are_read_as_they_come_and_unpacked(tmp_path, name, student, chapter, lms, packed):
    if packed:
        put(tmp_path, "CS_01 download.zip", archive(**{name: NOTEBOOK}))
    else:
        put(tmp_path, name, NOTEBOOK)
    found = only(tmp_path)
    assert (found.student, found.chapter, found.lms, found.notebook) == (student, chapter, lms, NOTEBOOK)


def test_the_inbox_may_be_the_archive_itself(tmp_path):
    put(tmp_path, "a.zip", archive(**{"Ada_12_assignsubmission_file/x.zip": bundle(NOTEBOOK, "not ada")}))
    found = only(tmp_path / "a.zip")
    assert (found.student, found.chapter, found.lms) == ("Ada", "00", "moodle:12")
    assert found.source == "a.zip/Ada_12_assignsubmission_file/x.zip"


def test_two_participants_of_one_name_are_two_students(tmp_path):
    names = [f"Ada_{number}_assignsubmission_file/00.ipynb" for number in (1, 2)]
    put(tmp_path, "a.zip", archive(**dict.fromkeys([*names, "Bob_3_assignsubmission_file/00.ipynb"], NOTEBOOK)))
    assert [found.student for found in intake(tmp_path)] == ["Ada (1)", "Ada (2)", "Bob"]


def test_names_that_read_the_same_are_two_students_where_the_lms_has_two(tmp_path):
    names = ["Bob_1_assignsubmission_file/00.ipynb", "Bob _2_assignsubmission_file/00.ipynb"]
    put(tmp_path, "a.zip", archive(**dict.fromkeys(names, NOTEBOOK)))
    assert {found.student for found in intake(tmp_path)} == {"Bob (1)", "Bob (2)"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("L" * 130, "L" * 129 + "M"),
        ("bob\x07", "bob\x08"),
        ("bob", "bob\u200b"),
        ("bob", "bob\U000e0041"),
        ("bob", "b\u202eob"),
        ("Bob", "bob"),
    ],
)
def test_two_names_never_become_one(one, other):
    assert visible(one) != visible(other)
    assert max(len(visible(name)) for name in (one, other)) <= 120


def test_a_name_is_the_same_whichever_way_its_accents_are_written(tmp_path):
    lay(tmp_path, **{"Jose\u0301/00.ipynb": NOTEBOOK})
    put(tmp_path, "x.zip", bundle(NOTEBOOK, "Jos\u00e9"))
    assert {found.student for found in intake(tmp_path)} == {"Jos\u00e9"}


def test_an_archive_of_folders_is_a_class_and_a_students_own_archive_is_that_students(tmp_path):
    put(tmp_path, "class.zip", archive(**{"ada/00.ipynb": NOTEBOOK, "submitted/bob/00/a.ipynb": NOTEBOOK}))
    put(tmp_path, "cyd/mine.zip", archive(**{"bob_12_assignsubmission_file/00.ipynb": NOTEBOOK}))
    put(tmp_path, "dan_00.zip", archive(**{"stuff/00.ipynb": NOTEBOOK}))
    found = [(item.student, item.chapter) for item in intake(tmp_path)]
    assert found == [("ada", "00"), ("bob", "00"), ("cyd", "00"), ("dan", "00")]


def test_one_bad_member_costs_the_class_nothing(tmp_path):
    bad = {"../x_1_assignsubmission_file/00.ipynb": b"", "Cy: D_4_assignsubmission_file/00.ipynb": NOTEBOOK}
    large = {"Bob_2_assignsubmission_file/00.ipynb": b"0" * (21 << 20)}
    put(tmp_path, "a.zip", archive(**bad, **large, **{"Ada_3_assignsubmission_file/00.ipynb": NOTEBOOK}))
    found = {item.student: item for item in intake(tmp_path)}
    assert {name for name, item in found.items() if isinstance(item, Submission)} == {"Ada", "Cy: D"}
    assert "without its outputs" in found["Bob"].reason


def test_a_class_whose_members_overlap_is_refused(tmp_path):
    packed = archive(**{"Ada_1_assignsubmission_file/00.ipynb": notebook(SLOPE, "# " + "x" * 9999)})
    first, end = packed.find(b"PK\x01\x02"), packed.rfind(b"PK\x05\x06")
    more = packed[first:end] * 50
    put(
        tmp_path, "a.zip", packed[:first] + more + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 50, 50, len(more), first, 0)
    )
    assert "overlap" in only(tmp_path).reason


def test_a_member_without_a_manifest_has_the_archives_time_for_it(tmp_path):
    put(tmp_path, "a.zip", archive(**{"Ada_12_assignsubmission_file/00.ipynb": NOTEBOOK}))
    os.utime(tmp_path / "a.zip", (2e9, 2e9))
    assert only(tmp_path).submitted_at == datetime(2030, 1, 2, 3, 4, 6).astimezone(UTC)


def test_the_bar_counts_what_there_is(tmp_path):
    lay(tmp_path, **{"ada/00.ipynb": NOTEBOOK, "ada/01.IPYNB": NOTEBOOK, "ada/.x/00.ipynb": b"", "n.csv": b""})
    put(tmp_path, "b_00.zip", bundle(NOTEBOOK))
    put(tmp_path, "m.zip", archive(**{f"A_{i}_assignsubmission_file/00.ipynb": NOTEBOOK for i in range(5)}))
    work = [item for item in intake(tmp_path) if not isinstance(item, Skipped)]
    assert count_candidates(tmp_path) == len(work) == 8


def test_a_folder_is_believed_more_than_the_bundle_in_it(tmp_path):
    put(tmp_path, "ada/x.zip", bundle(NOTEBOOK, "somebody else"))
    assert only(tmp_path).student == "ada"


def test_nobody_hands_in_after_it_arrived(tmp_path):
    put(tmp_path, "x.zip", bundle(NOTEBOOK, manifest={"time": "2999-01-01T10:00:00+00:00"}))
    found = only(tmp_path)
    assert found.submitted_at == found.received_at


def test_system_files_are_passed_over_in_silence_and_tables_with_a_word(tmp_path):
    names = (".DS_Store", "ada/.ipynb_checkpoints/00.ipynb", "__MACOSX/x.ipynb", "Thumbs.db", "a/~$00.ipynb")
    lay(tmp_path, **dict.fromkeys((*names, "roster_01.csv", "HW_ada_attempt_2030-10-01-21-58-00.txt"), b"x"))
    found = {item.source: item for item in intake(tmp_path)}
    lay(tmp_path, **{"Ada_12_assignsubmission_file_marks.csv": b"x"})  # a student's own
    assert {item.student for item in intake(tmp_path) if isinstance(item, Refused)} == {"Ada", "a", "ada"}
    skipped = {source for source, item in found.items() if isinstance(item, Skipped) and item.reason}
    assert skipped == {"roster_01.csv", "HW_ada_attempt_2030-10-01-21-58-00.txt"}
    # Two folders in which nothing was handed in.
    assert {source for source, item in found.items() if isinstance(item, Refused)} == {"a", "ada"}


def test_what_names_no_student_has_a_row(tmp_path):
    loose = {
        "essay.pdf": b"%PDF",
        "notes": b"x",
        "holiday.zip": archive(**{"00.ipynb": NOTEBOOK}),
        "final.ipynb": NOTEBOOK,
    }
    lay(tmp_path, **loose)
    put(tmp_path, "drive-download-1.zip", archive(**{"ada_00.ipynb": NOTEBOOK, "final.ipynb": NOTEBOOK}))
    found = {item.source: item for item in intake(tmp_path)}
    assert found.pop("drive-download-1.zip/ada_00.ipynb").student == "ada"
    assert set(found) == {*loose, "drive-download-1.zip/final.ipynb"}
    for source, item in found.items():
        assert isinstance(item, Refused) and item.student == UNKNOWN
        name = source.rpartition("/")[2]
        assert item.reason.startswith(
            f"The name does not say whose this is: {name} was found, <student>_<chapter>.ipynb"
        )


def test_the_names_in_an_archive_are_those_that_were_meant(tmp_path):
    # macOS says nothing of its UTF-8, and some of Windows write backslashes.
    mac = archive(**{"Jos__/00.ipynb": NOTEBOOK}).replace(b"Jos__", "Jos\u00e9".encode())
    windows = archive(**{"ada/00.ipynb": NOTEBOOK}).replace(b"ada/00", b"ada\\00")
    lay(tmp_path, **{"a.zip": mac, "b.zip": windows})
    assert [item.student for item in intake(tmp_path)] == ["Jos\u00e9", "ada"]


def crafted(*members, compress=zipfile.ZIP_DEFLATED):
    """A bundle with further members: (ZipInfo or name, bytes)."""
    packed = io.BytesIO(bundle(NOTEBOOK))
    with zipfile.ZipFile(packed, "a", compress) as archive:
        for member, data in members:
            archive.writestr(member, data)
    return packed.getvalue()


def locked():
    """A bundle whose notebook says that it is encrypted."""
    data = bytearray(bundle(NOTEBOOK))
    directory = data.find(b"PK\x01\x02")
    data[6] |= 1
    data[directory + 8] |= 1
    return bytes(data)


def other_name():
    """A bundle whose list of members calls the notebook by another name than the member itself."""
    return bundle(NOTEBOOK).replace(b"00_start.ipynb", b"99_start.ipynb", 1)


def overlapping():
    """A bundle that lists its notebook forty times; no name is there twice."""
    data = bundle(os.urandom(3000))
    ends = data.rfind(b"PK\x05\x06")
    first = data.find(b"PK\x01\x02")
    entry = data[first : data.find(b"PK\x01\x02", first + 4)]
    more = b"".join(entry.replace(b"00_start", f"{number:02}_start".encode()) for number in range(1, 41))
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 42, 42, ends - first + len(more), first, 0)
    return data[:ends] + more + end


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
        (bundle(NOTEBOOK, manifest={"chapter": "\u0660\u0660"}), "two digits"),
        (locked(), "password"),
        (other_name(), "broken"),
        (overlapping(), "overlap"),
        (bundle(NOTEBOOK, manifest={"student": 7}), "student"),
        (bundle(NOTEBOOK)[:-40], "broken"),
        (b"PK\x03\x04 and then nothing", "broken"),
    ],
    # Each process of the tests packs them anew, so no test is named by its bytes.
    ids=lambda part: part if isinstance(part, str) else "bundle",
)
def test_a_hostile_or_broken_bundle_is_refused_with_the_reason(tmp_path, data, words):
    put(tmp_path, "mallory_00_x.zip", data)
    put(tmp_path, "zoe_00.ipynb", NOTEBOOK)
    refused, fine = intake(tmp_path)
    assert isinstance(refused, Refused) and words in refused.reason
    assert (refused.student, refused.chapter) == ("mallory", "00")
    assert isinstance(fine, Submission)
    assert sorted(os.listdir(tmp_path)) == ["mallory_00_x.zip", "zoe_00.ipynb"]


def test_an_archive_of_a_class_is_read_like_its_folders(tmp_path):
    members = {
        "submitted/ada/00/00.ipynb.txt": NOTEBOOK,
        "submitted/ada/00/timestamp.txt": b"2030-01-01 10:00:00.5 UTC",
        "submitted/bob/00/": b"",
        "submitted/cyd/00/00.pdf": b"%PDF",
        # What a student put beside the own work is no word of the LMS.
        "Dan_1_assignsubmission_file/00.ipynb": NOTEBOOK,
        "Dan_1_assignsubmission_file/timestamp.txt": b"2030-01-01 10:00:00.5 UTC",
    }
    put(tmp_path, "class.zip", archive(**members))
    found = {item.student: item for item in intake(tmp_path)}
    assert found["ada"].received_at == datetime(2030, 1, 1, 10, tzinfo=UTC)
    assert isinstance(found["Dan"], Submission) and found["Dan"].received_at.year < 2030
    assert (found["bob"].reason, found["cyd"].chapter) == ("The folder is empty.", "00")
    assert isinstance(found["cyd"], Refused) and len(found) == 4


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(files_per_student=4), "`files_per_student` in course.toml allows one student 4."),
        (Limits(mb_per_student=3), "`mb_per_student` in course.toml allows one student 3."),
    ],
)
def test_what_one_student_may_cost_is_bounded_and_said(tmp_path, limits, words):
    for number in range(9):
        put(tmp_path, f"ada/{number}.zip", archive(**{"00.ipynb": notebook(SLOPE, f"# {'x' * (1 << 20)}")}))
    put(tmp_path, "zoe/00.ipynb", NOTEBOOK)
    *items, last = intake(tmp_path, limits)
    kinds = [type(item) for item in items]
    assert kinds == sorted(kinds, key=[Submission, Refused, Skipped].index)
    assert set(kinds) == {Submission, Refused, Skipped} and kinds.count(Refused) == 1
    assert words in items[kinds.index(Refused)].reason
    assert isinstance(last, Submission)


def test_links_pipes_and_large_files_in_the_inbox_are_refused(tmp_path):
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "00_link.ipynb").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "ada" / "00_pipe.ipynb")
    put(tmp_path, "ada/00_large.ipynb", b" " * ((1 << 20) + 1))
    found = intake(tmp_path, Limits(file_mb=1))
    reasons = {item.source: item.reason for item in found if isinstance(item, Refused)}
    assert "link" in reasons["ada/00_link.ipynb"]
    assert "ordinary" in reasons["ada/00_pipe.ipynb"]
    assert "MB" in reasons["ada/00_large.ipynb"]


def test_a_linked_folder_is_not_entered(tmp_path):
    (tmp_path / "inbox").mkdir()
    put(tmp_path, "elsewhere/00.ipynb", NOTEBOOK)
    (tmp_path / "inbox" / "ada").symlink_to(tmp_path / "elsewhere")
    found = only(tmp_path / "inbox")
    assert isinstance(found, Refused) and "link" in found.reason


def test_names_are_shown_without_control_and_direction_characters(tmp_path):
    put(tmp_path, "a\x1b[31m\nb\u202e/00.ipynb", NOTEBOOK)
    found = only(tmp_path)
    assert not set("\x1b\n\u202e") & set(found.student + found.source)


def test_a_missing_inbox_is_one_sentence(tmp_path):
    with pytest.raises(CourseError, match="no folder"):
        list(intake(tmp_path / "nowhere"))


@pytest.mark.parametrize("name", ["ada_00.zip", "class.zip"])
def test_a_member_without_a_name_stops_nothing(tmp_path, name):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("XXXX", b"nobody knows what")
        archive.writestr("ada/00_start.ipynb", NOTEBOOK)
    (tmp_path / name).write_bytes(packed.getvalue().replace(b"XXXX", bytes(4)))
    found = list(intake(tmp_path))
    (sent,) = (item for item in found if isinstance(item, Submission))
    (other,) = (item for item in found if isinstance(item, Refused))
    assert (sent.student, sent.notebook) == ("ada", NOTEBOOK)
    assert "(no name)" in other.source + other.reason
