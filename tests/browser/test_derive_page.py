"""The page "Check your derivation" in a real browser, with Python in it and no other server at hand."""

import base64
import json
import os
import re
import shutil
import zlib
from pathlib import Path

import pytest
from playwright.sync_api import expect

from course_lib import page as derive_page
from tests.browser.serving import serving
from tests.browser.test_access import complaints_of_axe

# The page is built once, so its tests run in one process.
pytestmark = pytest.mark.xdist_group("derive")
# Each page that is opened compiles Python anew, which takes a busy machine its time.
PATIENCE = 120_000  # milliseconds


@pytest.fixture(scope="module")
def built(pyodide, mathlive_at_hand, tmp_path_factory):
    """The folder of the page, with its own copy of Python."""
    return derive_page.built(tmp_path_factory.mktemp("built") / "derive", pyodide).parent


@pytest.fixture(scope="module")
def served(built):
    """The address of the page on a server of this machine."""

    with serving(built.parent) as address:
        yield f"{address}/derive/index.html"


@pytest.fixture
def opened(browser, served):
    """Call it to open the page; what it asked for and what the console said are noted on it.

    python   whether Python is started; where it is not, the page waits for it for ever.
    """
    contexts = []

    def open_page(fragment="", address=served, before=None, python=True, **context):
        contexts.append(browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **context}))
        contexts[-1].set_default_timeout(PATIENCE)
        page = contexts[-1].new_page()
        page.asked, page.complaints = [], []
        contexts[-1].on("request", lambda request: page.asked.append(request.url))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("console", lambda said: page.complaints.append(said.text) if said.type == "error" else None)
        if not python:
            contexts[-1].route("**/worker.js", without_python)
        if before:
            before(page)
        page.goto(address + fragment)
        return page

    yield open_page
    for context in contexts:
        context.close()


def without_python(route):
    """A worker that starts nothing, for pages whose Python is not asked: compiling it takes seconds each time."""
    route.fulfill(content_type="text/javascript", body="")


@pytest.fixture(scope="module")
def running(browser, served):
    """A page in which Python runs, for several tests, each with a draft of its own."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.asked = []
    context.on("request", lambda request: page.asked.append(request.url))
    page.goto(served)
    ready(page)
    yield page
    context.close()


@pytest.fixture
def page(running):
    """That page for one test; it must leave the console without an error."""
    running.complaints = []
    listeners = {
        "pageerror": lambda error: running.complaints.append(str(error)),
        "console": lambda said: running.complaints.append(said.text) if said.type == "error" else None,
    }
    for event, listener in listeners.items():
        running.on(event, listener)
    yield running
    for event, listener in listeners.items():
        running.remove_listener(event, listener)
    assert running.complaints == []


def show(page, draft):
    """Follow a link with a draft, from within the page; by way of another, since the same link twice leads nowhere."""
    page.evaluate("hash => { location.hash = ''; location.hash = hash; }", linked(draft))
    expect(page.locator("textarea")).to_have_value(draft["text"])


def status(page):
    """Where the page says how the whole derivation stands."""
    return page.get_by_role("region", name="Verdicts").get_by_role("status")


def ready(page):
    """Wait until Python is there."""
    expect(page.locator("#loading")).to_be_hidden()


def linked(draft):
    """The fragment that holds a draft, as another program would write it."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = deflate.compress(json.dumps(draft).encode()) + deflate.flush()
    return "#z=" + base64.urlsafe_b64encode(packed).decode().rstrip("=")


def is_judged(page, *words):
    """Wait until the verdicts are these, one a line: those of the text before may still stand there."""
    expect(page.locator(".cd-verdict strong")).to_have_text([re.compile(rf"^\W*{word}$") for word in words])


ANSWER = next(one for one in derive_page.examples() if "accepted answer" in one["title"])
RIGHT = {"text": "L = \\|Xw-y\\|^2\n\\nabla_w L = 2X^\\top(Xw-y)", "shapes": {"X": "n d", "w": "d", "y": "n"}}


