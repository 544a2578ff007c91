"""Networks in other conventions: samples in columns, one neuron, ReLU with its indicator, attention."""

from .entries import Problem, about, misfit, right, undefined, wrong

network_with_samples_in_columns = Problem(
    name="network with samples in columns",
    shapes={"X": "d n", "W_1": "h d", "b_1": "h", "W_2": "k h", "b_2": "k", "Y": "k n"},
    given="\n".join(
        [
            r"Z_1 = W_1 X + b_1\mathbf{1}^\top",
            r"A_1 = \tanh(Z_1)",
            r"Z_2 = W_2 A_1 + b_2 \mathbf 1^\top",
            r"L = \frac{1}{2n}\|Z_2 - Y\|_F^2",
        ]
    ),
    maps={"Z1": "W1@X+b1@ones(n).T", "A1": "np.tanh(Z1)", "Z2": "W2@A1+b2@ones(n).T", "L": "np.sum((Z2-Y)**2)/(2*n)"},
    entries=(
        *about(
            "dL/dW2",
            right(r"\frac{\partial L}{\partial W^{[2]}} = \frac1n (Z^{[2]}-Y)A^{[1]\top}", "(Z2-Y)@A1.T/n"),
            right(
                r"\frac{\partial L}{\partial W_2} = \frac{\partial L}{\partial Z_2}A_1^{\mathsf{T}}", "(Z2-Y)@A1.T/n"
            ),
            right(r"\nabla_{W^{(2)}} L = \tfrac{1}{n}\left(Z^{(2)}-Y\right){A^{(1)}}^{\top}", "(Z2-Y)@A1.T/n"),
            undefined(r"\frac{\partial L}{\partial W_2} = \frac1n A_1^\top (Z_2-Y)", "order"),
            wrong(r"\frac{\partial L}{\partial W_2} = \frac1n Z_2A_1^\top", "term", numpy="Z2@A1.T/n"),
        ),
        *about(
            "dL/db2",
            right(r"\frac{\partial L}{\partial b_2} = \frac1n (Z_2-Y)\mathbf 1", "(Z2-Y)@ones(n)/n"),
            right(r"\frac{\partial L}{\partial b_2} = \frac{\partial L}{\partial Z_2}\mathbf 1", "(Z2-Y)@ones(n)/n"),
            misfit(r"\frac{\partial L}{\partial b_2} = \frac1n (Z_2-Y)", ("sum", "chain-factor"), numpy="(Z2-Y)/n"),
            misfit(
                r"\frac{\partial L}{\partial b_2} = \frac{\partial L}{\partial Z_2}",
                ("sum", "chain-factor"),
                numpy="(Z2-Y)/n",
            ),
        ),
        *about(
            "dL/dW1",
            right(
                r"\frac{\partial L}{\partial W_1} = \frac1n"
                r" \left(W_2^\top(Z_2-Y)\odot(1-\tanh^2(Z_1))\right)X^\top",
                "(W2.T@(Z2-Y)*(1-np.tanh(Z1)**2))@X.T/n",
            ),
            right(
                r"\frac{\partial L}{\partial W_1} = \frac1n \left[W_2^\top(Z_2-Y)\circ(1-A_1\circ"
                r" A_1)\right]X^\top",
                "(W2.T@(Z2-Y)*(1-np.tanh(Z1)**2))@X.T/n",
            ),
            right(
                r"\nabla_{W_1} L = (W_2.T @ (Z_2 - Y) * (1 - A_1**2)) @ X.T / n",
                "(W2.T@(Z2-Y)*(1-np.tanh(Z1)**2))@X.T/n",
            ),
            right(
                r"\nabla_{W_1} L = (W2.T @ (Z2 - Y) * (1 - np.tanh(Z1)**2)) @ X.T / n",
                "(W2.T@(Z2-Y)*(1-np.tanh(Z1)**2))@X.T/n",
            ),
            right(
                r"\frac{\partial L}{\partial W_1} = \frac1n" r" \left[W_2^\top(Z_2-Y)\odot\tanh'(Z_1)\right]X^\top",
                "(W2.T@(Z2-Y)*(1-np.tanh(Z1)**2))@X.T/n",
            ),
            wrong(
                r"\frac{\partial L}{\partial W_1} = \frac1n W_2^\top(Z_2-Y)X^\top",
                "activation-derivative",
                numpy="W2.T@(Z2-Y)@X.T/n",
            ),
            wrong(
                r"\frac{\partial L}{\partial W_1} = \frac1n" r" \left(W_2^\top(Z_2-Y)\odot\tanh(Z_1)\right)X^\top",
                "activation-derivative",
                numpy="(W2.T@(Z2-Y)*np.tanh(Z1))@X.T/n",
            ),
            wrong(
                r"\frac{\partial L}{\partial W_1} = \frac1n \left(W_2^\top(Z_2-Y)\odot(1-A_1)\right)X^\top",
                ("activation-derivative"),
                numpy="(W2.T@(Z2-Y)*(1-A1))@X.T/n",
            ),
            wrong(
                r"\frac{\partial L}{\partial W_1} = \frac1n" r" \left(W_2^\top(Z_2-Y)\odot(1-Z_1^2)\right)X^\top",
                ("activation-derivative", "symbol"),
                numpy="(W2.T@(Z2-Y)*(1-Z1**2))@X.T/n",
            ),
            wrong(
                r"\frac{\partial L}{\partial W_1} = \frac1n \left(W_2^\top(Z_2-Y)\odot"
                r" A_1\odot(1-A_1)\right)X^\top",
                ("activation-derivative"),
                numpy="(W2.T@(Z2-Y)*A1*(1-A1))@X.T/n",
            ),
        ),
        *about(
            "dL/db1",
            right(
                r"\frac{\partial L}{\partial b_1} = \frac1n \left[W_2^\top(Z_2-Y)\odot(1-A_1^{\circ"
                r" 2})\right]\mathbf 1",
                "(W2.T@(Z2-Y)*(1-np.tanh(Z1)**2))@ones(n)/n",
            ),
            right(
                r"\frac{\partial L}{\partial b_1} = \frac{\partial L}{\partial Z_1}\mathbf{1}_n",
                "(W2.T@(Z2-Y)*(1-np.tanh(Z1)**2))@ones(n)/n",
            ),
        ),
        *about(
            "dL/dX",
            right(
                r"\frac{\partial L}{\partial X} = W_1^\top \frac{\partial L}{\partial Z_1}",
                "W1.T@(W2.T@(Z2-Y)*(1-np.tanh(Z1)**2))/n",
            ),
            undefined(r"\frac{\partial L}{\partial X} = \frac{\partial L}{\partial Z_1} W_1^\top", "order"),
        ),
    ),
)

