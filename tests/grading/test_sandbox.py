"""A notebook in the sandbox: right answers are right, honest accidents cost nothing, attacks earn nothing."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from course_lib.grading import frames, sandbox
from course_lib.grading.sandbox import (
    FILES,
    FIRST_USER,
    NOBODY,
    PROCESSES,
    Channel,
    Nursery,
    Sandbox,
    StoppedError,
    Watch,
)
from tests.grading.handing_in import CHAPTER_01, HASTY, PATIENT, SEED, SLOPE, chapter_01, graded, notebook, verdict
from tests.grading.shared import arrived


def test_right_answers_of_a_chapter_with_function_arguments_are_right(confinement):
    result = graded(confinement, chapter_01(), "01")
    assert result.status == "graded"
    assert [(v.exercise, v.status) for v in result.verdicts if v.status != "right"] == []
    assert len(result.verdicts) == len(CHAPTER_01)


SEE_ALL = replace(PATIENT, output_kb=4096)
SEATS = {
    "wrong": "np.array([[r, theta], [0.0, 1.0]])",
    "an integer that no array holds": "2**70",
    "an integer beyond every float": "-(10**9999)",
    "a number longer than a float": "np.longdouble(r)",
    "numbers longer than floats": "np.array([[r, theta], [0.0, 1.0]], dtype=np.longdouble)",
    "complex numbers longer than floats": "np.array([[r, theta], [0.0, 1.0]], dtype=np.clongdouble)",
    "a mask": "np.array([[True, False], [False, True]])",
    "nothing at all": "np.zeros((0, 7))",
}


@pytest.mark.parametrize("value", SEATS)
def test_both_seats_say_the_same(confinement, value):
    import numpy as np

    from course_lib.checks import find, judge
    from course_lib.checks.judging import FunctionCaller
    from course_lib.grading.draws import seed_of

    wrong = f"def polar_jacobian(r, theta):\n    return {SEATS[value]}"
    result = graded(confinement, chapter_01(polar_jacobian=wrong), "01")
    there = next(v for v in result.verdicts if v.exercise == "polar_jacobian")
    namespace = {"np": np}
    exec(wrong, namespace)
    caller = FunctionCaller(namespace["polar_jacobian"])
    caller.shows = False  # numbers of the draws are for the learner's own notebook
    here = judge(find("polar_jacobian"), caller, seed_of(SEED, result.draws["polar_jacobian"]))
    assert not here.ok
    assert (there.status, there.message, there.mistake) == (here.status, here.message, here.mistake)


HARMLESS = {
    "checks and pictures": "from course_lib import check, submit\nimport matplotlib.pyplot as plt\n"
    "from course_lib.figures.chapter_01 import anything\nfigure, (left, right) = plt.subplots(1, 2)\n"
    "with plt.style.context('x'):\n    left.plot([1]).set_color('k')\ncheck(square_slope)\nsubmit(student='me')",
    "a magic": "%matplotlib inline\n!ls\nvalue = 3\nvalue?",
    "a cell in another language": "%%bash\nrm -rf /",
    "a timed cell": "%%time\nimport math",
    "await": "import asyncio\nawait asyncio.sleep(0)",
    "display": "display(3)\nget_ipython()",
    "a failing cell": "1 / 0",
    "a broken cell": "def (:",
    "sys.exit": "import sys\nsys.exit(3)",
    "an exception that is none": "raise KeyboardInterrupt",
    "a warning": "import warnings\nwarnings.warn('careful', RuntimeWarning)",
    "print everything away": "import sys\nsys.stdout.close()\nsys.stdout = None",
    "a copied answer": SLOPE,
    "asking for input": "input('how old are you')",
    "ignored signals": "import signal\nfor s in (2, 15):\n    signal.signal(s, signal.SIG_IGN)",
    "memory that is not there": "x = bytearray(4 << 30)",
    "64-bit recursion": "import sys\ndef f(): return f()\ntry:\n    f()\nexcept RecursionError:\n    pass",
}


@pytest.mark.parametrize("name", HARMLESS)
def test_an_honest_accident_costs_nothing(confinement, name):
    result = verdict(confinement, SLOPE, HARMLESS[name])
    assert (result.status, result.points) == ("right", result.max_points)


def test_a_failing_cell_is_recorded_with_its_line(confinement):
    result = graded(confinement, notebook(SLOPE, "a = 1\nb = a / 0"))
    assert result.errors == (("cell 2", "ZeroDivisionError: division by zero", "b = a / 0"),)


def test_the_answers_own_line_is_shown(confinement):
    result = verdict(confinement, "def square_slope(x):\n    return missing * x")
    assert result.status == "raised"
    assert "NameError" in result.message and "return missing * x" in result.message


def test_a_right_answer_that_warns_and_prints_200_mb_is_right_and_its_output_is_bounded(confinement):
    cell = "for _ in range(200):\n    print('x' * (1 << 20))"
    limits = replace(PATIENT, output_mb=1024)
    result = graded(confinement, notebook(SLOPE, cell), limits=limits)
    assert result.verdicts[0].ok
    assert result.printed_bytes > 200 << 20
    assert len(result.printed) <= limits.output_kb << 10


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("while True: pass", "took longer than 0.5 s"),
        ("import time; time.sleep(600)", "took longer than 5 s, most of them without doing anything"),
        ("import os; os._exit(7)", "exit code 7"),
        ("import os; os.closerange(3, 400); import time; time.sleep(600)", "closed its line"),
        ("return np.ones(1_100_000)", "more than the 8 MB"),
        ("while True: f(x)", "more than 200 times"),
    ],
)
def test_what_ends_one_answer_leaves_the_others(confinement, monkeypatch, body, words):
    monkeypatch.setattr("course_lib.grading.unit.CALLBACKS_PER_CALL", 200)
    answers = chapter_01(central_jacobian=f"def central_jacobian(f, x, h):\n    {body}")
    result = graded(confinement, answers, "01", HASTY if "took longer" in words else PATIENT)
    by_name = {v.exercise: v for v in result.verdicts}
    stopped = by_name.pop("central_jacobian")
    assert (stopped.status, stopped.points) == ("stopped", 0)
    assert words in stopped.message
    assert all(v.ok for v in by_name.values())
    # Who was ended by the clock pays for all the time that others waited.
    assert (result.cost == result.seconds) == ("without doing anything" in words)


def looked_up(confinement, expression):
    """What an expression is inside the sandbox, printed there."""
    return graded(confinement, notebook("import os", f"print({expression})")).printed.strip()


def test_what_has_come_counts_though_nobody_was_there_to_take_it_in_time():
    ours, theirs = socket.socketpair()
    output, end = os.pipe()
    os.close(end)
    channel = Channel(ours, output, PATIENT)
    with theirs:
        theirs.sendall(frames.pack({"op": "ready"}, [bytes(100_000)]))  # more than one look at the socket takes
        header, blobs = channel.exchange(b"", Watch(0, lambda: 1.0, base=0.0))
        assert (header["op"], len(blobs[0])) == ("ready", 100_000)
        with pytest.raises(StoppedError) as stopped:
            channel.exchange(b"", Watch(0, lambda: 1.0, base=0.0))
        assert stopped.value.kind == "time"
    channel.close()


class Clock:
    """A clock that shows what it is set to."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        monkeypatch.setattr(sandbox.time, "monotonic", lambda: self.now)


