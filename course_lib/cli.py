"""The `course` command: thin verbs over the package; what a verb needs loads when the verb runs."""

import io
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from course_lib.errors import CourseError

app = typer.Typer(
    help="Hand in, grade and make the course. Each verb explains itself with --help.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


GradebookOption = Annotated[str | None, typer.Option(help="Database address; else gradebook.sqlite in --out.")]
OutOption = Annotated[Path | None, typer.Option(help="Folder for grades, feedback and report; else graded/.")]


@app.callback()
def _course():
    """Makes `course` a group of verbs, however few there are."""


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def start(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(help="Your course folder; else the one that this is run in, else course/.")
    ] = None,
    lab: Annotated[bool, typer.Option("--lab/--no-lab", help="Open JupyterLab there, or only lay out.")] = True,
):
    """Lay out chapters and exercises in a folder of your own and open JupyterLab there.

    What you have changed is never written over. Further options, such as --no-browser, go to JupyterLab.
    """
    from course_lib.start import course_folder, lay_out, open_lab

    layout = lay_out(course_folder(folder))
    print(layout)
    if lab:
        open_lab(layout.folder, context.args)


@app.command()
def submit(
    notebook: Annotated[str | None, typer.Argument(help='A path, or a chapter such as "01".')] = None,
    student: Annotated[str | None, typer.Option(help="Your student id; else COURSE_STUDENT, else course.toml.")] = None,
    inbox: Annotated[
        Path | None, typer.Option(help="Copy the bundle there; else COURSE_INBOX, else course.toml.")
    ] = None,
):
    """Hand in a notebook: write a bundle and a receipt."""
    from course_lib.grading.bundle import hand_in

    print(hand_in(notebook, student, inbox))


@app.command()
def grade(
    inbox: Annotated[Path, typer.Argument(help="The folder that the submissions lie in, or an LMS's archive of them.")],
    gradebook: GradebookOption = None,
    out: OutOption = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**63 - 1, help="Picks the draws; else course.toml, else the gradebook's.")
    ] = None,
    sandbox: Annotated[
        str, typer.Option(help="bwrap, or process (weaker: a notebook can read this machine's files).")
    ] = "bwrap",
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; else one per processor.")] = None,
    regrade: Annotated[bool, typer.Option(help="Grade again what is graded, and show what changes.")] = False,
    stale: Annotated[bool, typer.Option(help="Judge again exactly the verdicts that are stale.")] = False,
    dask: Annotated[str | None, typer.Option(help="Address of a dask scheduler, to grade on its workers.")] = None,
):
    """Grade what is new in an inbox, without trusting any of it."""
    from course_lib.grading import need_linux

    need_linux()
    # Workers are forked from here, and one BLAS thread each is fastest; NumPy reads this when it is first imported.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    from course_lib.grading.console import grade as grade_inbox
    from course_lib.grading.interrupts import INTERRUPTED

    again = {"regrade": regrade, "stale": stale}
    report = grade_inbox(inbox, gradebook=gradebook, out=out, seed=seed, sandbox=sandbox, jobs=jobs, dask=dask, **again)
    if report.interrupted:
        raise typer.Exit(INTERRUPTED)


@app.command()
def report(gradebook: GradebookOption = None, out: OutOption = None):
    """Write the class report, grades.csv and the feedback pages again from the gradebook."""
    from course_lib.grading.desk import opened

    with opened(gradebook, out, must_exist=True) as desk:
        for line in desk.write():
            print(line)
        print(desk.out / "report.html")


@app.command()
def adjust(
    student: Annotated[str, typer.Argument(help="The student's id in the gradebook.")],
    exercise: Annotated[str, typer.Argument(help="The name of an exercise.")],
    reason: Annotated[str, typer.Option(help="Why; the student reads it.")],
    points: Annotated[float | None, typer.Option(help="What the exercise counts, before lateness.")] = None,
    withdraw: Annotated[bool, typer.Option(help="Let the judge's points count again.")] = False,
    gradebook: GradebookOption = None,
    out: OutOption = None,
):
    """Set the points of one exercise by hand; it survives regrading."""
    from course_lib.grading.desk import adjust as set_points
    from course_lib.grading.desk import opened

    if withdraw == (points is not None):
        raise CourseError("Say either --points or --withdraw.")
    with opened(gradebook, out, must_exist=True) as desk:
        print(set_points(desk, student, exercise, points, reason))


