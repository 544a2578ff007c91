"""What only the exercises of chapter 8 promise: formulas beat quotients, and the broken code is known."""

import nbformat
import numpy as np
import pytest

from course_lib.calculus.jacobian import central_gradient
from course_lib.checks import find, judge
from course_lib.checks.chapter_08 import SLIPS, logistic
from course_lib.checks.judging import FunctionCaller


@pytest.mark.parametrize("h", [1e-4, 1e-5, 1e-6, 1e-7, 1e-8, None])
@pytest.mark.parametrize(("name", "activation"), [("mlp_gradients", logistic), ("tanh_mlp_gradients", np.tanh)])
def test_difference_quotients_do_not_pass(name, activation, h):
    def answer(X, Y, W1, b1, W2, b2):
        def loss(*parameters):
            W1, b1, W2, b2 = parameters
            Z2 = activation(X @ W1 + b1) @ W2 + b2
            return np.sum(np.log(np.sum(np.exp(Z2), axis=1)) - np.sum(Y * Z2, axis=1)) / len(X)

        start = (W1, b1, W2, b2)
        return tuple(
            central_gradient(lambda v, i=i: loss(*start[:i], v, *start[i + 1 :]), start[i], h) for i in range(4)
        )

    assert judge(find(name), FunctionCaller(answer)).status == "wrong"


def test_the_released_code_is_the_broken_one(course_root):
    notebook = nbformat.read(next((course_root / "exercises").glob("08_*.ipynb")), as_version=4)
    stub = next(cell.source for cell in notebook.cells if "def mend_backprop(" in cell.source)
    namespace = {"np": np}
    exec(stub, namespace)
    verdict = judge(find("mend_backprop"), FunctionCaller(namespace["mend_backprop"]))
    assert (verdict.status, verdict.mistake, verdict.points) == ("wrong", "given", 0)


def test_every_set_of_slips_left_has_a_name_of_its_own():
    known = {mistake.id for mistake in find("mend_backprop").mistakes}
    assert len(known) == 2 ** len(SLIPS) - 1
