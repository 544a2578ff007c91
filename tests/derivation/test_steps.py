"""Which lines of a derivation count as steps: padding does not, every honest line does."""

import ast

import nbformat
import pytest

from course_lib.checks.bank import exercises, find
from course_lib.checks.judging import TextCaller, judge
from course_lib.derivation.goal import Problem, progress_of

PROBLEM = Problem(
    shapes={"X": "n d", "w": "d", "y": "n", "t": "1 k onehot", "z": "1 k"},
    functions=("softmax", "sigma"),
    given=r"""
        L = \frac{1}{2n}\|Xw-y\|^2
        p = softmax(z)
        A = \sigma(z)
        R = Xw-y
    """,
    goal=r"\nabla_w L",
)
RESULT = r"\nabla_w L = \frac{1}{n} X^\top (Xw-y)"

PADDING = r"""
    2 = 1 + 1
    \sqrt{4} = 2
    I_n^\top = I_n
    n + 1 = 1 + n
    L = L + 0
    L = \frac{L}{1}
    L = L^2/L
    L = \exp(\log(L))
    L = \frac{w^\top w}{w^\top w} L
    w = w + 0 = w \cdot 1
    w = Iw
    w = (w^\top)^\top
    w_j = w_j + 0
    p_i = p_i + 0
    w = w \odot \mathbf 1
    y = y + Xw - Xw
    w - w = 0
    Xw - y = -y + Xw
    Xw = 2Xw - Xw
    R = 0 + Xw - y
    dw = dw + 0
    dL = 2 dL - dL
    2\nabla_w L = \nabla_w L + \nabla_w L
    \nabla_w L = \nabla_w L \cdot 1
    \nabla_w L = \nabla_w L + w - w
    \nabla_w L^\top = (\nabla_w L)^\top
    L = \frac{1}{2n}\|Xw-y\|^2 + 0
    \frac{1}{2n}\|Xw-y\|^2 = L
"""

HONEST = r"""
    dR = X dw
    dL = \frac{1}{n} R^\top X dw
    dL = \frac{1}{n} (X^\top R)^\top dw
    dL = \operatorname{tr}(\frac{1}{n} R^\top X dw)
    dL = \langle \nabla_w L, dw\rangle
    dL = \frac{1}{2n} d(R^\top R)
    d(R^\top R) = 2 R^\top dR
    R^\top dR = dR^\top R
    \|R\|^2 = R^\top R
    L = \frac{1}{2n} R^\top R
    \langle R, X dw\rangle = \langle X^\top R, dw\rangle
    w^\top X^\top y = y^\top X w
    X^\top (Xw - y) = X^\top X w - X^\top y
    \frac{\partial L}{\partial R} = \frac{1}{n} R
    \frac{\partial R}{\partial w} = X
    \nabla_w L = (\frac{\partial R}{\partial w})^\top \frac{\partial L}{\partial R}
    A \odot (1 - A) = A - A \odot A
    \sigma'(z) = A \odot (1-A)
    \frac{\partial p_j}{\partial z_i} = p_j (\delta_{ij} - p_i)
    \frac{t_j}{p_j} p_j = t_j
    \sum_j t_j = 1
    p_i \sum_j t_j = p_i
    \sum_j t_j \delta_{ij} = t_i
"""


def lines_of(text):
    return [line.strip() for line in text.strip().splitlines()]


@pytest.mark.parametrize("line", lines_of(PADDING))
def test_padding_is_true_and_no_step(line):
    found = progress_of(line + "\n" + RESULT, PROBLEM)
    assert found.lines[0].verdict == "right" and found.reached
    assert found.right == 0


@pytest.mark.parametrize("line", lines_of(HONEST))
def test_a_line_that_says_something_is_a_step(line):
    found = progress_of(line + "\n" + RESULT, PROBLEM)
    assert found.lines[0].verdict == "right" and found.reached
    assert found.right == 1


@pytest.mark.parametrize(
    "text",
    [
        "dR = X dw\ndR = X dw + 0",
        "dR = X dw\nX dw = dR",
        "dR = X dw\n= 0 + X dw",
        "dR = X dw = X dw \\cdot 1\ndR = 1 \\cdot X dw",
        "dR = X dw\nr = Xw - y\nr = Xw - y",
    ],
)
def test_saying_it_again_is_no_second_step(text):
    assert progress_of(text, PROBLEM).right == 1


