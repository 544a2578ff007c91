r"""TeX, read once: a text becomes nodes by TeX's own rules, and nothing else in the checker looks at LaTeX as text.

Characters have categories, braces make groups, a command takes its arguments, `^` and `_` and primes hang on what
stands before them, and a matrix is a node with its cells inside. Wrappers that only lay out (`align`, `\eqalign`,
`\boxed`, dollar signs) leave their content. What is broken becomes a node of the kind "error" where it stands, so
that it costs its own line. The work is linear in the length of the text, and groups nest to a limit.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator

from .vocabulary import (
    ACCENTS,
    ARGUMENTS,
    DECLARED_STYLES,
    FORGOTTEN,
    MATRICES,
    RELATION_WORDS,
    SPACES,
    STYLES,
    WRAPPERS,
)

MAX_DEPTH = 60
LINES_IN_A_GROUP = 12
LONGEST = 200_000


class Tex:
    """A node. `kind` and what `value` and `args` hold:

    letter digit sign   one character                    command   its word; its arguments
    group               args[0]: what stands inside      style     \\mathbf, \\text, …; args[0]
    env                 its name; args[0]: content with  relation  `=`, `:=`, "approx", "implies", …
                        "amp" and "break" nodes          bar       "|" or "||"; `side` L or R where it is said
    space               " ", "thin" or "quad"            dollar, newline, break, amp
    error               the sentence that says what is wrong here

    `scripts` are what hangs on the node, as written: ("^" or "_" or "'", nodes, start, end). `start` and `end` are
    places in the learner's text; `side` is L or R after \\left, \\right and their kind.
    """

    __slots__ = ("kind", "value", "args", "scripts", "start", "end", "side")

    def __init__(
        self, kind: str, value: str, start: int, end: int, args: tuple[list[Tex], ...] = (), side: str = ""
    ) -> None:
        self.kind, self.value, self.args, self.side = kind, value, args, side
        self.start, self.end = start, end
        self.scripts: tuple[Script, ...] = ()

    def __repr__(self) -> str:
        inside = "".join(f"{a}" for a in self.args)
        return f"{self.kind}:{self.value}{inside}" + "".join(f"{m}{n}" for m, n, _, _ in self.scripts)

    def bare(self) -> Tex:
        """The same node without its scripts."""
        return Tex(self.kind, self.value, self.start, self.end, self.args, self.side)

    def scripted(self, scripts: Iterable[Script]) -> Tex:
        """The same node with other scripts."""
        new = self.bare()
        new.scripts = tuple(scripts)
        return new


# What hangs on a node: "^", "_" or "'"; the nodes; where it begins and ends in the text.
Script = tuple[str, list[Tex], int, int]


def read_tex(text: str) -> list[Tex]:
    """The nodes of a text; groups and matrices hold theirs inside."""
    spelled, where = plain(text[:LONGEST])
    return _Reader(spelled, [*where, len(text)]).nodes(len(spelled), 0)


class _Reader:
    def __init__(self, text: str, where: list[int]) -> None:
        self.text, self.where, self.pos = text, where, 0
        self.braces, self.ends = _partners(text)
        self.passed: set[int] = set()  # braces of wrappers such as \eqalign{…}

    def nodes(self, stop: int, depth: int) -> list[Tex]:
        """What stands from the present position up to `stop`."""
        out: list[Tex] = []
        while self.pos < stop:
            node = self._next(out, stop, depth)
            if node is not None:
                out.append(node)
        self.pos = max(self.pos, stop)
        return out

    def _node(
        self,
        kind: str,
        value: str,
        start: int,
        end: int | None = None,
        args: tuple[list[Tex], ...] = (),
        side: str = "",
    ) -> Tex:
        last = (self.pos if end is None else end) - 1
        return Tex(kind, value, self.where[start], max(self.where[last] + 1, self.where[start]), args, side)

    def _next(self, out: list[Tex], stop: int, depth: int) -> Tex | None:
        """The node that begins here, or None where what stands here is laid out or hung on another."""
        here, ch = self.pos, self.text[self.pos]
        self.pos += 1
        if ch == "\\":
            return self._command(here, stop, depth)
        if ch == "\n":
            return self._node("newline" if depth == 0 else "space", " ", here)
        if ch.isspace() or ch == "~":
            return self._node("space", ch if ch == "~" else " ", here)
        if ch == "%":
            end = self.text.find("\n", here, stop)
            self.pos = stop if end < 0 else end
            return None
        if ch in "^_'":
            self._script(ch, here, out, stop, depth)
            return None
        if ch == "{":
            return self._group(here, stop, depth)
        if ch == "}":
            if here in self.passed:
                return None
            return self._node("error", "this closes a brace that was never opened", here)
        return self._character(ch, here, stop)

    def _character(self, ch: str, here: int, stop: int) -> Tex:
        if ch == "$":
            self.pos += self.text.startswith("$", self.pos)
            return self._node("dollar", "$", here)
        if ch == "&":
            return self._node("amp", "&", here)
        if ch == "|":
            double = self.text.startswith("|", self.pos) and self.pos < stop
            self.pos += double
            return self._node("bar", "||" if double else "|", here)
        for sign in RELATION_SIGNS:
            if self.text.startswith(sign, here) and here + len(sign) <= stop:
                self.pos = here + len(sign)
                return self._node("relation", RELATION_SIGNS[sign], here)
        kind = "letter" if ch.isalpha() and ch.isascii() else "digit" if ch in "0123456789" else "sign"
        return self._node(kind, ch, here)

    # -- groups and scripts

    def _group(self, here: int, stop: int, depth: int) -> Tex | None:
        if here in self.passed:
            return None
        close = self.braces.get(here)
        if close is None or close >= stop:
            return self._node("error", "a brace '{' is opened here and never closed", here)
        if depth >= MAX_DEPTH:
            self.pos = close + 1
            return self._node("error", f"brackets are nested more than {MAX_DEPTH} deep", here)
        inside = self.nodes(close, depth + 1)
        self.pos = close + 1
        return self._node("group", "", here, args=(inside,))

    def _argument(self, stop: int, depth: int) -> list[Tex] | None:
        """The next group's content, or the next single node; None where nothing follows."""
        while self.pos < stop and self.text[self.pos].isspace():
            self.pos += 1
        if self.pos >= stop or self.text[self.pos] in "&}":
            return None
        if depth >= MAX_DEPTH:
            here = self.pos
            self.pos = stop
            return [self._node("error", f"brackets are nested more than {MAX_DEPTH} deep", here)]
        if self.text[self.pos] in "^_'":
            return None
        node = self._next([], stop, depth + 1)
        if node is None:
            return []
        return node.args[0] if node.kind == "group" else [node]

    def _script(self, mark: str, here: int, out: list[Tex], stop: int, depth: int) -> None:
        base = next((n for n in reversed(out) if n.kind != "space"), None)
        if base is None or base.kind in ("amp", "break", "newline", "relation", "dollar"):
            base = self._node("group", "", here, here, args=([],))
            out.append(base)
        if mark == "'":
            inside: list[Tex] | None = []
        else:
            inside = self._argument(stop, depth)
        if inside is None:
            error = self._node("error", "something is missing at the end of the line", here)
            inside = [error]
        end = self.where[self.pos - 1] + 1
        primes: list[Script] = []
        if mark == "^" and inside and inside[-1].value in (")", "]"):  # g^{[1]'} is the derivative of g^{[1]}
            primes = [s for s in inside[-1].scripts if s[0] == "'"]
            inside = [*inside[:-1], inside[-1].scripted(s for s in inside[-1].scripts if s[0] != "'")]
        base.scripts = (*base.scripts, (mark, inside, self.where[here], end), *primes)

    # -- commands

    def _command(self, here: int, stop: int, depth: int) -> Tex | None:
        word = self._word(stop)
        if not word:
            return self._node("error", "a backslash with nothing after it", here)
        if word in ("begin", "end"):
            return self._environment(word, here, stop, depth)
        if word in RELATION_WORDS:
            return self._node("relation", RELATION_WORDS[word], here)
        if word in SPACES:
            return self._node("space", SPACES[word], here)
        if word in ("hspace", "hskip", "hfil"):
            self._argument(stop, depth)
            return self._node("space", "quad", here)
        if word in FORGOTTEN:
            for _ in range(FORGOTTEN[word]):
                self._argument(stop, depth)
            return self._node("space", " ", here)
        if word in ("\\", "cr", "newline"):
            self._option(stop)
            return self._node("break", "\\\\", here)
        if word in ("[", "]", "(", ")"):
            return self._node("dollar", word, here)
        if word in _SIDES:
            return self._delimiter(_SIDES[word], here, stop)
        if word in _BARS:
            value, side = _BARS[word]
            if value == "|" and side != "M" and self.text.startswith(f"\\{word}\\{word}", here):
                self.pos += len(word) + 1
                value = "||"
            return self._node("bar", value, here, side=side)
        if word == "eqalign":
            self._wrapper(stop)
            return None
        if word in DECLARED_STYLES:
            inside = self.nodes(stop, depth) if depth else []
            return self._node("style", word, here, args=(inside,)) if inside else None
        return self._with_arguments(word, here, stop, depth)

    def _word(self, stop: int) -> str:
        """The word of a command whose backslash has just been passed."""
        start = self.pos
        while self.pos < stop and self.text[self.pos].isalpha() and self.text[self.pos].isascii():
            self.pos += 1
        if self.pos == start and start < stop:
            self.pos += 1
        word = self.text[start : self.pos]
        if word == "not":
            return self._negated(stop)
        if word == "operatorname" and self.text.startswith("*", self.pos):
            self.pos += 1
        return "n" if word == "\n" else " " if word.isspace() else word

    def _negated(self, stop: int) -> str:
        """`\\not=` and `\\not\\in` are one relation."""
        while self.pos < stop and self.text[self.pos] in " =\\":
            sign = self.text[self.pos]
            self.pos += 1
            if sign == "=":
                return "ne"
            if sign == "\\":
                return "not" + self._word(stop)
        return "not"

    def _with_arguments(self, word: str, here: int, stop: int, depth: int) -> Tex:
        wanted = STYLES.get(word) or ARGUMENTS.get(word) or (1 if word in ACCENTS else 0)
        option = self._option(stop) if word in ("sqrt", "xrightarrow", "underbracket") else None
        given: list[list[Tex]] = []
        for _ in range(wanted):
            inside = self._argument(stop, depth)
            if inside is None:
                end = max(self.pos - 1, here)
                return self._node("error", f"\\{word} needs an argument here", end, end + 1)
            given.append(inside)
        if option is not None:
            given.append(option)
        kind = "style" if word in STYLES else "command"
        return self._node(kind, word, here, args=tuple(given))

    def _option(self, stop: int) -> list[Tex] | None:
        """What stands in `[…]` behind a command, if anything does."""
        if not self.text.startswith("[", self.pos) or self.pos >= stop:
            return None
        close = self.text.find("]", self.pos, min(stop, self.pos + 40))
        if close < 0:
            return None
        self.pos += 1
        inside = self.nodes(close, 1)
        self.pos = close + 1
        return inside

    def _delimiter(self, side: str, here: int, stop: int) -> Tex | None:
        """What follows \\left, \\right or \\bigl, with its side."""
        while self.pos < stop and self.text[self.pos] == " ":
            self.pos += 1
        if self.pos >= stop:
            return None
        if self.text[self.pos] == ".":
            self.pos += 1
            return self._node("space", " ", here)
        if self.text[self.pos] in "{}" or self.text[self.pos].isalnum():
            return None
        at = self.pos
        self.pos += 1
        node = self._command(at, stop, 0) if self.text[at] == "\\" else self._character(self.text[at], at, at + 1)
        if node is not None:
            node.side = node.side or side
        return node

    def _wrapper(self, stop: int) -> None:
        """`\\eqalign{`: its braces are passed over, its rows are lines."""
        while self.pos < stop and self.text[self.pos].isspace():
            self.pos += 1
        if self.text.startswith("{", self.pos):
            self.passed |= {self.pos, self.braces.get(self.pos, -1)}

    # -- environments

    def _environment(self, word: str, here: int, stop: int, depth: int) -> Tex | None:
        name = self._name_of_environment(stop)
        if name is None:
            return self._node("error", f"\\{word} needs the name of an environment in braces", here)
        kind = name.rstrip("*")
        if kind not in MATRICES:
            if kind in WRAPPERS:
                if kind in ("alignat", "alignedat"):
                    self._argument(stop, depth)
                self._option(stop)
                return self._node("space", " ", here)
            return self._node("error", f"the environment {kind!r} is not read inside a line", here)
        if word == "end":
            return self._node("error", "this closes a matrix that was never opened", here)
        end = self.ends.get(here)
        if end is None or end[0] >= stop or depth >= MAX_DEPTH:
            said = r"\begin{cases} is never closed" if kind == "cases" else "a matrix is opened here and never closed"
            return self._node("error", said, here)
        if kind in ("array", "subarray"):
            self._option(stop)
            self._argument(stop, depth)
        elif name.endswith("*"):
            self._option(stop)
        inside = self.nodes(end[0], depth + 1)
        self.pos = end[1]
        return self._node("env", kind, here, args=(inside,))

    def _name_of_environment(self, stop: int) -> str | None:
        if not self.text.startswith("{", self.pos):
            return None
        close = self.text.find("}", self.pos, min(stop, self.pos + 40))
        if close < 0:
            return None
        name = self.text[self.pos + 1 : close].strip()
        self.pos = close + 1
        return name


