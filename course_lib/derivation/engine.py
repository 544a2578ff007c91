"""A report, line by line: read the document, then define or judge, and ask the diagnosis for what went wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from course_lib.clock import seconds_spent

from . import decisions, layers, wording
from .charity import (
    as_columns,
    contracted,
    diagonals,
    gradients_as_rows,
    inner_products,
    logs_reaching,
    matched,
    products_last,
    repeated,
    summed,
    sums_reaching,
    traces_reaching,
    with_condition,
    with_ones,
)
from .class_labels import ARRAY, Condition, fixed_letters
from .diagnosis import diagnose, diagnose_definition
from .dimensions import SCALAR, MisfitError, is_vector, spoken_shape
from .document import MOST_CHARACTERS, MOST_LINES, Clause, Left, Member, Points, Statement, defined_name, read_document
from .judgement import Bench, Relation, define, is_number, is_zero
from .names import (
    CONSTANT,
    Declared,
    Definition,
    Names,
    Shapes,
    canonical,
    dependencies,
    latex_name,
    name_of,
    read_shapes,
    spoken_name,
    stem,
    symbol_of,
)
from .numpy_reader import is_used, looks_like_numpy, parse_numpy
from .numpy_writer import numpy_text
from .operations import FUNCTIONS, is_entrywise
from .parser import grammar, parse, parse_nodes
from .points import Fixed, search
from .resolver import NO_EQUALITY
from .spelling import Spelling, layers_of, spelled
from .stationary import AtPoint
from .substitution import replaced
from .symbols import logged_name
from .tex import Script, Tex, changed, everywhere, flat, trimmed
from .tokens import UnreadableError
from .tree import Node, add, bound_indices, free_indices, map_tree, mul, names_in, neg, num, sym, walk
from .updates import LOSSES as LOWERED
from .updates import goes, is_update, ratio, without_time
from .values import TooLargeError, UndefinedError
from .verdicts import Judge, Judged
from .writer import latex, latex_shape, plain_text

KNOWN_FUNCTIONS = {**FUNCTIONS, "sigma": "sigmoid"}
BAD = ("wrong", "shapes", "unreadable")
# What `functions` may be: "sigma f", ("sigma", "f"), {"f": "tanh"}.
Functions = str | Iterable[str] | Mapping[str, str | None]


@dataclass
class Line:
    """One line of a derivation and what is to be said about it.

    verdict: definition, right, wrong, follows, shapes or unreadable. `reading` is the line as it was read, in
    LaTeX;
    `repair` what should stand on the right, in LaTeX, and `code` the same in NumPy for a line of NumPy;
    `where` the stretch of `text` the message is about; `position` the column (from 1) of what cannot be read.
    `claimed` is the left side of a claim as a tree (that of the line before, where this one continues it),
    `sides` are all that it sets equal (first what it continues, where it continues a line), and
    `explicit` says whether what is claimed to equal it holds no derivative that is still to be taken.
    `defines` is the name that a definition introduces. `partial` says that a part of the line could not be read while
    the rest was judged; `assumption` under which condition or reading the line holds, if it does not hold without.
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
    partial: bool = False
    assumption: str = ""
    code: str | None = None


