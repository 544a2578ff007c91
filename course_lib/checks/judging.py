"""The judge: one answer in, one verdict out, the same at the student's seat and at the instructor's.

It takes an exercise and a caller, which is a way to reach the learner's function:

    caller.signature(name)   None if there is no such function, else (parameter names or None, how many are required)
    caller.call(name, args)  an Outcome, see `calling`
    caller.text(name)        the text of a string variable, or None
    caller.call_within(name, args, seconds)   where the caller lives in this process: a `patience.Timed` or None;
                             any other caller takes the seconds as a third argument of `call`
    caller.shows             whether the message may show numbers of the draws and what is right for them: in the
                             learner's own notebook it helps (and by default); where points are given, it could be
                             handed in
    caller.wide_seed         the seed of the wide call, where it differs: its inputs are large, and one set is enough

The truth is computed from the judge's own copy of the inputs, before the learner's function runs.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from course_lib.checks import calling, findings, patience
from course_lib.checks.causes import same_cause
from course_lib.checks.comparing import close, errors, is_array, is_number, worst_entry
from course_lib.checks.drawing import SEED, draws
from course_lib.checks.kinds import advice, kind
from course_lib.checks.specification import Exercise
from course_lib.checks.trials import Case, Trial, answer_of, copied
from course_lib.checks.verdict import Verdict
from course_lib.checks.wide import wide_answer


class FunctionCaller:
    """Reaches a function that lives in this Python process."""

    def __init__(self, function: Callable[..., Any]):
        self.function = function

    def signature(self, name: str) -> tuple[list[str] | None, int]:
        return calling.parameter_names(self.function), calling.required_count(self.function)

    def call(self, name: str, args: tuple[Any, ...]) -> calling.Outcome:
        return calling.call(self.function, args)

    def call_within(self, name: str, args: tuple[Any, ...], seconds: float) -> patience.Timed | None:
        return patience.call_within(self.function, args, seconds)


class TextCaller:
    """Holds the text of a derivation."""

    def __init__(self, text: str):
        self._text = text

    def text(self, name: str) -> str:
        return self._text


class Watched:
    """A function argument that keeps what it was called with."""

    def __init__(self, function: Callable[..., Any]):
        self.function = function
        self.calls: list[np.ndarray] = []

    def __call__(self, x: Any) -> Any:
        if len(self.calls) < 1000:
            kept = np.array(x)
            # What is no number tells nothing, and an array of texts is as large as its longest text times their count.
            self.calls.append(kept if kept.dtype.kind in "biufc" else np.array(np.nan))
        return self.function(x)


def judge(exercise: Exercise, caller: Any, seed: int = SEED, closely: bool = True) -> Verdict:
    """The verdict on one answer.

    exercise  an Exercise of the bank.
    caller    how to reach the learner's function, see the top of this module.
    seed      picks the draws.
    closely   whether a wrong answer is named and a right one asked widely; False: only whether the draws agree counts.
    """
    if exercise.kind == "derivation":
        return _judge_derivation(exercise, caller.text(exercise.name))
    signature = caller.signature(exercise.name)
    if signature is None:
        return _verdict(exercise, "not attempted", f"There is no function called `{exercise.name}`.")
    complaint = _signature_complaint(exercise, *signature)
    if complaint:
        return _verdict(exercise, "signature", complaint)
    trials = []
    for args, truth in questions(exercise, seed):
        trials.append(_trial(exercise, caller, args, truth))
        if trials[-1].outcome.kind in ("missing", "blank", "stopped"):
            break
    seconds = sum(trial.outcome.seconds for trial in trials)
    verdict = _ladder(exercise, trials, signature[0], seconds, closely)
    if not (closely and verdict.ok and exercise.widest):
        return verdict
    return _widely(exercise, caller, verdict, getattr(caller, "wide_seed", seed))


def _widely(exercise, caller, verdict, seed):
    """The verdict on an answer that was right on all draws, after one wide call more."""
    wide = wide_answer(exercise, caller, seed)
    seconds = verdict.seconds + wide.seconds
    if wide.status:
        mistake = "one-pass-per-parameter" if wide.status == "costly" else None
        return _verdict(exercise, wide.status, wide.message, mistake, seconds)
    return replace(verdict, message=verdict.message + wide.message, seconds=seconds)


# Room for the whole stock of draws that a class shares, of every exercise of a course.
@lru_cache(maxsize=1 << 14)
def questions(exercise: Exercise, seed: int) -> tuple[tuple[tuple[Any, ...], Any], ...]:
    """The draws of an exercise as ((arguments, what is right for them), ...).

    The same for everybody, so a class is asked and not computed a thousand times. Nobody is handed what is kept here:
    whoever takes arguments takes a copy (`copied`). What is right is None where an exercise judges by a property.
    """
    found = []
    assert exercise.arguments is not None
    for draw in draws(exercise.name, seed):
        args = exercise.arguments(draw)
        found.append((args, exercise.definition(*copied(args)) if exercise.definition else None))
    return tuple(found)


def _trial(exercise, caller, args, truth):
    given = tuple(Watched(arg) if callable(arg) else copied(arg) for arg in args)
    outcome = caller.call(exercise.name, given)
    return Trial(
        args, truth, outcome, tuple(arg for arg in given if isinstance(arg, Watched)), getattr(caller, "shows", True)
    )


def _judge_derivation(exercise, text):
    """The verdict on a derivation: half of the points for reaching the goal, half for the right steps before it."""
    from course_lib.derivation.goal import progress_of
    from course_lib.derivation.report import Report

    problem = exercise.problem
    if text is None:
        return _verdict(exercise, "not attempted", f"There is no text called `{exercise.name}`.")
    if not text.strip():
        return _verdict(exercise, "not attempted", "Nothing to judge yet: the derivation still has to be written.")
    found = progress_of(text, problem)
    steps = min(found.right, problem.steps)
    share = (0.5 + 0.5 * steps / problem.steps) if found.reached else 0.25 * steps / problem.steps
    share = min(share, _MOST_WITH_A_WRONG_LINE) if found.first_bad else share
    points = round(share * exercise.points, 2)
    status, message, mistake = _of_derivation(found, problem, steps)
    verdict = _verdict(exercise, status, message, mistake, points=points)
    return replace(verdict, table=Report(list(found.lines))._repr_html_())


# A derivation with a wrong line in it is not whole, even where its end is right.
_MOST_WITH_A_WRONG_LINE = 0.75


def _of_derivation(found, problem, steps):
    """(status, message, mistake) of a derivation that was judged."""
    if found.first_bad:
        number, line = found.first_bad
        return "wrong line", f"Line {number}, `{line.text.strip()}`: {line.message}", line.mistake
    counted = _counted(found.steps)
    if not found.reached:
        message = (
            f"No line is wrong, but the derivation does not end yet: the last line must say what `{problem.goal}` is, "
            f"without a derivative on its right side. {counted}"
        )
        return "unfinished", message, None
    if steps < problem.steps:
        message = (
            f"The result is right. It asks for {problem.steps} right step{'s' * (problem.steps != 1)} before it. "
            f"{counted} A line that repeats or pads another is no step."
        )
        return "unfinished", message, None
    return "right", f"Every line is right, and the last one says what `{problem.goal}` is.", None


def _counted(steps):
    """Which lines count as steps, as a sentence."""
    if not steps:
        return "No line counts as a step so far."
    numbers = ", ".join(map(str, steps[:-1]))
    return f"Lines {numbers} and {steps[-1]} count as steps." if numbers else f"Line {steps[0]} counts as a step."


def _verdict(exercise, status, message, mistake=None, seconds=0.0, points=0.0):
    points = exercise.points if status == "right" else points
    return Verdict(exercise.name, status, message, points, exercise.points, mistake, seconds, chapter=exercise.chapter)


def _signature_complaint(exercise, names, required):
    """A sentence if the exercise's arguments cannot be handed over as its parameters say, else ""."""
    if names is None:
        return ""
    wanted = len(exercise.parameters)
    if "*" in names:
        by_name = ", ".join(f"`{name}`" for name in names[names.index("*") + 1 :])
        return f"The exercise hands over `{exercise.call}`, value by value; yours takes {by_name} by name alone."
    yours = f"yours is `{exercise.name}({', '.join(names)})`"
    if required > wanted or len(names) < wanted:
        return f"The exercise asks for `{exercise.call}`, {yours}."
    given = tuple(names[:wanted])
    if given != exercise.parameters and sorted(given) == sorted(exercise.parameters):
        return f"The exercise asks for `{exercise.call}`, {yours}: the same parameters in another order."
    return ""


