"""Stuck? The next line of a learner's own derivation, told in three tiers: the rule, the line with a gap, the line."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass, replace

from .. import wording
from ..dimensions import MisfitError
from ..engine import BAD, Functions, Line, Session
from ..names import Shapes, dependencies, spoken_name
from ..numpy_writer import numpy_text
from ..report import _mathematics
from ..spelling import Spelling, spelled, spelling_of
from ..tokens import UnreadableError
from ..tree import Node, map_tree, places, put, sym, walk
from ..writer import latex, plain_text
from .about import About, NothingAskedError, is_by_entries
from .algebra import ONE, ZERO, d_of, holds_d, product, size
from .networks import NoRuleError
from .rules import MOVE, PUT_IN, READ_OFF, RULES, Step
from .working import SECONDS, Derivation, Work, last, left_side, said_rules

TIERS = 3
_ESCAPED = {ord(c): f"\\{c}" for c in "_^#%&{}"}  # in LaTeX's text
HOW = {
    MOVE: r"\langle A, BC\rangle = \langle B^\top A, C\rangle = \langle AC^\top, B\rangle",
    READ_OFF: r"dL = \langle G, dW\rangle \Rightarrow \nabla_W L = G",
    "square as a trace": r"\|A\|^2 = \operatorname{tr}(A^\top A)",
    "square of a sum": r"\|A + B\|^2 = \|A\|^2 + 2\langle A, B\rangle + \|B\|^2",
    "vec of a product": r"\operatorname{vec}(AXB) = (B^\top \otimes A)\operatorname{vec}(X)",
    "transpose factor by factor": r"(A \otimes B)^\top = A^\top \otimes B^\top",
    "of each sum with δ one term is left": r"\sum_j a_j\delta_{jq} = a_q",
    **{rule.name: rule.formula for rule in reversed(RULES.values())},
}
NAME = "a name for the difference"
LEFT = "a derivative that is left"
WORDS = {
    NAME: "Give what stands inside {f} a name of its own.",
    LEFT: "{left} is still to be taken: find it by itself.",
    PUT_IN: "Put what was found for the differential into the line about {f}, then move what stands around it.",
    MOVE: "Move what stands around the differential to the other side of the inner product.",
    READ_OFF: "What stands beside the differential is the gradient: read it off.",
    "sums as products": "Write the sums of {f} as products of whole arrays.",
    "entry by entry": "Write an entry of {f} out, every sum with a letter of its own.",
    "chain rule, term by term": "Differentiate {f} in one entry, term by term.",
    "of each sum with δ one term is left": "A δ leaves one term of its sum.",
}


@dataclass(frozen=True)
class Next:
    """What comes next. `tier` says how much of it is told: 1 the rule and where, 2 the line with a gap, 3 the line.

    line      the line as LaTeX, "" where the derivation is finished or nothing can be said.
    finished  whether it gets where it should.  mends  the number of the wrong line to mend first, or None.
    code      whether gap and line are NumPy, as they are after lines of a program.
    """

    tier: int
    rule: str = ""
    words: str = ""
    gap: str = ""
    line: str = ""
    finished: bool = False
    mends: int | None = None
    code: bool = False

    @property
    def formula(self) -> str:
        """The rule as LaTeX, where it has one."""
        return next((HOW[r] for r in self.rule.split(", ") if r in HOW), "")

    def told(self) -> list[tuple[str, str]]:
        """(words, LaTeX) of what this tier tells."""
        said = [(self.words, self.formula)]
        if self.tier >= 2 and self.gap:
            said.append(("Fill the gap:", self._typeset(self.gap)))
        if self.tier >= 3 and self.line:
            said.append((f"Line {self.mends} becomes:" if self.mends else "The next line:", self._typeset(self.line)))
        return said

    def _typeset(self, line: str) -> str:
        return rf"\texttt{{{line.translate(_ESCAPED)}}}" if self.code else line

    def __repr__(self) -> str:
        plain = replace(self, code=False)  # a program is typeset only where LaTeX is
        return "\n".join(f"{words} {tex}".strip() for words, tex in plain.told())

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<p style='margin:.2em 0'>{html.escape(words)} {_mathematics(tex) if tex else ''}</p>"
            for words, tex in self.told()
        )
        return f'<div class="course-next" style="border-left:4px solid #e69f00;padding:.2em .8em">{rows}</div>'


def next_line(
    text: str,
    shapes: Shapes | None = None,
    functions: Functions = (),
    tier: int = TIERS,
    goal: str = "",
    given: str = "",
    steps: int = 0,
) -> Next:
    r"""The next line after a learner's text, in the text's own names and form.

    goal    the left side of the last line, where it is known; else it is taken from the text, which may say it in a
            comment, `% \nabla_w L = ?`.
    given   lines that stand before the text and are not counted; steps: how many lines are asked for before the last.
    After a wrong line the next thing to do is to mend it. Nothing is told that `derive` does not call right.
    """
    session = Session(shapes, functions, SECONDS)
    before = len(session.read(given)) if given else 0
    lines = session.read(text) if text.strip() or not given else session.lines
    text = f"{given}\n{text}" if given else text
    bad = next((k for k, x in enumerate(lines) if x.verdict in (*BAD, "follows")), None)
    if bad is not None:
        return _mended(session, lines, bad, tier, text, before)
    try:
        about = About(session, goal or asked(text, session))
        about.carry_on()
        end = _finished(about, session, before, tier)
        return end or _Continuation(about, session, text, shapes, functions, steps).next(tier)
    except NothingAskedError as problem:
        return Next(tier, words=str(problem))
    except (NoRuleError, MisfitError, ValueError) as problem:
        return Next(
            tier, words=f"The rules do not reach this: {problem}. Each line that you write can still be checked."
        )
    except Exception:
        # A defect here must not cost the learner the notebook; the tests look for this sentence.
        return Next(tier, words=wording.DEFECT_IN_NEXT)


def _finished(about: About, session: Session, before: int, tier: int) -> Next | None:
    """What is to be said when a line says what was asked for, None where none does."""
    end = about.end()
    if end is None:
        return None
    number = next(k for k, x in enumerate(session.lines, 1) if x is end) - before
    words = f"Finished: {'the last line' if end is session.lines[-1] else f'line {number}'} says what was asked for."
    rest = about.open_parameters() if about.goal is None else []
    if rest:
        with spelled(spelling_of("\n".join(session.texts), session.names)):
            more = left_side(Node("grad", [sym(about.loss), sym(rest[-1])]), session.names, Spelling())
        words += f" For another derivative ask in a comment: % {more} = ?"
    return Next(tier, words=words, finished=True)


def asked(text: str, session: Session) -> str:
    r"""The derivative that a comment of the text asks for, `% \nabla_w L = ?`; "" where none does."""
    for line in text.splitlines():
        goal, mark, _ = line.partition("%")[2].partition("?")
        goal, equals, rest = goal.rpartition("=")
        if not mark or not equals or rest.strip():
            continue
        try:
            tree = session.parse(goal.strip())
        except UnreadableError:
            continue
        if tree.op == "grad" and len(tree.args) == 2 and {a.op for a in tree.args} == {"sym"}:
            return goal.strip()
    return ""


def whole(text: str, shapes: Shapes | None = None, functions: Functions = ()) -> Work:
    """The whole derivation of what a learner's text is about, from its definitions on; ValueError where it has none."""
    session = Session(shapes, functions, SECONDS)
    session.read(text)
    about = About(session, asked(text, session))
    return _Continuation(about, session, text, shapes, functions).whole()


