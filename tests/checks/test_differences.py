"""No difference quotient passes where a gradient derived by hand is asked for.

Each exercise is answered with forward, central and fourth-order central differences of what it differentiates, written
from its definition. The step runs through all powers of ten from 1e-8 to 1e6, the same for every entry or in proportion
to it. Every such answer must be wrong.

The complex step is exact to rounding. Its values are those of the formula, so no comparison of values can tell the two
apart, and none is tried here.

Where a function is linear in an argument at a given point, a longer step is always better. There the draws serve for
all steps up to 1e6 (`bilinear_gradients`, `vjp_of_product`).

`softmax_jacobian` is decided by its tolerance, and narrowly: a softmax has no large term to drown in, and fourth-order
differences with the step 1e-3 max(1, |x|) come within 1e-13. With some other seeds, two of ten, that one step passes.
"""

import numpy as np
import pytest
import scipy.special

from course_lib.checks import SEED, exercises, find, judge
from course_lib.checks.judging import FunctionCaller
from course_lib.checks.proving import LENGTHS, SCHEMES, STEPS, quotient


def mse(X, w, y):
    return np.sum((X @ w - y) ** 2) / (2 * len(y))


def huber(r, delta):
    return np.where(np.abs(r) <= delta, r**2 / 2, delta * (np.abs(r) - delta / 2))


def frobenius(X, W, Y):
    return np.sum((X @ W - Y) ** 2) / len(X)


def entropy(Z, Y):
    return np.mean(np.logaddexp.reduce(Z, axis=1) - np.sum(Y * Z, axis=1))


def logistic_loss(X, w, t):
    z = X @ w
    return np.mean(t * np.logaddexp(0, -z) + (1 - t) * np.logaddexp(0, z))


def network(activation):
    def loss(X, Y, W1, b1, W2, b2):
        return entropy(activation(X @ W1 + b1) @ W2 + b2, Y)

    return loss


def tape_value(tape, x):
    values = list(x)
    compute = {"add": np.add, "mul": np.multiply, "sin": np.sin, "exp": np.exp}
    for operation, *places in tape:
        values.append(compute[operation](*(values[i] for i in places)))
    return values[-1]


def in_places(loss, *places):
    """An answer: the differences of the loss in the arguments at these places, one or several."""

    def answer(differences, *args):
        found = []
        for place in places:
            before, after = args[:place], args[place + 1 :]
            found.append(differences(lambda v, b=before, a=after: loss(*b, v, *a), args[place]))
        return found[0] if len(found) == 1 else tuple(found)

    return answer


def best_step_here(differences, X, w, y):
    g = differences(lambda w: mse(X, w, y), w)
    return len(y) * (g @ g) / np.sum((X @ g) ** 2)


def descend(differences, X, y, lr, steps):
    path = [np.zeros(X.shape[1])]
    for _ in range(steps):
        path.append(path[-1] - lr * differences(lambda w: mse(X, w, y), path[-1]))
    return np.array(path)


def weight_decay_gradients(differences, dW1, db1, dW2, db2, W1, W2, lam):
    def penalty(W1, W2):
        return lam / 2 * (np.sum(W1**2) + np.sum(W2**2))

    in_W1, in_W2 = in_places(penalty, 0, 1)(differences, W1, W2)
    return dW1 + in_W1, db1, dW2 + in_W2, db2


def output_layer_gradients(differences, A, P, Y):
    def loss(D, e):
        return entropy(np.log(P) + A @ D + e, Y)

    return in_places(loss, 0, 1)(differences, np.zeros((A.shape[1], P.shape[1])), np.zeros(P.shape[1]))


mlp_gradients = in_places(network(scipy.special.expit), 2, 3, 4, 5)


def deep_gradients(differences, X, Y, parameters):
    def loss(*parameters):
        value = X
        for W, b in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
            value = np.maximum(0, value @ W + b)
        return entropy(value @ parameters[-2] + parameters[-1], Y)

    return in_places(loss, *range(len(parameters)))(differences, *parameters)


# Exercise: what a learner returns who takes differences.
CHEATS = {
    "quadratic_gradient": in_places(lambda A, x: x @ A @ x, 1),
    "bilinear_gradients": in_places(lambda x, A, y: x @ A @ y, 0, 1, 2),
    "mse_residual_gradient": in_places(lambda y_hat, y: np.sum((y_hat - y) ** 2) / (2 * len(y)), 0),
    "mse_gradient": in_places(mse, 1),
    "weighted_mse_gradient": in_places(lambda X, w, y, s: np.sum(s * (X @ w - y) ** 2) / (2 * len(y)), 1),
    "huber_gradient": in_places(lambda X, w, y, delta: np.mean(huber(X @ w - y, delta)), 1),
    "bias_gradient": in_places(lambda X, w, b, y: np.sum((X @ w + b - y) ** 2) / (2 * len(y)), 2),
    "frobenius_gradient": in_places(frobenius, 1),
    "gradient_in_X": in_places(frobenius, 0),
    "directional_derivative": lambda differences, X, W, Y, D: differences(lambda t: frobenius(X, W + t * D, Y), 0.0),
    "minibatch_gradient": lambda differences, X, w, y, rows: differences(lambda w: mse(X[rows], w, y[rows]), w),
    "best_step_here": best_step_here,
    "descend": descend,
    "softmax_jacobian": lambda differences, p: differences(scipy.special.softmax, np.log(p)),
    "softmax_pullback": lambda differences, P, G: differences(
        lambda Z: np.sum(G * scipy.special.softmax(Z, axis=1)), np.log(P)
    ),
    "cross_entropy_gradient": in_places(entropy, 0),
    "logistic_gradient": in_places(logistic_loss, 1),
    "temperature_gradients": in_places(lambda Z, Y, T: entropy(Z / T, Y), 0, 2),
    "output_layer_gradients": output_layer_gradients,
    "hidden_signal": lambda differences, dZ2, W2, A: differences(
        lambda Z1: np.sum(dZ2 * (scipy.special.expit(Z1) @ W2)), np.log(A / (1 - A))
    ),
    "mlp_gradients": mlp_gradients,
    "tanh_mlp_gradients": in_places(network(np.tanh), 2, 3, 4, 5),
    "mend_backprop": mlp_gradients,
    "relu_pullback": lambda differences, Z, G: differences(lambda Z: np.sum(G * np.maximum(0, Z)), Z),
    "deep_gradients": deep_gradients,
    "weight_decay_gradients": weight_decay_gradients,
    "vjp_of_product": lambda differences, A, B, G: in_places(lambda A, B: np.sum(G * (A @ B)), 0, 1)(differences, A, B),
    "reverse_mode_gradient": in_places(tape_value, 1),
}


