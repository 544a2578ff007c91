"""Ridge, weighted least squares, and a Hessian met as the derivative of the gradient."""

from .entries import Problem, about, misfit, right, undefined, wrong

ridge = Problem(
    name="ridge regression",
    shapes={"X": "n d", "w": "d", "y": "n", "lambda": ""},
    given=r"L = \frac{1}{2n}\|Xw-y\|_2^2 + \frac{\lambda}{2}\|w\|_2^2",
    maps={"L": "np.sum((X @ w - y)**2) / (2 * n) + lambda_ / 2 * np.sum(w**2)"},
    entries=(
        *about(
            "dL/dw",
            right(r"\nabla_w L = \frac{1}{n}X^\top(Xw-y) + \lambda w", "X.T @ (X @ w - y) / n + lambda_ * w"),
            right(
                r"\frac{\partial L}{\partial w} = \left(\tfrac1n X^T X + \lambda I\right)w - \tfrac1n X^T y",
                "(X.T @ X / n + lambda_ * eye(d)) @ w - X.T @ y / n",
            ),
            right(
                r"\frac{\partial L}{\partial w_j} = \frac1n\sum_i X_{ij}(Xw-y)_i + \lambda w_j",
                "X.T @ (X @ w - y) / n + lambda_ * w",
            ),
            wrong(
                r"\nabla_w L = \frac{1}{n}X^\top(Xw-y) + 2\lambda w",
                "term",
                numpy="X.T @ (X @ w - y) / n + 2 * lambda_ * w",
            ),
            wrong(r"\nabla_w L = \frac{1}{n}X^\top(Xw-y)", "term", numpy="X.T @ (X @ w - y) / n"),
            wrong(
                r"\nabla_w L = \frac{1}{n}X^\top(Xw-y) - \lambda w",
                "sign",
                numpy="X.T @ (X @ w - y) / n - lambda_ * w",
            ),
            wrong(
                r"\nabla_w L = \frac{2}{n}X^\top(Xw-y) + 2\lambda w",
                "factor",
                numpy="2 * X.T @ (X @ w - y) / n + 2 * lambda_ * w",
            ),
            undefined(
                r"\nabla_w L = \frac{1}{n}(Xw-y) + \lambda w",
                "chain-factor",
                numpy="(X @ w - y) / n + lambda_ * w",
            ),
            misfit(
                r"\nabla_w L = \frac{1}{n}(Xw-y)^\top X + \lambda w^\top",
                "layout",
                numpy="(X @ w - y).T @ X / n + lambda_ * w.T",
            ),
            mended=r"\nabla_w L = \frac{1}{n}X^\top(Xw-y) + \lambda w",
            mended_numpy="X.T @ (X @ w - y) / n + lambda_ * w",
        ),
        *about(
            "L",
            wrong(
                r"L = \frac{1}{2n}\|Xw-y\|^2 + \frac{\lambda}{2}\|w\|",
                "norm-square",
                r"L = \frac{1}{2n}\|Xw-y\|^2 + \frac{\lambda}{2}\|w\|^2",
                "norm(X @ w - y)**2 / (2 * n) + lambda_ / 2 * norm(w)",
                "norm(X @ w - y)**2 / (2 * n) + lambda_ / 2 * norm(w)**2",
            ),
            undefined(
                r"L = \frac{1}{2n}\|Xw-y\|^2 + \frac{\lambda}{2}ww^\top",
                ("order", "trace"),
                r"L = \frac{1}{2n}\|Xw-y\|^2 + \frac{\lambda}{2}w^\top w",
                "norm(X @ w - y)**2 / (2 * n) + lambda_ / 2 * w @ w.T",
                "norm(X @ w - y)**2 / (2 * n) + lambda_ / 2 * w.T @ w",
            ),
        ),
    ),
)

