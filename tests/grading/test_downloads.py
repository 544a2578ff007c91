"""What instructors download from Brightspace, Sakai, Google and GitHub Classroom and Teams, through the real command.

The names are those of the systems' own downloads: a folder for each time that somebody handed in, a folder with the
assignment's title around all, files that the system lays beside what a student handed in.
"""

import io
import os
import time
import zipfile
from datetime import UTC, datetime

import pytest

from course_lib.grading.names import doubled, lms_folder, whose_file, whose_folder
from tests.grading.handing_in import SEED, SLOPE, notebook
from tests.grading.shared import query, spoken

RIGHT, WRONG = notebook(SLOPE), notebook("def square_slope(x):\n    return 3 * x")
TITLE = "Homework 1"


@pytest.fixture(autouse=True)
def in_utc(monkeypatch):
    """An LMS speaks of times in the zone of the course; here that is the machine's."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def zipped(files):
    """Bytes of an archive, all of whose members have the time of the download."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2030, 10, 9, 8, 0, 0)), data)
    return packed.getvalue()


def put(folder, files):
    for name, data in files.items():
        path = folder / name
        if name.endswith("/"):
            path.mkdir(parents=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (datetime(2030, 10, 9, 8, tzinfo=UTC).timestamp(),) * 2)


def graded(capsys, monkeypatch, folder, inbox="inbox"):
    """Rows (student, status, points, time, reason) after `course grade` in a folder, by student and time."""
    (folder / "course.toml").write_text('chapters = ["00"]\n')
    code, _, complaint = spoken(capsys, monkeypatch, folder, "grade", folder / inbox, "--seed", SEED, "--jobs", 1)
    assert (code, complaint) == (0, "")
    return query(
        folder / "graded" / "gradebook.sqlite",
        "select student_id, status, coalesce((select sum(points) from verdicts where submission_id = s.id), 0), "
        "substr(submitted_at, 1, 16), reason from submissions s order by student_id, submitted_at",
    )


BRIGHTSPACE = {
    "12345-67890 - Ann Lee - Oct 5, 2030 1132 PM/00_start.ipynb": WRONG,
    "12345-67890 - Ann Lee - Oct 6, 2030 112 AM/00_start.ipynb": RIGHT,
    "12346-67890 - Mary-Ann van der Berg - Oct 5, 2030 926 PM/work.ipynb": RIGHT,
    "index.html": b"<html>",
}
OF_BRIGHTSPACE = [
    ("Ann Lee", "graded", 0, "2030-10-05 23:32", ""),
    ("Ann Lee", "graded", 1, "2030-10-06 01:12", ""),
    ("Mary-Ann van der Berg", "graded", 1, "2030-10-05 21:26", ""),
]


@pytest.mark.parametrize("form", ["folders", "archive in the inbox", "archive itself", "files"])
def test_brightspace(form, tmp_path, capsys, monkeypatch):
    inbox = "inbox"
    if form == "folders":
        put(tmp_path / "inbox", BRIGHTSPACE)
    elif form == "files":
        put(tmp_path / "inbox", {name.replace("/", " - "): data for name, data in BRIGHTSPACE.items()})
    else:
        inbox = "inbox" if form == "archive in the inbox" else "inbox/HW 1 Download Oct 9, 2030 800 AM.zip"
        put(tmp_path, {"inbox/HW 1 Download Oct 9, 2030 800 AM.zip": zipped(BRIGHTSPACE)})
    assert graded(capsys, monkeypatch, tmp_path, inbox) == OF_BRIGHTSPACE


def test_brightspace_names_tell_namesakes_apart_and_students_pass_for_nobody():
    ann, other = "1-9 - Ann Lee - Oct 5, 2030 1132 PM", "2-9 - Ann Lee - Oct 5, 2030 1133 PM"
    shared = doubled([ann, ann.replace("5,", "6,"), other])
    assert [whose_folder(name, shared).student for name in (ann, other)] == ["Ann Lee (1)", "Ann Lee (2)"]
    assert doubled([ann, ann.replace("5,", "6,")]) == set()
    whose, rest = whose_file(f"{ann} - 2-9 - Bob - Oct 5, 2030 1133 PM - x.ipynb", ())
    assert (whose.student, rest) == ("Ann Lee", "2-9 - Bob - Oct 5, 2030 1133 PM - x.ipynb")
    assert whose_folder("7-8 - Ann - 5 okt. 2030 2132", ()).arrived is None
    assert whose_folder("7-8 - Ann - Oct 5, 2030 9999", ()).arrived is None
    assert whose_folder("7-8 - Ann - Oct 5, 2030 2132", ()).arrived == datetime(2030, 10, 5, 21, 32, tzinfo=UTC)
    for name in ("10-12 - notes.ipynb", "2030-10-05 - homework.ipynb", "Week 1 - 2 (final)"):
        assert whose_file(name, ())[0].lms == whose_folder(name, ()).lms == lms_folder(name) == ""


