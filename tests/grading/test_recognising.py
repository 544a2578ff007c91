"""Which chapter a notebook is, asked of any bank: by what is in it, and by its name only between equals."""

import json
from dataclasses import dataclass

import pytest

from course_lib.checks import chapters, exercises
from course_lib.grading.notebook import Recognised, answers_in, read_notebook, recognised
from tests.grading.handing_in import notebook


@dataclass(frozen=True)
class Exercise:
    """As much of an exercise as says where it belongs."""

    name: str
    chapter: str
    kind: str = "function"


BANK = [Exercise("slope", "41"), Exercise("area", "41"), Exercise("flux", "42"), Exercise("flux_by_hand", "42", "text")]


@pytest.mark.parametrize(
    ("cells", "hint", "chapter"),
    [
        (["def flux(x):\n    return x"], "41", "42"),
        (["async def flux(x):\n    return x"], "", "42"),
        (["flux_by_hand = '''L = 1'''"], "", "42"),
        (["flux: Callable = lambda x: x"], "", "42"),
        (["    def flux(x):\n        return x"], "", "42"),
        (["In [3]: def flux(x):\n   ...:     return x"], "", "42"),
        (["%%time\n!ls\ndef flux(x):\n    return x"], "", "42"),
        # A function says more than a variable of the name, and a variable more than nothing.
        (["def flux(x): return x", "slope = 1", "area = 2"], "41", "42"),
        (["slope = 1"], "42", "41"),
        (["check(flux)"], "41", "42"),
        # Between equals the name decides, and without one the first.
        (["def flux(x): return x", "def slope(x): return x"], "42", "42"),
        (["def flux(x): return x", "def slope(x): return x"], "", "41"),
        # What is inside a function is no answer, and neither is a comparison.
        (["def other():\n    flux = 1\n    return flux", "slope == 1"], "42", ""),
        (["x = 1"], "41", ""),
    ],
)
def test_the_exercises_in_a_notebook_say_which_chapter_it_is(cells, hint, chapter):
    assert recognised(read_notebook(notebook(*cells)), BANK, hint) == Recognised(chapter)


def test_every_sheet_and_every_chapter_to_read_of_the_course_is_recognised(course_root):
    for chapter in chapters():
        for folder, to_read in (("exercises", False), ("solutions", False), ("notebooks", True)):
            (path,) = (course_root / folder).glob(f"{chapter}_*.ipynb")
            found = read_notebook(path.read_bytes())
            assert recognised(found, exercises(), "99") == Recognised(chapter, to_read)


def test_a_sheet_that_was_begun_has_more_answers_than_an_empty_one(course_root):
    sheets = {
        folder: read_notebook(next((course_root / folder).glob("03_*")).read_bytes())
        for folder in ("exercises", "solutions")
    }
    names = [exercise.name for exercise in exercises("03")]
    assert answers_in(sheets["solutions"], names) == len(names)
    assert answers_in(sheets["exercises"], names) < len(names) / 2


def test_a_chapter_to_read_is_known_by_its_metadata_alone():
    tree = json.loads(notebook("x = 1"))
    tree["metadata"] = {"course": {"shapes": {"X": "n d"}}}
    assert recognised(read_notebook(json.dumps(tree).encode()), BANK) == Recognised("", True)
