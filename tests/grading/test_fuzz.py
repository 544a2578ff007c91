"""Whatever bytes lie in the inbox, nothing but a submission or a recorded refusal comes of them."""

import io
import json
import os
import random
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course_lib.checks import exercises
from course_lib.grading.bundle import answered_names
from course_lib.grading.config import Config
from course_lib.grading.gradebook import Gradebook
from course_lib.grading.intake import Refused, Skipped, Submission, count_candidates, intake
from course_lib.grading.notebook import UnreadableError, read_notebook, recognised
from course_lib.grading.run import grade_inbox
from course_lib.grading.unit import code_hash
from tests.grading.handing_in import PATIENT, SLOPE, bundle, notebook

FUZZ = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
RIGHT = notebook(SLOPE)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
# Characters that mean something to paths, archives, LMS names, terminals and pages.
NAMES = st.text("ab01_/\\.: -()\x00\x1b\u202e<é\ud800", min_size=1, max_size=40) | st.text(min_size=1, max_size=60)
LMS_NAMES = st.builds(
    "".join,
    st.tuples(NAMES, st.sampled_from(["_12_assignsubmission_file", "_LATE_12_345_", "_12_345_", "anon_12_"]), NAMES),
)


def taken_in(files):
    """What intake makes of files (name → bytes) in a folder of their own; their texts are fit for people to read."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            Path(folder, name).write_bytes(data)
        found = list(intake(folder))
        assert count_candidates(folder) >= 0
        assert sorted(os.listdir(folder)) == sorted(files)
    for item in found:
        assert isinstance(item, Submission | Refused | Skipped)
        texts = [item.source] if isinstance(item, Skipped) else [item.source, item.student, item.chapter, item.lms]
        texts += [] if isinstance(item, Submission) else [item.reason]
        for text in texts:
            assert len(text) <= 400
            text.encode("utf-8")
            assert not set(text) & {"\x00", "\x1b", "\n", "\u202e"}
    return found


def read(data):
    """What the grader does with a notebook's bytes before anything runs, and what handing in does with them."""
    try:
        found = read_notebook(data)
    except UnreadableError as refusal:
        assert str(refusal)
        return
    chapter = recognised(found, exercises()).chapter
    assert len(code_hash(found.cells, exercises(chapter or "00"))) == 64
    assert isinstance(answered_names(found.cells), set)


@FUZZ
@given(st.binary(max_size=300))
def test_any_bytes(data):
    found = taken_in({"ada_00.zip": data, "bob_00.ipynb": data, "class.zip": data})
    assert [type(item) for item in found if item.source == "bob_00.ipynb"] == [Refused]
    read(data)


@FUZZ
@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=6), st.integers(0, 2000))
def test_a_bundle_with_bytes_changed_or_cut_off(changes, cut):
    data = bytearray(bundle(RIGHT))
    for at, byte in changes:
        data[at % len(data)] = byte
    found = taken_in({"ada_00.zip": bytes(data[: max(cut, 1)] if cut < len(data) // 2 else data)})
    # Where the list of members has lost its name, the archive is one made by hand, of which the rest has a row too.
    assert 1 <= len(found) <= 2
    for item in found:
        if isinstance(item, Submission):
            read(item.notebook)


@FUZZ
@given(st.dictionaries(st.sampled_from(["format", "student", "chapter", "time", "files", "x"]), JSON, max_size=4))
def test_any_manifest(manifest):
    (found,) = taken_in({"x.zip": bundle(RIGHT, manifest=manifest)})
    if isinstance(found, Submission):
        assert found.notebook == RIGHT
        assert found.claimed_at <= found.received_at


@FUZZ
@given(JSON)
def test_any_json_as_a_manifest(manifest):
    archived = io.BytesIO()
    with zipfile.ZipFile(archived, "w") as archive:
        archive.writestr("submission.json", json.dumps(manifest))
    (found,) = taken_in({"x.zip": archived.getvalue()})
    assert isinstance(found, Refused)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@FUZZ
@given(
    st.lists(st.tuples(NAMES | LMS_NAMES, st.sampled_from(["", ".ipynb", ".zip", "/00.ipynb", "/a/b.zip"])), max_size=6)
)
def test_any_names_in_an_archive_of_a_class(names):
    archived = io.BytesIO()
    with zipfile.ZipFile(archived, "w") as archive:
        for name, ending in names:
            member = zipfile.ZipInfo("x")
            member.filename = (name + ending).encode("utf-8", "replace").decode()
            archive.writestr(member, bundle(RIGHT) if ending.endswith("zip") else RIGHT)
    for item in taken_in({"class.zip": archived.getvalue()}):
        assert not isinstance(item, Submission) or item.notebook == RIGHT


@FUZZ
@given(JSON)
def test_any_json_as_a_notebook(tree):
    read(json.dumps(tree).encode())


@FUZZ
@given(
    st.lists(JSON, max_size=5), st.lists(st.dictionaries(st.sampled_from(["cell_type", "source"]), JSON), max_size=5)
)
def test_any_cells(cells, near):
    read(json.dumps({"cells": [*cells, *near, *({**cell, "cell_type": "code"} for cell in near)]}).encode())


@FUZZ
@given(st.text(max_size=80))
def test_any_source(source):
    read(notebook(source, f"def square_slope(x):\n    {source}"))


@pytest.mark.parametrize("seed", range(3))
def test_whatever_was_handed_in_is_recorded_and_the_run_ends(confinement, tmp_path, seed):
    """Damaged notebooks and bundles among sound ones, all the way into the gradebook."""
    draw = random.Random(seed)
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for number in range(12):
        for ending, data in ((".ipynb", RIGHT), (".zip", bundle(RIGHT, f"b{number}"))):
            damaged = bytearray(data)
            for _ in range(draw.randint(1, 4)):
                damaged[draw.randrange(len(damaged))] = draw.randrange(256)
            (inbox / f"a{number}_00{ending}").write_bytes(bytes(damaged))
    (inbox / "zoe_00.ipynb").write_bytes(RIGHT)
    book = Gradebook(f"sqlite:///{tmp_path / 'gradebook.sqlite'}")
    report = grade_inbox(inbox, book, Config(limits=PATIENT), seed=1, how=confinement)
    rows = [row for student in book.students() for row in book.submissions(student)]
    book.close()
    assert report.failed == []
    assert {(row.student_id, row.status) for row in rows} >= {("zoe", "graded")}
    recorded = {arrival.source.partition("/")[0] for row in rows for arrival in row.arrivals}
    assert recorded == {path.name for path in inbox.iterdir()}
    assert all(row.reason for row in rows if row.status == "refused")
