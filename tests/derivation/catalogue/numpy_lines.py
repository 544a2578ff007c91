"""Derivations typed as NumPy."""

from .entries import Problem, about, right, undefined, wrong

numpy_least_squares = Problem(
    name="numpy least squares",
    shapes={"X": "n d", "w": "d", "y": "n", "lam": ""},
    given="\n".join([r"r = X @ w - y", r"L = 0.5 * np.sum(r**2) / n + 0.5 * lam * np.sum(w**2)"]),
    maps={"r": "X@w-y", "L": "np.sum(r**2)/n/2+lam*np.sum(w**2)/2"},
    entries=(
        *about(
            "dL/dw",
            right(r"\nabla_w L = X.T @ r / n + lam * w", "X.T@r/n+lam*w"),
            right(r"\nabla_w L = np.dot(X.T, r) / n + lam * w", "X.T@r/n+lam*w"),
            right(r"\nabla_w L = np.einsum('ij,i->j', X, r) / n + lam * w", "X.T@r/n+lam*w"),
            right(r"\nabla_w L = np.sum(X * r[:, None], axis=0) / n + lam * w", "X.T@r/n+lam*w"),
            right(r"\nabla_w L = np.mean(X * r[:, None], axis=0) + lam * w", "X.T@r/n+lam*w"),
            right(r"\nabla_w L = (X.T @ X / n + lam * np.eye(d)) @ w - X.T @ y / n", "X.T@r/n+lam*w"),
            right(r"\nabla_w L = X.T @ r / X.shape[0] + lam * w", "X.T@r/n+lam*w"),
            right(r"\nabla_w L = X.T @ r / len(y) + lam * w", "X.T@r/n+lam*w"),
            right(r"dL/dw = X.T @ r / n + lam * w", "X.T@r/n+lam*w"),
            wrong(r"\nabla_w L = X.T @ r / n + 2 * lam * w", "term", numpy="X.T@r/n+2*lam*w"),
            undefined(r"\nabla_w L = X @ r / n + lam * w", "transpose"),
            undefined(r"\nabla_w L = X.T * r / n + lam * w", "hadamard"),
            right(r"L = (r @ r) / (2*n) + lam/2 * (w @ w)"),
            right(r"L = np.linalg.norm(r)**2 / (2*n) + lam/2 * np.linalg.norm(w)**2"),
            right(r"L = np.square(r).sum() / (2*n) + lam * np.square(w).sum() / 2"),
            right(r"L = 0.5*np.mean((X@w - y)**2) + lam/2*np.sum(np.square(w))"),
        ),
    ),
)

numpy_network = Problem(
    name="numpy network",
    shapes={"X": "n d", "W": "d h", "b": "h", "V": "h k", "c": "1 k", "Y": "n k onehot"},
    given="\n".join(
        [
            r"Z = X @ W + b",
            r"A = np.maximum(0, Z)",
            r"S = A @ V + c",
            r"E = np.exp(S)",
            r"P = E / E.sum(axis=1, keepdims=True)",
            r"L = -np.sum(Y * np.log(P)) / n",
        ]
    ),
    maps={
        "Z": "X @ W + ones(n) @ b.T",
        "A": "np.maximum(0, Z)",
        "S": "A @ V + ones(n) @ c",
        "P": "softmax(S)",
        "L": "-np.sum(Y * np.log(P)) / n",
    },
    entries=(
        *about(
            "dL/dS",
            right(r"\nabla_S L = (P - Y) / n", "(P - Y) / n"),
        ),
        *about(
            "dL/dV",
            right(r"\nabla_V L = A.T @ (P - Y) / n", "A.T @ (P - Y) / n"),
            undefined(r"\nabla_V L = A @ (P - Y) / n", "transpose"),
        ),
        *about(
            "dL/dc",
            right(r"\nabla_c L = (P - Y).sum(axis=0, keepdims=True) / n", "ones(n).T @ (P - Y) / n"),
        ),
        *about(
            "dL/dW",
            right(r"\nabla_W L = X.T @ (((P - Y) @ V.T) * (Z > 0)) / n", "X.T @ (((P - Y) @ V.T) * (Z > 0)) / n"),
            right(
                r"\nabla_W L = X.T @ ((P - Y) @ V.T * (Z > 0).astype(float)) / len(X)",
                "X.T @ (((P - Y) @ V.T) * (Z > 0)) / n",
            ),
            wrong(
                r"\nabla_W L = X.T @ ((P - Y) @ V.T) / n", "activation-derivative", numpy="X.T @ ((P - Y) @ V.T) / n"
            ),
            wrong(
                r"\nabla_W L = X.T @ (((P - Y) @ V.T) * Z) / n",
                "activation-derivative",
                numpy="X.T @ (((P - Y) @ V.T) * Z) / n",
            ),
            wrong(r"\nabla_W L = X.T @ (((P - Y) @ V.T) * (Z > 0))", "mean", numpy="X.T @ (((P - Y) @ V.T) * (Z > 0))"),
        ),
        *about(
            "dL/db",
            right(
                r"\nabla_b L = np.sum(((P - Y) @ V.T) * (Z > 0), axis=0) / n",
                "(((P - Y) @ V.T) * (Z > 0)).T @ ones(n) / n",
            ),
        ),
        *about(
            "P",
            right(r"P = np.exp(S) / np.exp(S).sum(axis=1, keepdims=True)"),
            right(r"P = np.exp(S - np.log(E.sum(axis=1))[:, None])"),
            wrong(r"P = E / E.sum(axis=0, keepdims=True)", ()),
        ),
        *about(
            "L",
            right(r"L = -(Y * np.log(P)).sum(axis=1).mean()", "L"),
            right(r"L = -np.einsum('ij,ij->', Y, np.log(P)) / n", "L"),
            wrong(r"L = -np.mean(Y * np.log(P))", "mean", numpy="-np.mean(Y * np.log(P))"),
        ),
    ),
)

problems = (numpy_least_squares, numpy_network)
