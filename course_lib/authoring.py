"""The author's seat: execute the notebooks in place and keep only what does not vary."""

from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from course_lib.checks import SEED, exercises
from course_lib.checks.bank import brought, try_out
from course_lib.checks.origins import read_bank, sources
from course_lib.checks.proving import faults
from course_lib.errors import CourseError
from course_lib.grading.notebook import chapter_by_name
from course_lib.grading.release import BEGIN, defines

WIDGET = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
# The site's tag for an output behind a click; JupyterLab's is `outputs_hidden`, and either brings the other.
HIDDEN = "hide-output"
KERNEL = {"kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}}


def executed(path, timeout=300):
    """The notebook at `path` (a Path), run from top to bottom and tidied; seconds bound each cell."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=timeout, resources={"metadata": {"path": str(path.parent)}})
    try:
        client.execute()
    except CellExecutionError as error:
        raise CourseError(f"{path.name} does not run: {error.ename}: {error.evalue}") from error
    return tidied(notebook)


def tidied(notebook):
    """The same notebook without what varies from run to run: times, kernel versions, widget models.

    In the place of an explorer its picture stays, which a notebook without a kernel shows; what it says was tested.
    """
    widgets = notebook.metadata.get("widgets", {}).get(STATE, {}).get("state", {})
    declared = {key: notebook.metadata[key] for key in ("course",) if key in notebook.metadata}
    notebook.metadata.clear()
    notebook.metadata.update(nbformat.from_dict({**KERNEL, "language_info": {"name": "python"}, **declared}))
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02d}"
        hidden = _is_hidden(cell)
        for key in ("execution", "collapsed", "scrolled", "jupyter", "trusted"):
            cell.metadata.pop(key, None)
        if cell.cell_type == "code":
            cell.metadata.pop("nbgrader", None)
            cell.metadata.update(nbgrader_metadata(cell.source))
            cell.outputs = with_whole_streams(cell.outputs)
            for output in cell.outputs:
                shown = output.get("data", {}).pop(WIDGET, None)
                if still := _still_of(shown, widgets):
                    output.data["text/html"] = still
                    _tag(cell, "nbval-ignore-output")
            if hidden:
                cell.metadata["jupyter"] = nbformat.from_dict({"outputs_hidden": True})
                _tag(cell, HIDDEN)
    return notebook


def _is_hidden(cell):
    """Whether a reader is asked for a guess first: the stored output is hidden until it is clicked or the cell run."""
    return bool(cell.metadata.get("jupyter", {}).get("outputs_hidden")) or HIDDEN in cell.metadata.get("tags", ())


def _tag(cell, tag):
    tags = cell.metadata.setdefault("tags", [])
    if tag not in tags:
        tags.append(tag)


def _still_of(shown, widgets):
    """The picture of an explorer that was just made, from its widget's models; None for anything else."""
    waiting = [shown["model_id"]] if shown else []
    while waiting:
        state = widgets.get(waiting.pop(), {}).get("state", {})
        if "<img " in str(state.get("value", "")):
            return state["value"]
        waiting += [child.removeprefix("IPY_MODEL_") for child in state.get("children", ())]
    return None


def with_whole_streams(outputs):
    """The outputs with neighbouring pieces of one stream joined: where they are cut is chance."""
    joined = []
    for output in outputs:
        before = joined[-1] if joined else None
        if before and output.output_type == before.output_type == "stream" and output.name == before.name:
            before.text += output.text
        else:
            joined.append(output)
    return joined


def nbgrader_metadata(source):
    """Cell metadata of nbgrader's schema 3: solution cells are the learner's, check cells are locked."""
    name = next((e.name for e in exercises() if f"def {e.name}(" in source or f"{e.name} = " in source), None)
    if BEGIN in source and name:
        return {"nbgrader": _nbgrader(name, solution=True, locked=False)}
    checked = next((e.name for e in exercises() if source.strip() in (f"check({e.name})", f'check("{e.name}")')), None)
    return {"nbgrader": _nbgrader(f"check_{checked}", solution=False, locked=True)} if checked else {}


def _nbgrader(grade_id, *, solution, locked):
    return {
        "grade": False,
        "grade_id": grade_id,
        "locked": locked,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }


def proofs(root, names=()):
    """(exercise, [fault with file and line, ...]) for the banks in these files; by default those of course.toml.

    root   the course folder: solutions/ holds what must be right.
    """
    banks = tuple(read_bank(Path(name), name) for name in names) or sources(root)
    if not banks:
        raise CourseError(
            'There is no bank to prove; name a file, or list it in course.toml: exercises = ["my_bank.py"].'
        )
    try_out(banks, SEED)
    for bank in banks:
        for exercise in brought((bank,)):
            found = faults(exercise, solution_of(root, exercise, banks))
            yield exercise, [f"{bank.name}, line {line}: {fault}" for (_, line), fault in found]


def solution_of(root, exercise, banks):
    """The source of the cell in solutions/ that solves an exercise, None where there is none."""
    for path in sorted((root / "solutions").glob("*.ipynb")):
        if chapter_by_name(path.name, banks) == exercise.chapter:
            cells = nbformat.read(path, as_version=4).cells
            for cell in cells:
                if cell.cell_type == "code" and BEGIN in cell.source and defines(cell.source, exercise.name):
                    return cell.source
    return None


def execute_in_place(root, names=()):
    """Execute the notebooks in notebooks/ and solutions/ (those whose name starts with one of `names`, if given)."""
    paths = [path for folder in ("notebooks", "solutions") for path in sorted((root / folder).glob("*.ipynb"))]
    chosen = [path for path in paths if not names or path.name.startswith(tuple(names))]
    if not chosen:
        known = ", ".join(path.stem for path in paths)
        raise CourseError(f"No notebook's name starts with {' or '.join(names)}; there are {known}.")
    for path in chosen:
        text = nbformat.writes(executed(path)) + "\n"
        path.write_text(text, encoding="utf-8")
        yield path