lms = typer.Typer(help="Files that a learning management system reads.", no_args_is_help=True)
app.add_typer(lms, name="lms")
ScaleOption = Annotated[bool, typer.Option(help="Stretch the points to the most that the LMS gives.")]


@lms.command()
def canvas(
    file: Annotated[Path, typer.Argument(help="The gradebook that Canvas exported.")],
    fill: Annotated[
        list[str] | None, typer.Option(help='Which column gets what: "01=Exercises 1 (1234)", or "total=...".')
    ] = None,
    scale: ScaleOption = False,
    gradebook: GradebookOption = None,
    out: OutOption = None,
):
    """Fill in a Canvas gradebook export; the result lies beside it."""
    from course_lib.grading.desk import opened
    from course_lib.grading.lms import fill_canvas

    with opened(gradebook, out, must_exist=True) as desk:
        print(fill_canvas(file, desk.book, desk.config, tuple(fill or ()), scale))


@lms.command()
def moodle(
    file: Annotated[Path, typer.Argument(help="The grading worksheet that Moodle exported.")],
    chapter: Annotated[str, typer.Option(help='The chapter that the assignment is, such as "01", or total.')],
    scale: ScaleOption = False,
    comments: Annotated[bool, typer.Option(help="Write a summary into the column for feedback comments.")] = False,
    grade_column: Annotated[str | None, typer.Option(help="The grades' column, where its name is not known.")] = None,
    comments_column: Annotated[str | None, typer.Option(help="The comments' column, likewise.")] = None,
    gradebook: GradebookOption = None,
    out: OutOption = None,
):
    """Fill in a Moodle grading worksheet; the result lies beside it."""
    from course_lib.grading.desk import opened
    from course_lib.grading.lms import fill_moodle

    with opened(gradebook, out, must_exist=True) as desk:
        columns = {"grade": grade_column, "comments": comments_column}
        print(fill_moodle(file, desk.book, desk.config, chapter, scale, comments, columns))


@lms.command()
def plain(
    file: Annotated[Path, typer.Argument(help="The CSV file to write.")],
    gradebook: GradebookOption = None,
    out: OutOption = None,
):
    """Write points by student id and chapter as plain CSV."""
    from course_lib.grading.desk import opened
    from course_lib.grading.lms import write_plain

    with opened(gradebook, out, must_exist=True) as desk:
        write_plain(file, desk.book, desk.config)
    print(file)


@lms.command()
def gradescope(
    file: Annotated[Path, typer.Argument(help="The autograder zip to write.")],
    chapter: Annotated[str, typer.Option(help='The chapter that the assignment is, such as "01".')],
):
    """Write an autograder for Gradescope, one chapter per assignment."""
    from course_lib.grading.gradescope import write_autograder

    write_autograder(file, chapter, _root())
    print(file)


@app.command()
def simulate(
    inbox: Annotated[Path, typer.Argument(help="A new or empty folder.")],
    students: Annotated[int, typer.Option(min=1, help="How many students.")] = 60,
    seed: Annotated[int, typer.Option(min=0, help="The same seed makes the same class.")] = 1,
):
    """Hand in for a class that does not exist, to try everything before term."""
    from course_lib.grading.config import instructors_config
    from course_lib.grading.simulate import simulate as hand_in_all

    root = _root()
    print(hand_in_all(inbox, students, seed, root, instructors_config(root)))


@app.command()
def release(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit with 1 if one is behind.")] = False,
    whose: Annotated[
        str | None, typer.Option("--for", help='"nbgrader": write nbgrader/source/, whose check cells it autogrades.')
    ] = None,
):
    """Make the student edition: exercises/ from solutions/."""
    from course_lib.grading.release import release as write
    from course_lib.grading.release import sheets_for_nbgrader, student_editions

    makers = {None: student_editions, "nbgrader": sheets_for_nbgrader}
    if whose not in makers:
        raise CourseError(f"A release for {whose!r} is not known; --for nbgrader is.")
    root = _root()
    editions = makers[whose](root) if check else write(root, makers[whose])
    for edition in editions:
        count = f"{edition.exercises} exercise{'s' * (edition.exercises != 1)}"
        state = "in step" if edition.in_step else ("behind" if check else "written")
        print(f"{edition.path.relative_to(root)}: {count}, {edition.points:g} points, {state}")
    if check and not all(edition.in_step for edition in editions):
        raise CourseError("The exercises are behind the solutions; `course release` writes them.")


