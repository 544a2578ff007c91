r"""What people write, kind by kind: for each way of writing lines that are right, and lines in it that are not.

Each case was judged by hand before it was run; `truths.py` says every line again in Python, for autograd to confirm the
judgement. `=` continues the line before, as in a derivation.
"""

MATRIX = {"X": "n d", "w": "d", "y": "n"}
PAIR = {"x": "", "y": ""}

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
    "a colon reaches over entrywise products": (
        {"A": "m n", "X": "m n", "B": "m n"},
        (),
        r"M = A \odot X - B" + "\n" + r"f = M:M",
        [r"df = 2M:A \odot dX", r"df = 2A \odot M:dX"],
        [r"df = M:A \odot dX", r"df = 2M:B \odot dX"],
    ),
    "a superscript behind several bold letters": (
        {"A": "n n", "B": "n n"},
        (),
        "",
        [r"\frac{\partial}{\partial\mathbf{A}}\mathrm{Tr}(\mathbf{ABA}^{\mathrm{T}}) = \mathbf{A}(B + B^T)"],
        [
            r"\frac{\partial}{\partial\mathbf{A}}\mathrm{Tr}(\mathbf{ABA}^{\mathrm{T}}) = 2\mathbf{AB}",
            r"\mathrm{Tr}(\mathbf{AB}^T) = \mathrm{Tr}(\mathbf{AB})",
        ],
    ),
    "a diagonal matrix of what its entries are": (
        {"X": "n d", "w": "d"},
        (),
        r"p = \sigma(Xw)" + "\n" + r"f = \mathbf 1^T\log(1 + e^{Xw})" + "\n" + r"V = \operatorname{diag}(p_i(1 - p_i))",
        [
            r"\nabla_w^2 f = X^TVX",
            r"V = \operatorname{diag}(p_1(1 - p_1), \ldots, p_n(1 - p_n))",
            r"\frac{\partial p}{\partial w} = VX",
        ],
        [r"\nabla_w^2 f = X^T\operatorname{diag}(p_i)X", r"V = \operatorname{diag}(p_1, \ldots, p_n)"],
    ),
    "entries of a Greek letter": (
        {"z": "k"},
        (),
        r"\mu_j = \sigma(z_j)",
        [r"\frac{\partial \mu_1}{\partial z_1} = \mu_1(1 - \mu_1)"],
        [r"\frac{\partial \mu_1}{\partial z_1} = \mu_1(1 - \mu_2)", r"\frac{\partial \mu_1}{\partial z_2} = \mu_1"],
    ),
    "a label below a number": (
        {"a": "k", "t": "k"},
        (),
        r"E_n = \frac12\sum_{k}(a_k - t_k)^2" + "\n" + r"\ell_{ce} = -\log a_1^2",
        [r"\frac{\partial E_n}{\partial a_k} = a_k - t_k", r"\frac{\partial \ell_{ce}}{\partial a_1} = -\frac{2}{a_1}"],
        [r"\frac{\partial E_n}{\partial a_k} = t_k - a_k", r"\frac{\partial \ell_{ce}}{\partial a_1} = -\frac{1}{a_1}"],
    ),
    "mean and variance of a batch": (
        {"x": "m"},
        (),
        r"\mu_{\mathcal B} = \frac1m\sum_{i=1}^m x_i"
        "\n"
        r"\sigma_{\mathcal B}^2 = \frac1m\sum_{i=1}^m (x_i - \mu_{\mathcal B})^2",
        [r"\frac{\partial \sigma_{\mathcal B}^2}{\partial x_i} = \frac2m(x_i - \mu_{\mathcal B})"],
        [
            r"\frac{\partial \sigma_{\mathcal B}^2}{\partial x_i} = \frac1m(x_i - \mu_{\mathcal B})",
            r"\frac{\partial \sigma_{\mathcal B}^2}{\partial x_i} = \frac2m x_i",
        ],
    ),
    "an indicator of one class": (
        {"z": "k"},
        (),
        r"f = \log\sum_j e^{z_j} - z_2" + "\n" + r"q = \operatorname{softmax}(z)",
        [r"\frac{\partial f}{\partial z_i} = q_i - 1\{i = 2\}"],
        [r"\frac{\partial f}{\partial z_i} = q_i - 1\{i = 1\}", r"\frac{\partial f}{\partial z_i} = q_i + 1\{i = 2\}"],
    ),
    "the matrix with a single one": (
        {"X": "m n", "B": "m m", "A": "n p"},
        (),
        "",
        [
            r"\frac{\partial XA}{\partial X_{ij}} = J^{ij}A",
            r"\frac{\partial X^TBX}{\partial X_{ij}} = X^TBJ^{ij} + J^{ji}BX",
        ],
        [
            r"\frac{\partial XA}{\partial X_{ij}} = 2J^{ij}A",
            r"\frac{\partial X^TBX}{\partial X_{ij}} = X^TBJ^{ij} + J^{ij}BX",
        ],
    ),
    "a function of listed entries": (
        {"x": "n"},
        (),
        r"f = \mathrm{LSE}(x_1, \dots, x_n)",
        [r"f = \log(e^{x_1} + \cdots + e^{x_n})", r"\nabla_x f = \operatorname{softmax}(x)"],
        [r"f = \log(x_1 + \cdots + x_n)", r"\nabla_x f = x"],
    ),
    "the Jacobian of a row in a row": (
        {"X": "n d", "W": "m d"},
        (),
        "Y = XW^T",
        [r"\frac{\partial Y_{i,:}}{\partial X_{i,:}} = W"],
        [r"\frac{\partial Y_{i,:}}{\partial X_{i,:}} = W^T", r"\frac{\partial Y_{i,:}}{\partial X_{i,:}} = 2W"],
    ),
    "the gradient in the last layer's output": (
        {"x": "n", "w1": "m n", "w2": "p m", "y": "p"},
        (),
        "a^1 = \\sigma(w^1x)\nz^2 = w^2a^1\na^2 = \\sigma(z^2)\nC = \\frac12\\|y - a^2\\|^2",
        [r"\nabla_a C = a^2 - y", r"\frac{\partial C}{\partial z^2} = \nabla_a C \odot \sigma'(z^2)"],
        [r"\nabla_a C = y - a^2", r"\frac{\partial C}{\partial z^2} = \nabla_a C \odot \sigma(z^2)"],
    ),
    "any layer": (
        {"x": "n", "w1": "m n", "w2": "p m", "w3": "q p", "y": "q"},
        (),
        "z^1 = w^1x\na^1 = \\sigma(z^1)\nz^2 = w^2a^1\na^2 = \\sigma(z^2)\nz^3 = w^3a^2\nC = \\frac12\\|y - z^3\\|^2\n"
        r"\delta^l = \frac{\partial C}{\partial z^l}",
        [
            r"\delta^l = ((w^{l+1})^T\delta^{l+1}) \odot \sigma'(z^l)",
            r"\frac{\partial C}{\partial w^l_{jk}} = a^{l-1}_k\delta^l_j",
            r"\delta^L = z^L - y",
        ],
        [
            r"\delta^l = (w^{l+1}\delta^{l+1}) \odot \sigma'(z^l)",
            r"\delta^l = ((w^{l+1})^T\delta^{l+1}) \odot \sigma'(z^{l+1})",
            r"\frac{\partial C}{\partial w^l_{jk}} = a^{l}_k\delta^l_j",
            r"\delta^L = y - z^L",
        ],
    ),
    "a hat on what a gradient of zero gives": (
        {"X": "n d", "w": "d", "y": "n"},
        (),
        r"L = \|Xw - y\|^2" + "\n" + r"\nabla_w L = 0",
        [r"X^TX\hat w = X^Ty"],
        [r"X^TX\hat w = -X^Ty", r"X^TX\hat w = 2X^Ty"],
    ),
    "a gradient that is set to zero without its sign": (
        {"A": "m n", "b": "m", "x": "n", "lambda": ""},
        (),
        r"L(x, \lambda) = \frac12\|Ax - b\|_2^2 + \lambda(x^Tx - 1)",
        [r"A^TAx - A^Tb + 2\lambda x = 0", "A^TAx - A^Tb + 2\\lambda x = 0\nx = (A^TA + 2\\lambda I)^{-1}A^Tb"],
        [r"A^TAx + A^Tb + 2\lambda x = 0", "A^TAx - A^Tb + 2\\lambda x = 0\nx = (A^TA + \\lambda I)^{-1}A^Tb"],
    ),
    "subscripts that differentiate": (
        PAIR,
        (),
        "f(x, y) = x^2y + 3y^2",
        ["f_x = 2xy", "f_y(x, y) = x^2 + 6y", "f_{xy} = 2x", "f_x(1, 2) = 4"],
        ["f_x = x^2 + 6y", "f_y(x, y) = x^2 + 3y", "f_{xy} = 2y", "f_x(1, 2) = 2"],
    ),
    "gradients as lists and at numbers": (
        PAIR,
        (),
        "f(x, y) = x^2y + 3y^2",
        [r"\nabla f = (2xy, x^2 + 6y)", r"\nabla f(1, 2) = (4, 13)"],
        [r"\nabla f = (x^2 + 6y, 2xy)", r"\nabla f(1, 2) = (4, 12)"],
    ),
    "matrices of derivatives by their letter": (
        PAIR,
        (),
        r"f(x, y) = \begin{pmatrix} x^2y \\ 5x + y \end{pmatrix}" + "\n" + "g(x, y) = x^3y",
        [
            r"J_f(x, y) = \begin{pmatrix} 2xy & x^2 \\ 5 & 1 \end{pmatrix}",
            r"H_g = \begin{pmatrix} 6xy & 3x^2 \\ 3x^2 & 0 \end{pmatrix}",
        ],
        [
            r"J_f(x, y) = \begin{pmatrix} 2xy & 5 \\ x^2 & 1 \end{pmatrix}",
            r"H_g = \begin{pmatrix} 6xy & 3x^2 \\ 3x^2 & 1 \end{pmatrix}",
        ],
    ),
    "weights that stand in columns": (
        {"P": "N M", "W": "M K", "T": "N K"},
        (),
        r"a_{nk} = \mathbf{w}_k^T\mathbf{p}_n" + "\n" + r"E = \frac12\sum_{n,k}(a_{nk} - t_{nk})^2",
        [r"\nabla_{\mathbf{w}_j} E = \sum_n (a_{nj} - t_{nj})\mathbf{p}_n"],
        [
            r"\nabla_{\mathbf{w}_j} E = \sum_n (t_{nj} - a_{nj})\mathbf{p}_n",
            r"\nabla_{\mathbf{w}_j} E = \sum_n a_{nj}\mathbf{p}_n",
        ],
    ),
    "arrays that only a letter tells apart": (
        {"W": "K M", "z": "M", "t": "K"},
        (),
        r"y_k = \sum_j w_{kj}\tanh(z_j)" + "\n" + r"E = \frac12\sum_k (y_k - t_k)^2" + "\n" + r"\delta_k = y_k - t_k"
        "\n"
        r"\delta_j = (1 - \tanh^2(z_j))\sum_k w_{kj}\delta_k",
        [r"\frac{\partial E}{\partial z_j} = \delta_j", r"\frac{\partial E}{\partial w_{kj}} = \delta_k\tanh(z_j)"],
        [r"\frac{\partial E}{\partial z_j} = 2\delta_j", r"\frac{\partial E}{\partial w_{kj}} = \delta_j\tanh(z_j)"],
    ),
    "a product of columns without a transpose": (
        {"X": "n d", "w": "d", "y": "n"},
        (),
        r"L = \sum_{i=1}^n \log(1 + e^{-y_i w^Tx_i})",
        [r"L = \sum_{i=1}^n \log(1 + e^{-y_i w x_i})"],
        [r"L = \sum_{i=1}^n \log(1 + e^{y_i w x_i})", r"L = \sum_{i=1}^n \log(1 + e^{-w x_i})"],
    ),
    "samples in brackets beside a column": (
        {"X": "n d", "m": "d", "S": "d d spd"},
        (),
        r"\ell(m) = -\frac12\sum_{i=1}^n (x^{(i)} - m)^TS^{-1}(x^{(i)} - m)",
        [r"\nabla_m \ell = \sum_{i=1}^n S^{-1}(x^{(i)} - m)"],
        [r"\nabla_m \ell = \sum_{i=1}^n S(x^{(i)} - m)", r"\nabla_m \ell = -\sum_{i=1}^n S^{-1}(x^{(i)} - m)"],
    ),
    "a gradient worked out and set to zero": (
        {"S": "p p symmetric", "a": "p", "lambda": ""},
        (),
        r"L(a, \lambda) = a'Sa - \lambda(a'a - 1)",
        [
            r"\frac{\partial L}{\partial a} = 2Sa - 2\lambda a = 0",
            "\\nabla_a L = 2Sa - 2\\lambda a = 0\nSa = \\lambda a",
        ],
        [
            r"\frac{\partial L}{\partial a} = Sa - 2\lambda a = 0",
            r"\frac{\partial L}{\partial a} = 2Sa - \lambda a = 0",
            "\\nabla_a L = 2Sa - 2\\lambda a = 0\nSa = 2\\lambda a",
        ],
    ),
    "rows that NumPy repeats": (
        {"X": "N D", "gamma": "1 D", "G": "N D"},
        (),
        "mu = X.mean(axis=0)\nV = X - mu\nout = gamma * V\nL = np.sum(G * out)",
        ["dgamma = np.sum(G * V, axis=0)", r"\nabla_{X} L = gamma * (G - G.mean(axis=0))"],
        ["dgamma = np.sum(G * X, axis=0)", r"\nabla_{X} L = gamma * G"],
    ),
    "a name that a program sets anew": (
        {"X": "N D", "W1": "D H", "W2": "H C", "Y": "N C"},
        (),
        "A = np.maximum(0, X @ W1)\nS = A @ W2\nloss = 0.5 * np.sum((S - Y)**2)\ndS = S - Y\n"
        "dhidden = dS @ W2.T\ndhidden = dhidden * (A > 0)",
        ["dW1 = X.T @ dhidden"],
        ["dW1 = X.T @ dhidden * 2", "dW1 = X.T @ (dS @ W2.T)"],
    ),
    "gradients of numbers in a program": (
        {"x": "", "y": ""},
        (),
        "num = x + np.exp(-y)\nden = 1 + x**2\ninv = 1.0 / den\nf = num * inv",
        ["dnum = inv", "dinv = num", "dnum = inv\ndinv = num\ndden = (-1.0 / den**2) * dinv"],
        ["dnum = num", "dinv = inv", "dnum = inv\ndinv = num\ndden = (1.0 / den**2) * dinv"],
    ),
    "Einstein's sums on both sides": (
        {"A": "n n", "x": "n"},
        (),
        "",
        [
            r"\frac{d}{dx_k}x_ia_{ij}x_j = a_{kj}x_j + x_ia_{ik}",
            r"\frac{d}{dx_k}x_ia_{ij}x_j = \frac{dx_i}{dx_k}a_{ij}x_j + x_ia_{ij}\frac{dx_j}{dx_k}",
        ],
        [
            r"\frac{d}{dx_k}x_ia_{ij}x_j = 2a_{kj}x_j",
            r"\frac{d}{dx_k}x_ia_{ij}x_j = a_{kj}x_j - x_ia_{ik}",
            r"\frac{d}{dx_k}x_ia_{ij}x_j = \frac{dx_i}{dx_k}a_{ij}x_j",
        ],
    ),
    "an activation that nobody explains": (
        {"W": "m n", "x": "n", "u": "m"},
        (),
        "z = Wx\nh = f(z)\ns = u^Th",
        [r"\frac{\partial s}{\partial z} = u \odot f'(z)", r"\frac{\partial s}{\partial W} = (u \odot f'(z))x^T"],
        [
            r"\frac{\partial s}{\partial z} = u \odot f(z)",
            r"\frac{\partial s}{\partial W} = u\,x^T",
            r"\frac{\partial s}{\partial x} = W^T(u \odot f'(x))",
        ],
    ),
    "a loss that nobody explains": (
        {"W": "q k", "v": "k", "y": "q"},
        (),
        r"o = Wv" + "\n" + r"L = l(o, y)" + "\n" + r"J = L + \|W\|_F^2",
        [
            r"\frac{\partial J}{\partial L} = 1",
            r"\frac{\partial J}{\partial W} = \frac{\partial L}{\partial o}v^T + 2W",
            r"\frac{\partial L}{\partial v} = W^T\frac{\partial L}{\partial o}",
        ],
        [
            r"\frac{\partial J}{\partial L} = 2",
            r"\frac{\partial J}{\partial W} = \frac{\partial L}{\partial o}v^T",
            r"\frac{\partial L}{\partial v} = W\frac{\partial L}{\partial o}",
        ],
    ),
    "a function of a vector that nobody explains": (
        {"A": "m n", "x": "n", "b": "m"},
        (),
        r"g(x) = f(Ax + b)",
        [r"\nabla g(x) = A^T\nabla f(Ax + b)", r"\nabla^2 g(x) = A^T\nabla^2 f(Ax + b)A"],
        [r"\nabla g(x) = \nabla f(Ax + b)", r"\nabla g(x) = A^T\nabla f(Ax)", r"\nabla^2 g(x) = A^T\nabla^2 f(Ax + b)"],
    ),
    "an identity whose size is only counted": (
        {"X": "n p"},
        (),
        r"C = I - \frac1n\mathbf 1\mathbf 1^T",
        [r"C^2 = C", r"C\mathbf 1 = 0"],
        [r"C^2 = 2C", r"C\mathbf 1 = \mathbf 1"],
    ),
    "logarithms that few draws allow": (
        {"A": "m n", "b": "m", "x": "n"},
        (),
        r"\phi(x) = -\sum_{i=1}^m \log(b_i - a_i^Tx)" + "\n" + "d_i = 1/(b_i - a_i^Tx)",
        [r"\nabla \phi(x) = A^Td"],
        [r"\nabla \phi(x) = -A^Td", r"\nabla \phi(x) = Ad"],
    ),
    "powers of a variance": (
        {"y": "n", "sigma2": "positive"},
        (),
        r"\ell = -\frac n2\log\sigma^2 - \frac{1}{2\sigma^2}y^Ty",
        [r"\frac{\partial \ell}{\partial \sigma^2} = -\frac{n}{2\sigma^2} + \frac{1}{2\sigma^4}y^Ty"],
        [
            r"\frac{\partial \ell}{\partial \sigma^2} = -\frac{n}{2\sigma^2} + \frac{1}{2\sigma^2}y^Ty",
            r"\frac{\partial \ell}{\partial \sigma^2} = \frac{n}{2\sigma^2} + \frac{1}{2\sigma^4}y^Ty",
        ],
    ),
    "a label that is a length, and a Greek one": (
        {"P": "N M", "t": "N", "m": "M", "x": "M", "mu": "M"},
        (),
        r"\mathbf{m}_N = (I + P^TP)^{-1}P^Tt" + "\n" + r"S_\mu = (x - \mu)(x - \mu)^T",
        [r"(I + P^TP)\mathbf{m}_N = P^Tt", r"\operatorname{tr} S_\mu = \|x - \mu\|^2"],
        [r"(I + P^TP)\mathbf{m}_N = Pt", r"\operatorname{tr} S_\mu = \|x - \mu\|"],
    ),
    "a power of a function": (
        {"x": ""},
        (),
        r"s(x) = \frac{1}{1 + e^{-x}}",
        ["s'(x) = s(x) - s^2(x)"],
        ["s'(x) = s(x) + s^2(x)", "s'(x) = s^2(x)"],
    ),
    "a matrix by its general entry": (
        {"A": "m n", "x": "n"},
        (),
        "y = Ax",
        [r"\frac{\partial y}{\partial x} = \left[\frac{\partial y_i}{\partial x_j}\right]_{ij} = A"],
        [
            r"\frac{\partial y}{\partial x} = \left[\frac{\partial y_i}{\partial x_j}\right]_{ij} = 2A",
            r"\frac{\partial y}{\partial x} = \left[\frac{\partial y_j}{\partial x_i}\right]_{ij}",
        ],
    ),
    "a Greek letter explained by what its square equals": (
        {"X": "n d", "w": "d", "y": "n"},
        (),
        r"L = \frac1{2n}\epsilon^T\epsilon = \frac1{2n}(y - Xw)^T(y - Xw)",
        [r"\nabla_w L = -\frac1n X^T\epsilon"],
        [r"\nabla_w L = \frac1n X^T\epsilon", r"\nabla_w L = -X^T\epsilon"],
    ),
    "a bracket that nobody closed": (
        {"U": "N k"},
        (),
        r"L(U; N) = \frac1N U:U",
        [r"L(U + dU) - L(U) = \frac1N(tr((U + dU)^T(U + dU)) - tr((U^TU)) = \frac2N U:dU"],
        [
            r"L(U + dU) - L(U) = \frac1N(tr((U + dU)^T(U + dU)) - tr((U^TU)) = \frac1N U:dU",
            r"L(U + dU) - L(U) = (tr((U + dU)^T(U + dU)) - tr((U^TU)) = \frac2N U:dU",
        ],
    ),
    "a loss of which only derivatives are written": (
        {"W": "m n", "x": "n", "b": "m"},
        (),
        "y = Wx + b",
        [
            r"\frac{\partial L}{\partial W} = \frac{\partial L}{\partial y}x^T",
            r"\frac{\partial L}{\partial x} = W^T\frac{\partial L}{\partial y}",
            r"\frac{\partial L}{\partial b} = \frac{\partial L}{\partial y}",
        ],
        [
            r"\frac{\partial L}{\partial W} = x^T\frac{\partial L}{\partial y}",
            r"\frac{\partial L}{\partial x} = \frac12W^T\frac{\partial L}{\partial y}",
            r"\frac{\partial L}{\partial b} = -\frac{\partial L}{\partial y}",
        ],
    ),
    "derivatives of a loss, through two layers": (
        {"x": "d", "U": "m d", "V": "k m"},
        (),
        r"h = \tanh(Ux), \quad z = Vh",
        [
            r"\nabla_h \mathcal{L} = V^T \nabla_z \mathcal{L}",
            r"\nabla_U \mathcal{L} = (\nabla_h \mathcal{L} \odot (1 - h^2))x^T",
        ],
        [
            r"\nabla_h \mathcal{L} = V \nabla_z \mathcal{L}",
            r"\nabla_U \mathcal{L} = (\nabla_h \mathcal{L} \odot (1 - h))x^T",
        ],
    ),
    "samples beside their mean": (
        {"x": "n d", "mu": "d", "Sigma": "d d spd"},
        (),
        r"\ell(\mu, \Sigma) = -\frac12\sum_{i=1}^n (x_i - \mu)^T\Sigma^{-1}(x_i - \mu)",
        [
            r"\frac{\partial\ell}{\partial\mu} = \sum_i\Sigma^{-1}(x_i - \mu)",
            r"\frac{\partial\ell}{\partial\mu} = -\Sigma^{-1}\sum_i(\mu - x_i)",
        ],
        [
            r"\frac{\partial\ell}{\partial\mu} = \sum_i\Sigma^{-1}(\mu - x_i)",
            r"\frac{\partial\ell}{\partial\mu} = \sum_i\Sigma(x_i - \mu)",
            r"\frac{\partial\ell}{\partial\mu} = \frac12\sum_i\Sigma^{-1}(x_i - \mu)",
        ],
    ),
    "one class throughout": (
        {"z": "C"},
        (),
        r"p = \operatorname{softmax}(z)" + "\n" + r"L = -\log p_c" + "\n" + r"\nabla_z L = p - e_c",
        [
            r"\frac{\partial L}{\partial z_i} = p_i - \delta_{ic}",
            r"\frac{\partial L}{\partial z_j} = p_j, \quad j \ne c",
            r"\frac{\partial L}{\partial z_i} = p_i - 1\{i = c\}",
        ],
        [
            r"\frac{\partial L}{\partial z_i} = \delta_{ic} - p_i",
            r"\frac{\partial L}{\partial z_j} = p_j - 1, \quad j \ne c",
            r"\frac{\partial L}{\partial z_i} = p_c - \delta_{ic}",
        ],
    ),
    "labels as subscripts": (
        {"F": "N C"},
        (),
        r"p_{ik} = \frac{e^{f_{ik}}}{\sum_j e^{f_{ij}}}" + "\n" + r"L = -\frac1N\sum_{i=1}^N \log p_{i,y_i}",
        [r"\frac{\partial L}{\partial f_{ik}} = \frac1N(p_{ik} - 1\{y_i = k\})"],
        [
            r"\frac{\partial L}{\partial f_{ik}} = p_{ik} - 1\{y_i = k\}",
            r"\frac{\partial L}{\partial f_{ik}} = \frac1N(p_{ik} + 1\{y_i = k\})",
        ],
    ),
    "classes other than the right one": (
        {"s": "C"},
        (),
        r"L_i = \sum_{j \ne y_i} \max(0, s_j - s_{y_i} + 1)",
        [
            r"\frac{\partial L_i}{\partial s_j} = 1(s_j - s_{y_i} + 1 > 0), \quad j \ne y_i",
            r"\frac{\partial L_i}{\partial s_{y_i}} = -\sum_{j \ne y_i} \mathbb{1}(s_j - s_{y_i} + 1 > 0)",
        ],
        [
            r"\frac{\partial L_i}{\partial s_j} = -1(s_j - s_{y_i} + 1 > 0), \quad j \ne y_i",
            r"\frac{\partial L_i}{\partial s_{y_i}} = \sum_{j \ne y_i} \mathbb{1}(s_j - s_{y_i} + 1 > 0)",
        ],
    ),
    "a mask that sets entries to zero": (
        {"X": "N D", "W": "D H", "V": "H C", "Y": "N C"},
        (),
        "hidden = np.maximum(0, X @ W)\nscores = hidden @ V\nloss = 0.5 * np.sum((scores - Y)**2)\n"
        "dscores = scores - Y\ndhidden = dscores @ V.T\ndhidden[hidden <= 0] = 0",
        ["dW = X.T @ dhidden"],
        ["dW = X.T @ (dscores @ V.T)", "dW = 2 * X.T @ dhidden"],
    ),
    "a constant that is left out": (
        MATRIX | {"sigma": "positive"},
        (),
        r"\ell(w) = -\frac{1}{2\sigma^2}\|y - Xw\|^2 + \text{const}",
        [
            r"\nabla_w \ell = \frac{1}{\sigma^2}X^T(y - Xw)",
            "\\nabla_w \\ell = \\frac{1}{\\sigma^2}X^T(y - Xw)\n"
            r"\ell(w) = -\frac{1}{2\sigma^2}(w^TX^TXw - 2y^TXw) + \text{const}",
        ],
        [
            r"\nabla_w \ell = -\frac{1}{\sigma^2}X^T(y - Xw)",
            "\\nabla_w \\ell = \\frac{1}{\\sigma^2}X^T(y - Xw)\n"
            r"\ell(w) = -\frac{1}{2\sigma^2}(w^TX^TXw - y^TXw) + \text{const}",
        ],
    ),
    "a likelihood under a condition": (
        MATRIX | {"tau": "positive"},
        (),
        r"-\log p(w \mid y) = \frac12\|y - Xw\|^2 + \frac{\tau}{2}w^Tw",
        [
            r"\nabla_w \log p(w \mid y) = X^T(y - Xw) - \tau w",
            r"\frac{\partial}{\partial w}\log p(w|y) = X^T(y - Xw) - \tau w",
        ],
        [r"\nabla_w \log p(w \mid y) = X^T(Xw - y) + \tau w", r"\frac{\partial}{\partial w}\log p(w|y) = X^T(y - Xw)"],
    ),
    "a product over samples": (
        {"x": "n positive", "theta": "positive"},
        (),
        r"L(\theta) = \prod_{i=1}^n \theta e^{-\theta x_i}",
        [
            r"\log L(\theta) = n\log\theta - \theta\sum_{i=1}^n x_i",
            r"\frac{d}{d\theta}\log L = \frac{n}{\theta} - \sum_i x_i",
        ],
        [
            r"\log L(\theta) = \log\theta - \theta\sum_{i=1}^n x_i",
            r"\frac{d}{d\theta}\log L = \frac{1}{\theta} - \sum_i x_i",
        ],
    ),
    "names of what comes after, and an inverse that is defined": (
        {"P": "n n spd", "H": "m n", "R": "m m spd"},
        (),
        "P^+ = P + H^TRH\nS^{-1} = P + H^TRH",
        [r"\operatorname{tr}(P^+) = \operatorname{tr}(P) + \operatorname{tr}(RHH^T)", "SP^+ = I"],
        [r"\operatorname{tr}(P^+) = \operatorname{tr}(P) + \operatorname{tr}(HH^T)", "S = P^+"],
    ),
    "sums without an index": (
        {"x": "n", "y": "n", "a": "", "b": ""},
        (),
        r"S = \sum (y_i - a - bx_i)^2",
        [r"\frac{\partial S}{\partial a} = -2\left(\sum y_i - na - b\sum x_i\right)"],
        [r"\frac{\partial S}{\partial a} = -2\left(\sum y_i - a - b\sum x_i\right)"],
    ),
    "second derivatives along two directions": (
        {"X": "n n spd", "H": "n n symmetric"},
        (),
        r"F(X) = -\log\det X",
        [
            r"D^2F(X)[H, H] = \operatorname{tr}(X^{-1}HX^{-1}H)",
            r"\nabla^2F(X)[H, H] = \operatorname{tr}(X^{-1}HX^{-1}H)",
        ],
        [
            r"D^2F(X)[H, H] = -\operatorname{tr}(X^{-1}HX^{-1}H)",
            r"\nabla^2F(X)[H, H] = \operatorname{tr}(X^{-1}HX^{-1})",
        ],
    ),
    "an entrywise product before an outer one": (
        {"a": "h", "W": "k h", "y": "k"},
        (),
        "s = \\sigma(Wa)\nE = \\frac12\\|s - y\\|^2",
        [r"\frac{\partial E}{\partial W} = (s - y) \odot s \odot (1 - s)\,a^T"],
        [
            r"\frac{\partial E}{\partial W} = (s - y) \odot s\,a^T",
            r"\frac{\partial E}{\partial W} = (y - s) \odot s \odot (1 - s)\,a^T",
        ],
    ),
    "entries of samples above and below": (
        {"X": "m n", "Theta": "K n", "Y": "m K onehot"},
        (),
        r"p^{(i)}_k = \frac{\exp(\theta_k^Tx^{(i)})}{\sum_{j=1}^K \exp(\theta_j^Tx^{(i)})}"
        "\n"
        r"L = -\frac1m\sum_{i=1}^m\sum_{k=1}^K y^{(i)}_k\log p^{(i)}_k",
        [r"\frac{\partial L}{\partial\theta_k} = \frac1m\sum_{i=1}^m (p^{(i)}_k - y^{(i)}_k)\,x^{(i)}"],
        [
            r"\frac{\partial L}{\partial\theta_k} = \sum_{i=1}^m (p^{(i)}_k - y^{(i)}_k)\,x^{(i)}",
            r"\frac{\partial L}{\partial\theta_k} = \frac1m\sum_{i=1}^m (y^{(i)}_k - p^{(i)}_k)\,x^{(i)}",
        ],
    ),
    "a set behind a definition": (
        {"X": "n d", "W": "d k", "G": "n k"},
        (),
        r"S = XW \in \mathbb{R}^{n \times k}, \qquad f = \langle G, S\rangle",
        [r"\frac{\partial f}{\partial W} = X^TG \in \mathbb{R}^{d \times k}"],
        [
            r"\frac{\partial f}{\partial W} = 2X^TG \in \mathbb{R}^{d \times k}",
            r"\frac{\partial f}{\partial W} = -X^TG",
        ],
    ),
    "Greek indices": (
        {"V": "n m", "W": "n r", "H": "r m"},
        (),
        r"F = \frac12\sum_{i,\mu} (V_{i\mu} - (WH)_{i\mu})^2",
        [r"\frac{\partial F}{\partial H_{a\mu}} = (W^TWH)_{a\mu} - (W^TV)_{a\mu}"],
        [
            r"\frac{\partial F}{\partial H_{a\mu}} = (W^TV)_{a\mu} - (W^TWH)_{a\mu}",
            r"\frac{\partial F}{\partial H_{a\mu}} = (W^TWH)_{a\mu}",
        ],
    ),
    "a bias beside a matrix, and the star of programs": (
        {"W": "h d", "X": "d m", "b": "h", "Y": "h m"},
        (),
        r"Z = WX + b" + "\n" + r"A = \tanh(Z)" + "\n" + r"J = \frac{1}{2m}\|A - Y\|_F^2",
        [r"\frac{\partial J}{\partial W} = \frac1m\left((A - Y)*(1 - A^2)\right)X^T"],
        [
            r"\frac{\partial J}{\partial W} = \frac1m\left((A - Y)*(1 - A)\right)X^T",
            r"\frac{\partial J}{\partial W} = \left((A - Y)*(1 - A^2)\right)X^T",
        ],
    ),
    "a trace that reaches over what follows": (
        {"A": "n n", "X": "n q", "B": "q q"},
        (),
        r"\phi = \operatorname{tr}(X'AXB)",
        [r"d\phi = {\rm tr}\,(dX)'AXB + {\rm tr}\,X'A(dX)B", r"d\phi = {\rm tr}\,(B'X'A' + BX'A)\,dX"],
        [r"d\phi = {\rm tr}\,(dX)'AXB", r"d\phi = {\rm tr}\,(B'X'A' - BX'A)\,dX"],
    ),
    "partial derivatives by an index": (
        {"A": "n n", "x": "n"},
        (),
        "f = x_iA_{ij}x_j",
        [r"\partial_k f = A_{kj}x_j + x_iA_{ik}", r"\partial_l\partial_k f = A_{kl} + A_{lk}"],
        [r"\partial_k f = 2A_{kj}x_j", r"\partial_l\partial_k f = 2A_{kl}"],
    ),
    "the exponential of a matrix": (
        {"A": "n n", "t": ""},
        (),
        "",
        [r"\frac{d}{dt}e^{tA} = Ae^{tA}", r"\frac{\partial}{\partial A}\operatorname{tr}(e^A) = (e^A)^T"],
        [r"\frac{d}{dt}e^{tA} = te^{tA}", r"\frac{\partial}{\partial A}\operatorname{tr}(e^A) = e^A"],
    ),
    "powers of a matrix": (
        {"X": "n n"},
        (),
        r"f(X) = \operatorname{tr}(X^k)",
        [r"\nabla f(X) = k(X^{k-1})^T"],
        [r"\nabla f(X) = kX^{k-1}", r"\nabla f(X) = (X^{k-1})^T", r"\nabla f(X) = 3(X^2)^T"],
    ),
    "derivatives in time": (
        {"A": "n n", "u": "n", "t": ""},
        (),
        "x(t) = e^{tA}u",
        [r"\dot x(t) = Ax(t)"],
        [r"\dot x(t) = A^Tx(t)", r"\dot x(t) = tAx(t)"],
    ),
    "matrices of blocks": (
        {"A": "m n", "F": "p n", "y": "m", "g": "p", "x": "n", "mu": "positive"},
        (),
        r"J = \left\|\begin{bmatrix} A \\ \sqrt{\mu}F \end{bmatrix}x"
        r" - \begin{bmatrix} y \\ \sqrt{\mu}g \end{bmatrix}\right\|^2",
        [r"J = \|Ax - y\|^2 + \mu\|Fx - g\|^2", r"\nabla_x J = 2A^T(Ax - y) + 2\mu F^T(Fx - g)"],
        [r"J = \|Ax - y\|^2 + \mu^2\|Fx - g\|^2", r"\nabla_x J = 2A^T(Ax - y) + 2\sqrt{\mu}F^T(Fx - g)"],
    ),
    "norms with a weight": (
        {"A": "n n spd", "x": "n"},
        (),
        r"f = \|x\|_A^2",
        [r"\nabla_x f = 2Ax", r"\|x\|_A = \sqrt{x^TAx}"],
        [r"\nabla_x f = 2x", r"\|x\|_A = x^TAx"],
    ),
    "bullets, letters and words before formulas": (
        {"a": "n", "x": "n"},
        (),
        "* $f(x) = e^{a^Tx}$",
        [
            r"* $\nabla f(x) = e^{a^Tx}a$",
            r"(b) $\nabla f(0) = a$",
            r"\text{In }n\text{ dimensions: } \nabla f = e^{a^Tx}a",
        ],
        [
            r"* $\nabla f(x) = e^{a^Tx}x$",
            r"(b) $\nabla f(0) = 0$",
            r"\text{In }n\text{ dimensions: } \nabla f = e^{x}a",
        ],
    ),
    "cases in words": (
        {"z": "k"},
        (),
        r"p = \operatorname{softmax}(z)",
        [
            r"\text{Case } i = j: \quad \frac{\partial p_i}{\partial z_i} = p_i(1 - p_i)",
            r"\text{Case } i \ne j: \quad \frac{\partial p_i}{\partial z_j} = -p_ip_j",
        ],
        [
            r"\text{Case } i = j: \quad \frac{\partial p_i}{\partial z_i} = p_i(1 + p_i)",
            r"\text{Case } i \ne j: \quad \frac{\partial p_i}{\partial z_j} = p_ip_j",
        ],
    ),
    "vectors side by side": (
        {"X": "N d", "R": "N K positive"},
        (),
        r"c_k = \sum_n r_{nk}" + "\n" + r"m_k = \frac{1}{c_k}\sum_n r_{nk}\mathbf{x}_n",
        [r"\sum_n r_{nk}(\mathbf{x}_n - m_k) = 0"],
        [r"\sum_n r_{nk}(\mathbf{x}_n + m_k) = 0", r"\sum_n (\mathbf{x}_n - m_k) = 0"],
    ),
    "variances and rows of NumPy": (
        {"x": "N D", "gamma": "D", "G": "N D"},
        (),
        "mu = x.mean(axis=0)\nvar = x.var(axis=0)\nxhat = (x - mu) / np.sqrt(var)\nout = gamma * xhat\n"
        "loss = np.sum(G * out)",
        ["dxhat = G * gamma", "dgamma = np.sum(G * xhat, axis=0)"],
        ["dxhat = G", "dgamma = np.sum(G * x, axis=0)"],
    ),
    "a curly letter beside a plain one": (
        {"F": "n", "v": "n", "D": "n n spd"},
        (),
        r"\mathcal F = \frac12 v^TDv + F^Tv",
        [r"\frac{\partial\mathcal F}{\partial v} = Dv + F"],
        [r"\frac{\partial\mathcal F}{\partial v} = Dv", r"\frac{\partial\mathcal F}{\partial v} = Dv + \mathcal F"],
    ),
    "a distance that is called d": (
        {"x": "n", "a": "n"},
        (),
        r"d(x) = \|x - a\|" + "\n" + r"\nabla_x d = \frac{x - a}{d(x)}",
        [r"\nabla d = \frac{x - a}{\|x - a\|}"],
        [r"\nabla d = \frac{x - a}{2\|x - a\|}", r"\nabla d = x - a"],
    ),
    "a sample beside a column without a transpose": (
        {"X": "N d", "w": "d", "y": "N", "b": ""},
        (),
        r"C = \sum_i (y_i - w\cdot x_i - b)^2",
        [
            r"\nabla_w C = -2\sum_i (y_i - w\cdot x_i - b)\,x_i",
            r"\frac{\partial C}{\partial w_j} = -2\sum_i (y_i - w\cdot x_i - b)\,x_{ij}",
        ],
        [
            r"\nabla_w C = 2\sum_i (y_i - w\cdot x_i - b)\,x_i",
            r"\frac{\partial C}{\partial w_j} = -2\sum_i (y_i - w\cdot x_i - b)",
        ],
    ),
    "a margin with a dot": (
        {"X": "N d", "w": "d", "y": "N", "b": ""},
        (),
        r"L = \sum_i \max(0, 1 - y_i(w\cdot x_i + b))",
        [r"\frac{\partial L}{\partial w} = -\sum_i \mathbb{1}[y_i(w\cdot x_i + b) < 1]\,y_i x_i"],
        [r"\frac{\partial L}{\partial w} = \sum_i \mathbb{1}[y_i(w\cdot x_i + b) < 1]\,y_i x_i"],
    ),
    "parameters side by side with a sample": (
        {"X": "m n", "theta": "n", "y": "m"},
        (),
        r"J(\theta) = \frac12\sum_i(\theta x^{(i)} - y^{(i)})^2",
        [
            r"\frac{\partial J}{\partial\theta_j} = \sum_i(\theta x^{(i)} - y^{(i)})x^{(i)}_j",
            r"\nabla J(\theta) = X^T(X\theta - y)",
        ],
        [
            r"\frac{\partial J}{\partial\theta_j} = \sum_i(\theta x^{(i)} - y^{(i)})",
            r"\nabla J(\theta) = X^T(y - X\theta)",
        ],
    ),
    "a sum of outer products of samples": (
        {"X": "n d"},
        (),
        r"S = \sum_i x_i x_i^T",
        [r"S = X^TX", r"\operatorname{tr}(S) = \sum_i x_i^Tx_i"],
        [r"S = XX^T", r"S = \sum_i x_i^Tx_i"],
    ),
    "a model with a dot that is called with samples": (
        {"X": "m n", "w": "n", "b": "", "y": "m"},
        (),
        r"f_{w,b}(x) = w\cdot x + b" + "\n" + r"J(w,b) = \frac{1}{2m}\sum_{i=1}^m (f_{w,b}(x^{(i)}) - y^{(i)})^2",
        [
            r"\frac{\partial J(w,b)}{\partial w_j} = \frac1m\sum_{i=1}^m (f_{w,b}(x^{(i)}) - y^{(i)})x_j^{(i)}",
            r"\frac{\partial J(w,b)}{\partial b} = \frac1m\sum_{i=1}^m (f_{w,b}(x^{(i)}) - y^{(i)})",
        ],
        [
            r"\frac{\partial J(w,b)}{\partial w_j} = \frac1m\sum_{i=1}^m (f_{w,b}(x^{(i)}) - y^{(i)})",
            r"\frac{\partial J(w,b)}{\partial b} = \frac{1}{2m}\sum_{i=1}^m (f_{w,b}(x^{(i)}) - y^{(i)})",
        ],
    ),
    "features with a dot": (
        {"Phi": "N M", "w": "M", "t": "N"},
        (),
        r"E = \frac12\sum_n\left(t_n - \mathbf w\cdot\boldsymbol\phi(\mathbf x_n)\right)^2",
        [r"\nabla E = -\sum_n(t_n - \mathbf w\cdot\boldsymbol\phi(\mathbf x_n))\boldsymbol\phi(\mathbf x_n)"],
        [r"\nabla E = \sum_n(t_n - \mathbf w\cdot\boldsymbol\phi(\mathbf x_n))\boldsymbol\phi(\mathbf x_n)"],
    ),
    "a program that takes the mean with the parameters": (
        {"X": "p m", "W1": "h p", "W2": "1 h", "Y": "1 m"},
        ("sigma",),
        "Z1 = np.dot(W1, X)\nA1 = np.tanh(Z1)\nZ2 = np.dot(W2, A1)\nA2 = sigmoid(Z2)\n"
        "cost = -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m",
        [
            "dZ2 = A2 - Y\ndW2 = (1 / m) * np.dot(dZ2, A1.T)",
            "dZ2 = A2 - Y\ndZ1 = np.multiply(np.dot(W2.T, dZ2), 1 - np.power(A1, 2))\ndW1 = (1 / m) * np.dot(dZ1, X.T)",
        ],
        [
            "dZ2 = A2 - Y\ndW2 = (1 / (2 * m)) * np.dot(dZ2, A1.T)",
            "dZ2 = A2 - Y\ndW1 = (1 / m) * np.dot(np.dot(W2.T, dZ2), X.T)",
        ],
    ),
    "gradients of a layer by their names": (
        {"X": "p m", "W1": "h p", "b1": "h 1", "W2": "1 h", "Y": "1 m"},
        ("g", "sigma"),
        r"Z^{[1]} = W^{[1]}X + b^{[1]}" + "\n" + r"A^{[1]} = g^{[1]}(Z^{[1]})" + "\n"
        r"Z^{[2]} = W^{[2]}A^{[1]}" + "\n" + r"A^{[2]} = \sigma(Z^{[2]})" + "\n"
        r"J = -\frac1m\left(Y\log(A^{[2]})^T + (1-Y)\log(1-A^{[2]})^T\right)",
        [
            "dZ^{[2]} = A^{[2]} - Y\n" + r"dW^{[2]} = \frac1m dZ^{[2]}A^{[1]T}",
            "dZ^{[2]} = A^{[2]} - Y\n" + r"dZ^{[1]} = W^{[2]T}dZ^{[2]} * g^{[1]'}(Z^{[1]})" + "\n"
            r"db^{[1]} = \frac1m np.sum(dZ^{[1]}, axis=1, keepdims=True)",
        ],
        [
            "dZ^{[2]} = A^{[2]} - Y\n" + r"dW^{[2]} = \frac{2}{m} dZ^{[2]}A^{[1]T}",
            "dZ^{[2]} = A^{[2]} - Y\n" + r"db^{[1]} = \frac1m np.sum(W^{[2]T}dZ^{[2]}, axis=1)",
        ],
    ),
    "a function for each layer": (
        {"X": "p m", "W1": "h p", "W2": "k h", "Y": "k m"},
        ("g",),
        "Z^{[1]} = W^{[1]}X\nA^{[1]} = g^{[1]}(Z^{[1]})\nZ^{[2]} = W^{[2]}A^{[1]}\nA^{[2]} = g^{[2]}(Z^{[2]})\n"
        r"L = \frac12\|A^{[2]}-Y\|^2",
        [
            r"\frac{\partial L}{\partial Z^{[2]}} = (A^{[2]}-Y)\odot g^{[2]'}(Z^{[2]})",
            r"dZ^{[2]} = (A^{[2]}-Y) * g^{[2]'}(Z^{[2]})",
        ],
        [
            r"\frac{\partial L}{\partial Z^{[2]}} = (A^{[2]}-Y)\odot g^{[1]'}(Z^{[2]})",
            r"dZ^{[2]} = (A^{[2]}-Y) * g^{[2]}(Z^{[2]})",
        ],
    ),
    "a layer's gradient by its name, without a length called d": (
        {"X": "p m", "W1": "h p", "Y": "h m"},
        (),
        "Z^{[1]} = W^{[1]}X\n" + r"J = \|Z^{[1]}-Y\|^2",
        [r"dZ^{[1]} = 2(Z^{[1]}-Y)"],
        [r"dZ^{[1]} = Z^{[1]}-Y"],
    ),
    "class labels in a program": (
        {"X": "N D", "W": "D C", "y": "N"},
        (),
        "scores = X.dot(W)\nscores -= np.max(scores, axis=1, keepdims=True)\n"
        "probs = np.exp(scores) / np.sum(np.exp(scores), axis=1, keepdims=True)\n"
        "loss = -np.sum(np.log(probs[np.arange(N), y])) / N",
        [
            "dscores = probs.copy()\ndscores[np.arange(N), y] -= 1\ndscores /= N",
            "dscores = probs.copy()\ndscores[range(N), y] -= 1\ndscores /= N\ndW = X.T.dot(dscores)",
        ],
        [
            "dscores = probs.copy()\ndscores[np.arange(N), y] -= 1",
            "dscores = probs.copy()\ndscores[np.arange(N), y] += 1\ndscores /= N",
        ],
    ),
    "gradients that a program calls grad": (
        {"X": "n d", "W1": "d h", "W2": "h k", "y": "n k"},
        (),
        "h = X.dot(W1)\na = np.maximum(h, 0)\ny_pred = a.dot(W2)\nloss = np.square(y_pred - y).sum()",
        [
            "grad_y_pred = 2.0 * (y_pred - y)\ngrad_W2 = a.T.dot(grad_y_pred)",
            "grad_y_pred = 2.0 * (y_pred - y)\ngrad_a = grad_y_pred.dot(W2.T)\ngrad_h = grad_a.copy()\n"
            "grad_h[h < 0] = 0\ngrad_W1 = X.T.dot(grad_h)",
        ],
        ["grad_y_pred = y_pred - y", "grad_W2 = a.T.dot(y_pred - y)"],
    ),
}