RELATION_SIGNS = {
    ":=": ":=",
    "=:": "=:",
    "==": "=",
    "=>": "implies",
    "!=": "ne",
    "<=": "le",
    ">=": "ge",
    "->": "implies",
    "=": "=",
    "<": "lt",
    ">": "gt",
}
_SIDES = {"left": "L", "right": "R", "middle": ""} | {
    size + side: {"l": "L", "r": "R", "m": "", "": ""}[side]
    for size in ("big", "Big", "bigg", "Bigg")
    for side in ("", "l", "r", "m")
}
_BARS = {
    "|": ("||", ""),
    "Vert": ("||", ""),
    "lVert": ("||", "L"),
    "rVert": ("||", "R"),
    "vert": ("|", ""),
    "lvert": ("|", "L"),
    "rvert": ("|", "R"),
    "mid": ("|", "M"),
}


def _partners(text: str) -> tuple[dict[int, int], dict[int, tuple[int, int]]]:
    r"""For each brace that is closed the place of its partner, for each \begin of a matrix where its \end stands.

    A group that runs over a blank line, or over too many lines, is taken as never closed: then a forgotten brace
    costs its own line.
    """
    braces: dict[int, int] = {}
    ends: dict[int, tuple[int, int]] = {}
    open_braces: list[int] = []
    open_rows: list[tuple[str, int]] = []
    lines = [k for k, ch in enumerate(text) if ch == "\n"]
    k = 0
    while k < len(text):
        ch = text[k]
        if ch == "\\":
            found = _environment_at(text, k)
            if found is None:
                k += 2
                continue
            word, name, after = found
            if word == "begin":
                open_rows.append((name, k))
            elif any(n == name for n, _ in open_rows):
                while open_rows[-1][0] != name:
                    open_rows.pop()
                ends[open_rows.pop()[1]] = (k, after)
            k = after
        elif ch == "%":
            end = text.find("\n", k)
            k = len(text) if end < 0 else end
        else:
            if ch == "{":
                open_braces.append(k)
            elif ch == "}" and open_braces:
                start = open_braces.pop()
                broken = bisect_left(lines, k) - bisect_left(lines, start)
                if broken <= LINES_IN_A_GROUP and not (broken and _blank_line(text, start, k)):
                    braces[start] = k
            k += 1
    return braces, ends


