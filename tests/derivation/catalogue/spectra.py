"""Traces of powers, inverses, determinants and quotients, with matrices that promise nothing."""

from .entries import Problem, about, misfit, right, undefined, wrong

generalised_rayleigh = Problem(
    name="generalised Rayleigh",
    shapes={"x": "d", "A": "d d symmetric", "B": "d d spd"},
    given=r"R = \frac{x^\top A x}{x^\top B x}",
    maps={"R": "(x.T@A@x)/(x.T@B@x)"},
    entries=(
        *about(
            "dR/dx",
            right(
                r"\nabla_x R = \frac{2}{x^\top B x}\left(Ax - R\,Bx\right)",
                "2/(x.T@B@x)[0,0]*(A@x-((x.T@A@x)/(x.T@B@x))[0,0]*(B@x))",
            ),
            right(
                r"\nabla_x R = \frac{2Ax\,(x^\top Bx) - 2Bx\,(x^\top Ax)}{(x^\top Bx)^2}",
                "2/(x.T@B@x)[0,0]*(A@x-((x.T@A@x)/(x.T@B@x))[0,0]*(B@x))",
            ),
            wrong(r"\nabla_x R = \frac{2Ax}{2Bx}", (), numpy=None),
            wrong(r"\nabla_x R = \frac{2Ax}{x^\top B x}", ("term", "product-rule"), numpy="2/(x.T@B@x)[0,0]*(A@x)"),
            wrong(
                r"\nabla_x R = \frac{2}{x^\top B x}\left(Ax + R\,Bx\right)",
                "sign",
                numpy="2/(x.T@B@x)[0,0]*(A@x+((x.T@A@x)/(x.T@B@x))[0,0]*(B@x))",
            ),
            wrong(
                r"\nabla_x R = \frac{2}{x^\top x}\left(Ax - R\,Bx\right)",
                ("chain-factor", "term", "symbol"),
                numpy="2/(x.T@x)[0,0]*(A@x-((x.T@A@x)/(x.T@B@x))[0,0]*(B@x))",
            ),
        ),
    ),
)

trace_of_powers = Problem(
    name="trace of powers",
    shapes={"A": "d d", "B": "d d"},
    given="\n".join(
        [
            r"f = \operatorname{tr}(A^3)",
            r"g = \operatorname{tr}(A^{-1}B)",
            r"h = \operatorname{Tr}\left(A^\top A A^\top\right)",
        ]
    ),
    maps={"f": "tr(A@A@A)", "g": "tr(inv(A)@B)", "h": "tr(A.T@A@A.T)"},
    entries=(
        *about(
            "df/dA",
            right(r"\nabla_A f = 3(A^\top)^2", "3*A.T@A.T"),
            right(r"\nabla_A f = 3(A^2)^\top", "3*A.T@A.T"),
            right(r"\frac{\partial \operatorname{tr}(A^3)}{\partial A} = 3A^{2\top}", "3*A.T@A.T"),
            wrong(r"\nabla_A f = 3A^2", ("layout", "transpose"), numpy="3*A@A"),
            wrong(r"\nabla_A f = (A^\top)^2", ("factor", "product-rule"), numpy="A.T@A.T"),
        ),
        *about(
            "dg/dA",
            right(r"\nabla_A g = -A^{-\top}B^\top A^{-\top}", "-inv(A).T@B.T@inv(A).T"),
            right(r"\nabla_A g = -(A^{-1}BA^{-1})^\top", "-inv(A).T@B.T@inv(A).T"),
            right(
                r"\nabla_A g = -\left(A^{-1}\right)^{\mathsf T} B^{\mathsf T}\left(A^{-1}\right)^{\mathsf" r" T}",
                "-inv(A).T@B.T@inv(A).T",
            ),
            right(r"\nabla_A g = -np.linalg.inv(A).T @ B.T @ np.linalg.inv(A).T", "-inv(A).T@B.T@inv(A).T"),
            wrong(r"\nabla_A g = A^{-\top}B^\top A^{-\top}", "sign", numpy="inv(A).T@B.T@inv(A).T"),
            wrong(r"\nabla_A g = -A^{-1}BA^{-1}", ("layout", "transpose"), numpy="-inv(A)@B@inv(A)"),
            wrong(r"\nabla_A g = -A^{-\top}A^{-\top}B^\top", "order", numpy="-inv(A).T@inv(A).T@B.T"),
            wrong(r"\nabla_A g = -A^{-2\top}B^\top", "order", numpy="-inv(A).T@inv(A).T@B.T"),
            right(
                r"\mathrm dg = -\operatorname{tr}(A^{-1}\,\mathrm dA\,A^{-1}B) +"
                r" \operatorname{tr}(A^{-1}\mathrm dB)"
            ),
            wrong(r"dg = -\operatorname{tr}(A^{-2}B\,dA)+ \operatorname{tr}(A^{-1}dB)", "order"),
        ),
        *about(
            "dg/dB",
            right(r"\nabla_B g = A^{-\top}", "inv(A).T"),
            right(r"\nabla_B g = A^{-T}", "inv(A).T"),
            wrong(r"\nabla_B g = A^{-1}", ("layout", "transpose"), numpy="inv(A)"),
        ),
    ),
)

