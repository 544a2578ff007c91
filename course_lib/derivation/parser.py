"""From tokens to the tree: the Lark grammar, and what an open product means.

In a flat product some factors are heads that reach to the right: a sum, a function or a derivative without
brackets,
`\\frac{\\partial}{\\partial w}`, `\\nabla`. `_unroll` decides how far.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from .dimensions import MisfitError, Scope, is_scalar, is_vector, resolve
from .names import Definition, Names
from .operations import OPERATIONS
from .resolver import lex
from .shapes import Typer
from .tex import Tex, read_tex
from .tokens import Tok, UnreadableError
from .tree import Node, add, mul, neg, num, walk

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


DETERMINANTS = ("det", "logdet")


def parse(text: str, names: Names, offset: int = 0) -> Node:
    """The tree of one member written in LaTeX; UnreadableError otherwise. `offset` is added to every place in
    the
    text.
    """
    return shift(parse_nodes(read_tex(text), names), offset)


def parse_nodes(nodes: list[Tex], names: Names) -> Node:
    """The tree of one member's nodes; UnreadableError where they cannot be read."""
    tokens = lex(nodes, names)
    if not tokens:
        raise UnreadableError("nothing stands here", nodes[0].start if nodes else 0)
    try:
        return in_an_expression(_with_inner_products(parse_tokens(tokens), names), names)
    except MisfitError:
        raise UnreadableError("a derivative is taken in a name or an entry of one", tokens[0].start) from None


def parse_tokens(tokens: list[Tok]) -> Node:
    """The tree of a list of tokens."""
    lark, errors = grammar()
    try:
        flat = lark.parse(tokens)
    except errors.UnexpectedToken as e:
        raise _unexpected(e, tokens) from None
    except errors.VisitError as e:
        if isinstance(e.orig_exc, UnreadableError):
            raise e.orig_exc from None
        raise
    return _tidy(flat)


def shift(node: Node, offset: int) -> Node:
    """The tree with every place moved by `offset` characters."""
    if not offset:
        return node
    span = (node.span[0] + offset, node.span[1] + offset) if node.span else None
    return Node(node.op, [shift(a, offset) for a in node.args], node.val, span)


def _unexpected(error, tokens):
    tok = error.token
    if tok.type == "$END":
        last = tokens[-1]
        return UnreadableError("the expression ends too early: something must follow here", last.end - 1)
    if tok.type == "RBRACE" or tok.type == "RPAR":
        return UnreadableError("something is missing before this closing bracket", tok.start_pos)
    return UnreadableError(f"{SPOKEN.get(tok.type, 'this')} does not fit here", tok.start_pos)


@lru_cache(maxsize=1)
def grammar():
    """The LALR parser, built when the first line is read (lark is imported only then)."""
    from lark import Lark, Token, exceptions
    from lark.lexer import Lexer as LarkLexer

    class Given(LarkLexer):
        """Hands over tokens that are already made."""

        def __init__(self, lexer_conf):
            pass

        def lex(self, data):
            for tok in data:
                yield Token(tok.type, tok, start_pos=tok.start, end_pos=tok.end, column=tok.start)

    grammar = (Path(__file__).parent / "latex.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", lexer=Given, transformer=_builder(), maybe_placeholders=False), exceptions


def _span(children):
    """The stretch of text that nodes and tokens cover together."""
    spans = []
    for c in children:
        if isinstance(c, Node):
            if c.span:
                spans.append(c.span)
        elif isinstance(c, list):
            inner = _span(c)
            if inner:
                spans.append(inner)
        elif hasattr(c, "start_pos"):
            spans.append((c.start_pos, c.end_pos))
    return (min(s[0] for s in spans), max(s[1] for s in spans)) if spans else None


