"""The static site: every chapter and exercise is a page, links lead somewhere, nothing is fetched from elsewhere."""

import json
import re
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook
from playwright.sync_api import expect

from course_lib.errors import CourseError
from course_lib.figures.board import signed
from course_lib.figures.chapter_01 import hill_walk
from course_lib.page import RELEASE
from course_lib.site import built
from tests.browser.conftest import PATIENCE, unfolded
from tests.browser.serving import serving
from tests.browser.test_access import complaints_of_axe

# The theme warns about itself. The site is built once, so its tests run in one process.
pytestmark = [pytest.mark.filterwarnings("ignore::DeprecationWarning"), pytest.mark.xdist_group("site")]

# Asked of hundreds of formulas at once.
SEEN = "all => all.map(e => e.checkVisibility({visibilityProperty: true}) && e.getBoundingClientRect().height > 0)"
LIES_AT = """([element, x, y]) => {
    const box = element.getBoundingClientRect();
    return Math.hypot(box.x + box.width / 2 - x, box.y + box.height / 2 - y) < 1;
}"""
LIE_INSIDE = """all => all.every(element => {
    const box = element.getBoundingClientRect(), around = element.closest(".course-derivation").getBoundingClientRect();
    return box.left >= around.left - 1 && box.right <= around.right + 1;
})"""
# The letters of formulas have the colour of the text around them, and are many.
BESIDE_FORMULAS = {"include": [["article"]], "exclude": [["mjx-container"]]}
FETCHED = {"link": "href", "script": "src", "img": "src", "source": "src", "iframe": "src"}


@pytest.fixture(scope="module")
def site(course_root, tmp_path_factory, mathlive_at_hand):
    """The folder of the built site."""
    pytest.importorskip("sphinx_book_theme", reason="the site needs the extra course_lib[site]")
    return built(course_root, tmp_path_factory.mktemp("built") / "site").parent


@pytest.fixture(scope="module")
def served(site):
    """The address of the site on a server of this machine."""

    with serving(site) as address:
        yield address


def notebooks(course_root):
    folders = ("notebooks", "exercises")
    return [path.relative_to(course_root) for name in folders for path in sorted((course_root / name).glob("*.ipynb"))]


class Links(HTMLParser):
    """What a page links to, what it fetches, and the places in it that others can link to."""

    def __init__(self, page):
        super().__init__()
        self.linked, self.fetched, self.anchors = set(), set(), set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.anchors |= {found[key] for key in ("id", "name") if found.get(key)}
        if tag == "a" and found.get("href"):
            self.linked.add(found["href"])
        if found.get(FETCHED.get(tag)):
            self.fetched.add(found[FETCHED[tag]])


def test_every_notebook_is_a_page_that_can_be_found(site, course_root):
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    documents = json.loads(re.search(r'"docnames":(\[.*?\])', index)[1])
    contents = Links(site / "index.html").linked
    for path in notebooks(course_root):
        page = path.with_suffix(".html")
        assert (site / page).is_file()
        assert path.with_suffix("").as_posix() in documents
        assert page.as_posix() in contents


def test_the_first_page_has_three_doors_with_pictures_and_a_line_on_each_chapter(site, served, browser, course_root):
    page = browser.new_page(viewport={"width": 400, "height": 900})
    page.goto(f"{served}/index.html")
    doors = page.locator(".door")
    expect(doors).to_have_count(3)
    pictures = page.locator(".door img").all()
    assert all(picture.evaluate("image => image.complete && image.naturalWidth > 300") for picture in pictures)
    assert all(len(picture.get_attribute("alt")) > 40 for picture in pictures)
    rows = page.locator("article table tbody tr")
    assert rows.count() == len(list((course_root / "notebooks").glob("*.ipynb")))
    assert all(len(row.locator("td").nth(2).inner_text()) > 15 for row in rows.all())
    # Nothing sticks out on a phone, of the page or of a table; nor does the report of a derivation.
    narrow(page, ".pst-scrollable-table-container")
    page.goto(f"{served}/notebooks/03_mean_squared_error_by_hand.html")
    narrow(page, ".course-derivation")
    page.close()


