"""Right answers in many spellings pass, and the frequent mistakes keep their names in spellings of their own."""

import numpy as np
import pytest

from course_lib.checks import find, judge
from course_lib.checks.judging import FunctionCaller


def judged(name, source):
    """The verdict on a cell that defines the function, with its lines where Python looks for them."""
    import linecache

    filename = f"<cell {name}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace = {"np": np}
    exec(compile(source, filename, "exec"), namespace)
    with np.errstate(all="ignore"):
        return judge(find(name), FunctionCaller(namespace[name]))


def with_body(name, body):
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    return f"import math\ndef {name}({', '.join(find(name).parameters)}):\n{lines}\n"


FORWARD = """
Z1 = np.dot(X, W1) + b1
A = 1.0 / (1.0 + np.exp(-Z1))
Z2 = np.dot(A, W2) + b2
E = np.exp(Z2 - np.max(Z2, axis=1, keepdims=True))
P = E / np.sum(E, axis=1, keepdims=True)
"""

RIGHT = [
    ("linear_approximation", "return np.array([y[i] + np.dot(J[i], delta) for i in range(len(y))])"),
    ("linear_approximation", "return y + np.einsum('ij,j->i', J, delta)"),
    ("polar_jacobian", "c, s = math.cos(theta), math.sin(theta)\nreturn np.array([[c, -r * s], [s, r * c]])"),
    (
        "central_jacobian",
        "J = np.empty((len(f(x)), len(x)))\nfor j in range(len(x)):\n    a, b = x.copy(), x.copy()\n"
        "    a[j] += h\n    b[j] -= h\n    J[:, j] = (f(a) - f(b)) / (2 * h)\nreturn J",
    ),
    ("jvp_by_differences", "return (np.asarray(f(x + h * v)) - f(x - h * v)) / h / 2"),
    ("affine_jacobian", "return np.array([list(row) for row in zip(*A)])"),
    ("affine_pullback", "return np.matmul(g, np.transpose(A))"),
    ("quadratic_gradient", "return A @ x + A.T @ x"),
    ("quadratic_gradient", "return np.einsum('ij,j->i', A + A.T, x)"),
    ("quadratic_gradient_in_A", "return x[:, np.newaxis] * x[np.newaxis, :]"),
    ("quadratic_hessian", "return np.add(A, np.transpose(A))"),
    ("bilinear_gradients", "return [A.dot(y), np.outer(x, y), A.T.dot(x)]"),
    ("mse", "r = X.dot(w) - y\nreturn r.dot(r) / (2 * len(r))"),
    ("mse", "return 0.5 * np.mean(np.square(X @ w - y))"),
    (
        "mse",
        "t = 0\nfor i in range(len(y)):\n    t += (sum(X[i][j] * w[j] for j in range(len(w))) - y[i]) ** 2\n"
        "return t / 2 / len(y)",
    ),
    ("mse_residual_gradient", "return np.array([(a - b) / len(y) for a, b in zip(y_hat, y)])"),
    ("mse_gradient", "return (X @ w - y) @ X / len(y)"),
    ("mse_gradient", "return np.mean((X @ w - y)[:, None] * X, axis=0)"),
    ("mse_gradient", "r = (X @ w - y).reshape(-1, 1)\nreturn (X.T @ r).ravel() / X.shape[0]"),
    (
        "mse_gradient",
        "g = np.zeros_like(w)\nfor x_i, y_i in zip(X, y):\n    g += (x_i @ w - y_i) * x_i\nreturn g / len(y)",
    ),
    ("mse_gradient", "n = len(y)\nreturn X.T @ X @ w / n - X.T @ y / n"),
    ("weighted_mse_gradient", "return X.T @ np.diag(s) @ (X @ w - y) / len(y)"),
    ("weighted_mse_gradient", "return np.einsum('i,ij,i->j', s, X, X @ w - y) / len(s)"),
    ("huber_gradient", "r = X @ w - y\nreturn X.T @ np.where(np.abs(r) > delta, delta * np.sign(r), r) / len(y)"),
    ("huber_gradient", "r = X @ w - y\npsi = np.maximum(-delta, np.minimum(delta, r))\nreturn psi @ X / len(y)"),
    ("bias_gradient", "return sum(X @ w + b - y) / len(y)"),
    ("bias_gradient", "return float(np.average(X.dot(w) - y) + b)"),
    ("frobenius_gradient", "return 2 * np.einsum('ij,ik->jk', X, X @ W - Y) / len(X)"),
    ("frobenius_gradient", "R = X @ W - Y\nreturn sum(2 * np.outer(x, r) for x, r in zip(X, R)) / len(X)"),
    ("gradient_in_X", "return np.dot(np.dot(X, W) - Y, W.T) * 2 / X.shape[0]"),
    ("directional_derivative", "return np.vdot(2 * X.T @ (X @ W - Y) / len(X), D)"),
    ("directional_derivative", "return np.trace((2 / len(X) * X.T @ (X @ W - Y)).T @ D)"),
    ("trace_gradient", "return (B @ A).T"),
    ("ols_normal_equations", "Q, R = np.linalg.qr(X)\nreturn np.linalg.solve(R, Q.T @ y)"),
    ("ols_normal_equations", "return np.linalg.pinv(X) @ y"),
    ("ols_normal_equations", "return np.linalg.lstsq(X, y, rcond=None)[0]"),
    ("ols_normal_equations", "U, s, Vt = np.linalg.svd(X, full_matrices=False)\nreturn Vt.T @ ((U.T @ y) / s)"),
    ("hat_matrix", "Q = np.linalg.qr(X)[0]\nreturn Q @ Q.T"),
    ("hat_matrix", "return X @ np.linalg.inv(np.dot(X.T, X)) @ X.T"),
    (
        "ridge",
        "n, d = X.shape\nA = np.vstack([X, np.sqrt(n * lam) * np.eye(d)])\n"
        "return np.linalg.lstsq(A, np.concatenate([y, np.zeros(d)]), rcond=None)[0]",
    ),
    ("minimum_norm_solution", "return np.linalg.lstsq(X, y, rcond=None)[0]"),
    ("minimum_norm_solution", "return np.linalg.pinv(X).dot(y)"),
    ("weighted_ols", "r = s**0.5\nreturn np.linalg.lstsq(X * r[:, None], y * r, rcond=None)[0]"),
    ("leave_one_out", "H = X @ np.linalg.pinv(X)\nreturn (y - H @ y) / (1 - H.diagonal())"),
    ("gradient_step", "return np.array([a - lr * b for a, b in zip(w, grad)])"),
    ("gradient_step", "new = w.copy()\nnew -= lr * grad\nreturn new"),
    ("gradient_step", "w = w - lr * grad\nw += 0\nreturn w"),
    (
        "descend",
        "path = np.zeros((steps + 1, X.shape[1]))\nfor t in range(steps):\n"
        "    path[t + 1] = path[t] - lr * np.mean((X @ path[t] - y)[:, None] * X, axis=0)\nreturn path",
    ),
    ("minibatch_gradient", "return np.mean([(X[i] @ w - y[i]) * X[i] for i in rows], axis=0)"),
    ("momentum_step", "v = np.add(beta * v, grad)\nreturn [w - lr * v, v]"),
    ("log_sum_exp", "return np.logaddexp.reduce(Z, axis=1)"),
    ("log_sum_exp", "return np.array([max(z) + math.log(sum(math.exp(v - max(z)) for v in z)) for z in Z])"),
    ("softmax", "E = np.exp(Z.T - Z.max(axis=1))\nreturn (E / E.sum(axis=0)).T"),
    ("softmax", "Z = Z - np.logaddexp.reduce(Z, axis=1)[:, None]\nreturn np.exp(Z)"),
    (
        "softmax",
        "out = np.zeros(Z.shape)\nfor i, z in enumerate(Z):\n    e = np.exp(z - max(z))\n    out[i] = e / sum(e)\n"
        "return out",
    ),
    (
        "softmax_jacobian",
        "k = len(p)\nreturn np.array([[p[i] * ((i == j) - p[j]) for j in range(k)] for i in range(k)])",
    ),
    ("softmax_pullback", "return np.array([p * (g - p @ g) for p, g in zip(P, G)])"),
    ("cross_entropy", "return -np.mean(np.log(P[np.arange(len(P)), Y.argmax(axis=1)]))"),
    ("cross_entropy", "return -np.log(np.sum(P * Y, axis=1)).mean()"),
    (
        "logistic_gradient",
        "z = X @ w\np = np.where(z >= 0, 1 / (1 + np.exp(-np.abs(z))), 1 - 1 / (1 + np.exp(-np.abs(z))))\n"
        "return X.T @ (p - y) / len(y)",
    ),
    ("logistic_gradient", "return ((1 + np.tanh(X @ w / 2)) / 2 - y) @ X / len(y)"),
    ("forward", FORWARD + "return [Z1, A, Z2, P]"),
    ("output_layer_gradients", "d = np.subtract(P, Y)\nreturn np.dot(A.T, d) / len(d), np.mean(d, axis=0)"),
    ("hidden_signal", "return np.einsum('nk,hk->nh', dZ2, W2) * (A - A**2)"),
    ("input_layer_gradients", "return sum(np.outer(x, d) for x, d in zip(X, dZ1)), sum(dZ1)"),
    (
        "mlp_gradients",
        FORWARD + "d2 = (P - Y) / len(X)\nd1 = d2.dot(W2.T) * A * (1 - A)\n"
        "return [X.T.dot(d1), d1.sum(0), A.T.dot(d2), d2.sum(0)]",
    ),
    (
        "mlp_gradients",
        FORWARD + "n = X.shape[0]\nd2 = P - Y\nd1 = np.multiply(d2 @ W2.T, A - A * A)\n"
        "return X.T @ d1 / n, d1.mean(axis=0), A.T @ d2 / n, d2.mean(axis=0)",
    ),
    ("one_hot", "return np.eye(k)[labels]"),
    ("one_hot", "Y = np.zeros((len(labels), k))\nfor i in range(len(labels)):\n    Y[i][labels[i]] = 1\nreturn Y"),
    ("accuracy", "return float(sum(np.argmax(p) == t for p, t in zip(P, labels))) / len(labels)"),
    ("confusion_matrix", "C = np.zeros((k, k))\nnp.add.at(C, (labels, predicted), 1)\nreturn C"),
    (
        "confusion_matrix",
        "return np.array([[np.sum((labels == i) & (predicted == j)) for j in range(k)] for i in range(k)])",
    ),
    ("weight_decay_gradients", "return dW1 + lam * W1, db1, np.add(dW2, lam * W2), db2"),
    (
        "clipped_gradients",
        "g = [dW1, db1, dW2, db2]\nlength = np.sqrt(sum((a**2).sum() for a in g))\n"
        "return [a * min(1.0, longest / length) for a in g]",
    ),
    ("vjp_of_product", "return np.einsum('nk,mk->nm', G, B), np.einsum('nm,nk->mk', A, G)"),
    (
        "toposort",
        "order = []\ndef visit(v):\n    for u in v[1:]:\n        visit(u)\n    if v[0] not in order:\n"
        "        order.append(v[0])\nvisit(node)\nreturn order",
    ),
    (
        "unbroadcast",
        "g = g.sum(axis=tuple(range(g.ndim - len(shape))))\n"
        "return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)",
    ),
]