bilinear_with_inverse = Problem(
    name="bilinear with inverse",
    shapes={"a": "d", "b": "d", "X": "d d", "c": "q", "Y": "q d"},
    given="\n".join([r"f = a^\top X^{-1} b", r"g = a' X b", r"h = a^T Y^T Y b", r"s = \langle c, Yb\rangle^2"]),
    maps={"f": "a.T@inv(X)@b", "g": "a.T@X@b", "h": "a.T@Y.T@Y@b", "s": "(c.T@Y@b)**2"},
    entries=(
        *about(
            "df/dX",
            right(r"\nabla_X f = -X^{-\top}ab^\top X^{-\top}", "-inv(X).T@a@b.T@inv(X).T"),
            wrong(r"\nabla_X f = -X^{-1}ba^\top X^{-1}", "layout", numpy="-inv(X)@b@a.T@inv(X)"),
            right(r"df = -a^\top X^{-1}\,dX\,X^{-1}b + da^\top X^{-1}b + a^\top X^{-1}db"),
        ),
        *about(
            "dg/dX",
            right(r"\frac{\partial g}{\partial X} = a b'", "a@b.T"),
            right(r"\frac{\partial\, a'Xb}{\partial X} = ab'", "a@b.T"),
            right(r"\nabla_X g = np.outer(a, b)", "a@b.T"),
            right(r"\frac{\partial g}{\partial x_{ij}} = a_i b_j", "a@b.T"),
            wrong(r"\frac{\partial g}{\partial X} = b a'", ("layout", "order"), numpy="b@a.T"),
            undefined(r"\frac{\partial g}{\partial X} = a' b", "transpose"),
            wrong(r"\frac{\partial g}{\partial x_{ij}} = a_j b_i", "index", numpy="b@a.T"),
            wrong(r"\nabla_X g = np.outer(b, a)", ("layout", "order"), numpy="b@a.T"),
        ),
        *about(
            "dh/dY",
            right(r"\nabla_Y h = Y(ab^\top + ba^\top)", "Y@(a@b.T+b@a.T)"),
            wrong(r"\nabla_Y h = 2Yab^\top", (), numpy="2*Y@a@b.T"),
            wrong(r"\nabla_Y h = Yab^\top", ("product-rule", "term"), numpy="Y@a@b.T"),
            undefined(r"\nabla_Y h = (ab^\top + ba^\top)Y", "order"),
        ),
        *about(
            "ds/dY",
            right(r"\nabla_Y s = 2(c^\top Yb)\,cb^\top", "2*(c.T@Y@b)[0,0]*c@b.T"),
            right(r"\nabla_Y s = 2cc^\top Ybb^\top", "2*(c.T@Y@b)[0,0]*c@b.T"),
            wrong(r"\nabla_Y s = 2cb^\top", "chain-factor", numpy="2*c@b.T"),
            wrong(r"\nabla_Y s = (c^\top Yb)\,cb^\top", "factor", numpy="(c.T@Y@b)[0,0]*c@b.T"),
        ),
    ),
)

