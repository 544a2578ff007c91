"""The ledger of the three sources: each formula as its source wrote it, judged as the ledger judges it.

The letter is the source: A a question on the gradient of the mean squared error and its answer, B a question
on the Frobenius loss and its answers, C lecture notes on backpropagation; the number is the ledger's. C5
("convex, so a minimum exists") is an argument and no formula, so it has no row here. Where a source writes
dots, cases or o(...), which are no formula of fixed size, the row takes the same claim in a form that can be
read, and a comment says so.
"""

from dataclasses import dataclass

import pytest

from .settling import settling


@dataclass(frozen=True, eq=False)
class Setting:
    """Declared shapes and the defining lines under which a source makes its claims."""

    shapes: dict[str, str]
    given: tuple[str, ...]
    functions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """A claim of the ledger: fair verdicts, fair mistake ids (none when right), and the claim mended."""

    id: str
    setting: Setting
    line: str
    verdicts: tuple[str, ...] = ("right",)
    mistakes: tuple[str | None, ...] = (None,)
    mended: str | None = None


WRONG, SHAPES, EITHER = ("wrong",), ("shapes",), ("wrong", "shapes")

# A: one output. The question calls the number of features m and the number of samples n.
question = Setting(
    {"X": "n m", "w": "m", "y": "n"},
    (r"\hat{y} = Xw", r"MSE = \frac{1}{2n}\sum_{i=1}^{n}\left ( \hat{y}_i - y_i \right )^2"),
)
one_sample = Setting({"X": "n m", "w": "m", "x": "m"}, (r"\hat{y} = w^T x",))
jacobian = Setting({"X": "n m", "w": "m"}, (r"\hat{y} = Xw", r"J = \frac{\partial \hat{y}}{\partial w}"))
answer = Setting(
    {"X": "n d", "w": "d", "y": "n"},
    (r"\hat y = Xw", r"\text{MSE} = \frac{1}{2n}(y-\hat y)^T(y-\hat y)"),
)
# A: several outputs, in the answer's differentials.
outputs = Setting(
    {"X": "n d", "W": "d k", "Y": "n k"},
    (
        r"\hat Y = X W",
        r"E = Y-\hat Y",
        r"\text{MSE} = \frac{1}{2n}\sum_{i,j} E_{ij}^2",
    ),
)

