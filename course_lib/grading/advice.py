"""What an instructor wants from the class report first: what to teach again, who needs help, how the chapters go."""

import math
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from course_lib.grading.config import Config

if TYPE_CHECKING:
    from course_lib.grading.report import Class, Item, Row


# A chapter without a due time is under way until this share of the class has handed it in.
UNDER_WAY = 1 / 3
RECENT = 2
LOW = 0.5
# A mistake is worth a lesson when it is more than one or two students' own.
FEW, SMALL_SHARE = 2, 0.04
TAUGHT, HABITS, HARD = 3, 2, 0.6


@dataclass(frozen=True)
class Chapter:
    """How one chapter went: how many handed it in, how many of them late; quartiles of their shares of its points."""

    name: str
    handed_in: int
    late: int
    low: float
    median: float
    high: float


@dataclass(frozen=True)
class Need:
    """A student who needs help, why, and the share of each closed chapter (None: not handed in)."""

    student: str
    reason: str
    shares: tuple[float | None, ...]
    recent: float


@dataclass(frozen=True)
class Habit:
    """A mistake's id with the students who made it in the latest chapter and in an earlier one."""

    id: str
    who: tuple[str, ...]
    chapters: tuple[str, ...]


def trend(found: "Class") -> list[Chapter]:
    """A Chapter for each chapter that anybody handed in, in order."""
    chapters = []
    for name in sorted(found.handed_in):
        shares = [_share(mine[name]) for mine in found.totals.values() if name in mine and name in found.handed_in]
        low, median, high = np.quantile(shares, (0.25, 0.5, 0.75))
        chapters.append(Chapter(name, found.handed_in[name], found.late[name], float(low), float(median), float(high)))
    return chapters


def closed(found: "Class", config: Config, now: datetime) -> list[str]:
    """The chapters, in order, that a student can be behind with: their due time is past, or many handed them in."""
    enough = UNDER_WAY * len(found.totals)
    return [
        name
        for name in sorted(found.handed_in)
        if (config.due[name] <= now if name in config.due else found.handed_in[name] >= enough)
    ]


def needs(found: "Class", chapters: list[str]) -> list[Need]:
    """Who needs help now, the most urgent first: a list of Need.

    chapters   those that are closed, in order.
    """
    unread = defaultdict(list)
    for row in found.unread:
        unread[row.student_id].append(row.chapter)
    listed = []
    for student, mine in found.totals.items():
        shares = tuple(_share(mine[name]) if name in mine else None for name in chapters)
        lost = [name for name in chapters[-RECENT:] if name in unread[student] and name not in mine]
        reason = _reason(shares, chapters, lost)
        if reason:
            listed.append(Need(student, reason, shares, _mean(shares[-RECENT:])))
    return sorted(listed, key=lambda need: (need.recent, -_mean(need.shares), need.student))


def _reason(shares, chapters, lost):
    """Why this student needs help, in words; "" for all others. One chapter that is missing is no reason."""
    if lost:
        return f"chapter {', '.join(lost)} could not be read, and nothing else came"
    missing = 0
    while missing < len(shares) and shares[-1 - missing] is None:
        missing += 1
    if missing == len(shares):
        return "nothing is graded yet"
    before = [share for share in shares[: -max(missing, RECENT)] if share is not None]
    earlier = f"; {_percent(np.mean(before))} before" if before else ""
    if missing >= RECENT:
        return f"nothing since chapter {chapters[-1 - missing]}{earlier}"
    recent = [
        (name, share) for name, share in zip(chapters[-RECENT:], shares[-RECENT:], strict=True) if share is not None
    ]
    if np.mean([share for _, share in recent]) >= LOW:
        return ""
    reached = " and ".join(f"{_percent(share)} in chapter {name}" for name, share in recent)
    return f"{reached}{f', chapter {chapters[-1]} missing' if missing else ''}{earlier}"


def lessons(rows: "list[Row]", chapter: str, tried: int) -> "list[Row]":
    """The rows of the misconception table that the latest chapter asks to teach again, most frequent first."""
    enough = max(FEW, SMALL_SHARE * tried)
    return [row for row in rows if row.item.chapter == chapter and len(row.who) >= enough][:TAUGHT]


def habits(rows: "list[Row]", chapter: str, tried: int) -> list[Habit]:
    """Mistakes under one name that students make again in the latest chapter after an earlier one; a list of Habit."""
    now: dict[str, set[str]] = defaultdict(set)
    before: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    chapters: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.item.chapter == chapter:
            now[row.id].update(row.who)
        else:
            for student in row.who:
                before[row.id][student].add(row.item.chapter)
    found = []
    for id, who in now.items():
        again = tuple(sorted(who & set(before[id])))
        for student in again:
            chapters[id] |= before[id][student]
        if len(again) >= max(FEW, SMALL_SHARE * tried):
            found.append(Habit(id, again, tuple(sorted(chapters[id]))))
    return sorted(found, key=lambda habit: (-len(habit.who), habit.id))[:HABITS]


def hard(items: "list[Item]", chapter: str) -> "Item | None":
    """The hardest exercise of a chapter, if most of its points are lost there; else None."""
    mine = [item for item in items if item.chapter == chapter]
    hardest = min(mine, key=lambda item: item.difficulty, default=None)
    return hardest if hardest and hardest.difficulty < HARD else None


def _share(points):
    earned, most = points
    return earned / most if most else 0.0


def _mean(shares):
    """The mean of shares, in which a chapter that was not handed in counts 0."""
    return math.fsum(share or 0.0 for share in shares) / len(shares) if shares else 0.0


def _percent(share):
    return f"{100 * share:.0f} %"