def _blank_line(text: str, start: int, end: int) -> bool:
    return any(not line.strip() for line in text[start:end].split("\n")[1:-1])


def _environment_at(text: str, k: int) -> tuple[str, str, int] | None:
    """(begin or end, name without a star, place behind it) where an environment begins or ends at `k`."""
    for word in ("begin", "end"):
        if text.startswith(f"\\{word}{{", k):
            close = text.find("}", k, k + 50)
            if close > 0:
                return word, text[k + len(word) + 2 : close].strip().rstrip("*"), close + 1
    return None


# -- walks over nodes


def everywhere(nodes: list[Tex]) -> Iterator[Tex]:
    """Every node, those inside of groups, arguments and scripts included."""
    stack = list(reversed(nodes))
    while stack:
        node = stack.pop()
        yield node
        inner = [n for a in node.args for n in a] + [n for _, s, _, _ in node.scripts for n in s]
        stack.extend(reversed(inner))


def closing(nodes: list[Tex], k: int) -> int:
    """The place of the bracket that closes the one at k; behind the last node where none does."""
    depth = 0
    for j in range(k, len(nodes)):
        depth += (nodes[j].value in ("(", "[")) - (nodes[j].value in (")", "]"))
        if depth == 0:
            return j
    return len(nodes)


def layer_of(script: Script) -> str:
    """The number of a layer that hangs on a name in square brackets, g^{[2]}; "" for any other script."""
    items = flat(script[1]) if script[0] == "^" else []
    return items[1] if len(items) == 3 and items[0] == "[" and items[2] == "]" and items[1].isalnum() else ""


