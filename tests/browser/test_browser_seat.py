"""The whole student's seat in a browser: JupyterLite and Pyodide out of a folder, and no other server at hand."""

import csv
import json
import re

import pytest
from playwright.sync_api import expect

from course_lib import lab
from course_lib.checks import exercises
from course_lib.lab import lock
from tests.browser.conftest import PATIENCE
from tests.browser.serving import serving
from tests.browser.test_lab import (
    CONTROLS,
    all_cells_done,
    is_complaint,
    kernel_idle,
    move_it,
    move_points,
    scrolled_to,
)
from tests.browser.test_student import cell_with, write_and_run
from tests.grading.shared import course
from tests.grading.test_own_bank import in_contributing

# The lab is built once, so its tests run in one process.
pytestmark = pytest.mark.xdist_group("lab-in-browser")

# What a notebook's cells show in red, from the notebook itself: only the cells in view are built.
RED = """() => jupyterapp.shell.currentWidget.content.widgets
    .flatMap(cell => cell.model.type === "code" ? cell.model.outputs.toJSON() : [])
    .filter(output => output.output_type === "error" || output.name === "stderr")"""

# A bank of one's own beside the sheets, and one of the mistakes that it names.
WITH_A_BANK = """from pathlib import Path
Path("../my_bank.py").write_text({bank!r}, encoding="utf-8")
Path("../course.toml").write_text('exercises = ["my_bank.py"]', encoding="utf-8")
def cubes(w, y):
    return w**3 - y
check(cubes)  # check(square_slope)"""


@pytest.fixture(scope="module")
def folder(course_root, pyodide, tmp_path_factory):
    """The folder of the built lab, with its own copy of Pyodide."""
    out = tmp_path_factory.mktemp("site") / "lab"
    lab.built(course_root, out, pyodide)
    # As with JupyterLab's own switch of that name: the tests look at the notebook from within.
    settings = json.loads((out / "jupyter-lite.json").read_text(encoding="utf-8"))
    settings["jupyter-config-data"]["exposeAppInBrowser"] = True
    (out / "jupyter-lite.json").write_text(json.dumps(settings), encoding="utf-8")
    return out


@pytest.fixture(scope="module")
def served(folder):
    with serving(folder.parent) as address:
        yield address


@pytest.fixture(scope="module")
def seat(browser, served):
    """One page for all that is done in the lab; what was asked for and complained of is noted on it."""
    context = browser.new_context(viewport={"width": 1300, "height": 1000}, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.complaints, page.asked = [], []
    context.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda said: page.complaints.append(told(said)) if is_news(said) else None)
    yield page
    context.close()


@pytest.fixture
def opened(seat, served):
    """Call it with a notebook to have it in the lab, its kernel idle. Nothing may complain or leave this machine."""
    seat.complaints.clear()
    seat.asked.clear()

    def open_notebook(path):
        seat.goto(f"{served}/lab/lab/index.html?path={path}&reset")
        seat.wait_for_selector(".jp-Notebook")
        kernel_idle(seat)
        return seat

    yield open_notebook
    assert [url for url in seat.asked if not url.startswith((served, "data:", "blob:"))] == []
    assert len(seat.asked) > 50
    assert seat.complaints == []


def told(said):
    return f"{said.text} {said.location.get('url', '')}"


def is_news(said):
    """An error, but not that the host lacks a file: the lab asks there first for what lies in the browser's store."""
    asked_for = re.search(r"/lab/(api/contents|files)/|/favicon.ico$", said.location.get("url", ""))
    return is_complaint(said) and not (asked_for and "404" in said.text)


def test_chapter_1_runs_whole_and_an_explorer_moves_by_keyboard(opened):
    page = opened("notebooks/01_gradients_and_jacobians.ipynb")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name=re.compile("Run All Cells")).first.click()
    all_cells_done(page)
    # No traceback and no red box, such as a library's word about its font cache, in view or not.
    assert page.evaluate(RED) == []
    page.locator(".jp-WindowedPanel-outer:visible").first.evaluate("panel => panel.scrollTo(0, 0)")
    # A cell out of view stays in the page, hidden, when it holds a widget.
    cell = page.locator(".jp-CodeCell:visible", has=page.locator(".jupyter-widgets img"))
    move_it(scrolled_to(page, cell.filter(has=page.locator(CONTROLS))))
    move_points(scrolled_to(page, page.locator(".jp-CodeCell:visible", has=page.locator(".course-board-handle"))))


def switch_own_saving(page):
    """Let JupyterLab no longer save by itself, or do so again."""
    page.get_by_role("menuitem", name="Settings").click()
    page.locator(".lm-Menu-item", has_text="Autosave Documents").click(timeout=60_000)