def narrow(page, chosen):
    """All that is chosen is as wide as its place, and the page as its window."""
    inside = page.locator(chosen).evaluate_all("all => all.map(e => e.scrollWidth <= e.clientWidth)")
    assert inside
    assert all(inside)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_every_notebooks_page_opens_it_in_the_lab(site, course_root):
    lab = site / "lab" / "lab" / "index.html"
    for path in notebooks(course_root):
        page = site / path.with_suffix(".html")
        (launch,) = [link for link in Links(page).linked if "index.html?path=" in link]
        address, _, opened = launch.partition("?path=")
        assert (page.parent / address).resolve() == lab
        assert (site / "lab" / "files" / opened).is_file()


def test_by_default_browsers_get_python_from_pyodides_public_release(site):
    settings = json.loads((site / "lab" / "jupyter-lite.json").read_text(encoding="utf-8"))["jupyter-config-data"]
    kernel = settings["litePluginSettings"]["@jupyterlite/pyodide-kernel-extension:kernel"]
    assert kernel["pyodideUrl"] == f"{RELEASE}pyodide.js"
    assert "/v0.27.7/" in RELEASE
    assert not (site / "lab" / "pyodide").exists()
    assert not list((site / "lab").rglob("*.map"))


def test_every_link_leads_somewhere_and_nothing_is_fetched_from_elsewhere(site):
    pages = {page: Links(page) for page in site.rglob("*.html") if "_static" not in page.parts}
    for page, links in pages.items():
        for target in links.linked | links.fetched:
            address = urlsplit(target)
            if address.scheme in ("http", "https", "data"):
                assert target in links.linked or address.scheme == "data", f"{page.name} fetches {target}"
                continue
            file = (page.parent / unquote(address.path)).resolve() if address.path else page
            assert file.is_file(), f"{page.name} links to {target}"
            if address.fragment and file in pages:
                assert unquote(address.fragment) in pages[file].anchors, f"{page.name} links to {target}"


def test_formulas_and_search_work_in_a_browser_without_another_server(served, browser, course_root):
    page, asked = browser.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    for path in notebooks(course_root):
        source = (course_root / path).read_text(encoding="utf-8")
        page.goto(f"{served}/{path.with_suffix('.html').as_posix()}")
        expect(page.locator("article h1").first).to_be_visible()
        page.wait_for_function("() => window.MathJax?.startup?.promise")
        page.evaluate("() => MathJax.startup.promise")
        assert page.locator("mjx-merror").count() == 0
        assert page.locator(".MathJax_error").count() == 0
        unfolded(page)
        seen = page.locator("mjx-container[display=true]").evaluate_all(SEEN)
        assert ("$$" in source) == bool(seen)
        assert all(seen)
    page.goto(f"{served}/notebooks/00_start_here.html")
    # The report of a derivation is HTML that a cell shows; its formulas are set too.
    unfolded(page)
    expect(page.locator(".course-derivation mjx-container").first).to_be_visible()
    page.goto(f"{served}/search.html?q=pullback")
    expect(page.locator("#search-results li").first).to_be_visible()
    assert [url for url in asked if not url.startswith((served, "data:", "blob:"))] == []
    page.close()


