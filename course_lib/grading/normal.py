"""The code of an answer without what changes nothing, as a digest: comments, layout, docstrings, and other cells.

Runs inside the sandbox, before the first line of the notebook does: the text is read, never run. The standard library
only.
"""

import ast
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

_WORD = re.compile(r"[^\W\d]\w*")
_BLANKS = re.compile(r"#[^\n]*|\s+")
# Code that uses one of these may depend on anything in the notebook, by whatever name.
_REACHING = {"globals", "locals", "vars", "eval", "exec", "compile", "__import__", "__main__", "inspect", "get_ipython"}


@dataclass(frozen=True)
class Statement:
    """One statement at the top level: its normal text, the names that it makes or changes, and those that it reads."""

    text: str
    makes: frozenset[str]
    reads: frozenset[str]


def answer_codes(cells: Iterable[str], names: Iterable[str]) -> dict[str, str]:
    """name -> a sha256 of the statements that the answer of that name consists of, with all that they use.

    cells   the sources of the code cells, as Python.
    A name that no statement makes stands for the whole notebook: what is behind it cannot be told from the text.
    """
    statements = [statement for cell in cells for statement in _statements(cell)]
    return {name: _digest(_needed(statements, name)) for name in names}


def _needed(statements: list[Statement], name: str) -> list[Statement]:
    needed, names = set[int](), {name}
    while True:
        found = {i for i, statement in enumerate(statements) if statement.makes & names}
        if found == needed:
            break
        needed = found
        names = names.union(*(statements[i].reads for i in found))
    if not needed or names & _REACHING:
        return statements
    return [statements[i] for i in sorted(needed)]


def _digest(statements: list[Statement]) -> str:
    # A cell that was copied says nothing new.
    texts = dict.fromkeys(statement.text for statement in statements)
    return hashlib.sha256("\n".join(texts).encode("utf-8", "surrogatepass")).hexdigest()


def _statements(source: str) -> list[Statement]:
    """The statements of one cell; one that Python cannot read is a single statement that makes and reads its words."""
    try:
        return [_statement(node) for node in ast.parse(source).body]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        words = frozenset(_WORD.findall(source))
        return [Statement(_BLANKS.sub("", source), words, words)]


def _statement(node: ast.stmt) -> Statement:
    nodes = list(ast.walk(node))
    for inner in nodes:
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
            _drop_docstring(inner)
    reads = {inner.id for inner in nodes if isinstance(inner, ast.Name)}
    return Statement(ast.unparse(node), frozenset(_made(node)), frozenset(reads))


def _drop_docstring(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module) -> None:
    if ast.get_docstring(node, clean=False) is not None:
        node.body[:1] = [] if len(node.body) > 1 else [ast.Pass()]


def _made(node: ast.AST) -> Iterable[str]:
    """The names that a statement binds, or whose value it changes; not what the body of a function does."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
        return
    if isinstance(node, ast.Lambda):
        return
    if isinstance(node, ast.alias):
        yield (node.asname or node.name).partition(".")[0]
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
        yield node.id
    elif isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
        yield from _root(node)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        # `weights.append(3)` changes what `weights` is; `print(weights)` does not.
        yield from _root(node.value.func) if isinstance(node.value.func, ast.Attribute) else ()
    for child in ast.iter_child_nodes(node):
        yield from _made(child)


def _root(node: ast.AST) -> Iterable[str]:
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    if isinstance(node, ast.Name):
        yield node.id