@pytest.mark.parametrize(("name", "body"), RIGHT, ids=[f"{name}-{i}" for i, (name, _) in enumerate(RIGHT)])
def test_a_right_answer_passes_in_every_spelling(name, body):
    verdict = judged(name, with_body(name, body))
    assert verdict.status == "right", verdict.message


BACK = FORWARD + "d2 = (P - Y) / len(X)\nS = d2.dot(W2.T)\nd1 = S * A * (1 - A)\n"
LOGISTIC = "p = 1 / (1 + np.exp(-X.dot(w)))\n"
RESIDUAL = "r = X.dot(w) - y\n"

# Mistake, exercise, bodies that make it.
NAMED = [
    (
        "squared-residual",
        "mse_gradient",
        [
            "return X.T.dot(np.square(X.dot(w) - y)) / len(y)",
            "return np.mean(X * ((X @ w - y) ** 2)[:, None], axis=0)",
            RESIDUAL + "return np.array([sum(r * r * X[:, j]) for j in range(len(w))]) / len(r)",
        ],
    ),
    (
        "row-for-column",
        "mse_gradient",
        [
            "g = np.zeros(len(w))\nfor j in range(len(w)):\n    g[j] = np.sum((X @ w - y) * X[j])\nreturn g / len(y)",
            RESIDUAL + "return np.array([(r * X[j, :]).mean() for j in range(len(w))])",
            RESIDUAL + "return [np.multiply(X[j], r).sum() / len(y) for j in range(X.shape[1])]",
        ],
    ),
    (
        "first-row",
        "mse_gradient",
        [
            RESIDUAL + "return np.array([np.sum(r * X[0, j]) for j in range(len(w))]) / len(y)",
            "return np.mean(X @ w - y) * X[0]",
            RESIDUAL + "return np.array([sum(r) * X.flat[j] for j in range(len(w))]) / len(y)",
        ],
    ),
    (
        "norm",
        "huber_gradient",
        [
            RESIDUAL + "n = np.sqrt(r @ r)\ng = r if n <= delta else delta * r / n\nreturn g @ X / len(y)",
            RESIDUAL + "return X.T @ (r * min(1, delta / np.linalg.norm(r))) / len(y)",
            RESIDUAL + "return X.T.dot(np.where(np.linalg.norm(r) < delta, r, delta * r / np.linalg.norm(r))) / len(r)",
        ],
    ),
    (
        "divided",
        "huber_gradient",
        [
            RESIDUAL + "return X.T @ np.where(abs(r) <= delta, r / delta, np.sign(r)) / len(y)",
            RESIDUAL + "return np.clip(r / delta, -1, 1) @ X / len(y)",
            RESIDUAL + "g = r / delta\ng[r > delta] = 1\ng[r < -delta] = -1\nreturn X.T.dot(g) / len(y)",
        ],
    ),
    (
        "tolerance",
        "ols_normal_equations",
        [
            "return np.linalg.pinv(X, rcond=0.01) @ y",
            "return np.linalg.lstsq(X, y, rcond=5e-3)[0]",
            "U, s, V = np.linalg.svd(X, full_matrices=False)\ns = np.where(s > 0.01 * s[0], s, np.inf)\n"
            "return V.T @ (U.T @ y / s)",
        ],
    ),
    (
        "elsewhere",
        "descend",
        [
            f"w = {start}\npath = [w]\nfor _ in range(steps):\n    w = w - lr * X.T @ (X @ w - y) / len(y)\n"
            "    path.append(w)\nreturn np.array(path)"
            for start in ("np.ones(X.shape[1])", "np.random.rand(X.shape[1])", "np.full(X.shape[1], 0.01)")
        ],
    ),
    (
        "python-sum",
        "softmax",
        [
            "m = Z.max(1)[:, None]\nreturn np.exp(Z - m) / sum(np.exp(Z - m))",
            "E = np.exp(Z - np.max(Z, axis=1, keepdims=True))\nreturn np.divide(E, np.sum(E, axis=0))",
            "E = np.exp(Z - Z.max(axis=1).reshape(-1, 1))\nreturn E * (1 / sum(E))",
        ],
    ),
    (
        "axis-and-overflow",
        "softmax",
        [
            "return np.exp(Z) / sum(np.exp(Z))",
            "return np.exp(Z) / np.exp(Z).sum(0)",
            "return np.exp(Z) / np.sum(np.exp(Z), axis=0, keepdims=True)",
        ],
    ),
    (
        "mean-shift",
        "softmax",
        [
            "E = np.exp(Z - np.mean(Z, axis=1)[:, None])\nreturn E / E.sum(1)[:, None]",
            "Z = Z - Z.mean(1, keepdims=True)\nreturn np.exp(Z) / np.exp(Z).sum(1, keepdims=True)",
            "E = np.exp((Z.T - Z.mean(axis=1)).T)\nreturn (E.T / E.sum(axis=1)).T",
        ],
    ),
    (
        "epsilon",
        "softmax",
        [
            f"E = np.exp(Z - Z.max(axis=1, keepdims=True))\nreturn E / (E.sum(axis=1, keepdims=True) + {e})"
            for e in ("1e-4", "1e-7", "1e-5")
        ],
    ),
    (
        "twice",
        "softmax",
        [
            "def f(Z):\n    E = np.exp(Z - Z.max(1, keepdims=True))\n"
            "    return E / E.sum(1, keepdims=True)\nreturn f(f(Z))",
            "P = np.exp(Z - np.logaddexp.reduce(Z, axis=1)[:, None])\n"
            "return np.exp(P) / np.exp(P).sum(axis=1)[:, None]",
            "for _ in 'ab':\n    Z = np.exp(Z - np.logaddexp.reduce(Z, axis=1, keepdims=True))\nreturn Z",
        ],
    ),
    (
        "logits",
        "softmax_jacobian",
        [
            "z = np.log(p)\nreturn np.diag(p) - p[:, None] * z",
            "return np.diag(p) - np.einsum('i,j->ij', p, np.log(p))",
            "z = np.log(p)\nreturn p[:, None] * (np.eye(len(p)) - z)",
        ],
    ),
    (
        "exponential",
        "logistic_gradient",
        [
            "return X.T @ (np.exp(X @ w) - y) / len(y)",
            "return (np.exp(X.dot(w)) - y) @ X / len(y)",
            "return np.dot(X.T, np.e ** (X @ w) - y) / X.shape[0]",
        ],
    ),
    (
        "squared-residual",
        "logistic_gradient",
        [
            LOGISTIC + "return X.T @ (p - y) ** 2 / len(y)",
            LOGISTIC + "return np.mean(((y - p) ** 2)[:, None] * X, axis=0)",
            LOGISTIC + "return ((p - y) * (p - y)) @ X / len(y)",
        ],
    ),
    (
        "loss-terms",
        "logistic_gradient",
        [
            LOGISTIC + f"p = np.clip(p, {e}, 1 - {e})\nreturn -X.T @ (y * np.log(p) + (1 - y) * np.log(1 - p)) / len(y)"
            for e in ("1e-15", "1e-7", "1e-10")
        ],
    ),
    (
        "relu",
        "forward",
        [
            FORWARD.replace("1.0 / (1.0 + np.exp(-Z1))", relu) + "return Z1, A, Z2, P"
            for relu in ("np.maximum(Z1, 0)", "Z1 * (Z1 > 0)", "np.where(Z1 > 0, Z1, 0.0)")
        ],
    ),
    (
        "clipped",
        "forward",
        [
            FORWARD.replace("np.exp(-Z1)", clip) + "return Z1, A, Z2, P"
            for clip in (
                "np.exp(-np.clip(Z1, -4, 4))",
                "np.exp(np.clip(-Z1, -4, 4))",
                "np.exp(-np.minimum(4, np.maximum(-4, Z1)))",
            )
        ],
    ),
    (
        "bias-from-weights",
        "output_layer_gradients",
        [
            "g = A.T.dot(P - Y) / len(Y)\nreturn g, np.sum(g, axis=0)",
            "g = np.einsum('nh,nk->hk', A, P - Y) / len(Y)\nreturn g, sum(g)",
            "g = A.T @ ((P - Y) / len(Y))\nreturn g, g.sum(0)",
        ],
    ),
    (
        "total",
        "output_layer_gradients",
        [
            "d = (P - Y) / len(Y)\nreturn A.T @ d, d.sum()",
            "return A.T @ (P - Y) / len(Y), np.sum(P - Y) / len(Y)",
            "return A.T @ (P - Y) / len(P), (P - Y).mean()",
        ],
    ),
    (
        "without-weights",
        "hidden_signal",
        ["return dZ2 * (A * (1 - A))", "return np.multiply(dZ2, A - A**2)", "return (1 - A) * A * dZ2"],
    ),
    (
        "column-form",
        "hidden_signal",
        [
            "return W2.T.dot(dZ2) * A * (1 - A)",
            "return np.dot(W2.T, dZ2) * (A * (1 - A))",
            "return np.matmul(W2.transpose(), dZ2) * A * (1 - A)",
        ],
    ),
    (
        "slope-of-signal",
        "hidden_signal",
        [
            "d = dZ2 @ W2.T\nreturn d * (1 - d)",
            "d = np.dot(dZ2, W2.T)\nreturn d - d**2",
            "d = np.einsum('nk,hk->nh', dZ2, W2)\nreturn (1 - d) * d",
        ],
    ),
    (
        "bias-from-weights",
        "mlp_gradients",
        [
            BACK + "g1, g2 = X.T @ d1, A.T @ d2\nreturn g1, g1.sum(0), g2, g2.sum(0)",
            BACK + "g1, g2 = np.dot(X.T, d1), np.dot(A.T, d2)\nreturn g1, sum(g1), g2, sum(g2)",
            BACK + "return X.T @ d1, np.ones(X.shape[1]) @ (X.T @ d1), A.T @ d2, np.ones(len(b1)) @ (A.T @ d2)",
        ],
    ),
    (
        "times-Z1",
        "mlp_gradients",
        [
            BACK + f"{line}\nreturn X.T @ d1, d1.sum(0), A.T @ d2, d2.sum(0)"
            for line in ("d1 = d1 * Z1", "d1 *= Z1", "d1 = np.multiply(S, A * (1 - A) * Z1)")
        ],
    ),
    (
        "wrong-signal",
        "mlp_gradients",
        [
            BACK + f"return {dW1}, d1.sum(0), A.T @ d2, d2.sum(0)"
            for dW1 in ("X.T.dot(d2)", "np.einsum('nd,nk->dk', X, d2)", "np.dot(d2.T, X).T")
        ],
    ),
    (
        "slope-of-signal",
        "mlp_gradients",
        [
            BACK + f"{line}\nreturn X.T @ d1, d1.sum(0), A.T @ d2, d2.sum(0)"
            for line in ("d1 = S * (1 - S)", "d1 = S - S * S", "d1 = np.multiply(S, 1 - S)")
        ],
    ),
    (
        "total",
        "sgd_epoch",
        [
            f"for rows in batches:\n    x, y = X[rows], Y[rows]\n    A = 1 / (1 + np.exp(-x @ W1 - b1))\n"
            "    E = np.exp(A @ W2 + b2)\n    d2 = (E / E.sum(1, keepdims=True) - y) / len(rows)\n"
            "    d1 = d2 @ W2.T * A * (1 - A)\n"
            f"    W1, b1 = W1 - lr * x.T @ d1, b1 - lr * {one}\n"
            f"    W2, b2 = W2 - lr * A.T @ d2, b2 - lr * {two}\nreturn W1, b1, W2, b2"
            for one, two in (("np.sum(d1)", "np.sum(d2)"), ("d1.sum()", "d2.sum()"), ("sum(sum(d1))", "sum(sum(d2))"))
        ],
    ),
    (
        "spread",
        "glorot_init",
        [
            "return rng.standard_normal((d, h)) * 0.01",
            "return 0.1 * np.random.randn(d, h)",
            "return np.random.rand(d, h) * 0.02 - 0.01",
        ],
    ),
    (
        "classes",
        "confusion_matrix",
        [
            "m = max(labels.max(), predicted.max()) + 1\nC = np.zeros((m, m))\n"
            "for a, b in zip(labels, predicted):\n    C[a, b] += 1\nreturn C",
            "m = 1 + max([*labels, *predicted])\n"
            "return np.bincount(m * labels + predicted, minlength=m * m).reshape(m, m)",
            "m = np.max([labels, predicted]) + 1\nreturn np.eye(m)[labels].T @ np.eye(m)[predicted]",
        ],
    ),
    (
        "unique",
        "confusion_matrix",
        [
            "u = sorted({*labels, *predicted})\n"
            "return np.array([[np.sum((labels == a) & (predicted == b)) for b in u] for a in u])",
            "u = list(np.unique([labels, predicted]))\nC = np.zeros((len(u), len(u)))\n"
            "for a, b in zip(labels, predicted):\n"
            "    C[u.index(a), u.index(b)] += 1\nreturn C",
            "u = np.union1d(labels, predicted)\n"
            "return (labels[:, None] == u).T.astype(int) @ (predicted[:, None] == u)",
        ],
    ),
    (
        "first-axis",
        "unbroadcast",
        [
            "return sum(g)",
            "return np.sum(g, axis=0)",
            "return np.ones(len(g)) @ g.reshape(len(g), -1) if g.ndim == 2 else g.sum(0)",
        ],
    ),
    (
        "last-axis",
        "unbroadcast",
        ["return g.sum(-1)", "return np.sum(g, axis=g.ndim - 1)", "return g @ np.ones(g.shape[-1])"],
    ),
]
CASES = [(id, name, body) for id, name, bodies in NAMED for body in bodies]


