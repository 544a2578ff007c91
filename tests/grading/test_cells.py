"""A cell that Jupyter runs keeps its answer, through the real command; one that nothing can run says where it fails."""

import html
import json
import re

import pytest

from course_lib.grading import cells
from course_lib.grading.cells import Reader, as_python, without_magics
from course_lib.grading.feedback import page_name
from tests.grading.handing_in import SEED, SLOPE, notebook
from tests.grading.shared import course, once, query

# Each beside the answer in one cell: what loses its cell loses the answer.
# One process sets up what all of them read.
pytestmark = pytest.mark.xdist_group("cells")

RUNS = {
    "an indented cell": "    x = 1\n\n    def square_slope(x):\n        return 2 * x",
    "prompts": ">>> def square_slope(x):\n...     return 2 * x",
    "prompts of IPython": "In [1]: def square_slope(x):\n   ...:     return 2 * x",
    "files of a shell line": f"files = !ls\nprint(len(files), files[0], files.n)\nfor name in files: pass\n{SLOPE}",
    "a shell line whose lines are joined": f"text = !ls\nprint(text.grep('x').fields(0), ' '.join(text))\n{SLOPE}",
    "a shell line that goes on": f"!pip install numpy \\\n    scipy\n{SLOPE}",
    "a shell line in a block": f"if True:\n    !ls\n{SLOPE}",
    "two exclamation marks": f"!!ls\n{SLOPE}",
    "a timed value": f"t = %time 1 + 1\nassert t == 2\n{SLOPE}",
    "a timed assignment": f"%time two = 1 + 1\nassert two == 2\n{SLOPE}",
    "a measurement": f"r = %timeit -o 1 + 1\nprint(f'{{r.best:.3f}} {{r.best * 1e3:.1f}}')\n{SLOPE}",
    "a magic in a function": "def square_slope(x):\n    %timeit 1 + 1\n    return 2 * x",
    "magics": f"%matplotlib inline\n%load_ext autoreload\n%autoreload 2\n%config Completer.use_jedi = False\n{SLOPE}",
    "a magic for a value": f"here = %pwd\nprint(here)\n{SLOPE}",
    "autocall": f"/print 1 2\n{SLOPE}",
    "autocall with quotes": f",print a b\n;print a b\n{SLOPE}",
    "a question": f"len?\n?len\nlen??\n{SLOPE}",
    "a question about an attribute": f"import numpy as np\nnp.array?\n{SLOPE}",
    "help": f"help(print)\n{SLOPE}",
    "the last value": [("1 + 1"), f"assert _ == 2 and Out[1] == 2\n{SLOPE}"],
    "the inputs": f"print(_, __, _i, In[-1], _ih, _oh, _dh)\n{SLOPE}",
    "the shell": f"get_ipython().run_line_magic('matplotlib', 'inline')\nget_ipython().system('ls')\n{SLOPE}",
    "the shell's settings": f"get_ipython().ast_node_interactivity = 'all'\nget_ipython().config.x.y(1)\n{SLOPE}",
    "leaving": f"exit\nquit()\n{SLOPE}",
    "%%time": f"%%time\n{SLOPE}",
    "%%time below empty lines": f"\n\n%%time\n%pwd\n{SLOPE}",
    "%%capture": [f"%%capture --no-stderr out\n{SLOPE}", "out.show()\nprint(out.stdout)"],
    "%%bash": ["%%bash\nls -l | wc -l", SLOPE],
    "await": f"import asyncio\nawait asyncio.sleep(0)\n{SLOPE}",
    "a task that another cell awaits": [
        "import asyncio\nasync def two(): return 2\ntask = asyncio.ensure_future(two())\nawait asyncio.sleep(0)",
        f"assert await task == 2\n{SLOPE}",
    ],
    "a display and a plot": f"import matplotlib.pyplot as plt\ndisplay(plt.plot([1]))\n{SLOPE}",
    "packages that are not there": "from google.colab import drive\nimport pandas as pd, torch.nn as nn\n"
    "import numpy as np\ndrive.mount('/content/drive')\nprint(pd.__version__, nn.Linear(2, 3).weight.shape[0] > 2)\n"
    "class Net(nn.Module): pass\ndef square_slope(x):\n    return np.multiply(2, x)",
    "a decorator that is not there": f"from numba import njit, jit\n@jit\n@njit(cache=True)\n{SLOPE}",
    "a package that may be missing": "try:\n    import torch\nexcept ImportError:\n    torch = None\n"
    "import subprocess\ndef square_slope(x):\n    try:\n        import scipy\n    except ImportError:\n"
    "        return 2 * x if torch is None and not subprocess._mswindows else x",
    "a question that nobody answers": f"name = input('Your name? ')\n{SLOPE}",
    "a thousand magics": "%pwd\n" * 1000 + SLOPE,
}
# What is wrong -> words of the verdict; each of them is attempted.
FAILS = {
    "a colon is missing": (
        ["x = 1", "y = 2\ndef square_slope(x)\n    return 2 * x"],
        "The cell that defines `square_slope` has a syntax error in line 2: expected ':'.",
    ),
    "a magic above the fault": (
        ["%pwd\n\ndef square_slope(x):\n    return 2 * * x"],
        "The cell that defines `square_slope` has a syntax error in line 4: invalid syntax.",
    ),
    "a shell line that goes on above the fault": (
        ["!ls \\\n  -l\nfiles = !ls \\\n  -l \\\n  -a\ndef square_slope(x):\n    return 2 * * x"],
        "The cell that defines `square_slope` has a syntax error in line 7: invalid syntax.",
    ),
    "a shell line that goes on above the stop": (
        [f"!ls \\\n  -l\nimport numpy as np\nnp.aray([1])\n{SLOPE}"],
        "The cell that defines `square_slope` stopped in line 4, before it came to it: AttributeError: ",
    ),
    "a package that is not there": (
        ["from scipy import special\ndef square_slope(x):\n    return special.expit(x)"],
        "`scipy.special.expit` is not there while an answer is judged: there are NumPy and what comes with Python",
    ),
    "a stub before it": (
        ["def square_slope(x):\n    raise NotImplementedError()", "def square_slope(x):\n  return (2 * x"],
        "The cell that defines `square_slope` has a syntax error in line 2: '(' was never closed.",
    ),
    "a fault above the answer": (
        [f"import numpy as np\nnp.aray([1])\n{SLOPE}"],
        "The cell that defines `square_slope` stopped in line 2, before it came to it: AttributeError: ",
    ),
    "the course's own functions": (
        ["from course_lib.calculus import forms\ndef square_slope(x):\n    return forms.quadratic_gradient(x)"],
        "`course_lib.calculus.forms.quadratic_gradient` is not there while an answer is judged",
    ),
    "a function of the course by its name": (
        ["from course_lib.calculus.forms import slope as square_slope"],
        "`course_lib.calculus.forms.slope` is not there while an answer is judged",
    ),
}


