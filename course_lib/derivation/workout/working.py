"""A derivation worked out: definition, differential, inner product, read off; every line judged before it is shown."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

from course_lib.errors import CourseError

from ..dimensions import SCALAR, MisfitError
from ..engine import Functions, Line, Session
from ..judgement import Relation
from ..names import Declared, Names, Shapes, canonical, dependencies, spoken_name
from ..spelling import Spelling, spelled, spelling_of
from ..tokens import UnreadableError
from ..tree import Node, map_tree, names_in, num, sym, walk
from ..values import UndefinedError
from ..writer import latex
from .algebra import ONE, Algebra, Product, apply, d_of, holds_d, product, turned
from .arrays import Differentials, Lowering
from .networks import NoRuleError
from .rules import DEEP, DEFINITION, MOVE, PUT_IN, READ_OFF, SUMS, Calculus, Step, is_logistic

Said = Sequence[tuple[Node, Node]]  # left and right sides, in their order
SECONDS = 10.0
LOSSES = ("f", "g", "L", "F", "E", "J")  # for a function without a name
MOST = 60  # lines, more than any derivation takes
FRESH_SEED = 20_011


@dataclass
class Work:
    """A derivation: `lines` in LaTeX, one relation each, and in `rules` the rule that gave each line.

    missing   the sentence that says which rule is missing, "" where the derivation is whole.
    result    the last right side as a tree; `shapes` and `functions` as `derive` takes them.
    """

    lines: list[str]
    rules: list[str]
    shapes: Shapes | None = field(default_factory=dict)
    functions: Functions = ()
    result: Node | None = None
    missing: str = ""

    def __repr__(self) -> str:
        width = max([len(r) for r in self.rules] + [4])
        rows = [f"{r:<{width}}  {x}" for x, r in zip(self.lines, self.rules, strict=True)]
        return "\n".join([*rows, *([self.missing] if self.missing else [])])

    def _repr_html_(self) -> str:
        from ..report import _CELL, _mathematics

        head = "".join(f'<th scope="col" style="{_CELL}">{h}</th>' for h in ("line", "", "rule"))
        rows = "".join(
            f'<tr><td style="{_CELL}">{k}</td><td style="{_CELL}">{_mathematics(x)}</td>'
            f'<td style="{_CELL}">{html.escape(r)}</td></tr>'
            for k, (x, r) in enumerate(zip(self.lines, self.rules, strict=True), 1)
        )
        note = f"<p>{html.escape(self.missing)}</p>" if self.missing else ""
        return (
            '<div class="course-work" style="color:var(--jp-content-font-color1, inherit)">'
            f'<table style="border-collapse:collapse;background:transparent"><thead><tr>{head}</tr></thead>'
            f"<tbody>{rows}</tbody></table>{note}</div>"
        )


def work_out(
    loss: str,
    variable: str,
    shapes: Shapes,
    functions: Functions = (),
    *,
    of: str | None = None,
    order: int = 1,
    form: str = "differential",
) -> Work:
    r"""Derive the derivative of a loss by rule, in the course's words and notation.

    loss       its defining lines as `derive` reads them, or one expression without "=".
    variable   the name of what is differentiated in; shapes, functions as `derive` takes them.
    of         the name to differentiate, by default the last one that is defined.
    order      2 for the Hessian of a number in a vector.
    form       "differential", "trace", "index", "expansion" or "vec".
    Returns a Work. A number gives its gradient in closed form, an array its Jacobian. Each line was judged by
    `derive`, the result also on draws of its own; where a rule is missing, `missing` says so and nothing else is shown.
    Errors: ValueError when the loss cannot be read or the names are not there.
    """
    derivation = Derivation(loss, variable, shapes, functions, of)
    return derivation.work(order, form)


class Derivation:
    """One loss, its variable and everything between them."""

    def __init__(
        self,
        loss: str,
        variable: str,
        shapes: Shapes | None,
        functions: Functions = (),
        of: str | None = None,
        session: Session | None = None,  # one that has read the loss already
    ):
        if not isinstance(loss, str) or not loss.strip():
            raise ValueError(f"the loss must be text such as 'L = \\|Xw-y\\|^2'; got {loss!r}")
        self.functions, self.text = functions, loss
        self.shapes = None if shapes is None else dict(shapes)
        self.session, self.given = (session, session.lines) if session else self._read(loss)
        self.names = self.session.names
        self.variable = self._known(variable, "variable")
        defined = list(self.names.definitions)
        self.loss = self._known(of, "function") if of else defined[-1]
        if self.loss not in defined:
            raise ValueError(f"{spoken_name(self.loss)} is not defined by the text; it defines {', '.join(defined)}")
        if self.variable not in dependencies(sym(self.loss), self.names):
            raise ValueError(f"{spoken_name(self.loss)} does not depend on {spoken_name(self.variable)}")
        self.algebra = Algebra(self.names)
        self.before = Algebra(self.names, {self.variable})  # for what is still to be differentiated
        self.lowering = Lowering(self.names, self.before)
        self.differentials = Differentials(self.names, self.algebra)
        self.bodies: dict[str, Node] = {}
        self._raw: dict[str, Node] = {}
        self.target: list[str] | None = None  # the letters of an entry of the variable, where the text has chosen them
        logistic = next((name for name, d in self.names.definitions.items() if is_logistic(d)), None)
        own = {"sigmoid": latex(sym(logistic))} if logistic else {}
        self.spelling = replace(spelling_of(loss, self.names), functions=own)

    def _read(self, loss: str) -> tuple[Session, list[Line]]:
        for text in (loss, f"{self._free_name()} = {loss.strip()}"):
            session = Session(self.shapes, self.functions, SECONDS)
            lines = session.read(text)
            if session.names.definitions or "=" in loss:
                break
        bad = next((x for x in lines if x.verdict not in ("definition", "right")), None)
        if bad is not None or not session.names.definitions:
            said = bad.message if bad else "nothing is defined."
            raise ValueError(f"the loss cannot be used: {said}")
        self.text = text
        return session, lines

    def _free_name(self) -> str:
        return next(n for n in LOSSES if n not in map(canonical, self.shapes or ()))

    def _known(self, name: str | None, what: str) -> str:
        found = canonical(name) if isinstance(name, str) and name.strip() else None
        if found is None or not self.names.known(found) or found in self.names.dims:
            there = ", ".join(map(spoken_name, [*self.names.symbols, *self.names.definitions]))
            raise ValueError(f"the {what} must be one of {there}; got {name!r}")
        return found

    # -- working out

    def work(self, order: int = 1, form: str = "differential") -> Work:
        """The derivation as a Work, verified."""
        try:
            steps = self.steps(order, form)
        except (NoRuleError, MisfitError) as problem:
            return self._without(problem)
        return self.verified(steps)

    def steps(self, order: int = 1, form: str = "differential") -> list[Step]:
        """The lines after the given ones; NoRuleError where a rule is missing."""
        from .proofs import FORMS

        if form not in FORMS:
            raise ValueError(f"the form must be one of {', '.join(FORMS)}; got {form!r}")
        steps = FORMS[form](self)
        if order == 2:
            steps += self.hessian(steps[-1])
        elif order != 1:
            raise ValueError(f"the order must be 1 or 2; got {order!r}")
        return steps

    @cached_property
    def chain(self) -> list[str]:
        """The names between variable and loss, each after those it is made of; the loss comes last."""
        found: list[str] = []

        def visit(name: str) -> None:
            if name in found or name == self.variable or self.variable not in dependencies(sym(name), self.names):
                return
            if name not in self.names.definitions or self.names.definitions[name].core is None:
                return  # a formula is written out wherever it is called
            for inner in sorted(names_in(self.body(name)), key=str):
                visit(inner)
            found.append(name)

        visit(self.loss)
        return found

    def body(self, name: str) -> Node:
        """What a name stands for, in whole arrays, simplified, with names for what has one."""
        if name not in self.bodies:
            meanings = {body: n for body, n in self.meanings(name).items() if n != name}
            made = self.before.abbreviated(self._written_out(name), meanings)
            self.bodies[name] = self.before.simplified(made)
        return self.bodies[name]

    def _written_out(self, name: str) -> Node:
        """What a name stands for as the text says it, in whole arrays, simplified."""
        if name not in self._raw:
            definition = self.names.definitions[name]
            self._raw[name] = self.before.simplified(self.lowering.lowered(definition.typed))
        return self._raw[name]

    def meanings(self, before: str | None = None) -> dict[Node, str]:
        """{what a name was defined as: the name}: functions of names before one, and sums, wherever they got a name."""
        found: dict[Node, str] = {}
        earlier = True
        for name, definition in self.names.definitions.items():
            earlier = earlier and name != before
            if definition.core is None:
                continue
            try:
                body = self._written_out(name)
            except (NoRuleError, MisfitError):
                continue
            if body.op == "add" or earlier and body.op in ("fn", "inv", "div"):
                found.setdefault(body, name)
        return found

    def named_again(self, node: Node) -> Node:
        return self.algebra.simplified(self.algebra.abbreviated(node, self.meanings()))

    def same(self, a: Node, b: Node) -> bool:
        """Whether two sides say the same, but for the order of what commutes."""
        simple = (self.algebra.key(self.algebra.simplified(x)) for x in (a, b))
        return a == b or latex(a) == latex(b) or len({*simple}) == 1

    def is_said(self, step: Step, said: Said) -> bool:
        return any(left == step.left and self.same(right, step.right) for left, right in said)

    def differential_form(self, style: str = "inner") -> list[Step]:
        """Definition, differential, inner product, read off: what follows, again and again."""
        steps: list[Step] = []
        while not steps or steps[-1].rule != READ_OFF:
            said = [(s.left, s.right) for s in steps]
            new = next((s for s in self.following(said, style) if not self.is_said(s, said)), None)
            if new is None or len(steps) > MOST:
                raise NoRuleError("no rule leads on")
            steps.append(new)
        return steps

    def following(self, said: Said, style: str = "inner") -> Iterator[Step]:
        """The steps by one rule from what is said of the differentials, the nearest first."""
        left = d_of(self.loss)
        now = last(said, left)
        if now is None:
            yield from self.restated()
        if now is None or waits(now):
            yield self.differential(self.loss, said)
        elif self.algebra.is_number(sym(self.loss)):
            yield from self._to_gradient(now, said, style)
        else:
            yield from self._to_jacobian(now, said)

    def d(self, node: Node, but: str = "") -> tuple[Node, list[str]]:
        """The differential of a tree, written out to the names in between, and the rules for it."""
        calculus = Calculus(self.algebra, {self.variable, *self.chain} - {but})
        return self.named_again(calculus.of(node, DEEP)), calculus.used

    def differential(self, name: str, said: Said = ()) -> Step:
        """The line about d(name) that comes after those that are said, one rule further."""
        calculus = Calculus(self.algebra, {self.variable, *self.chain} - {name})
        left = d_of(name)
        before = [right for mine, right in said if mine == left]
        deep = 1 if len(before) < 3 else DEEP
        made = calculus.further(before[-1], deep) if before else calculus.of(self.body(name))
        return Step(left, self.named_again(self.algebra.simplified(made)), said_rules(calculus.used))

    def _to_gradient(self, now: Node, said: Said, style: str) -> Iterator[Step]:
        """⟨G, dU⟩, with dU put in, until it is ⟨G, dX⟩."""
        left, slopes = d_of(self.loss), self.pulled(ONE, now)
        between = [n for n in self.chain if n in slopes]
        if not any(self.same(now, self.inner(slopes, way)) for way in {"inner", style}):
            yield Step(left, self.inner(slopes, style), MOVE)
        if not between:
            yield Step(self.gradient(), slopes[self.variable], READ_OFF)
            return
        inner = last(said, d_of(between[-1]))
        if inner is None or waits(inner):
            yield self.differential(between[-1], said)
        else:
            slopes = self.pulled(slopes.pop(between[-1]), inner, slopes)
            yield Step(left, self.inner(slopes, style), PUT_IN)

    def _to_jacobian(self, now: Node, said: Said) -> Iterator[Step]:
        """The differentials of the names in between, all of them put in, and the matrix that stands before dx."""
        left, whole = d_of(self.loss), now
        for name in reversed(self.chain[:-1]):
            d = d_of(name)
            if d in set(walk(whole)):
                inner = last(said, d)
                if inner is None or waits(inner):
                    yield self.differential(name, said)
                    return
                whole = map_tree(whole, {d: inner}.get)
        whole = self.named_again(whole)
        yield Step(left, whole, PUT_IN)
        matrix = self.named_again(self.differentials.jacobian(whole))
        if () not in self.algebra.shape(whole):
            d = apply("vec", d_of(self.variable))
            factors = matrix.args if matrix.op == "mul" else [matrix]
            yield Step(apply("vec", left), product(*factors, d), "vec of a product")
        yield Step(self.gradient(), matrix, READ_OFF)

    def restated(self) -> list[Step]:
        """The definitions that are written with sums, in whole arrays."""
        out = []
        for name in self.chain:
            body = self.names.definitions[name].body
            if any(n.op in ("sum", "table", "kdelta") or _has_letters(n) for n in walk(body)):
                out.append(Step(sym(name), self.bodies[name], SUMS))
        return out

    def pulled(self, weight: Node, node: Node, before: Mapping[str, Node] = MappingProxyType({})) -> dict[str, Node]:
        """{name: G} with ⟨weight, node⟩ = Σ ⟨G, d(name)⟩, added to those from before."""
        slopes = dict(before)
        for name, terms in self.differentials.pulled(weight, node).items():
            terms += [slopes[name]] if name in slopes else []
            slopes[name] = self.named_again(self.algebra.gathered(terms))
        return slopes

    def gradient(self) -> Node:
        return Node("grad", [sym(self.loss), sym(self.variable)])

    def inner(self, slopes: dict[str, Node], style: str = "inner") -> Node:
        """Σ ⟨G, dX⟩ in the way that fits the shapes: rᵀX dw, ⟨XᵀR, dW⟩, tr(RᵀX dW)."""
        order = [self.variable, *self.names.definitions]
        terms = [self._inner(slopes[n], n, style) for n in sorted(slopes, key=order.index, reverse=True)]
        plus = next((k for k, t in enumerate(terms) if t.op != "neg"), 0)
        terms = [terms[plus], *terms[:plus], *terms[plus + 1 :]]
        return Node("add", terms) if len(terms) > 1 else terms[0]

    def _inner(self, slope: Node, name: str, style: str) -> Node:
        a, d = self.algebra, d_of(name)
        rows, columns = a.shape(sym(name))
        p = a.parts(slope)
        if rows == () == columns:
            return a.built(Product(p.number, p.powers, [*p.factors, d]))
        if not p.factors:
            return a.built(Product(p.number, p.powers, [Node("frob", [ONE, d])]))
        whole = product(*p.factors)
        flat = a.simplified(turned(whole))
        factors = list(flat.args) if flat.op == "mul" else [flat]
        if rows == () and len(factors) > 1:
            p.factors = [Node("frob", [whole, d])]
        elif () in (rows, columns):
            p.factors = [*factors, d] if columns == () else [d, *factors]
        else:
            p.factors = [apply("tr", product(*factors, d)) if style == "trace" else Node("frob", [whole, d])]
        return a.built(p)

    def as_entries(self, name: str) -> Node | None:
        """What a name stands for where the text gives it as sums of entries, else None."""
        body = self.names.definitions[name].body
        assert isinstance(body, Node)
        if not any(n.op in ("sum", "table") or _has_letters(n) for n in walk(body)):
            return None
        if any(n.op == "idx" and not self.algebra.is_number(n) for n in walk(body)):
            return None  # x_i is a whole sample
        return body.args[0] if body.op == "table" else body

    def step_name(self) -> str:
        """A letter for a step in the variable: one that is declared for it and not used, else a new one."""
        shape, used = self.names.shape(self.variable), dependencies(sym(self.loss), self.names)
        found = next((n for n in self.names.symbols if n not in used and self.names.shape(n) == shape), None)
        if found is None:
            options = ("D", "H", "E") if () not in (shape or ()) else ("h", "v", "s")
            found = next(n for n in options if not self.names.known(n))
            rows, columns = (d[0] if d else 1 for d in shape or ((), ()))
            self.names.symbols[found] = Declared(rows, columns)
            self.shapes = self.shapes or {}
            self.shapes[found] = " ".join(str(x) for x in (rows, columns) if x != 1)
        return found

    def hessian(self, last: Step) -> list[Step]:
        """From the gradient to the Hessian: the differential of the gradient, read off."""
        slope = last.right
        if () not in self.algebra.shape(sym(self.variable)) or not self.algebra.is_number(sym(self.loss)):
            raise NoRuleError("a Hessian is worked out for a number in a vector")
        node, used = self.d(slope)
        for name in reversed(self.chain):
            if d_of(name) in set(walk(node)):
                node = map_tree(node, {d_of(name): self.d(self.body(name), name)[0]}.get)
        node = self.named_again(node)
        if not holds_d(node):
            zero = product(num(0), Node("eye", (), str(self.algebra.shape(slope)[0][0])))
            return [Step(self._second(), zero, READ_OFF)]
        first = Step(Node("d", [self.gradient()]), node, said_rules(used))
        return [first, Step(self._second(), self.named_again(self.differentials.jacobian(node)), READ_OFF)]

    def _second(self) -> Node:
        return Node("hess", [sym(self.loss), sym(self.variable), sym(self.variable)])

    # -- what is shown

    def written(self, step: Step) -> str:
        """A step as a line, in the spelling of the text."""
        with spelled(self.spelling):
            return f"{left_side(step.left, self.names, self.spelling)} = {latex(step.right)}"

    def verified(self, steps: list[Step]) -> Work:
        """The work with the lines that `derive` calls right; without the last one there is nothing to show."""
        given = [x.text.strip() for x in self.given]
        lines = [self.written(s) for s in steps]
        session = Session(self.shapes, self.functions, SECONDS)
        judged = session.read("\n".join([self.text, *lines]))[len(given) :]
        right = [x.verdict == "right" and not x.partial and not x.assumption for x in judged]
        if len(right) != len(lines) or not right[-1] or not self._fresh(lines[-1]):
            return self._without(NoRuleError("the result could not be verified"))
        kept = [k for k, good in enumerate(right) if good and lines[k] not in lines[:k]]
        return Work(
            [*given, *(lines[k] for k in kept)],
            [*(DEFINITION for _ in given), *(steps[k].rule for k in kept)],
            self.shapes,
            self.functions,
            steps[-1].right,
        )

    def _fresh(self, line: str) -> bool:
        """Whether the result also agrees with the complex step on draws that no report makes."""
        session = Session(self.shapes, self.functions, SECONDS, seed=FRESH_SEED)
        return session.read(f"{self.text}\n{line}")[-1].verdict == "right"

    def _without(self, problem: Exception) -> Work:
        """The work of which a rule is missing: what can be said, and the number that can still be verified."""
        said = f"This loss is outside the rules: {problem}. {self._number()}"
        given = [x.text.strip() for x in self.given]
        return Work(given, [DEFINITION] * len(given), self.shapes, self.functions, None, said)

    def _number(self) -> str:
        """A value of the derivative on the checker's first draw, as a sentence."""
        relation = Relation(self.names, [self.gradient()])
        try:
            value = relation.values(self.session.bench, 0)[0][0]  # type: ignore[index]
        except (UndefinedError, CourseError, UnreadableError):
            return "derive can still judge every line that you write about it."
        return (
            "derive can still judge every line that you write about it: on its first draw the first entry of the "
            f"derivative is {float(value.ravel()[0]):.6g}."
        )