def test_the_accepted_answer_is_judged_line_by_line_and_nothing_is_asked_elsewhere(page, served):
    page.get_by_label("Start from").select_option(ANSWER["title"])
    is_judged(page, "definition", "definition", "right", "wrong", "right", "follows")
    fourth = page.locator(".cd-line").nth(3)
    expect(fourth).to_contain_text("the difference y − ŷ is the wrong way round")
    expect(fourth.locator(".cd-repair .ML__latex")).to_be_visible()
    expect(status(page)).to_contain_text("Line 4 is the first that is wrong.")
    # The number of a line leads to it in the text.
    fourth.get_by_role("button", name="Line 4: go to it in the text").click()
    chosen = page.locator("textarea").evaluate("e => e.value.slice(e.selectionStart, e.selectionEnd)")
    assert chosen == ANSWER["text"].splitlines()[3]
    origin = served.rpartition("/derive/")[0]
    assert any(url.endswith("pyodide.asm.wasm") for url in page.asked)
    assert [url for url in page.asked if not url.startswith((origin, "blob:", "data:"))] == []


def test_a_mended_side_is_put_in_its_place_and_can_be_taken_back(page):
    show(page, {key: ANSWER[key] for key in ("text", "shapes")})
    is_judged(page, "definition", "definition", "right", "wrong", "right", "follows")
    page.get_by_role("button", name="use it: the mended side of line 4").click()
    expect(page.locator("textarea")).to_have_value(
        re.compile(r"\\hat y\} = \\frac\{2\}\{2 n\} \\left\(\\hat\{y\} - y\\right\)\n")
    )
    expect(status(page)).to_contain_text("Line 6 is the first that is wrong.")
    is_judged(page, "definition", "definition", "right", "right", "right", "wrong")
    page.locator("textarea").focus()
    page.keyboard.press("Control+z")
    expect(page.locator("textarea")).to_have_value(ANSWER["text"])


BEGUN = {"text": RIGHT["text"].splitlines()[0], "shapes": RIGHT["shapes"]}


def test_who_is_stuck_is_told_the_next_line_in_three_tiers(page):
    show(page, BEGUN)
    told = page.locator(".cd-hinted")
    for name, said in (
        ("Next line?", "Use the rule “squared norm” on L."),
        ("The line with a gap", "Fill the gap:"),
        ("Show the line", "The next line:"),
    ):
        expect(told).not_to_contain_text(said)
        page.get_by_role("button", name=name, exact=True).click()
        expect(told).to_contain_text(said)
    page.get_by_role("button", name="use it: the next line").click()
    is_judged(page, "definition", "right")
    expect(told).to_be_empty()
    page.get_by_role("button", name="Next line?", exact=True).click()
    expect(told).to_contain_text("read it off")


def test_a_program_gets_its_next_line_as_a_program(page):
    text = "r = X @ w - y\nL = np.sum(r**2)"
    show(page, {"text": text, "shapes": RIGHT["shapes"]})
    is_judged(page, "definition", "definition")
    for name in ("Next line?", "The line with a gap", "Show the line"):
        page.get_by_role("button", name=name, exact=True).click()
    expect(page.locator(".cd-hinted")).to_contain_text("dr = 2 * r")
    page.get_by_role("button", name="use it: the next line").click()
    expect(page.locator("textarea")).to_have_value(f"{text}\ndr = 2 * r")
    is_judged(page, "definition", "definition", "right")


def test_the_whole_is_worked_out_only_when_it_is_asked_for_twice(page):
    show(page, {**BEGUN, "text": BEGUN["text"] + "\n"})  # the link that is open already would change nothing
    whole = page.get_by_role("button", name="Work it out", exact=True)
    for name in ("Next line?", "The line with a gap", "Show the line"):
        expect(whole).to_be_hidden()
        page.get_by_role("button", name=name, exact=True).click()
    whole.click()
    expect(page.locator(".cd-hinted")).to_contain_text("The next line:")
    page.get_by_role("button", name="Really show all of it").click()
    expect(page.locator(".cd-tier")).to_have_count(3)
    expect(page.locator(".cd-tier").last).to_contain_text("read off")


