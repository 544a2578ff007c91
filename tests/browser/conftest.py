"""A real JupyterLab, started as the README says, and a real browser in front of it."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect, sync_playwright

# Chromium looks for updates at start; nothing here may leave the machine.
QUIET = [
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# A busy machine answers late; it still answers. Milliseconds after which nothing will come any more.
PATIENCE = 300_000
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def browser(chromium):
    options = [*QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=options)
        yield running
        running.close()


@pytest.fixture(scope="module")
def mathlive_at_hand(mathlive):
    """Whoever builds a page finds MathLive in its folder, and the clone stays as it is."""
    from course_lib.page import mathlive as module

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "fetched", lambda: mathlive)
        yield


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def course_copy(course_root, tmp_path_factory):
    """The course as a student has it: notebooks and exercises may be written to."""
    copy = tmp_path_factory.mktemp("course")
    for folder in ("notebooks", "exercises"):
        shutil.copytree(course_root / folder, copy / folder)
    for name in ("pyproject.toml", "Makefile", "constraints.txt"):
        shutil.copy(course_root / name, copy / name)
    # The same environment, so nothing is installed again; `make` sees its stamps as up to date.
    (copy / ".venv").symlink_to(course_root / ".venv")
    return copy


@pytest.fixture(scope="session")
def lab(course_copy, tmp_path_factory):
    """The address that `make lab ARGS=--no-browser` prints; the pages let tests ask JupyterLab what it is doing."""
    log = tmp_path_factory.mktemp("lab") / "log"
    home = tmp_path_factory.mktemp("home")
    arguments = f"--no-browser --port={free_port()} --LabApp.extension_manager=readonly --expose-app-in-browser"
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(home), "HOME": str(home)}
    with log.open("w") as output:
        server = subprocess.Popen(
            ["make", "-o", ".venv/.lab", "lab", f"ARGS={arguments}"],
            cwd=course_copy,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    with guarded(server):
        yield address_in(log, server)


# Waits until nobody holds the other end of its standard input, then ends a group of processes.
GUARD = """import os, signal, sys, time
sys.stdin.read()
for end in (signal.SIGTERM, signal.SIGKILL):
    try:
        os.killpg(int(sys.argv[1]), end)
    except ProcessLookupError:
        break
    time.sleep(10)
"""


@contextmanager
def guarded(server):
    """End the server's group of processes after the block, and also when these tests are killed."""
    command = [sys.executable, "-c", GUARD, str(server.pid)]
    guard = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    try:
        yield
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)
        guard.stdin.close()


def address_in(log, server, seconds=PATIENCE / 1000):
    """The first http://127.0.0.1 address in a server's log."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        found = re.search(r"http://127\.0\.0\.1:\d+/lab\S*", log.read_text())
        if found:
            return found[0]
        time.sleep(0.2)
    raise AssertionError(f"JupyterLab printed no address within {seconds} s:\n{log.read_text()[-2000:]}")


def unfolded(page):
    """Open every fold of a page: answers, hidden outputs, tables."""
    page.evaluate("document.querySelectorAll('details').forEach(element => { element.open = true; })")
