"""One expression, many spellings: all of them must be read as the same thing."""

import pytest

from course_lib.derivation.names import Definition, Names, canonical, latex_name, read_shapes, spoken_name
from course_lib.derivation.numpy_reader import parse_numpy
from course_lib.derivation.parser import parse
from course_lib.derivation.tokens import UnreadableError
from course_lib.derivation.writer import latex

SHAPES = {
    "X": "n d",
    "w": "d",
    "y": "n",
    "W": "d k",
    "Y": "n k",
    "A": "n n",
    "z": "k",
    "W1": "d h",
    "W2": "h k",
    "lam": "",
    "b": "k",
}


@pytest.fixture
def names():
    symbols, dims = read_shapes(SHAPES)
    table = Names(symbols, dims)
    table.definitions["L"] = Definition("L", None, shape=((), ()))
    table.definitions["hat y"] = Definition("hat y", None, shape=(("n",), ()))
    table.definitions["MSE"] = Definition("MSE", None, shape=((), ()))
    return table


SPELLINGS = {
    "a half": [r"\frac12", r"\frac{1}{2}", r"\dfrac12", r"\tfrac{1}2", r"{1 \over 2}", "1/2", "½"],
    "transposed X times y": [
        r"X^T y",
        r"X^\top y",
        r"X^{\top}y",
        r"X^\intercal y",
        r"X^{\mathsf T} y",
        r"X^{\mathrm{T}} y",
        "X'y",
        r"X^{T}\cdot y",
        r"\mathbf{X}^\top\boldsymbol y",
        r"\mathrm X^{\top}\mathrm y",
        r"X^\top\,y",
        r"X^{\!\top} y",
        "Xᵀy",
        r"X^\prime y",
    ],
    "squared norm": [
        r"\|Xw-y\|^2",
        r"\left\|Xw-y\right\|^2",
        r"\lVert Xw-y\rVert^2",
        r"\Vert Xw - y\Vert^2",
        r"||Xw-y||^2",
        r"\|Xw-y\|_2^2",
        r"\|Xw-y\|_F^2",
        r"\left\| Xw - y \right\|_{\text{F}}^{2}",
        r"\bigl\|Xw-y\bigr\|^2",
        "‖Xw−y‖²",
        r"\|\mathbf X\mathbf w-\mathbf y\|^2",
    ],
    "trace": [
        r"\operatorname{tr}(A)",
        r"\mathrm{tr}(A)",
        r"\text{tr}(A)",
        r"\mbox{tr} \left( A \right)",
        "tr(A)",
        r"\operatorname{tr} A",
        r"\operatorname{Tr}[A]",
        r"\operatorname{trace}\{A\}",
        r"\tr(A)",
    ],
    "inner product": [r"\langle y, Xw\rangle", r"\left\langle y, Xw \right\rangle", r"y : Xw", r"y:(Xw)"],
    "a layer's weights": [r"W^{(2)}", r"W^2", r"W_2", r"W^{[2]}", r"W_{2}", "W2", r"\mathbf W^{(2)}", "W₂"],
    "a layer transposed": [
        r"W^{2\top}",
        r"W^{2^\top}",
        r"{W^2}^\top",
        r"(W^{(2)})^T",
        r"W_2^\top",
        r"W^{(2)\top}",
        r"W^{2^{\top}}",
    ],
    "a hat": [r"\hat y", r"\hat{y}", r"\hat{\mathbf y}", r"\mathbf{\hat y}", r"\widehat y", "ŷ", "{\\hat y}"],
    "an entry of a hat": [r"\hat y_i", r"\hat{y}_i", r"\hat{y_i}", r"{\hat y}_{i}", "ŷᵢ"],
    "an entry": [
        r"X_{ij}",
        r"x_{ij}",
        r"x_{i,j}",
        r"x_{i\,j}",
        r"\mathbf x_{ij}",
        r"[X]_{ij}",
        r"(X)_{ij}",
        r"\left[X\right]_{i,j}",
    ],
    "a partial derivative": [
        r"\frac{\partial L}{\partial w}",
        r"\dfrac{\partial L}{\partial w}",
        r"\partial L/\partial w",
        r"\frac{dL}{dw}",
        r"dL/dw",
        r"\frac{d L}{d w}",
        r"\frac{\mathrm dL}{\mathrm dw}",
        r"\nabla_w L",
        r"\nabla_{w}L",
        r"\nabla_{\mathbf w}L",
        r"\frac{\partial}{\partial w}L",
        r"\frac{d}{dw}L",
        r"\frac{\partial L}{\partial\mathbf{w}}",
        "∂L/∂w",
        "∇_w L",
        r"\pdv{L}{w}",
        r"\frac{\dd L}{\dd w}",
        r"\operatorname{grad}_w L",
        "grad_w L",
    ],
    "a differential": [
        "dW",
        r"d W",
        r"\mathrm dW",
        r"\mathrm{d}W",
        r"\operatorname{d}W",
        r"d\mathbf W",
        r"d{W}",
        r"\dd W",
    ],
    "a second differential": [r"d^2L", r"\mathrm{d}^2 L", r"\mathrm d^{2}L", r"\dd^2 L"],
    "two determinants": [r"\det(A)\det(A^\top)", r"\det A\det A^\top", r"\det A \cdot \det(A^\top)"],
    "a determinant and a matrix": [r"\det(A)A", r"\det A\cdot A"],
    "an inverse transposed": [
        r"A^{-\top}",
        r"A^{-T}",
        r"A^{-1\top}",
        r"A^{-1T}",
        r"A^{\top-1}",
        r"(A^{-1})^{\mathsf T}",
    ],
    "a power transposed": [r"(A^2)^\top", r"A^{2\top}", r"A^{2T}"],
    "the differential of an inverse": [r"d(A^{-1})", r"dA^{-1}", r"\mathrm dA^{-1}"],
    "the differential of a squared norm": [r"d(\|w\|^2)", r"d\|w\|^2", r"\mathrm{d}\lVert w\rVert^2"],
    "an entrywise power": [r"w^{\circ 2}", r"w^{\odot 2}", r"w^{\circ{2}}"],
    "relu": [r"\operatorname{relu}(z)", r"\max(0, z)", r"\max\left(0, z\right)", r"\max\{z, 0\}", "ReLU(z)"],
    "the slope of relu": [
        r"\operatorname{relu}'(z)",
        r"\mathbf 1[z > 0]",
        r"\mathbb{1}_{z>0}",
        r"\mathbf{1}\{z > 0\}",
        r"\mathbb 1\left[z \geq 0\right]",
    ],
    "an entry without braces": [r"\sum_j x_{ij}w_j", r"\sum_j x_ij w_j"],
    "a name in bold letters": ["Xw", r"\mathbf{Xw}", r"\mathbf{X}\mathbf{w}"],
    "a root": [r"\sqrt{w^\top w}", r"\sqrt[2]{w^\top w}", "√(w^T w)", "sqrt(w^T w)"],
    "zero": ["0", r"\vec{0}", "0_d", r"\mathbf 0"],
    "an inner product with a dot": [r"\langle w, w\rangle", r"w\cdot w", "w · w"],
    "a named loss": ["MSE", r"\text{MSE}", r"\mathrm{MSE}", r"\operatorname{MSE}"],
    "a double sum": [
        r"\sum_{i,j}x_{ij}",
        r"\sum_{ij}x_{ij}",
        r"\sum_i\sum_j x_{ij}",
        r"\sum_{i}\sum_{j} x_{ij}",
        r"\sum\limits_{i,j}x_{ij}",
    ],
    "a sum with limits": [
        r"\sum_{i=1}^n y_i",
        r"\sum_{i=1}^{n}y_i",
        r"\sum\limits_{i=1}^{n} y_i",
        r"\sum^n_{i=1} y_i",
    ],
    "entrywise product": [r"y\odot Xw", r"y\circ (Xw)", "y ⊙ Xw"],
    "identity": ["I", r"\mathbb I", r"\mathbf I", r"\mathrm{I}", r"\boldsymbol{I}"],
    "ones": [r"\mathbf 1", r"\mathbf{1}", r"\mathbb 1", r"\mathbb{1}", r"\boldsymbol 1", "𝟏"],
    "the square of a name beside its layer": [r"\sum_j w_j\, w_j^2", r"\sum_j w_j w_j^{2}"],
    "a squared norm with its label behind": [r"\|w\|_1^2", r"\|w\|^2_1"],
    "exponential": [
        r"e^{z_i}",
        r"\exp(z_i)",
        r"\exp z_i",
        r"\exp\left(z_i\right)",
        r"\mathrm{exp}(z_i)",
        r"\exp\{z_i\}",
    ],
    "inverse": [r"(X^\top X)^{-1}", r"\left(X^\top X\right)^{-1}", r"{(X^T X)}^{-1}", r"(XᵀX)⁻¹"],
    "lambda": [r"\lambda w", "λ w", r"\lambda\,w", r"\lambda\mathbf w"],
}