def test_a_wrong_line_is_mended_first(page):
    show(page, {**RIGHT, "text": RIGHT["text"].replace("Xw-y)", "y-Xw)")})
    for name in ("Next line?", "The line with a gap", "Show the line"):
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.locator(".cd-hinted")).to_contain_text("Mend line 2 first.")
    page.get_by_role("button", name="use it: the next line").click()
    expect(status(page)).to_contain_text("The claim is right.")


def test_a_fresh_problem_is_drawn_to_practise(page):
    show(page, RIGHT)
    page.get_by_label("or practise").select_option("matrix least squares")
    expect(page.locator("#about")).to_contain_text("When you are stuck, ask for the next line.")
    expect(page.locator(".cd-verdict").last).to_contain_text("definition")
    page.get_by_role("button", name="Bring my own text back").click()
    expect(page.locator("textarea")).to_have_value(RIGHT["text"])


def test_a_shared_link_opens_the_same_text_elsewhere(page, opened):
    show(page, RIGHT)
    expect(status(page)).to_contain_text("The claim is right.")
    page.locator("textarea").fill(RIGHT["text"] + "\n% π ≠ 3 <b>")
    before = page.evaluate("location.hash")
    page.get_by_role("button", name="Copy a link to this").click()
    expect(page.locator("#share")).to_contain_text("link", ignore_case=True)
    page.wait_for_function("before => location.hash !== before && location.hash.startsWith('#z=')", arg=before)
    other = opened(address=page.evaluate("location.href"), python=False)
    expect(other.locator("textarea")).to_have_value(RIGHT["text"] + "\n% π ≠ 3 <b>")
    expect(other.locator(".cd-chip", has_text="n × d")).to_be_visible()
    assert other.complaints == []


def test_what_is_typed_as_mathematics_stands_in_the_text_and_the_other_way_round(page):
    show(page, {"text": "", "shapes": {"w": "d"}})
    field, text = page.locator("math-field"), page.locator("textarea")
    field.focus()
    page.keyboard.type("L=w^T")
    page.keyboard.press("ArrowRight")
    page.keyboard.type("w")
    page.keyboard.press("Enter")
    page.keyboard.type("nabla_w")
    page.keyboard.press("ArrowRight")
    page.keyboard.type("L=2w")
    page.keyboard.press("Enter")
    page.keyboard.type("dL=2w^T")
    page.keyboard.press("ArrowRight")
    page.keyboard.type("dw")
    expect(text).to_have_value("L=w^{T}w\n\\nabla_{w}L=2w\ndL=2w^{T}dw")
    expect(status(page)).to_contain_text("Every claim is right (2 of 2).")
    # The arrow leads to the line above, and the text leads the field.
    page.keyboard.press("ArrowUp")
    expect(field).to_have_js_property("value", "\\nabla_{w}L=2w")
    text.focus()
    page.keyboard.press("Control+End")
    page.keyboard.type("\nL=\\frac12")
    expect(field).to_have_js_property("value", "L=\\frac12")
    # Tab leads from the text into the field and out of it again.
    page.keyboard.press("Tab")
    expect(page.locator("math-field:focus")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator(".cd-chip:focus")).to_be_visible()


HOSTILE = {
    "not a derivation": "#x=1",
    "garbled": "#z=AAAA",
    "no base64": "#z=%3Cscript%3Ealert(1)%3C/script%3E",
    "no text": "#j=" + base64.urlsafe_b64encode(b'{"text": 5}').decode().rstrip("="),
    "a list of shapes": "#j=" + base64.urlsafe_b64encode(b'{"text": "L", "shapes": ["n"]}').decode().rstrip("="),
    "a bomb": linked({"text": "x" * 3_000_000}),
}


