"""Bring a gradebook of the first edition up to date, once; a copy of it is kept and nothing is lost.

The first edition had no arrivals, and its verdicts did not say which exercise, library and draws they came from. What
was judged stays judged: the fingerprint of those verdicts is empty, so they are counted as stale until judged again.
"""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from course_lib.errors import CourseError

_OLD = {
    "verdicts": {
        "id",
        "submission_id",
        "exercise",
        "status",
        "message",
        "points",
        "max_points",
        "mistake",
        "seconds",
    },
}
TABLES = ("students", "runs", "submissions", "verdicts", "adjustments")
COPY = "_first_edition"
_NEW_COLUMNS = (
    "ALTER TABLE verdicts ADD COLUMN fingerprint TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE verdicts ADD COLUMN library TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE verdicts ADD COLUMN draws INTEGER",
    "ALTER TABLE verdicts ADD COLUMN run_id INTEGER REFERENCES runs (id)",
    "UPDATE verdicts SET run_id = "
    "(SELECT submissions.run_id FROM submissions WHERE submissions.id = verdicts.submission_id)",
)
_ARRIVALS = (
    "INSERT INTO arrivals (submission_id, source, submitted_at, received_at, claimed_at) "
    "SELECT id, source, submitted_at, received_at, claimed_at FROM submissions"
)


def migrated(engine: Engine) -> str | None:
    """Migrate the database where it is a gradebook of the first edition: one sentence that says so, else None.

    All or nothing, and once: of two graders that open it at the same moment, the second finds it done.
    """
    if not _is_old(engine):
        return None
    copy = _copied_file(engine) if engine.dialect.name == "sqlite" else f"the tables …{COPY}"
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            # SQLite's driver begins no transaction by itself before the structure of a table is changed.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(text("LOCK TABLE verdicts IN ACCESS EXCLUSIVE MODE"))
        if not _is_old(connection):
            connection.rollback()
            return None
        if engine.dialect.name != "sqlite":
            for table in TABLES:
                connection.execute(text(f"CREATE TABLE {table}{COPY} AS TABLE {table}"))
        _bring_up_to_date(connection)
        connection.commit()
    return f"The gradebook was made by the first edition and is brought up to date; as it was, it is kept in {copy}."


def _is_old(where: Engine | Connection) -> bool:
    found = inspect(where)
    tables = set(found.get_table_names())
    return set(TABLES) <= tables and all(
        {column["name"] for column in found.get_columns(table)} == columns for table, columns in _OLD.items()
    )


def _copied_file(engine: Engine) -> Path:
    """Where the copy of a SQLite file lies, made with SQLite's own backup; one that is there is never written over."""
    path = Path(engine.url.database or "")
    copy, count = path.with_name(f"{path.stem}.first-edition{path.suffix}"), 1
    while copy.exists():
        count += 1
        copy = path.with_name(f"{path.stem}.first-edition-{count}{path.suffix}")
    try:
        with closing(sqlite3.connect(path)) as old, closing(sqlite3.connect(copy)) as new:
            old.backup(new)
    except sqlite3.Error as error:
        copy.unlink(missing_ok=True)
        raise CourseError(
            f"The gradebook {path} was made by the first edition, and no copy of it can be kept at {copy}: {error}."
        ) from None
    return copy


def _bring_up_to_date(connection: Connection) -> None:
    from course_lib.grading.gradebook import Arrival, Told

    for statement in _NEW_COLUMNS:
        connection.execute(text(statement))
    for run, versions in connection.execute(text("SELECT id, versions FROM runs")).all():
        library = str(json.loads(versions).get("course_lib", ""))
        connection.execute(
            text("UPDATE verdicts SET library = :library WHERE run_id = :run"), {"library": library, "run": run}
        )
    for table in (Arrival.__table__, Told.__table__):
        table.create(connection)  # type: ignore[attr-defined]
    connection.execute(text(_ARRIVALS))