def _builder():
    """The transformer that builds nodes; method names are the grammar's."""
    from lark import Transformer

    def nodes(children):
        return [c for c in children if isinstance(c, Node)]

    def binary(op):
        return lambda self, c: Node(op, [c[0], c[2]], None, _span(c))

    class Build(Transformer):
        def start(self, c):
            return c[0]

        def plus(self, c):
            return Node("add", [c[0], c[2]], "raw", _span(c))

        def minus(self, c):
            return Node("add", [c[0], Node("neg", [c[2]], None, _span(c[1:]))], "raw", _span(c))

        def minus_sign(self, c):
            return Node("neg", [c[1]], None, _span(c))

        def plus_sign(self, c):
            return c[1]

        hadamard, kronecker, frobenius = binary("had"), binary("kron"), binary("frob")

        def product(self, c):
            items = []
            for x in c:
                if isinstance(x, Node):
                    items.append(x)
                elif x.type == "SLASH":
                    items.append("SLASH")
                elif x.value.value == "cdot" or any(_is_determinant(i) for i in items):
                    items.append("DOT")
            alone = len(items) == 1 and (items[0].op != "head" or items[0].val.type == "DOP")
            return items[0] if alone else _unroll(items, _span(c))

        def subscript(self, c):
            if c[0] == num(0):
                return c[0]  # 0_d is zero, whatever its length
            return _indexed(c[0], c[1].value.value, _span(c))

        def transpose(self, c):
            return Node("T", [c[0]], None, _span(c))

        def inverse(self, c):
            return _under_d(c[0], lambda a: Node("inv", [a], None, _span(c)), "sym")

        def inverse_transpose(self, c):
            return Node("T", [self.inverse(c)], None, _span(c))

        def power(self, c):
            return _under_d(c[0], lambda a: Node("pow", [a, c[3]], None, _span(c)), "norm")

        def entry_power(self, c):
            return Node("epow", [c[0], c[3]], None, _span(c))

        def differential(self, c):
            kind, order = c[0].value.value
            return Node("d", [c[1]], (kind, order), _span(c))

        def number(self, c):
            return num(c[0].value.value, _span(c))

        def name(self, c):
            return Node("sym", (), c[0].value.value, _span(c))

        def identity(self, c):
            return Node("eye", (), c[0].value.value, _span(c))

        def ones(self, c):
            return Node("ones", (), c[0].value.value, _span(c))

        def kronecker_delta(self, c):
            return Node("kdelta", (), c[0].value.value, _span(c))

        def dots(self, c):
            return Node("dots", (), None, _span(c))

        def head(self, c):
            return Node("head", (), _Opaque(c[0].type, c[0].value.value), _span(c))

        def list(self, c):
            return nodes(c)

        def bracket(self, c):
            items = c[1]
            if len(items) == 1:
                inner = items[0]
                kind = "sum" if inner.op == "add" else None
                return Node("paren", [inner], kind, _span(c))
            return Node("mat", items, (1, len(items)), _span(c))

        def brace(self, c):
            return Node("paren", [c[1]], None, _span(c)) if c[1].op in ("add", "neg") else c[1]

        def over(self, c):
            return _fraction(c[1], c[3], _span(c))

        def fraction(self, c):
            return _fraction(c[2], c[5], _span(c))

        def root(self, c):
            return Node("fn", [c[2]], ("sqrt", 0), _span(c))

        def exponential(self, c):
            return Node("fn", [c[2]], ("exp", 0), _span(c))

        def norm(self, c):
            return Node("norm", [c[1]], c[2].value.value, _span(c))

        def bars(self, c):
            return Node("bars", [c[1]], None, _span(c))

        def inner(self, c):
            return Node("frob", [c[1], c[3]], None, _span(c))

        def covector(self, c):
            return Node("T", [c[1]], None, _span(c))

        def along(self, c):
            return Node("along", [Node("sym", (), c[1].value.value, _span(c[1:2])), *c[3]], c[0].value.value, _span(c))

        def function(self, c):
            name, primes = c[0].value.value
            return _called(name, primes, c[2], _span(c), c[0].start_pos)

        def call(self, c):
            return Node("app", c[2], c[0].value.value, _span(c))

        def little_o(self, c):
            return Node("small", c[2][:1], c[0].value.value, _span(c))

        def cell(self, c):
            return c[0] if c else None

        def row(self, c):
            return [x for x in c if x is None or isinstance(x, Node) or x.type == "COND"]

        def rows(self, c):
            return [x for x in c if isinstance(x, list)]

        def matrix(self, c):
            return _matrix(c[1], c[0].value.value, _span(c))

    return Build()


def _called(name, primes, args, span, at):
    """The tree of a function's call; UnreadableError, at the place, where it has another number of arguments."""
    made = OPERATIONS.call(name, args, primes, span)
    if made is None:
        takes = OPERATIONS.rows[name].takes if name in OPERATIONS.rows else 1
        count = "one argument" if takes == 1 else f"{takes} arguments"
        verb = "is" if len(args) == 1 else "are"
        raise UnreadableError(f"{name} takes {count}, here {verb} {len(args)}", at)
    return made