@pytest.fixture(scope="module")
def patient(browser, served):
    """A page that is open for several tests, with a draft of its own."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    context.route("**/worker.js", without_python)
    page = context.new_page()
    page.goto(served)
    page.locator("textarea").fill("my own line")
    yield page
    context.close()


@pytest.mark.parametrize("fragment", HOSTILE.values(), ids=HOSTILE)
def test_a_link_with_garbage_is_one_sentence_and_nothing_is_lost(patient, served, fragment):
    patient.goto("about:blank")
    patient.goto(served + fragment)
    expect(patient.get_by_role("alert")).to_contain_text(re.compile(r"^The link could not be read: .*\.$"))
    assert patient.locator("textarea").input_value() == "my own line"


def test_a_link_waits_for_ones_own_text_to_be_put_aside(patient, served):
    patient.goto("about:blank")
    patient.goto(served + linked(RIGHT))
    expect(patient.locator("textarea")).to_have_value(RIGHT["text"])
    patient.get_by_role("button", name="Bring my own text back").click()
    expect(patient.locator("textarea")).to_have_value("my own line")


# What would run, style or fetch if any of it were taken for something else than text.
SCRIPTS = (
    '<img src=x onerror="window.hacked = 1"><script>window.hacked = 1</script>',
    "\\href{javascript:window.hacked=1}{L} = w",
    "\\htmlStyle{position:fixed;inset:0;background:url(//example.org/x)}{L} = w",
    '\\htmlData{onclick=window.hacked=1}{L} = \\class{x" onmouseover="window.hacked=1}{w}',
    "$\\unicode{<svg onload=window.hacked=1>}$ \\text{<svg/onload=window.hacked=1>} = w",
)


def test_no_link_can_run_script_or_fetch(opened, running, served):
    draft = {
        "text": "\n".join(SCRIPTS),
        "shapes": {"w": "d", "<img src=x onerror=window.hacked=1>": "<b>n", "\\href{javascript:x}{q}": "n"},
        "functions": ["<svg onload=window.hacked=1>", "\\text{<svg onload=window.hacked=1>}"],
    }
    page = opened(linked(draft), python=False)
    text = page.locator("textarea")
    expect(text).to_have_value(draft["text"])
    for start in (0, *(found.end() for found in re.finditer("\n", draft["text"]))):
        text.evaluate("(e, at) => { e.focus(); e.setSelectionRange(at, at); }", start)
        page.keyboard.press("ArrowRight")
    show(running, {**draft, "shapes": {"w": "d"}, "functions": []})
    expect(running.locator(".cd-line")).to_have_count(len(SCRIPTS))
    for one in (page, running):
        assert one.evaluate("window.hacked") is None
        assert one.locator("#editor :is(img, script, iframe, a, [onerror], [onload], [onclick])").count() == 0
        origin = served.rpartition("/derive/")[0]
        assert [url for url in one.asked if not url.startswith((origin, "blob:", "data:"))] == []


def test_the_page_may_run_nothing_but_its_own_files(opened):
    page = opened(python=False)
    page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.hacked = 1";
        document.body.append(script);
        const button = document.createElement("button");
        button.setAttribute("onclick", "window.hacked = 2");
        document.body.append(button);
        button.click();
    }""")
    assert page.evaluate("window.hacked") is None
    refused = "() => fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'refused')"
    assert page.evaluate(refused) == "refused"
    assert sum("Content Security Policy" in said for said in page.complaints) >= 3


@pytest.fixture
def altered(built, served):
    """Call it with the name of a file and a function of its text: the address of a page in which that is changed."""

    def address(name, change):
        folder = built.parent / Path(name).stem
        shutil.copytree(built, folder, copy_function=os.link)
        text = (built / name).read_text(encoding="utf-8")
        assert change(text) != text
        (folder / name).unlink()
        (folder / name).write_text(change(text), encoding="utf-8")
        return served.replace("/derive/", f"/{folder.name}/")

    return address


