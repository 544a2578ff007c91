"""Each kind of mistake, named, located and mended; a wrong line of no known kind is only called wrong."""

import pytest

from course_lib import derive
from course_lib.derivation.edits.draft import Draft
from course_lib.derivation.edits.slopes import activations
from course_lib.derivation.names import Names, read_shapes
from course_lib.derivation.tree import Node, add, sym

S = {"X": "n d", "w": "d", "y": "n", "lam": "", "v": "d"}
M = {"X": "n d", "W": "d k", "Y": "n k"}
Q = {"x": "n", "A": "n n"}
LOSS = r"L = \frac{1}{2n}\|Xw-y\|^2"
FROB = r"L = \|XW-Y\|^2"
NET = {"x": "1 d", "W1": "d h", "b1": "1 h", "W2": "h k", "y": "1 k"}
LAYERS = "z = xW^1+b^1\na = \\sigma(z)\nL = \\frac12\\|aW^2-y\\|^2\ng = (aW^2-y)W^{2\\top}"

KINDS = {
    "sign": [
        (LOSS, r"\nabla_w L = \frac1n X^\top(y-Xw)", S),
        (LOSS, r"\nabla_w L = \frac1n(X^\top Xw + X^\top y)", S),
    ],
    "factor": [
        (LOSS, r"\nabla_w L = \frac2n X^\top(Xw-y)", S),
        (FROB, r"dL = \operatorname{tr}((XW-Y)^\top X\,dW)", M),
    ],
    "mean": [(LOSS, r"\nabla_w L = X^\top(Xw-y)", S), (LOSS, r"\nabla_w L = \frac1d X^\top(Xw-y)", S)],
    "layout": [
        (LOSS, r"\nabla_w L = \frac1n (Xw-y)^\top X", S),
        (r"\hat y = Xw", r"\frac{\partial\hat y}{\partial w} = X^\top", S),
    ],
    "transpose": [(LOSS, r"\nabla_w L = \frac1n X(Xw-y)", S), (FROB, r"\nabla_X L = 2(XW-Y)W", M)],
    "order": [(FROB, r"\nabla_X L = 2W^\top(XW-Y)", M), (r"U = XW", r"\frac{dU}{dW} = X\otimes I", M)],
    "chain-factor": [
        (LOSS, r"\nabla_w L = \frac1n(Xw-y)", S),
        (FROB, r"dL = 2\operatorname{tr}((XW-Y)^\top dW)", M),
    ],
    "activation-derivative": [
        (LAYERS, r"\frac{\partial L}{\partial z} = g", NET),
        (LAYERS, r"\frac{\partial L}{\partial z} = g\odot\sigma(z)", NET),
        (LAYERS, r"\frac{\partial L}{\partial z} = g\odot\sigma'(a)", NET),
        (LAYERS, r"\frac{\partial L}{\partial z} = g\odot z\odot(1-z)", NET),
    ],
    "hadamard": [(LAYERS, r"\frac{\partial L}{\partial z} = g\,\sigma'(z)", NET)],
    "norm-square": [(LOSS, r"L = \frac{1}{2n}\|Xw-y\|", S)],
    "sum": [(FROB, r"L = \sum_{i,j}(x_{ik}w_{kj}-y_{ij})^2", M)],
    "index": [
        (FROB, r"\frac{\partial L}{\partial w_{ij}} = 2\sum_k x_{ik}[XW-Y]_{kj}", M),
        (FROB, r"\frac{\partial L}{\partial w_{ij}} = \sum_k 2x_{ki}(\sum_i x_{ki}w_{ij}-y_{kj})", M),
    ],
    "product-rule": [(r"y = x^\top Ax", r"\nabla_x y = Ax", Q), (r"F = X^\top X", r"dF = X^\top dX", M)],
    "term": [
        (LOSS + r" + \frac\lambda2\|w\|^2", r"\nabla_w L = \frac1n X^\top(Xw-y)", S),
        (LOSS + r" + \lambda\|w\|^2", r"\nabla_w L = \frac1n X^\top(Xw-y) + \lambda w", S),
    ],
    "assumption": [(r"y = x^\top Ax", r"\nabla_x y = 2Ax", Q)],
    "symbol": [(LOSS, r"\nabla_w L = \frac1n X^\top(Xv-y)", S)],
    "trace": [(FROB, r"dL = 2(XW-Y)^\top X\,dW", M)],
}
KINDS["sign"].append((r"f = \sum_i\log(1+e^{-w_i})", r"\nabla_w f = -\sigma(w)", S))
KINDS["mean"].append((r"f = \frac{1}{\sqrt d}w^\top v", r"\nabla_w f = v", S))
KINDS["order"].append((r"f = \|XW\|^2", r"\nabla_X f = 2WW^\top X", M))
KINDS["chain-factor"].append((r"f = (w-v)^\top A^{-1}(w-v)", r"\nabla_w f = 2(w-v)", S | {"A": "d d spd"}))
KINDS["sum"] += [
    (r"P = XW + \mathbf 1b^\top" + "\nL = \\|P-Y\\|^2", r"\frac{\partial L}{\partial b} = 2(P-Y)", M | {"b": "k"}),
    (
        "p = \\operatorname{softmax}(z)\nL = -\\sum_j t_j\\log p_j",
        r"\frac{\partial L}{\partial z_i} = \frac{\partial L}{\partial p_i}\frac{\partial p_i}{\partial z_i}",
        {"z": "k", "t": "k"},
    ),
]
KINDS["term"] += [
    (r"p = \operatorname{softmax}(z)", r"\frac{\partial p}{\partial z} = \operatorname{diag}(p(1-p))", {"z": "k"}),
    (r"f = w^\top v + s w^\top w", r"f = w^\top v + 2s w^\top w", S | {"s": ""}),
]
CASES = [(kind, *case) for kind, cases in KINDS.items() for case in cases]


