r"""From a line's text to tokens, knowing which names are declared.

That knowledge is what decides whether `Xw` is one name or a product, whether `d` in `dW` is a differential or a
dimension, whether `f(` is a call or a factor, whether `W^2` is a layer or a square, and whether `x_{ij}` is an
entry of X. The grammar in latex.lark then has no ambiguity left.
"""

from __future__ import annotations

import re
from itertools import pairwise

from .names import ACCENTS, GREEK, STYLES, Names, canonical, dependencies, plain, stem
from .tokens import BEFORE_SIGN, OPERAND_END, Tok, UnreadableError, check_brackets, find_close
from .tree import Node
from .vocabulary import FUNCTIONS, OTHER_RELATIONS, SIMPLE, SPACES, TRANSPOSES

NO_EQUALITY = "this sign is no '=': only equalities are compared here"
MAX_TOKENS = 700


class Lexer:
    """Reads one member of a relation; `tokens()` is the whole use."""

    def __init__(self, text: str, names: Names, bound=()):
        self.text, self.names = text, names
        self.pos, self.end = 0, len(text)
        self.out: list[Tok] = []
        self.bars: list[str] = []
        self.bound = set(bound)
        self.after_name: list[tuple[str, object]] = []
        self.taken: dict[int, int] = {}

    # -- the main loop
    # ------------------------------------------------------------------------------------------

    def tokens(self) -> list[Tok]:
        """All tokens of the text, or UnreadableError."""
        while self.pos < self.end:
            self._one()
            if len(self.out) > MAX_TOKENS:
                raise UnreadableError(f"this line is too long to read (more than {MAX_TOKENS} symbols)", self.pos)
        if self.bars:
            kind, at = self.bars[-1]
            raise UnreadableError(f"a {kind} is opened here and never closed", at)
        check_brackets(self.out)
        for nabla, after in pairwise(self.out):
            # \nabla_w L^T v is (\nabla_w L)^T v, but \nabla_x b^T x is the gradient of the whole product.
            array = after.type == "NAME" and self.names.shape(after.value) not in (None, ((), ()))
            if nabla.type == "NABLA" and array and after.value not in self.names.definitions:
                nabla.value = (*nabla.value, "product")
        return self.out

    def _emit(self, kind, value, start, end=None):
        self.out.append(Tok(kind, value, start, self.pos if end is None else end))

    def _one(self):
        ch, here = self.text[self.pos], self.pos
        if ch.isspace() or ch in "~":
            self.pos += 1
        elif ch == "\\":
            self._command()
        elif ch.isdigit() or ch == "." and self.text[here + 1 : here + 2].isdigit():
            found = re.compile(r"\d*\.?\d*").match(self.text, here, self.end)
            self.pos = found.end()
            self._number(found.group(), here)
        elif ch.isalpha():
            self._letters()
        elif ch in "^_":
            self._script(ch)
        elif ch == "'":
            self.pos += 1
            self._emit("TRANS", "'", here)
        elif ch == "|":
            double = self.text[here : here + 2] == "||" and not self._closes_bar()
            self.pos += 2 if double else 1
            self._bar("NORM" if double else "BAR", here)
        else:
            kinds = {
                "+": "PLUS",
                "-": "MINUS",
                "*": "DOT",
                "/": "SLASH",
                ":": "COLON",
                "(": "LPAR",
                "[": "LPAR",
                ")": "RPAR",
                "]": "RPAR",
                "{": "LBRACE",
                "}": "RBRACE",
                ",": "COMMA",
                ";": "SEMI",
                "&": "AMP",
            }
            if ch in "<>":
                raise UnreadableError(NO_EQUALITY, here)
            if ch not in kinds:
                raise UnreadableError(f"the character {ch!r} has no meaning here", here)
            self.pos += 1
            # After a sum or a product sign a minus belongs to what follows: \sum_k -y_k.
            leading = ch == "-" and self.out and self.out[-1].type in BEFORE_SIGN
            self._emit("NEG" if leading else kinds[ch], None if leading else ch, here)

    def _number(self, digits, here):
        if digits == ".":
            raise UnreadableError("a lone full stop is not a number", here)
        value = float(digits) if "." in digits or len(digits) > 15 else int(digits)
        self._emit("NUM", value, here)

    # -- brackets that look the same on both sides
    # --------------------------------------------------------------

    def _bar(self, kind, here, side=None):
        spoken = "norm" if kind == "NORM" else "bar |"
        closes = side == "R" if side else bool(self.bars and self.bars[-1][0] == spoken and self._operand_before())
        if closes:
            if not self.bars or self.bars[-1][0] != spoken:
                raise UnreadableError(f"this closes a {spoken} that was never opened", here)
            self.bars.pop()
            self._emit(kind + "_C", "2", here)
            if kind == "NORM":
                self._norm_label()
        else:
            self.bars.append((spoken, here))
            self._emit(kind + "_O", None, here)

    def _closes_bar(self):
        """Whether a bar here ends |A|, so that the two bars of |A||B| are no norm."""
        return bool(self.bars) and self.bars[-1][0] == "bar |" and self._operand_before()

    def _operand_before(self):
        return bool(self.out) and self.out[-1].type in OPERAND_END

    def _norm_label(self):
        found = re.compile(r"\s*_\s*(\{[^{}]*(?:\{[^{}]*\})?[^{}]*\}|\\[A-Za-z]+\s*\{?\w*\}?|\w)").match(
            self.text, self.pos
        )
        if not found:
            return
        self.out[-1].value = self._norm_named(found.group(1), self.pos)
        self.pos = self.out[-1].end = found.end()

    def _norm_named(self, raw, at):
        """Which norm a label such as `_F` or `_1` means."""
        label = re.sub(r"\\(?:mathrm|text|mathsf|mathbf|mathit|rm|,)|[{}\s]", "", raw)
        if label not in ("F", "2", "1", r"\infty", "Fro", "fro", "E"):
            raise UnreadableError(
                f"a norm with the label {label!r} is not known; \\|.\\|, \\|.\\|_F, \\|.\\|_2 and \\|.\\|_1 are", at
            )
        return {"1": "1", r"\infty": "inf"}.get(label, "2")

    # -- commands
    # -----------------------------------------------------------------------------------------------

    def _command(self):
        here = self.pos
        found = re.compile(r"\\([A-Za-z]+|.)", re.DOTALL).match(self.text, here)
        if not found:
            raise UnreadableError("a backslash with nothing after it", here)
        word = found.group(1)
        if word.startswith("not") and word != "not":
            raise UnreadableError(f"\\{word} is not read here", here)
        zero = re.compile(r"\\vec\s*(?:\{\s*0\s*\}|0)").match(self.text, here)
        if zero:
            self.pos = zero.end()
            self._emit("NUM", 0, here)
            return
        if word in ACCENTS or word in GREEK:
            self._name(here)
            return
        self.pos = found.end()
        handler = getattr(self, "_do_" + word, None) if word.isalpha() else None
        if word in SIMPLE:
            self._emit(SIMPLE[word], word, here)
        elif word in ("left", "right", "middle"):
            self._delimiter(word)
        elif word in SPACES or word in " \n":
            if word in ("hspace", "vspace", "phantom", "mkern", "mskip"):
                self._argument()
        elif word in STYLES:
            self._style(word, here)
        elif word in FUNCTIONS and word != "sqrt":
            self._function(FUNCTIONS[word], here)
        elif word in ("{", "}"):
            self._emit("LPAR" if word == "{" else "RPAR", word, here)
        elif word in ("|", "Vert", "lVert", "rVert", "vert", "lvert", "rvert"):
            side = {"l": "L", "r": "R"}.get(word[0]) if word[1:] in ("Vert", "vert") else None
            self._bar("NORM" if word == "|" or "V" in word else "BAR", here, side or self._side(here))
        elif word in ("frac", "dfrac", "tfrac", "cfrac", "nicefrac", "sfrac"):
            self._emit("FRAC", None, here)
            self._argument_tokens("\\frac")
            self._argument_tokens("\\frac")
        elif word == "\\":
            self._emit("NL", None, here)
        elif handler:
            handler(here)
        elif word in OTHER_RELATIONS:
            raise UnreadableError(NO_EQUALITY, here)
        else:
            raise UnreadableError(f"the command \\{word} is not known here", here)

    def _side(self, here):
        """L or R when `\\left`, `\\right`, `\\bigl`, `\\bigr` stands just before."""
        found = re.search(r"\\(left|right|[bB]igg?[lr])\s*$", self.text[:here])
        return None if not found else "L" if found[1] == "left" or found[1].endswith("l") else "R"

    def _delimiter(self, word):
        found = re.compile(r"\s*(\.|\||\\\||\\[A-Za-z]+)").match(self.text, self.pos)
        if found and found[1] == ".":
            self.pos = found.end()
        elif found and found[1] == "|":
            self.pos = found.end()
            self._bar("BAR", found.start(1), "L" if word == "left" else "R")

    def _argument(self) -> tuple[str, int]:
        """The raw text of the next braced argument or single symbol, and where it starts."""
        while self.pos < self.end and self.text[self.pos].isspace():
            self.pos += 1
        here = self.pos
        if here >= self.end:
            raise UnreadableError("something is missing at the end of the line", max(here - 1, 0))
        if self.text[here] == "{":
            close = find_close(self.text, here)
            self.pos = close + 1
            return self.text[here + 1 : close], here + 1
        found = re.compile(r"\\(?:[A-Za-z]+|.)|.", re.DOTALL).match(self.text, here)
        self.pos = found.end()
        if found.group()[1:] in STYLES or found.group()[1:] in ACCENTS:
            self._argument()
            return self.text[here : self.pos], here
        return found.group(), here

    def _argument_tokens(self, of):
        """Emit the next argument between braces, whether or not it was written with them."""
        try:
            raw, start = self._argument()
        except UnreadableError as e:
            raise (
                UnreadableError(f"{of} needs an argument here", e.position) if "missing" in e.message else e
            ) from None
        after = self.pos
        self._emit("LBRACE", "{", start - 1 if self.text[start - 1 : start] == "{" else start, start)
        if not raw.strip():
            raise UnreadableError(f"an argument of {of} is empty", max(start - 1, 0))
        self._inline(start, start + len(raw))
        self.pos = after
        self._emit("RBRACE", "}", after - 1, after)

    def _inline(self, start, end):
        """Read the stretch from `start` to `end` as if it were the whole text."""
        outer_end, self.pos, self.end = self.end, start, end
        while self.pos < end:
            self._one()
            if len(self.out) > MAX_TOKENS:
                raise UnreadableError(f"this line is too long to read (more than {MAX_TOKENS} symbols)", self.pos)
        self.end = outer_end

    def _style(self, word, here):
        """`\\mathbf`, `\\mathrm`, `\\text` and the like: only a few arguments mean something of their own."""
        mark = self.pos
        if word in ("displaystyle", "textstyle", "scriptstyle", "rm", "bf", "limits", "nolimits", "nonumber"):
            return
        raw, start = self._argument()
        content = raw.strip()
        inner = re.sub(r"\\(?:" + "|".join(STYLES) + r")(?![A-Za-z])|[{}\s]", "", content)
        if content.startswith("\\") and content[1:] in STYLES:
            self.pos = mark
        elif inner in ("1", "𝟙") and word in ("mathbf", "mathbb", "boldsymbol", "bm", "mathbbm", "bf", "pmb"):
            self._ones(here)
        elif inner == "I" and not self.names.known("I"):
            self._eye(here)
        elif inner == "e" and not self.names.known("e") and re.compile(r"\s*\^").match(self.text, self.pos):
            self._exponential(here)
        elif inner == "d" and word in ("mathrm", "operatorname", "text", "rm", "mathsf"):
            self._differential(here, "d")
        elif inner == "grad" and not self.names.known("grad"):
            self._do_nabla(here)
        elif inner in FUNCTIONS and not self.names.known(inner):
            self._function(FUNCTIONS[inner], here)
        elif word == "mathbb" and inner in ("R", "E", "P", "N", "Z"):
            raise UnreadableError(f"\\mathbb{{{inner}}} is not read here", here)
        elif re.fullmatch(r"[A-Za-z]\w+", inner):
            word_name = self._spelled(inner)
            if word_name is None and word in ("text", "textrm", "mbox", "hbox", "textit", "textbf"):
                said = self._undeclared(inner) + "; words of explanation belong after a % sign"
                raise UnreadableError(said, here)
            if word_name is None:
                after = self.pos
                self._inline(start, start + len(raw))
                self.pos = after
                return
            self._finish_name(word_name, here)
        else:
            after = self.pos
            group = len(content) > 1
            if group:
                self._emit("LBRACE", "{", here, start)
            if re.fullmatch(r"[A-Za-z]", content):
                self._name(start, resume=after)
                return
            self._inline(start, start + len(raw))
            self.pos = after
            if group:
                self._emit("RBRACE", "}", after - 1, after)

    def _spelled(self, word):
        for name in (word, re.sub(r"_", "", word)):
            if self.names.known(name):
                return name
        return None

    # -- names
    # --------------------------------------------------------------------------------------------------

    def _letters(self):
        """A run of letters: declared names first (longest), then functions, then the differential d, then one
        letter.
        """
        here = self.pos
        run = re.compile(r"[A-Za-z][A-Za-z0-9]*").match(self.text, here)
        if not run:
            raise UnreadableError(f"the character {self.text[here]!r} has no meaning here", here)
        run = run.group()[: self.end - here]
        best = max((n for n in self._spellings() if run.startswith(n)), key=len, default="")
        word = re.match(r"[A-Za-z]+", run).group()
        as_function = max(
            (f for f in FUNCTIONS if word.startswith(f) and (f == word or len(f) > 2)), key=len, default=""
        )
        if as_function and self.names.known(as_function):
            as_function = ""
        if as_function and (len(as_function) > len(best)):
            self.pos += len(as_function)
            self._function(FUNCTIONS[as_function], here)
        elif len(best) > 1 or best and not (best == "d" and self._is_differential(here)):
            self._name(here)
        elif word.startswith("d") and self._is_differential(here):
            self.pos += 1
            self._differential(here, "d")
        elif word.startswith("grad") and not best:
            self.pos += len("grad")
            self._do_nabla(here)
        elif word[0] == "e" and not best and re.compile(r"e\s*\^").match(self.text, here):
            self._exponential(here)
        elif word[0] in "oO" and not best and re.compile(r"[oO]\s*(\\left)?\s*\(").match(self.text, here):
            self.pos += 1
            self._emit("LITTLEO", word[0], here)
        elif word[0] == "I" and not best:
            self.pos += 1
            self._eye(here)
        else:
            self._name(here)

    def _exponential(self, here):
        self.pos = self.text.index("^", here) + 1
        self._emit("EXP", "e", here)
        self._argument_tokens("e^")

    def _spellings(self):
        """Multi-letter and single-letter names as they may stand in plain text."""
        known = [
            *self.names.symbols,
            *self.names.dims,
            *self.names.definitions,
            *self.names.functions,
            *self.names.directions,
        ]
        return [n for n in known if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", n)]

    def _is_differential(self, here):
        """Whether the d at `here` is a differential: something to differentiate must follow at once."""
        rest = self.text[here + 1 : self.end]
        if re.match(r"\s*(\\left\s*)?[(\[]|\s*\\(left)?\s*(\\\||\|\||\\[lV]Vert)|\s*\\\||\s*\\l?Vert", rest):
            return True
        if re.match(r"[A-Za-z]|\{\s*\\?[A-Za-z]", rest):
            return not (self.names.known("d") and self._as_subscript(here))
        if re.match(r"\s+[A-Za-z]", rest):
            return not self.names.known("d") or not self._operand_before()
        if re.match(r"\s*\\(log|ln|det|tr|operatorname|mathrm|text|sum|sigma|exp)", rest):
            return not self.names.known("d") or bool(re.match(r"\s*\\(text|mathrm|operatorname|log|tr|det)", rest))
        found = re.match(r"\s*\\([A-Za-z]+)", rest)
        if found and (found[1] in ACCENTS or found[1] in GREEK or found[1] in STYLES):
            return True
        if re.match(r"\s*\^\s*(2|\{\s*2\s*\})\s*[A-Za-z\\(]", rest):
            return not self.names.known("d") or self._second_differential(rest)
        # A bare d is the operator in \frac{d}{dw}; _argument_tokens has cut the text at the closing brace.
        return not rest.strip() and self._is_operator_fraction()

    def _second_differential(self, rest):
        """Whether `d^2L` that begins a side is the second differential of a defined L, where d is a length too."""
        name = re.match(r"\s*\^\s*\{?\s*2\s*\}?\s*\\?([A-Za-z]+)", rest)
        return not self.out and name is not None and name[1] in self.names.definitions

    def _is_operator_fraction(self):
        return bool(re.match(r"\s*\}?\s*\{\s*(d|\\mathrm\s*\{?d\}?)\s*\\?[A-Za-z]", self.text[self.pos + 1 :]))

    def _as_subscript(self, here):
        return self.text[:here].rstrip().endswith("_")

    def _differential(self, here, kind):
        """Emit the differential sign as prefix, as head of a function or sum, or as a bare operator."""
        order = re.compile(r"\s*\^\s*\{?\s*2\s*\}?").match(self.text, self.pos)
        if order and order.end() <= self.end:
            self.pos = order.end()
        rest = self.text[self.pos : self.end]
        if re.match(r"\s*\^\s*\{?\s*[3-9nk]\s*\}?", rest):
            raise UnreadableError("derivatives of order three and more are not read", here)
        value = (kind, 2 if order else 1)
        head = re.match(
            r"\s*\\(log|ln|det|tr|sum|exp|operatorname|mathrm\s*\{\s*tr|text\s*\{\s*tr|frac|dfrac|tfrac)\b",
            rest,
        )
        if not rest.strip() or rest.lstrip().startswith(("}", "/")):
            self._emit("DOP", value, here)
        else:
            self._emit("DIFFH" if head and "frac" not in head[0] else "DIFF", value, here)

    def _name(self, here, resume=None):
        """A symbol with its accents and whatever index or layer belongs to its name."""
        self.pos = here
        name = self._read_accented()
        if resume is not None:
            self.pos = max(resume, self.pos)
        self._finish_name(name, here)

    def _read_accented(self):
        """The canonical name at the present position: accents, styles, one symbol; leaves subscripts inside
        braces to be read.
        """
        found = re.compile(r"\\([A-Za-z]+)").match(self.text, self.pos)
        if found and found[1] in ACCENTS:
            self.pos = found.end()
            raw, start = self._argument()
            after = self.pos
            self.pos = start
            inner = self._read_accented()
            rest = self.text[self.pos : start + len(raw)].strip()
            self.pending = (self.pos, start + len(raw)) if rest else None
            self.pos = after
            return f"{ACCENTS[found[1]]} {inner}"
        if found and found[1] in STYLES:
            self.pos = found.end()
            raw, start = self._argument()
            after, self.pos = self.pos, start
            inner = self._read_accented()
            self.pos = after
            return inner
        if found and found[1] in GREEK:
            self.pos = found.end()
            return self._delta_direction(found[1])
        if self.text[self.pos : self.pos + 1] == "{":
            raw, start = self._argument()
            after, self.pos = self.pos, start
            inner = self._read_accented()
            self.pos = after
            return inner
        found = re.compile(r"[A-Za-z][A-Za-z0-9]*").match(self.text, self.pos, max(self.end, self.pos))
        if not found:
            raise UnreadableError("a name is expected here", min(self.pos, max(len(self.text) - 1, 0)))
        run = found.group()
        best = max((n for n in self._spellings() if run.startswith(n)), key=len, default=run[0])
        self.pos += len(best)
        return best

    def _delta_direction(self, word):
        """`\\Delta W` as one name when neither is declared apart."""
        if word == "Delta" and not self.names.known("Delta"):
            found = re.compile(r"\s*\{?\s*(?:\\(?:mathbf|boldsymbol|mathrm)\s*\{?\s*)?([A-Za-z])\s*\}?").match(
                self.text, self.pos
            )
            if found:
                self.pos = found.end(1)
                return "Delta" + found[1]
        return word

    def _finish_name(self, name, here):
        pending, self.pending = getattr(self, "pending", None), None
        name = self._with_suffix(name)
        if name not in self.names.symbols and self.names.functions.get(name):
            self._function(self.names.functions[name], here)
            return
        if name == "sigma" and not self.names.known(name):
            self._function("sigmoid", here)
            return
        if name == "delta" and not self.names.known(name) and self._kronecker(here):
            return
        self._emit("NAME", self._resolved(name, here), here)
        self.out.extend(Tok(kind, value, here, self.pos) for kind, value in self.after_name)
        self.after_name = []
        if pending:
            after = self.pos
            self._inline(*pending)
            self.pos = after
        self._call_if_so()

    def _with_suffix(self, name):
        """The name with a layer number, star or label taken in, when that longer name is known."""
        for _ in range(2):
            found = re.compile(r"\s*([_^])\s*(\{(?:[^{}]|\{[^{}]*\})*\}|\\\w+|[\w*])").match(self.text, self.pos)
            if not found or found.end() > self.end:
                break
            content = found[2].strip("{} ")
            bare = re.sub(r"[()\[\]\s]|\\(?:text|mathrm|rm|mathbf|mathsf)(?![a-z])|[{}]", "", content)
            layer = re.fullmatch(r"(?:([A-Za-z]'*),)?(\d)(?:,([A-Za-z]'*))?(\^?\\?(?:top|T|intercal))?", bare)
            if (
                layer
                and not self._is_power(name, layer[2], content, found)
                and self._layer_known(name + layer[2])
                and (found[1] == "^" or not (layer[1] or layer[3] or layer[4]))
            ):
                name, self.pos = name + layer[2], found.end()
                if layer[1] or layer[3]:
                    self.after_name.append(("SUB", (layer[1] or layer[3],)))
                if layer[4]:
                    self.after_name.append(("TRANS", None))
                    break
            elif found[1] == "_" and (ahead := self._layer_after(name, found.end())):
                name += ahead
                break
            elif bare in ("*", r"\ast", r"\star") and self.names.known(name + "*"):
                name, self.pos = name + "*", found.end()
            elif bare.isalpha() and self.names.known(f"{name}_{bare}"):
                name, self.pos = f"{name}_{bare}", found.end()
            else:
                break
        return name

    def _layer_after(self, name, at):
        """The layer number in `z_i^{2}`, noted as taken, when that layer of the name is known."""
        found = re.compile(r"\s*\^\s*(\{\s*[\[(]?\d[\])]?\s*\}|\d)").match(self.text, at, self.end)
        digits = re.sub(r"\D", "", found[1]) if found else ""
        if not digits or not self._layer_known(name + digits):
            return ""
        if self.names.known(name) and not self.names.known(name + digits) and not re.search(r"[\[(]", found[1]):
            return ""  # w_i^2 is the square of an entry of w, not an entry of W2
        self.taken[found.end() - len(found[0].lstrip())] = found.end()
        return digits

    def _is_power(self, name, digit, written, found):
        """Whether the 2 of `w^2` squares w: with w itself declared, W2 is meant only by `w^{(2)}` or
        `w^2_{ij}`.
        """
        return (
            found[1] == "^"
            and self.names.known(name)
            and not self.names.known(name + digit)
            and not re.search(r"[\[(]", written)
            and not re.compile(r"\s*_").match(self.text, found.end())
        )

    def _layer_known(self, name):
        return self.names.known(name) or self.names.with_entries(name) is not None

    def _resolved(self, name, here):
        """The known name meant: itself, the capital whose entries it denotes, or UnreadableError."""
        subscripted = re.compile(r"\s*[_^]\s*(\{[^{}]*\}|\w|\\\w+)").match(self.text, self.pos)
        pending = getattr(self, "pending", None)
        capital = self.names.with_entries(name)
        if self.names.known(name):
            two = subscripted and len(re.findall(r"[A-Za-z]'*|\d", subscripted[1])) == 2 and "_" in subscripted[0]
            if two and capital and not self.names.is_matrix(name):
                return capital
            return name
        if capital and (
            subscripted or pending or self.after_name or re.compile(r"\s*\}?\s*[_^]").match(self.text, self.pos)
        ):
            return capital
        digits = re.compile(r"\s*[_^]\s*\{?[\[(]?(\d)").match(self.text, self.pos)
        if capital and digits:
            return capital
        if name.startswith("Delta") and len(name) == 6:
            self.names.directions.setdefault(name, name[5:])
            return name
        if name == "pi":
            return name
        raise UnreadableError(self._undeclared(self._whole_word(name, here)), here)

    def _whole_word(self, name, here):
        """The run of letters a name begins, when none of them is known: MSE and not M is what is missing."""
        run = re.compile(r"[A-Za-z]+").match(self.text, here)
        return run[0] if run and len(name) == 1 and not any(self.names.known(c) for c in run[0]) else name

    def _undeclared(self, name):
        from .names import spoken_name

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
        return f"{said} is not declared: it is neither in the shapes nor defined in a line above{hint}"

    def _call_if_so(self):
        """Turn `f` into a call when what follows in brackets is an argument and not a factor."""
        tok = self.out[-1]
        definition = self.names.definitions.get(tok.value)
        if tok.type != "NAME" or definition is None:
            return
        found = re.compile(r"\s*(?:\\left|\\bigl|\\big)?\s*\(").match(self.text, self.pos)
        if not found:
            return
        depth, k = 0, found.end() - 1
        while k < self.end:
            depth += (self.text[k] == "(") - (self.text[k] == ")")
            if depth == 0:
                break
            k += 1
        inside, behind = self.text[found.end() : k], self.text[k + 1 : self.end]
        if self._is_argument(inside, definition) and not self._is_factor(inside, behind, definition):
            tok.type = "CALL"

    def _is_factor(self, inside, behind, definition):
        r"""Whether `(W^2)` in `D (W^2)^\top` is a factor: a layer needs its bracket to be transposed."""
        layer = re.search(r"\^\s*(?:\{\s*)?[\[(]?\d", inside) and re.match(r"\s*[\^']", behind)
        return bool(layer) and not definition.params and definition.shape != ((), ())

    def _is_argument(self, inside, definition):
        """Whether the bracket after a defined name holds arguments: names it depends on, alone or moved in a
        direction.
        """
        if definition.params:
            return True
        bare = re.sub(
            r"\\(?:mathbf|boldsymbol|mathrm|bm|left|right|,|;|!)(?![a-z])|\\(?:,|;|!)|[{}\s]", "", inside
        ).rstrip("\\")
        bare = re.sub(r"\\(?:star|ast)(?![a-z])", "*", bare)
        symbol = r"(?:\\(?:hat|bar|tilde))?\\?[A-Za-z]+(?:[_^]?\(?\d+\)?)?(?:\^?\*)?(?:_[a-zA-Z]{2,})?"
        needs = dependencies(Node("sym", (), definition.name), self.names)
        for part in re.split("[,;]", bare):
            found = re.fullmatch(rf"({symbol})(?:[+-](.+))?", part)
            if not found:
                return False
            base = canonical(found[1])
            moved = found[2] is None or re.match(r"d|t|h|\\?(?:varepsilon|epsilon|delta|Delta)", found[2])
            instead = found[2] is None and definition.shape == ((), ()) and any(stem(base) == n != base for n in needs)
            if not (base in needs and base != definition.name and moved or instead):
                return False
        return True

    # -- special atoms
    # ------------------------------------------------------------------------------------------

    def _size(self):
        """An optional size in a subscript: `I_m`, `\\mathbf 1_{n}`, `I_{n \\times n}`."""
        found = re.compile(r"\s*_\s*(?:\{\s*(\w+)\s*(?:\\times\s*\w+\s*)?\}|(\w))").match(self.text, self.pos)
        if found:
            self.pos = found.end()
            return found[1] or found[2]
        return None

    def _eye(self, here):
        self._emit("EYE", self._size(), here)
        self.out[-1].end = self.pos

    def _ones(self, here):
        if self._indicator(here):
            return
        self._emit("ONES", self._size(), here)
        self.out[-1].end = self.pos

    def _indicator(self, here) -> bool:
        """`\\mathbf 1[z > 0]`, `\\mathbb 1_{z>0}`: 1 where z is positive, which is the derivative of relu."""
        found = re.compile(
            r"\s*(?:_\s*\{|(?:\\left|\\bigl?|\\Bigl?)?\s*(?:[\[(]|\\\{))(?P<z>[^<>=]*?)(?:>|\\gt(?![a-z])|\\geq?(?![a-z]))\s*0\s*"
            r"(?:\\right|\\bigr?|\\Bigr?)?\s*(?:\\?\}|[\])])"
        ).match(self.text, self.pos, self.end)
        if not found or not found["z"].strip():
            return False
        self._emit("FUNCP", ("relu", 1), here, found.start("z"))
        self._emit("LPAR", "(", found.start("z"), found.start("z"))
        self._inline(*found.span("z"))
        self.pos = found.end()
        self._emit("RPAR", ")", found.end("z"))
        return True

    def _do_max(self, here):
        """`\\max(0, z)`, entry by entry, is relu."""
        found = re.compile(
            r"\s*(?:\\left|\\bigl?)?\s*(?:\(|\[|\\\{)\s*(?:0\s*,(?P<z>[^,]*)|(?P<y>[^,]*),\s*0\s*)(?:\\right|\\bigr?)?(?:\)|\]|\\\})\s*$"
        )
        close = self._closing_bracket()
        match = found.match(self.text, self.pos, close) if close else None
        if not match:
            raise UnreadableError(r"\max is read only as \max(0, z), which is relu", here)
        part = "z" if match["z"] is not None else "y"
        self._emit("FUNCP", ("relu", 0), here, match.start(part))
        self._emit("LPAR", "(", match.start(part), match.start(part))
        self._inline(*match.span(part))
        self.pos = close
        self._emit("RPAR", ")", close - 1)

    def _closing_bracket(self):
        """The place after the bracket that closes the one that comes next, or None."""
        depth = 0
        for k in range(self.pos, self.end):
            depth += (self.text[k] in "([{") - (self.text[k] in ")]}")
            if depth == 0 and self.text[k] in ")]}":
                return k + 1
        return None

    def _kronecker(self, here):
        found = re.compile(r"\s*_\s*\{\s*([A-Za-z]'*)\s*,?\s*([A-Za-z]'*)\s*\}").match(self.text, self.pos)
        if found:
            self.pos = found.end()
            self._emit("KDELTA", (found[1], found[2]), here)
        return bool(found)

    def _function(self, name, here):
        """A function head: with primes, a power or a transpose on the head, and whether a bracket follows."""
        primes = re.compile(r"\s*('+|\^\s*\{?\s*(?:\\prime\s*)+\}?)").match(self.text, self.pos)
        count = 0
        if primes:
            count = primes[1].count("'") + primes[1].count("prime")
            self.pos = primes.end()
        for_rows = re.compile(r"\s*_\s*\{?\s*\\?(?:text|mathrm)?\{?(?:row|rows|i)\}*").match(self.text, self.pos)
        if for_rows and name == "softmax" and "row" in for_rows[0]:
            self.pos = for_rows.end()
        follows = re.compile(r"\s*(?:\\left|\\bigl|\\Bigl|\\big|\\Big|\\!|\\,)*\s*(?:[(\[]|\\\{|\\lbrace)").match(
            self.text, self.pos
        )
        braced = re.compile(r"\s*\{").match(self.text, self.pos)
        self._emit("FUNCP" if follows else "FUNCH", (name, count), here)
        if braced and not follows:
            self.out[-1].type = "FUNCP"
            raw, start = self._argument()
            after = self.pos
            self._emit("LPAR", "(", start - 1, start)
            self._inline(start, start + len(raw))
            self.pos = after
            self._emit("RPAR", ")", after - 1, after)

    def _do_partial(self, here):
        if re.compile(r"\s*_").match(self.text, self.pos):
            self._do_nabla(here)
            return
        self._differential(here, "partial")

    def _do_dd(self, here):
        self._differential(here, "d")

    _do_dif = _do_diff = _do_dd

    def _do_pdv(self, here):
        """The derivative macros of the physics package, `\\pdv{L}{w}` and `\\dv{L}{w}`."""
        self._emit("FRAC", None, here)
        for _ in range(2):
            raw, start = self._argument()
            after = self.pos
            self._emit("LBRACE", "{", start - 1, start)
            self._emit("DIFF", ("partial", 1), start, start)
            self._inline(start, start + len(raw))
            self.pos = after
            self._emit("RBRACE", "}", after - 1, after)

    _do_dv = _do_pdv

    def _do_color(self, here):
        self._argument()

    _do_textcolor = _do_color

    def _do_sqrt(self, here):
        if re.compile(r"\s*\(").match(self.text, self.pos, self.end):
            self._function("sqrt", here)
            return
        degree = re.compile(r"\s*\[([^\[\]]*)\]").match(self.text, self.pos, self.end)
        if degree:
            self.pos = degree.end()
            if degree[1].strip() != "2":
                raise UnreadableError(r"only square roots are read; write another root as a power: c^{1/3}", here)
        self._emit("SQRT", None, here)
        self._argument_tokens("\\sqrt")

    def _do_nabla(self, here):
        order = re.compile(r"\s*\^\s*\{?\s*2\s*\}?").match(self.text, self.pos)
        if order:
            self.pos = order.end()
        found = re.compile(r"\s*_\s*").match(self.text, self.pos)
        variable = None
        if found and found.end() < self.end:
            self.pos = found.end()
            raw, start = self._argument()
            sub = Lexer(self.text[: start + len(raw)], self.names, self.bound)
            sub.pos = start
            toks = sub.tokens()
            if not toks or toks[0].type != "NAME":
                raise UnreadableError("the gradient needs a name as its variable here", start)
            variable = toks
        order2 = re.compile(r"\s*\^\s*\{?\s*2\s*\}?").match(self.text, self.pos) if variable else None
        if order2 and order2.end() <= self.end:
            self.pos, order = order2.end(), order2
        self._emit("NABLA", (variable, 2 if order else 1), here)

    def _do_sum(self, here):
        """`\\sum` with its subscript and superscript in either order."""
        low = high = None
        for _ in range(2):
            found = re.compile(r"\s*(?:\\limits|\\nolimits)?\s*([_^])").match(self.text, self.pos)
            if not found or found.end() > self.end:
                break
            self.pos = found.end()
            raw, start = self._argument()
            if found[1] == "_":
                low = (raw, start)
            else:
                high = (raw, start)
        if low is None:
            raise UnreadableError(r"this sum names no index: write \sum_i or \sum_{i=1}^{n}", here)
        self._emit("SUM", self._sum_indices(low, high), here)
        self.bound.update(i for i, _, _ in self.out[-1].value)

    def _sum_indices(self, low, high):
        raw, start = low
        text = re.sub(r"\\[,;! ]|\\(?:text|mathrm|mathbf)|\s", "", raw)
        unequal = re.fullmatch(r"\s*([A-Za-z]'*)\s*(?:\\neq?(?![A-Za-z])|\\not\s*=|!=)\s*([A-Za-z]'*)\s*", raw)
        if unequal:
            return [(unequal[1], None, unequal[2])]
        head, _, first = text.partition("=")
        letters = re.findall(r"[A-Za-z](?:'|\^\{?\\prime\}?|_\d)*|\\ell", head)
        if not letters or re.sub(r"[A-Za-z](?:'|\^\{?\\prime\}?|_\d)*|\\ell|,", "", head):
            raise UnreadableError(
                r"the index of this sum is not clear: write \sum_i, \sum_{i,j} or \sum_{i=1}^{n}", start
            )
        if first not in ("", "1") and not first.startswith("1,"):
            raise UnreadableError("a sum must start at 1 here", start)
        limit = None
        if high:
            limit = re.sub(r"\\(?:mathrm|text|mathit)|[{}\s]", "", high[0]) or None
            if limit and not re.fullmatch(r"[A-Za-z]\w*'?|\d+", limit):
                raise UnreadableError("the upper limit of a sum must be the name of a dimension here", high[1])
        letters = [re.sub(r"\^\{?\\prime\}?", "'", i) for i in letters]
        return [(i, limit, None) for i in letters]

    def _do_begin(self, here):
        raw, _ = self._argument()
        kind = raw.strip().rstrip("*")
        if kind in ("bmatrix", "pmatrix", "matrix", "smallmatrix", "vmatrix", "array", "Bmatrix"):
            if kind == "array":
                self._argument()
            self._emit("MATOPEN", kind, here)
        elif kind == "cases":
            self._emit("MATOPEN", "cases", here)
            self._cases()
        else:
            raise UnreadableError(f"the environment {kind!r} is not read inside a line", here)

    def _do_end(self, here):
        self._argument()
        if self.out and self.out[-1].type == "NL":
            self.out.pop()
        self._emit("MATCLOSE", None, here)

    def _cases(self):
        """The rows of a cases environment: values as tokens, conditions `i=j`, `i\\ne j`, otherwise."""
        stop = self.text.find(r"\end", self.pos)
        if stop < 0:
            raise UnreadableError(r"\begin{cases} is never closed", self.pos)
        start = self.pos
        for row in re.split(r"(\\\\)", self.text[start:stop]):
            if row == r"\\" or not row.strip():
                start += len(row)
                continue
            value, amp, condition = row.partition("&")
            text = re.sub(
                r"\\(?:text|mathrm|mbox)|if|when|for|[{}\s,\\]",
                " ",
                condition.replace(r"\neq", "≠").replace(r"\ne", "≠"),
            )
            found = re.search(r"([A-Za-z]'*)\s*(=|≠|!=)\s*([A-Za-z]'*)", text)
            if found:
                cond = ("eq" if found[2] == "=" else "ne", found[1], found[3])
            elif "otherwise" in text or "else" in text or not amp:
                cond = ("else",)
            else:
                raise UnreadableError(
                    "a condition in cases must be like i = j, i \\ne j or otherwise", start + len(value)
                )
            self._inline(start, start + len(value))
            self._emit("COND", cond, start + len(value), start + len(row))
            start += len(row)
        self.pos = stop

    # -- sub- and superscripts
    # ----------------------------------------------------------------------------------

    def _script(self, mark):
        here = self.pos
        if here in self.taken:
            self.pos = self.taken[here]
            return
        self.pos += 1
        raw, start = self._argument()
        if mark == "_" and [t.type for t in self.out[-5:]] == ["NORM_C", "SUP", "LBRACE", "NUM", "RBRACE"]:
            self.out[-5].value = self._norm_named(raw, start)  # the label of ||x||^2_2 stands after the square
            return
        if mark == "_":
            raw = self._second_letter(raw)
            self._subscript(raw, here, start)
            return
        content = re.sub(r"\\(?:mathsf|mathrm|text|rm|mathbf|mathit|sf)(?![a-z])|[\s{}]", "", raw).replace("\\!", "")
        stripped = content.lstrip("\\")
        if stripped in TRANSPOSES and content != "\\tr":
            self._emit("TRANS", None, here)
        elif re.fullmatch(r"(\\prime)+|'+", content):
            self._emit("TRANS", "'", here)
        elif content == "-1":
            self._emit("INV", None, here)
        elif re.fullmatch(r"-1?\\?(T|top|intercal)|\\?(T|top|intercal)\^?-1", content):
            self._emit("INVT", None, here)
        elif self._layer_or_row(content, here):
            pass
        elif turned := re.fullmatch(r"(-?\d)\^?\\?(?:T|top|intercal)", content):
            self._number_power("SUP", turned[1], here)
            self._emit("TRANS", None, here)
        elif entrywise := re.fullmatch(r"\\(?:circ|odot)(\d)", content):
            self._number_power("ESUP", entrywise[1], here)
        else:
            self._plain_power(raw, start, here)

    def _number_power(self, kind, digit, here):
        for token, value in ((kind, None), ("LBRACE", "{"), ("NUM", int(digit)), ("RBRACE", "}")):
            self._emit(token, value, here)

    def _plain_power(self, raw, start, here):
        after = self.pos
        self._emit("SUP", None, here, start)
        self._emit("LBRACE", "{", start, start)
        if not raw.strip():
            raise UnreadableError("an empty superscript", here)
        self._inline(start, start + len(raw))
        self.pos = after
        self._emit("RBRACE", "}", after, after)

    def _layer_or_row(self, content, here):
        """`z_j^{(1)}`, `W^{1\\top}`, `x^n`, `z^{n,1}`: a layer number, a sample index, a transpose at the
        end.
        """
        found = re.fullmatch(r"([(\[]?\w?'?[)\]]?)(?:,([(\[]?\w[)\]]?))?(?:\^?\\?(top|T|intercal))?", content)
        if not found or not self.out:
            return False
        transposed = found[3] is not None
        parts = [re.sub(r"[()\[\]]", "", p) for p in found.groups()[:2] if p]
        target = next(
            (k for k in (len(self.out) - 1, len(self.out) - 2) if k >= 0 and self.out[k].type == "NAME"), None
        )
        if target is None or target == len(self.out) - 2 and self.out[-1].type != "SUB":
            return False
        tok, row, layer = self.out[target], None, None
        for part in parts:
            if part.isdigit() and self.names.known(tok.value + part):
                layer = part
            elif re.fullmatch(r"[A-Za-z]'*", part) and self._is_sample_index(part, tok.value):
                row = part
            else:
                return False
        if layer is None and row is None:
            return False
        if layer:
            tok.value += layer
        if row:
            inner = self.out.pop().value if target == len(self.out) - 2 else None
            self._emit("SUB", (row, inner[0]) if inner else (row,), here)
        if transposed:
            self._emit("TRANS", None, here)
        return True

    def _is_sample_index(self, letter, name):
        """A superscript letter counts samples when a sum binds it and the name has rows to count."""
        return letter in self.bound and (self.names.is_matrix(name) or self.names.known(name + "1"))

    def _subscript(self, raw, here, start):
        text = re.sub(r"\\[,;! ]|\\(?:mathrm|mathbf|mathit)|\s", "", raw)
        text = re.sub(r"\^\{?\\prime\}?", "'", text)
        for wild in (r"\cdot", r"\bullet", ":", "*"):
            text = text.replace(wild, ":")
        items = re.findall(r"[A-Za-z](?:'|_\d)*|\\ell|\d+|:", text)
        rest = re.sub(r"[A-Za-z](?:'|_\d)*|\\ell|\d+|:|,", "", text.replace("{", "").replace("}", ""))
        if rest or not items:
            raise UnreadableError(f"the subscript {raw.strip()!r} is not an index", start)
        if len(items) == 1 and items[0].isdigit() and len(items[0]) == 2 and "," not in text and self._two_axes():
            items = list(items[0])
        if len(items) > 2:
            raise UnreadableError(f"the subscript {raw.strip()!r} has {len(items)} indices; a matrix has two", start)
        self._emit("SUB", tuple(None if i == ":" else int(i) if i.isdigit() else i for i in items), here)

    def _second_letter(self, raw):
        """`x_ij` as it is typed without braces: both letters, where the second would otherwise mean nothing."""
        ahead = self.text[self.pos : self.pos + 1] if self.pos < self.end else ""
        matrix = self.out and self.out[-1].type == "NAME" and self.names.is_matrix(self.out[-1].value)
        if not (matrix and raw.isalpha() and len(raw) == 1 and ahead.isalpha() and ahead.isascii()):
            return raw
        if ahead not in self.bound and (self.names.known(ahead) or self.names.with_entries(ahead) or ahead in "deIoO"):
            return raw
        if re.compile(r"[A-Za-z]{2}").match(self.text, self.pos):
            return raw
        self.pos += 1
        return raw + ahead

    def _two_axes(self):
        return not self.out or self.out[-1].type != "NAME" or self.names.is_matrix(self.out[-1].value)


def lex(text: str, names: Names, bound=()) -> list[Tok]:
    """The tokens of one member of a relation.

    UnreadableError says what cannot be read and at which position of `text`.
    """
    spelled, where = plain(text)
    try:
        out = Lexer(spelled, names, bound).tokens()
    except UnreadableError as problem:
        problem.position = where[min(problem.position, len(where) - 1)] if where else 0
        raise
    where.append(len(text))
    for tok in out:
        tok.start = where[min(tok.start, len(where) - 1)]
        last = min(max(tok.end - 1, 0), len(where) - 2) if len(where) > 1 else 0
        tok.end = max(where[last] + 1, tok.start)
    return out