def test_a_check_that_hangs_can_be_stopped(opened, altered):
    start = "function judge(draft) {"
    hang = start + " while (draft.text.includes('forever')) {} "
    page = opened(linked(RIGHT), altered("worker.js", lambda script: script.replace(start, hang)))
    ready(page)
    text = page.locator("textarea")
    expect(status(page)).to_contain_text("The claim is right.")
    text.fill(RIGHT["text"] + "\n% forever")
    page.get_by_role("button", name="Stop this check").click()
    expect(status(page)).to_contain_text("Stopped.")
    assert text.input_value().endswith("forever")
    text.fill(RIGHT["text"].replace("2X", "-2X"))
    expect(status(page)).to_contain_text("Line 2 is the first that is wrong.")
    expect(page.get_by_role("button", name="Stop this check")).to_be_hidden()


def test_a_browser_without_wasm_hears_one_sentence_and_keeps_the_text(opened):
    page = opened(linked(RIGHT), before=lambda page: page.add_init_script("delete window.WebAssembly"))
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The checker could not start: this browser does not run WebAssembly")
    assert page.locator("textarea").input_value() == RIGHT["text"]
    assert not any("pyodide" in url for url in page.asked)


def test_a_copy_of_python_that_was_changed_is_refused(opened, altered):
    page = opened(linked(RIGHT), altered("pyodide/pyodide-lock.json", lambda lock: lock + " "))
    expect(page.get_by_role("alert")).to_contain_text("The checker could not start")
    expect(page.get_by_role("alert")).to_contain_text("pyodide-lock.json")
    assert page.locator("textarea").input_value() == RIGHT["text"]


def test_as_a_file_it_says_that_it_needs_a_server(opened, built):
    page = opened(address=(built / "index.html").as_uri())
    expect(page.get_by_role("alert")).to_contain_text("where a web server hands it out")
    expect(page.locator("textarea")).to_have_count(0)


def test_a_full_store_is_said_once_and_loses_nothing(opened):
    full = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }"
    page = opened(before=lambda page: page.add_init_script(full), python=False)
    page.locator("textarea").fill("L = w")
    expect(page.get_by_role("alert")).to_contain_text("keeps no more data")
    assert page.locator("textarea").input_value() == "L = w"


def test_a_draft_is_there_when_one_comes_back(opened):
    page = opened(python=False)
    page.locator("textarea").fill("L = w^\\top w")
    page.reload()
    expect(page.locator("textarea")).to_have_value("L = w^\\top w")


def test_one_types_and_sees_how_far_python_has_come_before_it_is_there(opened):
    page = opened(python=False)
    expect(page.get_by_role("progressbar", name="Python is on its way")).to_be_visible()
    page.get_by_role("textbox", name="Your derivation").press_sequentially("L = w")
    expect(page.locator("math-field")).to_have_js_property("value", "L = w")
    assert page.complaints == []


def test_a_chip_changes_what_a_letter_is_by_keyboard_alone(page):
    show(page, {**RIGHT, "shapes": {**RIGHT["shapes"], "X": "d n"}})
    expect(status(page)).to_contain_text("does not fit together")
    page.locator(".cd-chip", has_text="d × n").focus()
    page.keyboard.press("Enter")
    page.get_by_label("rows and columns").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("n d")
    page.keyboard.press("Enter")
    expect(status(page)).to_contain_text("The claim is right.")
    expect(page.locator(".cd-chip:focus")).to_contain_text("n × d")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_keeps_axes_rules(page, scheme):
    show(page, {key: ANSWER[key] for key in ("text", "shapes")})
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 390, "height": 800})
    expect(page.locator(".cd-line")).to_have_count(6)
    page.get_by_role("button", name="+ say what a letter is").click()
    broken, fine = complaints_of_axe(page)
    assert broken == []
    assert fine > 60
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1200, "height": 900})
    broken, _ = complaints_of_axe(page)
    assert broken == []
    page.get_by_role("button", name="Cancel").click()


