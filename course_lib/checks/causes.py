"""Why a call failed, in one form for all spellings: the operation and what it was given.

`X @ r`, `np.dot(X, r)`, `np.einsum("ij,j->i", X, r)` and a loop that runs beyond the end of `r` fail for one reason and
with four sentences. A `Cause` is that reason.
"""

import re
from dataclasses import dataclass

from course_lib.checks.calling import Outcome

SHAPE = r"\((\d*(?:,\d*)*)\)"
MATMUL = re.compile(r"Input operand 1 has a mismatch in its core dimension 0.*\(size (\d+) is different from (\d+)\)")
ALIGNED = re.compile(rf"shapes {SHAPE} and {SHAPE} not aligned: (\d+) \(dim \d+\) != (\d+) \(dim \d+\)")
REMAPPED = re.compile(r"remapped shapes \[original->remapped\]: \S+->\((\S*)\) \S+->\((\S*)\)")
LABEL = re.compile(r"Size of label '.' for operand \d+ \((\d+)\) does not match previous terms \((\d+)\)")
ENTRYWISE = re.compile(r"operands could not be broadcast together with shapes (.*)")
INDEX = re.compile(r"index -?\d+ is out of bounds for (?:axis \d+ with )?size (\d+)")


@dataclass(frozen=True)
class Cause:
    """Why a call failed.

    operator    of an entrywise operation, where it is known.
    operation   "product": the inner lengths differ; "entrywise": the shapes do not fit each other; "index": a loop or
                an index went beyond the end; "other": see `detail`.
    shapes      the shapes of the operands, where they are known.
    lengths     the two lengths that should have been one ("product": of the left and of the right operand), or the
                length that an index went beyond.
    detail      the error as Python says it.
    """

    operation: str
    shapes: tuple = ()
    lengths: tuple = ()
    detail: str = ""
    operator: str = ""


def cause_of(outcome: Outcome) -> Cause:
    """The Cause of an Outcome of the kind "raised"."""
    error = outcome.error
    given = _shapes(outcome.operands)
    if found := MATMUL.search(error) or LABEL.search(error):
        return Cause("product", given, (int(found[2]), int(found[1])), error)
    if found := ALIGNED.search(error):
        left, right = int(found[3]), int(found[4])
        return Cause("product", given or _shapes(f"({found[1]}) ({found[2]})"), (left, right), error)
    if found := REMAPPED.search(error):
        return Cause("product", (), _clash(*(shape.split(",") for shape in found.groups())), error)
    if found := ENTRYWISE.search(error):
        shapes = tuple(shape for shape in _shapes(found[1]) if shape)
        return Cause("entrywise", shapes, (), error, outcome.operands[:1])
    if found := INDEX.search(error):
        return Cause("index", (), (int(found[1]),), error)
    return Cause("other", (), (), error)


def same_cause(yours: Outcome, theirs: Outcome) -> bool:
    """Whether two Outcomes of the kind "raised" failed for the same reason, however the operation was written.

    A loop that goes beyond the end of an array fails as a product does whose inner lengths differ: at the shorter one.
    """
    mine, named = cause_of(yours), cause_of(theirs)
    if mine.operation == named.operation == "product":
        known = mine.shapes and named.shapes
        return mine.lengths == named.lengths and (not known or _bare(mine.shapes) == _bare(named.shapes))
    if mine.operation == named.operation == "entrywise":
        unlike = mine.operator and named.operator and mine.operator != named.operator
        return not unlike and sorted(_bare(mine.shapes)) == sorted(_bare(named.shapes))
    if mine.operation == "index" and named.operation == "product":
        return mine.lengths == (min(named.lengths, default=None),)
    return yours.error == theirs.error


def _shapes(text):
    """The shapes in a text such as "(3,6) (3,)"."""
    return tuple(tuple(int(size) for size in inside.split(",") if size) for inside in re.findall(SHAPE, text))


def _bare(shapes):
    """The shapes without axes of length 1, which no draw has: a column counts like the vector in it."""
    return [tuple(size for size in shape if size != 1) for shape in shapes]


def _clash(left, right):
    """The first pair of different lengths of two shapes that `np.einsum` lined up from the right."""
    for one, other in zip(reversed(left), reversed(right), strict=False):
        if one.isdigit() and other.isdigit() and one != other and "1" not in (one, other):
            return int(one), int(other)
    return ()
