r"""The displayed formulas of the three sources, each block pasted whole, as its author laid it out: all lines are read,
and each gets the verdict that the ledger (test_ledger.py) gives its formulas one by one.
"""

import pytest

from course_lib import derive

MATRICES = {"X": "n d", "W": "d k", "Y": "n k"}
FAIR = {"D": ("definition",), "R": ("right", "definition"), "W": ("wrong", "shapes", "follows")}

# name: (shapes, one letter for each line: definition, right or wrong; the text)
DISPLAYS = {
    "answer, one output": (
        {"X": "n d", "w": "d", "y": "n"},
        "DDRWRW",
        r"$$\text{MSE}=\frac{1}{2n}\epsilon^T\epsilon=\frac{1}{2n}(y-\hat y)^T(y-\hat y)$$"
        "\n"
        r"$$\hat y = Xw$$"
        "\n"
        r"$$\frac{\partial \text{MSE}}{\partial w}= \frac{\partial \hat y}{\partial w}^T\frac{\partial "
        r"\text{MSE}}{\partial \hat y} $$"
        "\n"
        r"$$\frac{\partial \text{MSE}}{\partial \hat y}=\frac{2}{2n}(y-\hat y)$$"
        "\n"
        r"$$\frac{\partial \hat y}{\partial w}=X$$"
        "\n"
        r"$$\frac{\partial \text{MSE}}{\partial w}= \frac{1}{n}X^T(y-\hat y)=\frac{1}{n}X^T(y-Xw) $$",
    ),
    "answer, several outputs": (
        {"X": "n d", "W": "d k", "Y": "n k"},
        "DWDWW",
        r"$$\hat Y = X W$$"
        "\n"
        r"$$\text{MSE}=\frac{1}{2n}\|E\|_F=\frac{1}{2n}\operatorname{tr}((Y-\hat Y)^T(Y-\hat Y))$$"
        "\n"
        r"$$E=Y-\hat Y$$"
        "\n"
        r"$$d\text{MSE}=\frac{-2}{2n}\operatorname{tr}(dE^TE)=\frac{1}{n}\operatorname{tr}(d\hat "
        r"Y^TE)=\frac{1}{n}\operatorname{tr}(dWX^TE)$$"
        "\n"
        r"$$\frac {\partial \text{MSE}}{\partial W}=\frac{1}{n}X^T(Y - XW),$$",
    ),
    "question, entry by entry": (
        {"X": "n m", "w": "m", "y": "n"},
        "DDRRRRRRRDRWR",
        r"$$\hat y = Xw$$"
        "\n"
        r"$$MSE=\frac{1}{2n}\sum_{i=1}^{n}\left ( \hat{y}_i - y_i \right )^2$$"
        "\n"
        r"$$\frac{\partial MSE}{\partial w_i}=\sum_{j}\frac{\partial MSE}{\partial \hat{y}_j} \cdot "
        r"\frac{\partial \hat{y}_j}{\partial w_i}$$"
        "\n"
        r"$$ \begin{equation} \begin{split} \frac{\partial MSE}{\partial \hat{y}_i} &= "
        r"\frac{\partial}{\partial \hat{y}_i} \frac{1}{2n}\sum_{j=1}^{n}\left [\left ( \hat{y_j} - y_j "
        r"\right )^2 \right ] \\ &=\frac{1}{2n}\sum_{j=1}^{n} \left [ \frac{\partial}{\partial "
        r"\hat{y}_i}\left ( \hat{y}_j - y_j \right )^2 \right ] \\ &=\frac{1}{n}\sum_{j=1}^{n} \left [ "
        r"\left ( \hat{y}_j - y_j \right )\frac{\partial}{\partial \hat{y}_i}\left ( \hat{y}_j - y_j "
        r"\right ) \right ] \\ &=\frac{1}{n} \left [ \left ( \hat{y}_1 - y_1 \right "
        r")\frac{\partial}{\partial \hat{y}_i}\left ( \hat{y}_1 - y_1 \right ) + \dotsi + \left ( "
        r"\hat{y}_n - y_n \right )\frac{\partial}{\partial \hat{y}_i}\left ( \hat{y}_n - y_n \right ) "
        r"\right ] \\ &= \frac{1}{n}\left ( \hat{y}_i - y_i \right ) \end{split} \end{equation} $$"
        "\n"
        r"$$ \frac{\partial MSE}{\partial \hat{y}} = \frac{1}{n} \begin{bmatrix} \hat{y}_1 - y_1 \\ "
        r"\hat{y}_2 - y_2 \\ \vdots \\ \hat{y}_n - y_n \end{bmatrix} $$"
        "\n"
        r"$$ J = \begin{bmatrix} x_{11} & x_{21} & \dotsi & x_{n1} \\ x_{12} & x_{22} & \dotsi & x_{n2} "
        r"\\ \vdots & \vdots & \ddots & \vdots \\ x_{1m} & x_{2m} & \dotsi & x_{nm} \\ \end{bmatrix} = "
        r"X^T $$"
        "\n"
        r"$$ \begin{equation} \begin{split} \frac{\partial MSE}{\partial w_i} &=\sum_{j}\frac{\partial "
        r"MSE}{\partial \hat{y}_j} \cdot \frac{\partial \hat{y}_j}{\partial w_i} \\ &= \frac{1}{n} "
        r"\sum_{j=1}^n \left ( \hat{y}_j -y_j \right ) x_{ij} \end{split} \end{equation} $$"
        "\n"
        r"$$ \frac{\partial MSE}{\partial w_i} = \left [ \frac{\partial \hat{y}}{\partial w_i} \right "
        r"]^T \left [ \frac{\partial MSE}{\partial \hat{y}} \right ] $$",
    ),
    "answer by traces": (
        MATRICES,
        "DRR",
        r"$$\begin{array}{rl} f (\mathrm W) &:= \| \mathrm X \mathrm W - \mathrm Y \|_{\text{F}}^2 = "
        r"\mbox{tr} \left( (\mathrm X \mathrm W - \mathrm Y)^{\top} (\mathrm X \mathrm W - \mathrm Y) "
        r"\right)\\ &\,= \mbox{tr} \left( \mathrm W^{\top} \mathrm X^{\top} \mathrm X \mathrm W - "
        r"\mathrm Y^{\top} \mathrm X \mathrm W - \mathrm W^{\top} \mathrm X^{\top} \mathrm Y + \mathrm "
        r"Y^{\top} \mathrm Y \right)\end{array}$$"
        "\n"
        r"$$\nabla_{\mathrm W} f (\mathrm W) = 2 \, \mathrm X^{\top} \mathrm X \mathrm W - 2 \, \mathrm "
        r"X^{\top} \mathrm Y = \color{blue}{2 \, \mathrm X^{\top} \left( \mathrm X \mathrm W - \mathrm Y "
        r"\right)}$$",
    ),
    "answer by entries, with a sum left out": (
        MATRICES,
        "WW",
        r"$$ \|XW-Y\|^2=\sum_{i,j}(x_{ik}w_{kj}-y_{ij})^2\qquad (\star) $$"
        "\n"
        r"$$ "
        r"\frac{d\|XW-Y\|^2}{dw_{ij}}=\sum_{k}2x_{ki}(x_{ki}w_{ij}-y_{kj})=\left[2X^T(XW-Y)\right]_{i"
        r",j}. $$",
    ),
    "answer by entries": (
        MATRICES,
        "RWRRR",
        r"$$ \left \| XW - Y \right \|^{2} = \sum_{k, j} (\sum_{i} x_{ki} w_{ij} - y_{kj})^{2}, $$"
        "\n"
        r"$$ \frac{d \left \| XW - Y \right \|^{2}}{d w_{ij}} = \sum_{k} 2x_{ki} (\sum_{i} x_{ki} w_{ij} "
        r"- y_{kj})\\ = \sum_{k} 2x_{ki} (XW - Y)_{kj} \\ = [2 X^{T} (XW - Y)]_{ij} $$"
        "\n"
        r"$$ \frac{d \left \| XW - Y \right \|^{2}}{d W} = 2 X^{T} (XW - Y) $$",
    ),
    "answer by expansion": (
        MATRICES,
        "DRW",
        r"$$f(W)=\|XW-Y\|_F^2,$$"
        "\n"
        r"\begin{equation} f(W+\delta)=\|X(W+\delta)-Y\|_F^2=\|XW-Y+X\delta\|_F^2=\|XW-Y\|_F^2+2\langle "
        r"XW-Y,X\delta \rangle +\|X\delta\|_F^2. \end{equation}"
        "\n"
        r"\begin{equation} f(W+\delta)=f(W)+2\langle X^T( XW-Y),\delta \rangle +o(\|\delta\|)= "
        r"f(W)+2\left(X^T( XW-Y)\right)^T\delta +o(\|\delta\|). \end{equation}",
    ),
    "answer by differentials": (
        {"X": "N d", "W": "d k", "Y": "N k"},
        "DDRRRRRR",
        r"Let $U(W;X,Y)=XW-Y$, $L(U;N)=\frac{1}{N}U:U$"
        "\n"
        r"$L(U+dU)-L(U)=\frac{1}{N}(tr((U+dU)^T(U+dU))-tr((U^TU))=\frac{1}{N}tr(2U^TdU)=\frac{2}{N}U:dU$"
        "\n"
        r"$dL=\frac{2}{N}U:dU$"
        "\n"
        r"Also, $U(W+dW)-U(W)=XdW$"
        "\n"
        r"$dU=XdW$"
        "\n"
        r"$dL=\frac{2}{N}U:(XdW)=tr(\frac{2}{N}U^TXdW)=(\frac{2}{N}X^TU):dW$"
        "\n"
        r"$\frac{dL}{dW}=\frac{2}{N}X^TU=\frac{2}{N}X^T(XW-Y)$",
    ),
    "notes, least squares with rows": (
        {"X": "n d", "w": "1 d", "y": "1 n"},
        "DRRRR",
        r"$$L(w) = \frac{1}{2n} \sum_{i=1}^{n} (y_i - wx_i^{\top})^2 = \frac{1}{2n} (y - wX^{\top}) (y - "
        r"wX^{\top})^{\top}.$$"
        "\n"
        r"$$\nabla_{\mathbf{w}} L(\mathbf{w}) = \frac{1}{2n} \frac{\partial}{\partial \mathbf{w}} "
        r"(\mathbf{y} \mathbf{y}^{\top} - \mathbf{y} X \mathbf{w}^{\top} - \mathbf{w} X^{\top} "
        r"\mathbf{y}^{\top} + \mathbf{w} X^{\top} X \mathbf{w}^{\top})$$"
        "\n"
        r"$$= \frac{1}{2n} \frac{\partial}{\partial \mathbf{w}} (\mathbf{y} \mathbf{y}^{\top} - "
        r"2\mathbf{w} X^{\top} \mathbf{y}^{\top} + \mathbf{w} X^{\top} X \mathbf{w}^{\top})$$"
        "\n"
        r"$$= \frac{1}{n} \left( -\mathbf{y} X + \mathbf{w} (X^{\top} X) \right) = 0$$"
        "\n"
        r"Hence, if  $X^{T}X$  is invertible, then we have an optimal solution:  $\hat{w} = "
        r"yX(X^{T}X)^{-1}$ .",
    ),
    "notes, an affine map of a row": (
        {"A": "n m", "x": "1 n", "b": "1 m"},
        "DW",
        r"$$\mathbf{y} = \begin{bmatrix} \sum_{i=1}^{n} a_{i1} x_i + b_1 & \sum_{i=1}^{n} a_{i2} x_i + "
        r"b_2 & \cdots & \sum_{i=1}^{n} a_{im} x_i + b_m \end{bmatrix},$$"
        "\n"
        r"$$\frac{\partial \mathbf{y}}{\partial \mathbf{x}} = \begin{bmatrix} \frac{\partial "
        r"y_i}{\partial x_j} \end{bmatrix}_{ij} = \begin{bmatrix} a_{11} & a_{12} & \cdots & a_{1m} \\ "
        r"a_{21} & a_{22} & \cdots & a_{2m} \\ \vdots & \vdots & \ddots & \vdots \\ a_{n1} & a_{n2} & "
        r"\cdots & a_{nm} \end{bmatrix} = A^{\top} \quad \text{and} \quad \frac{\partial "
        r"\mathbf{y}}{\partial \mathbf{b}} = \begin{bmatrix} \frac{\partial y_i}{\partial b_j} "
        r"\end{bmatrix}_{ij} = I_m.$$",
    ),
}


@pytest.mark.parametrize("name", DISPLAYS)
def test_a_block_pasted_whole_is_read_and_judged(name):
    shapes, expected, text = DISPLAYS[name]
    lines = derive(text, shapes).lines
    assert len(lines) == len(expected)
    for line, letter in zip(lines, expected, strict=True):
        assert line.verdict in FAIR[letter], f"{line.text}: {line.verdict}. {line.message}"