attention = Problem(
    name="attention",
    shapes={"Q": "m e", "K": "n e", "V": "n v", "G": "m v"},
    given="\n".join(
        [
            r"S = \frac{QK^\top}{\sqrt{e}}",
            r"P = \operatorname{softmax}(S)",
            r"O = PV",
            r"L = \operatorname{tr}(G^\top O)",
        ]
    ),
    maps={"S": "Q@K.T/np.sqrt(e)", "P": "softmax(S)", "O": "P@V", "L": "tr(G.T@O)"},
    entries=(
        *about(
            "dL/dV",
            right(r"\frac{\partial L}{\partial V} = P^\top G", "P.T@G"),
            right(r"\frac{\partial L}{\partial V} = \mathrm{softmax}(QK^\top/\sqrt{e})^\top G", "P.T@G"),
            undefined(r"\frac{\partial L}{\partial V} = PG", "transpose"),
        ),
        *about(
            "dL/dP",
            right(r"\frac{\partial L}{\partial P} = GV^\top", "G@V.T"),
            misfit(r"\frac{\partial L}{\partial P} = VG^\top", "layout", numpy="V@G.T"),
        ),
        *about(
            "dL/dS",
            right(
                r"\frac{\partial L}{\partial S} = P\odot\left(GV^\top - ((P\odot GV^\top)\mathbf"
                r" 1)\mathbf 1^\top\right)",
                "P*(G@V.T-(P*(G@V.T))@ones(n)@ones(n).T)",
            ),
            right(
                r"\frac{\partial L}{\partial S_{ij}} = P_{ij}\left((GV^\top)_{ij} - \sum_k"
                r" P_{ik}(GV^\top)_{ik}\right)",
                "P*(G@V.T-(P*(G@V.T))@ones(n)@ones(n).T)",
            ),
            wrong(
                r"\frac{\partial L}{\partial S} = P\odot(1-P)\odot GV^\top",
                ("activation-derivative", "term"),
                numpy="P*(1-P)*(G@V.T)",
            ),
            wrong(r"\frac{\partial L}{\partial S} = P\odot GV^\top", "term", numpy="P*(G@V.T)"),
        ),
        *about(
            "dL/dQ",
            right(
                r"\frac{\partial L}{\partial Q} = \frac{1}{\sqrt e}\frac{\partial L}{\partial S}K",
                "(P*(G@V.T-(P*(G@V.T))@ones(n)@ones(n).T))@K/np.sqrt(e)",
            ),
            wrong(
                r"\frac{\partial L}{\partial Q} = \frac{\partial L}{\partial S}K",
                ("mean", "factor"),
                numpy="(P*(G@V.T-(P*(G@V.T))@ones(n)@ones(n).T))@K",
            ),
        ),
        *about(
            "dL/dK",
            right(
                r"\frac{\partial L}{\partial K} = \frac{1}{\sqrt e}\left(\frac{\partial L}{\partial"
                r" S}\right)^\top Q",
                "(P*(G@V.T-(P*(G@V.T))@ones(n)@ones(n).T)).T@Q/np.sqrt(e)",
            ),
        ),
    ),
)