class Session:
    """The state of one report: names known so far, the reference a continuation compares with, wrong claims
    made.
    """

    def __init__(self, shapes: Shapes | None, functions: Functions, seconds: float, seed: int = 0) -> None:
        self.infers = shapes is None
        self.assumed: dict[str, str] = {}
        self.unknown: list[str] = []
        shapes = {} if shapes is None else shapes
        grammar()  # built when first needed, which takes longer in a browser than a report may
        self.deadline = seconds_spent() + seconds
        self.texts: list[str] = []
        symbols, dims = read_shapes(shapes)
        known = read_functions(functions)
        both = next((f for f in known if f in symbols), None)
        if both:
            raise ValueError(f"{both} is declared in shapes and named in functions; it can be one of the two")
        self._begin(symbols, dims, known, seed)

    def _begin(self, symbols: dict[str, Declared], dims: list[str], functions: dict[str, str], seed: int) -> None:
        """The state before the first line."""
        self.names = Names(symbols, dims, functions=functions)
        self.bench = Bench(self.names, seed, self.deadline)
        self.judge = Judge(self.names, self.bench)
        self.used: set[str] = set()
        self.reference: Node | None = None
        self.lines: list[Line] = []
        self.claimed: Node | None = None
        self.point: AtPoint | None = None
        self.skipped: UnreadableError | None = None
        self.worked: set[str] = set()  # names that a chain of equal sides gives without a derivative

    # -- lines
    # --------------------------------------------------------------------------------------------------

    def read(self, text: str) -> list[Line]:
        """Judge every line of a text.

        A sample x_i of X is a row to some and a column to others, and what a program calls dZ is the gradient or a
        length times it. What the text shows decides; where that leaves lines that do not hold, the other reading is
        tried, and the one with fewer such lines stays.
        """
        self.texts.append(text)
        statements = read_document(text, self.names)
        self._declare(statements)
        self._infer(text, statements)
        for letter in decisions.powers(statements, self.names):
            self.names.symbols.pop(letter, None)
            self.names.dims.append(letter)
        columns = decisions.samples_are_columns(statements, self.names)
        samples = decisions.names_samples(statements, self.names)
        defined = decisions.definitions(statements, self.names)
        named = any(decisions.names_a_gradient(s, self.names, defined) for s in statements)
        self.judge.quick = samples or named
        self._read(text, statements, columns)
        first = _misses(self.lines)
        if self.judge.quick and first[0]:
            if samples and not decisions.samples_stand_beside_columns(statements, self.names):
                self._read_anew(not columns, quick=True)
                columns = columns ^ (_misses(self.lines) < first)
            self._read_anew(columns, quick=False, scale=self._scale(columns) if named else None)
        self.judge.quick = False
        return self.lines

    def _scale(self, columns: bool) -> str | None:
        """The length times which dZ is the gradient in Z, where that makes the gradients of parameters right.

        `dZ = A - Y; dW = dZ.T @ X / m` takes the mean last, as many programs do.
        """
        if self.names.columns != columns:
            self._read_anew(columns, quick=True)
        before, right = _misses(self.lines), self._right_parameters()
        nodes = [n for line in self.lines for side in line.sides for n in walk(side) if n.op == "sym"]
        for length in dict.fromkeys(n.val for n in nodes if n.val in self.names.dims):
            self._read_anew(columns, quick=True, scale=length)
            if _misses(self.lines) < before and self._right_parameters() > right:
                return str(length)
        return None

    def _right_parameters(self) -> int:
        """How many right lines say what the gradient in a declared name is."""
        claims = [x.claimed for x in self.lines if x.verdict == "right" and x.claimed is not None]
        return sum(n.op in ("grad", "d") and n.args[-1].val in self.names.symbols for n in claims)

    def _read_anew(self, columns: bool, quick: bool, scale: str | None = None) -> None:
        """Read the whole text again, with samples as columns or as rows; quick: without a search for reasons."""
        self._begin(self.names.symbols, self.names.dims, self.names.functions, self.bench.seed)
        self.names.scale = scale
        self.judge.quick = quick
        for text in self.texts:
            self._read(text, read_document(text, self.names), columns)

    def _declare(self, statements: list[Statement]) -> None:
        """Take the declarations that stand in the text itself, unless a name has its shape already."""
        for statement in statements:
            for clause in statement.clauses:
                new = {n: s for n, s in clause.declares.items() if n not in self.names.symbols}
                symbols, dims = read_shapes(new)
                self.names.dims += [d for d in dims if d not in self.names.dims]
                self.names.symbols.update(symbols)

    def _infer(self, text: str, statements: list[Statement]) -> None:
        """Give undeclared names the shapes in which most lines of the text fit together.

        Where shapes are given, a letter that they lack is rather a slip; but constants such as λ are seldom declared.
        """
        from .trials import infer  # which makes sessions itself

        found = infer(text, statements, self.names, self.infers)
        if found is None:
            return
        self.assumed = {name: shape for name, shape in found.shapes.items() if not name.startswith(ARRAY)}
        self.unknown = found.unknown
        symbols, dims = read_shapes({k: v for k, v in found.shapes.items() if k not in self.names.symbols})
        self.names.dims += [d for d in (*found.lengths, *dims) if d not in self.names.dims]
        self.names.symbols.update(symbols)

    def _read(self, text: str, statements: list[Statement], columns: bool) -> None:
        if not self.names.definitions:
            for name in decisions.clashing_lengths(statements, self.names):
                self.names.rename_length(name)
        self.names.labels |= decisions.labels(statements)
        self.names.least = max(self.names.least, decisions.least_length(statements, self.names))
        self.names.samples_stand = decisions.samples_are_columns(statements, self.names, "rows")
        self.names.standing = decisions.standing(statements, self.names)
        self.names.varied = decisions.varied(statements, self.names)
        self.names.columns = columns
        self.names.fixed = {x for x in fixed_letters(statements, self.names) if ARRAY + x in self.names.symbols}
        self.names.directions = decisions.directions(statements, self.names)
        self.statements = statements[:MOST_LINES]
        asked = len(self.statements)
        self.names.losses = self._take_unexplained_losses()
        self.slope: Node | None = None
        self.einstein = False  # whether the text leaves out sums over letters that stand twice
        self.sums = any(n.value == "sum" for s in self.statements for n in everywhere(s.nodes))
        self.backward = self.differentials = False  # whether dw has been seen as a gradient's name, or for what it is
        self.names.families |= decisions.families(self.statements, self.names)
        self.later = decisions.definitions(self.statements, self.names)
        self.anyhow = self._take_unknown_functions()
        self.stepwise = decisions.stepwise(self.statements)
        self.named = sum(decisions.names_a_gradient(s, self.names, self.later) for s in self.statements)
        self.names.ahead = {name for name in self.later if any(mark in name for mark in "_*+")}
        self.names.starred = decisions.vanishes(self.statements, self.names)
        self.names.units = "e" not in self.later
        self.done: dict[int, Line | None] = {}
        self.clauses: dict[int, tuple[Clause, Line | None]] = {}
        for k in range(asked):
            self._line_at(k)
        self.lines += [line for line in map(self.done.get, range(asked)) if line is not None]
        if len(statements) > MOST_LINES:
            said = wording.TOO_MANY_LINES.format(most=MOST_LINES)
            self.lines.append(Line(statements[MOST_LINES].text, "unreadable", message=said, position=1))

    def _take_unexplained_losses(self) -> dict[str, str]:
        """Define losses that nobody explains, after all lines, as any smooth function; what each depends on."""
        defined = decisions.definitions(self.statements, self.names)
        found = decisions.unexplained_losses(self.statements, self.names, defined)
        for loss, inner in found.items():
            self.names.functions[f"any{loss}"] = f"any:{loss}"
            self.names.symbols.pop(loss, None)
            self.assumed.pop(loss, None)
            said = rf"{latex(sym(loss))} = \|\operatorname{{any{loss}}}({latex(sym(inner))})\|_F^2"
            self.statements += read_document(said, self.names)
        return found

    def _take_unknown_functions(self) -> set[str]:
        """Let functions that nobody explains stand for any smooth ones; their names."""
        found = decisions.unknown_functions(self.statements, self.names, self.later)
        for name, arguments in found.items():
            if not arguments:
                self.names.functions[name] = f"any:{name}"
                continue
            params = tuple(f"{name}{k}'" for k in range(1, arguments + 1))
            parts = [Node("frob", [num(1), Node("fn", [sym(p)], (f"any:{p}", 0))]) for p in params]
            body = Node("fn", [add(*parts)], (f"any:{name}", 0))
            self.names.definitions[name] = Definition(name, body, params)
        return set(found)

    def _line_at(self, k: int) -> None:
        """Judge statement k unless it is judged already or being judged."""
        if k not in self.done:
            self.done[k] = None
            self.done[k] = self._line(self.statements[k])

    def _line(self, statement: Statement) -> Line:
        if len(statement.text) > MOST_CHARACTERS:
            said = wording.TOO_LONG.format(most=MOST_CHARACTERS)
            return Line(statement.text[:200] + " …", "unreadable", message=said, position=1)
        if seconds_spent() > self.deadline:
            return Line(statement.text, "unreadable", message=wording.OUT_OF_TIME, position=1)
        try:
            return self._with_code(self._of_each_layer(statement) or self._judged(statement), statement)
        except UnreadableError as problem:
            self.reference = self.reference if _continues(statement) else None
            return _unreadable(statement, problem)
        except TooLargeError as problem:
            return Line(statement.text, "unreadable", message=wording.sentence(str(problem)), position=1)
        except TimeoutError:
            return Line(statement.text, "unreadable", message=wording.OUT_OF_TIME, position=1)
        except RecursionError:
            return Line(statement.text, "unreadable", message=wording.TOO_DEEP, position=1)
        except Exception:
            # A defect here must not cost the learner the other lines; the tests look for this sentence.
            return Line(statement.text, "unreadable", message=wording.DEFECT, position=1)

    def _with_code(self, line: Line, statement: Statement) -> Line:
        """The line with its repair in NumPy too, where a side of it was written so."""
        members = [m for clause in statement.clauses for m in clause.members]
        if line.repair and any(looks_like_numpy(m.raw) for m in members):
            try:
                meant = parse(line.repair, self.names)
                code = numpy_text(meant, self.names)
                same = code is not None and self.judge.agree([meant, parse_numpy(code, self.names)])
            except UnreadableError:
                return line
            line.code = code if same else None
        return line

    def _of_each_layer(self, statement: Statement) -> Line | None:
        """The line of a statement about any layer: the first layer's for which it does not hold, else the last's."""
        found = layers.instances(statement, self.names)
        line = None
        for number in sorted(found, reverse=True):
            line = self._judged(found[number])
            if line.verdict not in ("right", "definition"):
                break
        if line is not None:
            said = wording.EACH_LAYER.format(numbers=" and ".join(map(str, sorted(found))))
            line.message = f"{line.message} {said}".strip()
        return line

    def _judged(self, statement: Statement) -> Line:
        """The line of a statement: the first of its clauses that does not hold, or else the first."""
        steps = decisions.steps(statement, self.names)
        if steps:
            self.names.directions |= dict.fromkeys(steps)
            try:
                return self._judged_as_it_stands(statement)
            finally:
                for name in steps:
                    del self.names.directions[name]
        return self._judged_as_it_stands(statement)

    def _judged_as_it_stands(self, statement: Statement) -> Line:
        made = [self._clause_line(statement, clause) for clause in statement.clauses if not clause.declares]
        lines = [line for line in made if line is not None]
        if not lines and statement.clauses:
            return self._declaration(statement)
        if not lines:
            raise UnreadableError("nothing stands here", statement.start)
        bad = [x for x in lines if x.verdict not in ("right", "definition", "follows")]
        claims = [x for x in lines if x.verdict != "definition"]
        line = (bad or claims or lines)[0]
        line.defines = line.defines or next((x.defines for x in lines if x.defines), None)
        if len(lines) > 1:
            line.reading = r" \Rightarrow ".join(x.reading for x in lines)
        if line.where is not None:
            line.where = (line.where[0] - statement.start, line.where[1] - statement.start)
        return line

    def _clause_line(self, statement: Statement, clause: Clause) -> Line | None:
        """The line of a clause, judged once: `L = r^Tr, where r = Xw - y` needs its second clause for its first."""
        if id(clause) not in self.clauses:
            self.clauses[id(clause)] = clause, None  # kept with the clause: another one must not get its place
            self.clauses[id(clause)] = clause, self._whole(statement, clause)
        return self.clauses[id(clause)][1]

    def _declaration(self, statement: Statement) -> Line:
        """A line that only declares; what contradicts an earlier declaration does not fit."""
        given = {n: s for clause in statement.clauses for n, s in clause.declares.items()}
        reading = r",\quad ".join(rf"{latex_name(n)} \in {latex_shape(s)}" for n, s in given.items())
        line = Line(statement.text, "definition", reading=reading)
        for name, shape in given.items():
            wanted = read_shapes({name: shape})[0].get(name)
            known = self.names.symbols.get(name)
            if (
                wanted is not None
                and known is not None
                and (known.rows, known.columns) != (wanted.rows, wanted.columns)
            ):
                line.verdict = "shapes"
                line.message = wording.declared_twice(name, spoken_shape(self.names.shape(name) or SCALAR))
                return line
        line.message = wording.declares(given)
        return line

    def _whole(self, statement: Statement, clause: Clause) -> Line:
        """The line of a clause; where a part of it was skipped it is no right line, whatever the rest came to."""
        self.skipped = None
        line = self._clause(statement, clause)
        problem, self.skipped = self.skipped, None
        if problem is not None:
            line.partial = True
            if line.verdict in ("right", "definition"):
                unread = _unreadable(statement, problem)
                line.verdict, line.position, line.where = "unreadable", unread.position, None
                line.message = wording.partly(line.message, problem.message, unread.position)
        return line

    def _clause(self, statement: Statement, clause: Clause) -> Line:
        if "zero" in clause.led and self.slope is not None and self.point is None:
            self._go_to_point([self.slope])
        members = [m for m in clause.members if flat(m.nodes) not in ([r"\cdots"], [r"\dots"], [r"\ldots"])]
        members = _in_first_order(members, self.names)
        for k, m in enumerate(members):
            if m.empty and not m.raw:
                at = members[k - 1].end - 1 if k else m.start
                raise UnreadableError("one side of this relation is empty", max(at, statement.start))
        aliases = [k for k, m in enumerate(members) if (k or clause.continues) and self._is_alias(m, statement)]
        if aliases and len(members) > len(aliases):
            return self._with_aliases(statement, clause, members, aliases)
        return self._related(statement, clause, members)

    def _is_alias(self, member: Member, statement: Statement) -> bool:
        """Whether a later side of a chain is a new name alone: the G of `P - Y =: G`, the a of p = a = σ(z)."""
        left = None if member.numpy else defined_name(member.nodes, self.names)
        if left is None or left.indices or left.called or left.raised or left.name in self.later:
            return False
        if self.names.known(left.name) or left.name in ("I", "e", "pi") or self.names.with_entries(left.name):
            return False
        others = (s for s in self.statements if s is not statement)
        used = any((s := symbol_of(n)) and s.name == left.name for o in others for n in everywhere(o.nodes))
        return member.sign in (":=", "=:") or used

    def _with_aliases(self, statement: Statement, clause: Clause, members: list[Member], aliases: list[int]) -> Line:
        """The line without the names that it only introduces for what they equal; then those names are defined."""
        rest = [m for k, m in enumerate(members) if k not in aliases]
        line = self._related(statement, clause, rest)
        for k in aliases:
            left = defined_name(members[k].nodes, self.names)
            if left is None or self.names.known(left.name):
                continue
            body = line.sides[min(max(k - 1, 0), len(line.sides) - 1)] if line.sides else None
            try:
                if body is not None:
                    self.names.definitions[left.name], _ = define(self.names, left.name, (), (), body)
                    line.reading += f" = {latex_name(left.name)}"
            except MisfitError:
                continue
        return line

    def _related(self, statement: Statement, clause: Clause, members: list[Member]) -> Line:
        """The line of a clause whose names are all meant to be known, but for the one on the left."""
        if clause.continues:
            return self._continuation(statement, clause, members)
        if len(members) == 1:
            return self._lone(statement, members[0])
        members = self._turned_over(self._timeless(members))
        left = self._left(statement, members)
        searched = search(members[-1].nodes) if left and len(members) == 2 else None
        if left and searched is not None:
            return self._searched(statement, left, members, *searched)
        if left and self.point is not None and self._is_solution(left, self.point):
            return self._solution(statement, left, members, self.point)
        gets = next((m for m in members if m.sign == "gets"), None)
        if gets is not None and left is None:
            raise UnreadableError(NO_EQUALITY, gets.start - 1)
        if left and left.name in self.names.symbols and left.name not in self.names.definitions and len(members) == 2:
            body = self._right_sides(left, members)[0] if _holds(members[1].nodes, left.name) else None
            if body is not None and is_update(left.name, body) and not self.judge.agree([sym(left.name), body]):
                return self._update(statement, left.name, body)
        if left and statement.numpy and self._is_set_anew(left.name, members):
            return self._set_anew(statement, left, members)
        if left and not clause.at and self._may_define(left, members):
            return self._definition(statement, left, members)
        if left and self._is_another(left, members):
            self.names.variants[left.name, left.indices[0]] = f"each {left.name}"
            return self._definition(statement, replace(left, name=f"each {left.name}"), members)
        return self._claim(statement, self._members(members), clause=clause)

    def _turned_over(self, members: list[Member]) -> list[Member]:
        r"""Members of `-\log p(w) = …` and `S^{-1} = …` solved for the name that they define."""
        first, *rest = members
        nodes = trimmed(first.nodes)
        if not rest or not nodes or first.numpy:
            return members
        alone = symbol_of(nodes[0], self.names) if len(nodes) == 1 else None
        inverse = [s for s in alone.scripts if s[0] == "^" and flat(s[1]) == ["-", "1"]] if alone is not None else []
        if nodes[0].value == "-" and logged_name(trimmed(nodes[1:]), self.names) is not None:
            bare, sign = trimmed(nodes[1:]), "-"
        elif inverse:
            bare, sign = [nodes[0].bare().scripted([s for s in nodes[0].scripts if s not in inverse])], ""
        else:
            return members
        left = defined_name(bare, self.names)
        if (
            left is None
            or not set(left.indices) <= set(self.names.dims)
            or self.names.known(left.name)
            or self.names.with_entries(left.name)
        ):
            return members
        return [replace(first, nodes=bare), *(replace(m, nodes=_enclosed(m, sign, inverse)) for m in rest)]

    # -- points and steps
    # ------------------------------------------------------------------------------------------------

    def _timeless(self, members: list[Member]) -> list[Member]:
        """The members of `w_{t+1} = w_t - …` as those of an update of w."""
        plain = without_time([m.nodes for m in members])
        if plain is None or name_of(plain[0]) not in self.names.symbols:
            return members
        return [
            replace(m, nodes=nodes, sign="gets" if k else "")
            for k, (m, nodes) in enumerate(zip(members, plain, strict=True))
        ]

    def _searched(
        self, statement: Statement, left: Left, members: list[Member], variable: list[Tex], function: list[Tex]
    ) -> Line:
        r"""`\hat w = \arg\min_w F(w)`: from here on claims are judged where the gradient of F in w is 0."""
        name = name_of(variable)
        if name not in self.names.symbols:
            raise UnreadableError(wording.SEARCH, members[1].start)
        tree = parse_nodes(function, self.names)
        if not self._go_to_point([Node("grad", [tree, sym(name)])]):
            raise UnreadableError(wording.SEARCH, members[1].start)
        reading = rf"{latex_name(left.name)} = \operatorname{{argmin}}_{{{latex_name(name)}}} {latex(tree)}"
        line = Line(statement.text, "definition", reading=reading, defines=left.name, sides=(sym(name), tree))
        line.message = wording.POINT.format(name=spoken_name(name))
        return line

    def _is_solution(self, left: Left, point: AtPoint) -> bool:
        r"""Whether a new name `\hat w`, `w^*`, `w_{ridge}` stands for the point that the text speaks of."""
        if left.indices or left.called or self.names.known(left.name):
            return False
        return left.name != point.variable and stem(left.name) == stem(point.variable)

    def _solution(self, statement: Statement, left: Left, members: list[Member], point: AtPoint) -> Line:
        """A solution `w^* = …` is right when the gradient is 0 there; its name stands for it from then on."""
        nodes = [sym(point.variable), *self._right_sides(left, members)]
        line = self._claim(statement, nodes)
        line.reading = " = ".join([latex_name(left.name), *(latex(n) for n in nodes[1:])])
        if line.verdict == "wrong":
            line.mistake = line.repair = line.where = None
            line.message = wording.NO_SOLUTION.format(name=spoken_name(point.variable))
        if line.verdict != "shapes":
            self.names.definitions[left.name], _ = define(self.names, left.name, (), (), nodes[1])
            self.reference = sym(left.name)
        return line

    def _update(self, statement: Statement, name: str, body: Node) -> Line:
        """A line that sets a name anew: right where its step goes down a gradient that the text defines."""
        reading = rf"{latex_name(name)} \leftarrow {latex(body)}"
        relation = Relation(self.names, [sym(name), body])
        if any(relation.misfits):
            misfit = next(m for m in relation.misfits if m)
            return Line(statement.text, "shapes", message=wording.sentence(misfit.message), reading=reading)
        way = goes(self.names, self.bench, name, body)
        newton = self._newtons(name, body) if way is None else None
        if newton is not None:
            self.reference = body
            said = wording.NEWTON.format(name=spoken_name(name), loss=spoken_name(newton))
            return Line(statement.text, "right", relation.shape, None, said, reading=reading, sides=(sym(name), body))
        if way is None:
            raise UnreadableError(wording.NO_STEP.format(name=spoken_name(name)), statement.start)
        self.reference = body
        line = Line(statement.text, "right", reading=reading, shape=relation.shape, sides=(sym(name), body))
        words = {"name": spoken_name(name), "loss": spoken_name(way[1])}
        line.message = wording.STEP_DOWN.format(**words)
        if way[0] == "up":
            line.message = line.assumption = wording.STEP_UP.format(**words)
            if way[1] in LOWERED or any(way[1].endswith(" " + x) for x in LOWERED):
                line.verdict, line.mistake, line.assumption = "wrong", "sign", ""
                line.message = wording.STEP_WRONG.format(**words)
        return line

    def _newtons(self, name: str, body: Node) -> str | None:
        """The number of which a step is Newton's: the Hessian times the step is minus the gradient."""
        rest = list(body.args)
        rest.remove(sym(name))
        for loss in reversed(self._defined_numbers()):
            if name in dependencies(sym(loss), self.names):
                bend = Node("hess", [sym(loss), sym(name), sym(name)])
                slope = Node("grad", [sym(loss), sym(name)])
                if self.judge.agree([neg(slope), mul(bend, add(*rest))]):
                    return loss
        return None

    def _defined_numbers(self) -> list[str]:
        """The names of numbers that the text has defined so far, in order."""
        found = [name for name, definition in self.names.definitions.items() if definition.shape == ((), ())]
        return [name for name in found if name != CONSTANT]

    def _is_set_anew(self, name: str, members: list[Member]) -> bool:
        """Whether a line of a program gives a name that it computed another value, made from the present one."""
        if len(members) != 2 or name in self.names.symbols or not is_used(name, members[1].raw):
            return False
        gradient = self.names.below(name) and self.names.loss is not None
        return gradient or name in self.names.definitions

    def _set_anew(self, statement: Statement, left: Left, members: list[Member]) -> Line:
        now = self.names.variants.get((left.name, ""), left.name)
        line = self._definition(statement, replace(left, name=f"{now}'"), members)
        if f"{now}'" in self.names.definitions:
            self.names.variants[left.name, ""] = f"{now}'"
        below, last = self.names.below(left.name), self.stepwise.get(left.name)
        if not below or not self.names.loss or statement is not last or not line.sides:
            return line
        slope = self.names.called_gradient(self.names.loss, sym(below))
        # da is set to what dz is: `da[z <= 0] = 0` says no more of a.
        was = any(self.judge.agree([slope, sym(f"{left.name}{k}")]) for k in _primes(now))
        return line if was else self._claim(statement, [slope, line.sides[-1]])

    def _members(self, members: list[Member]) -> list[Node]:
        """The trees of the members, with sums that reach as far as their index does and ones that are written as 1."""
        nodes = self._readable(members, 2)
        letters = set(free_indices(nodes[0]))
        nodes = [nodes[0], *(diagonals(sums_reaching(n, letters), letters) for n in nodes[1:])]
        if any(Relation(self.names, nodes).misfits):
            others = (
                [with_ones(n, self.names) for n in nodes],
                [as_columns(n) for n in nodes],
                [_as_column(n, m) for n, m in zip(nodes, members, strict=False)],
                *self._regrouped(nodes),
            )
            return next((o for o in others if o != nodes and not any(Relation(self.names, o).misfits)), nodes)
        return nodes

    def _regrouped(self, nodes: list[Node]) -> Iterator[list[Node]]:
        """Sides that do not fit as they stand, read with looser products, longer traces, and columns repeated."""
        yield [products_last(n) for n in nodes]
        yield [traces_reaching(n, self.names) for n in nodes]
        yield [repeated(n, self.names) for n in nodes]

    def _readable(self, members: list[Member], fewest: int) -> list[Node]:
        """The trees of those members that can be read; UnreadableError when they are too few to say anything."""
        nodes: list[Node] = []
        problems: list[UnreadableError] = []
        for m in members:
            try:
                nodes.append(self._parse(m))
            except UnreadableError as problem:
                again = self._implied(m, problem, members) or self._explained(m, problem, members)
                if again is None and self._is_likelihood(m):
                    continue
                if again is None:
                    problems.append(problem)
                else:
                    nodes.append(again)
        if problems and len(nodes) < fewest:
            raise problems[0]
        self.skipped = problems[0] if problems else None
        return nodes

    def _is_likelihood(self, member: Member) -> bool:
        r"""Whether a side is `-\ln p(t | w)` alone, which only says what the number is that the others give."""
        nodes = [n for n in trimmed(member.nodes) if n.kind != "space"]
        nodes = nodes[1:] if nodes and nodes[0].value == "-" else nodes
        left = defined_name(nodes, self.names) if logged_name(nodes, self.names) is not None else None
        return left is not None and not self.names.known(left.name)

    def _implied(self, member: Member, problem: UnreadableError, members: list[Member]) -> Node | None:
        """`h = g(u) = expression in u` with g known nowhere: the function that this says it is."""
        call = [n for n in member.nodes if n.kind != "space"]
        symbol = symbol_of(call[0]) if call else None
        if symbol is None or problem.name != symbol.name or symbol.scripts or len(call) < 4 or call[1].value != "(":
            return None
        if call[-1].value != ")" or call[-1].scripts:
            return None
        try:
            inside = parse_nodes(call[2:-1], self.names)
            bodies = [self._parse(m) for m in members if m is not member]
        except UnreadableError:
            return None
        param = next(p for p in ("t", "s", "u", "z", "q") if not self.names.known(p))
        for body in bodies:
            made = replaced(body, inside, sym(param))
            if param in names_in(made) and not names_in(made) & names_in(inside) - set(self.names.dims):
                self.names.definitions[symbol.name] = Definition(symbol.name, made, (param,))
                return self._parse(member)
        return None

    def _explained(self, member: Member, problem: UnreadableError, members: list[Member]) -> Node | None:
        """A member with a letter that the text explains only by what it equals: ε^Tε = (y − ŷ)^T(y − ŷ)."""
        name = problem.name
        if name is not None and len(set(name)) == 1:
            name = name[0]  # e^Te: both letters are the same unknown
        if name is None or name in self.names.placeholders:
            return None
        self.names.placeholders.add(name)
        try:
            pattern = self._parse(member)
        except UnreadableError:
            return None
        finally:
            self.names.placeholders.discard(name)
        for other in members if pattern != sym(name) else ():
            try:
                meant = matched(pattern, self._parse(other), name) if other is not member else None
                if meant is None or meant == sym(name) or name in names_in(meant):
                    continue
                self.names.definitions[name], _ = define(self.names, name, (), (), meant)
                return pattern
            except (UnreadableError, MisfitError):
                continue
        return None

    def _left(self, statement: Statement, members: list[Member]) -> Left | None:
        word = members[0].raw
        if statement.numpy and word.isidentifier():
            below = self.names.below(word)
            if below and self.names.loss is None and self._begins_backward(below, members):
                numbers = self._defined_numbers()
                self.names.loss = numbers[-1] if numbers else None
            return Left(word) if not below or self._is_set_anew(word, members) or word in self.stepwise else None
        left = defined_name(members[0].nodes, self.names)
        if left is not None and left.indices and self.names.shape(left.name) == ((), ()):
            return replace(left, name=f"{left.name}_{''.join(left.indices)}", indices=())  # E_R beside a number E
        return left

    def _begins_backward(self, name: str, members: list[Member]) -> bool:
        """Whether `dscores = (P - Y)/n` names a gradient: an array's, in a program, with no differential behind it."""
        shape = self.names.shape(name)
        try:
            nodes = [self._parse(m) for m in members[1:]]
        except UnreadableError:
            return False
        return shape not in (None, ((), ())) and not any(x.op == "d" for n in nodes for x in walk(n))

    def _parse(self, member: Member) -> Node:
        """The tree of a member. A name that a later line defines is defined first."""
        for _ in range(len(self.statements) + 1):
            try:
                return self._read_member(member)
            except UnreadableError as problem:
                if not self._define_first(problem.name):
                    raise
        raise UnreadableError("these names are defined in a circle", member.start)

    def _read_member(self, member: Member) -> Node:
        """A member as NumPy where it looks like it or stands in a program, else as TeX."""
        if looks_like_numpy(member.raw):
            return parse_numpy(member.raw, self.names, member.start)
        if member.numpy and (member.sign or member.raw.isidentifier()):
            try:
                return parse_numpy(member.raw, self.names, member.start)
            except UnreadableError as problem:
                letters = problem.name or ""
                if letters in self.later or len(letters) > 1 and not all(self.names.known(c) for c in letters):
                    raise
        return parse_nodes(member.nodes, self.names)

    def _define_first(self, name: str | None) -> bool:
        """Judge the line that defines a name, if one does that was not judged yet."""
        if name is not None and self.point is not None and self._is_the_point(name, self.point.variable):
            self.names.definitions[name], _ = define(self.names, name, (), (), sym(self.point.variable))
            return True
        places = self.later.get(name or "", ())
        ahead = next((k for k in places if k not in self.done), None)
        here = next((k for k in places if self.done.get(k, ()) is None), None)
        reference, claimed = self.reference, self.claimed
        if here is not None:
            statement = self.statements[here]
            for clause in statement.clauses:
                left = defined_name(clause.members[0].nodes, self.names) if len(clause.members) > 1 else None
                if left is not None and left.name == name and not clause.continues:
                    skipped = self.skipped
                    self._clause_line(statement, clause)
                    self.skipped = skipped
        elif ahead is None:
            return False
        else:
            self._line_at(ahead)
        self.reference, self.claimed = reference, claimed
        return name is not None and self.names.known(name)

    def _is_the_point(self, name: str, variable: str) -> bool:
        r"""Whether an unknown `\hat w` or `w^*` is the w at which the text set a gradient to 0."""
        marked = name.startswith("hat ") or name.endswith("*")
        return marked and not self.names.known(name) and name not in self.later and stem(name) == stem(variable)

    def _continuation(self, statement: Statement, clause: Clause, members: list[Member]) -> Line:
        if self.reference is None:
            said = "this line continues the one before, but there is none that could be read"
            raise UnreadableError(said, statement.start)
        letters = set(free_indices(self.reference))
        nodes = [diagonals(sums_reaching(self._parse(m), letters), letters) for m in members]
        if any(Relation(self.names, [self.reference, *nodes]).misfits):
            fits = (
                o
                for o in self._regrouped(nodes)
                if o != nodes and not any(Relation(self.names, [self.reference, *o]).misfits)
            )
            nodes = next(fits, [with_ones(n, self.names) for n in nodes])
        return self._claim(statement, [self.reference, *nodes], hidden=True, clause=clause)

    def _lone(self, statement: Statement, member: Member) -> Line:
        """An expression without a relation claims nothing; it is read and its shape is shown."""
        node = self._parse(member)
        relation = Relation(self.names, [node])
        if relation.misfits[0]:
            m = relation.misfits[0]
            message = wording.sentence(m.message)
            return Line(statement.text, "shapes", message=message, reading=latex(node), where=m.span)
        end = statement.start + len(statement.text) - 1
        raise UnreadableError("this line has no '=': there is nothing to compare", end)

    # -- definitions
    # --------------------------------------------------------------------------------------------

    def _may_define(self, left: Left, members: list[Member]) -> bool:
        name = left.name
        if name in self.names.dims or name == "I" and name not in self.names.symbols:
            return False
        if name in self.names.definitions:
            # A function of other variables is another function.
            before = self.names.definitions[name]
            return self._other_variables(left.params, before.params) if left.called else before.core is None
        if name not in self.names.symbols and left.numbered and self.names.shape(left.numbered) not in (None, ((), ())):
            return False  # y_3 is an entry where y is known
        if left.raised and self.names.known(name.rstrip("0123456789")):
            # H^2 is a power where H is known, not a second layer's name.
            return False
        if name not in self.names.symbols:
            capital = self.names.with_entries(name)
            if left.indices and capital:
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

    def _is_another(self, left: Left, members: list[Member]) -> bool:
        """Whether δ_j is another array than the δ_k above: both are defined entry by entry, over different lengths."""
        before = self.names.definitions.get(left.name)
        known = before is not None and before.body.op == "table" and len(left.indices) == 1
        if before is None or not known or left.indices[0] == before.body.val[0]:
            return False
        try:
            nodes = [self._parse(m) for m in members[1:]]
            new, _ = define(self.names, f"each {left.name}", (), left.indices, nodes[0])
        except (UnreadableError, MisfitError):
            return False
        return before.shape != new.shape and f"each {left.name}" not in self.names.definitions

    def _clashing(self, line: Line, name: str, indices: tuple[str, ...], body: Node, clashes: list[str]) -> None:
        """Say that an index of a definition is summed and free at once, and mend it if that can be done."""
        misfit = MisfitError("", body, "clash")
        quick = self.judge.quick
        finding = None if quick else diagnose_definition(self.names, self.bench, name, indices, body, misfit)
        line.verdict, line.mistake, line.message = "wrong", "index", wording.clash(clashes)
        line.repair = self._as_written(finding.mended) if finding and finding.mended is not None else None

    def _other_variables(self, new: tuple[str, ...], old: tuple[str, ...]) -> bool:
        """Whether a function is written in other variables than before, and not only called at another point."""
        shapes = [[self.names.shape(p) for p in params] for params in (new, old)]
        return len(new) != len(old) or shapes[0] != shapes[1] and None not in shapes[0]

    def _definition(self, statement: Statement, left: Left, members: list[Member]) -> Line:
        name, indices = left.name, left.indices
        if indices and name not in self.names.symbols and self.names.with_entries(name) in self.names.symbols:
            name = self.names.with_entries(name) or name
        unknown = [p for p in left.params if not self.names.known(p)]
        if unknown and self._uses(unknown, members):
            return self._formula(statement, left, unknown, members)
        self.names.written[left.name] = set(unknown)
        nodes = self._right_sides(left, members)
        name, indices = self._labelled(name, indices, nodes[0])
        params = tuple(p for p in left.params if p in self.names.symbols or p in self.names.definitions)
        for n in nodes:
            self.used |= names_in(n)
        head = _left_side(name, indices)
        reading = " = ".join([head, *(latex(n) for n in nodes)])
        defined = sym(name) if not indices else Node("idx", [sym(name)], tuple(indices))
        line = Line(statement.text, "definition", reading=reading, defines=name, sides=(defined, *nodes))
        if len(nodes) == 1 and is_zero(nodes[0]) and name in self.names.symbols:
            line.verdict, line.message = "wrong", wording.SET_TO_ZERO.format(name=spoken_name(name))
            return line
        body = nodes[0]
        try:
            definition, relation = define(self.names, name, params, indices, body)
            self._check_declared(name, definition, body)
            clashes = _clashes(body, indices)
        except MisfitError as misfit:
            return self._misfit_definition(line, name, params, indices, nodes, misfit)
        self.names.definitions[name] = definition
        line.shape = spoken_shape(definition.shape)
        said = self._squared(nodes) + self._said_of_functions(nodes) + self._said_of_repeated(nodes, members)
        line.message = wording.definition(name, definition.shape) + said
        self.reference = defined
        self._finite(relation, statement)
        if clashes:
            self._clashing(line, name, indices, body, clashes)
        elif len(nodes) > 1:
            self._equal_definitions(line, name, params, indices, nodes)
            if line.verdict == "definition" and not all(self._derives(n) for n in nodes):
                self.worked.add(name)
        return line

    def _said_of_functions(self, nodes: list[Node]) -> str:
        """What is said where a function is used that the text does not explain."""
        used = {
            n.val if n.op == "app" else n.val[0].removeprefix("any:")
            for node in nodes
            for n in walk(node)
            if n.op in ("app", "fn")
        }
        return "".join(" " + wording.ANY_FUNCTION.format(name=spoken_name(f)) for f in sorted(used & self.anyhow))

    def _said_of_repeated(self, nodes: list[Node], members: list[Member]) -> str:
        """What is said where a column beside a matrix was read as added to each of its columns; NumPy does so."""
        if any(looks_like_numpy(m.raw) or m.numpy for m in members):
            return ""
        found = next((x.args[0] for n in nodes for x in walk(n) if x.op == "stretch"), None)
        return (
            f" {wording.REPEATED.format(name=plain_text(neg(found) if found.op == 'neg' else found))}" if found else ""
        )

    def _squared(self, nodes: list[Node]) -> str:
        """What is said where a vector is squared: entry by entry, though the sum of squares may be meant."""
        for node in nodes:
            for n in walk(node):
                if n.op == "pow" and n.args[0].op in ("sym", "add", "mul") and n.args[1].op == "num":
                    relation = Relation(self.names, [n.args[0]])
                    if relation.cores[0] is not None and is_vector(relation.cores[0].shape):
                        return " " + wording.SQUARED.format(base=plain_text(n.args[0]))
        return ""

    def _right_sides(self, left: Left, members: list[Member]) -> list[Node]:
        """The right sides of a definition, with sums that reach as far as their index, and ones written as 1."""
        letters = set(left.indices)
        nodes = [diagonals(sums_reaching(n, letters), letters) for n in self._readable(members[1:], 1)]
        if not self.sums:
            written = [summed(n, set(left.indices)) for n in nodes]
            self.einstein = self.einstein or any(written)
            nodes = [w or n for w, n in zip(written, nodes, strict=True)]
        if all(m.nodes and m.nodes[0].value == "(" and not m.numpy for m in members[1:]):
            nodes = [as_columns(n) if n.op == "table" else n for n in nodes]
        if not any(Relation(self.names, [n]).misfits[0] for n in nodes):
            return nodes
        ones = [with_ones(n, self.names) for n in nodes]
        if ones != nodes:
            return ones
        others = ([inner_products(n, self.names) for n in nodes], *self._regrouped(nodes))
        fits = (o for o in others if o != nodes and not any(Relation(self.names, [n]).misfits[0] for n in o))
        return next(fits, nodes)

    def _labelled(self, name: str, indices: tuple[str, ...], body: Node) -> tuple[str, tuple[str, ...]]:
        """(name, indices) where a subscript that stands nowhere on the right is a label: E_R, δ_{ok}."""
        if name.startswith("each ") and not set(indices) & set(free_indices(body)):
            return name, ()  # L_i, of one sample, beside the L of all
        free = free_indices(body)
        label = [i for i in indices if i not in free]
        known = name in self.names.symbols or self.names.with_entries(name) is not None
        told = self.names.known(name) or any(self.names.known(f"{name}{k}") for k in "0123456789")
        if label == list(indices) and not free and label and label[0] in self.names.dims and told:
            return f"{name}_{label[0]}", ()  # m_N beside an m: N counts what it was computed from
        one = len(indices) == 2 and len(label) == 1 or bool(label) and label[0].isupper() and not free
        alone = not free and not set(label) & set(bound_indices(body)) and is_number(body, self.names)
        if known or not label or not (one or alone and not self.names.known(name)):
            return name, indices
        return f"{name}_{''.join(label)}", tuple(i for i in indices if i not in label)

    def _uses(self, unknown: list[str], members: list[Member]) -> bool:
        """Whether right sides hold parameters that stand for nothing else: then they define a function by formula."""
        self.names.placeholders |= set(unknown)
        try:
            used = {name for m in members[1:] for name in names_in(self._parse(m))}
        finally:
            self.names.placeholders -= set(unknown)
        return bool(used & set(unknown))

    def _formula(self, statement: Statement, left: Left, unknown: list[str], members: list[Member]) -> Line:
        """A function that is defined by a formula in parameters of its own: `g(z) = …` with z only here."""
        number = self._entrywise_formula(left, unknown, members)
        if number is not None:
            definition, nodes = number
        else:
            self.names.placeholders |= set(unknown)
            try:
                nodes = self._readable(members[1:], 1)
            finally:
                self.names.placeholders -= set(unknown)
            inside = {i for n in nodes[:1] for i in names_in(n)}
            params = tuple(p for p in left.params if p in unknown or p in inside)
            definition = Definition(left.name, nodes[0], params)
        self.names.definitions[left.name] = definition
        said = ", ".join(latex_name(p) for p in left.params)
        head = f"{latex_name(left.name)}({said})"
        line = Line(statement.text, "definition", defines=left.name, sides=(sym(left.name), *nodes))
        line.reading = " = ".join([head, *(latex(n) for n in nodes)])
        line.message = wording.formula(left.name, left.params)
        self.reference = None
        return line

    def _entrywise_formula(
        self, left: Left, unknown: list[str], members: list[Member]
    ) -> tuple[Definition, list[Node]] | None:
        """(definition, right sides) when the function is one of a number that acts entry by entry, else None."""
        if len(left.params) != 1 or left.indices:
            return None
        (param,) = left.params
        self.names.symbols[param] = Declared(1, 1)
        found = None
        try:
            nodes = [self._parse(m) for m in members[1:]]
            definition, _ = define(self.names, left.name, (param,), (), nodes[0])
            if is_entrywise(definition.core) and param in names_in(nodes[0]):
                found = definition, nodes
        except (MisfitError, UnreadableError):
            pass
        if found is None or param in self.later:
            del self.names.symbols[param]
        return found

    def _check_declared(self, name: str, definition: Definition, body: Node) -> None:
        if name in self.names.symbols:
            declared = self.names.shape(name)
            if declared is not None and declared != definition.shape:
                raise MisfitError(
                    f"{spoken_name(name)} is declared {spoken_shape(declared)}, but this is "
                    f"{spoken_shape(definition.shape)}",
                    body,
                )

    def _finite(self, relation: Relation, statement: Statement) -> None:
        """UndefinedError when the right side exists on no draw."""
        try:
            relation.values(self.bench, 0)
        except UndefinedError:
            raise UnreadableError("this has no finite value on any draw", statement.start) from None

    def _misfit_definition(
        self,
        line: Line,
        name: str,
        params: tuple[str, ...],
        indices: tuple[str, ...],
        nodes: list[Node],
        misfit: MisfitError,
    ) -> Line:
        """A definition that does not fit together: say so, and go on with the mended one if there is one."""
        line.verdict = "wrong" if misfit.kind == "free" else "shapes"
        line.message, line.where = wording.sentence(misfit.message), misfit.span
        quick = self.judge.quick
        finding = None if quick else diagnose_definition(self.names, self.bench, name, indices, nodes[0], misfit)
        if finding is not None:
            line.mistake, line.message = finding.mistake, wording.with_mend(misfit.message, finding)
        if finding is not None and finding.mended is not None:
            line.repair = self._as_written(finding.mended)
            definition, _ = define(self.names, name, params, indices, finding.mended)
            self.names.definitions[name] = definition
            line.shape = spoken_shape(definition.shape)
            self.reference = line.sides[0]
        return line

    def _equal_definitions(
        self, line: Line, name: str, params: tuple[str, ...], indices: tuple[str, ...], nodes: list[Node]
    ) -> None:
        """`L = a = b`: b is compared with a; when a itself turns out to hold the slip, what follows is judged
        with b.
        """
        judged = self.judge.relation([line.sides[0], *nodes[1:]])
        if judged.verdict == "right":
            return
        finding = judged.finding
        search = not indices and not self.judge.quick
        first = diagnose(self.names, self.bench, [nodes[1], nodes[0]], 1, 0) if search else None
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
        line.repair = self._as_written(finding.mended) if finding and finding.mended is not None else None
        line.where = finding.span if finding else None

    # -- claims
    # -------------------------------------------------------------------------------------------------

    def _with_variable(self, nodes: list[Node]) -> list[Node]:
        r"""`\nabla L = ...` with the variable that the shapes leave: the one name for which the line fits."""
        bare = [n for node in nodes for n in walk(node) if n.op in ("grad", "hess") and len(n.args) == 1]
        if not bare or not any(Relation(self.names, nodes).misfits):
            return nodes
        fitting: dict[str, list[Node]] = {}
        for name, declared in self.names.symbols.items():
            number = (declared.rows, declared.columns) == (1, 1)
            if number or any(not self._may_vary(name, n.args[0]) for n in bare):
                continue
            put_in = {
                id(n): Node(n.op, [*n.args, *[sym(name)] * (1 if n.op == "grad" else 2)], n.val, n.span) for n in bare
            }
            changed = [_put_in(node, put_in) for node in nodes]
            if not any(Relation(self.names, changed).misfits):
                fitting[name] = changed
        if len(fitting) != 1:
            return nodes
        ((name, changed),) = fitting.items()
        self.names.varied.append(name)
        return changed

    def _may_vary(self, name: str, body: Node) -> bool:
        """Whether a gradient without a variable may be one in this name: in b that of g(x) is none."""
        called = [a.val for a in body.args if a.op == "sym"] if body.op == "app" else []
        definition = self.names.definitions.get(body.val) if body.op == "sym" else None
        said = called or (list(definition.params) if definition is not None else [])
        return name in dependencies(body, self.names) and (not said or name in said)

    def _claim(
        self, statement: Statement, nodes: list[Node], hidden: bool = False, clause: Clause | None = None
    ) -> Line:
        nodes = self._with_variable(nodes)
        zero = any(is_zero(n) for n in nodes)
        set_to_zero = clause is not None and zero and len(nodes) > 2 and self._is_set_to_zero(nodes, clause.at_point)
        if set_to_zero:
            nodes, zero = [n for n in nodes if not is_zero(n)], False
        shown = nodes[1:] if hidden else nodes
        reading = ("= " if hidden else "") + " = ".join(latex(n) for n in shown)
        for n in nodes:
            self.used |= {x for name in names_in(n) for x in dependencies(sym(name), self.names)}
        conditions = clause.conditions if clause is not None else []
        judged = self._weighed(nodes, hidden, conditions, clause.at if clause is not None else [])
        if set_to_zero:
            self._go_to_point(nodes)
        if not hidden:
            self.reference = judged.reference
        line = Line(statement.text, judged.verdict, judged.shape, message=judged.message, reading=reading)
        line.claimed = self.claimed = self.claimed if hidden else nodes[0]
        line.sides = tuple(nodes)
        if judged.verdict == "right":
            self._remember(nodes, not judged.assumption)
        line.explicit = not self._derives(nodes[-1])
        repeated_names = self._said_of_repeated(nodes, clause.members if clause is not None else []).strip()
        line.assumption = (
            self._said_of_scale(nodes[0]) or judged.assumption or self._constant_names(nodes) or repeated_names
        )
        if line.assumption and judged.verdict == "right":
            line.message = line.assumption
        return self._with_reason(line, nodes, judged, zero)

    def _said_of_scale(self, left: Node) -> str:
        """What is to be said of a line about dZ where that is a length times the gradient, else ""."""
        slope = left.args[-1] if left.op == "mul" else left
        named = slope.op in ("grad", "d") and slope.args[-1].val in self.names.definitions
        losses = self._defined_numbers()
        if not self.names.scale or not named or not losses or slope.op == "grad" and left is slope:
            return ""
        name, loss = spoken_name(slope.args[-1].val), spoken_name(self.names.loss or losses[-1])
        return wording.SCALED.format(name=name, length=self.names.scale, loss=loss)

    def _with_reason(self, line: Line, nodes: list[Node], judged: Judged, zero: bool) -> Line:
        """The line of a claim with what was found out about it; zero: whether one of its sides is 0."""
        finding = judged.finding
        if judged.verdict == "shapes" and nodes[0].op == "sym" and nodes[0].val in self.names.dims:
            line.message = wording.LENGTH.format(name=nodes[0].val)
            return line
        slopes = self._slopes(nodes) if judged.verdict == "wrong" and zero else []
        if slopes and self._go_to_point(slopes):
            return self._condition(line, stated=slopes == nodes)
        if finding is None and judged.verdict == "wrong":
            line.message = self._advice(nodes) or line.message
        if finding is not None:
            line.mistake, line.where = finding.mistake, finding.span
            line.repair = self.judge.written(finding.mended, judged.reference)
            if line.repair is not None and finding.mended is not None:
                line.repair = self._as_written(finding.mended)
        return line

    def _as_written(self, mended: Node) -> str:
        """A mended side as LaTeX, its layers spelled as the text spells them where that is read back as the same."""
        whole = map_tree(mended, _whole_array)
        mended = whole if whole != mended and self.judge.agree([mended, whole]) else mended
        layers = layers_of("\n".join(self.texts), self.names)
        if layers:
            with spelled(Spelling(layers)):
                own = latex(mended)
            try:
                if self.judge.agree([mended, self.parse(own)]):
                    return own
            except (UnreadableError, MisfitError):
                pass
        return latex(mended)

    def _remember(self, nodes: list[Node], plainly: bool) -> None:
        """What a right line leaves behind: the gradient found last, another form of a number, differentials seen."""
        if nodes[0].op == "grad":
            self.slope = nodes[0]
        if plainly and len(nodes) == 2 and nodes[0].op == "sym":
            self.names.restated[nodes[0].val] = nodes[1]
        moved = any(n.op == "d" for node in nodes for n in walk(node))
        self.differentials = self.differentials or moved and plainly and not self.backward

    def _constant_names(self, nodes: list[Node]) -> str:
        """What is to be said of d(XY) = (dX)Y where nothing in the text says that Y is constant, else ""."""
        if self.names.definitions or any(n.op == "grad" for node in nodes for n in walk(node)):
            return ""
        varying = {n.args[0].val for node in nodes for n in walk(node) if n.op == "d" and n.args[0].op == "sym"}
        inside = {x for node in nodes for n in walk(node) if n.op == "d" for x in names_in(n.args[0])}
        still = [x for x in self.names.symbols if x in inside - varying - set(self.names.varied)]
        return wording.CONSTANT.format(names=" and ".join(map(spoken_name, still))) if still and varying else ""

    def _named_gradients(self, nodes: list[Node]) -> tuple[list[Node], str] | None:
        """Members in which dw, db, dz are names of gradients, where they agree so; and the number that is meant.

        That takes a line with nothing but such a name on the left and no differential on the right, here or above.
        """
        first = nodes[0]
        losses = self._defined_numbers()
        moved = first.args[0] if first.op == "d" else first
        moved = moved.args[0] if moved.op == "idx" else moved
        if first.op != "d" or moved.op != "sym" or self.differentials or not losses or not self.named:
            return None
        loss = [*losses, *(n for n in self.names.restated if n in losses)][-1]
        inner = any(n.op == "d" for node in nodes[1:] for n in walk(node))
        if moved.val == loss or inner and not self.backward:
            return None

        def change(n: Node) -> Node | None:
            of = n.args[0] if n.op == "d" else n
            if n.op == "d" and of.op == "idx" and of.args[0].op == "sym":
                return of.with_args([self.names.called_gradient(loss, of.args[0])])
            return self.names.called_gradient(loss, of) if n.op == "d" and of.op == "sym" else None

        changed = [map_tree(node, change) for node in nodes]
        if not self.judge.agree(changed):
            return None
        self.backward = True
        return changed, loss

    def _solves(self, nodes: list[Node]) -> bool:
        """Whether `w = …` gives the w at which the gradient that was found last is 0."""
        slope = self.slope
        if (
            slope is None
            or len(slope.args) < 2
            or slope.args[1].op != "sym"
            or slope.args[1].val not in self.names.symbols
        ):
            return False
        name = slope.args[1].val
        if any(name in dependencies(n, self.names) for n in nodes[1:]):
            return False
        point = AtPoint(self.names, self.bench, slope, name)
        return point.exists and self.judge.at(point).agree(nodes)

    def _fixed(self, points: Points) -> Judge:
        """A judge at the point `|_{x=a}` that a clause names."""
        values = {}
        for name, value in points:
            said = name_of(name)
            if said not in self.names.symbols:
                raise UnreadableError(wording.NO_POINT, name[0].start if name else 0)
            values[said] = parse_nodes(value, self.names)
        bench = Fixed(self.names, self.bench, values)
        if bench.misfits:
            raise UnreadableError(wording.NO_POINT, points[0][0][0].start)
        return self.judge.at(bench)

    def _weighed(self, nodes: list[Node], hidden: bool, conditions: list[Condition], points: Points) -> Judged:
        """The verdict on a relation: in general, under Einstein's convention, or at the point that the text is at."""
        reference = 0 if hidden else None
        if points:
            return self._fixed(points).relation(nodes, reference)
        if any(x.op == "sym" and x.val == CONSTANT for n in nodes for x in walk(n)):
            return self._but_for_a_constant(nodes, reference)
        inside = [with_condition(n, conditions, self.names.fixed) for n in nodes]
        inner = self._without_transposes(inside)
        judged = self.judge.holds(inner, reference, wording.INNER) if inner else self.judge.relation(inside, reference)
        if conditions:
            judged.reference = nodes[0] if judged.reference is not None else None
        if judged.verdict in ("right", "follows"):
            return judged
        if self.infers and judged.finding is not None and judged.finding.mistake == "assumption":
            targets = any(f"when {name} " in judged.finding.words for name in ("y", "Y", "t", "T"))
            shares = targets and wording.SUMS_TO_ONE in judged.finding.words.replace("sum to 1", wording.SUMS_TO_ONE)
            last = judged.culprit == len(nodes) - 1
            if shares and last:  # targets are shares, and nobody could say so without declaring them
                return self.judge.holds(inside, reference, wording.sentence(judged.finding.words))
        rows = gradients_as_rows(nodes, self.names) if judged.verdict == "shapes" else None
        if rows is not None and self.judge.agree(rows):
            return self.judge.holds(rows, reference, wording.AS_ROWS)
        named = self._named_gradients(nodes) if judged.verdict in ("wrong", "shapes") else None
        if named is not None:
            return self.judge.holds(named[0], reference, wording.NAMED_GRADIENT.format(loss=spoken_name(named[1])))
        derives = any(x.op in ("grad", "hess", "d", "along") for n in nodes for x in walk(n))
        if self.point is not None and not derives and self._holds_at(self.point, inside):
            return self.judge.at(self.point).holds(
                inside, reference, wording.AT_POINT.format(name=self._spoken_point())
            )
        if self.point is None and self.slope is not None and nodes[0] == self.slope.args[-1] and self._solves(nodes):
            return self.judge.holds(nodes, reference, wording.AT_POINT.format(name=spoken_name(nodes[0].val)))
        reaching = [logs_reaching(n) for n in nodes]
        if reaching != nodes and self.judge.agree(reaching):
            return self.judge.holds(reaching, reference, wording.LOGARITHM)
        return self._with_repeated_summed(nodes, reference) or judged

    def _but_for_a_constant(self, nodes: list[Node], reference: int | None) -> Judged:
        """The verdict on sides that leave a constant out: all move alike with what the text differentiates in."""
        judged = self.judge.relation([Node("d", [n], ("d", 1), n.span) for n in nodes], reference)
        judged.finding, judged.reference = None, nodes[0]
        if judged.verdict == "wrong":
            judged.message = wording.MORE_THAN_A_CONSTANT
        return judged

    def _without_transposes(self, nodes: list[Node]) -> list[Node] | None:
        r"""A relation that fits and holds with products such as \theta x as inner products; None for any other."""
        if not any(Relation(self.names, nodes).misfits):
            return None
        inner = [inner_products(n, self.names) for n in nodes]
        return inner if inner != nodes and self.judge.agree(inner) else None

    def _with_repeated_summed(self, nodes: list[Node], reference: int | None) -> Judged | None:
        """The verdict on a relation that holds under Einstein's convention; None where it does not."""
        letters = set(free_indices(nodes[0]))
        written = [summed(n, letters) for n in nodes[1:]]
        if any(written) and not letters:
            whole = [nodes[0], *(w or n for w, n in zip(written, nodes[1:], strict=True))]
            if self.judge.agree(whole):
                return self.judge.holds(whole, reference, wording.EINSTEIN)
        both = contracted(nodes, 1 if self.einstein else 2)
        if both is not None and self.judge.agree(both):
            return self.judge.holds(both, reference, wording.EINSTEIN)
        return None

    def _holds_at(self, point: AtPoint, nodes: list[Node]) -> bool:
        """Whether sides agree at a point, or say in two sides what makes it one; at 0 too much agrees."""
        if len(nodes) == 2 and ratio(self.names, self.bench, add(nodes[0], neg(nodes[1])), point.slope):
            return True
        return not point.trivial and self.judge.at(point).agree(nodes)

    def _spoken_point(self) -> str:
        return spoken_name(self.point.variable) if self.point is not None else ""

    def _variable_of(self, slope: Node) -> str | None:
        """The declared name in which a gradient is taken, said or the only one that can be meant."""
        if len(slope.args) > 1:
            found = [slope.args[1].val] if slope.args[1].op == "sym" else []
        else:
            needs = dependencies(slope.args[0], self.names)
            called = [a.val for a in slope.args[0].args if a.op == "sym"] if slope.args[0].op == "app" else []
            found = called or [v for v in self.names.varied if v in needs] or [v for v in self.assumed if v in needs]
        return found[0] if len(found) == 1 and found[0] in self.names.symbols else None

    def _go_to_point(self, nodes: list[Node]) -> bool:
        """Begin to judge at a point where the gradient among the nodes is 0; False where none of them is one."""
        for node in nodes:
            for n in walk(node):
                variable = self._variable_of(n) if n.op == "grad" else None
                if variable is not None:
                    point = AtPoint(self.names, self.bench, Node("grad", [n.args[0], sym(variable)]), variable)
                    self.point = point if point.exists else self.point
                    return point.exists
        return False

    def _is_set_to_zero(self, nodes: list[Node], said: bool) -> bool:
        r"""Whether `\nabla L = … = 0` sets a gradient to 0 that is not 0 everywhere; said: by a sign over its `=`."""
        if said:
            return True
        slope = any(n.op == "grad" for node in nodes for n in walk(node))
        return slope and is_zero(nodes[-1]) and not self.judge.agree(nodes)

    def _slopes(self, nodes: list[Node]) -> list[Node]:
        """The sides of an equation with 0, or the gradient that one of them is a multiple of where none is named."""
        if any(n.op in ("grad", "d", "hess") for node in nodes for n in walk(node)):
            return nodes
        for loss in reversed(self._defined_numbers()):
            for name in self.names.symbols:
                if name in dependencies(sym(loss), self.names):
                    slope = Node("grad", [sym(loss), sym(name)])
                    if any(not is_zero(n) and ratio(self.names, self.bench, n, slope) for n in nodes):
                        return [slope]
        return nodes

    def _condition(self, line: Line, stated: bool) -> Line:
        """A gradient set to 0 is no claim: from here on the text speaks of a point where it is.

        Where the gradient is not named, what is set to 0 was found to be a multiple of it.
        """
        line.verdict, line.mistake, line.repair, line.where = "definition", None, None, None
        line.message = wording.POINT.format(name=self._spoken_point())
        if not stated:
            line.verdict, line.assumption = "right", wording.AT_POINT.format(name=self._spoken_point())
        return line

    def _advice(self, nodes: list[Node]) -> str:
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

    def agree(self, nodes: list[Node]) -> bool:
        """Whether expressions fit together and have the same value on every draw."""
        return self.judge.agree(nodes)

    def _unworked(self, node: Node) -> set[str]:
        """The definitions a tree depends on, but for those that a chain has already said without a derivative."""
        seen: set[str] = set()
        todo = list(names_in(node))
        while todo:
            name = todo.pop()
            if name in seen or name not in self.names.definitions or name in self.worked:
                continue
            seen.add(name)
            todo.extend(names_in(self.names.definitions[name].body))
        return seen

    def _derives(self, node: Node) -> bool:
        """Whether an expression, or a definition it uses, holds a derivative that is still to be taken."""
        used = self._unworked(node)
        bodies = [self.names.definitions[name].body for name in used]
        return any(part.op in ("grad", "hess", "d") for tree in (node, *bodies) for part in walk(tree))


