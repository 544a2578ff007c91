"""Likelihoods as they are met outside the course: signed labels, a bias column, a Gaussian, counts."""

from .entries import Problem, about, misfit, right, wrong

signed_logistic = Problem(
    name="signed logistic",
    shapes={"X": "n d", "w": "d", "y": "n"},
    given=r"L = \frac{1}{n}\sum_{i=1}^{n}\log\left(1+e^{-y_i x_i^\top w}\right)",
    maps={"L": "np.sum(np.log(1+np.exp(-y*(X@w))))/n"},
    entries=(
        *about(
            "dL/dw",
            right(
                r"\nabla_w L = -\frac1n\sum_{i=1}^n \frac{y_i x_i}{1+e^{y_i x_i^\top w}}",
                "-X.T@(y*sigmoid(-y*(X@w)))/n",
            ),
            right(
                r"\nabla_{\bm w} L = -\tfrac{1}{n}\,\bm X^{\intercal}\bigl(\bm y\odot\sigma(-\bm y\odot"
                r" \bm X\bm w)\bigr)",
                "-X.T@(y*sigmoid(-y*(X@w)))/n",
            ),
            right(r"\nabla_w L = -\frac1n\sum_i y_i\,\sigma(-y_i w^\top x_i)\,x_i", "-X.T@(y*sigmoid(-y*(X@w)))/n"),
            right(r"\nabla_w L = \frac1n\sum_i (\sigma(y_i w^\top x_i)-1) y_i x_i", "-X.T@(y*sigmoid(-y*(X@w)))/n"),
            wrong(
                r"\nabla_w L = -\frac1n\sum_i y_i\,\sigma(y_i w^\top x_i)\,x_i",
                "sign",
                numpy="-X.T@(y*sigmoid(y*(X@w)))/n",
            ),
            wrong(
                r"\nabla_w L = \frac1n\sum_i \frac{y_i x_i}{1+e^{y_i x_i^\top w}}",
                "sign",
                numpy="X.T@(y*sigmoid(-y*(X@w)))/n",
            ),
            wrong(
                r"\nabla_w L = -\frac1n\sum_i \frac{x_i}{1+e^{y_i x_i^\top w}}",
                "chain-factor",
                numpy="-X.T@(sigmoid(-y*(X@w)))/n",
            ),
            wrong(
                r"\nabla_w L = -\sum_i \frac{y_i x_i}{1+e^{y_i x_i^\top w}}", "mean", numpy="-X.T@(y*sigmoid(-y*(X@w)))"
            ),
        ),
    ),
)

