"""All exercises of the course: those of the `chapter_NN` modules beside this one, and those of other banks.

A bank that somebody brings (see `origins`) is read once for each text of it. It may add to a chapter of this course or
bring its own; names are unique in all of them together.
"""

import difflib
import linecache
import pkgutil
import sys
import threading
import types
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path

from course_lib.checks.calling import describe
from course_lib.checks.origins import Source, sources
from course_lib.checks.specification import BANK, DeclarationError, Exercise, entering
from course_lib.errors import CourseError

_running = threading.RLock()


@cache
def _load() -> None:
    for module in sorted(pkgutil.iter_modules([str(Path(__file__).parent)]), key=lambda module: module.name):
        if module.name.startswith("chapter_"):
            import_module(f"course_lib.checks.{module.name}")


def exercises(chapter: str | None = None, banks: tuple[Source, ...] | None = None) -> list[Exercise]:
    """The exercises in course order: all of them, or those of one chapter ("01").

    banks   the banks besides the course's own; by default those of the course folder that this runs in.
    Raises CourseError, with file and line, where a bank cannot be loaded.
    """
    found = _all(sources() if banks is None else banks).values()
    return sorted((e for e in found if chapter in (None, e.chapter)), key=lambda exercise: exercise.chapter)


def chapters(banks: tuple[Source, ...] | None = None) -> list[str]:
    """The chapters that have exercises, in order: ["00", "01", ...]. Arguments and errors as of `exercises`."""
    return sorted({exercise.chapter for exercise in exercises(banks=banks)})


def find(name: str) -> Exercise:
    """The exercise of that name; CourseError with the nearest name when there is none."""
    _load()
    if name in BANK:  # it stands whatever is the matter with other banks
        return BANK[name]
    found = _all(sources())
    if name in found:
        return found[name]
    near = difflib.get_close_matches(name, found, n=1, cutoff=0.5)
    advice = f"did you mean `{near[0]}`?" if near else f"the exercises are {', '.join(found)}."
    raise CourseError(f"No exercise is called `{name}`; {advice}")


def brought(banks: tuple[Source, ...]) -> list[Exercise]:
    """The exercises of these banks alone, in their order. Raises CourseError as `exercises` does."""
    _load()
    return list(_entered_by(banks).values())


def try_out(banks: tuple[Source, ...], seed: int) -> None:
    """Draw the inputs of every exercise of these banks and compute what is right; CourseError where that fails."""
    from course_lib.checks.judging import questions

    for source in banks:
        for exercise in brought((source,)):
            try:
                if exercise.kind == "function":
                    questions(exercise, seed)
            except Exception as error:
                raise CourseError(f"`{exercise.name}` cannot be asked. {_fault(error, source)}") from error


def _all(banks: tuple[Source, ...]) -> Mapping[str, Exercise]:
    _load()
    return {**BANK, **_entered_by(banks)} if banks else BANK


@lru_cache(maxsize=16)
def _entered_by(banks: tuple[Source, ...]) -> Mapping[str, Exercise]:
    found: dict[str, Exercise] = {}
    for source in banks:
        for name, exercise in _run(source).items():
            if name in found:
                raise CourseError(f"{_at(source, exercise.place[1])}: {_twice(exercise, found[name])}")
            found[name] = exercise
    _complain_about_case(found.values())
    return found


@lru_cache(maxsize=64)
def _run(source: Source) -> Mapping[str, Exercise]:
    """The exercises that a bank declares. What it declared before it failed is gone again."""
    with _running, entering({}) as entered:
        try:
            if source.text is None:
                import_module(source.name)
            else:
                _execute(source.text, source.path)
            for exercise in entered.values():
                _complain_about_parts(exercise)
        except (Exception, SystemExit) as error:
            raise CourseError(_fault(error, source)) from error
    return entered


def _execute(text: str, path: str) -> None:
    """Run the text of a bank as a module of its own; its lines stay at hand for `inspect.getsource`."""
    linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
    module = types.ModuleType(f"{__name__}.{Path(path).stem}")
    module.__file__ = path
    sys.modules[module.__name__] = module
    exec(compile(text, path, "exec", dont_inherit=True), module.__dict__)


def _complain_about_parts(exercise: Exercise) -> None:
    name = exercise.name
    if exercise.kind == "derivation":
        return
    if exercise.arguments is None:
        raise DeclarationError(f"`{name}` has no inputs; a function under `@{name}.draws` makes them", exercise.place)
    if exercise.definition is None and exercise.acceptance is None:
        raise DeclarationError(
            f"`{name}` does not say what is right; a function under `@{name}.truth` (or `accepts`) does", exercise.place
        )


def _complain_about_case(found: Iterable[Exercise]) -> None:
    """Two chapters whose names differ in capitals alone would be one in the names of files."""
    known = {exercise.chapter.casefold(): exercise.chapter for exercise in BANK.values()}
    for exercise in found:
        other = known.setdefault(exercise.chapter.casefold(), exercise.chapter)
        if other != exercise.chapter:
            path, line = exercise.place
            raise CourseError(f"{path}, line {line}: the chapters {other!r} and {exercise.chapter!r} are alike.")


def _twice(exercise: Exercise, first: Exercise) -> str:
    path, line = first.place
    return f"two exercises are called {exercise.name!r}; the other one stands in {path}, line {line}."


def _fault(error: BaseException, source: Source) -> str:
    """What went wrong in a bank, with file and line."""
    if isinstance(error, SyntaxError) and error.filename == source.path:
        return f"{_at(source, error.lineno or 0)}: {error.msg}."
    line, step = 0, error.__traceback__
    file = source.path or getattr(sys.modules.get(source.name), "__file__", "") or f"{source.name.replace('.', '/')}.py"
    while step is not None:
        if step.tb_frame.f_code.co_filename.endswith(file):
            line = step.tb_lineno
        step = step.tb_next
    if isinstance(error, DeclarationError):
        return f"{_at(source, error.place[1] or line)}: {error}."
    return f"{_at(source, line)}: {describe(error)}."


def _at(source: Source, line: int) -> str:
    return f"{source.name}, line {line}" if line else source.name