def test_from_a_wrong_answer_to_a_grade(opened, tmp_path, confinement, course_root):
    page = opened("exercises/00_exercises.ipynb")
    everything = "from course_lib import *\nfrom course_lib import derive, doctor, submit"
    write_and_run(page, cell_with(page, "from course_lib import"), everything)
    check = cell_with(page, "check(square_slope)")
    write_and_run(page, cell_with(page, "def square_slope"), "def square_slope(x):\n    return x")
    shown = write_and_run(page, check, "check(square_slope)\nhint(square_slope)")
    expect(shown.get_by_text("hint 1 of 3")).to_be_visible()
    shown = write_and_run(page, check, "check(square_slope)")
    expect(shown.get_by_text("half of the slope")).to_be_visible()
    # The cell is found by what stands in it, so a comment keeps that.
    derivation = r'derive("L = w^T w\n\\nabla_w L = w", shapes={"w": "d"})  # check(square_slope)'
    shown = write_and_run(page, check, derivation)
    expect(shown.get_by_text("✗").first).to_be_visible()
    shown = write_and_run(page, check, "doctor()  # check(square_slope)")
    expect(shown.get_by_text("kept in this browser's data")).to_be_visible()
    write_and_run(page, cell_with(page, "def square_slope"), "def square_slope(x):\n    return 2 * x")
    shown = write_and_run(page, check, "check(square_slope)")
    expect(shown.get_by_text("square_slope: right")).to_be_visible()
    shown = write_and_run(page, cell_with(page, 'progress("00")'), 'progress("00")')
    expect(shown.get_by_text("1 of 1 exercises right")).to_be_visible()

    bank, _ = in_contributing(course_root)
    shown = write_and_run(page, check, WITH_A_BANK.format(bank=bank))
    expect(shown.get_by_text("The inner derivative 3w² is missing")).to_be_visible()

    # JupyterLab's own saving, every two minutes, might come between the change and the question.
    switch_own_saving(page)
    hand_in = cell_with(page, "submit(student=")
    shown = write_and_run(page, hand_in, 'submit(student="ada")')
    expect(shown.get_by_text("save first (Ctrl+S)")).to_be_visible()
    switch_own_saving(page)
    page.keyboard.press("Control+s")
    expect(page.locator(".lm-mod-current .jp-mod-dirty")).to_have_count(0)
    shown = write_and_run(page, hand_in, 'submit(student="ada")')
    expect(shown.get_by_text("Submitted for ada")).to_be_visible()
    with page.expect_download() as downloading:
        shown.get_by_role("link", name=re.compile(r"Download ada_00_\w+\.zip")).click()
    (tmp_path / "inbox").mkdir()
    downloading.value.save_as(tmp_path / "inbox" / downloading.value.suggested_filename)

    graded = course("grade", "inbox", "--out", "graded", cwd=tmp_path)
    assert graded.returncode == 0, graded.stderr
    with (tmp_path / "graded" / "grades.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (row["student"], float(row["00"])) == ("ada", sum(exercise.points for exercise in exercises("00")))


# What is taken away before the page's first script runs, and the sentence about it.
LACKS = {
    "WebAssembly": ("delete window.WebAssembly", "This browser does not run WebAssembly"),
    "service workers": ("delete Navigator.prototype.serviceWorker", "This browser lets the lab have no service worker"),
}


@pytest.mark.parametrize(("script", "sentence"), LACKS.values(), ids=LACKS)
def test_what_a_browser_lacks_is_said_in_one_sentence(browser, served, script, sentence):
    page = browser.new_page()
    page.add_init_script(script)
    page.goto(f"{served}/lab/lab/index.html", wait_until="commit")
    expect(page.get_by_role("alert")).to_contain_text(re.compile(f"^{sentence}[^.]*\\."))
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    page.close()


def test_as_a_file_the_lab_says_that_it_needs_a_server(browser, folder):
    page = browser.new_page()
    page.goto((folder / "lab" / "index.html").as_uri())
    expect(page.get_by_role("alert")).to_contain_text("where a web server hands it out")
    page.close()


SAVED_OR_TOLD = """() => document.querySelector("[role=alert]")
    || !document.querySelector(".lm-mod-current .jp-mod-dirty")"""


def test_a_full_store_is_said_and_nothing_is_lost(seat, served):
    """The notebook stays as it was typed, and is saved when there is room again."""
    seat.goto(f"{served}/lab/lab/index.html?path=exercises/00_exercises.ipynb&reset")
    cell = cell_with(seat, "from course_lib import")
    cell.locator(".cm-content").click()
    seat.keyboard.press("Control+End")
    seat.keyboard.insert_text("\n# mine")
    store = seat.context.new_cdp_session(seat)
    store.send("Storage.overrideQuotaForOrigin", {"origin": served, "quotaSize": 1})
    # Chromium asks how much room there is twice a minute; until then there is what there was.
    alert, dialog = seat.get_by_role("alert"), seat.get_by_role("dialog")
    for _ in range(3000):
        seat.keyboard.insert_text(".")
        seat.keyboard.press("Control+s")
        seat.wait_for_function(SAVED_OR_TOLD)
        # The alert also comes when JupyterLab keeps something of its own; its dialog, when the notebook is not kept.
        if alert.count() and dialog.count():
            break
    expect(alert).to_contain_text("This browser keeps no more data for this page")
    expect(cell).to_contain_text("# mine")
    store.send("Storage.overrideQuotaForOrigin", {"origin": served})
    alert.get_by_role("button", name="Close").click()
    dialog.get_by_role("button", name="Close").click()
    seat.keyboard.press("Control+s")
    expect(seat.locator(".lm-mod-current .jp-mod-dirty")).to_have_count(0)
    expect(alert).to_have_count(0)


def test_the_lock_holds_the_releases_own_words(pyodide):
    """What the lab's lock says of a package of Pyodide's release is what the release says of it."""

    release = json.loads((pyodide / "pyodide-lock.json").read_text(encoding="utf-8"))
    ours = json.loads(lock.RELEASE.read_text(encoding="utf-8"))
    assert ours["info"] == release["info"]
    assert len(ours["packages"]) > 20
    assert all(release["packages"][name] == package for name, package in ours["packages"].items())
