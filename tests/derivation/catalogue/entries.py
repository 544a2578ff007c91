"""The vocabulary of the catalogue: a problem, its entries, and four ways to write an entry."""

from dataclasses import dataclass, field, replace

MISTAKES = (
    "sign",
    "factor",
    "mean",
    "layout",
    "transpose",
    "order",
    "chain-factor",
    "activation-derivative",
    "hadamard",
    "norm-square",
    "sum",
    "index",
    "product-rule",
    "term",
    "assumption",
    "symbol",
    "trace",
)


@dataclass(frozen=True)
class Entry:
    """One line as a student would write it, and what a good teacher says about it.

    `verdicts` are the verdicts that are fair, `mistakes` the mistake ids that are fair (empty when the line
    is right or when no name fits). `mended` is the same line made right. `numpy` and `mended_numpy` say the
    right-hand sides again in NumPy, and `of` names what stands on the left: `"L"` a value, `"dL/dw"` a
    gradient or Jacobian, `"dL"` a differential. With them the entry can be verified without the checker.
    """

    line: str
    verdicts: tuple[str, ...] = ("right",)
    mistakes: tuple[str, ...] = ()
    mended: str | None = None
    numpy: str | None = None
    mended_numpy: str | None = None
    of: str | None = None

    @property
    def is_right(self):
        return self.verdicts == ("right",)


@dataclass(frozen=True, eq=False)  # a problem is itself and nothing else, so it can be looked up by identity
class Problem:
    """A setting: declared `shapes`, the defining lines `given`, and `entries` that make claims about it.

    `undeclared` are shapes of names that the lines use and the learner does not declare.
    `maps` repeats the definitions in NumPy, in order, with every array 2-D: a column is (d, 1), a row (1, d).
    """

    name: str
    shapes: dict[str, str]
    given: str
    entries: tuple[Entry, ...]
    functions: tuple[str, ...] = ()
    maps: dict[str, str] = field(default_factory=dict)
    undeclared: dict[str, str] = field(default_factory=dict)


def right(line, numpy=None):
    """A line that is right."""
    return Entry(line, numpy=numpy)


def _mistaken(line, mistake, mended, numpy, mended_numpy, verdicts):
    mistakes = (mistake,) if isinstance(mistake, str) else tuple(mistake)
    return Entry(line, verdicts, mistakes, mended, numpy, mended_numpy)


def wrong(line, mistake, mended=None, numpy=None, mended_numpy=None):
    """A line whose two sides have the same shape and different values."""
    return _mistaken(line, mistake, mended, numpy, mended_numpy, ("wrong",))


def undefined(line, mistake, mended=None, numpy=None, mended_numpy=None):
    """A line with a product or sum that does not exist, or a matrix where a number is needed."""
    return _mistaken(line, mistake, mended, numpy, mended_numpy, ("shapes",))


def misfit(line, mistake, mended=None, numpy=None, mended_numpy=None):
    """A line whose sides each make sense but differ in shape or in free indices; both verdicts are fair."""
    return _mistaken(line, mistake, mended, numpy, mended_numpy, ("wrong", "shapes"))


def unreadable(line):
    """A line that nobody can read: the message must say where."""
    return Entry(line, ("unreadable",))


def about(of, *entries, mended=None, mended_numpy=None):
    """The entries, all of them claims about `of`; `mended` serves the wrong ones without one of their own."""
    return tuple(
        replace(entry, of=of, mended=mended, mended_numpy=mended_numpy)
        if entry.mistakes and entry.mended is None
        else replace(entry, of=of)
        for entry in entries
    )
