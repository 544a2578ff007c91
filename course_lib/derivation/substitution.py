"""Trees with other trees put in: arguments into formulas, definitions for their names, names for their definitions."""

from __future__ import annotations

from .dimensions import MisfitError
from .names import Definition, Names, dependencies, spoken_name
from .tree import Node, add, bound_indices, free_indices, map_tree, mul, names_in, rename_index, sym, walk


def put_in(formula: Definition, call: Node) -> Node:
    """The right side of a function's formula with the arguments of a call in place of its parameters."""
    if len(call.args) > len(formula.params):
        raise MisfitError(f"{spoken_name(formula.name)} is called with {len(call.args)} arguments", call)
    given = dict(zip(formula.params, call.args, strict=False))
    taken = {i for a in call.args for i in free_indices(a) if isinstance(i, str)}
    body = formula.body
    for letter in set(bound_indices(body)) & taken:
        body = _with_other_letter(body, letter, taken | set(bound_indices(body)))
    return map_tree(body, lambda n: given.get(n.val) if n.op == "sym" else None)


def _with_other_letter(body: Node, letter: str, taken: set[str]) -> Node:
    free = next(c for c in "abcefghjklmnopqrstuv" if c not in taken)

    def change(n: Node) -> Node | None:
        if n.op == "sum" and n.val[0] == letter:
            return Node("sum", [rename_index(n.args[0], letter, free)], (free, *n.val[1:]), n.span)
        return None

    return map_tree(body, change)


# -- what depends on what


def as_function_of(node: Node, name: str, names: Names) -> Node:
    """The tree so written that `name` occurs in it: a definition's right side in disguise is the name again.

    `L = \\|Xw-y\\|^2` does not mention ŷ, but with `ŷ = Xw` it is a function of ŷ.
    """
    if name not in names.definitions or name in dependencies(node, names):
        return node
    again = names.restated.get(node.val) if node.op == "sym" else None
    if again is not None and name in dependencies(again, names) and node.val not in names_in(again):
        return again
    meaning = names.definitions[name].body
    expanded = inlined(node, names)
    if meaning.op == "table" and meaning.val[2] is None:
        return _with_entries(expanded, meaning, name)
    found = replaced(expanded, meaning, sym(name))
    return found if found != expanded else node


def _with_entries(node: Node, table: Node, name: str) -> Node:
    """The tree with o_k in place of what the definition o_i = … says with k for i."""
    letter = table.val[0]
    letters = {i for n in walk(node) if n.op == "idx" for i in n.val if isinstance(i, str)}
    for other in sorted(letters):
        node = replaced(node, rename_index(table.args[0], letter, other), Node("idx", [sym(name)], (other,)))
    return node


def inlined(node: Node, names: Names, depth: int = 6, keep: str | None = None) -> Node:
    """The tree with every definition but that of `keep` put in (index-form definitions stay names)."""
    if depth == 0:
        return node

    def change(n: Node) -> Node | None:
        if n.op == "idx" and n.args[0].op == "sym" and n.args[0].val in names.definitions and n.args[0].val != keep:
            body = names.definitions[n.args[0].val].body
            if body.op == "table" and body.val[2] is None and len(n.val) == 1 and isinstance(n.val[0], str):
                entry = rename_index(body.args[0], body.val[0], n.val[0])
                return inlined(entry, names, depth - 1, keep) if n.val[0] not in bound_indices(entry) else n
        if n.op == "sym" and n.val in names.definitions and n.val != keep:
            body = names.definitions[n.val].body
            if not free_indices(body) and body.op != "table":
                return inlined(body, names, depth - 1, keep)
        return n if n.op == "app" else None

    out = map_tree(node, change)
    if out == node:
        return out
    return flattened(out)


def flattened(node: Node) -> Node:
    """Nested sums and products made flat again."""
    args = [flattened(a) for a in node.args]
    if node.op == "mul":
        return mul(*args, span=node.span)
    if node.op == "add":
        return add(*args, span=node.span)
    return node.with_args(args) if args else node


def replaced(node: Node, old: Node, new: Node) -> Node:
    """The tree with every occurrence of `old` replaced, runs inside longer products and sums included."""

    def change(n: Node) -> Node | None:
        if n == old:
            return new
        if n.op == old.op == "mul" and len(n.args) > len(old.args):
            width = len(old.args)
            for k in range(len(n.args) - width + 1):
                if n.args[k : k + width] == old.args:
                    rest = [*n.args[:k], new, *n.args[k + width :]]
                    return (
                        map_tree(Node("mul", rest, None, n.span), change)
                        if width > 1
                        else Node("mul", rest, None, n.span)
                    )
        if n.op == old.op == "add" and all(t in n.args for t in old.args):
            rest = [t for t in n.args if t not in old.args]
            return Node("add", [new, *rest], None, n.span) if rest else new
        if n.op == old.op == "add" and len(n.args) == len(old.args):
            flipped = {Node("neg", [t]) if t.op != "neg" else t.args[0] for t in old.args}
            if flipped == set(n.args):
                return Node("neg", [new], None, n.span)
        return None

    return map_tree(node, change)
