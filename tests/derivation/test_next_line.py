"""`report.next()` and `practice`: from any right beginning a right line that leads to the end, in its own form."""

import pytest

from course_lib import derive
from course_lib.derivation.editor import judged
from course_lib.derivation.goal import Problem, progress_of
from course_lib.derivation.workout.next_line import next_line
from course_lib.derivation.workout.practising import KINDS, practice
from course_lib.derivation.workout.working import Derivation, work_out

from .catalogue import PROBLEMS
from .test_work_out import GOALS, MATRICES, worked

MSE = r"L = \frac{1}{2n}\|Xw-y\|^2"
SHAPES = {"X": "n d", "w": "d", "y": "n"}
NETWORK = "\n".join(
    [
        "Z^1 = X W^1 + b^1",
        r"A = \sigma(Z^1)",
        "Z^2 = A W^2 + b^2",
        r"P = \operatorname{softmax}(Z^2)",
        r"L = -\frac{1}{n}\sum_{i=1}^{n}\sum_{j=1}^{k} Y_{ij}\log P_{ij}",
    ]
)
LAYERS = {"X": "n d", "Y": "n k onehot", "W^1": "d h", "b^1": "1 h", "W^2": "h k", "b^2": "1 k"}
MOST = 14  # lines that a derivation may take


def continued(text, shapes, functions=(), goal=""):
    """The lines that `next` adds, one by one, until the end; each is right to `derive` and new."""
    added = []
    while True:
        found = next_line(text, shapes, functions, goal=goal)
        if found.finished:
            return added
        assert found.line and found.mends is None, found
        assert found.line not in added, "it says the same again"
        text = f"{text}\n{found.line}"
        last = derive(text, shapes, functions).lines[-1]
        assert last.verdict in ("right", "definition") and not last.partial, found.line
        added.append(found.line)
        assert len(added) <= MOST


def paths(problem, function, variable):
    """The worked-out lines after the definitions, with inner products and, as some write them, with traces."""
    work = worked(problem, function, variable)
    lines = work.lines[work.rules.count("definition") :]
    again = Derivation(problem.given, variable, problem.shapes, problem.functions, function)
    return lines, [again.written(step) for step in again.differential_form("trace")]


def rules_left(said, path):
    """How many lines of a path come after the last that is said."""
    return next((k for k, line in enumerate(reversed(path)) if line in said), len(path))


def leads_nearer(problem, function, variable):
    """From each beginning the next line is right, and after it fewer rules are left on one way and more on none."""
    ways = paths(problem, function, variable)
    path = ways[0]
    goal = path[-1].split(" = ")[0]
    for k in range(len(path) + 1):
        said = path[:k]
        found = next_line("\n".join([problem.given, *said]), problem.shapes, problem.functions, goal=goal)
        if k == len(path):
            assert found.finished and not found.line
            return
        assert found.line and found.mends is None and not found.finished, found
        if found.line != path[k]:  # that one was judged when it was worked out
            text = "\n".join([problem.given, *said, found.line])
            assert derive(text, problem.shapes, problem.functions).lines[-1].verdict == "right", found.line
        before, after = ([rules_left(lines, way) for way in ways] for lines in (said, [*said, found.line]))
        assert after != before and all(x <= y for x, y in zip(after, before, strict=True)), found.line


def test_every_beginning_of_the_catalogue_leads_nearer(rng):
    """Some of the catalogue in each run; `python -m tests.derivation.test_next_line` takes all of it."""
    for k in rng.choice(len(GOALS), 8, replace=False):
        leads_nearer(*GOALS[k].values)


def test_right_entries_of_the_catalogue_lead_on(rng):
    chosen = {p.values[0].name: p.values for p in GOALS}
    for name in rng.choice(sorted(chosen), 8, replace=False):
        problem, function, variable = chosen[name]
        own = [e.line for e in problem.entries if e.is_right and e.of in (function, f"d{function}")]
        for line in own[:1]:
            continued(
                f"{problem.given}\n{line}",
                problem.shapes,
                problem.functions,
                worked(*chosen[name]).lines[-1].split(" = ")[0],
            )


