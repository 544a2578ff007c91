"""`work_out`: derivations found by rule; nothing about any of these losses stands in the library."""

import re
from functools import cache

import pytest

from course_lib import derive
from course_lib.derivation.workout.working import work_out

from .catalogue import PROBLEMS

# What the documentation of matrixcalculus.org differentiates, where it is a number, in our language.
MATRIX_CALCULUS = [
    (r"\tfrac12 x'Ax", "x", {"x": "n", "A": "n n"}),
    (r"\tfrac12 x'Ax", "x", {"x": "n", "A": "n n symmetric"}),
    (r"\tfrac12 x'Ax", "A", {"x": "n", "A": "n n"}),
    (r"\|Ax-y\|^2", "x", {"x": "n", "A": "m n", "y": "m"}),
    (r"\|Ax-y\|^2", "A", {"x": "n", "A": "m n", "y": "m"}),
    (r"\|Ax-y\|", "y", {"x": "n", "A": "m n", "y": "m"}),
    (r"\|Ax\|_1", "x", {"x": "n", "A": "m n"}),
    (r"\mathbf 1^\top\log(\exp(-y\odot(Xw))+\mathbf 1)", "w", {"X": "m n", "y": "m", "w": "n"}),
    (r"\operatorname{tr}(AX'BXC)", "X", {"A": "k n", "X": "m n", "B": "m m", "C": "n k"}),
    (r"\operatorname{tr}(AX)", "X", {"A": "m n", "X": "n m"}),
    (r"\log(\det(\operatorname{inv}(X)))", "X", {"X": "n n"}),
    (r"\log\det(X+X^\top)", "X", {"X": "n n"}),
    (r"(y\odot v)'x", "x", {"x": "n", "y": "n", "v": "n"}),
    (r"(y\odot v)'x", "y", {"x": "n", "y": "n", "v": "n"}),
    (r"x'Ax + c\sin(y)'x", "x", {"x": "n", "A": "n n", "y": "n", "c": ""}),
    (r"x'Ax + c\sin(y)'x", "y", {"x": "n", "A": "n n", "y": "n", "c": ""}),
    (r"\|X-UV\|_F^2 + \lambda\|U\|_F^2", "U", {"X": "n m", "U": "n k", "V": "k m", "lambda": ""}),
    (r"a'X^{-1}b", "X", {"a": "n", "b": "n", "X": "n n"}),
    (r"\exp(-\tfrac12 x'Sx)", "x", {"x": "n", "S": "n n symmetric"}),
    (r"\|A\otimes B\|^2", "A", {"A": "m n", "B": "p q"}),
    ("a^b", "a", {"a": "", "b": ""}),
    ("a^b", "b", {"a": "", "b": ""}),
    (r"\|Ax-y\|_1", "x", {"x": "n", "A": "m n", "y": "m"}),
    (r"\sin(x)'y", "x", {"x": "n", "y": "n"}),
    (r"x'\exp(Ax)", "x", {"x": "n", "A": "n n"}),
]
# Single entries, numbered.
NUMBERED = [
    ("x_1^2 + 3x_1x_2", "x", {"x": "n"}, "(2x_1 + 3x_2)e_1 + 3x_1e_2"),
    (r"W_{2,3}^2 + \sin W_{11}", "W", {"W": "m n"}, r"2W_{2,3}e_2e_3^\top + \cos(W_{11})e_1e_1^\top"),
    ("(Xw)_2", "w", {"X": "m n", "w": "n"}, r"X^\top e_2"),
    (r"-\log\operatorname{softmax}(z)_2", "z", {"z": "k"}, r"\operatorname{softmax}(z) - e_2"),
]
ARRAYS = [
    ("Xw", "w", {"X": "n d", "w": "d"}, "X"),
    (r"\sigma(Ax+b)", "x", {"A": "m n", "x": "n", "b": "m"}, r"\operatorname{diag}(\sigma'(Ax+b))A"),
    (r"\operatorname{softmax}(z)", "z", {"z": "k"}, r"\operatorname{diag}(f) - ff^\top"),
    (r"\operatorname{softmax}(z)", "z", {"z": "1 k"}, r"\operatorname{diag}(f) - f^\top f"),
    (r"\frac{x}{\|x\|}", "x", {"x": "n"}, r"\frac{1}{\|x\|}(I_n - ff^\top)"),
    ("AWB", "W", {"A": "m p", "W": "p q", "B": "q r"}, r"B^\top\otimes A"),
    (r"A\odot X", "X", {"A": "m n", "X": "m n"}, r"\operatorname{diag}(\operatorname{vec}(A))"),
    (
        r"\tanh(XW)",
        "W",
        {"X": "m n", "W": "n k"},
        r"\operatorname{diag}(\operatorname{vec}(1 - f\odot f))(I_k\otimes X)",
    ),
    (r"(e^{x_1}, \dots, e^{x_n})", "x", {"x": "n"}, r"\operatorname{diag}(e^x)"),
    ("x_2x", "x", {"x": "n"}, r"xe_2^\top + x_2I_n"),
    (
        r"\operatorname{diag}(x)A",
        "x",
        {"x": "n", "A": "n n"},
        r"\operatorname{diag}(\operatorname{vec}(A))(\mathbf 1_n\otimes I_n)",
    ),
    (r"\operatorname{tr}(X)A", "X", {"X": "n n", "A": "n m"}, r"\operatorname{vec}(A)\operatorname{vec}(I_n)^\top"),
    (
        r"\tanh(Xw)b^\top",
        "X",
        {"X": "m n", "w": "n", "b": "k"},
        r"(b\otimes\operatorname{diag}(1 - \tanh(Xw)^2))(w^\top\otimes I_m)",
    ),
    (
        r"\operatorname{logsumexp}(Z)",
        "Z",
        {"Z": "m n"},
        r"(\mathbf 1_n^\top\otimes I_m)\operatorname{diag}(\operatorname{vec}(\operatorname{softmax}(Z)))",
    ),
    (
        r"\operatorname{softmax}(Z)",
        "Z",
        {"Z": "m n"},
        r"\operatorname{diag}(\operatorname{vec}(f))"
        r"(I_n\otimes I_m - (\mathbf 1_n\mathbf 1_n^\top\otimes I_m)\operatorname{diag}(\operatorname{vec}(f)))",
    ),
    (
        r"X\odot wb^\top",
        "w",
        {"X": "m n", "w": "m", "b": "n"},
        r"\operatorname{diag}(\operatorname{vec}(X))(b\otimes I_m)",
    ),
    (r"\begin{bmatrix} x_1x_2 \\ x_1^2\end{bmatrix}", "x", {"x": "n"}, r"e_1(x_2e_1 + x_1e_2)^\top + 2x_1e_2e_1^\top"),
    ("(x_1x_2, x_1^2)", "x", {"x": "n"}, r"e_1(x_2e_1 + x_1e_2)^\top + 2x_1e_2e_1^\top"),
    (r"Ax\,c^\top x", "x", {"A": "d d", "x": "d", "c": "d"}, r"(c^\top x)A + Axc^\top"),
]
HESSIANS = [
    (r"\tfrac12 x'Ax", "x", {"x": "n", "A": "n n"}, r"\tfrac12(A + A^\top)"),
    (
        r"\frac{1}{2n}\|Xw-y\|^2 + \frac\lambda2\|w\|^2",
        "w",
        {"X": "n d", "w": "d", "y": "n", "lambda": ""},
        r"\frac1n X^\top X + \lambda I_d",
    ),
    (r"\log\sum_j e^{z_j}", "z", {"z": "k"}, r"\operatorname{diag}(s) - ss^\top"),
    (
        "p = \\sigma(Xw)\nL = -\\frac1n\\left(t^\\top\\log p + (1-t)^\\top\\log(1-p)\\right)",
        "w",
        {"X": "n d", "w": "d", "t": "n"},
        r"\frac1n X^\top\operatorname{diag}(p\odot(1-p))X",
    ),
    (r"\sum_i\log(1 + e^{-y_i(Xw)_i})", "w", {"X": "n d", "w": "d", "y": "n"}, None),
    (r"a^\top x", "x", {"a": "n", "x": "n"}, "0"),
]


