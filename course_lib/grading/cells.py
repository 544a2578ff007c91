"""A cell as Jupyter reads it: prompts, indented cells, magics and shell lines become Python before anything runs.

Inside the sandbox, beside `worker`. IPython's own input transformer does the work, two of its files that need the
standard library alone; it sees only cells that Python itself refuses, so most notebooks never load it. Its time grows
with the square of what it is given, and the text is a stranger's: there is a bound on both, and what lies beyond the
bounds, or what it cannot read, has its magics left out line by line instead.
"""

import ast
import importlib
import os
import re
import signal
import sys
import types
from collections.abc import Iterable
from contextlib import contextmanager
from typing import Any

# Cell magics whose body is ordinary Python.
TRANSPARENT = {"time", "timeit", "capture", "prun", "memit", "mprun", "snakeviz", "pyinstrument", "scalene"}
# Lines of a cell times those of them that look like magics, for all cells together: half a second of processor time.
WORK_LIMIT = 30_000
TEXT_LIMIT = 100_000
SECONDS = 2.0
TRANSFORMER = "IPython/core/inputtransformer2.py"
TRANSFORMER_FILES = (TRANSFORMER, "IPython/utils/tokenutil.py")
_SPECIAL = re.compile(r"^\s*[%!?,;/]|\?\s*$|=\s*[!%]", re.MULTILINE)
# A magic or a shell line that goes on in the next ones.
_CONTINUED = re.compile(r"^(?:[ \t]*|[^\n#'\"]*=[ \t]*)[%!](?:[^\n]*\\\n)+[^\n]*", re.MULTILINE)
_HEADER = re.compile(r"\s*%%(\w+)([^\n]*)")
_CAPTURED = re.compile(r"(?:\s*--?[\w-]+)*\s*([^\W\d]\w*)\s*$")


def as_python(cells: Iterable[str]) -> list[str]:
    """The sources of the cells as Python, in order; a cell that is none stays so, and fails when it is run."""
    reader = Reader()
    return [reader.read(cell) for cell in cells]


def compiles(source: str) -> bool:
    try:
        compile(source, "<cell>", "exec", flags=ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


class Reader:
    """Reads the cells of one notebook, within its bounds."""

    def __init__(self):
        self.left, self.transform = WORK_LIMIT, None

    def read(self, source: str) -> str:
        source = without_header(source)
        if compiles(source):
            return source
        source = on_one_line(source)
        read = self.transformed(source)
        return read if read is not None and compiles(read) else self.by_lines(source, read)

    def by_lines(self, source: str, read: str | None) -> str:
        """Where IPython's reading is no Python either: without magics, or whichever of the two shows the true fault."""
        plain = without_magics(source)
        return plain if read is None or compiles(plain) else read

    def transformed(self, source: str) -> str | None:
        """What IPython makes of the cell, its lines where they were; None beyond the bounds, or where it fails."""
        work = (source.count("\n") + 1) * (1 + len(_SPECIAL.findall(source)))
        if work > self.left or len(source) > TEXT_LIMIT:
            return None
        self.left -= work
        empty = len(source) - len(source.lstrip())
        try:
            with _bounded(SECONDS):
                self.transform = self.transform or _transformer()
                return "\n" * source.count("\n", 0, empty) + self.transform(source)
        except Exception:  # whatever it stumbles over, the cell is read line by line
            self.left = self.left if self.transform else 0
            return None


@contextmanager
def _bounded(seconds):
    """Raises TimeoutError inside after so many seconds of processor time; regular expressions look up for it, too."""

    def stop(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _transformer():
    """IPython's `transform_cell`, loaded without the rest of IPython; raises ImportError where it is not there."""
    folder = next((path for path in sys.path if os.path.isfile(f"{path}/{TRANSFORMER}")), None)
    if folder is None:
        raise ImportError(TRANSFORMER)
    kept = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == "IPython"}
    try:
        for name in ("IPython", "IPython.core", "IPython.utils"):
            sys.modules[name] = package = types.ModuleType(name)
            package.__path__ = [f"{folder}/{name.replace('.', '/')}"]
        return importlib.import_module("IPython.core.inputtransformer2").TransformerManager().transform_cell
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "IPython"]:
            del sys.modules[name]
        sys.modules.update(kept)


def without_header(source: str) -> str:
    """The cell with a cell magic left out: its body where that is Python, else nothing; line numbers stay."""
    header = _HEADER.match(source)
    if not header:
        return source
    if header[1] in ("writefile", "file"):
        return _written(header[2].split(), source[header.end() + 1 :])
    if header[1] not in TRANSPARENT:
        return ""
    kept = ""
    if header[1] == "capture" and (name := _CAPTURED.fullmatch(header[2])):
        kept = f"{name[1]} = get_ipython()"
    return "\n" * source.count("\n", 0, header.end()) + kept + source[header.end() :]


def _written(words: list[str], text: str) -> str:
    """Python that writes what `%%writefile` would; nothing where it names no file of Python's beside the notebook."""
    name = words[-1].strip("\"'") if words else ""
    if not re.fullmatch(r"\w+\.py", name):
        return ""
    return f"with open({name!r}, {'a' if '-a' in words else 'w'!r}) as _file:\n    _file.write({text!r})\ndel _file"


def on_one_line(source: str) -> str:
    """The cell with each continued magic on one line and empty lines below it; line numbers stay."""
    return _CONTINUED.sub(lambda found: found[0].replace("\\\n", " ") + "\n" * found[0].count("\\\n"), source)


def without_magics(source: str) -> str:
    """The cell with `pass` in place of each line that begins or ends like a magic; line numbers stay."""
    return "\n".join(map(_without_magic, source.split("\n")))


def _without_magic(line: str) -> str:
    text = line.strip()
    if text.startswith(("%", "!", "?")) or (text.endswith("?") and not text.startswith("#")):
        return line[: len(line) - len(line.lstrip())] + "pass"
    return line


class Lines(list):
    """What a shell line would have printed: nothing, which can be asked for everything."""

    n = s = ""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key):
        return "" if isinstance(key, int) else self

    def __call__(self, *args, **kwargs):
        return self

    def sort(self, *args, **kwargs):
        return self


class Shell:
    """What `get_ipython()` returns: magics do nothing, but for `%time`, which runs what follows it.

    nothing   what other magics return, and what everything else about the shell is.
    run       runs a line in the notebook's names and returns its value.
    """

    def __init__(self, nothing, run):
        self._nothing, self._run = nothing, run

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self._nothing

    def run_line_magic(self, name: str, line: str, *args: object, **kwargs: object) -> Any:
        return self._run(line) if name == "time" else self._nothing

    def magic(self, text: str) -> Any:
        name, _, line = text.strip().lstrip("%").partition(" ")
        return self.run_line_magic(name, line)

    def run_cell_magic(self, name: str, line: str, cell: str) -> Any:
        return self._nothing

    def system(self, command: str) -> None:
        return None

    def getoutput(self, command: str, *args: object, **kwargs: object) -> Lines:
        return Lines()
