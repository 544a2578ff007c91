r"""What a symbol is, decided in one place: a base with accents, subscripts, superscripts and primes, and the names
that are declared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from . import wording
from .class_labels import Label, label_of
from .names import Definition, Names, Symbol, dependencies, name_of, spoken_name, stem, symbol_of
from .operations import FUNCTIONS, SHY
from .tex import Script, Tex, flat, layer_of, trimmed
from .tokens import OPERAND_END, Tok, UnreadableError
from .tree import Node, walk
from .vocabulary import ACCENTS, GREEK, TRANSPOSES


def is_operator_d(node: Tex, after: list[Tex]) -> bool:
    """Whether an upright or braced d is the sign of a differential: something to differentiate follows it."""
    if flat([node.bare()]) != ["d"]:
        return False
    following = next((n for n in after if n.kind != "space"), None)
    return following is not None and (
        following.kind in ("letter", "style", "group", "bar")
        or following.kind == "command"
        and following.value not in ("cdot", "times", "odot", "otimes", "circ", "}")
        or following.value in ("(", "[")
    )


STARS = (["*"], [r"\ast"], [r"\star"], ["+"])
# What a subscript picks: a letter, a number, a label, None for a whole axis.
Index = str | int | Label | None


class Symbols:
    """The part of the resolver that knows names: symbols, their scripts, functions, derivatives, sums."""

    read: Callable[[list[Tex]], None]

    def __init__(self, names: Names, bound: Iterable[str] = ()) -> None:
        self.names = names
        self.out: list[Tok] = []
        self.bars: list[tuple[str, int]] = []
        self.bound = set(bound)
        self.second = 0  # 1 while the letter behind a subscript is taken as its second

    def emit(self, kind: str, value: Any, start: int, end: int | None = None) -> None:
        self.out.append(Tok(kind, value, start, start if end is None else end))

    def enclosed(self, inside: list[Tex], opening: str, closing: str) -> None:
        """Nodes between two brackets that were written or are meant."""
        start, end = (inside[0].start, inside[-1].end) if inside else (0, 0)
        self.emit(opening, "(", start, start)
        self.read(inside)
        self.emit(closing, ")", max(end - 1, start), end)

    # -- runs of letters

    def _on_letter(self, nodes: list[Tex], k: int) -> int:
        """A run of letters: known names first (longest), then functions, the differential d, then one letter."""
        last = k
        while last < len(nodes) and nodes[last].kind in ("letter", "digit"):
            last += 1
            if nodes[last - 1].scripts:
                break
        run = "".join(n.value for n in nodes[k:last])
        best = max((n for n in self.spellings() if run.startswith(n)), key=len, default="")
        word = run[: next((j for j, c in enumerate(run) if c.isdigit()), len(run))]
        function = max((f for f in FUNCTIONS if word.startswith(f) and (f == word or len(f) > 2)), key=len, default="")
        if function and self.names.known(function):
            function = ""
        if function in SHY and not self._bracket_at(nodes, k + len(function)):
            function = ""
        if function and len(function) > len(best):
            end = k + len(function)
            return self.function(FUNCTIONS[function], nodes[end - 1].scripts, nodes, end, nodes[k])
        if word.startswith("max") and not best and self._bracket_at(nodes, k + 3):
            return self.maximum(nodes, k + 2)
        if len(word) > 1 and last == k + len(word) and self.longer(word, nodes[last - 1].scripts)[0] != word:
            return self.finish(Symbol(word, nodes[last - 1].scripts), nodes, last, nodes[k])
        if len(best) > 1:
            end = k + len(best)
            return self.finish(Symbol(best, nodes[end - 1].scripts), nodes, end, nodes[k])
        return self._operator_at(word, bool(best), nodes, k) or self.finish(
            Symbol(best or run[0], nodes[k].scripts), nodes, k + 1, nodes[k]
        )

    def _operator_at(self, word: str, named: bool, nodes: list[Tex], k: int) -> int:
        """The place behind d, grad, e^x, o(…), I, D or H, emitted where a word begins with it and no name; else 0."""
        if word.startswith("d") and not named and (after := self._differential_along(nodes, k)):
            return after
        if word.startswith("d") and self._is_differential(nodes, k):
            return self.differential(nodes, k, "d", nodes[k].scripts)
        if named:
            return 0
        if word.startswith("grad"):
            return self.nabla(nodes, k + 3)
        if word[0] == "e" and is_exponential(nodes[k].scripts):
            return self.exponential(nodes[k], k)
        if word[0] in "oO" and self._bracket_at(nodes, k + 1):
            self.emit("LITTLEO", word[0], nodes[k].start, nodes[k].end)
            return k + 1
        if word[0] == "I" and not self._is_indicator(nodes, k) and self.longer("I", nodes[k].scripts)[0] == "I":
            return self.eye(nodes, k)
        return self._operator(nodes, k, 2 if word[0] == "H" else 1) if word[0] in "DH" else 0

    def spellings(self) -> list[str]:
        """Names that may stand in plain text as a run of letters and digits."""
        known = (
            *self.names.symbols,
            *self.names.dims,
            *self.names.definitions,
            *self.names.functions,
            *self.names.directions,
        )
        return [n for n in known if n.isascii() and n.replace("_", "").isalnum()]

    def spells_names(self, word: str) -> bool:
        """Whether every letter of a word is a known name, so that `\\textbf{Xw}` is a product."""
        return all(self.names.known(c) for c in word)

    def _bracket_at(self, nodes: list[Tex], k: int) -> bool:
        k = self._past_space(nodes, k)
        return k < len(nodes) and nodes[k].kind in ("sign", "command") and nodes[k].value in ("(", "[", "{", "lbrace")

    @staticmethod
    def _past_space(nodes: list[Tex], k: int) -> int:
        while k < len(nodes) and nodes[k].kind in ("space", "dollar"):
            k += 1
        return k

    def _is_differential(self, nodes: list[Tex], k: int) -> bool:
        """Whether the d at `k` is a differential: something to differentiate must follow at once."""
        known = self.names.known("d")
        if nodes[k].scripts:
            return self._is_second(nodes, k)
        if k + 1 >= len(nodes):
            return False
        after = self._past_space(nodes, k + 1)
        if after >= len(nodes):
            return False
        node, gap = nodes[after], after > k + 1
        if node.value in ("(", "[") or node.kind == "bar":
            return not self.names.distance or not known
        if node.kind == "command" and node.value == "{":
            return not known
        if node.kind == "letter":
            return not gap or not known or not self._operand_before()
        if node.kind in ("group", "style") or node.kind == "command" and node.value in (*ACCENTS, *GREEK):
            return True
        if node.kind == "command":
            upright = ("log", "tr", "det", "operatorname")
            return node.value in upright or not known and node.value in ("ln", "sum", "exp", "frac", "langle", "Vert")
        return self._is_slash_operator(nodes, after)

    def _is_slash_operator(self, nodes: list[Tex], k: int) -> bool:
        """`d/dw` is an operator."""
        return nodes[k].value == "/" and flat(nodes[k + 1 : k + 3])[:1] == ["d"] and not self._operand_before()

    def _is_second(self, nodes: list[Tex], k: int) -> bool:
        """Whether `d^2` is a second differential: of a defined name where d is a length too."""
        mark, inside, *_ = nodes[k].scripts[0]
        after = self._past_space(nodes, k + 1)
        if mark != "^" or flat(inside) not in (["2"], ["3"], ["n"], ["k"]) or after >= len(nodes):
            return False
        node = nodes[after]
        if node.kind not in ("letter", "command", "style", "group") and node.value != "(":
            return False
        symbol = symbol_of(node)
        return (
            not self.names.known("d") or not self.out and symbol is not None and symbol.name in self.names.definitions
        )

    def _operand_before(self) -> bool:
        return bool(self.out) and self.out[-1].type in OPERAND_END

    # -- derivatives

    def differential(self, nodes: list[Tex], k: int, kind: str, scripts: tuple[Script, ...]) -> int:
        """The sign of a differential, as prefix, as head of a function or sum, or as a bare operator."""
        node = nodes[k]
        orders = [flat(inside) for mark, inside, *_ in scripts if mark == "^"]
        if orders and orders[0] != ["2"]:
            if orders[0] == ["'"] or scripts[0][0] == "'":
                raise UnreadableError("a prime has no meaning here", node.start)
            raise UnreadableError("derivatives of order three and more are not read", node.start)
        value = (kind, 2 if orders else 1)
        after = self._past_space(nodes, k + 1)
        following = nodes[after] if after < len(nodes) else None
        if following is None or following.value == "/":
            self.emit("DOP", value, node.start, node.end)
            return k + 1
        self.emit("DIFFH" if self._heads(following, nodes[after:]) else "DIFF", value, node.start, node.end)
        return k + 1

    def _heads(self, node: Tex, nodes: list[Tex]) -> bool:
        """Whether a function or a sum without brackets follows, so that d reaches over all of it."""
        if node.kind == "command":
            return node.value in ("log", "ln", "det", "tr", "sum", "exp", "Tr", "trace")
        if node.kind == "style":
            return "".join(flat(node.args[0])) in FUNCTIONS
        run = "".join(n.value for n in nodes[:6] if n.kind == "letter")
        return not self.names.known("t") and any(run.startswith(f) for f in ("tr", "log", "trace"))

    def nabla(self, nodes: list[Tex], k: int) -> int:
        r"""`\nabla_w`, `\nabla^2_w`, `\partial_w`, `\operatorname{grad}_w`."""
        node = nodes[k]
        order, variable = 1, None
        for mark, inside, start, _ in node.scripts:
            if mark == "^" and flat(inside) == ["2"]:
                order = 2
            elif mark == "_" and (entry := self._entry_in(inside, nodes, k)):
                variable = entry
            elif mark == "_":
                variable = type(self)(self.names, self.bound)._variable(self._last_layer(inside), start)
            elif mark == "^" and flat(inside)[:1] and flat(inside)[0] in TRANSPOSES:
                continue
            else:
                raise UnreadableError("this superscript of a gradient has no meaning here", start)
        after = self._past_space(nodes, k + 1)
        if after < len(nodes) and nodes[after].kind == "command" and nodes[after].value == "nabla" and order == 1:
            return self._twice(nodes, k, after, variable)
        called = symbol_of(nodes[after], self.names) if after < len(nodes) else None
        if called is not None and called.name in self.names.definitions and self._moved_behind(nodes, after + 1):
            return self.along(called, nodes, after + 1, node, variable, order)
        self.emit("NABLA", (variable, order), node.start, node.end)
        return k + 1

    def _entry_in(self, inside: list[Tex], nodes: list[Tex], k: int) -> list[Tok] | None:
        r"""The variable of `\partial_k f`: entry k of the one vector that is varied, or that f depends on."""
        items = index_items(inside) or index_items(inside, greek=True)
        letter = items[0] if len(items) == 1 else None
        index = isinstance(letter, str) and (len(letter) == 1 or is_small_greek(letter))
        if not index or self.names.known(str(letter).removeprefix("\\")) or self.names.with_entries(str(letter)):
            return None
        following = (symbol_of(n, self.names) for n in nodes[k + 1 :] if n.value not in ("partial", "nabla"))
        called = next((s for s in following if s is not None), None)
        needs = dependencies(Node("sym", (), called.name), self.names) if called is not None else set()
        vectors = [
            v for v in self.names.symbols if () in (self.names.shape(v) or ()) and self.names.shape(v) != ((), ())
        ]
        found = [v for v in self.names.varied if v in vectors and v in needs] or [v for v in vectors if v in needs]
        if len(found) != 1:
            return None
        start, end = nodes[k].start, nodes[k].end
        return [Tok("NAME", found[0], start, end), Tok("SUB", (letter,), start, end)]

    def _last_layer(self, inside: list[Tex]) -> list[Tex]:
        r"""The variable of `\nabla_a C` where only a^1, a^2, … are known: that of the last layer."""
        inside = trimmed(inside)
        symbol = symbol_of(inside[0], self.names) if len(inside) == 1 else None
        if symbol is None or symbol.scripts or self.names.known(symbol.name) or self.names.with_entries(symbol.name):
            return inside
        numbers = [d for d in "123456789" if symbol.name + d in self.names.definitions]
        if not numbers:
            return inside
        start, end = inside[0].start, inside[0].end
        layer = ("^", [Tex("digit", numbers[-1], start, end)], start, end)
        return [inside[0].scripted([layer])]

    def _twice(self, nodes: list[Tex], k: int, after: int, variable: list[Tok] | None) -> int:
        r"""`\nabla\nabla^T f` is the Hessian."""
        second = next((s for m, s, *_ in nodes[after].scripts if m == "_"), None)
        if variable is None and second is not None:
            variable = type(self)(self.names, self.bound)._variable(second, nodes[after].start)
        self.emit("NABLA", (variable, 2), nodes[k].start, nodes[after].end)
        return after + 1

    def hessian(self, nodes: list[Tex], k: int) -> int:
        r"""`\mathrm{Hess} f`, and `\mathrm{Hess} f(x)(v, w)` along two directions."""
        at = self._past_space(nodes, k + 1)
        symbol = symbol_of(nodes[at], self.names) if at < len(nodes) else None
        point = self._past_space(nodes, at + 1)
        if symbol is not None and point < len(nodes) and nodes[point].value == "(":
            behind = self._past_space(nodes, self.close_of(nodes, point) + 1)
            if behind < len(nodes) and nodes[behind].value in ("(", "["):
                return self.along(symbol, nodes, at + 1, nodes[k], None, 2)
        self.emit("NABLA", (None, 2), nodes[k].start, nodes[k].end)
        return k + 1

    def _variable(self, inside: list[Tex], start: int) -> list[Tok] | None:
        self.read(inside)
        if not self.out or self.out[0].type != "NAME":
            raise UnreadableError("the gradient needs a name as its variable here", start)
        return self.out

    # -- names

    def symbol(self, symbol: Symbol, nodes: list[Tex], after: int, whole: Tex) -> int:
        """A symbol that stands alone (a letter in bold, a Greek letter, one with an accent)."""
        if symbol.name == "d" and is_operator_d(whole, nodes[after:]) and not self.names.known("d"):
            return self.differential([*nodes[: after - 1], whole, *nodes[after:]], after - 1, "d", symbol.scripts)
        if symbol.name == "e" and not self.names.known("e") and is_exponential(symbol.scripts):
            return self.exponential(Tex("letter", "e", whole.start, whole.end).scripted(symbol.scripts), after - 1)
        if symbol.name in ("D", "H") and not self.names.known(symbol.name):
            spelled = Tex("letter", symbol.name, whole.start, whole.end).scripted(symbol.scripts)
            order = 2 if symbol.name == "H" else 1
            after_operator = self._operator([*nodes[: after - 1], spelled, *nodes[after:]], after - 1, order)
            if after_operator:
                return after_operator
        if symbol.name == "I" and not self.names.known("I") and self.longer("I", symbol.scripts)[0] == "I":
            eye = Tex("letter", "I", whole.start, whole.end).scripted(symbol.scripts)
            return self.eye([*nodes[: after - 1], eye, *nodes[after:]], after - 1)
        return self.finish(symbol, nodes, after, whole)

    def finish(self, symbol: Symbol, nodes: list[Tex], after: int, whole: Tex) -> int:
        """Emit a name with what hangs on it, or the function or δ that it is; the place behind it."""
        if after_slope := self._slope_by_subscript(symbol, nodes, after, whole):
            return after_slope
        if power := self._power_of_square(symbol, nodes, after, whole):
            return power
        name, rest = self._of_family(symbol)
        if self._is_function_of_its_name(name, symbol.scripts, nodes, after):
            return self.function("sigmoid", (), nodes, after, whole)
        if self._moves_in_time(name):
            self.emit("NABLA", ([Tok("NAME", "t", whole.start, whole.end)], 1), whole.start, whole.end)
            return self.finish(Symbol(name.removeprefix("dot "), symbol.scripts), nodes, after, whole)
        if name not in self.names.symbols and self.names.functions.get(name):
            return self.function(self.names.functions[name], rest, nodes, after, whole)
        entry = self.names.with_entries(name) and any(m == "_" and len(index_items(i)) == 2 for m, i, *_ in rest)
        if name == "sigma" and not self.names.known(name) and not entry:
            return self.function("sigmoid", rest, nodes, after, whole)
        if name == "delta" and not self.names.known(name) and self._kronecker(rest, whole):
            return after
        if name == "e" and self._unit_vector(rest, whole):
            return after
        if name == "J" and self._single_entry(rest, whole):
            return after
        row = self._row_of_features(name, rest, nodes, after)
        if row:
            return row
        if self._differentiates(name, rest):
            return self._prime(name, rest, nodes, after, whole)
        if raised := self._power_of_function(name, rest, nodes, after, whole):
            return raised
        end = nodes[after - 1].end if 0 < after <= len(nodes) else whole.end
        self.emit("NAME", self._resolved(name, rest, whole, nodes[after:]), whole.start, end)
        place = len(self.out) - 1
        self.scripts(rest, nodes[after : after + 1])
        after += self.taken_letter()
        behind = self._past_arguments(self.out[place], nodes, after, bool(rest))
        if behind == after and not rest:
            self._call_if_so(self.out[place], nodes, after)
        return behind

    def _of_family(self, symbol: Symbol) -> tuple[str, tuple[Script, ...]]:
        """The known name that a symbol begins with, and what is left on it; L_i beside an L is a name of its own."""
        name, rest = self.longer(self._variant(symbol), symbol.scripts)
        if name in self.names.families and any(is_one_index(s) for s in rest):
            name = f"each {name}"
            if self.names.shape(name) == ((), ()):
                rest = tuple(s for s in rest if not is_one_index(s))
        return name, rest

    def _moves_in_time(self, name: str) -> bool:
        r"""Whether `\dot x` is the derivative of a defined x in a number t."""
        moved = name.removeprefix("dot ")
        if moved == name or self.names.known(name) or moved not in self.names.definitions:
            return False
        return self.names.shape("t") == ((), ()) and "t" in dependencies(Node("sym", (), moved), self.names)

    def _is_function_of_its_name(self, name: str, scripts: tuple[Script, ...], nodes: list[Tex], after: int) -> bool:
        r"""Whether σ(…) is the function, though `\sigma_i = \sigma(x_i^T w)` gives its values the same letter."""
        definition = self.names.definitions.get(name)
        if name != "sigma" or definition is None or scripts or definition.params:
            return False
        at = self._past_space(nodes, after)
        called = at < len(nodes) and nodes[at].value == "("
        return called and any(n.op == "fn" and n.val[0] == "sigmoid" for n in walk(definition.body))

    def _power_of_function(self, name: str, rest: tuple[Script, ...], nodes: list[Tex], after: int, whole: Tex) -> int:
        """`f^2(x)` for a defined function as the power of f(x); 0 for anything else."""
        definition = self.names.definitions.get(name)
        at = self._past_space(nodes, after)
        bracket = at < len(nodes) and nodes[at].value == "("
        if definition is None or not definition.params or not bracket or len(rest) != 1 or rest[0][0] != "^":
            return 0
        items = flat(rest[0][1])
        if items == ["-", "1"]:
            said = "the power -1 of a function may mean its inverse or its reciprocal: write 1/f(x) for the latter"
            raise UnreadableError(said, whole.start)
        if len(items) != 1 or not items[0].isdigit():
            return 0
        close = self.close_of(nodes, at)
        self.emit("CALL", name, whole.start, whole.end)
        self.enclosed(trimmed(nodes[at + 1 : close]), "LPAR", "RPAR")
        self._number_power("SUP", items[0], whole.end)
        self.scripts(nodes[close].scripts)
        return close + 1

    def _power_of_square(self, symbol: Symbol, nodes: list[Tex], after: int, whole: Tex) -> int:
        r"""`\sigma^4` where only \sigma^2 is a number's name: its square; 0 for anything else, such as layer W^4."""
        digits = "".join(flat(symbol.scripts[0][1])) if len(symbol.scripts) == 1 and symbol.scripts[0][0] == "^" else ""
        square = f"{symbol.name}2"
        if digits not in ("4", "6", "8") or self.names.known(symbol.name) or self.names.shape(square) != ((), ()):
            return 0
        if any(self.names.known(symbol.name + number) for number in "13456789"):
            return 0
        self.emit("NAME", square, whole.start, nodes[after - 1].end)
        self._number_power("SUP", str(int(digits) // 2), whole.start)
        return after

    def _variant(self, symbol: Symbol) -> str:
        """The name of a symbol, or of the array that its letter below tells apart: δ_j is not δ_k to some."""
        below = [x for m, i, *_ in symbol.scripts if m == "_" for x in index_items(i)]
        return self.names.variants.get((symbol.name, str(below[0])), symbol.name) if below else symbol.name

    def _slope_by_subscript(self, symbol: Symbol, nodes: list[Tex], after: int, whole: Tex) -> int:
        """`f_x`, `f_{xy}`, `J_f`, `H_f` for a defined f as the derivatives that they are; 0 for anything else."""
        letters = partials(symbol, self.names)
        function = matrix_of_slopes(symbol, self.names)
        if function is not None and symbol.name == "J":
            return self.along(Symbol(function), nodes, after, whole, None, 1)
        if not letters and function is None:
            return 0
        for letter in reversed(letters):
            self.emit("LPAR", "(", whole.start, whole.start)
            self.emit("NABLA", ([Tok("NAME", letter, whole.start, whole.end)], 1), whole.start, whole.end)
        if function is not None:
            self.emit("LPAR", "(", whole.start, whole.start)
            self.emit("NABLA", (None, 2), whole.start, whole.end)
        at = self._past_space(nodes, after)
        called = at < len(nodes) and nodes[at].value == "("
        self.emit("CALL" if called else "NAME", function or symbol.name, whole.start, whole.end)
        if called:
            after = self.close_of(nodes, at) + 1
            self.enclosed(trimmed(nodes[at + 1 : after - 1]), "LPAR", "RPAR")
        for _ in letters or (function,):
            self.emit("RPAR", ")", whole.end, whole.end)
        self.scripts(nodes[after - 1].scripts if called else [s for s in symbol.scripts if s[0] != "_"])
        return after

    def _row_of_features(self, name: str, rest: tuple[Script, ...], nodes: list[Tex], after: int) -> int:
        r"""`\phi(x_n)` beside a declared Φ is its row n; 0 where nothing of the kind stands here."""
        capital = self.names.with_entries(name)
        at = self._past_space(nodes, after)
        if capital is None or rest or self.names.known(name) or at >= len(nodes) or nodes[at].value != "(":
            return 0
        inside = trimmed(nodes[at + 1 : self.close_of(nodes, at)])
        symbol = symbol_of(inside[0], self.names) if len(inside) == 1 else None
        letters = [x for m, i, *_ in symbol.scripts for x in index_items(i)] if symbol is not None else []
        if len(letters) != 1 or not isinstance(letters[0], str) or not self.names.is_matrix(capital):
            return 0
        close = self.close_of(nodes, at)
        self.emit("NAME", capital, nodes[after - 1].start, nodes[close].end)
        self.emit("SUB", (letters[0],), nodes[at].start, nodes[close].end)
        self.scripts(nodes[close].scripts)
        return close + 1

    def _past_arguments(self, tok: Tok, nodes: list[Tex], after: int, indexed: bool) -> int:
        """The place behind a bracket that only repeats what a function is written with: R(θ), l^{(i)}(w, b)."""
        definition = self.names.definitions.get(tok.value)
        at = self._past_space(nodes, after)
        if definition is None or at >= len(nodes) or nodes[at].value != "(":
            return after
        close = self.close_of(nodes, at)
        inside = [
            symbol_of(p[0], self.names) if len(p := trimmed(part)) == 1 else None
            for part in parted(nodes[at + 1 : close], (",", ";", "|"))
        ]
        words = {self._canonical(s) for s in inside if s is not None}
        if None in inside or nodes[close].scripts:
            return after
        written = self.names.written.get(str(tok.value), set())
        if any(n.kind == "bar" for n in nodes[at + 1 : close]):
            return close + 1  # the condition of log p(y | w)
        if written and words <= written | self.names.symbols.keys() and words & written:
            return close + 1
        needs = dependencies(Node("sym", (), tok.value), self.names)
        return close + 1 if indexed and definition.params and words <= needs else after

    def _operator(self, nodes: list[Tex], k: int, order: int) -> int:
        r"""`Df(x)`, `Df(x)(v)`, `D_v f`, `Hf(x)` for a defined f: the Jacobian, the derivative along v; 0 for none."""
        at = self._past_space(nodes, k + 1)
        symbol = symbol_of(nodes[at], self.names) if at < len(nodes) else None
        if symbol is None or self.longer(symbol.name, symbol.scripts)[0] not in self.names.definitions:
            return 0
        along = next((inside for mark, inside, *_ in nodes[k].scripts if mark == "_"), None)
        if any(mark == "^" and flat(inside) == ["2"] for mark, inside, *_ in nodes[k].scripts):
            order = 2  # D^2 f is the Hessian
        if order == 2 and not self._moved_behind(nodes, at + 1):
            self.emit("NABLA", (None, 2), nodes[k].start, nodes[k].end)
            return k + 1
        return self.along(symbol, nodes, at + 1, nodes[k], None, order, along)

    def _moved_behind(self, nodes: list[Tex], k: int) -> bool:
        """Whether behind a function's point a bracket with directions stands: f(x)[v, w]."""
        at = self._past_space(nodes, k)
        if at >= len(nodes) or nodes[at].value != "(":
            return False
        behind = self._past_space(nodes, self.close_of(nodes, at) + 1)
        return behind < len(nodes) and nodes[behind].value == "[" and self._comparison(nodes, behind) is None

    def along(
        self,
        symbol: Symbol,
        nodes: list[Tex],
        after: int,
        whole: Tex,
        variable: list[Tok] | None,
        order: int,
        given: list[Tex] | None = None,
    ) -> int:
        """The derivative of a defined f along what stands behind its point, or its Jacobian where nothing does."""
        name = self.longer(symbol.name, symbol.scripts)[0]
        at = self._past_space(nodes, after)
        if at < len(nodes) and nodes[at].value in ("(", "[") and (given is None or nodes[at].value == "("):
            after = self.close_of(nodes, at) + 1
            at = self._past_space(nodes, after)
        inside = given
        if inside is None and at < len(nodes) and nodes[at].value in ("(", "["):
            close = self.close_of(nodes, at)
            inside, after = nodes[at + 1 : close], close + 1
        if inside is None:
            self.emit("LPAR", "(", whole.start, whole.start)
            self.emit("ALONG", (variable, 0), whole.start, whole.end)
            self.emit("NAME", name, whole.start, whole.end)
            self.enclosed([Tex("digit", "0", whole.start, whole.end)], "LPAR", "RPAR")
            self.emit("RPAR", ")", whole.end, whole.end)
            return after
        self.emit("ALONG", (variable, order), whole.start, whole.end)
        self.emit("NAME", name, whole.start, whole.end)
        self.enclosed(trimmed(inside), "LPAR", "RPAR")
        return after

    def _differential_along(self, nodes: list[Tex], k: int) -> int:
        """`df(C)[E]`, `df(C)E`: the differential of f at C along E; 0 where that does not stand here."""
        symbol = symbol_of(nodes[k + 1], self.names) if k + 1 < len(nodes) else None
        if symbol is None:
            return 0
        definition = self.names.definitions.get(symbol.name)
        at = self._past_space(nodes, k + 2)
        if definition is None or not definition.params or at >= len(nodes) or nodes[at].value != "(":
            return 0
        after = self._past_space(nodes, self.close_of(nodes, at) + 1)
        if after >= len(nodes):
            return 0
        if nodes[after].value in ("[", "("):
            return self.along(symbol, nodes, k + 2, nodes[k], None, 1)
        moved = symbol_of(nodes[after], self.names)
        if moved is None or moved.name == "d":
            return 0
        return self.along(symbol, [*nodes[: after + 1]], k + 2, nodes[k], None, 1, [nodes[after]]) and after + 1

    def _differentiates(self, name: str, scripts: tuple[Script, ...]) -> bool:
        """Whether primes on this name are a derivative: of a defined number, or of what was defined as a function."""
        definition = self.names.definitions.get(name)
        if definition is None or name in self.names.symbols and not definition.params:
            return False
        return bool(_primes(scripts)) and (bool(definition.params) or definition.shape == ((), ()))

    def _prime(self, name: str, scripts: tuple[Script, ...], nodes: list[Tex], after: int, whole: Tex) -> int:
        """`f'(x)`, `f''`, `f'(3)`: the derivative in the variable that f is a function of."""
        definition = self.names.definitions[name]
        at = self._past_space(nodes, after)
        inside = []
        if at < len(nodes) and nodes[at].value == "(":
            inside = trimmed(nodes[at + 1 : self.close_of(nodes, at)])
        argument = symbol_of(inside[0], self.names) if len(inside) == 1 else None
        if inside and orders_of(scripts) in (1, 2) and self._moved_behind(nodes, at):
            return self.along(Symbol(name), nodes, after, whole, None, orders_of(scripts))
        variable = definition.params[0] if definition.params else None
        if argument is not None and self._canonical(argument) in dependencies(Node("sym", (), name), self.names):
            variable = self._canonical(argument)
        orders = orders_of(scripts)
        if orders > 2:
            raise UnreadableError("derivatives of order three and more are not read", whole.start)
        tokens = [Tok("NAME", variable, whole.start, whole.end)] if variable else None
        self.emit("NABLA", (tokens, orders), whole.start, whole.end)
        self.emit("CALL" if inside else "NAME", name, whole.start, whole.end)
        self.scripts(s for s in scripts if not _primes([s]))
        return after

    def longer(self, name: str, scripts: Iterable[Script]) -> tuple[str, tuple[Script, ...]]:
        """The name with a layer number, star or label taken in when that longer name is known, and what is left."""
        rest = list(scripts)
        whole = numbered_label(name, rest)
        if whole is not None and self.names.known(whole):
            return whole, tuple(s for s in rest if s[0] not in "_^")
        for _ in range(2):
            for k, script in enumerate(rest):
                taken = self._taken(name, script, rest)
                if taken is not None:
                    name, instead = taken
                    rest[k : k + 1] = instead
                    break
        return name, tuple(rest)

    def _taken(self, name: str, script: Script, rest: list[Script]) -> tuple[str, list[Script]] | None:
        """(longer name, scripts that stay of this one) when this script belongs to the name."""
        mark, inside, start, end = script
        items = flat(inside)
        bare = [s for s in items if s not in "()[],"]
        if mark == "'" or not bare:
            return None
        layer = self._layer_in(name, mark, items, bare, rest)
        if layer is not None:
            digit, letters, turned = layer
            stay: list[Script] = [("_", [Tex("letter", x, start, end) for x in letters], start, end)] if letters else []
            if turned:
                stay.append(("^", [Tex("letter", "T", start, end)], start, end))
            return name + digit, stay
        star = self._starred(name, start, "+" if bare == ["+"] else "*") if bare in STARS else None
        if star is not None:
            return star, []
        definition = self.names.definitions.get(name)
        greek = [s.removeprefix("\\") for s in bare]
        if mark == "_" and definition is not None and definition.params and all(self.names.known(s) for s in greek):
            return name, []  # h_\theta(x): the subscript is a parameter
        if mark == "_" and len(bare) == 2 and self.names.known(f"{name}_{bare[0]}"):
            return f"{name}_{bare[0]}", [("_", [Tex("letter", bare[1], start, end)], start, end)]
        word = "".join(greek if mark == "_" else bare)
        if mark == "_" and f"{name}_{word}" in self.names.ahead and not self.names.known(f"{name}_{word}"):
            label = f"{name}_{word}"
            raise UnreadableError(self.undeclared(label), start, label)
        if mark == "^" and items[0] == "(" and len(word) > 1 and word.isalpha() and self.names.labels == {word}:
            return name, []  # y^{(train)} where every name carries this label
        if (
            word[0].isalpha()
            and word.isalnum()
            and self.names.known(f"{name}_{word}")
            and (mark == "_" or "(" in items or len(word) > 1)
        ):
            return f"{name}_{word}", []
        return None

    def _starred(self, name: str, start: int, mark: str) -> str | None:
        """What x^* or x^+ stands for: a name of its own, or x where a gradient vanishes; None for neither."""
        if self.names.known(name + mark):
            return name + mark
        if name in self.names.symbols and self.names.starred and mark == "*":
            return name
        if f"{name}{mark}" in self.names.ahead and (name in self.names.symbols or mark == "+"):
            raise UnreadableError(self.undeclared(f"{name}{mark}"), start, f"{name}{mark}")
        return None

    def _layer_in(
        self, name: str, mark: str, items: list[str], bare: list[str], rest: list[Script]
    ) -> tuple[str, list[str], list[str]] | None:
        """(digit, index letters, transposed) where a script names a layer that is known, or None."""
        digits = [s for s in bare if s.isdigit() and len(s) == 1]
        letters = [s for s in bare if s.isalpha() and len(s) == 1 and s not in ("T",)]
        turned = [s for s in bare if s in TRANSPOSES and s not in letters]
        signs = [s for s in bare if s not in (*digits, *letters, *turned, "^", "'")]
        if len(digits) != 1 or signs or len(letters) > 1 or mark == "_" and (letters or turned):
            return None
        known = self.names.known(name + digits[0]) or self.names.with_entries(name + digits[0]) is not None
        if not known:
            return None
        bracketed = items[0] in "([" or "(" in items
        if mark == "^" and not bracketed and self.names.known(name) and not self.names.known(name + digits[0]):
            # With w itself declared, W2 is meant only by w^{(2)} or w^2_{ij}; w_i^2 is the square of an entry.
            subs = [s for s in rest if s[0] == "_"]
            first = bool(rest) and rest[0][0] == "^"
            if not (subs and first):
                return None
        return digits[0], letters, turned

    def _resolved(self, name: str, rest: tuple[Script, ...], whole: Tex, after: list[Tex]) -> str | None:
        """The known name meant: itself, the capital whose entries it denotes, or UnreadableError."""
        capital = self.names.with_entries(name)
        marked = [s for s in rest if s[0] in "_^"]
        if self.names.known(name):
            letters = [x for m, inside, *_ in rest if m == "_" for x in flat(inside) if x not in ",'"]
            if len(letters) == 2 and capital and not self.names.is_matrix(name):
                return capital
            return name
        if capital and marked:
            return capital
        if name.startswith("Delta") and len(name) == 6:
            self.names.directions.setdefault(name, name[5:])
            return name
        if name == "pi":
            return name
        word = self._whole_word(name, whole, after)
        raise UnreadableError(self.undeclared(word), whole.start, word)

    def _whole_word(self, name: str, whole: Tex, after: list[Tex]) -> str:
        """The run of letters a name begins, when none of them is known: MSE and not M is what is missing."""
        run = name
        for n in after:
            if n.kind != "letter" or whole.kind != "letter":
                break
            run += n.value
        return run if len(name) == 1 and not any(self.names.known(c) for c in run) else name

    def undeclared(self, name: str) -> str:
        """The sentence about a name that is neither declared nor defined."""
        capital = self.names.with_entries(name)
        said = spoken_name(name)
        if capital:
            return (
                f"{said} is not declared; for an entry of {spoken_name(capital)} write "
                f"{said}_{{ij}}, for the matrix {spoken_name(capital)}"
            )
        others = [
            n
            for n in (*self.names.symbols, *self.names.definitions)
            if n.lower() == name.lower() or n.endswith(" " + name)
        ]
        hint = f"; did you mean {spoken_name(others[0])}?" if others else ""
        return wording.NOTHING_EXPLAINS.format(name=said) + hint

    # -- calls

    def close_of(self, nodes: list[Tex], k: int, opened: int = 0) -> int:
        """The place of the bracket that closes the one at `k`; UnreadableError where none does."""
        depth = opened
        for j in range(k + (1 if opened else 0), len(nodes)):
            value = nodes[j].value if nodes[j].kind in ("sign", "command") else ""
            depth += (value in ("(", "[", "{", "lbrace")) - (value in (")", "]", "}", "rbrace"))
            if depth == 0 and value in (")", "]", "}", "rbrace"):
                return j
        raise UnreadableError("a bracket is opened here and never closed", nodes[k].start)

    def _call_if_so(self, tok: Tok, nodes: list[Tex], k: int) -> None:
        """Turn `f` into a call when what follows in brackets is an argument and not a factor."""
        definition = self.names.definitions.get(tok.value)
        k = self._past_space(nodes, k)
        if definition is None or k >= len(nodes) or nodes[k].value != "(":
            return
        try:
            close = self.close_of(nodes, k)
        except UnreadableError:
            return
        inside = nodes[k + 1 : close]
        if self._is_argument(inside, definition) and not self._is_factor(inside, nodes[close], definition):
            tok.type = "CALL"

    def _is_factor(self, inside: list[Tex], closing: Tex, definition: Definition) -> bool:
        r"""Whether `(W^2)` in `D (W^2)^\top` is a factor: a layer needs its bracket to be transposed."""
        layer = any(m == "^" and [s for s in flat(i) if s.isdigit()] for n in inside for m, i, *_ in n.scripts)
        return bool(layer and closing.scripts) and not definition.params and definition.shape != ((), ())

    def _is_argument(self, inside: list[Tex], definition: Definition) -> bool:
        """Whether the bracket after a defined name holds arguments: names it depends on, alone or moved."""
        if definition.params:
            return True
        needs = dependencies(Node("sym", (), definition.name), self.names)
        for part in parted(inside, (",", ";")):
            part = trimmed(part)
            symbol = symbol_of(part[0], self.names) if part else None
            if symbol is None:
                return False
            base = self._canonical(symbol)
            moved = self._moved(part[1:])
            instead = len(part) == 1 and definition.shape == ((), ()) and any(stem(base) == n != base for n in needs)
            if not (base in needs and base != definition.name and moved or instead):
                return False
        return True

    def _canonical(self, symbol: Symbol) -> str:
        """A symbol with its layer, star or label as one name, known or not."""
        name = self.longer(symbol.name, symbol.scripts)[0]
        for mark, inside, *_ in symbol.scripts if name == symbol.name else ():
            bare = "".join(s for s in flat(inside) if s not in "()[]")
            bare = "*" if bare in (r"\ast", r"\star") else bare
            name += bare if bare.isdigit() or bare == "*" else f"_{bare}" if mark == "_" and len(bare) > 1 else ""
        return name

    @staticmethod
    def _moved(rest: list[Tex]) -> bool:
        """Whether what stands behind a name in an argument moves it a little: `+ h`, `+ t v`, `- dW`."""
        rest = trimmed(rest)
        if not rest:
            return True
        if rest[0].value not in ("+", "-"):
            return False
        first = flat(rest[1:])[:1]
        return bool(first) and first[0] in ("d", "t", "h", r"\varepsilon", r"\epsilon", r"\delta", r"\Delta")

    # -- special atoms

    def _size(self, scripts: tuple[Script, ...]) -> str | None:
        """An optional size in a subscript: `I_m`, `\\mathbf 1_{n}`, `I_{n \\times n}`."""
        for mark, inside, *_ in scripts:
            if mark == "_":
                items = [s for s in flat(inside) if s not in (r"\times", ",")]
                return items[0] if items and items[0].isalnum() else None
        return None

    def eye(self, nodes: list[Tex], k: int) -> int:
        node = nodes[k]
        items = [x for m, i, *_ in node.scripts if m == "_" for x in flat(i)]
        size = self._size(node.scripts)
        entry = len(items) == 2 and all(x.isalpha() and not self.names.known(x) for x in items)
        self.emit("EYE", None if entry else size, node.start, node.end)
        self.scripts(s for s in node.scripts if s[0] != "_" or entry)
        return k + 1

    def ones(self, nodes: list[Tex], k: int) -> int:
        node = nodes[k]
        at = self.indicator(nodes, k)
        if at:
            return at
        self.emit("ONES", self._size(node.scripts), node.start, node.end)
        self.scripts(s for s in node.scripts if s[0] != "_")
        return k + 1

    def exponential(self, node: Tex, k: int) -> int:
        mark, inside, start, end = node.scripts[0]
        if not trimmed(inside):
            raise UnreadableError("e^ needs an argument here", start)
        self.emit("EXP", "e", node.start, start)
        self.enclosed(trimmed(inside), "LBRACE", "RBRACE")
        self.scripts(node.scripts[1:])
        return k + 1

    def _kronecker(self, scripts: tuple[Script, ...], whole: Tex) -> bool:
        letters = self._with_labels([x for m, i, *_ in scripts if m == "_" for x in index_items(i)])
        if len(scripts) != 1 or len(letters) != 2 or not all(isinstance(x, (str, Label)) for x in letters):
            return False
        self._compared_indices(letters, whole)
        return True

    def _unit_vector(self, scripts: tuple[Script, ...], whole: Tex) -> bool:
        r"""`e_i` where nothing is called e: column i of the identity, emitted where it stands."""
        items = self._with_labels([x for m, i, *_ in scripts if m == "_" for x in index_items(i)])
        if self.names.known("e") or self.names.with_entries("e") or not self.names.units or len(items) != 1:
            return False
        if items[0] is None:
            return False
        if isinstance(items[0], Label):
            self._one_hot(items[0], None, whole)
        else:
            self.emit("EYE", None, whole.start, whole.end)
            self.emit("SUB", (None, items[0]), whole.start, whole.end)
        self.scripts(s for s in scripts if s[0] != "_")
        return True

    def _single_entry(self, scripts: Sequence[Script], whole: Tex) -> bool:
        r"""`J^{ij}` where nothing is called J: the matrix with a single 1, e_i e_j^T, emitted where it stands."""
        items = index_items(scripts[0][1]) if len(scripts) == 1 and scripts[0][0] == "^" else []
        free = {*self.bound, *self.names.dims}
        letters = len(items) == 2 and all(isinstance(x, str) and (x in free or not self.names.known(x)) for x in items)
        if self.names.known("J") or not letters:
            return False
        self.emit("LPAR", "(", whole.start, whole.start)
        for letter in items:
            self.emit("EYE", None, whole.start, whole.end)
            self.emit("SUB", (None, letter), whole.start, whole.end)
        self.emit("TRANS", None, whole.start, whole.end)
        self.emit("RPAR", ")", whole.end, whole.end)
        return True

    def _is_indicator(self, nodes: list[Tex], k: int) -> bool:
        return self._bracket_at(nodes, k + 1) and self._comparison(nodes, self._past_space(nodes, k + 1)) is not None

    def indicator(self, nodes: list[Tex], k: int) -> int:
        r"""`\mathbf 1[z > 0]`, `\mathbb 1_{z>0}`, `1\{i = j\}`; 0 where none stands here."""
        for mark, inside, *_ in nodes[k].scripts:
            if mark == "_" and any(n.kind == "relation" or n.value == "{" for n in inside):
                inside = [n for n in inside if n.value not in ("{", "}")]
                self._compared(inside, nodes[k])
                return k + 1
        at = self._past_space(nodes, k + 1)
        if nodes[k].scripts or not self._bracket_at(nodes, at):
            return 0
        compared = self._comparison(nodes, at)
        if compared is None:
            return 0
        self._compared(compared, nodes[k])
        return self.close_of(nodes, at) + 1

    def iverson(self, nodes: list[Tex], k: int) -> bool:
        """Iverson's bracket [z > 0], emitted where it stands."""
        inside = self._comparison(nodes, k)
        if inside is not None:
            self._compared(inside, nodes[k])
        return inside is not None

    def _comparison(self, nodes: list[Tex], k: int) -> list[Tex] | None:
        try:
            inside = nodes[k + 1 : self.close_of(nodes, k)]
        except UnreadableError:
            return None
        depth = 0
        for n in inside:
            depth += (n.value in ("(", "[", "{")) - (n.value in (")", "]", "}"))
            if n.kind == "relation" and depth == 0:
                return inside
        return None

    def _compared(self, inside: list[Tex], node: Tex) -> None:
        """What is 1 under a condition: the slope of relu for z > 0, δ for i = j."""
        at = next(j for j, n in enumerate(inside) if n.kind == "relation")
        left, sign, right = trimmed(inside[:at]), inside[at].value, trimmed(inside[at + 1 :])
        more = self.positive(inside)
        if more:
            self.emit("FUNCP", ("relu", 1), node.start, node.end)
            self.enclosed(more, "LPAR", "RPAR")
            return
        letters = self._with_labels([*index_items(left), *index_items(right)])
        plain = (
            len(letters) == 2 and all(not isinstance(x, str) or x.isalpha() for x in letters) and None not in letters
        )
        if sign in ("=", "ne") and plain and not all(isinstance(x, int) for x in letters):
            if sign == "ne":
                self.emit("LPAR", "(", node.start, node.start)
                self.emit("NUM", 1, node.start, node.start)
                self.emit("MINUS", "-", node.start, node.start)
            self._compared_indices(letters, node)
            if sign == "ne":
                self.emit("RPAR", ")", node.end, node.end)
            return
        raise UnreadableError("of conditions z > 0, i = j and i \\ne j are read", inside[at].start)

    def _compared_indices(self, letters: list[Any], node: Tex) -> None:
        """δ_{ij}, or the entry of I in which a letter meets a number; where one is a label, the entry of its array."""
        label = next((x for x in letters if isinstance(x, Label)), None)
        if label is not None:
            self._one_hot(label, letters[0] if letters[1] is label else letters[1], node)
        elif all(isinstance(x, str) for x in letters):
            self.emit("KDELTA", tuple(letters), node.start, node.end)
        else:
            self.emit("EYE", None, node.start, node.end)
            self.emit("SUB", tuple(letters), node.start, node.end)

    def _one_hot(self, label: Label, letter: Index, node: Tex) -> None:
        """An entry of the array of a label, or with None the unit vector that it stands for."""
        self.emit("NAME", label.name, node.start, node.end)
        if label.sample or letter is not None:
            items = (label.sample, letter) if label.sample else (letter,)
            self.emit("SUB", items, node.start, node.end)
        if label.sample and letter is None:
            self.emit("TRANS", None, node.start, node.end)

    def condition(self, nodes: list[Tex], at: int) -> tuple:
        """The condition of a row of cases: ("eq", i, j), ("ne", i, j), ("else",)."""
        said = [s for s in flat(nodes) if s not in (",", ".", ";", "if", "when", "for", "and", r"\mathrm")]
        signs = [k for k, s in enumerate(said) if s in ("=", "ne")]
        if signs:
            k = signs[0]
            left, right = [[x for x in part if x != "'"] for part in (said[:k], said[k + 1 :])]
            if len(left) == len(right) == 1 and left[0].isalpha() and right[0].isalpha():
                return ("eq" if said[k] == "=" else "ne", left[0], right[0])
        words = "".join(said)
        if "otherwise" in words or "else" in words or not said:
            return ("else",)
        raise UnreadableError("a condition in cases must be like i = j, i \\ne j or otherwise", at)

    def positive(self, nodes: list[Tex]) -> list[Tex] | None:
        """What a condition such as `z > 0` or `yz < 1` says to be positive, or None where it is no comparison."""
        at = next((j for j, n in enumerate(nodes) if n.kind == "relation"), None)
        if at is None:
            return None
        said = ("text", "textrm", "mbox", "textit")  # words such as "if"
        left, right = (
            trimmed([n for n in part if n.kind != "style" or n.value not in said])
            for part in (nodes[:at], nodes[at + 1 :])
        )
        right = trimmed([n for n in right if n.value not in (".", ",")])
        if nodes[at].value not in ("gt", "ge", "lt", "le") or not left or not right:
            return None
        more, less = (left, right) if nodes[at].value in ("gt", "ge") else (right, left)
        if flat(less) == ["0"]:
            return more
        start, end = less[0].start, less[-1].end
        return [*more, Tex("sign", "-", start, start), Tex("group", "", start, end, (less,))]

    def maximum(self, nodes: list[Tex], k: int) -> int:
        r"""`\max(0, z)`, entry by entry, is relu. `k` is the place of the word's last letter."""
        at = self._past_space(nodes, k + 1)
        start = nodes[max(k - 2, 0)].start if nodes[k].kind == "letter" else nodes[k].start
        parts = []
        if self._bracket_at(nodes, at) and not nodes[k].scripts:
            close = self.close_of(nodes, at)
            parts = [trimmed(p) for p in parted(nodes[at + 1 : close], (",",))]
        if len(parts) != 2 or ["0"] not in [flat(p) for p in parts]:
            raise UnreadableError(r"\max is read only as \max(0, z), which is relu", start)
        inside = parts[1] if flat(parts[0]) == ["0"] else parts[0]
        if not inside:
            raise UnreadableError(r"\max is read only as \max(0, z), which is relu", start)
        self.emit("FUNCP", ("relu", 0), start, nodes[k].end)
        self.enclosed(inside, "LPAR", "RPAR")
        self.scripts(nodes[close].scripts)
        return close + 1

    def function(self, name: str, scripts: Iterable[Script], nodes: list[Tex], after: int, whole: Tex) -> int:
        """A function's head: with primes, a power or a transpose on it, and whether a bracket follows."""
        count, rest = 0, []
        for script in scripts:
            mark, inside, *_ = script
            items = flat(inside)
            if mark == "'":
                count += 1
            elif mark == "^" and items and all(s in (r"\prime", "'") for s in items):
                count += len(items)
            elif layer := layer_of(script):
                name += layer if name.startswith("any:") else ""  # what is not explained may be another in each layer
            elif mark != "_" or not self._names_a_row_or_unit(name, items):
                rest.append(script)
        end = nodes[after - 1].end if 0 < after <= len(nodes) else whole.end
        at = self._past_space(nodes, after)
        bracket = self._bracket_at(nodes, after) and not rest
        self.emit("FUNCP" if bracket else "FUNCH", (name, count), whole.start, end)
        self.scripts(rest)
        braced = at < len(nodes) and nodes[at].kind == "group" and not nodes[at].scripts and not rest
        if braced and not bracket and trimmed(nodes[at].args[0]):
            self.out[-1].type = "FUNCP"
            self.enclosed(trimmed(nodes[at].args[0]), "LPAR", "RPAR")
            return at + 1
        return after

    def _names_a_row_or_unit(self, name: str, items: list[str]) -> bool:
        """A subscript of a function that says nothing here: softmax over rows, the j-th unit's σ_j."""
        word = "".join(items)
        return word in ("row", "rows") or len(word) == 1 and word.isalpha() and name not in ("log", "tr")

    # -- sums

    def sum(self, nodes: list[Tex], k: int) -> int:
        r"""`\sum` with its subscript and superscript in either order."""
        node = nodes[k]
        low = next(((i, s) for m, i, s, _ in node.scripts if m == "_"), None)
        high = next(((i, s) for m, i, s, _ in node.scripts if m == "^"), None)
        if low is None and high is None:
            self.emit("SUM", [("", None, None)], node.start, node.end)
            return k + 1
        if low is None:
            raise UnreadableError(wording.NO_INDEX, node.start)
        self.emit("SUM", self._sum_indices(low, high), node.start, node.end)
        self.bound.update(i for i, _, _ in self.out[-1].value)
        return k + 1

    def _sum_indices(
        self, low: tuple[list[Tex], int], high: tuple[list[Tex], int] | None
    ) -> list[tuple[str, str | None, str | Label | None]]:
        """(index, upper limit, index it must differ from) for each index of a sum."""
        inside, start = low
        items = [s for s in flat(inside) if s not in ("(", ")")]
        sign = next((k for k, n in enumerate(inside) if n.kind == "relation" and n.value == "ne"), None)
        other = self._with_labels(index_items(trimmed(inside[sign + 1 :]))) if sign is not None else []
        if len(other) == 1 and isinstance(other[0], Label) and len(items[0]) == 1:
            return [(items[0], None, other[0])]
        if "ne" in items:
            at = items.index("ne")
            left, right = "".join(items[:at]), "".join(items[at + 1 :])
            if left[:1].isalpha() and right[:1].isalpha() and len(left) <= 2 and len(right) <= 2:
                return [(left, None, right)]
        limit = None
        if "in" in items:  # i \in [n] runs up to n; over a set it runs over all
            at = items.index("in")
            over = "".join(s for s in items[at + 1 :] if s not in "[]{}")
            limit = over if over in self.names.dims else None
            items = items[:at]
        if "le" in items and items[0] == "1":  # 1 \le i \le n
            parts = "".join(items).split("le")
            items, limit = [parts[1]], parts[2] if len(parts) > 2 else None
        head, first = (items[: items.index("=")], items[items.index("=") + 1 :]) if "=" in items else (items, [])
        letters = index_letters(head) or _greek_letters(head)
        if not letters:
            raise UnreadableError(
                r"the index of this sum is not clear: write \sum_i, \sum_{i,j} or \sum_{i=1}^{n}", start
            )
        if first and first[0] not in ("1", "0"):
            raise UnreadableError("a sum must start at 1 here", start)
        if high and limit is None:
            limit = "".join(flat(high[0])) or None
            if limit and not (
                limit.replace("'", "").replace("_", "").isalnum() and (limit[0].isalpha() or limit.isdigit())
            ):
                raise UnreadableError("the upper limit of a sum must be the name of a dimension here", high[1])
        return [(i, limit, None) for i in letters]

    # -- sub- and superscripts

    def taken_letter(self) -> int:
        """1 when the letter behind a subscript was taken as its second (`x_ij` without braces)."""
        taken, self.second = self.second, 0
        return taken

    def scripts(self, scripts: Iterable[Script], following: Sequence[Tex] = ()) -> None:
        """Emit what hangs on the operand before: subscripts first, then superscripts, as written."""
        scripts = self._entry_of_transpose(list(scripts))
        for script in sorted(scripts, key=lambda s: s[0] != "_"):
            mark, inside, start, end = script
            if mark == "'":
                self.emit("TRANS", "'", start, end)
            elif mark == "_":
                if [t.type for t in self.out[-5:]] == ["NORM_C", "SUP", "LBRACE", "NUM", "RBRACE"]:
                    continue
                self._subscript(inside, start, end, following if script is scripts[-1] else [])
            else:
                self._superscript(inside, start, end)

    def _entry_of_transpose(self, scripts: list[Script]) -> list[Script]:
        """X_{jc}^T is the entry j, c of the transpose, for a number needs none."""
        turns = [
            s for s in scripts if s[0] == "^" and len(flat(s[1])) == 1 and flat(s[1])[0] in (r"\top", "T", r"\intercal")
        ]
        entries = [s for s in scripts if s[0] == "_" and len(index_items(s[1])) == 2 and None not in index_items(s[1])]
        matrix = bool(self.out) and self.out[-1].type == "NAME" and self.names.is_matrix(str(self.out[-1].value))
        if not (matrix and len(turns) == 1 and len(entries) == 1):
            return scripts
        mark, inside, start, end = entries[0]
        letters = [n for n in inside if n.kind in ("letter", "digit")]
        if len(letters) != 2:
            return scripts
        swapped = (mark, letters[::-1], start, end)
        return [swapped if s is entries[0] else s for s in scripts if s is not turns[0]]

    def _superscript(self, inside: list[Tex], start: int, end: int) -> None:
        items = flat(inside)
        joined = "".join(items)
        if "error" in [n.kind for n in inside]:
            raise UnreadableError(inside[0].value, inside[0].start)
        if "^" in items and items[0] in "([" and items[-1].isdigit() and items[-2] == "^":
            # y^{(i)^2} is the square of y^{(i)}
            row = [x for x in items[: items.index("^")] if x not in "()[]"]
            if len(row) == 1 and row[0].isalpha():
                self.emit("SUB", (row[0],), start, end)
                self._number_power("SUP", items[-1], start)
                return
        if items in (["*"], [r"\ast"]) and self._matrix_before():
            self.emit("TRANS", None, start, end)  # the adjoint of a real matrix
        elif len(items) == 1 and items[0] in TRANSPOSES and not (items[0] in "Ht" and self.names.known(items[0])):
            self.emit("TRANS", None, start, end)
        elif items and all(s in (r"\prime", "'") for s in items):
            self.emit("TRANS", "'", start, end)
        elif joined == "-1":
            self.emit("INV", None, start, end)
        elif self._turned(items) in (["-"], ["-", "1"]):
            self.emit("INVT", None, start, end)
        elif self._layer_or_row(items, start, end):
            pass
        elif len(self._turned(items)) in (1, 2) and self._turned(items)[-1:][0].isdigit() and len(items) > 1:
            self._number_power("SUP", "".join(self._turned(items)), start)
            self.emit("TRANS", None, start, end)
        elif items[:1] in ([r"\circ"], [r"\odot"]) and len(items) == 2 and items[1].isdigit():
            self._number_power("ESUP", items[1], start)
        else:
            if not trimmed(inside):
                raise UnreadableError("an empty superscript", start)
            self.emit("SUP", None, start, start + 1)
            self.enclosed(trimmed(inside), "LBRACE", "RBRACE")

    def _matrix_before(self) -> bool:
        """Whether a declared matrix with a capital letter ends what was read so far."""
        tok = self.out[-1] if self.out else None
        return (
            tok is not None
            and tok.type == "NAME"
            and str(tok.value)[:1].isupper()
            and self.names.is_matrix(str(tok.value))
        )

    @staticmethod
    def _turned(items: list[str]) -> list[str]:
        """The items of a superscript without its transpose, or [] where it holds none (or nothing else)."""
        turns = (r"\top", "T", r"\intercal")
        rest = [s for s in items if s not in (*turns, "^")]
        return rest if sum(s in turns for s in items) == 1 else [""]

    def _number_power(self, kind: str, digits: str, here: int) -> None:
        value = int(digits)
        for token, content in ((kind, None), ("LBRACE", "{"), ("NUM", value), ("RBRACE", "}")):
            self.emit(token, content, here, here + 1)

    def _layer_or_row(self, items: list[str], start: int, end: int) -> bool:
        """`z_j^{(1)}`, `W^{1\\top}`, `x^n`, `z^{n,1}`: a layer number, a sample index, a transpose at the end."""
        turned = bool(items) and items[-1] in (r"\top", "T", r"\intercal") and len(items) > 1
        core = items[:-1] if turned else items
        core = core[:-1] if core[-1:] == ["^"] else core
        bracketed = bool(core) and core[0] in ("(", "[")
        parts = [s for s in core if s not in "()[],"]
        target = self._named_before()
        if target is None or not 1 <= len(parts) <= 2 or len(core) > 2 * len(parts) + 1:
            return False
        tok, row, layer = self.out[target], None, None
        for part in parts:
            if part.isdigit() and self.names.known(str(tok.value) + part):
                layer = part
            elif part[:1].isalpha() and len(part) <= 2 and self._is_sample_index(part, tok.value, bracketed):
                row = part
            else:
                return False
        if layer:
            tok.value = str(tok.value) + layer
        if row:
            inner = self.out.pop().value if target == len(self.out) - 2 else None
            self.emit("SUB", (row, inner[0]) if inner else (row,), start, end)
        if turned:
            self.emit("TRANS", None, start, end)
        return True

    def _named_before(self) -> int | None:
        """The place of the name that a superscript hangs on, with at most its subscript in between."""
        last = len(self.out) - 1
        if last >= 0 and self.out[last].type == "NAME":
            return last
        if last >= 1 and self.out[last].type == "SUB" and self.out[last - 1].type == "NAME":
            return last - 1
        return None

    def _is_sample_index(self, letter: str, name: str, bracketed: bool) -> bool:
        """A superscript letter counts samples when it stands in brackets or a sum binds it, and there are some."""
        if letter in self.names.dims or self.names.known(letter) and letter not in self.bound:
            return False
        rows = self.names.is_matrix(name) or self.names.known(name + "1")
        shape = self.names.shape(name)
        if bracketed:
            return rows or shape is not None and shape != ((), ())
        square = shape is not None and len(shape) == 2 and shape[0] == shape[1]
        return (letter in self.bound or letter in "ij" and not square) and (
            rows or shape is not None and shape != ((), ())
        )

    def _subscript(self, inside: list[Tex], start: int, end: int, following: Sequence[Tex]) -> None:
        if inside and inside[0].kind == "error":
            raise UnreadableError(inside[0].value, inside[0].start)
        items = self._with_labels(index_items(inside) or index_items(inside, greek=True))
        if not items:
            said = "".join(flat(inside))
            raise UnreadableError(f"the subscript {said!r} is not an index", start)
        if len(items) == 1 and isinstance(items[0], str):
            items = self._second_letter(items, following)
        if len(items) == 1 and isinstance(items[0], int) and 10 <= items[0] < 100 and self._two_axes():
            items = [items[0] // 10, items[0] % 10]
        if len(items) > 2:
            said = "".join(flat(inside))
            raise UnreadableError(f"the subscript {said!r} has {len(items)} indices; a matrix has two", start)
        self.emit("SUB", tuple(items), start, end)

    def _with_labels(self, items: list[Index]) -> list[Index]:
        """Index items with the letters that stand for one class throughout as labels."""
        return [Label(x) if isinstance(x, str) and x in self.names.fixed else x for x in items]

    def _second_letter(self, items: list[Index], following: Sequence[Tex]) -> list[Index]:
        """`x_ij` as it is typed without braces: both letters, where the second would otherwise mean nothing."""
        if len(following) != 1 or following[0].kind != "letter" or following[0].scripts:
            return items
        matrix = self.out and self.out[-1].type == "NAME" and self.names.is_matrix(str(self.out[-1].value))
        ahead = following[0].value
        if (
            not matrix
            or ahead not in self.bound
            and (self.names.known(ahead) or self.names.with_entries(ahead) or ahead in "deIoO")
        ):
            return items
        self.second = 1
        return [*items, ahead]

    def _two_axes(self) -> bool:
        return not self.out or self.out[-1].type != "NAME" or self.names.is_matrix(str(self.out[-1].value))


def partials(symbol: Symbol, names: Names) -> list[str]:
    """The numbers in which `f_x` or `f_{xy}` differentiates a function that was defined in them; else []."""
    definition = names.definitions.get(symbol.name)
    items = [x for m, i, *_ in symbol.scripts if m == "_" for x in index_items(i)]
    if definition is None or not definition.params or definition.core is None or not 1 <= len(items) <= 2:
        return []
    numbers = [p for p in definition.params if names.shape(p) == ((), ())]
    letters = [x for x in items if isinstance(x, str) and x in numbers]
    return letters if len(numbers) == len(definition.params) and len(letters) == len(items) else []


def matrix_of_slopes(symbol: Symbol, names: Names) -> str | None:
    """The defined f of `J_f` or `H_f`, where J and H are nothing else."""
    if symbol.name not in ("J", "H") or names.known(symbol.name):
        return None
    said = [name_of(i) for m, i, *_ in symbol.scripts if m == "_"]
    definition = names.definitions.get(said[0] or "") if len(said) == 1 else None
    return definition.name if definition is not None and definition.params else None


def counts_layers(items: list[str]) -> bool:
    """Whether a superscript is a letter that counts layers: l, L, l+1, [k-1]."""
    bare = [s for s in items if s not in "()[]"]
    return bare[:1] in (["l"], ["L"], [r"\ell"]) or len(bare) == 3 and bare[0].isalpha() and bare[1] in "+-"


def numbered_label(name: str, scripts: Iterable[Script]) -> str | None:
    r"""The name that a label and a number hang on together, "sigma2_B" for `\sigma_B^2`; None where they do not."""
    marks = {m: "".join(s for s in flat(i) if s not in "()[]" and s[0] != "\\") for m, i, *_ in scripts if m in "_^"}
    label, digit = marks.get("_", ""), marks.get("^", "")
    return f"{name}{digit}_{label}" if digit.isdigit() and label.isalpha() else None


def is_one_index(script: Script) -> bool:
    r"""Whether a script is one index letter: L_i, L^{(i)}."""
    mark, inside, *_ = script
    items = [s for s in flat(inside) if s not in ("(", ")")]
    return (
        mark in "_^" and len(items) == 1 and len(index_letters(items)) == 1 and (mark == "_" or len(flat(inside)) == 3)
    )


def logged_name(nodes: list[Tex], names: Names) -> tuple[Symbol, int] | None:
    r"""`\log L` as one name, where L alone is none (the likelihood of which only the logarithm is spoken of)."""
    if not nodes or nodes[0].kind != "command" or nodes[0].value not in ("log", "ln") or nodes[0].scripts:
        return None
    at = next((k for k in range(1, len(nodes)) if nodes[k].kind != "space"), len(nodes))
    symbol = symbol_of(nodes[at], names) if at < len(nodes) else None
    length = symbol is not None and symbol.name in names.dims and any(n.value == "(" for n in nodes[at + 1 : at + 2])
    if symbol is None or symbol.name not in ("L", "p", "P", "ell", "q") or names.known(symbol.name) and not length:
        return None
    return Symbol("log" + symbol.name, symbol.scripts), at + 1


def is_exponential(scripts: Sequence[Script]) -> bool:
    """Whether an e with these scripts is the exponential function: e^x, and not e^T."""
    return bool(scripts) and scripts[0][0] == "^" and flat(scripts[0][1]) not in (["T"], [r"\top"])


def orders_of(scripts: Sequence[Script]) -> int:
    """How many primes hang on a name."""
    return len(_primes(scripts))


def _primes(scripts: Sequence[Script]) -> list[str]:
    """The primes among the scripts of a name."""
    out = []
    for mark, inside, *_ in scripts:
        items = flat(inside)
        if mark == "'":
            out.append("'")
        elif mark == "^" and items and all(x in (r"\prime", "'") for x in items):
            out += items
    return out


def parted(nodes: list[Tex], signs: tuple[str, ...]) -> list[list[Tex]]:
    """The nodes between signs that stand outside of all brackets."""
    parts: list[list[Tex]] = [[]]
    depth = 0
    for n in nodes:
        value = n.value if n.kind in ("sign", "command", "bar") else ""
        depth += (value in ("(", "[", "{")) - (value in (")", "]", "}"))
        if value in signs and depth == 0:
            parts.append([])
        else:
            parts[-1].append(n)
    return parts


def index_letters(items: list[str]) -> list[str]:
    """The letters of a list of indices `i,j`, `kl`, `j'`, `i_1`; [] where anything else stands there."""
    out: list[str] = []
    primed = False
    for s in items:
        if s == ",":
            continue
        if s in ("'", r"\prime") and out:
            out[-1] += "'"
        elif s == "^":
            primed = True
            continue
        elif s == "_" and out:
            out[-1] += "_"
        elif s.isdigit() and out and out[-1].endswith("_"):
            out[-1] += s
        elif len(s) == 1 and s.isalpha() or s == r"\ell":
            out.append(s)
        elif s.isalpha() and s.isascii() and not primed:
            out.extend(s)
        else:
            return []
        primed = False
    return out


def index_items(inside: list[Tex], greek: bool = False) -> list[Index]:
    """What a subscript picks: letters, numbers, labels, None for a whole axis; [] where it is no index.

    greek: whether small Greek letters are indices too.
    """
    label = next((k for k, n in enumerate(inside) if label_of(n)), None)
    if label is not None:
        before, after = index_items(inside[:label]), index_items(inside[label + 1 :])
        said = all(
            not trimmed(part) or items for part, items in ((inside[:label], before), (inside[label + 1 :], after))
        )
        return [*before, label_of(inside[label]), *after] if said else []
    out: list[Index] = []
    for s in flat(inside):
        if s in (":", "*", r"\cdot", r"\bullet"):
            out.append(None)
        elif s.isdigit() and out and isinstance(out[-1], str) and out[-1].endswith("_"):
            out[-1] += s
        elif s.isdigit():
            out.append(int(s))
        elif s == ",":
            continue
        elif s in ("'", r"\prime") and out and isinstance(out[-1], str):
            out[-1] += "'"
        elif s == "_" and out and isinstance(out[-1], str):
            out[-1] += "_"
        elif s == "^":
            continue
        elif s == r"\ell" or len(s) == 1 and s.isalpha() and s.isascii() or greek and is_small_greek(s):
            out.append(s)
        else:
            return []
    return out


def _greek_letters(items: list[str]) -> list[str]:
    """The letters of a list of indices some of which are Greek; [] where anything else stands there."""
    letters = [s for s in items if s != ","]
    return letters if all(is_small_greek(s) or len(s) == 1 and s.isalpha() for s in letters) else []


def is_small_greek(word: str) -> bool:
    r"""Whether a word is a small Greek letter, which physicists take for an index: `\mu`."""
    return word[:1] == "\\" and word[1:] in GREEK and word[1:].islower()
