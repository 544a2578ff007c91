"""Inside the sandbox: run a notebook's cells, then answer calls to the functions they defined.

The supervisor (`main`) never runs a line of a notebook; it forks one child per chapter, so NumPy is loaded once. The
child owns one channel, over which the grader asks and the child answers in frames. Nothing in here is secret and
nothing that leaves here is believed: the grader compares plain data with the truth that it holds alone.
The standard library, NumPy and the modules imported below are all there is.
"""

import _socket
import ast
import builtins
import json
import linecache
import os
import select
import sys
import time
import types
from collections.abc import Callable, Iterable, Sequence
from importlib.machinery import ModuleSpec
from itertools import islice
from typing import Any, NoReturn

import numpy as np

from course_lib.checks import calling
from course_lib.grading import confine, frames
from course_lib.grading.cells import Shell, as_python, compiles
from course_lib.grading.normal import answer_codes

CHANNEL, CONTROL = 200, 201
ERROR_LIMIT = 50
INPUTS = 1000
GRACE_SECONDS = 0.2
# How often it is looked how many files there are.
FILES_LOOK_SECONDS = 0.05
STUBBED = {"course_lib", "matplotlib", "mpl_toolkits", "ipywidgets", "IPython", "ipykernel", "nbformat"}
# Where the value of a cell stands until the cell is done.
LAST_VALUE = "__value_of_the_cell__"
# Modules of the course whose functions an answer may miss.
MISSED = ("course_lib.calculus", "course_lib.checks", "course_lib.derivation")


def main(control: int) -> NoReturn:
    """Serve one student: fork, end and describe children as the grader asks over the socket number `control`.

    Leaves when that socket closes, without Python's own tidying up, for which somebody would have to wait.
    """
    os.dup2(control, CONTROL, inheritable=False)
    os.close(control)
    confine.hide()
    confine.die_with_parent()
    socket = _socket.socket(fileno=CONTROL)
    socket.send(json.dumps({"numpy": np.__version__, "sealed": confine.can_seal()}).encode())
    while True:
        message, ancillary, _, _ = socket.recvmsg(1 << 16, 64)
        if not message:
            os._exit(0)
        bury()
        request = json.loads(message)
        descriptors = [fd for _, _, data in ancillary for fd in memoryview(data).cast("i")]
        child = os.fork()
        if child == 0:
            socket.detach()
            channel, output = descriptors
            serve(channel, output, request)
        for descriptor in descriptors:
            os.close(descriptor)
        full = False
        while True:
            full = full or bool(request["files"] and has_too_many_files(socket, child, request["files"]))
            if (order := socket.recv(16)) != b"used":
                break
            socket.send(json.dumps(used_by(child)).encode())
        if order == b"ask":
            socket.send(json.dumps({**reap(child), "full": full}).encode())
        else:
            # A child that is done, or the end of the sandbox; waiting for its death would cost the next chapter time.
            os.kill(child, 9)
        if not order:
            os._exit(0)


def has_too_many_files(socket: _socket.socket, child: int, most: int) -> bool:
    """Wait until the grader says something, or until there are more than `most` files in /tmp, and end the child then.

    It is for sandboxes that were started without a nursery, where the kernel takes no bound for the number of files.
    """
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    while not poll.poll(FILES_LOOK_SECONDS * 1000):
        found = os.statvfs("/tmp")
        if found.f_files - found.f_ffree > most:
            os.kill(child, 9)
            return True
    return False


def used_by(child: int) -> float:
    """Seconds of processor time that a child has used; the number of its clock is made as clock_getcpuclockid does."""
    try:
        return time.clock_gettime(~child << 3 | 2)
    except OSError:  # it is gone
        return 0.0


def bury() -> None:
    """Let go of the children that have died by now."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue
    except ChildProcessError:
        return


def reap(child: int) -> dict[str, Any]:
    """How the child ended; a child that still runs after a moment's grace is killed."""
    deadline = time.monotonic() + GRACE_SECONDS
    ended, status, usage = os.wait4(child, os.WNOHANG)
    while not ended and time.monotonic() < deadline:
        time.sleep(0.002)
        ended, status, usage = os.wait4(child, os.WNOHANG)
    if not ended:
        os.kill(child, 9)
        _, status, usage = os.wait4(child, 0)
    code = None if not ended else os.waitstatus_to_exitcode(status)
    return {"running": not ended, "code": code, "cpu": usage.ru_utime + usage.ru_stime}


