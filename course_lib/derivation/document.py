r"""From a text to its statements, from a statement to clauses, conditions and the members of its relations, and the
name that a clause may define. All of it is asked of TeX nodes; the text itself was read once, by tex.py.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

from .class_labels import Condition, Label
from .declarations import declared
from .names import Names, Symbol, name_of, symbol_of
from .numpy_reader import UNPARSED, augmented, looks_like_numpy, unmasked
from .operations import FUNCTIONS, SHY
from .symbols import index_items, index_letters, logged_name, matrix_of_slopes, parted, partials
from .tex import Script, Tex, changed, everywhere, flat, read_tex, trimmed, words_of

BULLETS = frozenset(["*", "-", "•", "–"])
SIDE_CONDITIONS = frozenset(["ne", "lt", "le", "gt", "ge"])
MOST_LINES, MOST_CHARACTERS = 80, 3000
EQUALITIES = frozenset(["=", ":=", "=:", "approx", "gets"])
TEXTS = frozenset(
    ["text", "textrm", "textit", "textbf", "textnormal", "mbox", "hbox", "mathrm", "rm", "textsf", "emph"]
)
# After these words stands what a claim holds for; after those, why it holds; the others only lead on.
RESTRICTING = frozenset(
    [
        "case",
        "in case",
        "in the case",
        "case:",
        "for",
        "if",
        "when",
        "whenever",
        "forall",
        "for all",
        "for each",
        "for every",
    ]
)
DEFINING = frozenset(["where", "with", "let", "define", "and let", "denote", "set", "put", "write"])
REASONS = frozenset(["since", "because", "as", "by", "using", "assuming", "from", "given", "provided", "recall"])
FILLERS = frozenset(
    [
        "so",
        "hence",
        "thus",
        "then",
        "and",
        "therefore",
        "now",
        "also",
        "or",
        "i.e.",
        "i.e",
        "e.g",
        "that",
        "is",
        "finally",
        "similarly",
        "we",
        "get",
        "have",
        "obtain",
        "find",
        "the",
        "gives",
        "which",
        "yields",
        "consequently",
        "giving",
        "it",
        "follows",
        "leads",
        "to",
        "respectively",
        "first",
        "next",
        "this",
        "means",
        "note",
        "similarly,",
        "hence,",
        "thus,",
        "so,",
        "therefore,",
        "then,",
        "now,",
        "finally,",
    ]
)
_OPEN, _CLOSE = ("(", "[", "{", "lbrace", "langle"), (")", "]", "}", "rbrace", "rangle")


# Names and the values that they have at a point.
Points = list[tuple[list[Tex], list[Tex]]]


@dataclass
class Member:
    """One side of a relation: its nodes, the relation sign before it, and where it stands in the text."""

    nodes: list[Tex]
    sign: str
    start: int
    end: int
    raw: str = ""
    numpy: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing stands on this side."""
        return not self.nodes


@dataclass
class Clause:
    """One relation of a statement: its members, the conditions it is restricted by, and how it was led in."""

    members: list[Member]
    conditions: list[Condition] = field(default_factory=list)
    led: str = ""
    continues: bool = False
    at_point: bool = False
    declares: dict[str, str] = field(default_factory=dict)
    at: Points = field(default_factory=list)  # names and the values they have: |_{x=a}


@dataclass
class Statement:
    """A line of the learner: its text, where it begins in the whole, and its clauses."""

    text: str
    start: int
    nodes: list[Tex]
    numpy: bool = False
    clauses: list[Clause] = field(default_factory=list)


@dataclass
class _Piece:
    nodes: list[Tex]
    start: int
    end: int
    numpy: bool = False


def read_document(text: str, names: Names) -> list[Statement]:
    """The statements of a text, in the order in which they stand."""
    pieces: list[_Piece] = []
    nodes = read_tex(text)
    pairs = pairwise(n for n in nodes if n.kind != "space")
    names.distance = names.distance or any(
        a.value == "nabla" and b.kind == "letter" and b.value == "d" for a, b in pairs
    )
    for line in _physical(_told_apart(nodes, names), len(text)):
        pieces += _pieces(line, text, names)
    if any(p.numpy for p in pieces):
        for p in pieces:
            p.numpy = p.numpy or _may_be_numpy(text[p.start : p.end])
    return [_statement(p, text, names) for p in _joined(pieces)]


def _told_apart(nodes: list[Tex], names: Names) -> list[Tex]:
    r"""The nodes with `\mathcal F` as a letter of its own, where F is declared and stands beside it."""
    curly = {flat(n.args[0])[0] for n in everywhere(nodes) if _is_curly(n)} & names.symbols.keys()
    if not curly:
        return nodes
    both = curly & {n.value for n in everywhere([_without_curly(n) for n in nodes]) if n.kind == "letter"}
    return [_with_curly(n, both) for n in nodes]


def _is_curly(n: Tex) -> bool:
    return n.kind == "style" and n.value in ("mathcal", "mathscr") and len(flat(n.args[0])) == 1


def _without_curly(n: Tex) -> Tex:
    return Tex("space", " ", n.start, n.end) if _is_curly(n) else changed(n, lambda i: [_without_curly(x) for x in i])


