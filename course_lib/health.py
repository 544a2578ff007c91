"""Is everything here that the course needs, and if not, how is it had?"""

import html
import os
import sys
from dataclasses import dataclass
from importlib import metadata

from course_lib.browser import IN_BROWSER
from course_lib.grading.config import course_root

PACKAGES = {"NumPy": "numpy", "Matplotlib": "matplotlib", "ipywidgets": "ipywidgets", "lark": "lark"}
INSTALL = "run `make lab` in a clone of the course, or `python -m pip install {name}`"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: what it is, whether it is fine, and what to do if not."""

    what: str
    fine: bool
    advice: str = ""


@dataclass(frozen=True)
class Health:
    """All findings; it shows itself as a list."""

    findings: tuple

    @property
    def ok(self):
        return all(finding.fine for finding in self.findings)

    @property
    def summary(self):
        missing = sum(not finding.fine for finding in self.findings)
        return (
            "Everything the course needs is here." if not missing else f"{missing} of {len(self.findings)} need care."
        )

    def __repr__(self):
        lines = [f"{'✓' if f.fine else '✗'} {f.what}{'' if f.fine else ': ' + f.advice}" for f in self.findings]
        return "\n".join([*lines, self.summary])

    def _repr_html_(self):
        items = "".join(
            f"<li>{'✓' if f.fine else '✗'} {html.escape(f.what)}{'' if f.fine else ': ' + html.escape(f.advice)}</li>"
            for f in self.findings
        )
        return f'<ul style="list-style:none;padding-left:0">{items}</ul><p>{self.summary}</p>'


def doctor(seat="student"):
    """Look at this machine.

    seat   "student": what reading and solving need; "instructor": what grading needs.
    Returns a Health, which shows itself.
    """
    if seat not in ("student", "instructor"):
        raise ValueError(f"seat is {seat!r}, expected 'student' or 'instructor'")
    # In a browser Matplotlib is fetched with the first figure.
    looked_at = [title for title in PACKAGES if not (IN_BROWSER and title == "Matplotlib")]
    findings = [_python(), *(_package(title, PACKAGES[title]) for title in looked_at), *_place(seat)]
    if seat == "instructor":
        findings.append(_sandbox())
    return Health(tuple(findings))


def _python():
    version = ".".join(str(part) for part in sys.version_info[:3])
    where = " in the browser" if IN_BROWSER else ""
    return Finding(f"Python {version}{where}", sys.version_info >= (3, 11), "Python 3.11 or newer is needed")


def _package(title, name):
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Finding(title, False, INSTALL.format(name=name))
    return Finding(f"{title} {version}", True)


def _place(seat):
    """Where the work lies and whether it is kept."""
    in_course = course_root() is not None
    if IN_BROWSER:
        advice = "this browser gives Python no files, as in a private window; open the course in an ordinary one"
        kept = "kept in this browser's data; File → Download makes a copy of your own"
        return [Finding("the course's files", in_course, advice), *([Finding(kept, True)] if in_course else [])]
    advice = "`course start` lays one out, and submit() looks for it"
    # Who grades on a server has no JupyterLab there, and no course folder.
    students = [_package("JupyterLab", "jupyterlab"), Finding("this folder is in a course", in_course, advice)]
    return [
        *(students if seat == "student" else []),
        Finding("this folder can be written to", os.access(".", os.W_OK), "save the course where you may write"),
    ]


def _sandbox():
    from course_lib.errors import CourseError
    from course_lib.grading.sandbox import find_confinement

    try:
        find_confinement()
    except CourseError as error:
        return Finding("sandbox for grading (bubblewrap)", False, str(error))
    return Finding("sandbox for grading (bubblewrap)", True)