def serve(channel: int, output: int, request: dict[str, Any]) -> NoReturn:
    """The child: give up every right, run the cells, answer calls; never returns."""
    status = 1
    try:
        os.dup2(channel, CHANNEL, inheritable=False)
        nowhere = os.open("/dev/null", os.O_RDONLY)
        for source, target in ((nowhere, 0), (output, 1), (output, 2)):
            os.dup2(source, target)
        os.closerange(3, CHANNEL)
        os.closerange(CHANNEL + 1, 1024)
        sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), _text_stream(1), _text_stream(2)
        confine.die_with_parent()
        confine.limit(request["memory_mb"], request["cpu_seconds"])
        if confine.can_seal():
            confine.seal(request["read_only"])
        Chapter(request["body_limit"]).answer()
        status = 0
    finally:
        os._exit(status)


def _text_stream(descriptor):
    return open(descriptor, "w", encoding="utf-8", errors="backslashreplace", closefd=False)


def read_exactly(count: int) -> bytes:
    """Exactly `count` bytes from the grader; the end of the channel ends this process."""
    parts = bytearray()
    while len(parts) < count:
        part = os.read(CHANNEL, min(count - len(parts), 1 << 20))
        if not part:
            os._exit(0)
        parts += part
    return bytes(parts)


def receive() -> tuple[dict[str, Any], list[bytes]]:
    header, body = frames.lengths(read_exactly(frames.LENGTHS.size))
    return frames.unpack(read_exactly(header), read_exactly(body))


def send(header: dict[str, Any], blobs: Sequence[bytes] = ()) -> None:
    _flush()
    data = memoryview(frames.pack(header, blobs))
    while data:
        data = data[os.write(CHANNEL, data) :]


def _flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # a notebook may have put anything there; its output is not worth its answers
            continue


class Chapter:
    """One notebook, run from top to bottom, and the functions it defined."""

    def __init__(self, body_limit):
        self.body_limit = body_limit
        self.module = types.ModuleType("__main__")
        self.session = Session(self.module.__dict__)

    def answer(self) -> NoReturn:
        """Answer the grader's frames until the channel closes."""
        for name in [name for name in sys.modules if name.partition(".")[0] == "course_lib"]:
            del sys.modules[name]
        sys.modules["__main__"] = self.module
        while True:
            header, blobs = receive()
            if header["op"] == "run":
                self.run(json.loads(blobs[0]), header["names"], header["texts"])
            else:
                self.call(header, blobs)

    def run(self, cells: list[str], names: list[str], texts: list[str]) -> None:
        """Run the cells; report the wanted texts first, because they need no running, then errors and signatures."""
        cells = as_python(cells)
        # Read before a line of the notebook has run, and told before: whatever it does, it cannot tell otherwise.
        codes = answer_codes(cells, names)
        send({"op": "texts", "texts": assigned_texts(cells, set(texts)), "codes": codes})
        sys.meta_path.insert(0, StubFinder())
        # As in Jupyter, where a module that `%%writefile` wrote lies beside the notebook.
        sys.path.append(os.getcwd())
        sys.meta_path.append(self.session.missing)
        errors: list[dict[str, Any]] = []
        for number, source in enumerate(cells, 1):
            error = self.session.run_cell(source, number)
            if error is not None and len(errors) < ERROR_LIMIT:
                errors.append({"cell": number, **error})
        found = {name: signature(self.module.__dict__.get(name)) for name in names}
        send({"op": "ready", "errors": errors, "signatures": found})

    def call(self, header: dict[str, Any], blobs: list[bytes]) -> None:
        function = self.module.__dict__.get(header["name"])
        if not callable(function):
            send({"op": "outcome", "id": header["id"], "kind": "missing"})
            return
        args = frames.decode(header["args"], blobs, proxy=lambda index, name: proxy(header["id"], index, name))
        Absent.asked = True
        try:
            outcome = calling.call(function, args)
        except BaseException as error:  # a notebook may raise what is no Exception; it is still only an error
            outcome = calling.Outcome("raised", error=calling.describe(error))
        answer = {"op": "outcome", "id": header["id"], "kind": outcome.kind, "error": outcome.error}
        answer |= {"line": outcome.line, "line_number": outcome.line_number}
        answer |= {"operands": outcome.operands, "changed": outcome.changed}
        blobs = []
        value = frames.encode(outcome.value, blobs)
        size = sum(len(blob) for blob in blobs)
        if size > self.body_limit:
            message = (
                f"a call returned {size / 1e6:,.0f} MB, more than the {self.body_limit / 1e6:,.0f} MB that are taken"
            )
            send({**answer, "kind": "stopped", "error": message})
        else:
            send({**answer, "value": value}, blobs)


