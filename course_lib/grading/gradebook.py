"""The gradebook: students, submissions, verdicts, adjustments and runs in one database, one transaction each."""

import csv
import difflib
import io
import json
import math
import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKey,
    Text,
    TypeDecorator,
    UniqueConstraint,
    create_engine,
    event,
    inspect,
    select,
)
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, selectinload

from course_lib.errors import CourseError
from course_lib.grading.alike import Answer
from course_lib.grading.files import save
from course_lib.grading.pages import number

BATCH = 50
_FORMULA = re.compile(r"(^|[;\t])(\s*[=+\-@＝＋－＠\t\r])")
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
    seed: Mapped[int] = mapped_column(BigInteger)
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

    answers: Mapped[list["AnswerRow"]] = relationship(cascade="all, delete-orphan")

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
    """What a student has in one chapter, after adjustments and the late policy.

    submission   the one that counts, or None where there are only adjustments.
    adjusted     exercise -> Adjustment, where one is in force.
    given        the points before lateness.
    share        what lateness left of them, between 0 and 1.
    """

    submission: Submission | None
    points: float
    max_points: float
    given: float
    share: float
    adjusted: dict[str, Adjustment]


class Gradebook:
    """The one place that writes grades."""

    def __init__(self, url, must_exist=False):
        """Open the database at `url` (a SQLAlchemy URL); make it where it is new, unless it must exist."""
        try:
            self.engine = create_engine(url)
            if self.engine.dialect.name == "sqlite":
                self._complain_about_no_file(must_exist)
                event.listen(self.engine, "connect", _careful_sqlite)
            self._complain_about_others(must_exist)
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
            _bring_up_to_date(row, found)
            return True

    def record(self, run_id, found, graded):
        """Write one submission and its verdicts in one transaction; a Change if it was graded before, else None.

        Where grading again failed, what was there stays: points are not lost because a sandbox did not start.

        found: an intake.Submission or Refused.  graded: a unit.Graded.
        """
        try:
            return self._record(run_id, found, graded)
        except IntegrityError:  # another grader wrote the same student or submission just now; it is there by now
            return self._record(run_id, found, graded)

    def _record(self, run_id, found, graded):
        with self.session() as session, session.begin():
            if session.get(Student, found.student) is None:
                session.add(Student(id=found.student))
            chapter = graded.chapter or found.chapter
            row = _row(session, found.student, chapter, found.sha256) or _row(
                session, found.student, found.chapter, found.sha256
            )
            before = None
            if row is not None and row.status == "graded" and graded.status == "failed":
                return None
            if row is None:
                row = Submission(student_id=found.student, sha256=found.sha256)
                row.submitted_at, row.received_at = found.submitted_at, found.received_at
                row.claimed_at, row.lms = found.claimed_at or found.submitted_at, found.lms
                session.add(row)
            else:
                before = {verdict.exercise: verdict.points for verdict in row.verdicts} or None
                row.verdicts.clear()
                row.answers.clear()
                session.flush()
            row.chapter, row.source, row.run_id, row.graded_at = chapter, found.source, run_id, _now()
            _bring_up_to_date(row, found)
            row.code_hash = graded.code_hash
            row.status, row.reason, row.seconds = graded.status, graded.reason, graded.seconds
            row.printed, row.printed_bytes = graded.printed, graded.printed_bytes
            row.errors = json.dumps(graded.errors)
            row.verdicts = [_verdict_row(verdict) for verdict in graded.verdicts]
            row.answers = [AnswerRow(exercise=name, code=code, length=most) for name, code, most in graded.answers]
            now = {verdict.exercise: verdict.points for verdict in graded.verdicts}
        return _change(found.student, chapter, before, now) if before is not None else None

    def students(self):
        """Ids of all students, in order."""
        with self.session() as session:
            return list(session.scalars(select(Student.id).order_by(Student.id)))

    def submissions(self, student):
        """A student's submissions with their verdicts, by chapter and time."""
        with self.session() as session:
            return session.scalars(_in_order().where(Submission.student_id == student)).all()

    def everyone(self):
        """Yield (student, submissions, adjustments in force) for all students in order, a batch in memory at a time."""
        students = self.students()
        for first in range(0, len(students), BATCH):
            batch = students[first : first + BATCH]
            with self.session() as session:
                submissions, adjustments = defaultdict(list), defaultdict(dict)
                for row in session.scalars(_in_order().where(Submission.student_id.in_(batch))):
                    submissions[row.student_id].append(row)
                chosen = select(Adjustment).where(Adjustment.student_id.in_(batch)).order_by(Adjustment.id)
                for row in session.scalars(chosen):
                    adjustments[row.student_id][row.exercise] = row
            for student in batch:
                yield student, submissions[student], _in_force(adjustments[student])

    def answers(self):
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

    def chapters(self):
        """The chapters in which anything was graded or adjusted, in order."""
        with self.session() as session:
            graded = session.scalars(select(Submission.chapter).where(Submission.status == "graded").distinct())
            return sorted({*graded, *session.scalars(select(Adjustment.chapter).distinct())})

    def lms_numbers(self):
        """ "moodle:12345" or "canvas:12345" -> the student who handed in under that number."""
        with self.session() as session:
            query = select(Submission.lms, Submission.student_id).where(Submission.lms != "").order_by(Submission.id)
            return dict(session.execute(query).all())

    def adjust(self, student, exercise, points, max_points, reason):
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

    def adjustments(self, student):
        """exercise -> the Adjustment in force, of one student."""
        with self.session() as session:
            rows = session.scalars(select(Adjustment).where(Adjustment.student_id == student).order_by(Adjustment.id))
            return _in_force({row.exercise: row for row in rows})

    def scores(self, student, config):
        """chapter -> Score of one student."""
        return scores(self.submissions(student), config, self.adjustments(student))


