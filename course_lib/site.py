"""The chapters and exercises as a static site: to be read without running anything, on a server or from a folder.

Sphinx with MyST-NB reads the notebooks as they are committed and runs none; the theme is Jupyter Book's. MathJax and
all other scripts are copied into the site, so it asks no other server for anything.
"""

import re
import shutil
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from course_lib import page
from course_lib.errors import CourseError

TITLE = "From Jacobians to backpropagation"
INTRODUCTION = """A course that walks from the derivative of one number to the gradients of a neural network. Every
gradient is derived by hand, and every hand can be checked. Here it can be read. To run it, move the explorers and have
answers checked, get the course and open it in JupyterLab."""
# A printed line that is too long for the page is folded. A table without column titles, such as a chapter's opening
# card, has an empty head, because Markdown wants one: it is not shown, and no screen reader announces it.
STYLE = """.cell_output pre { white-space: pre-wrap; }
thead:not(:has(p:not(:empty))) { display: none; }
"""
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="16" fill="#0072b2"/>'
    '<text x="16" y="24" font-size="24" font-family="serif" text-anchor="middle" fill="white">∂</text></svg>'
)
SETTINGS = {
    "project": TITLE,
    "author": "the authors of course_lib",
    "copyright": "text and figures under CC BY 4.0, code under BSD-3-Clause",
    "extensions": ["myst_nb", "sphinx.ext.mathjax", "sphinx-mathjax-offline"],
    "nb_execution_mode": "off",
    "myst_enable_extensions": ["dollarmath", "amsmath"],
    # Formulas stand in the prose and in what a cell shows as HTML, such as the report of a derivation.
    "myst_update_mathjax": False,
    "mathjax3_config": {
        "tex": {"inlineMath": [["$", "$"], ["\\(", "\\)"]]},
        "options": {"ignoreHtmlClass": "bd-content", "processHtmlClass": "math|text_html"},
    },
    "html_theme": "sphinx_book_theme",
    "html_title": TITLE,
    "html_static_path": ["_static"],
    "html_css_files": ["course.css"],
    "html_favicon": "_static/icon.svg",
    # Light or dark as the reader's system is; without a word here the theme complains in the console.
    "html_context": {"default_mode": "auto"},
    "html_theme_options": {"show_toc_level": 2, "home_page_in_toc": True, "navbar_persistent": []},
    "html_copy_source": True,
}


def built(root, out, pyodide=None):
    """Write the site of the course folder `root` to `out` (both Paths) and return the Path of its first page.

    `out` is replaced; a folder that holds no site is left alone. `pyodide` is where browsers get Python from, as
    `course_lib.page.built` takes it. CourseError when Sphinx or MathLive is missing, or with what Sphinx warns of, such
    as a link to a notebook that does not exist.
    """
    try:
        from sphinx.application import Sphinx
    except ImportError:
        raise CourseError("The site needs Sphinx: install the course with its extra, course_lib[site].") from None
    if out.exists() and any(out.iterdir()) and not (out / "searchindex.js").exists():
        raise CourseError(f"{out} holds something else than a site; move it away first.")
    with TemporaryDirectory() as folder:
        # MyST-NB leaves a folder beside the pages, so they are built here and moved when they are done.
        source, pages, doctrees = (Path(folder) / name for name in ("source", "pages", "doctrees"))
        _stage(root, source)
        warnings = StringIO()
        Sphinx(source, None, pages, doctrees, "html", SETTINGS, status=None, warning=warnings).build()
        page.built(pages / "derive", pyodide)
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(pages, out)
    if warnings.getvalue():
        said = re.sub(r"\x1b\[[\d;]*m", "", warnings.getvalue()).replace(f"{source}/", "")
        raise CourseError(f"The site is built, but not all is well:\n{said.strip()}")
    return out / "index.html"


def _stage(root, source):
    """Copy what the site is made from to `source`, with a first page that lists it."""
    for folder in ("notebooks", "exercises"):
        (source / folder).mkdir(parents=True)
        for path in sorted((root / folder).glob("*.ipynb")):
            shutil.copy(path, source / folder)
    (source / "_static").mkdir()
    for name, text in (("course.css", STYLE), ("icon.svg", ICON)):
        (source / "_static" / name).write_text(text, encoding="utf-8")
    pages = "\n\n".join(
        f"```{{toctree}}\n:caption: {caption}\n:maxdepth: 1\n\n{listed}\n```"
        for caption, listed in (("Chapters", _pages(source, "notebooks")), ("Exercises", _pages(source, "exercises")))
    )
    (source / "index.md").write_text(f"# {TITLE}\n\n{INTRODUCTION}\n\n{pages}\n", encoding="utf-8")


def _pages(source, folder):
    return "\n".join(f"{folder}/{path.stem}" for path in sorted((source / folder).glob("*.ipynb")))
