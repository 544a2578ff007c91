"""Two-layer networks as a batch of rows and as one column, and the elementwise functions they use."""

from .entries import Problem, about, misfit, right, undefined, wrong

batch = Problem(
    name="two-layer network on a batch of rows",
    shapes={
        "X": "n d",
        "W^{(1)}": "d h",
        "b^{(1)}": "1 h",
        "W^{(2)}": "h k",
        "b^{(2)}": "1 k",
        "Y": "n k onehot",
    },
    functions=("sigma",),
    given="\n".join(
        [
            r"Z^{(1)} = XW^{(1)} + b^{(1)}",
            r"A = \sigma(Z^{(1)})",
            r"Z^{(2)} = AW^{(2)} + b^{(2)}",
            r"P = \operatorname{softmax}(Z^{(2)})",
            r"L = -\frac1n\sum_{i,j} Y_{ij}\log P_{ij}",
            r"G = \frac1n (P-Y)(W^{(2)})^\top",
        ]
    ),
    maps={
        "Z1": "X @ W1 + b1",
        "A": "sigmoid(Z1)",
        "Z2": "A @ W2 + b2",
        "P": "softmax(Z2)",
        "L": "-np.sum(Y * np.log(P)) / n",
        "G": "(P - Y) @ W2.T / n",
    },
    entries=(
        *about(
            "dL/dZ2",
            right(r"\nabla_{Z^{(2)}} L = \tfrac{1}{n}(P - Y)", "(P - Y) / n"),
            wrong(r"\nabla_{Z^{(2)}} L = P - Y", "mean", numpy="P - Y"),
            mended=r"\nabla_{Z^{(2)}} L = \tfrac{1}{n}(P - Y)",
            mended_numpy="(P - Y) / n",
        ),
        *about(
            "dL/dW2",
            right(r"\nabla_{W^{(2)}} L = \frac1n A^\top(P-Y)", "A.T @ (P - Y) / n"),
            right(
                r"\frac{\partial L}{\partial W^{(2)}} = \frac1n A^\top P - \frac1n A^\top Y",
                "(A.T @ P - A.T @ Y) / n",
            ),
            wrong(r"\nabla_{W^{(2)}} L = \frac1n (Z^{(1)})^\top(P-Y)", "symbol", numpy="Z1.T @ (P - Y) / n"),
            undefined(r"\nabla_{W^{(2)}} L = \frac1n A(P-Y)", "transpose", numpy="A @ (P - Y) / n"),
            undefined(r"\nabla_{W^{(2)}} L = \frac1n (P-Y)A^\top", "order", numpy="(P - Y) @ A.T / n"),
            misfit(r"\nabla_{W^{(2)}} L = \frac1n (P-Y)^\top A", "layout", numpy="(P - Y).T @ A / n"),
            mended=r"\nabla_{W^{(2)}} L = \frac1n A^\top(P-Y)",
            mended_numpy="A.T @ (P - Y) / n",
        ),
        *about(
            "dL/db2",
            right(r"\nabla_{b^{(2)}} L = \frac1n \mathbf{1}^\top(P-Y)", "ones(n).T @ (P - Y) / n"),
            right(
                r"\frac{\partial L}{\partial b^{(2)}_j} = \frac1n\sum_{i=1}^n (P_{ij} - Y_{ij})",
                "ones(n).T @ (P - Y) / n",
            ),
            misfit(r"\nabla_{b^{(2)}} L = \frac1n(P-Y)", ("sum", "chain-factor"), numpy="(P - Y) / n"),
            misfit(r"\frac{\partial L}{\partial b^{(2)}_j} = \frac1n (P_{ij} - Y_{ij})", "sum"),
            wrong(r"\nabla_{b^{(2)}} L = \mathbf{1}^\top(P-Y)", "mean", numpy="ones(n).T @ (P - Y)"),
            mended=r"\nabla_{b^{(2)}} L = \frac1n \mathbf{1}^\top(P-Y)",
            mended_numpy="ones(n).T @ (P - Y) / n",
        ),
        *about(
            "dL/dA",
            right(r"\nabla_A L = \frac1n (P-Y){W^{(2)}}^\top", "(P - Y) @ W2.T / n"),
            undefined(r"\nabla_A L = \frac1n (P-Y)W^{(2)}", "transpose", numpy="(P - Y) @ W2 / n"),
            undefined(r"\nabla_A L = \frac1n (W^{(2)})^\top(P-Y)", "order", numpy="W2.T @ (P - Y) / n"),
            misfit(r"\nabla_A L = \frac1n (P-Y)", "chain-factor", numpy="(P - Y) / n"),
            mended=r"\nabla_A L = \frac1n (P-Y)(W^{(2)})^\top",
            mended_numpy="(P - Y) @ W2.T / n",
        ),
        *about(
            "dL/dZ1",
            right(r"\nabla_{Z^{(1)}} L = G\odot\sigma'(Z^{(1)})", "G * sigmoid(Z1) * (1 - sigmoid(Z1))"),
            right(r"\nabla_{Z^{(1)}} L = G\odot A\odot(1-A)", "G * A * (1 - A)"),
            wrong(r"\nabla_{Z^{(1)}} L = G", "activation-derivative", numpy="G"),
            wrong(r"\nabla_{Z^{(1)}} L = G\odot\sigma(Z^{(1)})", "activation-derivative", numpy="G * A"),
            wrong(
                r"\nabla_{Z^{(1)}} L = G\odot\sigma'(A)",
                "activation-derivative",
                numpy="G * sigmoid(A) * (1 - sigmoid(A))",
            ),
            undefined(r"\nabla_{Z^{(1)}} L = G\,\sigma'(Z^{(1)})", "hadamard", numpy="G @ (A * (1 - A))"),
            mended=r"\nabla_{Z^{(1)}} L = G\odot\sigma'(Z^{(1)})",
            mended_numpy="G * A * (1 - A)",
        ),
        *about(
            "dL/dW1",
            right(r"\nabla_{W^{(1)}} L = X^\top\left(G\odot\sigma'(Z^{(1)})\right)", "X.T @ (G * A * (1 - A))"),
            wrong(r"\nabla_{W^{(1)}} L = X^\top G", "activation-derivative", numpy="X.T @ G"),
            undefined(
                r"\nabla_{W^{(1)}} L = X\left(G\odot\sigma'(Z^{(1)})\right)",
                "transpose",
                numpy="X @ (G * A * (1 - A))",
            ),
            misfit(r"\nabla_{W^{(1)}} L = G\odot\sigma'(Z^{(1)})", "chain-factor", numpy="G * A * (1 - A)"),
            mended=r"\nabla_{W^{(1)}} L = X^\top\left(G\odot\sigma'(Z^{(1)})\right)",
            mended_numpy="X.T @ (G * A * (1 - A))",
        ),
        *about(
            "dL/db1",
            right(
                r"\nabla_{b^{(1)}} L = \mathbf 1^\top\left(G\odot\sigma'(Z^{(1)})\right)",
                "ones(n).T @ (G * A * (1 - A))",
            ),
        ),
    ),
)

