"""The unit of work: one student's pending submissions, bytes in, verdicts out, on any executor.

`grade_unit` needs nothing but its argument and this package; it writes nothing. What it returns is plain data.
"""

import json
import math
import re
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np

from course_lib.checks import exercises, judge
from course_lib.checks.calling import TEXT_LIMIT, Outcome, describe, plain
from course_lib.checks.verdict import Verdict
from course_lib.grading import frames
from course_lib.grading.draws import chosen, seed_of
from course_lib.grading.notebook import UnreadableError, defined_names, read_notebook, recognised, sha256
from course_lib.grading.sandbox import (
    FILES,
    PATIENCE,
    Channel,
    Confinement,
    Sandbox,
    StoppedError,
    Watch,
    find_confinement,
    sandbox_for,
)
from course_lib.grading.whereabouts import whereabouts
from course_lib.grading.work import Graded, Pending, Unit

if TYPE_CHECKING:
    from course_lib.checks.specification import Exercise


CALLBACKS_PER_CALL = 20_000
CALLBACK_BYTES = 16 << 10
# Errors of an instructor-side function that come back inside as themselves.
CALLBACK_ERRORS = {"ValueError", "TypeError", "IndexError", "ZeroDivisionError", "OverflowError", "MemoryError"}
_BLANKS = re.compile(r"#[^\n]*|\s+")
_DESCRIPTION = re.compile(r'^[ \t]*r?("""|\'\'\').*?\1[ \t]*$', re.MULTILINE | re.DOTALL)
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def clean(text: object, most: int = TEXT_LIMIT) -> str:
    """Text from a notebook without control characters and bounded, for people to read."""
    return _CONTROL_CHARACTERS.sub("\N{REPLACEMENT CHARACTER}", str(text))[:most]


@lru_cache(maxsize=4)
def confinement(kind: str) -> Confinement:
    """The Confinement of this machine; found once per process."""
    return find_confinement(kind)


def grade_unit(unit: Unit, how: Confinement | None = None) -> list[Graded]:
    """Grade one student's submissions one after the other; a list of Graded, one per submission.

    Each has a sandbox of its own: what an earlier one has written would else decide what a later one is worth.
    """
    spent, results = 0.0, []
    how = how or confinement(unit.sandbox)
    for place, pending in enumerate(unit.pending):
        # The first one is graded however little time there is: a run always gets on.
        if spent < unit.seconds or (place == 0 and unit.seconds > 0):
            with Box(how, unit.limits) as box:
                results.append(grade_one(pending, unit, box))
        else:
            results.append(_put_off(pending, unit))
        spent += results[-1].cost
    return results


def _put_off(pending, unit):
    reason = (
        f"What this student handed in took more than the {unit.limits.seconds_per_student:g} s that "
        "`seconds_per_student` in course.toml allows in one run; the next run goes on with this one."
    )
    return Graded(pending.key, "failed", pending.chapter, reason)


def grade_one(pending: Pending, unit: Unit, box: "Box") -> Graded:
    """Grade one submission; only the operator's interrupt passes through."""
    start, own, inside = time.monotonic(), time.thread_time(), box.used
    try:
        graded = _graded(pending, unit, box)
    except UnreadableError as refusal:
        graded = Graded(pending.key, "refused", pending.chapter, clean(refusal))
    except StoppedError as failure:
        graded = Graded(pending.key, "failed", pending.chapter, f"The sandbox did not start: {clean(failure.reason)}")
    seconds, used = time.monotonic() - start, time.thread_time() - own + box.used - inside
    # Who was ended by the clock did nothing all that time, and it is charged in full; else the machine may be busy.
    return replace(graded, seconds=seconds, cost=max(used, seconds if box.slept else seconds / PATIENCE))


