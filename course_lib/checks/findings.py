"""The second layer of naming: what can be said of a wrong answer that the bank has no name for, in every exercise.

Nothing here is guessed. A finding holds on every draw, to the last digit that counts, or it is not said. `FINDINGS`
lists the ids: the gradebook and the class report count them like those of the bank.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np

from course_lib.checks import precision, relations
from course_lib.checks.calling import Other
from course_lib.checks.comparing import close, is_array
from course_lib.checks.failures import why_it_raised
from course_lib.checks.kinds import kind
from course_lib.checks.other_questions import Question, broadcasts, questions_beside
from course_lib.checks.relations import factor, is_right, numbers, ratios
from course_lib.checks.specification import Mistake
from course_lib.checks.trials import Case, Output, copied, everywhere, outputs_of

# Every id that the second layer gives, and what it stands for.
FINDINGS = {
    # how a value hangs together with the right one, see `relations`
    "argument": "an argument came back as it was handed over",
    "zeros": "0 everywhere",
    "constant": "the same number whatever the arguments are",
    "multiple": "the same multiple of the right one, perhaps with a length or an argument in it",
    "layout": "the transpose of the right one",
    "shape": "the right numbers in another shape",
    "total": "summed, or averaged, over everything in the place of one axis",
    "summed": "summed over an axis that should have stayed",
    "unsummed": "an axis that should have been summed is still there",
    "permuted": "the right numbers in another order",
    "diagonal": "the diagonal alone, or a diagonal matrix in the place of a vector",
    "cut": "a row is missing, or one too many",
    "part": "some rows, columns or the diagonal are right and the rest is not",
    "signs": "the right sizes with wrong signs",
    "function": "a known function of the right one: its square, its root, 1 over it",
    "extra": "the right one plus or minus an argument or a fixed number",
    # digits, see `precision`
    "rounded": "rounded to some decimals",
    "single": "single precision",
    "quotient": "a difference quotient in the place of a formula",
    "digits": "right to some digits only",
    # the right answer to another question, see `other_questions`
    "broadcast": "a column met a vector, and NumPy made a table of the two",
    "left-out": "an argument does not enter",
    "turned": "the sign of an argument is turned",
    "scaled": "an argument that is a number came in with a factor",
    "squared": "an argument came in squared",
    "rooted": "the square root of an argument came in",
    "sizes": "the absolute values of an argument came in",
    "centred": "the mean was taken out of an argument",
    "standardised": "an argument was scaled to mean 0 and deviation 1",
    "intercept": "a column of ones was added",
    "softmax-again": "one softmax too many",
    "sigmoid-again": "one sigmoid too many",
    "logarithm": "the logarithm of an argument came in",
    "exponential": "the exponential of an argument came in",
    "labels": "labels were mapped to ±1, from ±1, or exchanged",
    "transposed": "an argument came in transposed",
    "sorted": "an argument came in sorted",
    "repeats": "repeated entries of an argument counted once",
    "off-by-one": "one more or one less of something that is counted",
    "one-sample": "one sample alone counts",
    "sample-lost": "the first or the last sample is lost",
    "one-batch": "one batch alone counts",
    "batch-lost": "the first or the last batch is lost",
    "backwards": "taken in reverse order",
    "exchanged": "two arguments in each other's place",
    "epsilon": "a small number was added for safety, and it shows",
    # where it goes wrong
    "partly": "some of the returned values are right",
    "not-finite": "right where it is a number, nan or infinite elsewhere",
    "some-draws": "right on some draws",
    # what came back is of another kind
    "no-return": "nothing was returned",
    "remembered": "a list outlived its call, as a mutable default does",
    "several": "several values where one is asked for",
    "container": "a dict, a list or another container in the place of arrays",
    # what it costs, see `wide`
    "one-pass-per-parameter": "the loss is computed once for every parameter, not once for all",
    # what it leaves behind
    "overwritten": "an argument was changed that should have stayed as it was",
    # why a call raised, see `failures`
    "product": "a matrix product of shapes that do not fit",
    "entrywise": "an entrywise operation on shapes that do not fit",
    "index": "an index beyond the end",
    "axis": "an axis that the array does not have",
    "integer-index": "an index that is no whole number, or of another shape",
    "undefined": "a name that is not defined",
    "square": "an inverse or a solution with a matrix that is not square, or singular",
    "truth-value": "an if on a whole array",
    "one-number": "a function for one number got an array",
    "attribute": "an attribute or a method that the value does not have",
    "unpack": "a number of values that does not fit the names",
}

# In the order of trying: what says most comes first.
RELATIONS: dict[str, relations.Relation] = {
    "argument": relations.argument,
    "total": relations.total,
    "zeros": relations.zeros,
    "multiple": relations.multiple,
    "layout": relations.layout,
    "shape": relations.shape,
    "diagonal": relations.diagonal,
    "unsummed": relations.unsummed,
    "summed": relations.summed,
    "rounded": precision.rounded,
    "single": precision.single,
    "signs": relations.signs,
    "permuted": relations.permuted,
    "cut": relations.cut,
    "part": relations.most,
    "function": relations.function_of,
    "extra": relations.extra,
    "constant": relations.constant,
}
# What may be wrong besides a mistake of the bank.
BESIDES = ("multiple", "layout", "shape", "rounded", "single")

Found = tuple[str, str]


def found(case: Case) -> Found | None:
    """The id and the sentence of what can be said of a wrong answer, or None."""
    outcomes = [trial.outcome for trial in case.trials]
    if any(outcome.kind == "raised" for outcome in outcomes):
        return why_it_raised(outcomes)
    if not case.outputs:
        return remembered(case) or of_another_kind(case)
    for look in (whole_multiple, output_by_output, lost_digits, other_question, table, bank_and_more, in_part):
        if say := look(case):
            return say
    return None


def _and(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _are(subjects: list[str]) -> str:
    """ "`a` is" or "`a` and `b` are"."""
    return f"{_and(subjects)} {'are' if len(subjects) > 1 else 'is'}"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


# ------------------------------------------------------------------------------------------------------------ relations
def whole_multiple(case: Case) -> Found | None:
    """All that came is one multiple of what is right; by the names of two mistakes where these two make it."""
    truths = [trial.truth for trial in case.trials]
    times = factor(case, case.values, truths)
    if not times:
        return None
    sentence = f"On every draw your answer is {times} times the right one."
    pair = _two_multiples(case, ratios(case.rtol, case.values, truths))
    if pair is None:
        return "multiple", sentence
    first, second = pair
    return first.id, f"{sentence} Two slips at once make that. One alone: {first.sentence} The other: {second.sentence}"


def _two_multiples(case: Case, wanted: np.ndarray | None) -> tuple[Mistake, Mistake] | None:
    """Two mistakes of the bank that each make a multiple of the right one, and together this one."""
    truths = [trial.truth for trial in case.trials]
    known = []
    for mistake in _computed(case):
        made = ratios(case.rtol, case.mistaken(mistake), truths) if case.mistaken(mistake) else None
        if made is not None:
            known.append((mistake, made))
    for j, (second, one) in enumerate(known):
        for first, other in known[:j]:
            if wanted is not None and close(one * other, wanted, 1e-8):
                return first, second
    return None


def _computed(case: Case) -> list[Mistake]:
    """The mistakes of the bank that are known by their values."""
    return [m for m in case.exercise.mistakes if callable(m.answer) and m.seen is None and m.shown is None]


def relation_of(case: Case, output: Output, among: Iterable[str] = RELATIONS) -> Found | None:
    """The first relation between what came and what is right: its id and its predicate."""
    for id in among:
        if predicate := RELATIONS[id](case, output):
            return id, predicate
    return None


def _steps_from_the_end(name: str) -> int:
    """Backward order: what belongs to a later layer is computed first."""
    figures = [int(letter) for letter in name if letter.isdigit()]
    return -max(figures, default=0) if name.startswith("d") else 0


def output_by_output(case: Case) -> Found | None:
    """What each returned value is, where something can be said of all that are wrong, or of some by the bank."""
    order = sorted(case.outputs, key=lambda output: _steps_from_the_end(output.name))
    right = [output.subject for output in order if is_right(case, output)]
    ids, parts, unknown = [], [], []
    by_bank: dict[str, list[str]] = {}
    for output in (output for output in order if output.subject not in right):
        say = relation_of(case, output)
        if say:
            ids.append(say[0])
            parts.append(_sentence(f"{output.subject} {say[1]}."))
        elif by_name := _output_of_the_bank(case, output):
            ids.append(by_name.id)
            by_bank.setdefault(by_name.sentence, []).append(output.subject)
        else:
            unknown.append(output.subject)
    if not ids or (unknown and not right):
        return None
    if right:
        parts.insert(0, f"{_are(right)} right.")
    parts += [f"In {_and(subjects)}: {sentence}" for sentence, subjects in by_bank.items()]
    if unknown:
        parts.append(f"{_are(unknown)} not.")
    return ids[0], " ".join(parts)


def _output_of_the_bank(case: Case, output: Output) -> Mistake | None:
    """A mistake of the bank that makes this one of several returned values what it is."""
    if not output.name:
        return None
    for mistake in _computed(case):
        made = outputs_of(case.exercise, case.mistaken(mistake), case.mistaken(mistake))
        for theirs in made:
            if theirs.name == output.name and everywhere(lambda g, m: close(g, m, case.rtol), output.got, theirs.got):
                return mistake
    return None


# --------------------------------------------------------------------------------------------------------------- digits
def lost_digits(case: Case) -> Found | None:
    """Close and not right: a small number added for safety, a difference quotient, or some digits lost."""
    if not precision.is_close(case):
        return None
    for question in questions_beside(case):
        if question.id == "epsilon" and answers(case, question):
            return "epsilon", f"Your answer is the right one {question.words}."
    for id, look in (("quotient", precision.quotient), ("digits", precision.digits)):
        if sentence := look(case):
            return id, sentence
    return None


# ------------------------------------------------------------------------------------------------------ other questions
def _definition_at(case: Case, question: Question, place: int) -> Any:
    """What is right for the other arguments, or None where they make no sense."""
    try:
        with np.errstate(all="ignore"):
            args = question.asked(copied(case.trials[place].args))
            return case.exercise.definition(*args) if case.exercise.definition else None
    except Exception:  # arguments that make no sense fail in any way they like; then nothing was found
        return None


def answers(case: Case, question: Question) -> str:
    """Whether the answer is right for the other question: "" if not, else "yes" or the factor that remains."""
    others = []
    for place, value in enumerate(case.values):
        other = _definition_at(case, question, place)
        if other is None or not _alike(value, other) or close(other, case.trials[place].truth, case.rtol):
            return ""
        if ratios(case.rtol, [value], [other]) is None:
            return ""
        others.append(other)
    if all(close(value, other, case.rtol) for value, other in zip(case.values, others, strict=True)):
        return "yes"
    return factor(case, case.values, others)


def _alike(value: Any, other: Any) -> bool:
    """Whether two values have one structure and one shape."""
    if isinstance(other, tuple):
        same = isinstance(value, tuple) and len(value) == len(other)
        return same and all(_alike(v, o) for v, o in zip(value, other, strict=True))
    return numbers(value) and numbers(other) and np.shape(value) == np.shape(other)


def is_discrete(case: Case) -> bool:
    """Whether the right values are whole numbers, or shares of a count: few enough to be met by chance."""

    def whole(value: Any) -> bool:
        array = np.asarray(value, dtype=float)
        return bool(np.all(np.abs(array - np.round(array)) < 1e-9))

    counts = [np.ones(len(case.trials)), *case.sizes.values()]
    truths = [np.concatenate([np.ravel(part) for part in _parts(trial.truth)]) for trial in case.trials]
    return any(all(whole(t * c) for t, c in zip(truths, count, strict=True)) for count in counts)


def _parts(value: Any) -> tuple:
    return value if isinstance(value, tuple) else (value,)


def other_question(case: Case) -> Found | None:
    """The right answer to another question: an argument left out, squared, exchanged, one sample alone."""
    if is_discrete(case) or case.exercise.slow_truth:
        return None
    for question in questions_beside(case):
        times = answers(case, question)
        if times == "yes":
            return question.id, f"Your answer is the right one {question.words}."
        if times and question.id in ("one-sample", "sample-lost", "one-batch", "batch-lost"):
            return question.id, f"Your answer is {times} times the right one {question.words}."
    return None


def table(case: Case) -> Found | None:
    """A column (n, 1) met a vector (n,), and NumPy made a table (n, n) of the two."""
    if is_discrete(case) or case.exercise.slow_truth:
        return None
    for name, value in broadcasts(case):
        try:
            made = [value(trial.args) for trial in case.trials]
        except Exception:  # as above: where the change makes no sense there is nothing to find
            continue
        if factor(case, case.values, made):
            return "broadcast", (
                "A column of shape (n, 1) met a vector of shape (n,), and NumPy made a table of shape (n, n) of the "
                f"two: every entry of `{name}` was set against every sample, not against its own alone. Keep both 1-D; "
                "`print(a.shape)` in the line before shows it."
            )
    return None


# ----------------------------------------------------------------------------------------------- the bank, and besides
def bank_and_more(case: Case) -> Found | None:
    """A mistake of the bank and one thing more: a factor, another shape, other arguments, nan in some places."""
    for mistake in _computed(case):
        made = case.mistaken(mistake)
        outputs = outputs_of(case.exercise, case.values, made) if made else ()
        besides = []
        for output in outputs:
            if not is_right(case, output):
                besides.append(relation_of(case, output, BESIDES) or ("", _with_holes(case, output)))
        if outputs and besides and all(predicate for _, predicate in besides):
            what = besides[0][1].replace("the right one", "what that slip alone gives")
            what = what.replace("the right numbers", "the numbers of that slip")
            return mistake.id, f"{mistake.sentence} That is not all: your answer {what}."
    if is_discrete(case):
        return None
    for question in questions_beside(case):
        for mistake in _computed(case):
            if question.id != "epsilon" and _mistaken_about(case, mistake, question):
                more = f"your answer is what this gives {question.words}."
                return mistake.id, f"{mistake.sentence} That is not all: {more}"
    return None


def _with_holes(case: Case, output: Output) -> str:
    """Where it is a number it is this, and elsewhere nan or infinite."""

    def filled(g: np.ndarray, r: np.ndarray) -> bool:
        if np.shape(g) != np.shape(r) or not is_array(g):
            return False
        return close(np.where(np.isfinite(g), g, r), r, case.rtol) and bool(np.any(np.isfinite(g) & (g != 0)))

    holes = any(numbers(g) and not np.all(np.isfinite(g)) for g in output.got)
    if holes and everywhere(filled, output.got, output.right):
        return "is nan or infinite in some entries"
    return ""


def _mistaken_about(case: Case, mistake: Mistake, question: Question) -> bool:
    """Whether the answer is what the mistake gives for the other arguments."""
    assert callable(mistake.answer)
    for trial, value in zip(case.trials, case.values, strict=True):
        try:
            with np.errstate(all="ignore"):
                made = mistake.answer(*question.asked(copied(trial.args)))
        except Exception:  # the mistake, or the change, makes no sense for these arguments
            return False
        made = tuple(made) if isinstance(made, list) else made
        if not close(value, made, case.rtol):
            return False
    return True


# ---------------------------------------------------------------------------------------------------------------- parts
def in_part(case: Case) -> Found | None:
    """Right in some of the values, in some of the draws, or wherever it is a number."""
    right = [output.subject for output in case.outputs if is_right(case, output)]
    wrong = [output.subject for output in case.outputs if output.subject not in right]
    wrong.sort(key=lambda subject: _steps_from_the_end(subject.strip("`")))
    if right:
        sentence = f"{_are(right)} right; {_are(wrong)} not."
        if len(wrong) > 1:
            sentence += f" Look at {wrong[0]} first: it is the first that goes wrong."
        return "partly", sentence
    for output in case.outputs:
        if words := relations.part(case, output):
            return "part", _sentence(f"{output.subject} {words}.")
        if _with_holes(case, output):
            if by_name := _holes_of_the_bank(case):
                return by_name.id, by_name.sentence
            return "not-finite", (
                "Wherever your answer is a number, it is right. The other entries are nan or infinite; the usual "
                "reasons are an exponential that overflowed and a division of 0 by 0."
            )
    good = [all(close(o.got[i], o.right[i], case.rtol) for o in case.outputs) for i in range(len(case.trials))]
    if any(good):
        return "some-draws", (
            f"On {sum(good)} of {len(good)} draws your answer is right, so the formula is not far off. Look at what is "
            "special about the call above."
        )
    return None


def _holes_of_the_bank(case: Case) -> Mistake | None:
    """The mistake of the bank that is right wherever it is a number, and is none in the same rows as this answer."""
    found = []
    for mistake in _computed(case):
        made = case.mistaken(mistake)
        outputs = outputs_of(case.exercise, made, [trial.truth for trial in case.trials]) if made else ()
        pairs = list(zip(outputs, case.outputs, strict=False))
        nearer = [everywhere(_holds_the_holes_of, theirs.got, mine.got) for theirs, mine in pairs]
        if pairs and all(nearer) and all(_with_holes(case, theirs) or is_right(case, theirs) for theirs, _ in pairs):
            holes = sum(int(np.sum(~np.isfinite(value))) for theirs, _ in pairs for value in theirs.got)
            found.append((holes, mistake))
    return min(found, key=lambda pair: pair[0])[1] if found else None


def _holds_the_holes_of(theirs: Any, mine: Any) -> bool:
    finite = np.isfinite(theirs)
    rows = tuple(range(1, finite.ndim))
    same_rows = np.array_equal(finite.all(axis=rows), np.isfinite(mine).all(axis=rows))
    return same_rows and not np.any(finite & ~np.isfinite(mine))


def remembered(case: Case) -> Found | None:
    """Every answer begins with the answer to the question before: a list outlived its call."""
    values = case.values
    if len(values) < 2 or not all(isinstance(value, tuple) and value for value in values):
        return None
    if not all(isinstance(item, (str, int)) for value in values for item in value):
        return None
    if values[0] == values[-1] or any(after[: len(before)] != before for before, after in pairwise(values)):
        return None
    return "remembered", (
        "Your answer begins with the answer to the call before. A default such as `order=[]` is made once, when the "
        "function is defined, and all calls share it, as they share a list outside the function. Let the default be "
        "`None` and make the list inside."
    )


# ---------------------------------------------------------------------------------------------------- of another kind
def of_another_kind(case: Case) -> Found | None:
    """Nothing, a dict, or several values where one is asked for."""
    if all(trial.outcome.kind == "value" and trial.outcome.value is None for trial in case.trials):
        return "no-return", "Your function returned None. Did you forget `return`?"
    if not case.values or case.exercise.definition is None:
        return None
    names = case.exercise.returns
    if all(isinstance(value, Other) for value in case.values):
        return "container", f"Your function returned {kind(case.values[0])}"
    return _too_few(case) if names else _too_many(case)


def _too_few(case: Case) -> Found | None:
    """One of several values, or another number of them."""
    if case.exercise.returns[-1] == "…":
        return None
    truths = [trial.truth for trial in case.trials]
    for place, name in enumerate(case.exercise.returns):
        if everywhere(lambda g, t, k=place: close(g, t[k], case.rtol), case.values, truths):
            return (
                "several",
                f"`{name}` alone came back, and it is right. Return all, `{', '.join(case.exercise.returns)}`.",
            )
    return None


def _too_many(case: Case) -> Found | None:
    """Several values where one is asked for, one of which may be the right one, or a list of its entries."""
    if not all(isinstance(value, tuple) and value for value in case.values):
        return None
    truths = tuple(trial.truth for trial in case.trials)
    if everywhere(lambda g, t: close(np.array(g), t, case.rtol), case.values, truths):
        return "container", "The numbers are right, in a list. Make an array of it: `np.array(...)`."
    count = len(case.values[0])
    if count > 6 or not all(len(value) == count and any(is_array(v) for v in value) for value in case.values):
        return None
    head = f"Your function returned {count} values, and one is asked for."
    for place in range(count):
        item = Output(f"value {place + 1}", tuple(value[place] for value in case.values), truths)
        if is_right(case, item):
            return "several", f"{head} Number {place + 1} of them is the right one: return it alone."
        if say := relation_of(case, item, ("layout", "cut", "multiple", "shape")):
            return "several", f"{head} Number {place + 1} of them {say[1]}."
    return "several", head