softmax_regression_with_a_bias_column = Problem(
    name="softmax regression with a bias column",
    shapes={"X": "n d", "W": "d c", "b": "c", "Y": "n c onehot"},
    given="\n".join(
        [
            r"Z = XW + \mathbf{1}b^\top",
            r"P = \operatorname{softmax}(Z)",
            r"L = -\frac1n\sum_{i}\sum_{k} Y_{ik}\log P_{ik}",
        ]
    ),
    maps={"Z": "X@W+ones(n)@b.T", "P": "softmax(Z)", "L": "-np.sum(Y*np.log(P))/n"},
    entries=(
        *about(
            "dL/dW",
            right(r"\frac{\partial L}{\partial W} = \frac{1}{n}X^{\mathsf T}(P-Y)", "X.T@(P-Y)/n"),
            right(r"\partial_W L = \tfrac1n X^{T}(P-Y)", "X.T@(P-Y)/n"),
            right(r"\nabla_W L = X.T @ (P - Y) / n", "X.T@(P-Y)/n"),
        ),
        *about(
            "dL/db",
            right(r"\frac{\partial L}{\partial b} = \frac{1}{n}(P-Y)^{\mathsf T}\mathbf{1}", "(P-Y).T@ones(n)/n"),
            right(r"\frac{\partial L}{\partial b} = \frac{1}{n}(P-Y)^{\mathsf T}\mathbb{1}", "(P-Y).T@ones(n)/n"),
            right(r"\frac{\partial L}{\partial b_k} = \frac{1}{n}\sum_{i=1}^n (P-Y)_{ik}", "(P-Y).T@ones(n)/n"),
            right(r"\nabla_b L = np.sum(P - Y, axis=0) / n", "(P-Y).T@ones(n)/n"),
            right(r"\nabla_b L = (P - Y).mean(axis=0)", "(P-Y).T@ones(n)/n"),
            misfit(r"\frac{\partial L}{\partial b} = \frac1n(P-Y)", ("sum", "chain-factor"), numpy="(P-Y)/n"),
            misfit(r"\frac{\partial L}{\partial b_k} = \frac{1}{n}(P_{ik} - Y_{ik})", "sum"),
            misfit(r"\nabla_b L = np.sum(P - Y, axis=1) / n", ("sum", "index", "transpose")),
        ),
        *about(
            "dL/dZ",
            right(r"\frac{\partial L}{\partial Z_{ik}} = \frac{P_{ik}-Y_{ik}}{n}", "(P-Y)/n"),
            right(r"dL = \frac1n\langle P-Y, dZ\rangle"),
            right(r"\mathrm{d}L = \tfrac{1}{n}\operatorname{tr}\!\left[(P-Y)^{\top}\mathrm{d}Z\right]"),
        ),
    ),
)

gaussian_log_likelihood = Problem(
    name="Gaussian log-likelihood",
    shapes={"X": "n d", "mu": "d", "Sigma": "d d spd"},
    given=r"\ell = -\frac{n}{2}\log\det\Sigma - \frac12\sum_{i=1}^n" r" (x_i-\mu)^\top\Sigma^{-1}(x_i-\mu)",
    maps={"ell": "-n/2*logdet(Sigma)-np.sum(((X-ones(n)@mu.T)@inv(Sigma))*(X-ones(n)@mu.T))/2"},
    entries=(
        *about(
            "dell/dmu",
            right(r"\nabla_\mu \ell = \Sigma^{-1}\sum_{i=1}^n (x_i-\mu)", "inv(Sigma)@(X-ones(n)@mu.T).T@ones(n)"),
            right(
                r"\frac{\partial \ell}{\partial \boldsymbol{\mu}} = \sum_i"
                r" \boldsymbol{\Sigma}^{-1}(\mathbf{x}_i - \boldsymbol{\mu})",
                "inv(Sigma)@(X-ones(n)@mu.T).T@ones(n)",
            ),
            right(
                r"\nabla_{\mu}\ell = \Sigma^{-1}\left(X^\top\mathbf 1 - n\mu\right)", "inv(Sigma)@(X.T@ones(n)-n*mu)"
            ),
            wrong(
                r"\nabla_\mu \ell = -\Sigma^{-1}\sum_{i=1}^n (x_i-\mu)",
                "sign",
                numpy="-inv(Sigma)@(X-ones(n)@mu.T).T@ones(n)",
            ),
            wrong(
                r"\nabla_\mu \ell = \frac12\Sigma^{-1}\sum_{i=1}^n (x_i-\mu)",
                "factor",
                numpy="inv(Sigma)@(X-ones(n)@mu.T).T@ones(n)/2",
            ),
            wrong(r"\nabla_\mu \ell = \sum_{i=1}^n (x_i-\mu)", "chain-factor", numpy="(X-ones(n)@mu.T).T@ones(n)"),
            wrong(
                r"\nabla_{\mu}\ell = \Sigma^{-1}\left(X^\top\mathbf 1 - \mu\right)",
                ("mean", "term"),
                numpy="inv(Sigma)@(X.T@ones(n)-mu)",
            ),
        ),
        *about(
            "dell/dSigma",
            right(
                r"\frac{\partial \ell}{\partial \Sigma} = -\frac{n}{2}\Sigma^{-1} +"
                r" \frac12\Sigma^{-1}\left[\sum_i (x_i-\mu)(x_i-\mu)^\top\right]\Sigma^{-1}",
                "-n/2*inv(Sigma)+inv(Sigma)@(X-ones(n)@mu.T).T@(X-ones(n)@mu.T)@inv(Sigma)/2",
            ),
            right(
                r"\frac{\partial \ell}{\partial \Sigma} = -\frac{n}{2}\Sigma^{-1} + \frac12\sum_i"
                r" \Sigma^{-1}(x_i-\mu)(x_i-\mu)^\top\Sigma^{-1}",
                "-n/2*inv(Sigma)+inv(Sigma)@(X-ones(n)@mu.T).T@(X-ones(n)@mu.T)@inv(Sigma)/2",
            ),
            wrong(
                r"\frac{\partial \ell}{\partial \Sigma} = -\frac{n}{2}\Sigma^{-1} - \frac12\sum_i"
                r" \Sigma^{-1}(x_i-\mu)(x_i-\mu)^\top\Sigma^{-1}",
                "sign",
                numpy="-n/2*inv(Sigma)-inv(Sigma)@(X-ones(n)@mu.T).T@(X-ones(n)@mu.T)@inv(Sigma)/2",
            ),
            wrong(
                r"\frac{\partial \ell}{\partial \Sigma} = -\frac{1}{2}\Sigma^{-1} + \frac12\sum_i"
                r" \Sigma^{-1}(x_i-\mu)(x_i-\mu)^\top\Sigma^{-1}",
                ("mean", "term"),
                numpy="-1/2*inv(Sigma)+inv(Sigma)@(X-ones(n)@mu.T).T@(X-ones(n)@mu.T)@inv(Sigma)/2",
            ),
        ),
    ),
)

