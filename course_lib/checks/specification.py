"""How an exercise is written down: inputs, the truth by definition, hints, and the mistakes people make.

    polar_jacobian = exercise("polar_jacobian(r, theta)", chapter="01", points=3, minutes=8, hints=(...))

    @polar_jacobian.draws
    def inputs(draw): ...           # the arguments of one call

    @polar_jacobian.truth
    def truth(r, theta): ...        # what the definition gives for them

    @polar_jacobian.mistake
    def other_layout(r, theta):     # the answer of somebody who makes this mistake, known as "other-layout"
        '''The sentence that helps.'''

Where several answers are right, `accepts` stands in for `truth`: it says what is wrong with a value, if anything.

A mistake is a whole wrong answer, written with `np` alone. So the judge can recompute it, and a test can hand it in.
Its id is the name of the function, with hyphens for underscores. Another exercise may use the name again. Where Python
or the file needs a name itself, an underscore at its end keeps the two apart and does not count: `sum_` is "sum".
"""

import ast
import builtins
import inspect
import keyword
import linecache
import math
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, overload

import numpy as np

if TYPE_CHECKING:
    from course_lib.derivation.goal import Problem

Function = TypeVar("Function", bound=Callable[..., Any])
# The name of a chapter begins file names: "01_gradients.ipynb", "warm-up_first_steps.ipynb".
CHAPTER = re.compile(r"[^\W_]([\w .+-]{0,38}[^\W_])?")