def test_on_a_busy_machine_an_answer_has_its_processor_time_and_what_only_waits_is_ended(monkeypatch):
    clock, used = Clock(monkeypatch), [3.0]
    watch = Watch(10, lambda: used[0])
    clock.now += 1
    assert not watch.is_up()
    # The machine does something else for most of the time: 98 s by the clock, 9 s for this answer.
    for seconds in range(14, 99, 14):
        clock.now = 1000.0 + seconds
        used[0] += 9 / 7
        assert watch.left() <= 0 and not watch.is_up()
        assert watch.left() > 0
    clock.now, used[0] = 1099.5, 13.0
    assert watch.is_up() and not watch.asleep
    # One that uses nothing is ended by the clock.
    idle = Watch(10, lambda: 3.0)
    clock.now += 99.0
    assert not idle.is_up()
    clock.now += 20
    assert idle.is_up() and idle.asleep


def test_a_watch_that_began_with_nothing_used_counts_everything(monkeypatch):
    clock = Clock(monkeypatch)
    watch = Watch(30, lambda: 31.0, base=0.0)
    assert watch.left() == 30
    clock.now += 30
    assert watch.is_up() and not watch.asleep


def test_honest_answers_survive_a_clock_that_runs_ahead(confinement, monkeypatch):
    """As on a machine where others are at work: hours go by on the clock, and a tenth of a second is used."""
    real, ahead = time.monotonic, [0.0]

    def hurried():
        ahead[0] = min(ahead[0] + 0.5, 8.0)
        return real() + ahead[0] * PATIENT.seconds_per_chapter

    monkeypatch.setattr(sandbox.time, "monotonic", hurried)
    patient = replace(PATIENT, seconds_per_call=PATIENT.seconds_per_chapter)
    result = graded(confinement, chapter_01(), "01", patient)
    assert ahead[0] == 8.0
    assert [v.exercise for v in result.verdicts if not v.ok] == []


