"""The page "Check your derivation": the derivation checker in a browser, for anyone, with nothing installed.

`built` writes it to a folder of static files. A worker runs this same library in Pyodide; the page itself is the editor
of the notebook (`derivation/web`), with a frame around it (`static`). Nothing that is typed leaves the browser.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import json
import shutil
import zipfile
from pathlib import Path

from course_lib.derivation.editor import WEB
from course_lib.errors import CourseError

from . import mathlive

STATIC = Path(__file__).parent / "static"
LIBRARY = Path(__file__).parents[1]

PYODIDE = "0.27.7"
RELEASE = f"https://cdn.jsdelivr.net/pyodide/v{PYODIDE}/full/"
# What the worker fetches of it, with the SHA-256 of each file of that release: of all of them by their own, of NumPy as
# it stands in the release's lock file.
FILES = {
    "pyodide.mjs": (13_931, "04c052c815abb0bf2981fa38c2dfa58e3120ee5288c956df2b2a15e301782c5f"),
    "pyodide.asm.js": (1_255_688, "6b4c90de5b7172873f04f21884d0e9d2274e305fe32116558fe3e4fbe3618d51"),
    "pyodide.asm.wasm": (10_105_545, "a50dd1843f805a0b7c45b61037ee0d7b26dfe85efe0e18ef95a34ad24e401f5f"),
    "python_stdlib.zip": (2_360_737, "16611534726e5d8ac2bd8f926410b2dcb8d6f49aa24913463533b457a2115c16"),
    "pyodide-lock.json": (112_205, "9c45b916001a750f4102fc287494f3eab215909c7535c626a20db80fd6333e2c"),
    "numpy-2.0.2-cp312-cp312-pyodide_2024_0_wasm32.whl": (
        3_061_133,
        "ebb61241d962b98b21597d7ce43b67668a6d5bab3acec4fbe958657320d7cd08",
    ),
}
# Of this library, what a derivation needs; NumPy is Pyodide's, and Lark travels beside it.
NEEDED = ("__init__.py", "clock.py", "errors.py", "derivation")
PROBLEMS = 8  # of each kind and level, for practice
EPOCH = (1980, 1, 1, 0, 0, 0)


def built(out, pyodide=None):
    """Write the page to the folder `out` (a Path, replaced when it is there) and return the Path of its first file.

    pyodide: where the learner's browser gets Python: None for Pyodide's public release, an address that ends in a
    slash, or a folder (Path) with that release, of which a copy goes along, and then the page asks no other server.
    MathLive is fetched when it is not there yet.
    CourseError: MathLive cannot be had, or a file of `pyodide` is not the release's.
    """
    field = mathlive.fetched()
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(STATIC, out, ignore=shutil.ignore_patterns("*.json", "index.html"))
    for name in ("editor.js", "editor.css"):
        shutil.copy(WEB / name, out / name)
    shutil.copytree(field, out / "mathlive")
    modules = _modules(out / "modules.zip")
    address = RELEASE if pyodide is None else pyodide
    if isinstance(address, Path):
        copied(address, out / "pyodide", {name: sha256 for name, (_, sha256) in FILES.items()})
        address = "pyodide/"
    config = {
        "pyodide": address,
        "modules": "modules.zip",
        "files": [*(_file(name, *FILES[name]) for name in FILES), {**_fingerprint(modules), "url": "modules.zip"}],
        "examples": examples(),
        "practice": problems(),
    }
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    # A block of data, never run; "<" is spelled so that no text can end it.
    said = json.dumps(config, ensure_ascii=False).replace("<", "\\u003c")
    (out / "index.html").write_text(page.replace("{{config}}", said), encoding="utf-8")
    return out / "index.html"


def examples():
    """The derivations that the page offers: dicts with title, about, text, shapes and functions."""
    return json.loads((STATIC / "examples.json").read_text(encoding="utf-8"))


def problems():
    """Problems to practise, by kind, the easy ones first: dicts as `examples` has them, without a title."""
    from course_lib.derivation.workout.practising import KINDS, LEVELS, practice

    def told(drawn):
        problem = drawn.problem
        jacobian = "partial" in problem.goal
        goal = f"∂{drawn.function}/∂{drawn.variable}" if jacobian else f"∇{drawn.variable} {drawn.function}"
        about = f"Derive {goal}. When you are stuck, ask for the next line."
        return {
            "about": about,
            "text": f"{problem.given}\n% {problem.goal} = ?\n",  # by which the next line knows what is asked for
            "shapes": dict(problem.shapes),
            "functions": list(problem.functions),
        }

    drawn = {kind: [practice(kind, level, k) for level in LEVELS for k in range(PROBLEMS)] for kind in KINDS}
    return {kind: [told(each) for each in several] for kind, several in drawn.items()}


def copied(release, folder, files):
    """A copy of the `files` (name → SHA-256) of the release in the folder `release`, every one checked first."""
    folder.mkdir(exist_ok=True)
    for name, sha256 in files.items():
        try:
            content = (release / name).read_bytes()
        except OSError:
            raise CourseError(f"{release} holds no {name}; it must hold Pyodide {PYODIDE}.") from None
        if hashlib.sha256(content).hexdigest() != sha256:
            raise CourseError(f"{release / name} is not the file of Pyodide {PYODIDE}: its SHA-256 differs.")
        (folder / name).write_bytes(content)


def _modules(path):
    """Lark and what is needed of this library in one archive, byte for byte the same from the same sources."""
    lark = importlib.metadata.distribution("lark")
    found = {f.as_posix(): lark.locate_file(f) for f in lark.files if _wanted(f)}
    for name in NEEDED:
        top = LIBRARY / name
        for file in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if file.suffix in (".py", ".lark", ".toml") and "web" not in file.parts:
                found[file.relative_to(LIBRARY.parent).as_posix()] = file
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(found):
            archive.writestr(zipfile.ZipInfo(name, EPOCH), Path(found[name]).read_bytes(), zipfile.ZIP_DEFLATED)
    return path


def _wanted(file):
    """Whether a file of Lark's distribution is needed where derivations are judged: its modules, and its licence."""
    if file.parts[0] == "lark":
        return file.suffix in (".py", ".lark") and not {"__pyinstaller", "tools"} & set(file.parts)
    return file.name.startswith("LICENSE")


def _fingerprint(path):
    content = path.read_bytes()
    return _file(path.name, len(content), hashlib.sha256(content).hexdigest())


def _file(name, size, sha256):
    """A file as the worker expects it, its hash as browsers write it."""
    integrity = "sha256-" + base64.b64encode(bytes.fromhex(sha256)).decode()
    return {"name": name, "size": size, "integrity": integrity}