A = [
    Row(
        "A1",
        one_sample,
        r"\hat{y}=\sum_{i=1}^{n}w_i x_i",
        EITHER,
        ("index",),
        r"\hat{y}=\sum_{i=1}^{m}w_i x_i",
    ),
    Row(
        "A2",
        question,
        r"\frac{\partial MSE}{\partial \hat{y}_i} = \frac{1}{n}\left ( \hat{y}_i - y_i \right )",
    ),
    Row(
        "A3",
        question,
        r"\frac{\partial \hat{y}_j}{\partial w_i} = \frac{\partial}{\partial w_i} \sum_{j=1}^m x_{ij}w_j",
        EITHER,
        ("index",),
        r"\frac{\partial \hat{y}_j}{\partial w_i} = x_{ji}",
    ),
    Row("A4", jacobian, r"J = X^T", EITHER, ("layout",), r"J = X"),
    Row(
        "A5",
        question,
        r"\frac{\partial MSE}{\partial w_i} = \frac{1}{n}"
        r" \sum_{j=1}^n \left ( \hat{y}_j -y_j \right ) x_{ij}",
        EITHER,
        ("index",),
        r"\frac{\partial MSE}{\partial w_i} = \frac{1}{n}"
        r" \sum_{j=1}^n \left ( \hat{y}_j -y_j \right ) x_{ji}",
    ),
    Row(
        "A6",
        answer,
        r"\frac{\partial \text{MSE}}{\partial \hat y}=\frac{2}{2n}(y-\hat y)",
        WRONG,
        ("sign",),
        r"\frac{\partial \text{MSE}}{\partial \hat y}=\frac{2}{2n}(\hat y-y)",
    ),
    Row(
        "A7",
        answer,
        r"\frac{\partial \text{MSE}}{\partial w}= \frac{1}{n}X^T(y-\hat y)=\frac{1}{n}X^T(y-Xw)",
        WRONG,
        ("sign",),
        r"\frac{\partial \text{MSE}}{\partial w}= \frac{1}{n}X^T(\hat y-y)=\frac{1}{n}X^T(Xw-y)",
    ),
    Row(
        "A7 chain rule",
        answer,
        r"\frac{\partial \text{MSE}}{\partial w}= \frac{\partial \hat y}{\partial w}^T"
        r"\frac{\partial \text{MSE}}{\partial \hat y}",
    ),
    Row("A7 Jacobian", answer, r"\frac{\partial \hat y}{\partial w}=X"),
    Row(
        "A8",
        outputs,
        r"\text{MSE}=\frac{1}{2n}\|E\|_F",
        WRONG,
        ("norm-square",),
        r"\text{MSE}=\frac{1}{2n}\|E\|_F^2=\frac{1}{2n}\operatorname{tr}((Y-\hat Y)^T(Y-\hat Y))",
    ),
    Row(
        "A8 whole line",
        outputs,
        r"\text{MSE}=\frac{1}{2n}\|E\|_F=\frac{1}{2n}\operatorname{tr}((Y-\hat Y)^T(Y-\hat Y))",
        WRONG,
        ("norm-square",),
    ),
    Row("A9", outputs, r"d\hat Y /dW = \mathbb I \otimes X"),
    Row(
        "A10",
        outputs,
        r"d\text{MSE}=\frac{-2}{2n}\operatorname{tr}(dE^TE)",
        WRONG,
        ("sign",),
        r"d\text{MSE}=\frac{1}{n}\operatorname{tr}(dE^TE)",
    ),
    Row(
        "A10 dE",
        outputs,
        r"d\text{MSE}=\frac{1}{n}\operatorname{tr}(d\hat Y^TE)",
        WRONG,
        ("sign",),
        r"d\text{MSE}=-\frac{1}{n}\operatorname{tr}(d\hat Y^TE)",
    ),
    Row(
        "A11",
        outputs,
        r"\frac{1}{n}\operatorname{tr}(d\hat Y^TE)=\frac{1}{n}\operatorname{tr}(dWX^TE)",
        SHAPES,
        ("transpose",),
        r"\frac{1}{n}\operatorname{tr}(d\hat Y^TE)=\frac{1}{n}\operatorname{tr}(dW^TX^TE)",
    ),
    Row(
        "A12",
        outputs,
        r"\frac {\partial \text{MSE}}{\partial W}=\frac{1}{n}X^T(Y - XW)",
        WRONG,
        ("sign",),
        r"\frac {\partial \text{MSE}}{\partial W}=\frac{1}{n}X^T(XW - Y)",
    ),
]

# B: the Frobenius loss, proved several ways.
frobenius = Setting({"X": "N d", "W": "d k", "Y": "N k"}, (r"L = \frac1N \left\|XW-Y\right\|_{\text{F}}^2",))
plain = Setting(
    {"X": "n d", "W": "d k", "Y": "n k", "delta": "d k"},
    (r"f = \| \mathrm X \mathrm W - \mathrm Y \|_{\text{F}}^2",),
)
inner = Setting({"X": "N d", "W": "d k", "Y": "N k"}, (r"U = XW-Y", r"L = \frac{1}{N}U:U"))

