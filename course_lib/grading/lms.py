"""Fill in the file that an instructor downloaded from the LMS; only the columns asked for change.

Canvas    a gradebook export: `Student` or `LastName, FirstName`, then `ID, SIS User ID, SIS Login ID, Section`, then
          `<assignment> (<id>)` columns, perhaps a row `Points Possible`; rows are matched by ID, SIS User ID or SIS
          Login ID; `EX` (excused) and `N/A` (not assigned to this student) stay.
Moodle    a grading worksheet: the participant's number, names, `Grade`, `Last modified (grade)`, perhaps feedback
          comments; column names may be localised.
"""

import csv
import html
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib.checks.verdict import STATUSES
from course_lib.errors import CourseError
from course_lib.grading.files import save, spare
from course_lib.grading.marks import course_total, number, write_grades

if TYPE_CHECKING:
    from course_lib.grading.config import Config
    from course_lib.grading.gradebook import Gradebook


TOTAL = "total"
NAMES_SHOWN = 10
_ASSIGNMENT = re.compile(r"(?P<title>.*?)\s*\((?P<id>\d+)\)")
# Moodle's own translations of its worksheet's header (en, de, fr, es).
_GRADE = ("grade", "bewertung", "note", "calificación")
_MOST = ("maximum grade", "bestwertung", "note maximale", "calificación máxima")
_COMMENTS = (
    "feedback comments",
    "feedback als kommentar",
    "feedback par commentaires",
    "comentarios de retroalimentación",
)


@dataclass(frozen=True)
class Filled:
    """What was filled in: where it was written, what went where, and who was not found on either side."""

    path: Path
    columns: tuple[str, ...]
    filled: int
    kept: int
    only_in_file: tuple[str, ...]
    only_here: tuple[str, ...]
    notes: tuple[str, ...]

    def __str__(self):
        lines = [f"{self.path}: {self.filled} filled in", *(f"  {column}" for column in self.columns)]
        if self.kept:
            lines.append(f"Excused or not assigned, left as they are: {self.kept}")
        for title, names in (
            ("In the file, without a grade here", self.only_in_file),
            ("Here, not in the file", self.only_here),
        ):
            if names:
                more = f" and {len(names) - NAMES_SHOWN} more" * (len(names) > NAMES_SHOWN)
                lines.append(f"{title}: {', '.join(names[:NAMES_SHOWN])}{more}")
        return "\n".join([*lines, *self.notes])


class Sheet:
    """A CSV file as rows of texts, written back with the encoding, separator and line ends it came with."""

    def __init__(self, path):
        self.path = Path(path)
        try:
            data = self.path.read_bytes()
            text = data.decode("utf-8-sig")
        except OSError as error:
            raise CourseError(f"{path} cannot be read: {error.strerror}.") from None
        except UnicodeDecodeError:
            raise CourseError(f"{path} is not UTF-8 text; the file as the LMS exported it was expected.") from None
        self.bom = data.startswith(b"\xef\xbb\xbf")
        self.line_end = "\r\n" if "\r\n" in text else "\n"
        first = text.partition("\n")[0]
        self.separator = max(",;\t", key=first.count)
        try:
            self.rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=self.separator, strict=True))
        except csv.Error as error:
            raise CourseError(f"{path} is not a CSV file: {error}.") from None
        if not self.rows or len(self.rows[0]) < 2:
            raise CourseError(f"{path} has no header of several columns; the file as the LMS exported it was expected.")

    @property
    def header(self) -> list[str]:
        return [title.strip() for title in self.rows[0]]

    def column(self, *titles: str) -> int | None:
        """The number of the first column of one of these names, in any case of letters, or None."""
        found = [title.casefold() for title in self.header]
        return next((found.index(title.casefold()) for title in titles if title.casefold() in found), None)

    def fill_up(self) -> None:
        """Make every row as long as the header: programs leave empty cells at the end out."""
        for row in self.rows:
            row += [""] * (len(self.rows[0]) - len(row))

    def write(self) -> Path:
        """Write the filled copy beside the file; its path."""
        text = io.StringIO()
        csv.writer(text, delimiter=self.separator, lineterminator=self.line_end).writerows(self.rows)
        path = self.path.with_name(f"{self.path.stem}.graded{self.path.suffix}")
        save(path, b"\xef\xbb\xbf" * self.bom + text.getvalue().encode())
        return path