BEGINNINGS = [
    ("differential", MSE + "\n" + r"dL = \frac1n(Xw-y)^\top X\,dw", SHAPES, r"\nabla_{w} L = "),
    ("differential", "r = Xw-y\nL = \\frac{1}{2n}r^Tr\ndL = \\frac1n r^T dr", SHAPES, "dr = X \\, dw"),
    (
        "trace",
        "R = XW-Y\nL = \\frac1n\\operatorname{tr}(R^\\top R)\ndL = \\frac2n\\operatorname{tr}(R^\\top dR)",
        MATRICES,
        "dR = ",
    ),
    (
        "index",
        "R = XW-Y\nL = \\frac1n\\|R\\|^2\n\\frac{\\partial R_{ij}}{\\partial W_{ab}} = X_{ia}\\delta_{jb}",
        MATRICES,
        "L = ",
    ),
    (
        "vec",
        "R = XW-Y\nL = \\frac1n\\|R\\|^2\n"
        r"\operatorname{vec}(R) = (I_k\otimes X)\operatorname{vec}(W)-\operatorname{vec}(Y)",
        MATRICES,
        r"\operatorname{vec}\left(\nabla_{W} L\right) = \frac{2}{n} \left(I_{k} \otimes X\right)^{\top}",
    ),
    (
        "expansion",
        "R = XW-Y\nL = \\frac1n\\|R\\|^2\n\\|R+XD\\|^2 = \\|R\\|^2+2\\langle R,XD\\rangle+\\|XD\\|^2",
        {**MATRICES, "D": "d k"},
        r"\langle R, X D\rangle = \langle X^{\top} R, D\rangle",
    ),
    (
        "backwards",
        NETWORK + "\n" + r"\frac{\partial L}{\partial Z^2} = \frac1n(P-Y)",
        LAYERS,
        r"\frac{\partial L}{\partial A} = \frac{\partial L}{\partial Z^2} (W^2)^{\top}",
    ),
]


@pytest.mark.parametrize(
    ("form", "text", "shapes", "begins"), BEGINNINGS, ids=[b[0] + str(k) for k, b in enumerate(BEGINNINGS)]
)
def test_the_next_line_has_the_form_of_those_before(form, text, shapes, begins):
    added = continued(text, shapes)
    assert added[0].startswith(begins)
    assert not derive("\n".join([text, *added]), shapes).first_wrong


# Beginnings as people write them: what is differentiated, and in what, stands between the lines.
PUBLISHED = [
    (
        "the argument says what varies",
        r"f(C) = \frac12\|CA - BC\|^2",
        {"A": "n n", "B": "n n", "C": "n n"},
        r"df = \langle C A - B C, dC \, A - B \, dC\rangle",
    ),
    (
        "not the setting that is the argument",
        r"RSS(\lambda) = (y - X\beta)^T(y - X\beta) + \lambda\beta^T\beta",
        {"X": "n p", "y": "n", "beta": "p", "lambda": ""},
        r"d\mathrm{RSS} = 2 \left(\lambda \beta^{T} \, d\beta",
    ),
    (
        "a directional derivative",
        "J(x) = c + b^Tx + x^TAx\nDJ(x)(v) = b^Tv + v^TAx + x^TAv",
        {"A": "n n symmetric", "b": "n", "c": "", "x": "n", "v": "n"},
        r"dJ = \left(b + 2 A x\right)^{T} \, dx",
    ),
    (
        "a function without a name",
        r"d\operatorname{tr}(AXB) = \operatorname{tr}(A\,dX\,B)",
        {"A": "n m", "X": "m k", "B": "k n"},
        r"\frac{\partial}{\partial X}\left(\operatorname{tr}\left(A X B\right)\right) = A^{\top} B^{\top}",
    ),
    (
        "a number that is only rewritten",
        "e = y - Xb\ne'e = (y-Xb)'(y-Xb)",
        {"X": "n k", "y": "n", "b": "k"},
        r"d\left(e^{\top} e\right) = 2 e^{\top} \, de",
    ),
    (
        "the derivatives of a chain",
        "y = g(Ax)\nz = \\frac12\\|y-t\\|^2\n"
        "\\nabla_x z = \\left(\\frac{\\partial y}{\\partial x}\\right)^\\top\\nabla_y z",
        {"A": "m n", "x": "n", "t": "m"},
        r"\frac{\partial y}{\partial x} = \operatorname{diag}\left(g'\left(A x\right)\right) A",
    ),
    (
        "a logistic function of one's own",
        "g(z)=\\frac{1}{1+e^{-z}}\nh_\\theta(x)=g(\\theta^{T}x)\n"
        "J(\\theta) = -\\frac1m\\sum_{i=1}^m y_i\\log h_\\theta(x_i)+(1-y_i)\\log(1-h_\\theta(x_i))",
        {"X": "m p", "y": "m", "theta": "p"},
        r"J = -\frac{1}{m} \left(y^{T} \log\left(g\left(X \theta\right)\right)",
    ),
    (
        "a margin",
        r"L = \sum_i \max(0, 1 - y_i(w\cdot x_i + b))",
        {"X": "N d", "w": "d", "b": "", "y": "N"},
        r"L = \mathbf{1}_{N}^{\top} \operatorname{relu}\left(1 - y \odot \left(X w + b\right)\right)",
    ),
]