# A text with "¦" where the cursor stands, and the formula that is to be seen there; None for words and code.
AT_THE_CURSOR = (
    ("L = w^2¦\n\\nabla_w L = 2w", "L = w^2"),
    ("L = w^2\n¦\\nabla_w L = 2w", "\\nabla_w L = 2w"),
    ("L = w^2\n¦", ""),
    ("L = w^2 % a rem¦ark", None),
    ("L = w^¦2 % a remark", "L = w^2"),
    ("So we get $L = w¦^2$ and $g = 2w$ from it.", "L = w^2"),
    ("So we get $L = w^2$ and $g = ¦2w$ from it.", "g = 2w"),
    ("So we ¦get $L = w^2$ and $g = 2w$ from it.", None),
    ("$$ \\begin{align} L &= w^2 \\\\ g &= ¦2w \\end{align} $$", "g = 2w"),
    ("$$\nL = w^2 \\\\[2ex]\n&= ¦2w\n$$\nand then", "= 2w"),
    ("\\[ L = w¦^2 \\] which is a number", "L = w^2"),
    ("J = \\begin{bmatrix} a & b \\\\ ¦c & d \\end{bmatrix}", "J = \\begin{bmatrix} a & b \\\\ c & d \\end{bmatrix}"),
    ("J = \\begin{bmatrix} a & ¦b", None),
    ("L = \\frac{1¦", None),
    ("dW = X.T @ R¦ / n", None),
    ("where X is the matrix of samples¦", None),
    ("\\text{where the loss is} L = w¦", "\\text{where the loss is} L = w"),
    ("\\htmlStyle{color:red}{L}¦ = w", None),
)


# What is typed into the field (an arrow to the right leaves an exponent), and what then stands in the text.
TYPED = (
    ("L=1/n", ">", "norm", "Xw-y", ">", "^2", "L=\\frac{1}{n}\\left\\|Xw-y\\right\\|^2"),
    ("tr(AA^T", ">", ")=sum_i", ">", "a_i", "\\operatorname{tr}\\left(AA^{T}\\right)=\\sum_{i}a_{i}"),
    ("dW e^x", "dWe^{x}"),
    ("xx^T", "xx^{T}"),
    ("xhaty", "x\\hat{y}"),
    ("x odot log p", "x\\odot\\log p"),
)


def test_what_is_typed_in_the_field_is_what_a_person_would_have_written(page):
    text, field = page.locator("textarea"), page.locator("math-field")
    for *keys, expected in TYPED:
        text.fill("")
        field.focus()
        for key in keys:
            page.keyboard.press("ArrowRight") if key == ">" else page.keyboard.type(key)
        expect(text).to_have_value(expected)


def test_in_a_post_a_new_formula_brings_its_dollar_signs_and_takes_them_along(page):
    text, field = page.locator("textarea"), page.locator("math-field")
    text.fill("It is $x$, so\n\nand the end.")
    text.evaluate("e => { e.focus(); e.setSelectionRange(13, 13); }")
    page.keyboard.press("ArrowRight")
    field.focus()
    page.keyboard.type("x=y")
    expect(text).to_have_value("It is $x$, so\n$$x=y$$\nand the end.")
    for _ in "x=y":
        page.keyboard.press("Backspace")
    expect(text).to_have_value("It is $x$, so\n\nand the end.")


def test_the_formula_at_the_cursor_is_found_in_lines_posts_and_environments(running):
    script = """async (texts) => {
        const { formulaAt } = await import("./editor.js");
        return texts.map((text) => formulaAt(text.replace("¦", ""), text.indexOf("¦"))?.latex ?? null);
    }"""
    found = running.evaluate(script, [text for text, _ in AT_THE_CURSOR])
    assert dict(zip((text for text, _ in AT_THE_CURSOR), found, strict=True)) == dict(AT_THE_CURSOR)