def _with_curly(n: Tex, both: set[str]) -> Tex:
    if _is_curly(n) and flat(n.args[0])[0] in both:
        letter = chr(ord("𝓐") + ord(flat(n.args[0])[0]) - ord("A"))
        return Tex("letter", letter, n.start, n.end).scripted(n.scripts)
    return changed(n, lambda inside: [_with_curly(x, both) for x in inside])


def _may_be_numpy(raw: str) -> bool:
    """Whether a line of a text in which NumPy is written may be NumPy too."""
    if any(c in raw for c in "\\^$&'"):
        return False
    try:
        ast.parse(raw.split("#")[0].strip())
    except UNPARSED:
        return False
    return True


def _statement(piece: _Piece, text: str, names: Names) -> Statement:
    raw = text[piece.start : piece.end]
    start = piece.start + len(raw) - len(raw.lstrip())
    said = raw.strip().replace("\n", " ")
    out = Statement(said, start, piece.nodes, piece.numpy)
    if len(said) <= MOST_CHARACTERS:
        out.clauses = list(_numpy_clauses(piece, text) if piece.numpy else _clauses(piece.nodes, text, names))
    return out


# -- from lines of the text to pieces


def _physical(nodes: list[Tex], length: int) -> Iterator[_Piece]:
    """The nodes line by line, wrappers around whole relations opened."""
    start = 0
    line: list[Tex] = []
    for n in nodes:
        if n.kind == "newline":
            yield _Piece(line, start, n.start)
            start, line = n.end, []
        else:
            line.append(n)
    yield _Piece(line, start, length)


def _pieces(line: _Piece, text: str, names: Names) -> Iterator[_Piece]:
    """The pieces of one line of the text: between `\\\\`, and between dollar signs where there is prose around."""
    raw = text[line.start : line.end]
    if looks_like_numpy(raw.split("#")[0]) and not any(n.kind == "dollar" for n in line.nodes):
        at = raw.find("#")
        end = line.end if at < 0 else line.start + at
        yield _Piece([n for n in line.nodes if n.end <= end], line.start, end, True)
        return
    nodes = list(_opened(line.nodes))
    start = line.start
    piece: list[Tex] = []
    for n in [*nodes, None]:
        if n is not None and n.kind != "break":
            piece.append(n)
            continue
        end = line.end if n is None else n.start
        yield from _segments(piece, start, end, names)
        start, piece = end if n is None else n.end, []


def _opened(nodes: list[Tex]) -> Iterator[Tex]:
    """The nodes with boxes around relations, and arrays of relations, replaced by what stands in them."""
    for n in nodes:
        boxed = n.kind == "style" and n.value in ("boxed", "fbox", "mathop", "ensuremath", "mathrel", "class")
        array = n.kind == "env" and n.value == "array"
        if (
            (boxed or array)
            and not n.scripts
            and any(i.kind == "relation" for i in n.args[0])
            or n.kind == "group"
            and not n.scripts
            and _leads(n)
        ):
            yield from _opened(n.args[0])
        elif n.kind == "command" and n.value in ("overset", "stackrel", "underset") and _is_relation(n.args[1]):
            inner = _is_relation(n.args[1])
            set_to = flat(n.args[0]) == ["!"]
            yield Tex("relation", inner, n.start, n.end, side="!" if set_to else "")
        elif n.kind == "command" and n.value == "xrightarrow":
            yield Tex("relation", "implies", n.start, n.end)
        elif n.kind == "command" and n.value == "tag":
            yield Tex("space", "quad", n.start, n.end)
        else:
            yield n


def _leads(group: Tex) -> bool:
    """Whether a group around relations is only for colour or spacing: {= …} or {a = b}."""
    inside = trimmed(group.args[0])
    return len(inside) > 1 and any(n.kind == "relation" and n.value in EQUALITIES for n in inside)


def _is_relation(nodes: list[Tex]) -> str:
    inside = trimmed(nodes)
    return inside[0].value if len(inside) == 1 and inside[0].kind == "relation" else ""


def _segments(nodes: list[Tex], start: int, end: int, names: Names) -> Iterator[_Piece]:
    """A piece whole, or, where prose stands around mathematics in dollar signs, each of those that claims something."""
    if not any(trimmed([n], ("space", "amp", "dollar")) for n in nodes):
        return
    outside: list[Tex] = []
    inside: list[list[Tex]] = []
    within = False
    for n in nodes:
        if n.kind == "dollar":
            within = not within
            if within:
                inside.append([])
        elif within:
            inside[-1].append(n)
        else:
            outside.append(n)
    words = words_of(outside).split()
    prose = any(_is_word(w) and w not in FUNCTIONS for w in words)
    formal = any(n.kind in ("relation", "env", "bar", "command") or n.value == "+" for n in outside)
    if prose and not formal and inside:
        yield from _claims_in_prose(nodes)
        return
    bare = [n for n in nodes if n.kind != "dollar"]
    if _is_prose(bare, names) or _is_mapping(bare):
        return
    yield _Piece(bare, start, end)