def test_an_answer_that_does_not_get_the_processor_for_a_while_is_right(confinement, monkeypatch):
    """Its process is stopped from outside until three looks at what it used have found that it used nothing."""
    own = replace(confinement, paths=(*confinement.paths, "/sandbox/stopped"))
    looks, used = [], Sandbox.used

    def looked(self):
        if len(looks) < 4:
            os.kill(descendants(self.nursery.process.pid)[-1], signal.SIGCONT if len(looks) == 3 else signal.SIGSTOP)
        looks.append(used(self))
        return looks[-1]

    monkeypatch.setattr(Sandbox, "used", looked)
    monkeypatch.setattr(sandbox, "FIRST_LOOK_SECONDS", 0.001)
    busy = "def square_slope(x):\n    for _ in range(10**6): pass\n    return 2 * x"
    try:
        result = verdict(own, busy, limits=replace(PATIENT, seconds_per_call=0.5))
    finally:
        sandbox._NURSERIES.pop(sandbox._key(own)).close()
    assert result.ok
    assert len(looks) > 3 and looks[1] == looks[2]


def descendants(process):
    """The numbers of all processes below one, children after their parents."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [number for child in children for number in (int(child), *descendants(child))]


def test_nothing_of_the_machine_is_seen(confinement, tmp_path):
    (tmp_path / "secret").write_text("secret")
    paths = ["/etc/passwd", "/proc", "/home", "/usr/bin/env", str(tmp_path), str(tmp_path / "secret"), __file__]
    paths += [
        os.path.expanduser("~/.bashrc"),
        "/sandbox/course_lib/checks/judging.py",
        "/sandbox/course_lib/__init__.py",
    ]
    assert json.loads(looked_up(confinement, f"str([os.path.exists(p) for p in {paths}]).lower()")) == [False] * len(
        paths
    )


def test_nothing_of_the_environment_is_seen(confinement, monkeypatch):
    monkeypatch.setenv("COURSE_SECRET", "secret")
    assert "COURSE_SECRET" not in looked_up(confinement, "sorted(os.environ)")


def test_the_notebook_does_not_run_as_the_grader_nor_as_the_students_of_another_process(confinement):
    # The kernel limits processes and threads for each user; those of a user namespace it counts by themselves.
    other = replace(confinement, paths=(*confinement.paths, "/sandbox/none"))  # has a nursery of its own
    users = []
    for way in (confinement, other):
        same = set(looked_up(way, "*os.getresuid(), *os.getresgid()").split())
        users += map(int, same)
        assert len(same) == 1 and looked_up(way, f"set(os.getgroups()) - {{{users[-1]}}}") == "set()"
    sandbox._NURSERIES.pop(sandbox._key(other)).close()
    if confinement.user < 0:
        assert users == [NOBODY] * 2
    else:
        assert users[0] != users[1] and {(user - FIRST_USER) % PROCESSES for user in users} == {os.getpid()}


def test_no_connection_reaches_this_machine(confinement):
    with socket.create_server(("127.0.0.1", 0)) as server:
        cell = f"import socket\nsocket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 1)"
        result = graded(confinement, notebook(SLOPE, cell))
        # The kernel takes a connection before anybody accepts it, and keeps it in a queue.
        assert arrived(server) == 0
    assert result.verdicts[0].ok
    assert "Error" in result.errors[0][1]


def test_one_chapter_that_kills_its_sandbox_leaves_the_students_other_chapters(confinement):
    from course_lib.grading.unit import Pending, Unit, grade_unit

    hang = notebook(SLOPE, "while True: pass")
    pending = (Pending("a", "00", hang), Pending("b", "01", chapter_01()), Pending("c", "00", notebook(SLOPE)))
    results = grade_unit(Unit("ada", pending, SEED, "bwrap", HASTY), confinement)
    assert [r.key for r in results] == ["a", "b", "c"]
    assert [all(v.ok for v in r.verdicts) for r in results] == [False, True, True]


def test_what_one_submission_wrote_is_gone_for_the_next(confinement):
    from course_lib.grading.unit import Pending, Unit, grade_unit

    writes = notebook(SLOPE, f'open("helper.py", "w").write({SLOPE!r})')
    pending = (Pending("a", "00", writes), Pending("b", "00", notebook("from helper import square_slope")))
    results = grade_unit(Unit("ada", pending, SEED, "bwrap", PATIENT), confinement)
    assert [r.verdicts[0].ok for r in results] == [True, False]


def test_a_notebook_makes_so_many_files_and_no_more(confinement):
    fill = """
