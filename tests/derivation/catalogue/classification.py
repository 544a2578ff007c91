"""Logistic regression, softmax with cross-entropy, the softmax Jacobian, log-sum-exp."""

from .entries import Problem, about, misfit, right, undefined, wrong

logistic = Problem(
    name="logistic regression",
    shapes={"X": "n d", "w": "d", "t": "n"},
    functions=("sigma",),
    given="\n".join(
        [
            r"z = Xw",
            r"p = \sigma(z)",
            r"L = -\frac1n\sum_{i=1}^n\left(t_i\log p_i + (1-t_i)\log(1-p_i)\right)",
            r"Q = \frac{1}{2n}\|p-t\|^2",
        ]
    ),
    maps={
        "z": "X @ w",
        "p": "sigmoid(z)",
        "L": "-np.sum(t * np.log(p) + (1 - t) * np.log(1 - p)) / n",
        "Q": "np.sum((p - t)**2) / (2 * n)",
    },
    entries=(
        *about(
            "dL/dw",
            right(r"\nabla_w L = \frac1n X^\top(p-t)", "X.T @ (p - t) / n"),
            right(
                r"\nabla_w L = \frac{1}{n}X^{\top}\left(\sigma(Xw) - t\right)",
                "X.T @ (sigmoid(X @ w) - t) / n",
            ),
            right(
                r"\frac{\partial L}{\partial w_j} = \frac1n\sum_{i=1}^n (p_i - t_i)X_{ij}",
                "X.T @ (p - t) / n",
            ),
            wrong(r"\nabla_w L = \frac1n X^\top(t-p)", "sign", numpy="X.T @ (t - p) / n"),
            wrong(r"\nabla_w L = X^\top(p-t)", "mean", numpy="X.T @ (p - t)"),
            misfit(r"\nabla_w L = \frac1n (p-t)^\top X", "layout", numpy="(p - t).T @ X / n"),
            undefined(r"\nabla_w L = \frac1n X(p-t)", "transpose", numpy="X @ (p - t) / n"),
            wrong(r"\nabla_w L = \frac1n X^\top(z-t)", "symbol", numpy="X.T @ (z - t) / n"),
            misfit(r"\frac{\partial L}{\partial w_j} = \frac1n (p_i - t_i)X_{ij}", "sum"),
            misfit(r"\frac{\partial L}{\partial w_j} = \frac1n\sum_{i=1}^n (p_i - t_i)X_{ji}", "index"),
            mended=r"\frac{\partial L}{\partial w} = \frac1n X^\top(p-t)",
            mended_numpy="X.T @ (p - t) / n",
        ),
        *about(
            "dL/dz",
            right(r"\nabla_z L = \frac1n(p-t)", "(p - t) / n"),
            misfit(
                r"\nabla_z L = \frac1n X^\top(p-t)",
                "chain-factor",
                r"\nabla_z L = \frac1n(p-t)",
                "X.T @ (p - t) / n",
                "(p - t) / n",
            ),
        ),
        *about(
            "dL/dp",
            right(
                r"\frac{\partial L}{\partial p_i} = \frac{1}{n}\cdot\frac{p_i - t_i}{p_i(1-p_i)}",
                "(p - t) / (p * (1 - p)) / n",
            ),
            right(
                r"\frac{\partial L}{\partial p_i} ="
                r" -\frac1n\left(\frac{t_i}{p_i} - \frac{1-t_i}{1-p_i}\right)",
                "-(t / p - (1 - t) / (1 - p)) / n",
            ),
            wrong(
                r"\frac{\partial L}{\partial p_i} ="
                r" -\frac1n\left(\frac{t_i}{p_i} + \frac{1-t_i}{1-p_i}\right)",
                "sign",
                r"\frac{\partial L}{\partial p_i} ="
                r" -\frac1n\left(\frac{t_i}{p_i} - \frac{1-t_i}{1-p_i}\right)",
                "-(t / p + (1 - t) / (1 - p)) / n",
                "-(t / p - (1 - t) / (1 - p)) / n",
            ),
        ),
        *about(
            "dp/dz",
            right(r"\frac{\partial p}{\partial z} = \operatorname{diag}(p\odot(1-p))", "diag(p * (1 - p))"),
            right(
                r"\frac{\partial p}{\partial z} = \operatorname{diag}(\sigma'(z))",
                "diag(sigmoid(z) * (1 - sigmoid(z)))",
            ),
            wrong(
                r"\frac{\partial p}{\partial z} = \operatorname{diag}(\sigma(z))",
                "activation-derivative",
                numpy="diag(p)",
            ),
            mended=r"\frac{\partial p}{\partial z} = \operatorname{diag}(\sigma'(z))",
            mended_numpy="diag(p * (1 - p))",
        ),
        *about(
            "dQ/dw",
            right(
                r"\nabla_w Q = \frac1n X^\top\left((p-t)\odot\sigma'(z)\right)",
                "X.T @ ((p - t) * p * (1 - p)) / n",
            ),
            right(r"\nabla_w Q = X.T @ ((p - t) * p * (1 - p)) / n", "X.T @ ((p - t) * p * (1 - p)) / n"),
            wrong(r"\nabla_w Q = \frac1n X^\top(p-t)", "activation-derivative", numpy="X.T @ (p - t) / n"),
            wrong(
                r"\nabla_w Q = \frac1n X^\top\left((p-t)\odot\sigma(z)\right)",
                "activation-derivative",
                numpy="X.T @ ((p - t) * p) / n",
            ),
            wrong(
                r"\nabla_w Q = \frac1n X^\top\left((p-t)\odot\sigma'(p)\right)",
                "activation-derivative",
                numpy="X.T @ ((p - t) * sigmoid(p) * (1 - sigmoid(p))) / n",
            ),
            undefined(
                r"\nabla_w Q = \frac1n X^\top(p-t)\sigma'(z)",
                "hadamard",
                numpy="X.T @ (p - t) @ (p * (1 - p)) / n",
            ),
            mended=r"\nabla_w Q = \frac1n X^\top\left((p-t)\odot\sigma'(z)\right)",
            mended_numpy="X.T @ ((p - t) * p * (1 - p)) / n",
        ),
    ),
)