def _is_word(said: str) -> bool:
    """Whether what stands between formulas is a word, a bullet or a number of a list: "so", "i.e.", "*", "(b)"."""
    bare = said.strip(".,;:()").replace("-", "").replace(".", "")
    counts = len(bare) == 1 and bare.isalnum() and said.endswith((")", ".", ":"))  # "(b)", "2."
    return said in BULLETS or counts or len(bare) > 1 and bare.isalpha()


def _claims_in_prose(nodes: list[Tex]) -> Iterator[_Piece]:
    parts: list[tuple[str, list[Tex]]] = []  # the words before each formula, and the formula
    lead: list[Tex] = []
    within: list[Tex] | None = None
    for n in nodes:
        if n.kind == "dollar" and within is None:
            within = []
        elif n.kind == "dollar":
            parts.append((words_of(lead), within or []))
            lead, within = [], None
        elif within is None:
            lead.append(n)
        else:
            within.append(n)
    leads = [words for words, _ in parts] + [words_of(lead)]
    for k, (words, formula) in enumerate(parts):
        said = [w.strip(".,;:").lower() for w in words.split()]
        claims = any(i.kind == "relation" and i.value not in SIDE_CONDITIONS for i in formula)
        if not claims or _is_mapping(formula) or said[-1:] == ["s.t"] or said[-2:] == ["subject", "to"]:
            continue
        last = next((w for w in reversed(said) if w in DEFINING or w in RESTRICTING or w in REASONS), "")
        last = "set to zero" if "zero" in said and not last else last
        promise = _promised(f"{words} {' '.join(leads[k + 1].split()[:3])}".lower())
        inside = [*_led_in(last, formula), *formula, *_led_in(promise, formula)]
        yield _Piece(inside, formula[0].start, max([formula[-1].end, *(end for *_, end in formula[-1].scripts)]))


def _promised(words: str) -> str:
    """What words around a declaration promise of a matrix."""
    if "positive definite" in words or "positive-definite" in words or "spd" in words.split():
        return "spd"
    return next((w for w in ("symmetric", "orthogonal") if w in words.replace(".", "").split()), "")


def _is_mapping(nodes: list[Tex]) -> bool:
    r"""Whether nodes only say what a function maps: `f : \\mathbb R^n \\to \\mathbb R`."""
    signs = {n.value for n in nodes if n.kind == "relation"}
    return signs <= {"implies", "mapsto"} and bool(signs) and any(n.value == ":" for n in nodes)


def _led_in(word: str, nodes: list[Tex]) -> list[Tex]:
    """A word before a formula, as if it stood in the formula as text."""
    if not word:
        return []
    at = nodes[0].start
    letters = [Tex("space" if c == " " else "letter", c, at, at) for c in word]
    return [Tex("style", "text", at, at, (letters,))]


_ENGLISH = frozenset(
    [
        "the",
        "is",
        "we",
        "are",
        "of",
        "to",
        "let",
        "where",
        "that",
        "then",
        "with",
        "for",
        "this",
        "so",
        "as",
        "in",
        "on",
        "by",
        "and",
        "it",
        "be",
        "can",
        "which",
        "have",
        "has",
        "get",
        "from",
        "our",
        "now",
        "if",
        "how",
        "what",
        "there",
        "note",
        "here",
        "gradient",
        "derivative",
        "function",
        "respect",
        "find",
        "since",
        "a",
        "i",
        "you",
        "use",
        "using",
        "rule",
    ]
)


# What stands alone on a line between two formulas.
# fmt: off
_BETWEEN = _ENGLISH | frozenset(
    [
        "and", "but", "hence", "therefore", "thus", "now", "since", "because", "also", "or", "finally", "next",
        "similarly", "note", "recall", "proof", "solution", "done", "qed", "it", "get", "gets", "obtain", "have",
        "has", "find", "here", "first", "second", "again", "follows", "which", "gives", "giving", "yields",
        "yielding", "answer",
    ]
)
# fmt: on


def _is_prose(nodes: list[Tex], names: Names) -> bool:
    """Whether a piece is a sentence and no mathematics."""
    if any(n.kind in ("relation", "command", "env", "bar", "error") or n.scripts for n in nodes):
        return False
    words = [w.strip(".,;:!?()'\"").lower() for w in words_of(nodes).split()]
    if all(w.isdigit() or not w for w in words):
        return True
    if all(w in _BETWEEN for w in words) and max(map(len, words)) > 1:
        return True
    long = [w for w in words if len(w) > 1 and w.isalpha()]
    strange = all(len(w) > 2 and not names.known(w) and not all(names.known(c) for c in w) for w in words)
    if strange and len(words) > 1 and all(w.isalpha() for w in words):
        return True
    return len(long) >= 3 and sum(w in _ENGLISH for w in words) >= 1 and len(long) * 2 >= len(words)


def _joined(pieces: list[_Piece]) -> list[_Piece]:
    """One relation that is broken over several lines as one piece: before or after a sign, or before its `=`."""
    out: list[_Piece] = []
    for piece in pieces:
        last = out[-1] if out else None
        if last is not None and not last.numpy and not piece.numpy and _carries_on(last, piece):
            out[-1] = _Piece(
                [*last.nodes, Tex("space", " ", last.end, piece.start), *piece.nodes], last.start, piece.end
            )
        else:
            out.append(piece)
    return out


def _is_empty(n: Tex) -> bool:
    return n.kind == "group" and not n.scripts and not trimmed(n.args[0])


