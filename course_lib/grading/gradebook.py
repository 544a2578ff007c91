"""The gradebook: students, submissions, verdicts, adjustments and runs in one database, one transaction each.

What is in it are facts: what was handed in and when, what was judged of it, by which exercise and library, what an
instructor set by hand. Marks are computed from them, see `marks`.
"""

import difflib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKey,
    Text,
    TypeDecorator,
    UniqueConstraint,
    create_engine,
    delete,
    event,
    insert,
    inspect,
    select,
)
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, selectinload

from course_lib import __version__
from course_lib.errors import CourseError
from course_lib.grading.alike import Answer
from course_lib.grading.marks import scores, share_of
from course_lib.grading.migration import migrated
from course_lib.grading.today import NOTHING, Origin, Today
from course_lib.grading.work import Graded

if TYPE_CHECKING:
    from course_lib.checks.specification import Exercise
    from course_lib.grading.config import Config
    from course_lib.grading.intake import Refused
    from course_lib.grading.intake import Submission as Intaken
    from course_lib.grading.marks import Score


BATCH = 50
STATUSES = ("graded", "refused", "failed")
_TIMES = ("submitted_at", "received_at", "claimed_at")


class _Utc(TypeDecorator):
    """A time that is UTC in every database; SQLite keeps no zone of its own."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value, dialect):
        return value and value.replace(tzinfo=UTC)


class _Base(DeclarativeBase):
    type_annotation_map = {datetime: _Utc, str: Text}


class Student(_Base):
    """One student, by the id that submissions carry."""

    __tablename__ = "students"
    id: Mapped[str] = mapped_column(primary_key=True)
    submissions: Mapped[list["Submission"]] = relationship(back_populates="student")


class Run(_Base):
    """One run of `course grade`: with which seed and sandbox; `versions` is JSON, of versions and "bounds"."""

    __tablename__ = "runs"
    id: Mapped[int] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    seed: Mapped[int] = mapped_column(BigInteger)
    sandbox: Mapped[str]
    versions: Mapped[str]


class Submission(_Base):
    """One notebook that was handed in, known by its hash; `status` is one of STATUSES.

    submitted_at, received_at, claimed_at, source   of its first arrival: the same bytes count from then.
    """

    __tablename__ = "submissions"
    __table_args__ = (UniqueConstraint("student_id", "chapter", "sha256"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str] = mapped_column(ForeignKey("students.id"), index=True)
    chapter: Mapped[str]
    sha256: Mapped[str]
    submitted_at: Mapped[datetime]
    received_at: Mapped[datetime]
    claimed_at: Mapped[datetime]
    source: Mapped[str]
    lms: Mapped[str]
    status: Mapped[str]
    reason: Mapped[str]
    errors: Mapped[str]
    printed: Mapped[str]
    printed_bytes: Mapped[int] = mapped_column(BigInteger)
    code_hash: Mapped[str]
    seconds: Mapped[float]
    graded_at: Mapped[datetime]
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    student: Mapped[Student] = relationship(back_populates="submissions")
    verdicts: Mapped[list["VerdictRow"]] = relationship(
        back_populates="submission", cascade="all, delete-orphan", order_by="VerdictRow.id"
    )
    arrivals: Mapped[list["Arrival"]] = relationship(
        back_populates="submission", cascade="all, delete-orphan", order_by="Arrival.id"
    )

    answers: Mapped[list["AnswerRow"]] = relationship(cascade="all, delete-orphan")


class Arrival(_Base):
    """One file in which the bytes of a submission were handed in, and when it came first."""

    __tablename__ = "arrivals"
    __table_args__ = (UniqueConstraint("submission_id", "source"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"), index=True)
    source: Mapped[str]
    submitted_at: Mapped[datetime]
    received_at: Mapped[datetime]
    claimed_at: Mapped[datetime]
    submission: Mapped[Submission] = relationship(back_populates="arrivals")


class VerdictRow(_Base):
    """One verdict on one submission; the fields are those of checks.verdict.Verdict, and how it came about.

    points, max_points   on the scale that the exercise itself has; what they are worth today is decided elsewhere.
    fingerprint   of the exercise as it was (checks.fingerprint); "" in a gradebook of the first edition.
    library       the course's version.
    draws         which set of the stock of draws was met, None where an exercise has none.
    run_id        the run that judged: with which seed.
    """

    __tablename__ = "verdicts"
    __table_args__ = (UniqueConstraint("submission_id", "exercise"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"), index=True)
    exercise: Mapped[str]
    status: Mapped[str]
    message: Mapped[str]
    points: Mapped[float]
    max_points: Mapped[float]
    mistake: Mapped[str | None]
    seconds: Mapped[float]
    fingerprint: Mapped[str] = mapped_column(default="")
    library: Mapped[str] = mapped_column(default="")
    draws: Mapped[int | None]
    run_id: Mapped[int | None] = mapped_column(ForeignKey("runs.id"))
    submission: Mapped[Submission] = relationship(back_populates="verdicts")


class AnswerRow(_Base):
    """The code of one answer in a submission, to find those that are alike; the fields are those of `alike.Answer`."""

    __tablename__ = "answers"
    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"), index=True)
    exercise: Mapped[str]
    code: Mapped[str]
    length: Mapped[int] = mapped_column(BigInteger)


class Adjustment(_Base):
    """What an instructor decided by hand about one exercise of one student; the latest counts.

    points   instead of what the judge gave; None: what the judge gave counts again.
    """

    __tablename__ = "adjustments"
    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str] = mapped_column(ForeignKey("students.id"), index=True)
    chapter: Mapped[str]
    exercise: Mapped[str]
    points: Mapped[float | None]
    max_points: Mapped[float]
    reason: Mapped[str]
    made_at: Mapped[datetime]


class Told(_Base):
    """What was said last of one student's chapter, so that what lowers a mark can be said; see `falls`."""

    __tablename__ = "told"
    __table_args__ = (UniqueConstraint("student_id", "chapter"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str] = mapped_column(ForeignKey("students.id"), index=True)
    chapter: Mapped[str]
    points: Mapped[float]
    facts: Mapped[str]


_VERSIONS = select(Run.id, Run.versions)


@dataclass(frozen=True)
class Change:
    """What regrading changed of one submission: exercise -> (points before, points now), and the totals."""

    student: str
    chapter: str
    before: float
    now: float
    exercises: dict[str, tuple[float, float]]


class Gradebook:
    """The one place that writes grades."""

    def __init__(self, url, must_exist=False):
        """Open the database at `url` (a SQLAlchemy URL); make it where it is new, unless it must exist.

        One of the first edition is brought up to date, and `note` says where the copy lies.
        """
        try:
            self.engine = create_engine(url)
            if self.engine.dialect.name == "sqlite":
                self._complain_about_no_file(must_exist)
                event.listen(self.engine, "connect", _careful_sqlite)
            self.note = migrated(self.engine) or ""
            self._complain_about_others(must_exist)
            _make_tables(self.engine)
        except (ArgumentError, NoSuchModuleError):
            raise CourseError(
                f"{url!r} is not the address of a gradebook; sqlite:///graded/gradebook.sqlite or "
                "postgresql+psycopg://user@host/name was expected."
            ) from None
        except ImportError as error:
            raise CourseError(f"The gradebook needs a driver that is not installed: {error}.") from None
        except SQLAlchemyError as error:
            shown = error.__cause__ or error
            raise CourseError(f"The gradebook {self.engine.url!r} cannot be opened: {shown}.") from None

    def _complain_about_no_file(self, must_exist):
        """CourseError for a database in memory alone, and for a file that is not there though it must be."""
        path = self.engine.url.database
        if not path or path == ":memory:":
            raise CourseError("A gradebook in memory is gone at once; sqlite:///graded/gradebook.sqlite was expected.")
        if must_exist and not Path(path).is_file():
            raise CourseError(f"There is no gradebook {path}; `course grade INBOX` makes one.")

    def _complain_about_others(self, must_exist):
        """CourseError for a database that lacks columns or tables: of another version, or no gradebook."""
        found = inspect(self.engine)
        tables = set(found.get_table_names())
        # An empty file becomes a gradebook, and PostgreSQL may hold other things beside one.
        strange = tables and self.engine.dialect.name == "sqlite" and not tables & set(_Base.metadata.tables)
        if strange or (must_exist and Student.__tablename__ not in tables):
            raise CourseError(f"{self.engine.url!r} is no gradebook; `course grade INBOX` makes one.")
        for table in _Base.metadata.sorted_tables:
            if found.has_table(table.name):
                lacking = {column.name for column in table.columns} - {c["name"] for c in found.get_columns(table.name)}
                if lacking:
                    raise CourseError(
                        f"The gradebook {self.engine.url!r} was made by another version: its table {table.name} lacks "
                        f"{', '.join(sorted(lacking))}. Grade into a new one."
                    )

    def close(self) -> None:
        self.engine.dispose()

    def session(self) -> Session:
        return Session(self.engine, expire_on_commit=False)

    def last_seed(self) -> int | None:
        """The seed of the latest run, or None."""
        with self.session() as session:
            return session.scalar(select(Run.seed).order_by(Run.id.desc()).limit(1))

    def start_run(self, seed: int, sandbox: str, versions: Mapping[str, object]) -> int:
        """The id of a new run."""
        with self.session() as session, session.begin():
            run = Run(started_at=_now(), seed=seed, sandbox=sandbox, versions=json.dumps(versions))
            session.add(run)
            session.flush()
            return run.id

    def finish_run(self, run_id: int) -> None:
        with self.session() as session, session.begin():
            session.get_one(Run, run_id).finished_at = _now()

    def known(self, found: "Intaken | Refused") -> bool:
        """Whether this submission is graded already; that it came again, or in another file, is noted."""
        return self.dealt_with(found, ("graded",)) is not None

    def dealt_with(self, found: "Intaken | Refused", statuses: Sequence[str]) -> Any:
        """The row (id, status, chapter, reason) of the same bytes by the same student, if its status is one of these.

        That they came again, or in another file, is noted.
        """
        with self.session() as session:
            query = select(Submission.id, Submission.status, Submission.chapter, Submission.reason)
            row = session.execute(_same(query, found).where(Submission.status.in_(statuses))).first()
            if row is None:
                return None
            noted = select(*(getattr(Arrival, key) for key in _TIMES)).where(
                Arrival.submission_id == row.id, Arrival.source == found.source
            )
            times = session.execute(noted).first()
        if times is None or any(new < old for new, old in zip(_times(found), times, strict=True)):
            self._note_arrival(row.id, found)
        return row

    def _note_arrival(self, number, found):
        try:
            with self.session() as session, session.begin():
                _arrived(session.get_one(Submission, number), found)
        except IntegrityError:  # another grader noted the same file just now
            return

    def record(self, run_id: int, found: "Intaken | Refused", graded: Graded, today: Today = NOTHING) -> Change | None:
        """Write one submission and its verdicts in one transaction; a Change if it was graded before, else None.

        Where grading again failed, what was there stays: points are not lost because a sandbox did not start. Where
        only some verdicts were asked for again (`graded.partial`), the others stay.

        found: an intake.Submission or Refused.  graded: a unit.Graded.
        today: the Today that is graded by.
        """
        try:
            return self._record(run_id, found, graded, today)
        except IntegrityError:  # another grader wrote the same student or submission just now; it is there by now
            return self._record(run_id, found, graded, today)

    def _record(self, run_id, found, graded, today):
        with self.session() as session, session.begin():
            if session.get(Student, found.student) is None:
                session.add(Student(id=found.student))
            chapter = graded.chapter or found.chapter
            row = _row_for(session.scalars(_same(select(Submission), found)).all(), chapter, found.chapter)
            before = None
            if row is not None and row.status == "graded" and graded.status == "failed":
                return None
            if row is None:
                row = Submission(student_id=found.student, sha256=found.sha256, lms=found.lms)
                session.add(row)
            else:
                before = _worth_of(row.verdicts, today) if row.verdicts else None
                judged = {verdict.exercise for verdict in graded.verdicts}
                row.verdicts[:] = [v for v in row.verdicts if graded.partial and v.exercise not in judged]
                row.answers[:] = [a for a in row.answers if graded.partial and a.exercise not in judged]
                session.flush()
            row.chapter, row.run_id, row.graded_at = chapter, run_id, _now()
            _arrived(row, found)
            row.code_hash = graded.code_hash or (graded.partial and row.code_hash) or ""
            row.status, row.reason, row.seconds = graded.status, graded.reason, graded.seconds
            row.printed, row.printed_bytes = graded.printed, graded.printed_bytes
            row.errors = json.dumps(graded.errors)
            session.flush()
            # In one statement each: twenty objects that nobody looks at again would cost more than the rest.
            verdicts = [_verdict_row(verdict, graded, today, run_id) for verdict in graded.verdicts]
            answers = [{"exercise": name, "code": code, "length": most} for name, code, most in graded.answers]
            for kind, rows in ((VerdictRow, verdicts), (AnswerRow, answers)):
                if rows:
                    session.execute(insert(kind), [{**values, "submission_id": row.id} for values in rows])
            if before is None:
                return None
            session.expire(row, ["verdicts"])
            return _change(found.student, chapter, before, _worth_of(row.verdicts, today))

    def students(self) -> list[str]:
        """Ids of all students, in order."""
        with self.session() as session:
            return list(session.scalars(select(Student.id).order_by(Student.id)))

    def submissions(self, student: str) -> Sequence[Submission]:
        """A student's submissions with their verdicts, by chapter and time."""
        with self.session() as session:
            return session.scalars(_in_order().where(Submission.student_id == student)).all()

    def everyone(self) -> Iterator[tuple[str, list[Submission], dict[str, Adjustment]]]:
        """Yield (student, submissions, adjustments in force) for all students in order, a batch in memory at a time."""
        students = self.students()
        for first in range(0, len(students), BATCH):
            batch = students[first : first + BATCH]
            with self.session() as session:
                submissions: dict[str, list[Submission]] = defaultdict(list)
                adjustments: dict[str, dict[str, Adjustment]] = defaultdict(dict)
                for row in session.scalars(_in_order().where(Submission.student_id.in_(batch))):
                    submissions[row.student_id].append(row)
                chosen = select(Adjustment).where(Adjustment.student_id.in_(batch)).order_by(Adjustment.id)
                for row in session.scalars(chosen):
                    adjustments[row.student_id][row.exercise] = row
            for student in batch:
                yield student, submissions[student], _in_force(adjustments[student])

    def answers(self) -> list[Answer]:
        """Every `alike.Answer` of the class, of all attempts."""
        same = (VerdictRow.submission_id == AnswerRow.submission_id) & (VerdictRow.exercise == AnswerRow.exercise)
        query = (
            select(Submission.student_id, Submission.chapter, AnswerRow.exercise, AnswerRow.code, AnswerRow.length)
            .add_columns(VerdictRow.status != "right", Submission.submitted_at)
            .join(AnswerRow, AnswerRow.submission_id == Submission.id)
            .join(VerdictRow, same)
        )
        with self.session() as session:
            return [Answer(*row) for row in session.execute(query)]

    def chapters(self) -> list[str]:
        """The chapters in which anything was graded or adjusted, in order."""
        with self.session() as session:
            graded = session.scalars(select(Submission.chapter).where(Submission.status == "graded").distinct())
            return sorted({*graded, *session.scalars(select(Adjustment.chapter).distinct())})

    def graded(self) -> Sequence[Any]:
        """(submission id, chapter) of everything that is graded."""
        with self.session() as session:
            return session.execute(select(Submission.id, Submission.chapter).where(Submission.status == "graded")).all()

    def origins(self) -> list[tuple[int, Origin]]:
        """(submission id, its Origin) of every verdict on what is graded."""
        told = (VerdictRow.exercise, VerdictRow.status, VerdictRow.fingerprint, VerdictRow.library, Run.seed)
        query = select(VerdictRow.submission_id, VerdictRow.run_id, *told)
        query = query.join_from(VerdictRow, Submission).join(Run, VerdictRow.run_id == Run.id, isouter=True)
        query = query.where(Submission.status == "graded").order_by(VerdictRow.id)
        with self.session() as session:
            bounds = {run: json.loads(versions).get("bounds", {}) for run, versions in session.execute(_VERSIONS)}
            return [(row[0], Origin(*row[2:], bounds.get(row[1] or 0, {}))) for row in session.execute(query)]

    def told_anything(self) -> bool:
        with self.session() as session:
            return session.scalar(select(Told.id).limit(1)) is not None

    def told(self) -> dict[str, dict[str, tuple[float, str]]]:
        """student -> chapter -> (points, facts as JSON) as they were said last."""
        found: dict[str, dict[str, tuple[float, str]]] = {}
        with self.session() as session:
            for student, chapter, points, facts in session.execute(
                select(Told.student_id, Told.chapter, Told.points, Told.facts)
            ):
                found.setdefault(student, {})[chapter] = (points, facts)
        return found

    def tell(self, told: Mapping[str, Mapping[str, tuple[float, str]]]) -> None:
        """Keep what is said from now on: student -> chapter -> (points, facts as JSON), in one transaction for all."""
        rows = [
            {"student_id": student, "chapter": chapter, "points": points, "facts": facts}
            for student, marks in told.items()
            for chapter, (points, facts) in marks.items()
        ]
        with self.session() as session, session.begin():
            for student in told:
                session.execute(delete(Told).where(Told.student_id == student))
            if rows:
                session.execute(insert(Told), rows)

    def lms_numbers(self) -> dict[str, str]:
        """ "moodle:12345" or "canvas:12345" -> the student who handed in under that number."""
        with self.session() as session:
            query = select(Submission.lms, Submission.student_id).where(Submission.lms != "").order_by(Submission.id)
            return dict(session.execute(query).all())

    def adjust(self, student: str, exercise: "Exercise", points: float | None, max_points: float, reason: str) -> None:
        """Note an instructor's decision, points or None; CourseError for an unknown student."""
        with self.session() as session, session.begin():
            if session.get(Student, student) is None:
                near = difflib.get_close_matches(student, session.scalars(select(Student.id)), n=1)
                advice = f"; did you mean {near[0]}?" if near else "."
                raise CourseError(f"The gradebook knows no student {student}{advice}")
            session.add(
                Adjustment(
                    student_id=student,
                    chapter=exercise.chapter,
                    exercise=exercise.name,
                    points=points,
                    max_points=max_points,
                    reason=reason,
                    made_at=_now(),
                )
            )

    def adjustments(self, student: str) -> dict[str, Adjustment]:
        """exercise -> the Adjustment in force, of one student."""
        with self.session() as session:
            rows = session.scalars(select(Adjustment).where(Adjustment.student_id == student).order_by(Adjustment.id))
            return _in_force({row.exercise: row for row in rows})

    def scores(self, student: str, config: "Config") -> "dict[str, Score]":
        """chapter -> Score of one student."""
        return scores(self.submissions(student), config, self.adjustments(student))


def _make_tables(engine):
    """Make the tables that are not there, all or none; each by itself would be waited for until it is on the disk."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            # SQLite's driver begins no transaction by itself before a table is made.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        _Base.metadata.create_all(connection)


def _now():
    return datetime.now(UTC)


def _in_order():
    """The query for submissions with their verdicts and arrivals, by chapter and time."""
    order = (Submission.chapter, Submission.submitted_at, Submission.id)
    return select(Submission).order_by(*order).options(*map(selectinload, (Submission.verdicts, Submission.arrivals)))


def _in_force(latest):
    return {name: row for name, row in latest.items() if row.points is not None}


def _same(query, found):
    """The query for the row of the same bytes by the same student: the chapter asked for first, graded ones first."""
    return query.where(Submission.student_id == found.student, Submission.sha256 == found.sha256).order_by(
        Submission.status != "graded", Submission.chapter != found.chapter, Submission.id
    )


def _row_for(rows, chapter, hint):
    """Of rows with the same bytes the one of this chapter, else of the chapter that a name told, else an unread one."""
    fits = (
        lambda row: row.chapter == chapter,
        lambda row: hint in ("", row.chapter),
        lambda row: row.status != "graded",
    )
    return next((row for fit in fits for row in rows if fit(row)), None)


def _times(found):
    return found.submitted_at, found.received_at, found.claimed_at or found.submitted_at


def _arrived(row, found):
    """Note a file that holds the submission's bytes; the earliest times of all files count."""
    times = dict(zip(_TIMES, _times(found), strict=True))
    there = next((arrival for arrival in row.arrivals if arrival.source == found.source), None)
    if there is None:
        row.arrivals.append(Arrival(source=found.source, **times))
    else:
        for key, time in times.items():
            setattr(there, key, min(getattr(there, key), time))
    first = min(row.arrivals, key=lambda arrival: (arrival.submitted_at, arrival.source))
    row.source = first.source
    for key in _TIMES:
        setattr(row, key, min(getattr(arrival, key) for arrival in row.arrivals))


def _verdict_row(verdict, graded, today, run_id):
    return {
        "exercise": verdict.exercise,
        "status": verdict.status,
        "message": verdict.message,
        "points": verdict.points,
        "max_points": verdict.max_points,
        "mistake": verdict.mistake,
        "seconds": verdict.seconds,
        "fingerprint": today.fingerprints.get(verdict.exercise, ""),
        "draws": graded.draws.get(verdict.exercise),
        "library": __version__,
        "run_id": run_id,
    }


def _worth_of(verdicts, today):
    """exercise -> the points that its verdict is worth."""
    return {
        v.exercise: share_of(v.points, v.max_points, v.status) * today.points.get(v.exercise, v.max_points)
        for v in verdicts
    }


def _change(student, chapter, before, now):
    changed = {
        name: (before.get(name, 0.0), now.get(name, 0.0))
        for name in {**before, **now}
        if before.get(name, 0.0) != now.get(name, 0.0)
    }
    return Change(student, chapter, sum(before.values()), sum(now.values()), changed)


def _careful_sqlite(connection, record):
    """Foreign keys hold, and a commit is on the disk before it is believed."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    # A rollback journal, not WAL: the gradebook is one file that may be copied, and may lie on a network disk.
    cursor.execute("PRAGMA journal_mode = DELETE")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA busy_timeout = 10000")
    cursor.close()
