"""What the course is today: by which exercises and with which draws a verdict would be made now, and what it is worth.

A verdict is stale where it was made otherwise. Stale verdicts count until they are judged again, and it is said how
many there are.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from course_lib import __version__
from course_lib.grading.config import Config

if TYPE_CHECKING:
    from course_lib.grading.gradebook import Gradebook

NAMES_SHOWN = 6


@dataclass(frozen=True)
class Today:
    """What verdicts are made by.

    points         exercise -> what it is worth.
    fingerprints   exercise -> its fingerprint.
    chapters       exercise -> its chapter, for the chapters in play.
    seed           what the draws follow from.
    """

    points: Mapping[str, float] = field(default_factory=dict)
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    chapters: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None


NOTHING = Today()


@dataclass(frozen=True)
class Stale:
    """Verdicts that would be made otherwise today; submission id -> the exercises to be judged again."""

    by_submission: Mapping[int, tuple[str, ...]]
    reasons: tuple[str, ...]

    @property
    def count(self) -> int:
        return sum(map(len, self.by_submission.values()))

    def __str__(self) -> str:
        """Sentences for the instructor, "" where nothing is stale."""
        if not self.count:
            return ""
        one = self.count == 1
        head = f"{self.count} verdict{'s are' * (not one)}{' is' * one} stale and count{'s' * one} as judged then:"
        tail = f"`course grade INBOX --stale` judges exactly {'this one' if one else 'these'} again."
        return "\n".join([head, *(f"  {reason}" for reason in self.reasons), tail])


def today(config: Config, seed: int | None) -> Today:
    """The Today of the course; `seed` None: the draws say nothing."""
    from course_lib.checks import exercises
    from course_lib.checks.fingerprint import fingerprint
    from course_lib.grading.marks import worth

    decided = worth(config)
    points = {name: value for chapter in decided.values() for name, value in chapter.items()}
    found = [exercise for exercise in exercises() if exercise.name in points]
    return Today(
        points,
        {exercise.name: fingerprint(exercise) for exercise in found},
        {exercise.name: exercise.chapter for exercise in found},
        seed,
    )


def stale(gradebook: "Gradebook", now: Today) -> Stale:
    """What is stale in a gradebook, exercise by exercise."""
    reasons: Counter[tuple[str, str]] = Counter()
    chosen: dict[int, list[str]] = {}
    for submission, exercise, reason in _found(gradebook, now):
        reasons[reason, exercise] += 1
        chosen.setdefault(submission, []).append(exercise)
    return Stale({number: tuple(names) for number, names in chosen.items()}, tuple(_sentences(reasons)))


def _found(gradebook: "Gradebook", now: Today) -> Iterable[tuple[int, str, str]]:
    """(submission, exercise, why) of every verdict that is stale, or that is missing because its exercise is new."""
    names: dict[str, list[str]] = {}
    for exercise, chapter in now.chapters.items():
        names.setdefault(chapter, []).append(exercise)
    judged: dict[int, set[str]] = {}
    for submission, exercise, fingerprint, library, seed in gradebook.origins():
        judged.setdefault(submission, set()).add(exercise)
        if exercise in now.fingerprints:
            reason = _why(now, exercise, fingerprint, library, seed)
            if reason:
                yield submission, exercise, reason
    for submission, chapter in gradebook.graded():
        for exercise in names.get(chapter, ()):
            if exercise not in judged.get(submission, ()):
                yield submission, exercise, "not judged yet, because the exercise is new"


def _why(now: Today, exercise: str, fingerprint: str, library: str, seed: int | None) -> str:
    if not fingerprint:
        return "judged by the first edition"
    if fingerprint != now.fingerprints[exercise]:
        return "judged before the exercise was changed"
    if library != __version__:
        return f"judged by course_lib {library or '(unknown)'}, here is {__version__}"
    if now.seed is not None and seed is not None and seed != now.seed:
        return "judged with another seed"
    return ""


def _sentences(reasons: "Counter[tuple[str, str]]") -> Iterable[str]:
    for reason in dict.fromkeys(reason for reason, _ in reasons):
        per = {exercise: count for (why, exercise), count in reasons.items() if why == reason}
        shown = ", ".join(f"{name} {count}" for name, count in list(per.items())[:NAMES_SHOWN])
        more = f" and {len(per) - NAMES_SHOWN} more exercises" * (len(per) > NAMES_SHOWN)
        yield f"{sum(per.values())} {reason}: {shown}{more}"