def _graded(pending, unit, box):
    notebook = read_notebook(pending.notebook)
    cells = notebook.cells
    chapter = pending.chapter or recognised(notebook, exercises(banks=unit.banks)).chapter
    if not chapter:
        raise UnreadableError("No chapter could be told: neither the name nor the functions in it belong to one.")
    wanted = exercises(chapter, unit.banks)
    if not wanted or (unit.chapters and chapter not in unit.chapters):
        raise UnreadableError(f"There is no chapter {chapter} to grade.")
    asked = [exercise for exercise in wanted if not pending.only or exercise.name in pending.only]
    answers = Answers(box, cells, wanted, unit.limits, unit.seed)
    verdicts: list[Verdict] = []
    problems: list[str] = []
    met: dict[str, int] = {}
    for exercise in asked:
        number = chosen(unit.seed, chapter, exercise.name, answers.codes.get(exercise.name, ""))
        if exercise.kind == "function":
            met[exercise.name] = number
        verdict = _verdict(exercise, answers, seed_of(unit.seed, number), problems)
        verdicts.append(_told_where(verdict, exercise, answers, notebook, wanted))
    answers.close()
    attempted = {verdict.exercise for verdict in verdicts if verdict.status != "not attempted"}
    return Graded(
        pending.key,
        "failed" if problems else "graded",
        chapter,
        clean(" ".join(problems)),
        tuple(verdicts),
        tuple(answers.errors),
        clean(answers.printed.decode("utf-8", "replace"), unit.limits.output_kb << 10),
        answers.printed_bytes,
        code_hash=code_hash(cells, wanted) if attempted else "",
        answers=tuple(answer for answer in answer_codes(cells, [e.name for e in wanted]) if answer[0] in attempted),
        draws=met,
        partial=bool(pending.only),
    )


def code_hash(cells: Iterable[str], wanted: "Iterable[Exercise]") -> str:
    """A sha256 of the cells that define the wanted names, without comments and blanks; read as text, never run."""
    names = {exercise.name for exercise in wanted}
    texts = (_BLANKS.sub("", cell) for cell in cells if names & defined_names([cell]))
    return sha256("\n".join(texts).encode("utf-8", "surrogatepass"))


def answer_codes(cells: Iterable[str], names: Sequence[str]) -> tuple[tuple[str, str, int], ...]:
    """(name, code, length) of the answers to the exercises `names`: the same code for answers that differ in blanks,
    comments and the text under `def` alone, and the characters that remain. Read as text, never run.
    """
    starts = re.compile(rf"^(?:(?:async )?def[ \t]+({'|'.join(names)})\b|({'|'.join(names)})[ \t]*=)", re.MULTILINE)
    texts = {}
    for cell in cells if names else ():
        ends = [found.start() for found in starts.finditer(cell)][1:]
        for found, end in zip_longest(starts.finditer(cell), ends):
            text = cell[found.end() : end]
            if found[1]:
                text = _DESCRIPTION.sub("", text.partition(":\n")[2] or text)
            texts[found[1] or found[2]] = _BLANKS.sub("", text)
    return tuple((name, sha256(text.encode("utf-8", "surrogatepass"))[:16], len(text)) for name, text in texts.items())


def _verdict(exercise, answers, seed, problems):
    """The judge's verdict; where the judge itself fails, that is said and the rest of the class goes on."""
    if answers.fault and exercise.kind == "function":
        return Verdict(
            exercise.name,
            "stopped",
            f"The notebook was stopped: {answers.fault}.",
            max_points=exercise.points,
            chapter=exercise.chapter,
        )
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            verdict = judge(exercise, answers, seed)
    except Exception as error:  # one answer that trips the judge must not cost the others theirs
        problems.append(f"The judge failed on {exercise.name}: {describe(error)}.")
        return Verdict(
            exercise.name,
            "stopped",
            "The grader failed on this answer; this is not your fault, and your instructor can see it.",
            max_points=exercise.points,
            chapter=exercise.chapter,
        )
    verdict = _with_fault(verdict, exercise, answers)
    return replace(verdict, message=clean(verdict.message, 2000))