@pytest.mark.parametrize("what", SPELLINGS)
def test_spellings_are_read_alike(what, names):
    first, *others = SPELLINGS[what]
    tree = parse(first, names)
    for other in others:
        assert parse(other, names) == tree, other


@pytest.mark.parametrize("what", SPELLINGS)
def test_what_was_read_is_written_so_that_it_reads_the_same(what, names):
    tree = parse(SPELLINGS[what][0], names)
    assert parse(latex(tree), names) == tree


NUMPY = {
    r"X^\top(Xw-y)/n": "X.T @ (X @ w - y) / n",
    r"\|Xw-y\|^2": "np.linalg.norm(X @ w - y)**2",
    r"\operatorname{tr}(A^\top)": "np.trace(A.T)",
    r"2Xw": "2 * (X @ w)",
    r"\exp(z)": "np.exp(z)",
    r"-y": "-y",
    r"\operatorname{relu}(z)": "np.maximum(0, z)",
    r"\operatorname{relu}'(z)": "(z > 0)",
    r"X^\top y / n": "X.T @ y / len(y)",
    r"X^\top y/d": "X.T @ y / X.shape[1]",
    r"\sum_i \sum_j x_{ij}": "np.einsum('ij->', X)",
    r"\sum_i a_{ii}": "np.einsum('ii', A)",
}


