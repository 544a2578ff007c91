r"""What an open product means.

In a flat product some factors are heads that reach to the right: a sum, a function or a derivative without brackets,
`\frac{\partial}{\partial w}`, `\nabla`. `unrolled` decides how far.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from . import wording
from .class_labels import Label, is_pick, other_than, without_pick
from .operations import OPERATIONS
from .tokens import Tok, UnreadableError
from .tree import Node, Span, free_indices, mul, num

# What stands in a product: an operand, a head, "DOT", "STAR" (the * of programs) or "SLASH".
Item = Node | str
# What is known of a \nabla: the tokens of its variable, its order, "product" where it reaches over a whole product.
Nabla = tuple[list[Tok] | None, int, *tuple[str, ...]]


DETERMINANTS = ("det", "logdet")


def span_of(children: Iterable[Any]) -> Span | None:
    """The stretch of text that nodes and tokens cover together."""
    spans = []
    for c in children:
        if isinstance(c, Node):
            if c.span:
                spans.append(c.span)
        elif isinstance(c, list):
            inner = span_of(c)
            if inner:
                spans.append(inner)
        elif hasattr(c, "start_pos"):
            spans.append((c.start_pos, c.end_pos))
    return (min(s[0] for s in spans), max(s[1] for s in spans)) if spans else None


def begin(span: Span | None) -> int:
    """Where a stretch of text begins; 0 where nothing says it."""
    return span[0] if span else 0


class Factors(list[tuple[str, "str | None", "str | Label | None"]]):
    r"""The indices of a `\prod`, which is read as the exponential of a sum of logarithms."""


class Head:
    """A head's token type and value, carried through the tree by identity."""

    __slots__ = ("type", "value")

    def __init__(self, kind: str, value: Any) -> None:
        self.type, self.value = kind, value


def called(name: str, primes: int, args: list[Node], span: Span | None, at: int) -> Node:
    """The tree of a function's call; UnreadableError, at the place, where it has another number of arguments."""
    made = OPERATIONS.call(name, args, primes, span)
    if made is None:
        takes = OPERATIONS.rows[name].takes if name in OPERATIONS.rows else 1
        count = "one argument" if takes == 1 else f"{takes} arguments"
        verb = "is" if len(args) == 1 else "are"
        raise UnreadableError(f"{name} takes {count}, here {verb} {len(args)}", at)
    return made


def unrolled(items: Sequence[Item], span: Span | None) -> Node:
    """A flat product with heads and slashes as a tree."""
    result: list[Node] = []
    k = 0
    while k < len(items):
        item = items[k]
        if item in ("DOT", "STAR"):
            right, k = [], k + 1
            while k < len(items) and items[k] not in ("DOT", "STAR", "SLASH"):
                node, k = _unit(items, k)
                right.append(node)
            if result and right and not any(r.op == "head" for r in (*result, *right)):
                result = [Node("dot", [mul(*result), mul(*right)], item, span_of([result, right]))]
            else:
                result += right
        elif item == "SLASH":
            below, k = _unit(items, k + 1)
            if not result:
                raise UnreadableError("nothing stands before this '/'", begin(span))
            above = mul(*result) if not any(r.op == "head" for r in result) else result.pop()
            result = []
            if below.op == "T" and k < len(items) and items[k] != "SLASH":
                after = k + (items[k] in ("DOT", "STAR"))
                below, k = mul(below, _operand(items, after)), after + 1  # a / x^T x is divided by the inner product
            if _is_plain_number(below) and k < len(items) and _is_letter(items[k]):
                below, k = mul(below, _operand(items, k)), k + 1  # 1/2n is 1/(2n)
            top = fraction(above, below, span_of([above, below]))
            if top.op == "head":
                node, k = _reach(top, items, k)
                top = node
            result.append(top)
        else:
            node, k = _unit(items, k)
            if node.op in ("grad", "hess") and k < len(items) and _at_its_variable(node, items[k]):
                k += 1
            result.append(node)
    return mul(*result, span=span)


