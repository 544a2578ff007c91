"""Hostile and unlucky submissions: each tries one thing, and says what must come of it.

A threat is written into an inbox by `write(inbox, student, world)`; `world` knows what must not be reached. What must
come of it is one of

    "nothing"   graded, no point, and the words stand in the verdict's message;
    "right"     graded, the point is earned: the attack beside the right answer, or the accident, costs nothing;
    "refused"   no verdict, and the words stand in the reason.
"""

import io
import os
import stat
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.grading.handing_in import CHAPTER_01, SLOPE, bundle, notebook


@dataclass(frozen=True)
class World:
    """What a threat reaches for: a secret file, a folder that anybody may write to, a port, a name for processes."""

    secret: Path
    open_folder: Path
    gradebook: Path
    neighbour: Path
    port: int
    token: str


@dataclass(frozen=True)
class Threat:
    write: Callable
    outcome: str
    words: str = ""
    exercise: str = "square_slope"


def _in_folder(name, make):
    def write(inbox, student, world):
        path = inbox / student / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(make(world, student))

    return write


def earns_nothing(*cells, words=""):
    """A notebook whose `square_slope` must get no point; `{...}` in a cell is filled from the world."""
    return Threat(_in_folder("00_start.ipynb", lambda world, _: notebook(*_told(cells, world))), "nothing", words)


def costs_nothing(*cells):
    """The right answer with something before it that must do no harm."""
    return Threat(_in_folder("00_start.ipynb", lambda world, _: notebook(*_told(cells, world), SLOPE)), "right")


def chapter_one(exercise, source, outcome="nothing", words=""):
    """A chapter 1 notebook, right but for one answer."""
    data = notebook("import numpy as np", *{**CHAPTER_01, exercise: source}.values())
    return Threat(_in_folder("01_gradients.ipynb", lambda *_: data), outcome, words, exercise)


def refused(name, data, words):
    """A file that cannot be read as a submission."""
    return Threat(_in_folder(name, lambda *_: data() if callable(data) else data), "refused", words)


def _told(cells, world):
    names = {key: str(value) for key, value in vars(world).items()}
    for key, value in names.items():
        cells = [cell.replace("{" + key + "}", value) for cell in cells]
    return cells


def crafted(*members, name="00_start.ipynb", **more):
    """A bundle with further members: (ZipInfo or name, bytes)."""
    archived = io.BytesIO(bundle(notebook(SLOPE), name=name, **more))
    with zipfile.ZipFile(archived, "a", zipfile.ZIP_DEFLATED) as archive:
        for member, data in members:
            archive.writestr(member, data)
    return archived.getvalue()


def linked(name="00_start.ipynb"):
    """A member of an archive that is a symbolic link."""
    member = zipfile.ZipInfo(name)
    member.create_system, member.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return member


def lying_header():
    """A bundle whose notebook unpacks to more than its header says."""
    data = bytearray(bundle(b'{"cells": [' + b" " * 5_000_000 + b"]}"))
    size = (5_000_013).to_bytes(4, "little")
    return bytes(data).replace(size, (1000).to_bytes(4, "little"))


def _link_in_inbox(inbox, student, world):
    (inbox / student).mkdir()
    (inbox / student / "00_start.ipynb").symlink_to(world.secret)


def _pipe_in_inbox(inbox, student, world):
    (inbox / student).mkdir()
    os.mkfifo(inbox / student / "00_start.ipynb")


def _large_file(inbox, student, world):
    (inbox / student).mkdir()
    with (inbox / student / "00_start.ipynb").open("wb") as file:
        file.write(b'{"cells": [')
        file.truncate(150 << 20)


def _somebody_else(inbox, student, world):
    """In an own folder: a bundle that says it is the neighbour's, with nothing in it."""
    (inbox / student).mkdir()
    (inbox / student / "x.zip").write_bytes(bundle(notebook("def square_slope(x): return 0"), "neighbour"))


FORGE = """import os, json, struct
def forge(header, target=range(3, 1024)):
    text = json.dumps(header).encode()
    for fd in target:
        try: os.write(fd, struct.pack('>II', len(text), 0) + text)
        except OSError: pass
"""

