"""The table of operations: a row is all that an operation needs, and nothing about one stands a second time."""

import ast
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

import course_lib.derivation as derivation
from course_lib.derivation import derive
from course_lib.derivation.engine import Session
from course_lib.derivation.fitting import entry_by_entry, same_shape
from course_lib.derivation.judgement import Bench, Relation
from course_lib.derivation.numpy_reader import parse_numpy
from course_lib.derivation.numpy_writer import numpy_text
from course_lib.derivation.operations import ELEMENTWISE, OPERATIONS, Kernel, Operation
from course_lib.derivation.parser import parse
from course_lib.derivation.tree import walk
from course_lib.derivation.workout.rules import OF_ENTRIES, RULES
from course_lib.derivation.workout.working import work_out
from course_lib.derivation.writer import latex, plain_text

SHAPES = {"X": "n d", "w": "d", "y": "n", "A": "n n spd", "B": "n n", "a": ""}


@contextmanager
def known(row):
    """The row in the table, and gone again afterwards."""
    OPERATIONS.add(row)
    try:
        yield row
    finally:
        OPERATIONS.remove(row)


def swish():
    """x σ(x), entry by entry, with its first two derivatives."""
    return Operation(
        "swish",
        entry_by_entry,
        words=("swish",),
        numpy=("swish",),
        slopes=(
            lambda x: x / (1 + np.exp(-x)),
            lambda x: (1 + np.exp(-x) * (1 + x)) / (1 + np.exp(-x)) ** 2,
            lambda x: np.exp(x) * (2 + x + np.exp(x) * (2 - x)) / (1 + np.exp(x)) ** 3,
        ),
        rules=("function",),
    )


def centred():
    """Each column without its mean, a function of the whole array."""
    return Operation(
        "centred",
        same_shape("centred"),
        words=("centred", "centered"),
        numpy=("centred",),
        kernels=(Kernel("centred", lambda _, a: a - a.mean(-2, keepdims=True)),),
        reason="only made up",
    )


def session():
    return Session(SHAPES, (), 10.0)


def value(tree, names):
    """The tree's value on one draw, and the draw."""
    relation, bench = Relation(names, [tree]), Bench(names)
    assert relation.misfits == [None]
    found = np.squeeze(relation.values(bench, 0)[0][0])
    return found, bench.env(0, relation.attempt).draw


def verdicts(text):
    return [line.verdict for line in derive(text, SHAPES).lines]


def test_a_function_that_is_added_as_a_row_is_read_shaped_valued_and_written():
    with known(swish()):
        names = session().names
        for tree in (parse(r"\operatorname{swish}(Xw)", names), parse_numpy("swish(X @ w)", names)):
            assert OPERATIONS.of(tree).name == "swish"
            assert latex(tree) == r"\operatorname{swish}\left(X w\right)"
            assert plain_text(tree) == "swish(Xw)"
            assert numpy_text(tree, names) == "swish(X @ w)"
            relation = Relation(names, [tree])
            assert relation.shape == "n×1"
            found, draw = value(tree, names)
            z = draw.base("X")[0] @ draw.base("w")[0]
            np.testing.assert_allclose(found, (z * expit(z)).ravel(), rtol=1e-12)


def test_a_function_that_is_added_as_a_row_is_differentiated():
    slope = r"(\sigma(Xw) + (Xw)\odot\sigma(Xw)\odot(1-\sigma(Xw)))"
    text = "\n".join(
        [
            r"L = y^\top\operatorname{swish}(Xw)",
            r"\nabla_w L = X^\top(y\odot\operatorname{swish}'(Xw))",
            rf"\nabla_w L = X^\top(y\odot {slope})",
            r"\nabla_w L = X^\top(y\odot\sigma(Xw))",
        ]
    )
    with known(swish()):
        assert [line.verdict for line in derive(text, SHAPES, {"sigma": "sigmoid"}).lines] == [
            "definition",
            "right",
            "right",
            "wrong",
        ]
        work = work_out(text.splitlines()[0], "w", SHAPES)
        assert not work.missing and r"\operatorname{swish}'" in work.lines[-1]
    assert verdicts(text)[0] == "unreadable"


def test_a_function_of_a_whole_array_is_a_row_too():
    text = "\n".join(
        [
            r"L = \frac12\|\operatorname{centred}(X)\|^2",
            r"\nabla_X L = \operatorname{centered}(X)",
            r"\nabla_X L = centred(X) * 1.0 + np.exp(X) * 0",
            r"\nabla_X L = X - \frac1n\mathbf 1\mathbf 1^\top X",
            r"\nabla_X L = X",
        ]
    )
    with known(centred()):
        assert verdicts(text) == ["definition", "right", "right", "right", "wrong"]
        # It has no rule, and says so instead of making one up.
        assert work_out(text.splitlines()[0], "X", SHAPES).missing