def test_the_points_of_a_board_move_on_a_phones_page_where_no_kernel_runs(served, browser):
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True)
    page = context.new_page()
    page.goto(f"{served}/notebooks/01_gradients_and_jacobians.html")
    board, place = page.locator("div.course-board[role=group]"), page.get_by_role("slider", name="the place")
    said = board.locator("p")
    draw, (x, y, *step) = hill_walk().draw, hill_walk().values
    expect(said).to_have_text(signed(draw(x, y, *step).said))
    # By keyboard: what the browser computes is what Python computes.
    for key, way in (("ArrowLeft", (-0.1, 0)), ("Shift+ArrowUp", (0, 0.5))):
        place.press(key)
        x, y = round(x + way[0], 2), round(y + way[1], 2)
        expect(said).to_have_text(signed(draw(x, y, *step).said))
    # By a finger, which is not taken for one that scrolls the page.
    before, scrolled = place.bounding_box(), page.evaluate("window.scrollY")
    touch = context.new_cdp_session(page)
    middle = {axis: before[axis] + before[size] / 2 for axis, size in (("x", "width"), ("y", "height"))}
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [middle]})
    for far in (15, 30):
        moved = {"x": middle["x"] - far, "y": middle["y"] - far}
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [moved]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    # The point follows the finger all the way, and the numbers follow the point.
    page.wait_for_function(LIES_AT, arg=[place.element_handle(), middle["x"] - 30, middle["y"] - 30], timeout=PATIENCE)
    expect(said).not_to_have_text(signed(draw(x, y, *step).said))
    assert page.evaluate("window.scrollY") == scrolled
    narrow(page, ".course-board, .course-board svg")
    broken, _ = complaints_of_axe(page, ".course-board")
    assert broken == []
    context.close()


@pytest.mark.parametrize("width", [390, 1200])
def test_nothing_sticks_out_of_a_page_or_of_a_derivation(served, browser, course_root, width):
    page = browser.new_page(viewport={"width": width, "height": 900})
    for path in notebooks(course_root):
        page.goto(f"{served}/{path.with_suffix('.html').as_posix()}")
        page.wait_for_function("() => window.MathJax?.startup?.promise")
        page.evaluate("() => window.MathJax.startup.promise.then(() => null)")
        unfolded(page)
        narrow(page, "article")
        if page.locator(".course-derivation").count():
            narrow(page, ".course-derivation, .text_html:has(.course-derivation)")
        # The verdict of a line is seen whole, and a formula never runs under what stands beside it.
        assert page.locator(".course-derivation td strong").evaluate_all(LIE_INSIDE)
    page.close()


def test_what_cells_show_stands_on_the_dark_page_and_not_in_a_light_box(served, browser):
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    for name in ("00_start_here", "03_mean_squared_error_by_hand"):
        page.goto(f"{served}/notebooks/{name}.html")
        expect(page.locator("article h1").first).to_be_visible()
        shown = page.locator("article .text_html").evaluate_all(
            "all => all.map(e => getComputedStyle(e).backgroundColor)"
        )
        assert set(shown) == {"rgba(0, 0, 0, 0)"}
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_readable_in_light_and_dark(served, browser, scheme):
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    said = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    for name in ("index", "notebooks/00_start_here", "notebooks/08_the_two_layer_perceptron_by_hand"):
        page.goto(f"{served}/{name}.html")
        expect(page.locator("article h1").first).to_be_visible()
        broken, fine = complaints_of_axe(
            page, BESIDE_FORMULAS, ["color-contrast", "image-alt", "link-name", "button-name"]
        )
        assert broken == []
        assert fine > 20
    context.close()
    assert said == []


def test_a_link_to_a_notebook_that_is_not_there_is_an_error(tmp_path, mathlive_at_hand):
    pytest.importorskip("sphinx_book_theme", reason="the site needs the extra course_lib[site]")
    for folder in ("notebooks", "exercises"):
        (tmp_path / folder).mkdir()
        notebook = new_notebook(cells=[new_markdown_cell("# Page\n\n[next](99_nowhere.ipynb)")])
        nbformat.write(notebook, tmp_path / folder / "00_start_here.ipynb")
    with pytest.raises(CourseError, match="notebooks/00_start_here.*99_nowhere"):
        built(tmp_path, tmp_path / "site")


def test_a_folder_that_holds_no_site_is_left_alone(course_root, tmp_path):
    pytest.importorskip("sphinx_book_theme", reason="the site needs the extra course_lib[site]")
    (tmp_path / "thesis.tex").write_text("years of work", encoding="utf-8")
    with pytest.raises(CourseError, match="something else than a site"):
        built(course_root, tmp_path)
    assert (tmp_path / "thesis.tex").read_text(encoding="utf-8") == "years of work"
