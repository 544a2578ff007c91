"""Norms, directions, distances and the minimum of a quadratic."""

from .entries import Problem, about, misfit, right, undefined, wrong

mahalanobis = Problem(
    name="Mahalanobis",
    shapes={"x": "d", "m": "d", "M": "d d", "S": "d d symmetric"},
    given="\n".join([r"f = (x-m)^\top M (x-m)", r"g = \tfrac12 (x-m)^{T} S (x-m)"]),
    maps={"f": "(x-m).T@M@(x-m)", "g": "(x-m).T@S@(x-m)/2"},
    entries=(
        *about(
            "df/dx",
            right(r"\nabla_x f = (M+M^\top)(x-m)", "(M+M.T)@(x-m)"),
            right(r"\frac{\partial f}{\partial x_k} = \sum_j (M_{kj}+M_{jk})(x_j-m_j)", "(M+M.T)@(x-m)"),
            right(r"\partial f / \partial x = (M + M^T)(x - m)", "(M+M.T)@(x-m)"),
            wrong(r"\nabla_x f = 2M(x-m)", ("assumption", "product-rule"), numpy="2*M@(x-m)"),
            wrong(r"\nabla_x f = (M+M^\top)x", "term", numpy="(M+M.T)@x"),
            wrong(r"\nabla_x f = M(x-m)", "product-rule", numpy="M@(x-m)"),
        ),
        *about(
            "dg/dx",
            right(r"\nabla_x g = S(x-m)", "S@(x-m)"),
        ),
        *about(
            "dg/dm",
            right(r"\frac{\partial g}{\partial m} = -S(x-m)", "-S@(x-m)"),
            right(r"\frac{\partial g}{\partial m} = S(m - x)", "-S@(x-m)"),
        ),
        *about(
            "dg/dS",
            right(r"\frac{\partial g}{\partial S} = \tfrac12 (x-m)(x-m)^\top", "(x-m)@(x-m).T/2"),
            undefined(r"\frac{\partial g}{\partial S} = \tfrac12 (x-m)^\top(x-m)", ("transpose", "order", "layout")),
        ),
    ),
)