def _ladder(exercise, trials, names, seconds, closely=True):
    """The first rung that fails on any draw gives the message; a mistake must be confirmed on all of them."""
    last = trials[-1].outcome
    if last.kind == "missing":
        return _verdict(exercise, "not attempted", f"There is no function called `{exercise.name}`.")
    if last.kind == "blank":
        return _verdict(exercise, "not attempted", "Nothing to judge yet: the function still has to be written.")
    if last.kind == "stopped":
        return _verdict(exercise, "stopped", f"Your function was stopped: {last.error}.", seconds=seconds)
    failures = [(trial, *failed) for trial in trials if (failed := _first_rung(exercise, trial))]
    if not failures:
        return _verdict(exercise, "right", _praise(exercise, len(trials)), seconds=seconds)
    order = ("raised", "none", "kind", "shape", "not finite", "wrong", "overwritten", "costly")
    _trial_, status, message = min(failures, key=lambda failure: order.index(failure[1]))
    if not closely:
        return _verdict(exercise, status, message, seconds=seconds)
    mistake = _named(exercise, trials)
    if mistake:
        facts = f" ({message.rstrip('.')}.)" if status in ("raised", "shape", "kind") else ""
        return _verdict(exercise, status, mistake.sentence + facts, mistake.id, seconds)
    if status == "overwritten":
        return _verdict(exercise, status, message, "overwritten", seconds)
    finding = findings.found(Case(exercise, tuple(trials))) if status != "costly" else None
    if finding:
        id, sentence = finding
        said = message if sentence in message else f"{sentence} ({message})"
        return _verdict(exercise, status, said, id, seconds)
    if names and tuple(names[: len(exercise.parameters)]) != exercise.parameters:
        message += f" Your parameters are ({', '.join(names)}); the exercise hands over {exercise.call}, in this order."
    return _verdict(exercise, status, message, seconds=seconds)