def _put_in(tree: Node, new: dict[int, Node]) -> Node:
    """The tree with other nodes in the place of those with the given identities."""
    return map_tree(tree, lambda n: new.get(id(n)))


def _whole_array(node: Node) -> Node | None:
    """A for the table of all its entries, [A_{ij}]_{ij}, as a matrix written with dots is read."""
    inside = node.args[0] if node.op == "table" and node.val[2] is not None else node
    whole = inside.op == "idx" and inside.args[0].op == "sym" and node.op == "table"
    return inside.args[0] if whole and inside.val == (node.val[0], node.val[2]) else None


def _as_column(node: Node, member: Member) -> Node:
    """A list `(a, b)` in round brackets as the column that it is to many who write it."""
    inside = trimmed(member.nodes)
    is_list = node.op == "mat" and node.val[0] == 1 and inside[0].value in ("(", "[") and inside[-1].value in (")", "]")
    return Node("T", [node], None, node.span) if is_list else node


def _enclosed(member: Member, sign: str, scripts: list[Script]) -> list[Tex]:
    """A member in brackets, with a sign before them and scripts on them."""
    end = Tex("sign", ")", member.end, member.end).scripted(scripts)
    lead = [Tex("sign", sign, member.start, member.start)] if sign else []
    return [*lead, Tex("sign", "(", member.start, member.start), *member.nodes, end]


