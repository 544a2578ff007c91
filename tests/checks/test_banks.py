"""Exercises that somebody brings: where they are found, and what is said of a file that cannot be used."""

import sys
from pathlib import Path

import pytest

from course_lib.authoring import proofs
from course_lib.checks import SEED, bank, chapters, check, exercises, find, judge, progress
from course_lib.checks.judging import FunctionCaller
from course_lib.checks.origins import packages, sources
from course_lib.checks.proving import faults, mistake_fault, quotient_fault, solution_fault
from course_lib.errors import CourseError
from course_lib.grading.config import instructors_config
from course_lib.grading.notebook import chapter_by_name

BANK = '''import numpy as np

from course_lib.calculus.jacobian import complex_step_gradient
from course_lib.checks import derivation, exercise
from course_lib.derivation.goal import Problem

cubes = exercise("cubes(w, y)", chapter="warm-up", points=2, minutes=5, hints=("Chain rule.", "w**2 is in it"))


@cubes.draws
def inputs(draw):
    w, y = draw.array(5), draw.array(5)
    y[0] *= 1e6 if draw.drowns else 1
    return w, y


@cubes.truth
def truth(w, y):
    return complex_step_gradient(lambda w: np.sum((w**3 - y) ** 2) / 2, w)


@cubes.mistake
def inner(w, y):
    """The inner derivative 3w² is missing."""
    return w**3 - y


square_derivation = derivation(
    "square_derivation",
    Problem({"w": "d"}, r"L = w^\\top w", r"\\nabla_w L", steps=1),
    chapter="00",
    points=3,
    minutes=5,
    hints=("Product rule.",),
    mistakes={"factor": r"\\nabla_w L = w"},
)
'''