_PRODUCTS = ("cdot", "times", "odot", "otimes", "circ")


def _carries_on(last: _Piece, piece: _Piece) -> bool:
    if piece.end - last.start > MOST_CHARACTERS:
        return False
    skip = ("space", "amp", "newline", "dollar")
    before, here = trimmed(last.nodes, skip), trimmed([n for n in piece.nodes if not _is_empty(n)], skip)
    if not before or not here:
        return False
    first, end = here[0], before[-1]
    sign = first.kind == "sign" and first.value in "+-" or first.kind == "command" and first.value in _PRODUCTS
    if sign and (first.value == "+" or not _relations(here)):
        return True
    if end.kind == "relation" and end.value in EQUALITIES:
        return True
    if end.kind == "sign" and end.value in "+-" and not end.scripts or end.kind == "command" and end.value in _PRODUCTS:
        return True
    if first.kind == "relation" and first.value in EQUALITIES and not any(n.kind == "relation" for n in before):
        return True
    return _depth(before) > 0 > _depth(here)


def _depth(nodes: list[Tex]) -> int:
    return sum((_bracket(n) in _OPEN) - (_bracket(n) in _CLOSE) for n in nodes)


def _bracket(n: Tex) -> str:
    return n.value if n.kind in ("sign", "command") else ""


def _relations(nodes: list[Tex]) -> list[int]:
    """The places of the signs of equality that stand outside of all brackets."""
    depth, found = 0, []
    for k, n in enumerate(nodes):
        depth += (_bracket(n) in _OPEN) - (_bracket(n) in _CLOSE)
        if n.kind == "relation" and n.value in EQUALITIES and depth <= 0:
            found.append(k)
    return found


# -- from a piece to clauses


@dataclass
class _Segment:
    led: str
    nodes: list[Tex]

    @property
    def claims(self) -> bool:
        return bool(_relations(self.nodes))


def _clauses(nodes: list[Tex], text: str, names: Names) -> Iterator[Clause]:
    clauses: list[Clause] = []
    ahead: list[Condition] = []  # of `Case i = j:` before the claim
    for segment in _merged(list(_split(nodes))):
        first = _condition(trimmed(segment.nodes), names) if not clauses and segment.led in RESTRICTING else None
        if first is not None:
            ahead += first
            continue
        made = _clause(segment, text, names, clauses)
        if made is not None:
            made.conditions, ahead = [*made.conditions, *ahead], []
            clauses.append(made)
    if not clauses and trimmed(nodes, ("space", "amp")):
        bare = [n for n in nodes if n.kind != "amp"]
        clauses = [Clause(_members(bare, text))]
    yield from clauses


def _split(nodes: list[Tex]) -> Iterator[_Segment]:
    """Segments between words, wide spaces, commas with a space behind, and arrows."""
    segment = _Segment("", [])
    depth, blanks = 0, 0
    queue = list(_words_apart(nodes))
    for n, word in queue:
        depth += (_bracket(n) in _OPEN) - (_bracket(n) in _CLOSE)
        blanks = blanks + 1 if n.value == "~" else 0
        comma = n.kind == "sign" and n.value in ",;" and depth <= 0 and not n.scripts
        arrow = n.kind == "relation" and n.value in ("implies", "impliedby") and depth <= 0
        wide = n.kind == "space" and (n.value == "quad" or blanks == 3) and depth <= 0
        if word or comma or arrow or wide:
            yield segment
            segment = _Segment(word or ("implies" if arrow else n.value if comma else "quad"), [])
        elif n.kind != "amp":
            segment.nodes.append(n)
    yield segment


def _words_apart(nodes: list[Tex]) -> Iterator[tuple[Tex, str]]:
    """Each node with the word of explanation that it is, or ""; mathematics inside of words stands for itself."""
    leading = True
    k = 0
    while k < len(nodes):
        n = nodes[k]
        word = _explanation(n) if n.kind == "style" and n.value in TEXTS and not n.scripts else ""
        if not word and _leads_in(n, leading):
            word = words_of(n.args[0]).strip(" :.,").lower()
        if not word and n.kind == "style" and n.value in TEXTS and _is_remark(nodes, k):
            word = "remark"
        if n.kind == "command" and n.value == "forall":
            word = "forall"
        if word and n.args and any(i.kind == "dollar" for i in n.args[0]):
            inner = n.args[0]
            at = next(j for j, i in enumerate(inner) if i.kind == "dollar")
            yield n, words_of(inner[:at]).strip().lower() or "with"
            yield from ((i, "") for i in inner[at:] if i.kind != "dollar")
        elif leading and n.kind == "letter" and (length := _plain_word(nodes, k)):
            yield n, "".join(i.value for i in nodes[k : k + length]).lower()
            k += length - 1
        else:
            yield n, word
            leading = leading and (n.kind in ("space", "amp") or bool(word))
        k += 1


def _leads_in(n: Tex, leading: bool) -> bool:
    """Whether a text ends with a colon, or begins a line and keeps a distance to what follows: "In ", "Case "."""
    said = words_of(n.args[0]) if n.kind == "style" and n.value in TEXTS else ""
    return said.rstrip(" ").endswith(":") or leading and said.endswith(" ")


