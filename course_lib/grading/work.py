"""What goes to a worker and what comes back: plain data, that costs nothing to load."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from course_lib.grading.config import Limits

if TYPE_CHECKING:
    from course_lib.checks.origins import Source
    from course_lib.checks.verdict import Verdict


@dataclass(frozen=True)
class Pending:
    """One submission to grade: what it is known by, and the notebook's bytes. `chapter` "" means: see its content.

    only   the exercises that are to be judged; empty: all of the chapter.
    """

    key: str
    chapter: str
    notebook: bytes
    only: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unit:
    """One student's pending submissions, and how to grade them.

    banks     the exercises besides the course's own.
    seconds   what all of them may cost; those that are not begun by then fail, for the next run to go on with.
    """

    student: str
    pending: tuple[Pending, ...]
    seed: int
    sandbox: str = "bwrap"
    limits: Limits = Limits()
    chapters: tuple[str, ...] = ()
    banks: "tuple[Source, ...]" = ()
    seconds: float = Limits.seconds_per_student


@dataclass(frozen=True)
class Graded:
    """What became of one submission.

    status    "graded"; "refused": not readable, or of no known chapter, see `reason`; "failed": the grader itself
              did, see `reason`, and the next run tries again.
    errors    ("cell 3", error, line) of the cells that failed.
    answers   (exercise, code, length) of what was attempted, see `alike.Answer`.
    code_hash   the same for notebooks whose answers differ in blanks and comments alone; "" where nothing was answered.
    printed   the start of what the notebook printed, and how many bytes it printed in all.
    seconds   how long it took by the clock.
    cost      seconds of processor time; of what only waited, a part of the time by the clock.
    draws     exercise -> which set of the stock of draws its answer met.
    partial   whether there may be verdicts on the same bytes beside these, because only some were asked for.
    """

    key: str
    status: str
    chapter: str = ""
    reason: str = ""
    verdicts: "tuple[Verdict, ...]" = ()
    errors: tuple[tuple[str, str, str], ...] = ()
    printed: str = ""
    printed_bytes: int = 0
    seconds: float = 0.0
    cost: float = 0.0
    code_hash: str = ""
    answers: tuple[tuple[str, str, int], ...] = ()
    draws: dict[str, int] = field(default_factory=dict)
    partial: bool = False


@dataclass
class Report:
    """What a run did. Lists hold (student, chapter, reason, source), or (source, reason) for what was skipped."""

    graded: list = field(default_factory=list)
    known: int = 0
    refused: list = field(default_factory=list)
    failed: list = field(default_factory=list)
    skipped: list = field(default_factory=list)
    changes: list = field(default_factory=list)
    seconds: float = 0.0
    interrupted: bool = False