made = 0
try:
    while made < 100_000:
        open(f"/tmp/{made}", "w").close()
        made += 1
except OSError as error:
    print(made, error.strerror)
"""
    made, _, why = graded(confinement, notebook(SLOPE, fill)).printed.strip().partition(" ")
    assert why == "No space left on device"
    assert int(made) < 20_000


def test_without_a_nursery_what_makes_more_files_is_ended_and_the_next_answer_begins_with_none(confinement):
    fill = """
def jacobian_of_mean(X):
    for number in range(2_000_000):
        open(f"/tmp/{number}", "w").close()
"""
    result = graded(replace(confinement, nursery=()), chapter_01(jacobian_of_mean=fill), "01")
    told = {verdict.exercise: verdict for verdict in result.verdicts}
    message = told.pop("jacobian_of_mean").message
    assert message.endswith(f"a call ended the Python it ran in (it made more than {FILES:,} files).")
    assert [name for name in CHAPTER_01 if name in told and not told[name].ok] == []
    assert list(told)[-1] in CHAPTER_01, "exercises follow the one that makes files"


ORDER = "print(*{str(number) for number in range(50)})"


def test_a_set_of_words_has_one_order_for_everybody(confinement):
    # Another nursery than that of the first, because it finds its modules elsewhere too.
    other = replace(confinement, paths=(*confinement.paths, "/sandbox/none"))
    ways = (confinement, replace(confinement, nursery=()), other)
    said = {graded(way, notebook(SLOPE, ORDER)).printed for way in ways}
    sandbox._NURSERIES.pop(sandbox._key(other)).close()
    assert len(said) == 1
    assert sorted(said.pop().split(), key=int) == [str(number) for number in range(50)]


def test_all_that_is_seen_is_python_numpy_and_a_few_files_of_the_course(confinement):
    import sys

    look = "[os.path.join(top, name) for top, _, names in os.walk('/') for name in names]"
    result = graded(confinement, notebook(f"import os, json\nprint(json.dumps({look}))"), limits=SEE_ALL)
    seen = set(json.loads(result.printed))
    course = {path for path in seen if path.startswith("/sandbox/course_lib/") and "__pycache__" not in path}
    checks, grading = ("calling", "operands"), ("frames", "confine", "cells", "normal", "nursery", "worker")
    inside = [*(f"checks/{name}.py" for name in checks), *(f"grading/{name}.py" for name in grading)]
    assert course == {f"/sandbox/course_lib/{name}" for name in inside}
    python = tuple(f"{os.path.realpath(path)}/" for path in sys.path if path.endswith("lib-dynload"))
    library = (os.path.dirname(os.__file__) + "/", *python, "/sandbox/lib/numpy/", "/sandbox/lib/numpy.libs/")
    rest = {path for path in seen - course if not path.startswith((*library, "/sandbox/course_lib/"))}
    # Two files of IPython's, which read what is no Python.
    rest -= {path for path in rest if path.startswith(("/sandbox/lib/IPython/core/", "/sandbox/lib/IPython/utils/"))}
    rest -= {os.path.realpath(sys.executable), "/etc/ld.so.cache", "/dev/null", "/dev/urandom"}
    assert [path for path in rest if ".so" not in os.path.basename(path)] == []
    assert not any("/site-packages/" in path or "/dist-packages/" in path for path in seen)


def test_a_machine_does_not_tell_its_name(confinement):
    assert looked_up(confinement, "os.uname().nodename") == "sandbox"


LEAVE = """
import builtins, os, sys
import numpy as np
builtins.left = np.left = sys.left = np.linalg.left = "left"
np.dot = np.matmul = np.multiply = None
os.environ["left"] = "left"
open("/tmp/left", "w").write("left")
"""
LOOK_FOR = """
import builtins, os, sys
import numpy as np
found = [hasattr(place, "left") for place in (builtins, np, sys, np.linalg)]
print(any(found), np.dot is None, "left" in os.environ, os.listdir("/tmp"), os.getppid(), os.getpid() < 10)
"""


def test_a_student_finds_nothing_of_the_one_before_and_sees_no_other_process(confinement):
    assert confinement.nursery, "both come out of one nursery here"
    assert graded(confinement, notebook(SLOPE, LEAVE)).errors == ()
    assert graded(confinement, notebook(SLOPE, LOOK_FOR)).printed.split() == [
        "False",
        "False",
        "False",
        "[]",
        "1",
        "True",
    ]


def test_what_a_nursery_may_do_its_students_may_not(confinement):
    look = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
left = (ctypes.c_uint32 * 6)(*[1] * 6)
print(libc.capget((ctypes.c_uint32 * 2)(0x20080522, 0), left), *left)
for step in (lambda: libc.unshare(0x20000), lambda: libc.mount(b"x", b"/tmp", b"tmpfs", 0, None),
             lambda: libc.umount2(b"/tmp", 2), lambda: libc.setresuid(0, 0, 0), lambda: libc.prctl(47, 2, 21, 0, 0)):
    print(step(), ctypes.get_errno())
"""
    said = graded(confinement, notebook(SLOPE, look)).printed.splitlines()
    assert said[0] == "0 0 0 0 0 0 0"
    # Not allowed; and where no other user is known at all, no such user (EINVAL).
    assert len(said) == 6 and {*said[1:]} <= {"-1 1", "-1 22"}