@pytest.mark.parametrize(("kind", "given", "line", "shapes"), CASES, ids=[f"{c[0]}: {c[2]}" for c in CASES])
def test_mistake_is_named_and_its_repair_is_right(kind, given, line, shapes):
    judged = derive(f"{given}\n{line}", shapes, ("sigma",)).lines[-1]
    assert judged.verdict in ("wrong", "shapes")
    assert judged.mistake == kind, judged.message
    assert judged.message.endswith(".")
    if judged.repair is not None:
        left = line.split("=")[0]
        assert derive(f"{given}\n{left} = {judged.repair}", shapes, ("sigma",)).lines[-1].verdict == "right"


@pytest.mark.parametrize(
    ("line", "piece"),
    [
        (r"\nabla_w L = \frac1n X^\top(y-Xw)", "(y-Xw)"),
        (r"\nabla_w L = \frac1n X(Xw-y)", "X"),
        (r"\nabla_w L = \frac1n X^\top(Xv-y)", "v"),
    ],
)
def test_the_place_of_the_mistake_is_given(line, piece):
    judged = derive(f"{LOSS}\n{line}", S).lines[-1]
    start, end = judged.where
    assert judged.text[start:end] == piece


def test_a_wrong_line_of_no_known_kind_is_only_called_wrong():
    judged = derive(LOSS + "\n" + r"\nabla_w L = \tanh(\tanh(w)) + \sin(w) - 3", S).lines[-1]
    assert judged.verdict == "wrong" and judged.mistake is None and judged.repair is None
    assert "d×1" in judged.message and "entry" in judged.message


@pytest.mark.parametrize(
    ("given", "line", "place"),
    [
        (r"L = \|w\|^2", r"\nabla_w L = 2w_i", "entry i"),
        (r"L = \|W\|^2", r"\nabla_W L = 2W_{ij}", "entry (i, j)"),
        (r"a = \operatorname{softmax}(z)", r"a = \frac{e^{z_i}}{\sum_j e^{z_j}}", "entry i"),
        ("z = w", r"a = \operatorname{softmax}(z) = \frac{e^{z_i}}{\sum_j e^{z_j}}", "entry i"),
    ],
)
def test_an_entry_in_place_of_the_whole_is_called_so(given, line, place):
    shapes = {"w": "d", "W": "d k"} | ({} if given == "z = w" else {"z": "d"})
    said = derive(f"{given}\n{line}", shapes).lines[-1]
    assert (said.verdict, said.mistake) == ("wrong", "index")
    assert f"This is {place} of it" in said.message


