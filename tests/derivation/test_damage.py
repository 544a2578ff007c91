"""Right lines of the catalogue with one slip put in: none of them is still called right.

`python -m tests.derivation.test_damage` damages every line in every way; a test run takes some.
"""

from collections.abc import Iterator

from course_lib.derivation.engine import Line, Session
from course_lib.derivation.judgement import Bench
from course_lib.derivation.tree import Node, add, mul, neg, num, places, put
from course_lib.derivation.verdicts import Judge
from course_lib.derivation.writer import latex

from .catalogue import PROBLEMS

LINES = [(problem, entry) for problem in PROBLEMS for entry in problem.entries if entry.is_right]
SECONDS = 20


def flipped(node, session):
    """A sign: of the whole, or of one term of a sum."""
    if node.op == "add":
        for k, term in enumerate(node.args):
            yield add(*node.args[:k], neg(term), *node.args[k + 1 :])


def doubled(node, session):
    """A factor that does not belong there."""
    if node.op in ("mul", "div", "sym"):
        yield mul(num(2), node)


def without_count(node, session):
    """A 1/n that is lost, or an n."""
    counts = [a for a in node.args if a.op == "sym" and a.val in session.names.dims]
    if node.op == "div" and node.args[1] in counts:
        yield node.args[0]
    if node.op == "mul" and counts and len(node.args) > 1:
        rest = [a for a in node.args if a not in counts]
        yield mul(*(rest or [num(1)]))


def turned(node, session):
    """A transpose that is lost, or one too many."""
    if node.op == "T":
        yield node.args[0]
    if node.op == "sym" and session.names.is_matrix(node.val):
        yield Node("T", [node])


def swapped(node, session):
    """Two neighbouring factors in the other order."""
    if node.op in ("mul", "kron", "at"):
        for k in range(len(node.args) - 1):
            yield Node(node.op, [*node.args[:k], node.args[k + 1], node.args[k], *node.args[k + 2 :]])


def without_factor(node, session):
    """A factor of the chain rule that is lost."""
    if node.op in ("mul", "had", "at") and len(node.args) > 1:
        for k in range(len(node.args)):
            rest = [*node.args[:k], *node.args[k + 1 :]]
            yield mul(*rest) if node.op == "mul" else rest[0]


def without_term(node, session):
    """A term that is lost."""
    if node.op == "add":
        for k in range(len(node.args)):
            yield add(*node.args[:k], *node.args[k + 1 :])


def without_sum(node, session):
    """A sum that is lost."""
    if node.op == "sum":
        yield node.args[0]


def without_prime(node, session):
    """σ where σ′ is needed, and σ′ for σ."""
    if node.op == "fn" and node.val[0] in ("sigmoid", "tanh", "relu"):
        yield Node("fn", node.args, (node.val[0], 1 - min(node.val[1], 1)))


def other_product(node, session):
    """A matrix product entry by entry, or the other way round."""
    if node.op == "had":
        yield mul(*node.args)
    if node.op == "mul" and len(node.args) == 2:
        yield Node("had", node.args)


def without_square(node, session):
    """A norm without its square."""
    if node.op == "pow" and node.args[1] == num(2):
        yield node.args[0]


def other_symbol(node, session):
    """Another name of the same shape."""
    if node.op == "sym":
        for name in session.names.symbols:
            if name != node.val and session.names.shape(name) == session.names.shape(node.val):
                yield Node("sym", (), name)


SLIPS = (
    flipped,
    doubled,
    without_count,
    turned,
    swapped,
    without_factor,
    without_term,
    without_sum,
    without_prime,
    other_product,
    without_square,
    other_symbol,
)


def session_of(problem) -> Session:
    session = Session(dict(problem.shapes), problem.functions, SECONDS)
    session.judge.quick = True  # verdicts alone are asked for
    return session


def damaged(problem, entry) -> Iterator[tuple[str, str]]:
    """(slip, line) for every single slip in the last side of a line that changes its value on some draw."""
    session = session_of(problem)
    line = session.read(f"{problem.given}\n{entry.line}")[-1]
    statement = session.statements[-1]
    clauses = [c for c in statement.clauses if not c.declares]
    if statement.numpy or len(clauses) != 1 or len(line.sides) < 2 or line.assumption:
        return
    truth, side = line.sides[0], line.sides[-1]
    member = clauses[0].members[-1]
    judge = Judge(session.names, Bench(session.names, seed=7))
    yield from _confirmed(judge, truth, "sign", [neg(side)], entry.line, member, problem)
    for slip in SLIPS:
        trees = [put(side, path, new) for path, node in _places(side) for new in slip(node, session)]
        yield from _confirmed(judge, truth, slip.__name__, trees, entry.line, member, problem)


def _places(side):
    """The places of a tree but for those in the variables of derivatives."""
    found = list(places(side))
    variables = [p + (k,) for p, n in found if n.op in ("grad", "hess") for k in range(1, len(n.args))]
    return [(p, n) for p, n in found if not any(p[: len(v)] == v for v in variables)]


def _confirmed(judge, truth, slip, trees, text, member, problem):
    begin = len(problem.given) + 1
    for tree in trees:
        if not judge.agree([truth, tree]):
            yield slip, f"{text[: member.start - begin]} {latex(tree)} {text[member.end - begin :]}"


def judged(problem, line) -> Line:
    return session_of(problem).read(f"{problem.given}\n{line}")[-1]


def accepted(problem, slip, line) -> str:
    """What is to be said of a damaged line that is still called right, else ""."""
    found = judged(problem, line)
    return f"{problem.name} | {slip} | {line}" if found.verdict == "right" and not found.assumption else ""


def test_no_damaged_line_is_called_right(rng):
    told = []
    for k in rng.choice(len(LINES), 60, replace=False):
        problem, entry = LINES[k]
        found: dict[str, list[str]] = {}
        for slip, line in damaged(problem, entry):
            found.setdefault(slip, []).append(line)
        for slip in rng.permutation(sorted(found))[:2]:
            told.append(accepted(problem, slip, found[slip][int(rng.integers(len(found[slip])))]))
    assert len(told) > 60
    assert not [said for said in told if said]


def test_a_line_without_damage_is_called_right(rng):
    for k in rng.choice(len(LINES), 10, replace=False):
        problem, entry = LINES[k]
        assert judged(problem, entry.line).verdict in ("right", "definition")


if __name__ == "__main__":
    tried = 0
    for problem, entry in LINES:
        for slip, line in dict.fromkeys(damaged(problem, entry)):
            tried += 1
            if said := accepted(problem, slip, line):
                print("accepted:", said, flush=True)
    print(f"{tried} lines damaged")