def _as_product(node):
    """`@` and `**` as LaTeX's product and power."""
    from course_lib.derivation.tree import Node, mul

    args = [_as_product(a) for a in node.args]
    if node.op in ("at", "mul"):
        return mul(*args)
    return Node("pow" if node.op == "epow" else node.op, args, node.val)


@pytest.mark.parametrize("written", NUMPY)
def test_numpy_is_read_as_the_same_tree(written, names):
    assert _as_product(parse_numpy(NUMPY[written], names)) == _as_product(parse(written, names))


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "X.__class__",
        "(lambda: X)()",
        "[X for X in y]",
        "X if y else w",
        "open('f')",
        "X[0]",
        "X[:, 0]",
        "X.shape[2]",
        "(Xw - y).shape[0]",
        "z > 1",
        "0 < z",
        "np.einsum('ijk->i', X)",
        "np.einsum('ij,jk->ik', X)",
        "np.einsum('ij->k', X)",
        "np.einsum(X, 'ij->i')",
        "np.sum(X, axis=2)",
        "f'{X}'",
    ],
)
def test_numpy_beyond_the_whitelist_is_refused(text, names):
    with pytest.raises(UnreadableError):
        parse_numpy(text, names)


def test_d_is_a_dimension_where_it_stands_alone(names):
    assert parse(r"\frac1d", names) == parse("1/d", names)
    assert parse(r"\sum_{j=1}^d w_j", names).val == ("j", "d", None)


def test_one_over_two_n_means_the_fraction(names):
    assert parse("1/2n", names) == parse(r"\frac{1}{2n}", names)