RIGHT = "def cubes(w, y):\n    return 3 * w**2 * (w**3 - y)"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A course folder to stand in: write(bank) puts the text of my_bank.py there."""

    def write(text=BANK, config='exercises = ["my_bank.py"]\n'):
        (tmp_path / "course.toml").write_text(config)
        (tmp_path / "my_bank.py").write_text(text)
        return tmp_path

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("course_lib.checks.seat._latest", {})
    return write


def line_of(text):
    """The number of the line of BANK that begins with this text."""
    return next(number for number, line in enumerate(BANK.splitlines(), 1) if line.startswith(text))


def test_a_bank_adds_chapters_and_exercises_to_chapters(place, tmp_path_factory, monkeypatch):
    place()
    assert chapters()[-1] == "warm-up"
    assert [e.name for e in exercises("00")] == ["square_slope", "square_derivation"]
    assert find("cubes").place == (str(Path("my_bank.py").resolve()), line_of("cubes ="))
    assert [e.chapter for e in exercises()] == sorted(e.chapter for e in exercises())
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert [e.name for e in exercises("00")] == ["square_slope"], "a bank belongs to its course folder"
    with pytest.raises(CourseError, match="No exercise is called `cubes`"):
        find("cubes")


def test_the_seat_knows_them(place):
    place()

    def cubes(w, y):
        return w**3 - y

    verdict = check(cubes)
    assert (verdict.mistake, verdict.chapter, verdict.max_points) == ("inner", "warm-up", 2)
    assert verdict.message == "The inner derivative 3w² is missing."
    assert "warm-up  cubes" in repr(progress())
    assert "warm-up  cubes" in repr(progress("warm-up"))
    assert "square_derivation" in repr(progress(0))


def test_what_is_changed_is_read_again(place):
    place()
    before = find("cubes")
    assert find("cubes") is before
    place(BANK.replace("points=2", "points=7, rtol=1e-9"))
    assert find("cubes").points == 7


def test_course_toml_may_name_their_chapters_and_points(place):
    root = place(config='exercises = ["my_bank.py"]\nchapters = ["warm-up"]\n[points]\ncubes = 4\n')
    config = instructors_config(root)
    assert (config.exercises, config.chapters, config.points) == (("my_bank.py",), ("warm-up",), {"cubes": 4})
    place(config='exercises = ["my_bank.py"]\nchapters = ["warmup"]\n')
    with pytest.raises(CourseError, match="`chapters` has the chapter 'warmup'; known are 00, .*, warm-up"):
        instructors_config(root)


@pytest.mark.parametrize(
    ("name", "chapter"),
    [
        ("warm-up_cubes.ipynb", "warm-up"),
        ("Warm-Up_cubes.ipynb", "warm-up"),
        ("warm-up.ipynb", "warm-up"),
        ("warm-up (1).ipynb", "warm-up"),
        ("warm-ups.ipynb", ""),
        ("01_gradients.ipynb", "01"),
        ("011.ipynb", ""),
    ],
)
def test_a_file_name_begins_with_the_chapter(place, name, chapter):
    place()
    assert chapter_by_name(name) == chapter


# What is written in place of what, the line that is to blame (0: the last), and what is said of it.
WRONG = [
    ("import numpy as np\n", "import numpy as\n", 1, "invalid syntax"),
    ("import numpy as np", "import not_there_at_all", 1, "ModuleNotFoundError: No module named 'not_there_at_all'"),
    ("    return w**3 - y", "    return w\n\n\nraise SystemExit(0)", 28, "SystemExit: 0"),
    ('"square_derivation",', '"cubes",', 28, "two exercises are called 'cubes'; the other .*my_bank.py, line 7"),
    (
        '"cubes(w, y)"',
        '"mse(w, y)"',
        7,
        "two exercises are called 'mse'; the other one stands in .*chapter_03.py, line",
    ),
    ("@cubes.draws", "", 7, "`cubes` has no inputs; a function under `@cubes.draws` makes them"),
    ("@cubes.truth", "", 7, "`cubes` does not say what is right"),
    ('"""The inner derivative 3w² is missing."""', "", 22, "the mistake `inner` needs a docstring"),
    ("def inner", "def cubes", 22, "the name `cubes` stands for something else in this file"),
    ("def inner", "def _", 22, "a mistake is known by the name of its function, and `_` is none"),
    ("points=2", "points=2, tol=1", 7, "TypeError: .*'tol'"),
    ("points=2", "points=-1", 7, "`cubes` has -1 points; a number above 0 was expected"),
    ("points=2, minutes=5", "points=2, minutes='5'", 7, "`cubes` has '5' minutes; a number above 0 was expected"),
    ('("Chain rule.", "w**2 is in it")', '"3 * w"', 7, r"the hints are '3 \* w'; a tuple of texts was expected"),
    ('"cubes(w, y)"', '"cubes"', 7, "the call is 'cubes'; one with different parameters"),
    ('"cubes(w, y)"', '"cubes(w=1)"', 7, "the call 'cubes.w=1.' has 'w=1' in it"),
    ("warm-up", "../warm", 7, "`cubes` has the chapter '../warm'; two digits"),
    ("warm-up", "7", 7, "`cubes` has the chapter '7'; two digits"),
    ("warm-up", "Total", 7, "`cubes` has the chapter 'Total'; that stands for the sum of all chapters"),
]


@pytest.mark.parametrize(("right", "wrong", "line", "words"), WRONG)
def test_a_bank_that_cannot_be_used_is_one_sentence_with_file_and_line(place, right, wrong, line, words):
    assert BANK.count(right) == 1
    place(BANK.replace(right, wrong))
    with pytest.raises(CourseError, match=f"^my_bank.py, line {line}: {words}"):
        exercises()
    assert find("mse").chapter == "03", "the course's own exercises stand"
    assert "my_bank.py" in repr(progress())


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ('exercises = "my_bank.py"', "`exercises` is 'my_bank.py'; a list of Python files"),
        ('exercises = ["my_bank"]', r"`exercises` is \['my_bank'\]; a list of Python files"),
        ('exercises = ["../my_bank.py"]', "a file inside the course folder was expected"),
        ('exercises = ["my_bank.py", "my_bank.py"]', "names a file twice"),
        ('exercises = ["other.py"]', "The exercises in other.py cannot be read: No such file"),
        ("exercises = [", "course.toml cannot be read"),
    ],
)
def test_course_toml_must_name_files(place, config, words):
    place(config=config)
    with pytest.raises(CourseError, match=words):
        exercises()


def test_two_chapters_must_differ_in_more_than_capitals(place):
    place(BANK + BANK.replace("cubes", "others").replace("square_", "other_").replace("warm-up", "Warm-up"))
    with pytest.raises(CourseError, match="the chapters 'warm-up' and 'Warm-up' are alike"):
        exercises()


def test_draws_that_fail_are_found_before_anything_is_graded(place):
    place(BANK.replace("y[0] *=", "y[99] *="))
    with pytest.raises(CourseError, match=r"`cubes` cannot be asked. my_bank.py, line 13: IndexError"):
        bank.try_out(sources(), SEED)


def test_a_bank_is_proven(place):
    place()
    assert list(faults(find("cubes"), RIGHT)) == []
    text = 'square_derivation = r"""\nL = \\sum_i w_i^2\n\\nabla_w L = 2 w\n"""'
    assert list(faults(find("square_derivation"), text)) == []


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (("return w**3 - y", "return 3 * w**2 * (w**3 - y)"), 22, "the mistake 'inner' of `cubes` passes"),
        (("return w**3 - y", "return w @ w"), 22, None),
        (("1e6 if draw.drowns else 1", "1"), 7, "differences with the step .*, pass for `cubes`"),
    ],
)
def test_what_a_proof_finds_is_said_with_file_and_line(place, change, line, words):
    root = place(BANK.replace(*change))
    found = [fault for _, faults in proofs(root) for fault in faults]
    assert any("`cubes` has no solution between the markers" in fault for fault in found)
    proven = [fault for fault in found if "has no solution" not in fault]
    assert bool(proven) == bool(words)
    assert not words or proven[0].startswith(f"my_bank.py, line {line}: ")


def test_a_mistake_that_another_explains_first_is_found(place):
    place(BANK + '\n\n@cubes.mistake\ndef other(w, y):\n    """Another sentence."""\n    return w * w * w - y\n')
    exercise = find("cubes")
    assert "fails as 'inner'" in mistake_fault(exercise, exercise.mistakes[1])


def test_a_solution_that_is_not_right_is_found(place):
    place()
    assert "is not right (seed 20)" in solution_fault(find("cubes"), "def cubes(w, y):\n    return w**2")
    assert "cannot be judged: KeyError" in solution_fault(find("cubes"), "def other(w):\n    return w**2")


def test_quotients_may_be_allowed(place):
    place(BANK.replace("1e6 if draw.drowns else 1", "1").replace("points=2", "points=2, differences=True"))
    assert quotient_fault(find("cubes")) == ""


def test_a_package_declares_a_bank(place, tmp_path, monkeypatch):
    root = place(config="")
    package = tmp_path / "site" / "optics"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "tasks.py").write_text(BANK.replace("cubes", "lenses").replace("square_", "lens_"))
    about = tmp_path / "site" / "optics-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: optics\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[course_lib.exercises]\nlenses = optics.tasks\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    packages.cache_clear()
    try:
        assert [source.name for source in sources(root)] == ["optics.tasks"]
        assert judge(find("lenses"), FunctionCaller(lambda w, y: 3 * w**2 * (w**3 - y))).ok
    finally:
        packages.cache_clear()
        for name in ("optics", "optics.tasks"):
            sys.modules.pop(name, None)
