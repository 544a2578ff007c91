"""Affine maps, quadratic and bilinear forms, the Rayleigh quotient."""

from .entries import Problem, about, misfit, right, undefined, unreadable, wrong

affine = Problem(
    name="affine map of a row",
    shapes={"A": "n m", "x": "1 n", "b": "1 m", "g": "1 m"},
    given="\n".join([r"y = xA + b", r"s = y g^\top"]),
    maps={"y": "x @ A + b", "s": "y @ g.T"},
    entries=(
        *about(
            "dy/dx",
            right(r"\frac{\partial \mathbf{y}}{\partial \mathbf{x}} = A^{\top}", "A.T"),
            right(r"\frac{\partial y_i}{\partial x_j} = a_{ji}", "A.T"),
            misfit(
                r"\frac{\partial \mathbf{y}}{\partial \mathbf{x}} = A",
                "layout",
                r"\frac{\partial y}{\partial x} = A^\top",
                "A",
                "A.T",
            ),
            misfit(
                r"\frac{\partial y_i}{\partial x_j} = A_{ij}",
                "index",
                r"\frac{\partial y_i}{\partial x_j} = A_{ji}",
            ),
            undefined(
                r"\frac{\partial y}{\partial x} = A^\top + b",
                "term",
                r"\frac{\partial y}{\partial x} = A^\top",
                "A.T + b",
                "A.T",
            ),
        ),
        *about("dy/db", right(r"\frac{\partial \mathbf{y}}{\partial \mathbf{b}} = I_m", "eye(m)")),
        *about(
            "ds/dx",
            right(r"\nabla_x s = gA^\top", "g @ A.T"),
            misfit(r"\nabla_x s = Ag^\top", "layout", numpy="A @ g.T"),
            undefined(r"\nabla_x s = gA", "transpose", numpy="g @ A"),
            undefined(r"\nabla_x s = A^\top g", "order", numpy="A.T @ g"),
            misfit(r"\nabla_x s = g", "chain-factor", numpy="g"),
            mended=r"\nabla_x s = gA^\top",
            mended_numpy="g @ A.T",
        ),
        *about(
            "ds/dA",
            right(r"\frac{\partial s}{\partial A} = x^\top g", "x.T @ g"),
            right(r"\frac{\partial s}{\partial A_{ij}} = x_i g_j", "x.T @ g"),
            right(r"\frac{\partial s}{\partial A} = np.outer(x, g)", "np.outer(x, g)"),
            misfit(r"\frac{\partial s}{\partial A} = g^\top x", "layout", numpy="g.T @ x"),
            undefined(r"\frac{\partial s}{\partial A} = x g", "transpose", numpy="x @ g"),
            misfit(r"\frac{\partial s}{\partial A_{ij}} = x_j g_i", "index"),
            wrong(r"\frac{\partial s}{\partial A} = x^\top b", "symbol", numpy="x.T @ b"),
            mended=r"\frac{\partial s}{\partial A} = x^\top g",
            mended_numpy="x.T @ g",
        ),
        *about(
            "dy",
            right(r"dy = dx\,A + x\,dA + db", "dx @ A + x @ dA + db"),
            undefined(r"dy = A\,dx", "order", r"dy = dx\,A", "A @ dx", "dx @ A"),
        ),
    ),
)