SAKAI = {
    "grades.csv": b"Homework 1,Points\n",
    "Lee, Ann(alee3)/Submission attachment(s)/00_start.ipynb": RIGHT,
    "Lee, Ann(alee3)/Feedback Attachment(s)/": b"",
    "Lee, Ann(alee3)/timestamp.txt": b"20301005213244123",
    "Lee, Ann(alee3)/comments.txt": b"",
    "Lee, Ann(alee3)/feedbackText.html": b"<p>",
    "Lee, Bob(blee)/Submission attachment(s)/00.ipynb": WRONG,
    "Lee, Bob(blee)/Submission attachment(s)/timestamp.txt": b"20200101000000000",
    "Lee, Bob(blee)/timestamp.txt": b"20301005213300000\n",
    "Moe, Zoe(zoe)/Submission attachment(s)/": b"",
    "Moe, Zoe(zoe)/timestamp.txt": b"",
}
OF_SAKAI = [
    ("Lee, Ann(alee3)", "graded", 1, "2030-10-05 21:32"),
    ("Lee, Bob(blee)", "graded", 0, "2030-10-05 21:33"),
    ("Moe, Zoe(zoe)", "refused", 0),
]


@pytest.mark.parametrize("form", ["archive", "folder"])
def test_sakai(form, tmp_path, capsys, monkeypatch):
    around = {f"{TITLE}/{name}": data for name, data in SAKAI.items()}
    if form == "archive":
        put(tmp_path / "inbox", {"bulk_download.zip": zipped({f"{TITLE}/": b"", **around})})
    else:
        put(tmp_path / "inbox", around)
    rows = graded(capsys, monkeypatch, tmp_path, "inbox" if form == "archive" else f"inbox/{TITLE}")
    assert [row[: len(expected)] for row, expected in zip(rows, OF_SAKAI, strict=True)] == OF_SAKAI
    assert rows[2][4] == "The folder is empty."


def test_a_folder_around_a_class_is_nobodys_and_says_what_to_do(tmp_path, capsys, monkeypatch):
    put(tmp_path / "inbox", {f"{TITLE}/{name}": data for name, data in SAKAI.items()})
    put(tmp_path / "inbox", {f"Week 2/{name}": data for name, data in BRIGHTSPACE.items()})
    put(tmp_path / "inbox", {"ann/Lee, Bob(blee)/00.ipynb": WRONG, "ann/00.ipynb": RIGHT})
    rows = graded(capsys, monkeypatch, tmp_path)
    assert sorted(row[:3] for row in rows if row[0] == "ann") == [("ann", "graded", 0), ("ann", "graded", 1)]
    told = {row[4] for row in rows if row[0] == "(unknown)"}
    assert told == {
        f"In this folder lies what {count} students handed in through {lms}, no one student's work: give the folder "
        "itself to `course grade`."
        for count, lms in ((3, "Sakai"), (2, "Brightspace"))
    }


@pytest.mark.parametrize("beside", ["notes.txt", "Week 2/Jones, Bob(bjones)/00_start.ipynb"])
def test_an_archive_with_more_than_one_assignment_gives_no_work_to_who_is_none(tmp_path, capsys, monkeypatch, beside):
    students = {f"{TITLE}/{name}": data for name, data in SAKAI.items()}
    put(tmp_path / "inbox", {"class.zip": zipped({**students, beside: RIGHT})})
    rows = graded(capsys, monkeypatch, tmp_path)
    assert TITLE not in {row[0] for row in rows}
    (told,) = (row[4] for row in rows if "no one student's work" in row[4])
    assert told.startswith("In this folder lies what 3 students handed in through Sakai")


def test_google_classrooms_folder_from_drive_holds_everybodys_files(tmp_path, capsys, monkeypatch):
    files = {"Ann Lee - 00_start.ipynb": RIGHT, "Copy of Bob Ray - 00_start.ipynb": WRONG}
    archive = zipped({f"{TITLE}/{name}": data for name, data in files.items()})
    put(tmp_path / "inbox", {"Homework 1-20301009T080000Z-001.zip": archive})
    rows = graded(capsys, monkeypatch, tmp_path)
    assert [row[:3] for row in rows] == [("Ann Lee", "graded", 1), ("Bob Ray", "graded", 0)]