def _with_fault(verdict, exercise, answers):
    """Where nothing is there because the cell that defines it failed: an attempt, and the cell's fault is said."""
    if verdict.status != "not attempted":
        return verdict
    for number, (error, line) in sorted(answers.failures.items(), reverse=True):
        if not 0 < number <= len(answers.cells) or exercise.name not in defined_names([answers.cells[number - 1]]):
            continue
        kind, _, fault = error.partition(": ")
        what = f"The cell that defines `{exercise.name}`"
        if kind in ("SyntaxError", "IndentationError", "TabError"):
            message = f"{what} has a syntax error in line {line}: {fault}."
        elif exercise.kind == "function" and answers.signature(exercise.name) is None:
            message = f"{what} stopped in line {line}, before it came to it: {error}."
        else:
            continue
        return replace(verdict, status="raised", message=message)
    return verdict


def _told_where(verdict, exercise, answers, notebook, wanted):
    """Where nothing is found under the exercise's name, but something of it is seen: an attempt, and that is said."""
    found = answers.signature if exercise.kind == "function" else answers.text
    if verdict.status != "not attempted" or found(exercise.name) is not None:
        return verdict
    message = whereabouts(exercise, notebook, [other.name for other in wanted])
    return replace(verdict, status="raised", message=clean(message, 2000)) if message else verdict


class Box:
    """A submission's sandbox, started when first needed and again after it died.

    used    seconds of processor time of the children that have ended.
    slept   whether something in it was ended by the clock, having waited for nothing.
    """

    def __init__(self, how, limits):
        self.how, self.limits, self.used, self.slept = how, limits, 0.0, False
        self.sandbox: Sandbox | None = None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.discard()

    def open(self) -> Channel:
        """A Channel to a fresh child; raises StoppedError when no sandbox can be started."""
        if self.sandbox is not None:
            try:
                return self.sandbox.open(self.limits)
            except StoppedError:
                self.discard()
        self.sandbox = sandbox_for(self.how)
        return self.sandbox.open(self.limits)

    def in_use(self) -> float:
        """Seconds of processor time of all children, the one that is open included; raises StoppedError."""
        return self.used + (self.sandbox.used() if self.sandbox is not None else 0.0)

    def end(self, channel: Channel, ask: bool = True) -> dict[str, Any]:
        """How the channel's child ended; a sandbox that went with it is {"running": False, "code": None}."""
        assert self.sandbox is not None
        try:
            if not ask:
                self.used = self.in_use()
            ended = self.sandbox.end(channel, ask)
        except StoppedError:
            channel.close()
            self.discard()
            return {"running": False, "code": None}
        self.used += ended.get("cpu", 0.0)
        if ended.get("full"):  # the files go with the sandbox
            self.discard()
        return ended

    def discard(self) -> None:
        if self.sandbox is not None:
            self.sandbox.close()
            self.sandbox = None


