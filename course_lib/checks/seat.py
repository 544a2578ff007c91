"""What a learner calls in a notebook: check, hint, progress."""

import html
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from course_lib.checks import bank, memory, origins
from course_lib.checks.calling import describe
from course_lib.checks.judging import FunctionCaller, TextCaller, judge
from course_lib.checks.specification import Exercise
from course_lib.checks.verdict import STATUSES, Verdict, inline_html
from course_lib.errors import CourseError

PACKAGE = str(Path(__file__).resolve().parent.parent)
# What happened since the kernel started: the latest verdict and the number of hints taken, by exercise.
_latest: dict[str, Verdict] = {}
_hints_taken: dict[str, int] = {}
# What was said once and is not said again.
_said: set[str] = set()


def check(answer: Callable[..., Any] | str) -> Verdict:
    """Judge an answer and say which mistake it is.

    answer   the function you wrote, or the name of a function or derivation in quotes.
    Returns a Verdict, which shows itself. It never raises for an answer, so a notebook runs on; who interrupts it sees
    where the answer was.
    """
    __tracebackhide__ = True
    name = _shown_name(answer)
    try:
        name, given = _named_answer(answer)
        if isinstance(given, Verdict):
            return given
        exercise = bank.find(name)
        with np.errstate(all="ignore"):  # for what the judge computes; an answer has NumPy's own settings
            verdict = judge(exercise, TextCaller(given) if isinstance(given, str) else FunctionCaller(given))
    except CourseError as error:
        return Verdict(name, "unknown", str(error))
    except KeyboardInterrupt as interrupt:
        raise interrupt.with_traceback(_outside(interrupt.__traceback__)) from None
    except Exception as error:  # a fault of ours must not end the notebook, and it must not look like the learner's
        return Verdict(name, "failed", f"The check itself failed, with {describe(error)}. That is no fault of yours.")
    _latest[name] = verdict
    return _with_what_is_new(verdict)


def _with_what_is_new(verdict: Verdict) -> Verdict:
    """The verdict, after it was kept for the next kernel; why it could not be kept is said once."""
    complaint = memory.remember(_latest)
    if not complaint or complaint in _said:
        return verdict
    _said.add(complaint)
    return replace(verdict, message=f"{verdict.message} ({complaint.rstrip('.')}.)")