def test_another_entry_is_not_called_an_entry_of_the_whole():
    said = derive("L = \\|w\\|^2\n\\nabla_w L = 3w_i", {"w": "d"}).lines[-1]
    assert said.verdict == "wrong" and "This is entry" not in said.message


def test_an_assumption_says_which():
    judged = derive(r"y = x^\top Ax" + "\n" + r"\nabla_x y = 2Ax", Q).lines[-1]
    assert "A is symmetric" in judged.message
    assert derive(r"y = x^\top Ax" + "\n" + r"\nabla_x y = 2Ax", {"x": "n", "A": "n n symmetric"}).ok


def test_the_collapse_of_softmax_needs_targets_that_sum_to_one():
    text = "p = \\operatorname{softmax}(z)\nL = -\\sum_j t_j\\log p_j\n\\nabla_z L = p - t"
    assert derive(text, {"z": "k", "t": "k simplex"}).ok
    judged = derive(text, {"z": "k", "t": "k"}).lines[-1]
    assert judged.mistake == "assumption" and "t sums to 1" in judged.message


def test_a_misfit_says_which_lengths_differ():
    judged = derive(LOSS + "\n" + r"\nabla_w L = \frac1n X(Xw-y)", S).lines[-1]
    assert judged.verdict == "shapes" and "n×d" in judged.message and "d and n differ" in judged.message


def test_definitions_with_a_slip_are_mended_for_the_lines_below():
    report = derive("\\hat y_i = \\sum_{j=1}^n w_j x_{ij}\n\\hat y = Xw", S)
    assert [x.mistake for x in report.lines] == ["index", None]
    assert report.lines[1].verdict == "right"


LAYER = "A = XV\nZ = AW + b\n"
LAYER_SHAPES = {"X": "n d", "V": "d h", "W": "h k", "b": "1 k"}


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (r"dZ = A\,dW", "The term A dW is missing"),
        (r"dZ = dA\,W + A\,dW + db", "The terms A dW and db are missing"),
    ],
)
def test_terms_left_out_of_a_differential_are_named(before, said):
    *_, earlier, line = derive(f"{LAYER}{before}\ndZ = dA\\,W", LAYER_SHAPES).lines
    assert earlier.verdict == "right"
    assert (line.verdict, line.mistake) == ("wrong", "product-rule") and said in line.message
    assert derive(f"{LAYER}{before}\ndZ = {line.repair}", LAYER_SHAPES).ok


def test_a_differential_of_a_defined_name_is_never_taken_as_zero():
    assert derive(LAYER + r"dZ = dA\,W + A\,dW", LAYER_SHAPES).ok
    assert derive(LAYER + r"dZ = 5\,dA\,W + A\,dW", LAYER_SHAPES).lines[-1].verdict == "wrong"


def test_what_varies_is_seen_between_other_factors():
    assert derive(LAYER + "dZ = A dW\ndZ = dA\\,W", LAYER_SHAPES).lines[-1].verdict == "wrong"
    # The first weights alone vary here, though the second bear the same letter.
    shapes = {"X": "n d", "W1": "d h", "W2": "h k"}
    text = "H = XW^1\nZ = HW^2\ndH = X dW^1\ndZ = dH\\,W^2"
    assert derive(text, shapes).ok


def test_the_gradient_in_another_variable_is_called_so():
    line = derive(FROB + "\n" + r"\nabla_X L = 2X^\top(XW-Y)", M).lines[-1]
    assert (line.verdict, line.mistake) == ("shapes", "symbol")
    assert "the derivative in W" in line.message and "in X is asked for" in line.message


def test_a_bold_one_beside_a_matrix_is_the_number():
    line = derive(r"B = \mathbf 1 - A", {"A": "n k"}).lines[0]
    assert (line.verdict, line.mistake, line.repair) == ("shapes", "symbol", "1 - A")
    assert "column of ones" in line.message