def test_a_sandbox_of_a_nursery_is_gone_as_a_whole_when_it_is_closed(confinement):
    nursery = Nursery(confinement)
    try:
        Sandbox(confinement, nursery).close()  # after that it is there
        before = descendants(nursery.process.pid)
        student = Sandbox(confinement, nursery)
        channel = student.open(PATIENT)
        forever = frames.pack({"op": "run", "names": [], "texts": []}, [json.dumps(["while True: pass"]).encode()])
        channel.exchange(forever, Watch(120, student.used))
        # One who waits for the end, a supervisor, and the notebook.
        _, *inside = [process for process in descendants(nursery.process.pid) if process not in before]
        assert len(inside) == 2
        channel.close()
        student.close()
        assert not any(Path(f"/proc/{process}").exists() for process in inside)
    finally:
        nursery.close()


def test_a_nursery_that_died_is_followed_by_another_and_none_is_needed(confinement):
    own = replace(confinement, paths=(*confinement.paths, "/sandbox/none"))  # a nursery of this test's own
    assert verdict(own, SLOPE).ok
    sandbox._NURSERIES[sandbox._key(own)].process.kill()
    sandbox._NURSERIES[sandbox._key(own)].process.wait()
    assert verdict(own, SLOPE).ok
    sandbox._NURSERIES.pop(sandbox._key(own)).close()
    assert verdict(replace(confinement, nursery=("false",)), SLOPE).ok
    assert verdict(replace(confinement, nursery=()), SLOPE, LEAVE).ok


