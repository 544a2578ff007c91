"""From nodes and tokens to the tree: the Lark grammar, and what is said where it does not fit."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .building import builder
from .dimensions import MisfitError
from .meaning import in_an_expression, with_inner_products
from .names import Names
from .resolver import lex
from .symbols import parted
from .tex import Tex, closing, flat, read_tex
from .tidying import tidy
from .tokens import Tok, UnreadableError
from .tree import Node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lark import Lark, Token
    from lark.common import LexerConf
    from lark.exceptions import UnexpectedToken


SPOKEN = {
    "PLUS": "'+'",
    "MINUS": "'-'",
    "SLASH": "'/'",
    "DOT": "a product sign",
    "ODOT": r"'\odot'",
    "OTIMES": r"'\otimes'",
    "COLON": "':'",
    "RPAR": "a closing bracket",
    "LPAR": "an opening bracket",
    "RBRACE": "a closing brace",
    "NUM": "a number",
    "COMMA": "a comma",
    "AMP": "'&'",
    "NL": r"'\\'",
    "SUB": "a subscript",
    "TRANS": "a transpose",
    "SUP": "a superscript",
    "NORM_C": "the end of a norm",
    "BAR_C": "the end of a bar",
    "NAME": "a name",
    "RANG": r"'\rangle'",
    "INV": "an inverse",
}


def parse(text: str, names: Names, offset: int = 0) -> Node:
    """The tree of one member written in LaTeX; UnreadableError otherwise. `offset` is added to every place in
    the
    text.
    """
    return shift(parse_nodes(read_tex(text), names), offset)


def parse_nodes(nodes: list[Tex], names: Names) -> Node:
    """The tree of one member's nodes; UnreadableError where they cannot be read."""
    tokens = lex(with_sums_of_programs(nodes), names)
    if not tokens:
        raise UnreadableError("nothing stands here", nodes[0].start if nodes else 0)
    try:
        return in_an_expression(with_inner_products(parse_tokens(tokens), names), names)
    except MisfitError:
        raise UnreadableError("a derivative is taken in a name or an entry of one", tokens[0].start) from None


def with_sums_of_programs(nodes: list[Tex]) -> list[Tex]:
    """`np.sum(G, axis=1, keepdims=True)` within a formula as G times ones, as it stands in notes on programs."""
    out: list[Tex] = []
    k = 0
    while k < len(nodes):
        spelled = nodes[k].kind == "style" and "".join(flat(nodes[k].args[0])) == "np.sum"
        after = k + 1 if spelled else k + 6 if "".join(x.value for x in nodes[k : k + 6]) == "np.sum" else len(nodes)
        close = closing(nodes, after) if after < len(nodes) and nodes[after].value == "(" else len(nodes)
        if close == len(nodes):
            out.append(nodes[k])
            k += 1
            continue
        inside, *rest = parted(nodes[after + 1 : close], (",",)) or [[]]
        axis = next((said[-1] for said in ("".join(flat(part)) for part in rest) if said.startswith("axis=")), "")
        row, column = read_tex(r"\mathbf{1}^T"), read_tex(r"\mathbf{1}")
        out += [*(row if axis != "1" else []), nodes[after], *inside, nodes[close], *(column if axis != "0" else [])]
        k = close + 1
    return out


def parse_tokens(tokens: list[Tok]) -> Node:
    """The tree of a list of tokens."""
    lark, errors = grammar()
    try:
        flat: Any = lark.parse(tokens)  # what the transformer made of it, a Node
    except errors.UnexpectedToken as e:
        raise _unexpected(e, tokens) from None
    except errors.VisitError as e:
        if isinstance(e.orig_exc, UnreadableError):
            raise e.orig_exc from None
        raise
    return tidy(flat)


def shift(node: Node, offset: int) -> Node:
    """The tree with every place moved by `offset` characters."""
    if not offset:
        return node
    span = (node.span[0] + offset, node.span[1] + offset) if node.span else None
    return Node(node.op, [shift(a, offset) for a in node.args], node.val, span)


def _unexpected(error: UnexpectedToken, tokens: list[Tok]) -> UnreadableError:
    tok = error.token
    if tok.type == "$END":
        last = tokens[-1]
        return UnreadableError("the expression ends too early: something must follow here", last.end - 1)
    if tok.type == "RBRACE" or tok.type == "RPAR":
        return UnreadableError("something is missing before this closing bracket", tok.start_pos)
    return UnreadableError(f"{SPOKEN.get(tok.type, 'this')} does not fit here", tok.start_pos)


@lru_cache(maxsize=1)
def grammar() -> tuple[Lark, ModuleType]:
    """The LALR parser, built when the first line is read (lark is imported only then)."""
    from lark import Lark, Token, exceptions
    from lark.lexer import Lexer as LarkLexer

    class Given(LarkLexer):
        """Hands over tokens that are already made."""

        def __init__(self, lexer_conf: LexerConf) -> None:
            pass

        def lex(self, data: list[Tok]) -> Iterator[Token]:  # type: ignore[override]  # lark hands on what it was given
            for tok in data:
                yield Token(tok.type, tok, start_pos=tok.start, end_pos=tok.end, column=tok.start)

    grammar = (Path(__file__).parent / "latex.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", lexer=Given, transformer=builder(), maybe_placeholders=False), exceptions