def _is_remark(nodes: list[Tex], k: int) -> bool:
    """Whether a text stands at the end of a line, behind a column or a wide space of its own."""
    before = trimmed(nodes[:k], ("space",))
    wide = any(n.kind == "space" and n.value == "quad" for n in nodes[len(before) : k])
    after = trimmed(nodes[k + 1 :], ("space", "amp"))
    return not after and bool(before) and (wide or before[-1].kind == "amp")


def _plain_word(nodes: list[Tex], k: int) -> int:
    """The length of an English word that begins a line without being set as text: `Let r = …`; else 0."""
    end = k
    while end < len(nodes) and nodes[end].kind == "letter" and not nodes[end].scripts:
        end += 1
    if (
        end >= len(nodes)
        or nodes[end].kind not in ("space", "sign")
        or nodes[end].kind == "sign"
        and nodes[end].value not in ",:"
    ):
        return 0
    word = "".join(i.value for i in nodes[k:end]).lower()
    return end - k if len(word) > 1 and (word in DEFINING or word in FILLERS or word in RESTRICTING) else 0


def _explanation(node: Tex) -> str:
    """The words of an explanation in a formula, or "" where the node is a name or a function."""
    said = " ".join(words_of(node.args[0]).split())
    low = said.lower().strip(" ,.:;")
    if not low:
        return " " if node.value in ("text", "mbox", "textrm") and not said else said
    several = len(low.split()) > 1 or any(c in said for c in "(,")
    known = low in RESTRICTING or low in DEFINING or low in REASONS or low in FILLERS
    return low if (several and node.value != "rm") or known else ""


def _merged(segments: list[_Segment]) -> list[_Segment]:
    """Segments that say nothing by themselves joined to their neighbours, or left out."""
    out: list[_Segment] = []
    for k, s in enumerate(segments):
        bare = trimmed(s.nodes)
        if not bare and s.led in ("", " ", ",", ";", "quad", "implies"):
            if s.led == "implies" and len(segments) == 2:
                out.append(s)
            elif s.led == "implies" and k + 1 < len(segments) and segments[k + 1].led == "quad":
                segments[k + 1].led = "implies"
            continue
        if not out and k + 1 < len(segments) and _is_number_of_equation(bare) and segments[k + 1].led == "quad":
            segments[k + 1].led = ""
            continue
        related = any(n.kind == "relation" for n in bare)
        before_claim = s.led[:1].isalpha() and any(x.claims for x in segments[k + 1 :])
        if not related and not out and before_claim:
            continue  # "In n dimensions: …"
        remark = s.led == "quad" and _is_number_of_equation(bare)
        if related or not out or s.led == "implies":
            out.append(s)
        elif remark or s.led not in (",", ";", "quad", " "):
            continue
        elif _is_list_before_declaration(bare, segments[k + 1 :]):
            out.append(s)
        elif s.led in (",", ";") and out[-1].led in RESTRICTING | {"quad", ",", ";"} and _restricts(out[-1].nodes):
            out[-1].nodes += s.nodes
        else:
            blank = Tex("space", " ", bare[0].start, bare[0].start)
            sign = [Tex("sign", s.led, bare[0].start, bare[0].start)] if s.led in (",", ";") else [blank]
            out[-1].nodes += [*sign, *s.nodes]
    return out


def _is_number_of_equation(nodes: list[Tex]) -> bool:
    said = flat(nodes)
    return len(said) <= 4 and said[:1] in (["("], ["["]) and said[-1:] in ([")"], ["]"])


def _is_list_before_declaration(bare: list[Tex], following: list[_Segment]) -> bool:
    """Whether names alone stand here, and a declaration follows: `W_1, W_2 \\in \\mathbb{R}^{n}`."""
    after = next((s for s in following if any(n.kind == "relation" for n in s.nodes)), None)
    alone = all(symbol_of(n) is not None for n in bare if n.kind != "space")
    return alone and after is not None and any(n.kind == "relation" and n.value == "in" for n in after.nodes)


def _clause(segment: _Segment, text: str, names: Names, before: list[Clause]) -> Clause | None:
    """The clause of a segment; None where it restricts the clauses before it, or only says why they hold."""
    nodes = trimmed(segment.nodes)
    led = segment.led
    shapes = None if segment.claims else declared(nodes)
    if shapes is not None:
        return Clause([], declares=shapes)
    first = led.split()[0] if led.split() else ""
    condition = (
        _condition(nodes, names)
        if before and (led in RESTRICTING or first in RESTRICTING or led != "implies")
        else None
    )
    if condition is not None and (
        led in RESTRICTING or first in RESTRICTING or led in (",", ";", "quad", "with", "where")
    ):
        before[-1].conditions += condition
        return None
    if before and not segment.claims and _is_side_condition(nodes):
        return None
    if led in REASONS or first in REASONS or led in RESTRICTING or first in RESTRICTING:
        return None if before or not nodes else Clause(_members(nodes, text))
    if led in DEFINING and before and not segment.claims:
        return None
    if not nodes:
        return Clause([Member([], "", 0, 0)], led="implies") if led == "implies" and not before else None
    nodes, points = _without_points(_without_set(nodes))
    members = _members(_without_search(nodes), text)
    clause = Clause(members, led=led, at=points)
    if len(members) > 1 and members[0].empty:
        clause.continues, clause.members = True, members[1:]
    set_to = [k for k, n in enumerate(nodes) if n.kind == "relation" and n.side == "!"]
    clause.at_point = bool(set_to)
    if not segment.claims and led == "implies":
        clause.continues = not before
    return clause