column = Problem(
    name="two-layer network on one column",
    shapes={"x": "d", "W_1": "h d", "b_1": "h", "W_2": "k h", "y": "k"},
    given="\n".join(
        [
            r"z = W_1 x + b_1",
            r"a = \tanh(z)",
            r"\hat y = W_2 a",
            r"L = \frac12\|\hat y - y\|^2",
        ]
    ),
    maps={"z": "W1 @ x + b1", "a": "np.tanh(z)", "yhat": "W2 @ a", "L": "np.sum((yhat - y)**2) / 2"},
    entries=(
        *about(
            "dL/dW2",
            right(r"\nabla_{W_2} L = (\hat y - y)a^\top", "(yhat - y) @ a.T"),
            right(r"\frac{\partial L}{\partial W_2} = (W_2 a - y)\,a^{\top}", "(W2 @ a - y) @ a.T"),
            wrong(r"\nabla_{W_2} L = (y - \hat y)a^\top", "sign", numpy="(y - yhat) @ a.T"),
            misfit(r"\nabla_{W_2} L = a(\hat y - y)^\top", "layout", numpy="a @ (yhat - y).T"),
            undefined(r"\nabla_{W_2} L = (\hat y - y)a", "transpose", numpy="(yhat - y) @ a"),
            undefined(r"\nabla_{W_2} L = (\hat y - y)\odot a^\top", "hadamard", numpy="(yhat - y) * a.T"),
            wrong(r"\nabla_{W_2} L = (\hat y - y)z^\top", "symbol", numpy="(yhat - y) @ z.T"),
            misfit(r"\nabla_{W_2} L = \hat y - y", "chain-factor", numpy="yhat - y"),
            wrong(r"\nabla_{W_2} L = \frac12(\hat y - y)a^\top", "factor", numpy="(yhat - y) @ a.T / 2"),
            mended=r"\nabla_{W_2} L = (\hat y - y)a^\top",
            mended_numpy="(yhat - y) @ a.T",
        ),
        *about(
            "da/dz",
            right(r"\frac{\partial a}{\partial z} = \operatorname{diag}(1 - a\odot a)", "diag(1 - a * a)"),
            wrong(
                r"\frac{\partial a}{\partial z} = \operatorname{diag}(1 - z\odot z)",
                ("activation-derivative", "symbol"),
                numpy="diag(1 - z * z)",
            ),
            mended=r"\frac{\partial a}{\partial z} = \operatorname{diag}(\tanh'(z))",
            mended_numpy="diag(1 - np.tanh(z)**2)",
        ),
        *about(
            "dL/dz",
            right(r"\nabla_z L = W_2^\top(\hat y - y)\odot(1 - a\odot a)", "(W2.T @ (yhat - y)) * (1 - a * a)"),
            right(
                r"\nabla_z L = \operatorname{diag}(1 - a\circ a)\,W_2^\top(\hat y - y)",
                "diag(1 - a * a) @ W2.T @ (yhat - y)",
            ),
            wrong(r"\nabla_z L = W_2^\top(\hat y - y)", "activation-derivative", numpy="W2.T @ (yhat - y)"),
            wrong(
                r"\nabla_z L = W_2^\top(\hat y - y)\odot\tanh(z)",
                "activation-derivative",
                numpy="(W2.T @ (yhat - y)) * np.tanh(z)",
            ),
            undefined(
                r"\nabla_z L = W_2(\hat y - y)\odot\tanh'(z)",
                "transpose",
                numpy="(W2 @ (yhat - y)) * (1 - a * a)",
            ),
            mended=r"\nabla_z L = W_2^\top(\hat y - y)\odot\tanh'(z)",
            mended_numpy="(W2.T @ (yhat - y)) * (1 - a * a)",
        ),
        *about(
            "dL/dW1",
            right(
                r"\nabla_{W_1} L = \left(W_2^\top(\hat y - y)\odot(1 - a\odot a)\right)x^\top",
                "((W2.T @ (yhat - y)) * (1 - a * a)) @ x.T",
            ),
            wrong(
                r"\nabla_{W_1} L = W_2^\top(\hat y - y)\,x^\top",
                "activation-derivative",
                numpy="W2.T @ (yhat - y) @ x.T",
            ),
            undefined(
                r"\nabla_{W_1} L = \left(W_2^\top(\hat y - y)\odot\tanh'(z)\right)x",
                "transpose",
                numpy="((W2.T @ (yhat - y)) * (1 - a * a)) @ x",
            ),
            mended=r"\nabla_{W_1} L = \left(W_2^\top(\hat y - y)\odot\tanh'(z)\right)x^\top",
            mended_numpy="((W2.T @ (yhat - y)) * (1 - a * a)) @ x.T",
        ),
    ),
)

