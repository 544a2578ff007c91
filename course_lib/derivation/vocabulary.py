"""What the words of LaTeX mean: functions, signs, styles, relations, and what is only looks."""

from __future__ import annotations

FUNCTIONS = {
    "exp": "exp",
    "log": "log",
    "ln": "log",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "relu": "relu",
    "softmax": "softmax",
    "tr": "tr",
    "trace": "tr",
    "Tr": "tr",
    "vec": "vec",
    "diag": "diag",
    "Diag": "diag",
    "det": "det",
    "inv": "inv",
    "sin": "sin",
    "cos": "cos",
    "logdet": "logdet",
    "cosh": "cosh",
    "sinh": "sinh",
    "softplus": "softplus",
    "logsumexp": "logsumexp",
    "Softmax": "softmax",
    "ReLU": "relu",
    "Tanh": "tanh",
    "sqrt": "sqrt",
    "lse": "logsumexp",
    "LSE": "logsumexp",
    "abs": "abs",
    "outer": "outer",
    "sign": "sign",
    "sgn": "sign",
}
GREEK = frozenset(
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell".split()
)
ACCENTS = {
    "hat": "hat",
    "widehat": "hat",
    "bar": "bar",
    "overline": "bar",
    "tilde": "tilde",
    "widetilde": "tilde",
    "dot": "dot",
    "vec": "vec",
    "overrightarrow": "vec",
}
# Commands that change how their argument looks, or put a box or a brace around it.
STYLES = dict.fromkeys(
    "mathbf boldsymbol bm mathrm mathit mathsf mathcal mathscr mathfrak text textrm textbf textit textsf texttt textnormal "
    "operatorname mbox mathbb mathbbm mathds mathtt pmb hbox mathnormal boxed fbox mathop mathrel mathbin mathord "
    "ensuremath underbrace overbrace underline cancel bcancel xcancel symbf symbfit bold emph smash class".split(),
    1,
)
DECLARED_STYLES = frozenset("rm bf it cal sf tt bfseries".split())
ARGUMENTS = {
    "frac": 2,
    "dfrac": 2,
    "tfrac": 2,
    "cfrac": 2,
    "nicefrac": 2,
    "sfrac": 2,
    "sqrt": 1,
    "pdv": 2,
    "dv": 2,
    "overset": 2,
    "underset": 2,
    "stackrel": 2,
    "substack": 1,
    "binom": 2,
    "xrightarrow": 1,
    "tag": 1,
}
# Commands that say nothing, with the number of arguments that go with them.
FORGOTTEN = {
    **dict.fromkeys(
        "displaystyle textstyle scriptstyle limits nolimits nonumber notag therefore because null allowbreak normalsize "
        "small large hline cline mathstrut strut left. nobreak break noindent item centering qed square".split(),
        0,
    ),
    **dict.fromkeys("label eqref ref cite color textcolor vspace phantom hphantom vphantom footnote mkern".split(), 1),
}
SPACES = {
    **dict.fromkeys([",", ";", ":", "!", " ", "thinspace", "medspace", "thickspace", "enspace", "/", "hfill"], "thin"),
    **dict.fromkeys(["quad", "qquad"], "quad"),
}
RELATION_WORDS = {
    "coloneqq": ":=",
    "eqqcolon": "=:",
    "triangleq": ":=",
    "doteq": ":=",
    "equiv": "=",
    "approx": "approx",
    "simeq": "approx",
    "Rightarrow": "implies",
    "implies": "implies",
    "Longrightarrow": "implies",
    "iff": "implies",
    "Leftrightarrow": "implies",
    "Longleftrightarrow": "implies",
    "rightarrow": "implies",
    "longrightarrow": "implies",
    "to": "implies",
    "leadsto": "implies",
    "impliedby": "impliedby",
    "ne": "ne",
    "neq": "ne",
    "le": "le",
    "leq": "le",
    "leqslant": "le",
    "ge": "ge",
    "geq": "ge",
    "geqslant": "ge",
    "lt": "lt",
    "gt": "gt",
    "ll": "lt",
    "gg": "gt",
    "propto": "propto",
    "sim": "sim",
    "in": "in",
    "notin": "notin",
    "subset": "in",
    "leftarrow": "gets",
    "gets": "gets",
    "mapsto": "mapsto",
    "cong": "sim",
}
MATRICES = frozenset("bmatrix pmatrix matrix smallmatrix vmatrix Vmatrix Bmatrix array subarray cases".split())
WRAPPERS = frozenset(
    "aligned align alignat alignedat equation split gather gathered displaymath eqnarray multline multlined flalign math "
    "subequations IEEEeqnarray center document proof".split()
)
SIMPLE = {
    "cdot": "DOT",
    "times": "DOT",
    "ast": "DOT",
    "odot": "ODOT",
    "circ": "ODOT",
    "otimes": "OTIMES",
    "cdots": "DOTS",
    "ldots": "DOTS",
    "dots": "DOTS",
    "dotsc": "DOTS",
    "dotsb": "DOTS",
    "dotsi": "DOTS",
    "vdots": "DOTS",
    "ddots": "DOTS",
    "langle": "LANG",
    "rangle": "RANG",
    "lbrace": "LPAR",
    "rbrace": "RPAR",
    "lbrack": "LPAR",
    "rbrack": "RPAR",
    "over": "OVER",
    "colon": "COLON",
    "lparen": "LPAR",
    "rparen": "RPAR",
    "star": "DOT",
    "bullet": "DOT",
    "hadamard": "ODOT",
}
TRANSPOSES = frozenset(["T", "\\top", "top", "\\intercal", "t", "\\prime", "'", "tr", "H", "\\dagger", "\\mathsf T", "\\perp"])
