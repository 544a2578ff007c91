"""Squared Frobenius losses: in the weights, in the data, and of a low-rank factorisation."""

from .entries import Problem, about, misfit, right, undefined, wrong

weights = Problem(
    name="Frobenius loss in W",
    shapes={"X": "N d", "W": "d k", "Y": "N k"},
    given="\n".join([r"U = XW - Y", r"L = \frac{1}{N} \|U\|_F^2"]),
    maps={"U": "X @ W - Y", "L": "np.sum(U**2) / N"},
    entries=(
        *about(
            "dL/dW",
            right(r"\nabla_W L = \frac{2}{N}X^\top(XW-Y)", "2 / N * X.T @ (X @ W - Y)"),
            right(r"\frac{dL}{dW} = \frac2N X^T U", "2 / N * X.T @ U"),
            right(
                r"\frac{\partial L}{\partial W} = \frac{2}{N} \left[X^{\top}XW - X^{\top}Y\right]",
                "2 / N * (X.T @ X @ W - X.T @ Y)",
            ),
            right(
                r"\frac{\partial L}{\partial W_{ij}} = \frac{2}{N}\sum_{k} X_{ki}(XW-Y)_{kj}",
                "2 / N * X.T @ U",
            ),
            right(
                r"\frac{\partial L}{\partial w_{ij}} = \frac{2}{N}\sum_{k} x_{ki}"
                r"\left(\sum_{l} x_{kl}w_{lj} - y_{kj}\right)",
                "2 / N * X.T @ U",
            ),
            right(
                r"\frac{\partial L}{\partial W_{ij}} = \frac{2}{N}\left[X^\top (XW-Y)\right]_{ij}",
                "2 / N * X.T @ U",
            ),
            right(r"\nabla_W L = 2 * X.T @ (X @ W - Y) / N", "2 * X.T @ (X @ W - Y) / N"),
            wrong(r"\nabla_W L = \frac{2}{N}X^\top(Y - XW)", "sign", numpy="2 / N * X.T @ (Y - X @ W)"),
            wrong(r"\nabla_W L = \frac{1}{N}X^\top(XW-Y)", "factor", numpy="1 / N * X.T @ (X @ W - Y)"),
            wrong(r"\nabla_W L = 2X^\top(XW-Y)", "mean", numpy="2 * X.T @ (X @ W - Y)"),
            misfit(r"\nabla_W L = \frac{2}{N}(XW-Y)^\top X", "layout", numpy="2 / N * (X @ W - Y).T @ X"),
            undefined(r"\nabla_W L = \frac{2}{N}X(XW-Y)", "transpose", numpy="2 / N * X @ (X @ W - Y)"),
            undefined(r"\nabla_W L = \frac{2}{N}(XW-Y)X^\top", "order", numpy="2 / N * (X @ W - Y) @ X.T"),
            undefined(r"\nabla_W L = \frac{2}{N}X^\top\odot(XW-Y)", "hadamard", numpy="2 / N * X.T * (X @ W - Y)"),
            misfit(r"\nabla_W L = \frac{2}{N}(XW-Y)", "chain-factor", numpy="2 / N * (X @ W - Y)"),
            wrong(r"\nabla_W L = \frac{2}{N}X^\top XW", "term", numpy="2 / N * X.T @ X @ W"),
            wrong(r"\nabla_W L = \frac2N X^\top Y", ("symbol", "term"), numpy="2 / N * X.T @ Y"),
            misfit(r"\frac{\partial L}{\partial W_{ij}} = \frac{2}{N} X_{ki} U_{kj}", "sum"),
            misfit(r"\frac{\partial L}{\partial W_{ij}} = \frac{2}{N}\sum_{k} X_{ik} U_{kj}", "index"),
            misfit(r"\frac{\partial L}{\partial W_{ij}} = \frac{2}{N}\sum_{k} X_{ki} U_{jk}", "index"),
            mended=r"\frac{\partial L}{\partial W} = \frac{2}{N} X^\top U",
            mended_numpy="2 / N * X.T @ U",
        ),
        *about(
            "dL",
            right(r"dL = \frac{2}{N}U:dU", "2 / N * np.sum(U * dU)"),
            right(
                r"dL = \frac{2}{N}U:(XdW) = \operatorname{tr}(\frac{2}{N}U^TXdW) = (\frac{2}{N}X^TU):dW",
                "np.sum((2 / N * X.T @ U) * dW)",
            ),
            right(r"dL = \frac{2}{N}\langle XW-Y,\, X\,dW\rangle", "2 / N * np.sum((X @ W - Y) * (X @ dW))"),
            right(
                r"dL = \frac{2}{N}\text{tr}\left(dW^\top X^\top(XW-Y)\right)",
                "2 / N * tr(dW.T @ X.T @ (X @ W - Y))",
            ),
            right(r"dL = 2 * np.trace(U.T @ X @ dW) / N", "2 * tr(U.T @ X @ dW) / N"),
            undefined(r"dL = \frac{2}{N} U^\top X\,dW", "trace", numpy="2 / N * U.T @ X @ dW"),
            undefined(r"dL = \frac{2}{N}\operatorname{tr}(U X\,dW)", "transpose", numpy="2 / N * tr(U @ X @ dW)"),
            undefined(r"dL = \frac{2}{N}\mathrm{tr}(dW\,X^\top U)", "transpose", numpy="2 / N * tr(dW @ X.T @ U)"),
            undefined(r"dL = \frac{2}{N} U : dW", "chain-factor", numpy="2 / N * np.sum(U * dW)"),
            mended=r"dL = \frac{2}{N}\operatorname{tr}(U^\top X\,dW)",
            mended_numpy="2 / N * tr(U.T @ X @ dW)",
        ),
        *about(
            "dU",
            right(r"dU = X\,dW", "X @ dW"),
            undefined(r"dU = dW\,X", "order", r"dU = X\,dW", "dW @ X", "X @ dW"),
        ),
        *about(
            "L",
            right(
                r"L = \frac1N \operatorname{tr}(W^\top X^\top XW - Y^\top XW - W^\top X^\top Y + Y^\top Y)",
                "tr(W.T @ X.T @ X @ W - Y.T @ X @ W - W.T @ X.T @ Y + Y.T @ Y) / N",
            ),
            right(
                r"L = \frac1N\sum_{i,j}\left(\sum_k x_{ik}w_{kj} - y_{ij}\right)^2",
                "np.sum((X @ W - Y)**2) / N",
            ),
            undefined(r"L = \frac1N (XW-Y)^\top(XW-Y)", "trace", numpy="(X @ W - Y).T @ (X @ W - Y) / N"),
            misfit(r"L = \frac1N\sum_{i,j}\left(x_{ik}w_{kj} - y_{ij}\right)^2", "sum"),
            wrong(r"L = \frac1N \|XW-Y\|_F", "norm-square", numpy="norm(X @ W - Y) / N"),
            mended=r"L = \frac1N \operatorname{tr}\left((XW-Y)^\top(XW-Y)\right)",
            mended_numpy="tr((X @ W - Y).T @ (X @ W - Y)) / N",
        ),
    ),
)

