"""The course as a static site: pages to read, the lab to work in, and the page that checks anyone's derivation.

Sphinx with MyST-NB reads the notebooks as they are committed and runs none; the theme is Jupyter Book's. MathJax and
all other scripts are copied into the site, so the pages ask no other server for anything; `lab` and `page` say where
Python in the browser comes from.
"""

import json
import re
import shutil
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from course_lib import lab, page
from course_lib.errors import CourseError
from course_lib.start import FOLDERS

TITLE = "From Jacobians to backpropagation"
INTRODUCTION = """From the derivative of one number to the gradients of a neural network: ten chapters that derive every
gradient by hand, and a library that checks every hand. It names the mistake in a function or in a line of a derivation,
and it knows no answer key, only the definition."""
# The doors of the first page: where it leads, its picture, its name, what is behind it.
DOORS = (
    (
        "notebooks/00_start_here.html",
        "read",
        "Read",
        "The chapters as pages, with pictures, search and a phone's width.",
    ),
    (
        "lab/lab/index.html?path=notebooks/00_start_here.ipynb",
        "lab",
        "Work in the browser",
        "The whole course in JupyterLab, nothing installed: move the explorers, solve, be checked, hand in.",
    ),
    (
        "derive/index.html",
        "derive",
        "Check a derivation",
        "Paste what you derived; every line is compared with the definition it came from.",
    ),
)
PICTURES = {
    "read": "A page of chapter 8: the network with the value and the gradient at every node",
    "lab": "JupyterLab in a browser: an exercise, and the sentence that names the mistake in the answer",
    "derive": "A derivation as formulas, the shapes of its letters, and which line is the first that is wrong",
}
# A printed line that is too long for the page is folded. A table without column titles, such as a chapter's opening
# card, has an empty head, because Markdown wants one: it is not shown, and no screen reader announces it. What a cell
# shows has the colours of the page, and a picture is darkened by itself, so the theme frames neither in a lighter box.
# The names of exercises are headings of code, which break where they must.
STYLE = """.cell_output pre { white-space: pre-wrap; }
thead:not(:has(p:not(:empty), th:not(.head))) { display: none; }
.bd-article h1 { font-size: clamp(1.6rem, 7.5vw, 2.65rem); overflow-wrap: anywhere; }
.bd-article :is(h2, h3) code { font-size: .8em; overflow-wrap: anywhere; }
.bd-article :is(h2, h3) code .pre { white-space: normal; }
.bd-article :is(h2, h3) .headerlink { position: absolute; }
.bd-sidebar-secondary code .pre { white-space: normal; overflow-wrap: anywhere; }
.bd-article details { margin-bottom: 1rem; }
/* Or what a formula scrolls in cuts the bar off a transpose that stands on top. */
.bd-article div.math mjx-container { padding-block: .2em; }
.prev-next-title { overflow-wrap: anywhere; font-size: clamp(.75rem, 3.3vw, 1.15em) !important; }
.prev-next-area a, .prev-next-info { min-width: 0; }
.bd-content div.cell_output .text_html { background: none !important; color: var(--pst-color-text-base) !important; }
.bd-content .text_html:has(.course-figure) { padding: 0 !important; }
.bd-content .text_html :is(th, td) { padding: .3em .8em; }
.course-derivation :is(table, thead, tbody) { display: block !important; width: 100% !important; }
.course-derivation tr { display: grid; grid-template-columns: 3rem minmax(0, 1fr) 5rem 8.5rem;
  border-bottom: 1px solid var(--pst-color-border); }
.course-derivation :is(th, td) { border: 0 !important; min-width: 0; padding-inline: .5em !important; }
/* What is said of a line stands below it, as wide as the formula that it is about may be. */
.course-derivation td:last-child { display: contents; }
.course-derivation td:last-child > strong { padding: .3em .5em; white-space: normal !important; }
.course-derivation td:last-child > div { grid-column: 2 / -1; padding: 0 .5em .3em; }
.course-derivation td mjx-container { display: inline-block !important; max-width: 100%; overflow: auto hidden;
  padding: .15em 0; vertical-align: middle; font-size: 112% !important; }
.bd-content .course-figure img { background: none !important; padding: 0 !important; border-radius: 0 !important;
  filter: none !important; }
.doors { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: 1rem; margin: 1.5rem 0; }
.door { display: block; border: 1px solid var(--pst-color-border); border-radius: 6px; overflow: hidden;
  text-decoration: none; color: var(--pst-color-text-base); }
.door:hover, .door:focus-visible { border-color: var(--pst-color-link); }
.door img { display: block; width: 100%; aspect-ratio: 4 / 3; object-fit: cover; object-position: left top; }
.door strong, .door span { display: block; padding: 0 .9rem; }
.door strong { padding-top: .7rem; color: var(--pst-color-link); }
.door span { padding-bottom: .9rem; }
.btn-launch-lab .btn__text-container { font-size: 1rem; padding-left: .4rem; white-space: nowrap; }
@media (min-width: 1200px) and (max-width: 1500px) {
  .bd-sidebar-secondary { max-width: 13rem; padding-inline: 1rem; }
  .bd-main .bd-content .bd-article-container { max-width: calc(100% - 13rem); }
  .bd-article .highlight pre { font-size: .8rem; }
}
@media (max-width: 40rem) {
  .btn-launch-lab .btn__text-container { display: none; }
  .bd-article .headerlink { display: none; }
  .chapters tr { display: grid; grid-template-columns: 2.2rem minmax(0, 1fr) auto; }
  .chapters td { border: 0 !important; }
  .chapters td:nth-child(3) { grid-area: 2 / 2 / auto / -1; padding-top: 0; }
  .course-derivation thead { display: none !important; }
  .course-derivation tr { grid-template-columns: 1.6rem auto minmax(0, 1fr); }
  .course-derivation td { padding-inline: .3em !important; overflow-x: auto; }
  .course-derivation td:nth-child(2) { grid-column: 2 / -1; }
  .course-derivation td:nth-child(3) { grid-column: 2; }
  .bd-article .cell_output pre { font-size: .7rem; padding-inline: .6rem; }
  .bd-article :is(h2, h3) code { font-size: .65em; }
  .bd-article div.math mjx-container { font-size: 110% !important; }
  .bd-article table:not(.course-derivation table) :is(th, td) { padding: .4rem; font-size: .9rem; }
}
"""
# The script that moves the boards; on a page it takes the place of their stored pictures.
SCRIPT = Path(__file__).parent / "figures" / "board.js"
BOARDS = f'import {{ awaken }} from "./{SCRIPT.name}";\nawaken(document);\n'
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
    "html_js_files": [("boards.js", {"type": "module"})],
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
        from sphinx.util.docutils import docutils_namespace
    except ImportError:
        raise CourseError("The site needs Sphinx: install the course with its extra, course_lib[site].") from None
    if out.exists() and any(out.iterdir()) and not (out / "searchindex.js").exists():
        raise CourseError(f"{out} holds something else than a site; move it away first.")
    with TemporaryDirectory() as folder:
        # MyST-NB leaves a folder beside the pages, so they are built here and moved when they are done.
        source, pages, doctrees = (Path(folder) / name for name in ("source", "pages", "doctrees"))
        _stage(root, source)
        warnings = StringIO()
        # What extensions add to docutils is gone afterwards; or a second site of this process would be warned of it.
        with docutils_namespace():
            sphinx = Sphinx(source, None, pages, doctrees, "html", SETTINGS, status=None, warning=warnings)
            sphinx.connect("html-page-context", _add_launch_button, priority=502)
            sphinx.build()
        if warnings.getvalue():
            said = re.sub(r"\x1b\[[\d;]*m", "", warnings.getvalue()).replace(f"{source}/", "")
            raise CourseError(f"No site is written, because not all is well with its pages:\n{said.strip()}")
        # One copy of Pyodide serves both. The page comes first: it brings MathLive, which the lab's library holds then.
        page.built(pages / "derive", pyodide and "../lab/pyodide/")
        lab.built(root, pages / "lab", pyodide)
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(pages, out)
    return out / "index.html"


