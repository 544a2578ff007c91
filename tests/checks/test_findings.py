"""The second layer of naming: each finding is seen in answers as people write them, and said of nothing else."""

import numpy as np
import pytest

from course_lib.checks import find, judge
from course_lib.checks.findings import FINDINGS, RELATIONS
from course_lib.checks.judging import FunctionCaller


def judged(name, body, parameters=None):
    """The verdict on a function with this body; `parameters` where the learner calls them otherwise."""
    exercise = find(name)
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    namespace = {"np": np}
    exec(f"def {name}({parameters or ', '.join(exercise.parameters)}):\n{lines}\n", namespace)
    with np.errstate(all="ignore"):
        return judge(exercise, FunctionCaller(namespace[name]))


NETWORK = """
Z1 = X @ W1 + b1
A = 1 / (1 + np.exp(-Z1))
S = A @ W2 + b2
E = np.exp(S - S.max(axis=1, keepdims=True))
P = E / E.sum(axis=1, keepdims=True)
dZ2 = (P - Y) / len(X)
dZ1 = dZ2 @ W2.T * A * (1 - A)
dW1, db1, dW2, db2 = X.T @ dZ1, dZ1.sum(axis=0), A.T @ dZ2, dZ2.sum(axis=0)
"""
SOFTMAX = """
E = np.exp(Z - Z.max(axis=1, keepdims=True))
P = E / E.sum(axis=1, keepdims=True)
"""