@pytest.mark.parametrize(("text", "shapes", "begins"), [case[1:] for case in PUBLISHED], ids=[x[0] for x in PUBLISHED])
def test_published_beginnings_are_carried_to_their_end(text, shapes, begins):
    functions = ("g",) if "g(Ax)" in text else ()
    added = continued(text, shapes, functions)
    assert added[0].startswith(begins), added[0]
    assert "frac{\\partial" in added[-1] or "nabla" in added[-1]


ENDED = [
    ("J(x) = b^Tx + x^TAx\n\\nabla J(x) = b + 2Ax\nx^TAx = x^TA^Tx", "line 2"),
    (r"\nabla_X \operatorname{tr}(AX) = A^T", "the last line"),
    ("f(x) = \\frac{x}{\\|x\\|}\n\\nabla_x f = \\frac{\\|x\\|^2I - xx^T}{\\|x\\|^3}", "the last line"),
    ("u = Ax\nf = b^Tu\n\\nabla_u f = b\n\\nabla_x f = A^T\\nabla_u f", "the last line"),
    ("F = AX\n\\frac{\\partial\\operatorname{vec}F}{\\partial(\\operatorname{vec}X)^T} = I\\otimes A", "the last line"),
    ("u = A @ x\nf = b @ u\ndu = b\ndx = A.T @ du", "the last line"),
    ("u = Ax\nf = \\|u\\|^2\n\\frac{\\partial f}{\\partial x_j} = 2\\sum_i A_{ij}u_i", "the last line"),
]


@pytest.mark.parametrize(("text", "where"), ENDED, ids=[text.splitlines()[-1] for text, _ in ENDED])
def test_what_was_asked_for_is_seen_however_it_is_said(text, where):
    shapes = {"A": "n n symmetric", "X": "n n", "b": "n", "x": "n"}
    assert next_line(text, shapes).words == f"Finished: {where} says what was asked for."


PROGRAMS = [
    (
        "Z1 = X @ W1 + b1\nA1 = np.tanh(Z1)\nout = A1 @ W2 + b2\nloss = 0.5 * np.sum((out - Y)**2) / N\n"
        "dout = (out - Y) / N",
        {"X": "N D", "W1": "D H", "b1": "H", "W2": "H K", "b2": "K", "Y": "N K", "N": ""},
        [
            "dA1 = dout @ W2.T",
            "dZ1 = dA1 * (1 - A1 * A1)",
            "dW1 = X.T @ dZ1",
            "db2 = np.sum(dout, axis=0)",
            "dW2 = A1.T @ dout",
            "db1 = np.sum(dZ1, axis=0)",
        ],
    ),
    (
        "scores = X @ W + b\nprobs = softmax(scores)\nloss = -np.sum(Y*np.log(probs))/N",
        {"X": "N D", "W": "D K", "b": "1 K", "Y": "N K onehot", "N": ""},
        [
            "dprobs = -1 / N * (Y / probs)",
            "dscores = probs * (dprobs - np.sum(dprobs * probs, axis=1)[:, None])",
            "dW = X.T @ dscores",
            "db = np.sum(dscores, axis=0)",
        ],
    ),
]


@pytest.mark.parametrize(("text", "shapes", "lines"), PROGRAMS, ids=["tanh", "softmax"])
def test_a_program_is_carried_on_as_a_program_to_its_last_parameter(text, shapes, lines):
    assert continued(text, shapes) == lines
    found = next_line(text, shapes, tier=2)
    assert found.code and "____" in found.gap and found.gap != found.line
    assert found.told()[-1][1].startswith(r"\texttt{d") and "texttt" not in repr(found)


