"""Least squares with a vector of weights: column form, row form, index by index, ridge, weights."""

from .entries import Problem, about, misfit, right, undefined, unreadable, wrong

mse = Problem(
    name="mean squared error",
    shapes={"X": "n d", "w": "d", "y": "n"},
    given=r"L = \frac{1}{2n}\|Xw-y\|^2",
    maps={"L": "np.sum((X @ w - y)**2) / (2 * n)"},
    entries=(
        *about(
            "dL/dw",
            right(r"\nabla_w L = \frac{1}{n}X^\top(Xw-y)", "X.T @ (X @ w - y) / n"),
            right(r"\nabla_w L = \frac1n X^T(Xw - y)", "X.T @ (X @ w - y) / n"),
            right(r"\nabla_w L = \frac{1}{n}X'(Xw-y)", "X.T @ (X @ w - y) / n"),
            right(
                r"\frac{\partial L}{\partial w} = \tfrac1n\left(X^\top X w - X^\top y\right)",
                "(X.T @ X @ w - X.T @ y) / n",
            ),
            right(r"\nabla_w L = X.T @ (X @ w - y) / n", "X.T @ (X @ w - y) / n"),
            right(
                r"\frac{\partial L}{\partial w_j} = \frac1n\sum_{i=1}^n X_{ij}"
                r"\left(\sum_{k=1}^d X_{ik}w_k - y_i\right)",
                "np.einsum('ij,ik->j', X, X @ w - y)[:, None] / n",
            ),
            right(
                r"\begin{aligned} \nabla_w L &= \frac{1}{2n}\left(2X^\top X w - 2X^\top y\right) \\"
                r" &= \frac{1}{n}X^\top(Xw-y) \end{aligned}",
                "(2 * X.T @ X @ w - 2 * X.T @ y) / (2 * n)",
            ),
            wrong(
                r"\nabla_w L = \frac1n X^\top(y-Xw)",
                "sign",
                r"\nabla_w L = \frac1n X^\top(Xw-y)",
                "X.T @ (y - X @ w) / n",
                "X.T @ (X @ w - y) / n",
            ),
            wrong(
                r"\nabla_w L = \frac1n\left(X^\top Xw + X^\top y\right)",
                "sign",
                r"\nabla_w L = \frac1n\left(X^\top Xw - X^\top y\right)",
                "(X.T @ X @ w + X.T @ y) / n",
                "(X.T @ X @ w - X.T @ y) / n",
            ),
            wrong(
                r"\nabla_w L = \frac{2}{n}X^\top(Xw-y)",
                "factor",
                r"\nabla_w L = \frac{1}{n}X^\top(Xw-y)",
                "2 * X.T @ (X @ w - y) / n",
                "X.T @ (X @ w - y) / n",
            ),
            wrong(
                r"\nabla_w L = X^\top(Xw-y)",
                "mean",
                r"\nabla_w L = \frac{1}{n}X^\top(Xw-y)",
                "X.T @ (X @ w - y)",
                "X.T @ (X @ w - y) / n",
            ),
            misfit(
                r"\nabla_w L = \frac1n(Xw-y)^\top X",
                "layout",
                r"\nabla_w L = \frac1n\left((Xw-y)^\top X\right)^\top",
                "(X @ w - y).T @ X / n",
                "((X @ w - y).T @ X).T / n",
            ),
            undefined(
                r"\nabla_w L = \frac1n X(Xw-y)",
                "transpose",
                r"\nabla_w L = \frac1n X^\top(Xw-y)",
                "X @ (X @ w - y) / n",
                "X.T @ (X @ w - y) / n",
            ),
            undefined(
                r"\nabla_w L = (X @ w - y) @ X.T / n",
                "order",
                r"\nabla_w L = X.T @ (X @ w - y) / n",
                "(X @ w - y) @ X.T / n",
                "X.T @ (X @ w - y) / n",
            ),
            misfit(
                r"\nabla_w L = \frac1n (Xw-y)",
                "chain-factor",
                r"\nabla_w L = \frac1n X^\top(Xw-y)",
                "(X @ w - y) / n",
                "X.T @ (X @ w - y) / n",
            ),
            wrong(
                r"\frac{\partial L}{\partial w} = \frac1n X^\top X w",
                "term",
                r"\frac{\partial L}{\partial w} = \frac1n (X^\top X w - X^\top y)",
                "X.T @ X @ w / n",
                "(X.T @ X @ w - X.T @ y) / n",
            ),
            wrong(
                r"\nabla_w L = \frac1n\left(X^\top X w - 2X^\top y\right)",
                "term",
                r"\nabla_w L = \frac1n\left(X^\top X w - X^\top y\right)",
                "(X.T @ X @ w - 2 * X.T @ y) / n",
                "(X.T @ X @ w - X.T @ y) / n",
            ),
            unreadable(r"\nabla_w L = \frac{1}{n X^\top(Xw-y)"),
            unreadable(r"\nabla_w L = \frac{1}{n} X^\top(Xw-q)"),
            unreadable(r"\nabla_w L = \frac{1}{n} X^\top(Xw-y))"),
        ),
        *about(
            "dL",
            right(r"dL = \frac1n (Xw-y)^\top X\,dw", "(X @ w - y).T @ X @ dw / n"),
            right(
                r"dL = \frac{1}{n}\langle Xw-y, X\,dw\rangle  % the Frobenius form",
                "np.sum((X @ w - y) * (X @ dw)) / n",
            ),
            wrong(
                r"dL = \frac{1}{2n}(Xw-y)^\top X\,dw",
                "factor",
                r"dL = \frac{1}{n}(Xw-y)^\top X\,dw",
                "(X @ w - y).T @ X @ dw / (2 * n)",
                "(X @ w - y).T @ X @ dw / n",
            ),
            undefined(
                r"dL = \frac1n (Xw-y) X\,dw",
                "transpose",
                r"dL = \frac1n (Xw-y)^\top X\,dw",
                "(X @ w - y) @ X @ dw / n",
                "(X @ w - y).T @ X @ dw / n",
            ),
        ),
        *about(
            "L",
            right(r"L = \frac{1}{2n}(Xw-y)^\top(Xw-y)", "(X @ w - y).T @ (X @ w - y) / (2 * n)"),
            right(
                r"L = \frac{1}{2n}\left( w^\top X^\top X w - 2 y^\top X w + y^\top y \right)",
                "(w.T @ X.T @ X @ w - 2 * y.T @ X @ w + y.T @ y) / (2 * n)",
            ),
            right(r"L = np.sum((X @ w - y)**2) / (2*n)", "np.sum((X @ w - y)**2) / (2 * n)"),
            wrong(
                r"L = \frac{1}{2n}\lVert Xw-y\rVert",
                "norm-square",
                r"L = \frac{1}{2n}\lVert Xw-y\rVert^2",
                "norm(X @ w - y) / (2 * n)",
                "norm(X @ w - y)**2 / (2 * n)",
            ),
            wrong(
                r"L = \frac{1}{2n}\left( w^\top X^\top X w - y^\top X w + y^\top y \right)",
                "term",
                r"L = \frac{1}{2n}\left( w^\top X^\top X w - 2y^\top X w + y^\top y \right)",
                "(w.T @ X.T @ X @ w - y.T @ X @ w + y.T @ y) / (2 * n)",
                "(w.T @ X.T @ X @ w - 2 * y.T @ X @ w + y.T @ y) / (2 * n)",
            ),
        ),
    ),
)