# Finding, exercise, the body of an answer, and words that its sentence must hold.
SEEN = [
    ("argument", "gradient_step", "grad = w - lr * grad\nreturn w", "the argument `w`"),
    ("argument", "cross_entropy_gradient", "return Y", "the argument `Y`"),
    ("argument", "momentum_step", "return w, beta * v + grad", "`v` is right. `w` is the argument `w`"),
    ("zeros", "mse_gradient", "return np.zeros(len(w))", "is 0 everywhere"),
    ("zeros", "hat_matrix", "return 0 * X @ X.T", "is 0 everywhere"),
    ("zeros", "quadratic_gradient", "g = np.zeros(len(x))\nfor v in g:\n    v += 1\nreturn g", "is 0 everywhere"),
    ("constant", "best_fixed_step", "return 0.01", "whatever the arguments are"),
    ("constant", "largest_stable_step", "X = X[0]\nreturn 1", "is 1 whatever the arguments are"),
    ("constant", "mse", "return 0.5", "is 1/2 whatever"),
    (
        "multiple",
        "ridge",
        "return 3 * np.linalg.solve(X.T @ X + len(y) * lam * np.eye(X.shape[1]), X.T @ y)",
        "3 times",
    ),
    (
        "multiple",
        "ridge",
        "return np.linalg.solve(X.T @ X / lam / len(y) + np.eye(X.shape[1]), X.T @ y / len(y))",
        "lam times",
    ),
    ("multiple", "hidden_signal", "return len(W2) * (dZ2 @ W2.T) * A * (1 - A)", "1 · W2.shape[0] times"),
    ("multiple", "mlp_gradients", NETWORK + "return dW1, db1, 2 * dW2, db2", "`dW2` is 2 times the right one."),
    ("layout", "hidden_signal", "return ((dZ2 @ W2.T) * A * (1 - A)).T", "the transpose of the right one"),
    ("layout", "softmax_pullback", "return (P * (G - (P * G).sum(axis=1, keepdims=True))).T", "the transpose"),
    ("layout", "mlp_gradients", NETWORK + "return dW1.T, db1, dW2, db2", "`dW1` is the transpose of the right one."),
    ("shape", "mse", "r = (X @ w - y)[:, None]\nreturn r.T @ r / (2 * len(y))", "right numbers in the shape (1, 1)"),
    ("shape", "mlp_gradients", NETWORK + "return dW1, db1[None], dW2, db2", "`db1` has the right numbers"),
    (
        "shape",
        "log_sum_exp",
        "m = Z.max(axis=1, keepdims=True)\nreturn m + np.log(np.exp(Z - m).sum(axis=1)[:, None])",
        "(5,)",
    ),
    ("total", "output_layer_gradients", "d = (P - Y) / len(Y)\nreturn A.T @ d, np.sum(d)", "`np.sum` without an axis"),
    ("total", "input_layer_gradients", "return X.T @ dZ1, sum(dZ1.ravel())", "without an axis adds up everything"),
    ("total", "mlp_gradients", NETWORK + "return dW1, np.full(db1.shape, dZ1.sum()), dW2, db2", "one number in every"),
    ("summed", "hidden_signal", "return ((dZ2 @ W2.T) * A * (1 - A)).sum(axis=0)", "summed over axis 0"),
    ("summed", "softmax", SOFTMAX + "return P.mean(axis=0)", "averaged over axis 0"),
    ("unsummed", "minibatch_gradient", "r = X[rows] @ w - y[rows]\nreturn X[rows] * r[:, None] / len(rows)", "axis 0"),
    ("summed", "vjp_of_product", "return (G @ B.T).sum(axis=0), A.T @ G", "`dA` is the right one, summed over axis 0"),
    ("permuted", "softmax_pullback", "return (P * (G - (P * G).sum(axis=1, keepdims=True)))[::-1]", "in reverse order"),
    ("permuted", "affine_pullback", "return np.sort(A @ g)", "in another order"),
    (
        "permuted",
        "mlp_gradients",
        NETWORK + "return dW1.ravel(order='F').reshape(dW1.shape), db1, dW2, db2",
        "down the",
    ),
    ("diagonal", "quadratic_hessian", "return np.diag(A + A.T)", "the diagonal of the right one alone"),
    ("diagonal", "affine_pullback", "return np.diag(A @ g)", "on the diagonal of a matrix"),
    (
        "cut",
        "leave_one_out",
        "H = X @ np.linalg.pinv(X)\nr = (y - H @ y) / (1 - np.diag(H))\nreturn r[:-1]",
        "lacks the last",
    ),
    (
        "cut",
        "log_sum_exp",
        "m = Z.max(axis=1)\nreturn (m + np.log(np.exp(Z - m[:, None]).sum(axis=1)))[1:]",
        "lacks the first",
    ),
    ("cut", "affine_pullback", "return np.append(0.0, A @ g)", "one row too many in front"),
    ("part", "softmax_jacobian", "return np.diag(p) - np.outer(p, p) + np.diag(p)", "except on the diagonal"),
    ("part", "affine_pullback", "g = A @ g\ng[0] = 5\nreturn g", "except in its first entry"),
    ("signs", "affine_pullback", "return np.abs(A @ g)", "right sizes without their signs"),
    ("signs", "quadratic_gradient_in_A", "return -np.abs(np.outer(x, x))", "some signs are wrong"),
    ("signs", "mse_residual_gradient", "r = (y_hat - y) / len(y)\nr[0] = -r[0]\nreturn r", "some signs"),
    ("function", "softmax", SOFTMAX + "return P ** 2", "the square of the right one"),
    ("function", "mse", "return np.log(np.sum((X @ w - y) ** 2) / 2 / len(y))", "the logarithm of the right one"),
    ("function", "accuracy", "return 1 / np.mean(P.argmax(axis=1) == labels)", "upside down"),
    ("extra", "affine_pullback", "return A @ g + 1", "too large by 1 in every entry"),
    ("extra", "vjp_of_product", "return G @ B.T + A, A.T @ G", "the right one plus `A`"),
    ("extra", "gradient_step", "return 2 * w - lr * grad", "the right one plus `w`"),
    ("rounded", "mse", "return round(np.sum((X @ w - y) ** 2) / (2 * len(y)), 3)", "rounded to 3 decimals"),
    ("rounded", "ols_normal_equations", "return np.around(np.linalg.lstsq(X, y, rcond=None)[0], 2)", "2 decimals"),
    ("rounded", "softmax", SOFTMAX + "return np.array([[float(f'{p:.4f}') for p in row] for row in P])", "4 decimals"),
    ("single", "affine_pullback", "return A.astype(np.float32) @ g.astype('f4')", "single precision"),
    ("single", "hat_matrix", "X = np.array(X, dtype=np.float32)\nreturn X @ np.linalg.pinv(X)", "single precision"),
    (
        "single",
        "mlp_gradients",
        NETWORK + "return tuple(np.float32(g) for g in (dW1, db1, dW2, db2))",
        "single precision",
    ),
    (
        "quotient",
        "frobenius_gradient",
        """
def L(W):
    return np.sum((X @ W - Y) ** 2) / len(X)
G = np.zeros_like(W)
for i in np.ndindex(W.shape):
    E = np.zeros_like(W)
    E[i] = 1e-4
    G[i] = (L(W + E) - L(W - E)) / 2e-4
return G""",
        "a difference quotient comes out like that",
    ),
    (
        "quotient",
        "mse_gradient",
        """
h, base = 1e-5, np.mean((X @ w - y) ** 2) / 2
return np.array([(np.mean((X @ (w + h * e) - y) ** 2) / 2 - base) / h for e in np.eye(len(w))])
""",
        "a difference quotient comes out like that",
    ),
    ("epsilon", "cross_entropy", "return -np.mean(np.sum(Y * np.log(P + 1e-6), axis=1))", "`P` + 1e-06"),
    ("epsilon", "cross_entropy", "return -np.sum(Y * np.log(P + 1e-5)) / P.shape[0]", "for safety, and it shows"),
    ("digits", "affine_pullback", "return A @ g * (1 + 1e-6 * np.arange(len(A)))", "and no further"),
    (
        "broadcast",
        "mse",
        "p = (X @ w).reshape(-1, 1)\nreturn ((p - y) ** 2).sum() / (2 * len(y))",
        "table of shape (n, n)",
    ),
    ("broadcast", "mse", "return np.mean((X @ w[:, None] - y) ** 2) / 2", "table of shape (n, n)"),
    ("broadcast", "mse_gradient", "return X.T @ (X @ w[:, None] - y) / len(y)", "table of shape (n, n)"),
    (
        "broadcast",
        "logistic_gradient",
        "p = 1 / (1 + np.exp(-(X @ w.reshape(-1, 1))))\nreturn X.T @ (p - y) / len(y)",
        "table",
    ),
    ("broadcast", "mse_residual_gradient", "return (y_hat[:, None] - y) / len(y)", "table of shape (n, n)"),
    ("left-out", "ridge", "return np.linalg.solve(X.T @ X + len(y) * np.eye(X.shape[1]), X.T @ y)", "`lam` = 1"),
    (
        "turned",
        "huber_gradient",
        "return X.T @ np.clip(X @ w + y, -delta, delta) / len(y)",
        "the sign of `y` is turned",
    ),
    ("scaled", "huber_gradient", "r = X @ w - y\nreturn X.T @ np.clip(r, -2 * delta, 2 * delta) / len(y)", "2 `delta`"),
    (
        "scaled",
        "descend",
        "w, path = np.zeros(X.shape[1]), [np.zeros(X.shape[1])]\nfor _ in range(steps):\n"
        "    w = w - lr * X.T @ (X @ w - y) / X.shape[1]\n    path.append(w)\nreturn np.array(path)",
        None,
    ),
    (
        "squared",
        "huber_gradient",
        "r = X @ w - y\nreturn X.T @ np.clip(r, -(delta**2), delta**2) / len(y)",
        "square of `delta`",
    ),
    (
        "softmax-again",
        "cross_entropy",
        "Q = np.exp(P) / np.exp(P).sum(axis=1, keepdims=True)\nreturn -np.sum(Y * np.log(Q)) / len(P)",
        "one softmax is too many",
    ),
    ("one-sample", "frobenius_gradient", "return 2 * np.outer(X[0], X[0] @ W - Y[0])", "for the first sample alone"),
    (
        "one-sample",
        "mse",
        "for i in range(len(y)):\n    loss = (X[i] @ w - y[i]) ** 2 / (2 * len(y))\nreturn loss",
        "last sample",
    ),
    (
        "sample-lost",
        "mse",
        "return sum((X[i] @ w - y[i]) ** 2 for i in range(len(y) - 1)) / (2 * (len(y) - 1))",
        "last",
    ),
    (
        "sample-lost",
        "mse_gradient",
        "return sum((X[i] @ w - y[i]) * X[i] for i in range(1, len(y))) / (len(y) - 1)",
        "first",
    ),
    (
        "batch-lost",
        "sgd_epoch",
        "for rows in batches[:-1]:\n"
        + "\n".join(
            "    " + line for line in NETWORK.replace("X", "X[rows]").replace("Y", "Y[rows]").strip().splitlines()
        )
        + "\n    W1, b1, W2, b2 = W1 - lr * dW1, b1 - lr * db1, W2 - lr * dW2, b2 - lr * db2\nreturn W1, b1, W2, b2",
        "last item",
    ),
    ("exchanged", "weighted_mse_gradient", "return X.T @ (y * (X @ w - s)) / len(y)", "in each other's place"),
    ("labels", "logistic_gradient", "return X.T @ (1 / (1 + np.exp(-X @ w)) - (y + 1) / 2) / len(y)", "not ±1"),
    (
        "intercept",
        "ridge",
        "X = np.c_[np.ones(len(X)), X]\nreturn np.linalg.solve(X.T @ X + len(y) * lam * np.eye(X.shape[1]), X.T @ y)",
        "a column of ones in front",
    ),
    (
        "intercept",
        "weighted_ols",
        "X = np.column_stack([X, np.ones(len(y))])\nS = np.diag(s)\nreturn np.linalg.solve(X.T @ S @ X, X.T @ S @ y)",
        "a column of ones behind",
    ),
    (
        "partly",
        "forward",
        "Z1 = X @ W1 + b1\nA = Z1**2\nreturn Z1, A, A @ W2 + b2, A @ W2",
        "Look at `A` first",
    ),
    ("partly", "mlp_gradients", NETWORK + "return dW1 + dW1**2, db1, dW2, db2", "`dW1` is not"),
    ("not-finite", "softmax", SOFTMAX + "P[0, 0] = np.inf\nreturn P", "Wherever your answer is a number, it is right"),
    ("some-draws", "affine_pullback", "return A @ g if len(g) != 8 else A @ g + A[:, 0]", "On 3 of 4 draws"),
    ("no-return", "mse", "loss = np.mean((X @ w - y) ** 2) / 2", "Did you forget `return`?"),
    (
        "several",
        "ols_normal_equations",
        "return np.linalg.lstsq(X, y, rcond=None)",
        "Number 1 of them is the right one",
    ),
    (
        "several",
        "ridge",
        "w = np.linalg.solve(X.T @ X + len(y) * lam * np.eye(X.shape[1]), X.T @ y)\nreturn w, X @ w",
        "2 values",
    ),
    ("several", "momentum_step", "return beta * v + grad", "`v` alone came back"),
    ("container", "forward", "return {'Z1': X @ W1 + b1}", "4 values, `Z1, A, Z2, P`. Return the values"),
    ("container", "affine_pullback", "return [sum(a * b for a, b in zip(row, g)) for row in A]", "np.array"),
    ("product", "affine_pullback", "return A.dot(g[:-1])", "A matrix product of the shapes (6, 8) and (7,)"),
    ("product", "hat_matrix", "return np.dot(X.T, np.linalg.pinv(X))", None),
    ("entrywise", "cross_entropy", "return -np.sum(Y * np.log(P + 1e-9).T) / len(P)", "one is transposed"),
    ("entrywise", "affine_pullback", "return (A.T * g).sum(axis=0)", "met entry by entry"),
    ("index", "affine_pullback", "return np.array([A[i] @ g for i in range(len(A) + 1)])", "runs beyond the end"),
    ("axis", "accuracy", "return np.mean(P.argmax(axis=1) == labels.argmax(axis=-2))", "has the axis 0 alone"),
    ("integer-index", "cross_entropy", "return -np.log(P[np.arange(len(P)), Y]).mean()", "whole numbers"),
    ("undefined", "mse", "return np.sum(residual**2) / (2 * len(y))", "is not defined"),
    ("square", "affine_jacobian", "return np.linalg.inv(A)", "need a square matrix"),
    ("truth-value", "log_sum_exp", "return np.array([max(row) for row in [Z]])", "whole array came"),
    ("one-number", "softmax", "return float(Z)", "got an array"),
    ("attribute", "mse", "return (X @ w - y).square().sum()", "no attribute or method"),
    ("unpack", "hat_matrix", "n = d, k, m = X.shape\nreturn X", "number of names"),
]


