"""A class that does not exist: right answers, named mistakes, stubs, crashes, late work, in realistic proportions.

For trying everything before term, and for tests and benchmarks. The same seed makes the same files, byte for byte.
"""

import csv
import json
import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zlib import crc32

import numpy as np

from course_lib.checks import exercises
from course_lib.errors import CourseError
from course_lib.grading.bundle import bundle_name, packed
from course_lib.grading.config import Config
from course_lib.grading.files import write_whole
from course_lib.grading.notebook import chapter_by_name
from course_lib.grading.release import BEGIN, END, STUB, defines

# Where a chapter has no due time: any fixed day, so that the same seed makes the same files.
NO_DUE = datetime(2026, 1, 15, 22, 0, tzinfo=UTC)
HANDS_IN, RESUBMITS, LATE, COPIES, LOOSE_FOLDER = 0.92, 0.1, 0.08, 0.02, 0.12
# What becomes of an answer that is not right, and of a whole notebook; the rest of the notebooks are ordinary.
WRONG_WAYS = {"mistake": 0.62, "stub": 0.17, "crash": 0.1, "none": 0.06, "unnamed": 0.045, "hang": 0.005}
ACCIDENTS = {
    "a failing cell": (0.04, "result = undefined_name + 1"),
    "chatter": (0.01, "for number in range(3000):\n    print('step', number, 'of many')"),
    "the end of Python": (0.004, "import os\nos._exit(0)"),
    "an endless loop": (0.001, "while True:\n    pass"),
}
BROKEN_FILE = 0.006


@dataclass(frozen=True)
class Sources:
    """One chapter's material: the released notebook, and a right cell for each exercise."""

    chapter: str
    name: str
    notebook: dict = field(repr=False)
    right: dict = field(repr=False)


@dataclass(frozen=True)
class Handed:
    """One file that was handed in: exercise -> "right", "stub", "mistake:<id>", ...; `accident` befell all of it."""

    student: str
    chapter: str
    path: Path
    meant: dict
    accident: str
    late: bool


@dataclass(frozen=True)
class Simulated:
    """What was handed in; it shows itself as a summary."""

    inbox: Path
    handed: tuple[Handed, ...]

    def __str__(self):
        kinds = Counter(kind.partition(":")[0] for item in self.handed for kind in item.meant.values())
        total = sum(kinds.values())
        shares = ", ".join(f"{kind} {100 * count / total:.0f} %" for kind, count in kinds.most_common())
        accidents = Counter(item.accident for item in self.handed if item.accident)
        befell = ", ".join(f"{count} with {what}" for what, count in accidents.most_common()) or "none with an accident"
        students = len({item.student for item in self.handed})
        return (
            f"{self.inbox}: {len(self.handed)} submissions of {students} students, "
            f"{sum(item.late for item in self.handed)} late, {befell}.\nAnswers: {shares}.\n"
            f"Now: course grade {self.inbox}, then course lms canvas {canvas_export(self.inbox)}"
        )


def simulate(inbox: Path, students: int, seed: int, root: Path, config: Config) -> Simulated:
    """Hand in for `students` students into the folder `inbox`, which must be new or empty; a Simulated.

    root     the course folder: exercises/ are filled in, right answers come from solutions/.
    config   its due times decide what is late, its chapters which are in play.
    """
    inbox = Path(inbox)
    if inbox.exists() and (not inbox.is_dir() or any(inbox.iterdir())):
        raise CourseError(f"{inbox} is not empty; a new folder was expected, so that nobody's real work is mixed in.")
    material = [sources(path) for path in sorted((root / "exercises").glob("*.ipynb"))]
    material = [m for m in material if m.right and (not config.chapters or m.chapter in config.chapters)]
    if not material:
        raise CourseError(f"There is no released chapter in {root / 'exercises'} that {root / 'solutions'} solves.")
    inbox.mkdir(parents=True, exist_ok=True)
    handed: list[Handed] = []
    neighbour: dict[str, bytes] = {}
    for number in range(1, students + 1):
        draw = np.random.default_rng([seed, number])
        able = draw.beta(5, 2)
        for chapter in material:
            if draw.random() < HANDS_IN:
                handed += _attempts(inbox, f"sim-{number:04}", chapter, able, draw, config, neighbour)
    _write_canvas_export(canvas_export(inbox), students, material)
    return Simulated(inbox, tuple(handed))


def canvas_export(inbox):
    """Where the Canvas gradebook of a simulated class lies: beside its inbox."""
    return inbox.with_name(inbox.name + ".canvas.csv")


def _write_canvas_export(path, students, material):
    """The gradebook that Canvas would export for this class, with an empty column for each chapter."""
    columns = [f"Exercises {chapter.chapter} ({1000 + number})" for number, chapter in enumerate(material)]
    possible = [f"{sum(e.points for e in exercises(chapter.chapter)):g}" for chapter in material]
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *columns])
        rows.writerow(["    Points Possible", "", "", "", "", *possible])
        for number in range(1, students + 1):
            name = f"sim-{number:04}"
            rows.writerow([f"Student {number}", 5000 + number, name, name, "all", *[""] * len(columns)])