def _without_set(nodes: list[Tex]) -> list[Tex]:
    r"""`P = f(S) \in \mathbb R^{n \times m}` without the set that it ends with."""
    places = [k for k, n in enumerate(nodes) if n.kind == "relation"]
    ends = len(places) > 1 and nodes[places[-1]].value == "in" and nodes[places[-2]].value in EQUALITIES
    return trimmed(nodes[: places[-1]]) if ends else nodes


def _without_points(nodes: list[Tex]) -> tuple[list[Tex], Points]:
    r"""Nodes without `\left.` … `\right|_{x=a}`, and what those set: names and values."""
    kept, points = [], []
    for n in nodes:
        below = next((inside for mark, inside, *_ in n.scripts if mark == "_"), []) if n.kind == "bar" else []
        at = next((k for k, i in enumerate(below) if i.kind == "relation" and i.value == "="), None)
        if at is None:
            kept.append(n)
            continue
        for part in parted(below, (",",)):
            at = next((k for k, i in enumerate(part) if i.kind == "relation"), len(part))
            points.append((trimmed(part[:at]), trimmed(part[at + 1 :])))
    return kept, points


def _without_search(nodes: list[Tex]) -> list[Tex]:
    r"""`\min_w f(w) = …` without its `\min_w`, which asks for what the text is about and claims nothing."""
    bare = trimmed(nodes)
    first = bare[0] if bare else None
    word = "".join(flat([first.bare()])).lstrip("\\") if first is not None and first.value != "frac" else ""
    if word in ("underset", "overset") and first is not None:
        word = "".join(flat(first.args[1])).lstrip("\\")
    searches = word in ("min", "max", "minimize", "minimise", "maximize", "maximise")
    called = len(bare) > 1 and bare[1].value in ("(", "[", "{") and not bare[0].scripts  # max(0, z) is relu
    return trimmed(bare[1:]) if searches and not called and _relations(bare) else nodes


def _is_side_condition(nodes: list[Tex]) -> bool:
    """Whether behind a claim only the values are named for which it is made: `x \\ne 0`, `t > 0`.

    The claim is judged on all draws then, which asks for more.
    """
    signs = [n.value for n in nodes if n.kind == "relation"]
    return bool(signs) and set(signs) <= SIDE_CONDITIONS and len(flat(nodes)) <= 8


def _members(nodes: list[Tex], text: str) -> list[Member]:
    """The members of a clause: between signs of equality outside of brackets, or all of them where none pair up."""
    nodes = _without_stops(nodes)
    places = _relations(nodes)
    if _depth(nodes) > 0:
        places = [k for k, n in enumerate(nodes) if n.kind == "relation" and n.value in EQUALITIES]
    out = []
    start, sign = 0, ""
    for k in [*places, len(nodes)]:
        part = _without_stops(nodes[start:k]) if k == len(nodes) else trimmed(nodes[start:k])
        at = nodes[start].start if start < len(nodes) else (nodes[-1].end if nodes else 0)
        begin, end = (part[0].start, end_of(part[-1])) if part else (at, at)
        if part and 0 < _depth(part) < 3 and len(places) > 1:  # a bracket that nobody closed before the next sign
            part = [*part, *[Tex("sign", ")", end, end)] * _depth(part)]
        out.append(Member(part, sign, begin, end, text[begin:end]))
        if k < len(nodes):
            start, sign = k + 1, nodes[k].value
    return out


def end_of(node: Tex) -> int:
    """Where a node ends in the text, with what hangs on it."""
    return max([node.end, *(end for _, _, _, end in node.scripts)])


def _without_stops(nodes: list[Tex]) -> list[Tex]:
    """The nodes without spaces around them and full stops or commas behind them."""
    nodes = trimmed(nodes, ("space", "amp"))
    while nodes and nodes[-1].kind == "sign" and nodes[-1].value in ".,;:" and not nodes[-1].scripts:
        nodes = trimmed(nodes[:-1], ("space", "amp"))
    return nodes


def _numpy_clauses(piece: _Piece, text: str) -> Iterator[Clause]:
    depth, places = 0, []
    for k, n in enumerate(piece.nodes):
        depth += (_bracket(n) in _OPEN) - (_bracket(n) in _CLOSE)
        if n.kind == "relation" and n.value in ("=", ":=") and depth <= 0:
            places.append(k)
    cuts = [piece.start, *(p for k in places for p in (piece.nodes[k].start, piece.nodes[k].end)), piece.end]
    members = []
    for number in range(0, len(cuts), 2):
        start, end = cuts[number], cuts[number + 1]
        raw = text[start:end].rstrip().rstrip(";")
        start += len(raw) - len(raw.lstrip())
        nodes = trimmed([n for n in piece.nodes if start <= n.start and n.end <= end])
        members.append(Member(nodes, "=" if number else "", start, end, raw.strip(), True))
    for plainly in (unmasked, augmented):
        said = plainly(members[0].raw, members[1].raw) if len(members) == 2 else None
        if said is not None:
            both = [*members[0].nodes, *members[1].nodes]
            members = [replace(m, raw=raw) for m, raw in zip(members, said, strict=True)]
            members[1] = replace(members[1], nodes=both)
    clause = Clause(members)
    if len(members) > 1 and members[0].empty:
        clause.continues, clause.members = True, members[1:]
    yield clause