@pytest.mark.parametrize(("id", "name", "body"), CASES, ids=[f"{n}-{id}-{i}" for i, (id, n, _) in enumerate(CASES)])
def test_a_frequent_mistake_has_its_name_in_every_spelling(id, name, body):
    verdict = judged(name, with_body(name, body))
    assert verdict.status != "right"
    assert verdict.mistake == id, verdict.message


def test_every_mistake_here_has_three_spellings():
    assert all(len(set(bodies)) >= 3 for _, _, bodies in NAMED)


TAPE = """
import numpy as np
def reverse_mode_gradient(tape, x):
    values = list(x)
    ops = {"add": np.add, "mul": np.multiply, "sin": np.sin, "exp": np.exp}
    for op, *at in tape:
        values.append(ops[op](*(values[i] for i in at)))
    grad = np.zeros(len(values))
    grad[-1] = 1
    def back(i):
        if i < len(x):
            return
        op, *at = tape[i - len(x)]
        a = [values[j] for j in at]
        d = {"add": (1, 1), "mul": a[::-1], "sin": (np.cos(a[0]),), "exp": (values[i],)}[op]
        BODY
    back(len(values) - 1)
    return grad[:len(x)]
"""
SWEEPS = [
    "for j, s in zip(at, d):\n            grad[j] += s * grad[i]\n            back(j)",
    "for j, s in zip(at, d):\n            grad[j] += s * grad[i]\n        for j in at:\n            back(j)",
    "for j, s in zip(at, d):\n            grad[j] += s * grad[i]\n"
    "        for j in sorted(set(at)):\n            back(j)",
]