def _praise(exercise, count):
    return f"Agrees with the definition on {count} random draws."


def _first_rung(exercise, trial):
    """(status, message) of the first rung that this trial fails, or None."""
    outcome, truth = trial.outcome, trial.truth
    if outcome.kind == "raised":
        where = f" in line {outcome.line_number}, `{outcome.line}`" if outcome.line else ""
        looked_up = "unhashable type: 'numpy.ndarray'" in outcome.error
        help_ = " An array can be no key: leave `@cache` away, and put no array into a set or dict." * looked_up
        return "raised", f"Called with {_described(exercise, trial)}, it raised {outcome.error}{where}.{help_}"
    if outcome.value is None:
        return "none", "Your function returned None. Did you forget `return`?"
    if exercise.acceptance:
        return exercise.acceptance(outcome.value, *copied(trial.args))
    if exercise.returns:
        names = exercise.names(len(truth))
        if not isinstance(outcome.value, tuple) or len(outcome.value) != len(truth):
            wanted = f"{len(truth)} values, `{', '.join(names)}`"
            help_ = advice(outcome.value, truth)
            return "kind", f"Your function returned {kind(outcome.value)}; expected {wanted}. {help_}".rstrip()
        pairs = list(zip(names, outcome.value, truth, strict=True))
    else:
        pairs = [("", outcome.value, truth)]
    for rung in (_kind_rung, _shape_rung, _finite_rung, _value_rung):
        for name, got, expected in pairs:
            message = rung(exercise, trial, f"`{name}`" if name else "the value", got, expected)
            if message:
                return message
    return _kept_rung(exercise, trial) or _cost_rung(exercise, trial)


