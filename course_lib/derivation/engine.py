"""A report, line by line: read, define or judge, and ask the diagnosis for what went wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from course_lib.clock import seconds_spent

from . import wording
from .diagnosis import Finding, diagnose, diagnose_definition
from .evaluation import TooLargeError, UndefinedError
from .judgement import DRAWS, Bench, Relation, close, define, is_zero
from .lines import MOST_CHARACTERS, MOST_LINES, Piece, defined_name, split_lines, split_members
from .names import Names, canonical, dependencies, latex_name, read_shapes, spoken_name
from .numpy_reader import looks_like_numpy, parse_numpy
from .parser import parse
from .shapes import MisfitError, is_scalar, spoken_shape
from .tex import plain
from .tokens import UnreadableError
from .tree import Node, map_tree, names_in, sym, walk
from .vocabulary import FUNCTIONS
from .writer import latex, plain_text

KNOWN_FUNCTIONS = {**FUNCTIONS, "sigma": "sigmoid"}


@dataclass
class Line:
    """One line of a derivation and what is to be said about it.

    verdict: definition, right, wrong, follows, shapes or unreadable. `reading` is the line as it was read, in
    LaTeX;
    `where` the stretch of `text` the message is about; `position` the column (from 1) of what cannot be read.
    `claimed` is the left side of a claim as a tree (that of the line before, where this one continues it),
    `sides` are all that it sets equal (first what it continues, where it continues a line), and
    `explicit` says whether what is claimed to equal it holds no derivative that is still to be taken.
    `defines` is the name that a definition introduces.
    """

    text: str
    verdict: str
    shape: str = ""
    mistake: str | None = None
    message: str = ""
    repair: str | None = None
    reading: str = ""
    where: tuple[int, int] | None = None
    position: int | None = None
    claimed: Node | None = None
    sides: tuple[Node, ...] = ()
    explicit: bool = False
    defines: str | None = None


@dataclass
class _Judged:
    """What a relation came to: the verdict, the member at fault and the finding about it."""

    verdict: str
    culprit: int | None = None
    finding: Finding | None = None
    shape: str = ""
    message: str = ""
    nodes: list = field(default_factory=list)
    reference: Node | None = None


class Session:
    """The state of one report: names known so far, the reference a continuation compares with, wrong claims
    made.
    """

    def __init__(self, shapes, functions, seconds: float, seed: int = 0):
        self.deadline = seconds_spent() + seconds
        self.texts: list[str] = []
        symbols, dims = read_shapes(shapes)
        functions = read_functions(functions)
        both = next((f for f in functions if f in symbols), None)
        if both:
            raise ValueError(f"{both} is declared in shapes and named in functions; it can be one of the two")
        self._begin(symbols, dims, functions, seed)

    def _begin(self, symbols, dims, functions, seed):
        """The state before the first line."""
        self.names = Names(symbols, dims, functions=functions)
        self.bench = Bench(self.names, seed, self.deadline)
        self.used: set[str] = set()
        self.reference: Node | None = None
        self.wrong: list[tuple[Node, Node]] = []
        self.lines: list[Line] = []
        self.claimed: Node | None = None

    # -- lines
    # --------------------------------------------------------------------------------------------------

    def read(self, text: str) -> list[Line]:
        """Judge every line of a text.

        A sample x_i of X is a row to some and a column to others. What the text shows decides; where that
        leaves lines that do not hold, the other reading is tried, and the one with fewer such lines stays.
        """
        self.texts.append(text)
        columns = _samples_are_columns(text, self.names)
        self._read(text, columns)
        if _misses(self.lines)[0] and _names_samples(text, self.names):
            first = vars(self).copy()
            self._begin(self.names.symbols, self.names.dims, self.names.functions, self.bench.seed)
            for before in self.texts:
                self._read(before, not columns)
            if _misses(self.lines) >= _misses(first["lines"]):
                vars(self).update(first)
        return self.lines

    def _read(self, text, columns):
        pieces = split_lines(text)
        self.names.varied = _varied(text, self.names)
        self.names.columns = columns
        self.names.directions = _directions(text, self.names)
        for k, piece in enumerate(pieces):
            if k >= MOST_LINES:
                self.lines.append(
                    Line(
                        piece.text,
                        "unreadable",
                        message=wording.TOO_MANY_LINES.format(most=MOST_LINES),
                        position=1,
                    )
                )
                break
            self.lines.append(self._line(piece))

    def _line(self, piece: Piece) -> Line:
        if len(piece.text) > MOST_CHARACTERS:
            return Line(
                piece.text[:200] + " …",
                "unreadable",
                message=wording.TOO_LONG.format(most=MOST_CHARACTERS),
                position=1,
            )
        if seconds_spent() > self.deadline:
            return Line(piece.text, "unreadable", message=wording.OUT_OF_TIME, position=1)
        try:
            return self._judged(piece)
        except UnreadableError as problem:
            self.reference = self.reference if _continues(piece.clean) else None
            column = min(problem.position, max(len(piece.text) - 1, 0)) + 1
            return Line(
                piece.text,
                "unreadable",
                message=wording.unreadable(problem.message, column),
                position=column,
                where=(column - 1, column),
            )
        except TooLargeError as problem:
            return Line(piece.text, "unreadable", message=wording.sentence(str(problem)), position=1)
        except TimeoutError:
            return Line(piece.text, "unreadable", message=wording.OUT_OF_TIME, position=1)
        except RecursionError:
            return Line(piece.text, "unreadable", message=wording.TOO_DEEP, position=1)
        except Exception:
            # A defect here must not cost the learner the other lines; the tests look for this sentence.
            return Line(piece.text, "unreadable", message=wording.DEFECT, position=1)

    def _judged(self, piece: Piece) -> Line:
        members = split_members(_first_order(piece.clean))
        continues = not members[0].text.strip() and len(members) > 1
        if continues and members[1].implied and len(members) > 2:
            continues = False
        if not members[0].text.strip() and len(members) > 1:
            members = members[1:]
        if any(not m.text.strip() for m in members):
            gap = next(m for m in members if not m.text.strip())
            raise UnreadableError("one side of this relation is empty", max(gap.start - 1, 0))
        if continues:
            return self._continuation(piece, members)
        groups = [[members[0]]]
        for m in members[1:]:
            groups.append([m]) if m.implied else groups[-1].append(m)
        lines = [self._group(piece, g) for g in groups]
        line = next((x for x in lines if x.verdict not in ("right", "definition", "follows")), lines[0])
        if len(lines) > 1:
            line.reading = r" \Rightarrow ".join(x.reading for x in lines)
        return line

    def _parse(self, member) -> Node:
        offset = member.start
        member = replace(member, text=self._with_derivative(member.text))
        try:
            if looks_like_numpy(member.text):
                return parse_numpy(member.text, self.names, offset)
            return parse(member.text, self.names, offset)
        except UnreadableError as problem:
            if not looks_like_numpy(member.text):
                problem.position += offset
            raise

    def _with_derivative(self, text) -> str:
        """`L'(w)` of a defined number as a derivative; elsewhere the prime is a transpose."""

        def read(found):
            name, variable = found[1], found[2]
            definition = self.names.definitions.get(name)
            if definition is None or not is_scalar(definition.shape) or variable not in self.names.symbols:
                return found[0]
            return rf"\nabla_{{{variable}}} {name}"

        return re.sub(r"(?<![A-Za-z\\])([A-Za-z])'\(([A-Za-z])\)", read, text)

    def _continuation(self, piece, members) -> Line:
        if self.reference is None:
            raise UnreadableError("this line continues the one before, but there is none that could be read", 0)
        nodes = [self._parse(m) for m in members]
        relation = [self.reference, *nodes]
        return self._claim(piece, relation, hidden=True)

    def _group(self, piece, members) -> Line:
        if len(members) == 1:
            return self._lone(piece, members[0])
        found = defined_name(members[0].text, self.names)
        if found and self._may_define(found, members):
            return self._definition(piece, found, members)
        nodes = [self._parse(m) for m in members]
        return self._claim(piece, nodes)

    def _lone(self, piece, member) -> Line:
        """An expression without a relation claims nothing; it is read and its shape is shown."""
        node = self._parse(member)
        relation = Relation(self.names, [node])
        if relation.misfits[0]:
            m = relation.misfits[0]
            return Line(piece.text, "shapes", message=wording.sentence(m.message), reading=latex(node), where=m.span)
        raise UnreadableError(
            "this line has no '=': there is nothing to compare", max(len(piece.clean.rstrip()) - 1, 0)
        )

    # -- definitions
    # --------------------------------------------------------------------------------------------

    def _may_define(self, found, members) -> bool:
        name, _, indices = found
        if name in self.names.definitions or name in self.names.dims:
            return False
        if "^" in members[0].text and self.names.known(re.sub(r"\d+$", "", name)):
            # H^2 is a power where H is known, not a second layer's name.
            return False
        if name not in self.names.symbols:
            capital = self.names.with_entries(name)
            if indices and capital:
                return (
                    capital not in self.used and capital in self.names.symbols and capital not in self.names.definitions
                )
            return True
        # A declared name that nothing has used yet may be given its meaning: shapes often list intermediate
        # results too.
        if name in self.used:
            return False
        try:
            nodes = [self._parse(m) for m in members[1:]]
        except UnreadableError:
            return False
        return not any(name in dependencies(n, self.names) for n in nodes)

    def _definition(self, piece, found, members) -> Line:
        name, params, indices = found
        if indices and name not in self.names.symbols and self.names.with_entries(name) in self.names.symbols:
            name = self.names.with_entries(name)
        nodes = [self._parse(m) for m in members[1:]]
        params = tuple(p for p in params if p in self.names.symbols or p in self.names.definitions)
        for n in nodes:
            self.used |= names_in(n)
        head = _left_side(name, indices)
        reading = " = ".join([head, *(latex(n) for n in nodes)])
        defined = sym(name) if not indices else Node("idx", [sym(name)], tuple(indices))
        line = Line(piece.text, "definition", reading=reading, defines=name, sides=(defined, *nodes))
        zero = [n for n in nodes if is_zero(n)]
        if zero and len(nodes) == 1 and name in self.names.symbols:
            line.verdict, line.message = "wrong", wording.SET_TO_ZERO.format(name=spoken_name(name))
            return line
        body, finding = nodes[0], None
        try:
            definition, relation = define(self.names, name, params, indices, body)
            self._check_declared(name, definition, body)
            clashes = _clashes(body, indices)
        except MisfitError as misfit:
            return self._misfit_definition(line, found, name, nodes, misfit)
        self.names.definitions[name] = definition
        line.shape = spoken_shape(definition.shape)
        line.message = wording.definition(name, definition.shape)
        self.reference = defined
        self._finite(relation)
        if clashes:
            finding = diagnose_definition(
                self.names, self.bench, name, indices, body, MisfitError("", body, "clash"), clashes
            )
            line.verdict, line.mistake, line.message = "wrong", "index", wording.clash(clashes)
            line.repair = latex(finding.mended) if finding and finding.mended is not None else None
        elif len(nodes) > 1:
            self._equal_definitions(line, name, params, indices, nodes)
        return line

    def _check_declared(self, name, definition, body):
        if name in self.names.symbols:
            declared = self.names.shape(name)
            if declared != definition.shape:
                raise MisfitError(
                    f"{spoken_name(name)} is declared {spoken_shape(declared)}, but this is "
                    f"{spoken_shape(definition.shape)}",
                    body,
                )

    def _finite(self, relation):
        """UndefinedError when the right side exists on no draw."""
        try:
            relation.values(self.bench, 0)
        except UndefinedError:
            raise UnreadableError("this has no finite value on any draw", 0) from None

    def _misfit_definition(self, line, found, name, nodes, misfit) -> Line:
        """A definition that does not fit together: say so, and go on with the mended one if there is one."""
        _, params, indices = found
        line.verdict = "wrong" if misfit.kind == "free" else "shapes"
        line.message, line.where = wording.sentence(misfit.message), misfit.span
        finding = diagnose_definition(self.names, self.bench, name, indices, nodes[0], misfit, [])
        if finding is not None:
            line.mistake, line.repair = finding.mistake, latex(finding.mended)
            line.message = wording.with_mend(misfit.message, finding)
            definition, _ = define(self.names, name, params, indices, finding.mended)
            self.names.definitions[name] = definition
            line.shape = spoken_shape(definition.shape)
            self.reference = line.sides[0]
        return line

    def _equal_definitions(self, line, name, params, indices, nodes):
        """`L = a = b`: b is compared with a; when a itself turns out to hold the slip, what follows is judged
        with b.
        """
        judged = self._relation([self.reference, *nodes[1:]])
        if judged.verdict == "right":
            return
        finding = judged.finding
        first = diagnose(self.names, self.bench, [nodes[1], nodes[0]], 1, 0) if not indices else None
        if (
            first is not None
            and first.mended is not None
            and (finding is None or finding.mended is None or first.cost < finding.cost)
        ):
            definition, _ = define(self.names, name, params, indices, first.mended)
            self.names.definitions[name] = definition
            self.bench.envs.clear()
            finding = first
            line.message = wording.wrong_definition(first)
        else:
            line.message = judged.message
        line.verdict = judged.verdict
        line.mistake = finding.mistake if finding else None
        line.repair = latex(finding.mended) if finding and finding.mended is not None else None
        line.where = finding.span if finding else None

    # -- claims
    # -------------------------------------------------------------------------------------------------

    def _with_variable(self, nodes) -> list[Node]:
        r"""`\nabla L = ...` with the variable that the shapes leave: the one name for which the line fits."""
        bare = [n for node in nodes for n in walk(node) if n.op in ("grad", "hess") and len(n.args) == 1]
        if not bare or not any(Relation(self.names, nodes).misfits):
            return nodes
        fitting = {}
        for name, declared in self.names.symbols.items():
            if (declared.rows, declared.columns) == (1, 1) or any(
                name not in dependencies(n.args[0], self.names) for n in bare
            ):
                continue
            put_in = {
                id(n): Node(n.op, [*n.args, *[sym(name)] * (1 if n.op == "grad" else 2)], n.val, n.span) for n in bare
            }
            changed = [map_tree(node, lambda n, put_in=put_in: put_in.get(id(n))) for node in nodes]
            if not any(Relation(self.names, changed).misfits):
                fitting[name] = changed
        if len(fitting) != 1:
            return nodes
        ((name, changed),) = fitting.items()
        self.names.varied.append(name)
        return changed

    def _claim(self, piece, nodes, hidden=False) -> Line:
        nodes = self._with_variable(nodes)
        shown = nodes[1:] if hidden else nodes
        reading = ("= " if hidden else "") + " = ".join(latex(n) for n in shown)
        for n in nodes:
            self.used |= {x for name in names_in(n) for x in dependencies(sym(name), self.names)}
        judged = self._relation(nodes, 0 if hidden else None)
        if not hidden:
            self.reference = judged.reference
        line = Line(piece.text, judged.verdict, judged.shape, message=judged.message, reading=reading)
        line.claimed = self.claimed = self.claimed if hidden else nodes[0]
        line.sides = tuple(nodes)
        line.explicit = not self._derives(nodes[-1])
        finding = judged.finding
        if judged.verdict == "shapes" and nodes[0].op == "sym" and nodes[0].val in self.names.dims:
            line.message = wording.LENGTH.format(name=nodes[0].val)
            return line
        if finding is None and judged.verdict == "wrong":
            line.message = self._condition(nodes) or line.message
        if finding is not None:
            line.mistake, line.where = finding.mistake, finding.span
            line.repair = self._written(finding.mended, judged.reference)
        return line

    def _condition(self, nodes) -> str:
        """Advice where a line states a condition or a solution as if it held for every value, else ""."""
        slope = next((n for n in nodes if n.op == "grad" and len(n.args) > 1), None)
        if slope is not None and any(is_zero(n) for n in nodes):
            function, variable = (plain_text(part) for part in slope.args[:2])
            return wording.STATIONARY.format(function=function, name=variable)
        first = nodes[0]
        if first.op == "d" and first.args[0].op == "sym" and not any(n.op == "d" for b in nodes[1:] for n in walk(b)):
            return wording.DIFFERENTIAL.format(name=spoken_name(first.args[0].val))
        if first.op == "sym" and first.val in self.names.symbols and first.val not in self.names.definitions:
            return wording.SPECIAL_VALUE.format(name=spoken_name(first.val))
        return ""

    def parse(self, text: str) -> Node:
        """An expression of the learner's language as a tree; UnreadableError where it is none."""
        return parse(text, self.names)

    def _derives(self, node) -> bool:
        """Whether an expression, or a definition it uses, holds a derivative that is still to be taken."""
        used = dependencies(node, self.names) & set(self.names.definitions)
        bodies = [self.names.definitions[name].body for name in used]
        return any(part.op in ("grad", "hess", "d") for tree in (node, *bodies) for part in walk(tree))

    def _written(self, mended, truth) -> str | None:
        """A repair as LaTeX, if it still says the same when it is read again."""
        if mended is None:
            return None
        text = latex(mended)
        try:
            return text if self.agree([truth, parse(text, self.names)]) else None
        except (UnreadableError, MisfitError):
            return None

    def _relation(self, nodes, reference=None) -> _Judged:
        """The verdict on `a = b = c`."""
        reference = choose_reference(nodes, self.names) if reference is None else reference
        relation = Relation(self.names, nodes, reference)
        truth = nodes[reference]
        out = _Judged("right", shape=relation.shape, reference=truth)
        if relation.misfits[reference]:
            return self._broken_reference(relation, nodes, reference, out)
        culprit = next((k for k, m in enumerate(relation.misfits) if m), None)
        unequal = self._unequal(relation)
        if unequal is not None and relation.guessed:
            unequal = self._with_one_varying(relation, unequal)
        clashing = next((k for k in range(len(nodes)) if relation.clashes(k)), None)
        wrong = [k for k in (culprit, unequal, clashing) if k is not None]
        if not wrong:
            out.message = wording.right(relation)
            return out
        k = min(wrong)
        out.culprit = k
        misfit = relation.misfits[k]
        if misfit is None and self._follows(nodes[reference], nodes[k]):
            out.verdict, out.message = "follows", wording.FOLLOWS
            self.wrong.append((truth, nodes[k]))
            return out
        out.verdict = "wrong" if misfit is None or misfit.kind == "free" else "shapes"
        clashes = relation.clashes(k)
        broken = False
        try:
            finding = diagnose(self.names, self.bench, nodes, k, reference, misfit=misfit, clashes=clashes)
        except Exception:
            # The verdict stands whatever happens in the search for the reason; the tests look for this sentence.
            finding, broken = None, True
        out.finding = finding
        out.message = wording.wrong(
            relation,
            k,
            misfit,
            finding,
            clashes,
            self._worst(relation, k) if misfit is None and not finding else None,
        )
        if broken:
            out.message += " " + wording.DEFECT_IN_SEARCH
        if misfit is None:
            self.wrong.append((truth, nodes[k]))
        return out

    def _broken_reference(self, relation, nodes, reference, out):
        misfit = relation.misfits[reference]
        others = [k for k in range(len(nodes)) if k != reference]
        finding = diagnose(self.names, self.bench, nodes, reference, others[0], misfit=misfit) if others else None
        out.verdict = "wrong" if misfit.kind == "free" else "shapes"
        out.culprit, out.finding = reference, finding
        out.message = wording.wrong(relation, reference, misfit, finding, [], None)
        out.reference = nodes[others[0]] if others else None
        return out

    def _unequal(self, relation) -> int | None:
        """The first member that differs from the reference on some draw."""
        tolerance = relation.tolerance()
        for number in range(DRAWS):
            try:
                values = relation.values(self.bench, number)
            except UndefinedError:
                raise UnreadableError("one side has no finite value on any draw", 0) from None
            truth = values[relation.reference]
            for k, value in enumerate(values):
                if value is not None and not close(truth, value, tolerance):
                    return k
        return None

    def _with_one_varying(self, relation, unequal):
        """None when the relation holds with a single declared name varying; nothing in the text says which
        ones do.
        """
        for name in self.names.symbols:
            relation.forced = (name,)
            truth = relation.values(self.bench, 0)[relation.reference]
            if abs(truth[0]).max() > 1e-12 and self._unequal(relation) is None:
                relation.scope.notes.append(f"read with {spoken_name(name)} varying and the rest constant")
                return None
        relation.forced = None
        return unequal

    def _worst(self, relation, k):
        """Where a wrong member is furthest from the truth, on the first draw: (row, column, truth, value)."""
        import numpy as np

        values = relation.values(self.bench, 0)
        pairs = [(t, v) for t, v in zip(values[relation.reference], values[k], strict=True) if t is not None]
        for truth, value in pairs:
            truth, value = np.broadcast_arrays(truth, value)
            gap = np.abs(truth - value)
            if gap.max() > 0:
                at = np.unravel_index(gap.argmax(), gap.shape)
                return at[-2] + 1, at[-1] + 1, float(truth[at]), float(value[at]), truth.shape[-2:]
        return None

    def _follows(self, truth, node) -> bool:
        """Whether a wrong claim is what an earlier wrong claim leads to."""
        for before, claim in self.wrong:
            if before == truth and self.agree([claim, node]):
                return True
            carried = _carried(before, claim, truth, self.names)
            if carried is not None and self.agree([carried, node]):
                return True
        return False

    def agree(self, nodes) -> bool:
        """Whether expressions fit together and have the same value on every draw."""
        relation = Relation(self.names, nodes)
        if any(relation.misfits):
            return False
        try:
            return self._unequal(relation) is None
        except (UnreadableError, TooLargeError):
            return False