@pytest.mark.parametrize("sweep", SWEEPS)
def test_recursion_without_an_order_is_named(sweep):
    verdict = judged("reverse_mode_gradient", TAPE.replace("BODY", sweep))
    assert verdict.mistake == "recursion", verdict.message


REMEMBERING = [
    "def toposort(node, order=[]):\n    for p in node[1:]:\n        toposort(p, order)\n    if node[0] not in order:\n"
    "        order.append(node[0])\n    return order",
    "seen = []\ndef toposort(node):\n    if node[0] not in seen:\n        for p in node[1:]:\n            toposort(p)\n"
    "        seen.append(node[0])\n    return tuple(seen)",
    "def toposort(node, done={}):\n    if node[0] not in done:\n        [toposort(p, done) for p in node[1:]]\n"
    "        done[node[0]] = True\n    return list(done)",
]


@pytest.mark.parametrize("source", REMEMBERING)
def test_a_default_that_remembers_is_named(source):
    verdict = judged("toposort", source)
    assert verdict.mistake == "remembered", verdict.message


DRIFTING = [
    "cols = []\nfor j in range(len(x)):\n    x[j] = x[j] + h\n    a = f(x)\n"
    "    x[j] = x[j] - 2 * h\n    cols.append((a - f(x)) / (2 * h))\n"
    "return np.array(cols).T",
    "z, J = x.copy(), np.zeros((len(f(x)), len(x)))\nfor j in range(len(x)):\n    z[j] += h\n"
    "    J[:, j] = (f(z) - f(2 * x - z)) / 2 / h\n"
    "return J",
    "up, down, cols = x + 0, x + 0, []\nfor j in range(len(x)):\n    up[j] += h\n    down[j] -= h\n"
    "    cols.append((f(up) - f(down)) / 2 / h)\n"
    "return np.stack(cols, axis=1)",
]


@pytest.mark.parametrize("body", DRIFTING)
def test_steps_that_pile_up_are_named(body):
    verdict = judged("central_jacobian", with_body("central_jacobian", body))
    assert verdict.mistake == "drift", verdict.message