def _kind_rung(exercise, trial, name, got, expected):
    wants_array = is_array(expected)
    if isinstance(expected, str):
        fits = isinstance(got, str)
    elif wants_array:
        fits = is_array(got) or is_number(got)
    else:
        fits = is_number(got) or is_array(got)
    if not fits:
        what = f"{_sentence(name)} is" if exercise.returns else "Your function returned"
        help_ = advice(got, expected)
        return "kind", f"{what} {kind(got)}; expected {kind(expected)}. {help_}".rstrip()
    if not isinstance(expected, str) and np.iscomplexobj(got) and not np.iscomplexobj(expected):
        return (
            "kind",
            f"{_sentence(name)} is complex; expected real numbers. Take `.imag` or `.real`, whichever is meant.",
        )
    return None


def _shape_rung(exercise, trial, name, got, expected):
    if isinstance(expected, str) or np.shape(got) == np.shape(expected):
        return None
    message = f"{_sentence(name)} has shape {np.shape(got)}, expected {np.shape(expected)}"
    if np.size(got) == np.size(expected) and close(np.reshape(got, np.shape(expected)), expected, exercise.rtol):
        return "shape", message + ". The numbers are right; only the shape is not."
    if np.ndim(got) == np.ndim(expected) == 2 and np.shape(got) == np.shape(expected)[::-1]:
        same = close(np.transpose(got), expected, exercise.rtol)
        return "shape", message + (
            ". It is the transpose of the right answer." if same else ". The two axes are swapped."
        )
    return "shape", message + f" when called with {_described(exercise, trial)}."


def _finite_rung(exercise, trial, name, got, expected):
    if isinstance(expected, str) or np.all(np.isfinite(got)) or not np.all(np.isfinite(expected)):
        return None
    index = np.argwhere(~np.isfinite(np.atleast_1d(got)))[0]
    where = f" at entry {_index(index)}" if np.ndim(got) else ""
    value = np.atleast_1d(got)[tuple(index)]
    return (
        "not finite",
        f"{_sentence(name)} holds {value}{where} when called with {_described(exercise, trial)}.",
    )


def _value_rung(exercise, trial, name, got, expected):
    if close(got, expected, exercise.rtol):
        return None
    if isinstance(expected, str):
        wanted = f"expected {expected!r}" if trial.shows else "another text was expected"
        return "wrong", f"Your function returned {got!r}, {wanted}."
    index, yours, right = worst_entry(got, expected, exercise.rtol)
    off = int(np.sum(errors(got, expected, exercise.rtol) > 1))
    where = f"entry {_index(index)}" if index else name
    share = f" {off} of {np.size(expected)} entries are off." if np.size(expected) > 1 else ""
    which = f" of {name}" if index and name != "the value" else ""
    called = f"Called with {_described(exercise, trial)}"
    if not trial.shows:
        return "wrong", f"{called}, {'an entry' if index else name}{which} is wrong.{share}"
    yours, right = _apart(yours, right)
    return "wrong", f"{called}, {where}{which} is {yours}, it should be {right}.{share}"