B = [
    Row("B1", frobenius, r"\nabla_W L = \frac 2N \, X^T(XW-Y)"),
    Row(
        "B2 trace",
        plain,
        r"f = \mbox{tr} \left( (\mathrm X \mathrm W - \mathrm Y)^{\top}"
        r" (\mathrm X \mathrm W - \mathrm Y) \right)"
        r" = \mbox{tr} \left( \mathrm W^{\top} \mathrm X^{\top} \mathrm X \mathrm W"
        r" - \mathrm Y^{\top} \mathrm X \mathrm W"
        r" - \mathrm W^{\top} \mathrm X^{\top} \mathrm Y + \mathrm Y^{\top} \mathrm Y \right)",
    ),
    Row(
        "B2 gradient",
        plain,
        r"\nabla_{\mathrm W} f = 2 \, \mathrm X^{\top} \mathrm X \mathrm W - 2 \, \mathrm X^{\top} \mathrm Y"
        r" = \color{blue}{2 \, \mathrm X^{\top} \left( \mathrm X \mathrm W - \mathrm Y \right)}",
    ),
    Row(
        "B3 loss",
        plain,
        r"\|XW-Y\|^2=\sum_{i,j}(x_{ik}w_{kj}-y_{ij})^2",
        EITHER,
        ("sum",),
        r"\|XW-Y\|^2=\sum_{i,j}(\sum_k x_{ik}w_{kj}-y_{ij})^2",
    ),
    # The missing inner sum runs over an index that is taken: both names of the slip are fair.
    Row(
        "B3 derivative",
        plain,
        r"\frac{d\|XW-Y\|^2}{dw_{ij}}=\sum_{k}2x_{ki}(x_{ki}w_{ij}-y_{kj})",
        EITHER,
        ("sum", "index"),
        r"\frac{d\|XW-Y\|^2}{dw_{ij}}=\sum_{k}2x_{ki}(\sum_l x_{kl}w_{lj}-y_{kj})"
        r"=\left[2X^T(XW-Y)\right]_{i,j}",
    ),
    Row(
        "B4",
        plain,
        r"\frac{\partial f}{\partial w_{k'j'}}=\sum_i 2(\sum_k x_{ik}w_{kj'}-y_{ij'})x_{ik'}",
    ),
    Row(
        "B5",
        plain,
        r"\frac{d \left \| XW - Y \right \|^{2}}{d w_{ij}}"
        r" = \sum_{k} 2x_{ki} (\sum_{i} x_{ki} w_{ij} - y_{kj})",
        EITHER,
        ("index",),
        r"\frac{d \left \| XW - Y \right \|^{2}}{d w_{ij}}"
        r" = \sum_{k} 2x_{ki} (\sum_{l} x_{kl} w_{lj} - y_{kj})",
    ),
    Row(
        "B5 matrix",
        plain,
        r"\frac{d \left \| XW - Y \right \|^{2}}{d w_{ij}} = \sum_{k} 2x_{ki} (XW - Y)_{kj}"
        r" = [2 X^{T} (XW - Y)]_{ij}",
    ),
    Row("B5 result", plain, r"\frac{d \left \| XW - Y \right \|^{2}}{d W} = 2 X^{T} (XW - Y)"),
    # f(W + delta) and o(...) are written out: the expansion is exact, its linear part is the claim.
    Row(
        "B6 expansion",
        plain,
        r"\|X(W+\delta)-Y\|_F^2=\|XW-Y+X\delta\|_F^2"
        r"=\|XW-Y\|_F^2+2\langle XW-Y,X\delta \rangle +\|X\delta\|_F^2",
    ),
    Row("B6 linear part", plain, r"2\langle XW-Y,X\delta \rangle = 2\langle X^T( XW-Y),\delta \rangle"),
    Row(
        "B7",
        plain,
        r"2\langle X^T( XW-Y),\delta \rangle = 2\left(X^T( XW-Y)\right)^T\delta",
        SHAPES,
        ("trace",),
        r"2\langle X^T( XW-Y),\delta \rangle"
        r" = 2\operatorname{tr}\left(\left(X^T( XW-Y)\right)^T\delta\right)",
    ),
    Row("B8 outer", inner, r"dL=\frac{2}{N}U:dU"),
    Row("B8 inner", inner, r"dU=XdW"),
    Row("B8 chain", inner, r"dL=\frac{2}{N}U:(XdW)=tr(\frac{2}{N}U^TXdW)=(\frac{2}{N}X^TU):dW"),
    Row("B8 gradient", inner, r"\frac{dL}{dW}=\frac{2}{N}X^TU=\frac{2}{N}X^T(XW-Y)"),
    # Asked and not answered there: the answer.
    Row("B9", plain, r"\frac{\partial f}{\partial X} = 2(XW - Y)W^\top"),
]