def test_the_gap_in_a_program_leaves_names_whole():
    found = next_line("r = X @ w - y\nL = np.sum(r**2)", {"X": "n d", "w": "d", "y": "n"}, tier=2)
    assert found.gap.startswith("dr = ") and "____" in found.gap


def test_a_slope_in_between_is_not_the_end():
    text = "u = Ax\nf = b^Tu\n\\nabla_x f = A^T\\nabla_u f"
    assert next_line(text, {"A": "m n", "x": "n", "b": "m"}).line == r"\nabla_{u} f = b"


def test_a_gradient_is_not_read_off_itself():
    text = "f(x) = x^TAx\ndf = (\\nabla f)^T\\,dx"
    assert continued(text, {"A": "n n", "x": "n"})[-1] == r"\nabla_{x} f = \left(A + A^{T}\right) x"


def test_when_one_parameter_is_done_the_others_can_be_asked_for():
    text = "p = Xw + 1b\nL = \\|p - y\\|^2\n\\nabla_w L = 2X^T(p - y)"
    shapes = {"X": "n d", "w": "d", "y": "n", "b": ""}
    said = next_line(text, shapes)
    assert said.finished and "% \\frac{\\partial L}{\\partial b} = ?" in said.words
    asked = said.words.partition("% ")[2]
    assert next_line(f"{text}\n% {asked}", shapes).line


def test_letters_of_an_entry_are_the_learners():
    text = BEGINNINGS[3][1]
    assert any(line.startswith(r"\frac{\partial L}{\partial W_{ab}} = ") for line in continued(text, MATRICES))


def test_three_tiers_tell_the_rule_then_a_gap_then_the_line():
    report = derive(MSE, SHAPES)
    rule, gap, line = report.next(), report.next(), report.next()
    assert [x.tier for x in (rule, gap, line)] == [1, 2, 3]
    assert "squared norm" in repr(rule) and r"\|A\|^2" in repr(rule)
    assert r"\square" not in repr(rule) and r"\square" in repr(gap) and "X \\, dw" in repr(gap)
    assert line.line not in repr(gap) and line.line in repr(line)
    assert report.next() == line
    assert report.next(1) == rule
    assert r"\square" in gap._repr_html_()
    assert derive(f"{MSE}\n{line.line}", SHAPES).ok


def test_a_gap_leaves_out_something_that_matters():
    for text, shapes in ((MSE, SHAPES), (NETWORK, LAYERS), *((b[1], b[2]) for b in BEGINNINGS)):
        found = next_line(text, shapes)
        assert r"\square" in found.gap
        before, after = found.gap.split(r"\square")[:2]
        assert found.line.startswith(before.rstrip("\\, ")) and found.line != before + after


def test_after_a_wrong_line_it_is_mended_first():
    report = derive(MSE + "\n" + r"\nabla_w L = \frac1n X^\top(y-Xw)", SHAPES)
    first, *_, last = (report.next() for _ in range(3))
    assert "Mend line 2 first" in repr(first) and "wrong way round" in repr(first)
    assert last.mends == 2
    assert derive(f"{MSE}\n{last.line}", SHAPES).ok


def test_a_mended_line_keeps_its_notation():
    for left in (r"\frac{\partial L}{\partial w}", r"\nabla_{w} L"):
        found = next_line(f"{MSE}\n{left} = \\frac1n X^\\top(y-Xw)", SHAPES)
        assert found.mends == 2 and found.line.startswith(f"{left} = ")


def test_when_finished_it_says_so():
    text = MSE + "\n" + r"\nabla_w L = \frac1n X^\top(Xw-y)"
    found = derive(text, SHAPES).next()
    assert found.finished and not found.line and "Finished" in repr(found)


def test_a_derivative_still_to_be_taken_is_not_the_end():
    text = NETWORK + "\n" + r"\nabla_{W^2} L = A^\top\frac{\partial L}{\partial Z^2}"
    added = continued(text, LAYERS)
    assert r"\frac{1}{n}" in added[-1]