def goals():
    """Every derivative that the catalogue speaks of: (problem, function, variable)."""
    for problem in PROBLEMS:
        named = dict.fromkeys(e.of for e in problem.entries if e.of and re.fullmatch(r"d\w+/d\w+", e.of))
        yield from ((problem, *of[1:].split("/d")) for of in named)


GOALS = [pytest.param(p, f, x, id=f"{p.name}: d{f}/d{x}") for p, f, x in goals()]


def network(layers):
    """(text, shapes) of a network of so many layers with softmax at its end."""
    sizes = ["d", "h", "m", "q", "s"][:layers] + ["k"]
    shapes = {"X": "n d", "Y": "n k onehot"}
    lines = []
    for k in range(1, layers + 1):
        shapes |= {f"W^{k}": f"{sizes[k - 1]} {sizes[k]}", f"b^{k}": f"1 {sizes[k]}"}
        lines.append(f"Z^{k} = {f'A^{k - 1}' if k > 1 else 'X'} W^{k} + b^{k}")
        lines.append(f"A^{k} = \\tanh(Z^{k})" if k < layers else f"P = \\operatorname{{softmax}}(Z^{k})")
    return "\n".join([*lines, r"L = -\frac{1}{n}\sum_{i}\sum_{j} Y_{ij}\log P_{ij}"]), shapes