class Grades:
    """Who has how many points, found by what an LMS calls a student."""

    def __init__(self, gradebook, config):
        self.gradebook, self.config = gradebook, config
        self.students = set(gradebook.students())
        self.by_number = gradebook.lms_numbers()
        self.found = set()
        self.most = course_total(gradebook, config)

    def students_of(self, keys: Sequence[tuple[str | None, list[str]]]) -> list[str | None]:
        """The student of each row of a file, None for nobody, from its key: the LMS's number and names.

        The number says it for sure. A name says it where it stands in one row alone and no number led to the same
        student: of two namesakes, one may have handed in nothing.
        """
        by_number = [self.by_number.get(number) for number, _ in keys]
        rows = Counter(name for _, names in keys for name in set(names))
        by_name = {name for name in self.students - set(by_number) if rows[name] == 1}
        found = [
            student or next((name for name in names if name in by_name), None)
            for student, (_, names) in zip(by_number, keys, strict=True)
        ]
        self.found.update(filter(None, found))
        return found

    def score(self, student, what):
        """(points, most) of a chapter, or of all for TOTAL; None where nothing was graded."""
        counted = self.gradebook.scores(student, self.config)
        wanted = list(counted.values()) if what == TOTAL else [counted[what]] if what in counted else []
        if not wanted:
            return None
        # One total for the whole class, whoever handed in what.
        most = self.most if what == TOTAL else sum(score.max_points for score in wanted)
        return sum(score.points for score in wanted), most


def write_plain(path: Path, gradebook: "Gradebook", config: "Config") -> None:
    """Write points by student and chapter to `path`; a file that is something else, an export say, is left alone."""
    spare(path, lambda there: there.read_bytes().startswith(b"student,"))
    write_grades(gradebook, config, path)


def fill_canvas(path, gradebook, config, fill=(), scale=False):
    """Fill in a Canvas gradebook export; a Filled.

    fill    "01=<column>" or "total=<column>", the column by its full name or without its number; by default each column
            goes to the one chapter whose number stands in its name.
    scale   stretch the points to Points Possible.
    """
    sheet = Sheet(path)
    number_column = sheet.column("ID")
    shown = [c for c in map(sheet.column, ("Student", "LastName", "FirstName")) if c is not None]
    if number_column is None or not shown:
        raise CourseError(
            f"{path} is no Canvas gradebook: columns Student and ID were expected; it has {_listed(sheet.header)}."
        )
    names = [c for c in map(sheet.column, ("SIS User ID", "SIS Login ID")) if c is not None]
    grades = Grades(gradebook, config)
    targets = _canvas_targets(sheet, gradebook.chapters(), fill)
    possible, notes = {}, list[str]()
    filled, kept, strangers = 0, 0, []
    sheet.fill_up()
    for row in sheet.rows[1:]:
        if "Points Possible" in row[shown[0]]:
            possible = {column: _value(row[column]) for column in targets}
    rows = [row for row in sheet.rows[1:] if row[number_column].strip()]
    keys = [(f"canvas:{row[number_column].strip()}", [row[c].strip() for c in names]) for row in rows]
    for row, student in zip(rows, grades.students_of(keys), strict=True):
        if student is None:
            strangers.append(", ".join(row[c].strip() for c in shown))
            continue
        for column, what in targets.items():
            score = grades.score(student, what)
            if score is None:
                continue
            if row[column].strip().upper() in ("EX", "N/A"):
                kept += 1
                continue
            row[column] = number(_scaled(score, possible.get(column), scale, sheet.header[column], notes))
            filled += 1
    columns = tuple(f"{sheet.header[column]} ← {what}" for column, what in targets.items())
    missing = tuple(sorted(grades.students - grades.found))
    return Filled(sheet.write(), columns, filled, kept, tuple(strangers), missing, tuple(dict.fromkeys(notes)))


def _canvas_targets(sheet, chapters, fill):
    """Column number → chapter or TOTAL."""
    titles = {n: _ASSIGNMENT.fullmatch(title) for n, title in enumerate(sheet.header)}
    assignments = {n: found["title"] for n, found in titles.items() if found}
    if fill:
        return dict(_asked(text, sheet, assignments, chapters) for text in fill)
    targets = {}
    for chapter in chapters:
        named = [n for n, title in assignments.items() if names_chapter(title, chapter)]
        if len(named) == 1 and named[0] not in targets:
            targets[named[0]] = chapter
    if not targets:
        raise CourseError(
            f"No column of {sheet.path} names a graded chapter ({_listed(chapters)}); say which with "
            f'--fill "01=<column>". Its assignments are {_listed(assignments.values())}.'
        )
    return targets


def names_chapter(title: str, chapter: str) -> bool:
    """Whether an assignment's title names a chapter: its number, with or without zeros before it, or its name."""
    if chapter.isdecimal():
        return re.search(rf"(?<!\d)0*{int(chapter)}(?!\d)", title) is not None
    return re.search(rf"(?<![^\W_]){re.escape(chapter)}(?![^\W_])", title, re.IGNORECASE) is not None