def changed(node: Tex, change: Callable[[list[Tex]], list[Tex]], scripts: bool = True) -> Tex:
    """The node with what stands in it changed, and what hangs on it too, unless `scripts` is False."""
    if not node.args and not (scripts and node.scripts):
        return node
    new = Tex(node.kind, node.value, node.start, node.end, tuple(change(a) for a in node.args), node.side)
    kept = (
        [(mark, change(inside), start, end) for mark, inside, start, end in node.scripts] if scripts else node.scripts
    )
    return new.scripted(kept)


def flat(nodes: Iterable[Tex]) -> list[str]:
    r"""The nodes as a list of short strings: `(2)\top` is ["(", "2", ")", "\\top"].

    Styles and braces are dropped, digits are joined, and the letters of an upright word (`\text{train}`) are one.
    """
    out: list[str] = []
    digits = False
    for n in nodes:
        if n.kind == "space" or n.kind in ("amp", "dollar"):
            digits = False
            continue
        if n.kind == "digit":
            out[-1:] = [out[-1] + n.value] if digits else [*out[-1:], n.value]
            digits = not n.scripts
        else:
            digits = False
            out += _flat_node(n)
        for mark, inside, _, _ in n.scripts:
            out += ["'"] if mark == "'" else [mark, *flat(inside)]
    return out