LINE = {"X": "n d", "w": "d", "b": "", "y": "n"}
WARM = "S = Z/T\nP = \\operatorname{softmax}(S)\nL = -\\frac1n\\langle Y, \\log P\\rangle"
# Losses of chapters 3 to 8 beside those of the catalogue.
CHAPTERS = [
    (r"L = \frac{1}{2n}\|Xw + b\mathbf 1 - y\|^2", "w", LINE),
    (r"L = \frac{1}{2n}\|Xw + b\mathbf 1 - y\|^2", "b", LINE),
    (r"L = \frac{1}{2n}\sum_{i=1}^n (x_i^\top w + b - y_i)^2", "b", LINE),
    (r"L = \frac{1}{2n}\sum_i s_i(x_i^\top w - y_i)^2", "w", {"X": "n d", "w": "d", "s": "n positive", "y": "n"}),
    (r"L = (Xw-y)^\top C(Xw-y)", "w", {"X": "n d", "w": "d", "C": "n n symmetric", "y": "n"}),
    (r"L = \frac1n\|Xw-y\|^2 + \lambda\|w\|_1", "w", {"X": "n d", "w": "d", "y": "n", "lambda": ""}),
    (r"L = \frac1n\sum_i\sqrt{1 + (x_i^\top w - y_i)^2}", "w", {"X": "n d", "w": "d", "y": "n"}),
    (r"L = \sum_i\operatorname{softplus}(z_i) - y^\top z", "z", {"z": "n", "y": "n"}),
    (r"L = \operatorname{logsumexp}(z) - t^\top z", "z", {"z": "k", "t": "k"}),
    (WARM, "Z", {"Z": "n k", "T": "", "Y": "n k onehot"}),
    (WARM, "T", {"Z": "n k", "T": "", "Y": "n k onehot"}),
    (network(2)[0], "b^1", network(2)[1]),
    (network(3)[0], "W^1", network(3)[1]),
    (network(3)[0], "W^2", network(3)[1]),
    (network(5)[0], "W^1", network(5)[1]),
    # Of each sample, or a function by its formula.
    (r"L = \frac1n\sum_i\|x_i - m\|^2", "m", {"X": "n d", "m": "d"}),
    (r"L = \sum_i\|x_i - m\|", "m", {"X": "n d", "m": "d"}),
    (r"L = \sum_i\operatorname{logsumexp}(z_i) - \langle Y, Z\rangle", "Z", {"Z": "n k", "Y": "n k"}),
    (r"L = \sum_i\langle x_i, y_i\rangle^2", "X", {"X": "n d", "Y": "n d"}),
    ("f(z) = z^2 + \\sin z\nL = \\sum_i f(x_i^\\top w)", "w", {"X": "n d", "w": "d"}),
    ("f(u) = \\|u - y\\|^2\nL = f(Xw)", "w", {"X": "n d", "w": "d", "u": "n", "y": "n"}),
    (r"L = \sum_i\frac{1}{x_i}", "x", {"x": "n"}),
]


