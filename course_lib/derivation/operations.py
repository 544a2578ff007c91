r"""Operations, one row each: how one is called and written, which shapes it fits, its value, and the rule for its d.

Readers, typer, evaluator and writer ask the row, so a new operation is a new row and nothing else. What is no operation
on values has no row: names and constants, indices and sums over them, derivatives and calls of defined functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from . import fitting, values, writing
from .dimensions import Core, is_scalar
from .fitting import ShapeRule
from .tree import Node, add, mul, neg, num
from .values import Array, Function, Value
from .writing import ATOM, LOOSE, POSTFIX, PRODUCT, SUM, Writes, form

Span = tuple[int, int] | None


class Kernel(NamedTuple):
    """What an operation becomes in a typed tree: its name there, its value, and whether it acts entry by entry."""

    op: str
    value: Value
    entrywise: bool = False


class Operation(NamedTuple):
    r"""One operation with all that is known of it.

    name     of the row, in a tree and in a message.
    shape    the shape rule; None for what is only another spelling, which `means` says in other operations.
    words    in LaTeX, as command or as word: `\tr`, `trace(A)`. shy: those that are names where no bracket follows.
    numpy    in NumPy: `linalg.inv` for np.linalg.inv(A), `@` for A @ B, `>` for what Z > 0 is the derivative of.
    takes    how many operands a call has; entries: whether f(a, b, c) is f of the column of the three.
    reach    how far it reaches without brackets: over the next factor, to the next function with a number for its
             value, or over the rest of the product: "factor", "number", "rest".
    kernels  its values, for what it becomes in a typed tree.
    slopes   f, f' and f'' of what acts entry by entry. domain: where f is defined, by the entries; None for everywhere.
    op, val  of its node in a tree; op is "fn" for a function, whose val is (name, primes).
    head     a function's name in LaTeX and in a sentence.
    latex    how it is written in LaTeX, and `plain` in a sentence; a function's call by its head where they are None.
    code     how it is written in NumPy; where it is None, a call by the first of its words there.
    rules    the rows of `workout.rules.RULES` that may say its differential, or `reason`: why there is none.
    """

    name: str
    shape: ShapeRule | None = None
    words: tuple[str, ...] = ()
    shy: tuple[str, ...] = ()
    numpy: tuple[str, ...] = ()
    takes: int = 1
    entries: bool = False
    reach: str = "factor"
    kernels: tuple[Kernel, ...] = ()
    slopes: tuple[Function, Function, Function] | None = None
    domain: Function | None = None
    op: str = "fn"
    val: Any = None
    head: tuple[str, str] = ("", "")
    latex: Writes | None = None
    plain: Writes | None = None
    code: Writes | None = None
    means: Callable[[Sequence[Node], Span], Node | None] | None = None
    rules: tuple[str, ...] = ()
    reason: str = ""

    @property
    def is_function(self) -> bool:
        """Whether its node is a `fn`, with the name in its val."""
        return self.op == "fn"

    def value(self, primes: int, x: Array) -> Any:
        """The function, or one of its derivatives, on each entry; not a number outside of its domain."""
        assert self.slopes is not None
        f = self.slopes[primes]
        return f(x) if self.domain is None else values.where_defined(self.domain(x), x, f)

    def called(self, args: Sequence[Node], primes: int = 0, span: Span = None) -> Node | None:
        """The tree of a call, None where the operands do not suit."""
        if self.entries and len(args) > 1:
            args = [Node("mat", args, (len(args), 1), span)]
        if len(args) != self.takes:
            return None
        if self.is_function and self.means is None or primes:
            return Node("fn", args, (self.name, primes), span)
        if self.means is not None:
            return self.means(args, span)
        return Node(self.op, args, self.val, span)


class Table:
    """The rows, by name, by the words of LaTeX and NumPy, and by what stands in a tree and in a typed tree."""

    def __init__(self) -> None:
        self.rows: dict[str, Operation] = {}
        self.words: dict[str, str] = {}
        self.shy: set[str] = set()
        self.numpy: dict[str, Operation] = {}
        self.nodes: dict[str, Operation] = {}
        self.kernels: dict[str, Kernel] = {}
        self.entrywise: dict[str, Operation] = {}

    def add(self, row: Operation) -> None:
        """Make a row known everywhere."""
        self.rows[row.name] = row
        self.words.update(dict.fromkeys((*row.words, *row.shy), row.name))
        self.shy.update(row.shy)
        self.numpy.update(dict.fromkeys(row.numpy, row))
        if not row.is_function:
            self.nodes[row.name] = row
        if row.slopes is not None:
            self.entrywise[row.name] = row
        self.kernels.update({k.op: k for k in row.kernels})

    def remove(self, row: Operation) -> None:
        """Forget a row again."""
        del self.rows[row.name]
        for index in (self.numpy, self.nodes, self.entrywise):
            for key in [k for k, r in index.items() if r is row]:
                del index[key]
        for word in (*row.words, *row.shy):
            del self.words[word]
        self.shy.difference_update(row.shy)
        for kernel in row.kernels:
            del self.kernels[kernel.op]

    def of(self, node: Node) -> Operation | None:
        """The row of a node, None for what is no operation."""
        if node.op == "fn":
            row = self.rows.get(node.val[0])
            return row if row is not None and row.is_function else None
        return self.nodes.get(key(node.op, node.val))

    def call(self, name: str, args: Sequence[Node], primes: int = 0, span: Span = None) -> Node | None:
        """The tree of a function's call by its name in FUNCTIONS, None where the arguments do not suit."""
        row = self.rows.get(name)
        if row is not None:
            return row.called(args, primes, span)
        return Node("fn", args, (name, primes), span) if len(args) == 1 else None


