"""Tokens, brackets that must pair up, and the error that says which piece of a line cannot be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MAX_DEPTH = 40
OPERAND_END = frozenset(
    [
        "NUM",
        "NAME",
        "EYE",
        "ONES",
        "KDELTA",
        "RPAR",
        "RBRACE",
        "NORM_C",
        "BAR_C",
        "RANG",
        "SUB",
        "TRANS",
        "INV",
        "INVT",
        "PRIME",
        "MATCLOSE",
        "DOTS",
    ]
)
BEFORE_SIGN = frozenset(["SUM", "DOT", "SLASH", "ODOT", "OTIMES", "COLON", "FUNCH", "DIFFH", "NABLA"])
# What closes, with what opens it.
CLOSES = {
    "RPAR": "LPAR",
    "RBRACE": "LBRACE",
    "RANG": "LANG",
    "NORM_C": "NORM_O",
    "BAR_C": "BAR_O",
    "MATCLOSE": "MATOPEN",
}
SPOKEN = {
    "LPAR": "bracket",
    "LBRACE": "brace",
    "LANG": r"\langle",
    "NORM_O": "norm",
    "BAR_O": "bar",
    "MATOPEN": "matrix",
}


class UnreadableError(Exception):
    """A piece of text that cannot be read: what, and at which position; `name` is the name that is not declared."""

    def __init__(self, message: str, position: int = 0, name: str | None = None) -> None:
        super().__init__(message)
        self.message, self.position, self.name = message, position, name


@dataclass
class Tok:
    """A token: its type, what it stands for, and the stretch of text it came from."""

    type: str
    value: Any  # of which kind depends on the type: a name, a number, the tokens of a variable, …
    start: int
    end: int


def check_brackets(tokens: list[Tok]) -> None:
    """UnreadableError at the first bracket that does not pair up, or that is nested too deep."""
    stack = []
    for tok in tokens:
        if tok.type in CLOSES.values():
            stack.append(tok)
            if len(stack) > MAX_DEPTH:
                raise UnreadableError(f"brackets are nested more than {MAX_DEPTH} deep", tok.start)
        elif tok.type in CLOSES:
            _check_closing(tok, stack[-1] if stack else None)
            stack.pop()
    if stack:
        raise UnreadableError(f"a {SPOKEN[stack[-1].type]} is opened here and never closed", stack[-1].start)


def _check_closing(tok: Tok, opened: Tok | None) -> None:
    """UnreadableError unless what closes here was opened last."""
    wanted = CLOSES[tok.type]
    if opened is None:
        raise UnreadableError(f"this closes a {SPOKEN[wanted]} that was never opened", tok.start)
    if opened.type != wanted:
        raise UnreadableError(
            f"this closes a {SPOKEN[wanted]}, but the {SPOKEN[opened.type]} "
            f"opened at column {opened.start + 1} is still open",
            tok.start,
        )
