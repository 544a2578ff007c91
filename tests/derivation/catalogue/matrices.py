"""Traces, vec and Kronecker products, log det, the inverse of a matrix."""

from .entries import Problem, about, misfit, right, undefined, wrong

trace_product = Problem(
    name="trace of a product",
    shapes={"A": "m p", "W": "p q", "B": "q m"},
    given=r"f = \operatorname{tr}(AWB)",
    maps={"f": "tr(A @ W @ B)"},
    entries=(
        *about(
            "df/dW",
            right(r"\nabla_W f = A^\top B^\top", "A.T @ B.T"),
            right(r"\frac{\partial f}{\partial W} = (BA)^\top", "(B @ A).T"),
            right(r"\frac{\partial f}{\partial W_{jk}} = \sum_{i} A_{ij}B_{ki}", "np.einsum('ij,ki->jk', A, B)"),
            misfit(r"\nabla_W f = BA", ("layout", "transpose"), numpy="B @ A"),
            undefined(r"\nabla_W f = B^\top A^\top", "order", numpy="B.T @ A.T"),
            undefined(r"\nabla_W f = A^\top B", "transpose", numpy="A.T @ B"),
            wrong(r"\nabla_W f = 2A^\top B^\top", "factor", numpy="2 * A.T @ B.T"),
            misfit(r"\frac{\partial f}{\partial W_{jk}} = \sum_{i} A_{ij}B_{ik}", "index"),
            misfit(r"\frac{\partial f}{\partial W_{jk}} = A_{ij}B_{ki}", "sum"),
            mended=r"\nabla_W f = A^\top B^\top",
            mended_numpy="A.T @ B.T",
        ),
        *about(
            "df",
            right(r"df = \operatorname{tr}(BA\,dW)", "tr(B @ A @ dW)"),
            undefined(r"df = A\,dW\,B", "trace", numpy="A @ dW @ B"),
            undefined(r"df = \operatorname{tr}(dW\,AB)", "order", numpy="tr(dW @ A @ B)"),
            mended=r"df = \operatorname{tr}(A\,dW\,B)",
            mended_numpy="tr(A @ dW @ B)",
        ),
        *about(
            "f",
            right(r"f = \mathrm{tr}(WBA) = \text{tr}(BAW)", "tr(B @ A @ W)"),
            right(r"f = \sum_{i,j,k} A_{ij}W_{jk}B_{ki}", "np.einsum('ij,jk,ki->', A, W, B)"),
            undefined(
                r"f = \operatorname{tr}(WAB)",
                "order",
                r"f = \operatorname{tr}(AWB)",
                "tr(W @ A @ B)",
                "tr(A @ W @ B)",
            ),
            misfit(r"f = \sum_{i,j} A_{ij}W_{jk}B_{ki}", "sum", r"f = \sum_{i,j,k} A_{ij}W_{jk}B_{ki}"),
        ),
    ),
)

trace_quadratic = Problem(
    name="trace of a quadratic form",
    shapes={"A": "d d", "W": "d k"},
    given=r"f = \operatorname{tr}(W^\top A W)",
    maps={"f": "tr(W.T @ A @ W)"},
    entries=(
        *about(
            "df/dW",
            right(r"\nabla_W f = (A + A^\top)W", "(A + A.T) @ W"),
            right(r"\frac{\partial f}{\partial W} = AW + A^{T}W", "A @ W + A.T @ W"),
            wrong(r"\nabla_W f = 2AW", "assumption", numpy="2 * A @ W"),
            wrong(r"\nabla_W f = AW", "product-rule", numpy="A @ W"),
            misfit(r"\nabla_W f = W^\top(A + A^\top)", "layout", numpy="W.T @ (A + A.T)"),
            undefined(r"\nabla_W f = W(A + A^\top)", "order", numpy="W @ (A + A.T)"),
            undefined(r"\nabla_W f = (A + A^\top)W^\top", "transpose", numpy="(A + A.T) @ W.T"),
            misfit(r"\nabla_W f = A + A^\top", "chain-factor", numpy="A + A.T"),
            mended=r"\nabla_W f = (A + A^\top)W",
            mended_numpy="(A + A.T) @ W",
        ),
        *about(
            "df",
            right(
                r"df = \operatorname{tr}(dW^\top AW) + \operatorname{tr}(W^\top A\,dW)",
                "tr(dW.T @ A @ W) + tr(W.T @ A @ dW)",
            ),
            right(r"df = (A + A^\top)W : dW", "np.sum(((A + A.T) @ W) * dW)"),
            wrong(r"df = \operatorname{tr}(dW^\top AW)", "product-rule", numpy="tr(dW.T @ A @ W)"),
            undefined(r"df = dW^\top AW + W^\top A\,dW", "trace", numpy="dW.T @ A @ W + W.T @ A @ dW"),
            mended=r"df = \operatorname{tr}(dW^\top AW + W^\top A\,dW)",
            mended_numpy="tr(dW.T @ A @ W + W.T @ A @ dW)",
        ),
        *about(
            "df/dA",
            right(r"\nabla_A f = WW^\top", "W @ W.T"),
            misfit(r"\nabla_A f = W^\top W", "order", r"\nabla_A f = WW^\top", "W.T @ W", "W @ W.T"),
            undefined(r"\nabla_A f = WW", "transpose", r"\nabla_A f = WW^\top", "W @ W", "W @ W.T"),
        ),
    ),
)