data = Problem(
    name="Frobenius loss in X",
    shapes={"X": "n d", "W": "d k", "Y": "n k"},
    given=r"f = \|XW-Y\|_F^2",
    maps={"f": "np.sum((X @ W - Y)**2)"},
    entries=(
        *about(
            "df/dX",
            right(r"\nabla_X f = 2(XW-Y)W^\top", "2 * (X @ W - Y) @ W.T"),
            right(r"\frac{\partial f}{\partial X} = 2XWW^{\top} - 2YW^{\top}", "2 * X @ W @ W.T - 2 * Y @ W.T"),
            right(r"\frac{\partial f}{\partial X_{ij}} = 2\sum_{k}(XW-Y)_{ik}W_{jk}", "2 * (X @ W - Y) @ W.T"),
            undefined(r"\nabla_X f = 2(XW-Y)W", "transpose", numpy="2 * (X @ W - Y) @ W"),
            undefined(r"\nabla_X f = 2W^\top(XW-Y)", "order", numpy="2 * W.T @ (X @ W - Y)"),
            misfit(r"\nabla_X f = 2W(XW-Y)^\top", "layout", numpy="2 * W @ (X @ W - Y).T"),
            wrong(r"\nabla_X f = (XW-Y)W^\top", "factor", numpy="(X @ W - Y) @ W.T"),
            wrong(r"\nabla_X f = -2(XW-Y)W^\top", "sign", numpy="-2 * (X @ W - Y) @ W.T"),
            misfit(r"\nabla_X f = 2(XW-Y)", "chain-factor", numpy="2 * (X @ W - Y)"),
            misfit(r"\frac{\partial f}{\partial X_{ij}} = 2\sum_{k}(XW-Y)_{ik}W_{kj}", "index"),
            misfit(r"\frac{\partial f}{\partial X_{ij}} = 2(XW-Y)_{ik}W_{jk}", "sum"),
            wrong(r"\nabla_X f = 2XWW^\top - YW^\top", "term", numpy="2 * X @ W @ W.T - Y @ W.T"),
            mended=r"\frac{\partial f}{\partial X} = 2(XW-Y)W^\top",
            mended_numpy="2 * (X @ W - Y) @ W.T",
        ),
        *about(
            "df",
            right(r"df = 2\langle XW-Y, dX\,W\rangle", "2 * np.sum((X @ W - Y) * (dX @ W))"),
            right(r"df = 2\,(XW-Y)W^\top : dX", "2 * np.sum(((X @ W - Y) @ W.T) * dX)"),
            undefined(
                r"df = 2\operatorname{tr}\left((XW-Y)^\top W\,dX\right)",
                "order",
                r"df = 2\operatorname{tr}\left((XW-Y)^\top dX\,W\right)",
                "2 * tr((X @ W - Y).T @ W @ dX)",
                "2 * tr((X @ W - Y).T @ dX @ W)",
            ),
        ),
    ),
)

