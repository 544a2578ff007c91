"""What several test modules of grading use: the real command, and work that is done once for all test processes."""

import contextlib
import fcntl
import os
import sqlite3
import subprocess
import sys
from contextlib import closing

from course_lib.cli import main

# Seconds after which a command hangs: no verdict on how fast it is, also where many share the machine.
HANGING = 900


def course(*arguments, cwd, **environment):
    """Run the `course` command as a user would, in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "course_lib.cli", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "COURSE_INBOX": "", "COURSE_STUDENT": "", **environment},
        capture_output=True,
        text=True,
        timeout=HANGING,
    )


def spoken(capsys, monkeypatch, cwd, *arguments):
    """(exit code, stdout, stderr) of the `course` command in this process, which spares loading everything anew."""
    monkeypatch.chdir(cwd)
    for name, value in {"OPENBLAS_NUM_THREADS": "1", "COURSE_INBOX": "", "COURSE_STUDENT": ""}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["course", *map(str, arguments)])
    capsys.readouterr()
    code = 0
    try:
        main()
    except SystemExit as ended:
        code = ended.code or 0
    return code, *capsys.readouterr()


def arrived(server):
    """How many connections wait in the queue of a listening socket."""
    server.setblocking(False)
    count = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            server.accept()[0].close()
            count += 1
    return count


def once(tmp_path_factory, name, make):
    """A folder that `make(folder)` filled, made once however many test processes ask for it."""
    base = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        base = base.parent
    folder = base / name
    with open(base / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (base / f"{name}.done").exists():
            folder.mkdir()
            make(folder)
            (base / f"{name}.done").touch()
    return folder


def query(database, text, *values):
    """Rows of a SQLite gradebook."""
    with closing(sqlite3.connect(database)) as book:
        return book.execute(text, values).fetchall()
