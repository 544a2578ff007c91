"""NumPy expressions into the same tree: `ast.parse` and a whitelist, nothing is ever run."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable

from . import wording
from .charity import shape_of
from .class_labels import Label
from .names import Declared, Names, canonical, spoken_name
from .operations import OPERATIONS
from .tokens import MAX_DEPTH, UnreadableError
from .tree import Node, add, mul, neg, num, walk

LOOKS_LIKE_NUMPY = re.compile(r"@|\.T\b|\bnp\.|\bnumpy\.|\*\*|\.(sum|mean|var|std|dot|transpose|trace|copy)\(")
# What Python may raise about a text that is none of its expressions.
UNPARSED = (SyntaxError, ValueError, RecursionError, MemoryError)
AXES = (0, 1, -1)
LABELS = "labels__"  # what stands for the one-hot rows of class labels where a program picks by them
# The signs of Python whose operation is a row under that sign.
SIGNS: dict[type[ast.operator], str] = {
    ast.MatMult: "@",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
}


def looks_like_numpy(text: str) -> bool:
    """Whether a member of a relation is meant as NumPy rather than LaTeX."""
    return "\\" not in text and "^" not in text and bool(LOOKS_LIKE_NUMPY.search(text))


def is_used(name: str, text: str) -> bool:
    """Whether a NumPy expression holds a name."""
    try:
        return any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(ast.parse(text.strip(), mode="eval")))
    except UNPARSED:
        return False


def augmented(target: str, value: str) -> tuple[str, str] | None:
    """`dW /= n` as the name and the expression of `dW = dW / (n)`; None for anything else.

    `dz[np.arange(n), y] -= 1` takes 1 from the entry of each row that its label says.
    """
    place, sign = target.strip()[:-1].rstrip(), target.strip()[-1:]
    if sign not in ("+", "-", "*", "/", "@") or not place:
        return None
    if place.isidentifier():
        return place, f"{place} {sign} ({value.strip()})"
    try:
        where = ast.parse(place, mode="eval").body
    except UNPARSED:
        return None
    labels = _labels_at(where)
    if labels is None or sign not in ("+", "-") or not isinstance(where, ast.Subscript):
        return None
    name = ast.unparse(where.value)
    return (name, f"{name} {sign} ({value.strip()}) * {LABELS}({labels}, {name})") if name.isidentifier() else None


def _labels_at(node: ast.expr) -> str | None:
    """The y of `p[np.arange(n), y]` or `p[range(n), y]`, which picks an entry of each row; None for anything else."""
    items = node.slice.elts if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple) else []
    if len(items) != 2 or not isinstance(items[0], ast.Call) or not isinstance(items[1], ast.Name):
        return None
    return items[1].id if ast.unparse(items[0].func) in ("np.arange", "numpy.arange", "range") else None


def unmasked(target: str, value: str) -> tuple[str, str] | None:
    """`dz[z <= 0] = 0` as the name and the expression of `dz = dz * (z > 0)`; None for anything else."""
    try:
        place, zero = ast.parse(target.strip(), mode="eval").body, ast.parse(value.strip(), mode="eval").body
    except UNPARSED:
        return None
    where = place.slice if isinstance(place, ast.Subscript) else None
    if not isinstance(where, ast.Compare) or not isinstance(place, ast.Subscript) or len(where.ops) != 1:
        return None
    named = isinstance(place.value, ast.Name) and isinstance(where.ops[0], (ast.Lt, ast.LtE))
    sides = (where.comparators[0], zero)
    if not named or any(not isinstance(x, ast.Constant) or x.value != 0 for x in sides):
        return None
    name = ast.unparse(place.value)
    return name, f"{name} * ({ast.unparse(where.left)} > 0)"


def parse_numpy(text: str, names: Names, offset: int = 0) -> Node:
    """The tree of a NumPy expression; UnreadableError names what is not on the whitelist."""
    lead = offset + len(text) - len(text.lstrip())
    if text.count("(") + text.count("[") > 4 * MAX_DEPTH:
        raise UnreadableError("brackets are nested too deep", offset)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError as e:
        raise UnreadableError(f"this is no Python expression: {e.msg}", lead + max((e.offset or 1) - 1, 0)) from None
    except (ValueError, RecursionError, MemoryError):
        raise UnreadableError("this is no Python expression", lead) from None
    if sum(1 for _ in ast.walk(tree)) > 1500:
        raise UnreadableError("this line is too long to read", lead)
    return _Reader(names, lead).read(tree.body)


class _Reader:
    def __init__(self, names: Names, offset: int):
        self.names, self.offset = names, offset

    def read(self, node: ast.expr, depth: int = 0) -> Node:
        if depth > MAX_DEPTH:
            raise UnreadableError("brackets are nested too deep", self._at(node))
        handler: Callable[[ast.expr, int], Node] | None = getattr(self, "_" + type(node).__name__, None)
        if handler is None:
            said = "lambda" if isinstance(node, ast.Lambda) else type(node).__name__
            raise UnreadableError(f"{said} is not read here", self._at(node))
        made = handler(node, depth + 1)
        return Node(
            made.op, made.args, made.val, (self._at(node), (node.end_col_offset or node.col_offset) + self.offset)
        )

    def _at(self, node: ast.expr) -> int:
        return node.col_offset + self.offset

    def _Constant(self, node: ast.Constant, depth: int) -> Node:
        if isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
            raise UnreadableError(f"{node.value!r} is not a number", self._at(node))
        return num(node.value if abs(node.value) < 1e15 else float(min(node.value, 10**300)))

    def _Name(self, node: ast.Name, depth: int) -> Node:
        name = canonical(node.id)
        if node.id in self.names.dims or self.names.known(node.id):
            name = node.id
        name = self.names.variants.get((name, ""), name)
        if not self.names.known(name):
            below = self.names.below(node.id)
            if below is not None:
                of = Node("sym", (), below)
                loss = self.names.loss
                return self.names.called_gradient(loss, of) if loss else Node("d", [of])
            said = spoken_name(name)
            problem = wording.NOTHING_EXPLAINS.format(name=said)
            if len(node.id) > 1 and all(self.names.known(c) for c in node.id):
                problem = f"NumPy reads {said} as one name; a matrix product is written {' @ '.join(node.id)}"
            raise UnreadableError(problem, self._at(node), node.id)
        return Node("sym", (), name)

    def _UnaryOp(self, node: ast.UnaryOp, depth: int) -> Node:
        inner = self.read(node.operand, depth)
        if isinstance(node.op, ast.USub):
            return neg(inner)
        if isinstance(node.op, ast.UAdd):
            return inner
        raise UnreadableError("this sign is not read here", self._at(node))

    def _row_repeated(self, a: Node, beside: Node) -> Node:
        """A declared row, or vector with one axis, which NumPy repeats beside a matrix."""
        spec = self.names.symbols.get(a.val) if a.op == "sym" else None
        row = spec is not None and spec.rows == 1 != spec.columns
        flat = spec is not None and spec.one_dimensional and () not in (shape_of(beside, self.names) or ((),))
        return Node("stretch", [a], 0) if row or flat else a

    def _BinOp(self, node: ast.BinOp, depth: int) -> Node:
        a, b = self.read(node.left, depth), self.read(node.right, depth)
        if isinstance(node.op, (ast.Mult, ast.Div, ast.Add, ast.Sub)):
            a, b = self._row_repeated(a, b), self._row_repeated(b, a)
        if isinstance(node.op, ast.Add):
            return add(a, b)
        if isinstance(node.op, ast.Sub):
            return add(a, Node("neg", [b], None, b.span))
        if isinstance(node.op, ast.Mult):
            fraction = a.op == "div" and not _has_array(a, self.names)
            if self._number(a) or self._number(b) or fraction:
                return mul(a, b)
        if isinstance(node.op, ast.Pow) and self._number(a):
            return Node("pow", [a, b])
        made = self._called(SIGNS.get(type(node.op), ""), [a, b])
        if made is None:
            raise UnreadableError(f"the operator {type(node.op).__name__} is not read here", self._at(node))
        return made

    def _called(self, word: str, args: list[Node]) -> Node | None:
        """The tree of what NumPy calls by this word or sign, None where it is none of ours."""
        row = OPERATIONS.numpy.get(word)
        return row.called(args) if row is not None else None

    def _number(self, node: Node) -> bool:
        """Whether a factor is a number by its form, so that `lam * w` is an ordinary product."""
        return node.op == "num" or node.op == "sym" and self.names.shape(node.val) in (None, ((), ()))

    def _Attribute(self, node: ast.Attribute, depth: int) -> Node:
        if node.attr == "T":
            inner = self.read(node.value, depth)
            flat = (
                inner.op == "sym" and inner.val in self.names.symbols and self.names.symbols[inner.val].one_dimensional
            )
            return inner if flat else Node("T", [inner])
        raise UnreadableError(f".{node.attr} is not read here", self._at(node))

    def _Compare(self, node: ast.Compare, depth: int) -> Node:
        """`Z > 0` is 1 where Z is positive: the derivative of relu."""
        zero = [
            isinstance(c, ast.Constant) and c.value == 0 and not isinstance(c.value, bool) for c in node.comparators
        ]
        if len(zero) == 1 and zero[0] and isinstance(node.ops[0], (ast.Gt, ast.GtE)):
            return Node("fn", [self.read(node.left, depth)], (OPERATIONS.numpy[">"].name, 1))
        raise UnreadableError("of comparisons only Z > 0 is read here", self._at(node))

    def _Subscript(self, node: ast.Subscript, depth: int) -> Node:
        """`r[:, None]` and `r[None, :]` for a vector, `X.shape[0]` for the length of an axis."""
        if isinstance(node.value, ast.Attribute) and node.value.attr == "shape":
            axis = _whole_number(node.slice)
            if axis in AXES:
                return self._length(self.read(node.value.value, depth), axis, node)
        items = node.slice.elts if isinstance(node.slice, ast.Tuple) else []
        new = [_is_new_axis(i) for i in items]
        whole = [isinstance(i, ast.Slice) and not (i.lower or i.upper or i.step) for i in items]
        if len(items) == 2 and (new[0] and whole[1] or whole[0] and new[1]):
            return Node("stretch", [self.read(node.value, depth)], 1 if new[1] else 0)
        labels = _labels_at(node)
        if labels is not None:
            array = self.read(node.value, depth)
            row = OPERATIONS.numpy["*"]
            picked = Node(row.op, [array, self._one_hot(labels, array, node)], row.val)
            return self._named_call("sum", [picked], 1, ast.Call(node, [], []))
        raise UnreadableError("of square brackets only r[:, None], r[None, :] and X.shape[0] are read", self._at(node))

    def _one_hot(self, labels: str, array: Node, node: ast.expr) -> Node:
        """The array with a 1 in each row where its label says, of the shape of another array."""
        shape = shape_of(array, self.names)
        if shape is None or any(len(d) != 1 for d in shape):
            raise UnreadableError("labels pick an entry of each row of a matrix", self._at(node))
        name = Label(canonical(labels)).name
        (rows,), (columns,) = shape
        self.names.symbols.setdefault(name, Declared(rows, columns, ("onehot",)))
        return Node("sym", (), name)

    def _length(self, array: Node, axis: int, node: ast.expr) -> Node:
        """The length of an axis of a declared or defined name, by the names of the dimensions."""
        shape = self.names.shape(array.val) if array.op == "sym" else None
        if shape is None:
            raise UnreadableError("the length of an axis is read of a declared or defined name only", self._at(node))
        flat = [d for d in shape if d != ()] or [()]
        one_axis = array.val in self.names.symbols and self.names.symbols[array.val].one_dimensional
        atoms = (flat if one_axis else shape)[0 if one_axis else axis]
        if self.names.inferring:
            return num(1)
        return mul(*(num(a) if isinstance(a, int) else Node("sym", (), a) for a in atoms)) if atoms else num(1)

    def _Call(self, node: ast.Call, depth: int) -> Node:
        path = self._path(node.func)
        if re.sub(r"^(np|numpy)\.", "", path) == "einsum":
            return self._einsum(node, depth)
        axis, keeps = self._axis(node)
        if isinstance(node.func, ast.Attribute) and not path.startswith(("np.", "numpy.")):
            args = [self.read(node.func.value, depth)]
            word = node.func.attr
        else:
            args, word = [], re.sub(r"^(np|numpy)\.", "", path)
        if word == LABELS and len(node.args) == 2 and isinstance(node.args[0], ast.Name):
            return self._one_hot(node.args[0].id, self.read(node.args[1], depth), node)
        if word in ("astype", "copy") and args:
            return args[0]  # (Z > 0).astype(float), P.copy(): the numbers stay what they are
        if word == "copy" and len(node.args) == 1:
            return self.read(node.args[0], depth)
        if word in ("ones", "zeros") and len(node.args) == 1 and isinstance(node.args[0], ast.Tuple):
            return self._filled(word, node.args[0], node)
        if word == "reshape" and args and [ast.unparse(a) for a in node.args] in (["-1", "1"], ["(-1, 1)"]):
            return Node("stretch", args, 1)
        args += [self.read(a, depth) for a in node.args]
        made = self._named_call(word, args, axis, node)
        return Node("stretch", [made], axis % 2) if keeps and axis is not None else made

    def _axis(self, node: ast.Call) -> tuple[int | None, bool]:
        """The keywords of a call: an axis, or None for the whole array, and whether that axis stays."""
        axis, keeps = None, False
        for keyword in node.keywords:
            if keyword.arg == "axis":
                axis = _whole_number(keyword.value)
                if axis not in AXES and ast.unparse(keyword.value) not in ("None", "(0, 1)", "(1, 0)"):
                    raise UnreadableError("axis is read as 0, 1, -1 or None", self._at(keyword.value))
            elif keyword.arg == "keepdims":
                keeps = isinstance(keyword.value, ast.Constant) and bool(keyword.value.value)
            else:
                raise UnreadableError(f"the keyword {keyword.arg!r} is not read here", self._at(node))
        return axis, keeps

    def _filled(self, word: str, shape: ast.Tuple, node: ast.Call) -> Node:
        """`np.ones((n, 1))`, `np.ones((1, n))`, `np.ones((n, d))`."""
        names = [e.id if isinstance(e, ast.Name) else getattr(e, "value", None) for e in shape.elts]
        if word == "zeros" or len(names) != 2 or any(x != 1 and x not in self.names.dims for x in names):
            raise UnreadableError(f"{word} is read as {word}((n, 1)) with declared lengths only", self._at(node))
        rows, columns = (Node("ones", (), x) if x != 1 else None for x in names)
        if columns is None:
            return rows if rows is not None else num(1)
        return mul(rows, Node("T", [columns])) if rows is not None else Node("T", [columns])

    def _einsum(self, node: ast.Call, depth: int) -> Node:
        """`np.einsum("ij,jk->ik", A, B)` as the sum over the letters that the right side does not keep."""
        spec = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
        found = re.fullmatch(r"\s*([a-z]{1,2}(?:\s*,\s*[a-z]{1,2})*)\s*(?:->\s*([a-z]{0,2})\s*)?", str(spec))
        letters = found[1] if found else ""
        # Without an arrow numpy keeps the letters that occur once, in the order of the alphabet.
        kept = "".join(sorted(c for c in set(letters) if c.isalpha() and letters.count(c) == 1))
        kept = found[2] if found and found[2] is not None else kept
        if not found or len(set(kept)) != len(kept) or len(kept) > 2:
            raise UnreadableError(
                "einsum is read as einsum('ij,jk->ik', A, B), with at most two letters each", self._at(node)
            )
        subscripts = [s.strip() for s in found[1].split(",")]
        if len(subscripts) != len(node.args) - 1:
            raise UnreadableError(
                f"einsum names {len(subscripts)} arrays and gets {len(node.args) - 1}", self._at(node)
            )
        seen = dict.fromkeys("".join(subscripts))
        if not set(kept) <= seen.keys():
            raise UnreadableError("einsum keeps a letter that no array carries", self._at(node))
        factors = [Node("idx", [self.read(a, depth)], tuple(s)) for a, s in zip(node.args[1:], subscripts, strict=True)]
        body = mul(*factors)
        for letter in reversed(seen):
            if letter not in kept:
                body = Node("sum", [body], (letter, None, None))
        if not kept:
            return body
        return Node("table", [body], (kept[0], None, (*kept, None)[1], None))

    def _named_call(self, word: str, args: list[Node], axis: int | None, node: ast.Call) -> Node:
        made = self._declared_call(word, args) or self._constant(word, args)
        if made is None and word == "len" and len(args) == 1:
            return self._length(args[0], 0, node)
        row = OPERATIONS.numpy.get(word)
        if made is None and row is not None:
            if axis is not None:  # what goes along an axis is a row of its own
                row = OPERATIONS.rows.get(f"{row.name}{axis}")
            if row is None:
                raise UnreadableError(f"{word} along an axis is not read here", self._at(node))
            made = row.called(args)
        if made is None:
            raise UnreadableError(f"{word} with {len(args)} arguments is not read here", self._at(node))
        return made

    def _declared_call(self, word: str, args: list[Node]) -> Node | None:
        if word not in self.names.functions or len(args) != 1:
            return None
        return OPERATIONS.call(self.names.functions[word], args)

    def _constant(self, word: str, args: list[Node]) -> Node | None:
        """`np.eye(n)` and `np.ones(n)`."""
        if word not in ("eye", "identity", "ones") or len(args) != 1 or args[0].op != "sym":
            return None
        return Node("ones" if word == "ones" else "eye", (), args[0].val)

    def _path(self, func: ast.expr) -> str:
        if isinstance(func, ast.Name):
            return func.id
        if isinstance(func, ast.Attribute):
            before = self._path(func.value)
            return f"{before}.{func.attr}" if before else f"().{func.attr}"
        return "()"


def _whole_number(node: ast.expr) -> int | None:
    """The number that stands there, with or without a minus, else None."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        size = _whole_number(node.operand)
        return -size if size is not None else None
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _is_new_axis(item: ast.expr) -> bool:
    return (
        isinstance(item, ast.Constant)
        and item.value is None
        or isinstance(item, ast.Attribute)
        and item.attr == "newaxis"
    )


def _has_array(node: Node, names: Names) -> bool:
    return any(n.op == "sym" and n.val not in names.dims for n in walk(node))
