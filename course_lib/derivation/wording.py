"""Every sentence a learner reads, in one place and one voice."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from .dimensions import MisfitError, Shape, is_scalar, shape_phrase, spoken_shape
from .names import spoken_name

if TYPE_CHECKING:
    from .diagnosis import Finding
    from .judgement import Relation

# Where a member is furthest from the truth: row, column, the truth there, the member's value, the shape of both.
Worst = tuple[int, int, float, float, tuple[int, int]]

TOO_MANY_LINES = "A derivation may have at most {most} lines; what comes from here on was not read."
TOO_LONG = "This line is longer than {most} characters and was not read."
OUT_OF_TIME = "There was no time left to check this line; check it in a derivation of its own."
NOTHING_EXPLAINS = "{name} is not declared: it is neither in the shapes nor defined in a line above"
SAYS_NOTHING = "all sides are 0 here, because {reason}; with a definition above, the line can be judged"
TOO_DEEP = "This line is nested too deep to be read."
DEFECT = "This line could not be judged because of a defect in the checker itself, not in your text."
DEFECT_IN_NEXT = "The next line could not be found because of a defect in the checker itself, not in your text."
DEFECT_IN_SEARCH = "Why could not be found out because of a defect in the checker itself."
NAMED_GRADIENT = "Read with dw and its kind as names of gradients of {loss}."
SCALED = "Read with d{name} as {length} times the gradient of {loss}: the mean is taken with the parameters."
AS_ROWS = "Read with gradients of numbers as rows, since Jacobians are multiplied here."
SEARCH = r"\arg\min needs a declared name as its variable and a function whose gradient vanishes somewhere"
NO_SOLUTION = "The gradient in {name} is not 0 there."
NO_POINT = "the point |_{x=a} must give a declared name a value of its shape"
MORE_THAN_A_CONSTANT = "The two sides differ by more than a constant: they do not change alike with the variables."
NO_INDEX = r"this sum names no index: write \sum_i or \sum_{i=1}^{n}"
LOGARITHM = "This holds where log reaches over all factors behind it; brackets would say so."
REPEATED = (
    "The vector {name} is repeated to the shape of the matrix beside it, as NumPy would; on paper it does not fit."
)
NO_STEP = "this sets {name} anew and is no equality, and its step is no multiple of a gradient that stands above"
STEP_DOWN = "Sets {name} anew, by a step against the gradient of {loss}."
NEWTON = "Sets {name} anew, by Newton's step for {loss}."
STEP_UP = "Sets {name} anew, by a step along the gradient of {loss}: right where {loss} is to become larger."
STEP_WRONG = (
    "This step goes along the gradient of {loss}, which becomes larger: to lower {loss} the sign must be minus."
)
SECOND_ORDER = "The terms of first order in the step agree, those of second order do not."
FOLLOWS = (
    "Not right in itself, but it follows from your earlier line that is wrong: mend that one and this one with it."
)
STATIONARY = (
    "This gradient is not 0 everywhere. That it vanishes is a claim about one point: give the point a name, such as "
    "\\hat {name} = …, and write \\nabla_{name} {function}(\\hat {name}) = 0."
)
DIFFERENTIAL = (
    "d{name} is read as the differential of {name}, and the other side holds none. If the gradient is meant, write "
    "\\nabla_{{{name}}} and the name of the loss."
)
POINT = "From here on claims are judged where the gradient in {name} is 0."
AT_POINT = "This holds where the gradient in {name} is 0, not everywhere."
EINSTEIN = "Read with Einstein's convention: indices that stand twice are summed."
EACH_LAYER = "Read for layer {numbers}."
ANY_FUNCTION = "{name} is read as any smooth function."
INNER = "Read with a product of two columns as their inner product; write the transpose."
SQUARED = "The square of the vector {base} is taken entry by entry; for the sum of squares write \\|{base}\\|^2."
CONSTANT = "This holds while {names} stays constant."
SUMS_TO_ONE = "sums to 1"
ONLY_DIAGONAL = "the diagonal is right, but every output depends on every input: the other entries are not 0"
LENGTH = (
    "{name} is the name of a length in the shapes, so it stands for a number here. Give one of the two another name."
)
SPECIAL_VALUE = (
    "{name} stands for any value here, so it does not equal this one. Give a special value a name of its own, such as "
    "\\hat {name}."
)
SET_TO_ZERO = "{name} is declared as data here, so it cannot be set to zero."


# What follows the name a, and never the article.
VERBS = ("must", "and", "is", "has", "stands", "occurs", "does", "was")


def sentence(text: str) -> str:
    """The text with a capital and a full stop; a name keeps its case."""
    text = text.strip()
    if not text:
        return text
    first, following = (*text.split()[:2], "")[:2]
    if first == "a" and following in VERBS:
        return text if text.endswith((".", "?")) else text + "."
    if (
        first.isalpha()
        and first.isascii()
        and len(first) > 2
        and first.islower()
        or first in ("a", "an", "is", "in", "no", "∇")
    ):
        text = text[0].upper() + text[1:]
    return text if text.endswith((".", "?")) else text + "."


def unreadable(message: str, column: int) -> str:
    return f"Column {column}: {message.rstrip('.')}."


def definition(name: str, shape: Shape) -> str:
    return f"Defines {spoken_name(name)}, {shape_phrase(shape)}."


def right(relation: Relation) -> str:
    notes = list(dict.fromkeys(relation.scope.notes))
    if any(relation.as_entries):
        notes.append("the matrix is read as its entries")
    return sentence("; ".join(notes)) if notes else ""


def clash_words(letters: Sequence[str]) -> str:
    said = " and ".join(letters)
    return f"the index {said} is used twice: it is summed over and also stands outside that sum"


def formula(name: str, params: tuple[str, ...]) -> str:
    """What is said of a function that is defined by a formula."""
    return f"Defines {spoken_name(name)} as a function of {' and '.join(spoken_name(p) for p in params)}."


def partly(said: str, problem: str, column: int) -> str:
    """What is said of a line of which a part was skipped."""
    return sentence(f"partly read. Column {column}: {problem}. {said or 'The rest holds'}")


def assumptions(shapes: dict[str, str], unknown: list[str]) -> list[str]:
    """What a report says first where nobody declared shapes: what was taken, and what could not be found out."""
    out = []
    if shapes:
        said = [f"{spoken_name(n)} {s.replace(' ', '×') or 'a number'}" for n, s in shapes.items()]
        out.append(f"Nobody said what the letters are, so they were taken as: {', '.join(said)}.")
    if unknown:
        names = ", ".join(spoken_name(n) for n in unknown)
        out.append(
            f"With that not all lines fit together. Declare {names}, as in X \\in \\mathbb{{R}}^{{n \\times d}}."
        )
    return out


def declares(shapes: dict[str, str]) -> str:
    """What is said of a declaration in the text."""
    said = [f"{spoken_name(n)} {s.replace(' ', '×') or 'a number'}" for n, s in shapes.items()]
    return sentence("Declares " + ", ".join(said))


def declared_twice(name: str, shape: str) -> str:
    """What is said of a declaration that contradicts an earlier one."""
    return f"{spoken_name(name)} is declared {shape} already, and otherwise here."


def clash(letters: Sequence[str]) -> str:
    return sentence(clash_words(letters) + "; give the summed one another name")


def minus_one(words: str | None) -> str:
    head = "this is −1 times the right answer on every draw"
    return f"{head}: {words}" if words else head


def number(c: Fraction | float) -> str:
    if isinstance(c, Fraction):
        return str(c).replace("-", "−") if c.denominator == 1 else f"{c.numerator}/{c.denominator}".replace("-", "−")
    return f"{c:.4g}".replace("-", "−")


def factor(c: Fraction | float) -> str:
    return f"the right answer is {number(c)} times this on every draw: a constant factor is wrong"


def _dimension_factor(powers: dict[str, int], c: Fraction | float) -> str:
    up = [d if e == 1 else f"{d}²" for d, e in powers.items() if e > 0]
    down = [d if e == -1 else f"{d}²" for d, e in powers.items() if e < 0]
    top, bottom = list(up), list(down)
    if c != 1:
        if isinstance(c, Fraction):
            if abs(c.numerator) != 1:
                top = [str(abs(c.numerator)), *top]
            if c.denominator != 1:
                bottom = [str(c.denominator), *bottom]
        else:
            top = [number(c), *top]
    text = "·".join(top) or "1"
    if bottom:
        text += "/" + ("·".join(bottom) if len(bottom) == 1 else f"({'·'.join(bottom)})")
    return ("−" if isinstance(c, Fraction) and c < 0 else "") + text


def mean(powers: dict[str, int], c: Fraction | float) -> str:
    said = _dimension_factor(powers, c)
    if c == 1 and list(powers.values()) == [-1]:
        return f"the factor 1/{next(iter(powers))} is missing"
    if c == 1 and list(powers.values()) == [1]:
        return f"a factor 1/{next(iter(powers))} is one too many (the right answer is {said} times this)"
    if c == 1 and sorted(powers.values()) == [-1, 1]:
        wrong = next(d for d, e in powers.items() if e == 1)
        good = next(d for d, e in powers.items() if e == -1)
        return f"the mean is taken over {wrong}, but it runs over {good}"
    return f"the right answer is {said} times this, whatever the sizes: a mean is lost or taken twice"


def root_of_dimension(d: str, missing_above: bool) -> str:
    return f"the factor {'' if missing_above else '1/'}√{d} is missing"


def layout(shape: Shape, of_number: bool) -> str:
    kind = (
        "gradient of a number has the shape of its variable"
        if of_number
        else "rows of a Jacobian follow the output, its columns the input"
    )
    return f"this is the transpose of the right answer, which is {spoken_shape(shape)}: here the {kind}"


def extra_term(said: str) -> str:
    return f"the term {said} does not belong here"


def coefficient(said: str, c: Fraction | float) -> str:
    if c == -1:
        return f"the term {said} has the wrong sign"
    return f"the term {said} has the wrong coefficient: {number(c)} times as much is right"


def coefficient_of_dimension(said: str, powers: dict[str, int], c: Fraction | float) -> str:
    return f"the term {said} has the wrong coefficient: {_dimension_factor(powers, c)} times as much is right"


def missing_term(said: str) -> str:
    return f"the derivative of the term {said} is missing"


def missing_name(name: str) -> str:
    return f"what comes from {name} is missing: this is the right answer with {name} put to zero"


def left_out(terms: list[str]) -> str:
    said = f"the term {terms[0]} is" if len(terms) == 1 else f"the terms {', '.join(terms[:-1])} and {terms[-1]} are"
    return f"{said} missing: each factor and each term that varies gives one"


def other_variable(yours: str, asked: str) -> str:
    return f"this is the derivative in {yours}, and the one in {asked} is asked for"


def assumption(name: str, what: str) -> str:
    return f"this is right only when {name} {what}, which nothing here says"


def product_rule(names: list[str]) -> str:
    where = " and ".join(names) + (" occur" if len(names) > 1 else " occurs")
    return f"the product rule leaves one term out: {where} in more than one factor, and each occurrence gives a term"


def with_mend(problem: str, finding: Finding) -> str:
    return f"{sentence(problem)} {sentence(finding.words)} The lines below are judged with that mended."


def wrong_definition(finding: Finding) -> str:
    return f"The two sides differ: {finding.words}. The lines below are judged with that mended."


def wrong(
    relation: Relation,
    k: int,
    misfit: MisfitError | None,
    finding: Finding | None,
    clashes: list[str],
    worst: Worst | None,
) -> str:
    """The sentence about member k of a relation: what does not fit, what was confirmed, or how far off."""
    which = f"in part {k + 1} of this line, " if len(relation.nodes) > 2 and k != relation.reference else ""
    if misfit is not None:
        head = sentence(which + misfit.message)
        return f"{head} {sentence(finding.words)}" if finding is not None else head
    if finding is not None:
        return sentence(which + finding.words)
    if clashes:
        return sentence(which + clash_words(clashes) + "; give the summed one another name")
    return _unexplained(which, relation, worst)


def _unexplained(which: str, relation: Relation, worst: Worst | None) -> str:
    if worst is None:
        return sentence(which + "the two sides are not equal")
    row, column, truth, value, shape = worst
    core = relation.core(relation.reference)
    where = "" if shape == (1, 1) else f" in entry ({row}, {column})"
    kind = "" if is_scalar(core.shape) else f" Both are {spoken_shape(core.shape)}."
    return (
        f"{sentence(which + 'the two sides are not equal')}{kind} On the first draw the right side "
        f"is {value:.4g}{where}, where {truth:.4g} is right."
    )