class Answers:
    """A notebook's answers as the judge's caller: what it asks is asked in the sandbox.

    A call that hangs or kills its child stops that exercise alone; the next one gets a fresh child in which the cells
    have run again, as long as the chapter's time lasts. `fault` is the reason why nothing can be called any more.
    """

    shows = False

    def __init__(self, box, cells, wanted, limits, seed):
        self.box, self.limits, self.wide_seed = box, limits, seed
        names = [exercise.name for exercise in wanted if exercise.kind == "function"]
        texts = [exercise.name for exercise in wanted if exercise.kind != "function"]
        self.request = frames.pack({"op": "run", "names": names, "texts": texts}, [json.dumps(cells).encode()])
        self.channel: Channel | None = None
        self.fault, self.calls = "", 0
        before = box.used
        self.chapter = Watch(limits.seconds_per_chapter, lambda: box.in_use() - before, base=0.0)
        self.texts, self.codes, self.signatures, self.errors, self.stopped = {}, {}, {}, [], {}
        self.cells, self.failures = cells, {}
        self.printed, self.printed_bytes = b"", 0
        self._start()

    def signature(self, name: str) -> tuple[list[str] | None, int] | None:
        """(parameter names or None, how many are required), or None when the notebook has no such function."""
        return self.signatures.get(name)

    def text(self, name: str) -> str | None:
        """The text of the last top-level assignment of a string to `name`, or None."""
        return self.texts.get(name)

    def call(self, name: str, args: Sequence[Any], seconds: float | None = None) -> Outcome:
        """The Outcome of `name(*args)`, timed from outside; `seconds` limit it where they are fewer than usual."""
        if name in self.stopped:
            return self.stopped[name]
        if self.channel is None and not self.fault:
            self._start()
        if self.fault:
            return Outcome("stopped", error=self.fault)
        self.calls += 1
        functions: list[Callable[..., Any]] = []
        blobs: list[bytes] = []
        tree = frames.encode(args, blobs, functions)
        data = frames.pack({"op": "call", "id": self.calls, "name": name, "args": tree}, blobs)
        watch = Watch(min(seconds or math.inf, self.limits.seconds_per_call), self.box.in_use)
        try:
            outcome = self._outcome(data, functions, watch)
        except (StoppedError, frames.FrameError) as failure:
            outcome = self.stopped[name] = Outcome("stopped", error=self._reason(failure, "a call"))
        return replace(outcome, seconds=time.monotonic() - watch.begun)

    def _start(self):
        self.channel = self.box.open()
        try:
            texts, _ = self.channel.exchange(self.request, self.chapter)
            self.texts, self.codes = _texts(texts), _codes(texts)
            ready, _ = self.channel.exchange(b"", self.chapter)
            self.signatures, self.errors, self.failures = _signatures(ready), _errors(ready), _failures(ready)
        except (StoppedError, frames.FrameError) as failure:
            self.fault = self._reason(failure, "running the cells")

    def _outcome(self, data, functions, watch):
        """Send a call, serve the callbacks it makes, and return its Outcome."""
        assert self.channel is not None
        for _ in range(CALLBACKS_PER_CALL):
            header, blobs = self.channel.exchange(data, watch, self.chapter)
            if header.get("id") != self.calls:
                raise frames.FrameError("it answers another question")
            if header.get("op") != "callback":
                return _decode_outcome(header, blobs)
            data = _serve_callback(header, blobs, functions)
        raise frames.FrameError(f"the given function was called more than {CALLBACKS_PER_CALL:,} times")

    def _reason(self, failure, what):
        """Why it was stopped, as the rest of "... was stopped: "; ends the child, for a fresh one."""
        ended = self.close(ask=True)
        kind = getattr(failure, "kind", "protocol")
        if kind == "time" and failure.watch.asleep:
            self.box.slept = True
            most = failure.watch.seconds * PATIENCE
            return (
                f"{what} took longer than {most:g} s, most of them without doing anything (does it wait for something?)"
            )
        if kind == "time" and failure.watch is self.chapter:
            return f"{what} used up the {self.limits.seconds_per_chapter:g} s for a whole chapter (an endless loop?)"
        if kind == "time":
            return f"{what} took longer than {self.limits.seconds_per_call:g} s (an endless loop?)"
        if kind == "output":
            return f"{what} printed more than {self.limits.output_mb} MB"
        if kind == "gone":
            return f"{what} ended the Python it ran in ({_ending(ended, self.limits)})"
        return f"{what} gave back what is no answer ({clean(failure)})"

    def close(self, ask: bool = False) -> dict[str, Any]:
        """End the child and keep what its first run printed; how it ended, where that is asked."""
        if self.channel is None:
            return {}
        channel, self.channel = self.channel, None
        ended = self.box.end(channel, ask)
        if not self.printed_bytes:
            self.printed, self.printed_bytes = bytes(channel.printed), channel.printed_bytes
        return ended


