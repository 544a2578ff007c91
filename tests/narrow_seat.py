"""The student's seat as a browser has it: run by `test_students_seat.py` in a process of its own.

What Python in a browser lacks is taken away first: some modules, processes, threads and their clock.
What the instructor's and the author's seat bring is taken away too. Then the cells of notebooks run in IPython, one
notebook after the other, and every exercise that was checked is printed with its verdict, as JSON.
"""

import json
import sys
import threading
import time
from pathlib import Path

ABSENT = {
    # not in Pyodide's standard library, or in it without a body
    *("lzma", "_lzma", "sqlite3", "_sqlite3", "ssl", "_ssl", "resource", "_multiprocessing", "multiprocessing"),
    "concurrent.futures.process",
    # what the other seats are made of
    *("sqlalchemy", "typer", "rich", "click", "jinja2", "nbformat", "nbclient", "nbval", "sphinx"),
    *("jupyterlab", "jupyter_server", "distributed", "psycopg"),
}


class Absence:
    """Finds nothing where a browser has nothing."""

    def find_spec(self, name, path=None, target=None):
        if name in ABSENT or name.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}, as in a browser", name=name)


def narrow():
    """Take away what a browser has not, before anything of the course is imported."""
    loaded = {name.partition(".")[0] for name in sys.modules} & ABSENT
    assert not loaded, f"loaded before it could be taken away: {loaded}"
    sys.meta_path.insert(0, Absence())
    del time.thread_time
    threading.Thread.start = no_thread


def no_thread(self):
    raise RuntimeError("can't start new thread")


def run(shell, path):
    """Run the code cells of a notebook; an error in one ends the program."""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            shell.run_cell("".join(cell["source"])).raise_error()


def imported():
    """The distributions that loaded modules belong to, without the course."""
    from importlib.metadata import packages_distributions

    owners = packages_distributions()
    return sorted({owner for name in sys.modules for owner in owners.get(name.partition(".")[0], ())} - {"course_lib"})


def main(paths):
    narrow()
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.io import capture_output

    shell = InteractiveShell.instance()
    with capture_output():
        for path in paths:
            run(shell, Path(path))
        from course_lib import derive, doctor, progress, submit

        editor = derive()
        report = derive("L = w^\\top w\n\\nabla_w L = w", shapes={"w": "d"})
        receipt = submit("01", student="ada")
        rows = [(exercise.name, verdict.status if verdict else "") for exercise, verdict in progress().rows]
    told = {
        "verdicts": rows,
        "editor": type(editor).__name__,
        "derivation": [line.verdict for line in report.lines],
        "receipt": repr(receipt),
        "doctor": repr(doctor()),
        "imported": imported(),
        "modules": sorted(name for name in sys.modules if name.partition(".")[0] == "course_lib"),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1:])