def _carried(before: Node, claim: Node, truth: Node, names: Names) -> Node | None:
    """The derivative that follows by the chain rule when the earlier claim about ∂L/∂u is believed; None when
    it does not bear.
    """
    if before.op != "grad" or truth.op != "grad" or len(before.args) < 2 or len(truth.args) < 2:
        return None
    if before.args[0] != truth.args[0] or before.args[1].op != "sym" or truth.args[1].op != "sym":
        return None
    u, v = before.args[1], truth.args[1]
    if u.val not in names.definitions or v.val not in dependencies(u, names):
        return None
    return Node("grad", [Node("frob", [Node("frozen", [claim]), u]), v])


def choose_reference(nodes, names: Names) -> int:
    """The member that states what is to be computed: a derivative or a defined name, else the first."""

    def pure(n):
        if n.op in ("T", "idx", "neg"):
            return pure(n.args[0])
        if n.op in ("grad", "hess", "d"):
            return n.args[0].op in ("sym", "app", "idx")
        return n.op == "sym" and n.val in names.definitions or n.op == "app"

    return next((k for k, n in enumerate(nodes) if pure(n)), 0)


def _left_side(name, indices):
    said = latex_name(name)
    return f"{said}_{{{''.join(indices)}}}" if indices else said


def _clashes(body, indices):
    from .tree import bound_indices, free_indices

    return sorted((set(indices) | set(free_indices(body))) & set(bound_indices(body)))