def _outside(step: TracebackType | None) -> TracebackType | None:
    """A traceback without the course's own frames; as it is where nothing else is in it."""
    frames = []
    whole = step
    while step is not None:
        if not step.tb_frame.f_code.co_filename.startswith(PACKAGE):
            frames.append(step)
        step = step.tb_next
    if not frames:
        return whole
    shown: TracebackType | None = None
    for frame in reversed(frames):
        shown = TracebackType(shown, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return shown


def hint(exercise: Callable[..., Any] | str) -> "Hint":
    """The next hint for an exercise (the function or its name); each call tells a little more."""
    name = _shown_name(exercise)
    try:
        found = bank.find(name)
    except CourseError as error:
        return Hint(name, str(error), 0, 0)
    if found.kind == "derivation" and (begun := _begun(found.name)):
        return _next_in_derivation(found, begun)
    taken = min(_hints_taken.get(found.name, 0) + 1, len(found.hints))
    _hints_taken[found.name] = taken
    return Hint(found.name, found.hints[taken - 1], taken, len(found.hints))


# How much was told of the next line of which text, by exercise.
_told: dict[str, tuple[str, int]] = {}


def _begun(name: str) -> str:
    """The text of a derivation that stands in the notebook, "" where nothing is written yet."""
    text = session_names().get(name)
    return text if isinstance(text, str) and text.strip() else ""


def _next_in_derivation(exercise: Exercise, text: str) -> "Hint":
    """The next line of what is written, one tier at a time: the rule, the line with a gap, the line."""
    from course_lib.derivation.workout.next_line import TIERS, next_line

    problem: Any = exercise.problem
    try:
        total = TIERS if origins.tells_lines() else TIERS - 1
    except CourseError as error:
        return Hint(exercise.name, str(error), 0, 0)
    before, tier = _told.get(exercise.name, ("", 0))
    tier = min(tier + 1, total) if before == text else 1
    found = next_line(text, problem.shapes, problem.functions, tier, problem.goal, problem.given, problem.steps)
    if not found.finished:
        _told[exercise.name] = (text, tier)
        _hints_taken[exercise.name] = _hints_taken.get(exercise.name, 0) + 1
    said = "\n".join(f"{words} `{tex}`" if tex else words for words, tex in found.told())
    return Hint(exercise.name, said, 0 if found.finished else tier, 0 if found.finished else total)


def progress(chapter: Any = None) -> "Progress":
    """What is right so far, exercise by exercise, in this notebook and before.

    chapter   such as "01", or an exercise of it; by default all chapters, those in which nothing was checked in one
              line each.
    """
    try:
        everything, verdicts = bank.exercises(), {**memory.remembered(), **_latest}
        wanted = _chapter_of(chapter, everything)
    except CourseError as error:
        return Progress((), complaint=str(error))
    rows = [(exercise, verdicts.get(exercise.name)) for exercise in everything]
    begun = {e.chapter for e, verdict in rows if verdict} or {e.chapter for e, _ in rows}
    shown = begun if wanted is None else {wanted}
    others = [] if wanted is not None else [(e, v) for e, v in rows if e.chapter not in shown]
    return Progress(tuple((e, v) for e, v in rows if e.chapter in shown), tuple(others))


def _chapter_of(given: Any, everything: list[Exercise]) -> str | None:
    """The chapter that is meant by its number, its name, or one of its exercises; None for None."""
    if given is None:
        return None
    chapters = list(dict.fromkeys(exercise.chapter for exercise in everything))
    name = given if isinstance(given, str) else str(given) if isinstance(given, int) else _shown_name(given)
    for known in (name, f"{name:0>2}"):
        if known in chapters:
            return known
    if callable(given) or any(exercise.name == name for exercise in everything):
        return bank.find(name).chapter
    raise CourseError(f"No chapter {given!r} has exercises; the chapters are {', '.join(chapters)}.")


@dataclass(frozen=True)
class Hint:
    """One hint: the `number`-th of `total`."""

    exercise: str
    text: str
    number: int
    total: int

    @property
    def _heading(self):
        if not self.total:
            return self.exercise
        last = ", the last one" if self.number == self.total else ""
        return f"{self.exercise}: hint {self.number} of {self.total}{last}"

    def __repr__(self):
        return f"{self._heading}\n  {self.text}"

    def _repr_html_(self):
        return (
            '<div style="border-left:4px solid #e69f00;padding:.2em .8em;margin:.2em 0">'
            f"<strong>{html.escape(self._heading)}</strong><br>{inline_html(self.text)}</div>"
        )


@dataclass(frozen=True)
class Progress:
    """A table of exercises with the latest verdict of each, or the sentence why there is none.

    rows     (exercise, its verdict or None), shown one by one.
    others   the same of chapters that are shown in one line each.
    """

    rows: tuple[tuple[Exercise, Verdict | None], ...]
    others: tuple[tuple[Exercise, Verdict | None], ...] = ()
    complaint: str = ""

    @property
    def points(self) -> float:
        return sum(verdict.points for _, verdict in (*self.rows, *self.others) if verdict)

    @property
    def summary(self) -> str:
        rows = (*self.rows, *self.others)
        right = sum(bool(verdict and verdict.ok) for _, verdict in rows)
        total = sum(exercise.points for exercise, _ in rows)
        return f"{right} of {len(rows)} exercises right, {self.points:g} of {total:g} points"

    @property
    def _to_come(self) -> list[tuple[str, int, float]]:
        """(chapter, how many exercises, their points) of the chapters in one line each."""
        chapters: dict[str, list[float]] = {}
        for exercise, _ in self.others:
            chapters.setdefault(exercise.chapter, []).append(exercise.points)
        return [(chapter, len(points), sum(points)) for chapter, points in chapters.items()]

    def __repr__(self) -> str:
        if self.complaint:
            return self.complaint
        width = max(len(exercise.name) for exercise, _ in self.rows)
        lines = [(e.chapter, f"{e.chapter}  {e.name:<{width}}  {_state(v)}") for e, v in self.rows]
        lines += [(chapter, f"{chapter}  {_count(count)}, not begun") for chapter, count, _ in self._to_come]
        return "\n".join([*(line for _, line in sorted(lines, key=_chapter)), self.summary])

    def _repr_html_(self) -> str:
        if self.complaint:
            return f"<p>{html.escape(self.complaint)}</p>"
        left = '<td style="text-align:left">'
        rows = [
            (
                e.chapter,
                f"<tr>{left}{html.escape(e.chapter)}</td>{left}<code>{e.name}</code></td>"
                f"{left}{'✓ ' if v and v.ok else ''}{html.escape(_state(v))}</td>"
                f"<td>{(v.points if v else 0):g} / {e.points:g}</td></tr>",
            )
            for e, v in self.rows
        ]
        rows += [
            (
                chapter,
                f"<tr>{left}{html.escape(chapter)}</td>{left}{_count(count)}</td>"
                f"{left}not begun</td><td>0 / {most:g}</td></tr>",
            )
            for chapter, count, most in self._to_come
        ]
        head = "".join(
            f'<th style="text-align:left">{title}</th>' for title in ("chapter", "exercise", "so far", "points")
        )
        everything = (*self.rows, *self.others)
        return (
            f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(row for _, row in sorted(rows, key=_chapter))}"
            "</tbody></table>"
            f"<p><progress max='{max(len(everything), 1)}' value='{sum(bool(v and v.ok) for _, v in everything)}' "
            f"aria-label='exercises right'></progress> {self.summary}</p>"
        )