determinants = Problem(
    name="determinants",
    shapes={"A": "d d", "S": "d d spd", "B": "d n"},
    given="\n".join([r"f = \det(A)", r"g = \log\det(S)", r"q = \ln\det(B B^\top)", r"v = \operatorname{tr}(A)^2"]),
    maps={"f": "np.linalg.det(A)", "g": "logdet(S)", "q": "logdet(B@B.T)", "v": "tr(A)**2"},
    entries=(
        *about(
            "df/dA",
            right(r"\nabla_A f = \det(A)A^{-\top}", "np.linalg.det(A)*inv(A).T"),
            right(r"\frac{\partial |A|}{\partial A} = |A|\,(A^{-1})^\top", "np.linalg.det(A)*inv(A).T"),
            right(r"\mathrm{d}\det A = \det A\,\operatorname{tr}(A^{-1}\mathrm{d}A)"),
            right(r"df = f\, tr(A^{-1} dA)"),
            wrong(r"\nabla_A f = A^{-\top}", "chain-factor", numpy="inv(A).T"),
            wrong(r"\nabla_A f = \det(A)A^{-1}", ("layout", "transpose"), numpy="np.linalg.det(A)*inv(A)"),
            wrong(r"\mathrm{d}\det A = \operatorname{tr}(A^{-1}\mathrm{d}A)", "chain-factor"),
            undefined(r"df = f\, A^{-1} dA", "trace"),
        ),
        *about(
            "dg/dS",
            right(r"\frac{\partial \log|S|}{\partial S} = S^{-1}", "inv(S)"),
            right(r"\nabla_S g = np.linalg.inv(S)", "inv(S)"),
            wrong(
                r"\nabla_S g = \frac{1}{\det S} S^{-1}",
                ("chain-factor", "factor", "term"),
                numpy="inv(S)/np.linalg.det(S)",
            ),
            wrong(r"\nabla_S g = S", ("symbol", "chain-factor", "order"), numpy="S"),
        ),
        *about(
            "dq/dB",
            right(r"\nabla_B q = 2(BB^\top)^{-1}B", "2*inv(B@B.T)@B"),
            wrong(r"\nabla_B q = (BB^\top)^{-1}B", ("product-rule", "factor"), numpy="inv(B@B.T)@B"),
            misfit(r"\nabla_B q = 2B^\top(BB^\top)^{-1}", "layout"),
            undefined(r"\nabla_B q = 2(B^\top B)^{-1}B", ("order", "transpose")),
        ),
        *about(
            "dv/dA",
            right(r"\nabla_A v = 2\operatorname{tr}(A)I", "2*tr(A)*eye(d)"),
            right(r"\nabla_A v = 2*np.trace(A)*np.eye(d)", "2*tr(A)*eye(d)"),
            wrong(r"\nabla_A v = 2A", "trace", numpy="2*A"),
            wrong(r"\nabla_A v = \operatorname{tr}(A)I", "factor"),
            right(r"dv = 2\operatorname{tr}(A)\operatorname{tr}(dA)"),
            undefined(r"dv = 2\operatorname{tr}(A)dA", "trace"),
        ),
    ),
)

regularised_factorisation = Problem(
    name="regularised factorisation",
    shapes={"X": "m n", "U": "m r", "V": "n r", "lambda": ""},
    given=r"J = \lVert X - UV^\top\rVert_F^2 + \lambda\left(\lVert U\rVert_F^2 + \lVert" r" V\rVert_F^2\right)",
    maps={"J": "np.sum((X-U@V.T)**2)+lambda_*(np.sum(U**2)+np.sum(V**2))"},
    entries=(
        *about(
            "dJ/dU",
            right(r"\nabla_U J = -2(X-UV^\top)V + 2\lambda U", "-2*(X-U@V.T)@V+2*lambda_*U"),
            right(r"\nabla_U J = 2U(V^\top V+\lambda I) - 2XV", "-2*(X-U@V.T)@V+2*lambda_*U"),
            right(r"\nabla_U J = 2U(V^\top V+\lambda I_r) - 2XV", "-2*(X-U@V.T)@V+2*lambda_*U"),
            undefined(r"\nabla_U J = -2(X-UV^\top)V^\top + 2\lambda U", "transpose"),
            wrong(r"\nabla_U J = -2(X-UV^\top)V + \lambda U", "term", numpy="-2*(X-U@V.T)@V+lambda_*U"),
            undefined(r"\nabla_U J = -2V(X-UV^\top) + 2\lambda U", "order"),
        ),
        *about(
            "dJ/dV",
            right(r"\nabla_V J = -2(X-UV^\top)^\top U + 2\lambda V", "-2*(X-U@V.T).T@U+2*lambda_*V"),
            right(
                r"\frac{\partial J}{\partial V_{ja}} = -2\sum_i (X_{ij} - \sum_b U_{ib}V_{jb})U_{ia} +"
                r" 2\lambda V_{ja}",
                "-2*(X-U@V.T).T@U+2*lambda_*V",
            ),
            undefined(r"\nabla_V J = -2(X-UV^\top)U + 2\lambda V", "transpose"),
            right(
                r"dJ = -2\langle X-UV^\top, U\,dV^\top + dU\,V^\top\rangle + 2\lambda\langle U,dU\rangle"
                r" + 2\lambda\langle V,dV\rangle"
            ),
            right(
                r"\mathrm dJ = -2(X-UV^\top):(\mathrm dU\,V^\top + U\,\mathrm dV^\top) +"
                r" 2\lambda(U:\mathrm dU + V:\mathrm dV)"
            ),
            wrong(
                r"dJ = -2\langle X-UV^\top, dU\,V^\top\rangle + 2\lambda\langle U,dU\rangle +"
                r" 2\lambda\langle V,dV\rangle",
                ("term", "product-rule"),
            ),
        ),
    ),
)

problems = (generalised_rayleigh, trace_of_powers, bilinear_with_inverse, determinants, regularised_factorisation)