kronecker = Problem(
    name="vec and the Kronecker product",
    shapes={"X": "n d", "W": "d k", "B": "k m"},
    given="\n".join([r"U = XW", r"V = XWB"]),
    maps={"U": "X @ W", "V": "X @ W @ B", "vecU": "vec(U)", "vecV": "vec(V)"},
    entries=(
        *about(
            "dU/dW",
            right(
                r"\frac{\partial \operatorname{vec}(U)}{\partial \operatorname{vec}(W)} = I_k \otimes X",
                "kron(eye(k), X)",
            ),
            right(r"dU/dW = \mathbb I \otimes X", "kron(eye(k), X)"),
            wrong(r"\frac{\partial U}{\partial W} = X \otimes I_k", "order", numpy="kron(X, eye(k))"),
            misfit(
                r"\frac{\partial U}{\partial W} = I_k \otimes X^\top",
                ("layout", "transpose"),
                numpy="kron(eye(k), X.T)",
            ),
            misfit(r"\frac{\partial U}{\partial W} = X", "chain-factor", numpy="X"),
            mended=r"\frac{\partial U}{\partial W} = I_k \otimes X",
            mended_numpy="kron(eye(k), X)",
        ),
        *about(
            "dU/dX",
            right(
                r"\frac{\partial \operatorname{vec}(U)}{\partial \operatorname{vec}(X)} = W^\top \otimes I_n",
                "kron(W.T, eye(n))",
            ),
            wrong(r"\frac{\partial U}{\partial X} = I_n \otimes W^\top", "order", numpy="kron(eye(n), W.T)"),
            misfit(
                r"\frac{\partial U}{\partial X} = W \otimes I_n",
                ("layout", "transpose"),
                numpy="kron(W, eye(n))",
            ),
            mended=r"\frac{\partial U}{\partial X} = W^\top \otimes I_n",
            mended_numpy="kron(W.T, eye(n))",
        ),
        *about(
            "vecV",
            right(r"\operatorname{vec}(V) = (B^\top \otimes X)\operatorname{vec}(W)", "kron(B.T, X) @ vec(W)"),
            wrong(
                r"\operatorname{vec}(V) = (X \otimes B^\top)\operatorname{vec}(W)",
                "order",
                numpy="kron(X, B.T) @ vec(W)",
            ),
            undefined(
                r"\operatorname{vec}(V) = (B \otimes X)\operatorname{vec}(W)",
                "transpose",
                numpy="kron(B, X) @ vec(W)",
            ),
            mended=r"\operatorname{vec}(V) = (B^\top \otimes X)\operatorname{vec}(W)",
            mended_numpy="kron(B.T, X) @ vec(W)",
        ),
        *about("vecU", right(r"\text{vec}(XW) = (W^T \otimes I_n)\,\text{vec}(X)", "kron(W.T, eye(n)) @ vec(X)")),
    ),
)