cross_entropy = Problem(
    name="softmax and cross-entropy of one sample",
    shapes={"z": "1 k", "y": "1 k onehot"},
    given="\n".join([r"p = \operatorname{softmax}(z)", r"L = -\sum_{j=1}^k y_j \log p_j"]),
    maps={"p": "softmax(z)", "L": "-np.sum(y * np.log(p))"},
    entries=(
        *about(
            "dL/dz",
            right(r"\nabla_z L = p - y", "p - y"),
            right(r"\frac{\partial L}{\partial z_j} = p_j - y_j", "p - y"),
            right(r"\frac{\partial L}{\partial p}\frac{\partial p}{\partial z} = p - y", "p - y"),
            right(
                r"\frac{\partial L}{\partial z_i} = \frac{e^{z_i}}{\sum_j e^{z_j}} - y_i",
                "np.exp(z) / np.sum(np.exp(z)) - y",
            ),
            wrong(r"\nabla_z L = y - p", "sign", numpy="y - p"),
            wrong(r"\nabla_z L = z - y", "symbol", numpy="z - y"),
            wrong(r"\nabla_z L = -y", "term", numpy="-y"),
            misfit(r"\nabla_z L = p^\top - y^\top", "layout", numpy="p.T - y.T"),
            wrong(r"\nabla_z L = 2(p - y)", "factor", numpy="2 * (p - y)"),
            misfit(
                r"\frac{\partial L}{\partial z_i} = \frac{e^{z_i}}{e^{z_j}} - y_i",
                "sum",
                r"\frac{\partial L}{\partial z_i} = \frac{e^{z_i}}{\sum_j e^{z_j}} - y_i",
            ),
            mended=r"\nabla_z L = p - y",
            mended_numpy="p - y",
        ),
        *about(
            "dL/dp",
            right(r"\frac{\partial L}{\partial p_j} = -\frac{y_j}{p_j}", "-y / p"),
            wrong(r"\frac{\partial L}{\partial p_j} = \frac{y_j}{p_j}", "sign", numpy="y / p"),
            wrong(r"\frac{\partial L}{\partial p_j} = -\frac{y_j}{z_j}", "symbol", numpy="-y / z"),
            mended=r"\frac{\partial L}{\partial p_j} = -\frac{y_j}{p_j}",
            mended_numpy="-y / p",
        ),
    ),
)

soft_targets = Problem(
    name="cross-entropy with weights that do not sum to one",
    shapes={"z": "k", "t": "k"},
    given="\n".join([r"p = \operatorname{softmax}(z)", r"L = -t^\top \log(p)"]),
    maps={"p": "softmax(z)", "L": "-np.sum(t * np.log(p))"},
    entries=about(
        "dL/dz",
        right(r"\frac{\partial L}{\partial z_j} = p_j\sum_{i} t_i - t_j", "p * np.sum(t) - t"),
        right(r"\nabla_z L = (\mathbf{1}^\top t)\,p - t", "p * np.sum(t) - t"),
        wrong(r"\nabla_z L = p - t", "assumption", numpy="p - t"),
        wrong(r"\nabla_z L = t - (\mathbf{1}^\top t)\,p", "sign", numpy="t - p * np.sum(t)"),
        mended=r"\nabla_z L = (\mathbf{1}^\top t)\,p - t",
        mended_numpy="p * np.sum(t) - t",
    ),
)

