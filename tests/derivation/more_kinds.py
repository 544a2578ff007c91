r"""Ways of writing that posts and lecture notes use, as test_kinds.py takes them: shapes, functions, lines before,
right lines, wrong lines. Each was judged by hand before it was run.
"""

PAIR = {"x": "", "y": ""}

MORE_KINDS = {
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
}