@app.command()
def doctor(
    seat: Annotated[str, typer.Option(help="student, or instructor to look at what grading needs too.")] = "student",
):
    """Look whether everything the course needs is on this machine."""
    from course_lib.health import doctor as look

    if seat not in ("student", "instructor"):
        raise CourseError(f"There is no seat {seat!r}; it is student or instructor.")
    health = look(seat)
    print(health)
    if not health.ok:
        raise typer.Exit(1)


@app.command()
def derive(
    file: Annotated[Path, typer.Argument(help="A text file: a line `shapes: X = n d; w = d`, then the derivation.")],
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON, for programs.")] = False,
):
    """Check a derivation line by line; exit with 1 when a line is wrong or cannot be read."""
    from json import dumps

    from course_lib.derivation.files import derive_file

    report = derive_file(file)
    print(dumps(report.to_dict(), indent=1, ensure_ascii=False) if json else report)
    if not report.ok:
        raise typer.Exit(1)


authoring = typer.Typer(help="For authors of chapters.", no_args_is_help=True)
app.add_typer(authoring, name="authoring")


@authoring.command()
def execute(
    names: Annotated[list[str] | None, typer.Argument(help='Beginnings of file names, such as "01"; else all.')] = None,
):
    """Execute notebooks/ and solutions/ in place and remove what varies from run to run."""
    from course_lib.authoring import execute_in_place

    root = _root()
    for path in execute_in_place(root, tuple(names or ())):
        print(path.relative_to(root))


@authoring.command()
def ledger(
    names: Annotated[list[str] | None, typer.Argument(help='Beginnings of file names, such as "01"; else all.')] = None,
    every: Annotated[bool, typer.Option("--all", help="List the verified equations and the definitions too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the ledger as JSON, for programs.")] = False,
):
    """Verify every equation that the chapters display; exit with 1 when one is unexplained or too few are verified."""
    from json import dumps

    from course_lib.ledger import ledger_of, written

    found = ledger_of(_root(), tuple(names or ()))
    print(dumps(found.to_dict(), indent=1, ensure_ascii=False) if json else written(found, every))
    if not found.ok:
        raise typer.Exit(1)


@authoring.command()
def prove(
    files: Annotated[list[str] | None, typer.Argument(help="Files with exercises; else those in course.toml.")] = None,
):
    """Prove exercises of your own: the solution is right, every mistake fails with its own name, differences fail."""
    from course_lib.authoring import proofs

    wrong = 0
    for exercise, found in proofs(_root(), tuple(files or ())):
        count = len(exercise.mistakes)
        print("\n".join(found) or f"{exercise.name}: proven, with {count} mistake{'s' * (count != 1)}")
        wrong += len(found)
    if wrong:
        raise CourseError(f"{wrong} thing{'s' * (wrong != 1)} to mend.")


@authoring.command()
def site(
    out: Annotated[Path | None, typer.Option(help="The folder to write; else site/.")] = None,
    pyodide: Annotated[
        Path | None, typer.Option(help="A folder with Pyodide, copied into the site; else its public release is named.")
    ] = None,
):
    """Build the static site: chapters and exercises to read, and the page that checks derivations."""
    from course_lib.site import built

    root = _root()
    print(built(root, out or root / "site", pyodide))


@authoring.command()
def mathlive():
    """Lay MathLive beside the editor of derivations, as `site` does; a wheel that is built after it holds it."""
    from course_lib.page.mathlive import fetched

    print(fetched())


def _root():
    """The course folder that this is run in."""
    from course_lib.grading.config import course_root

    root = course_root()
    if root is None:
        raise CourseError("This is no course folder; run the command where notebooks/ and exercises/ are.")
    return root


# What a seat needs beside the student's, by the extra that brings it.
EXTRAS = {
    "instructor": ("nbformat", "rich", "jinja2", "markupsafe", "sqlalchemy"),
    "authoring": ("nbclient", "nbval"),
    "site": ("sphinx", "myst_nb", "jupyterlite_core"),
}


def main():
    """Run `course`; a CourseError becomes one sentence on stderr and exit code 1, and so does a missing package."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name that a terminal has no letters for stops nothing
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except CourseError as error:
        _end(str(error))
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        extra = next((name for name, packages in EXTRAS.items() if package in packages), None)
        if extra is None:
            raise
        _end(f"This needs {package}, which is not installed: install the course with its extra, course_lib[{extra}].")


def _end(sentence: str) -> None:
    print(sentence, file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