def test_the_table_forgets_a_row_that_is_taken_out():
    before = {index: dict(getattr(OPERATIONS, index)) for index in ("rows", "words", "numpy", "kernels", "entrywise")}
    with known(swish()), known(centred()):
        assert "swish" in ELEMENTWISE and "centered" in OPERATIONS.words
    assert before == {index: dict(getattr(OPERATIONS, index)) for index in before}


def test_every_operation_with_a_value_has_a_rule_of_differentials_or_says_why_not():
    for row in OPERATIONS.rows.values():
        if row.shape is not None:
            assert bool(row.rules) != bool(row.reason), row.name
            assert set(row.rules) <= RULES.keys(), row.name
    assert RULES.keys() == {*OF_ENTRIES} | {rule for row in OPERATIONS.rows.values() for rule in row.rules}


CALLS = [(word, name) for word, name in OPERATIONS.words.items() if OPERATIONS.rows[name].shape is not None]


@pytest.mark.parametrize(("word", "name"), CALLS)
def test_each_word_calls_its_row_and_what_is_written_is_read_again(word, name):
    names, row = session().names, OPERATIONS.rows[name]
    arguments = ", ".join(["w", "y"][: row.takes] if row.takes > 1 else ["A"])
    tree = parse(rf"\operatorname{{{word}}}({arguments})", names)
    assert OPERATIONS.of(tree) is row
    again = parse(latex(tree), names)
    np.testing.assert_allclose(value(again, names)[0], value(tree, names)[0], rtol=1e-12)


@pytest.mark.parametrize("name", ["adj", "inv", "tr", "softmax", "outer"])
def test_a_prime_has_no_meaning_on_what_does_not_act_entry_by_entry(name):
    arguments = "w, y" if name == "outer" else "A"
    line = derive(rf"f = \operatorname{{{name}}}'({arguments})", SHAPES).lines[0]
    assert line.verdict == "shapes"
    assert line.message.casefold() == f"{name} does not act entry by entry, so {name}' has no meaning."


AXES = {
    "np.sum(X, axis=0)": lambda X: X.sum(0),
    "X.sum(axis=1)": lambda X: X.sum(1),
    "np.mean(X, axis=-1)": lambda X: X.mean(-1),
    "np.sum(X, axis=None)": lambda X: X.sum(),
    "np.sum(y, axis=-1)": None,
    "softmax(X, axis=1)": lambda X: np.exp(X) / np.exp(X).sum(1, keepdims=True),
    "softmax(X, axis=0)": lambda X: np.exp(X) / np.exp(X).sum(0),
    "logsumexp(X, axis=0)": lambda X: np.log(np.exp(X).sum(0)),
    "X / np.sum(X, axis=-1, keepdims=True)": lambda X: X / X.sum(-1, keepdims=True),
}


@pytest.mark.parametrize("text", AXES)
def test_an_axis_of_numpy_is_the_one_that_it_names(text):
    names = session().names
    found, draw = value(parse_numpy(text, names), names)
    X, y = draw.base("X")[0], draw.base("y")[0][:, 0]
    np.testing.assert_allclose(found, AXES[text](X) if AXES[text] else y.sum(-1), rtol=1e-12)


@pytest.mark.parametrize("text", ["np.linalg.norm(X, axis=1)", "np.exp(X, axis=0)", "X.sum(axis=2)", "X.sum(axis='a')"])
def test_an_axis_along_which_nothing_is_read_is_refused(text):
    line = derive(f"f = {text} @ w", SHAPES).lines[0]
    assert line.verdict == "unreadable" and "axis" in line.message


SIGNS = {"@": "A @ B", "*": "A * B", "/": "A / B", "**": "A ** 3", ">": "A > 0"}


@pytest.mark.parametrize("word", OPERATIONS.numpy)
def test_each_word_of_numpy_calls_its_row(word):
    row = OPERATIONS.numpy[word]
    operands = ["A", "B"] if word not in ("maximum", "fmax") else ["0", "A"]
    tree = parse_numpy(SIGNS.get(word, f"np.{word}({', '.join(operands[: row.takes])})"), session().names)
    ops = [n.op for n in walk(tree)]
    assert OPERATIONS.of(tree) is row if row.means is None else {"at", "fn", "epow"} & set(ops)