@cache
def worked(problem, function, variable):
    return work_out(problem.given, variable, problem.shapes, problem.functions, of=function)


def judged(work):
    return derive("\n".join(work.lines), work.shapes, work.functions)


def assert_whole(work):
    """A whole derivation: every line right to `derive`, the last one without a derivative on its right side."""
    assert not work.missing
    report = judged(work)
    assert report.ok, report
    assert len(work.rules) == len(work.lines) == len(report.lines)
    assert work.rules[0] == "definition" and work.rules[-1] == "read off"
    assert report.lines[-1].explicit


def some(cases, count, rng):
    """The arguments of some of many cases; `python -m tests.derivation.test_work_out` takes all of them."""
    return [cases[k].values for k in rng.choice(len(cases), min(count, len(cases)), replace=False)]


@pytest.mark.parametrize("part", range(4))
def test_the_catalogue_is_worked_out_as_short_as_a_lecturer_would(part, rng):
    """Half of each quarter of it; counted are the lines after what is given."""
    lengths = []
    for problem, function, variable in some(GOALS[part::4], 15, rng):
        work = worked(problem, function, variable)
        assert_whole(work)
        lengths.append(len(work.lines) - len(problem.given.splitlines()))
    assert max(lengths) <= 12
    assert sum(lengths) / len(lengths) <= 7


def test_the_catalogue_asks_for_enough():
    assert len(GOALS) >= 100
    assert len({p.values[:2] for p in GOALS}) >= 60


@pytest.mark.parametrize(("loss", "variable", "shapes"), MATRIX_CALCULUS)
def test_examples_of_matrix_calculus_are_worked_out(loss, variable, shapes):
    assert_whole(work_out(loss, variable, shapes))


@pytest.mark.parametrize(("loss", "variable", "shapes", "gradient"), NUMBERED)
def test_numbered_entries_are_worked_out(loss, variable, shapes, gradient):
    work = work_out(f"f = {loss}", variable, shapes)
    assert_whole(work)
    assert derive("\n".join([*work.lines, rf"\nabla_{variable} f = {gradient}"]), shapes).ok


def test_a_log_likelihood_keeps_its_name():
    work = work_out(r"\log L = -\frac12\|x - m\|^2", "m", {"x": "n", "m": "n"})
    assert_whole(work)
    assert work.lines[-1] == r"\nabla_{m} \log L = x - m"


def test_a_symmetric_variable_is_differentiated_in_every_direction():
    """u'S⁻¹v must not become v'S⁻¹u on the way, which is the same number for symmetric S only."""
    work = work_out(r"f = u^\top S^{-1}b", "S", {"S": "d d spd", "u": "d", "b": "d"})
    assert_whole(work)
    assert len(work.lines) == 4


@pytest.mark.parametrize(("loss", "variable", "shapes"), CHAPTERS)
def test_losses_of_the_chapters_are_worked_out(loss, variable, shapes):
    assert_whole(work_out(loss, variable, shapes))


@pytest.mark.parametrize(("function", "variable", "shapes", "jacobian"), ARRAYS)
def test_arrays_give_their_jacobian(function, variable, shapes, jacobian):
    work = work_out(f"f = {function}", variable, shapes)
    assert_whole(work)
    known = rf"\frac{{\partial f}}{{\partial {variable}}} = {jacobian}"
    assert derive("\n".join([*work.lines, known]), shapes).ok