def test_where_no_nursery_may_make_namespaces_each_student_has_a_sandbox_started_anew(confinement, monkeypatch):
    powerless = tuple("CAP_CHOWN" if word == "CAP_SYS_ADMIN" else word for word in confinement.nursery)
    monkeypatch.setattr(sandbox, "_forms", lambda: iter([replace(confinement, nursery=powerless)]))
    found = sandbox.find_confinement()
    assert (found.nursery, found.sealed) == ((), True)
    assert verdict(found, SLOPE).ok


def test_what_python_sees_is_looked_at_again_when_anything_of_it_changes(monkeypatch, tmp_path):
    monkeypatch.setattr(sandbox, "cache_from_source", lambda path: str(tmp_path / "sandbox.pyc"))
    (tmp_path / "numpy").mkdir()
    looks = []

    def run(command, **options):
        looks.append(command)
        said = json.dumps({"folders": [str(tmp_path / "lib")], "libraries": [str(tmp_path / "lib" / "x.so"), "linux"]})
        return subprocess.CompletedProcess(command, 0, f"a word before\n{said}\n", "")

    monkeypatch.setattr(sandbox.subprocess, "run", run)
    for change, times in ((None, 1), (None, 1), ("lib", 2), (None, 2), ("lib/x.so", 3), (None, 3)):
        if change == "lib":
            (tmp_path / "lib").mkdir()
        elif change:
            (tmp_path / change).write_bytes(b"x")
        seen = sandbox._seen(sys.executable, tmp_path / "numpy")
        assert (seen["libraries"][1], len(looks)) == ("linux", times)
    (tmp_path / "seen-by-python.json").write_text("{}")
    sandbox._seen(sys.executable, tmp_path / "numpy")
    assert len(looks) == 4


@pytest.fixture(scope="session")
def process_confinement():
    """The weaker sandbox; root can only use it with a Python that nobody can read."""
    from course_lib.errors import CourseError
    from course_lib.grading.sandbox import find_confinement

    try:
        return find_confinement("process")
    except CourseError as error:
        pytest.skip(str(error))


# Signals and delays for another process of the same user, by ways that are no `kill`.
REACHING = [
    "import fcntl, os; fcntl.fcntl(0, fcntl.F_SETOWN, os.getppid())",
    "import fcntl, struct; fcntl.fcntl(0, 15, struct.pack('ii', 1, 1))",
    "import fcntl; fcntl.fcntl(0, 10, 9)",
    *(f"import fcntl, struct; fcntl.ioctl(0, {request}, struct.pack('i', 1))" for request in (0x8901, 0x8902)),
    "import os; os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
    "import os; os.sched_setaffinity(os.getppid(), [0])",
    "import os; os.sched_setscheduler(os.getppid(), os.SCHED_IDLE, os.sched_param(0))",
]


def test_no_signal_and_no_delay_leaves_the_sandbox(confinement):
    harmless = "import fcntl, os; fcntl.fcntl(0, fcntl.F_SETFD, fcntl.fcntl(0, fcntl.F_GETFD)); os.get_inheritable(0)"
    result = graded(confinement, notebook(SLOPE, harmless, *REACHING))
    assert result.verdicts[0].ok
    assert [error.partition(":")[0] for _, error, _ in result.errors] == ["PermissionError"] * len(REACHING)