# A linear function whose argument the learner chooses. At 0 with a step of 1 its quotient adds up the products that the
# formula adds up, and nothing else: the error is that of the formula, 1e-16, whatever the draw. So nothing is tried.
LINEAR = {
    "affine_jacobian": lambda differences, A: differences(lambda x: x @ A, np.zeros(len(A))),
    "affine_pullback": lambda differences, A, g: differences(lambda x: np.sum(g * (x @ A)), np.zeros(len(A))),
    "broadcast_pullback": lambda differences, shape, G: differences(lambda b: np.sum(G * (b + 0 * G)), np.zeros(shape)),
    "mean_pullback": lambda differences, shape, axis, g: differences(
        lambda X: np.sum(g * X.mean(axis=axis)), np.zeros(shape)
    ),
    "centring_pullback": lambda differences, G: differences(
        lambda X: np.sum(G * (X - X.mean(axis=0))), np.zeros(G.shape)
    ),
    "quadratic_gradient_in_A": lambda differences, x: differences(lambda A: x @ A @ x, np.zeros((len(x), len(x)))),
    # The same for the second difference of a quadratic form.
    "quadratic_hessian": lambda differences, A: differences(
        lambda x: differences(lambda x: x @ A @ x, x), np.zeros(len(A))
    ),
    "kronecker_jacobian": lambda differences, X, k: differences(
        lambda w: (X @ w.reshape((X.shape[1], k), order="F")).ravel(order="F"), np.zeros(X.shape[1] * k)
    ),
    "tensor_jacobian": lambda differences, X, k: differences(lambda W: X @ W, np.zeros((X.shape[1], k))),
    "trace_gradient": lambda differences, A, B: differences(
        lambda W: np.trace(A @ W @ B), np.zeros((A.shape[1], len(B)))
    ),
    "input_layer_gradients": lambda differences, X, dZ1: in_places(lambda W1, b1: np.sum(dZ1 * (X @ W1 + b1)), 0, 1)(
        differences, np.zeros((X.shape[1], dZ1.shape[1])), np.zeros(dZ1.shape[1])
    ),
    "unbroadcast": lambda differences, g, shape: differences(lambda b: np.sum(g * (b + 0 * g)), np.zeros(shape)),
}

# No derivative is asked for, or it is told apart in another way.
LEFT = {
    "relu_row": "it is straight on either side of its kink, so quotients are exact",
    "matmul_row": "it is linear, so quotients are exact; `vjp_of_product` refuses them by its size",
    "broadcast_row": "it is linear, so quotients are exact",
    "backward": "its tapes are mostly quadratic, where quotients are exact; `reverse_mode_gradient` refuses them",
    "gradient_check": "it asks for a difference quotient and for what it can know",
    "gradient_step": "it is handed the gradient",
    "clipped_gradients": "it is handed the gradients",
    "jvp": "it is handed the function, and its real calls are seen",
    "hessian_vector_product": "it is handed the function, and its real calls are seen",
    "sgd_epoch": "it asks for the loop, and moved weights near 1 are compared to 1e-8, where differences with h = 1e-5 "
    "are off by 1e-10. The gradients themselves are asked for in `mlp_gradients`",
}


def answer_by(taken, scheme, length):
    """A caller of the answer that takes differences with this scheme and this length of the steps."""

    def answer(*args):
        return taken(lambda f, x: quotient(f, x, scheme, length), *args)

    return FunctionCaller(answer)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("seed", [SEED, 1, 2])
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", CHEATS)
def test_differences_do_not_pass_for_a_formula(name, scheme, seed):
    passed = []
    for kind, length in LENGTHS.items():
        for h in STEPS:
            caller = answer_by(CHEATS[name], scheme, lambda x, h=h, length=length: length(h, x))
            verdict = judge(find(name), caller, seed, closely=False)
            assert verdict.status in ("right", "wrong", "not finite"), verdict.message
            if verdict.ok:
                passed.append(f"{kind} with h = {h:g}")
    assert not passed


@pytest.mark.parametrize("seed", [SEED, 1, 2])
@pytest.mark.parametrize("name", LINEAR)
def test_a_linear_function_from_0_has_an_exact_quotient(name, seed):
    verdict = judge(find(name), answer_by(LINEAR[name], "central", lambda x: 1.0), seed, closely=False)
    assert verdict.status == "right", verdict.message


def test_every_exercise_named_after_a_derivative_is_here():
    words = ("gradient", "jacobian", "hessian", "derivative", "pullback", "signal", "jvp", "vjp", "backprop")
    named = {
        e.name
        for e in exercises()
        if e.kind == "function" and e.chapter >= "02" and any(word in e.name for word in words)
    }
    assert named <= {*CHEATS, *LINEAR, *LEFT}