@pytest.mark.parametrize(("loss", "variable", "shapes", "hessian"), HESSIANS)
def test_the_hessian_is_the_gradient_derived_again(loss, variable, shapes, hessian):
    text = loss if "\n" in loss else f"L = {loss}"
    work = work_out(text, variable, shapes, order=2)
    assert_whole(work)
    assert work.lines[-1].startswith(rf"\nabla_{{{variable}}}^2 L = ")
    if hessian is not None:
        given = r"s = \operatorname{softmax}(z)" if "z" in shapes else text
        known = rf"\nabla_{{{variable}}}^2 L = {hessian}"
        assert derive("\n".join([given, *work.lines, known]), shapes).ok


FAMOUS = [
    ("mean squared error", "L", "w", r"\nabla_{w} L = \frac{1}{n} X^{\top} \left(X w - y\right)"),
    ("Frobenius loss in W", "L", "W", r"\nabla_{W} L = \frac{2}{N} X^{\top} U"),
    ("logistic regression", "L", "w", r"\nabla_{w} L = \frac{1}{n} X^{\top} \left(p - t\right)"),
    ("softmax regression on a batch", "L", "W", r"\nabla_{W} L = \frac{1}{n} X^{\top} \left(P - Y\right)"),
    ("cross-entropy with weights that do not sum to one", "L", "z", r"\left(\mathbf{1}_{k}^{\top} t\right) p - t"),
    ("generalised Rayleigh", "R", "x", r"\frac{2}{x^{\top} B x} \left(A x - R B x\right)"),
    ("trace of a quadratic form", "f", "W", r"\left(A + A^{\top}\right) W"),
    ("bilinear with inverse", "f", "X", r"-X^{-\top} a b^{\top} X^{-\top}"),
    ("log-sum-exp", "F", "z", r"\operatorname{softmax}\left(z\right)"),
]


@pytest.mark.parametrize(("name", "function", "variable", "end"), FAMOUS)
def test_famous_results_have_their_famous_form(name, function, variable, end):
    problem = next(p for p in PROBLEMS if p.name == name)
    assert worked(problem, function, variable).lines[-1].endswith(end)


MATRICES = {"X": "n d", "W": "d k", "Y": "n k"}
# What each of the five proofs of chapter 4 says on its way, in the notation of the chapter.
PROOFS = [
    ("index", "W", r"\frac{\partial L}{\partial w_{pq}} = \frac1n\sum_{i,j} 2r_{ij}x_{ip}\delta_{jq}", r"\delta_{"),
    (
        "trace",
        "W",
        r"L = \frac1n\left(\operatorname{tr}(W^\top X^\top XW) - 2\operatorname{tr}(Y^\top XW)"
        r" + \operatorname{tr}(Y^\top Y)\right)",
        r"\operatorname{tr}",
    ),
    (
        "expansion",
        "W",
        r"\|R + XD\|_F^2 = \|R\|_F^2 + 2\langle X^\top R, D\rangle + \|XD\|_F^2",
        r"\lVert X D\rVert^{2}",
    ),
    ("differential", "W", r"dL = \left\langle\frac2n X^\top R, dW\right\rangle", r"dW\rangle"),
    (
        "vec",
        "W",
        r"\operatorname{vec}(\nabla_W L) = \frac2n(I_k\otimes X)^\top\operatorname{vec}(R)",
        r"I_{k} \otimes X",
    ),
    ("index", "X", r"\frac{\partial L}{\partial x_{pq}} = \frac2n\sum_j r_{pj}w_{qj}", r"\delta_{"),
    ("differential", "X", r"dL = \left\langle\frac2n RW^\top, dX\right\rangle", r"dX\rangle"),
    (
        "vec",
        "X",
        r"\operatorname{vec}(\nabla_X L) = \frac2n(W^\top\otimes I_n)^\top\operatorname{vec}(R)",
        r"\otimes I_{n}",
    ),
]


