"""All threats in one inbox, through the real command: nothing gained or touched, the rest graded, the reason shown."""

import hashlib
import html
import json
import os
import re
import socket
from pathlib import Path

import pytest

from course_lib.grading.feedback import page_name
from tests.grading.handing_in import CHAPTER_01, SEED, SLOPE, notebook
from tests.grading.shared import arrived, course, once, query
from tests.grading.threats import THREATS, World

# One process sets up what all of them read.
pytestmark = pytest.mark.xdist_group("threats")

NASTY = "<img src=x onerror=alert(1)>\x1b[31m\u202e"
# Printing much is allowed to one and endless to another; both are bounded by the same limit.
LIMITS = "[limits]\nseconds_per_call = {}\nseconds_per_chapter = {}\nmemory_mb = 1024\noutput_mb = 64\nanswer_mb = 8\n"
# What must end is waited for, however busy the machine; what never ends is not waited for long.
PATIENT, HASTY = LIMITS.format(120, 600), LIMITS.format(0.5, 2)
SECRET = "the-secret-of-this-machine"


def identifier(name):
    return "t-" + re.sub(r"\W+", "-", name)


def must_end(threat):
    """Whether something right stands beside the attack, which must be right in the end."""
    return threat.outcome == "right" or threat.exercise in CHAPTER_01