def _kept_rung(exercise, trial):
    """What the text asks to leave as it was must hold after the call what it held before."""
    names = [exercise.parameters[place] for place in trial.outcome.changed if place < len(exercise.parameters)]
    lost = [f"`{name}`" for name in names if name in exercise.keeps]
    if not lost:
        return None
    return "overwritten", (
        f"What you return is right, but your function overwrote {' and '.join(lost)}, which belong"
        f"{'s' if len(lost) == 1 else ''} to whoever called it. `-=`, `+=` and `[...] =` write into the array that was "
        "handed over; compute a new one, or take a copy first."
    )


def _cost_rung(exercise, trial):
    most = max((len(function.calls) for function in trial.watched), default=0)
    if exercise.calls is None or most <= exercise.calls:
        return None
    allowed = "one call is" if exercise.calls == 1 else f"{exercise.calls} calls are"
    return "costly", f"The value is right, but the given function was called {most} times, and {allowed} enough."


def _named(exercise, trials):
    """The mistake that explains every draw, or None: never a guess."""
    only_raised = all(trial.outcome.kind == "raised" for trial in trials)
    for mistake in exercise.mistakes:
        if mistake.seen is not None:
            if all(mistake.seen(*trial.watched) for trial in trials):
                return mistake
        elif mistake.shown is not None:
            if all(mistake.shown(trial.outcome.value, *copied(trial.args)) for trial in trials):
                return mistake
        elif not only_raised and all(_same_outcome(exercise, mistake, trial) for trial in trials):
            return mistake
    return _by_failure(exercise, trials) if only_raised else None


def _by_failure(exercise, trials):
    """The one mistake that fails as all calls did. Several may fail alike: then only the very same failure tells."""
    alike = [mistake for mistake in exercise.mistakes if all(_same_failure(mistake, trial) for trial in trials)]
    same = [mistake for mistake in alike if all(_very_same_failure(mistake, trial) for trial in trials)]
    return next((found[0] for found in (alike, same) if len(found) == 1), None)


def _same_outcome(exercise, mistake, trial):
    theirs, yours = answer_of(mistake, trial.args), trial.outcome
    if theirs.kind == yours.kind == "raised":
        return theirs.error == yours.error
    return theirs.kind == yours.kind == "value" and close(yours.value, theirs.value, exercise.rtol)


def _very_same_failure(mistake, trial):
    theirs, yours = answer_of(mistake, trial.args), trial.outcome
    return (theirs.error, theirs.operands) == (yours.error, yours.operands)


def _same_failure(mistake, trial):
    theirs = answer_of(mistake, trial.args) if mistake.seen is None and mistake.shown is None else None
    return theirs is not None and theirs.kind == "raised" and same_cause(trial.outcome, theirs)


def _described(exercise, trial):
    """The arguments in words: numbers by value where they may be shown, arrays by shape."""
    parts = []
    for name, arg in zip(exercise.parameters, trial.args, strict=True):
        if isinstance(arg, np.ndarray):
            parts.append(f"{name} of shape {arg.shape}")
        elif isinstance(arg, np.random.Generator):
            parts.append(f"a generator {name}")
        elif callable(arg):
            parts.append(f"a function {name}")
        elif isinstance(arg, tuple):
            parts.append(f"{name} of {len(arg)} items")
        elif is_number(arg) and not trial.shows:
            parts.append(f"a number {name}")
        else:
            parts.append(f"{name} = {_number(arg) if is_number(arg) else repr(arg)}")
    return ", ".join(parts)


def _index(index):
    return "[" + ", ".join(str(int(i)) for i in index) + "]"


def _number(value, digits=6):
    """Six significant digits: the same text on every machine."""
    return f"{complex(value):.{digits}g}" if np.iscomplexobj(value) else f"{float(value):.{digits}g}"


def _apart(yours, right):
    """Two different numbers in as many digits as it takes to see that they differ, six at least."""
    texts = [(_number(yours, digits), _number(right, digits)) for digits in range(6, 18)]
    return next((pair for pair in texts if pair[0] != pair[1]), texts[-1])


def _sentence(name):
    return name[0].upper() + name[1:]