@pytest.mark.parametrize(("form", "variable", "known", "sign"), PROOFS)
@pytest.mark.parametrize("named", [True, False])
def test_the_five_proofs_of_chapter_4_are_found_in_their_own_forms(form, variable, known, sign, named):
    loss = "R = XW - Y\nL = \\frac{1}{n}\\|R\\|_F^2" if named else r"L = \frac{1}{n}\|XW - Y\|_F^2"
    work = work_out(loss, variable, MATRICES, form=form)
    assert_whole(work)
    assert sign in "\n".join(work.lines)
    before = "" if named else "R = XW - Y\n"
    step = {"D": "d k" if variable == "W" else "n d"}
    assert derive("\n".join([before, *work.lines, known]), {**step, **work.shapes}).ok
    result = {"W": r"\frac2n X^\top(XW - Y)", "X": r"\frac2n (XW - Y)W^\top"}[variable]
    assert derive("\n".join([*work.lines, rf"\nabla_{{{variable}}} L = {result}"]), work.shapes).ok


WITH_SUMS = [p for p in GOALS if r"\sum" in p.values[0].given and re.fullmatch("[A-Z]", p.values[1])]


def index_by_index(problem, function, variable):
    work = work_out(problem.given, variable, problem.shapes, problem.functions, of=function, form="index")
    assert_whole(work)
    entry = r"\\frac\{\\partial \w+\}\{\\partial .*_\{\w+\}\} = "
    assert any(re.match(entry, line) for line in work.lines)


def test_losses_with_sums_are_worked_out_index_by_index_too(rng):
    for case in some(WITH_SUMS, 12, rng):
        index_by_index(*case)


@pytest.mark.parametrize(
    ("loss", "variable", "form"),
    [
        (r"L = \frac{1}{2n}\|Xw - y\|^2", "w", "trace"),  # the square of a vector needs no trace
        ("R = XW - Y\nL = \\frac1n\\|R\\|^2", "R", "expansion"),  # a step in what the text defines
        (r"L = \|Xw - y\|_1", "w", "index"),
        (r"L = \operatorname{logsumexp}(Xw) - y^\top Xw", "w", "index"),
        (r"L = \operatorname{tr}(W^\top XW)", "W", "index"),
    ],
)
def test_forms_fit_more_than_their_model(loss, variable, form):
    shapes = {"X": "n d", "w": "d", "y": "n", "W": "d k", "Y": "n k"}
    if "tr" in loss:
        shapes["X"] = "d d"
    assert_whole(work_out(loss, variable, shapes, form=form))


def test_sums_beside_one_another_share_their_letters():
    work = work_out(r"R = \frac{x^\top Ax}{x^\top Bx}", "x", {"x": "n", "A": "n n", "B": "n n"}, form="index")
    assert work.lines[1] == r"R = \frac{\sum_{i,j} x_{i} A_{ij} x_{j}}{\sum_{i,j} x_{i} B_{ij} x_{j}}"


def test_a_constant_stands_before_its_sum():
    work = work_out(r"f = \tfrac12 x^\top Ax", "x", {"x": "n", "A": "n n"}, form="index")
    assert work.lines[1] == r"f = \frac{1}{2} \sum_{i,j} x_{i} A_{ij} x_{j}"


@pytest.mark.parametrize(
    ("loss", "variable", "end"),
    [
        (r"L = \|QW\|^2", "W", "= 2 W"),
        (r"L = \|x^\top Q\|^2", "x", "= 2 x"),
        (r"L = \operatorname{tr}(Q^\top WQ)", "W", "I_{n}"),
    ],
)
def test_an_orthogonal_matrix_goes_away(loss, variable, end):
    work = work_out(loss, variable, {"Q": "n n orthogonal", "W": "n n", "x": "n"})
    assert_whole(work)
    assert work.lines[-1].endswith(end)


def test_a_form_that_does_not_fit_says_so():
    work = work_out(r"L = \log\det W", "W", {"W": "d d"}, form="vec")
    assert "square of what is linear" in work.missing
    with pytest.raises(ValueError, match="the form must be one of differential, trace"):
        work_out(r"L = \|w\|^2", "w", {"w": "d"}, form="prose")


