"""MathLive, the field in which mathematics is typed as it looks: fetched once, by whoever builds the site or the wheel.

It comes from its npm package by npm itself and is laid beside the editor, licence included; it is no part of the source
and no learner's machine fetches it.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from course_lib.derivation.editor import MATHLIVE
from course_lib.errors import CourseError

VERSION = "0.111.1"
SHA256 = "f285cd7b8ab5cbd67d792305c753dd4b6444f1799e012c2aef701eb87fe95f8b"
KEPT = ("mathlive.min.mjs", "mathlive-static.css", "LICENSE.txt")


def present(folder=MATHLIVE):
    """Whether MathLive lies in `folder`, in the version that belongs to the editor."""
    stamp = folder / "VERSION"
    return stamp.is_file() and stamp.read_text(encoding="ascii").strip() == VERSION


def fetched(folder=MATHLIVE):
    """The `folder` with MathLive, fetched by npm when it is not there yet.

    CourseError: npm is missing, cannot get it, or brings something else than what was tested.
    """
    if present(folder):
        return folder
    with TemporaryDirectory(dir=folder.parent, prefix=".mathlive-") as aside:
        packed = _packed(aside)
        found = hashlib.sha256(packed.read_bytes()).hexdigest()
        if found != SHA256:
            raise CourseError(f"{packed.name} is not MathLive {VERSION}: its SHA-256 is {found}, expected {SHA256}.")
        new = Path(aside) / "new"
        _unpack(packed, new)
        shutil.rmtree(folder, ignore_errors=True)
        try:
            new.rename(folder)
        except OSError:
            if not present(folder):  # else another build was quicker, with the same files
                raise
    return folder


def _packed(folder):
    """The package's archive, packed by npm into `folder`."""
    npm = shutil.which("npm")
    if npm is None:
        raise CourseError("MathLive comes from its npm package: install npm (Debian: npm), then build again.")
    command = [npm, "pack", f"mathlive@{VERSION}", "--silent", "--pack-destination", folder]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    except subprocess.TimeoutExpired:
        raise CourseError("npm did not bring MathLive within 5 minutes.") from None
    found = list(Path(folder).glob("mathlive-*.tgz"))
    if done.returncode or len(found) != 1:
        raise CourseError(f"npm could not bring MathLive {VERSION}: {done.stderr.strip()[-500:]}")
    return found[0]


def _unpack(packed, folder):
    """What the editor needs of the archive, in `folder`: the module, its style, its fonts, its licence."""
    (folder / "fonts").mkdir(parents=True)
    with tarfile.open(packed) as archive:
        for member in archive:
            name = member.name.removeprefix("package/")
            font = name.startswith("fonts/") and name.endswith(".woff2") and name.count("/") == 1
            if member.isfile() and (name in KEPT or font):
                (folder / name).write_bytes(archive.extractfile(member).read())
    (folder / "VERSION").write_text(VERSION + "\n", encoding="ascii")