def test_teams_keeps_versions_of_which_the_last_counts(tmp_path, capsys, monkeypatch):
    versions = {"Version 1": (WRONG, 5), "Version 2": (RIGHT, 6), "Version 3": (WRONG, 7), "Version 10": (RIGHT, 8)}
    for name, (data, day) in versions.items():
        path = f"Submitted files/Ann Lee/{TITLE}/{name}/00_start.ipynb"
        put(tmp_path, {path: data + b" " * day})
        os.utime(tmp_path / path, (datetime(2030, 10, day, tzinfo=UTC).timestamp(),) * 2)
    rows = graded(capsys, monkeypatch, tmp_path, "Submitted files")
    assert [row[:3] for row in rows] == [("Ann Lee", "graded", points) for points in (0, 1, 0, 1)]
    assert (tmp_path / "graded" / "grades.csv").read_text().splitlines()[1].startswith("Ann Lee,1,1,")


def clone(student, **files):
    """What `gh classroom clone student-repos` makes for one student."""
    files = {".git/HEAD": b"ref: x", "README.md": b"read me", "requirements.txt": b"numpy", **files}
    return {f"hw-1-submissions/hw-1-{student}/{name}": data for name, data in files.items()}


CLONES = {**clone("ada", **{"00_start.ipynb": RIGHT}), **clone("bob-lee", **{"src/00.ipynb": WRONG}), **clone("zoe")}
CLONES |= clone("hw-1-eve", **{"00_start.pdf": b"%PDF"})


@pytest.mark.parametrize("form", ["folder", "archive", "archive itself"])
def test_github_classroom(form, tmp_path, capsys, monkeypatch):
    inbox = {"folder": "hw-1-submissions", "archive": "inbox", "archive itself": "inbox/class.zip"}[form]
    put(tmp_path, CLONES if form == "folder" else {"inbox/class.zip": zipped(CLONES)})
    rows = graded(capsys, monkeypatch, tmp_path, inbox)
    assert [(row[:3], row[4]) for row in rows] == [
        (("ada", "graded", 1), ""),
        (("bob-lee", "graded", 0), ""),
        (
            ("hw-1-eve", "refused", 0),
            "This is a document for printing. The notebook itself was expected, a file that ends with .ipynb.",
        ),
        (("zoe", "refused", 0), "There is no notebook in this repository."),
    ]


def test_a_folder_of_clones_in_an_inbox_is_nobodys(tmp_path, capsys, monkeypatch):
    put(tmp_path / "inbox", CLONES)
    (row,) = graded(capsys, monkeypatch, tmp_path)
    assert row[0] == "(unknown)"
    assert row[4].startswith("In this folder lies what 4 students handed in through GitHub Classroom")


@pytest.mark.parametrize("top", ["hw1-main", "hw1-master", f"hw1-main-{'0a' * 20}", f"hw1-{'0a' * 20}"])
def test_the_archive_of_a_repository_is_its_owners_and_without_one_nobodys(top, tmp_path, capsys, monkeypatch):
    archive = zipped({f"{top}/README.md": b"read me", f"{top}/00_start.ipynb": RIGHT, f"{top}/work.pdf": b"%PDF"})
    put(tmp_path / "inbox", {f"ada/{top}.zip": archive, f"{top}.zip": archive, f"bob_00_{top}.zip": archive})
    rows = [(row[:3], row[4]) for row in graded(capsys, monkeypatch, tmp_path)]
    nobodys = f"The name does not say whose this is: {top}.zip was found, <student>_<chapter>.ipynb was expected. "
    rest = f"Not read, because it is no notebook, is what else is in this archive: {top}/work.pdf."
    assert sorted(rows) == [
        (("(unknown)", "refused", 0), f"{nobodys}The archive has no submission.json in it either."),
        (("ada", "graded", 1), ""),
        (("ada", "refused", 0), rest),
        (("bob", "graded", 1), ""),
        (("bob", "refused", 0), rest),
    ]


def test_the_archive_of_a_course_folder_is_nobodys_without_a_name(tmp_path, capsys, monkeypatch):
    course = {"exercises/00_start.ipynb": RIGHT, "notebooks/00_start.ipynb": RIGHT, "course_lib/cli.py": b"x = 1"}
    put(tmp_path / "inbox", {"course.zip": zipped(course), "ada/course.zip": zipped({"exercises/00.ipynb": RIGHT})})
    rows = graded(capsys, monkeypatch, tmp_path)
    assert [row[:3] for row in rows] == [("(unknown)", "refused", 0), ("ada", "graded", 1)]
    assert rows[0][4].startswith("The name does not say whose this is: course.zip")