# -- conditions


def _restricts(nodes: list[Tex]) -> bool:
    return any(n.kind == "relation" for n in nodes) and len(flat(nodes)) <= 8


def _condition(nodes: list[Tex], names: Names) -> list[Condition] | None:
    """What `i = j`, `i \\ne j`, `i = 1, \\dots, n`, `1 \\le i \\le n`, `j \\in J` restrict to; None: a claim."""
    nodes = _without_stops(nodes)
    while nodes and nodes[0].value in ("(", "[") and nodes[-1].value in (")", "]"):
        nodes = trimmed(nodes[1:-1])
    places = [k for k, n in enumerate(nodes) if n.kind == "relation"]
    if not places or len(flat(nodes)) > 16:
        return None
    if any(
        s.startswith("\\")
        and s
        not in (r"\ldots", r"\dots", r"\cdots", r"\ell", r"\prime", r"\mathbb", r"\{", r"\}", r"\forall", r"\dotsc")
        for s in flat(nodes)
    ):
        return None
    first = nodes[places[0]].value
    left, right = trimmed(nodes[: places[0]]), trimmed(nodes[places[0] + 1 :])
    letters = index_letters([s for s in flat(left) if s not in (r"\forall", "(", ")")])
    if first in ("le", "lt") and flat(left) in (["1"], ["0"]):
        return []
    if first in ("in", "notin"):
        return []
    if not letters or any(names.known(x) and x not in names.dims for x in letters):
        return None
    others = index_items(right)
    if first in ("=", "ne") and len(letters) == 1 and len(others) == 1 and len(places) == 1:
        if (
            isinstance(others[0], Label)
            or isinstance(others[0], str)
            and not (names.known(others[0]) and others[0] not in names.dims)
        ):
            return [("eq" if first == "=" else "ne", letters[0], others[0])]
        return None
    ranged = [s for s in flat(right) if s.startswith("\\") or s == ","]
    return [] if first == "=" and ranged and flat(right)[0] in ("0", "1") or first in ("le", "lt", "gt", "ge") else None


# -- the name a clause defines


@dataclass
class Left:
    """A left side that is a name alone: the name, the parameters it is written with, and its index letters."""

    name: str
    params: tuple[str, ...] = ()
    indices: tuple[str, ...] = ()
    called: bool = False
    raised: bool = False
    numbered: str = ""  # the name before its subscript, where that is a number: y for y_3


def defined_name(nodes: list[Tex], names: Names) -> Left | None:
    """What a member introduces when it is a name alone: `L`, `\\hat y`, `f(W)`, `p_i`, `\\text{MSE}`, `z^{(1)}`.

    Whether it is known already is for the caller to ask.
    """
    nodes = trimmed(nodes)
    base = _base(nodes, names)
    if base is None:
        return None
    name, scripts, rest = base
    moved = name.removeprefix("dot ")
    if moved != name and moved in names.definitions and names.shape("t") == ((), ()):
        return None  # \dot x is the derivative of x(t)
    if partials(Symbol(name, scripts), names) or matrix_of_slopes(Symbol(name, scripts), names):
        return None  # f_x and J_f are derivatives of f
    out = Left(name)
    rest = trimmed(rest)
    if rest:
        if rest[0].value not in ("(", "[") or rest[-1].value not in (")", "]") or rest[-1].scripts:
            return None
        if _depth(rest[:-1]) != 1 or any(_depth(rest[: k + 1]) == 0 for k in range(1, len(rest) - 1)):
            return None
        params = [p for p in (_parameter(x, names) for x in parted(rest[1:-1], (",", ";", "|"))) if p is not None]
        if len(params) < len([x for x in parted(rest[1:-1], (",", ";", "|")) if trimmed(x)]):
            return None  # f(x + h) is no name
        if name == "d" and len(params) < 2 and not names.distance:
            return None  # d(AB) is a differential; a distance d(x, y) may be defined
        out.params, out.called = tuple(params), True
    if not all(_take(out, s, names) for s in scripts):
        return None
    if out.indices and out.name in names.families:
        out.name = f"each {out.name}"
    return out