norms_and_directions = Problem(
    name="norms and directions",
    shapes={"x": "d", "c": "d", "A": "m d", "b": "m"},
    given="\n".join(
        [
            r"s = \|x\|",
            r"u = \frac{x}{\|x\|}",
            r"f = \|Ax-b\|",
            r"k = \frac{x^\top c}{\|x\|\,\|c\|}",
            r"g = \exp\left(-\tfrac12\lVert x-c\rVert^2\right)",
        ]
    ),
    maps={
        "s": "norm(x)",
        "u": "x/norm(x)",
        "f": "norm(A@x-b)",
        "k": "np.sum(x*c)/norm(x)/norm(c)",
        "g": "np.exp(-np.sum((x-c)**2)/2)",
    },
    entries=(
        *about(
            "ds/dx",
            right(r"\nabla_x s = \frac{x}{\|x\|}", "x/norm(x)"),
            right(r"\nabla_x \|x\|_2 = x / \|x\|_2", "x/norm(x)"),
            right(r"\nabla_x s = x / np.linalg.norm(x)", "x/norm(x)"),
            wrong(r"\nabla_x s = \frac{x}{\|x\|^2}", "norm-square", numpy="x/norm(x)**2"),
            wrong(r"\nabla_x s = \frac{x}{2\|x\|}", "factor", numpy="x/norm(x)/2"),
        ),
        *about(
            "du/dx",
            right(
                r"\frac{\partial u}{\partial x} = \frac{1}{\|x\|}\left(I - uu^\top\right)",
                "(eye(d)-x@x.T/norm(x)**2)/norm(x)",
            ),
            right(
                r"\frac{\partial u}{\partial x} = \frac{I}{\|x\|} - \frac{xx^\top}{\|x\|^3}",
                "(eye(d)-x@x.T/norm(x)**2)/norm(x)",
            ),
            right(
                r"\frac{\partial u_i}{\partial x_j} = \frac{\delta_{ij}}{\lVert x\rVert} - \frac{x_i"
                r" x_j}{\lVert x\rVert^3}",
                "(eye(d)-x@x.T/norm(x)**2)/norm(x)",
            ),
            right(
                r"\frac{\partial u}{\partial x} = (np.eye(d) - np.outer(u, u)) / np.linalg.norm(x)",
                "(eye(d)-x@x.T/norm(x)**2)/norm(x)",
            ),
            wrong(r"\frac{\partial u}{\partial x} = \frac{I}{\|x\|}", ("term", "product-rule"), numpy="eye(d)/norm(x)"),
            wrong(
                r"\frac{\partial u}{\partial x} = \frac{I}{\|x\|} - \frac{xx^\top}{\|x\|^2}",
                ("norm-square", "term", "assumption"),
                numpy="eye(d)/norm(x)-x@x.T/norm(x)**2",
            ),
            wrong(
                r"\frac{\partial u}{\partial x} = I - uu^\top",
                ("chain-factor", "assumption", "factor", "norm-square"),
                numpy="eye(d)-x@x.T/norm(x)**2",
            ),
        ),
        *about(
            "df/dx",
            right(r"\nabla_x f = \frac{A^\top(Ax-b)}{\|Ax-b\|}", "A.T@(A@x-b)/norm(A@x-b)"),
            wrong(r"\nabla_x f = A^\top(Ax-b)", ("norm-square", "chain-factor"), numpy="A.T@(A@x-b)"),
        ),
        *about(
            "dk/dx",
            right(
                r"\nabla_x k = \frac{c}{\|x\|\|c\|} - k\frac{x}{\|x\|^2}",
                "c/norm(x)/norm(c)-np.sum(x*c)/norm(x)**3/norm(c)*x",
            ),
            wrong(r"\nabla_x k = \frac{c}{\|x\|\|c\|}", ("term", "product-rule"), numpy="c/norm(x)/norm(c)"),
            wrong(
                r"\nabla_x k = \frac{c}{\|x\|\|c\|} + k\frac{x}{\|x\|^2}",
                "sign",
                numpy="c/norm(x)/norm(c)+np.sum(x*c)/norm(x)**3/norm(c)*x",
            ),
        ),
        *about(
            "dg/dx",
            right(r"\nabla_x g = -g\,(x-c)", "-np.exp(-np.sum((x-c)**2)/2)*(x-c)"),
            right(r"\nabla_x g = (c-x)\exp(-\tfrac12\|x-c\|^2)", "-np.exp(-np.sum((x-c)**2)/2)*(x-c)"),
            wrong(r"\nabla_x g = g\,(x-c)", "sign", numpy="np.exp(-np.sum((x-c)**2)/2)*(x-c)"),
            wrong(r"\nabla_x g = -(x-c)", "chain-factor", numpy="-(x-c)"),
        ),
    ),
)

quadratic_minimum = Problem(
    name="quadratic minimum",
    shapes={"A": "d d spd", "b": "d", "x": "d", "alpha": ""},
    given="\n".join([r"f(x) = \tfrac12 x^\top A x - b^\top x", r"\hat x = A^{-1}b", r"r = b - Ax"]),
    maps={"f": "x.T@A@x/2-b.T@x", "xhat": "inv(A)@b", "r": "b-A@x"},
    entries=(
        *about(
            "df/dx",
            right(r"\nabla f(x) = Ax - b", "A@x-b"),
            right(r"\nabla_x f(x) = -r", "A@x-b"),
            right(r"f'(x) = Ax - b", "A@x-b"),
            wrong(r"\nabla f(x) = Ax + b", "sign", numpy="A@x+b"),
            right(r"\nabla^2 f(x) = A"),
            right(r"\nabla f(\hat x) = 0"),
            right(r"f(\hat x) = -\tfrac12 b^\top A^{-1} b"),
            wrong(r"f(\hat x) = \tfrac12 b^\top A^{-1} b", "sign"),
            right(r"f(x + \alpha r) = f(x) - \alpha r^\top r + \frac{\alpha^2}{2} r^\top A r"),
            wrong(r"f(x + \alpha r) = f(x) - \alpha r^\top r + \alpha^2 r^\top A r", ("factor", "term")),
            right(r"f(x) - f(\hat x) = \tfrac12 (x-\hat x)^\top A(x-\hat x)"),
        ),
    ),
)