def proxy(call_id: int, index: int, name: str) -> Callable[..., Any]:
    """A function that stays with the grader: every call of it goes out as a frame and its value comes back."""

    def outside(*args):
        blobs: list[bytes] = []
        tree = frames.encode(calling.plain(args), blobs)
        send({"op": "callback", "id": call_id, "index": index, "args": tree}, blobs)
        header, blobs = receive()
        if header["op"] == "raised":
            kind = getattr(builtins, header["type"], RuntimeError)
            raise kind(header["message"])
        return frames.decode(header["value"], blobs)

    outside.__name__ = outside.__qualname__ = name
    return outside


def signature(function: object) -> Any:
    """[parameter names or None, how many are required], or None for what cannot be called."""
    if not callable(function):
        return None
    try:
        return [calling.parameter_names(function), calling.required_count(function)]
    except Exception:  # __signature__ may be anything
        return [None, 0]


def assigned_texts(cells: Iterable[str], wanted: set[str]) -> dict[str, str]:
    """name -> text of the last assignment of a plain string to a wanted name at the top level; nothing is run."""
    found = {}
    for source in cells if wanted else ():
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in tree.body:
            if isinstance(node, ast.Assign):
                targets = node.targets
            elif isinstance(node, ast.AnnAssign):
                targets = [node.target]
            else:
                continue
            if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
                names = {target.id for target in targets if isinstance(target, ast.Name)}
                found.update(dict.fromkeys(names & wanted, node.value.value[: frames.STRING_LIMIT]))
    return found


class Session:
    """The names that a notebook's cells share, as IPython fills them, and how a cell is run in them."""

    def __init__(self, namespace):
        self.namespace, self.loop, self.missing = namespace, None, MissingFinder()
        self.asked = 0
        self.shell = Shell(Nothing(), self.run_line)
        ignored = dict.fromkeys(("display", "help", "exit", "quit"), _ignore)
        self.inputs: list[str] = [""]
        self.outputs: dict[int, Any] = {}
        namespace.update(
            ignored, input=self.nothing_typed, get_ipython=lambda: self.shell, In=self.inputs, Out=self.outputs
        )
        namespace.update(_ih=self.inputs, _oh=self.outputs, _dh=["/tmp"], _i="", _ii="", _iii="")
        namespace.update(_="", __="", ___="")

    def run_cell(self, source: str, number: int) -> dict[str, Any] | None:
        """Run one cell; None, or what went wrong as {"error", "line", "line_number"}."""
        filename = f"<cell {number}>"
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        self.inputs.append(source)
        try:
            self.show(self.evaluate(source, filename), number)
        except BaseException as error:  # also SystemExit and KeyboardInterrupt: the next cell runs all the same
            return failure(error, filename)
        finally:
            self.namespace["_i"] = source
        return None

    def run_line(self, line: str) -> Any:
        """The value of the line that follows `%time`, run in the notebook's names; nothing where it is no Python."""
        return self.evaluate(line, "<cell>") if compiles(line) else Nothing()

    def evaluate(self, source: str, filename: str) -> Any:
        """Run Python source; the value of the expression that it ends with, else None."""
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        try:
            tree = compile(source, filename, "exec", flags=flags | ast.PyCF_ONLY_AST, dont_inherit=True)
            self.missing.expected |= {(filename, line) for line in guarded_imports(tree)}
            if tree.body and isinstance(tree.body[-1], ast.Expr):
                last = tree.body[-1]
                kept = ast.Assign([ast.Name(LAST_VALUE, ast.Store())], last.value)
                tree.body[-1] = ast.fix_missing_locations(ast.copy_location(kept, last))
            code = compile(tree, filename, "exec", flags=flags, dont_inherit=True)
        except RecursionError:  # what is too deep for a tree of Python's may still be compiled
            code = compile(source, filename, "exec", flags=flags, dont_inherit=True)
        waiting = eval(code, self.namespace)
        if code.co_flags & 0x80:  # inspect.CO_COROUTINE: there is an await at the top level
            import asyncio

            # One loop for all cells, as in Jupyter: a task that one begins another may await.
            self.loop = self.loop or asyncio.new_event_loop()
            self.loop.run_until_complete(waiting)
        return self.namespace.pop(LAST_VALUE, None)

    def nothing_typed(self, *prompt: object) -> str:
        """What `input` returns; whoever asks on and on until something is typed is told that nobody is there."""
        self.asked += 1
        if self.asked > INPUTS:
            raise EOFError("nobody types anything while a notebook is graded")
        return ""

    def show(self, value: object, number: int) -> None:
        """Keep the value of a cell where the next ones look for it."""
        names = self.namespace
        if value is not None:
            names["___"], names["__"], names["_"] = names.get("__"), names.get("_"), value
            self.outputs[number] = value


