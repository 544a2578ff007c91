"""Fresh problems: a loss of a kind, with letters, factors and shapes that are drawn; a check and a next line for it."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ..goal import Problem, progress_of
from ..report import _mathematics
from .next_line import Next, next_line
from .working import Work, work_out

LEVELS = (1, 2, 3)
Rng = np.random.Generator


@dataclass(frozen=True)
class Kind:
    """A kind of problem: the chapter it belongs to, and what draws one of a level."""

    chapter: str
    draw: Callable[[Rng, int], Problem]


class Letters:
    """Letters for one problem, none of them twice."""

    def __init__(self, rng: Rng):
        self.rng, self.used = rng, set[str]()

    def of(self, pool: str) -> str:
        """A letter of the pool that the problem does not use yet."""
        return self.one([c for c in pool.split() if c not in self.used])

    def one(self, choices: list[str]) -> str:
        found = choices[int(self.rng.integers(len(choices)))]
        self.used.add(found)
        return found

    def pick(self, *choices: str) -> str:
        """One of some texts."""
        return choices[int(self.rng.integers(len(choices)))]

    def chance(self, share: float = 0.5) -> bool:
        return bool(self.rng.random() < share)


HALF = r"\frac{1}{2}"
DATA, WEIGHTS, TARGETS = "X A Z F", "w v u", "y b c"
MATRICES, OUTPUTS, LOSSES, LENGTHS = "W U V", "Y C T", "L J E f", "n m d p q"


def _difference(a: Letters, first: str, second: str, level: int) -> str:
    return f"{second} - {first}" if level > 1 and a.chance() else f"{first} - {second}"


def _least_squares(rng: Rng, level: int) -> Problem:
    a = Letters(rng)
    X, w, y, L, n, d = (a.of(p) for p in (DATA, WEIGHTS, TARGETS, LOSSES, LENGTHS, LENGTHS))
    shapes = {X: f"{n} {d}", w: d, y: n}
    factor = a.pick(HALF, rf"\frac{{1}}{{2{n}}}", rf"\frac{{1}}{{{n}}}", "")
    inside = _difference(a, f"{X}{w}", y, level)
    lines, norm = [], rf"\|{inside}\|^2"
    if level > 1 and a.chance():
        r = a.one(["r", "e"])
        lines.append(f"{r} = {inside}")
        norm = a.pick(rf"\|{r}\|^2", rf"{r}^\top {r}")
        if level > 2:
            shapes["s"] = f"{n} positive"
            norm = a.pick(rf"{r}^\top\operatorname{{diag}}(s)\,{r}", rf"\sum_{{i}} s_i {r}_i^2")
    ridge = ""
    if level > 2 and a.chance(0.7):
        shapes["lambda"] = ""
        ridge = f" + {a.pick('', HALF)}" + rf"\lambda\|{w}\|^2"
    return Problem(shapes, "\n".join([*lines, f"{L} = {factor}{norm}{ridge}"]), rf"\nabla_{{{w}}} {L}", steps=1)


def _matrix_least_squares(rng: Rng, level: int) -> Problem:
    a = Letters(rng)
    X, W, Y, L, n, d, k = (a.of(p) for p in (DATA, MATRICES, OUTPUTS, LOSSES, LENGTHS, LENGTHS, LENGTHS))
    shapes = {X: f"{n} {d}", W: f"{d} {k}", Y: f"{n} {k}"}
    product, variable = f"{X}{W}", W if level < 2 or a.chance() else X
    if level > 2 and a.chance():
        B, m = a.of("B G H"), a.of(LENGTHS)
        shapes |= {B: f"{k} {m}", Y: f"{n} {m}"}
        product = f"{X}{W}{B}"
    inside = _difference(a, product, Y, level)
    factor = a.pick(HALF, rf"\frac{{1}}{{{n}}}", rf"\frac{{1}}{{2{n}}}", "")
    lines, norm = [], rf"\|{inside}\|_F^2"
    if a.chance():
        R = a.one(["R", "E"] if L != "E" else ["R"])
        lines.append(f"{R} = {inside}")
        norm = a.pick(rf"\|{R}\|_F^2", rf"\operatorname{{tr}}({R}^\top {R})", rf"\langle {R}, {R}\rangle")
    ridge = ""
    if level > 2 and a.chance():
        shapes["lambda"] = ""
        ridge = rf" + \lambda\|{variable}\|_F^2"
    return Problem(shapes, "\n".join([*lines, f"{L} = {factor}{norm}{ridge}"]), rf"\nabla_{{{variable}}} {L}", steps=1)


def _quadratic_forms(rng: Rng, level: int) -> Problem:
    a = Letters(rng)
    x, A, f, d = a.of("x u v z"), a.of("A M S Q"), a.of("f q g"), a.of(LENGTHS)
    symmetric = level < 2 or a.chance()
    shapes = {x: d, A: f"{d} {d}" + " symmetric" * symmetric}
    factor = a.pick("", HALF)
    inside, variable = rf"{x}^\top {A} {x}", x
    if level > 1 and a.chance():
        b = a.of("b c h")
        shapes[b] = d
        inside += f" {a.pick('-', '+')} {b}^\\top {x}"
    elif level > 1:
        m = a.of("m c h")
        shapes[m] = d
        inside = rf"({x} - {m})^\top {A} ({x} - {m})"
        variable = a.pick(x, m)
    if level > 2:
        factor, inside = (
            "",
            a.pick(rf"e^{{-\frac{{1}}{{2}}({inside})}}", rf"({inside})^2", rf"\log\left(1 + ({inside})^2\right)"),
        )
    return Problem(shapes, f"{f} = {factor}{inside}", rf"\nabla_{{{variable}}} {f}", steps=1)


def _traces(rng: Rng, level: int) -> Problem:
    a = Letters(rng)
    W, A, B, f, d, k = (a.of(p) for p in ("W X U", "A M P", "B Q H", "f g h", LENGTHS, LENGTHS))
    if level < 2:
        m = a.of(LENGTHS)
        shapes = {A: f"{m} {d}", W: f"{d} {k}", B: f"{k} {m}"}
        inside = a.pick(f"{A}{W}{B}", rf"{B}^\top {W}^\top {A}^\top")
    else:
        shapes = {W: f"{d} {k}", A: f"{d} {d}" + a.pick("", " symmetric"), B: f"{k} {k}" + a.pick("", " symmetric")}
        inside = a.pick(rf"{W}^\top {A} {W}", rf"{W} {B} {W}^\top", rf"{A} {W} {B} {W}^\top")
    factor = a.pick("", HALF, "2")
    extra = ""
    if level > 2:
        C = a.of("C G N")
        shapes[C] = f"{d} {k}"
        extra = f" {a.pick('-', '+')} " + a.pick(rf"\operatorname{{tr}}({C}^\top {W})", rf"\|{W} - {C}\|_F^2")
    used = {name: shape for name, shape in shapes.items() if name in inside + extra}
    return Problem(used, rf"{f} = {factor}\operatorname{{tr}}({inside}){extra}", rf"\nabla_{{{W}}} {f}", steps=1)


def _logistic(rng: Rng, level: int) -> Problem:
    a = Letters(rng)
    X, w, t, L, n, d = (a.of(p) for p in (DATA, WEIGHTS, "y t", LOSSES, LENGTHS, LENGTHS))
    z, p = a.of("z s"), a.of("p a h") if "p" not in (n, d) else a.of("a h")
    shapes = {X: f"{n} {d}", w: d, t: n}
    mean = a.pick(rf"\frac{{1}}{{{n}}}", "")
    given = [f"{z} = {X}{w}", rf"{p} = \sigma({z})"]
    if level == 1:
        given.append(rf"{L} = \frac{{1}}{{2{n}}}\|{p} - {t}\|^2" if mean else rf"{L} = \frac{{1}}{{2}}\|{p} - {t}\|^2")
    elif a.chance():
        given.append(rf"{L} = -{mean}\sum_{{i}}\left({t}_i\log {p}_i + (1 - {t}_i)\log(1 - {p}_i)\right)")
    else:
        inside = rf"{t}^\top\log {p} + (1 - {t})^\top\log(1 - {p})"
        given.append(rf"{L} = -{mean}\left({inside}\right)" if mean else rf"{L} = -{inside.replace(' + ', ' - ')}")
    if level > 2:
        shapes["lambda"] = ""
        given[-1] += rf" + \frac{{\lambda}}{{2}}\|{w}\|^2"
    return Problem(shapes, "\n".join(given), rf"\nabla_{{{w}}} {L}", ("sigma",), steps=2)


def _softmax(rng: Rng, level: int) -> Problem:
    a = Letters(rng)
    L, n, d, k = (a.of(p) for p in (LOSSES, LENGTHS, LENGTHS, LENGTHS))
    if level == 1:
        z, t = a.of("z s a"), a.of("y t")
        p = a.of("p h") if "p" not in (n, d, k) else a.of("h")
        row = a.chance()
        shapes = {z: f"1 {k}" if row else k, t: (f"1 {k}" if row else k) + a.pick(" onehot", " simplex", "")}
        loss = a.pick(rf"-\sum_j {t}_j\log {p}_j", rf"-\log({p}) {t}^\top" if row else rf"-{t}^\top\log({p})")
        return Problem(shapes, f"{p} = \\operatorname{{softmax}}({z})\n{L} = {loss}", rf"\nabla_{{{z}}} {L}", steps=2)
    X, W, Y, Z, P = (a.of(p) for p in ("X A F", MATRICES, "Y T", "Z S", "P H"))
    shapes = {X: f"{n} {d}", W: f"{d} {k}", Y: f"{n} {k} onehot"}
    affine, variable = f"{X}{W}", W
    if level > 2:
        shapes["b"] = f"1 {k}"
        affine, variable = f"{X}{W} + b", a.pick(W, "b")
    mean = a.pick(rf"\frac{{1}}{{{n}}}", "")
    sums = rf"\sum_{{i}}\sum_{{j}} {Y}_{{ij}}\log {P}_{{ij}}"
    loss = a.pick(sums, rf"\langle {Y}, \log {P}\rangle", rf"\operatorname{{tr}}({Y}^\top\log {P})")
    given = f"{Z} = {affine}\n{P} = \\operatorname{{softmax}}({Z})\n{L} = -{mean}{loss}"
    return Problem(shapes, given, rf"\nabla_{{{variable}}} {L}", steps=2)


def _networks(rng: Rng, level: int) -> Problem:
    a = Letters(rng)
    L, f = a.of("L J E"), a.pick(r"\tanh", r"\sigma", r"\operatorname{relu}")
    functions = ("sigma",) if f == r"\sigma" else ()
    if level == 1:
        x, W, b, y, z, h = a.of("x u"), a.of("W A"), a.of("b c"), a.of("y t"), a.of("z s"), a.of("a h")
        shapes = {x: "d", W: "m d", b: "m", y: "m"}
        given = [f"{z} = {W}{x} + {b}", f"{h} = {f}({z})", rf"{L} = \frac{{1}}{{2}}\|{h} - {y}\|^2"]
        return Problem(shapes, "\n".join(given), rf"\nabla_{{{a.pick(W, b, x)}}} {L}", functions, steps=2)
    one, two = (
        (("W^1", "b^1", "Z^1"), ("W^2", "b^2", "Z^2")) if a.chance() else (("W_1", "b_1", "Z_1"), ("W_2", "b_2", "Z_2"))
    )
    X, Y, A = a.of("X U"), a.of("Y T"), a.of("A H")
    shapes = {X: "n d", Y: "n k", one[0]: "d m", one[1]: "1 m", two[0]: "m k", two[1]: "1 k"}
    given = [f"{one[2]} = {X} {one[0]} + {one[1]}", f"{A} = {f}({one[2]})", f"{two[2]} = {A} {two[0]} + {two[1]}"]
    if level == 2:
        given.append(rf"{L} = \frac{{1}}{{2n}}\|{two[2]} - {Y}\|_F^2")
    else:
        shapes[Y] += " onehot"
        given += [
            rf"P = \operatorname{{softmax}}({two[2]})",
            rf"{L} = -\frac{{1}}{{n}}\sum_{{i}}\sum_{{j}} {Y}_{{ij}}\log P_{{ij}}",
        ]
    variable = a.pick(*(two[:2] if level == 2 and a.chance() else one[:2]))
    return Problem(shapes, "\n".join(given), rf"\nabla_{{{variable}}} {L}", functions, steps=2)


def _determinants(rng: Rng, level: int) -> Problem:
    a = Letters(rng)
    X, A, f, d = a.of("X W S"), a.of("A B C"), a.of("f g h"), a.of(LENGTHS)
    u, v = a.of("u a"), a.of("v b")
    shapes = {X: f"{d} {d}" + (" spd" if a.chance() else ""), A: f"{d} {d}", u: d, v: d}
    inverse = [rf"{u}^\top {X}^{{-1}} {v}", rf"\operatorname{{tr}}({X}^{{-1}} {A})"]
    logs = [rf"\log\det {X}", rf"-\log\det {X}"] if "spd" in shapes[X] else [rf"\det({X})"]
    inside = a.pick(
        *{1: logs + [rf"\operatorname{{tr}}({X})^2"], 2: inverse}.get(
            level, [f"{x} + {y}" for x in logs for y in inverse]
        )
    )
    factor = a.pick(HALF, "2", "") if inside[0] != "-" and " + " not in inside else ""
    bare = inside
    for word in (r"\operatorname{tr}", r"\log", r"\det", r"\top"):
        bare = bare.replace(word, "")
    used = {name: shape for name, shape in shapes.items() if name in bare}
    return Problem(used, f"{f} = {factor}{inside}", rf"\nabla_{{{X}}} {f}", steps=1)


KINDS: Mapping[str, Kind] = {
    "quadratic forms": Kind("02", _quadratic_forms),
    "least squares": Kind("03", _least_squares),
    "matrix least squares": Kind("04", _matrix_least_squares),
    "traces": Kind("04", _traces),
    "determinants": Kind("04", _determinants),
    "logistic regression": Kind("06", _logistic),
    "softmax": Kind("07", _softmax),
    "networks": Kind("08", _networks),
}


class Sentence(str):
    """A sentence that a notebook shows as it is, without quotes."""

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True)
class Practice:
    """A problem to derive. `problem` says what; `check` judges a text, `next` tells what comes after it."""

    kind: str
    level: int
    number: int
    problem: Problem

    def check(self, text: str) -> Sentence:
        """How far a derivation gets, in one sentence; the given lines need not be repeated."""
        return Sentence(self._checked(text))

    def _checked(self, text: str) -> str:
        if not text.strip():
            return f"Nothing is written yet: the last line must say what {self.problem.goal} is."
        found = progress_of(text, self.problem)
        if found.first_bad:
            k, line = found.first_bad
            return f"Line {k}, {line.text.strip()}: {line.message}"
        return "Right: it gets where it should." if found.reached else "No line is wrong; it does not end yet."

    def next(self, text: str = "", tier: int = 1) -> Next:
        """What comes after a text: 1 the rule, 2 the line with a gap, 3 the line."""
        p = self.problem
        return next_line(text, p.shapes, p.functions, tier, p.goal, p.given)

    def solution(self) -> Work:
        """The whole derivation, worked out now."""
        goal, variable = self.problem.goal.split("} ")[::-1]
        variable = variable.removeprefix(r"\nabla_{")
        return work_out(self.problem.given, variable, self.problem.shapes, self.problem.functions, of=goal)

    def __repr__(self) -> str:
        sizes = "; ".join(f"{name} = {shape or 'number'}" for name, shape in self.problem.shapes.items())
        return f"{self.problem.given}\nDerive {self.problem.goal}. Shapes: {sizes}."

    def _repr_html_(self) -> str:
        lines = "".join(f"<p style='margin:.2em 0'>{_mathematics(x)}</p>" for x in self.problem.given.splitlines())
        sizes = "; ".join(f"{name} is {shape or 'a number'}" for name, shape in self.problem.shapes.items())
        return (
            f'<div class="course-practice" style="border-left:4px solid #1b7fb8;padding:.2em .8em">'
            f"<strong>{html.escape(self.kind)}, level {self.level}, number {self.number}</strong>{lines}"
            f"<p style='margin:.2em 0'>Derive {_mathematics(self.problem.goal)}. {html.escape(sizes)}.</p></div>"
        )


def practice(kind: str, level: int = 1, number: int | None = None) -> Practice:
    """A fresh problem of a kind.

    kind    one of KINDS, such as "matrix least squares"; level 1, 2 or 3; the same number gives the same problem.
    Errors: ValueError for another kind, level or number.
    """
    if kind not in KINDS:
        raise ValueError(f"the kind must be one of {', '.join(KINDS)}; got {kind!r}")
    if level not in LEVELS:
        raise ValueError(f"the level must be 1, 2 or 3; got {level!r}")
    if number is not None and (not isinstance(number, int) or number < 0):
        raise ValueError(f"the number must be a whole number, 0 or more; got {number!r}")
    drawn = int(np.random.default_rng().integers(10_000)) if number is None else number
    rng = np.random.default_rng([drawn, level, list(KINDS).index(kind)])
    return Practice(kind, level, drawn, KINDS[kind].draw(rng, level))