class DeclarationError(ValueError):
    """An exercise is declared in a way that cannot be meant; `place` is (file, line), where it is known."""

    def __init__(self, message: str, place: tuple[str, int] = ("", 0)):
        super().__init__(message)
        self.place = place


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that people really give.

    id        short and stable; the gradebook and the class report count it.
    sentence  what the learner reads: names the mistake and points at the mend.
    answer    a function with the exercise's parameters that makes this mistake; for a derivation, its text.
    seen      how it is recognised when its values depend on a choice of the learner's (a step size, say): given the
              watched calls of the function arguments, it says whether the mistake was made. None: by its values.
    shown     the same where several answers are right: given the returned value and the arguments, it says whether
              the mistake was made. Any value may come, of any type. None: by its values.
    """

    id: str
    sentence: str
    answer: Callable[..., Any] | str
    seen: Callable[..., bool] | None = None
    shown: Callable[..., bool] | None = None

    def source(self, name: str) -> str:
        """The mistake as a learner would have written it: the source of a function (or text) called `name`."""
        if isinstance(self.answer, str):
            return f'{name} = r"""\n{textwrap.dedent(self.answer).strip()}\n"""'
        lines = textwrap.dedent(inspect.getsource(self.answer)).splitlines()
        function = next(node for node in ast.walk(ast.parse("\n".join(lines))) if isinstance(node, ast.FunctionDef))
        head, body = lines[function.lineno - 1 :], []
        if ast.get_docstring(function):
            # The docstring is the sentence, which no learner would write there.
            first = function.body[0]
            head, body = lines[function.lineno - 1 : first.lineno - 1], lines[first.end_lineno :]
            body = body[next((i for i, line in enumerate(body) if line.strip()), 0) :]
        return re.sub(r"^def \w+\(", f"def {name}(", "\n".join(head + body))


@dataclass(eq=False)
class Exercise:
    """One exercise; see the top of this module for how it is filled in.

    name        the function a learner writes (or the string variable, when `kind` is "derivation").
    parameters  its parameters in order.
    chapter     two digits, or a name: letters and digits, and between them also spaces and . + - _, 40 at most.
    points      what a right answer earns.
    minutes     how long it takes a typical learner.
    returns     names of the returned arrays when there are several; () for a single value. With "…" at the end their
                number changes from draw to draw, and they are counted on: ("dW1", "db1", "…") goes on with dW2, db2.
    rtol        largest accepted relative difference, entry by entry.
    calls       how many calls of a function argument are allowed, where that is part of the task; None: any number.
    differences   whether difference quotients may pass: no formula is asked for, or the function is linear and its
                quotients are exact. `proving` tries them where this is False.
    keeps       names of the parameters that must hold after the call what they held before, where the text says so.
    slow_truth  whether what is right takes so long to compute that it is not computed for other arguments as well.
    problem     for a derivation, what is to be derived (a `derivation.goal.Problem`).
    place       the file and the line that declare it.
    """

    name: str
    parameters: tuple[str, ...]
    chapter: str
    points: float
    minutes: int
    hints: tuple[str, ...]
    returns: tuple[str, ...] = ()
    rtol: float = 1e-8
    kind: str = "function"
    mistakes: list[Mistake] = field(default_factory=list)
    arguments: Callable[..., tuple[Any, ...]] | None = None
    definition: Callable[..., Any] | None = None
    acceptance: Callable[..., tuple[str, str] | None] | None = None
    calls: int | None = None
    differences: bool = False
    keeps: tuple[str, ...] = ()
    slow_truth: bool = False
    widest: Callable[..., tuple[Any, ...]] | None = None
    slopes_of: Callable[..., tuple[Callable[..., Any], tuple[Any, ...]]] | None = None
    problem: "Problem | None" = None
    place: tuple[str, int] = ("", 0)

    def draws(self, function: Function) -> Function:
        """Register the function that makes the arguments of one call from a Draw."""
        self.arguments = _part(function)
        return function

    def truth(self, function: Function) -> Function:
        """Register the function that computes the right result from the definition."""
        self.definition = _part(function)
        return function

    def wide(self, function: Function) -> Function:
        """Register the function that makes the arguments of one wide call from a Draw, see `wide`."""
        self.widest = _part(function)
        return function

    def slopes(self, function: Function) -> Function:
        """Register `function(*arguments)`: the number whose slopes are asked for, and the places of its variables.

        It returns (loss, places), where loss takes as many arrays as there are places, complex ones too. What is asked
        for is the gradient of loss at these places, in the order of the returned values.
        """
        self.slopes_of = _part(function)
        return function

    def accepts(self, function: Function) -> Function:
        """Register `function(value, *arguments)`: None if right, else the rung that fails and a sentence."""
        self.acceptance = _part(function)
        return function

    @overload
    def mistake(self, function: Function, /) -> Function: ...

    @overload
    def mistake(
        self, *, seen: Callable[..., bool] | None = None, shown: Callable[..., bool] | None = None
    ) -> Callable[[Function], Function]: ...

    def mistake(self, function=None, /, *, seen=None, shown=None):
        """Register a wrong answer: its id is the function's name, its sentence the docstring.

        With `seen` or `shown`, which stand in `Mistake`, in brackets: `@mse.mistake(seen=tiny_steps)`.
        ValueError for a name that stands for something else already, and for a function without a docstring.
        """

        def register(function):
            self._enter(Mistake(mistake_id(function.__name__), _sentence_of(_part(function)), function, seen, shown))
            return function

        return register if function is None else register(function)

    def _enter(self, mistake: Mistake) -> None:
        if any(known.id == mistake.id for known in self.mistakes):
            raise DeclarationError(
                f"{self.name} has two mistakes called {mistake.id!r}; ids must differ within an exercise"
            )
        self.mistakes.append(mistake)

    def slip(
        self, id: str, sentence: str, body: str, *edits: tuple[str, str], seen: Callable[..., bool] | None = None
    ) -> None:
        """Register the wrong answer that a right one becomes by edits: for a long answer and a mistake of one word.

        body   the right answer: the lines of the function after its `def` line.
        edits  pairs (right, wrong) of texts; ValueError unless `right` stands in the body exactly once.
        seen   as in `Mistake`.
        """
        for right, wrong in edits:
            if body.count(right) != 1:
                raise DeclarationError(f"{self.name}, {id}: {right!r} stands {body.count(right)} times in it, not once")
            body = body.replace(right, wrong)
        text = f"def {self.call}:\n{textwrap.indent(textwrap.dedent(body).strip(), ' ' * 4)}\n"
        filename = f"<{self.name}: {id}>"
        namespace: dict[str, Any] = {"np": np}
        exec(compile(text, filename, "exec"), namespace)
        # Where Python keeps the lines of its files, so that the source of this function is found like any other.
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        self._enter(Mistake(id, sentence, namespace[self.name], seen))

    def names(self, count: int) -> tuple[str, ...]:
        """The names of the returned values where there are `count` of them; ("",) for a single value."""
        *first, last = self.returns or ("",)
        if last != "…":
            return (*first, last)
        return tuple(first[i % len(first)].replace("1", f"{i // len(first) + 1}") for i in range(count))

    @property
    def call(self) -> str:
        """`name(parameters)`, as a learner reads it; the bare name of a derivation."""
        if self.kind == "derivation":
            return self.name
        return f"{self.name}({', '.join(self.parameters)})"


# The functions that exercises were given: in one file their names come again and again, and hide nothing.
_parts: dict[int, Callable[..., Any]] = {}


def _part(function: Function) -> Function:
    """The function, when its name hides nothing that the rest of its file may need; ValueError otherwise."""
    name = function.__name__
    if function.__qualname__ == name:
        hidden = function.__globals__.get(name, function)
        owner = "Python" if hasattr(builtins, name) else "this file"
        if owner == "Python" or not (hidden is function or id(hidden) in _parts):
            raise DeclarationError(
                f"the name `{name}` stands for something else in {owner}; call the function `{name}_`"
            )
    _parts[id(function)] = function
    return function


def mistake_id(name: str) -> str:
    """The id of a mistake whose function has this name: "mean-left" of `mean_left`, "sum" of `sum_`.

    One underscore at the end does not count; every other becomes a hyphen.
    ValueError for a name that begins with an underscore, which says nothing, and for a lambda, which has none.
    """
    if not name.isidentifier() or name.startswith("_"):
        raise DeclarationError(
            f"a mistake is known by the name of its function, and `{name}` is none; say what goes wrong"
        )
    return name.removesuffix("_").replace("_", "-")


def _sentence_of(function: Callable[..., Any]) -> str:
    """The docstring on one line."""
    sentence = " ".join((function.__doc__ or "").split())
    if not sentence:
        why = "; Python was started with -OO, which drops it" if sys.flags.optimize > 1 else ""
        raise DeclarationError(
            f"the mistake `{function.__name__}` needs a docstring: the sentence that a learner reads{why}"
        )
    return sentence


BANK: dict[str, Exercise] = {}
_open: list[dict[str, Exercise]] = [BANK]


@contextmanager
def entering(bank: dict[str, Exercise]) -> Iterator[dict[str, Exercise]]:
    """Within, exercises are entered in this bank; their names must be new in the course's own as well."""
    _open.append(bank)
    try:
        yield bank
    finally:
        _open.pop()