def _continues(text):
    return re.match(r"\s*(=|\\Rightarrow|\\implies|\\iff|\\equiv)", text) is not None


def _directions(text: str, names: Names) -> dict[str, str | None]:
    """Undeclared small letters that some argument is moved by, as δ in f(W+δ)."""
    spelled, found = plain(text)[0], {}
    for name in ("delta", "epsilon", "varepsilon", "h"):
        written = "h" if name == "h" else rf"\\{name}"
        defined = re.search(rf"^\s*{written}\s*&?:?=", spelled, re.MULTILINE)
        if not names.known(name) and not defined and re.search(rf"\+\s*{written}\s*\\?[),]", spelled):
            found[name] = None
    return found


_STYLE = re.compile(r"\\(?:mathbf|boldsymbol|mathrm|bm|mathsf|text|operatorname|left|right)(?![A-Za-z])\s*|\{")


def _samples_are_columns(text: str, names: Names) -> bool:
    """Whether a text writes w^T x_i or x_i^T w for a column w: then x_i, a row of X, is meant as a column."""
    bare = re.sub(r"\\(?:mathbf|boldsymbol|mathrm|bm|mathsf|left|right)(?![A-Za-z])|[{}\s]|\\[,;!]", "", plain(text)[0])
    turned = r"\^\\?(?:top|T|intercal)"
    sample = r"([a-z])(?:_|\^(?=\())\(?([a-z])\)?(?![a-z0-9,])"
    for found in re.finditer(
        rf"(?<![_A-Za-z])(\\?[A-Za-z]+){turned}\(?{sample}|{sample}{turned}\(?(\\?[a-zA-Z])(?!_)", bare
    ):
        vector, letter = (found[1], found[2]) if found[1] else (found[6], found[4])
        spec = names.symbols.get(vector.lstrip("\\"))
        # A column (w) or a matrix that maps samples (W^T x_i): for rows either product would not fit.
        if spec is not None and spec.rows != 1 and names.with_entries(letter) and not names.known(letter):
            samples = names.symbols.get(names.with_entries(letter))
            if samples is not None and samples.columns == spec.rows:
                return True
    return False