def key(op: str, val: Any) -> str:
    """The name under which an operation that comes in kinds stands in the table: "norm 2" for a norm."""
    return f"norm {val}" if op == "norm" else op


# -- what is only another spelling


def _adjugate(args: Sequence[Node], span: Span) -> Node:
    """det(A) A⁻¹."""
    return mul(Node("fn", args, ("det", 0), span), Node("inv", args, None, span), span=span)


def _cofactors(args: Sequence[Node], span: Span) -> Node:
    """The transpose of the adjugate."""
    turned = Node("T", [Node("inv", args, None, span)], None, span)
    return mul(Node("fn", args, ("det", 0), span), turned, span=span)


def _positive_part(args: Sequence[Node], span: Span) -> Node | None:
    """np.maximum(0, Z), the maximum with anything else being none of ours."""
    a, b = args
    return Node("fn", [a if b == num(0) else b], ("relu", 0), span) if num(0) in (a, b) else None


def _solved(args: Sequence[Node], span: Span) -> Node:
    return Node("at", [Node("inv", args[:1]), args[1]], None, span)


def _squared(args: Sequence[Node], span: Span) -> Node:
    return Node("epow", [args[0], num(2)], None, span)


def _of_each_column(name: str, standing: bool) -> Operation:
    """What goes row by row, along NumPy's axis 0; where the result is an array it is turned back."""

    def means(args: Sequence[Node], span: Span) -> Node:
        made = Node("fn", [Node("T", args, None, span)], (name, 0), span)
        return Node("T", [made], None, span) if standing else made

    return Operation(f"{name}0", means=means)


def _of_each_row(name: str, axis: int) -> Operation:
    return Operation(f"{name}{axis}", means=lambda args, span: Node("fn", args, (name, 0), span))


def _spread(name: str, axis: int | None) -> Operation:
    """NumPy's variance or standard deviation, of all entries or along an axis: the mean of squared differences."""
    mean = "mean" if axis is None else f"mean{axis}"

    def means(args: Sequence[Node], span: Span) -> Node:
        centre = Node("fn", args, (mean, 0), span)
        centre = Node("stretch", [centre], 1, span) if axis in (1, -1) else centre
        squares = Node("epow", [add(args[0], neg(centre)), num(2)], None, span)
        made = Node("fn", [squares], (mean, 0), span)
        return Node("fn", [made], ("sqrt", 0), span) if name == "std" else made

    numpy = (name,) if axis is None else ()
    return Operation(name if axis is None else f"{name}{axis}", numpy=numpy, means=means)


_SPELLINGS = (
    *(_spread(name, axis) for name in ("var", "std") for axis in (None, 0, 1, -1)),
    _of_each_column("softmax", standing=True),
    _of_each_column("logsumexp", standing=False),
    *(_of_each_row(name, axis) for name in ("softmax", "logsumexp") for axis in (1, -1)),
    Operation("adj", shy=("adj",), means=_adjugate),
    Operation("cofactor", words=("cofactor",), shy=("cof",), means=_cofactors),
    Operation("maximum", numpy=("maximum", "fmax"), takes=2, means=_positive_part),
    Operation("solve", numpy=("linalg.solve",), takes=2, means=_solved),
    Operation("square", numpy=("square",), means=_squared),
    # Which of the two is the truth is decided once the names are known, in the parser.
    Operation("xent", words=("CrossEntropy", "crossentropy"), shy=("CE", "xent"), takes=2, op="xent"),
)


