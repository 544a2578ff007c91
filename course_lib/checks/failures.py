"""Why a call raised, in words for a student: NumPy's "operand 1 has a mismatch in its core dimension 0" helps few."""

from collections.abc import Sequence

from course_lib.checks.calling import Outcome
from course_lib.checks.causes import cause_of


def why_it_raised(outcomes: Sequence[Outcome]) -> tuple[str, str] | None:
    """Why a call failed, in words that tell what to look for; every draw that failed must have failed so."""
    said = [_failure(outcome) for outcome in outcomes if outcome.kind == "raised"]
    return said[0] if said and all(say and said[0] and say[0] == said[0][0] for say in said) else None


def _failure(outcome: Outcome) -> tuple[str, str] | None:
    cause, error = cause_of(outcome), outcome.error
    if cause.operation == "product":
        return "product", _product(cause.shapes, cause.lengths)
    if cause.operation == "entrywise":
        return "entrywise", _entrywise(cause.shapes)
    for id, marks, sentence in FAILURES:
        if all(mark in error for mark in marks):
            return id, sentence
    return None


def _product(shapes: tuple, lengths: tuple) -> str:
    given = f" of the shapes {shapes[0]} and {shapes[1]}" if len(shapes) == 2 else ""
    left, right = lengths or ("?", "?")
    return (
        f"A matrix product{given} does not fit: the rows of its left factor have {left} entries, the columns of its "
        f"right one have {right}, and these two must be equal. Write the shapes under the factors: one of them has to "
        "be transposed, or the two change places, or a factor between them is missing."
    )


def _entrywise(shapes: tuple) -> str:
    pair = " and ".join(str(shape) for shape in shapes[:2])
    if len(shapes) >= 2 and len(shapes[0]) == 2 and shapes[0] == shapes[1][::-1]:
        return (
            f"Two arrays of the shapes {pair} met entry by entry: one is transposed. `*`, `+` and `-` need equal "
            "shapes; transpose one of the two, or write a matrix product where one is meant."
        )
    return (
        f"Two arrays of the shapes {pair} met entry by entry. `*`, `+` and `-` need equal shapes (or a length 1), so a "
        "matrix product is meant here, a sum over an axis is missing, or one of the two is the wrong array."
    )


# id, what the error must hold, the sentence.
FAILURES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "index",
        ("IndexError", "out of bounds"),
        "An index runs beyond the end: compare what the loop counts, or where the index comes from, with the axis that "
        "it goes along.",
    ),
    (
        "index",
        ("IndexError", "out of range"),
        "An index runs beyond the end: compare what the loop counts, or where the index comes from, with the length of "
        "the list.",
    ),
    (
        "axis",
        ("AxisError",),
        "An axis was named that the array does not have: a vector has the axis 0 alone, a matrix 0 and 1. Labels that "
        "are class numbers already need no argmax.",
    ),
    (
        "integer-index",
        ("IndexError",),
        "What stands in the square brackets does not pick entries there: rows and columns are picked by whole numbers, "
        "one row and one column for each entry. A one-hot table holds no column numbers; argmax along its rows does.",
    ),
    (
        "undefined",
        ("UnboundLocalError",),
        "A name is used before it got a value in this function.",
    ),
    (
        "undefined",
        ("NameError",),
        "A name is used that is not defined in your function or above it: it is mistyped, or it belongs to another "
        "cell or function.",
    ),
    (
        "square",
        ("LinAlgError",),
        "`inv` and `solve` need a square matrix with independent columns. This one is none: another matrix is meant, "
        "or a product such as XᵀX is missing.",
    ),
    (
        "truth-value",
        ("truth value of an array",),
        "One yes or no was needed (by `if`, `and`, `or`, or Python's own `max`), and a whole array came. `np.where` "
        "decides entry by entry.",
    ),
    (
        "one-number",
        ("TypeError", "converted to Python scalars"),
        "A function for one number (`float`, or one of `math`) got an array. NumPy's function of that name takes "
        "arrays.",
    ),
    (
        "attribute",
        ("AttributeError",),
        "A value has no attribute or method of that name: look at which type it has there.",
    ),
    (
        "unpack",
        ("ValueError", "to unpack"),
        "The number of values does not fit the number of names that are to take them.",
    ),
)