def _names_samples(text: str, names: Names) -> bool:
    """Whether some x_i in the text may be a sample, a row of a declared X."""
    sample = r"(?<![A-Za-z\\])([a-z])\}?\s*[_^]\s*(?:[a-z]|\{\s*\(?[a-z]\)?\s*\})"
    return any(
        names.is_matrix(names.with_entries(letter) or "") and not names.known(letter)
        for letter in re.findall(sample, plain(text)[0])
    )


def _misses(lines) -> tuple[int, int]:
    """How many lines do not hold, and how many of them do not even fit together."""
    verdicts = [line.verdict for line in lines]
    return sum(v not in ("right", "definition") for v in verdicts), verdicts.count("shapes")


def _varied(text: str, names: Names) -> list[str]:
    """Declared names in which the text differentiates somewhere, in the order of the shapes."""
    # Blanks stay, so that A dW shows its differential; a closing brace stays, so that 1/{d} W shows none.
    bare = re.sub(r"\\(?:mathrm|text|operatorname)\s*\{\s*d\s*\}", " d", plain(text)[0])
    bare = _STYLE.sub("", re.sub(r"\\[,;!:]", " ", bare))
    found = []
    for name in names.symbols:
        base, digits = re.fullmatch(r"(.*?)(\d*)", name.split(" ")[-1]).groups()
        number = rf"\s*[_^]?\s*[(\[]?{digits}(?!\d)" if digits else r"(?![A-Za-z])" if len(base) > 1 else ""
        accent = "".join(rf"\\{a}\s*" for a in name.split(" ")[:-1])
        if re.search(
            rf"(?:\\nabla\s*(?:\^\s*2\s*)?_\s*|\\partial\s*|(?<![A-Za-z\\])d)\s*{accent}\\?{re.escape(base)}{number}",
            bare,
        ):
            found.append(name)
    return found