# C: vectors are rows; one sample of the network, so N is a declared number.
affine = Setting({"A": "n m", "x": "1 n", "b": "1 m"}, (r"\mathbf{y} = \mathbf{x}A + b",))
form = Setting({"A": "n n", "x": "1 n"}, (r"y = \mathbf{x} A \mathbf{x}^{\top}",))
regression = Setting(
    {"X": "n d", "w": "1 d", "y": "1 n"},
    (r"L = \frac{1}{2n} \sum_{i=1}^{n} (y - wX^{\top})_i^2",),
)
optimum = Setting({"X": "n d", "y": "1 n"}, (r"\hat{w} = yX(X^{T}X)^{-1}",))
network = Setting(
    {"x": "1 d", "W^1": "d h", "b^1": "1 h", "W^2": "h K", "b^2": "1 K", "y": "1 K onehot", "N": ""},
    (
        r"z^{1} = x W^1 + b^1",
        r"a = \sigma(z^{1})",
        r"z^{2} = a W^2 + b^2",
        r"\hat{y} = \operatorname{softmax}(z^{2})",
        r"L = \frac{1}{N} \sum_{j=1}^{K} \left[ -y_j \log(\hat{y}_j) \right]",
    ),
    ("sigma",),
)

C = [
    # The displayed matrix of entries a_{ij} is A.
    Row(
        "C1",
        affine,
        r"\frac{\partial \mathbf{y}}{\partial \mathbf{x}} = A",
        EITHER,
        ("layout",),
        r"\frac{\partial \mathbf{y}}{\partial \mathbf{x}} = A^{\top}",
    ),
    Row(
        "C1 entries",
        affine,
        r"\frac{\partial y_i}{\partial x_j} = a_{ij}",
        EITHER,
        ("index",),
        r"\frac{\partial y_i}{\partial x_j} = a_{ji}",
    ),
    Row("C2", affine, r"\frac{\partial \mathbf{y}}{\partial \mathbf{b}} = I_m"),
    Row("C3 sum", form, r"y = \sum_{i=1}^{n} \sum_{j=1}^{n} a_{ij} x_i x_j"),
    Row("C3 in x", form, r"\frac{\partial y}{\partial x} = x(A + A^{\top})"),
    Row("C3 in A", form, r"\frac{\partial y}{\partial A} = \mathbf{x}^{\top} \mathbf{x}"),
    Row("C4 loss", regression, r"L = \frac{1}{2n} (y - wX^{\top}) (y - wX^{\top})^{\top}"),
    # The operator in front of a bracket is left out: the loss it is applied to, then its gradient.
    Row(
        "C4 expanded",
        regression,
        r"L = \frac{1}{2n} (\mathbf{y} \mathbf{y}^{\top} - \mathbf{y} X \mathbf{w}^{\top}"
        r" - \mathbf{w} X^{\top} \mathbf{y}^{\top} + \mathbf{w} X^{\top} X \mathbf{w}^{\top})"
        r" = \frac{1}{2n} (\mathbf{y} \mathbf{y}^{\top} - 2\mathbf{w} X^{\top} \mathbf{y}^{\top}"
        r" + \mathbf{w} X^{\top} X \mathbf{w}^{\top})",
    ),
    Row(
        "C4 gradient",
        regression,
        r"\nabla_{\mathbf{w}} L = \frac{1}{n} \left( -\mathbf{y} X + \mathbf{w} (X^{\top} X) \right)",
    ),
    # That w-hat is optimal means that it makes C4's gradient zero.
    Row("C6 normal equations", optimum, r"\hat{w} X^{\top} X = yX"),
    Row("C6 gradient is zero", optimum, r"\frac{1}{n} \left( -yX + \hat{w} (X^{\top} X) \right) = 0"),
    # With the sum written as a sum, because the dots of the source have no fixed size.
    Row(
        "C7",
        network,
        r"\frac{\partial L}{\partial \hat{y}} = \frac{1}{N} \sum_{k=1}^{K} -\frac{y_k}{\hat{y}_k}",
        EITHER,
        (None, "sum", "index"),
        r"\frac{\partial L}{\partial \hat{y}_k} = -\frac{1}{N} \frac{y_k}{\hat{y}_k}",
    ),
    # The two cases of the source in one matrix, then its first case alone.
    Row(
        "C8 Jacobian",
        network,
        r"\frac{\partial \hat{y}}{\partial z^{2}} = \operatorname{diag}(\hat{y}) - \hat{y}^{\top}\hat{y}",
    ),
    Row("C8 diagonal", network, r"\frac{\partial \hat{y}_i}{\partial z_i^{2}} = \hat{y}_i (1 - \hat{y}_i)"),
    Row(
        "C8 collapse",
        network,
        r"\frac{\partial L}{\partial \hat{y}} \frac{\partial \hat{y}}{\partial z^{2}}"
        r" = \frac{1}{N} (\hat{y} - y)",
    ),
    Row("C8 signal", network, r"\frac{\partial L}{\partial z^{2}} = \frac{1}{N} (\hat{y} - y)"),
    Row("C9 in W2", network, r"\frac{\partial L}{\partial W^2} = \frac{1}{N} a^{\top} (\hat{y} - y)"),
    Row("C9 in b2", network, r"\frac{\partial L}{\partial b^2} = \frac{1}{N} (\hat{y} - y)"),
    Row("C9 in z1", network, r"\frac{\partial a}{\partial z^{1}} = \operatorname{diag}[a \odot (1 - a)]"),
    Row("C9 in a", network, r"\frac{\partial z^{2}}{\partial a} = W^{2^{\top}}"),
    Row(
        "C9 pulled back",
        network,
        r"\frac{\partial L}{\partial a} = \frac{\partial L}{\partial z^{2}} \frac{\partial z^{2}}{\partial a}"
        r" = \frac{\partial L}{\partial z^{2}} {W^2}^{\top}",
    ),
    # One sample of the sum over n: the product of the two rows is undefined.
    Row(
        "C10",
        network,
        r"\frac{\partial L}{\partial W^{1}} = x \frac{\partial L}{\partial z^{1}}",
        SHAPES,
        ("transpose",),
        r"\frac{\partial L}{\partial W^{1}} = x^{\top} \frac{\partial L}{\partial z^{1}}",
    ),
    Row("C11", network, r"\frac{\partial L}{\partial b^{1}} = \frac{\partial L}{\partial z^{1}}"),
]

