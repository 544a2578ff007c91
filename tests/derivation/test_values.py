"""Values and derivatives of expressions against NumPy, SciPy, SymPy and autograd, which know nothing of the
evaluator.
"""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import scipy.linalg
import scipy.special
import sympy

from course_lib.derivation import derive
from course_lib.derivation.engine import Session
from course_lib.derivation.judgement import Bench, Relation
from course_lib.derivation.operations import ELEMENTWISE
from course_lib.derivation.parser import parse

SHAPES = {
    "X": "n d",
    "w": "d",
    "y": "n",
    "W": "d k",
    "Y": "n k",
    "A": "n n",
    "S": "n n spd",
    "Q": "n n orthogonal",
    "x": "1 n",
    "z": "k",
    "t": "k onehot",
    "q": "k simplex",
    "P": "n k onehot",
    "s": "n positive",
    "M": "n n symmetric",
    "lam": "",
}


def evaluated(text, given="", number=0, shapes=SHAPES):
    """(value of a LaTeX expression, the values it was made from) on one draw."""
    session = Session(shapes, ("sigma",), 10.0)
    session.read(given)
    relation = Relation(session.names, [parse(text, session.names)])
    assert relation.misfits == [None]
    bench = Bench(session.names)
    value = relation.values(bench, number)[0][0]
    draw = bench.env(number, relation.attempt).draw
    return np.squeeze(value), {name: draw.base(name)[0] for name in session.names.symbols} | draw.dims


VALUES = {
    r"X^\top(Xw-y)/n": lambda v: v["X"].T @ (v["X"] @ v["w"] - v["y"]) / v["n"],
    r"\|XW-Y\|^2": lambda v: scipy.linalg.norm(v["X"] @ v["W"] - v["Y"], "fro") ** 2,
    r"\|Xw-y\|_1": lambda v: np.abs(v["X"] @ v["w"] - v["y"]).sum(),
    r"\operatorname{tr}(AS)": lambda v: np.trace(v["A"] @ v["S"]),
    r"\log\det S": lambda v: np.linalg.slogdet(v["S"])[1],
    r"|S|": lambda v: scipy.linalg.det(v["S"]),
    r"S^{-1}A": lambda v: scipy.linalg.solve(v["S"], v["A"]),
    r"A^3": lambda v: np.linalg.matrix_power(v["A"], 3),
    r"\operatorname{softmax}(z)": lambda v: scipy.special.softmax(v["z"]),
    r"\operatorname{softmax}(XW)": lambda v: scipy.special.softmax(v["X"] @ v["W"], axis=1),
    r"\log\sum_j e^{z_j}": lambda v: scipy.special.logsumexp(v["z"]),
    r"\sigma(z)": lambda v: scipy.special.expit(v["z"]),
    r"\tanh(Xw)\odot y": lambda v: np.tanh(v["X"] @ v["w"]) * v["y"],
    r"\operatorname{vec}(W)": lambda v: v["W"].flatten("F"),
    r"W\otimes z": lambda v: np.kron(v["W"], v["z"]),
    r"\operatorname{diag}(z)-zz^\top": lambda v: np.diag(v["z"].ravel()) - v["z"] @ v["z"].T,
    r"\langle Y, XW\rangle": lambda v: np.vdot(v["Y"], v["X"] @ v["W"]),
    r"\mathbf 1^\top Y": lambda v: v["Y"].sum(0),
    r"\sum_{i,j}(\sum_k x_{ik}W_{kj}-Y_{ij})^2": lambda v: ((v["X"] @ v["W"] - v["Y"]) ** 2).sum(),
    r"\sum_{i=1}^n\sum_{j\neq i} A_{ij}": lambda v: v["A"].sum() - np.trace(v["A"]),
    r"\sum_i A_{ii}": lambda v: np.trace(v["A"]),
    r"\sum_i x_i y_i": lambda v: (v["x"] @ v["y"]).item(),
    r"\sum_{i=1}^n \lambda": lambda v: v["n"] * v["lambda"].item(),
    r"x A x^\top": lambda v: v["x"] @ v["A"] @ v["x"].T,
    r"\begin{bmatrix} w_1 & w_2 \\ 0 & \lambda\end{bmatrix}": lambda v: np.block(
        [[v["w"][0], v["w"][1]], [0, v["lambda"][0]]]
    ),
    r"\begin{bmatrix} x_1 & \cdots & x_n\end{bmatrix}": lambda v: v["x"],
    r"1 - z": lambda v: 1 - v["z"],
    r"X w w^\top w": lambda v: v["X"] @ v["w"] * (v["w"].T @ v["w"]),
}


@pytest.mark.parametrize("text", VALUES)
@pytest.mark.parametrize("number", [0, 3])
def test_value(text, number):
    mine, v = evaluated(text, number=number)
    np.testing.assert_allclose(mine, np.squeeze(VALUES[text](v)), rtol=1e-10, atol=1e-12)


def test_promises_are_kept():
    for number in range(5):
        _, v = evaluated("1", number=number)
        np.testing.assert_allclose(v["M"], v["M"].T)
        assert (np.linalg.eigvalsh(v["S"]) > 0).all()
        np.testing.assert_allclose(v["Q"] @ v["Q"].T, np.eye(len(v["Q"])), atol=1e-12)
        assert sorted(v["t"].ravel())[-1] == 1 == v["t"].sum()
        np.testing.assert_allclose(v["q"].sum(), 1)
        assert (v["P"].sum(1) == 1).all() and set(np.unique(v["P"])) == {0.0, 1.0}
        assert (v["s"] > 0).all()