low_rank = Problem(
    name="low-rank factorisation",
    shapes={"X": "m n", "U": "m r", "V": "r n"},
    given="\n".join([r"R = X - UV", r"L = \|R\|_F^2"]),
    maps={"R": "X - U @ V", "L": "np.sum(R**2)"},
    entries=(
        *about(
            "dL/dU",
            right(r"\nabla_U L = -2(X-UV)V^\top", "-2 * (X - U @ V) @ V.T"),
            right(r"\frac{\partial L}{\partial U} = 2\,(UVV^\top - XV^\top)", "2 * (U @ V @ V.T - X @ V.T)"),
            wrong(r"\nabla_U L = 2(X-UV)V^\top", "sign", numpy="2 * (X - U @ V) @ V.T"),
            undefined(r"\nabla_U L = -2RV", "transpose", numpy="-2 * R @ V"),
            misfit(r"\nabla_U L = -2VR^\top", "layout", numpy="-2 * V @ R.T"),
            wrong(r"\nabla_U L = -2XV^\top", ("term", "symbol"), numpy="-2 * X @ V.T"),
            mended=r"\nabla_U L = -2RV^\top",
            mended_numpy="-2 * R @ V.T",
        ),
        *about(
            "dL/dV",
            right(r"\nabla_V L = -2U^\top(X-UV)", "-2 * U.T @ (X - U @ V)"),
            right(r"\frac{\partial L}{\partial V_{ij}} = -2\sum_{k=1}^m U_{ki}R_{kj}", "-2 * U.T @ R"),
            wrong(r"\frac{\partial L}{\partial V} = 2U^\top(X-UV)", "sign", numpy="2 * U.T @ (X - U @ V)"),
            wrong(r"\nabla_V L = -U^\top R", "factor", numpy="-U.T @ R"),
            undefined(r"\nabla_V L = -2RU^\top", "order", numpy="-2 * R @ U.T"),
            misfit(r"\nabla_V L = -2R", "chain-factor", numpy="-2 * R"),
            mended=r"\nabla_V L = -2U^\top R",
            mended_numpy="-2 * U.T @ R",
        ),
        *about(
            "dR",
            right(r"dR = -dU\,V - U\,dV", "-dU @ V - U @ dV"),
            wrong(r"dR = -dU\,V + U\,dV", "sign", r"dR = -dU\,V - U\,dV", "-dU @ V + U @ dV", "-dU @ V - U @ dV"),
        ),
    ),
)

problems = (weights, data, low_rank)
