"""What every line of `kinds.py` claims, in Python: written from what the line means, not from how `derive` reads it."""

from typing import NamedTuple


class Truth(NamedTuple):
    """The claims of one kind: line -> what is equal if it is right, as `left == right`, several with `; ` between.

    `maps` repeats the lines before in NumPy, as `Draw` wants them. Of a text of several lines, the last is the claim.
    """

    maps: dict[str, str]
    claims: dict[str, str]
    functions: list[dict[str, str]] = [{}]  # what a function may be that nobody explains: the claim is about any
    more: dict[str, str] = {}  # shapes of what the lines do not declare
    rising: str = ""  # lengths from the smallest to the largest, where XᵀX is inverted
    start: dict[str, str] = {}  # declared values that are not as free as a draw
    where: dict[str, str] = {}  # names for the claims, in their language


ENTRYWISE = ("np.tanh", "lambda z: z**3 - 2 * z")
LOSSES = ("lambda o: np.log(1 + np.sum(o**2))", "lambda o: np.sum(np.sin(o)) * np.sum(np.cos(o))")

TRUTHS = {
    "eqalign and cr": Truth(
        {"r": "X @ w - y", "f": "np.sum(r**2)"},
        {
            r"\eqalign{ df &= 2r:dr \cr &= 2X^Tr:dw \cr}": "df == 2 * np.sum(r * dr) == 2 * np.sum(X.T @ r * dw)",
            r"\eqalign{ df &= 2r:dr \cr &= 2Xr:dw \cr}": "df == 2 * np.sum(r * dr) == 2 * np.sum(X @ r * dw)",
            r"\eqalign{ df &= r:dr \cr}": "df == np.sum(r * dr)",
        },
    ),
    "names explained further down": Truth(
        {"s": "y - X @ w", "L": "np.sum(s**2) / 2"},
        {
            r"\nabla_w L = -X^T s": 'grad("L", "w") == -X.T @ s',
            r"\nabla_w L = X^T s": 'grad("L", "w") == X.T @ s',
            r"\nabla_w L = -2X^T s": 'grad("L", "w") == -2 * X.T @ s',
        },
    ),
    "a letter explained by what it equals": Truth(
        {"e": "X @ w - y", "L": "np.sum(e**2)"},
        {
            r"\nabla_w L = 2X^T e": 'grad("L", "w") == 2 * X.T @ e',
            r"\nabla_w L = 2 X e": 'grad("L", "w") == 2 * X @ e',
            r"\nabla_w L = -2X^T e": 'grad("L", "w") == -2 * X.T @ e',
        },
    ),
    "upright and bold words": Truth(
        {"f": "tr(A @ X)"},
        {
            r"\frac{\partial}{\partial \bm{X}} {\rm tr}(\bm{A}\bm{X}) = \bm{A}^{\mathsf{T}}": 'grad("f", "X") == A.T',
            r"\mbox{tr}(AX) = \textrm{Tr}(XA)": "tr(A @ X) == tr(X @ A)",
            r"\frac{\partial}{\partial \bm{X}} {\rm tr}(\bm{A}\bm{X}) = \bm{A}": 'grad("f", "X") == A',
            r"\mbox{tr}(AX) = \textrm{tr}(AX^T)": "tr(A @ X) == tr(A @ X.T)",
        },
    ),
    "arrows over vectors": Truth(
        {"f": "np.sum(a * x) + np.sum(x)"},
        {
            r"\nabla_{\vec x} f = \vec a + \vec 1": 'grad("f", "x") == a + ones(n)',
            r"\nabla_{\vec x} f = \vec a": 'grad("f", "x") == a',
            r"\nabla_{\vec x} f = \vec a - \vec 1": 'grad("f", "x") == a - ones(n)',
        },
    ),
    "partial as a differential": Truth(
        {"P": "X @ Y", "Q": "inv(X)"},
        {
            r"\partial(XY) = (\partial X)Y + X\,\partial Y": "dP == dX @ Y + X @ dY",
            r"\partial X^{-1} = -X^{-1}(\partial X)X^{-1}": "dQ == -inv(X) @ dX @ inv(X)",
            r"\partial(XY) = (\partial X)Y": "dP == dX @ Y + 0 * dY",  # Y moves too
            r"\partial X^{-1} = X^{-1}(\partial X)X^{-1}": "dQ == inv(X) @ dX @ inv(X)",
        },
    ),
    "a derivative along a direction": Truth(
        {"f": "x.T @ A @ x"},
        {
            "Df(x)(v) = v^T(A + A^T)x": 'along("f", x=v) == v.T @ (A + A.T) @ x',
            r"f'(x)[dx] = x^T(A + A^T)\,dx": "df == x.T @ (A + A.T) @ dx",
            r"{\rm Hess} f(x)(v, u) = v^T(A + A^T)u": 'v.T @ hess("f", "x") @ u == v.T @ (A + A.T) @ u',
            "Df(x)(v) = 2v^TAx": 'along("f", x=v) == 2 * v.T @ A @ x',
            r"f'(x)[dx] = x^TA\,dx": "df == x.T @ A @ dx",
            r"{\rm Hess} f(x)(v, u) = 2v^TAu": 'v.T @ hess("f", "x") @ u == 2 * v.T @ A @ u',
        },
    ),
    "the Jacobian without a direction": Truth(
        {"g": "A @ x", "q": "x.T @ x"},
        {
            "Dg(x) = A": 'jac("g", "x") == A',
            "Dq(x) = 2x^T": 'jac("q", "x") == 2 * x.T',
            "Dg(x) = A^T": 'jac("g", "x") == A.T',
            "Dq(x) = 2x": 'jac("q", "x") == 2 * x',
        },
    ),
    "primes on functions": Truth(
        {"f": "a * x**3 + x"},
        {
            "f'(x) = 3ax^2 + 1": 'grad("f", "x") == 3 * a * x**2 + 1',
            "f''(x) = 6ax": 'hess("f", "x") == 6 * a * x',
            "f'(2) = 12a + 1": 'grad("f", "x", x=2) == 12 * a + 1',
            r"f^{\prime}(x) = 1 + 3ax^2": 'grad("f", "x") == 1 + 3 * a * x**2',
            "f'(x) = 3ax^2": 'grad("f", "x") == 3 * a * x**2',
            "f''(x) = 3ax": 'hess("f", "x") == 3 * a * x',
            "f'(2) = 12a": 'grad("f", "x", x=2) == 12 * a',
            "f''(x) = a x^6": 'hess("f", "x") == a * x**6',
        },
    ),
    "a function by formula in a letter of its own": Truth(
        {"s": "lambda u: 1 / (1 + np.exp(-u))", "p": "s(X @ w)"},
        {
            r"\frac{\partial p}{\partial w} = \operatorname{diag}(p \odot (1 - p))X": (
                'jac("p", "w") == diag(p * (1 - p)) @ X'
            ),
            "s'(u) = s(u)(1 - s(u))": "slope(s, u) == s(u) * (1 - s(u))",
            r"\frac{\partial p}{\partial w} = \operatorname{diag}(p)X": 'jac("p", "w") == diag(p) @ X',
            "s'(u) = s(u)(1 + s(u))": "slope(s, u) == s(u) * (1 + s(u))",
        },
        more={"u": "d"},
    ),
    "a function by formula of a vector": Truth(
        {"h": "X @ theta", "J": "np.sum((h - y) ** 2) / (2 * n)"},
        {
            r"\frac{\partial J}{\partial \theta_j} = \frac1n\sum_{i=1}^n (h_\theta(x^{(i)}) - y^{(i)}) x^{(i)}_j": (
                'grad("J", "theta") == X.T @ (h - y) / n'
            ),
            r"\frac{\partial J}{\partial \theta_j} = \sum_{i=1}^n (h_\theta(x^{(i)}) - y^{(i)}) x^{(i)}_j": (
                'grad("J", "theta") == X.T @ (h - y)'
            ),
            r"\frac{\partial J}{\partial \theta_j} = \frac1n\sum_{i=1}^n (y^{(i)} - h_\theta(x^{(i)})) x^{(i)}_j": (
                'grad("J", "theta") == X.T @ (y - h) / n'
            ),
        },
    ),
    "samples above, and of a vector": Truth(
        {"L": "np.sum((X @ w - y) ** 2) / n"},
        {
            r"\nabla_w L = \frac2n\sum_i (w^T x^{(i)} - y^{(i)})\, x^{(i)}": (
                'grad("L", "w") == 2 / n * X.T @ (X @ w - y)'
            ),
            r"\nabla_w L = \frac1n\sum_i (w^T x^{(i)} - y^{(i)})\, x^{(i)}": (
                'grad("L", "w") == 1 / n * X.T @ (X @ w - y)'
            ),
            r"\nabla_w L = \frac2n\sum_i y^{(i)}\, x^{(i)}": 'grad("L", "w") == 2 / n * X.T @ y',
        },
    ),
    "samples as columns": Truth(
        {"r": "X.T @ w - y", "L": "np.sum(r**2)"},
        {
            r"\nabla_w L = 2\sum_{i=1}^n (w^T x_i - y_i)\, x_i": (
                'grad("L", "w") == 2 * sum(r[i] * X[:, [i]] for i in range(n))'
            ),
            r"\nabla_w L = 2X(X^Tw - y)": 'grad("L", "w") == 2 * X @ r',
            r"\nabla_w L = 2\sum_{i=1}^n (w^T x_i - y_i)": 'grad("L", "w") == 2 * np.sum(r)',
            r"\nabla_w L = 2X^T(X^Tw - y)": 'grad("L", "w") == 2 * X.T @ r',
        },
    ),
    "rows of another matrix": Truth(
        {"R": "M - U @ V.T", "E": "np.sum(R**2)"},
        {
            r"\frac{\partial E}{\partial U} = -2(M - UV^T)V": 'grad("E", "U") == -2 * R @ V',
            r"\frac{\partial E}{\partial U} = 2(M - UV^T)V": 'grad("E", "U") == 2 * R @ V',
            r"\frac{\partial E}{\partial U} = -2(M - UV^T)^TU": 'grad("E", "U") == -2 * R.T @ U',
        },
    ),
    "sums from zero, over sets and without braces": Truth(
        {"s": "np.sum(y**2)"},
        {
            r"s = \sum_{i \in [n]} y_i^2": "s == sum(y[i] ** 2 for i in range(n))",
            r"s = \sum_{1 \le i \le n} y_i\, y_i": "s == sum(y[i] * y[i] for i in range(n))",
            r"s = \sum_{i \in [n]} y_i": "s == sum(y[i] for i in range(n))",
            r"s = 2\sum_{i=0}^n y_i^2": "s == 2 * sum(y[i] ** 2 for i in range(n))",
        },
    ),
    "a sum that reaches over what follows": Truth(
        {"L": "-np.sum(y * np.log(p) + (1 - y) * p) / n"},
        {
            r"\frac{\partial L}{\partial p_i} = -\frac1n\left(\frac{y_i}{p_i} + 1 - y_i\right)": (
                'grad("L", "p") == -(y / p + 1 - y) / n'
            ),
            r"\frac{\partial L}{\partial p_i} = -\frac1n\frac{y_i}{p_i} + 1 - y_i": (
                'grad("L", "p") == -y / p / n + 1 - y'
            ),
            r"\frac{\partial L}{\partial p_i} = -\frac1n\left(\frac{y_i}{p_i} - 1 + y_i\right)": (
                'grad("L", "p") == -(y / p - 1 + y) / n'
            ),
        },
    ),
    "Einstein's sums": Truth(
        {"t": 'np.einsum("ij,jk,ki", A, X, B)'},
        {
            r"\operatorname{tr}(AXB) = A_{ij}X_{jk}B_{ki}": "tr(A @ X @ B) == t",
            r"\operatorname{tr}(AXB) = 2A_{ij}X_{jk}B_{ki}": "tr(A @ X @ B) == 2 * t",
            r"\operatorname{tr}(AXB) = -A_{ij}X_{jk}B_{ki}": "tr(A @ X @ B) == -t",
        },
    ),
    "conditions behind a claim": Truth(
        {"p": "softmax(z)"},
        {
            r"\frac{\partial p_i}{\partial z_j} = -p_ip_j, \quad i \ne j": 'off(jac("p", "z")) == off(-p @ p.T)',
            r"\frac{\partial p_i}{\partial z_j} = p_i(1 - p_i) \quad \text{if } i = j": (
                'diagonal(jac("p", "z")) == p * (1 - p)'
            ),
            r"\frac{\partial p_i}{\partial z_j} = p_ip_j, \quad i \ne j": 'off(jac("p", "z")) == off(p @ p.T)',
            r"\frac{\partial p_i}{\partial z_j} = p_i(1 + p_j) \quad \text{if } i = j": (
                'diagonal(jac("p", "z")) == p * (1 + p)'
            ),
        },
    ),
    "indicators": Truth(
        {"a": "np.maximum(0, z)", "q": "softmax(z)"},
        {
            r"\frac{\partial a_i}{\partial z_j} = 1\{i = j\}\,[z_i > 0]": 'jac("a", "z") == diag(z > 0)',
            r"\frac{\partial q_i}{\partial z_j} = q_i(1\{i=j\} - q_j)": (
                'jac("q", "z") == diag(q) @ (eye(h) - ones(h) @ q.T)'
            ),
            r"\frac{\partial a_i}{\partial z_j} = 1\{i = j\}": 'jac("a", "z") == eye(h)',
            r"\frac{\partial q_i}{\partial z_j} = q_i(1\{i=j\} + q_j)": (
                'jac("q", "z") == diag(q) @ (eye(h) + ones(h) @ q.T)'
            ),
        },
    ),
    "cases": Truth(
        {"a": "np.where(z > 0, z, 0)"},
        {
            r"a = \max(z, 0)": "a == np.maximum(z, 0)",
            "a = z": "a == z",
            r"a = -\max(0, -z)": "a == -np.maximum(0, -z)",
        },
    ),
    "entries by number": Truth(
        {"y": "W @ x"},
        {
            r"y_2 = \sum_{j=1}^d W_{2,j}x_j": "y[1] == sum(W[1, j] * x[j] for j in range(d))",
            r"\frac{\partial y_4}{\partial x_5} = W_{4,5}": 'jac("y", "x")[3, 4] == W[3, 4]',
            r"y_2 = \sum_{j=1}^d W_{j,2}x_j": "y[1] == W[:, 1] @ x",
            r"\frac{\partial y_4}{\partial x_5} = W_{5,4}": 'jac("y", "x")[3, 4] == W[4, 3]',
        },
    ),
    "where the gradient is zero": Truth(
        {"r": "X @ w - y", "L": "np.sum(r**2)"},
        {
            "X^TXw = X^Ty": "X.T @ X @ v == X.T @ y",
            "w = (X^TX)^{-1}X^Ty": "v == inv(X.T @ X) @ X.T @ y",
            "X^TXw = -X^Ty": "X.T @ X @ v == -X.T @ y",
            "w = (X^TX)^{-1}X^T(2y)": "v == inv(X.T @ X) @ X.T @ (2 * y)",
        },
        rising="d n",
        where={"v": 'stationary("L", "w")'},
    ),
    "set to zero": Truth(
        {"r": "X @ w - y", "L": "np.sum(r**2)"},
        {
            r"\nabla_w L = 2X^TXw - 2X^Ty \stackrel{!}{=} 0": 'grad("L", "w") == 2 * X.T @ X @ w - 2 * X.T @ y',
            r"\nabla_w L = X^TXw - X^Ty \stackrel{!}{=} 0": 'grad("L", "w") == X.T @ X @ w - X.T @ y',
            r"\nabla_w L = 2X^TXw + 2X^Ty \overset{!}{=} 0": 'grad("L", "w") == 2 * X.T @ X @ w + 2 * X.T @ y',
        },
    ),
    "words over a sign, boxes and colours": Truth(
        {"r": "X @ w - y", "L": "np.sum(r**2)"},
        {
            r"\nabla_w L \overset{\text{(a)}}{=} \color{red}{2X^T}(Xw - y)": 'grad("L", "w") == 2 * X.T @ r',
            r"\boxed{\nabla_w L = 2X^T(Xw - y)}": 'grad("L", "w") == 2 * X.T @ r',
            r"\nabla_w L \overset{\text{(a)}}{=} \color{red}{X^T}(Xw - y)": 'grad("L", "w") == X.T @ r',
            r"\boxed{\nabla_w L = 2X(Xw - y)}": 'grad("L", "w") == 2 * X @ r',
        },
    ),
    "two claims on a line": Truth(
        {"q": "x + y", "f": "q * z"},
        {
            r"\frac{\partial f}{\partial q} = z, \quad \frac{\partial f}{\partial z} = q": (
                'grad("f", "q") == z; grad("f", "z") == q'
            ),
            r"\frac{\partial f}{\partial x} = z \hspace{1cm} \frac{\partial f}{\partial y} = z": (
                'grad("f", "x") == z; grad("f", "y") == z'
            ),
            r"\frac{\partial f}{\partial q} = z, \quad \frac{\partial f}{\partial z} = z": (
                'grad("f", "q") == z; grad("f", "z") == z'
            ),
            r"\frac{\partial f}{\partial x} = z \hspace{1cm} \frac{\partial f}{\partial y} = q": (
                'grad("f", "x") == z; grad("f", "y") == q'
            ),
        },
    ),
    "the gradient and the Hessian of several numbers": Truth(
        {"f": "x**2 * y"},
        {
            r"\nabla f(x, y) = \begin{pmatrix} 2xy \\ x^2 \end{pmatrix}": (
                'grad("f", "x", "y") == [[2 * x * y], [x**2]]'
            ),
            r"\mathbf{H}f(x, y) = \begin{pmatrix} 2y & 2x \\ 2x & 0 \end{pmatrix}": (
                'hess("f", "x", "y") == [[2 * y, 2 * x], [2 * x, 0]]'
            ),
            r"\nabla f(x, y) = \begin{pmatrix} x^2 \\ 2xy \end{pmatrix}": (
                'grad("f", "x", "y") == [[x**2], [2 * x * y]]'
            ),
            r"\mathbf{H}f(x, y) = \begin{pmatrix} 2y & 2x \\ 2x & 2 \end{pmatrix}": (
                'hess("f", "x", "y") == [[2 * y, 2 * x], [2 * x, 2]]'
            ),
        },
    ),
    "the gradient of a product of brackets": Truth(
        {"r": "X @ w - y", "L": "r.T @ r"},
        {
            r"\nabla_w (Xw - y)^T(Xw - y) = 2X^T(Xw - y)": 'grad("L", "w") == 2 * X.T @ r',
            r"\nabla_w (Xw - y)^T(Xw - y) = X^T(Xw - y)": 'grad("L", "w") == X.T @ r',
            r"\nabla_w (Xw - y)^T(Xw - y) = 2X(Xw - y)": 'grad("L", "w") == 2 * X @ r',
        },
    ),
    "the gradient in a transpose": Truth(
        {"At": "A.T", "f": "tr(At.T @ B)"},
        {
            r"\nabla_{A^T} f = B": 'grad("f", "At") == B',
            r"\nabla_{A^T} f = B^T": 'grad("f", "At") == B.T',
            r"\nabla_{A^T} f = -B": 'grad("f", "At") == -B',
        },
    ),
    "a derivative in an expression": Truth(
        {"u": "x - m", "f": "u.T @ S @ u"},
        {
            r"\frac{\partial (x - m)^TS(x - m)}{\partial (x - m)} = (S + S^T)(x - m)": (
                'grad("f", "u") == (S + S.T) @ u'
            ),
            r"\frac{\partial (x - m)^TS(x - m)}{\partial (x - m)} = 2S(x - m)": 'grad("f", "u") == 2 * S @ u',
            r"\frac{\partial (x - m)^TS(x - m)}{\partial (x - m)} = -(S + S^T)(x - m)": (
                'grad("f", "u") == -(S + S.T) @ u'
            ),
        },
    ),
    "the slope of the function alone": Truth(
        {"z": "w.T @ x", "a": "sigmoid(z)"},
        {
            r"\frac{\partial \sigma}{\partial w_j} = \sigma'(z)x_j": 'grad("a", "w") == slope(sigmoid, z) * x',
            r"\frac{\partial \sigma}{\partial z} = a(1 - a)": 'grad("a", "z") == a * (1 - a)',
            r"\frac{\partial \sigma}{\partial w_j} = \sigma(z)x_j": 'grad("a", "w") == sigmoid(z) * x',
            r"\frac{\partial \sigma}{\partial z} = a(1 + a)": 'grad("a", "z") == a * (1 + a)',
        },
    ),
    "a letter that is a length and an array": Truth(
        {"q": "sigmoid(X @ b)", "L": "-y.T @ np.log(q) - (1 - y).T @ np.log(1 - q)"},
        {
            r"\nabla_b L = X^T(\mathbf{p} - y)": 'grad("L", "b") == X.T @ (q - y)',
            r"\nabla_b L = X^T(y - \mathbf{p})": 'grad("L", "b") == X.T @ (y - q)',
            r"\nabla_b L = X^T\mathbf{p}": 'grad("L", "b") == X.T @ q',
        },
    ),
    "labels below a name": Truth(
        {"r": "X @ w - y", "ED": "np.sum(r**2) / 2", "ER": "ED + lambda_ / 2 * w.T @ w"},
        {
            r"\nabla_w E_R = X^T(Xw - y) + \lambda w": 'grad("ER", "w") == X.T @ r + lambda_ * w',
            r"\nabla_w E_R = X^T(Xw - y)": 'grad("ER", "w") == X.T @ r',
            r"\nabla_w E_R = X^T(Xw - y) - \lambda w": 'grad("ER", "w") == X.T @ r - lambda_ * w',
        },
    ),
    "an entry of a transpose": Truth(
        {"C": "A.T @ B"},
        {
            r"C_{ij} = \sum_l A_{il}^T B_{lj}": 'C == np.einsum("il,lj->ij", A.T, B)',
            r"C_{ij} = \sum_l A_{il}^T B_{lj} + 1": 'C == np.einsum("il,lj->ij", A.T, B) + 1',
            r"C_{ij} = 2\sum_l A_{li} B_{lj}": 'C == 2 * np.einsum("li,lj->ij", A, B)',
        },
    ),
    "ones written as 1": Truth(
        {"p": "softmax(o)"},
        {
            "p:1 = 1": "np.sum(p * ones(c)) == 1",
            "(p1^T)p = p(1^Tp)": "p @ ones(c).T @ p == p * (ones(c).T @ p)",
            "p:1 = 2": "np.sum(p * ones(c)) == 2",
            "(p1^T)p = 2p": "p @ ones(c).T @ p == 2 * p",
        },
    ),
    "gradients named in a program": Truth(
        {"S": "X @ W", "loss": "0.5 * np.sum((S - Y) ** 2)"},
        {
            "dW = X.T @ dS": 'grad("loss", "W") == X.T @ (S - Y)',
            "dW = X.T @ S": 'grad("loss", "W") == X.T @ S',
            "dW = 2 * X.T @ dS": 'grad("loss", "W") == 2 * X.T @ (S - Y)',
        },
    ),
    "cross-entropy by its name": Truth(
        {"p": "softmax(z)", "L": "-np.sum(y * np.log(p))"},
        {
            r"\nabla_z L = \hat y - y": 'grad("L", "z") == p - y',
            r"\nabla_z L = y - \hat y": 'grad("L", "z") == y - p',
            r"\nabla_z L = \hat y": 'grad("L", "z") == p',
        },
    ),
    "the norm of a matrix with a 2": Truth(
        {"f": "np.sum(A**2)"},  # as papers on learning mean it; the largest singular value has another gradient
        {
            r"\nabla_A f = 2A": 'grad("f", "A") == 2 * A',
            r"\nabla_A f = A": 'grad("f", "A") == A',
            r"\nabla_A f = 2A^T": 'grad("f", "A") == 2 * A.T',
        },
    ),
    "a declaration in the text": Truth(
        {"f": "v.T @ Q @ v"},
        {
            r"\nabla_v f = (Q + Q^T)v": 'grad("f", "v") == (Q + Q.T) @ v',
            r"\nabla_v f = 2Qv": 'grad("f", "v") == 2 * Q @ v',
            r"\nabla_v f = Qv": 'grad("f", "v") == Q @ v',
        },
        more={"Q": "m m", "v": "m"},
    ),
    "powers of a step up to the one that o leaves": Truth(
        {"f": "lambda x: x.T @ A @ x"},
        {
            r"f(x + h) = f(x) + x^T(A + A^T)h + h^TAh + o(\|h\|^2)": (
                "little_o(2, lambda t: rest(t) - t**2 * h.T @ A @ h) == True"
            ),
            r"f(x + h) = f(x) + x^T(A + A^T)h + O(\|h\|^2)": "big_o(2, rest) == True",
            r"f(x + H) - f(x) = x^T(A + A^T)H + o(\|H\|)": "little_o(1, rest) == True",
            "f(x + h) = f(x) + x^T(A + A^T)h + h^TAh": "f(x + h) == f(x) + x.T @ (A + A.T) @ h + h.T @ A @ h",
            r"f(x + h) = f(x) + x^T(A + A^T)h + 5h^TAh + o(\|h\|^2)": (
                "little_o(2, lambda t: rest(t) - 5 * t**2 * h.T @ A @ h) == True"
            ),
            r"f(x + h) = f(x) + x^T(A + A^T)h + O(\|h\|^3)": "big_o(3, rest) == True",
            "f(x + h) = f(x) + x^T(A + A^T)h + 5h^TAh": "f(x + h) == f(x) + x.T @ (A + A.T) @ h + 5 * h.T @ A @ h",
            r"f(x + H) - f(x) = 2x^TAH + o(\|H\|)": (
                "little_o(1, lambda t: f(x + t * h) - f(x) - 2 * t * x.T @ A @ h) == True"
            ),
        },
        more={"h": "d"},
        where={"rest": "lambda t: f(x + t * h) - f(x) - t * x.T @ (A + A.T) @ h"},
    ),
    "a solution under a name of its own": Truth(
        {"J": "np.sum((y - X @ w) ** 2) + lambda_ * np.sum(w**2)"},
        {
            r"\hat w = (X^TX + \lambda I)^{-1}X^Ty": "v == inv(X.T @ X + lambda_ * eye(d)) @ X.T @ y",
            r"w^* = (X^TX + \lambda I)^{-1}X^Ty": "v == inv(X.T @ X + lambda_ * eye(d)) @ X.T @ y",
            r"\hat w = (X^TX + 2\lambda I)^{-1}X^Ty": "v == inv(X.T @ X + 2 * lambda_ * eye(d)) @ X.T @ y",
            r"w^* = (X^TX + \lambda I)^{-1}y": "v == inv(X.T @ X + lambda_ * eye(d)) @ y",
            r"w^\star = X^Ty": "v == X.T @ y",
        },
        where={"v": 'stationary("J", "w")'},
    ),
    "a search for the smallest value": Truth(
        {"L": "np.sum((X @ w - y) ** 2)"},
        {
            r"\hat w = (X^TX)^{-1}X^Ty": "v == inv(X.T @ X) @ X.T @ y",
            r"\hat w = (X^TX)^{-1}Xy": "v == inv(X.T @ X) @ X @ y",
            r"\hat w = 2(X^TX)^{-1}X^Ty": "v == 2 * inv(X.T @ X) @ X.T @ y",
        },
        rising="d n",
        where={"v": 'smallest("L", "w")'},
    ),
    "a step of descent": Truth(
        {"J": "np.sum((X @ w - y) ** 2) / 2"},
        {
            r"w \leftarrow w - \eta X^T(Xw - y)": "new == w - eta * X.T @ (X @ w - y)",
            r"w_{t+1} = w_t - \eta\nabla J(w_t)": 'new == w - eta * jac("J", "w").T',
            r"w \leftarrow w + \eta X^T(Xw - y)": "new == w + eta * X.T @ (X @ w - y)",
            r"w_{t+1} = w_t + \eta\nabla J(w_t)": 'new == w + eta * jac("J", "w").T',
        },
        where={"new": 'w - eta * grad("J", "w")'},
    ),
    "a value at a point": Truth(
        {"E": "q / r**2"},
        {
            r"\left.\frac{dE}{dr}\right|_{r=2} = -\frac q4": 'grad("E", "r", r=2) == -q / 4',
            r"\left.\frac{dE}{dr}\right|_{r=2} = -\frac q2": 'grad("E", "r", r=2) == -q / 2',
            r"\left.\frac{dE}{dr}\right|_{r=1} = -q": 'grad("E", "r", r=1) == -q',
        },
    ),
    "unit vectors and second derivatives": Truth(
        {"f": "x.T @ A @ x", "B": "inv(A)"},
        {
            "D^2 f(x) = A + A^T": 'hess("f", "x") == A + A.T',
            r"\frac{\partial A^{-1}}{\partial A_{ij}} = -A^{-1}e_ie_j^TA^{-1}": (
                'along("B", A=V) == -inv(A) @ V @ inv(A)'
            ),
            "D^2 f(x) = 2A": 'hess("f", "x") == 2 * A',
            r"\frac{\partial A^{-1}}{\partial A_{ij}} = -A^{-1}e_je_i^TA^{-1}": (
                'along("B", A=V) == -inv(A) @ V.T @ inv(A)'
            ),
        },
        more={"V": "n n"},  # a random sum of all e_i e_jᵀ
    ),
    "a derivative in a row": Truth(
        {"r": "y - X @ w", "S": "r.T @ r"},
        {
            r"\frac{\partial S}{\partial w'} = 2(Xw - y)'X": 'jac("S", "w") == 2 * (X @ w - y).T @ X',
            r"\frac{\partial^2 S}{\partial w\,\partial w'} = 2X'X": 'hess("S", "w") == 2 * X.T @ X',
            r"\frac{\partial S}{\partial w'} = 2X'(Xw - y)": 'jac("S", "w") == 2 * X.T @ (X @ w - y)',
            r"\frac{\partial^2 S}{\partial w\,\partial w'} = X'X": 'hess("S", "w") == X.T @ X',
        },
    ),
    "a chain of Jacobians": Truth(
        {"z": "W @ x", "a": "g(z)", "c": "u.T @ a"},
        {
            r"\frac{\partial c}{\partial x} = \frac{\partial c}{\partial a}"
            r"\frac{\partial a}{\partial z}\frac{\partial z}{\partial x}": (
                'jac("c", "x") == jac("c", "a") @ jac("a", "z") @ jac("z", "x")'
            ),
            r"\frac{\partial c}{\partial x} = \frac{\partial c}{\partial a}"
            r"\frac{\partial z}{\partial x}\frac{\partial a}{\partial z}": (
                'jac("c", "x") == jac("c", "a") @ jac("z", "x") @ jac("a", "z")'
            ),
            r"\frac{\partial c}{\partial x} = \frac{\partial c}{\partial a}\frac{\partial z}{\partial x}": (
                'jac("c", "x") == jac("c", "a") @ jac("z", "x")'
            ),
        },
        functions=[{"g": f} for f in ENTRYWISE],
    ),
    "gradients that are called dw": Truth(
        {"z": "w.T @ x + b", "a": "sigmoid(z)", "L": "-(y * np.log(a) + (1 - y) * np.log(1 - a))"},
        {
            "dw = (a - y)x": 'grad("L", "w") == (a - y) * x',
            r"dw = x\,dz": 'grad("L", "w") == x * grad("L", "z")',
            "dw = (y - a)x": 'grad("L", "w") == (y - a) * x',
            r"dw = -x\,dz": 'grad("L", "w") == -x * grad("L", "z")',
        },
    ),
    "constants beside declared names": Truth(
        {"f": "alpha * np.sum(x**2) + beta"},
        {
            r"\nabla f(x) = 2\alpha x": 'grad("f", "x") == 2 * alpha * x',
            r"\nabla f(x) = 2\alpha x^\top": 'grad("f", "x") == 2 * alpha * x.T',
            r"\nabla f(x) = \alpha x": 'grad("f", "x") == alpha * x',
            r"f(x) = \alpha \mathbf{1} x^\top x + \beta": "f == alpha * ones(n) @ x.T @ x + beta",
        },
        more={"alpha": "", "beta": ""},
    ),
    "a vector written as its entries": Truth(
        {"z": "np.exp(x)", "f": "np.log(np.sum(np.exp(x)))"},
        {
            r"\nabla f(x) = \frac{1}{\mathbf 1^T z} z": 'grad("f", "x") == 1 / (ones(n).T @ z) * z',
            r"\nabla f(x) = z": 'grad("f", "x") == z',
            r"\nabla f(x) = \frac{1}{\mathbf 1^T z} z^T": 'grad("f", "x") == 1 / (ones(n).T @ z) * z.T',
        },
    ),
    "a likelihood by its logarithm, and its variance": Truth(
        {"v": "sigma**2", "s": "np.sum((x - mu) ** 2)", "l": "-n / 2 * np.log(v) - s / (2 * v)"},
        {
            r"\frac{\partial \log L}{\partial \mu} = \frac{1}{\sigma^2}\sum_{i=1}^n (x_i - \mu)": (
                'grad("l", "mu") == 1 / sigma**2 * np.sum(x - mu)'
            ),
            r"\frac{\partial \log L}{\partial \sigma^2} = -\frac{n}{2\sigma^2}"
            r" + \frac{1}{2\sigma^4}\sum_{i=1}^n (x_i - \mu)^2": (
                'grad("l", "v") == -n / (2 * sigma**2) + 1 / (2 * sigma**4) * s'
            ),
            r"\frac{\partial \log L}{\partial \mu} = -\frac{1}{\sigma^2}\sum_{i=1}^n (x_i - \mu)": (
                'grad("l", "mu") == -1 / sigma**2 * np.sum(x - mu)'
            ),
            r"\frac{\partial \log L}{\partial \sigma^2} = -\frac{n}{\sigma} + \frac{1}{\sigma^3}"
            r"\sum_{i=1}^n (x_i - \mu)^2": 'grad("l", "v") == -n / sigma + 1 / sigma**3 * s',
        },
    ),
    "number of an equation and a side condition": Truth(
        {"f": "norm(x)"},
        {
            r"(2)\quad \nabla f(x) = \frac{x}{\|x\|}, \quad x \ne 0": 'grad("f", "x") == x / norm(x)',
            r"(2)\quad \nabla f(x) = x, \quad x \ne 0": 'grad("f", "x") == x',
            r"(2)\quad \nabla f(x) = -\frac{x}{\|x\|}, \quad x \ne 0": 'grad("f", "x") == -x / norm(x)',
        },
    ),
    "a colon reaches over entrywise products": Truth(
        {"M": "A * X - B", "f": "np.sum(M * M)"},
        {
            r"df = 2M:A \odot dX": "df == 2 * np.sum(M * A * dX)",
            r"df = 2A \odot M:dX": "df == np.sum(2 * A * M * dX)",
            r"df = M:A \odot dX": "df == np.sum(M * A * dX)",
            r"df = 2M:B \odot dX": "df == np.sum(2 * M * B * dX)",
        },
    ),
    "a superscript behind several bold letters": Truth(
        {"f": "tr(A @ B @ A.T)"},
        {
            r"\frac{\partial}{\partial\mathbf{A}}\mathrm{Tr}(\mathbf{ABA}^{\mathrm{T}}) = \mathbf{A}(B + B^T)": (
                'grad("f", "A") == A @ (B + B.T)'
            ),
            r"\frac{\partial}{\partial\mathbf{A}}\mathrm{Tr}(\mathbf{ABA}^{\mathrm{T}}) = 2\mathbf{AB}": (
                'grad("f", "A") == 2 * A @ B'
            ),
            r"\mathrm{Tr}(\mathbf{AB}^T) = \mathrm{Tr}(\mathbf{AB})": "tr(A @ B.T) == tr(A @ B)",
        },
    ),
    "a diagonal matrix of what its entries are": Truth(
        {"p": "sigmoid(X @ w)", "f": "np.sum(np.log(1 + np.exp(X @ w)))", "V": "diag(p * (1 - p))"},
        {
            r"\nabla_w^2 f = X^TVX": 'hess("f", "w") == X.T @ V @ X',
            r"V = \operatorname{diag}(p_1(1 - p_1), \ldots, p_n(1 - p_n))": (
                "V == diag([p[i, 0] * (1 - p[i, 0]) for i in range(n)])"
            ),
            r"\frac{\partial p}{\partial w} = VX": 'jac("p", "w") == V @ X',
            r"\nabla_w^2 f = X^T\operatorname{diag}(p_i)X": 'hess("f", "w") == X.T @ diag(p) @ X',
            r"V = \operatorname{diag}(p_1, \ldots, p_n)": "V == diag([p[i, 0] for i in range(n)])",
        },
    ),
    "entries of a Greek letter": Truth(
        {"mu": "sigmoid(z)"},
        {
            r"\frac{\partial \mu_1}{\partial z_1} = \mu_1(1 - \mu_1)": 'jac("mu", "z")[0, 0] == mu[0] * (1 - mu[0])',
            r"\frac{\partial \mu_1}{\partial z_1} = \mu_1(1 - \mu_2)": 'jac("mu", "z")[0, 0] == mu[0] * (1 - mu[1])',
            r"\frac{\partial \mu_1}{\partial z_2} = \mu_1": 'jac("mu", "z")[0, 1] == mu[0]',
        },
    ),
    "a label below a number": Truth(
        {"E": "np.sum((a - t) ** 2) / 2", "l": "-np.log(a[0, 0] ** 2)"},
        {
            r"\frac{\partial E_n}{\partial a_k} = a_k - t_k": 'grad("E", "a") == a - t',
            r"\frac{\partial \ell_{ce}}{\partial a_1} = -\frac{2}{a_1}": 'grad("l", "a")[0] == -2 / a[0]',
            r"\frac{\partial E_n}{\partial a_k} = t_k - a_k": 'grad("E", "a") == t - a',
            r"\frac{\partial \ell_{ce}}{\partial a_1} = -\frac{1}{a_1}": 'grad("l", "a")[0] == -1 / a[0]',
        },
    ),
    "mean and variance of a batch": Truth(
        {"mu": "np.sum(x) / m", "v": "np.sum((x - mu) ** 2) / m"},
        {
            r"\frac{\partial \sigma_{\mathcal B}^2}{\partial x_i} = \frac2m(x_i - \mu_{\mathcal B})": (
                'grad("v", "x") == 2 / m * (x - mu)'
            ),
            r"\frac{\partial \sigma_{\mathcal B}^2}{\partial x_i} = \frac1m(x_i - \mu_{\mathcal B})": (
                'grad("v", "x") == 1 / m * (x - mu)'
            ),
            r"\frac{\partial \sigma_{\mathcal B}^2}{\partial x_i} = \frac2m x_i": 'grad("v", "x") == 2 / m * x',
        },
    ),
    "an indicator of one class": Truth(
        {"f": "np.log(np.sum(np.exp(z))) - z[1, 0]", "q": "softmax(z)"},
        {
            r"\frac{\partial f}{\partial z_i} = q_i - 1\{i = 2\}": 'grad("f", "z") == q - eye(k)[:, [1]]',
            r"\frac{\partial f}{\partial z_i} = q_i - 1\{i = 1\}": 'grad("f", "z") == q - eye(k)[:, [0]]',
            r"\frac{\partial f}{\partial z_i} = q_i + 1\{i = 2\}": 'grad("f", "z") == q + eye(k)[:, [1]]',
        },
    ),
    "the matrix with a single one": Truth(
        {"P": "X @ A", "Q": "X.T @ B @ X"},
        {
            r"\frac{\partial XA}{\partial X_{ij}} = J^{ij}A": 'along("P", X=V) == V @ A',
            r"\frac{\partial X^TBX}{\partial X_{ij}} = X^TBJ^{ij} + J^{ji}BX": (
                'along("Q", X=V) == X.T @ B @ V + V.T @ B @ X'
            ),
            r"\frac{\partial XA}{\partial X_{ij}} = 2J^{ij}A": 'along("P", X=V) == 2 * V @ A',
            r"\frac{\partial X^TBX}{\partial X_{ij}} = X^TBJ^{ij} + J^{ij}BX": (
                'along("Q", X=V) == X.T @ B @ V + V @ B @ X'
            ),
        },
        more={"V": "m n"},  # a random sum of all Jⁱʲ
    ),
    "a function of listed entries": Truth(
        {"f": "np.log(np.sum(np.exp(x)))"},
        {
            r"f = \log(e^{x_1} + \cdots + e^{x_n})": "f == np.log(sum(np.exp(x[i]) for i in range(n)))",
            r"\nabla_x f = \operatorname{softmax}(x)": 'grad("f", "x") == softmax(x)',
            r"f = \log(x_1 + \cdots + x_n)": "f == np.log(sum(x[i] for i in range(n)))",
            r"\nabla_x f = x": 'grad("f", "x") == x',
        },
        more={"x": "n positive"},
    ),
    "the Jacobian of a row in a row": Truth(
        {"Y": "X @ W.T"},  # its third row is every n-th entry from the third on
        {
            r"\frac{\partial Y_{i,:}}{\partial X_{i,:}} = W": 'jac("Y", "X")[2::n, 2::n] == W',
            r"\frac{\partial Y_{i,:}}{\partial X_{i,:}} = W^T": 'jac("Y", "X")[2::n, 2::n] == W.T',
            r"\frac{\partial Y_{i,:}}{\partial X_{i,:}} = 2W": 'jac("Y", "X")[2::n, 2::n] == 2 * W',
        },
    ),
    "the gradient in the last layer's output": Truth(
        {"a1": "sigmoid(w1 @ x)", "z2": "w2 @ a1", "a2": "sigmoid(z2)", "C": "np.sum((y - a2) ** 2) / 2"},
        {
            r"\nabla_a C = a^2 - y": 'grad("C", "a2") == a2 - y',
            r"\frac{\partial C}{\partial z^2} = \nabla_a C \odot \sigma'(z^2)": (
                'grad("C", "z2") == grad("C", "a2") * slope(sigmoid, z2)'
            ),
            r"\nabla_a C = y - a^2": 'grad("C", "a2") == y - a2',
            r"\frac{\partial C}{\partial z^2} = \nabla_a C \odot \sigma(z^2)": (
                'grad("C", "z2") == grad("C", "a2") * sigmoid(z2)'
            ),
        },
    ),
    "any layer": Truth(
        {
            "z1": "w1 @ x",
            "a1": "sigmoid(z1)",
            "z2": "w2 @ a1",
            "a2": "sigmoid(z2)",
            "z3": "w3 @ a2",
            "C": "np.sum((y - z3) ** 2) / 2",
        },
        {
            r"\delta^l = ((w^{l+1})^T\delta^{l+1}) \odot \sigma'(z^l)": (
                "delta1 == w2.T @ delta2 * slope(sigmoid, z1); delta2 == w3.T @ delta3 * slope(sigmoid, z2)"
            ),
            r"\frac{\partial C}{\partial w^l_{jk}} = a^{l-1}_k\delta^l_j": (
                'grad("C", "w2") == delta2 @ a1.T; grad("C", "w3") == delta3 @ a2.T'
            ),
            r"\delta^L = z^L - y": "delta3 == z3 - y",
            r"\delta^l = (w^{l+1}\delta^{l+1}) \odot \sigma'(z^l)": (
                "delta1 == w2 @ delta2 * slope(sigmoid, z1); delta2 == w3 @ delta3 * slope(sigmoid, z2)"
            ),
            r"\delta^l = ((w^{l+1})^T\delta^{l+1}) \odot \sigma'(z^{l+1})": (
                "delta1 == w2.T @ delta2 * slope(sigmoid, z2); delta2 == w3.T @ delta3 * slope(sigmoid, z3)"
            ),
            r"\frac{\partial C}{\partial w^l_{jk}} = a^{l}_k\delta^l_j": 'grad("C", "w2") == delta2 @ a2.T',
            r"\delta^L = y - z^L": "delta3 == y - z3",
        },
        where={"delta1": 'grad("C", "z1")', "delta2": 'grad("C", "z2")', "delta3": 'grad("C", "z3")'},
    ),
    "a hat on what a gradient of zero gives": Truth(
        {"r": "X @ w - y", "L": "np.sum(r**2)"},
        {
            r"X^TX\hat w = X^Ty": "X.T @ X @ v == X.T @ y",
            r"X^TX\hat w = -X^Ty": "X.T @ X @ v == -X.T @ y",
            r"X^TX\hat w = 2X^Ty": "X.T @ X @ v == 2 * X.T @ y",
        },
        rising="d n",
        where={"v": 'stationary("L", "w")'},
    ),
    "a gradient that is set to zero without its sign": Truth(
        {"L": "np.sum((A @ x - b) ** 2) / 2 + lambda_ * (np.sum(x**2) - 1)"},
        {
            r"A^TAx - A^Tb + 2\lambda x = 0": "A.T @ A @ s - A.T @ b + 2 * lambda_ * s == 0 * x",
            "A^TAx - A^Tb + 2\\lambda x = 0\nx = (A^TA + 2\\lambda I)^{-1}A^Tb": (
                "s == inv(A.T @ A + 2 * lambda_ * eye(n)) @ A.T @ b"
            ),
            r"A^TAx + A^Tb + 2\lambda x = 0": "A.T @ A @ s + A.T @ b + 2 * lambda_ * s == 0 * x",
            "A^TAx - A^Tb + 2\\lambda x = 0\nx = (A^TA + \\lambda I)^{-1}A^Tb": (
                "s == inv(A.T @ A + lambda_ * eye(n)) @ A.T @ b"
            ),
        },
        where={"s": 'stationary("L", "x")'},
    ),
    "subscripts that differentiate": Truth(
        {"f": "x**2 * y + 3 * y**2"},
        {
            "f_x = 2xy": 'grad("f", "x") == 2 * x * y',
            "f_y(x, y) = x^2 + 6y": 'grad("f", "y") == x**2 + 6 * y',
            "f_{xy} = 2x": 'hess("f", "x", "y")[0, 1] == 2 * x',
            "f_x(1, 2) = 4": 'grad("f", "x", x=1, y=2) == 4',
            "f_x = x^2 + 6y": 'grad("f", "x") == x**2 + 6 * y',
            "f_y(x, y) = x^2 + 3y": 'grad("f", "y") == x**2 + 3 * y',
            "f_{xy} = 2y": 'hess("f", "x", "y")[0, 1] == 2 * y',
            "f_x(1, 2) = 2": 'grad("f", "x", x=1, y=2) == 2',
        },
    ),
    "gradients as lists and at numbers": Truth(
        {"f": "x**2 * y + 3 * y**2"},
        {
            r"\nabla f = (2xy, x^2 + 6y)": 'grad("f", "x", "y") == [[2 * x * y], [x**2 + 6 * y]]',
            r"\nabla f(1, 2) = (4, 13)": 'grad("f", "x", "y", x=1, y=2) == [[4], [13]]',
            r"\nabla f = (x^2 + 6y, 2xy)": 'grad("f", "x", "y") == [[x**2 + 6 * y], [2 * x * y]]',
            r"\nabla f(1, 2) = (4, 12)": 'grad("f", "x", "y", x=1, y=2) == [[4], [12]]',
        },
    ),
    "matrices of derivatives by their letter": Truth(
        {"f": "np.array([x**2 * y, 5 * x + y])", "g": "x**3 * y"},
        {
            r"J_f(x, y) = \begin{pmatrix} 2xy & x^2 \\ 5 & 1 \end{pmatrix}": (
                'jac("f", "x", "y") == [[2 * x * y, x**2], [5, 1]]'
            ),
            r"H_g = \begin{pmatrix} 6xy & 3x^2 \\ 3x^2 & 0 \end{pmatrix}": (
                'hess("g", "x", "y") == [[6 * x * y, 3 * x**2], [3 * x**2, 0]]'
            ),
            r"J_f(x, y) = \begin{pmatrix} 2xy & 5 \\ x^2 & 1 \end{pmatrix}": (
                'jac("f", "x", "y") == [[2 * x * y, 5], [x**2, 1]]'
            ),
            r"H_g = \begin{pmatrix} 6xy & 3x^2 \\ 3x^2 & 1 \end{pmatrix}": (
                'hess("g", "x", "y") == [[6 * x * y, 3 * x**2], [3 * x**2, 1]]'
            ),
        },
    ),
    "weights that stand in columns": Truth(
        {"a": "P @ W", "E": "np.sum((a - T) ** 2) / 2"},
        {
            r"\nabla_{\mathbf{w}_j} E = \sum_n (a_{nj} - t_{nj})\mathbf{p}_n": 'grad("E", "W") == P.T @ (a - T)',
            r"\nabla_{\mathbf{w}_j} E = \sum_n (t_{nj} - a_{nj})\mathbf{p}_n": 'grad("E", "W") == P.T @ (T - a)',
            r"\nabla_{\mathbf{w}_j} E = \sum_n a_{nj}\mathbf{p}_n": 'grad("E", "W") == P.T @ a',
        },
    ),
    "arrays that only a letter tells apart": Truth(
        {"y": "W @ np.tanh(z)", "E": "np.sum((y - t) ** 2) / 2", "back": "(1 - np.tanh(z) ** 2) * (W.T @ (y - t))"},
        {
            r"\frac{\partial E}{\partial z_j} = \delta_j": 'grad("E", "z") == back',
            r"\frac{\partial E}{\partial w_{kj}} = \delta_k\tanh(z_j)": 'grad("E", "W") == (y - t) @ np.tanh(z).T',
            r"\frac{\partial E}{\partial z_j} = 2\delta_j": 'grad("E", "z") == 2 * back',
            r"\frac{\partial E}{\partial w_{kj}} = \delta_j\tanh(z_j)": (
                'grad("E", "W") == ones(K) @ (back * np.tanh(z)).T'
            ),
        },
    ),
    "a product of columns without a transpose": Truth(
        {"L": "np.sum(np.log(1 + np.exp(-y * (X @ w))))"},
        {
            r"L = \sum_{i=1}^n \log(1 + e^{-y_i w x_i})": (
                "L == sum(np.log(1 + np.exp(-y[i] * np.sum(w * X[[i]].T))) for i in range(n))"
            ),
            r"L = \sum_{i=1}^n \log(1 + e^{y_i w x_i})": (
                "L == sum(np.log(1 + np.exp(y[i] * np.sum(w * X[[i]].T))) for i in range(n))"
            ),
            r"L = \sum_{i=1}^n \log(1 + e^{-w x_i})": (
                "L == sum(np.log(1 + np.exp(-np.sum(w * X[[i]].T))) for i in range(n))"
            ),
        },
    ),
    "samples in brackets beside a column": Truth(
        {"R": "X.T - m @ ones(n).T", "l": "-tr(R.T @ inv(S) @ R) / 2"},
        {
            r"\nabla_m \ell = \sum_{i=1}^n S^{-1}(x^{(i)} - m)": 'grad("l", "m") == inv(S) @ R @ ones(n)',
            r"\nabla_m \ell = \sum_{i=1}^n S(x^{(i)} - m)": 'grad("l", "m") == S @ R @ ones(n)',
            r"\nabla_m \ell = -\sum_{i=1}^n S^{-1}(x^{(i)} - m)": 'grad("l", "m") == -inv(S) @ R @ ones(n)',
        },
    ),
    "a gradient worked out and set to zero": Truth(
        {
            "L": "a.T @ S @ a - lambda_ * (a.T @ a - 1)",
            "root": "np.linalg.eigh(S)[0][0]",  # a multiplier with which the gradient vanishes,
            "v": "np.linalg.eigh(S)[1][:, [0]]",  # and where
        },
        {
            r"\frac{\partial L}{\partial a} = 2Sa - 2\lambda a = 0": 'grad("L", "a") == 2 * S @ a - 2 * lambda_ * a',
            "\\nabla_a L = 2Sa - 2\\lambda a = 0\nSa = \\lambda a": (
                'grad("L", "a", a=v, lambda_=root) == 0 * v; S @ v == root * v'
            ),
            r"\frac{\partial L}{\partial a} = Sa - 2\lambda a = 0": 'grad("L", "a") == S @ a - 2 * lambda_ * a',
            r"\frac{\partial L}{\partial a} = 2Sa - \lambda a = 0": 'grad("L", "a") == 2 * S @ a - lambda_ * a',
            "\\nabla_a L = 2Sa - 2\\lambda a = 0\nSa = 2\\lambda a": (
                'grad("L", "a", a=v, lambda_=root) == 0 * v; S @ v == 2 * root * v'
            ),
        },
    ),
    "rows that NumPy repeats": Truth(
        {"V": "X - X.mean(axis=0)", "L": "np.sum(G * (gamma * V))"},
        {
            "dgamma = np.sum(G * V, axis=0)": 'grad("L", "gamma") == ones(N).T @ (G * V)',
            r"\nabla_{X} L = gamma * (G - G.mean(axis=0))": (
                'grad("L", "X") == ones(N) @ gamma * (G - ones(N) @ ones(N).T @ G / N)'
            ),
            "dgamma = np.sum(G * X, axis=0)": 'grad("L", "gamma") == ones(N).T @ (G * X)',
            r"\nabla_{X} L = gamma * G": 'grad("L", "X") == ones(N) @ gamma * G',
        },
    ),
    "a name that a program sets anew": Truth(
        {"A": "np.maximum(0, X @ W1)", "S": "A @ W2", "loss": "0.5 * np.sum((S - Y) ** 2)"},
        {
            "dW1 = X.T @ dhidden": 'grad("loss", "W1") == X.T @ ((S - Y) @ W2.T * (A > 0))',
            "dW1 = X.T @ dhidden * 2": 'grad("loss", "W1") == X.T @ ((S - Y) @ W2.T * (A > 0)) * 2',
            "dW1 = X.T @ (dS @ W2.T)": 'grad("loss", "W1") == X.T @ ((S - Y) @ W2.T)',
        },
    ),
    "gradients of numbers in a program": Truth(
        {"num": "x + np.exp(-y)", "den": "1 + x**2", "over": "1 / den", "f": "num * over"},
        {
            "dnum = inv": 'grad("f", "num") == over',
            "dinv = num": 'grad("f", "over") == num',
            "dnum = inv\ndinv = num\ndden = (-1.0 / den**2) * dinv": (
                'grad("f", "den") == -1 / den**2 * grad("f", "over")'
            ),
            "dnum = num": 'grad("f", "num") == num',
            "dinv = inv": 'grad("f", "over") == over',
            "dnum = inv\ndinv = num\ndden = (1.0 / den**2) * dinv": (
                'grad("f", "den") == 1 / den**2 * grad("f", "over")'
            ),
        },
    ),
    "Einstein's sums on both sides": Truth(
        {"f": 'np.einsum("ib,ij,jc->bc", x, A, x)'},
        {
            r"\frac{d}{dx_k}x_ia_{ij}x_j = a_{kj}x_j + x_ia_{ik}": 'grad("f", "x") == A @ x + A.T @ x',
            r"\frac{d}{dx_k}x_ia_{ij}x_j = \frac{dx_i}{dx_k}a_{ij}x_j + x_ia_{ij}\frac{dx_j}{dx_k}": (
                'grad("f", "x") == jac("x", "x").T @ A @ x + jac("x", "x").T @ A.T @ x'
            ),
            r"\frac{d}{dx_k}x_ia_{ij}x_j = 2a_{kj}x_j": 'grad("f", "x") == 2 * A @ x',
            r"\frac{d}{dx_k}x_ia_{ij}x_j = a_{kj}x_j - x_ia_{ik}": 'grad("f", "x") == A @ x - A.T @ x',
            r"\frac{d}{dx_k}x_ia_{ij}x_j = \frac{dx_i}{dx_k}a_{ij}x_j": 'grad("f", "x") == jac("x", "x").T @ A @ x',
        },
    ),
    "an activation that nobody explains": Truth(
        {"z": "W @ x", "s": "u.T @ f(z)"},
        {
            r"\frac{\partial s}{\partial z} = u \odot f'(z)": 'grad("s", "z") == u * slope(f, z)',
            r"\frac{\partial s}{\partial W} = (u \odot f'(z))x^T": 'grad("s", "W") == u * slope(f, z) @ x.T',
            r"\frac{\partial s}{\partial z} = u \odot f(z)": 'grad("s", "z") == u * f(z)',
            r"\frac{\partial s}{\partial W} = u\,x^T": 'grad("s", "W") == u @ x.T',
            r"\frac{\partial s}{\partial x} = W^T(u \odot f'(x))": 'grad("s", "x") == W.T @ (u * slope(f, x))',
        },
        functions=[{"f": f} for f in ENTRYWISE],
    ),
    "a loss that nobody explains": Truth(
        {"o": "W @ v", "L": "l(o - y)", "J": "L + np.sum(W**2)"},
        {
            r"\frac{\partial J}{\partial L} = 1": 'grad("J", "L") == 1',
            r"\frac{\partial J}{\partial W} = \frac{\partial L}{\partial o}v^T + 2W": (
                'grad("J", "W") == grad("L", "o") @ v.T + 2 * W'
            ),
            r"\frac{\partial L}{\partial v} = W^T\frac{\partial L}{\partial o}": (
                'grad("L", "v") == W.T @ grad("L", "o")'
            ),
            r"\frac{\partial J}{\partial L} = 2": 'grad("J", "L") == 2',
            r"\frac{\partial J}{\partial W} = \frac{\partial L}{\partial o}v^T": (
                'grad("J", "W") == grad("L", "o") @ v.T'
            ),
            r"\frac{\partial L}{\partial v} = W\frac{\partial L}{\partial o}": 'grad("L", "v") == W @ grad("L", "o")',
        },
        functions=[{"l": f} for f in LOSSES],
    ),
    "a function of a vector that nobody explains": Truth(
        {"u": "A @ x + b", "g": "f(u)"},
        {
            r"\nabla g(x) = A^T\nabla f(Ax + b)": 'grad("g", "x") == A.T @ grad("g", "u")',
            r"\nabla^2 g(x) = A^T\nabla^2 f(Ax + b)A": 'hess("g", "x") == A.T @ hess("g", "u") @ A',
            r"\nabla g(x) = \nabla f(Ax + b)": 'grad("g", "x") == grad("g", "u")',
            r"\nabla g(x) = A^T\nabla f(Ax)": 'grad("g", "x") == A.T @ grad("g", "u", u=A @ x)',
            r"\nabla^2 g(x) = A^T\nabla^2 f(Ax + b)": 'hess("g", "x") == A.T @ hess("g", "u")',
        },
        functions=[{"f": f} for f in LOSSES],
    ),
    "an identity whose size is only counted": Truth(
        {"C": "eye(n) - np.ones((n, n)) / n"},
        {
            "C^2 = C": "C @ C == C",
            r"C\mathbf 1 = 0": "C @ ones(n) == 0 * ones(n)",
            "C^2 = 2C": "C @ C == 2 * C",
            r"C\mathbf 1 = \mathbf 1": "C @ ones(n) == ones(n)",
        },
    ),
    "logarithms that few draws allow": Truth(
        {"c": "b - A @ x", "phi": "-np.sum(np.log(c))"},
        {
            r"\nabla \phi(x) = A^Td": 'grad("phi", "x") == A.T @ (1 / c)',
            r"\nabla \phi(x) = -A^Td": 'grad("phi", "x") == -A.T @ (1 / c)',
            r"\nabla \phi(x) = Ad": 'grad("phi", "x") == A @ (1 / c)',
        },
        start={"b": "A @ x + b**2"},  # so that the logarithms exist
    ),
    "powers of a variance": Truth(
        {"l": "-n / 2 * np.log(sigma2) - y.T @ y / (2 * sigma2)"},
        {
            r"\frac{\partial \ell}{\partial \sigma^2} = -\frac{n}{2\sigma^2} + \frac{1}{2\sigma^4}y^Ty": (
                'grad("l", "sigma2") == -n / (2 * sigma2) + y.T @ y / (2 * sigma2**2)'
            ),
            r"\frac{\partial \ell}{\partial \sigma^2} = -\frac{n}{2\sigma^2} + \frac{1}{2\sigma^2}y^Ty": (
                'grad("l", "sigma2") == -n / (2 * sigma2) + y.T @ y / (2 * sigma2)'
            ),
            r"\frac{\partial \ell}{\partial \sigma^2} = \frac{n}{2\sigma^2} + \frac{1}{2\sigma^4}y^Ty": (
                'grad("l", "sigma2") == n / (2 * sigma2) + y.T @ y / (2 * sigma2**2)'
            ),
        },
    ),
    "a label that is a length, and a Greek one": Truth(
        {"mN": "inv(eye(M) + P.T @ P) @ P.T @ t", "Smu": "(x - mu) @ (x - mu).T"},
        {
            r"(I + P^TP)\mathbf{m}_N = P^Tt": "(eye(M) + P.T @ P) @ mN == P.T @ t",
            r"\operatorname{tr} S_\mu = \|x - \mu\|^2": "tr(Smu) == norm(x - mu) ** 2",
            r"(I + P^TP)\mathbf{m}_N = Pt": "(eye(M) + P.T @ P) @ mN == P @ t",
            r"\operatorname{tr} S_\mu = \|x - \mu\|": "tr(Smu) == norm(x - mu)",
        },
    ),
    "a power of a function": Truth(
        {"s": "1 / (1 + np.exp(-x))"},
        {
            "s'(x) = s(x) - s^2(x)": 'grad("s", "x") == s - s**2',
            "s'(x) = s(x) + s^2(x)": 'grad("s", "x") == s + s**2',
            "s'(x) = s^2(x)": 'grad("s", "x") == s**2',
        },
    ),
    "a matrix by its general entry": Truth(
        {"y": "A @ x"},
        {
            r"\frac{\partial y}{\partial x} = \left[\frac{\partial y_i}{\partial x_j}\right]_{ij} = A": (
                'jac("y", "x") == entries == A'
            ),
            r"\frac{\partial y}{\partial x} = \left[\frac{\partial y_i}{\partial x_j}\right]_{ij} = 2A": (
                'jac("y", "x") == entries == 2 * A'
            ),
            r"\frac{\partial y}{\partial x} = \left[\frac{\partial y_j}{\partial x_i}\right]_{ij}": (
                'jac("y", "x") == entries.T'
            ),
        },
        where={"entries": 'np.hstack([along("y", x=eye(n)[:, [j]]) for j in range(n)])'},
    ),
    "a Greek letter explained by what its square equals": Truth(
        {"eps": "y - X @ w", "L": "eps.T @ eps / (2 * n)"},
        {
            r"\nabla_w L = -\frac1n X^T\epsilon": 'grad("L", "w") == -1 / n * X.T @ eps',
            r"\nabla_w L = \frac1n X^T\epsilon": 'grad("L", "w") == 1 / n * X.T @ eps',
            r"\nabla_w L = -X^T\epsilon": 'grad("L", "w") == -X.T @ eps',
        },
    ),
    "a bracket that nobody closed": Truth(
        {"L": "lambda U: np.sum(U**2) / N", "traces": "tr((U + H).T @ (U + H)) - tr(U.T @ U)"},
        {
            r"L(U + dU) - L(U) = \frac1N(tr((U + dU)^T(U + dU)) - tr((U^TU)) = \frac2N U:dU": (
                "L(U + H) - L(U) == 1 / N * traces; little_o(1, rest(2 / N)) == True"
            ),
            r"L(U + dU) - L(U) = \frac1N(tr((U + dU)^T(U + dU)) - tr((U^TU)) = \frac1N U:dU": (
                "L(U + H) - L(U) == 1 / N * traces; little_o(1, rest(1 / N)) == True"
            ),
            r"L(U + dU) - L(U) = (tr((U + dU)^T(U + dU)) - tr((U^TU)) = \frac2N U:dU": (
                "L(U + H) - L(U) == traces; little_o(1, rest(2 / N)) == True"
            ),
        },
        more={"H": "N k"},
        where={"rest": "lambda factor: lambda t: L(U + t * H) - L(U) - factor * t * np.sum(U * H)"},
    ),
    "a loss of which only derivatives are written": Truth(
        {"y": "W @ x + b", "L": "l(y)"},
        {
            r"\frac{\partial L}{\partial W} = \frac{\partial L}{\partial y}x^T": (
                'grad("L", "W") == grad("L", "y") @ x.T'
            ),
            r"\frac{\partial L}{\partial x} = W^T\frac{\partial L}{\partial y}": (
                'grad("L", "x") == W.T @ grad("L", "y")'
            ),
            r"\frac{\partial L}{\partial b} = \frac{\partial L}{\partial y}": 'grad("L", "b") == grad("L", "y")',
            r"\frac{\partial L}{\partial W} = x^T\frac{\partial L}{\partial y}": (
                'grad("L", "W") == x.T @ grad("L", "y")'
            ),
            r"\frac{\partial L}{\partial x} = \frac12W^T\frac{\partial L}{\partial y}": (
                'grad("L", "x") == 1 / 2 * W.T @ grad("L", "y")'
            ),
            r"\frac{\partial L}{\partial b} = -\frac{\partial L}{\partial y}": 'grad("L", "b") == -grad("L", "y")',
        },
        functions=[{"l": f} for f in LOSSES],
    ),
    "derivatives of a loss, through two layers": Truth(
        {"h": "np.tanh(U @ x)", "z": "V @ h", "L": "l(z)"},
        {
            r"\nabla_h \mathcal{L} = V^T \nabla_z \mathcal{L}": 'grad("L", "h") == V.T @ grad("L", "z")',
            r"\nabla_U \mathcal{L} = (\nabla_h \mathcal{L} \odot (1 - h^2))x^T": (
                'grad("L", "U") == grad("L", "h") * (1 - h**2) @ x.T'
            ),
            r"\nabla_h \mathcal{L} = V \nabla_z \mathcal{L}": 'grad("L", "h") == V @ grad("L", "z")',
            r"\nabla_U \mathcal{L} = (\nabla_h \mathcal{L} \odot (1 - h))x^T": (
                'grad("L", "U") == grad("L", "h") * (1 - h) @ x.T'
            ),
        },
        functions=[{"l": f} for f in LOSSES],
    ),
    "samples beside their mean": Truth(
        {"R": "x.T - mu @ ones(n).T", "l": "-tr(R.T @ inv(Sigma) @ R) / 2"},
        {
            r"\frac{\partial\ell}{\partial\mu} = \sum_i\Sigma^{-1}(x_i - \mu)": (
                'grad("l", "mu") == inv(Sigma) @ R @ ones(n)'
            ),
            r"\frac{\partial\ell}{\partial\mu} = -\Sigma^{-1}\sum_i(\mu - x_i)": (
                'grad("l", "mu") == -inv(Sigma) @ (-R @ ones(n))'
            ),
            r"\frac{\partial\ell}{\partial\mu} = \sum_i\Sigma^{-1}(\mu - x_i)": (
                'grad("l", "mu") == inv(Sigma) @ (-R) @ ones(n)'
            ),
            r"\frac{\partial\ell}{\partial\mu} = \sum_i\Sigma(x_i - \mu)": 'grad("l", "mu") == Sigma @ R @ ones(n)',
            r"\frac{\partial\ell}{\partial\mu} = \frac12\sum_i\Sigma^{-1}(x_i - \mu)": (
                'grad("l", "mu") == 1 / 2 * inv(Sigma) @ R @ ones(n)'
            ),
        },
    ),
    "one class throughout": Truth(
        {"p": "softmax(z)", "L": "-np.log(np.sum(Y * p))"},
        {
            r"\frac{\partial L}{\partial z_i} = p_i - \delta_{ic}": 'grad("L", "z") == p - Y',
            r"\frac{\partial L}{\partial z_j} = p_j, \quad j \ne c": '(1 - Y) * grad("L", "z") == (1 - Y) * p',
            r"\frac{\partial L}{\partial z_i} = p_i - 1\{i = c\}": 'grad("L", "z") == p - Y',
            r"\frac{\partial L}{\partial z_i} = \delta_{ic} - p_i": 'grad("L", "z") == Y - p',
            r"\frac{\partial L}{\partial z_j} = p_j - 1, \quad j \ne c": (
                '(1 - Y) * grad("L", "z") == (1 - Y) * (p - 1)'
            ),
            r"\frac{\partial L}{\partial z_i} = p_c - \delta_{ic}": 'grad("L", "z") == np.sum(Y * p) - Y',
        },
        more={"Y": "C onehot"},
    ),
    "labels as subscripts": Truth(
        {"P": "softmax(F)", "L": "-np.sum(Y * np.log(P)) / N"},
        {
            r"\frac{\partial L}{\partial f_{ik}} = \frac1N(p_{ik} - 1\{y_i = k\})": 'grad("L", "F") == (P - Y) / N',
            r"\frac{\partial L}{\partial f_{ik}} = p_{ik} - 1\{y_i = k\}": 'grad("L", "F") == P - Y',
            r"\frac{\partial L}{\partial f_{ik}} = \frac1N(p_{ik} + 1\{y_i = k\})": 'grad("L", "F") == (P + Y) / N',
        },
        more={"Y": "N C onehot"},
    ),
    "classes other than the right one": Truth(
        {"M": "s - np.sum(Y * s) + 1", "L": "np.sum((1 - Y) * np.maximum(0, M))"},
        {
            r"\frac{\partial L_i}{\partial s_j} = 1(s_j - s_{y_i} + 1 > 0), \quad j \ne y_i": (
                '(1 - Y) * grad("L", "s") == (1 - Y) * (M > 0)'
            ),
            r"\frac{\partial L_i}{\partial s_{y_i}} = -\sum_{j \ne y_i} \mathbb{1}(s_j - s_{y_i} + 1 > 0)": (
                'np.sum(Y * grad("L", "s")) == -np.sum((1 - Y) * (M > 0))'
            ),
            r"\frac{\partial L_i}{\partial s_j} = -1(s_j - s_{y_i} + 1 > 0), \quad j \ne y_i": (
                '(1 - Y) * grad("L", "s") == -(1 - Y) * (M > 0)'
            ),
            r"\frac{\partial L_i}{\partial s_{y_i}} = \sum_{j \ne y_i} \mathbb{1}(s_j - s_{y_i} + 1 > 0)": (
                'np.sum(Y * grad("L", "s")) == np.sum((1 - Y) * (M > 0))'
            ),
        },
        more={"Y": "C onehot"},
    ),
    "a mask that sets entries to zero": Truth(
        {
            "hidden": "np.maximum(0, X @ W)",
            "scores": "hidden @ V",
            "loss": "np.sum((scores - Y)**2) / 2",
            "masked": "(scores - Y) @ V.T * (hidden > 0)",
        },
        {
            "dW = X.T @ dhidden": 'grad("loss", "W") == X.T @ masked',
            "dW = X.T @ (dscores @ V.T)": 'grad("loss", "W") == X.T @ ((scores - Y) @ V.T)',
            "dW = 2 * X.T @ dhidden": 'grad("loss", "W") == 2 * X.T @ masked',
        },
    ),
    "a constant that is left out": Truth(
        {
            "l": "-np.sum((y - X @ w)**2) / (2 * sigma**2)",
            "short": "-(w.T @ X.T @ X @ w - 2 * y.T @ X @ w) / (2 * sigma**2)",
            "slip": "-(w.T @ X.T @ X @ w - y.T @ X @ w) / (2 * sigma**2)",
        },
        {
            r"\nabla_w \ell = \frac{1}{\sigma^2}X^T(y - Xw)": 'grad("l", "w") == X.T @ (y - X @ w) / sigma**2',
            "\\nabla_w \\ell = \\frac{1}{\\sigma^2}X^T(y - Xw)\n"
            r"\ell(w) = -\frac{1}{2\sigma^2}(w^TX^TXw - 2y^TXw) + \text{const}": 'grad("l", "w") == grad("short", "w")',
            r"\nabla_w \ell = -\frac{1}{\sigma^2}X^T(y - Xw)": 'grad("l", "w") == -X.T @ (y - X @ w) / sigma**2',
            "\\nabla_w \\ell = \\frac{1}{\\sigma^2}X^T(y - Xw)\n"
            r"\ell(w) = -\frac{1}{2\sigma^2}(w^TX^TXw - y^TXw) + \text{const}": 'grad("l", "w") == grad("slip", "w")',
        },
    ),
    "a likelihood under a condition": Truth(
        {"l": "-np.sum((y - X @ w)**2) / 2 - tau / 2 * np.sum(w**2)"},
        {
            r"\nabla_w \log p(w \mid y) = X^T(y - Xw) - \tau w": 'grad("l", "w") == X.T @ (y - X @ w) - tau * w',
            r"\frac{\partial}{\partial w}\log p(w|y) = X^T(y - Xw) - \tau w": (
                'grad("l", "w") == X.T @ (y - X @ w) - tau * w'
            ),
            r"\nabla_w \log p(w \mid y) = X^T(Xw - y) + \tau w": 'grad("l", "w") == X.T @ (X @ w - y) + tau * w',
            r"\frac{\partial}{\partial w}\log p(w|y) = X^T(y - Xw)": 'grad("l", "w") == X.T @ (y - X @ w)',
        },
    ),
    "a product over samples": Truth(
        {"L": "np.prod(theta * np.exp(-theta * x))", "l": "np.log(L)"},
        {
            r"\log L(\theta) = n\log\theta - \theta\sum_{i=1}^n x_i": "l == n * np.log(theta) - theta * np.sum(x)",
            r"\frac{d}{d\theta}\log L = \frac{n}{\theta} - \sum_i x_i": 'grad("l", "theta") == n / theta - np.sum(x)',
            r"\log L(\theta) = \log\theta - \theta\sum_{i=1}^n x_i": "l == np.log(theta) - theta * np.sum(x)",
            r"\frac{d}{d\theta}\log L = \frac{1}{\theta} - \sum_i x_i": 'grad("l", "theta") == 1 / theta - np.sum(x)',
        },
    ),
    "names of what comes after, and an inverse that is defined": Truth(
        {"after": "P + H.T @ R @ H", "S": "inv(after)"},
        {
            r"\operatorname{tr}(P^+) = \operatorname{tr}(P) + \operatorname{tr}(RHH^T)": (
                "tr(after) == tr(P) + tr(R @ H @ H.T)"
            ),
            "SP^+ = I": "S @ after == eye(n)",
            r"\operatorname{tr}(P^+) = \operatorname{tr}(P) + \operatorname{tr}(HH^T)": (
                "tr(after) == tr(P) + tr(H @ H.T)"
            ),
            "S = P^+": "S == after",
        },
    ),
    "sums without an index": Truth(
        {"S": "np.sum((y - a - b * x)**2)"},
        {
            r"\frac{\partial S}{\partial a} = -2\left(\sum y_i - na - b\sum x_i\right)": (
                'grad("S", "a") == -2 * (np.sum(y) - n * a - b * np.sum(x))'
            ),
            r"\frac{\partial S}{\partial a} = -2\left(\sum y_i - a - b\sum x_i\right)": (
                'grad("S", "a") == -2 * (np.sum(y) - a - b * np.sum(x))'
            ),
        },
    ),
    "second derivatives along two directions": Truth(
        {"F": "-logdet(X)"},
        {
            r"D^2F(X)[H, H] = \operatorname{tr}(X^{-1}HX^{-1}H)": (
                'vec(H).T @ hess("F", "X") @ vec(H) == tr(inv(X) @ H @ inv(X) @ H)'
            ),
            r"\nabla^2F(X)[H, H] = \operatorname{tr}(X^{-1}HX^{-1}H)": (
                'vec(H).T @ hess("F", "X") @ vec(H) == tr(inv(X) @ H @ inv(X) @ H)'
            ),
            r"D^2F(X)[H, H] = -\operatorname{tr}(X^{-1}HX^{-1}H)": (
                'vec(H).T @ hess("F", "X") @ vec(H) == -tr(inv(X) @ H @ inv(X) @ H)'
            ),
            r"\nabla^2F(X)[H, H] = \operatorname{tr}(X^{-1}HX^{-1})": (
                'vec(H).T @ hess("F", "X") @ vec(H) == tr(inv(X) @ H @ inv(X))'
            ),
        },
    ),
    "an entrywise product before an outer one": Truth(
        {"s": "sigmoid(W @ a)", "E": "np.sum((s - y)**2) / 2"},
        {
            r"\frac{\partial E}{\partial W} = (s - y) \odot s \odot (1 - s)\,a^T": (
                'grad("E", "W") == ((s - y) * s * (1 - s)) @ a.T'
            ),
            r"\frac{\partial E}{\partial W} = (s - y) \odot s\,a^T": 'grad("E", "W") == ((s - y) * s) @ a.T',
            r"\frac{\partial E}{\partial W} = (y - s) \odot s \odot (1 - s)\,a^T": (
                'grad("E", "W") == ((y - s) * s * (1 - s)) @ a.T'
            ),
        },
    ),
    "entries of samples above and below": Truth(
        {"P": "softmax(X @ Theta.T)", "L": "-np.sum(Y * np.log(P)) / m"},
        {
            r"\frac{\partial L}{\partial\theta_k} = \frac1m\sum_{i=1}^m (p^{(i)}_k - y^{(i)}_k)\,x^{(i)}": (
                'grad("L", "Theta") == (P - Y).T @ X / m'
            ),
            r"\frac{\partial L}{\partial\theta_k} = \sum_{i=1}^m (p^{(i)}_k - y^{(i)}_k)\,x^{(i)}": (
                'grad("L", "Theta") == (P - Y).T @ X'
            ),
            r"\frac{\partial L}{\partial\theta_k} = \frac1m\sum_{i=1}^m (y^{(i)}_k - p^{(i)}_k)\,x^{(i)}": (
                'grad("L", "Theta") == (Y - P).T @ X / m'
            ),
        },
    ),
    "a set behind a definition": Truth(
        {"f": "np.sum(G * (X @ W))"},
        {
            r"\frac{\partial f}{\partial W} = X^TG \in \mathbb{R}^{d \times k}": 'grad("f", "W") == X.T @ G',
            r"\frac{\partial f}{\partial W} = 2X^TG \in \mathbb{R}^{d \times k}": 'grad("f", "W") == 2 * X.T @ G',
            r"\frac{\partial f}{\partial W} = -X^TG": 'grad("f", "W") == -X.T @ G',
        },
    ),
    "Greek indices": Truth(
        {"F": "np.sum((V - W @ H)**2) / 2"},
        {
            r"\frac{\partial F}{\partial H_{a\mu}} = (W^TWH)_{a\mu} - (W^TV)_{a\mu}": (
                'grad("F", "H") == W.T @ W @ H - W.T @ V'
            ),
            r"\frac{\partial F}{\partial H_{a\mu}} = (W^TV)_{a\mu} - (W^TWH)_{a\mu}": (
                'grad("F", "H") == W.T @ V - W.T @ W @ H'
            ),
            r"\frac{\partial F}{\partial H_{a\mu}} = (W^TWH)_{a\mu}": 'grad("F", "H") == W.T @ W @ H',
        },
    ),
    "a bias beside a matrix, and the star of programs": Truth(
        {"A": "np.tanh(W @ X + b @ ones(m).T)", "J": "np.sum((A - Y)**2) / (2 * m)"},
        {
            r"\frac{\partial J}{\partial W} = \frac1m\left((A - Y)*(1 - A^2)\right)X^T": (
                'grad("J", "W") == ((A - Y) * (1 - A**2)) @ X.T / m'
            ),
            r"\frac{\partial J}{\partial W} = \frac1m\left((A - Y)*(1 - A)\right)X^T": (
                'grad("J", "W") == ((A - Y) * (1 - A)) @ X.T / m'
            ),
            r"\frac{\partial J}{\partial W} = \left((A - Y)*(1 - A^2)\right)X^T": (
                'grad("J", "W") == ((A - Y) * (1 - A**2)) @ X.T'
            ),
        },
    ),
    "a trace that reaches over what follows": Truth(
        {"phi": "tr(X.T @ A @ X @ B)"},
        {
            r"d\phi = {\rm tr}\,(dX)'AXB + {\rm tr}\,X'A(dX)B": "dphi == tr(dX.T @ A @ X @ B) + tr(X.T @ A @ dX @ B)",
            r"d\phi = {\rm tr}\,(B'X'A' + BX'A)\,dX": "dphi == tr((B.T @ X.T @ A.T + B @ X.T @ A) @ dX)",
            r"d\phi = {\rm tr}\,(dX)'AXB": "dphi == tr(dX.T @ A @ X @ B)",
            r"d\phi = {\rm tr}\,(B'X'A' - BX'A)\,dX": "dphi == tr((B.T @ X.T @ A.T - B @ X.T @ A) @ dX)",
        },
    ),
    "partial derivatives by an index": Truth(
        {"f": "x.T @ A @ x"},
        {
            r"\partial_k f = A_{kj}x_j + x_iA_{ik}": 'grad("f", "x") == A @ x + A.T @ x',
            r"\partial_l\partial_k f = A_{kl} + A_{lk}": 'hess("f", "x") == A + A.T',
            r"\partial_k f = 2A_{kj}x_j": 'grad("f", "x") == 2 * A @ x',
            r"\partial_l\partial_k f = 2A_{kl}": 'hess("f", "x") == 2 * A.T',
        },
    ),
    "the exponential of a matrix": Truth(
        {"E": "expm(t * A)", "f": "tr(expm(A))"},
        {
            r"\frac{d}{dt}e^{tA} = Ae^{tA}": 'jac("E", "t") == vec(A @ E)',
            r"\frac{\partial}{\partial A}\operatorname{tr}(e^A) = (e^A)^T": 'grad("f", "A") == expm(A).T',
            r"\frac{d}{dt}e^{tA} = te^{tA}": 'jac("E", "t") == vec(t * E)',
            r"\frac{\partial}{\partial A}\operatorname{tr}(e^A) = e^A": 'grad("f", "A") == expm(A)',
        },
    ),
    "powers of a matrix": Truth(
        {"f": "tr(power(X, k))"},
        {
            r"\nabla f(X) = k(X^{k-1})^T": 'grad("f", "X") == k * power(X, k - 1).T',
            r"\nabla f(X) = kX^{k-1}": 'grad("f", "X") == k * power(X, k - 1)',
            r"\nabla f(X) = (X^{k-1})^T": 'grad("f", "X") == power(X, k - 1).T',
            r"\nabla f(X) = 3(X^2)^T": 'grad("f", "X") == 3 * (X @ X).T',
        },
        start={"k": "4"},
    ),
    "derivatives in time": Truth(
        {"x": "expm(t * A) @ u"},
        {
            r"\dot x(t) = Ax(t)": 'jac("x", "t") == A @ x',
            r"\dot x(t) = A^Tx(t)": 'jac("x", "t") == A.T @ x',
            r"\dot x(t) = tAx(t)": 'jac("x", "t") == t * A @ x',
        },
    ),
    "matrices of blocks": Truth(
        {
            "tall": "np.concatenate((A, np.sqrt(mu) * F))",
            "long": "np.concatenate((y, np.sqrt(mu) * g))",
            "J": "np.sum((tall @ x - long)**2)",
        },
        {
            r"J = \|Ax - y\|^2 + \mu\|Fx - g\|^2": "J == norm(A @ x - y)**2 + mu * norm(F @ x - g)**2",
            r"\nabla_x J = 2A^T(Ax - y) + 2\mu F^T(Fx - g)": (
                'grad("J", "x") == 2 * A.T @ (A @ x - y) + 2 * mu * F.T @ (F @ x - g)'
            ),
            r"J = \|Ax - y\|^2 + \mu^2\|Fx - g\|^2": "J == norm(A @ x - y)**2 + mu**2 * norm(F @ x - g)**2",
            r"\nabla_x J = 2A^T(Ax - y) + 2\sqrt{\mu}F^T(Fx - g)": (
                'grad("J", "x") == 2 * A.T @ (A @ x - y) + 2 * np.sqrt(mu) * F.T @ (F @ x - g)'
            ),
        },
    ),
    "norms with a weight": Truth(
        {"f": "x.T @ A @ x"},
        {
            r"\nabla_x f = 2Ax": 'grad("f", "x") == 2 * A @ x',
            r"\|x\|_A = \sqrt{x^TAx}": "np.sqrt(f) == np.sqrt(x.T @ A @ x)",
            r"\nabla_x f = 2x": 'grad("f", "x") == 2 * x',
            r"\|x\|_A = x^TAx": "np.sqrt(f) == x.T @ A @ x",
        },
    ),
    "bullets, letters and words before formulas": Truth(
        {"f": "np.exp(a.T @ x)"},
        {
            r"* $\nabla f(x) = e^{a^Tx}a$": 'grad("f", "x") == np.exp(a.T @ x) * a',
            r"(b) $\nabla f(0) = a$": 'grad("f", "x", x=0 * x) == a',
            r"\text{In }n\text{ dimensions: } \nabla f = e^{a^Tx}a": 'grad("f", "x") == np.exp(a.T @ x) * a',
            r"* $\nabla f(x) = e^{a^Tx}x$": 'grad("f", "x") == np.exp(a.T @ x) * x',
            r"(b) $\nabla f(0) = 0$": 'grad("f", "x", x=0 * x) == 0 * a',
            r"\text{In }n\text{ dimensions: } \nabla f = e^{x}a": 'grad("f", "x") == np.exp(x) * a',
        },
    ),
    "cases in words": Truth(
        {"p": "softmax(z)"},
        {
            r"\text{Case } i = j: \quad \frac{\partial p_i}{\partial z_i} = p_i(1 - p_i)": (
                'diagonal(jac("p", "z")) == p * (1 - p)'
            ),
            r"\text{Case } i \ne j: \quad \frac{\partial p_i}{\partial z_j} = -p_ip_j": (
                'off(jac("p", "z")) == off(-p @ p.T)'
            ),
            r"\text{Case } i = j: \quad \frac{\partial p_i}{\partial z_i} = p_i(1 + p_i)": (
                'diagonal(jac("p", "z")) == p * (1 + p)'
            ),
            r"\text{Case } i \ne j: \quad \frac{\partial p_i}{\partial z_j} = p_ip_j": (
                'off(jac("p", "z")) == off(p @ p.T)'
            ),
        },
    ),
    "vectors side by side": Truth(
        {"c": "R.T @ ones(N)", "m": "X.T @ R @ diag(1 / c)"},
        {
            r"\sum_n r_{nk}(\mathbf{x}_n - m_k) = 0": "X.T @ R - m @ diag(c) == 0 * m",
            r"\sum_n r_{nk}(\mathbf{x}_n + m_k) = 0": "X.T @ R + m @ diag(c) == 0 * m",
            r"\sum_n (\mathbf{x}_n - m_k) = 0": "X.T @ ones(N) @ ones(K).T - N * m == 0 * m",
        },
    ),
    "variances and rows of NumPy": Truth(
        {
            "V": "x - ones(N) @ ones(N).T @ x / N",
            "xhat": "V @ diag(1 / np.sqrt(ones(N).T @ V**2 / N))",
            "loss": "np.sum(G * (xhat @ diag(gamma)))",
        },
        {
            "dxhat = G * gamma": 'grad("loss", "xhat") == G @ diag(gamma)',
            "dgamma = np.sum(G * xhat, axis=0)": 'grad("loss", "gamma") == (G * xhat).T @ ones(N)',
            "dxhat = G": 'grad("loss", "xhat") == G',
            "dgamma = np.sum(G * x, axis=0)": 'grad("loss", "gamma") == (G * x).T @ ones(N)',
        },
    ),
    "a curly letter beside a plain one": Truth(
        {"curly": "v.T @ D @ v / 2 + F.T @ v"},
        {
            r"\frac{\partial\mathcal F}{\partial v} = Dv + F": 'grad("curly", "v") == D @ v + F',
            r"\frac{\partial\mathcal F}{\partial v} = Dv": 'grad("curly", "v") == D @ v',
            r"\frac{\partial\mathcal F}{\partial v} = Dv + \mathcal F": 'grad("curly", "v") == D @ v + curly * v**0',
        },
    ),
    "a distance that is called d": Truth(
        {"far": "norm(x - a)"},
        {
            r"\nabla d = \frac{x - a}{\|x - a\|}": 'grad("far", "x") == (x - a) / norm(x - a)',
            r"\nabla d = \frac{x - a}{2\|x - a\|}": 'grad("far", "x") == (x - a) / (2 * norm(x - a))',
            r"\nabla d = x - a": 'grad("far", "x") == x - a',
        },
    ),
    "a sample beside a column without a transpose": Truth(
        {"r": "y - X @ w - b * ones(N)", "C": "np.sum(r**2)"},
        {
            r"\nabla_w C = -2\sum_i (y_i - w\cdot x_i - b)\,x_i": 'grad("C", "w") == -2 * X.T @ r',
            r"\frac{\partial C}{\partial w_j} = -2\sum_i (y_i - w\cdot x_i - b)\,x_{ij}": (
                'grad("C", "w") == -2 * X.T @ r'
            ),
            r"\nabla_w C = 2\sum_i (y_i - w\cdot x_i - b)\,x_i": 'grad("C", "w") == 2 * X.T @ r',
            r"\frac{\partial C}{\partial w_j} = -2\sum_i (y_i - w\cdot x_i - b)": (
                'grad("C", "w") == -2 * np.sum(r) * ones(d)'
            ),
        },
    ),
    "a margin with a dot": Truth(
        {"m": "1 - y * (X @ w + b * ones(N))", "L": "np.sum(np.maximum(m, 0))"},
        {
            r"\frac{\partial L}{\partial w} = -\sum_i \mathbb{1}[y_i(w\cdot x_i + b) < 1]\,y_i x_i": (
                'grad("L", "w") == -X.T @ (y * (m > 0))'
            ),
            r"\frac{\partial L}{\partial w} = \sum_i \mathbb{1}[y_i(w\cdot x_i + b) < 1]\,y_i x_i": (
                'grad("L", "w") == X.T @ (y * (m > 0))'
            ),
        },
    ),
    "parameters side by side with a sample": Truth(
        {"J": "np.sum((X @ theta - y) ** 2) / 2"},
        {
            r"\frac{\partial J}{\partial\theta_j} = \sum_i(\theta x^{(i)} - y^{(i)})x^{(i)}_j": (
                'grad("J", "theta") == X.T @ (X @ theta - y)'
            ),
            r"\nabla J(\theta) = X^T(X\theta - y)": 'grad("J", "theta") == X.T @ (X @ theta - y)',
            r"\frac{\partial J}{\partial\theta_j} = \sum_i(\theta x^{(i)} - y^{(i)})": (
                'grad("J", "theta") == np.sum(X @ theta - y) * ones(n)'
            ),
            r"\nabla J(\theta) = X^T(y - X\theta)": 'grad("J", "theta") == X.T @ (y - X @ theta)',
        },
    ),
    "a sum of outer products of samples": Truth(
        {"S": "X.T @ X"},
        {
            r"S = X^TX": "S == X.T @ X",
            r"\operatorname{tr}(S) = \sum_i x_i^Tx_i": "np.trace(S) == np.sum(X**2)",
            r"S = XX^T": "S == X @ X.T",
            r"S = \sum_i x_i^Tx_i": "S == np.sum(X**2)",
        },
    ),
    "a model with a dot that is called with samples": Truth(
        {"r": "X @ w + b * ones(m) - y", "J": "np.sum(r**2) / (2 * m)"},
        {
            r"\frac{\partial J(w,b)}{\partial w_j} = \frac1m\sum_{i=1}^m (f_{w,b}(x^{(i)}) - y^{(i)})x_j^{(i)}": (
                'grad("J", "w") == X.T @ r / m'
            ),
            r"\frac{\partial J(w,b)}{\partial b} = \frac1m\sum_{i=1}^m (f_{w,b}(x^{(i)}) - y^{(i)})": (
                'grad("J", "b") == np.sum(r) / m'
            ),
            r"\frac{\partial J(w,b)}{\partial w_j} = \frac1m\sum_{i=1}^m (f_{w,b}(x^{(i)}) - y^{(i)})": (
                'grad("J", "w") == np.sum(r) / m * ones(n)'
            ),
            r"\frac{\partial J(w,b)}{\partial b} = \frac{1}{2m}\sum_{i=1}^m (f_{w,b}(x^{(i)}) - y^{(i)})": (
                'grad("J", "b") == np.sum(r) / (2 * m)'
            ),
        },
    ),
    "features with a dot": Truth(
        {"r": "t - Phi @ w", "E": "np.sum(r**2) / 2"},
        {
            r"\nabla E = -\sum_n(t_n - \mathbf w\cdot\boldsymbol\phi(\mathbf x_n))\boldsymbol\phi(\mathbf x_n)": (
                'grad("E", "w") == -Phi.T @ r'
            ),
            r"\nabla E = \sum_n(t_n - \mathbf w\cdot\boldsymbol\phi(\mathbf x_n))\boldsymbol\phi(\mathbf x_n)": (
                'grad("E", "w") == Phi.T @ r'
            ),
        },
    ),
    "a program that takes the mean with the parameters": Truth(
        {
            "A1": "np.tanh(W1 @ X)",
            "A2": "1 / (1 + np.exp(-W2 @ A1))",
            "cost": "-np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m",
        },
        {
            "dZ2 = A2 - Y\ndW2 = (1 / m) * np.dot(dZ2, A1.T)": 'grad("cost", "W2") == (A2 - Y) @ A1.T / m',
            "dZ2 = A2 - Y\ndZ1 = np.multiply(np.dot(W2.T, dZ2), 1 - np.power(A1, 2))\n"
            "dW1 = (1 / m) * np.dot(dZ1, X.T)": ('grad("cost", "W1") == (W2.T @ (A2 - Y) * (1 - A1**2)) @ X.T / m'),
            "dZ2 = A2 - Y\ndW2 = (1 / (2 * m)) * np.dot(dZ2, A1.T)": 'grad("cost", "W2") == (A2 - Y) @ A1.T / (2 * m)',
            "dZ2 = A2 - Y\ndW1 = (1 / m) * np.dot(np.dot(W2.T, dZ2), X.T)": (
                'grad("cost", "W1") == W2.T @ (A2 - Y) @ X.T / m'
            ),
        },
    ),
    "gradients of a layer by their names": Truth(
        {
            "Z1": "W1 @ X + b1 @ ones(m).T",
            "A1": "g(Z1)",
            "A2": "1 / (1 + np.exp(-W2 @ A1))",
            "J": "-np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m",
        },
        {
            "dZ^{[2]} = A^{[2]} - Y\n" r"dW^{[2]} = \frac1m dZ^{[2]}A^{[1]T}": 'grad("J", "W2") == (A2 - Y) @ A1.T / m',
            "dZ^{[2]} = A^{[2]} - Y\n"
            r"dZ^{[1]} = W^{[2]T}dZ^{[2]} * g^{[1]'}(Z^{[1]})"
            "\n" + r"db^{[1]} = \frac1m np.sum(dZ^{[1]}, axis=1, keepdims=True)": (
                'grad("J", "b1") == (W2.T @ (A2 - Y) * slope(g, Z1)) @ ones(m) / m'
            ),
            "dZ^{[2]} = A^{[2]} - Y\n"
            r"dW^{[2]} = \frac{2}{m} dZ^{[2]}A^{[1]T}": 'grad("J", "W2") == 2 * (A2 - Y) @ A1.T / m',
            "dZ^{[2]} = A^{[2]} - Y\n" r"db^{[1]} = \frac1m np.sum(W^{[2]T}dZ^{[2]}, axis=1)": (
                'grad("J", "b1") == W2.T @ (A2 - Y) @ ones(m) / m'
            ),
        },
        functions=[{"g": f} for f in ("np.tanh", "lambda z: np.sin(z) + z / 2")],
    ),
    "a function for each layer": Truth(
        {"A1": "f(W1 @ X)", "Z2": "W2 @ A1", "A2": "g(Z2)", "L": "np.sum((A2 - Y) ** 2) / 2"},
        {
            r"\frac{\partial L}{\partial Z^{[2]}} = (A^{[2]}-Y)\odot g^{[2]'}(Z^{[2]})": (
                'grad("L", "Z2") == (A2 - Y) * slope(g, Z2)'
            ),
            r"dZ^{[2]} = (A^{[2]}-Y) * g^{[2]'}(Z^{[2]})": 'grad("L", "Z2") == (A2 - Y) * slope(g, Z2)',
            r"\frac{\partial L}{\partial Z^{[2]}} = (A^{[2]}-Y)\odot g^{[1]'}(Z^{[2]})": (
                'grad("L", "Z2") == (A2 - Y) * slope(f, Z2)'
            ),
            r"dZ^{[2]} = (A^{[2]}-Y) * g^{[2]}(Z^{[2]})": 'grad("L", "Z2") == (A2 - Y) * g(Z2)',
        },
        functions=[{"f": "np.tanh", "g": "lambda z: z**3 - 2 * z"}],
    ),
    "a layer's gradient by its name, without a length called d": Truth(
        {"Z1": "W1 @ X", "J": "np.sum((Z1 - Y) ** 2)"},
        {
            r"dZ^{[1]} = 2(Z^{[1]}-Y)": 'grad("J", "Z1") == 2 * (Z1 - Y)',
            r"dZ^{[1]} = Z^{[1]}-Y": 'grad("J", "Z1") == Z1 - Y',
        },
    ),
    "class labels in a program": Truth(
        {
            "scores": "X @ W",
            "probs": "np.exp(scores) / (np.exp(scores) @ ones(C) @ ones(C).T)",
            "loss": "-np.sum(T * np.log(probs)) / N",
        },
        {
            "dscores = probs.copy()\ndscores[np.arange(N), y] -= 1\ndscores /= N": (
                'grad("loss", "scores") == (probs - T) / N'
            ),
            "dscores = probs.copy()\ndscores[range(N), y] -= 1\ndscores /= N\ndW = X.T.dot(dscores)": (
                'grad("loss", "W") == X.T @ (probs - T) / N'
            ),
            "dscores = probs.copy()\ndscores[np.arange(N), y] -= 1": 'grad("loss", "scores") == probs - T',
            "dscores = probs.copy()\ndscores[np.arange(N), y] += 1\ndscores /= N": (
                'grad("loss", "scores") == (probs + T) / N'
            ),
        },
        more={"T": "N C onehot"},
    ),
    "gradients that a program calls grad": Truth(
        {"h_": "X @ W1", "a": "np.maximum(h_, 0)", "P": "a @ W2", "loss": "np.sum((P - y) ** 2)"},
        {
            "grad_y_pred = 2.0 * (y_pred - y)\ngrad_W2 = a.T.dot(grad_y_pred)": (
                'grad("loss", "W2") == 2 * a.T @ (P - y)'
            ),
            "grad_y_pred = 2.0 * (y_pred - y)\ngrad_a = grad_y_pred.dot(W2.T)\ngrad_h = grad_a.copy()\n"
            "grad_h[h < 0] = 0\ngrad_W1 = X.T.dot(grad_h)": (
                'grad("loss", "W1") == X.T @ (2 * (P - y) @ W2.T * (h_ > 0))'
            ),
            "grad_y_pred = y_pred - y": 'grad("loss", "P") == P - y',
            "grad_W2 = a.T.dot(y_pred - y)": 'grad("loss", "W2") == a.T @ (P - y)',
        },
    ),
}