by_index = Problem(
    name="mean squared error, index by index",
    shapes={"X": "n d", "w": "d", "y": "n"},
    given="\n".join([r"\hat{y} = Xw", r"L = \frac{1}{2n}\sum_{i=1}^{n}\left(\hat{y}_i - y_i\right)^2"]),
    maps={"yhat": "X @ w", "L": "np.sum((yhat - y)**2) / (2 * n)"},
    entries=(
        *about(
            "dL/dyhat",
            right(r"\frac{\partial L}{\partial \hat{y}_i} = \frac1n(\hat y_i - y_i)", "(yhat - y) / n"),
            right(r"\nabla_{\hat y} L = \frac{1}{n}\left(\hat y - y\right)", "(yhat - y) / n"),
            wrong(
                r"\frac{\partial L}{\partial \hat y} = \frac{2}{2n}(y - \hat y)",
                "sign",
                numpy="(y - yhat) / n",
            ),
            wrong(
                r"\frac{\partial L}{\partial \hat y} = \frac{1}{2n}(\hat y - y)",
                "factor",
                numpy="(yhat - y) / (2 * n)",
            ),
            wrong(r"\frac{\partial L}{\partial \hat{y}_i} = \hat{y}_i - y_i", "mean", numpy="yhat - y"),
            wrong(r"\frac{\partial L}{\partial \hat y} = \frac1n\hat y", "term", numpy="yhat / n"),
            misfit(
                r"\nabla_{\hat y} L = \frac1n X^\top(\hat y - y)",
                "chain-factor",
                numpy="X.T @ (yhat - y) / n",
            ),
            mended=r"\frac{\partial L}{\partial \hat y} = \frac1n(\hat y - y)",
            mended_numpy="(yhat - y) / n",
        ),
        *about(
            "dyhat/dw",
            right(r"\frac{\partial \hat y}{\partial w} = X", "X"),
            right(r"\frac{\partial \hat y_j}{\partial w_i} = X_{ji}", "np.einsum('ji->ji', X)"),
            right(r"\frac{\partial \hat{y}_i}{\partial w_k} = x_{ik}", "X"),
            misfit(
                r"\frac{\partial \hat y}{\partial w} = X^\top",
                "layout",
                r"\frac{\partial \hat y}{\partial w} = X",
                "X.T",
                "X",
            ),
            misfit(
                r"\frac{\partial \hat y_j}{\partial w_i} = X_{ij}",
                "index",
                r"\frac{\partial \hat y_j}{\partial w_i} = X_{ji}",
            ),
        ),
        *about(
            "dL/dw",
            right(
                r"\frac{\partial L}{\partial w_i} = \frac{1}{n}\sum_{j=1}^n (\hat{y}_j - y_j)\,x_{ji}",
                "np.einsum('j,ji->i', (yhat - y)[:, 0], X)[:, None] / n",
            ),
            right(
                r"\frac{\partial L}{\partial w_k} = \frac1n \left[X^\top(\hat y - y)\right]_k",
                "X.T @ (yhat - y) / n",
            ),
            right(
                r"\nabla_w L = \left(\frac{\partial \hat y}{\partial w}\right)^{\!\top}\nabla_{\hat y} L"
                r" = \frac1n X^{\top}(\hat y - y)",
                "X.T @ ((yhat - y) / n)",
            ),
            misfit(r"\frac{\partial L}{\partial w_i} = \frac{1}{n}\sum_{j=1}^n (\hat{y}_j - y_j) x_{ij}", "index"),
            misfit(r"\frac{\partial L}{\partial w_i} = \frac{1}{n}\sum_{j=1}^d (\hat{y}_j - y_j) x_{ji}", "index"),
            misfit(r"\frac{\partial L}{\partial w_i} = \frac{1}{n}(\hat{y}_j - y_j) x_{ji}", "sum"),
            wrong(
                r"\frac{\partial L}{\partial w_i} = \sum_{j=1}^n (\hat{y}_j - y_j) x_{ji}",
                "mean",
                numpy="X.T @ (yhat - y)",
            ),
            undefined(
                r"\nabla_w L = \frac1n X^\top \odot (\hat y - y)",
                "hadamard",
                r"\nabla_w L = \frac1n X^\top (\hat y - y)",
                "X.T * (yhat - y) / n",
                "X.T @ (yhat - y) / n",
            ),
            mended=r"\frac{\partial L}{\partial w_i} = \frac{1}{n}\sum_{j=1}^n (\hat{y}_j - y_j) x_{ji}",
            mended_numpy="X.T @ (yhat - y) / n",
        ),
    ),
)