def _at_its_variable(node: Node, item: Item) -> bool:
    r"""Whether `(x)` behind `\frac{\partial f}{\partial x_j}` only says where the derivative is taken."""
    if not isinstance(item, Node) or item.op not in ("paren", "mat") or len(node.args) < 2:
        return False
    wrt = node.args[1].args[0] if node.args[1].op == "idx" else node.args[1]
    return all(a.op == "sym" for a in item.args) and wrt in item.args


def is_determinant(item: Item) -> bool:
    """Whether a `\\det` without brackets begins here, alone or under a differential or a logarithm."""
    while isinstance(item, Node) and item.op != "head" and item.args:
        item = item.args[0]
    return isinstance(item, Node) and _is_function_head(item) and item.val.value[0] in DETERMINANTS


def _is_function_head(item: Node) -> bool:
    return item.op == "head" and item.val.type == "FUNCH"


def _is_plain_number(item: Item) -> bool:
    return isinstance(item, Node) and item.op == "num"


def _is_letter(item: Item) -> bool:
    return isinstance(item, Node) and item.op == "sym"


def _operand(items: Sequence[Item], k: int) -> Node:
    """The operand or head at position k; UnreadableError where none stands there."""
    item = items[k] if k < len(items) else ""
    if not isinstance(item, Node):
        before = [i for i in items[:k] if isinstance(i, Node)] or [i for i in items if isinstance(i, Node)]
        raise UnreadableError("something must follow here", max((i.end for i in before), default=1) - 1)
    return item


def _unit(items: Sequence[Item], k: int) -> tuple[Node, int]:
    """The operand that starts at position k, and the position after it."""
    head = item = _operand(items, k)
    wraps = []
    while head.op in ("T", "pow", "inv", "idx", "row") and head.args and _holds_head(head):
        wraps.append(head)
        head = head.args[0]
    if head.op == "head" or head.op == "d" and _holds_head(head):
        inverse = wraps and wraps[-1].op == "inv" and _is_function_head(head)
        if inverse and not _gives_number(head.val.value[0]):
            raise UnreadableError(
                "the power -1 of a function may mean its inverse or its reciprocal: write 1/f(x) for the latter",
                head.start,
            )
        node, after = _reach(head, items, k + 1)
        for w in reversed(wraps):
            node = Node(w.op, [node, *w.args[1:]], w.val, w.span)
        return node, after
    return item, k + 1


def _holds_head(node: Node) -> bool:
    return (
        node.op == "head"
        or bool(node.args)
        and node.op in ("T", "pow", "inv", "idx", "d", "row")
        and _holds_head(node.args[0])
    )


def _reach_of_number(items: Sequence[Item], k: int) -> int:
    """Where what `\\det` or `\\tr` reaches over ends: at a product sign after a determinant, at the next trace,
    determinant or norm. det A det B is two determinants.
    """
    for end in range(k + 1, len(items)):
        item = items[end]
        if item in ("DOT", "STAR") or isinstance(item, Node) and _begins_number(item):
            return end
    return len(items)


def _begins_number(item: Node) -> bool:
    while item.op in ("pow", "d", "paren") and item.args:
        item = item.args[0]
    if item.op == "head":
        return _is_function_head(item) and _gives_number(item.val.value[0])
    return item.op in ("norm", "frob") or item.op == "fn" and _gives_number(item.val[0])


def _gives_number(name: str) -> bool:
    return name in OPERATIONS.rows and OPERATIONS.rows[name].reach == "number"


def _rest(items: Sequence[Item], k: int, head: Node) -> Node:
    """Everything from position k to the end of the product, as one tree."""
    if k >= len(items):
        raise UnreadableError("something must follow here", head.end - 1)
    return unrolled(items[k:], span_of([i for i in items[k:] if isinstance(i, Node)]))