def read_functions(functions) -> dict[str, str]:
    """The `functions` argument as {name: what it is}; a name that is not known stands for any smooth
    function.
    """
    if isinstance(functions, str):
        functions = re.split(r"[\s,;]+", functions.strip()) if functions.strip() else ()
    if not isinstance(functions, Iterable):
        raise TypeError(f"functions must be names such as ('sigma', 'softmax'); got {type(functions).__name__}")
    items = functions.items() if hasattr(functions, "items") else [(f, None) for f in functions]
    table = {}
    for name, meaning in items:
        if not isinstance(name, str) or not re.fullmatch(r"\\?[A-Za-z]\w*", name.strip()):
            raise ValueError(f"functions must be names such as 'sigma' or 'softmax'; got {name!r}")
        key = canonical(name)
        known = KNOWN_FUNCTIONS.get(str(meaning or key).lstrip("\\"))
        if meaning and known is None:
            raise ValueError(f"functions[{name!r}] must name a known function such as 'tanh'; got {meaning!r}")
        table[key] = known or f"any:{key}"
    return table


def _first_order(text: str) -> str:
    r"""`\Delta L \approx … \Delta w` is a statement about small steps, so it is read as differentials."""
    if not re.search(r"\\approx|≈", text):
        return text
    return re.sub(r"(\\Delta\s*|Δ\s*)(?=[A-Za-z\\])", lambda found: "d".rjust(len(found[0])), text)
