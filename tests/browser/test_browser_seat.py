"""The browser seat: what its lock file says of Pyodide's release."""

import json

from course_lib.lab import lock


def test_the_lock_holds_the_releases_own_words(pyodide):
    """What the lab's lock says of a package of Pyodide's release is what the release says of it."""

    release = json.loads((pyodide / "pyodide-lock.json").read_text(encoding="utf-8"))
    ours = json.loads(lock.RELEASE.read_text(encoding="utf-8"))
    assert ours["info"] == release["info"]
    assert len(ours["packages"]) > 20
    assert all(release["packages"][name] == package for name, package in ours["packages"].items())