def _under_d(base, apply, kind):
    """dA^{-1} is the differential of the inverse and d||x||^2 that of the square; nothing else is ever meant."""
    if base.op == "d" and base.args[0].op == kind:
        return Node("d", [apply(base.args[0])], base.val, base.span)
    return apply(base)


class _Opaque:
    """A head's token type and value, carried through the tree by identity."""

    __slots__ = ("type", "value")

    def __init__(self, kind, value):
        self.type, self.value = kind, value


# -- products
# ----------------------------------------------------------------------------------------------------


def _unroll(items, span) -> Node:
    """A flat product with heads and slashes as a tree."""
    result: list[Node] = []
    k = 0
    while k < len(items):
        item = items[k]
        if item == "DOT":
            right, k = [], k + 1
            while k < len(items) and items[k] not in ("DOT", "SLASH"):
                node, k = _unit(items, k)
                right.append(node)
            if result and right and not any(r.op == "head" for r in (*result, *right)):
                result = [Node("dot", [mul(*result), mul(*right)], None, _span([result, right]))]
            else:
                result += right
        elif item == "SLASH":
            below, k = _unit(items, k + 1)
            if not result:
                raise UnreadableError("nothing stands before this '/'", span[0])
            above = mul(*result) if not any(r.op == "head" for r in result) else result.pop()
            result = []
            if below.op == "T" and k < len(items) and items[k] != "SLASH":
                below, k = mul(below, items[k]), k + 1  # a / x^T x is divided by the inner product
            if _is_plain_number(below) and k < len(items) and _is_letter(items[k]):
                below, k = mul(below, items[k]), k + 1  # 1/2n is 1/(2n)
            top = _fraction(above, below, _span([above, below]))
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


def _at_its_variable(node, item):
    r"""Whether `(x)` behind `\frac{\partial f}{\partial x_j}` only says where the derivative is taken."""
    if not isinstance(item, Node) or item.op not in ("paren", "mat") or len(node.args) < 2:
        return False
    wrt = node.args[1].args[0] if node.args[1].op == "idx" else node.args[1]
    return all(a.op == "sym" for a in item.args) and wrt in item.args


def _is_determinant(item):
    """Whether a `\\det` without brackets begins here, alone or under a differential or a logarithm."""
    while isinstance(item, Node) and item.op != "head" and item.args:
        item = item.args[0]
    return isinstance(item, Node) and _is_function_head(item) and item.val.value[0] in DETERMINANTS


def _is_function_head(item):
    return item.op == "head" and item.val.type == "FUNCH"


def _with_inner_products(node: Node, names: Names) -> Node:
    r"""Each `a \cdot b` as the inner product of two columns or two rows, else as an ordinary product."""
    args = [_with_inner_products(a, names) for a in node.args]
    if node.op == "dot":
        return _inner_or_product(*args, names, node.span)
    if node.op == "mul":
        return mul(*args, span=node.span)
    if node.op == "xent":
        truth, guess = args if not _is_guess(args[0], names) else args[::-1]
        return Node("neg", [Node("frob", [truth, Node("fn", [guess], ("log", 0), node.span)], None, node.span)])
    if node.op == "pow" and args[0].op == "norm" and args[0].val == "spectral":
        # The square of a matrix's norm with a 2 is written for the sum of squares; alone it is the spectral norm.
        return Node("pow", [Node("norm", args[0].args, "2", args[0].span), args[1]], None, node.span)
    if node.op == "norm" and node.val == "two":
        return Node("norm", args, "spectral" if _is_matrix(args[0], names) else "2", node.span)
    return node.with_args(args) if args else node