def test_what_mathlive_writes_is_put_into_the_words_that_a_person_uses(running):
    written = {
        "2x\\,\\differentialD x": "2x\\,dx",
        "\\exponentialE^{\\imaginaryI}": "e^{i}",
        "\\mleft(a\\mright)": "\\left(a\\right)",
        "\\left\\Vert X\\right\\Vert^2": "\\left\\| X\\right\\|^2",
        "\\frac{\\placeholder{}}{2}": "\\frac{}{2}",
    }
    script = 'async (all) => { const { plainLatex } = await import("./editor.js"); return all.map(plainLatex); }'
    assert running.evaluate(script, list(written)) == list(written.values())


def test_a_mended_side_takes_the_place_of_the_side_that_is_wrong(running):
    lines = (
        ({"text": "g = X^\\top(y-Xw)", "repair": "R", "where": [4, 16]}, "g = R"),
        ({"text": "g = X^\\top(y-Xw)  % mine", "repair": "R", "where": None}, "g = R % mine"),
        ({"text": "g = a = b", "repair": "R", "where": [4, 5]}, "g = R = b"),
        ({"text": "\\sum_{i=1}^n a_i = b", "repair": "R", "where": [18, 19]}, "\\sum_{i=1}^n a_i = R"),
        ({"text": "dw = np.sum(X * e, axis=0)  # =", "repair": "R", "code": "C", "where": [5, 26]}, "dw = C # ="),
        ({"text": "\\nabla_w L = X @ r", "repair": "R", "code": "C", "where": None}, "\\nabla_w L = C"),
        # On the left, or nobody knows where, or LaTeX for a program: it is shown and not put in.
        ({"text": "\\sum_{i=1}^n a_i = b", "repair": "R", "where": [14, 15]}, None),
        ({"text": "g = a = b", "repair": "R", "where": None}, None),
        ({"text": "g = X.T @ r", "repair": "R", "code": None, "where": [4, 5]}, None),
        ({"text": "g = a", "repair": None, "where": None}, None),
    )
    script = 'async (all) => { const { mended } = await import("./editor.js"); return all.map(mended); }'
    assert running.evaluate(script, [line for line, _ in lines]) == [better for _, better in lines]


def test_what_was_assumed_and_what_was_skipped_is_said(running):
    """The whole of what a report may say, with MathLive away: LaTeX stands where mathematics would."""
    line = {"text": "g = a", "reading": "g = a", "pieces": ["g = a"], "shape": "n×1", "message": "", "repair": None}
    report = {
        "ok": False,
        "first_wrong": None,
        "summary": "One line is read in part.",
        "notes": ["Samples are rows, as in $x_i$."],
        "assumed": {f"a{k}": "n d" for k in range(20)},
        "lines": [
            {**line, "verdict": "right", "partial": True, "assumption": "$A$ is symmetric"},
            {**line, "verdict": "unreadable", "reading": "", "where": [2, 3], "message": "Column 3: $b$ is new."},
        ],
    }
    script = """async (report) => {
        const { mount } = await import("./editor.js");
        const root = document.createElement("div");
        document.body.append(root);
        mount(root, { judge: async () => report, mathlive: null, draft: { text: "g = a" } });
        while (!root.querySelector(".cd-line")) await new Promise(requestAnimationFrame);
        root.querySelectorAll(".cd-add")[0].click();
        const said = (chosen) => [...root.querySelectorAll(chosen)].map((one) => one.textContent);
        const found = {
            verdicts: said(".cd-verdict strong"), messages: said(".cd-message"), notes: said(".cd-notes li"),
            marked: said("mark"), chips: said(".cd-guess").length, code: said(".cd-message code"),
        };
        root.remove();
        return found;
    }"""
    assert running.evaluate(script, report) == {
        "verdicts": ["◐ partly read", "? unreadable"],
        "messages": ["Holds on a condition: A is symmetric", "Column 3: b is new."],
        "notes": ["Samples are rows, as in x_i."],
        "marked": ["="],
        "chips": 20,
        "code": ["A", "b"],
    }