quadratic = Problem(
    name="quadratic form of a row",
    shapes={"A": "n n", "x": "1 n"},
    given=r"y = xAx^\top",
    maps={"y": "x @ A @ x.T"},
    entries=(
        *about(
            "dy/dx",
            right(r"\frac{\partial y}{\partial x} = x(A + A^{\top})", "x @ (A + A.T)"),
            right(r"\nabla_x y = xA + xA^T", "x @ A + x @ A.T"),
            right(r"\frac{\partial y}{\partial x_k} = \sum_j A_{kj}x_j + \sum_i x_i A_{ik}", "x @ A.T + x @ A"),
            wrong(r"\nabla_x y = 2xA", "assumption", numpy="2 * x @ A"),
            wrong(r"\nabla_x y = xA", "product-rule", numpy="x @ A"),
            wrong(r"\nabla_x y = x(A - A^\top)", "sign", numpy="x @ (A - A.T)"),
            misfit(r"\nabla_x y = (A + A^\top)x^\top", "layout", numpy="(A + A.T) @ x.T"),
            undefined(r"\nabla_x y = (A + A^\top)x", "order", numpy="(A + A.T) @ x"),
            wrong(r"\nabla_x y = 2x(A + A^\top)", "factor", numpy="2 * x @ (A + A.T)"),
            misfit(r"\nabla_x y = A + A^\top", "chain-factor", numpy="A + A.T"),
            mended=r"\nabla_x y = x(A + A^\top)",
            mended_numpy="x @ (A + A.T)",
        ),
        *about(
            "dy/dA",
            right(r"\frac{\partial y}{\partial A} = \mathbf{x}^{\top}\mathbf{x}", "x.T @ x"),
            right(r"\frac{\partial y}{\partial A_{ij}} = x_i x_j", "x.T @ x"),
            misfit(r"\frac{\partial y}{\partial A} = xx^\top", "order", numpy="x @ x.T"),
            wrong(r"\frac{\partial y}{\partial A} = 2x^\top x", "factor", numpy="2 * x.T @ x"),
            mended=r"\frac{\partial y}{\partial A} = x^\top x",
            mended_numpy="x.T @ x",
        ),
        *about(
            "dy",
            right(r"dy = dx\,Ax^\top + xA\,dx^\top", "dx @ A @ x.T + x @ A @ dx.T"),
            wrong(r"dy = dx\,Ax^\top", "product-rule", numpy="dx @ A @ x.T"),
            wrong(r"dy = 2xA\,dx^\top", "assumption", numpy="2 * x @ A @ dx.T"),
            mended=r"dy = x(A + A^\top)\,dx^\top",
            mended_numpy="x @ (A + A.T) @ dx.T",
        ),
        *about(
            "y",
            right(r"y = \sum_{i=1}^{n} \sum_{j=1}^{n} a_{ij} x_i x_j", "np.einsum('ij,i,j->', A, x[0], x[0])"),
        ),
    ),
)

symmetric = Problem(
    name="quadratic form with a symmetric matrix",
    shapes={"S": "n n symmetric", "x": "n", "b": "n"},
    given=r"f = \tfrac12 x^\top S x - b^\top x",
    maps={"f": "x.T @ S @ x / 2 - b.T @ x"},
    entries=(
        *about(
            "df/dx",
            right(r"\nabla_x f = Sx - b", "S @ x - b"),
            right(r"\frac{\partial f}{\partial x} = S^\top x - b", "S.T @ x - b"),
            wrong(r"\nabla_x f = Sx + b", "sign", numpy="S @ x + b"),
            wrong(r"\nabla_x f = \frac12 Sx - b", "term", numpy="S @ x / 2 - b"),
            wrong(r"\nabla_x f = Sx", "term", numpy="S @ x"),
            wrong(r"\nabla_x f = 2(Sx - b)", "factor", numpy="2 * (S @ x - b)"),
            wrong(r"\nabla_x f = b - Sx", "sign", numpy="b - S @ x"),
            misfit(r"\nabla_x f = x^\top S - b^\top", "layout", numpy="x.T @ S - b.T"),
            mended=r"\nabla_x f = Sx - b",
            mended_numpy="S @ x - b",
        ),
        *about("df", right(r"df = (Sx - b)^\top dx", "(S @ x - b).T @ dx")),
    ),
)