rows = Problem(
    name="mean squared error with row vectors",
    shapes={"X": "n d", "w": "1 d", "y": "1 n"},
    given=r"L = \frac{1}{2n}(y - wX^\top)(y - wX^\top)^\top",
    maps={"L": "np.sum((y - w @ X.T)**2) / (2 * n)"},
    entries=(
        *about(
            "dL/dw",
            right(
                r"\nabla_{\mathbf{w}} L = \frac{1}{n}\left(-\mathbf{y}X + \mathbf{w}(X^\top X)\right)",
                "(-y @ X + w @ (X.T @ X)) / n",
            ),
            right(
                r"\frac{\partial L}{\partial \boldsymbol{w}} = \frac1n (\boldsymbol{w}X^{\top}"
                r" - \boldsymbol{y})X",
                "(w @ X.T - y) @ X / n",
            ),
            right(r"\nabla_w L = (w @ X.T - y) @ X / n", "(w @ X.T - y) @ X / n"),
            wrong(r"\nabla_w L = \frac1n (y - wX^\top)X", "sign", numpy="(y - w @ X.T) @ X / n"),
            wrong(r"\nabla_w L = \frac1n(yX + wX^\top X)", "sign", numpy="(y @ X + w @ X.T @ X) / n"),
            misfit(r"\nabla_w L = \frac1n X^\top(wX^\top - y)^\top", "layout", numpy="X.T @ (w @ X.T - y).T / n"),
            undefined(r"\nabla_w L = \frac1n X(wX^\top - y)", "order", numpy="X @ (w @ X.T - y) / n"),
            undefined(r"\nabla_w L = \frac1n (wX^\top - y)X^\top", "transpose", numpy="(w @ X.T - y) @ X.T / n"),
            misfit(r"\nabla_w L = \frac1n (wX^\top - y)", "chain-factor", numpy="(w @ X.T - y) / n"),
            wrong(
                r"\nabla_w L = \frac{1}{2n}\left(-yX + wX^\top X\right)",
                "factor",
                numpy="(-y @ X + w @ X.T @ X) / (2 * n)",
            ),
            wrong(r"\nabla_w L = \frac1n (-yX)", "term", numpy="-y @ X / n"),
            mended=r"\nabla_w L = \frac1n (wX^\top - y)X",
            mended_numpy="(w @ X.T - y) @ X / n",
        ),
        *about(
            "L",
            right(
                r"L = \frac{1}{2n}\left(yy^\top - yXw^\top - wX^\top y^\top + wX^\top Xw^\top\right)"
                r" = \frac{1}{2n}\left(yy^\top - 2wX^\top y^\top + wX^\top Xw^\top\right)",
                "(y @ y.T - 2 * w @ X.T @ y.T + w @ X.T @ X @ w.T) / (2 * n)",
            ),
            undefined(
                r"L = \frac{1}{2n}(y - wX^\top)(y - wX^\top)",
                "transpose",
                numpy="(y - w @ X.T) @ (y - w @ X.T) / (2 * n)",
            ),
            undefined(
                r"L = \frac{1}{2n}(y - wX^\top)^\top(y - wX^\top)",
                ("trace", "order"),
                r"L = \frac{1}{2n}\operatorname{tr}\left((y - wX^\top)^\top(y - wX^\top)\right)",
                "(y - w @ X.T).T @ (y - w @ X.T) / (2 * n)",
                "tr((y - w @ X.T).T @ (y - w @ X.T)) / (2 * n)",
            ),
            mended=r"L = \frac{1}{2n}(y - wX^\top)(y - wX^\top)^\top",
            mended_numpy="(y - w @ X.T) @ (y - w @ X.T).T / (2 * n)",
        ),
    ),
)

problems = (mse, by_index, rows)