def _chapter(line: tuple[str, str]) -> str:
    return line[0]


def _count(count: int) -> str:
    return f"{count} exercise{'s' * (count != 1)}"


def _state(verdict: Verdict | None) -> str:
    return "not checked yet" if verdict is None else STATUSES[verdict.status]


def _named_answer(answer: Any) -> tuple[str, Any]:
    """(name, function or text) of what was handed to `check`; instead of these a Verdict where nothing is there yet."""
    if isinstance(answer, str):
        return answer, _by_name(answer)
    if not callable(answer):
        raise CourseError(f"`check` takes the function you wrote, such as check(f); it got {_article(answer)}.")
    name = _shown_name(answer)
    if bank.find(name).kind == "derivation":
        raise CourseError(f'`{name}` is a text; check it by its name in quotes, check("{name}").')
    return name, answer


def _by_name(name: str) -> Any:
    """The function, or the text of the derivation, that the notebook has under an exercise's name."""
    if "\n" in name or "=" in name:
        raise CourseError('A derivation is checked by the name of its variable in quotes, such as check("name").')
    exercise = bank.find(name)
    wanted = "text" if exercise.kind == "derivation" else "function"
    found = session_names().get(name)
    if isinstance(found, str) if wanted == "text" else callable(found):
        return found
    there = (
        f"`{name}` is {_article(found)} here" if found is not None else f"No {wanted} called `{name}` is defined yet"
    )
    message = f"{there}; run the cell that defines the {wanted}, then check."
    return Verdict(name, "not attempted", message, 0.0, exercise.points, chapter=exercise.chapter)


def _shown_name(answer: Any) -> str:
    """The name of the exercise that is meant: that of the function, else the name that it was given in the notebook."""
    if isinstance(answer, str):
        return answer[:80]
    name = getattr(answer, "__name__", "")
    name = name if isinstance(name, str) else ""
    if name.isidentifier() and _is_exercise(name):
        return name
    # A lambda has no name of its own, a decorated function that of its wrapper, an alias that of another function.
    given = [key for key, value in session_names().items() if value is answer and not key.startswith("_")]
    meant = next(filter(_is_exercise, given), None)
    return meant or (name if name.isidentifier() else (given[0] if given else (name or _article(answer))))


def _is_exercise(name: str) -> bool:
    try:
        bank.find(name)
    except CourseError:
        return False
    return True


def session_names() -> dict[str, Any]:
    """The variables of the notebook, {} outside one."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell.user_ns if shell else {}


def _article(value: Any) -> str:
    name = type(value).__name__
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"
