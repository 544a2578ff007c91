r"""What people write, kind by kind: for each way of writing a line that is right, and lines in it that are not.

Each case was judged by hand before it was run. `=` continues the line before, as in a derivation.
"""

import pytest

from course_lib import derive

from .more_kinds import MORE_KINDS

WRONG = ("wrong", "shapes", "follows")
MATRIX = {"X": "n d", "w": "d", "y": "n"}

# kind: (shapes, functions, lines before, right lines, wrong lines)
KINDS = {
    "eqalign and cr": (
        MATRIX,
        (),
        r"\eqalign{ r &= Xw - y \cr f &= r:r \cr}",
        [r"\eqalign{ df &= 2r:dr \cr &= 2X^Tr:dw \cr}"],
        [r"\eqalign{ df &= 2r:dr \cr &= 2Xr:dw \cr}", r"\eqalign{ df &= r:dr \cr}"],
    ),
    "names explained further down": (
        MATRIX,
        (),
        r"L = \tfrac12 s^T s" + "\n" + "s = y - Xw",
        [r"\nabla_w L = -X^T s"],
        [r"\nabla_w L = X^T s", r"\nabla_w L = -2X^T s"],
    ),
    "a letter explained by what it equals": (
        MATRIX,
        (),
        r"L = e^Te = (Xw - y)^T(Xw - y)",
        [r"\nabla_w L = 2X^T e"],
        [r"\nabla_w L = 2 X e", r"\nabla_w L = -2X^T e"],
    ),
    "upright and bold words": (
        {"A": "n n", "X": "n n"},
        (),
        "",
        [
            r"\frac{\partial}{\partial \bm{X}} {\rm tr}(\bm{A}\bm{X}) = \bm{A}^{\mathsf{T}}",
            r"\mbox{tr}(AX) = \textrm{Tr}(XA)",
        ],
        [r"\frac{\partial}{\partial \bm{X}} {\rm tr}(\bm{A}\bm{X}) = \bm{A}", r"\mbox{tr}(AX) = \textrm{tr}(AX^T)"],
    ),
    "arrows over vectors": (
        {"a": "n", "x": "n"},
        (),
        r"f = \vec{a} \cdot \vec{x} + \vec{1}^T \vec x",
        [r"\nabla_{\vec x} f = \vec a + \vec 1"],
        [r"\nabla_{\vec x} f = \vec a", r"\nabla_{\vec x} f = \vec a - \vec 1"],
    ),
    "partial as a differential": (
        {"X": "n n", "Y": "n n"},
        (),
        "",
        [r"\partial(XY) = (\partial X)Y + X\,\partial Y", r"\partial X^{-1} = -X^{-1}(\partial X)X^{-1}"],
        [r"\partial(XY) = (\partial X)Y", r"\partial X^{-1} = X^{-1}(\partial X)X^{-1}"],
    ),
    "a derivative along a direction": (
        {"A": "d d", "x": "d", "v": "d", "u": "d"},
        (),
        r"f(x) = x^T A x",
        [r"Df(x)(v) = v^T(A + A^T)x", r"f'(x)[dx] = x^T(A + A^T)\,dx", r"{\rm Hess} f(x)(v, u) = v^T(A + A^T)u"],
        [r"Df(x)(v) = 2v^TAx", r"f'(x)[dx] = x^TA\,dx", r"{\rm Hess} f(x)(v, u) = 2v^TAu"],
    ),
    "the Jacobian without a direction": (
        {"A": "m d", "x": "d"},
        (),
        "g(x) = Ax\nq(x) = x^Tx",
        ["Dg(x) = A", "Dq(x) = 2x^T"],
        ["Dg(x) = A^T", "Dq(x) = 2x"],
    ),
    "primes on functions": (
        {"x": "", "a": ""},
        (),
        "f(x) = a x^3 + x",
        ["f'(x) = 3ax^2 + 1", "f''(x) = 6ax", "f'(2) = 12a + 1", r"f^{\prime}(x) = 1 + 3ax^2"],
        ["f'(x) = 3ax^2", "f''(x) = 3ax", "f'(2) = 12a", "f''(x) = a x^6"],
    ),
    "a function by formula in a letter of its own": (
        {"X": "n d", "w": "d"},
        (),
        r"s(u) = \frac{1}{1 + e^{-u}}" + "\n" + "p = s(Xw)",
        [r"\frac{\partial p}{\partial w} = \operatorname{diag}(p \odot (1 - p))X", "s'(u) = s(u)(1 - s(u))"],
        [r"\frac{\partial p}{\partial w} = \operatorname{diag}(p)X", "s'(u) = s(u)(1 + s(u))"],
    ),
    "a function by formula of a vector": (
        {"X": "n d", "theta": "d", "y": "n"},
        (),
        r"h_\theta(v) = \theta^T v" + "\n" + r"J(\theta) = \frac{1}{2n}\sum_{i=1}^n (h_\theta(x^{(i)}) - y^{(i)})^2",
        [r"\frac{\partial J}{\partial \theta_j} = \frac1n\sum_{i=1}^n (h_\theta(x^{(i)}) - y^{(i)}) x^{(i)}_j"],
        [
            r"\frac{\partial J}{\partial \theta_j} = \sum_{i=1}^n (h_\theta(x^{(i)}) - y^{(i)}) x^{(i)}_j",
            r"\frac{\partial J}{\partial \theta_j} = \frac1n\sum_{i=1}^n (y^{(i)} - h_\theta(x^{(i)})) x^{(i)}_j",
        ],
    ),
    "samples above, and of a vector": (
        {"X": "n d", "w": "d", "y": "n"},
        (),
        r"L = \frac1n\sum_{i=1}^n (w^T x^{(i)} - y^{(i)})^2",
        [r"\nabla_w L = \frac2n\sum_i (w^T x^{(i)} - y^{(i)})\, x^{(i)}"],
        [
            r"\nabla_w L = \frac1n\sum_i (w^T x^{(i)} - y^{(i)})\, x^{(i)}",
            r"\nabla_w L = \frac2n\sum_i y^{(i)}\, x^{(i)}",
        ],
    ),
    "samples as columns": (
        {"X": "d n", "w": "d", "y": "n"},
        (),
        r"L = \sum_{i=1}^{n} (w^T x_i - y_i)^2",
        [r"\nabla_w L = 2\sum_{i=1}^n (w^T x_i - y_i)\, x_i", r"\nabla_w L = 2X(X^Tw - y)"],
        [r"\nabla_w L = 2\sum_{i=1}^n (w^T x_i - y_i)", r"\nabla_w L = 2X^T(X^Tw - y)"],
    ),
    "rows of another matrix": (
        {"U": "a r", "V": "b r", "M": "a b"},
        (),
        r"E = \sum_{i,j} (M_{ij} - U_i^T V_j)^2",
        [r"\frac{\partial E}{\partial U} = -2(M - UV^T)V"],
        [r"\frac{\partial E}{\partial U} = 2(M - UV^T)V", r"\frac{\partial E}{\partial U} = -2(M - UV^T)^TU"],
    ),
    "sums from zero, over sets and without braces": (
        {"y": "n"},
        (),
        r"s = \sum_{i=0}^{n} y_i^2",
        [r"s = \sum_{i \in [n]} y_i^2", r"s = \sum_{1 \le i \le n} y_i\, y_i"],
        [r"s = \sum_{i \in [n]} y_i", r"s = 2\sum_{i=0}^n y_i^2"],
    ),
    "a sum that reaches over what follows": (
        {"p": "n positive", "y": "n"},
        (),
        r"L = -\frac1n\sum_{i=1}^n y_i\log p_i + (1 - y_i)\, p_i",
        [r"\frac{\partial L}{\partial p_i} = -\frac1n\left(\frac{y_i}{p_i} + 1 - y_i\right)"],
        [
            r"\frac{\partial L}{\partial p_i} = -\frac1n\frac{y_i}{p_i} + 1 - y_i",
            r"\frac{\partial L}{\partial p_i} = -\frac1n\left(\frac{y_i}{p_i} - 1 + y_i\right)",
        ],
    ),
    "Einstein's sums": (
        {"A": "k m", "X": "m n", "B": "n k"},
        (),
        "",
        [r"\operatorname{tr}(AXB) = A_{ij}X_{jk}B_{ki}"],
        [r"\operatorname{tr}(AXB) = 2A_{ij}X_{jk}B_{ki}", r"\operatorname{tr}(AXB) = -A_{ij}X_{jk}B_{ki}"],
    ),
    "conditions behind a claim": (
        {"z": "k"},
        (),
        r"p = \operatorname{softmax}(z)",
        [
            r"\frac{\partial p_i}{\partial z_j} = -p_ip_j, \quad i \ne j",
            r"\frac{\partial p_i}{\partial z_j} = p_i(1 - p_i) \quad \text{if } i = j",
        ],
        [
            r"\frac{\partial p_i}{\partial z_j} = p_ip_j, \quad i \ne j",
            r"\frac{\partial p_i}{\partial z_j} = p_i(1 + p_j) \quad \text{if } i = j",
        ],
    ),
    "indicators": (
        {"z": "h"},
        (),
        r"a = \max(0, z)" + "\n" + r"q = \operatorname{softmax}(z)",
        [
            r"\frac{\partial a_i}{\partial z_j} = 1\{i = j\}\,[z_i > 0]",
            r"\frac{\partial q_i}{\partial z_j} = q_i(1\{i=j\} - q_j)",
        ],
        [r"\frac{\partial a_i}{\partial z_j} = 1\{i = j\}", r"\frac{\partial q_i}{\partial z_j} = q_i(1\{i=j\} + q_j)"],
    ),
    "cases": (
        {"z": "h"},
        (),
        r"a_i = \begin{cases} z_i & z_i > 0 \\ 0 & \text{otherwise} \end{cases}",
        [r"a = \max(z, 0)"],
        [r"a = z", r"a = -\max(0, -z)"],
    ),
    "entries by number": (
        {"W": "m d", "x": "d"},
        (),
        "y = Wx",
        [r"y_2 = \sum_{j=1}^d W_{2,j}x_j", r"\frac{\partial y_4}{\partial x_5} = W_{4,5}"],
        [r"y_2 = \sum_{j=1}^d W_{j,2}x_j", r"\frac{\partial y_4}{\partial x_5} = W_{5,4}"],
    ),
    "where the gradient is zero": (
        MATRIX,
        (),
        r"L = \|Xw - y\|^2" + "\n" + r"\nabla_w L = 0",
        ["X^TXw = X^Ty", r"w = (X^TX)^{-1}X^Ty"],
        ["X^TXw = -X^Ty", r"w = (X^TX)^{-1}X^T(2y)"],
    ),
    "set to zero": (
        MATRIX,
        (),
        r"L = \|Xw - y\|^2",
        [r"\nabla_w L = 2X^TXw - 2X^Ty \stackrel{!}{=} 0"],
        [r"\nabla_w L = X^TXw - X^Ty \stackrel{!}{=} 0", r"\nabla_w L = 2X^TXw + 2X^Ty \overset{!}{=} 0"],
    ),
    "words over a sign, boxes and colours": (
        MATRIX,
        (),
        r"L = \|Xw - y\|^2",
        [r"\nabla_w L \overset{\text{(a)}}{=} \color{red}{2X^T}(Xw - y)", r"\boxed{\nabla_w L = 2X^T(Xw - y)}"],
        [r"\nabla_w L \overset{\text{(a)}}{=} \color{red}{X^T}(Xw - y)", r"\boxed{\nabla_w L = 2X(Xw - y)}"],
    ),
    "two claims on a line": (
        {"x": "", "y": "", "z": ""},
        (),
        "q = x + y\nf = qz",
        [
            r"\frac{\partial f}{\partial q} = z, \quad \frac{\partial f}{\partial z} = q",
            r"\frac{\partial f}{\partial x} = z \hspace{1cm} \frac{\partial f}{\partial y} = z",
        ],
        [
            r"\frac{\partial f}{\partial q} = z, \quad \frac{\partial f}{\partial z} = z",
            r"\frac{\partial f}{\partial x} = z \hspace{1cm} \frac{\partial f}{\partial y} = q",
        ],
    ),
    "the gradient and the Hessian of several numbers": (
        {"x": "", "y": ""},
        (),
        "f(x, y) = x^2y",
        [
            r"\nabla f(x, y) = \begin{pmatrix} 2xy \\ x^2 \end{pmatrix}",
            r"\mathbf{H}f(x, y) = \begin{pmatrix} 2y & 2x \\ 2x & 0 \end{pmatrix}",
        ],
        [
            r"\nabla f(x, y) = \begin{pmatrix} x^2 \\ 2xy \end{pmatrix}",
            r"\mathbf{H}f(x, y) = \begin{pmatrix} 2y & 2x \\ 2x & 2 \end{pmatrix}",
        ],
    ),
    "the gradient of a product of brackets": (
        MATRIX,
        (),
        "",
        [r"\nabla_w (Xw - y)^T(Xw - y) = 2X^T(Xw - y)"],
        [r"\nabla_w (Xw - y)^T(Xw - y) = X^T(Xw - y)", r"\nabla_w (Xw - y)^T(Xw - y) = 2X(Xw - y)"],
    ),
    "the gradient in a transpose": (
        {"A": "m n", "B": "n m"},
        (),
        r"f = \operatorname{tr}(AB)",
        [r"\nabla_{A^T} f = B"],
        [r"\nabla_{A^T} f = B^T", r"\nabla_{A^T} f = -B"],
    ),
    "a derivative in an expression": (
        {"S": "n n", "x": "n", "m": "n"},
        (),
        "",
        [r"\frac{\partial (x - m)^TS(x - m)}{\partial (x - m)} = (S + S^T)(x - m)"],
        [
            r"\frac{\partial (x - m)^TS(x - m)}{\partial (x - m)} = 2S(x - m)",
            r"\frac{\partial (x - m)^TS(x - m)}{\partial (x - m)} = -(S + S^T)(x - m)",
        ],
    ),
    "the slope of the function alone": (
        {"x": "d", "w": "d"},
        (),
        r"z = w^Tx" + "\n" + r"a = \sigma(z)",
        [r"\frac{\partial \sigma}{\partial w_j} = \sigma'(z)x_j", r"\frac{\partial \sigma}{\partial z} = a(1 - a)"],
        [r"\frac{\partial \sigma}{\partial w_j} = \sigma(z)x_j", r"\frac{\partial \sigma}{\partial z} = a(1 + a)"],
    ),
    "a letter that is a length and an array": (
        {"X": "n p", "b": "p", "y": "n"},
        (),
        r"\mathbf{p} = \sigma(Xb)" + "\n" + r"L = -y^T\log\mathbf{p} - (1 - y)^T\log(1 - \mathbf{p})",
        [r"\nabla_b L = X^T(\mathbf{p} - y)"],
        [r"\nabla_b L = X^T(y - \mathbf{p})", r"\nabla_b L = X^T\mathbf{p}"],
    ),
    "labels below a name": (
        {"X": "n d", "w": "d", "y": "n", "lambda": ""},
        (),
        r"E_D = \tfrac12\|Xw - y\|^2" + "\n" + r"E_R = E_D + \tfrac{\lambda}{2}w^Tw",
        [r"\nabla_w E_R = X^T(Xw - y) + \lambda w"],
        [r"\nabla_w E_R = X^T(Xw - y)", r"\nabla_w E_R = X^T(Xw - y) - \lambda w"],
    ),
    "an entry of a transpose": (
        {"A": "m n", "B": "m k"},
        (),
        "C = A^TB",
        [r"C_{ij} = \sum_l A_{il}^T B_{lj}"],
        [r"C_{ij} = \sum_l A_{il}^T B_{lj} + 1", r"C_{ij} = 2\sum_l A_{li} B_{lj}"],
    ),
    "ones written as 1": (
        {"o": "c"},
        (),
        r"p = \operatorname{softmax}(o)",
        [r"p:1 = 1", r"(p1^T)p = p(1^Tp)"],
        [r"p:1 = 2", r"(p1^T)p = 2p"],
    ),
    "gradients named in a program": (
        {"X": "N D", "W": "D K", "Y": "N K"},
        (),
        "S = X @ W\nloss = 0.5 * np.sum((S - Y)**2)\ndS = S - Y",
        ["dW = X.T @ dS"],
        ["dW = X.T @ S", "dW = 2 * X.T @ dS"],
    ),
    "cross-entropy by its name": (
        {"z": "k", "y": "k onehot"},
        (),
        r"\hat y = \operatorname{softmax}(z)" + "\n" + r"L = \operatorname{CE}(y, \hat y)",
        [r"\nabla_z L = \hat y - y"],
        [r"\nabla_z L = y - \hat y", r"\nabla_z L = \hat y"],
    ),
    "the norm of a matrix with a 2": (
        {"A": "m n"},
        (),
        r"f = \|A\|_2^2",
        [r"\nabla_A f = 2A"],
        [r"\nabla_A f = A", r"\nabla_A f = 2A^T"],
    ),
    "a declaration in the text": (
        {},
        (),
        r"Let $Q \in \mathbb{R}^{m \times m}$ and $v \in \mathbb{R}^m$." + "\n" + r"f = v^TQv",
        [r"\nabla_v f = (Q + Q^T)v"],
        [r"\nabla_v f = 2Qv", r"\nabla_v f = Qv"],
    ),
    "powers of a step up to the one that o leaves": (
        {"A": "d d", "x": "d", "H": "d"},
        (),
        "f(x) = x^T A x",
        [
            r"f(x + h) = f(x) + x^T(A + A^T)h + h^TAh + o(\|h\|^2)",
            r"f(x + h) = f(x) + x^T(A + A^T)h + O(\|h\|^2)",
            r"f(x + H) - f(x) = x^T(A + A^T)H + o(\|H\|)",
            r"f(x + h) = f(x) + x^T(A + A^T)h + h^TAh",
        ],
        [
            r"f(x + h) = f(x) + x^T(A + A^T)h + 5h^TAh + o(\|h\|^2)",
            r"f(x + h) = f(x) + x^T(A + A^T)h + O(\|h\|^3)",
            r"f(x + h) = f(x) + x^T(A + A^T)h + 5h^TAh",
            r"f(x + H) - f(x) = 2x^TAH + o(\|H\|)",
        ],
    ),
    "a solution under a name of its own": (
        MATRIX | {"lambda": ""},
        (),
        r"J(w) = \|y - Xw\|^2 + \lambda\|w\|^2" + "\n" + r"\nabla J(w) = 0",
        [r"\hat w = (X^TX + \lambda I)^{-1}X^Ty", r"w^* = (X^TX + \lambda I)^{-1}X^Ty"],
        [r"\hat w = (X^TX + 2\lambda I)^{-1}X^Ty", r"w^* = (X^TX + \lambda I)^{-1}y", r"w^\star = X^Ty"],
    ),
    "a search for the smallest value": (
        MATRIX,
        (),
        r"\hat w = \arg\min_w \|Xw - y\|_2^2",
        [r"\hat w = (X^TX)^{-1}X^Ty"],
        [r"\hat w = (X^TX)^{-1}Xy", r"\hat w = 2(X^TX)^{-1}X^Ty"],
    ),
    "a step of descent": (
        MATRIX | {"eta": ""},
        (),
        r"J(w) = \tfrac12\|Xw - y\|^2",
        [r"w \leftarrow w - \eta X^T(Xw - y)", r"w_{t+1} = w_t - \eta\nabla J(w_t)"],
        [r"w \leftarrow w + \eta X^T(Xw - y)", r"w_{t+1} = w_t + \eta\nabla J(w_t)"],
    ),
    "a value at a point": (
        {"q": "", "r": ""},
        (),
        r"E = \frac{q}{r^2}",
        [r"\left.\frac{dE}{dr}\right|_{r=2} = -\frac q4"],
        [r"\left.\frac{dE}{dr}\right|_{r=2} = -\frac q2", r"\left.\frac{dE}{dr}\right|_{r=1} = -q"],
    ),
    "unit vectors and second derivatives": (
        {"A": "n n", "x": "n"},
        (),
        r"f(x) = x^TAx",
        [r"D^2 f(x) = A + A^T", r"\frac{\partial A^{-1}}{\partial A_{ij}} = -A^{-1}e_ie_j^TA^{-1}"],
        [r"D^2 f(x) = 2A", r"\frac{\partial A^{-1}}{\partial A_{ij}} = -A^{-1}e_je_i^TA^{-1}"],
    ),
    "a derivative in a row": (
        MATRIX,
        (),
        r"S = (y - Xw)'(y - Xw)",
        [r"\frac{\partial S}{\partial w'} = 2(Xw - y)'X", r"\frac{\partial^2 S}{\partial w\,\partial w'} = 2X'X"],
        [r"\frac{\partial S}{\partial w'} = 2X'(Xw - y)", r"\frac{\partial^2 S}{\partial w\,\partial w'} = X'X"],
    ),
    "a chain of Jacobians": (
        {"W": "m n", "x": "n", "u": "m"},
        ("g",),
        "z = Wx\na = g(z)\nc = u^Ta",
        [
            r"\frac{\partial c}{\partial x} = \frac{\partial c}{\partial a}"
            r"\frac{\partial a}{\partial z}\frac{\partial z}{\partial x}"
        ],
        [
            r"\frac{\partial c}{\partial x} = \frac{\partial c}{\partial a}"
            r"\frac{\partial z}{\partial x}\frac{\partial a}{\partial z}",
            r"\frac{\partial c}{\partial x} = \frac{\partial c}{\partial a}\frac{\partial z}{\partial x}",
        ],
    ),
    "gradients that are called dw": (
        {"w": "d", "x": "d", "b": "", "y": ""},
        ("sigma",),
        "z = w^Tx + b\na = \\sigma(z)\nL = -(y\\log a + (1 - y)\\log(1 - a))\ndz = a - y\ndb = a - y",
        [r"dw = (a - y)x", r"dw = x\,dz"],
        [r"dw = (y - a)x", r"dw = -x\,dz"],
    ),
    "constants beside declared names": (
        {"x": "n"},
        (),
        r"f(x) = \alpha\|x\|^2 + \beta",
        [r"\nabla f(x) = 2\alpha x"],
        [r"\nabla f(x) = 2\alpha x^\top", r"\nabla f(x) = \alpha x", r"f(x) = \alpha \mathbf{1} x^\top x + \beta"],
    ),
    "a vector written as its entries": (
        {"x": "n"},
        (),
        r"z = (e^{x_1}, \dots, e^{x_n})" + "\n" + r"f(x) = \log\sum_{i=1}^n e^{x_i}",
        [r"\nabla f(x) = \frac{1}{\mathbf 1^T z} z"],
        [r"\nabla f(x) = z", r"\nabla f(x) = \frac{1}{\mathbf 1^T z} z^T"],
    ),
    "a likelihood by its logarithm, and its variance": (
        {"x": "n", "mu": "", "sigma": "positive"},
        (),
        r"\log L(\mu, \sigma^2) = -\frac n2\log\sigma^2 - \frac{1}{2\sigma^2}\sum_{i=1}^n (x_i - \mu)^2",
        [
            r"\frac{\partial \log L}{\partial \mu} = \frac{1}{\sigma^2}\sum_{i=1}^n (x_i - \mu)",
            r"\frac{\partial \log L}{\partial \sigma^2} = -\frac{n}{2\sigma^2}"
            r" + \frac{1}{2\sigma^4}\sum_{i=1}^n (x_i - \mu)^2",
        ],
        [
            r"\frac{\partial \log L}{\partial \mu} = -\frac{1}{\sigma^2}\sum_{i=1}^n (x_i - \mu)",
            r"\frac{\partial \log L}{\partial \sigma^2} = -\frac{n}{\sigma}"
            r" + \frac{1}{\sigma^3}\sum_{i=1}^n (x_i - \mu)^2",
        ],
    ),
    "number of an equation and a side condition": (
        {"x": "n"},
        (),
        r"(1)\quad f(x) = \|x\|",
        [r"(2)\quad \nabla f(x) = \frac{x}{\|x\|}, \quad x \ne 0"],
        [r"(2)\quad \nabla f(x) = x, \quad x \ne 0", r"(2)\quad \nabla f(x) = -\frac{x}{\|x\|}, \quad x \ne 0"],
    ),
}