def _holds(nodes: list[Tex], name: str) -> bool:
    return any((s := symbol_of(n)) is not None and name.startswith(s.name) for n in everywhere(nodes))


def _unreadable(statement: Statement, problem: UnreadableError) -> Line:
    """The line of a statement that cannot be read, with the column where."""
    at = min(max(problem.position - statement.start, 0), max(len(statement.text) - 1, 0))
    said = wording.unreadable(problem.message, at + 1)
    return Line(statement.text, "unreadable", message=said, position=at + 1, where=(at, at + 1))


def _left_side(name: str, indices: tuple[str, ...]) -> str:
    said = latex_name(name)
    return f"{said}_{{{''.join(indices)}}}" if indices else said


def _clashes(body: Node, indices: tuple[str, ...]) -> list[str]:
    return sorted((set(indices) | set(free_indices(body))) & set(bound_indices(body)))


def _continues(statement: Statement) -> bool:
    return any(clause.continues for clause in statement.clauses)


def _primes(name: str) -> list[str]:
    """The marks of the values that a name had before and has now: none, one for each time that it was set anew."""
    return ["'" * k for k in range(len(name) - len(name.rstrip("'")) + 1)]


def _misses(lines: list[Line]) -> tuple[int, int]:
    """How many lines do not hold, and how many of them do not even fit together."""
    verdicts = [line.verdict for line in lines]
    return sum(v not in ("right", "definition") for v in verdicts), verdicts.count("shapes")