poisson_regression = Problem(
    name="Poisson regression",
    shapes={"X": "n d", "w": "d", "y": "n positive"},
    given="\n".join([r"\eta = Xw", r"L = \sum_i \left(e^{\eta_i} - y_i\eta_i\right)"]),
    maps={"eta": "X@w", "L": "np.sum(np.exp(eta)-y*eta)"},
    entries=(
        *about(
            "dL/dw",
            right(r"\nabla_w L = X^\top(e^{\eta}-y)", "X.T@(np.exp(eta)-y)"),
            right(r"\nabla_w L = X^\top\left(\exp(Xw)-y\right)", "X.T@(np.exp(eta)-y)"),
            right(r"\nabla_w L = X.T @ (np.exp(X @ w) - y)", "X.T@(np.exp(eta)-y)"),
            right(r"\frac{\partial L}{\partial w_j} = \sum_i \left(e^{\eta_i}-y_i\right)x_{ij}", "X.T@(np.exp(eta)-y)"),
            right(
                r"\nabla_w L = \left(\frac{\partial \eta}{\partial w}\right)^\top\frac{\partial" r" L}{\partial \eta}",
                "X.T@(np.exp(eta)-y)",
            ),
            wrong(
                r"\nabla_w L = X^\top(\eta-y)", ("activation-derivative", "symbol", "chain-factor"), numpy="X.T@(eta-y)"
            ),
            right(r"\nabla_w^2 L = X^\top \operatorname{diag}(e^{\eta}) X"),
            right(r"\frac{\partial^2 L}{\partial w\,\partial w^\top} = X^\top \operatorname{diag}(e^{\eta})X"),
            right(r"\frac{\partial^2 L}{\partial w_j\partial w_k} = \sum_i x_{ij}x_{ik}e^{\eta_i}"),
            wrong(r"\nabla_w^2 L = X^\top \operatorname{diag}(e^{\eta}-y) X", "term"),
            wrong(r"\nabla_w^2 L = X^\top X", ("chain-factor", "activation-derivative")),
        ),
    ),
)

problems = (signed_logistic, softmax_regression_with_a_bias_column, gaussian_log_likelihood, poisson_regression)
