"""From the tree to a typed tree: every node gets its shape in dimension names, every index the axis it runs over.

What an operation makes of the shapes of its operands is said by its row in `operations`; here are names and constants,
indices, and derivatives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .dimensions import (
    SCALAR,
    Core,
    Dim,
    MisfitError,
    Open,
    Scope,
    Shape,
    Total,
    dim,
    is_scalar,
    is_vector,
    resolve,
    shape_phrase,
    spoken_dim,
    spoken_shape,
    transposed,
)
from .fitting import entry_by_entry, stacked
from .names import Definition, dependencies, spoken_name, stem
from .operations import OPERATIONS, acts_on_entries, is_entrywise
from .substitution import as_function_of, put_in
from .tree import Node, free_indices, names_in, num, sym, walk


class Typer:
    """Types the members of one relation in one scope. `typed(node)` returns a Core or raises MisfitError."""

    def __init__(self, scope: Scope):
        self.scope, self.names = scope, scope.names
        self.indices: dict[str, tuple[int, Dim]] = {}

    def typed(self, node: Node) -> Core:
        """The typed tree of a node."""
        row = OPERATIONS.of(node)
        if row is not None and row.shape is not None and not (row.is_function and node.val[1] and not row.slopes):
            return row.shape(self, node)
        handler: Callable[[Node], Core] | None = getattr(self, "_" + node.op, None)
        if handler is None:
            raise MisfitError("this construct is not understood here", node)
        return handler(node)

    def say(self, node: Node) -> str:
        """A piece of the expression as a reader recognises it."""
        from .writer import plain_text

        return plain_text(node)

    # -- leaves

    def _num(self, node: Node) -> Core:
        return Core("num", (), SCALAR, float(min(node.val, 1e300)))

    def _sym(self, node: Node) -> Core:
        name = node.val
        shape = self.shape_of(name)
        if shape is None:
            if name == "pi":
                return Core("num", (), SCALAR, 3.141592653589793)
            raise MisfitError(f"{spoken_name(name)} is not declared", node)
        if name in self.names.dims:
            return Core("size", (), SCALAR, name)
        return Core("direction" if name in self.names.directions else "sym", (), shape, name)

    def shape_of(self, name: str) -> Shape | None:
        """The shape of a name in dimension tuples, or None."""
        known = self.names.shape(name)
        if known is not None:
            return known
        if name in self.names.dims:
            return SCALAR
        if name in self.names.directions:
            if name not in self.scope.direction_shapes:
                base = self.names.directions[name]
                known = self.shape_of(base) if base and base != name else None
                self.scope.direction_shapes[name] = known or ((Open(),), (Open(),))
            return self.scope.direction_shapes[name]
        return None

    def _length(self, written: str | None, long: bool = False) -> Dim:
        if written is None:
            return (Open(long),)
        if written.isdigit():
            return dim(int(written))
        return dim(written) if written in self.names.dims else (Open(),)

    def _ones(self, node: Node) -> Core:
        return Core("ones", (), (self._length(node.val, long=True), ()))

    def _eye(self, node: Node) -> Core:
        size = self._length(node.val)
        return Core("eye", (), (size, size))

    def _kdelta(self, node: Node) -> Core:
        i, j = node.val
        a, b = self._index(i, node), self._index(j, node)
        if not self.scope.unify(a[1], b[1]):
            raise MisfitError(
                f"δ_{{{i}{j}}} compares {i}, which runs over {spoken_dim(a[1])}, with {j}, which runs "
                f"over {spoken_dim(b[1])}",
                node,
                "index",
            )
        return Core("kdelta", (), SCALAR, (a[0], b[0], a[1]))

    # -- operations

    def _fn(self, node: Node) -> Core:
        """A function that the text defines or declares; those with a row have been typed by it."""
        name, primes = node.val
        if name.startswith("def:"):
            a = self.typed(node.args[0])
            return Core("formula", [a], a.shape, (name[4:], primes))
        if name.startswith("any:"):
            return entry_by_entry(self, node)
        if primes:
            raise MisfitError(f"{name} does not act entry by entry, so {name}' has no meaning", node)
        raise MisfitError(f"{name} is not known here", node)

    def _small(self, node: Node) -> Core:
        """o(|h|^k) leaves a claim about the powers of h up to k, O(|h|^k) one about those below k."""
        power = node.args[0]
        exponent = power.args[1].val if power.op == "pow" and power.args[1].op == "num" else 1
        order = exponent if node.val == "o" else exponent - 1
        if order not in (1, 2):
            raise MisfitError("a step is followed to first and second order only", node)
        self.scope.first_order = True
        self.scope.order = min(order, self.scope.order or order)
        return Core("num", (), SCALAR, 0.0)

    def stretched(self, *cores: Core) -> list[Core]:
        """The two operands of an entrywise operation, one repeated to the shape of the other as NumPy does it."""
        out = list(cores)
        for k, (own, other) in enumerate((cores, cores[::-1])):
            column = self._repeats(own)
            if column is None or is_vector(other.shape) or is_scalar(other.shape):
                continue
            if not column and resolve(own.shape[1]) == ():
                own = transposed(own)  # a sum along an axis is a row to NumPy
            if self.scope.unify(own.shape[1 - column], other.shape[1 - column]):
                ones = Core("ones", (), (other.shape[column], ()))
                out[k] = Core("matmul", [own, transposed(ones)] if column else [ones, own], other.shape)
        return out

    def _repeats(self, core: Core) -> int | None:
        """1 for a column and 0 for a row that NumPy repeats, None for anything else."""
        if core.op == "stretch":
            return core.data
        if core.op == "along":
            return 0
        if core.op == "sym" and core.data in self.names.definitions:
            return self._repeats(self.names.definitions[core.data].typed)
        if acts_on_entries(core):
            found = {self._repeats(a) for a in core.args if not is_scalar(a.shape)}
            return found.pop() if len(found) == 1 else None
        return None

    # -- indices

    def _index(self, letter: str, node: Node) -> tuple[int, Dim]:
        """Slot and dimension of an index letter: bound, or free in the whole relation."""
        if letter in self.indices:
            return self.indices[letter]
        if letter not in self.scope.free:
            self.scope.free[letter] = (self.scope.slot(letter), (Open(),))
        return self.scope.free[letter]

    def _run_over(self, item: Any, axis: Dim, node: Node) -> Any:
        """Note that an index runs over an axis; returns its slot, or the fixed position."""
        if item is None or isinstance(item, int):
            return item
        slot, length = self._index(item, node)
        if not self.scope.unify(length, axis):
            where = self.scope.used_by.get(item)
            seen = f" in {where}" if where else ""
            raise MisfitError(
                f"the index {item} runs over {spoken_dim(length)}{seen}, but over {spoken_dim(axis)} in "
                f"{self.say(node)}",
                node,
                "index",
            )
        self.scope.used_by.setdefault(item, self.say(node))
        return ("slot", slot)

    def _idx(self, node: Node) -> Core:
        base = self.typed(node.args[0])
        items = node.val
        rows, columns = base.shape
        if is_scalar(base.shape):
            raise MisfitError(f"{self.say(node.args[0])} is a number and has no entries", node, "index")
        if len(items) == 1:
            if is_vector(base.shape):
                items = (items[0], 0) if resolve(columns) == () else (0, items[0])
                fixed = 1 if resolve(columns) == () else 0
                position = self._run_over(items[1 - fixed], rows if fixed else columns, node)
                return Core("entry", [base], SCALAR, (position, 1) if fixed else (1, position))
            items = (items[0], None)
            stands = node.args[0].op == "sym" and node.args[0].val in self.names.standing
            if stands or self._picks_column(items[0], rows, columns):
                b = self._run_over(items[0], columns, node)
                return Core("entry", [base], (rows, ()), (None, b))
            if self.names.columns:
                position = self._run_over(items[0], rows, node)
                return transposed(Core("entry", [base], ((), columns), (position, None)))
        elif is_vector(base.shape) and items[1 if resolve(columns) == () else 0] != 1:
            raise MisfitError(
                f"{self.say(node.args[0])} is {spoken_shape(base.shape)}: one subscript is enough",
                node,
                "index",
            )
        a, b = self._run_over(items[0], rows, node), self._run_over(items[1], columns, node)
        return Core("entry", [base], (rows if a is None else (), columns if b is None else ()), (a, b))

    def _picks_column(self, letter: Any, rows: Dim, columns: Dim) -> bool:
        """Whether one subscript picks a column: its letter runs over the columns' length and not over the rows'."""
        if not isinstance(letter, str):
            return False
        known = self.indices.get(letter) or self.scope.free.get(letter)
        length = resolve(known[1]) if known is not None else None
        if length is None or any(isinstance(a, Open) for a in length):
            return self.names.samples_stand
        return length == resolve(columns) != resolve(rows)

    def _sum(self, node: Node) -> Core:
        letter, limit, unequal = node.val
        if letter in self.indices:
            self.scope.clashes.append((node, letter))
        length = (Open(),) if limit is None else self._length(limit)
        outer = self.indices
        # A letter bound twice, one inside the other, gets an axis of its own: the inner sum hides the outer
        # one.
        slot = self.scope.slot(f"{letter}@{len(outer)}" if letter in outer else letter + "@")
        self.indices = {**outer, letter: (slot, length)}
        seen = self.scope.used_by.pop(letter, None)
        if limit is not None:
            self.scope.used_by[letter] = f"the sum up to {limit}"
        try:
            body = self.typed(node.args[0])
            except_for = self._index(unequal, node) if unequal else None
            if except_for is not None and not self.scope.unify(except_for[1], length):
                raise MisfitError(f"{letter} and {unequal} run over different lengths", node, "index")
        finally:
            self.indices = outer
            self.scope.used_by.pop(letter, None)
            if seen:
                self.scope.used_by[letter] = seen
        used = letter in free_indices(node.args[0]) or unequal
        if not used and limit is None:
            raise MisfitError(
                f"the sum runs over {letter}, but nothing in it carries the index {letter}", node, "index"
            )
        if not used and not is_scalar(body.shape):
            raise MisfitError(
                f"the sum runs over {letter}, but nothing in {self.say(node.args[0])} carries the index {letter}",
                node,
                "index",
            )
        return Core("sum", [body], body.shape, (slot, length, except_for))

    def _table(self, node: Node) -> Core:
        i, rows, j, columns = node.val
        outer = self.indices
        self.indices = dict(outer)
        made = []
        for letter, limit in ((i, rows), (j, columns)):
            if letter is not None:
                length = self._length(limit)
                self.indices[letter] = (self.scope.slot(letter + "@"), length)
            made.append(self.indices[letter] if letter else None)
        try:
            body = self.typed(node.args[0])
        finally:
            self.indices = outer
        if not is_scalar(body.shape):
            raise MisfitError("the entries of this matrix are not numbers", node)
        down, across = made
        shape = (down[1] if down else (), across[1] if across else ())
        return Core("table", [body], shape, tuple(m[0] if m else None for m in made))

    def _mat(self, node: Node) -> Core:
        typed = [self.typed(a) for a in node.args]
        if not all(is_scalar(core.shape) for core in typed):
            return self._blocks(node, typed)
        return Core("mat", typed, (dim(node.val[0]), dim(node.val[1])), node.val)

    def _blocks(self, node: Node, typed: list[Core]) -> Core:
        """A matrix of blocks: those in a row have one height, those in a column one width; a 0 fits everywhere."""
        rows, columns = node.val
        heights, widths = [(Open(),) for _ in range(rows)], [(Open(),) for _ in range(columns)]
        zeros = [k for k, entry in enumerate(node.args) if entry == num(0)]
        for k in [k for k in range(rows * columns) if k not in zeros]:
            place = (heights[k // columns], widths[k % columns])
            if not self.scope.same(place, typed[k].shape):
                said = f"the block {self.say(node.args[k])} is {shape_phrase(typed[k].shape)}"
                raise MisfitError(f"{said}, which does not fit to the blocks beside it", node.args[k])
        for k in zeros:
            typed[k] = Core("zeros", (), (heights[k // columns], widths[k % columns]))
        total = [resolve(d[0]) if len(d) == 1 else (Total([resolve(x) for x in d]),) for d in (heights, widths)]
        return Core("blocks", typed, (total[0], total[1]), node.val)

    def _cases(self, node: Node) -> Core:
        total = None
        delta = next((Node("kdelta", (), tuple(rest)) for kind, *rest in node.val if kind in ("eq", "ne")), None)
        if delta is None or len(node.args) != 2:
            raise MisfitError("cases are read with two rows: i = j and i ≠ j", node)
        parts = []
        for value, (kind, *_) in zip(node.args, node.val, strict=True):
            equal = kind == "eq" or kind == "else" and node.val[0][0] == "ne"
            weight = delta if equal else Node("add", [num(1), Node("neg", [delta])])
            parts.append(Node("mul", [weight, value]))
        total = Node("add", parts, None, node.span)
        return self.typed(total)

    # -- derivatives

    def _d(self, node: Node) -> Core:
        inner = node.args[0]
        if inner.op == "sym" and inner.val in self.names.symbols and inner.val not in self.names.definitions:
            return Core("dbase", (), self.typed(inner).shape, inner.val)
        body = self.typed(inner)
        return Core("diff", [body], body.shape)

    def variable(self, node: Node) -> tuple[str, Node | None]:
        """Name and subscripts of the variable a derivative is taken in."""
        if len(node.args) == 1:
            return self.only_variable(node.args[0], node), None
        wrt = node.args[1]
        if wrt.op == "fn":
            return wrt.args[0].val, None
        return (wrt.args[0].val, wrt) if wrt.op == "idx" else (wrt.val, None)

    def only_variable(self, body: Node, node: Node) -> str:
        """The variable of a gradient that names none: the one the function was defined in, or the only one
        there is.
        """
        if body.op == "app":
            inside = [a for a in body.args if a.op == "sym"]
            if len(inside) == 1:
                return inside[0].val
        definition = self.names.definitions.get(body.val) if body.op in ("sym", "app") else None
        if definition is not None and definition.params:
            return definition.params[0]
        candidates = [v for v in self.scope.names.varied if v in dependencies(body, self.names)]
        if len(candidates) == 1:
            return candidates[0]
        raise MisfitError("∇ names no variable here, and there is more than one: write \\nabla_w", node)

    def _of_numbers(self, node: Node, order: int) -> Core | None:
        """The gradient (a column) or the Hessian of a function that was defined in several numbers, else None."""
        body = node.args[0]
        formula = self.names.definitions.get(body.val) if body.op in ("sym", "app") and len(node.args) == 1 else None
        if formula is None or len(formula.params) < 2 or formula.core is None or resolve(formula.shape[1]) != ():
            return None
        names = [p for p in formula.params if self.shape_of(p) == SCALAR and p not in self.names.dims]
        if len(names) != len(formula.params):
            return None
        f, rows = sym(body.val), resolve(formula.shape[0])
        firsts = [Node("grad", [f, sym(p)]) for p in names]
        if rows == ():
            entries = firsts if order == 1 else [Node("grad", [g, sym(p)]) for g in firsts for p in names]
            core = self._mat(Node("mat", entries, (len(names), 1 if order == 1 else len(names)), node.span))
        elif order == 1 and isinstance(rows[0], int) and len(rows) == 1:
            entries = [Node("idx", [g], (i + 1,)) for i in range(rows[0]) for g in firsts]
            core = self._mat(Node("mat", entries, (rows[0], len(names)), node.span))
        else:
            return None
        params, args = self._bindings(body) if body.op == "app" else ((), [])
        return Core("at", [core, *args], core.shape, params) if params else core

    def _grad(self, node: Node) -> Core:
        body_node = node.args[0]
        several = self._of_numbers(node, 1)
        if several is not None:
            return several
        name, entry = self.variable(node)
        shape = self.shape_of(name)
        if shape is None or name in self.names.dims:
            raise MisfitError(f"{spoken_name(name)} is no variable to differentiate in", node)
        if entry is not None and None in entry.val and body_node.op == "idx" and None in body_node.val:
            return self._row_in_row(body_node, entry, node)
        body_node = as_function_of(body_node, name, self.names)
        if name not in dependencies(body_node, self.names) and body_node.op != "app":
            self.scope.absent.append(f"{self.say(node.args[0])} as defined does not contain {spoken_name(name)}")
            self.scope.notes.append(self.scope.absent[-1])
        if body_node.op == "sym" and body_node.val in self.names.losses:
            inner = spoken_name(self.names.losses[body_node.val])
            self.scope.notes.append(f"{self.say(body_node)} is read as any smooth function of {inner}")
        slope = self._entry_by_entry(body_node, 1) if entry is None and node.op == "grad" else None
        if slope is not None and name == self.names.definitions[body_node.val].params[0]:
            return slope
        outside = self._evaluated_elsewhere(body_node, name)
        body = self.typed(sym(body_node.val, body_node.span) if outside else body_node)
        core = self._derivative_core(body, name, shape, entry, node)
        if len(node.args) > 1 and node.args[1].op == "fn" and core.op == "grad":
            core = stacked(core)
        if outside:
            params, args = outside
            return Core("at", [core, *args], core.shape, params)
        return core

    def _row_in_row(self, body: Node, entry: Node, node: Node) -> Core:
        r"""The Jacobian `\frac{\partial Y_{i,:}}{\partial X_{i,:}}` of one row or column in another."""
        used = {i for n in walk(node) if n.op == "idx" for i in n.val} | set(self.indices) | set(self.scope.free)
        a, b = [c for c in "abcdefghpqrs" if c not in used][:2]
        above, below = (
            Node("idx", n.args, tuple(letter if i is None else i for i in n.val), n.span)
            for n, letter in ((body, a), (entry, b))
        )
        slope = Node("grad", [above, below], None, node.span)
        return self.typed(Node("table", [slope], (a, None, b, None), node.span))

    def _derivative_core(self, body: Core, name: str, shape: Shape, entry: Node | None, node: Node) -> Core:
        if entry is not None:
            items = entry.val
            if len(items) == 1 and is_vector(shape):
                items = (items[0], 1) if resolve(shape[1]) == () else (1, items[0])
                along = [self._run_over(i, ax, entry) if i != 1 else 1 for i, ax in zip(items, shape, strict=True)]
            else:
                items = (None, items[0]) if len(items) == 1 and name in self.names.standing else (*items, None)[:2]
                if is_vector(shape) and items[1] is not None:
                    raise MisfitError(f"{spoken_name(name)} is a vector: one subscript is enough", entry, "index")
                along = [self._run_over(i, ax, entry) for i, ax in zip(items, shape, strict=True)]
                if None in along:
                    if not is_scalar(body.shape):
                        raise MisfitError("a derivative of an array in a row is not read", node)
                    rest = (() if along[0] is not None else shape[0], () if along[1] is not None else shape[1])
                    picked = Core("entry", [Core("grad", [body], shape, (name, None))], rest, tuple(along))
                    sample = len(entry.val) == 1 and self.names.columns and resolve(rest[0]) == ()
                    return transposed(picked) if sample else picked
            return Core("grad", [body], body.shape, (name, tuple(along)))
        if is_scalar(body.shape):
            return Core("grad", [body], shape, (name, None))
        if is_scalar(shape):
            return Core("grad", [body], body.shape, (name, (1, 1)))
        return Core(
            "jacobian",
            [body],
            (dim(*resolve(body.shape[0]), *resolve(body.shape[1])), dim(*shape[0], *shape[1])),
            (name, None),
        )

    def _along(self, node: Node) -> Core:
        """The derivative of a defined f along directions (one for each order), or its Jacobian without one."""
        variable, order = node.val
        f = node.args[0]
        several = self._of_numbers(Node("grad", [f], None, node.span), 1) if order == 0 and not variable else None
        if several is not None:
            return transposed(several) if is_scalar(self.typed(f).shape) else several
        name = variable or self.only_variable(f, node)
        if order == 0:
            first = self._grad(Node("grad", [f, sym(name)], None, node.span))
            return first if first.op == "jacobian" else transposed(first)
        body, shape = self.typed(f), self.shape_of(name)
        moves = [self.typed(a) for a in node.args[1:]]
        if len(moves) != order or shape is None:
            raise MisfitError(f"a derivative of order {order} needs {order} direction{'s' * (order > 1)}", node)
        for move, arg in zip(moves, node.args[1:], strict=True):
            if not self.scope.same(move.shape, shape):
                raise MisfitError(
                    f"{self.say(arg)} is {shape_phrase(move.shape)}; a direction for {spoken_name(name)} is "
                    f"{shape_phrase(shape)}",
                    arg,
                )
        return Core("along_moves", [body, *moves], body.shape, name)

    def _frozen(self, node: Node) -> Core:
        inner = self.typed(node.args[0])
        return Core("frozen", [inner], inner.shape)

    def _hess(self, node: Node) -> Core:
        several = self._of_numbers(node, 2)
        if several is not None:
            return several
        if len(node.args) == 1:
            x = sym(self.only_variable(node.args[0], node))
            node = Node("hess", [node.args[0], x, x], None, node.span)
        bend = self._entry_by_entry(node.args[0], 2)
        if bend is not None and node.args[1] == sym(self.names.definitions[node.args[0].val].params[0]):
            return bend
        first = Node("grad", [node.args[0], node.args[1]], None, node.span)
        return self._grad(Node("grad", [first, node.args[2]], None, node.span))

    def _evaluated_elsewhere(self, body: Node, name: str) -> tuple[tuple[str, ...], list[Core]] | None:
        """(parameters, arguments) when `L(\\hat w)` is differentiated in w, which is not in the argument."""
        if body.op != "app" or any(name in names_in(a) for a in body.args):
            return None
        params, args = self._bindings(body)
        return (params, args) if name in params else None

    def _called_formula(self, formula: Definition, node: Node) -> Core:
        """The formula with its arguments put in; a sample that is read as a row stands as a column where that fits."""
        mark = len(self.scope.trail)
        try:
            return self.typed(put_in(formula, node))
        except MisfitError:
            self.scope.undo(mark)
            turned = [Node("T", [a]) if a.op == "idx" and len(a.val) == 1 else a for a in node.args]
            if tuple(turned) == node.args:
                raise
            return self.typed(put_in(formula, node.with_args(turned)))

    def _entry_by_entry(self, node: Node, primes: int) -> Core | None:
        """A function of one number, applied to an array; None where the call is an ordinary one."""
        formula = self.names.definitions.get(node.val) if node.op == "app" else None
        if formula is None or len(node.args) != 1 or len(formula.params) != 1 or not is_entrywise(formula.core):
            return None
        if self.shape_of(formula.params[0]) not in (None, SCALAR) or not is_scalar(formula.shape):
            return None
        arg = self.typed(node.args[0])
        if node.args[0] == sym(formula.params[0]):
            return None
        return Core("formula", [arg], arg.shape, (node.val, primes))

    def _bindings(self, node: Node) -> tuple[tuple[str, ...], list[Core]]:
        """Which parameter of the definition each argument of a call replaces."""
        definition = self.names.definitions[node.val]
        params, args = [], []
        needed = dependencies(sym(node.val), self.names)
        for k, arg in enumerate(node.args):
            param = definition.params[k] if k < len(definition.params) else self._replaced_by(arg, needed)
            if param is None:
                if arg.op == "sym":
                    continue  # L(U; N) where N only names a constant
                raise MisfitError(f"it is not clear which variable {self.say(arg)} replaces", node)
            core = self.typed(arg)
            shape = self.shape_of(param)
            if shape is None or param in self.names.dims:
                continue
            if arg == num(0):
                core = Core("zeros", (), shape)
            if not self.scope.same(core.shape, shape):
                raise MisfitError(
                    f"{spoken_name(param)} is {spoken_shape(shape)}, but {self.say(arg)} is {spoken_shape(core.shape)}",
                    arg,
                )
            if arg != sym(param):
                params.append(param)
                args.append(core)
        return tuple(params), args

    def _replaced_by(self, arg: Node, needed: set[str]) -> str | None:
        """The name, of those a definition needs, that an argument mentions, or that it is another version of."""
        inside: list[str] = [n.val for n in walk(arg) if n.op == "sym" and n.val in needed]
        if inside or arg.op != "sym":
            return inside[0] if inside else None
        shape, letter = self.shape_of(arg.val), stem(arg.val)
        alike = (p for p in sorted(needed) if p != arg.val and self.shape_of(p) == shape and stem(p) == letter)
        return next(alike, None)

    def _app(self, node: Node) -> Core:
        if node.val not in self.names.definitions:
            raise MisfitError(f"{spoken_name(node.val)} is not a defined function", node)
        formula = self.names.definitions[node.val]
        if formula.core is None:
            return self._called_formula(formula, node)
        entrywise = self._entry_by_entry(node, 0)
        if entrywise is not None:
            return entrywise
        body = self._sym(node)
        params, args = self._bindings(node)
        if not params:
            return body
        if any(n.op == "d" or n.op == "sym" and n.val in self.names.directions for n in walk(node)):
            self.scope.first_order = True
        return Core("at", [body, *args], body.shape, params)