softmax_with_deltas = Problem(
    name="softmax with deltas",
    shapes={"z": "k", "t": "k simplex"},
    given="\n".join([r"p_i = \frac{e^{z_i}}{\sum_j e^{z_j}}", r"H = -\sum_i t_i\log p_i", r"E = -\sum_i p_i \ln p_i"]),
    maps={"p": "softmax(z)", "H": "-np.sum(t*np.log(p))", "E": "-np.sum(p*np.log(p))"},
    entries=(
        *about(
            "dp/dz",
            right(r"\frac{\partial p_i}{\partial z_j} = p_j(\delta_{ij}-p_i)", "diag(p)-p@p.T"),
            wrong(
                r"\frac{\partial p}{\partial z} = \operatorname{diag}(p\odot(1-p))",
                ("term", "index", "activation-derivative"),
                numpy="diag(p*(1-p))",
            ),
            wrong(
                r"\frac{\partial p}{\partial z} = \operatorname{diag}(p(1-p))",
                ("term", "index", "activation-derivative"),
                numpy="diag(p*(1-p))",
            ),
            wrong(r"\frac{\partial p_i}{\partial z_j} = p_i(1-p_j)", ("index", "term"), numpy="p@(1-p).T"),
            wrong(r"\frac{\partial p_i}{\partial z_j} = p_i(p_j-\delta_{ij})", "sign", numpy="p@p.T-diag(p)"),
            misfit(r"\frac{\partial p}{\partial z} = \operatorname{diag}(p) - p^{\top}p", ("transpose", "order")),
        ),
        *about(
            "dH/dz",
            right(r"\frac{\partial H}{\partial z_i} = p_i - t_i", "p-t"),
            right(r"\frac{\partial H}{\partial z_j} = -\sum_i \frac{t_i}{p_i}\,p_i(\delta_{ij}-p_j)", "p-t"),
            right(
                r"\frac{\partial H}{\partial z_j} = \sum_i \frac{\partial H}{\partial p_i}\frac{\partial"
                r" p_i}{\partial z_j}",
                "p-t",
            ),
            wrong(
                r"\frac{\partial H}{\partial z_i} = \frac{\partial H}{\partial p_i}\frac{\partial"
                r" p_i}{\partial z_i}",
                ("index", "sum"),
                numpy="-t*(1-p)",
            ),
            wrong(r"\nabla_z H = p", "term", numpy="p"),
            wrong(r"\nabla_z H = p - 1", ("symbol", "term"), numpy="p-1"),
        ),
        *about(
            "dE/dp",
            right(r"\frac{\partial E}{\partial p_i} = -\ln p_i - 1", "-np.log(p)-1"),
            wrong(r"\frac{\partial E}{\partial p_i} = -\ln p_i", ("term", "product-rule"), numpy="-np.log(p)"),
            wrong(r"\frac{\partial E}{\partial p_i} = -\frac{1}{p_i}", ("product-rule", "term"), numpy="-1/p"),
        ),
    ),
)