pseudo_huber = Problem(
    name="pseudo-Huber",
    shapes={"A": "m q", "x": "q", "b": "m", "delta": ""},
    given="\n".join(
        [r"r = Ax - b", r"L = \sum_{i=1}^{m} \delta^2\left(\sqrt{1+\left(\tfrac{r_i}{\delta}\right)^2}-1\right)"]
    ),
    maps={"r": "A @ x - b", "L": "np.sum(delta**2*(np.sqrt(1+(r/delta)**2)-1))"},
    entries=(
        *about(
            "dL/dx",
            right(
                r"\frac{\partial L}{\partial x_j} = \sum_i \dfrac{a_{ij} r_i}{\sqrt{1+(r_i/\delta)^2}}",
                "A.T @ (r/np.sqrt(1+(r/delta)**2))",
            ),
            right(
                r"\dfrac{\partial L}{\partial x_j} \;=\; \sum_{i=1}^m \frac{r_i\,a_{i,j}}{\sqrt{1 +"
                r" r_i^2/\delta^2}}\,.",
                "A.T @ (r/np.sqrt(1+(r/delta)**2))",
            ),
            right(r"\nabla_x L = A.T @ (r / np.sqrt(1 + (r/delta)**2))", "A.T @ (r/np.sqrt(1+(r/delta)**2))"),
            wrong(
                r"\frac{\partial L}{\partial x_j} = \sum_i \frac{a_{ij}" r" r_i}{\delta\sqrt{1+(r_i/\delta)^2}}",
                ("chain-factor", "term"),
                numpy="A.T @ (r/np.sqrt(1+(r/delta)**2))/delta",
            ),
            wrong(
                r"\frac{\partial L}{\partial x_j} = \sum_i \frac{2 a_{ij} r_i}{\sqrt{1+(r_i/\delta)^2}}",
                "factor",
                numpy="2*A.T @ (r/np.sqrt(1+(r/delta)**2))",
            ),
            wrong(
                r"\frac{\partial L}{\partial x_j} = \sum_i \frac{a_{ij} r_i}{1+(r_i/\delta)^2}",
                (),
                numpy="A.T @ (r/(1+(r/delta)**2))",
            ),
            misfit(r"\frac{\partial L}{\partial x_j} = \sum_i \frac{a_{ji} r_i}{\sqrt{1+(r_i/\delta)^2}}", "index"),
        ),
        *about(
            "dL/dr",
            right(
                r"\frac{\partial L}{\partial r_i} = \frac{r_i}{\sqrt{1+(r_i/\delta)^2}}", "r/np.sqrt(1+(r/delta)**2)"
            ),
            right(
                r"\frac{\partial L}{\partial r_i} = \delta^2 \cdot"
                r" \frac{1}{2}\left(1+(r_i/\delta)^2\right)^{-\frac{1}{2}} \cdot \frac{2 r_i}{\delta^2}",
                "r/np.sqrt(1+(r/delta)**2)",
            ),
            wrong(
                r"\frac{\partial L}{\partial r_i} = \delta^2 \cdot"
                r" \frac{1}{2}\left(1+(r_i/\delta)^2\right)^{-\frac{1}{2}}",
                (),
                numpy="delta**2/2/np.sqrt(1+(r/delta)**2)",
            ),
        ),
    ),
)

centred_data = Problem(
    name="centred data",
    shapes={"X": "n d", "w": "d"},
    given="\n".join(
        [
            r"C = I_n - \frac{1}{n}\mathbf{1}\mathbf{1}^\top",
            r"V = \frac{1}{n}\,w^\top X^\top C X w",
            r"\bar{x} = \frac1n X^\top\mathbf 1_n",
        ]
    ),
    maps={"C": "eye(n)-ones(n)@ones(n).T/n", "V": "w.T@X.T@C@X@w/n", "xbar": "X.T@ones(n)/n"},
    entries=(
        *about(
            "dV/dw",
            right(r"\nabla_w V = \frac{2}{n}X^\top CXw", "2/n*X.T@(eye(n)-ones(n)@ones(n).T/n)@X@w"),
            right(
                r"\nabla_w V = \frac2n X^\top X w - 2\bar x\bar x^\top w", "2/n*X.T@(eye(n)-ones(n)@ones(n).T/n)@X@w"
            ),
            wrong(r"\nabla_w V = \frac2n X^\top X w", ("term", "chain-factor"), numpy="2/n*X.T@X@w"),
            wrong(
                r"\nabla_w V = \frac2n X^\top X w - \frac{2}{n}\bar x\bar x^\top w",
                ("mean", "term"),
                numpy="2/n*X.T@X@w-2/n*X.T@ones(n)@ones(n).T@X@w/n**2",
            ),
            right(r"C^2 = C"),
            right(r"C\mathbf{1} = 0"),
            right(r"C^\top C = C"),
        ),
    ),
)

problems = (mahalanobis, norms_and_directions, quadratic_minimum, pseudo_huber, centred_data)