softmax_batch = Problem(
    name="softmax regression on a batch",
    shapes={"X": "n d", "W": "d k", "Y": "n k onehot"},
    given="\n".join(
        [
            r"Z = XW",
            r"P = \operatorname{softmax}(Z)",
            r"L = -\frac{1}{n}\sum_{i=1}^n\sum_{j=1}^k Y_{ij}\log P_{ij}",
        ]
    ),
    maps={"Z": "X @ W", "P": "softmax(Z)", "L": "-np.sum(Y * np.log(P)) / n"},
    entries=(
        *about(
            "dL/dZ",
            right(r"\nabla_Z L = \frac1n(P-Y)", "(P - Y) / n"),
            wrong(r"\nabla_Z L = P - Y", "mean", r"\nabla_Z L = \frac1n(P-Y)", "P - Y", "(P - Y) / n"),
            wrong(
                r"\nabla_Z L = \frac1n(Z - Y)",
                "symbol",
                r"\nabla_Z L = \frac1n(P-Y)",
                "(Z - Y) / n",
                "(P - Y) / n",
            ),
        ),
        *about(
            "dL/dW",
            right(r"\nabla_W L = \frac1n X^\top(P-Y)", "X.T @ (P - Y) / n"),
            right(
                r"\frac{\partial L}{\partial W_{ij}} = \frac1n\sum_{m=1}^{n} X_{mi}\,(P_{mj} - Y_{mj})",
                "X.T @ (P - Y) / n",
            ),
            wrong(r"\nabla_W L = \frac1n X^\top(Y-P)", "sign", numpy="X.T @ (Y - P) / n"),
            misfit(r"\nabla_W L = \frac1n (P-Y)^\top X", "layout", numpy="(P - Y).T @ X / n"),
            undefined(r"\nabla_W L = \frac1n (P-Y)X^\top", "order", numpy="(P - Y) @ X.T / n"),
            undefined(r"\nabla_W L = \frac1n X^\top\odot(P-Y)", "hadamard", numpy="X.T * (P - Y) / n"),
            wrong(r"\nabla_W L = \frac1n X^\top P", "term", numpy="X.T @ P / n"),
            misfit(r"\frac{\partial L}{\partial W_{ij}} = \frac1n X_{mi}(P_{mj} - Y_{mj})", "sum"),
            mended=r"\frac{\partial L}{\partial W} = \frac1n X^\top(P-Y)",
            mended_numpy="X.T @ (P - Y) / n",
        ),
        *about(
            "L",
            right(r"L = -\frac1n\operatorname{tr}(Y^\top\log(P))", "-tr(Y.T @ np.log(P)) / n"),
            undefined(r"L = -\frac1n Y^\top\log(P)", "trace", numpy="-Y.T @ np.log(P) / n"),
            misfit(r"L = -\frac1n\sum_{i} Y_{ij}\log P_{ij}", "sum"),
            mended=r"L = -\frac1n\operatorname{tr}(Y^\top\log(P))",
            mended_numpy="-tr(Y.T @ np.log(P)) / n",
        ),
        *about(
            "dL",
            right(r"dL = \frac1n\operatorname{tr}\left((P-Y)^\top X\,dW\right)", "tr((P - Y).T @ X @ dW) / n"),
            undefined(
                r"dL = \frac1n\operatorname{tr}\left((P-Y)X\,dW\right)",
                "transpose",
                r"dL = \frac1n\operatorname{tr}\left((P-Y)^\top X\,dW\right)",
                "tr((P - Y) @ X @ dW) / n",
                "tr((P - Y).T @ X @ dW) / n",
            ),
        ),
    ),
)

