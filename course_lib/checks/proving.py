"""Is a check itself right? The proofs that every exercise passes, ours and those of any other bank.

The solution is right, the stub is not attempted, every mistake fails with its own name, and the difference quotients of
what the truth differentiates are wrong. Each proof returns what is wrong in one sentence, or "".
"""

import linecache
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from course_lib.calculus import jacobian
from course_lib.checks.calling import describe
from course_lib.checks.drawing import SEED, draws
from course_lib.checks.judging import FunctionCaller, TextCaller, judge
from course_lib.checks.specification import Exercise, Mistake
from course_lib.checks.verdict import Verdict

SEEDS = (SEED, 1, 2)
STEPS = tuple(10.0**k for k in range(-8, 7))

# How a quotient is formed: (place of a value in steps, its weight), the sum divided by the step.
SCHEMES: dict[str, tuple[tuple[int, float], ...]] = {
    "forward": ((1, 1), (0, -1)),
    "central": ((1, 1 / 2), (-1, -1 / 2)),
    "fourth order": ((1, 2 / 3), (-1, -2 / 3), (2, -1 / 12), (-2, 1 / 12)),
}

# How long the step is beside an entry x. An entry 0 gives no length, so the step is taken as it is.
LENGTHS: dict[str, Callable[[float, float], float]] = {
    "h": lambda h, x: h,
    "h max(1, |x|)": lambda h, x: h * max(1.0, abs(x)),
    "h |x|": lambda h, x: h * (abs(x) or 1.0),
}


def quotient(f: Callable[[Any], Any], x: Any, scheme: str, length: Callable[[float], float]) -> np.ndarray:
    """The differences of f in every entry of x: the shape of f(x) followed by that of x.

    length   the step for an entry.
    """
    x = np.asarray(x, dtype=float)
    columns = []
    for place in np.ndindex(x.shape):
        step = length(x[place])

        def moved(count: int, place: tuple[int, ...] = place, step: float = step) -> np.ndarray:
            y = x.copy()
            y[place] += count * step
            return np.asarray(f(y))

        columns.append(sum(weight * moved(count) for count, weight in SCHEMES[scheme]) / step)
    stacked = np.stack(columns, axis=-1)
    return stacked.reshape(stacked.shape[:-1] + x.shape)


def verdict_on(exercise: Exercise, source: str, seed: int = SEED) -> Verdict:
    """The verdict on an answer that is given as the source of a cell."""
    namespace: dict[str, Any] = {"np": np}
    # A notebook keeps the lines of its cells; what failed in them is read there.
    linecache.cache["<cell 0>"] = (len(source), None, source.splitlines(keepends=True), "<cell 0>")
    exec(compile(source, "<cell 0>", "exec"), namespace)
    answer = namespace[exercise.name]
    with np.errstate(all="ignore"):
        return judge(exercise, TextCaller(answer) if isinstance(answer, str) else FunctionCaller(answer), seed)


def stub_of(exercise: Exercise) -> str:
    """The cell as it is handed out."""
    if exercise.kind == "derivation":
        return f'{exercise.name} = ""'
    return f"def {exercise.call}:\n    # YOUR CODE HERE\n    raise NotImplementedError()\n"


def faults(
    exercise: Exercise, solution: str | None, seeds: Sequence[int] = SEEDS
) -> Iterator[tuple[tuple[str, int], str]]:
    """((file, line), what is wrong) for everything that is wrong with an exercise.

    solution   the source of the cell that solves it, None where there is none.
    """
    if solution is None:
        yield exercise.place, f"`{exercise.name}` has no solution between the markers in solutions/"
    elif fault := solution_fault(exercise, solution, seeds):
        yield exercise.place, fault
    if fault := stub_fault(exercise):
        yield exercise.place, fault
    for mistake in exercise.mistakes:
        if fault := mistake_fault(exercise, mistake, seeds):
            yield _place_of(exercise, mistake), fault
    if fault := quotient_fault(exercise):
        yield exercise.place, fault


def solution_fault(exercise: Exercise, source: str, seeds: Sequence[int] = SEEDS) -> str:
    """Whether the solution is right, for full points."""
    for seed in seeds:
        try:
            verdict = verdict_on(exercise, source, seed)
        except Exception as error:
            return f"the solution of `{exercise.name}` cannot be judged: {describe(error)}"
        if verdict.status != "right" or not verdict.points == exercise.points > 0:
            return f"the solution of `{exercise.name}` is not right (seed {seed}): {verdict.message}"
    return ""


