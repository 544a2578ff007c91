"""A judged derivation: what the caller gets, as data, as a table for a terminal or for a notebook."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from . import wording
from .engine import Functions, Line
from .tex import Tex, everywhere, read_tex

if TYPE_CHECKING:
    from .names import Shapes
    from .workout.next_line import Next

MARKS = {"definition": "≝", "right": "✓", "wrong": "✗", "follows": "↳", "shapes": "⊠", "unreadable": "?"}
# Blue and orange are told apart by nearly everyone; the symbol and the word say the same without colour.
COLOURS = {
    "definition": "var(--jp-ui-font-color2, #616161)",
    "right": "#1b7fb8",
    "wrong": "#d55e00",
    "shapes": "#d55e00",
    "follows": "#b07d00",
    "unreadable": "#b07d00",
}
SAID = {
    "definition": "definition",
    "right": "right",
    "wrong": "wrong",
    "follows": "follows",
    "shapes": "does not fit",
    "unreadable": "unreadable",
}
BAD = ("wrong", "shapes", "unreadable")


@dataclass
class Report:
    """The lines of a derivation with their verdicts."""

    lines: list[Line] = field(default_factory=list)
    assumed: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    asked: tuple[str, Shapes | None, Functions] | None = None  # text, shapes and functions, as `derive` got them
    told: int = 0  # how much `next` has told

    def next(self, tier: int | None = None) -> Next:
        """What comes next: the rule and where; called again, the line with a gap; then the line. See `next_line`.

        tier: 1, 2 or 3 for just that. Errors: ValueError for another tier, or for a report that `derive` did not make.
        """
        from .workout.next_line import TIERS, next_line

        if tier is not None and tier not in range(1, TIERS + 1):
            raise ValueError(f"the tier must be 1, 2 or 3; got {tier!r}")
        if not self.asked:
            raise ValueError("the next line is found for a report of derive(text, shapes); this one has no text")
        self.told = min(self.told + 1, TIERS) if tier is None else tier
        text, shapes, functions = self.asked
        return next_line(text, shapes, functions, self.told)

    @property
    def notes(self) -> list[str]:
        """What the whole text was read as, where that had to be guessed: sentences for the head of the report."""
        return wording.assumptions(self.assumed, self.unknown)

    @property
    def first_wrong(self) -> int | None:
        """The index of the first line that is wrong or does not fit together; a line that cannot be read is
        not judged.
        """
        return next((k for k, line in enumerate(self.lines) if line.verdict in ("wrong", "shapes")), None)

    @property
    def ok(self) -> bool:
        """Whether no line is wrong, misfit or unreadable (a line that follows from a wrong one comes after a
        wrong one).
        """
        return not any(line.verdict in (*BAD, "follows") or line.partial for line in self.lines)

    def summary(self) -> str:
        """One sentence about the whole."""
        if not self.lines:
            return "Nothing to check yet: write one relation a line, such as L = \\frac{1}{2n}\\|Xw-y\\|^2."
        if self.ok:
            # In `L = a = b` the second right side is a claim: it was compared with the first.
            claims = sum(line.verdict == "right" or len(line.sides) > 2 for line in self.lines)
            if not claims:
                return "Only definitions so far: nothing is claimed yet."
            return f"Every claim is right ({claims} of {claims})." if claims > 1 else "The claim is right."
        k = self.first_wrong
        unread = [str(j) for j, line in enumerate(self.lines, 1) if line.verdict == "unreadable"]
        many = (
            f"Lines {', '.join(unread)} cannot be read."
            if len(unread) > 1
            else f"Line {unread[0]} cannot be read."
            if unread
            else ""
        )
        if k is None:
            return many
        said = {"wrong": "is wrong", "shapes": "does not fit together"}[self.lines[k].verdict]
        return f"Line {k + 1} is the first that {said}. {many}".strip()

    def to_dict(self) -> dict:
        """The report as plain data for programs."""
        return {
            "ok": self.ok,
            "first_wrong": self.first_wrong,
            "summary": self.summary(),
            "assumed": self.assumed,
            "notes": self.notes,
            "lines": [
                {
                    "text": line.text,
                    "verdict": line.verdict,
                    "shape": line.shape,
                    "mistake": line.mistake,
                    "message": line.message,
                    "repair": line.repair,
                    "code": line.code,
                    "reading": line.reading,
                    "position": line.position,
                    "where": list(line.where) if line.where else None,
                    "partial": line.partial,
                    "assumption": line.assumption,
                }
                for line in self.lines
            ],
        }

    def __repr__(self) -> str:
        rows = [(str(k), f"{MARKS[x.verdict]} {SAID[x.verdict]}", x.shape, x.text) for k, x in enumerate(self.lines, 1)]
        heads = ("line", "verdict", "shape", "text")
        widths = [max([len(h), *(len(r[k]) for r in rows)]) for k, h in enumerate(heads[:3])]
        out = ["  ".join([*(h.ljust(w) for h, w in zip(heads[:3], widths, strict=True)), heads[3]])]
        indent = " " * (sum(widths) + 6)
        for row, line in zip(rows, self.lines, strict=True):
            out.append("  ".join([*(c.ljust(w) for c, w in zip(row[:3], widths, strict=True)), row[3]]).rstrip())
            if line.verdict not in ("right", "definition"):
                out.extend(indent + part for part in _folded(line.message, 78))
                if line.repair:
                    out.append(f"{indent}mended: {line.code or line.repair}")
            elif line.message and line.verdict == "right":
                out.extend(indent + part for part in _folded(line.message, 78))
        return "\n".join([*self.notes, *out, self.summary()])

    def _repr_html_(self) -> str:
        rows = "".join(_row(k, line) for k, line in enumerate(self.lines, 1))
        notes = "".join(f'<p style="margin:0 0 0.5em">{html.escape(note)}</p>' for note in self.notes)
        heads = "".join(
            f'<th scope="col" style="{_CELL}">{h}</th>' for h in ("line", "as it was read", "shape", "verdict")
        )
        return (
            '<div class="course-derivation" style="color:var(--jp-content-font-color1, inherit)">'
            f"{notes}"
            f'<table style="border-collapse:collapse;background:transparent"><thead><tr>{heads}</tr></thead>'
            f"<tbody>{rows}</tbody></table>"
            f'<p style="margin:0.5em 0 0">{html.escape(self.summary())}</p></div>'
        )


_CELL = (
    "text-align:left;vertical-align:top;padding:0.3em 0.8em;background:transparent;color:inherit;"
    "border-bottom:1px solid var(--jp-border-color2, #9e9e9e)"
)


def _code(marked: str) -> str:
    """Text as it is typed, in the colours of what stands around it."""
    return f'<code style="color:inherit;background:transparent;overflow-wrap:anywhere">{marked}</code>'


def _row(number: int, line: Line) -> str:
    literal = _code(_marked(line))
    read = _mathematics(line.reading) if line.reading else literal
    colour = COLOURS[line.verdict]
    # Only the symbol is coloured: the word keeps the theme's own contrast.
    mark = f'<span aria-hidden="true" style="color:{colour}">{MARKS[line.verdict]}</span>'
    badge = f'<strong style="white-space:nowrap">{mark} {SAID[line.verdict]}</strong>'
    note = f"<div>{html.escape(line.message)}</div>" if line.message else ""
    if line.repair:
        mended = _code(html.escape(line.code)) if line.code else _mathematics(line.repair)
        note += f"<div>mended: {mended}</div>"
    cells = (str(number), read, html.escape(line.shape), badge + note)
    return "<tr>" + "".join(f'<td style="{_CELL}">{c}</td>' for c in cells) + "</tr>"


LONG = 45  # signs that are seen


def _mathematics(latex: str) -> str:
    """LaTeX for a cell; a long line in pieces, for a formula in one piece would push the verdict out of sight."""
    nodes = read_tex(latex)
    seen = sum(n.kind in ("letter", "digit", "sign", "relation", "command", "bar") for n in everywhere(nodes))
    pieces = _pieces(latex, nodes) if seen > LONG else [latex]
    # As large as in a display: the fractions of a line of text are too small to compare letter by letter.
    return " ".join(f"$\\displaystyle {html.escape(piece)}$" for piece in pieces)


def _pieces(latex: str, nodes: list[Tex]) -> list[str]:
    """The LaTeX cut before every relation sign and every sign of a sum that stands outside all brackets."""
    pieces, depth, start = [], 0, 0
    for before, n in pairwise(nodes):
        depth += (n.side == "L") - (n.side == "R")
        between = n.kind == "relation" or n.kind == "sign" and n.value in "+-" and before.kind == "space"
        if between and not depth and n.start > start:
            pieces.append(latex[start : n.start].rstrip())
            start = n.start
    # The empty group keeps a sign at the front of a piece one between two terms.
    return [pieces[0], *("{} " + piece for piece in [*pieces[1:], latex[start:]])] if pieces else [latex]


def _marked(line: Line) -> str:
    """The text of an unreadable line with the place marked; dollar signs kept from MathJax."""
    text = line.text
    at = (line.position or 1) - 1
    if not line.where or at >= len(text):
        return _literal(text)
    marked = f'<mark style="background:#f0c040;color:#000">{_literal(text[at])}</mark>'
    return _literal(text[:at]) + marked + _literal(text[at + 1 :])


def _literal(text: str) -> str:
    return html.escape(text).replace("$", "&#36;").replace("\\", "&#92;")


def _folded(text: str, width: int) -> list[str]:
    import textwrap

    return textwrap.wrap(text, width) or []