def _asked(text, sheet, assignments, chapters):
    """(column, chapter or TOTAL) of one `what=column`."""
    what, _, title = (part.strip() for part in text.partition("="))
    if what != TOTAL and what not in chapters:
        raise CourseError(f"--fill {text!r}: {what!r} is not graded; {_listed([*chapters, TOTAL])} were expected.")
    named = [n for n, name in assignments.items() if title in (name, sheet.header[n])]
    if len(named) != 1:
        raise CourseError(
            f"--fill {text!r}: {len(named)} columns are called {title!r}; the assignments are "
            f"{_listed(assignments.values())}."
        )
    return named[0], what


def fill_moodle(path, gradebook, config, what, scale=False, comments=False, columns=None):
    """Fill in a Moodle grading worksheet; a Filled.

    what      a chapter, or TOTAL.
    comments  write a summary into the feedback comments too.
    columns   {"grade": name or None, "comments": name or None}, where Moodle's names are not known here.
    """
    columns = columns or {}
    sheet = Sheet(path)
    chapters = gradebook.chapters()
    if what != TOTAL and what not in chapters:
        raise CourseError(f"Chapter {what!r} is not graded; {_listed([*chapters, TOTAL])} were expected.")
    grade = _moodle_column(sheet, columns.get("grade"), _GRADE, "grades", "--grade-column")
    if sheet.column("Identifier") is not None and sheet.column("Last modified (grade)") is None:
        raise CourseError(
            f"{path} lacks the column Last modified (grade), without which Moodle takes no worksheet back."
        )
    remarks = (
        _moodle_column(sheet, columns.get("comments"), _COMMENTS, "comments", "--comments-column") if comments else None
    )
    most_column = sheet.column(*_MOST)
    # A worksheet in a language with decimal commas is read back with decimal commas.
    comma = any(
        re.fullmatch(r"\d+,\d+", row[c].strip())
        for row in sheet.rows[1:]
        for c in (grade, most_column)
        if c is not None and c < len(row)
    )
    grades, filled, strangers, notes = Grades(gradebook, config), 0, list[str](), list[str]()
    rows = [row for row in sheet.rows[1:] if any(row)]
    sheet.fill_up()
    keys = []
    for row in rows:
        identifier = re.search(r"(\d+)\s*$", row[0])
        others = [row[n].strip() for n in range(1, len(row)) if n not in (grade, remarks)]
        keys.append((identifier and f"moodle:{identifier[1]}", others))
    for row, student in zip(rows, grades.students_of(keys), strict=True):
        score = student and grades.score(student, what)
        if not score:
            strangers.append(row[1] or row[0])
            continue
        most = _value(row[most_column]) if most_column is not None else None
        text = number(_scaled(score, most, scale, sheet.header[grade], notes))
        row[grade] = text.replace(".", ",") if comma else text
        if remarks is not None:
            row[remarks] = _summary(gradebook, config, student, what)
        filled += 1
    shown = tuple(f"{sheet.header[c]} ← {what}" for c in (grade, remarks) if c is not None)
    missing = tuple(sorted(grades.students - grades.found))
    return Filled(sheet.write(), shown, filled, 0, tuple(strangers), missing, tuple(dict.fromkeys(notes)))


def _moodle_column(sheet, asked, known, content, option):
    found = sheet.column(asked) if asked else sheet.column(*known)
    if found is None:
        raise CourseError(
            f"{sheet.path} has no column {asked or known[0].capitalize()!r} for the {content}; say which it is with "
            f"{option}. It has {_listed(sheet.header)}."
        )
    return found


def _summary(gradebook, config, student, what):
    """The verdicts of one student in one cell of HTML."""
    lines = []
    for chapter, score in sorted(gradebook.scores(student, config).items()):
        if what in (TOTAL, chapter) and score.submission is not None:
            for mark in score.marks:
                verdict, adjusted = mark.verdict, mark.adjustment
                status = STATUSES.get(verdict.status, verdict.status)
                text = f"{verdict.exercise}: {status}, {number(mark.points)} of {number(mark.max_points)}"
                reason = f"adjusted by hand: {adjusted.reason}" if adjusted else verdict.message
                lines.append(text if verdict.status == "right" and not adjusted else f"{text}. {reason}")
    return "".join(f"<p>{html.escape(line)}</p>" for line in lines)


def _scaled(score, most, scale, title, notes):
    """The points to write; says so where the LMS counts up to something else."""
    points, ours = score
    if most and abs(most - ours) > 1e-9:
        if scale and ours:
            return points * most / ours
        notes.append(
            f"{title}: the LMS gives {number(most)} points at most, here {number(ours)}; --scale stretches them."
        )
    return points


def _value(text):
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None


def _listed(names):
    return ", ".join(str(name) for name in names) or "none"