def _in_first_order(members: list[Member], names: Names) -> list[Member]:
    r"""`\Delta L \approx … \Delta w` is a statement about small steps, so it is read as differentials."""
    if all(m.sign != "approx" for m in members):
        return members
    return [replace(m, nodes=_with_d(m.nodes, names)) for m in members]


def _with_d(nodes: list[Tex], names: Names) -> list[Tex]:
    small = [w for w in ("Delta", "delta") if not names.known(w)]
    return [
        Tex("command", "dd", n.start, n.end)
        if n.kind == "command" and n.value in small and not n.scripts and k + 1 < len(nodes)
        else changed(n, lambda part: _with_d(part, names), scripts=False)
        for k, n in enumerate(nodes)
    ]


def read_functions(functions: Functions) -> dict[str, str]:
    """The `functions` argument as {name: what it is}; a name that is not known stands for any smooth
    function.
    """
    if isinstance(functions, str):
        functions = functions.replace(",", " ").replace(";", " ").split()
    if not isinstance(functions, Iterable):
        raise TypeError(f"functions must be names such as ('sigma', 'softmax'); got {type(functions).__name__}")
    items = functions.items() if isinstance(functions, Mapping) else [(f, None) for f in functions]
    table = {}
    for name, meaning in items:
        word = name.strip().removeprefix("\\") if isinstance(name, str) else ""
        if not word[:1].isalpha() or not word.replace("_", "").isalnum():
            raise ValueError(f"functions must be names such as 'sigma' or 'softmax'; got {name!r}")
        key = canonical(name)
        known = KNOWN_FUNCTIONS.get(str(meaning or key).lstrip("\\"))
        if meaning and known is None:
            raise ValueError(f"functions[{name!r}] must name a known function such as 'tanh'; got {meaning!r}")
        table[key] = known or f"any:{key}"
    return table


__all__ = ["BAD", "Line", "Session", "read_functions"]