def sources(path: Path) -> Sources:
    """The Sources of a released notebook; `right` is empty where there are no solutions beside it."""
    chapter = chapter_by_name(path.name)
    notebook = json.loads(path.read_text(encoding="utf-8"))
    solved = path.parent.parent / "solutions" / path.name
    cells = _code(json.loads(solved.read_text(encoding="utf-8"))) if solved.is_file() else []
    right = {}
    for exercise in exercises(chapter) if chapter else ():
        found = [cell for cell in cells if defines(cell, exercise.name) and BEGIN in cell]
        if found:
            lines = found[0].splitlines()
            right[exercise.name] = "\n".join(x for x in lines if not x.strip().startswith((BEGIN, END, STUB)))
    return Sources(chapter, path.name, notebook, right)


def _code(notebook):
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def filled(notebook, answers, extra=()):
    """Bytes of the notebook with the cells that define a name replaced by its answer, and `extra` cells at the end."""
    cells = []
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            source = next((text for name, text in answers.items() if defines(source, name)), source)
        cells.append({**cell, "source": source})
    cells += [
        {
            "cell_type": "code",
            "id": f"extra-{n}",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": text,
        }
        for n, text in enumerate(extra)
    ]
    return json.dumps({**notebook, "cells": cells}, ensure_ascii=False).encode()


def _attempts(inbox, student, chapter, able, draw, config, neighbour):
    """One hand-in of a chapter, or a poorer one and a better."""
    due = config.due.get(chapter.chapter, NO_DUE)
    late = draw.random() < LATE
    hours = draw.uniform(1, 72) if late else -draw.uniform(0.1, 120)
    final = due + timedelta(hours=float(hours))
    in_folder = draw.random() < LOOSE_FOLDER
    if draw.random() < RESUBMITS:
        yield _hand_in(inbox, student, chapter, able / 2, draw, final - timedelta(hours=7), in_folder, late, {})
    yield _hand_in(inbox, student, chapter, able, draw, final, in_folder, late, neighbour)


def _hand_in(inbox, student, chapter, able, draw, time, in_folder, late, neighbour):
    """Write one submission of one student; the Handed. `neighbour` keeps the latest answers, for those who copy."""
    meant, answers = {}, {}
    for exercise in exercises(chapter.chapter):
        if exercise.name in chapter.right:
            meant[exercise.name], text = _answer(exercise, chapter.right[exercise.name], able, draw)
            if text is not None:
                answers[exercise.name] = _in_own_words(text, student)
    if chapter.chapter in neighbour and draw.random() < COPIES:
        meant, answers = neighbour[chapter.chapter]
        answers = {name: f"# all my own work\n{text}" for name, text in answers.items()}
    neighbour[chapter.chapter] = meant, answers
    accident, extra = _accident(draw)
    data = filled(chapter.notebook, answers, extra)
    if draw.random() < BROKEN_FILE:
        accident, data = "a file cut off", data[: len(data) // 2]
    return Handed(
        student, chapter.chapter, _write(inbox, student, chapter, data, time, in_folder), meant, accident, late
    )


def _answer(exercise, right, able, draw):
    """(what is meant, the cell's source or None for the untouched stub) of one answer."""
    if draw.random() < 0.3 + 0.68 * able:
        return "right", right
    way = str(draw.choice(list(WRONG_WAYS), p=list(WRONG_WAYS.values())))
    if way == "mistake" and exercise.mistakes:
        mistake = exercise.mistakes[int(draw.choice(len(exercise.mistakes), p=_frequencies(exercise)))]
        return f"mistake:{mistake.id}", mistake.source(exercise.name)
    if exercise.kind != "function":
        return "stub", None
    first = exercise.parameters[0]
    bodies = {
        "crash": f"return {first}.no_such_attribute",
        "none": f"result = {first}",
        "unnamed": "return 0.12345",
        "hang": "while True:\n        pass",
    }
    if way not in bodies:
        return "stub", None
    return way, f"def {exercise.call}:\n    {bodies[way]}"


def _in_own_words(text, student):
    """The answer with a line of the student's own where it is long: nobody writes those as somebody else does."""
    return f"{text}\n\nnote_of_{student[-4:]} = 0" if text.count("\n") > 2 else text


def _frequencies(exercise):
    """How often each mistake is made: as in a real class, a few by far the most. Which ones these are is made up."""
    ranks = np.random.default_rng(crc32(exercise.name.encode())).permutation(len(exercise.mistakes))
    shares = 1 / (1 + ranks)
    return shares / shares.sum()


def _accident(draw):
    """(its name, cells to add) of what befell a whole notebook; mostly nothing."""
    at = draw.random()
    for name, (share, cell) in ACCIDENTS.items():
        if at < share:
            return name, [cell]
        at -= share
    return "", []


def _write(inbox, student, chapter, data, time, in_folder):
    if in_folder:
        path = inbox / student / f"{chapter.name.removesuffix('.ipynb')}_{time:%d%H%M}.ipynb"
        path.parent.mkdir(exist_ok=True)
    else:
        path = inbox / f"{bundle_name(student, chapter.chapter, time)}.zip"
        data = packed(student, chapter.chapter, chapter.name, data, time)
    write_whole(path, data)
    os.utime(path, (time.timestamp(), time.timestamp()))
    return path