# -- entry by entry


def _entrywise(
    name: str,
    slopes: tuple[Function, Function, Function],
    words: tuple[str, ...] = (),
    numpy: tuple[str, ...] = (),
    rules: tuple[str, ...] = ("function",),
    **more: Any,
) -> Operation:
    """A function of one number, on each entry. Called by its name, and by other words where they are given."""
    words, numpy = (name, *words), (name, *numpy)
    return Operation(name, fitting.entry_by_entry, words, numpy=numpy, slopes=slopes, rules=rules, **more)


def _slope_of_tanh(x: Any) -> Any:
    return 1 - np.tanh(x) ** 2


_FUNCTIONS = (
    _entrywise("exp", (np.exp, np.exp, np.exp), head=(r"\exp", "exp"), latex=writing.tex_exponential),
    _entrywise(
        "log",
        (np.log, lambda x: 1 / x, lambda x: -1 / x**2),
        ("ln",),
        domain=lambda x: x.real > 0,
        head=(r"\log", "log"),
        rules=("log", "logdet"),
    ),
    _entrywise(
        "sqrt",
        (np.sqrt, lambda x: 0.5 / np.sqrt(x), lambda x: -0.25 / np.sqrt(x) ** 3),
        domain=lambda x: x.real >= 0,
        latex=form(r"\sqrt{%s}"),
    ),
    _entrywise("sin", (np.sin, np.cos, lambda x: -np.sin(x)), head=(r"\sin", "sin")),
    _entrywise("cos", (np.cos, lambda x: -np.sin(x), lambda x: -np.cos(x)), head=(r"\cos", "cos")),
    _entrywise("sinh", (np.sinh, np.cosh, np.sinh), head=(r"\sinh", "sinh")),
    _entrywise("cosh", (np.cosh, np.sinh, np.cosh), head=(r"\cosh", "cosh")),
    _entrywise(
        "tanh",
        (np.tanh, _slope_of_tanh, lambda x: -2 * np.tanh(x) * _slope_of_tanh(x)),
        ("Tanh",),
        head=(r"\tanh", "tanh"),
    ),
    _entrywise(
        "sigmoid",
        (values.sigmoid, values.sigmoid_slope, lambda x: values.sigmoid_slope(x) * (1 - 2 * values.sigmoid(x))),
        head=(r"\sigma", "σ"),
    ),
    _entrywise("softplus", (lambda x: np.log(1 + np.exp(x)), values.sigmoid, values.sigmoid_slope)),
    _entrywise(
        "relu",
        (lambda x: np.where(x.real > 0, x, 0), lambda x: np.where(x.real > 0, 1.0 + 0 * x, 0), values.zero),
        ("ReLU",),
        (">",),  # Z > 0 is its derivative
    ),
    _entrywise("abs", (lambda x: np.where(x.real < 0, -x, x), values.sign, values.zero), numpy=("absolute",)),
    _entrywise("sign", (values.sign, values.zero, values.zero), ("sgn",)),
)


# -- of whole arrays


def _array(name: str, shape: ShapeRule, value: Value, **more: Any) -> Operation:
    """A function of an array that does not act entry by entry; what it becomes is called like it."""
    return Operation(name, shape, kernels=(Kernel(name, value),), rules=(name,), **more)


def _sums(name: str) -> Iterable[Operation]:
    """NumPy's sums, means or maxima: of all entries, and along the first, the second and the last axis."""
    reason = "a sum is written as a product with ones before it is differentiated"
    if name == "max":
        reason = "which entry is the largest changes from place to place"
    yield Operation(
        name,
        fitting.any_to_number("total", name),
        shy=("sum",) if name == "sum" else (),
        numpy=(name,),
        kernels=(Kernel("total", values.total),),
        reason=reason,
    )
    for axis in (0, 1, -1):
        rule, kernel = fitting.along(name, axis), Kernel("along", values.along)
        said = (rf"\operatorname{{{name}}}", name)
        code = form(f"np.{name}(%s, axis={axis})")
        yield Operation(f"{name}{axis}", rule, kernels=(kernel,), head=said, code=code, reason=reason)