def student(name):
    return "c-" + re.sub(r"\W+", "-", name)


def hand_in(folder):
    classes = {**RUNS, **{name: lines for name, (lines, _) in FAILS.items()}}
    (folder / "course.toml").touch()
    for name, lines in classes.items():
        home = folder / "inbox" / student(name)
        home.mkdir(parents=True)
        (home / "00.ipynb").write_bytes(notebook(*([lines] if isinstance(lines, str) else lines)))
    run = course("grade", "inbox", "--seed", SEED, cwd=folder)
    (folder / "said.json").write_text(json.dumps([run.returncode, run.stdout, run.stderr]))


@pytest.fixture(scope="session")
def desk(bwrap, tmp_path_factory):
    folder = once(tmp_path_factory, "cells", hand_in)
    code, said, complaint = json.loads((folder / "said.json").read_text())
    assert (code, complaint) == (0, ""), said
    return folder


def verdict(desk, name):
    return query(
        desk / "graded" / "gradebook.sqlite",
        "select v.status, v.message, s.errors from verdicts v join submissions s on v.submission_id = s.id "
        "where s.student_id = ? and v.exercise = 'square_slope'",
        student(name),
    )[0]


@pytest.mark.parametrize("name", RUNS)
def test_a_cell_that_jupyter_runs_keeps_its_answer(desk, name):
    status, message, errors = verdict(desk, name)
    assert status == "right", (message, errors)
    assert errors == "[]"


@pytest.mark.parametrize("name", FAILS)
def test_a_cell_that_fails_is_attempted_and_says_where(desk, name):
    status, message, _ = verdict(desk, name)
    assert status == "raised"
    assert FAILS[name][1] in message
    page = (desk / "graded" / "feedback" / page_name(student(name))).read_text()
    assert FAILS[name][1] in re.sub("</?code>", "`", html.unescape(page))


def test_what_python_reads_is_left_as_it_is(monkeypatch):
    monkeypatch.setattr(cells, "_transformer", None)
    sources = ["x = 1", "", "# only a comment", "if x:\n\n    y = 2", "s = '''\n%time\n!ls\n'''", "await f()"]
    assert as_python(sources) == sources


@pytest.mark.parametrize("source", ["!ls\n" * 400, "%x\n" * 2000, "!" + "x" * 200_000])
def test_beyond_the_bounds_magics_are_left_out_line_by_line(source, monkeypatch):
    monkeypatch.setattr(cells, "_transformer", None)
    reader = Reader()
    assert reader.read(source) == without_magics(source)
    assert reader.left == cells.WORK_LIMIT


def test_all_cells_together_have_one_bound():
    reader = Reader()
    read = [reader.read("%pwd\n" * 60) for _ in range(20)]
    assert read[0].startswith("get_ipython()") and read[-1].startswith("pass")
    assert 0 <= reader.left < cells.WORK_LIMIT


@pytest.mark.parametrize("fault", [TimeoutError, RuntimeError, RecursionError, SyntaxError])
def test_what_the_transformer_stumbles_over_is_read_line_by_line(fault, monkeypatch):
    def stumble(text):
        raise fault

    monkeypatch.setattr(cells, "_transformer", lambda: stumble)
    assert as_python(["%pwd\nx = 1", "!ls"]) == ["pass\nx = 1", "pass"]


def test_without_ipython_magics_are_left_out_line_by_line(monkeypatch):
    monkeypatch.setattr(cells.sys, "path", [])
    assert as_python(["%pwd\nx = 1", "files = !ls"]) == ["pass\nx = 1", "files = !ls"]


def test_lines_stay_where_they_were():
    for source in ("\n\n  %pwd\n  x = 1\n", "%%time\n\n!ls\ny = 2", "x?\nz = 3"):
        (read,) = as_python([source])
        for number, line in enumerate(source.split("\n")):
            if "=" in line:
                assert read.split("\n")[number].strip() == line.strip()