def in_an_expression(node: Node, names: Names) -> Node:
    r"""Derivatives in an expression, `\frac{\partial f}{\partial (x - \mu)}`, as derivatives in a name for it."""
    args = [in_an_expression(a, names) for a in node.args]
    node = node.with_args(args) if args else node
    if node.op == "grad" and len(args) > 1 and args[1].op == "T":
        plain = Node("grad", [args[0], args[1].args[0]], node.val, node.span)
        return Node("T", [plain], None, node.span) if _is_number(args[0], names) else plain
    if node.op == "grad" and len(args) > 1 and args[1].op == "pow":
        plain = Node("grad", [args[0], args[1].args[0]], node.val, node.span)
        return Node("div", [plain, mul(num(2), args[1].args[0])], None, node.span)
    if node.op != "grad" or len(args) < 2 or args[1].op not in ("add", "mul", "paren"):
        return node
    name = next(u for u in ("u", "v", "s", "q", "u1", "u2") if not names.known(u))
    relation = Scope(names)
    core = Typer(relation).typed(args[1])
    shape = tuple(resolve(d) for d in core.shape)
    names.definitions[name] = Definition(name, args[1], (), shape, core, len(relation.slots))
    return Node("grad", [args[0], Node("sym", (), name, args[1].span)], None, node.span)


def _is_guess(node, names):
    """Whether a name stands for predicted shares: with a hat, or defined by a softmax."""
    definition = names.definitions.get(node.val) if node.op == "sym" else None
    softmax = definition is not None and any(n.op == "fn" and n.val[0] == "softmax" for n in walk(definition.body))
    return softmax or node.op == "sym" and node.val.startswith("hat ")


def _is_number(node, names):
    return is_scalar(Typer(Scope(names)).typed(node).shape)


def _is_matrix(node, names):
    try:
        shape = Typer(Scope(names)).typed(node).shape
    except MisfitError:
        return False
    return not is_vector(shape) and not is_scalar(shape)


def _inner_or_product(left, right, names, span):
    r"""Neighbours first, c w \cdot x v, then whole sides, x \cdot Ax; what is not parallel is multiplied."""
    before, after = (list(n.args) if n.op == "mul" else [n] for n in (left, right))
    for i in dict.fromkeys((len(before) - 1, 0)):
        for j in dict.fromkeys((1, len(after))):
            a, b = mul(*before[i:]), mul(*after[:j])
            if _parallel(a, b, names):
                inner = Node("frob", [a, b], None, _span([a, b]) or span)
                return mul(*before[:i], inner, *after[j:], span=span)
    return mul(left, right, span=span)


def _parallel(a, b, names):
    scope = Scope(names)
    try:
        shapes = [Typer(scope).typed(x).shape for x in (a, b)]
    except MisfitError:
        return False
    return all(is_vector(s) for s in shapes) and scope.same(*shapes)


def _is_plain_number(item):
    return isinstance(item, Node) and item.op == "num"


def _is_letter(item):
    return isinstance(item, Node) and item.op == "sym"


def _unit(items, k):
    """The operand that starts at position k, and the position after it."""
    if k >= len(items) or items[k] == "SLASH":
        raise UnreadableError("something must follow here", _span([i for i in items if isinstance(i, Node)])[1] - 1)
    item = items[k]
    head = item
    wraps = []
    while head.op in ("T", "pow", "inv", "idx", "row") and head.args and _holds_head(head):
        wraps.append(head)
        head = head.args[0]
    if head.op == "head" or head.op == "d" and _holds_head(head):
        inverse = wraps and wraps[-1].op == "inv" and _is_function_head(head)
        if inverse and not _gives_number(head.val.value[0]):
            raise UnreadableError(
                "the power -1 of a function may mean its inverse or its reciprocal: write 1/f(x) for the latter",
                head.span[0],
            )
        node, after = _reach(head, items, k + 1)
        for w in reversed(wraps):
            node = Node(w.op, [node, *w.args[1:]], w.val, w.span)
        return node, after
    return item, k + 1


def _holds_head(node):
    return (
        node.op == "head"
        or bool(node.args)
        and node.op in ("T", "pow", "inv", "idx", "d", "row")
        and _holds_head(node.args[0])
    )


def _reach_of_number(items, k):
    """Where what `\\det` or `\\tr` reaches over ends: at a product sign after a determinant, at the next trace,
    determinant or norm. det A det B is two determinants.
    """
    for end in range(k + 1, len(items)):
        item = items[end]
        if item == "DOT" or isinstance(item, Node) and _begins_number(item):
            return end
    return len(items)


def _begins_number(item):
    while item.op in ("pow", "d", "paren") and item.args:
        item = item.args[0]
    if item.op == "head":
        return _is_function_head(item) and _gives_number(item.val.value[0])
    return item.op in ("norm", "frob") or item.op == "fn" and _gives_number(item.val[0])