def _flat_node(n: Tex) -> list[str]:
    if n.kind == "group":
        return flat(n.args[0])
    if n.kind == "style":
        inside = flat(n.args[0])
        word = "".join(inside)
        return [word] if len(inside) > 1 and word.isalpha() and n.value not in _MATHEMATICAL else inside
    if n.kind == "command":
        return ["\\" + n.value, *(s for a in n.args for s in flat(a))]
    return [n.value]


_MATHEMATICAL = ("mathbf", "boldsymbol", "bm", "mathit", "mathbb", "mathcal", "bf", "it", "cal", "pmb", "vec", "boxed")


def words_of(nodes: list[Tex]) -> str:
    """The letters, signs and blanks of a piece of text as one string, as a reader of English sees it."""
    out = []
    for n in nodes:
        if n.kind == "space":
            out.append(" ")
        elif n.kind in ("group", "style"):
            out.append(words_of(n.args[0]))
        elif n.kind in ("letter", "digit", "sign", "relation"):
            out.append(n.value)
    return "".join(out)


def trimmed(nodes: list[Tex], kinds: tuple[str, ...] = ("space", "newline")) -> list[Tex]:
    """The nodes without those of the given kinds at both ends."""
    start, end = 0, len(nodes)
    while start < end and nodes[start].kind in kinds:
        start += 1
    while end > start and nodes[end - 1].kind in kinds:
        end -= 1
    return nodes[start:end]


# -- Unicode