def test_the_process_sandbox_grades_and_changes_no_file(process_confinement, tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("as it was")
    tmp_path.chmod(0o777)
    precious.chmod(0o666)
    attempts = [
        f"open({str(precious)!r}, 'w').write('gone')",
        f"open({str(precious)!r}, 'a').write('more')",
        f"import os; os.remove({str(precious)!r})",
        f"import os; os.rename({str(precious)!r}, {str(tmp_path / 'else')!r})",
        f"import os; os.truncate({str(precious)!r}, 0)",
        f"import os; os.chmod({str(precious)!r}, 0)",
        f"open({str(tmp_path / 'new')!r}, 'x')",
        "import socket; socket.socket()",
        "import os; os.kill(os.getppid(), 9)",
        "import os; os.fork()",
        *REACHING,
        # The memory of the grader holds what is right.
        *(f"open('/proc/{os.getpid()}/{name}', 'rb')" for name in ("mem", "maps", "environ")),
    ]
    result = graded(process_confinement, notebook(SLOPE, *attempts))
    assert result.verdicts[0].ok
    assert [error for _, error, _ in result.errors if "PermissionError" not in error] == []
    assert len(result.errors) == len(attempts)
    assert os.listdir(tmp_path) == ["precious"]
    assert precious.read_text() == "as it was"
    assert graded(process_confinement, chapter_01(), "01").verdicts[2].ok
    assert len({graded(process_confinement, notebook(SLOPE, ORDER)).printed for _ in range(2)}) == 1


def test_a_derivation_is_judged_from_its_text_even_where_the_cells_never_end(confinement, monkeypatch):
    """A stand-in for the judge of derivations: what reaches it is the text as it stands in the notebook."""
    from course_lib.checks.specification import Exercise
    from course_lib.checks.verdict import Verdict
    from course_lib.grading import unit

    exercise = Exercise("my_derivation", (), "00", 2, 5, (), kind="derivation")
    texts = []

    def judge(exercise, caller, seed):
        texts.append(caller.text(exercise.name))
        return Verdict(exercise.name, "right", "read", 2.0, 2.0, chapter="00")

    monkeypatch.setattr(unit, "exercises", lambda chapter=None, banks=None: [exercise])
    monkeypatch.setattr(unit, "judge", judge)
    derivation = "L = x'x\ndL = 2 x'dx"
    for cells in (
        (f"my_derivation = {derivation!r}",),
        ("my_derivation = 'first'", f"my_derivation: str = {derivation!r}", "while True: pass"),
        (f"other = 1; my_derivation = {derivation!r}", "import os; os._exit(0)"),
        ("x = 1",),
        ("my_derivation = 1 + 1",),
        ("my_derivation = f'{1}'",),
    ):
        result = graded(confinement, notebook(*cells), limits=HASTY if "while True" in cells[-1] else PATIENT)
        assert (result.status, result.verdicts[0].points) == ("graded", 2)
    assert texts == [derivation] * 3 + [None] * 3


def test_one_evaluation_for_every_weight_runs_out_of_time(confinement, monkeypatch):
    """The wide draw of a gradient: the limit of the call decides, and the formula beside it is judged as ever."""
    monkeypatch.setattr("course_lib.checks.wide.SECONDS", 0.5)
    complex_steps = """
import numpy as np
def mse_gradient(X, w, y):
    slopes = np.zeros(len(w))
    for j in range(len(w)):
        z = w.astype(complex)
        z[j] += 1e-30j
        slopes[j] = (np.sum((X @ z - y) ** 2) / (2 * len(y))).imag / 1e-30
    return slopes
def weighted_mse_gradient(X, w, y, s):
    return X.T @ (s * (X @ w - y)) / len(y)
"""
    verdicts = {v.exercise: v for v in graded(confinement, notebook(complex_steps), "03").verdicts}
    slow, quick = verdicts["mse_gradient"], verdicts["weighted_mse_gradient"]
    assert (slow.status, slow.mistake, slow.points) == ("costly", "one-pass-per-parameter", 0)
    assert quick.status == "right"
