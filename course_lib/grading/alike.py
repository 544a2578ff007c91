"""Whose answers are the same, where that means something: long ones, and such that few others wrote.

Many arrive at one short line by themselves. So every answer that two students share is weighed by its length beyond a
line's and by how few have it; what a tenth of the class wrote in the same words weighs nothing.
"""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations

# Characters without blanks and comments: of what one line holds, and of shared code that is worth a look.
LINE, WORTH_A_LOOK = 30, 120
# Wrong answers agree by chance more rarely than right ones.
WRONG_WEIGHS = 2
COMMON_SHARE, COMMON_AT_LEAST = 0.1, 6


@dataclass(frozen=True)
class Answer:
    """One student's answer to one exercise.

    code     the same for answers that differ in blanks and comments alone, see `unit.answer_codes`.
    length   characters of it, without those and without what the sheet gives.
    """

    student: str
    chapter: str
    exercise: str
    code: str
    length: int
    wrong: bool
    submitted_at: datetime


@dataclass
class Group:
    """Students whose answers are the same, the first to hand in first.

    shared     exercise -> whether the answer is wrong, of what at least two of them share.
    weight     of the two that share most.
    """

    students: tuple[str, ...]
    chapters: tuple[str, ...]
    shared: dict[str, bool] = field(default_factory=dict)
    weight: float = 0.0

    @property
    def wrong(self) -> list[str]:
        return [name for name, wrong in self.shared.items() if wrong]


def groups(answers: Iterable[Answer]) -> list[Group]:
    """The groups among all Answers of a class, those that share most first."""
    telling = _telling(answers)
    pairs: dict[tuple[str, ...], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for shared, weight in telling:
        for pair in combinations(sorted(answer.student for answer in shared), 2):
            pairs[pair][shared[0].chapter] += weight
    close = {
        (pair, chapter): weight
        for pair, by_chapter in pairs.items()
        for chapter, weight in by_chapter.items()
        if weight >= WORTH_A_LOOK
    }
    found = [_group(members, close, telling) for members in _connected(pair for pair, _ in close)]
    return sorted(found, key=lambda group: (-group.weight, group.students))


def _telling(answers):
    """[(the Answers that are one answer, the first to be handed in first; what it says that they are), ...]."""
    same: dict[tuple[str, str, str], dict[str, Answer]] = defaultdict(dict)
    answered: dict[tuple[str, str], set[str]] = defaultdict(set)
    for answer in sorted(answers, key=lambda answer: (answer.submitted_at, answer.student)):
        same[answer.chapter, answer.exercise, answer.code].setdefault(answer.student, answer)
        answered[answer.chapter, answer.exercise].add(answer.student)
    weighed = (
        (list(by_student.values()), _weight(list(by_student.values()), len(answered[chapter, exercise])))
        for (chapter, exercise, _), by_student in same.items()
    )
    return [(shared, weight) for shared, weight in weighed if weight]


def _weight(shared, answered):
    """What it says that these students have one answer in common: characters, weighed by how few have it."""
    common = max(COMMON_AT_LEAST, COMMON_SHARE * answered)
    if not 2 <= len(shared) < common:
        return 0.0
    rarity = 1 - math.log(len(shared) / 2) / math.log(common / 2)
    return max(0, shared[0].length - LINE) * rarity * (WRONG_WEIGHS if any(answer.wrong for answer in shared) else 1)


def _connected(pairs):
    """The sets of students that hang together by pairs."""
    home: dict[str, set[str]] = {}
    for one, other in pairs:
        merged = home.get(one, {one}) | home.get(other, {other})
        home |= dict.fromkeys(merged, merged)
    return list({id(members): members for members in home.values()}.values())


def _group(members, close, telling):
    """The Group of these students; `close`: (pair, chapter) -> weight, of those that are worth a look."""
    inside = {key: weight for key, weight in close.items() if key[0][0] in members}
    chapters = {chapter for _, chapter in inside}
    first: dict[str, datetime] = {}
    shared: dict[str, bool] = {}
    weight: dict[tuple[str, ...], float] = defaultdict(float)
    for (pair, _), part in inside.items():
        weight[pair] += part
    for answers, _ in telling:
        those = [answer for answer in answers if answer.student in members and answer.chapter in chapters]
        if len(those) > 1:
            exercise = those[0].exercise
            shared[exercise] = shared.get(exercise, False) or any(answer.wrong for answer in those)
            for answer in those:
                first[answer.student] = min(first.get(answer.student, answer.submitted_at), answer.submitted_at)
    order = sorted(members, key=lambda student: (first[student], student))
    return Group(tuple(order), tuple(sorted(chapters)), shared, max(weight.values()))