LETTERS = {"X": "ABQMX", "W": "UKTW", "w": "vuqw", "y": "bhty", "Y": "CHSY"}


@pytest.mark.parametrize(
    ("loss", "variable"),
    [(r"L = \frac{1}{2n}\|Xw-y\|^2", "w"), (r"L = \frac{1}{n}\|XW-Y\|_F^2", "W"), (r"L = \frac1n\|XW-Y\|_F^2", "X")],
)
def test_nothing_is_written_down_in_advance(loss, variable, rng):
    """Other letters, other names of lengths: the same derivation is found."""
    shapes = {"X": "n d", "W": "d k", "Y": "n k"} if "W" in loss else {"X": "n d", "w": "d", "y": "n"}
    letters = {old: rng.choice(list(new)) for old, new in LETTERS.items() if old in shapes}
    lengths = dict(zip("ndk", rng.permutation(list("gmrzs"))[:3], strict=True))

    def renamed(text):
        return re.sub(
            r"(?<![\\A-Za-z])[A-Za-z]|(?<=[XWYw])[WwX]", lambda m: {**letters, **lengths}.get(m[0], m[0]), text
        )

    other = {letters[k]: renamed(v) for k, v in shapes.items()}
    first = work_out(loss, variable, shapes)
    second = work_out(renamed(loss), letters[variable], other)
    assert_whole(second)
    assert second.rules == first.rules
    assert [len(line) for line in second.lines] == [len(line) for line in first.lines]


@pytest.mark.parametrize("style", ["W_1", "W^1", "W^{(1)}", r"\mathbf W_1"])
@pytest.mark.parametrize("mark", ["T", r"\top"])
def test_names_and_transposes_are_spelled_as_the_text_spells_them(style, mark):
    other = style.replace("1", "2")
    text = f"z = {style}x\na = \\tanh(z)\nL = \\frac12\\|{other}a-y\\|^2 + a^{{{mark}}}z"
    work = work_out(text, style, {"W1": "h d", "W2": "k h", "x": "d", "y": "k"})
    assert_whole(work)
    found = "\n".join(work.lines[3:])
    assert other in found and f"^{{{mark}}}" in found
    assert ("^{(2)}" in found) == ("(" in style)


def test_a_missing_rule_is_named_and_the_number_is_left():
    for loss, said in (
        (r"L = \|XW\|_2", "the spectral norm needs"),
        (r"L = \|XW\|_\infty", "the infinity norm follows"),
    ):
        work = work_out(loss, "W", {"X": "m n", "W": "n k"})
        assert work.lines == [loss] and work.result is None
        assert said in work.missing
        assert re.search(r"first entry of the derivative is -?\d", work.missing)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("", "w", {"w": "d"}), "the loss must be text"),
        ((r"L = \|Xw-y\|^2", "w", {"X": "n d", "w": "d"}), "y is not declared"),
        ((r"L = \|w\|^2", "v", {"w": "d"}), "the variable must be one of w, L; got 'v'"),
        ((r"L = \|w\|^2", "u", {"w": "d", "u": "d"}), "L does not depend on u"),
        ((r"L = \|w", "w", {"w": "d"}), "the loss cannot be used"),
    ],
)
def test_bad_input_gets_one_sentence(arguments, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        work_out(*arguments)


def test_a_work_shows_each_line_with_its_rule():
    work = work_out(r"L = \|w\|^2", "w", {"w": "d"})
    assert "read off" in repr(work) and r"\nabla_{w} L = 2 w" in repr(work)
    shown = work._repr_html_()
    assert shown.count("<tr>") == len(work.lines) + 1
    assert "squared norm" in shown


if __name__ == "__main__":
    for number, case in enumerate(GOALS, 1):
        assert_whole(worked(*case.values))
        if case in WITH_SUMS:
            index_by_index(*case.values)
        print(f"{number} of {len(GOALS)}: {case.id}", flush=True)
