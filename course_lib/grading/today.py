"""What the course is today: by which exercises and with which draws a verdict would be made now, and what it is worth.

A verdict is stale where it was made otherwise. Stale verdicts count until they are judged again, and it is said how
many there are.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from course_lib import __version__
from course_lib.grading.config import Config, Limits

if TYPE_CHECKING:
    from course_lib.checks.specification import Exercise
    from course_lib.grading.gradebook import Gradebook

NAMES_SHOWN = 6
STOPPING = ("seconds_per_call", "seconds_per_chapter", "memory_mb", "output_mb", "answer_mb")


@dataclass(frozen=True)
class Today:
    """What verdicts are made by.

    points         exercise -> what it is worth.
    fingerprints   exercise -> its fingerprint.
    chapters       exercise -> its chapter, for the chapters in play.
    seed           what the draws follow from.
    bounds         what a notebook may use before it is stopped, see `bounds_of`.
    """

    points: Mapping[str, float] = field(default_factory=dict)
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    chapters: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None
    bounds: Mapping[str, float] = field(default_factory=dict)


NOTHING = Today()


@dataclass(frozen=True)
class Origin:
    """How one verdict came about: what is said of it, by which exercise, library and seed, within which bounds.

    seed, bounds   None and empty where the gradebook does not say.
    """

    exercise: str
    status: str
    fingerprint: str
    library: str
    seed: int | None
    bounds: Mapping[str, float]


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


class _Fingerprints(Mapping[str, str]):
    """exercise -> its fingerprint, each made when it is asked for: most runs ask for those of one chapter."""

    def __init__(self, exercises: "Mapping[str, Exercise]"):
        self.exercises, self.made = exercises, dict[str, str]()

    def __getitem__(self, name: str) -> str:
        from course_lib.checks.fingerprint import fingerprint

        if name not in self.made:
            self.made[name] = fingerprint(self.exercises[name])
        return self.made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.exercises)

    def __len__(self) -> int:
        return len(self.exercises)


def today(config: Config, seed: int | None) -> Today:
    """The Today of the course; `seed` None: the draws say nothing."""
    from course_lib.checks import exercises
    from course_lib.grading.marks import worth

    decided = worth(config)
    points = {name: value for chapter in decided.values() for name, value in chapter.items()}
    found = [exercise for exercise in exercises() if exercise.name in points]
    return Today(
        points,
        _Fingerprints({exercise.name: exercise for exercise in found}),
        {exercise.name: exercise.chapter for exercise in found},
        seed,
        bounds_of(config.limits),
    )


def bounds_of(limits: Limits) -> dict[str, float]:
    """Those of the limits that stop a notebook or an answer: name -> value."""
    return {name: getattr(limits, name) for name in STOPPING}


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
    for submission, origin in gradebook.origins():
        judged.setdefault(submission, set()).add(origin.exercise)
        if origin.exercise in now.fingerprints and (reason := _why(now, origin)):
            yield submission, origin.exercise, reason
    for submission, chapter in gradebook.graded():
        for exercise in names.get(chapter, ()):
            if exercise not in judged.get(submission, ()):
                yield submission, exercise, "not judged yet, because the exercise is new"


def _why(now: Today, origin: Origin) -> str:
    if not origin.fingerprint:
        return "judged by the first edition"
    if origin.fingerprint != now.fingerprints[origin.exercise]:
        return "judged before the exercise was changed"
    if origin.library != __version__:
        return f"judged by course_lib {origin.library or '(unknown)'}, here is {__version__}"
    if now.seed is not None and origin.seed is not None and origin.seed != now.seed:
        return "judged with another seed"
    if origin.status == "stopped" and origin.bounds and origin.bounds != now.bounds:
        return "stopped under other limits"
    return ""


def _sentences(reasons: "Counter[tuple[str, str]]") -> Iterable[str]:
    for reason in dict.fromkeys(reason for reason, _ in reasons):
        per = {exercise: count for (why, exercise), count in reasons.items() if why == reason}
        shown = ", ".join(f"{name} {count}" for name, count in list(per.items())[:NAMES_SHOWN])
        more = f" and {len(per) - NAMES_SHOWN} more exercises" * (len(per) > NAMES_SHOWN)
        yield f"{sum(per.values())} {reason}: {shown}{more}"