def test_an_archive_of_another_kind_says_what_to_do(tmp_path, capsys, monkeypatch):
    (tmp_path / "course.toml").write_text('chapters = ["00"]\n')
    what = "Unpack it, and give the folder that the submissions lie in to `course grade`."
    for name in ("class.tar", "class.tar.gz", "class.tgz", "class.7z"):
        put(tmp_path / "inbox", {name: b"x"})
        code, _, said = spoken(capsys, monkeypatch, tmp_path, "grade", f"inbox/{name}")
        assert (code, said) == (1, f"inbox/{name} is an archive of a kind that is not read. {what}\n")
    rows = graded(capsys, monkeypatch, tmp_path)
    assert len(rows) == 4 and all(row[0] == "(unknown)" and row[4].endswith(f"are not read. {what}") for row in rows)


TWO = {"ada/00.ipynb": RIGHT, "bob/hw/00.ipynb": WRONG}
OF_TWO = [("ada", "graded", 1), ("bob", "graded", 0)]


@pytest.mark.parametrize("inbox", ["inbox", "inbox/all.zip"])
def test_a_folder_around_students_folders_in_an_archive_is_no_student(inbox, tmp_path, capsys, monkeypatch):
    around = {f"Homework One/{name}": data for name, data in TWO.items()}
    folders = {"Homework One/": b"", "Homework One/bob/": b"", "__MACOSX/Homework One/ada/._00.ipynb": b"x"}
    put(tmp_path, {"inbox/all.zip": zipped(folders | around)})
    assert [row[:3] for row in graded(capsys, monkeypatch, tmp_path, inbox)] == OF_TWO


def test_several_students_in_one_folder_are_not_taken_for_one(tmp_path, capsys, monkeypatch):
    around = {f"{group}/{name}": data for group in ("late ones", "Group 2") for name, data in TWO.items()}
    put(tmp_path / "inbox", around | {"all.zip": zipped(around), "eve/00.ipynb": RIGHT})
    told, *rest = (row[4] for row in graded(capsys, monkeypatch, tmp_path))
    several = (
        "In this folder the same chapter lies in the folders of several, as ada and bob, so it is no one student's"
    )
    assert {told, *rest} == {
        f"{several} work: give the folder itself to `course grade`.",
        f"{several} work: pack it by itself.",
        "",
    }
    assert [told, *rest].count("") == 1


def test_what_one_student_keeps_in_folders_is_that_students(tmp_path, capsys, monkeypatch):
    folders = ("old", "new", "My final version", "exercises", "hw1", "2030-10-05", "00_start", "v2")
    put(tmp_path / "inbox", {f"ada/{name}/00.ipynb": RIGHT + b" " * k for k, name in enumerate(folders)})
    put(tmp_path / "inbox", {"eve.zip": zipped({f"eve/{name}/00.ipynb": WRONG for name in folders})})
    put(tmp_path / "inbox", {f"bob/{name}/{name}.ipynb": RIGHT for name in ("00", "notes")})
    assert {row[0] for row in graded(capsys, monkeypatch, tmp_path)} == {"ada", "bob", "eve"}


def test_the_course_folder_itself_gives_no_work_to_its_folders(tmp_path, capsys, monkeypatch):
    put(tmp_path, {f"inbox/{name}": data for name, data in TWO.items()})
    for _ in range(2):
        rows = graded(capsys, monkeypatch, tmp_path, ".")
        assert [row[0] for row in rows] == ["(unknown)"] and "no one student's work" in rows[0][4]


def test_loose_files_of_several_in_a_folder_are_not_taken_for_one_students(tmp_path, capsys, monkeypatch):
    names = ("ada", "bob", "eve")
    put(tmp_path / "inbox", {f"Monday/{name}_00.ipynb": RIGHT for name in names})
    put(tmp_path / "inbox", {f"From Canvas/{name}_{k}1_77_00.ipynb": RIGHT for k, name in enumerate(names[:2], 1)})
    put(tmp_path / "inbox", {f"zoe/{name}_00.ipynb": RIGHT for name in ("hw", "test", "final", "v2", "draft")})
    rows = graded(capsys, monkeypatch, tmp_path)
    assert {row[0] for row in rows} == {"(unknown)", "zoe"}
    told = sorted(row[4] for row in rows if row[0] == "(unknown)")
    assert len(told) == 2 and all("the same chapter by several students, as ada_" in reason for reason in told)