THREATS = {
    # Points without the answer.
    "equals everything": earns_nothing(
        "class Yes:\n    def __eq__(self, other): return True\n    __array_ufunc__ = None\n"
        "    def __array__(self, *a, **k): return 2\ndef square_slope(x): return Yes()",
        words="an object of type Yes",
    ),
    "array function": earns_nothing(
        "import numpy as np\nclass F:\n    def __array_function__(self, *a): return True\n"
        "    def __array__(self, dtype=None, copy=None): return np.array(True)\n    def __float__(self): return 2.0\n"
        "def square_slope(x): return F()",
        words="an object of type F",
    ),
    "ndarray subclass": earns_nothing(
        "import numpy as np\nclass A(np.ndarray):\n    def __sub__(self, other): return 0\n"
        "def square_slope(x): return np.zeros(()).view(A)",
        words="an object of type A",
    ),
    "float subclass": earns_nothing(
        "class F(float):\n    __eq__ = __le__ = __ge__ = lambda self, other: True\n"
        "    __sub__ = __rsub__ = lambda self, other: 0.0\n    __hash__ = None\ndef square_slope(x): return F(0)",
        words="an object of type F",
    ),
    "object array": earns_nothing(
        "import numpy as np\ndef square_slope(x): return np.array([{'a': 1}], dtype=object)",
        words="array of Python objects",
    ),
    "pickle bomb": earns_nothing(
        "import numpy as np, os\nclass P:\n    def __reduce__(self): return os._exit, (3,)\n"
        "def square_slope(x): return np.array([P()], dtype=object)",
        words="array of Python objects",
    ),
    "structured array": earns_nothing(
        "import numpy as np\ndef square_slope(x): return np.zeros(3, dtype=[('a', 'O'), ('b', 'f8')])"
    ),
    "not a number": earns_nothing("def square_slope(x): return float('nan')", words="holds nan"),
    "patched numpy": earns_nothing(
        "import numpy as np\nnp.allclose = np.array_equal = np.all = np.abs = lambda *a, **k: True\n"
        "np.random.default_rng = lambda *a: None\ndef square_slope(x): return x * 0.0"
    ),
    "patched builtins": earns_nothing(
        "import builtins\nbuiltins.abs = lambda x: 0\nbuiltins.isinstance = lambda *a: True\n"
        "def square_slope(x): return 0.0"
    ),
    "one array a thousand times": earns_nothing(
        "import json, os, struct, time\ndef square_slope(x):\n"
        "    tree = ['tuple', [['array', 'f8', [800_000], 0]] * 250]\n"
        "    header = {'op': 'outcome', 'id': 1, 'kind': 'value', 'value': tree, 'blobs': [6_400_000]}\n"
        "    text = json.dumps(header).encode()\n"
        "    data = memoryview(struct.pack('>II', len(text), 6_400_000) + text + bytes(6_400_000))\n"
        "    for fd in range(3, 1024):\n        try:\n"
        "            while data: data = data[os.write(fd, data):]\n        except OSError: pass\n    time.sleep(600)",
        words="two arrays of the same bytes",
    ),
    "a type that is no word": earns_nothing(
        FORGE + "def square_slope(x):\n"
        "    forge({'op': 'outcome', 'id': 1, 'kind': 'value', 'value': [['int'], 1], 'blobs': []})",
        words="a value of an unknown type",
    ),
    "an error nested deeply": earns_nothing(
        FORGE + "deep = []\nfor _ in range(800): deep = [deep]\n"
        "forge({'op': 'ready', 'signatures': {'square_slope': [deep, deep]}, "
        "'errors': [{'cell': deep, 'error': deep}], 'blobs': []})\ndef square_slope(x): return 0",
        words="a signature that is none",
    ),
    "an integer too long for an array": chapter_one(
        "polar_jacobian", "def polar_jacobian(r, theta): return 2**70", words="has shape ()"
    ),
    "a call with nothing in it": chapter_one(
        "complex_step_gradient",
        "def complex_step_gradient(f, x):\n    try: f(np.zeros(0, complex))\n    except ValueError: pass\n    return x",
        words="entries are off",
    ),
    "a question of a million texts": chapter_one(
        "central_jacobian",
        "def central_jacobian(f, x, h):\n    texts = tuple(('x' * 300, *['x'] * 60) for _ in range(60))\n"
        "    return f(tuple(texts for _ in range(3)))",
        words="more than 16 KB",
    ),
    "a shape without end": chapter_one(
        "polar_jacobian",
        "def polar_jacobian(r, theta): return np.zeros((0, 1 << 28, 1 << 20))",
        words="(0, 268435456, 1048576)",
    ),
    "million digits": earns_nothing("def square_slope(x): return 10 ** 1_000_000"),
    "deep nesting": earns_nothing(
        "def square_slope(x):\n    t = ()\n    for _ in range(100000): t = (t,)\n    return t"
    ),
    "the reference": earns_nothing(
        "def square_slope(x):\n    from course_lib.checks.chapter_00 import square_slope as s\n"
        "    return s.definition(x)"
    ),
    "the judge": earns_nothing(
        "import course_lib.checks.judging as j\nj.close = j.judge = lambda *a: True\ndef square_slope(x): return 0"
    ),
    "walking gc": earns_nothing(
        "import gc, sys\ndef square_slope(x):\n    for o in gc.get_objects():\n"
        "        if type(o).__name__ == 'Exercise': return o.definition(x)\n    return None",
        words="returned None",
    ),
    "walking frames": earns_nothing(
        "import sys\ndef square_slope(x):\n    frame = sys._getframe()\n    while frame:\n"
        "        for name in ('truth', 'expected', 'trial', 'trials', 'exercise', 'draw'):\n"
        "            if name in frame.f_locals: return frame.f_locals[name]\n        frame = frame.f_back",
        words="returned None",
    ),
    "closure of a callback": chapter_one(
        "complex_step_gradient",
        "def complex_step_gradient(f, x):\n    for cell in f.__closure__ or ():\n"
        "        for name in dir(cell.cell_contents):\n            if 'definition' in name: return 1\n"
        "    return f.__globals__['judge'](f)",
        words="raised",
    ),
    "frames everywhere": earns_nothing(
        FORGE + "def square_slope(x):\n"
        "    forge({'op': 'verdict', 'status': 'right', 'points': 9, 'blobs': []}, range(1024))",
    ),
    "forged outcome": earns_nothing(
        FORGE + "def square_slope(x):\n    forge({'op': 'outcome', 'id': 1, 'kind': 'value', "
        "'value': ['function', 0, 'f'], 'blobs': []})\n    return 0"
    ),
    "answers in advance": earns_nothing(
        FORGE
        + "for n in range(1, 9):\n    forge({'op': 'outcome', 'id': n, 'kind': 'value', 'value': ['float', '0x0p0'], "
        "'error': '', 'line': '', 'blobs': []})\ndef square_slope(x): return 0",
    ),
    "frame of 4 GB": earns_nothing(
        "import os\ndef square_slope(x):\n    for fd in range(3, 1024):\n"
        "        try: os.write(fd, b'\\xff' * 8)\n        except OSError: pass\n    return 0",
        words="what is no answer",
    ),
    "patched worker": earns_nothing(
        "import gc, types\nfor m in gc.get_objects():\n"
        "    if isinstance(m, types.ModuleType) and m.__name__.endswith(('frames', 'calling', 'worker')):\n"
        "        m.encode = lambda *a, **k: ['float', 'nan']\n        m.plain = lambda *a, **k: 0\n"
        "def square_slope(x): return 0"
    ),
    "false signature": earns_nothing(
        "def square_slope(x): return 0\nclass S:\n    @property\n    def parameters(self): return {'x' * 9999: None}\n"
        "square_slope.__signature__ = S()"
    ),
    "a forged result file": earns_nothing(
        "import json\nfor name in ('results.json', '/tmp/results.json', '{gradebook}', '/graded/grades.csv'):\n"
        "    try: json.dump({'square_slope': 1, 'score': 1}, open(name, 'w'))\n    except OSError: pass\n"
        "def square_slope(x): return 0"
    ),
    "a printed report": earns_nothing(
        "print('square_slope: right (1 of 1 points)')\nprint('1 graded, 0 refused, 0 failed')\n"
        "def square_slope(x): print('right'); return 0"
    ),
    "its own check": earns_nothing(
        "from course_lib import check\ndef check(f):\n    print('✓ right')\n    return True",
        "def square_slope(x): return 0",
        "check(square_slope)\nassert True  # was: a test",
    ),
    "the gradebook from the disk": earns_nothing(
        "import sqlite3\ndef square_slope(x):\n    book = sqlite3.connect('{gradebook}')\n"
        "    book.execute('update verdicts set points = 9')\n    book.commit()\n    return 0",
        words="raised",
    ),
    "changed inputs": chapter_one(
        "linear_approximation",
        "def linear_approximation(y, J, delta):\n    y[:] = 0; J[:] = 0; delta[:] = 0\n    return y + J @ delta",
    ),
    "differences for a derivation": chapter_one(
        "polar_jacobian",
        "def polar_jacobian(r, theta):\n    g = lambda r, t: np.array([r * np.cos(t), r * np.sin(t)])\n    h = 1e-6\n"
        "    return np.stack([(g(r + h, theta) - g(r - h, theta)) / (2 * h),\n"
        "                     (g(r, theta + h) - g(r, theta - h)) / (2 * h)], axis=1)",
    ),
    "differences with a step for each input": chapter_one(
        "polar_jacobian",
        "def polar_jacobian(r, theta):\n    g = lambda r, t: np.array([r * np.cos(t), r * np.sin(t)])\n"
        "    h, k = 1e-3 * r, 6e-6\n    return np.stack([(g(r + h, theta) - g(r - h, theta)) / (2 * h),\n"
        "                     (g(r, theta + k) - g(r, theta - k)) / (2 * k)], axis=1)",
    ),
    "differences with one middling step": chapter_one(
        "polar_jacobian",
        "def polar_jacobian(r, theta):\n    g = lambda r, t: np.array([r * np.cos(t), r * np.sin(t)])\n    h = 1e-4\n"
        "    return np.stack([(g(r + h, theta) - g(r - h, theta)) / (2 * h),\n"
        "                     (g(r, theta + h) - g(r, theta - h)) / (2 * h)], axis=1)",
    ),
    "a derivation without end": Threat(
        _in_folder(
            "03_least_squares.ipynb",
            lambda *_: notebook(f"mse_gradient_derivation = {_endless_derivation()!r}", "while True: pass"),
        ),
        "nothing",
        "Line 1",
        "mse_gradient_derivation",
    ),
    # Harm to the machine or to others.
    "fork bomb": earns_nothing("import os\ndef square_slope(x):\n    while True: os.fork()", words="raised"),
    "threads without end": earns_nothing(
        "import threading, time\ndef square_slope(x):\n"
        "    while True: threading.Thread(target=time.sleep, args=(99,)).start()",
    ),
    "another program": earns_nothing(
        "import subprocess\ndef square_slope(x): return subprocess.run(['/bin/sh', '-c', 'touch {open_folder}/x'])",
        words="raised",
    ),
    "killing the parent": earns_nothing(
        "import os, signal\ndef square_slope(x): os.kill(os.getppid(), signal.SIGKILL)", words="PermissionError"
    ),
    "killing by way of a pipe": costs_nothing(
        "import fcntl, os\nfor pid in range(1, 400):\n    try:\n        end, other = os.pipe()\n"
        "        fcntl.fcntl(end, fcntl.F_SETOWN, pid)\n        fcntl.fcntl(end, 10, 9)\n"
        "        fcntl.fcntl(end, fcntl.F_SETFL, os.O_ASYNC)\n        os.write(other, b'x')\n"
        "    except OSError: pass\n    os.close(end), os.close(other)"
    ),
    "magics without end": costs_nothing("!ls\n" * 2000, "%time\n" + "[*" * 40_000 + "?"),
    "killing all": earns_nothing(
        "import os\ndef square_slope(x):\n    for pid in (-1, 1, 2, os.getpgid(0), *range(3, 400)):\n"
        "        try: os.kill(pid, 9)\n        except OSError: pass\n    return 0"
    ),
    "filling the disk": earns_nothing(
        "def square_slope(x):\n    i = 0\n    while True:\n"
        "        with open(f'/tmp/{i}', 'wb') as f: f.write(b'0' * (8 << 20))\n        i += 1",
        words="No space left",
    ),
    "one large file": earns_nothing(
        "import os\ndef square_slope(x):\n    with open('/tmp/f', 'wb') as f: f.truncate(1 << 40)",
        words="File too large",
    ),
    "writing elsewhere": earns_nothing(
        "def square_slope(x): open('/sandbox/lib/numpy/__init__.py', 'a')", words="Error"
    ),
    "memory that no limit counts": earns_nothing(
        "import os\ndef square_slope(x):\n    kept = []\n    while True:\n        kept.append(os.memfd_create('x'))\n"
        "        os.write(kept[-1], bytes(16 << 20))",
        words="PermissionError",
    ),
    "all the kernel's queues": earns_nothing(
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\ndef square_slope(x):\n"
        "    call = {'x86_64': 206, 'aarch64': 0}[os.uname().machine]\n"
        "    taken = libc.syscall(call, 60_000, ctypes.byref(ctypes.c_ulong(0)))\n"
        "    assert taken == 0, os.strerror(ctypes.get_errno())",
        words="not permitted",
    ),
    "4 GiB": earns_nothing("def square_slope(x): return len(bytearray(4 << 30))", words="MemoryError"),
    "endless loop": earns_nothing(SLOPE, "while True: pass", words="endless loop"),
    "loop that ignores interrupts": earns_nothing(
        SLOPE, "while True:\n    try:\n        while True: pass\n    except BaseException: pass", words="endless loop"
    ),
    "a loop in the answer": earns_nothing("def square_slope(x):\n    while True: pass", words="took longer than"),
    "sleeping": earns_nothing("import time\ndef square_slope(x): time.sleep(10**6)", words="took longer than"),
    "output without end": earns_nothing(SLOPE, "while True: print('x' * 100000)", words="printed more than 64 MB"),
    "os._exit": earns_nothing(SLOPE, "import os\nos._exit(0)", words="exit code 0"),
    "sys.exit in the answer": earns_nothing("import sys\ndef square_slope(x): sys.exit(0)", words="SystemExit"),
    "a crash": earns_nothing(SLOPE, "import ctypes\nctypes.string_at(0)", words="signal 11"),
    "bottomless recursion": earns_nothing(
        "import sys\nsys.setrecursionlimit(10**9)\ndef square_slope(x): return square_slope(x)", words=""
    ),
    "closing every descriptor": earns_nothing(
        "import os, time\ndef square_slope(x):\n    os.closerange(0, 1024)\n    time.sleep(600)",
        words="closed its line",
    ),
    "a daemon": costs_nothing(
        "import ctypes, os, threading, time\nlibc = ctypes.CDLL(None)\nlibc.prctl(15, b'{token}', 0, 0, 0)\n"
        "try:\n    if os.fork() == 0:\n        os.setsid()\n        time.sleep(600)\nexcept OSError:\n    pass\n"
        "def stay():\n    libc.prctl(15, b'{token}', 0, 0, 0)\n    time.sleep(600)\n"
        "threading.Thread(target=stay, daemon=False).start()"
    ),
    "the network": costs_nothing("import socket\nsocket.create_connection(('127.0.0.1', {port}), 1).send(b'x')"),
    "an abstract socket": costs_nothing("import socket\nsocket.socket(socket.AF_UNIX).connect('\\0{token}')"),
    "reading the home": costs_nothing(
        "import glob, os\nprint(open('{secret}').read())", "print(glob.glob('/home/*') + glob.glob('/root/*'))"
    ),
    "deleting": costs_nothing(
        "import os, shutil\nfor path in ('{secret}', '{neighbour}', '{gradebook}', '{open_folder}/precious'):\n"
        "    try: os.remove(path)\n    except OSError: pass\nshutil.rmtree('{open_folder}', ignore_errors=True)\n"
        "shutil.rmtree('/', ignore_errors=True)"
    ),
    "writing": costs_nothing("open('{open_folder}/here', 'w').write('I was here')"),
    "the environment": costs_nothing(
        "import os\nprint(sorted(os.environ.items()))\nprint(open('/proc/1/environ').read())"
    ),
    "other submissions": costs_nothing("print(open('{neighbour}').read())"),
    "raising limits": costs_nothing(
        "import resource\nfor kind in range(16):\n    try: resource.setrlimit(kind, (-1, -1))\n"
        "    except (OSError, ValueError): pass"
    ),
    # What is handed in instead of a notebook.
    "a link in an archive": refused("x.zip", crafted((linked("other"), b"/etc/passwd")), "a link"),
    "a way out of an archive": refused("x.zip", crafted(("../../../evil", b"x")), "leads outside"),
    "an absolute name": refused("x.zip", crafted(("/etc/cron.d/evil", b"x")), "leads outside"),
    "a zip bomb": refused("x.zip", lambda: bundle(b"0" * (40 << 20), name="00.ipynb"), "unpacks to"),
    "a lying header": refused("x.zip", lying_header, "archive"),
    "a thousand members": refused("x.zip", crafted(*[(f"{i}", b"") for i in range(1000)]), "1002 members"),
    "a zip of a zip of a zip": refused(
        "x.zip", lambda: _zip_of(_zip_of(bundle(notebook(SLOPE)))), "neither a notebook nor"
    ),
    "a notebook cut off": refused("00_start.ipynb", notebook(SLOPE)[:-30], "JSON is broken"),
    "no notebook": refused("00_start.ipynb", b"[1, 2]", "no list of cells"),
    "binary": refused("00_start.ipynb", bytes(range(256)) * 9, "not text"),
    "nested JSON": refused("00_start.ipynb", b"[" * 1_000_000, "nested too deeply"),
    "a hundred thousand cells": refused("00_start.ipynb", lambda: notebook(*["1"] * 100_000), "100000 cells"),
    "150 MB": Threat(_large_file, "refused", "157.3 MB"),
    "a link in the inbox": Threat(_link_in_inbox, "refused", "a link"),
    "a pipe in the inbox": Threat(_pipe_in_inbox, "refused", "not an ordinary file"),
    "somebody else's bundle": Threat(_somebody_else, "nothing"),
    # Honest accidents that peers punish.
    "a copied answer": costs_nothing(SLOPE),
    "a warning": costs_nothing("import numpy as np\nnp.log(-1.0)\nimport warnings\nwarnings.simplefilter('error')"),
    "a warning in the answer": Threat(
        _in_folder(
            "00_start.ipynb",
            lambda *_: notebook(
                "import numpy as np\ndef square_slope(x):\n    np.log(-1.0), np.float64(1) / 0\n    return 2 * x"
            ),
        ),
        "right",
    ),
    "200 MB of output": costs_nothing("for _ in range(50):\n    print('x' * (1 << 20))"),
    "lone surrogates": costs_nothing("text = '\\ud800'\nprint(text)"),
    "closed output": costs_nothing("import sys\nsys.stdout.close()\nsys.stdout = None"),
}


def _endless_derivation():
    """As much text as is read, of sums within sums and nested parentheses."""
    sums = "".join(rf"\sum_{{{index}=1}}^n " for index in "abcdeghijklm")
    return "\n".join([rf"\nabla_w L = {sums} 1", r"\nabla_w L = " + "(" * 9000 + "w", *["L = x^{9^{9^{9^9}}}"] * 400])


def _zip_of(data):
    archived = io.BytesIO()
    with zipfile.ZipFile(archived, "w") as archive:
        archive.writestr("inner.zip", data)
    return archived.getvalue()