def test_a_comment_says_what_is_asked_for():
    shapes = {"F": "n d", "v": "d", "b": "n"}
    loss = r"L = \|Fv - b\|^2"
    assert next_line(loss + "\n% \\nabla_v L = ?", shapes).line.endswith("dv")
    assert next_line(loss + "\n% \\nabla_b L = ?", shapes).line.endswith("db")
    for other in ("% what = ?", r"% \nabla_{ L = ?", "% L = ?"):
        assert next_line(f"{loss}\n{other}", shapes).line == next_line(loss, shapes).line


def test_shapes_that_nobody_declared_are_enough():
    assert derive(MSE).next(3).line == derive(MSE, SHAPES).next(3).line


@pytest.mark.parametrize("text", ["", "w = ", r"\|x", r"L = \|XW\|_2", "words and words and words", "L = Q"])
def test_any_text_gets_a_sentence(text):
    found = next_line(text, SHAPES | {"W": "d k"})
    assert found.words and not found.line and "defect" not in found.words


def test_no_entry_of_the_catalogue_finds_a_defect(rng):
    cases = [(problem, entry) for problem in PROBLEMS for entry in problem.entries]
    for k in rng.choice(len(cases), 25, replace=False):
        problem, entry = cases[k]
        found = next_line(f"{problem.given}\n{entry.line}", problem.shapes, problem.functions)
        assert found.words and "defect" not in found.words, entry.line
        assert not (entry.is_right and found.mends), entry.line


def test_a_tier_that_is_none_is_refused():
    with pytest.raises(ValueError, match="the tier must be 1, 2 or 3; got 4"):
        derive(MSE, SHAPES).next(4)


def test_where_nothing_is_asked_the_whole_says_so_too():
    for tier in (1, 4):
        (said,) = judged("AB = BA", {"A": "n n", "B": "n n"}, (), tier)["next"]["said"]
        assert said[0].endswith(".") and len(said[0]) > 20


def test_the_editor_is_told_in_tiers_and_then_the_whole():
    said = [judged(MSE, SHAPES, (), tier)["next"] for tier in (1, 2, 3, 4)]
    assert [len(x["said"]) for x in said[:3]] == [1, 2, 3]
    assert [bool(x["line"]) for x in said] == [False, False, True, False]
    assert [line for _, line in said[3]["said"]] == work_out(MSE, "w", SHAPES).lines
    assert "next" not in judged(MSE, SHAPES)


# -- practice


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("level", [1, 2, 3])
def test_drawn_problems_can_be_solved_checked_and_continued(kind, level, rng):
    drawn = practice(kind, level, int(rng.integers(10_000)))
    work = drawn.solution()
    assert not work.missing, drawn
    assert drawn.check("\n".join(work.lines)).startswith("Right")
    assert drawn.check(work.lines[-2]).startswith(("No line is wrong", "Right"))
    assert drawn.check("\n").startswith("Nothing is written yet")
    found = drawn.next("", 3)
    assert found.line in work.lines[work.rules.count("definition") :]
    assert repr(drawn) == repr(practice(kind, level, drawn.number))


def test_a_jacobian_may_be_given_entry_by_entry():
    problem = Problem({"A": "m n", "x": "n", "b": "m"}, "f = Ax + b", r"\frac{\partial f}{\partial x}")
    for line, reached in (
        (r"\frac{\partial f_i}{\partial x_j} = A_{ij}", True),
        (r"\frac{\partial f_i}{\partial b_j} = \delta_{ij}", False),
        (r"\frac{\partial f_i}{\partial x_i} = A_{ii}", False),
    ):
        assert progress_of(line, problem).reached is reached, line


def test_several_hundred_problems_are_distinct():
    drawn = {practice(kind, level, k).problem.given for kind in KINDS for level in (1, 2, 3) for k in range(20)}
    assert len(drawn) >= 400


def test_a_wrong_line_is_named_in_practice():
    drawn = practice("least squares", 1, 3)
    right = drawn.solution().lines[-1]
    left, side = right.split(" = ", 1)
    assert drawn.check(f"{left} = -({side})").startswith("Line 1, ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("integrals",), "the kind must be one of"), (("traces", 4), "the level must be"), (("traces", 1, -1), "number")],
)
def test_practice_says_what_it_takes(arguments, said):
    with pytest.raises(ValueError, match=said):
        practice(*arguments)


if __name__ == "__main__":
    for number, case in enumerate(GOALS, 1):
        leads_nearer(*case.values)
        print(f"{number} of {len(GOALS)}: {case.id}", flush=True)
