"""What a learner calls in a notebook: check, hint, progress."""

import html
import sys
from dataclasses import dataclass

from course_lib.checks import bank
from course_lib.checks.judging import FunctionCaller, TextCaller, judge
from course_lib.checks.verdict import STATUSES, Verdict, inline_html
from course_lib.errors import CourseError

# What happened since the kernel started: the latest verdict and the number of hints taken, by exercise.
_latest: dict[str, Verdict] = {}
_hints_taken: dict[str, int] = {}


def check(answer):
    """Judge an answer and say which mistake it is.

    answer   the function you wrote, or the name of a function or derivation in quotes.
    Returns a Verdict, which shows itself. It never raises for a wrong answer, so a notebook runs on.
    """
    try:
        name, given = _named_answer(answer)
        exercise = bank.find(name)
    except CourseError as error:
        return Verdict(_shown_name(answer), "unknown", str(error))
    caller = TextCaller(given) if isinstance(given, str) else FunctionCaller(given)
    verdict = judge(exercise, caller)
    _latest[name] = verdict
    return verdict


def hint(exercise):
    """The next hint for an exercise (the function or its name); each call tells a little more."""
    try:
        found = bank.find(_shown_name(exercise))
    except CourseError as error:
        return Hint(_shown_name(exercise), str(error), 0, 0)
    taken = min(_hints_taken.get(found.name, 0) + 1, len(found.hints))
    _hints_taken[found.name] = taken
    return Hint(found.name, found.hints[taken - 1], taken, len(found.hints))


def progress(chapter=None):
    """What is right so far in this session, exercise by exercise.

    chapter   such as "01"; by default the chapters in which something was checked, or all of them at the start.
    """
    try:
        chapters = bank.chapters()
    except CourseError as error:
        return Progress((), str(error))
    if chapter is not None:
        wanted = [str(chapter) if str(chapter) in chapters else f"{chapter:0>2}"]
        if wanted[0] not in chapters:
            return Progress((), f"No chapter {chapter!r} has exercises; the chapters are {', '.join(chapters)}.")
    else:
        wanted = sorted({verdict.chapter for verdict in _latest.values()}) or chapters
    rows = [(exercise, _latest.get(exercise.name)) for number in wanted for exercise in bank.exercises(number)]
    return Progress(tuple(rows))


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
    """A table of exercises with the latest verdict of each, or the sentence why there is none."""

    rows: tuple
    complaint: str = ""

    @property
    def points(self):
        return sum(verdict.points for _, verdict in self.rows if verdict)

    @property
    def summary(self):
        right = sum(bool(verdict and verdict.ok) for _, verdict in self.rows)
        total = sum(exercise.points for exercise, _ in self.rows)
        return f"{right} of {len(self.rows)} exercises right, {self.points:g} of {total:g} points"

    def __repr__(self):
        if self.complaint:
            return self.complaint
        width = max(len(exercise.name) for exercise, _ in self.rows)
        lines = [f"{e.chapter}  {e.name:<{width}}  {_state(v)}" for e, v in self.rows]
        return "\n".join([*lines, self.summary])

    def _repr_html_(self):
        if self.complaint:
            return f"<p>{html.escape(self.complaint)}</p>"
        rows = "".join(
            f'<tr><td style="text-align:left">{e.chapter}</td>'
            f'<td style="text-align:left"><code>{e.name}</code></td>'
            f'<td style="text-align:left">{"✓ " if v and v.ok else ""}{html.escape(_state(v))}</td>'
            f"<td>{(v.points if v else 0):g} / {e.points:g}</td></tr>"
            for e, v in self.rows
        )
        head = "".join(
            f'<th style="text-align:left">{title}</th>' for title in ("chapter", "exercise", "so far", "points")
        )
        return (
            f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
            f"<p><progress max='{max(len(self.rows), 1)}' value='{sum(bool(v and v.ok) for _, v in self.rows)}' "
            f"aria-label='exercises right'></progress> {self.summary}</p>"
        )


def _state(verdict):
    if verdict is None:
        return "not checked yet"
    named = f" ({verdict.mistake})" if verdict.mistake else ""
    return STATUSES[verdict.status] + named


def _named_answer(answer):
    """(name, function or text) of what was handed to `check`."""
    if isinstance(answer, str):
        return answer, _by_name(answer)
    if not callable(answer):
        raise CourseError(f"`check` takes the function you wrote, such as check(f); it got {_article(answer)}.")
    name = _shown_name(answer)
    if bank.find(name).kind == "derivation":
        raise CourseError(f'`{name}` is a text; check it by its name in quotes, check("{name}").')
    return name, answer


def _by_name(name):
    """The function, or the text of the derivation, that the notebook has under an exercise's name."""
    if "\n" in name or "=" in name:
        raise CourseError('A derivation is checked by the name of its variable in quotes, such as check("name").')
    wanted = "text" if bank.find(name).kind == "derivation" else "function"
    found = session_names().get(name)
    if isinstance(found, str) if wanted == "text" else callable(found):
        return found
    raise CourseError(f"No {wanted} called `{name}` is defined yet; run the cell that defines it, then check.")


def _shown_name(answer):
    if isinstance(answer, str):
        return answer[:80]
    name = getattr(answer, "__name__", "")
    if name.isidentifier():
        return name
    # A lambda or a partial has no name of its own: the name it was given in the notebook counts.
    given = [key for key, value in session_names().items() if value is answer and not key.startswith("_")]
    return given[0] if given else (name or _article(answer))


def session_names():
    """The variables of the notebook, {} outside one."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell.user_ns if shell else {}


def _article(value):
    name = type(value).__name__
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"