def test_dimensions_are_distinct_at_least_three_and_change():
    session = Session({"X": "n d", "W": "d k", "V": "k m"}, (), 10.0)
    sizes = [Bench(session.names).env(k).draw.dims for k in range(5)]
    for dims in sizes:
        assert len(set(dims.values())) == 4 and min(dims.values()) >= 3
    for name in "ndkm":
        assert len({dims[name] for dims in sizes}) > 1


GRADIENTS = {
    r"L = \frac{1}{2n}\|Xw-y\|^2": ("w", lambda v, w: anp.sum((v["X"] @ w - v["y"]) ** 2) / (2 * v["n"])),
    r"L = \|XW-Y\|^2 + \lambda\|W\|^2": (
        "W",
        lambda v, w: anp.sum((v["X"] @ w - v["Y"]) ** 2) + v["lambda"].item() * anp.sum(w**2),
    ),
    r"L = \sum_{i,j}(\sum_k x_{ik}W_{kj}-Y_{ij})^2": ("X", lambda v, x: anp.sum((x @ v["W"] - v["Y"]) ** 2)),
    r"L = -\sum_j t_j\log\operatorname{softmax}(z)_j": (
        "z",
        lambda v, z: -anp.sum(v["t"] * (z - anp.log(anp.sum(anp.exp(z))))),
    ),
    r"L = \operatorname{tr}(A^\top S A)": ("A", lambda v, a: anp.trace(a.T @ v["S"] @ a)),
    r"L = \log\det(S)": ("S", lambda v, s: anp.linalg.slogdet(s)[1]),
    r"L = \sum_i \tanh(x_i)^2": ("x", lambda v, x: anp.sum(anp.tanh(x) ** 2)),
    r"L = \|w\|": ("w", lambda v, w: anp.sqrt(anp.sum(w**2))),
}


@pytest.mark.parametrize("definition", GRADIENTS)
def test_gradient_against_autograd(definition):
    name, f = GRADIENTS[definition]
    mine, v = evaluated(rf"\nabla_{name} L", definition)
    np.testing.assert_allclose(mine, np.squeeze(autograd.grad(lambda a: f(v, a))(v[name])), rtol=1e-10, atol=1e-12)


def test_jacobian_of_a_matrix_in_a_matrix_stacks_columns():
    mine, v = evaluated(r"\frac{d(XW)}{dW}")
    jacobian = autograd.jacobian(lambda w: anp.dot(v["X"], w))(v["W"])
    n, k, d, _ = jacobian.shape
    stacked = jacobian.transpose(1, 0, 3, 2).reshape(n * k, d * k)
    np.testing.assert_allclose(mine, stacked, atol=1e-12)


def test_jacobian_rows_follow_the_output_also_for_rows():
    mine, v = evaluated(r"\frac{\partial (xA)}{\partial x}")
    np.testing.assert_allclose(mine, v["A"].T, atol=1e-12)


def test_second_derivative_against_autograd():
    mine, v = evaluated(r"\nabla^2_z f", r"f = \log\sum_j e^{z_j}")
    truth = autograd.hessian(lambda z: anp.log(anp.sum(anp.exp(z))))(v["z"].ravel())
    np.testing.assert_allclose(mine, truth, rtol=1e-7, atol=1e-9)


def test_derivative_in_an_intermediate_result_treats_it_as_the_variable():
    mine, v = evaluated(r"\frac{\partial L}{\partial \hat y}", "\\hat y = Xw\nL = \\frac{1}{2n}\\|Xw-y\\|^2")
    np.testing.assert_allclose(mine, np.squeeze(v["X"] @ v["w"] - v["y"]) / v["n"], atol=1e-12)


@pytest.mark.parametrize("name", [f for f in ELEMENTWISE if f not in ("relu", "abs")])
def test_each_function_and_its_derivatives_against_sympy(name):
    u = sympy.Symbol("u", positive=True)
    table = {"sigmoid": 1 / (1 + sympy.exp(-u)), "softplus": sympy.log(1 + sympy.exp(u))}
    f = table.get(name) or getattr(sympy, name)(u)
    points = np.array([0.3, 0.8, 1.4])
    for order, mine in enumerate(ELEMENTWISE[name].slopes):
        truth = sympy.lambdify(u, sympy.diff(f, u, order) if order else f, "numpy")
        np.testing.assert_allclose(mine(points), truth(points) * np.ones(3), rtol=1e-12)


def test_relu_and_abs_branch_on_the_real_part():
    x = np.array([-0.7, 0.4])
    for name in ("relu", "abs"):
        f, slope, _ = ELEMENTWISE[name].slopes
        np.testing.assert_allclose(f(x + 1e-30j).imag / 1e-30, slope(x))


def test_a_matrix_with_orthonormal_columns_is_taller_than_wide():
    shapes = {"X": "n d", "Q": "n d orthonormal"}
    for number in range(5):
        product, values = evaluated(r"Q^\top Q", number=number, shapes=shapes)
        assert values["n"] >= values["d"]
        assert np.allclose(product, np.eye(values["d"]), atol=1e-12)
    report = derive("Q^T Q = I\nX = QQ^T X", shapes)
    assert [line.verdict for line in report.lines] == ["right", "wrong"]