def test_a_monstrous_line_is_no_step_and_does_no_harm():
    assert progress_of("L = L" + "^\\top" * 200 + "\nL = " + "-" * 300 + "L\ndR = X dw", PROBLEM).right == 1


def test_another_form_of_the_same_quantity_is_a_second_step():
    assert progress_of("dL = \\frac{1}{n} R^\\top dR\ndL = \\frac{1}{n} R^\\top X dw", PROBLEM).right == 2
    assert progress_of("dL = \\frac{1}{n} R^\\top dR\n= \\frac{1}{n} R^\\top X dw", PROBLEM).right == 2


def test_a_line_that_leads_to_the_result_need_not_be_new_to_be_the_result():
    found = progress_of(f"dR = X dw\n{RESULT}\n{RESULT}", PROBLEM)
    assert found.reached and found.right == 2


DERIVATIONS = [exercise.name for exercise in exercises() if exercise.kind == "derivation"]


@pytest.mark.parametrize("name", DERIVATIONS)
def test_every_line_of_the_solution_counts(name, course_root):
    found = progress_of(_solution(name, course_root), find(name).problem)
    claims = [line for line in found.lines if line.verdict != "definition"]
    assert all(line.verdict == "right" for line in claims) and found.reached
    assert found.right >= len(claims) - 1 >= find(name).problem.steps


@pytest.mark.parametrize("name", DERIVATIONS)
def test_the_right_lines_before_a_mistake_count(name):
    exercise = find(name)
    for mistake in exercise.mistakes:
        found = progress_of(mistake.answer, exercise.problem)
        assert found.right == sum(line.verdict == "right" for line in found.lines) - found.reached


def _solution(name, course_root):
    (path,) = (course_root / "solutions").glob(f"{find(name).chapter}_*.ipynb")
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code" and f"\n{name} = " in cell.source:
            for statement in ast.parse(cell.source).body:
                if isinstance(statement, ast.Assign) and statement.targets[0].id == name:
                    return ast.literal_eval(statement.value)
    raise AssertionError(f"no solution of {name}")


HIDDEN = find("hidden_layer_derivation")
NAMED = "\n".join(
    [
        r"\delta^2 = \frac{\partial L}{\partial Z^2} = \frac1n(P-Y)",
        r"\delta^1 = \delta^2 (W^2)^T \odot A \odot (1-A)",
        r"\frac{\partial L}{\partial W^1} = X^T\delta^1",
    ]
)


def test_names_given_on_the_way_count():
    verdict = judge(HIDDEN, TextCaller(NAMED))
    assert verdict.ok and verdict.points == HIDDEN.points


def test_a_name_that_is_no_gradient_on_the_way_is_no_step():
    padded = "U = X^T\nV = P - Y\n" + r"\nabla_{W^1} L = \frac1n U (V (W^2)^T \odot A \odot (1-A))"
    assert progress_of(padded, HIDDEN.problem).right == 0


def test_a_goal_may_be_reached_entry_by_entry():
    problem = Problem(
        shapes={"z": "k", "t": "k onehot"},
        given="p = \\operatorname{softmax}(z)\nL = -\\sum_j t_j\\log p_j",
        goal=r"\nabla_z L",
        steps=0,
    )
    assert progress_of(r"\frac{\partial L}{\partial z_i} = p_i - t_i", problem).reached
    assert not progress_of(r"\frac{\partial L}{\partial z_1} = p_1 - t_1", problem).reached


def test_a_wrong_line_leaves_no_full_points_and_the_table_shows_it():
    verdict = judge(HIDDEN, TextCaller(r"\frac{\partial L}{\partial Z^2} = \frac1n(Y-P)" + "\n" + NAMED))
    assert verdict.status == "wrong line" and verdict.points < HIDDEN.points
    assert "course-derivation" in verdict._repr_html_() and verdict.table not in repr(verdict)


def test_an_unfinished_derivation_says_which_lines_count():
    verdict = judge(HIDDEN, TextCaller(NAMED.splitlines()[0]))
    assert verdict.status == "unfinished" and "Line 1 counts as a step" in verdict.message