def told(text: str, shapes: Shapes | None, functions: Functions, tier: int) -> dict[str, object]:
    """What comes next as plain data: "said" holds pairs of words and LaTeX; tier 4 is the whole derivation."""
    if tier > TIERS:
        try:
            work = whole(text, shapes, functions)
            said = [*zip(work.rules, work.lines, strict=True), *([(work.missing, "")] if work.missing else [])]
        except (ValueError, NoRuleError, MisfitError) as problem:
            said = [(str(problem), "")]
        found = Next(tier)
    else:
        found = next_line(text, shapes, functions, tier)
        said = found.told()
    line = found.line if tier == TIERS else ""
    pairs = [list(pair) for pair in said]
    return {"tier": tier, "said": pairs, "line": line, "mends": found.mends, "finished": found.finished}


def _mended(session: Session, lines: list[Line], k: int, tier: int, text: str, before: int) -> Next:
    """What is to be said of the first line that is not right."""
    line = lines[k]
    k -= before
    words = f"Mend line {k + 1} first. {line.message}"
    if not line.repair or not line.sides:
        return Next(min(tier, 1), words=words, mends=k + 1)
    spelling = spelling_of(text, session.names)
    with spelled(_with_box(spelling)):
        left = left_side(line.sides[0], session.names, spelling)
        better = session.parse(line.repair)
        mended = f"{left} = {latex(better)}"
        gap = f"{left} = {latex(_with_gap(better, line.sides))}"
    return Next(tier, words=words, gap=gap, line=mended, mends=k + 1)


