"""NumPy expressions into the same tree: `ast.parse` and a whitelist, nothing is ever run."""

from __future__ import annotations

import ast
import re
import warnings

from .lexer import MAX_DEPTH, UnreadableError
from .names import Names, canonical, spoken_name
from .tree import Node, add, mul, neg, num, walk

LOOKS_LIKE_NUMPY = re.compile(r"@|\.T\b|\bnp\.|\bnumpy\.|\*\*|\.(sum|mean|dot|transpose|trace)\(")
ONE_ARGUMENT = {
    "exp": "exp",
    "log": "log",
    "tanh": "tanh",
    "sqrt": "sqrt",
    "sin": "sin",
    "cos": "cos",
    "cosh": "cosh",
    "sinh": "sinh",
    "abs": "abs",
    "absolute": "abs",
    "trace": "tr",
    "diag": "diag",
    "inv": "inv",
    "linalg.inv": "inv",
    "linalg.det": "det",
    "sigmoid": "sigmoid",
    "relu": "relu",
    "softmax": "softmax",
    "softplus": "softplus",
    "tr": "tr",
    "vec": "vec",
    "det": "det",
    "logsumexp": "logsumexp",
    "log_sum_exp": "logsumexp",
    "logdet": "logdet",
}


def looks_like_numpy(text: str) -> bool:
    """Whether a member of a relation is meant as NumPy rather than LaTeX."""
    return "\\" not in text and "^" not in text and bool(LOOKS_LIKE_NUMPY.search(text))


def parse_numpy(text: str, names: Names, offset: int = 0) -> Node:
    """The tree of a NumPy expression; UnreadableError names what is not on the whitelist."""
    lead = len(text) - len(text.lstrip())
    if text.count("(") + text.count("[") > 4 * MAX_DEPTH:
        raise UnreadableError("brackets are nested too deep", 0)
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
    return _Reader(names, lead + offset).read(tree.body)


class _Reader:
    def __init__(self, names, offset):
        self.names, self.offset = names, offset

    def read(self, node, depth=0):
        if depth > MAX_DEPTH:
            raise UnreadableError("brackets are nested too deep", self._at(node))
        handler = getattr(self, "_" + type(node).__name__, None)
        if handler is None:
            raise UnreadableError(f"{self._spoken(node)} is not read here", self._at(node))
        made = handler(node, depth + 1)
        return Node(made.op, made.args, made.val, (self._at(node), node.end_col_offset + self.offset))

    def _at(self, node):
        return node.col_offset + self.offset

    def _spoken(self, node):
        return {
            "Subscript": "an index in square brackets",
            "Lambda": "lambda",
            "Compare": "a comparison",
        }.get(type(node).__name__, type(node).__name__)

    def _Constant(self, node, depth):
        if isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
            raise UnreadableError(f"{node.value!r} is not a number", self._at(node))
        return num(node.value if abs(node.value) < 1e15 else float(min(node.value, 10**300)))

    def _Name(self, node, depth):
        name = canonical(node.id)
        if node.id in self.names.dims or self.names.known(node.id):
            name = node.id
        if not self.names.known(name):
            if len(node.id) > 1 and node.id[0] == "d" and self.names.known(canonical(node.id[1:])):
                return Node("d", [Node("sym", (), canonical(node.id[1:]))])
            said = spoken_name(name)
            problem = f"{said} is not declared: it is neither in the shapes nor defined in a line above"
            if len(node.id) > 1 and all(self.names.known(c) for c in node.id):
                problem = f"NumPy reads {said} as one name; a matrix product is written {' @ '.join(node.id)}"
            raise UnreadableError(problem, self._at(node))
        return Node("sym", (), name)

    def _UnaryOp(self, node, depth):
        inner = self.read(node.operand, depth)
        if isinstance(node.op, ast.USub):
            return neg(inner)
        if isinstance(node.op, ast.UAdd):
            return inner
        raise UnreadableError("this sign is not read here", self._at(node))

    def _BinOp(self, node, depth):
        a, b = self.read(node.left, depth), self.read(node.right, depth)
        if isinstance(node.op, ast.Add):
            return add(a, b)
        if isinstance(node.op, ast.Sub):
            return add(a, Node("neg", [b], None, b.span))
        if isinstance(node.op, ast.MatMult):
            return Node("at", [a, b])
        if isinstance(node.op, ast.Mult):
            return (
                mul(a, b)
                if a.op == "num" or b.op == "num" or a.op == "div" and not _has_array(a, self.names)
                else Node("had", [a, b])
            )
        if isinstance(node.op, ast.Div):
            return Node("div", [a, b])
        if isinstance(node.op, ast.Pow):
            return Node("epow", [a, b])
        raise UnreadableError(f"the operator {type(node.op).__name__} is not read here", self._at(node))

    def _Attribute(self, node, depth):
        if node.attr == "T":
            inner = self.read(node.value, depth)
            flat = (
                inner.op == "sym" and inner.val in self.names.symbols and self.names.symbols[inner.val].one_dimensional
            )
            return inner if flat else Node("T", [inner])
        raise UnreadableError(f".{node.attr} is not read here", self._at(node))

    def _Call(self, node, depth):
        path = self._path(node.func)
        if path is None:
            raise UnreadableError("this call is not read here", self._at(node))
        axis = next(
            (k.value.value for k in node.keywords if k.arg == "axis" and isinstance(k.value, ast.Constant)),
            None,
        )
        if [k for k in node.keywords if k.arg not in ("axis",)]:
            raise UnreadableError(f"the keyword {node.keywords[0].arg!r} is not read here", self._at(node))
        if isinstance(node.func, ast.Attribute) and not path.startswith(("np.", "numpy.")):
            args = [self.read(node.func.value, depth)]
            word = node.func.attr
        else:
            args, word = [], re.sub(r"^(np|numpy)\.", "", path)
        args += [self.read(a, depth) for a in node.args]
        return self._named_call(word, args, axis, node)

    def _named_call(self, word, args, axis, node):
        if word in self.names.functions and len(args) == 1:
            return Node("fn", args, (self.names.functions[word], 0))
        if word in ONE_ARGUMENT and len(args) == 1:
            return Node("fn", args, (ONE_ARGUMENT[word], 0))
        if word in ("sum", "mean") and len(args) == 1 and axis in (None, 0, 1, -1):
            return Node("fn", args, (word if axis is None else f"{word}{axis % 2}", 0))
        if word in ("dot", "matmul") and len(args) == 2:
            return Node("at", args)
        if word in ("multiply", "kron", "vdot") and len(args) == 2:
            return Node({"multiply": "had", "kron": "kron", "vdot": "frob"}[word], args)
        if word == "outer" and len(args) == 2:
            return Node("outer", args)
        if word in ("linalg.norm", "norm") and len(args) == 1:
            return Node("norm", args, "2")
        if word == "transpose" and len(args) == 1:
            return Node("T", args)
        if word in ("eye", "identity", "ones") and len(args) == 1 and args[0].op == "sym":
            return Node("ones" if word == "ones" else "eye", (), args[0].val)
        if word == "square" and len(args) == 1:
            return Node("epow", [args[0], num(2)])
        raise UnreadableError(f"{word} with {len(args)} arguments is not read here", self._at(node))

    def _path(self, func):
        if isinstance(func, ast.Name):
            return func.id
        if isinstance(func, ast.Attribute):
            before = self._path(func.value)
            return f"{before}.{func.attr}" if before else f"().{func.attr}"
        return "()"


def _has_array(node, names):
    return any(n.op == "sym" and n.val not in names.dims for n in walk(node))