def _reach(head: Node, items: Sequence[Item], k: int) -> tuple[Node, int]:
    """What a head means together with what it reaches over, and the position after that."""
    if head.op == "d":
        inner, after = _reach(head.args[0], items, k)
        return Node("d", [inner], head.val, span_of([head, inner])), after
    kind, value = head.val.type, head.val.value
    if kind == "SUM":
        return _summed(head, value, items, k)
    if kind == "FUNCH":
        name, primes = value
        reach = OPERATIONS.rows[name].reach if name in OPERATIONS.rows else "factor"
        if reach == "factor":
            body, after = _unit(items, k)
            while after < len(items) and _is_plain_number(body):
                more, after = _unit(items, after)
                body = mul(body, more)
        else:
            after = _reach_of_number(items, k) if reach == "number" else len(items)
            body = _rest(items[:after], k, head)
        return called(name, primes, [body], span_of([head, body]), head.start), after
    if kind == "DIFFH":
        body, after = _unit(items, k)
        return Node("d", [body], value, span_of([head, body])), after
    if kind == "NEG":
        body = _rest(items, k, head)
        return Node("neg", [body], None, span_of([head, body])), len(items)
    if kind == "NABLA":
        return _nabla(head, value, items, k)
    if kind == "OPERATOR":
        body = _rest(items, k, head)
        return _derivative(body, value, head), len(items)
    raise UnreadableError(
        r"this sign needs something to differentiate, as in \frac{\partial L}{\partial w}", head.start
    )


def _summed(head: Node, value: list[Any], items: Sequence[Item], k: int) -> tuple[Node, int]:
    """A sum or a product over indices with what it reaches over, and the position after that."""
    end = next((j for j in range(k, len(items)) if _binds_again(items[j], value)), len(items))
    body = _rest(items[:end], k, head)
    product = isinstance(value, Factors)
    body = Node("fn", [body], ("log", 0), body.span) if product else body
    for index, limit, unequal in reversed(value):
        index = index or _only_index(body, head)
        if isinstance(unequal, Label):
            body, unequal = other_than(unequal, index, body), None
        body = Node("sum", [body], (index, limit, unequal), span_of([head, body]))
    return (Node("fn", [body], ("exp", 0), body.span) if product else body), end


def _only_index(body: Node, head: Node) -> str:
    r"""The one letter that `\sum y_i` can run over; UnreadableError where there are more, or none."""
    letters = free_indices(body)
    if len(letters) != 1:
        raise UnreadableError(wording.NO_INDEX, head.start)
    return letters[0]


def _binds_again(item: Item, value: list[tuple[str, str | None, str | None]]) -> bool:
    """Whether a second sum over the same letter begins here: what the first reaches over ends before it."""
    if not isinstance(item, Node) or item.op != "head" or item.val.type != "SUM":
        return False
    return bool({i for i, *_ in item.val.value} & {i for i, *_ in value})


def _nabla(head: Node, value: Nabla, items: Sequence[Item], k: int) -> tuple[Node, int]:
    r"""`\nabla` with what it reaches over."""
    from .parser import parse_tokens  # which is built of this

    variable, order, *whole = value
    core, wraps = items[k] if k < len(items) else "", []
    if not isinstance(core, Node):
        raise UnreadableError("the gradient of what? Something must follow here", head.end - 1)
    wrt = parse_tokens(variable) if variable else None
    if variable and wrt is not None and wrt.op == "T" and order == 1:
        inner, after = _nabla(head, (variable[:-1], order, *whole), items, k)
        return Node("T", [inner], None, inner.span), after
    while core.op == "T":
        wraps.append(core)
        core = core.args[0]
    more = k + 1 < len(items) and core.op == "paren"
    if core.op in ("sym", "app", "paren", "idx") and not whole and not more:
        body, after = core, k + 1
    else:
        wraps = []
        body, after = _rest(items, k, head), len(items)
    variables = [] if wrt is None else [wrt] * order
    node = Node("hess" if order == 2 else "grad", [body, *variables], None, span_of([head, body]))
    for w in reversed(wraps):
        node = Node("T", [node], None, w.span)
    return node, after