def stub_fault(exercise: Exercise) -> str:
    """Whether the stub is not attempted, which is not wrong."""
    verdict = verdict_on(exercise, stub_of(exercise))
    if verdict.status == "not attempted" and verdict.points == 0:
        return ""
    return f"the stub of `{exercise.name}` is {verdict.status!r}, not 'not attempted': {verdict.message}"


def mistake_fault(exercise: Exercise, mistake: Mistake, seeds: Sequence[int] = SEEDS) -> str:
    """Whether a mistake fails, with its own name and its own sentence first."""
    whose = f"the mistake {mistake.id!r} of `{exercise.name}`"
    for seed in seeds:
        verdict = verdict_on(exercise, mistake.source(exercise.name), seed)
        if verdict.status == "right" or verdict.points >= exercise.points:
            return f"{whose} passes (seed {seed})"
        if verdict.mistake != mistake.id or not verdict.message.startswith(mistake.sentence):
            known = f"as {verdict.mistake!r}" if verdict.mistake else "without a name"
            return f"{whose} fails {known} (seed {seed}): {verdict.message}"
        if verdict.points and exercise.kind == "function":
            return f"{whose} earns {verdict.points:g} points (seed {seed})"
    return ""


def quotient_fault(exercise: Exercise, seed: int = SEED) -> str:
    """Whether the truth passes with a difference quotient in the place of every complex step that it takes."""
    definition = exercise.definition
    if exercise.differences or definition is None or not differentiates(exercise):
        return ""
    for scheme in SCHEMES:
        for length, step_of in LENGTHS.items():
            for h in STEPS:

                def differences(f: Any, x: Any, scheme: str = scheme, step: Any = step_of, h: float = h) -> np.ndarray:
                    return quotient(f, x, scheme, lambda entry: step(h, entry))

                def answer(*args: Any, differences: Any = differences) -> Any:
                    with _stepping(definition, lambda f, x, h=1e-30: differences(f, x)):
                        return definition(*args)

                with np.errstate(all="ignore"):
                    verdict = judge(exercise, _Bare(answer), seed, closely=False)
                if verdict.ok:
                    return (
                        f"{scheme} differences with the step {length}, h = {h:g}, pass for `{exercise.name}`: let them "
                        "drown in a draw (`draw.drowns`), or declare differences=True where they may pass"
                    )
    return ""


def differentiates(exercise: Exercise) -> bool:
    """Whether the truth takes a complex step, so that quotients can be handed in instead."""
    if exercise.kind != "function" or exercise.definition is None or exercise.arguments is None:
        return False
    taken: list[bool] = []

    def watching(f: Any, x: Any, h: float = 1e-30) -> Any:
        taken.append(True)
        return _EXACT(f, x, h)

    with _stepping(exercise.definition, watching), np.errstate(all="ignore"):
        exercise.definition(*exercise.arguments(draws(exercise.name)[0]))
    return bool(taken)


class _Bare(FunctionCaller):
    """A caller whose function says nothing of its parameters."""

    def signature(self, name: str) -> tuple[None, int]:
        return None, 0


_EXACT = jacobian.complex_step_jacobian


@contextmanager
def _stepping(definition: Callable[..., Any], step: Callable[..., Any]) -> Iterator[None]:
    """Within, what the file of a definition, and the calculus, take for the complex step is `step`."""

    def gradient(f: Any, x: Any, h: float = 1e-30) -> Any:
        return step(f, x, h).reshape(np.shape(x))

    stand_ins = {id(jacobian.complex_step_jacobian): step, id(jacobian.complex_step_gradient): gradient}
    changed: list[tuple[dict[str, Any], str, Any]] = []
    for names in (vars(jacobian), definition.__globals__ if isinstance(definition, types.FunctionType) else {}):
        changed += [(names, name, value) for name, value in names.items() if id(value) in stand_ins]
    try:
        for names, name, value in changed:
            names[name] = stand_ins[id(value)]
        yield
    finally:
        for names, name, value in changed:
            names[name] = value


def _place_of(exercise: Exercise, mistake: Mistake) -> tuple[str, int]:
    """Where a mistake stands; one that was made by edits, or of a derivation, stands with its exercise."""
    code = getattr(mistake.answer, "__code__", None)
    if code is None or code.co_filename != exercise.place[0]:
        return exercise.place
    return code.co_filename, code.co_firstlineno