def failure(error: BaseException, filename: str) -> dict[str, Any]:
    """What went wrong in a cell as {"error", "line", "line_number"}."""
    line, number = calling.failing_line(error)
    told = calling.describe(error)
    if (
        isinstance(error, SyntaxError)
        and type(error) in (SyntaxError, IndentationError, TabError)
        and type(error.lineno) is int
        and type(error.msg) is str
        and not line
        and error.filename == filename
    ):
        line, number = linecache.getline(filename, error.lineno).strip()[: calling.TEXT_LIMIT], error.lineno
        told = f"{type(error).__name__}: {error.msg}"[: calling.TEXT_LIMIT]
    return {"error": told, "line": line, "line_number": number}


def unpacked(frame: types.FrameType) -> int:
    """Into how many names the text that a frame is at unpacks a value; 0 where it does something else with it."""
    nowhere = (None, None, None, None)
    first, last, start, end = next(islice(frame.f_code.co_positions(), frame.f_lasti // 2, None), nowhere)
    if first is None or last is None or start is None or end is None:
        return 0
    lines = [linecache.getline(frame.f_code.co_filename, number).encode() for number in range(first, last + 1)]
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][start:]
    try:
        (statement,) = ast.parse(b"(" + b"".join(lines) + b") = 0").body
    except (SyntaxError, ValueError):  # no place for names, so nothing is unpacked into it
        return 0
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if not isinstance(target, ast.Tuple | ast.List):
        return 0
    return sum(not isinstance(name, ast.Starred) for name in target.elts)


class Nothing:
    """What every name of a stubbed module is: it can be called, read, unpacked and entered, and does nothing."""

    def __call__(self, *args, **kwargs):
        # What decorates a function leaves it as it is.
        return args[0] if len(args) == 1 and not kwargs and isinstance(args[0], types.FunctionType) else self

    def __mro_entries__(self, bases):
        return ()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key):
        return self

    def __setitem__(self, key, value):
        pass

    def __iter__(self):
        # `figure, axes = plt.subplots()` must unpack: the caller's own text says into how many names.
        return iter([self] * unpacked(sys._getframe(1)))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False

    def __bool__(self):
        return False

    def __repr__(self):
        return "(left out while grading)"

    def __format__(self, form):
        return repr(self)

    def _operate(self, *others):
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _operate
    __pow__ = __neg__ = __abs__ = __matmul__ = __lt__ = __le__ = __gt__ = __ge__ = _operate


class Absent(Nothing):
    """What is not in here, of the course or of other packages: nothing while cells run, but an answer has to know."""

    asked = False

    def __init__(self, path):
        self._path = path

    def __call__(self, *args, **kwargs):
        if Absent.asked:
            why = (
                "what the course shows is no answer of one's own; write in the notebook what you need of it"
                if self._path.startswith(MISSED)
                else "there are NumPy and what comes with Python; write in the notebook what else you need"
            )
            raise ImportError(f"`{self._path}` is not there while an answer is judged: {why}")
        return super().__call__(*args, **kwargs)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(f"{self._path}.{name}")


class StubModule(types.ModuleType):
    """A package all of whose names are Nothing, or Absent where an answer may need them."""

    __version__ = "0"

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        path = f"{self.__name__}.{name}"
        drawing = path.partition(".")[0] in STUBBED and not path.startswith(MISSED)
        return Nothing() if drawing else Absent(path)


class StubFinder:
    """Finds every module of the stubbed packages, so that drawing and checking cells do nothing."""

    packages: set[str] = STUBBED

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name.partition(".")[0] in self.packages:
            loader: Any = self
            return ModuleSpec(name, loader, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> types.ModuleType:
        return StubModule(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        pass


class MissingFinder(StubFinder):
    """Asked last: finds what a cell imports and nobody else finds, so that the rest of the cell runs as in Jupyter.

    expected   (file name, line) of imports that may fail, because the notebook says what happens then.
    Where a module of Python's own asks for one that is not there, it is not there.
    """

    def __init__(self):
        self.packages, self.expected = set(), set()

    def find_spec(self, name, path=None, target=None):
        frame = sys._getframe(1)
        while frame.f_back and frame.f_code.co_filename.startswith("<frozen importlib"):
            frame = frame.f_back
        place = frame.f_code.co_filename, frame.f_lineno
        own = place[0].startswith("<cell ") and place not in self.expected and not Absent.asked
        if own and "." not in name and name not in sys.stdlib_module_names:
            self.packages.add(name)
        return super().find_spec(name)


def guarded_imports(tree: ast.AST) -> set[int]:
    """The lines of the imports that stand under `try` or `with`."""
    guards = (node for node in ast.walk(tree) if isinstance(node, ast.Try | ast.With))
    return {
        node.lineno for guard in guards for node in ast.walk(guard) if isinstance(node, ast.Import | ast.ImportFrom)
    }


def _ignore(*args, **kwargs):
    return None