def _stage(root, source):
    """Copy what the site is made from to `source`, with a first page that lists it."""
    for folder in ("notebooks", "exercises"):
        (source / folder).mkdir(parents=True)
        for path in sorted((root / folder).glob("*.ipynb")):
            shutil.copy(path, source / folder)
    (source / "_static").mkdir()
    for name, text in (("course.css", STYLE), ("icon.svg", ICON), ("boards.js", BOARDS)):
        (source / "_static" / name).write_text(text, encoding="utf-8")
    shutil.copy(SCRIPT, source / "_static")
    for path in (root / "notebooks" / "images" / f"{name}.png" for name in PICTURES):
        if path.is_file():
            shutil.copy(path, source / "_static")
    trees = "\n\n".join(
        f"```{{toctree}}\n:caption: {caption}\n:maxdepth: 1\n:hidden:\n\n{listed}\n```"
        for caption, listed in (("Chapters", _pages(source, "notebooks")), ("Exercises", _pages(source, "exercises")))
    )
    doors = "\n".join(_door(*door) for door in DOORS)
    # On a phone, the rows of this table are laid out anew; Markdown needs the empty lines.
    chapters = f'<div class="chapters">\n\n{_table(root)}\n\n</div>'
    parts = [f"# {TITLE}", INTRODUCTION, f'<div class="doors">\n{doors}\n</div>', "## Chapters", chapters, trees]
    (source / "index.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _door(target, picture, name, about):
    return (
        f'<a class="door" href="{target}"><img src="_static/{picture}.png" alt="{PICTURES[picture]}">'
        f"<strong>{name}</strong><span>{about}</span></a>"
    )


def _table(root):
    """The chapters with a line on each and their exercises; the lines stand in chapter 0."""
    text = (root / "notebooks" / "00_start_here.ipynb").read_text(encoding="utf-8")
    prose = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
    rows = re.findall(r"^\| (\d+) \| \[([^\]]+)\]\(([^)]+)\) \| (.+?) \|$", prose, re.MULTILINE)
    lines = [("0", "Start here", "00_start_here.ipynb", "a check, a hint, a derivation, a submission"), *rows]
    return "\n".join(
        ["| | | | |", "|:--|:--|:--|:--|"]
        + [
            f"| {number} | [{title}](notebooks/{name}) | {about} | [exercises](exercises/{name[:2]}_exercises.ipynb) |"
            for number, title, name, about in lines
        ]
    )


def _add_launch_button(app, pagename, templatename, context, doctree):
    """A button on the page of each notebook that opens it in the lab."""
    if pagename.startswith(FOLDERS):
        context["header_buttons"].append(
            {
                "type": "link",
                "url": f"../lab/lab/index.html?path={pagename}.ipynb",
                "text": "Run in the browser",
                "tooltip": "Open this notebook in the lab, nothing installed",
                "icon": "fas fa-play",
                "label": "launch-lab",
            }
        )


def _pages(source, folder):
    return "\n".join(f"{folder}/{path.stem}" for path in sorted((source / folder).glob("*.ipynb")))