_SUPERSCRIPT = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺⁽⁾ᵀⁿ", "0123456789-+()Tn", strict=True))
_SUBSCRIPT = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₍₎ᵢⱼₖₗₘₙ", "0123456789+-()ijklmn", strict=True))
_UNICODE = {
    "‖": r"\| ",
    "∥": r"\| ",
    "·": r"\cdot ",
    "⋅": r"\cdot ",
    "×": r"\times ",
    "∇": r"\nabla ",
    "∂": r"\partial ",
    "∑": r"\sum ",
    "Σ": r"\sum ",
    "⊙": r"\odot ",
    "∘": r"\circ ",
    "⊗": r"\otimes ",
    "−": "-",
    "–": "-",
    "⟨": r"\langle ",
    "⟩": r"\rangle ",
    "⇒": r"\Rightarrow ",
    "⟹": r"\Rightarrow ",
    "⇔": r"\iff ",
    "√": r"\sqrt ",
    "½": r"\frac12 ",
    "¼": r"\frac14 ",
    "…": r"\dots ",
    "⋯": r"\cdots ",
    "≠": r"\ne ",
    "≈": r"\approx ",
    "≡": r"\equiv ",
    "′": "'",
    "’": "'",
    "⊤": r"\top ",
    "𝟙": r"\mathbf 1 ",
    "𝟏": r"\mathbf 1 ",
    "∗": "*",
    "•": r"\cdot ",
    "∆": r"\Delta ",
    "∣": r"\mid ",
    "∈": r"\in ",
    "ℝ": r"\mathbb R ",
    "≤": r"\le ",
    "≥": r"\ge ",
    "→": r"\to ",
    "←": r"\leftarrow ",
    "≝": ":=",
    "≔": ":=",
    "∀": r"\forall ",
}
GREEK_LETTERS = {
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "δ": "delta",
    "ε": "epsilon",
    "ϵ": "epsilon",
    "ζ": "zeta",
    "η": "eta",
    "θ": "theta",
    "κ": "kappa",
    "λ": "lambda",
    "μ": "mu",
    "ν": "nu",
    "ξ": "xi",
    "π": "pi",
    "ρ": "rho",
    "σ": "sigma",
    "τ": "tau",
    "φ": "phi",
    "ϕ": "phi",
    "χ": "chi",
    "ψ": "psi",
    "ω": "omega",
    "Δ": "Delta",
    "Γ": "Gamma",
    "Θ": "Theta",
    "Λ": "Lambda",
    "Φ": "Phi",
    "Ψ": "Psi",
    "Ω": "Omega",
    "ℓ": "ell",
}
COMBINING = {"\u0302": "hat", "\u0304": "bar", "\u0303": "tilde", "\u0307": "dot"}


def plain(text: str) -> tuple[str, list[int]]:
    """The text with Unicode mathematics spelled in LaTeX, and for each character the place it came from."""
    out: list[str] = []
    where: list[int] = []

    def say(piece: str, k: int) -> None:
        out.append(piece)
        where.extend([k] * len(piece))

    for k, ch in enumerate(text):
        if ch in COMBINING:
            continue
        if ord(ch) < 128:
            mark = COMBINING.get(text[k + 1]) if k + 1 < len(text) else None
            say(rf"\{mark} {{{ch}}}" if mark else ch, k)
        elif ch in _SUPERSCRIPT or ch in _SUBSCRIPT:
            table, sign = (_SUPERSCRIPT, "^") if ch in _SUPERSCRIPT else (_SUBSCRIPT, "_")
            # A run of raised or lowered characters shares one pair of braces: reopen the one before.
            if k and text[k - 1] in table:
                out.pop()
                where.pop()
            else:
                say(sign + "{", k)
            say(table[ch], k)
            say("}", k)
        elif ch in _UNICODE:
            say(_UNICODE[ch], k)
        elif ch in GREEK_LETTERS:
            say(rf"\{GREEK_LETTERS[ch]} ", k)
        else:
            parts = unicodedata.normalize("NFD", ch)
            if len(parts) == 2 and parts[1] in COMBINING and ord(parts[0]) < 128:
                say(rf"\{COMBINING[parts[1]]} {{{parts[0]}}}", k)
            else:
                flat = unicodedata.normalize("NFKC", ch)
                say(flat if len(flat) == 1 and (ord(flat) < 128 or not flat.isspace()) else " ", k)
    return "".join(out), where