one_neuron = Problem(
    name="one neuron",
    shapes={"w": "", "b": "", "x": "", "y": "", "eta": ""},
    given="\n".join([r"z = wx + b", r"a = \sigma(z)", r"C = \frac{1}{2}(a - y)^2"]),
    maps={"z": "w*x+b", "a": "sigmoid(z)", "C": "(a-y)**2/2"},
    entries=(
        *about(
            "dC/dw",
            right(r"\frac{dC}{dw} = (a-y)\,a(1-a)\,x", "(a-y)*a*(1-a)*x"),
            right(
                r"\frac{\partial C}{\partial w} = \frac{\partial C}{\partial a}\cdot\frac{\partial"
                r" a}{\partial z}\cdot\frac{\partial z}{\partial w}",
                "(a-y)*a*(1-a)*x",
            ),
            right(r"\frac{\mathrm{d}C}{\mathrm{d}w} = (a-y)\times\sigma(z)(1-\sigma(z))\times x", "(a-y)*a*(1-a)*x"),
            right(r"\partial_w C = (a - y)(a - a^2)x", "(a-y)*a*(1-a)*x"),
            wrong(r"\frac{\partial C}{\partial w} = (a-y)x", "activation-derivative", numpy="(a-y)*x"),
            wrong(
                r"\frac{\partial C}{\partial w} = (a-y)\sigma'(a)x",
                "activation-derivative",
                numpy="(a-y)*sigmoid(a)*(1-sigmoid(a))*x",
            ),
            wrong(r"\frac{\partial C}{\partial w} = (a-y)\sigma'(z)", "chain-factor", numpy="(a-y)*a*(1-a)"),
            wrong(
                r"\frac{\partial C}{\partial w} = \frac{\partial C}{\partial a}\frac{\partial z}{\partial" r" w}",
                ("activation-derivative", "chain-factor"),
                numpy="(a-y)*x",
            ),
            wrong(
                r"\frac{\partial C}{\partial w} = (a-y)\,z(1-z)\,x", "activation-derivative", numpy="(a-y)*z*(1-z)*x"
            ),
        ),
        *about(
            "dC/db",
            right(r"\frac{\partial C}{\partial b} = (a-y)\sigma'(z)", "(a-y)*a*(1-a)"),
        ),
    ),
)

relu_network_of_one_sample = Problem(
    name="relu network of one sample",
    shapes={"x": "d", "W_1": "h d", "b_1": "h", "w_2": "h", "y": ""},
    given="\n".join([r"z = W_1 x + b_1", r"a = \operatorname{ReLU}(z)", r"\hat y = w_2^\top a", r"L = (\hat y - y)^2"]),
    maps={},
    entries=(
        *about(
            "dL/dw2",
            right(r"\frac{\partial L}{\partial w_2} = 2(\hat{y}-y)a"),
            right(r"\frac{\partial L}{\partial w_2} = 2(\hat{y}-y)\operatorname{ReLU}(W_1x+b_1)"),
            right(
                r"\frac{\partial L}{\partial W_1} = 2(\hat{y}-y)\left(w_2\odot\operatorname{ReLU}'" r"(z)\right)x^\top"
            ),
            right(r"\frac{\partial L}{\partial W_1} = 2(\hat{y}-y)\operatorname{diag}(\mathbf{1}[z>0" r"])w_2x^\top"),
            right(r"\frac{\partial L}{\partial W_1} = 2(\hat{y}-y)\left(w_2\odot\mathbb{1}_{z>0}\rig" r"ht)x^\top"),
            wrong(r"\frac{\partial L}{\partial W_1} = 2(\hat{y}-y)w_2x^\top", "activation-derivative"),
            right(r"\frac{\partial L}{\partial b_1} = 2(\hat y-y)\,w_2\odot\mathrm{ReLU}'(z)"),
            undefined(
                r"\frac{\partial L}{\partial W_1} = 2(\hat{y}-y)x\left(w_2\odot\operatorname{ReLU}" r"'(z)\right)^\top",
                "layout",
            ),
        ),
    ),
)

problems = (network_with_samples_in_columns, attention, softmax_with_deltas, one_neuron, relu_network_of_one_sample)
