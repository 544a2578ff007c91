"""A real JupyterLab, started as the README says, and a real browser in front of it."""

import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

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
PR_SET_PDEATHSIG = 1
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
            preexec_fn=die_with_the_parent,
        )
    try:
        yield address_in(log, server)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)


def die_with_the_parent():
    """Called in a new process: when the tests are killed, Linux ends it too, and `make` ends what it has started."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def address_in(log, server, seconds=PATIENCE / 1000):
    """The first http://127.0.0.1 address in a server's log."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        found = re.search(r"http://127\.0\.0\.1:\d+/lab\S*", log.read_text())
        if found:
            return found[0]
        time.sleep(0.2)
    raise AssertionError(f"JupyterLab printed no address within {seconds} s:\n{log.read_text()[-2000:]}")