def _gives_number(name):
    return name in OPERATIONS.rows and OPERATIONS.rows[name].reach == "number"


def _rest(items, k, head):
    """Everything from position k to the end of the product, as one tree."""
    if k >= len(items):
        raise UnreadableError("something must follow here", head.span[1] - 1)
    return _unroll(items[k:], _span([i for i in items[k:] if isinstance(i, Node)]))


def _reach(head, items, k):
    """What a head means together with what it reaches over, and the position after that."""
    if head.op == "d":
        inner, after = _reach(head.args[0], items, k)
        return Node("d", [inner], head.val, _span([head, inner])), after
    kind, value = head.val.type, head.val.value
    if kind == "SUM":
        end = next((j for j in range(k, len(items)) if _binds_again(items[j], value)), len(items))
        body = _rest(items[:end], k, head)
        for index, limit, unequal in reversed(value):
            body = Node("sum", [body], (index, limit, unequal), _span([head, body]))
        return body, end
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
        return _called(name, primes, [body], _span([head, body]), head.span[0]), after
    if kind == "DIFFH":
        body, after = _unit(items, k)
        return Node("d", [body], value, _span([head, body])), after
    if kind == "NEG":
        body = _rest(items, k, head)
        return Node("neg", [body], None, _span([head, body])), len(items)
    if kind == "NABLA":
        return _nabla(head, value, items, k)
    if kind == "OPERATOR":
        body = _rest(items, k, head)
        return _derivative(body, value, head), len(items)
    raise UnreadableError(
        r"this sign needs something to differentiate, as in \frac{\partial L}{\partial w}", head.span[0]
    )


def _binds_again(item, value):
    """Whether a second sum over the same letter begins here: what the first reaches over ends before it."""
    again = isinstance(item, Node) and item.op == "head" and item.val.type == "SUM"
    return again and bool({i for i, *_ in item.val.value} & {i for i, *_ in value})


def _nabla(head, value, items, k):
    variable, order, *whole = value
    if k >= len(items):
        raise UnreadableError("the gradient of what? Something must follow here", head.span[1] - 1)
    wrt = parse_tokens(variable) if variable else None
    if wrt is not None and wrt.op == "T" and order == 1:
        inner, after = _nabla(head, (list(variable)[:-1], order, *whole), items, k)
        return Node("T", [inner], None, inner.span), after
    item = items[k]
    core, wraps = item, []
    while isinstance(core, Node) and core.op == "T":
        wraps.append(core)
        core = core.args[0]
    more = k + 1 < len(items) and core.op == "paren"
    if isinstance(core, Node) and core.op in ("sym", "app", "paren", "idx") and not whole and not more:
        body, after = core, k + 1
    else:
        wraps = []
        body, after = _rest(items, k, head), len(items)
    node = Node("hess" if order == 2 else "grad", [body] + ([wrt] * (order if wrt else 0)), None, _span([head, body]))
    for w in reversed(wraps):
        node = Node("T", [node], None, w.span)
    return node, after


# -- fractions and derivatives
# -------------------------------------------------------------------------------------


def _fraction(above, below, span) -> Node:
    """A fraction, or the derivative that it spells."""
    bottom = _variables(below)
    if bottom is not None:
        if above.op == "head" and above.val.type == "DOP":
            once = above.val.value[1] == 1
            return Node("head", (), _Opaque("OPERATOR", _in_a_square(below, bottom) if once else bottom), span)
        top = _pull_d(above)
        if top is not None and top.val[1] == 1:
            bottom = _in_a_square(below, bottom)
        if top is not None:
            return _derivative(top.args[0], bottom, Node("head", (), None, span))
    if above.op == "head" or below.op == "head":
        raise UnreadableError("this does not read as a derivative", span[0])
    return Node("div", [above, below], None, span)


def _derivative(body, variables, head):
    """body differentiated in one variable, or in two for a second derivative."""
    span = _span([head, body])
    if len(variables) > 2:
        raise UnreadableError("derivatives of order three and more are not read", head.span[0])
    return Node("grad" if len(variables) == 1 else "hess", [body, *variables], None, span)


