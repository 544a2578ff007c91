"""The gradebook: students, submissions, verdicts and runs in one database, one transaction per submission."""

import csv
import io
import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import (
    DateTime,
    ForeignKey,
    Text,
    TypeDecorator,
    UniqueConstraint,
    create_engine,
    event,
    select,
)
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from course_lib.errors import CourseError
from course_lib.grading.files import write_whole

STATUSES = ("graded", "refused", "failed")


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
    """One run of `course grade`: with which seed, which versions, which sandbox."""

    __tablename__ = "runs"
    id: Mapped[int] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    seed: Mapped[int]
    sandbox: Mapped[str]
    versions: Mapped[str]


class Submission(_Base):
    """One notebook that was handed in, known by its hash; `status` is one of STATUSES."""

    __tablename__ = "submissions"
    __table_args__ = (UniqueConstraint("student_id", "chapter", "sha256"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str] = mapped_column(ForeignKey("students.id"), index=True)
    chapter: Mapped[str]
    sha256: Mapped[str]
    submitted_at: Mapped[datetime]
    received_at: Mapped[datetime]
    source: Mapped[str]
    status: Mapped[str]
    reason: Mapped[str]
    errors: Mapped[str]
    printed: Mapped[str]
    printed_bytes: Mapped[int]
    seconds: Mapped[float]
    graded_at: Mapped[datetime]
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    student: Mapped[Student] = relationship(back_populates="submissions")
    verdicts: Mapped[list["VerdictRow"]] = relationship(
        back_populates="submission", cascade="all, delete-orphan", order_by="VerdictRow.id"
    )

    @property
    def points(self):
        return sum(verdict.points for verdict in self.verdicts)

    @property
    def max_points(self):
        return sum(verdict.max_points for verdict in self.verdicts)


class VerdictRow(_Base):
    """One verdict on one submission; the fields are those of checks.verdict.Verdict."""

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
    submission: Mapped[Submission] = relationship(back_populates="verdicts")


@dataclass(frozen=True)
class Change:
    """What regrading changed of one submission: exercise -> (points before, points now), and the totals."""

    student: str
    chapter: str
    before: float
    now: float
    exercises: dict[str, tuple[float, float]]


@dataclass(frozen=True)
class Score:
    """What a student has in one chapter: the submission that counts, its points after the late policy."""

    submission: Submission
    points: float
    max_points: float
    share: float


class Gradebook:
    """The one place that writes grades."""

    def __init__(self, url):
        """Open, and make where it is new, the database at `url` (a SQLAlchemy URL)."""
        try:
            self.engine = create_engine(url)
            if self.engine.dialect.name == "sqlite":
                event.listen(self.engine, "connect", _careful_sqlite)
            _Base.metadata.create_all(self.engine)
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

    def close(self):
        self.engine.dispose()

    def session(self):
        return Session(self.engine, expire_on_commit=False)

    def last_seed(self):
        """The seed of the latest run, or None."""
        with self.session() as session:
            return session.scalar(select(Run.seed).order_by(Run.id.desc()).limit(1))

    def start_run(self, seed, sandbox, versions):
        """The id of a new run."""
        with self.session() as session, session.begin():
            run = Run(started_at=_now(), seed=seed, sandbox=sandbox, versions=json.dumps(versions))
            session.add(run)
            session.flush()
            return run.id

    def finish_run(self, run_id):
        with self.session() as session, session.begin():
            session.get_one(Run, run_id).finished_at = _now()

    def known(self, found):
        """Whether this submission is graded already; its time is brought up to date if it was handed in again."""
        with self.session() as session, session.begin():
            row = _row(session, found.student, found.chapter, found.sha256)
            if row is None or row.status != "graded":
                return False
            row.submitted_at = max(row.submitted_at, found.submitted_at)
            row.received_at = max(row.received_at, found.received_at)
            return True

    def record(self, run_id, found, graded):
        """Write one submission and its verdicts in one transaction; a Change if it was graded before, else None.

        found: student, chapter, sha256, submitted_at, received_at, source.  graded: a unit.Graded.
        """
        with self.session() as session, session.begin():
            if session.get(Student, found.student) is None:
                session.add(Student(id=found.student))
            chapter = graded.chapter or found.chapter
            row = _row(session, found.student, chapter, found.sha256) or _row(
                session, found.student, found.chapter, found.sha256
            )
            before = None
            if row is None:
                row = Submission(student_id=found.student, sha256=found.sha256)
                row.submitted_at, row.received_at = found.submitted_at, found.received_at
                session.add(row)
            else:
                before = {verdict.exercise: verdict.points for verdict in row.verdicts} or None
                row.verdicts.clear()
                session.flush()
            row.chapter, row.source, row.run_id, row.graded_at = chapter, found.source, run_id, _now()
            row.submitted_at = max(row.submitted_at, found.submitted_at)
            row.received_at = max(row.received_at, found.received_at)
            row.status, row.reason, row.seconds = graded.status, graded.reason, graded.seconds
            row.printed, row.printed_bytes = graded.printed, graded.printed_bytes
            row.errors = json.dumps(graded.errors)
            row.verdicts = [_verdict_row(verdict) for verdict in graded.verdicts]
            now = {verdict.exercise: verdict.points for verdict in graded.verdicts}
        return _change(found.student, chapter, before, now) if before is not None else None

    def students(self):
        """Ids of all students, in order."""
        with self.session() as session:
            return list(session.scalars(select(Student.id).order_by(Student.id)))

    def submissions(self, student):
        """A student's submissions with their verdicts, by chapter and time."""
        with self.session() as session:
            rows = session.scalars(
                select(Submission)
                .where(Submission.student_id == student)
                .order_by(Submission.chapter, Submission.submitted_at, Submission.id)
            ).all()
            for row in rows:
                _ = row.verdicts  # loaded now: the session ends here
            return rows


def scores(submissions, config):
    """chapter -> Score of one student: the latest or the best graded submission counts, as the course decides."""
    counted = {}
    for row in submissions:
        if row.status != "graded":
            continue
        share = config.share_after(row.chapter, row.submitted_at)
        score = Score(row, row.points * share, row.max_points, share)
        last = counted.get(row.chapter)
        if last is None or config.attempts == "latest" or score.points >= last.points:
            counted[row.chapter] = score
    return counted


def write_grades(gradebook, config, path):
    """Write `student, <chapter>..., total, max` as CSV to `path`, whole or not at all."""
    rows = {student: scores(gradebook.submissions(student), config) for student in gradebook.students()}
    chapters = sorted({chapter for counted in rows.values() for chapter in counted} | set(config.chapters))
    most = {
        chapter: max((counted[chapter].max_points for counted in rows.values() if chapter in counted), default=0.0)
        for chapter in chapters
    }
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(["student", *chapters, "total", "max"])
    for student, counted in rows.items():
        points = [_number(counted[chapter].points) if chapter in counted else "" for chapter in chapters]
        total = sum(score.points for score in counted.values())
        table.writerow([no_formula(student), *points, _number(total), _number(math.fsum(most.values()))])
    write_whole(path, text.getvalue().encode())


def no_formula(text):
    """The text so that a spreadsheet reads it as text: a formula's first character gets an apostrophe before it."""
    return f"'{text}" if text.lstrip().startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _number(value):
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _now():
    return datetime.now(UTC)


def _row(session, student, chapter, digest):
    return session.scalar(
        select(Submission).where(
            Submission.student_id == student,
            Submission.sha256 == digest,
            *([Submission.chapter == chapter] if chapter else []),
        )
    )


def _verdict_row(verdict):
    return VerdictRow(
        exercise=verdict.exercise,
        status=verdict.status,
        message=verdict.message,
        points=verdict.points,
        max_points=verdict.max_points,
        mistake=verdict.mistake,
        seconds=verdict.seconds,
    )


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
