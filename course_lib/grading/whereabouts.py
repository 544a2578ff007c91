"""Where an answer is that the grader does not find under its name, in one sentence for its author.

The notebook is read as text, never run, and never parsed.
"""

import difflib
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from course_lib.grading.notebook import Notebook, defined_names

if TYPE_CHECKING:
    from course_lib.checks.specification import Exercise

# How much two names have in common, from 0 to 1, before one is taken for a slip of the pen.
ALIKE = 0.8
_FUNCTION = re.compile(r"^(?:async )?def[ \t]+(\w+)", re.MULTILINE)


def whereabouts(exercise: "Exercise", notebook: Notebook, names: Iterable[str]) -> str:
    """What became of an answer that is not there at the end of the notebook, or "" where nothing of it is seen.

    names   of all exercises of the chapter.
    """
    name = exercise.name
    given = [number for number, cell in enumerate(notebook.cells, 1) if name in defined_names([cell])]
    if exercise.kind != "function":
        text = f"`{name}` is given in cell {given[-1]} as something else than a plain text" if given else ""
        return text and f"{text}; write it between quotes, without f in front and without + between parts."
    if given:
        return (
            f"`{name}` is defined in cell {given[-1]}, but in the end the name stands for no function: another line "
            "gives it to something else, or deletes it."
        )
    defines = re.compile(rf"^([ \t]*)(?:async )?def[ \t]+{re.escape(name)}\b", re.MULTILINE)
    for number, cell in enumerate(notebook.cells, 1):
        if defines.search(cell):
            return (
                f"`{name}` is defined inside something else in cell {number}, where nobody finds it. Its `def` belongs "
                "at the left margin."
            )
    if any(defines.search(text) for text in notebook.silent):
        return f"`{name}` stands in a Markdown or raw cell, which is never run. Make it a code cell."
    others = {found for cell in notebook.cells for found in _FUNCTION.findall(cell)} - set(names)
    near = difflib.get_close_matches(name, sorted(others), 1, ALIKE)
    return f"There is no `{name}`, but a function `{near[0]}`, which no exercise asks for." if near else ""
