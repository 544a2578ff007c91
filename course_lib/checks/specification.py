"""How an exercise is written down: inputs, the truth by definition, hints, and the mistakes people make.

    polar_jacobian = exercise("polar_jacobian(r, theta)", chapter="01", points=3, minutes=8, hints=(...))

    @polar_jacobian.draws
    def _(draw): ...                # the arguments of one call

    @polar_jacobian.truth
    def _(r, theta): ...            # what the definition gives for them

    @polar_jacobian.mistake("layout", "sentence that helps")
    def _(r, theta): ...            # the answer of somebody who makes this mistake

Where several answers are right, `accepts` stands in for `truth`: it says what is wrong with a value, if anything.

A mistake is a whole wrong answer, written with `np` alone. So the judge can recompute it, and a test can hand it in.
"""

import inspect
import linecache
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np


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
    answer: Callable | str
    seen: Callable | None = None
    shown: Callable | None = None

    def source(self, name):
        """The mistake as a learner would have written it: the source of a function (or text) called `name`."""
        if isinstance(self.answer, str):
            return f'{name} = r"""\n{textwrap.dedent(self.answer).strip()}\n"""'
        lines = textwrap.dedent(inspect.getsource(self.answer)).splitlines()
        start = next(i for i, line in enumerate(lines) if line.startswith("def "))
        return re.sub(r"^def \w+\(", f"def {name}(", "\n".join(lines[start:]))


@dataclass(eq=False)
class Exercise:
    """One exercise; see the top of this module for how it is filled in.

    name        the function a learner writes (or the string variable, when `kind` is "derivation").
    parameters  its parameters in order.
    chapter     two digits.
    points      what a right answer earns.
    minutes     how long it takes a typical learner.
    returns     names of the returned arrays when there are several; () for a single value.
    rtol        largest accepted relative difference, entry by entry.
    calls       how many calls of a function argument are allowed, where that is part of the task; None: any number.
    problem     for a derivation, what is to be derived (a `derivation.goal.Problem`).
    """

    name: str
    parameters: tuple
    chapter: str
    points: float
    minutes: int
    hints: tuple
    returns: tuple = ()
    rtol: float = 1e-8
    kind: str = "function"
    mistakes: list = field(default_factory=list)
    arguments: Callable | None = None
    definition: Callable | None = None
    acceptance: Callable | None = None
    calls: int | None = None
    problem: object = None

    def draws(self, function):
        """Register the function that makes the arguments of one call from a Draw."""
        self.arguments = function
        return function

    def truth(self, function):
        """Register the function that computes the right result from the definition."""
        self.definition = function
        return function

    def accepts(self, function):
        """Register `function(value, *arguments)`: None if right, else the rung that fails and a sentence."""
        self.acceptance = function
        return function

    def mistake(self, id, sentence, seen=None, shown=None):
        """Register a wrong answer under its name."""

        def register(function):
            if any(known.id == id for known in self.mistakes):
                raise ValueError(f"{self.name} has two mistakes called {id!r}; ids must differ within an exercise")
            self.mistakes.append(Mistake(id, sentence, function, seen, shown))
            return function

        return register

    def slip(self, id, sentence, body, *edits, seen=None):
        """Register the wrong answer that a right one becomes by edits: for a long answer and a mistake of one word.

        body   the right answer: the lines of the function after its `def` line.
        edits  pairs (right, wrong) of texts; ValueError unless `right` stands in the body exactly once.
        seen   as in `Mistake`.
        """
        for right, wrong in edits:
            if body.count(right) != 1:
                raise ValueError(f"{self.name}, {id}: {right!r} stands {body.count(right)} times in it, not once")
            body = body.replace(right, wrong)
        text = f"def {self.call}:\n{textwrap.indent(textwrap.dedent(body).strip(), ' ' * 4)}\n"
        filename, namespace = f"<{self.name}: {id}>", {"np": np}
        exec(compile(text, filename, "exec"), namespace)
        # Where Python keeps the lines of its files, so that the source of this function is found like any other.
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        self.mistake(id, sentence, seen)(namespace[self.name])

    @property
    def call(self):
        """`name(parameters)`, as a learner reads it; the bare name of a derivation."""
        if self.kind == "derivation":
            return self.name
        return f"{self.name}({', '.join(self.parameters)})"


BANK = {}


def exercise(call, *, chapter, points, minutes, hints, **more):
    """Declare an exercise by its call, such as "polar_jacobian(r, theta)", and enter it in the bank."""
    name, _, inside = call.partition("(")
    parameters = tuple(part.strip() for part in inside.rstrip(")").split(",") if part.strip())
    return _entered(Exercise(name, parameters, chapter, points, minutes, tuple(hints), **more))


def derivation(name, problem, *, chapter, points, minutes, hints, mistakes):
    """Declare an exercise whose answer is a derivation in a string variable, and enter it in the bank.

    problem   a `derivation.goal.Problem`.
    mistakes  {id: text of a derivation whose first wrong line makes that mistake}.
    """
    entered = _entered(Exercise(name, (), chapter, points, minutes, tuple(hints), kind="derivation", problem=problem))
    for id, text in mistakes.items():
        entered.mistake(id, "")(text)
    return entered


def _entered(exercise):
    name = exercise.name
    if name in BANK:
        raise ValueError(f"two exercises are called {name!r}; names are unique in the course")
    BANK[name] = exercise
    return exercise