def test_names_are_exchanged_in_the_order_of_the_text():
    """Of two edits that cost the same the first is shown: their order must not vary from run to run."""
    text = "vbuawc"
    names = Names(*read_shapes(dict.fromkeys(sorted(text), "n")))
    member = add(*(sym(name) for name in text for _ in range(2)))
    edits = activations(Draft(names, member, truth=Node("fn", [sym("a")], ("tanh", 0))))
    exchanged = [edit.words[-1] for edit in edits if "must be taken at" in edit.words]
    assert list(dict.fromkeys(exchanged)) == list(text)


TWO_SLIPS = [
    (r"L = \frac{1}{2n}\|Xw-y\|^2", r"\nabla_w L = \frac{2}{n} X(y-Xw)", {"transpose", "sign", "factor"}),
    (r"L = \|XW-Y\|^2", r"\nabla_W L = (Y-XW)X^\top", {"order", "sign", "factor"}),
    (
        "p = \\sigma(Xw)\nL = \\|p-y\\|^2",
        r"\nabla_w L = -2X^\top((p-y)\odot\sigma(Xw))",
        {"activation-derivative", "sign"},
    ),
]


@pytest.mark.parametrize(("before", "claim", "names"), TWO_SLIPS)
def test_two_slips_at_once_are_both_said_and_mended(before, claim, names):
    shapes = {"X": "n d", "w": "d", "y": "n", "W": "d k", "Y": "n k"}
    line = derive(f"{before}\n{claim}", shapes).lines[-1]
    assert line.mistake in names and "wo slips at once" in line.message
    assert derive(f"{before}\n{claim.partition('=')[0]} = {line.repair}", shapes).lines[-1].verdict == "right"


@pytest.mark.parametrize("layer", ["W^1", "W_1", "W^{(1)}", r"\mathbf{W}^1"])
def test_a_mend_spells_layers_as_the_text_does(layer):
    given, claim = rf"R = \frac{{\lambda}}{{2}}\|{layer}\|_F^2", rf"\nabla_{{{layer}}} R = 2\lambda {layer}"
    line = derive(f"{given}\n{claim}", {"W1": "d h", "lam": ""}).lines[-1]
    assert line.repair == rf"\lambda {layer}"


def test_a_mend_of_an_entry_of_a_layer_is_read_back_as_what_it_says():
    given = r"R = \frac{\lambda}{2}\|W^1\|_F^2" + "\n"
    left, shapes = r"\frac{\partial R}{\partial W^1_{ij}}", {"W1": "d h", "lam": ""}
    line = derive(rf"{given}{left} = 3\lambda W^1_{{ij}}", shapes).lines[-1]
    assert "^1" in line.repair and derive(f"{given}{left} = {line.repair}", shapes).ok


@pytest.mark.parametrize(
    ("text", "shapes", "reason"),
    [
        (r"L = \|XW - Y\|_F^2" "\n" r"\nabla_W L = 2(XW - Y)^T X", {"X": "n d", "W": "d k", "Y": "n k"}, "of a number"),
        (r"f = x^T A x" "\n" r"\nabla_x f = x^T(A + A^T)", {"A": "n n", "x": "n"}, "of a number"),
        (r"y = Ax" "\n" r"\frac{\partial y}{\partial x} = A^T", {"A": "m n", "x": "n"}, "rows of a Jacobian"),
    ],
)
def test_a_transposed_derivative_is_told_the_layout_of_its_own_kind(text, shapes, reason):
    assert reason in derive(text, shapes).lines[-1].message


def test_a_matrix_written_with_dots_is_mended_as_the_whole_that_it_is():
    dots = r"\begin{bmatrix} a_{11} & \cdots & a_{1n} \\ \vdots & & \vdots \\ a_{m1} & \cdots & a_{mn} \end{bmatrix}"
    line = derive("y = A^T x\n" + r"\frac{\partial y}{\partial x} = " + dots, {"A": "m n", "x": "m"}).lines[-1]
    assert line.repair == r"A^{\top}"