def _with_box(spelling: Spelling) -> Spelling:
    return replace(spelling, names={**spelling.names, "gap": r"\square"})


def _with_gap(node: Node, before: tuple[Node, ...]) -> Node:
    """The tree with a box in place of what is to be filled in."""
    hidden = _to_fill(node, before)
    return next((put(node, path, sym("gap")) for path, n in places(node) if n is hidden), sym("gap"))


def _to_fill(node: Node, before: tuple[Node, ...]) -> Node | None:
    """The largest part that stood nowhere before, but not the whole; None where all of it is to be filled in."""
    known = {n for tree in before for n in walk(tree)}
    options = [n for path, n in places(node) if path and n.op not in ("num", "d") and size(n) < size(node) / 1.5]
    new = [n for n in options if n not in known and not any(m.op == "d" for m in walk(n))] or options
    return max(new, key=size, default=None)


def _blanked(code: str, hidden: str) -> str:
    """An expression with a gap in place of a part that stands there as such, and not within a longer name."""
    at = code.find(hidden)
    while at >= 0:
        around = code[max(at - 1, 0) : at] + code[at + len(hidden) : at + len(hidden) + 1]
        if not any(c.isalnum() or c == "_" for c in around):
            return code[:at] + "____" + code[at + len(hidden) :]
        at = code.find(hidden, at + 1)
    return "____"


def as_sums(node: Node) -> Node | None:
    """A product with ones as a program writes it, a sum along an axis; None for any other tree."""
    args = [map_tree(a, as_sums) for a in node.args] if node.op == "mul" else []
    flat = ["column" if a.op == "ones" else "row" if a.op == "T" and a.args[0].op == "ones" else "" for a in args]
    if flat[-2:] == ["column", "row"] and len(args) > 2:
        return Node("stretch", [Node("fn", [product(*args[:-2])], ("sum1", 0))], 1)
    if flat[-1:] == ["column"] and len(args) > 1:
        turned = len(args) == 2 and args[0].op == "T"
        return Node("fn", args[0].args if turned else [product(*args[:-1])], ("sum0" if turned else "sum1", 0))
    if "row" in flat[:-1]:
        k = flat.index("row")
        return product(*args[:k], Node("fn", [product(*args[k + 1 :])], ("sum0", 0)))
    return None