elementwise = Problem(
    name="elementwise exp and tanh",
    shapes={"x": "n", "c": "n"},
    given="\n".join([r"y = \exp(x)", r"u = \tanh(x)", r"s = c^\top y"]),
    maps={"y": "np.exp(x)", "u": "np.tanh(x)", "s": "c.T @ y"},
    entries=(
        *about(
            "dy/dx",
            right(r"\frac{\partial y}{\partial x} = \operatorname{diag}(y)", "diag(y)"),
            wrong(
                r"\frac{\partial y}{\partial x} = \operatorname{diag}(x)",
                ("symbol", "activation-derivative"),
                numpy="diag(x)",
            ),
            mended=r"\frac{\partial y}{\partial x} = \operatorname{diag}(y)",
            mended_numpy="diag(y)",
        ),
        *about(
            "ds/dx",
            right(r"\nabla_x s = c\odot\exp(x)", "c * np.exp(x)"),
            right(r"\frac{\partial s}{\partial x_i} = c_i e^{x_i}", "c * np.exp(x)"),
            wrong(r"\nabla_x s = c", ("activation-derivative", "chain-factor"), numpy="c"),
            undefined(r"\nabla_x s = c\exp(x)", "hadamard", numpy="c @ np.exp(x)"),
            mended=r"\nabla_x s = c\odot\exp(x)",
            mended_numpy="c * np.exp(x)",
        ),
        *about(
            "dy",
            right(r"dy = y\odot dx", "y * dx"),
            undefined(r"dy = y\,dx", "hadamard", r"dy = y\odot dx", "y @ dx", "y * dx"),
        ),
        *about(
            "du",
            right(r"du = (1 - u\odot u)\odot dx", "(1 - u * u) * dx"),
            wrong(r"du = \tanh(x)\odot dx", "activation-derivative", numpy="np.tanh(x) * dx"),
            wrong(r"du = dx", "activation-derivative", numpy="dx"),
            wrong(r"du = (1 + u\odot u)\odot dx", "sign", numpy="(1 + u * u) * dx"),
            mended=r"du = \tanh'(x)\odot dx",
            mended_numpy="(1 - u * u) * dx",
        ),
    ),
)

problems = (batch, column, elementwise)