def _base(nodes: list[Tex], names: Names) -> tuple[str, tuple[Script, ...], list[Tex]] | None:
    """(name, scripts, nodes behind it) of the symbol or word that begins here, or None."""
    if not nodes:
        return None
    first = nodes[0]
    logged = logged_name(nodes, names)
    if logged is not None:
        return logged[0].name, logged[0].scripts, nodes[logged[1] :]
    symbol = symbol_of(first, names)
    if first.kind == "letter":
        end = 1
        while end < len(nodes) and nodes[end].kind in ("letter", "digit") and not nodes[end - 1].scripts:
            end += 1
        word = "".join(n.value for n in nodes[:end])
        alone = end == 1 or names.known(word) or is_word(word, names)
        labels = ["".join(flat(i)) for m, i, *_ in nodes[end - 1].scripts if m == "_"]
        if word[0] == "d" and end > 1 and labels and names.known(f"{word[1:]}_{labels[0]}"):
            return None  # dD_{KL} is a differential
        if word[0] == "d" and end == 2 and names.known(name_of([nodes[1]]) or ""):
            return None  # so is dZ^{[1]}
        return (word, nodes[end - 1].scripts, nodes[end:]) if alone else None
    if symbol is not None:
        return symbol.name, symbol.scripts, nodes[1:]
    if first.kind == "style":
        word = "".join(flat(first.args[0]))
        if word[:1].isalpha() and word.replace("_", "").isalnum() and (names.known(word) or is_word(word, names)):
            return word, first.scripts, nodes[1:]
    return None


def _take(out: Left, script: Script, names: Names) -> bool:
    """Take one script of a left side into its name, its indices or its parameters; False where it is neither."""
    mark, inside, *_ = script
    items = flat(inside)
    if mark == "'":
        return False
    return (
        _take_number(out, mark, items)
        or _take_label(out, mark, items, names)
        or _take_indices(out, mark, items, names)
        or _take_word(out, mark, items)
    )


def _bare(items: list[str]) -> list[str]:
    """What stands in a script, without brackets and commas."""
    return [s for s in items if s not in "()[],"]


def _take_number(out: Left, mark: str, items: list[str]) -> bool:
    """A layer's number, or a star."""
    bare = _bare(items)
    joined = "".join(bare)
    if joined.isdigit() and not out.indices and len(bare) == 1:
        out.raised = out.raised or mark == "^" and items[0] not in "(["
        out.numbered = out.name if mark == "_" else out.numbered
        stem, label, of = out.name.partition("_")
        out.name = stem + joined + label + of
        return True
    if joined in ("*", r"\star", r"\ast", "+"):
        out.name += "+" if joined == "+" else "*"
        return True
    return False


def _take_label(out: Left, mark: str, items: list[str], names: Names) -> bool:
    """A subscript that tells names apart: one that declared names bear, a capital, a letter with a number."""
    joined = "".join(_bare(items))
    labelled = any(known.endswith(f"_{joined}") for known in names.symbols)
    capital = len(joined) == 1 and joined.isupper() and joined not in names.dims
    mixed = len(joined) == 2 and joined.isalnum() and joined[0].isalpha() and joined[1].isdigit()
    if mark == "_" and not out.indices and joined.isascii() and (labelled or capital or mixed and "_" not in items):
        out.name += "_" + joined
        return True
    return False


def _take_indices(out: Left, mark: str, items: list[str], names: Names) -> bool:
    """Index letters; behind a function's name a parameter, as the subscript of h_\\theta(x)."""
    bare = _bare(items)
    letters = index_letters([s for s in items if s not in ("(", ")", "[", "]")])
    word = any(len(s) > 1 and s.isalpha() for s in bare)
    if mark == "_" and letters and not word and len(letters) <= 2 and all(len(s) <= 2 for s in bare):
        if not (out.called and all(names.known(x) for x in letters)):
            out.indices = (*out.indices, *letters)[-2:]
        return True
    greek = [s[1:] for s in bare if s.startswith("\\")]
    if mark == "_" and out.called and len(greek) == len(bare) == 1:
        return True
    if mark == "^" and len(letters) == 1 and not word and (items[0] in "([" or letters[0] == "i"):
        out.indices = (letters[0], *out.indices)[:2]  # p^{(i)}_k is entry k of sample i
        return True
    return False


def _take_word(out: Left, mark: str, items: list[str]) -> bool:
    """A word as a label; above the name only where it is longer than a letter."""
    bare = _bare(items)
    greek = mark == "_" and len(bare) == 1 and out.name.isupper()  # S_\mu
    joined = bare[0].removeprefix("\\") if greek else "".join(bare)
    if joined.isalpha() and (mark == "_" or len(joined) > 1):
        out.name += "_" + joined
        return True
    return False


def _parameter(nodes: list[Tex], names: Names) -> str | None:
    """The name of a parameter; σ of L(β, σ²), where σ² is no name of its own."""
    nodes = trimmed(nodes)
    name = name_of(nodes)
    symbol = symbol_of(nodes[0], names) if name is not None and len(nodes) == 1 else None
    if name is None or symbol is None or names.known(name):
        return name
    squared = [(m, flat(i)) for m, i, *_ in symbol.scripts] == [("^", ["2"])]
    return symbol.name if squared and names.known(symbol.name) else name


def is_word(word: str, names: Names) -> bool:
    """Whether a run of letters is one new name rather than a product of known ones or a differential."""
    if word in FUNCTIONS and word not in SHY or word.startswith("grad"):
        return False
    known = [names.known(c) for c in word if c.isalpha()]
    if all(known):
        return False
    if word[0] == "d" and names.known(word[1:]):
        return False
    return len(known) < 2 or len(known) >= 3 or not any(known)


__all__ = ["Clause", "Left", "Member", "Statement", "defined_name", "is_word", "read_document"]