class _Continuation:
    """A right beginning, what it is about, and the steps that may come next."""

    def __init__(
        self,
        about: About,
        session: Session,
        text: str,
        shapes: Shapes | None,
        functions: Functions,
        steps: int = 0,  # that are asked for before the last line
    ):
        self.about, self.steps = about, steps
        self.session, self.names = session, session.names
        self.claims, self.variable = self.about.claims, self.about.variable
        self.work = Derivation(text, self.variable, shapes, functions, self.about.loss, session)
        self.form = self._form()
        self.work.target = next((list(g.args[1].val) for g in self.about.gradients() if is_by_entries(g)), None)
        self.text, self.shapes, self.functions = text, shapes, functions
        self.varying = {self.variable, *self.work.chain}
        for name in self.work.chain:
            self.work.body(name)
        self.said = self._said()

    # -- what the text is like

    def _form(self) -> str:
        trees = [side for line in self.claims for side in line.sides]
        nodes = [n for tree in trees for n in walk(tree)]
        if any(n.op == "fn" and n.val[0] == "vec" for n in nodes):
            return "vec"
        newest = next((g for g in self.about.gradients() if len(g.args) > 1), None)
        if newest is not None and newest.args[1].op == "idx":
            return "index"
        if any(n.op == "fn" and n.val[0] == "tr" for n in nodes):
            return "trace"
        steps = [n for n in self.names.symbols if self.names.shape(n) == self.names.shape(self.variable)]
        unused = [n for n in steps if n not in dependencies(sym(self.about.loss), self.names)]
        if any(n.op == "sym" and n.val in unused for n in nodes):
            return "expansion"
        return "differential"

    # -- what is said already

    def _said(self) -> list[tuple[Node, Node]]:
        """(left side, right side) of every right claim, in whole arrays where that can be done."""
        out = []
        for about, line in self.about.said():
            for side in line.sides[1:]:
                side = self.about.in_steps(line, side)
                out.append((about, side))
                whole = self._lowered(side)
                if whole is not None:
                    out.append((about, whole))
        return out

    def _lowered(self, node: Node) -> Node | None:
        work = self.work
        try:
            return work.named_again(work.algebra.simplified(work.lowering.lowered(work.differentials.core(node))))
        except (NoRuleError, MisfitError):
            return None

    # -- the next line

    def next(self, tier: int) -> Next:
        known = self._path()
        for found in self._candidates():
            if self.work.is_said(found, self.said) or found.left in set(walk(found.right)):
                continue
            step = next((s for s in known if s.left == found.left and self.work.same(s.right, found.right)), found)
            line = self._written(step)
            session = Session(self.shapes, self.functions, SECONDS)
            judged = session.read(f"{self.text}\n{line}")[-1]
            right = judged.verdict == ("definition" if step.rule == NAME else "right")
            if right and not judged.partial and not judged.assumption:
                return self._told(step, line, tier)
        return Next(tier, words="No rule was found that leads on from here. Each line that you write can be checked.")

    def whole(self) -> Work:
        """The whole derivation of what the text is about, from its definitions on."""
        given = [x.text for x in self.session.lines if x.verdict == "definition"]
        if self.about.formula is not None:
            given.append(f"{latex(sym(self.about.loss))} = {latex(self.about.formula)}")
        work = Derivation("\n".join(given), self.variable, self.shapes, self.functions, self.about.loss)
        return work.work(form=self.form)

    def _path(self) -> list[Step]:
        """The worked-out steps in the form of the text, none where a rule is missing."""
        try:
            return self.work.steps(form=self.form)
        except (NoRuleError, MisfitError, KeyError):
            return []

    def _candidates(self) -> Iterator[Step]:
        """Steps from the learner's own last line on, the nearest first; then those of a derivation from the start."""
        if self.steps and not self.claims and len(self.work.steps()) <= self.steps:
            yield from self._naming()
        own = self._own_steps() if self.form in ("differential", "trace") else iter(())
        backwards = self._program() if self.about.programmed else iter(())
        for steps in (backwards, self._left_open(), own, self._steps(self.form), self._steps("differential")):
            try:
                yield from steps
            except (NoRuleError, MisfitError, KeyError):
                continue

    def _program(self) -> Iterator[Step]:
        """dz for each name z from the loss back to the variable, as programs compute them; those that are not there."""
        work, done = self.work, {left for left, _ in self.said}
        slopes: dict[str, Node] = {}
        rule = ""
        order = [*reversed(work.chain), self.variable]
        begun = max((k for k, name in enumerate(order) if self._slope(name) in done), default=0)
        for k, name in enumerate(order):
            if name in slopes and k > begun:
                yield Step(self._slope(name), slopes[name], rule)
            if name in work.chain:
                d, used = work.d(work.body(name), name)
                weight = ONE if name == self.about.loss else self._slope(name)
                slopes, rule = work.pulled(weight, d, slopes), said_rules(used)

    def _left_open(self) -> Iterator[Step]:
        """The derivatives on the right of the last line, such as those of a chain rule, each worked out by itself."""
        chains = [x for x in self.claims if x.claimed is not None and x.claimed.op == "grad"]
        if not chains or self.said[-1][0].op == "d":
            return
        known = {n for n, _ in self.said}
        for line in reversed(chains):
            left = [n for n in map(self.about.as_named, walk(line.sides[-1])) if n.op == "grad" and n not in known]
            for f, x in [n.args for n in left if [a.op for a in n.args] == ["sym", "sym"]]:
                if f.val in self.work.chain and x.val in (*self.work.chain, self.variable):
                    steps = Derivation(self.text, x.val, self.shapes, self.functions, f.val, self.session).steps()
                    yield replace(steps[-1], rule=LEFT)

    def _naming(self) -> Iterator[Step]:
        """A name for the sum inside the loss, so that each step is a small one."""
        a = self.work.algebra
        inside = [n for n in walk(self.work.body(self.about.loss)) if n.op == "add" and not a.is_number(n)]
        for total in inside[:1]:
            options = ("r", "e", "u") if () in a.shape(total) else ("R", "E", "U")
            name = next((n for n in options if not self.names.known(n)), None)
            if name is not None:
                yield Step(sym(name), total, NAME)

    def _steps(self, form: str) -> Iterator[Step]:
        steps = self.work.steps(form=form)
        begun = [k for k, s in enumerate(steps) if self.work.is_said(s, self.said)]
        lefts = {s.left for s in steps[: begun[-1] + 1]} if begun else set()
        for k, step in enumerate(steps):
            if k > (begun[-1] if begun else -1) and (step.left not in lefts or k == begun[-1] + 1):
                yield step
        yield from steps[-1:]

    def _own_steps(self) -> Iterator[Step]:
        """From the last line about dL, or about ∂L/∂u, by one rule."""
        known = [n for n in self.work.chain if last(self.said, self._slope(n)) is not None]
        if known and last(self.said, d_of(self.about.loss)) is None:
            yield from self._after_slope(known[0])
        else:
            alone = [(left, self._alone(right) if left.op == "d" else right) for left, right in self.said]
            about = [(left, right) for left, right in alone if left.op != "d" or holds_d(right)]
            yield from self.work.following(about, "trace" if self.form == "trace" else "inner")

    def _slope(self, name: str) -> Node:
        return Node("grad", [sym(self.about.loss), sym(name)])

    def _alone(self, node: Node) -> Node:
        """A differential with every declared name but the variable held still."""
        still = map_tree(node, lambda n: ZERO if n.op == "d" and self._is_still(n.args[0]) else None)
        return self.work.algebra.simplified(still)

    def _is_still(self, node: Node) -> bool:
        return node.op == "sym" and node.val not in self.varying

    def _after_slope(self, name: str) -> Iterator[Step]:
        """∂L/∂v from ∂L/∂u, where u is made of v: the pullback through the definition of u."""
        work = self.work
        d, used = work.d(work.body(name), name)
        slopes, rule = work.pulled(self._slope(name), d), said_rules(used)
        for other in [n for n in reversed(work.chain) if n in slopes]:
            yield Step(self._slope(other), slopes[other], rule if "chain rule" in rule else f"chain rule, {rule}")
        if self.variable in slopes:
            yield work.steps()[-1]

    def _written(self, step: Step) -> str:
        """A step as a line of the text, which may give its function no name."""
        out = self.about.written_out
        code = self._code(step)
        return code or self.work.written(replace(step, left=out(step.left), right=out(step.right)))

    def _code(self, step: Step) -> str:
        """A gradient as a line of a program, "" where the text is none or NumPy has no short words for it."""
        if not self.about.programmed or step.left.op != "grad":
            return ""
        left, right = (numpy_text(x, self.names) for x in (step.left, map_tree(step.right, as_sums)))
        return f"{left} = {right}" if left and right else ""

    def _told(self, step: Step, line: str, tier: int) -> Next:
        about = step.left
        while about.op in ("d", "grad", "fn", "norm", "pow") and about.args:
            about = about.args[0]
        about = self.about.written_out(about.args[0] if about.op == "idx" else about)
        f = spoken_name(about.val) if about.op == "sym" else plain_text(about)
        words = next((WORDS[r] for r in (step.rule, step.rule.split(", ")[0]) if r in WORDS), None)
        left = plain_text(self.about.written_out(step.left))
        words = words.format(f=f, left=left) if words else f"Use the rule “{step.rule}” on {f}."
        before = tuple(right for _, right in self.said)
        code = self._code(step)
        if code:
            left, _, right = code.partition(" = ")
            hidden = _to_fill(step.right, before)
            said = numpy_text(map_tree(hidden, as_sums), self.names) if hidden is not None else None
            return Next(tier, step.rule, words, f"{left} = {_blanked(right, said or right)}", line, code=True)
        gap = replace(step, right=_with_gap(step.right, before))
        spelling = self.work.spelling
        self.work.spelling = _with_box(spelling)
        try:
            with_gap = self._written(gap)
        finally:
            self.work.spelling = spelling
        return Next(tier, step.rule, words, with_gap, line)