CODE = {
    r"\frac1n X^\top(Xw-y) + \lambda w": "1 / n * X.T @ (X @ w - y) + lam * w",
    r"-\frac{1}{n}X^\top(V-\tanh(XW))": "-1 / n * X.T @ (V - np.tanh(X @ W))",
    r"wy^\top": "np.outer(w, y.T)",
    r"y^\top A y - \langle V, XW\rangle": "y.T @ A @ y - np.vdot(V, X @ W)",
    r"A^{-1}(y\odot y) - \frac{y}{1+e^{y}}": "np.linalg.inv(A) @ (y * y) - y / (1 + np.exp(y))",
    r"\|Xw-y\|^2 + \|w\|_1": "np.linalg.norm(X @ w - y)**2 + np.sum(np.abs(w))",
    r"\log\det A + \operatorname{tr}(A^\top A)": "np.log(np.linalg.det(A)) + np.trace(A.T @ A)",
    r"W\otimes V - \operatorname{diag}(w)W\otimes V": "np.kron(W, V) - np.kron(np.diag(w) @ W, V)",
    r"\sum_i y_i^3": None,  # no short words for it
    r"A^3": "A**3",  # read again it is another thing, so nobody is shown it
}


@pytest.mark.parametrize("text", CODE)
def test_what_is_written_as_numpy_runs_to_the_same_value(text):
    names = Session(SHAPES | {"W": "d k", "V": "n k", "lam": ""}, (), 10.0).names
    tree = parse(text, names)
    code = numpy_text(tree, names)
    assert code == CODE[text]
    if code is not None and text != "A^3":
        meant, draw = value(tree, names)
        arrays = {name: draw.base(name)[0] for name in names.symbols}
        flat = {name: a[:, 0] if names.symbols[name].one_dimensional else a for name, a in arrays.items()}
        scope = {"np": np, **draw.dims, **flat, "lam": flat["lambda"].item()}
        np.testing.assert_allclose(eval(code, scope), meant, rtol=1e-10)
        np.testing.assert_allclose(value(parse_numpy(code, names), names)[0], meant, rtol=1e-10)


def test_a_slip_in_numpy_is_mended_in_numpy_and_one_in_latex_in_latex():
    text = "r = X @ w - y\nL = 0.5*np.sum(r**2)/n\n" + r"\nabla_w L = X @ r / n" + "\n" + r"\nabla_w L = \frac1n Xr"
    report = derive(text, SHAPES)
    assert [line.code for line in report.lines] == [None, None, "X.T @ r / n", None]
    assert "mended: X.T @ r / n" in repr(report) and "X.T @ r / n</code>" in report._repr_html_()
    assert report.lines[3].repair == r"\frac{1}{n} X^{\top} r"


# What stands in the trees of typed operations besides operands.
DATA = {"power": 3, "matpower": 3, "total": "mean", "along": ("sum", 1)}
KERNELS = [k for k in OPERATIONS.kernels if k != "norm spectral"]


@pytest.mark.parametrize("op", [*KERNELS, "norm spectral"])
def test_complex_step_through_each_value_agrees_with_differences(op):
    rng = np.random.default_rng([len(op), *map(ord, op)])
    square, step = np.eye(3) * 2 + rng.uniform(0.1, 0.9, (3, 3)), rng.uniform(-1, 1, (3, 3))
    if op == "outer":
        square, step = square[:, :1], step[:, :1]
    kernel = OPERATIONS.kernels[op]
    count = 2 if op in ("add", "scale", "had", "matmul", "kron", "frob", "outer", "quotient", "power") else 1

    def f(t):
        return kernel.value(DATA.get(op), *[(square + t * step)[None]] * count)

    slope, h = f(1e-30j).imag / 1e-30, 1e-4
    np.testing.assert_allclose(slope, (f(h) - f(-h)) / (2 * h), rtol=1e-6, atol=1e-6)


def strings_in(module):
    """The texts in a module that are no docstrings."""
    tree = ast.parse((Path(derivation.__file__).parent / f"{module}.py").read_text(encoding="utf-8"))
    prose = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    return {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and id(n) not in prose}


# Trees are made of these: sums, products, signs, transposes, powers. `sum` and `along` are also no operations: Σ over
# an index, and a derivative along directions; `at` is also a function at an argument.
SKELETON = {"add", "neg", "mul", "div", "pow", "T", "matmul", "stretch", "sum", "along", "at"}


@pytest.mark.parametrize(
    "module", ["shapes", "evaluation", "draws", "writer", "numpy_reader", "numpy_writer", "substitution"]
)
def test_no_operation_is_named_where_its_row_can_say_it(module):
    signs = OPERATIONS.numpy.keys() - {word for word in OPERATIONS.numpy if word[0].isalpha()}
    names = {*OPERATIONS.rows, *OPERATIONS.words, *OPERATIONS.numpy, *OPERATIONS.kernels} - signs
    assert strings_in(module) & names <= SKELETON