KINDS |= MORE_KINDS


def last(kind, line):
    shapes, functions, before, _, _ = KINDS[kind]
    return derive(f"{before}\n{line}", shapes, functions).lines[-1]


@pytest.mark.parametrize(("kind", "line"), [(k, line) for k, case in KINDS.items() for line in case[3]])
def test_a_right_line_is_right(kind, line):
    judged = last(kind, line)
    assert judged.verdict in ("right", "definition"), judged.message


@pytest.mark.parametrize(("kind", "line"), [(k, line) for k, case in KINDS.items() for line in case[4]])
def test_a_wrong_line_is_not(kind, line):
    judged = last(kind, line)
    assert judged.verdict in WRONG or judged.assumption


def test_newtons_step_is_known_and_another_is_not():
    before = (
        r"\ell(w) = \sum_{i=1}^n (y_i w^Tx_i - \log(1 + e^{w^Tx_i}))" + "\n" + r"p = \sigma(Xw)"
        "\n" + r"V = \operatorname{diag}(p_i(1 - p_i))" + "\n" + r"w^{\text{new}} = w + "
    )
    right, *others = (
        derive(before + step, MATRIX).lines[-1].verdict
        for step in (r"(X^TVX)^{-1}X^T(y - p)", r"(X^TVX)^{-1}X^T(p - y)", r"(X^TX)^{-1}X^T(y - p)")
    )
    assert right == "right" and others == ["unreadable", "unreadable"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_comes_before_is_read(kind):
    shapes, functions, before, _, _ = KINDS[kind]
    assert all(line.verdict in ("right", "definition") for line in derive(before, shapes, functions).lines)