def exercise(call: str, *, chapter: str, points: float, minutes: int, hints: Iterable[str], **more: Any) -> Exercise:
    """Declare an exercise by its call, such as "polar_jacobian(r, theta)", and enter it in the bank.

    more   further fields of `Exercise`. DeclarationError where one of all these cannot be meant.
    """
    name, bracket, inside = call.partition("(")
    parameters = tuple(part.strip() for part in inside.rstrip(") ").split(",") if part.strip())
    for word in (name, *parameters):
        if not word.isidentifier() or keyword.iskeyword(word):
            raise DeclarationError(f"the call {call!r} has {word!r} in it; a call such as 'mse(X, w, y)' was expected")
    if not bracket or not parameters or len(set(parameters)) < len(parameters):
        raise DeclarationError(f"the call is {call!r}; one with different parameters, 'mse(X, w, y)', was expected")
    return _entered(Exercise(name, parameters, chapter, points, minutes, _hints(hints), **more), _place())


def derivation(
    name: str,
    problem: "Problem",
    *,
    chapter: str,
    points: float,
    minutes: int,
    hints: Iterable[str],
    mistakes: Mapping[str, str],
) -> Exercise:
    """Declare an exercise whose answer is a derivation in a string variable, and enter it in the bank.

    problem   a `derivation.goal.Problem`.
    mistakes  {id: text of a derivation whose first wrong line makes that mistake}.
    """
    if not name.isidentifier() or keyword.iskeyword(name):
        raise DeclarationError(f"the derivation is called {name!r}; the name of a variable was expected")
    made = Exercise(name, (), chapter, points, minutes, _hints(hints), kind="derivation", problem=problem)
    entered = _entered(made, _place())
    for id, text in mistakes.items():
        entered._enter(Mistake(id, "", text))
    return entered


def chapter_fault(chapter: object) -> str:
    """What is wrong with the name of a chapter, as the rest of "the chapter 'x': ..."; "" for a good one."""
    if isinstance(chapter, str) and re.fullmatch("[0-9][0-9]", chapter):
        return ""
    if isinstance(chapter, str) and CHAPTER.fullmatch(chapter) and any(map(str.isalpha, chapter)):
        return "" if chapter.casefold() != "total" else "that stands for the sum of all chapters"
    return 'two digits in quotes, such as "01", or a name with letters, such as "warm-up", were expected'


def _place() -> tuple[str, int]:
    """File and line of the declaration that is being made."""
    frame = sys._getframe(2)
    return frame.f_code.co_filename, frame.f_lineno


def _hints(hints: Iterable[str]) -> tuple[str, ...]:
    found = () if isinstance(hints, str) else tuple(hints)
    if not found or not all(isinstance(hint, str) and hint.strip() for hint in found):
        raise DeclarationError(f"the hints are {hints!r}; a tuple of texts was expected, each telling a little more")
    return found


def _entered(exercise: Exercise, place: tuple[str, int]) -> Exercise:
    exercise.place = place
    name, bank = exercise.name, _open[-1]
    if fault := chapter_fault(exercise.chapter):
        raise DeclarationError(f"`{name}` has the chapter {exercise.chapter!r}; {fault}")
    for what, value in (("points", exercise.points), ("minutes", exercise.minutes)):
        if type(value) not in (int, float) or not 0 < value < math.inf:
            raise DeclarationError(f"`{name}` has {value!r} {what}; a number above 0 was expected")
    for known in (BANK, bank):
        if name in known:
            where = "{}, line {}".format(*known[name].place)
            raise DeclarationError(f"two exercises are called {name!r}; the other one stands in {where}", place)
    bank[name] = exercise
    return exercise