def test_a_product_sign_in_a_denominator_is_read_as_none(names):
    assert parse(r"n / w^\top \cdot w", names) == parse(r"n / w^\top w", names) == parse(r"\frac{n}{w^\top w}", names)


def test_a_power_is_a_layer_only_where_that_layer_is_declared(names):
    assert parse("W^2", names).op == "sym"
    assert parse("A^2", names).op == "pow"


def test_dots_stand_for_the_sum_they_abbreviate(names):
    assert parse(r"y_1 + \cdots + y_n", names) == parse(r"y_1 + y_2 + \dots + y_n", names)
    assert parse(r"y_1 + \cdots + y_n", names).op == "sum"


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("X + foo", 5),
        ("(Xw - y", 1),
        (r"X \foo", 3),
        (r"\frac{1}", 8),
        ("X ] y", 3),
        (r"\|Xw", 1),
        (r"\sqrt[3]{n}", 1),
        (r"X\tanh^{-1}(w)", 2),
        (r"\max(y)", 1),
        (r"\frac{\partial^3 L}{\partial w^3}", 7),
        ("X +", 3),
        (r"\tanh \cdot w", 5),
        (r"\nabla \cdot w", 6),
        (r"\nabla / w", 6),
        (r"\pdv{}{w}", 1),
    ],
)
def test_the_place_of_what_cannot_be_read(text, column, names):
    with pytest.raises(UnreadableError) as problem:
        parse(text, names)
    assert problem.value.position + 1 == column


def test_names_have_one_canonical_form():
    assert {canonical(k) for k in ("W1", "W_1", "W^1", "W^{(1)}", r"\mathbf W^{[1]}", "W₁")} == {"W1"}
    assert {canonical(k) for k in (r"\hat y", r"\hat{y}", "y_hat", "yhat", "ŷ", r"\hat{\mathbf y}")} == {"hat y"}
    assert {canonical(k) for k in ("lambda", r"\lambda", "lam", "λ")} == {"lambda"}
    assert latex_name("hat y") == r"\hat{y}"
    assert spoken_name("hat y") == "ŷ"


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        ("X", "must map names"),
        ({"X": 3.5}, "must be text"),
        ({"X": "n d k"}, "at most two"),
        ({"X": "n d symetric"}, "promise"),
        ({"X": "n d symmetric"}, "square"),
        ({"": "n"}, "must be text"),
        ({"X": "n-d"}, "dimension name"),
        ({"w": "d symetric"}, "did you mean 'symmetric'"),
        ({"A": "d d symmetric orthogonal"}, "cannot be promised together"),
        ({"Y": "n k onehot positive"}, "cannot be promised together"),
        ({"X": "n d", "n": "5"}, "a length and of an array"),
        ({"d": "d"}, "a length and of an array"),
        ({"W1": "d h", "W_1": "h k"}, "two shapes"),
        ({"3": "n"}, "must be like"),
        ({"X;": "n"}, "must be like"),
    ],
)
def test_shapes_that_cannot_be_understood_say_what_was_got(shapes, said):
    with pytest.raises((TypeError, ValueError), match=said):
        read_shapes(shapes)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (r"dA\,Y", r"dA \, Y"),
        (r"A\,dY", r"A \, dY"),
        (r"dA^\top\,dY", r"dA^{\top} \, dY"),
        (r"(dA)^{-1}", r"\left(dA\right)^{-1}"),
        (r"(\partial\hat y/\partial w)^\top", r"\left(\frac{\partial \hat{y}}{\partial w}\right)^{\top}"),
        (r"(\frac{1}{n})^2", r"\left(\frac{1}{n}\right)^{2}"),
        (r"\|w\|^2", r"\lVert w\rVert^{2}"),
        (r"\|\frac1n w\|_1", r"\left\|\frac{1}{n} w\right\|_1"),
    ],
)
def test_the_reading_leaves_no_doubt_what_binds_what(written, shown, names):
    assert latex(parse(written, names)) == shown
    assert parse(shown, names) == parse(written, names)
