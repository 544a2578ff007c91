"""What only the exercises of chapter 8 promise: the broken code is known."""

import nbformat
import numpy as np
import pytest

from course_lib.checks import find, judge
from course_lib.checks.chapter_08 import SLIPS
from course_lib.checks.judging import FunctionCaller, TextCaller


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


# Ways to write the derivation other than the one in the solutions: signals with names, differentials, entries.
OWN_WAYS = {
    "signals": r"""
        \delta^2 = \frac{1}{n} (P - Y)
        \frac{\partial L}{\partial Z^2} = \delta^2
        \frac{\partial L}{\partial A} = \delta^2 (W^2)^\top
        \delta^1 = (\delta^2 (W^2)^\top) \odot A \odot (1 - A)
        \frac{\partial L}{\partial Z^1} = \delta^1
        \frac{\partial L}{\partial W^1} = X^\top \delta^1
    """,
    "differentials": r"""
        dL = \langle \frac{1}{n} (P - Y), dZ^2 \rangle
        dZ^2 = dA\, W^2 + A\, dW^2 + db^2
        dA = A \odot (1 - A) \odot dZ^1
        \nabla_{W^1} L = \frac{1}{n} X^\top ((P - Y) (W^2)^\top \odot A \odot (1 - A))
    """,
    "entries": r"""
        \frac{\partial L}{\partial Z^2_{ij}} = \frac{1}{n} (P_{ij} - Y_{ij})
        \frac{\partial L}{\partial A_{ij}} = \sum_{m=1}^{k} \frac{1}{n} (P_{im} - Y_{im}) W^2_{jm}
        \frac{\partial L}{\partial Z^1} = (\frac{1}{n} (P - Y) (W^2)^\top) \odot \sigma'(Z^1)
        \nabla_{W^1} L = X^\top ((\frac{1}{n} (P - Y) (W^2)^\top) \odot \sigma'(Z^1))
    """,
}


@pytest.mark.parametrize("way", OWN_WAYS)
def test_the_derivation_may_be_written_in_ones_own_way(way):
    verdict = judge(find("hidden_layer_derivation"), TextCaller(OWN_WAYS[way]))
    assert verdict.status == "right", verdict.message


def test_a_list_of_another_length_is_told_the_names_of_all_that_is_asked_for():
    def deep_gradients(X, Y, parameters):
        return [np.zeros(parameters[0].shape)]

    verdict = judge(find("deep_gradients"), FunctionCaller(deep_gradients))
    assert verdict.status == "kind"
    assert "6 values, `dW1, db1, dW2, db2, dW3, db3`" in verdict.message


def checked(loss, w, G, v, h=1e-5):
    """The room argued from rounding and from a second step, written otherwise than in the solutions."""
    along = [loss(w + t * h * v) for t in (-2, -1, 1, 2)]
    slope, wider = (along[2] - along[1]) / (2 * h), (along[3] - along[0]) / (4 * h)
    room = 4 * np.finfo(float).eps * np.max(np.abs(along)) / h + abs(wider - slope)
    return np.array([abs(g @ v - slope) <= room for g in G])


@pytest.mark.parametrize("h", [1e-6, 1e-5, 1e-4])
def test_the_room_may_be_argued_with_another_step(h):
    verdict = judge(find("gradient_check"), FunctionCaller(lambda loss, w, G, v: checked(loss, w, G, v, h)))
    assert verdict.status == "right", verdict.message


def test_a_quotient_for_every_weight_is_costly():
    def one_by_one(loss, w, G, v):
        for step in np.eye(len(w)):
            loss(w + step)
        return checked(loss, w, G, v)

    assert judge(find("gradient_check"), FunctionCaller(one_by_one)).status == "costly"


def test_the_loss_of_the_gradient_check_refuses_a_complex_step():
    def complex_step(loss, w, G, v):
        return np.isclose(G @ v, np.imag(loss(w + 1e-30j * v)) / 1e-30)

    verdict = judge(find("gradient_check"), FunctionCaller(complex_step))
    assert verdict.status == "raised" and "this loss takes real weights" in verdict.message