softmax_jacobian = Problem(
    name="softmax Jacobian and pullback",
    shapes={"z": "1 k", "g": "1 k"},
    given="\n".join([r"p = \operatorname{softmax}(z)", r"s = pg^\top"]),
    maps={"p": "softmax(z)", "s": "p @ g.T"},
    entries=(
        *about(
            "dp/dz",
            right(r"\frac{\partial p}{\partial z} = \operatorname{diag}(p) - p^\top p", "diag(p) - p.T @ p"),
            right(r"\frac{\partial p}{\partial z} = np.diag(p) - np.outer(p, p)", "diag(p) - np.outer(p, p)"),
            wrong(
                r"\frac{\partial p}{\partial z} = \mathrm{diag}(p) - pp^\top",
                "order",
                numpy="diag(p) - p @ p.T",
            ),
            wrong(
                r"\frac{\partial p}{\partial z} = \mathrm{diag}(p) + p^\top p",
                "sign",
                numpy="diag(p) + p.T @ p",
            ),
            wrong(r"\frac{\partial p}{\partial z} = \mathrm{diag}(p)", "term", numpy="diag(p)"),
            wrong(r"\frac{\partial p_i}{\partial z_j} = p_i p_j", ("term", "sign"), numpy="p.T @ p"),
            mended=r"\frac{\partial p}{\partial z} = \operatorname{diag}(p) - p^\top p",
            mended_numpy="diag(p) - p.T @ p",
        ),
        *about(
            "ds/dz",
            right(r"\nabla_z s = g\left(\operatorname{diag}(p) - p^\top p\right)", "g @ (diag(p) - p.T @ p)"),
            right(r"\nabla_z s = p\odot g - (pg^\top)\,p", "p * g - (p @ g.T) * p"),
            right(r"\nabla_z s = p\circ\left(g - gp^\top\right)", "p * (g - g @ p.T)"),
            right(
                r"\frac{\partial s}{\partial z_j} = p_j\left(g_j - \sum_i g_i p_i\right)",
                "p * (g - np.sum(g * p))",
            ),
            undefined(r"\nabla_z s = (\operatorname{diag}(p) - p^\top p)g", "order", numpy="(diag(p) - p.T @ p) @ g"),
            misfit(
                r"\nabla_z s = (\operatorname{diag}(p) - p^\top p)g^\top",
                "layout",
                numpy="(diag(p) - p.T @ p) @ g.T",
            ),
            wrong(r"\nabla_z s = p\odot g", "term", numpy="p * g"),
            wrong(r"\nabla_z s = p\odot g + (pg^\top)\,p", "sign", numpy="p * g + (p @ g.T) * p"),
            undefined(r"\nabla_z s = pg - (pg^\top)\,p", "hadamard", numpy="p @ g - (p @ g.T) * p"),
            misfit(r"\frac{\partial s}{\partial z_j} = p_j\left(g_j - g_i p_i\right)", "sum"),
            mended=r"\nabla_z s = p\odot g - (pg^\top)\,p",
            mended_numpy="p * g - (p @ g.T) * p",
        ),
    ),
)

log_sum_exp = Problem(
    name="log-sum-exp",
    shapes={"z": "k", "c": ""},
    given=r"F = \log\sum_{j=1}^k e^{z_j}",
    maps={"F": "np.log(np.sum(np.exp(z)))"},
    entries=(
        *about(
            "dF/dz",
            right(r"\nabla_z F = \operatorname{softmax}(z)", "softmax(z)"),
            right(r"\frac{\partial F}{\partial z_i} = \frac{e^{z_i}}{\sum_j e^{z_j}}", "softmax(z)"),
            right(
                r"\frac{\partial F}{\partial z_i} = \frac{\exp(z_i + c)}{\sum_j \exp(z_j + c)}",
                "softmax(z + c)",
            ),
            wrong(
                r"\frac{\partial F}{\partial z_i} = \frac{1}{\sum_j e^{z_j}}",
                "chain-factor",
                numpy="1 / np.sum(np.exp(z)) * ones(k)",
            ),
            misfit(r"\frac{\partial F}{\partial z_i} = \frac{e^{z_j}}{\sum_j e^{z_j}}", "index"),
            misfit(r"\frac{\partial F}{\partial z_i} = \frac{e^{z_i}}{e^{z_j}}", "sum"),
            mended=r"\frac{\partial F}{\partial z_i} = \frac{e^{z_i}}{\sum_j e^{z_j}}",
            mended_numpy="softmax(z)",
        ),
        *about(
            "F",
            right(r"F = \log\sum_j e^{z_j - c} + c", "np.log(np.sum(np.exp(z - c))) + c"),
            wrong(r"F = \log\sum_j e^{z_j - c}", "term", numpy="np.log(np.sum(np.exp(z - c)))"),
            wrong(r"F = \log\sum_j e^{z_j - c} - c", "sign", numpy="np.log(np.sum(np.exp(z - c))) - c"),
            mended=r"F = \log\sum_j e^{z_j - c} + c",
            mended_numpy="np.log(np.sum(np.exp(z - c))) + c",
        ),
    ),
)

problems = (logistic, cross_entropy, soft_targets, softmax_batch, softmax_jacobian, log_sum_exp)