_ARRAYS = (
    _array(
        "tr",
        fitting.square_to_number("tr", "a trace"),
        values.trace,
        words=("tr", "trace", "Tr"),
        numpy=("trace", "tr"),
        reach="number",
    ),
    _array(
        "det",
        fitting.square_to_number("det", "a determinant"),
        values.det,
        words=("det",),
        numpy=("linalg.det", "det"),
        reach="number",
    ),
    _array(
        "logdet",
        fitting.square_to_number("logdet", "a determinant", of_a_number=False),
        values.logdet,
        words=("logdet",),
        numpy=("logdet",),
        reach="number",
        head=(r"\log\det", "log det"),
    ),
    Operation(
        "expm",
        fitting.matrix_exponential,
        words=("expm",),
        numpy=("expm", "linalg.expm"),
        kernels=(Kernel("expm", values.expm),),
        latex=form("e^{%s}", POSTFIX),
        plain=form("exp(%s)"),
        reason="the differential of a matrix exponential is an integral",
    ),
    _array("vec", fitting.vec, values.vec, words=("vec",), numpy=("vec",), reach="rest"),
    _array(
        "softmax",
        fitting.same_shape("softmax"),
        values.softmax,
        words=("softmax", "Softmax"),
        numpy=("softmax",),
        reach="rest",
        entries=True,
    ),
    _array(
        "logsumexp",
        fitting.logsumexp,
        values.logsumexp,
        words=("logsumexp",),
        shy=("lse", "LSE"),
        numpy=("logsumexp", "log_sum_exp"),
        reach="rest",
        entries=True,
    ),
    Operation(
        "diag",
        fitting.diag,
        words=("diag", "Diag"),
        numpy=("diag",),
        entries=True,
        kernels=(Kernel("diag", values.diag), Kernel("diagonal", values.diagonal)),
        rules=("diag",),
    ),
    *_sums("sum"),
    *_sums("max"),
    *_sums("mean"),
)


# -- with signs of their own


def _sign(name: str, shape: ShapeRule, latex: Writes, plain: Writes, takes: int = 2, **more: Any) -> Operation:
    """An operation that is written with a sign and not called by a name."""
    return Operation(name, shape, takes=takes, op=name, latex=latex, plain=plain, **more)


_SIGNS = (
    _sign(
        "add",
        fitting.add,
        writing.terms("-"),
        writing.terms("−"),
        code=writing.terms("-"),
        kernels=(Kernel("add", lambda _, a, b: a + b, True),),
        rules=("add",),
    ),
    _sign(
        "neg",
        fitting.same_shape("neg"),
        form("-%s", SUM, (LOOSE,)),
        form("−%s", SUM, (LOOSE,)),
        code=form("-%s", SUM, (PRODUCT,)),
        takes=1,
        kernels=(Kernel("neg", lambda _, a: -a, True),),
        rules=("neg",),
    ),
    _sign(
        "mul",
        fitting.product,
        writing.tex_product,
        writing.plain_product,
        kernels=(Kernel("scale", lambda _, a, b: a * b, True), Kernel("matmul", values.matmul)),
        rules=("mul",),
    ),
    _sign(
        "at",
        fitting.numpy_product,
        form("%s %s", PRODUCT, (PRODUCT, PRODUCT)),
        writing.plain_product,
        numpy=("@", "dot", "matmul"),
        code=form("%s @ %s", PRODUCT, (PRODUCT, POSTFIX)),
        reason="becomes an ordinary product once its shapes are known",
    ),
    _sign(
        "had",
        fitting.entrywise_product,
        form(r"%s \odot %s", LOOSE, (LOOSE, PRODUCT)),
        form("%s ⊙ %s", LOOSE, (LOOSE, PRODUCT)),
        numpy=("*", "multiply"),
        code=form("%s * %s", PRODUCT, (PRODUCT, POSTFIX)),
        kernels=(Kernel("had", lambda _, a, b: a * b, True),),
        rules=("had",),
    ),
    _sign(
        "kron",
        fitting.kronecker_product,
        form(r"%s \otimes %s", LOOSE, (LOOSE, PRODUCT)),
        form("%s ⊗ %s", LOOSE, (LOOSE, PRODUCT)),
        numpy=("kron",),
        kernels=(Kernel("kron", values.kron),),
        rules=("kron",),
    ),
    _sign(
        "frob",
        fitting.inner_product,
        form(r"\langle %s, %s\rangle"),
        form("⟨%s, %s⟩"),
        numpy=("vdot",),
        kernels=(Kernel("frob", values.frob),),
        rules=("frob",),
    ),
    _sign(
        "outer",
        fitting.outer_product,
        form(r"\operatorname{outer}\left(%s, %s\right)"),
        form("outer(%s, %s)"),
        words=("outer",),
        numpy=("outer",),
        kernels=(Kernel("outer", values.outer),),
        reason="becomes a product of a column and a row before it is differentiated",
    ),
    _sign(
        "div",
        fitting.quotient,
        form(r"\frac{%s}{%s}", POSTFIX),
        form("%s/%s", PRODUCT, (PRODUCT, POSTFIX)),
        numpy=("/", "divide"),
        code=form("%s / %s", PRODUCT, (PRODUCT, POSTFIX)),
        kernels=(Kernel("quotient", lambda _, a, b: a / b, True),),
        rules=("div",),
    ),
    _sign(
        "pow",
        fitting.power,
        writing.tex_power,
        writing.plain_power,
        code=form("%s**%s", POSTFIX, (ATOM, ATOM)),
        kernels=(Kernel("power", values.power, True), Kernel("matpower", values.matpower)),
        rules=("pow", "square", "exponent"),
    ),
    _sign(
        "epow",
        fitting.entrywise_power,
        writing.tex_entry_power,
        writing.plain_power,
        numpy=("**", "power"),
        code=form("%s**%s", POSTFIX, (ATOM, ATOM)),
        rules=("epow", "exponent"),
    ),
    _sign(
        "T",
        fitting.transpose,
        writing.tex_transpose,
        form("%sᵀ", ATOM, (ATOM,)),
        takes=1,
        numpy=("transpose",),
        code=form("%s.T", ATOM, (ATOM,)),
        kernels=(Kernel("T", values.transpose),),
        rules=("T",),
    ),
    _sign(
        "inv",
        fitting.inverse,
        writing.tex_inverse,
        form("%s⁻¹", ATOM, (ATOM,)),
        takes=1,
        words=("inv",),
        numpy=("linalg.inv", "inv"),
        kernels=(Kernel("inv", values.inverse),),
        rules=("inv",),
    ),
    _sign(
        "bars",
        fitting.bars,
        form(r"\left|%s\right|"),
        form("|%s|"),
        takes=1,
        reason="becomes a modulus, a norm or a determinant once its shape is known",
    ),
    _sign(
        "stretch",
        fitting.stretch,
        writing.through,
        writing.through,
        takes=1,
        kernels=(Kernel("stretch", lambda _, a: a),),
        reason="a vector that NumPy repeats is written as a product with ones before it is differentiated",
    ),
)