weighted = Problem(
    name="weighted least squares",
    shapes={"X": "n d", "w": "d", "y": "n", "s": "n positive"},
    given="\n".join([r"r = Xw - y", r"L = \frac{1}{2n}\sum_{i=1}^n s_i r_i^2"]),
    maps={"r": "X @ w - y", "L": "np.sum(s * r**2) / (2 * n)"},
    entries=(
        *about(
            "L",
            right(r"L = \frac{1}{2n} r^\top\operatorname{diag}(s)\,r", "r.T @ diag(s) @ r / (2 * n)"),
            right(
                r"L = \frac{1}{2n}\sum_i s_i\left(\sum_j X_{ij}w_j - y_i\right)^2",
                "np.sum(s * (X @ w - y)**2) / (2 * n)",
            ),
            misfit(
                r"L = \frac{1}{2n}\sum_{i=1}^n s_i\left(X_{ij}w_j - y_i\right)^2",
                "sum",
                r"L = \frac{1}{2n}\sum_{i=1}^n s_i\left(\sum_j X_{ij}w_j - y_i\right)^2",
            ),
            wrong(
                r"L = \frac{1}{2n}\sum_{i=1}^n r_i^2",
                ("chain-factor", "term"),
                r"L = \frac{1}{2n}\sum_{i=1}^n s_ir_i^2",
                "np.sum(r**2) / (2 * n)",
                "np.sum(s * r**2) / (2 * n)",
            ),
        ),
        *about(
            "dL/dr",
            right(r"\nabla_r L = \frac1n\, s \odot r", "s * r / n"),
            right(r"\frac{\partial L}{\partial r_i} = \frac{s_i r_i}{n}", "s * r / n"),
            undefined(
                r"\nabla_r L = \frac1n\, s r",
                "hadamard",
                r"\nabla_r L = \frac1n\, s \odot r",
                "s @ r / n",
                "s * r / n",
            ),
            wrong(
                r"\nabla_r L = \frac1n\, s \odot y",
                "symbol",
                r"\nabla_r L = \frac1n\, s \odot r",
                "s * y / n",
                "s * r / n",
            ),
        ),
        *about(
            "dL/dw",
            right(r"\nabla_w L = \frac1n X^\top(s\odot r)", "X.T @ (s * r) / n"),
            right(r"\nabla_w L = \frac1n X^\top \mathrm{diag}(s)(Xw-y)", "X.T @ diag(s) @ (X @ w - y) / n"),
            right(r"\nabla_w L = X.T @ (s * (X @ w - y)) / n", "X.T @ (s * (X @ w - y)) / n"),
            right(r"\frac{\partial L}{\partial w_j} = \frac1n\sum_{i=1}^n s_i r_i X_{ij}", "X.T @ (s * r) / n"),
            wrong(r"\nabla_w L = \frac1n X^\top r", "chain-factor", numpy="X.T @ r / n"),
            wrong(r"\nabla_w L = \frac1n X^\top(s\odot s\odot r)", "chain-factor", numpy="X.T @ (s * s * r) / n"),
            wrong(r"\nabla_w L = X^\top(s\odot r)", "mean", numpy="X.T @ (s * r)"),
            undefined(r"\nabla_w L = \frac1n X(s\odot r)", "transpose", numpy="X @ (s * r) / n"),
            misfit(
                r"\frac{\partial L}{\partial w_j} = \frac1n s_i r_i X_{ij}",
                "sum",
                r"\frac{\partial L}{\partial w_j} = \frac1n\sum_i s_i r_i X_{ij}",
            ),
            misfit(
                r"\frac{\partial L}{\partial w_j} = \frac1n\sum_{i} s_i r_i X_{ji}",
                "index",
                r"\frac{\partial L}{\partial w_j} = \frac1n\sum_i s_i r_i X_{ij}",
            ),
            mended=r"\nabla_w L = \frac1n X^\top(s\odot r)",
            mended_numpy="X.T @ (s * r) / n",
        ),
    ),
)

hessian = Problem(
    name="Hessian-vector product of least squares",
    shapes={"X": "n d", "w": "d", "v": "d", "y": "n"},
    given="\n".join([r"g = \frac1n X^\top(Xw-y)", r"h = g^\top v"]),
    maps={"g": "X.T @ (X @ w - y) / n", "h": "g.T @ v"},
    entries=(
        *about(
            "dg/dw",
            right(r"\frac{\partial g}{\partial w} = \frac1n X^\top X", "X.T @ X / n"),
            wrong(r"\frac{\partial g}{\partial w} = X^\top X", "mean", numpy="X.T @ X"),
            misfit(r"\frac{\partial g}{\partial w} = \frac1n XX^\top", "order", numpy="X @ X.T / n"),
            misfit(r"\frac{\partial g}{\partial w} = \frac1n X^\top", "chain-factor", numpy="X.T / n"),
            mended=r"\frac{\partial g}{\partial w} = \frac1n X^\top X",
            mended_numpy="X.T @ X / n",
        ),
        *about(
            "dh/dw",
            right(r"\nabla_w h = \frac1n X^\top X v", "X.T @ X @ v / n"),
            right(r"\nabla_w h = \frac{1}{n}X^\top(Xv)", "X.T @ (X @ v) / n"),
            wrong(r"\nabla_w h = \frac1n X^\top X w", "symbol", numpy="X.T @ X @ w / n"),
            wrong(r"\nabla_w h = \frac2n X^\top X v", "factor", numpy="2 * X.T @ X @ v / n"),
            misfit(r"\nabla_w h = \frac1n v^\top X^\top X", "layout", numpy="v.T @ X.T @ X / n"),
            mended=r"\nabla_w h = \frac1n X^\top X v",
            mended_numpy="X.T @ X @ v / n",
        ),
        *about(
            "dg",
            right(r"dg = \frac1n X^\top X\,dw", "X.T @ X @ dw / n"),
            undefined(
                r"dg = \frac1n X X\,dw",
                "transpose",
                r"dg = \frac1n X^\top X\,dw",
                "X @ X @ dw / n",
                "X.T @ X @ dw / n",
            ),
        ),
    ),
)

problems = (ridge, weighted, hessian)