def left_side(node: Node, names: Names, spelling: Spelling) -> str:
    """What a line is about, as LaTeX: the gradient of a number with ∇ unless the text writes fractions."""
    if node.op == "hess":
        return rf"\nabla_{{{latex(node.args[1])}}}^2 {latex(node.args[0])}"
    if node.op == "fn" or node.op == "d" and node.args[0].op == "grad":
        head = "d" if node.op == "d" else rf"\operatorname{{{node.val[0]}}}"
        return rf"{head}\left({left_side(node.args[0], names, spelling)}\right)"
    if node.op == "grad" and [a.op for a in node.args] == ["sym", "sym"] and not spelling.fractions:
        f, x = (a.val for a in node.args)
        if names.shape(f) == SCALAR != names.shape(x):
            return rf"\nabla_{{{latex(node.args[1])}}} {latex(node.args[0])}"
    return latex(node)


def _has_letters(node: Node) -> bool:
    """Whether a node is an entry, or a row, with a letter for its place."""
    return node.op == "idx" and any(isinstance(k, str) for k in node.val)


def waits(node: Node) -> bool:
    """Whether a differential of more than a name stands in the tree."""
    return any(n.op == "d" and n.args[0].op != "sym" for n in walk(node))


def last(said: Said, left: Node) -> Node | None:
    """What was said last of a left side."""
    return next((right for mine, right in reversed(said) if mine == left), None)


def said_rules(rules: list[str]) -> str:
    """The rules of a line: those that say something beyond sum and product, if there are any."""
    plain = ("sum", "product", "inner product", "transpose", "trace")
    telling = [r for r in rules if r not in plain] or [r for r in rules if r not in ("sum", "transpose")] or rules
    return ", ".join(telling[:3]) or "differential"