def test_every_id_is_listed():
    assert {row[0] for row in SEEN} <= set(FINDINGS)
    assert set(RELATIONS) <= set(FINDINGS)


@pytest.mark.parametrize(
    "body",
    [
        "return np.array([[True, False], [False, True]])",
        "return np.full((2, 2), np.nan)",
        "return np.full((2, 2), np.inf)",
        "return np.array([[1e308, -1e308], [1e-308, 5e-324]])",
        "return np.arange(4, dtype=np.int8).reshape(2, 2)",
        "return np.ones((2, 2), dtype=np.uint64) << 63",
        "return np.ones((2, 2), dtype=np.float16)",
        "return np.ones((2, 2)) * 1j",
        "return (np.eye(2), 'text', None)",
        "return ((np.eye(2),),)",
        "return np.zeros((0, 2))",
        "return np.array('text')",
        "return -(10**400)",
        "return {}",
        "return ()",
        "return 'text'",
        "return len",
    ],
)
def test_strange_values_are_wrong_and_nothing_else_happens(body):
    assert judged("polar_jacobian", body).points == 0


@pytest.mark.parametrize(
    ("id", "name", "body", "words"), SEEN, ids=[f"{row[0]}-{row[1]}-{i}" for i, row in enumerate(SEEN)]
)
def test_a_finding_is_seen(id, name, body, words):
    verdict = judged(name, body)
    assert not verdict.ok
    assert verdict.mistake == id, verdict.message
    assert words is None or words in verdict.message, verdict.message