# A peer's textbook slips.
factors = Setting({"X": "m n", "U": "m r", "V": "r n"}, (r"f = \|X-UV\|^2",))
shifted = Setting({"z": "k", "c": ""}, (r"F = \log\sum_{j} e^{z_j}", r"p = \operatorname{softmax}(z)"))

PEER = [
    Row(
        "factorisation",
        factors,
        r"\frac{\partial\|X-UV\|^2}{\partial V} = 2U^\top(X-UV)",
        WRONG,
        ("sign",),
        r"\frac{\partial\|X-UV\|^2}{\partial V} = -2U^\top(X-UV)",
    ),
    Row(
        "log-sum-exp is not invariant",
        shifted,
        r"F = \log\sum_{j} e^{z_j + c}",
        WRONG,
        ("term",),
        r"F = \log\sum_{j} e^{z_j + c} - c",
    ),
    Row("softmax is invariant", shifted, r"p = \operatorname{softmax}(z + c)"),
    Row("ones see no softmax", shifted, r"\left(\frac{\partial p}{\partial z}\right)^\top \mathbf{1} = 0"),
]

ROWS = [*A, *B, *C, *PEER]
MENDED = [row for row in ROWS if row.mended]


def judged(row, line):
    """The settling line of the report on the row's setting with `line` appended."""
    from course_lib import derive

    text = "\n".join([*row.setting.given, line])
    return settling(derive(text, row.setting.shapes, row.setting.functions), len(row.setting.given))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_ledger(row):
    found = judged(row, row.line)
    assert found.verdict in row.verdicts, found.message
    assert found.mistake in row.mistakes, found.message


@pytest.mark.parametrize("row", MENDED, ids=lambda row: row.id)
def test_mended_form_is_right(row):
    found = judged(row, row.mended)
    assert found.verdict == "right", found.message


def test_every_row_of_the_ledger_is_here():
    entered = {row.id.split()[0] for row in ROWS}
    expected = {f"A{i}" for i in range(1, 13)} | {f"B{i}" for i in range(1, 10)}
    expected |= {f"C{i}" for i in range(1, 12)} - {"C5"}
    assert expected <= entered


def test_dots_of_c7_are_not_called_right():
    line = (
        r"\frac{\partial L}{\partial \hat{y}} = \frac{1}{N}"
        r" \left[ -y_1 / \hat{y}_1 - y_2 / \hat{y}_2 + \cdots - y_K / \hat{y}_K \right]"
    )
    assert judged(Row("C7", network, line), line).verdict in ("unreadable", "shapes", "wrong")