log_det = Problem(
    name="log det of a covariance",
    shapes={"A": "d d spd"},
    given=r"f = \log\det(A)",
    maps={"f": "logdet(A)"},
    entries=(
        *about(
            "df/dA",
            right(r"\nabla_A f = A^{-1}", "inv(A)"),
            right(r"\frac{\partial f}{\partial A} = A^{-\top}", "inv(A).T"),
            right(r"\nabla_A f = np.linalg.inv(A)", "inv(A)"),
            wrong(r"\nabla_A f = -A^{-1}", "sign", numpy="-inv(A)"),
            wrong(r"\nabla_A f = 2A^{-1}", "factor", numpy="2 * inv(A)"),
            wrong(r"\nabla_A f = A^{-1}A^{-1}", "chain-factor", numpy="inv(A) @ inv(A)"),
            mended=r"\nabla_A f = A^{-1}",
            mended_numpy="inv(A)",
        ),
        *about(
            "df",
            right(r"df = \operatorname{tr}(A^{-1}\,dA)", "tr(inv(A) @ dA)"),
            right(r"df = \langle A^{-1}, dA\rangle", "np.sum(inv(A) * dA)"),
            undefined(r"df = A^{-1}\,dA", "trace", numpy="inv(A) @ dA"),
            wrong(r"df = -\operatorname{tr}(A^{-1}\,dA)", "sign", numpy="-tr(inv(A) @ dA)"),
            mended=r"df = \operatorname{tr}(A^{-1}\,dA)",
            mended_numpy="tr(inv(A) @ dA)",
        ),
    ),
)

inverse = Problem(
    name="inverse of a matrix",
    shapes={"A": "d d", "u": "d", "v": "d"},
    given="\n".join([r"M = A^{-1}", r"s = u^\top A^{-1} v"]),
    maps={"M": "inv(A)", "s": "u.T @ inv(A) @ v"},
    entries=(
        *about(
            "dM",
            right(r"dM = -A^{-1}\,dA\,A^{-1}", "-inv(A) @ dA @ inv(A)"),
            right(r"d(A^{-1}) = -A^{-1}\,dA\,A^{-1}", "-inv(A) @ dA @ inv(A)"),
            right(r"dM = -M\,dA\,M", "-M @ dA @ M"),
            wrong(r"dM = A^{-1}\,dA\,A^{-1}", "sign", numpy="inv(A) @ dA @ inv(A)"),
            wrong(r"dM = -A^{-1}A^{-1}\,dA", "order", numpy="-inv(A) @ inv(A) @ dA"),
            wrong(r"dM = -dA\,A^{-1}", "chain-factor", numpy="-dA @ inv(A)"),
            wrong(r"dM = -A\,dA\,A^{-1}", "symbol", numpy="-A @ dA @ inv(A)"),
            mended=r"dM = -A^{-1}\,dA\,A^{-1}",
            mended_numpy="-inv(A) @ dA @ inv(A)",
        ),
        *about(
            "ds/dA",
            right(r"\nabla_A s = -A^{-\top}uv^\top A^{-\top}", "-inv(A).T @ u @ v.T @ inv(A).T"),
            wrong(r"\nabla_A s = A^{-\top}uv^\top A^{-\top}", "sign", numpy="inv(A).T @ u @ v.T @ inv(A).T"),
            wrong(r"\nabla_A s = -A^{-1}vu^\top A^{-1}", "layout", numpy="-inv(A) @ v @ u.T @ inv(A)"),
            wrong(r"\nabla_A s = -A^{-\top}uv^\top A^{-1}", "transpose", numpy="-inv(A).T @ u @ v.T @ inv(A)"),
            wrong(r"\nabla_A s = -A^{-1}uv^\top A^{-1}", "assumption", numpy="-inv(A) @ u @ v.T @ inv(A)"),
            wrong(r"\nabla_A s = -A^{-\top}uu^\top A^{-\top}", "symbol", numpy="-inv(A).T @ u @ u.T @ inv(A).T"),
            mended=r"\nabla_A s = -A^{-\top}uv^\top A^{-\top}",
            mended_numpy="-inv(A).T @ u @ v.T @ inv(A).T",
        ),
        *about("ds", right(r"ds = -u^\top A^{-1}\,dA\,A^{-1}v", "-u.T @ inv(A) @ dA @ inv(A) @ v")),
    ),
)

problems = (trace_product, trace_quadratic, kronecker, log_det, inverse)