# -- fractions and derivatives


def fraction(above: Node, below: Node, span: Span | None) -> Node:
    """A fraction, or the derivative that it spells."""
    bottom = _variables(below)
    if bottom is not None:
        if above.op == "head" and above.val.type == "DOP":
            once = above.val.value[1] == 1
            return Node("head", (), Head("OPERATOR", _in_a_square(below, bottom) if once else bottom), span)
        top = _pull_d(above)
        if top is not None and top.val[1] == 1:
            bottom = _in_a_square(below, bottom)
        if top is not None:
            return _derivative(top.args[0], bottom, Node("head", (), None, span))
    if above.op == "head" or below.op == "head":
        raise UnreadableError("this does not read as a derivative", begin(span))
    return Node("div", [above, below], None, span)


def _derivative(body: Node, variables: list[Node], head: Node) -> Node:
    """body differentiated in one variable, or in two for a second derivative."""
    span = span_of([head, body])
    if len(variables) > 2:
        raise UnreadableError("derivatives of order three and more are not read", head.start)
    return Node("grad" if len(variables) == 1 else "hess", [body, *variables], None, span)


def _variables(node: Node) -> list[Node] | None:
    """[w] for `\\partial w`, [x, x] for `\\partial x^2` and `\\partial x\\,\\partial x^T`, None for anything
    else.
    """
    if node.op == "paren":
        return _variables(node.args[0])
    if is_pick(node):
        entry, inner = without_pick(node)
        found = _variables(inner)
        return [Node("sum", [mul(entry, found[0])], node.val, node.span)] if found else None
    if node.op == "d":
        inner = node.args[0]
        while inner.op == "paren" and inner.args[0].op == "paren":
            inner = inner.args[0]
        return [inner.args[0]] if inner.op == "paren" else [inner]
    if node.op in ("idx", "T") and node.args[0].op == "d":
        return [Node(node.op, _variables(node.args[0]) or (), node.val, node.span)]
    if node.op == "pow" and node.args[0].op in ("d", "idx"):
        twice = _variables(node.args[0])
        return twice * 2 if twice and node.args[1] == num(2) else None
    if node.op == "mul" and len(node.args) == 2:
        first, second = (_variables(a) for a in node.args)
        return None if first is None or second is None else [p.args[0] if p.op == "T" else p for p in first + second]
    return None


def _in_a_square(below: Node, variables: list[Node]) -> list[Node]:
    r"""[σ²] for `\partial\sigma^2` under a first derivative: a variance is a variable of its own."""
    inner = variables[0]
    twice = len(variables) == 2 and below.op == "pow" and inner.op == "sym" and inner.val in ("sigma", "tau")
    return [Node("pow", [inner, num(2)], None, below.span)] if twice else variables


def _pull_d(node: Node) -> Node | None:
    """The tree with its leading differential moved outside, or None when it does not begin with one."""
    if node.op == "d":
        inner = node.args[0]
        return Node("d", [inner.args[0] if inner.op == "paren" else inner], node.val, node.span)
    if is_pick(node):
        entry, inner = without_pick(node)
        first = _pull_d(inner)
        moved = first and Node("sum", [mul(entry, first.args[0])], node.val, node.span)
        return Node("d", [moved], first.val, node.span) if first and moved else None
    if node.op in ("idx", "pow", "T", "mul") and node.args:
        first = _pull_d(node.args[0])
        if first is not None:
            return Node(
                "d",
                [Node(node.op, [first.args[0], *node.args[1:]], node.val, node.span)],
                first.val,
                node.span,
            )
    return None