def _ending(ended, limits):
    code = ended.get("code")
    if ended.get("full"):
        return f"it made more than {FILES:,} files"
    if ended.get("running"):
        return "it closed its line to the grader"
    if code is None:
        return "the sandbox went with it"
    if code == -9 and ended.get("cpu", 0) >= limits.seconds_per_chapter:
        return f"it used more than {limits.seconds_per_chapter:g} s of processor time"
    if code < 0:
        return f"killed by signal {-code}: a crash, or too much memory"
    return f"exit code {code}: a call of os._exit, or something like it"


def _texts(header):
    found = header.get("texts")
    if header.get("op") != "texts" or not isinstance(found, dict):
        raise frames.FrameError("it does not say which texts it has")
    return {name: text[: frames.STRING_LIMIT] for name, text in found.items() if isinstance(text, str)}


def _codes(header):
    found = header.get("codes")
    if not isinstance(found, dict) or not all(isinstance(code, str) for code in found.values()):
        raise frames.FrameError("it does not say what its answers consist of")
    return found


def _signatures(header):
    found = header.get("signatures")
    if header.get("op") != "ready" or not isinstance(found, dict):
        raise frames.FrameError("it does not say which functions it has")
    return {name: _signature(value) for name, value in found.items()}


def _signature(value):
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 2 or type(value[1]) is not int:
        raise frames.FrameError("a signature that is none")
    names, required = value
    if names is not None and (not isinstance(names, list) or len(names) > frames.ITEM_LIMIT):
        raise frames.FrameError("a signature that is none")
    return names and [clean(name, 80) for name in names], required


def _errors(header):
    found = header.get("errors")
    if not isinstance(found, list) or len(found) > 50:
        raise frames.FrameError("it does not say which cells failed")
    return [
        (f"cell {clean(item.get('cell'), 10)}", clean(item.get("error")), clean(item.get("line")))
        for item in found
        if isinstance(item, dict)
    ]


def _failures(header):
    """Number of a cell that failed -> (error, line in it)."""
    return {
        item["cell"]: (clean(item.get("error")), item["line_number"])
        for item in header["errors"]
        if isinstance(item, dict) and type(item.get("cell")) is int and type(item.get("line_number")) is int
    }


def _decode_outcome(header, blobs):
    kind = header.get("kind")
    if header.get("op") != "outcome" or kind not in ("value", "missing", "blank", "raised", "stopped"):
        raise frames.FrameError("an outcome of an unknown kind")
    value = plain(frames.decode(header.get("value"), blobs))
    number, changed = header.get("line_number"), header.get("changed")
    changed = changed if isinstance(changed, list) and len(changed) <= frames.ITEM_LIMIT else []
    return Outcome(
        kind,
        value,
        clean(header.get("error", "")),
        clean(header.get("line", "")),
        number if type(number) is int and 0 <= number < 10**6 else 0,
        operands=clean(header.get("operands", "")),
        changed=tuple(place for place in changed if type(place) is int and place >= 0),
    )


def _serve_callback(header, blobs, functions):
    """The frame that answers a callback: the function's value on the rebuilt arguments, or the error it raised."""
    index = header.get("index")
    if type(index) is not int or not 0 <= index < len(functions):
        raise frames.FrameError("a callback to a function that was not given")
    if header["bytes"] > CALLBACK_BYTES:
        message = f"the argument has more than {CALLBACK_BYTES >> 10} KB"
        return frames.pack({"op": "raised", "type": "ValueError", "message": message})
    args = plain(frames.decode(header.get("args"), blobs))
    try:
        if not isinstance(args, tuple):
            raise TypeError("no arguments")
        blobs = []
        value = frames.encode(functions[index](*args), blobs)
    except Exception as error:  # whatever the given function raises belongs inside, where it was called
        name = type(error).__name__
        kind = name if name in CALLBACK_ERRORS else "RuntimeError"
        return frames.pack({"op": "raised", "type": kind, "message": clean(error)})
    return frames.pack({"op": "returned", "value": value}, blobs)