def _variables(node):
    """[w] for `\\partial w`, [x, x] for `\\partial x^2` and `\\partial x\\,\\partial x^T`, None for anything
    else.
    """
    if node.op == "paren":
        return _variables(node.args[0])
    if node.op == "d":
        inner = node.args[0]
        while inner.op == "paren" and inner.args[0].op == "paren":
            inner = inner.args[0]
        return [inner.args[0]] if inner.op == "paren" else [inner]
    if node.op in ("idx", "T") and node.args[0].op == "d":
        inner = _variables(node.args[0])
        return [Node(node.op, inner, node.val, node.span)]
    if node.op == "pow" and node.args[0].op in ("d", "idx"):
        inner = _variables(node.args[0])
        return inner * 2 if inner and node.args[1] == num(2) else None
    if node.op == "mul" and len(node.args) == 2:
        parts = [_variables(a) for a in node.args]
        return None if None in parts else [p.args[0] if p.op == "T" else p for part in parts for p in part]
    return None


def _in_a_square(below, variables):
    r"""[σ²] for `\partial\sigma^2` under a first derivative: a variance is a variable of its own."""
    inner = variables[0]
    twice = len(variables) == 2 and below.op == "pow" and inner.op == "sym" and inner.val in ("sigma", "tau")
    return [Node("pow", [inner, num(2)], None, below.span)] if twice else variables


def _pull_d(node):
    """The tree with its leading differential moved outside, or None when it does not begin with one."""
    if node.op == "d":
        inner = node.args[0]
        return Node("d", [inner.args[0] if inner.op == "paren" else inner], node.val, node.span)
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


def _indexed(node, items, span):
    """Subscripts on an expression: one or two, letters, numbers or None for a whole axis."""
    base = node.args[0] if node.op == "paren" else node
    if base.op == "idx" and len(base.val) == 1 == len(items):
        return Node("idx", base.args, (base.val[0], items[0]), span)
    if base.op == "mat" and base.val == (1, 1):
        base = base.args[0]
    return Node("idx", [base], items, span)


def _matrix(rows, kind, span):
    if kind == "cases":
        flat = rows[0]
        if any(x is None for x in flat) or len(flat) % 2:
            raise UnreadableError("each row of cases needs a value and a condition", span[0])
        return Node("cases", flat[::2], tuple(c.value.value for c in flat[1::2]), span)
    if any(not isinstance(x, Node) and x is not None for row in rows for x in row):
        raise UnreadableError("a condition stands outside of cases", span[0])
    while rows and all(x is None for x in rows[-1]):
        rows.pop()
    if any(isinstance(x, Node) and x.op == "dots" for r in rows for x in r):
        wide = max(len(r) for r in rows)
        blank = Node("dots", (), None, span)
        rows = [[x or blank for x in r] + [blank] * (wide - len(r)) for r in rows]
    widths = {len(r) for r in rows}
    if len(widths) != 1 or any(x is None for r in rows for x in r):
        raise UnreadableError("the rows of this matrix do not have the same number of entries", span[0])
    node = Node("mat", [x for r in rows for x in r], (len(rows), widths.pop()), span)
    return Node("bars", [node], None, span) if kind == "vmatrix" else node


# -- the finished tree
# -----------------------------------------------------------------------------------------------


def _tidy(node: Node) -> Node:
    """Brackets dropped, sums and products flat, left-over signs refused."""
    if node.op == "paren":
        inner = _tidy(node.args[0])
        return Node(inner.op, inner.args, inner.val, node.span or inner.span)
    if node.op == "head":
        raise UnreadableError("this sign has nothing to act on", node.span[0])
    if node.op == "d" and node.val[0] == "partial":
        node = Node("d", node.args, ("d", node.val[1]), node.span)  # \partial X as others write dX
    if node.op == "d" and node.val[1] == 2:
        # d²L is the differential of dL, with dw held fixed.
        node = Node("d", [Node("d", node.args, (node.val[0], 1), node.span)], (node.val[0], 1), node.span)
    if node.op == "add":
        return _with_dots(add(*(_tidy(a) for a in _operands(node)), span=node.span))
    args = [_tidy(a) for a in node.args]
    if node.op == "mul":
        return mul(*args, span=node.span)
    if node.op == "neg":
        return _signed(args[0], node.span)
    if node.op == "grad" and len(args) == 2 or node.op == "hess":
        for wrt in args[1:]:
            wrt = wrt.args[0] if wrt.op in ("T", "pow") else wrt
            base = wrt.args[0] if wrt.op == "idx" or wrt.op == "fn" and wrt.val == ("vec", 0) else wrt
            if base.op != "sym" and not (node.op == "grad" and base.op in ("add", "mul", "paren")):
                raise UnreadableError(
                    "a derivative is taken in a name or an entry of one", wrt.span[0] if wrt.span else 0
                )
    if node.op == "mat" and any(a.op == "dots" for a in args):
        return _matrix_with_dots(node.with_args(args))
    return Node(node.op, args, None if node.op == "d" else node.val, node.span)