def scores(submissions, config, adjustments=None):
    """chapter -> Score of one student: the latest or the best graded submission counts, as the course decides.

    adjustments   exercise -> Adjustment in force; they replace what the judge gave, before lateness is counted.
    """
    adjustments = adjustments or {}
    counted = {}
    for row in sorted(submissions, key=config.counting_time):
        if row.status != "graded":
            continue
        score = _score(row, config, {name: a for name, a in adjustments.items() if a.chapter == row.chapter})
        last = counted.get(row.chapter)
        if last is None or config.attempts == "latest" or score.points >= last.points:
            counted[row.chapter] = score
    for chapter in {a.chapter for a in adjustments.values()} - set(counted):
        alone = {name: a for name, a in adjustments.items() if a.chapter == chapter}
        points, most = (sum(getattr(a, key) for a in alone.values()) for key in ("points", "max_points"))
        counted[chapter] = Score(None, points, most, points, 1.0, alone)
    return counted


def _score(row, config, adjusted):
    share = config.share_after(row.chapter, config.counting_time(row))
    given = {verdict.exercise: verdict.points for verdict in row.verdicts}
    given |= {name: adjustment.points for name, adjustment in adjusted.items()}
    points = math.fsum(given.values())
    return Score(row, points * share, row.max_points, points, share, adjusted)


def write_grades(gradebook, config, path):
    """Write `student, <chapter>..., total, max` as CSV to `path`, whole or not at all."""
    rows, most = {}, defaultdict(float, dict.fromkeys(config.chapters, 0.0))
    for student, submissions, adjustments in gradebook.everyone():
        counted = scores(submissions, config, adjustments)
        rows[student] = {chapter: score.points for chapter, score in counted.items()}
        for chapter, score in counted.items():
            most[chapter] = max(most[chapter], score.max_points)
    chapters = sorted(most)
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(["student", *chapters, "total", "max"])
    for student, counted in rows.items():
        points = [number(counted[chapter]) if chapter in counted else "" for chapter in chapters]
        total = math.fsum(counted.values())
        table.writerow([no_formula(student), *points, number(total), number(math.fsum(most.values()))])
    save(path, text.getvalue().encode())


def no_formula(text):
    """The text so that a spreadsheet reads it as text: a formula's first character gets an apostrophe before it.

    Also after a semicolon, at which spreadsheets in many countries divide, and for the wide forms that some accept.
    """
    return _FORMULA.sub(r"\1'\2", text)


def _now():
    return datetime.now(UTC)


def _in_order():
    """The query for submissions with their verdicts, by chapter and time."""
    order = (Submission.chapter, Submission.submitted_at, Submission.id)
    return select(Submission).order_by(*order).options(selectinload(Submission.verdicts))


def _in_force(latest):
    return {name: row for name, row in latest.items() if row.points is not None}


def _row(session, student, chapter, digest):
    return session.scalar(
        select(Submission).where(
            Submission.student_id == student,
            Submission.sha256 == digest,
            *([Submission.chapter == chapter] if chapter else []),
        )
    )


def _bring_up_to_date(row, found):
    """Handed in again: the later times count."""
    row.submitted_at = max(row.submitted_at, found.submitted_at)
    row.received_at = max(row.received_at, found.received_at)
    row.claimed_at = max(row.claimed_at, found.claimed_at or found.submitted_at)


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
