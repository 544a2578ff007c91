"""A verdict: what the judge says of one answer, for people and for the gradebook."""

import html
import re
from dataclasses import dataclass, field

STATUSES = {
    "right": "right",
    "not attempted": "not attempted",
    "unknown": "no such exercise",
    "failed": "could not be judged",
    "signature": "other parameters",
    "raised": "raised an error",
    "stopped": "stopped",
    "none": "returned None",
    "kind": "wrong kind of value",
    "shape": "wrong shape",
    "not finite": "not finite",
    "wrong": "wrong values",
    "costly": "too many calls",
    "overwritten": "an argument was overwritten",
    "wrong line": "a line is wrong",
    "unfinished": "not finished",
}
_MARKS = {"right": "✓", "not attempted": "○"}
# Blue and orange keep apart for colour-blind readers, and both hold on light and dark pages.
_COLOURS = {"right": "#1f77b4", "not attempted": "#7f7f7f"}


@dataclass(frozen=True)
class Verdict:
    """What the judge says of one answer.

    exercise    name of the function (or variable) that was judged.
    status      a key of STATUSES: the first rung of the ladder that failed, or "right".
    message     one or two sentences in the learner's vocabulary.
    points      points earned, of `max_points`.
    mistake     id of the named mistake that was recognised, or None.
    seconds     wall time spent in the learner's code.
    chapter     two digits, "" for an unknown exercise.
    table       the judged lines of a derivation as HTML, for the notebook alone; "" otherwise.
    """

    exercise: str
    status: str
    message: str
    points: float = 0.0
    max_points: float = 0.0
    mistake: str | None = None
    seconds: float = 0.0
    chapter: str = ""
    table: str = field(default="", repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise ValueError(f"status {self.status!r} is not one of {', '.join(STATUSES)}")

    @property
    def ok(self) -> bool:
        return self.status == "right"

    @property
    def heading(self) -> str:
        return f"{self.exercise}: {STATUSES[self.status]}"

    @property
    def _score(self) -> str:
        return f"{self.points:g} of {self.max_points:g} points" if self.max_points else ""

    def __repr__(self) -> str:
        score = f" ({self._score})" if self._score else ""
        return f"{_MARKS.get(self.status, '✗')} {self.heading}{score}\n  {self.message}"

    def _repr_html_(self) -> str:
        colour = _COLOURS.get(self.status, "#d55e00")
        score = f" · {self._score}" if self._score else ""
        return (
            f'<div style="border-left:4px solid {colour};padding:.2em .8em;margin:.2em 0">'
            f"<strong>{_MARKS.get(self.status, '✗')} {html.escape(self.heading)}</strong>{score}<br>"
            f"{inline_html(self.message)}{self.table}</div>"
        )


# A letter, or a product in brackets, with an index: p_i, λ_max, 2x_i², (XW)_ij. A name such as y_hat is none.
_INDEX = re.compile(
    r"(?<![^\W\d])(?P<letter>[^\W\d_]|\([A-Z]{2,3}\))_(?P<index>max|min|[ijklnpqt]{1,3}|\d)(?![^\W²³ᵀ])"
)


def inline_html(text: str) -> str:
    """Escaped text in which `code` between backquotes is set as code, and letters with an index as mathematics."""
    parts = html.escape(text).split("`")
    if len(parts) % 2 == 0:
        return _with_indices(html.escape(text))
    return "".join(f"<code>{part}</code>" if i % 2 else _with_indices(part) for i, part in enumerate(parts))


def _with_indices(text: str) -> str:
    return _INDEX.sub(_as_mathematics, text)


def _as_mathematics(found: re.Match[str]) -> str:
    letter, index = found["letter"], found["index"]
    upright = letter in "ΣΠ" or letter.startswith("(")
    return (
        letter if upright else f"<var>{letter}</var>"
    ) + f"<sub>{index if index in ('max', 'min') else f'<var>{index}</var>'}</sub>"
