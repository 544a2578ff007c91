r"""From a learner's text to lines, from a line to the members of its relations, and the name a line may
define.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

from .names import Names
from .tex import plain
from .vocabulary import ACCENTS, GREEK, STYLES
from .tokens import UnreadableError, find_close
from .vocabulary import FUNCTIONS

MOST_LINES, MOST_CHARACTERS = 80, 3000
LONGEST_BLOCK, MOST_BOXES = 2 * MOST_CHARACTERS, 60
_WRAPPERS = r"aligned|align\*?|alignat\*?|equation\*?|split|gather\*?|gathered|displaymath|eqnarray\*?|multline\*?"
_BLANKED = re.compile(
    rf"\\(?:begin|end)\{{(?:{_WRAPPERS})\}}|\$\$?|\\\[|\\\]|\\\(|\\\)|\\(?:label|tag)\{{[^{{}}]*\}}|\\(?:notag|nonumber|therefore|because)\b"
    r"|\{\s*\}(?=\s*[-+=])"
)
_RELATION = re.compile(
    r":=|==|=|\\coloneqq|\\triangleq|\\equiv(?![a-z])|\\approx(?![a-z])|\\eqqcolon|≈|≡|≔"
    r"|(?P<imply>\\Rightarrow|\\implies|\\Longrightarrow|\\iff|\\Leftrightarrow|\\rightarrow|⇒|⟹|⇔|=>"
    r"|[,;]\s*\\q?quad(?![A-Za-z]))"
)
# What is said behind a claim of the indices it holds for: `, \quad i = 1, \dots, n`, `\forall j`.
_RANGE = re.compile(
    r"[,;]?\s*(?:\\q?quad\s*|\\[,;]\s*)+\(?(?:\\forall\s*)?[a-z](?:\s*,\s*[a-z])*\s*=\s*1\s*,[^=&\\]*"
    r"(?:\\[lc]?dots[a-z]?\s*,?\s*[A-Za-z])?\)?\s*$"
    r"|[,;]\s*(?:\\q?quad\s*|\\[,;]\s*)+[A-Za-z](?:\s*,\s*[A-Za-z])*\s*\\in(?![a-z]).*$"
    r"|[,;]?\s*(?:\\q?quad\s*)?\\forall\b.*$"
)
_STOPS = re.compile(r"\\(?:quad|qquad|[,;:! ])\s*$|[.,;:]\s*$|\\\\(?:\[[^\]]*\])?\s*$")


@dataclass
class Piece:
    """A line of the learner: its text as written, and the same text with comments and layout blanked out."""

    text: str
    clean: str
    shift: int = 0


@dataclass
class Member:
    """One side of a relation: its text, where it starts in the line, and whether `\\Rightarrow` stands before
    it.
    """

    text: str
    start: int
    implied: bool = False


def split_lines(text: str) -> list[Piece]:
    """The lines of a text: blank ones left out, `\\\\` inside an aligned block read as a line break."""
    pieces: list[Piece] = []
    waiting = ""
    for raw in text.splitlines():
        raw = waiting + raw
        bare = re.sub(r"(?<!\\)%.*", "", raw)
        opened = len(re.findall(r"\\begin\{[bpBv]?matrix\}|\\begin\{cases\}", bare))
        if opened > len(re.findall(r"\\end\{[bpBv]?matrix\}|\\end\{cases\}", bare)) and len(raw) < MOST_CHARACTERS:
            waiting = bare + " "
            continue
        waiting = ""
        pieces.extend(_pieces_of(raw))
    if waiting:
        pieces.extend(_pieces_of(waiting))
    return _joined(pieces)


_CARRIES_ON = re.compile(r"\s*(?:\\q?quad\s*|\\[,;:! ]\s*)*(?P<sign>\+|-|\\(?:cdot|times|odot|otimes)(?![A-Za-z]))")
_UNFINISHED = re.compile(r"(?:[=+-]|\\(?:cdot|times|odot|otimes)|:=)\s*$")


def _joined(pieces):
    """One relation that is broken over several lines as one piece: before or after a sign, or before its `=`."""
    out: list[Piece] = []
    for piece in pieces:
        last = out[-1] if out else None
        sign = _CARRIES_ON.match(piece.clean)
        bare = not _RELATION.search(piece.clean)
        short = last is not None and len(last.text) < MOST_CHARACTERS
        if short and (
            sign
            and (bare or sign["sign"] == "+")
            or _UNFINISHED.search(last.clean)
            or piece.clean.lstrip().startswith("=")
            and not _RELATION.search(last.clean)
        ):
            room = len(last.text)
            text, clean = f"{last.text} {piece.text}", f"{last.clean[:room].ljust(room)} {piece.clean}"
            out[-1] = Piece(text, clean, last.shift)
        else:
            out.append(piece)
    return out


def _pieces_of(raw):
    clean = _blank(raw, r"(?<!\\)%.*")
    if not clean.strip():
        return
    if len(clean.rstrip()) > LONGEST_BLOCK:  # refused for its length; to look for breaks in it takes too long
        yield Piece(raw.strip(), clean.strip())
        return
    clean = _without_words(_without_boxes(clean))
    clean = _BLANKED.sub(lambda m: " " * len(m[0]), clean)
    clean = _RANGE.sub(lambda m: " " * len(m[0]), clean)
    for start, stop in _at_breaks(clean):
        part = clean[start:stop]
        part = _without_alignment(part)
        while True:
            shorter = _STOPS.sub(lambda m: " " * len(m[0]), part.rstrip())
            if shorter.rstrip() == part.rstrip():
                break
            part = shorter
        if part.strip():
            text = raw[start:stop]
            lead = len(text) - len(text.lstrip())
            yield Piece(text.strip(), part[lead:], lead)


def _without_boxes(text):
    """`\\boxed{..}`, `\\underbrace{..}_{..}` and what stands above a relation sign blanked, their content kept."""
    for found in islice(
        re.finditer(r"\\(boxed|fbox|mathop|ensuremath|underbrace|overbrace|underline)\s*\{", text), MOST_BOXES
    ):
        close = _closing(text, found.end() - 1)
        if close is None:
            continue
        around = " " * (found.end() - found.start() - 1)
        inside = text[found.end() : close]
        # Around a whole relation the braces go too, so that its sign is seen; around a factor they bind.
        bare = found[1] == "mathop" or found[1] == "boxed" and _RELATION.search(inside)
        opening, closing = "  " if bare else "{}"
        text = text[: found.start()] + around + opening + inside + closing + text[close + 1 :]
        label = re.compile(r"\s*[_^]\s*\{").match(text, close + 1)
        if found[1] in ("underbrace", "overbrace") and label and (end := _closing(text, label.end() - 1)):
            text = text[: label.start()] + " " * (end + 1 - label.start()) + text[end + 1 :]
    return re.sub(
        r"\\(?:overset|stackrel|underset)\s*\{[^{}]*\}\s*\{(\s*=\s*)\}",
        lambda m: m[1].rjust(len(m[0])),
        text,
    )


def _closing(text, start):
    """The place of the brace that closes the one at `start`, or None."""
    try:
        return find_close(text, start)
    except UnreadableError:
        return None


_WORDS = re.compile(r"\\(?:text|textrm|textit|textbf|textnormal|mbox|hbox|mathrm)\s*\{([^{}]*)\}")
_CONDITION = re.compile(r"(?:where|with|for|since|because|as|if|when|by|using|assuming)\b", re.IGNORECASE)
_FILLERS = re.compile(
    r"(?:so|hence|thus|then|and|therefore|now|also|or|i\.e\.|that is|finally|similarly)\b", re.IGNORECASE
)


def _without_words(text):
    """The text with explanations in `\\text{..}` blanked; from `\\text{where ..}` on, to the end of the line."""
    if r"\begin{cases}" in text:
        return text
    for found in _WORDS.finditer(text):
        words = found[1].strip()
        if _CONDITION.match(words) and text[: found.start()].strip():
            rest = re.compile(r"\\\\").search(text, found.end())
            end = rest.start() if rest else len(text)
            return text[: found.start()] + " " * (end - found.start()) + _without_words(text[end:])
        remark = re.search(r"(&&|\\q?quad)\s*$", text[: found.start()]) and re.match(
            r"\s*(\\\\|\\end|$)", text[found.end() :]
        )
        if remark or _CONDITION.match(words) or _FILLERS.match(words) or re.search(r"\w\s+\w|[(,]", words):
            text = text[: found.start()] + " " * (found.end() - found.start()) + text[found.end() :]
    return text


def _blank(text, pattern):
    return re.sub(pattern, lambda m: " " * len(m[0]), text)


def _at_breaks(text):
    """Stretches between `\\\\` that stand outside of braces and matrices."""
    depth = start = k = 0
    while k < len(text):
        if text.startswith(r"\begin{", k):
            depth += 1
            k += 7
        elif text.startswith(r"\end{", k):
            depth -= 1
            k += 5
        elif text.startswith("\\\\", k) and depth <= 0:
            skip = re.compile(r"\\\\(\[[\d.]+\s*(?:pt|em|ex|mm)\])?").match(text, k).end()
            yield start, k
            start = k = skip
        elif text[k] == "\\":
            k += 2
        else:
            k += 1
    yield start, len(text)


def _without_alignment(text):
    """The text with `&` blanked where it only aligns (outside matrices)."""
    if r"\begin" not in text:
        return re.sub(r"(?<!\\)&", " ", text)
    out, depth = [], 0
    for part in re.split(r"(\\begin\{\w+\*?\}|\\end\{\w+\*?\})", text):
        depth += part.startswith(r"\begin") - part.startswith(r"\end")
        out.append(part if depth > 0 else part.replace("&", " "))
    return "".join(out)


def split_members(text: str) -> list[Member]:
    """The members of a line, split at relation signs outside of all brackets; the first is empty in a
    continuation.
    """
    members, depth, start, k, implied = [], 0, 0, 0, False
    while k < len(text):
        ch = text[k]
        found = _RELATION.match(text, k) if depth <= 0 else None
        if found and not _part_of_other(text, k):
            members.append(Member(text[start:k], start, implied))
            implied = bool(found["imply"])
            start = k = found.end()
            continue
        if text.startswith(r"\begin", k) or text.startswith(r"\end{", k):
            depth += 1 if text.startswith(r"\begin", k) else -1
            k += 4
        elif ch == "\\":
            k += 1
        elif ch in "({[":
            depth += 1
        elif ch in ")}]":
            depth -= 1
        k += 1
    members.append(Member(text[start:], start, implied))
    if len(members) == 1 and depth > 0:
        return _split_regardless(text)
    return members


def _split_regardless(text):
    """Members of a text whose brackets do not close, so that the readable side is still read."""
    parts, start = [], 0
    for found in re.finditer(r"(?<![<>!:=])=(?!=)", text):
        before = text[: found.start()]
        if before.count("{") - before.count("}") > 0 and re.search(r"_\{[^}]*$", before):
            continue
        parts.append(Member(text[start : found.start()], start))
        start = found.end()
    parts.append(Member(text[start:], start))
    return parts


def _part_of_other(text, k):
    return (
        text[k] == "="
        and k > 0
        and text[k - 1] in "<>!"
        or text[k] == "="
        and re.search(r"\\n(?:e|ot)q?\s*$", text[:k]) is not None
    )


# -- the name a line defines
# -----------------------------------------------------------------------------------------

_DROP = re.compile(
    r"\\(?:" + "|".join(sorted(STYLES, key=len, reverse=True)) + r")(?![A-Za-z])|\\[,;:! ]|\\left|\\right|\s"
)
_ACCENT = re.compile(r"\\(" + "|".join(sorted(ACCENTS, key=len, reverse=True)) + r")(?![A-Za-z])")
# An accent is one private character while a left side is looked at, so that dropping blanks cannot glue it to
# its letter.
_SHAPE = re.compile(
    r"(?P<accents>(?:[\ue000-\ue0ff]\{*)*)\{*(?P<base>\\[A-Za-z]+|[A-Za-z]+\d*)\}*"
    r"(?P<marks>(?:[_^](?:\{[^{}]*(?:\{[^{}]*\})?[^{}]*\}|\\?[A-Za-z0-9*]))*)(?P<args>\((?P<inside>[^()]*(?:\([^()]*\))?[^()]*)\))?"
)


def defined_name(text: str, names: Names) -> tuple[str, tuple, tuple] | None:
    """(name, parameters, index letters) when a member is a name alone that could be introduced here, else
    None.

    `L`, `\\hat y`, `f(W)`, `p_i`, `\\text{MSE}`, `z^{(1)}`: whether it is known already is for the caller to
    ask.
    """
    spelled = plain(text)[0]
    spelled = re.sub(r"\\(left|right)\b", "", spelled)
    spelled = re.sub(r"\^\s*\{?\s*\\(?:star|ast)\b\s*\}?", "^*", spelled)
    order = list(ACCENTS)
    marked = _ACCENT.sub(lambda m: chr(0xE000 + order.index(m[1])), spelled)
    found = _SHAPE.fullmatch(_DROP.sub("", marked))
    if not found:
        return None
    if found["base"] == "d" and found["args"] and not re.search("[,;]", found["inside"]):
        return None  # d(AB) is a differential; a distance d(x, y) may be defined
    accents = [ACCENTS[order[ord(c) - 0xE000]] for c in found["accents"] if c != "{"]
    base = found["base"].lstrip("\\")
    if found["base"].startswith("\\") and base not in GREEK:
        return None
    if len(base) > 1 and not found["base"].startswith("\\") and not names.known(base) and not _is_word(base, names):
        return None
    name, indices = " ".join([*accents, base]), ()
    for mark, content in re.findall(r"([_^])(\{(?:[^{}]|\{[^{}]*\})*\}|\\?[A-Za-z0-9*])", found["marks"]):
        content = content.strip("{}")
        digits = re.sub(r"[()\[\]{}]", "", content)
        letters = re.findall(r"[A-Za-z]'*", content)
        if digits.isdigit() and not indices:
            name += digits
        elif content == "*":
            name += "*"
        elif mark == "_" and letters and "".join(letters) == content.replace(",", "") and len(letters) <= 2:
            indices = tuple(letters)
        elif mark == "_" and digits.isalpha():
            name += "_" + digits
        else:
            return None
    params = tuple(p for p in (_parameter(x) for x in re.split(r"[,;]", found["inside"])) if p) if found["args"] else ()
    return name, params, indices


def _parameter(text):
    from .names import canonical

    return canonical(text) if text.strip() else None


def _is_word(base, names):
    """Whether a run of letters is one new name rather than a product of known ones or a differential."""
    if base in FUNCTIONS or base.startswith("grad"):
        return False
    known = [names.known(c) for c in base if c.isalpha()]
    if all(known):
        return False
    if base[0] == "d" and names.known(base[1:]):
        return False
    return len(known) < 2 or len(known) >= 3 or not any(known)
