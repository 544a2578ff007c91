"""The whole student's seat in a browser: JupyterLab without a server, Python in WebAssembly, all chapters and sheets.

JupyterLite makes the pages, Pyodide runs the cells. What Pyodide's release does not hold, this library first of all,
travels inside its lock file, so a kernel is ready when it has started and installs nothing.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from course_lib import page
from course_lib.errors import CourseError
from course_lib.lab.lock import AT_START, locked
from course_lib.start import FOLDERS, PACKAGE, SETTINGS

# The parts of JupyterLab that are no part of JupyterLite: widgets, the kernel, colours of code.
EXTENSIONS = (
    "@jupyter-widgets/jupyterlab-manager",
    "@jupyterlite/pyodide-kernel-extension",
    "anywidget",
    "jupyterlab_pygments",
)
KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"
LOCK = "pyodide-lock.json"
TOLD = Path(__file__).with_name("told.js")
# Where JupyterLite's scripts start the lab.
START = re.compile(r"(await (\w+)\.start\()(\),await \2\.restored)")
# The kernel's worker is a classic script and cannot import the module that the page for derivations loads.
LOADER = ("pyodide.js", "b4cb23a53aba19c221659b9fb40a2f18281d685691dc06647fb0afd0681baf98")


def built(root, out, pyodide=None):
    """Write the lab with the notebooks of the course folder `root` to the folder `out`; returns its first page.

    root, out   Paths; `out` is replaced.
    pyodide     where browsers get Python from: None for Pyodide's public release, or a folder (Path) with that release,
                of which a copy goes along, and then the lab asks no other server.
    CourseError when JupyterLite is missing or complains, or a file of `pyodide` is not the release's.
    """
    shutil.rmtree(out, ignore_errors=True)
    with TemporaryDirectory() as name:
        staged = Path(name)
        _stage(root, staged, "./pyodide/" if pyodide else page.RELEASE)
        _run_jupyterlite(staged, out)
    _give_widgets_their_keys(out / "build")
    _tell_what_is_missing(out)
    content = locked(out / "extensions" / "@jupyterlite" / "pyodide-kernel-extension" / "static" / "pypi")
    _write(out / LOCK, content)
    if pyodide:
        page.copied(pyodide, out / "pyodide", release_files(content))
    return out / "lab" / "index.html"


def release_files(lock):
    """Name → SHA-256 of what the lab and the page for derivations fetch of Pyodide's release."""
    packages = [package for package in lock["packages"].values() if not package["file_name"].startswith("data:")]
    core = dict([LOADER, *((name, sha256) for name, (_, sha256) in page.FILES.items())])
    return core | {package["file_name"]: package["sha256"] for package in packages}


def _stage(root, staged, address):
    """What JupyterLite builds from: the course, settings of JupyterLab and of the kernel, and how to build."""
    contents = staged / "contents"
    for folder in FOLDERS:
        shutil.copytree(root / folder, contents / folder, ignore=shutil.ignore_patterns("images", ".*"))
    (contents / "course.toml").write_text(SETTINGS, encoding="utf-8")
    kernel = {
        "pyodideUrl": f"{address}{LOADER[0]}",
        "disablePyPIFallback": True,
        "loadPyodideOptions": {"lockFileURL": f"./{LOCK}", "packages": list(AT_START)},
    }
    site = {"appName": "From Jacobians to backpropagation", "litePluginSettings": {KERNEL: kernel}}
    build = {
        "apps": ["lab"],
        "contents": [str(contents)],
        "federated_extensions": [str(_labextension(name)) for name in EXTENSIONS],
        "ignore_sys_prefix": ["federated_extensions"],
        "no_sourcemaps": True,
        "no_unused_shared_packages": True,
        "settings_overrides": [str(_overrides(staged))],
    }
    _write(staged / "jupyter-lite.json", {"jupyter-lite-schema-version": 0, "jupyter-config-data": site})
    _write(staged / "jupyter_lite_config.json", {"LiteBuildConfig": build})


def _overrides(staged):
    """The course's defaults for JupyterLab, the same as on a student's own machine."""
    shutil.copy(PACKAGE / "jupyter" / "labconfig" / "default_setting_overrides.json", staged / "overrides.json")
    return staged / "overrides.json"


def _labextension(name):
    """The folder of an installed part of JupyterLab."""
    from jupyter_core.paths import jupyter_path

    for folder in jupyter_path("labextensions"):
        if (Path(folder) / name / "package.json").is_file():
            return Path(folder) / name
    raise CourseError(f"The lab needs {name}: install the course with its extra, course_lib[site].")


def _run_jupyterlite(staged, out):
    command = [sys.executable, "-m", "jupyterlite_core", "build", "--lite-dir", staged, "--output-dir", out]
    ran = subprocess.run([str(word) for word in command], cwd=staged, capture_output=True, text=True, timeout=600)
    if ran.returncode:
        raise CourseError(f"JupyterLite could not build the lab: {(ran.stderr or ran.stdout).strip()[-1500:]}")


def _give_widgets_their_keys(build):
    """Let JupyterLab hear of a key after the widget that has the focus, as it does outside a browser seat.

    JupyterLite's own start takes every key first: an arrow never reaches a slider, and a letter that is typed into the
    field for mathematics cuts a cell.
    """
    scripts = {path: path.read_text(encoding="utf-8") for path in sorted(build.glob("*.js"))}
    mended = {path: START.sub(r"\1{bubblingKeydown:!0}\3", script) for path, script in scripts.items()}
    starts = [path for path in scripts if mended[path] != scripts[path]]
    if len(starts) != 1:
        raise CourseError(f"JupyterLite's scripts start the lab in {len(starts)} files; one was expected.")
    starts[0].write_text(mended[starts[0]], encoding="utf-8")


def _tell_what_is_missing(out):
    """Let the lab's page say first what the browser lacks; its other pages lead to that one."""
    shutil.copy(TOLD, out / TOLD.name)
    first = out / "lab" / "index.html"
    text = first.read_text(encoding="utf-8")
    first.write_text(text.replace("<head>", f'<head>\n    <script src="../{TOLD.name}"></script>', 1), encoding="utf-8")


def _write(path, content):
    path.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