def _operands(node):
    """The operands of a sum as written, one after the other (a sum in brackets is a `paren`, no `add`)."""
    first, second = node.args
    return [*(_operands(first) if first.op == "add" else [first]), second]


def _signed(inner, span):
    return neg(inner, span) if inner.op != "neg" else Node("neg", [inner], None, span)


def _dotted(first: Node, last: Node, letter: str):
    """The general term between two, with `letter` where the first says 1 and the last its limit; (term,
    limit).
    """
    limits = set()

    def merge(a, b):
        if a.op != b.op or len(a.args) != len(b.args):
            return None
        val = a.val
        if a.op == "idx":
            if len(a.val) != len(b.val):
                return None
            items = []
            for x, y in zip(a.val, b.val, strict=True):
                if x == y:
                    items.append(x)
                elif x == 1 and isinstance(y, (str, int)):
                    limits.add(y)
                    items.append(letter)
                else:
                    return None
            val = tuple(items)
        elif a.val != b.val:
            return None
        args = [merge(x, y) for x, y in zip(a.args, b.args, strict=True)]
        return None if None in args else Node(a.op, args, val, a.span)

    term = merge(first, last)
    return (term, str(limits.pop())) if term is not None and len(limits) == 1 else None


def _with_dots(node: Node) -> Node:
    """a_1 + a_2 + ... + a_n as the sum it abbreviates."""
    at = (
        [k for k, a in enumerate(node.args) if a.op == "dots" or a.op == "neg" and a.args[0].op == "dots"]
        if node.op == "add"
        else []
    )
    if not at:
        return node
    if len(at) > 1 or at[0] in (0, len(node.args) - 1):
        raise UnreadableError("the dots must stand between the first terms and the last one", node.span[0])
    k = at[0]
    letter = _unused(node)[0]
    found = _dotted(node.args[0], node.args[k + 1], letter)
    if found is None:
        raise UnreadableError(
            "what the dots stand for is not clear: first and last term must differ in one subscript",
            node.args[k].span[0],
        )
    body = Node("sum", [found[0]], (letter, found[1], None), node.span)
    return add(body, *node.args[k + 2 :], span=node.span)


def _unused(node: Node) -> list[str]:
    """Two index letters that the expression does not use yet."""
    used = {i for n in walk(node) if n.op in ("idx", "kdelta") for i in n.val}
    used |= {n.val[0] for n in walk(node) if n.op == "sum"}
    return [c for c in "ijklmpqrstuv" if c not in used][:2]


def _matrix_with_dots(node: Node) -> Node:
    """A matrix with \\cdots, \\vdots, \\ddots as the entries i, j that it abbreviates."""
    rows, columns = node.val
    entry = [node.args[r * columns : (r + 1) * columns] for r in range(rows)]
    corner = entry[0][0]
    i, j = _unused(node)
    problem = UnreadableError(
        "what the dots in this matrix stand for is not clear: its corners must differ in one subscript",
        node.span[0],
    )
    across = _dotted(corner, entry[0][-1], j) if columns > 1 else (corner, None)
    if across is None:
        raise problem
    if rows == 1:
        return Node("table", [across[0]], (None, None, j, across[1]), node.span)
    down = _dotted(corner, entry[-1][0], i)
    if down is None:
        raise problem
    if columns == 1:
        return Node("table", [down[0]], (i, down[1], None, None), node.span)
    merged = _dotted(across[0], _dotted_last(entry[-1], j), i)
    if merged is None:
        raise problem
    return Node("table", [merged[0]], (i, down[1], j, across[1]), node.span)


def _dotted_last(row, letter):
    found = _dotted(row[0], row[-1], letter)
    if found is None:
        raise UnreadableError(
            "what the dots in this matrix stand for is not clear: its corners must differ in one subscript",
            row[0].span[0],
        )
    return found[0]
