"""Pyodide's lock file for the lab: of the release what the student's seat needs, and the seat itself.

A package that the release does not hold stands in the lock with its content in the place of its address, as a `data:`
address. So all of them are one file, whichever server Pyodide comes from, and the loader checks each by its sha256.
"""

import base64
import hashlib
import io
import json
import zipfile
from importlib import metadata
from pathlib import Path

from course_lib.start import PACKAGE

# Entries of the lock of Pyodide 0.27.7, as they stand there.
RELEASE = Path(__file__).with_name("release.json")
# Distributions of this environment that are pure Python and come along, by their names → what they need.
BROUGHT = {
    "lark": (),
    "comm": ("traitlets",),
    "ipywidgets": ("comm", "ipython", "traitlets"),
    "anywidget": ("ipywidgets", "psygnal", "typing-extensions"),
    "psygnal": (),
    "typing_extensions": (),
}
# Wheels that lie beside the kernel's own part of JupyterLab.
KERNELS = ("ipykernel", "piplite", "pyodide_kernel")
# The kernel insists on these at its start, and nothing here uses them: an empty package saves megabytes.
EMPTY = ("jedi", "ssl")
# What the seat is made of; the figures are a package of their own, so that Matplotlib loads when they are imported.
SEAT = (
    *("__init__.py", "browser.py", "clock.py", "errors.py", "health.py"),
    *("calculus", "checks", "data", "derivation", "py.typed"),
    *(f"grading/{name}.py" for name in ("__init__", "bundle", "config", "files", "notebook")),
)
FIGURES = ("figures",)
# All that is there when a kernel has started.
AT_START = (
    *("micropip", *KERNELS, *EMPTY, "sqlite3", "ipython", "comm", "numpy"),
    *("lark", "ipywidgets", "anywidget", "course_lib"),
)
NOT_SHIPPED = {".so", ".pyd", ".pyc", ".pyi"}
EPOCH = (1980, 1, 1, 0, 0, 0)


def locked(wheels):
    """The lock as a dict; `wheels` is the folder (a Path) with the kernel's own wheels."""
    release = json.loads(RELEASE.read_text(encoding="utf-8"))
    packages = release["packages"]
    for name, needs in BROUGHT.items():
        _add(packages, name, metadata.version(name), _repacked(name), needs)
    for name in KERNELS:
        (wheel,) = wheels.glob(f"{name}-*.whl")
        _add(packages, name, wheel.name.split("-")[1], wheel.read_bytes(), ())
    for name in EMPTY:
        _add(packages, name, "0", _wheel(name, "0", {}), (), imports=())
    version = metadata.version("course_lib")
    _add(packages, "course_lib", version, _wheel("course_lib", version, sources(SEAT)), ("numpy", "lark"))
    figures = _wheel("course_lib_figures", version, sources(FIGURES))
    needs = ("course-lib", "matplotlib", "ipywidgets")
    _add(packages, "course_lib_figures", version, figures, needs, imports=("course_lib.figures",))
    for package in packages.values():
        package["depends"] = [name for name in map(_key, package["depends"]) if name in packages]
    return release


def _key(name):
    return name.lower().replace("_", "-")


def _add(packages, name, version, wheel, needs, imports=None):
    """Put a package of our own into the lock."""
    packages[_key(name)] = {
        "name": name,
        "version": version,
        # The loader reads the kind of an archive from the end of its address.
        "file_name": f"data:;base64,{base64.b64encode(wheel).decode()}#/{name}-{version}-py3-none-any.whl",
        "sha256": hashlib.sha256(wheel).hexdigest(),
        "install_dir": "site",
        "package_type": "package",
        "imports": [name] if imports is None else list(imports),
        "depends": list(needs),
        "unvendored_tests": False,
    }


def _repacked(name):
    """An installed distribution as a wheel again, without what only another system can run."""
    found = metadata.distribution(name)
    inside = [file for file in found.files if ".." not in file.parts and file.suffix not in NOT_SHIPPED]
    content = {file.as_posix(): Path(file.locate()).read_bytes() for file in inside}
    return _wheel(name, found.version, {name: data for name, data in content.items() if ".dist-info/" not in name})


def sources(names):
    """Files of this library: path → content."""
    found = {}
    for name in names:
        top = PACKAGE / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and "__pycache__" not in path.parts:
                found[path.relative_to(PACKAGE.parent).as_posix()] = path.read_bytes()
    return found


def _wheel(name, version, content):
    """The bytes of a wheel that holds `content`, path → bytes; the same from the same."""
    described = {
        "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        "WHEEL": "Wheel-Version: 1.0\nGenerator: course_lib\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "RECORD": "",
    }
    about = {f"{name}-{version}.dist-info/{file}": text.encode() for file, text in described.items()}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, data in sorted({**content, **about}.items()):
            archive.writestr(zipfile.ZipInfo(path, EPOCH), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()