bilinear = Problem(
    name="bilinear form in its three arguments",
    shapes={"x": "m", "A": "m n", "y": "n", "u": "m"},
    given=r"b = x^\top A y",
    maps={"b": "x.T @ A @ y"},
    entries=(
        *about(
            "db/dx",
            right(r"\nabla_x b = Ay", "A @ y"),
            misfit(r"\nabla_x b = y^\top A^\top", "layout", r"\nabla_x b = Ay", "y.T @ A.T", "A @ y"),
            undefined(r"\nabla_x b = A^\top y", "transpose", r"\nabla_x b = Ay", "A.T @ y", "A @ y"),
            wrong(r"\nabla_x b = 2Ay", "factor", r"\nabla_x b = Ay", "2 * A @ y", "A @ y"),
        ),
        *about(
            "db/dy",
            right(r"\nabla_y b = A^\top x", "A.T @ x"),
            right(r"\frac{\partial b}{\partial y_j} = \sum_{i=1}^m A_{ij}x_i", "A.T @ x"),
            undefined(r"\nabla_y b = Ax", "transpose", numpy="A @ x"),
            misfit(r"\nabla_y b = x^\top A", "layout", numpy="x.T @ A"),
            wrong(r"\nabla_y b = A^\top u", "symbol", numpy="A.T @ u"),
            misfit(r"\frac{\partial b}{\partial y_j} = A_{ij}x_i", "sum"),
            misfit(r"\frac{\partial b}{\partial y_j} = \sum_{i=1}^m A_{ji}x_i", "index"),
            mended=r"\frac{\partial b}{\partial y} = A^\top x",
            mended_numpy="A.T @ x",
        ),
        *about(
            "db/dA",
            right(r"\nabla_A b = xy^\top", "x @ y.T"),
            right(r"\frac{\partial b}{\partial A_{ij}} = x_i y_j", "x @ y.T"),
            misfit(r"\nabla_A b = yx^\top", "layout", numpy="y @ x.T"),
            undefined(r"\nabla_A b = xy", "transpose", numpy="x @ y"),
            undefined(r"\nabla_A b = x \odot y^\top", "hadamard", numpy="x * y.T"),
            mended=r"\nabla_A b = xy^\top",
            mended_numpy="x @ y.T",
        ),
        *about(
            "db",
            right(r"db = dx^\top Ay + x^\top dA\,y + x^\top A\,dy", "dx.T @ A @ y + x.T @ dA @ y + x.T @ A @ dy"),
            wrong(
                r"db = dx^\top Ay + x^\top dA\,y - x^\top A\,dy",
                "sign",
                r"db = dx^\top Ay + x^\top dA\,y + x^\top A\,dy",
                "dx.T @ A @ y + x.T @ dA @ y - x.T @ A @ dy",
                "dx.T @ A @ y + x.T @ dA @ y + x.T @ A @ dy",
            ),
        ),
    ),
)

rayleigh = Problem(
    name="Rayleigh quotient",
    shapes={"A": "n n symmetric", "x": "n"},
    given=r"\rho = \frac{x^\top A x}{x^\top x}",
    maps={"rho": "x.T @ A @ x / (x.T @ x)"},
    entries=(
        *about(
            "drho/dx",
            right(
                r"\nabla_x \rho = \frac{2}{\|x\|^2}\left(Ax - \rho x\right)",
                "2 / norm(x)**2 * (A @ x - rho * x)",
            ),
            right(
                r"\nabla_x \rho = \frac{2Ax}{x^\top x} - \frac{2(x^\top Ax)\,x}{(x^\top x)^2}",
                "2 * A @ x / (x.T @ x) - 2 * (x.T @ A @ x) * x / (x.T @ x)**2",
            ),
            wrong(
                r"\nabla_x \rho = \frac{2}{\|x\|}\left(Ax - \rho x\right)",
                "norm-square",
                numpy="2 / norm(x) * (A @ x - rho * x)",
            ),
            wrong(
                r"\nabla_x \rho = \frac{2}{\|x\|^2}\left(Ax + \rho x\right)",
                "sign",
                numpy="2 / norm(x)**2 * (A @ x + rho * x)",
            ),
            wrong(
                r"\nabla_x \rho = \frac{1}{\|x\|^2}\left(Ax - \rho x\right)",
                "factor",
                numpy="1 / norm(x)**2 * (A @ x - rho * x)",
            ),
            wrong(
                r"\nabla_x \rho = \frac{2Ax}{x^\top x}",
                ("product-rule", "term"),
                numpy="2 * A @ x / (x.T @ x)",
            ),
            mended=r"\nabla_x \rho = \frac{2}{x^\top x}\left(Ax - \rho x\right)",
            mended_numpy="2 / (x.T @ x) * (A @ x - rho * x)",
        ),
        *about(
            "rho",
            unreadable(r"\rho = \frac{x^\top A x}{x^\top x"),
            unreadable(r"\rho = \frac{x^\top A x}{\rotate x}"),
        ),
    ),
)

problems = (affine, quadratic, symmetric, bilinear, rayleigh)