def _norm(kind: str, label: str, value: Function, numpy: tuple[str, ...] = (), **more: Any) -> Operation:
    """A norm; `label` stands below the bars."""
    kernel = Kernel(f"norm {kind}", lambda _, a: value(a))
    return Operation(
        f"norm {kind}",
        fitting.any_to_number("norm", kind),
        op="norm",
        val=kind,
        latex=writing.tex_norm(label),
        plain=form("‖%s‖"),
        numpy=numpy,
        kernels=(kernel,),
        **more,
    )


_NORMS = (
    _norm("2", "", values.frobenius_norm, ("linalg.norm", "norm"), rules=("norm",)),
    _norm("1", "_1", values.sum_norm, code=form("np.sum(np.abs(%s))"), rules=("norm1",)),
    _norm(
        "inf",
        r"_\infty",
        values.largest_norm,
        reason="the infinity norm follows its largest entry, wherever that stands",
    ),
    _norm(
        "spectral",
        "_2",
        values.spectral_norm,
        reason="the spectral norm needs singular vectors, which have no name here",
    ),
)

OPERATIONS = Table()
for _row in (*_SPELLINGS, *_FUNCTIONS, *_ARRAYS, *_SIGNS, *_NORMS):
    OPERATIONS.add(_row)
# What readers look up: each word of LaTeX with the name of the row that it calls.
FUNCTIONS, SHY, ELEMENTWISE = OPERATIONS.words, OPERATIONS.shy, OPERATIONS.entrywise


def acts_on_entries(core: Core) -> bool:
    """Whether the operation on top of a typed tree does the same to every entry."""
    kernel = OPERATIONS.kernels.get(core.op)
    return kernel.entrywise if kernel is not None else core.op == "fn"


def is_entrywise(core: Core | None) -> bool:
    """Whether a typed tree does the same to every entry of an array put in for its number."""
    stack = [core]
    while stack:
        c = stack.pop()
        if c is None or not is_scalar(c.shape):
            return False
        if c.op not in ("num", "sym", "size", "formula") and not acts_on_entries(c):
            return False
        stack.extend(c.args)
    return True
