r"""From TeX nodes to the tokens of the grammar, knowing which names are declared.

That knowledge decides whether `Xw` is one name or a product, whether `d` in `dW` is a differential or a dimension,
whether `f(` is a call or a factor, whether `W^2` is a layer or a square, and whether `x_{ij}` is an entry of X
(symbols.py). The grammar in latex.lark then has no ambiguity left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import NoReturn

from .dimensions import SCALAR, Core
from .names import CONSTANT, Definition, Names, Symbol, symbol_of
from .operations import FUNCTIONS, SHY
from .products import Factors
from .symbols import Symbols, is_exponential, is_operator_d, logged_name
from .tex import Script, Tex, flat, trimmed
from .tokens import BEFORE_SIGN, OPERAND_END, Tok, UnreadableError, check_brackets
from .tree import num
from .vocabulary import ACCENTS, GREEK, SIMPLE

# What stands for a number that nothing in the text moves.
CONSTANTS = frozenset(["const", "const.", "constant", "constants", "cst", "cst."])
NO_EQUALITY = "this sign is no '=': only equalities are compared here"
MAX_TOKENS = 700
LETTERS = frozenset(["mathbf", "boldsymbol", "bm", "textbf", "mathrm", "mathit", "mathsf", "pmb", "symbf"])
SIGNS = {
    "+": "PLUS",
    "-": "MINUS",
    "*": "DOT",
    "/": "SLASH",
    ":": "COLON",
    "(": "LPAR",
    "[": "LPAR",
    ")": "RPAR",
    "]": "RPAR",
    ",": "COMMA",
    ";": "SEMI",
}
OPENING = ("(", "[", "\\{", "lbrace", "lbrack", "lparen")
CLOSING = (")", "]", "\\}", "rbrace", "rbrack", "rparen")


def lex(nodes: list[Tex], names: Names, bound: Iterable[str] = ()) -> list[Tok]:
    """The tokens of one member of a relation; UnreadableError says what cannot be read and where."""
    return Resolver(names, bound).tokens(nodes)


class Resolver(Symbols):
    """Reads one member of a relation; `tokens()` is the whole use."""

    def tokens(self, nodes: list[Tex]) -> list[Tok]:
        """All tokens of the nodes, or UnreadableError."""
        self.read(nodes)
        if self.bars:
            kind, at = self.bars[-1]
            raise UnreadableError(f"a {kind} is opened here and never closed", at)
        check_brackets(self.out)
        for nabla, after in pairwise(self.out):
            # \nabla_w L^T v is (\nabla_w L)^T v, but \nabla_x b^T x is the gradient of the whole product.
            array = after.type == "NAME" and self.names.shape(str(after.value)) not in (None, ((), ()))
            if nabla.type == "NABLA" and array and after.value not in self.names.definitions:
                nabla.value = (*nabla.value, "product")
        return self.out

    def read(self, nodes: list[Tex]) -> None:
        """Emit the tokens of the nodes."""
        k = 0
        while k < len(nodes):
            k = self._one(nodes, k)
            if len(self.out) > MAX_TOKENS:
                raise UnreadableError(
                    f"this line is too long to read (more than {MAX_TOKENS} symbols)", nodes[k - 1].start
                )

    def _one(self, nodes: list[Tex], k: int) -> int:
        """Emit the token that begins with node k; the place of the next."""
        node = nodes[k]
        if node.kind in ("space", "newline", "dollar", "amp", "break"):
            return k + 1
        return getattr(self, "_on_" + node.kind)(nodes, k)

    # -- single signs

    def _on_error(self, nodes: list[Tex], k: int) -> NoReturn:
        raise UnreadableError(nodes[k].value, nodes[k].start)

    def _on_relation(self, nodes: list[Tex], k: int) -> NoReturn:
        raise UnreadableError(NO_EQUALITY, nodes[k].start)

    def _on_digit(self, nodes: list[Tex], k: int) -> int:
        text, last = "", k
        while last < len(nodes) and (nodes[last].kind == "digit" or nodes[last].value == "." and "." not in text):
            text += nodes[last].value
            last += 1
            if nodes[last - 1].scripts:
                break
        if text == "1" and last == k + 1 and (after := self.indicator(nodes, k)):
            return after
        value = float(text) if "." in text or len(text) > 15 else int(text)
        self.emit("NUM", value, nodes[k].start, nodes[last - 1].end)
        self.scripts(nodes[last - 1].scripts)
        return last

    def _on_sign(self, nodes: list[Tex], k: int) -> int:
        node = nodes[k]
        if node.value == "." and k + 1 < len(nodes):
            if nodes[k + 1].kind == "digit":
                return self._on_digit(nodes, k)
            if nodes[k + 1].value == "*":  # .* is entry by entry to those who come from Octave
                self.emit("ODOT", None, node.start, nodes[k + 1].end)
                return k + 2
        if node.value == ".":
            raise UnreadableError("a lone full stop is not a number", node.start)
        if node.value == "[" and self.iverson(nodes, k):
            return self.close_of(nodes, k) + 1
        if node.value not in SIGNS:
            raise UnreadableError(f"the character {node.value!r} has no meaning here", node.start)
        # After a sum or a product sign a minus belongs to what follows: \sum_k -y_k.
        leading = node.value == "-" and self.out and self.out[-1].type in BEFORE_SIGN
        self.emit("NEG" if leading else SIGNS[node.value], None if leading else node.value, node.start, node.end)
        self.scripts(node.scripts)
        return k + 1

    def _on_bar(self, nodes: list[Tex], k: int) -> int:
        node = nodes[k]
        if node.side == "M" and self._within_inner():
            self.emit("COMMA", ",", node.start, node.end)
            return k + 1
        if node.side == "M":
            raise UnreadableError("the bar \\mid has no meaning here", node.start)
        kind = "NORM" if node.value == "||" else "BAR"
        if kind == "NORM" and not node.side and self._ends_bar():
            # The two bars of |A||B| are no norm.
            self._bar("BAR", Tex("bar", "|", node.start, node.start + 1), "R")
            self._bar("BAR", Tex("bar", "|", node.start + 1, node.end), "L")
            self.scripts(node.scripts)
            return k + 1
        self._bar(kind, node, node.side)
        return k + 1

    def _within_inner(self) -> bool:
        """Whether an inner product is open, so that \\mid parts its two sides."""
        depth = sum((t.type == "LANG") - (t.type == "RANG") for t in self.out)
        return depth > 0

    def _ends_bar(self) -> bool:
        return bool(self.bars) and self.bars[-1][0] == "bar |" and self._operand_before()

    def _bar(self, kind: str, node: Tex, side: str) -> None:
        spoken = "norm" if kind == "NORM" else "bar |"
        closes = side == "R" if side else bool(self.bars and self.bars[-1][0] == spoken and self._operand_before())
        if not closes:
            self.bars.append((spoken, node.start))
            self.emit(kind + "_O", None, node.start, node.end)
            return
        if not self.bars or self.bars[-1][0] != spoken:
            raise UnreadableError(f"this closes a {spoken} that was never opened", node.start)
        self.bars.pop()
        self.emit(kind + "_C", "2", node.start, node.end)
        rest = node.scripts
        if kind == "NORM":
            labels = [s for s in rest if s[0] == "_"]
            if labels:
                self.out[-1].value = self._norm_named(labels[0])
            rest = tuple(s for s in rest if s[0] != "_")
        self.scripts(rest)

    def _norm_named(self, script: Script) -> str | list[Tok]:
        """Which norm a label such as `_F` or `_1` means; the tokens of A for the norm √(xᵀAx) of a square matrix A."""
        label = "".join(flat(script[1]))
        weight = symbol_of(script[1][0], self.names) if len(script[1]) == 1 else None
        shape = self.names.shape(weight.name) if weight is not None else None
        if shape is not None and shape[0] == shape[1] != ():
            return type(self)(self.names, self.bound).tokens(script[1])
        if label not in ("F", "2", "1", r"\infty", "Fro", "fro", "E", r"\ell_2", r"\ell2", r"\ell_1", r"\ell1"):
            raise UnreadableError(
                f"a norm with the label {label!r} is not known; \\|.\\|, \\|.\\|_F, \\|.\\|_2 and \\|.\\|_1 are",
                script[2],
            )
        return {"1": "1", r"\ell_1": "1", r"\infty": "inf", "2": "two", r"\ell_2": "two"}.get(label, "2")

    def _operand_before(self) -> bool:
        return bool(self.out) and self.out[-1].type in OPERAND_END

    # -- groups and styles

    def _on_group(self, nodes: list[Tex], k: int) -> int:
        node = nodes[k]
        inside = trimmed(node.args[0])
        if not inside and (node.scripts or self._only_spaces_sign(nodes, k)):
            self.scripts(node.scripts)  # {}^T hangs on what stands before it, {}+ is a sign between two terms
            return k + 1
        symbol = symbol_of(node)
        if symbol is not None and not (len(inside) == 1 and is_operator_d(inside[0], nodes[k + 1 :])):
            return self.symbol(symbol, nodes, k + 1, node)
        if len(inside) == 1 and inside[0].kind in ("style", "command", "env"):
            return self._one([*nodes[:k], inside[0].scripted((*inside[0].scripts, *node.scripts)), *nodes[k + 1 :]], k)
        if not inside and not self.out:
            return k + 1  # {} before a sign or a word only keeps a distance
        self.emit("LBRACE", "{", node.start, node.start + 1)
        if not inside:
            raise UnreadableError("nothing stands in these braces", node.start)
        over = next((j for j, n in enumerate(inside) if n.kind == "command" and n.value == "over"), None)
        if over is None:
            self.read(inside)
        else:
            self.read(inside[:over])
            self.emit("OVER", "over", inside[over].start, inside[over].end)
            self.read(inside[over + 1 :])
        self.emit("RBRACE", "}", max(node.end - 1, node.start), node.end)
        self.scripts(node.scripts)
        return k + 1

    def _only_spaces_sign(self, nodes: list[Tex], k: int) -> bool:
        return k + 1 < len(nodes) and nodes[k + 1].kind == "sign" and nodes[k + 1].value in "+-"

    def _on_style(self, nodes: list[Tex], k: int) -> int:
        """`\\mathbf`, `\\mathrm`, `\\text` and the like: only a few arguments mean something of their own."""
        node = nodes[k]
        inside = trimmed(node.args[0])
        word = (
            "".join(flat(inside))
            if all(n.kind in ("letter", "style", "space", "digit", "group") for n in inside)
            else ""
        )
        if node.value in ("underbrace", "overbrace"):
            node = node.scripted(s for s in node.scripts if s[0] == "'")
        if word in ("1", "𝟙") and node.value not in ("text", "mathrm", "rm", "boxed", "underbrace"):
            return self.ones(nodes, k)
        if word in ("I", "Id") and not self.names.known(word):
            return self.eye(nodes, k)
        if word == "e" and not self.names.known("e") and is_exponential(node.scripts):
            return self.exponential(node, k)
        if word == "d" and self._upright(node) and (not self.names.known("d") or is_operator_d(node, nodes[k + 1 :])):
            return self.differential(nodes, k, "d", node.scripts)
        known = self._meant_word(word, node)
        if known and not (word in SHY and not self._bracket_at(nodes, k + 1)):
            return known(nodes, k)
        symbol = symbol_of(node)
        if symbol is not None:
            return self.symbol(symbol, nodes, k + 1, node)
        if (
            word in CONSTANTS
            or len(word) > 1
            and word.isalnum()
            and word[0].isalpha()
            and all(n.kind != "style" for n in inside)
        ):
            return self._word(word, node, inside, nodes, k)
        if len(inside) == 1:
            return self._one([*nodes[:k], inside[0].scripted((*inside[0].scripts, *node.scripts)), *nodes[k + 1 :]], k)
        return self._on_group([*nodes[:k], self._as_group(node), *nodes[k + 1 :]], k)

    @staticmethod
    def _as_group(node: Tex) -> Tex:
        group = Tex("group", "", node.start, node.end, node.args)
        group.scripts = node.scripts
        return group

    @staticmethod
    def _upright(node: Tex) -> bool:
        return node.value in ("mathrm", "operatorname", "text", "rm", "mathsf", "textrm", "mbox", "mathop")

    def _meant_word(self, word: str, node: Tex) -> Callable[[list[Tex], int], int] | None:
        """What handles a word that is an operator or a function and no name."""
        if not word or self.names.known(word):
            return None
        if word in ("grad", "Grad"):
            return self.nabla
        if word in ("Hess", "Hessian"):
            return self.hessian
        if word in FUNCTIONS:
            return lambda nodes, k: self.function(FUNCTIONS[word], node.scripts, nodes, k + 1, node)
        if word == "max":
            return lambda nodes, k: self.maximum(nodes, k)
        return None

    def _constant(self, node: Tex, after: int) -> int:
        """A constant that nobody spells out, emitted as a name; sides that hold it are compared but for it."""
        self.names.definitions.setdefault(CONSTANT, Definition(CONSTANT, num(2), core=Core("num", (), SCALAR, 2.0)))
        self.emit("NAME", CONSTANT, node.start, node.end)
        return after

    def _word(self, word: str, node: Tex, inside: list[Tex], nodes: list[Tex], k: int) -> int:
        """A word of several letters: a known name, a product in bold letters, or words of explanation."""
        if word.rstrip(".") in CONSTANTS:
            return self._constant(node, k + 1)
        name = next((n for n in (word, word.replace("_", "")) if self.names.known(n)), None)
        if name is not None:
            return self.finish(Symbol(name, node.scripts), nodes, k + 1, node)
        if node.value in ("text", "textrm", "mbox", "hbox", "textit", "textnormal") and not self.spells_names(word):
            said = self.undeclared(word) + "; words of explanation belong after a % sign"
            raise UnreadableError(said, node.start, word)
        longer = self.longer(word, node.scripts)[0]
        if longer != word:
            return self.finish(Symbol(word, node.scripts), nodes, k + 1, node)
        if node.scripts and node.value in LETTERS:  # a style is no bracket: in \\mathbf{AB}^T it is B that is turned
            inside = [*inside[:-1], inside[-1].scripted((*inside[-1].scripts, *node.scripts))]
        elif node.scripts:
            return self._on_group([*nodes[:k], self._as_group(node), *nodes[k + 1 :]], k)
        self.read(inside)
        return k + 1

    # -- commands

    def _on_command(self, nodes: list[Tex], k: int) -> int:
        node, word = nodes[k], nodes[k].value
        if word in ACCENTS or word in GREEK:
            return self._accent_or_greek(nodes, k)
        if word in SIMPLE:
            self.emit(SIMPLE[word], word, node.start, node.end)
            labels = ("F", "2") if word == "rangle" else ()
            self.scripts(s for s in node.scripts if s[0] != "_" or "".join(flat(s[1])) not in labels)
            return k + 1
        logged = logged_name(nodes[k:], self.names)
        if logged is not None and self.names.known(logged[0].name):
            return self.finish(logged[0], nodes, k + logged[1], node)
        if word in FUNCTIONS and word not in ("sqrt", "sum"):
            return self.function(FUNCTIONS[word], node.scripts, nodes, k + 1, node)
        if word in ("{", "}"):
            self.emit("LPAR" if word == "{" else "RPAR", word, node.start, node.end)
            self.scripts(node.scripts)
            return k + 1
        if word in ("frac", "dfrac", "tfrac", "cfrac", "nicefrac", "sfrac"):
            return self._fraction(nodes, k)
        handler = getattr(self, "_do_" + word, None) if word.isalpha() else None
        if handler is None:
            if len(word) == 1 and word.isalpha() and self.names.known(word):
                return self.symbol(Symbol(word, node.scripts), nodes, k + 1, node)  # \x, a macro for a bold x
            raise UnreadableError(f"the command \\{word} is not known here", node.start)
        return handler(nodes, k)

    def _accent_or_greek(self, nodes: list[Tex], k: int) -> int:
        node = nodes[k]
        if node.value == "Delta" and not self.names.known("Delta"):
            moved = self._direction(nodes, k)
            if moved:
                return moved
        symbol = symbol_of(node, self.names)
        if symbol is not None:
            return self.symbol(symbol, nodes, k + 1, node)
        inside = "".join(flat(node.args[0]))
        if node.value in ("vec", "overrightarrow") and inside in ("0", "1"):
            if inside == "0":
                self.emit("NUM", 0, node.start, node.end)
                self.scripts(s for s in node.scripts if s[0] != "_")
                return k + 1
            return self.ones(nodes, k)
        if node.value in ("vec", "overrightarrow", "overline"):
            return self._on_group([*nodes[:k], self._as_group(node), *nodes[k + 1 :]], k)
        raise UnreadableError("a name is expected here", node.args[0][0].start if node.args[0] else node.start)

    def _direction(self, nodes: list[Tex], k: int) -> int:
        r"""`\Delta W` as one name when neither is declared apart; 0 where no letter follows."""
        after = k + 1
        while after < len(nodes) and nodes[after].kind == "space":
            after += 1
        moved = symbol_of(nodes[after]) if after < len(nodes) else None
        if moved is None or len(moved.name) != 1:
            return 0
        symbol = Symbol("Delta" + moved.name, moved.scripts)
        whole = Tex("command", "Delta", nodes[k].start, nodes[after].end)
        return self.finish(symbol, nodes, after + 1, whole)

    def _fraction(self, nodes: list[Tex], k: int) -> int:
        node = nodes[k]
        self.emit("FRAC", None, node.start, node.start + len(node.value) + 1)
        below = trimmed(node.args[1])
        for part, inside in enumerate(node.args[:2]):
            inside = trimmed(inside)
            if not inside:
                raise UnreadableError("an argument of \\frac is empty", node.start)
            self.emit("LBRACE", "{", inside[0].start, inside[0].start)
            if part == 0 and self._of_function(inside, below, node):
                self.scripts(node.scripts)
                return k + 1
            if part == 0 and self._is_bare_d(inside, below):
                self.emit("DOP", ("d", 2 if inside[0].scripts else 1), inside[0].start, inside[0].end)
            else:
                self.read(inside)
            self.emit("RBRACE", "}", inside[-1].end, inside[-1].end)
        self.scripts(node.scripts)
        return k + 1

    def _of_function(self, above: list[Tex], below: list[Tex], node: Tex) -> bool:
        r"""`\frac{d\sigma}{dz}` with the function alone: the name that is defined as σ(…), or σ′(z)."""
        above, below = ([n for n in part if n.kind != "space"] for part in (above, below))
        if len(above) != 2 or flat(above)[:1] not in (["d"], [r"\partial"]) or len(below) < 2:
            return False
        symbol = symbol_of(above[1], self.names)
        if symbol is None or symbol.scripts or self.names.known(symbol.name):
            return False
        name = self.names.functions.get(symbol.name) or {"sigma": "sigmoid"}.get(symbol.name)
        if name is None:
            return False
        of = [n for n, d in self.names.definitions.items() if d.body.op == "fn" and d.body.val == (name, 0)]
        if len(of) == 1:
            self.emit("DIFF", ("partial", 1), above[0].start, above[0].end)
            self.emit("NAME", of[0], above[1].start, above[1].end)
            self.emit("RBRACE", "}", above[1].end, above[1].end)
            self.enclosed(below, "LBRACE", "RBRACE")
            return True
        self.out.pop()
        self.out.pop()
        self.emit("FUNCP", (name, 1), node.start, node.end)
        self.enclosed(below[1:], "LPAR", "RPAR")
        return True

    @staticmethod
    def _is_bare_d(above: list[Tex], below: list[Tex]) -> bool:
        """Whether `d` alone stands over something that begins with a differential."""
        first = flat(above)
        return (
            len(above) == 1 and first in (["d"], ["d", "^", "2"]) and flat(below)[:1] == ["d"] and len(flat(below)) > 1
        )

    def _do_over(self, nodes: list[Tex], k: int) -> NoReturn:
        raise UnreadableError(r"\over stands in braces: {a \over b}", nodes[k].start)

    def _do_partial(self, nodes: list[Tex], k: int) -> int:
        node = nodes[k]
        if any(mark == "_" for mark, *_ in node.scripts):
            return self.nabla(nodes, k)
        return self.differential(nodes, k, "partial", node.scripts)

    def _do_dd(self, nodes: list[Tex], k: int) -> int:
        return self.differential(nodes, k, "d", nodes[k].scripts)

    _do_dif = _do_diff = _do_dd

    def _do_pdv(self, nodes: list[Tex], k: int) -> int:
        r"""The derivative macros of the physics package, `\pdv{L}{w}` and `\dv{L}{w}`."""
        node = nodes[k]
        self.emit("FRAC", None, node.start, node.start + 3)
        for inside in map(trimmed, node.args):
            if not inside:
                raise UnreadableError(f"an argument of \\{node.value} is empty", node.start)
            self.emit("LBRACE", "{", inside[0].start, inside[0].start)
            self.emit("DIFF", ("partial", 1), inside[0].start, inside[0].start)
            self.read(inside)
            self.emit("RBRACE", "}", inside[-1].end, inside[-1].end)
        self.scripts(node.scripts)
        return k + 1

    _do_dv = _do_pdv

    def _do_nabla(self, nodes: list[Tex], k: int) -> int:
        return self.nabla(nodes, k)

    def _do_sum(self, nodes: list[Tex], k: int) -> int:
        return self.sum(nodes, k)

    def _do_prod(self, nodes: list[Tex], k: int) -> int:
        after = self.sum(nodes, k)
        self.out[-1].value = Factors(self.out[-1].value)
        return after

    def _do_max(self, nodes: list[Tex], k: int) -> int:
        return self.maximum(nodes, k)

    def _do_sqrt(self, nodes: list[Tex], k: int) -> int:
        node = nodes[k]
        if len(node.args) > 1 and flat(node.args[1]) not in ([], ["2"]):
            raise UnreadableError(r"only square roots are read; write another root as a power: c^{1/3}", node.start)
        inside = trimmed(node.args[0])
        if [n.value for n in inside] == ["("]:  # √(a + b): the bracket is the argument
            close = self.close_of(nodes, k, opened=1)
            inside, after = nodes[k + 1 : close], close + 1
            scripts = nodes[close].scripts
        else:
            after, scripts = k + 1, node.scripts
        if not inside:
            raise UnreadableError("an argument of \\sqrt is empty", node.start)
        self.emit("SQRT", None, node.start, node.start + 5)
        self.enclosed(inside, "LBRACE", "RBRACE")
        self.scripts(scripts)
        return after

    def _do_indicator(self, nodes: list[Tex], k: int) -> int:
        return self.ones(nodes, k)

    # -- matrices

    def _on_env(self, nodes: list[Tex], k: int) -> int:
        node = nodes[k]
        if node.value == "cases":
            self._cases(node)
            if self.out[-1].type != "COND":
                self.scripts(node.scripts)
                return k + 1
        else:
            kind = "vmatrix" if node.value == "vmatrix" else "bmatrix"
            self.emit("MATOPEN", kind, node.start, node.start + 1)
            for number, row in enumerate(rows_of(node.args[0])):
                if number:
                    self.emit("NL", None, row[0][0].start if row[0] else node.start)
                for column, cell in enumerate(row):
                    if column:
                        self.emit("AMP", "&", cell[0].start if cell else node.start)
                    self.read(cell)
        self.emit("MATCLOSE", None, node.end - 1, node.end)
        self.scripts(node.scripts)
        return k + 1

    def _cases(self, node: Tex) -> None:
        """The rows of a cases environment: values as tokens, conditions `i=j`, `i\\ne j`, `z > 0`, otherwise."""
        self.emit("MATOPEN", "cases", node.start, node.start + 1)
        rows = [self._row_of_cases(row, node) for row in rows_of(node.args[0])]
        where = self.positive(rows[0][1]) if len(rows) == 2 else None
        if where:
            self.out.pop()
            self._two_pieces(where, rows, node)
            return
        for value, condition in rows:
            cond = self.condition(condition, value[-1].end)
            self.read(value)
            self.emit("COND", cond, value[-1].end, value[-1].end + 1)

    def _row_of_cases(self, row: list[list[Tex]], node: Tex) -> tuple[list[Tex], list[Tex]]:
        value = trimmed(row[0])
        while value and value[-1].value in (",", ";"):
            value = trimmed(value[:-1])
        if not value:
            raise UnreadableError("each row of cases needs a value and a condition", node.start)
        return value, [n for c in row[1:] for n in c]

    def _two_pieces(self, where: list[Tex], rows: list[tuple[list[Tex], list[Tex]]], node: Tex) -> None:
        """`a` where z > 0 and `b` elsewhere, as a·1[z > 0] + b·(1 − 1[z > 0]); `where` is z."""
        self.emit("LPAR", "(", node.start, node.start)
        for number, (value, _) in enumerate(rows):
            if number:
                self.emit("PLUS", "+", node.start, node.start)
            self.enclosed(value, "LPAR", "RPAR")
            self.emit("ODOT", None, node.start, node.start)
            if number:
                self.emit("LPAR", "(", node.start, node.start)
                self.emit("NUM", 1, node.start, node.start)
                self.emit("MINUS", "-", node.start, node.start)
            self.emit("FUNCP", ("relu", 1), node.start, node.start)
            self.enclosed(where, "LPAR", "RPAR")
        self.emit("RPAR", ")", node.end, node.end)
        self.emit("RPAR", ")", node.end, node.end)


def rows_of(nodes: list[Tex]) -> list[list[list[Tex]]]:
    """The rows of a matrix, each a list of cells; a last row without content is none."""
    rows: list[list[list[Tex]]] = [[[]]]
    for n in nodes:
        if n.kind == "break":
            rows.append([[]])
        elif n.kind == "amp":
            rows[-1].append([])
        else:
            rows[-1][-1].append(n)
    return [row for row in rows if any(trimmed(cell) for cell in row)]
