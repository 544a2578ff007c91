"""How people lead a line in and leave things out: constants nobody declares, names given on the way, points, steps."""

from .entries import Problem, about, misfit, right, undefined, wrong

ridge = Problem(
    name="a constant that is not declared",
    shapes={"X": "n d", "w": "d", "y": "n"},
    undeclared={"lambda": ""},
    given=r"J(w) = \|y - Xw\|^2 + \lambda\|w\|^2",
    maps={"J": "np.sum((y - X @ w)**2) + lambda_ * np.sum(w**2)"},
    entries=about(
        "dJ/dw",
        right(r"\nabla J(w) = 2X^{\mathsf T}(Xw - y) + 2\lambda w", "2 * X.T @ (X @ w - y) + 2 * lambda_ * w"),
        wrong(
            r"\nabla J(w) = 2X^{\mathsf T}(Xw - y) + \lambda w",
            ("term", "factor"),
            numpy="2 * X.T @ (X @ w - y) + lambda_ * w",
        ),
        wrong(
            r"\nabla J(w) = 2X^{\mathsf T}(Xw - y) - 2\lambda w",
            ("sign", "term"),
            numpy="2 * X.T @ (X @ w - y) - 2 * lambda_ * w",
        ),
        mended=r"\nabla J(w) = 2X^{\mathsf T}(Xw - y) + 2\lambda w",
        mended_numpy="2 * X.T @ (X @ w - y) + 2 * lambda_ * w",
    ),
)

multipliers = Problem(
    name="multipliers that are not declared",
    shapes={"A": "m n", "x": "n", "b": "m"},
    undeclared={"lambda": "m"},
    given=r"\mathcal{L}(x, \lambda) = \tfrac12 x^Tx + \lambda^T(b - Ax)",
    maps={"L": "np.sum(x**2) / 2 + np.sum(lambda_ * (b - A @ x))"},
    entries=about(
        "dL/dx",
        right(r"\nabla_x \mathcal{L} = x - A^T\lambda", "x - A.T @ lambda_"),
        wrong(r"\nabla_x \mathcal{L} = x + A^T\lambda", ("sign", "term"), numpy="x + A.T @ lambda_"),
        undefined(r"\nabla_x \mathcal{L} = x - A\lambda", "transpose", numpy="x - A @ lambda_"),
    ),
)

said_later = Problem(
    name="a name explained in the same line",
    shapes={"X": "n d", "w": "d", "y": "n"},
    given=r"L = \tfrac12\|r\|^2 \quad\text{where}\quad r = Xw - y",
    maps={"r": "X @ w - y", "L": "np.sum(r**2) / 2"},
    entries=about(
        "dL/dw",
        right(r"\frac{\partial L}{\partial w} = X^Tr", "X.T @ r"),
        wrong(r"\frac{\partial L}{\partial w} = -X^Tr", "sign", numpy="-X.T @ r"),
        wrong(r"\frac{\partial L}{\partial w} = 2X^Tr", "factor", numpy="2 * X.T @ r"),
    ),
)

on_the_way = Problem(
    name="a gradient that is named on the way",
    shapes={"X": "n d", "W": "d k", "Y": "n k"},
    given=r"L = \tfrac{1}{2n}\|XW - Y\|_F^2"
    "\n"
    r"\Delta = XW - Y"
    "\n"
    r"\frac{1}{n}\Delta = \frac1n(XW - Y) =: G",
    maps={"L": "np.sum((X @ W - Y)**2) / (2 * n)", "Delta": "X @ W - Y", "G": "(X @ W - Y) / n"},
    entries=about(
        "dL/dW",
        right(r"\frac{\partial L}{\partial W} = X^\top G", "X.T @ G"),
        wrong(r"\frac{\partial L}{\partial W} = \frac1n X^\top G", "mean", numpy="X.T @ G / n"),
        undefined(r"\frac{\partial L}{\partial W} = G X^\top", "order", numpy="G @ X.T"),
    ),
)

row_of_derivatives = Problem(
    name="a derivative in a transposed vector",
    shapes={"X": "n p", "beta": "p", "y": "n"},
    given=r"S = (y - X\beta)'(y - X\beta)",
    maps={"S": "np.sum((y - X @ beta)**2)"},
    entries=about(
        "dS/dbeta",
        right(r"\left(\frac{\partial S}{\partial \beta'}\right)' = 2X'(X\beta - y)", "2 * X.T @ (X @ beta - y)"),
        right(r"\frac{\partial S}{\partial \beta} = -2X'y + 2X'X\beta", "-2 * X.T @ y + 2 * X.T @ X @ beta"),
        wrong(
            r"\frac{\partial S}{\partial \beta} = -2X'y + X'X\beta",
            ("term", "factor"),
            numpy="-2 * X.T @ y + X.T @ X @ beta",
        ),
        misfit(r"\frac{\partial S}{\partial \beta} = 2(X\beta - y)'X", "layout", numpy="2 * (X @ beta - y).T @ X"),
    ),
)

losses_of_samples = Problem(
    name="a loss for each sample and their mean",
    shapes={"X": "n d", "w": "d", "y": "n"},
    given=r"L = \frac1n\sum_{i=1}^n L_i" + "\n" + r"L_i = (x_i^\top w - y_i)^2",
    maps={"L": "np.sum((X @ w - y)**2) / n"},
    entries=about(
        "dL/dw",
        right(r"\nabla_w L = \frac2n X^\top(Xw - y)", "2 * X.T @ (X @ w - y) / n"),
        wrong(r"\nabla_w L = \frac1n X^\top(Xw - y)", "factor", numpy="X.T @ (X @ w - y) / n"),
        wrong(r"\nabla_w L = 2X^\top(Xw - y)", "mean", numpy="2 * X.T @ (X @ w - y)"),
    ),
)

margins = Problem(
    name="an indicator that compares",
    shapes={"x": "d", "w": "d", "y": ""},
    given=r"L = \max(0, 1 - y w^Tx)",
    maps={"L": "np.sum(np.maximum(0, 1 - y * w.T @ x))"},
    entries=about(
        "dL/dw",
        right(r"\nabla_w L = -\mathbf 1[y w^Tx < 1]\, y x", "-1.0 * np.sum(y * w.T @ x < 1) * y * x"),
        wrong(r"\nabla_w L = \mathbf 1[y w^Tx < 1]\, y x", "sign", numpy="1.0 * np.sum(y * w.T @ x < 1) * y * x"),
        wrong(r"\nabla_w L = -\mathbf 1[y w^Tx < 1]\, x", (), numpy="-1.0 * np.sum(y * w.T @ x < 1) * x"),
    ),
)

problems = (
    ridge,
    multipliers,
    said_later,
    on_the_way,
    row_of_derivatives,
    losses_of_samples,
    margins,
)