def fingerprint(folder):
    """Every file below a folder: name → hash and time."""
    return {
        str(path.relative_to(folder)): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def handed_in(folder):
    """The class is written and graded; what happened to the world around it is noted in world.json."""
    inbox, home, free = (folder / name for name in ("inbox", "home", "free"))
    for path in (inbox, home, free):
        path.mkdir()
    free.chmod(0o777)
    (home / "secret").write_text(SECRET)
    (free / "precious").write_text("precious")
    # Folders that others may enter: what keeps a notebook out is the sandbox alone.
    for path in (folder, home, inbox):
        path.chmod(0o755)
    for honest in ("aaron", "neighbour", "zoe"):
        (inbox / honest).mkdir()
        (inbox / honest / "00_start.ipynb").write_bytes(notebook(SLOPE))
    (inbox / NASTY).mkdir()
    (inbox / NASTY / "00_start.ipynb").write_bytes(notebook(SLOPE))
    runs, token = [], f"dmn{os.getpid()}"
    with socket.create_server(("127.0.0.1", 0)) as server:
        neighbour = inbox / "neighbour" / "00_start.ipynb"
        book = folder / "graded" / "gradebook.sqlite"
        world = World(home / "secret", free, book, neighbour, server.getsockname()[1], token)
        for limits, ends in ((PATIENT, True), (HASTY, False)):
            (folder / "course.toml").write_text(limits)
            for name, threat in THREATS.items():
                if must_end(threat) == ends:
                    threat.write(inbox, identifier(name), world)
            before = fingerprint(inbox), fingerprint(home), fingerprint(free)
            environment = {"HOME": str(home), "COURSE_SECRET": SECRET}
            run = course("grade", "inbox", "--seed", SEED, "--jobs", 2, cwd=folder, **environment)
            runs.append((run, before == (fingerprint(inbox), fingerprint(home), fingerprint(free))))
        connections = arrived(server)
    noted = {
        "code": max(run.returncode for run, _ in runs),
        "stdout": "".join(run.stdout for run, _ in runs),
        "stderr": "".join(run.stderr for run, _ in runs),
        "connections": connections,
        "untouched": all(untouched for _, untouched in runs),
        "left": [pid for pid in os.listdir("/proc") if pid.isdigit() and token in _name(pid)],
    }
    (folder / "world.json").write_text(json.dumps(noted))


def _name(pid):
    try:
        return Path("/proc", pid, "comm").read_text()
    except OSError:
        return ""


@pytest.fixture(scope="session")
def graded(bwrap, tmp_path_factory):
    """The folder of the class of threats, graded once."""
    return once(tmp_path_factory, "threats", handed_in)


@pytest.fixture(scope="session")
def world(graded):
    return json.loads((graded / "world.json").read_text())


def submission(graded, student):
    book = graded / "graded" / "gradebook.sqlite"
    ((status, reason, number),) = query(
        book, "select status, reason, id from submissions where student_id = ?", student
    )
    verdicts = query(book, "select exercise, status, points, message from verdicts where submission_id = ?", number)
    return status, reason, {exercise: rest for exercise, *rest in verdicts}


def test_the_run_ends_well(world):
    assert world["code"] == 0, world["stdout"] + world["stderr"]
    assert "Traceback" not in world["stderr"] + world["stdout"]
    assert world["stdout"].count(", 0 failed,") == 2


@pytest.mark.parametrize("name", THREATS)
def test_a_threat_comes_to(graded, name):
    threat = THREATS[name]
    status, reason, verdicts = submission(graded, identifier(name))
    if threat.outcome == "refused":
        assert (status, verdicts) == ("refused", {})
        assert threat.words in reason
        return
    assert status == "graded", reason
    verdict, points, message = verdicts[threat.exercise]
    if threat.outcome == "right":
        assert (verdict, points) == ("right", 1)
        return
    assert points == 0
    assert verdict not in ("right", "not attempted")
    assert message and threat.words in message
    if threat.exercise in CHAPTER_01:
        assert {rest[0] for name, rest in verdicts.items() if name != threat.exercise} == {"right"}


@pytest.mark.parametrize("name", THREATS)
def test_the_page_says_why(graded, name):
    page = (graded / "graded" / "feedback" / page_name(identifier(name))).read_text()
    status, reason, verdicts = submission(graded, identifier(name))
    shown = [reason] if status == "refused" else [message for _, _, message in verdicts.values()]
    text = html.unescape(re.sub(r"</?code>", "`", page))
    assert all(sentence in text for sentence in shown)
    assert len(page) < 60_000


def test_nothing_outside_was_touched_and_nothing_got_out(graded, world):
    assert world["untouched"]
    assert world["connections"] == 0
    assert world["left"] == []
    outputs = [path.read_text() for path in (graded / "graded" / "feedback").iterdir()]
    outputs += [world["stdout"], (graded / "graded" / "report.html").read_text()]
    assert not any(SECRET in text for text in outputs)
    assert query(
        graded / "graded" / "gradebook.sqlite", "select count(*) from submissions where printed like ?", f"%{SECRET}%"
    ) == [(0,)]


def test_the_rest_of_the_class_is_graded(graded, world):
    for honest in ("aaron", "neighbour", "zoe"):
        status, _, verdicts = submission(graded, honest)
        assert (status, verdicts["square_slope"][:2]) == ("graded", ["right", 1])
    refused = sum(threat.outcome == "refused" for threat in THREATS.values())
    ended = sum(map(must_end, THREATS.values()))
    assert f"{ended + 4} graded, 0 graded before, 0 refused, 0 failed" in world["stdout"]
    rest = len(THREATS) - ended - refused
    assert f"{rest} graded, {ended + 4} graded before, {refused} refused, 0 failed" in world["stdout"]


def test_the_instructor_sees_every_refusal_with_its_reason(graded, world):
    for name, threat in THREATS.items():
        if threat.outcome == "refused":
            _, reason, _ = submission(graded, identifier(name))
            assert any(identifier(name) in line and reason in line for line in world["stdout"].splitlines())


def test_names_are_text_wherever_they_are_shown(graded, world):
    pages = [*(graded / "graded" / "feedback").iterdir(), graded / "graded" / "report.html"]
    texts = [page.read_text() for page in pages]
    assert not any("<img" in text for text in texts)
    assert sum("&lt;img src=x onerror=alert(1)&gt;" in text for text in texts) >= 1
    assert not any(
        set("\x1b\u202e") & set(text)
        for text in [*texts, world["stdout"], (graded / "graded" / "grades.csv").read_text()]
    )
