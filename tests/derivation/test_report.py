"""What a reader sees: the table in a terminal, the table in a notebook, the data, the file, the editor."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from course_lib import derive
from course_lib.derivation import editor
from course_lib.derivation.files import derive_file, split_header
from course_lib.errors import CourseError

S = {"X": "n d", "w": "d", "y": "n"}
TEXT = "L = \\frac{1}{2n}\\|Xw-y\\|^2\n\\nabla_w L = \\frac1n X^\\top(y-Xw)\n\\nabla_w L = \\frac1n X^\\top(Xw-<b>y)"


@pytest.fixture(scope="module")
def report():
    return derive(TEXT, S)


def test_terminal_table_says_verdict_message_and_repair(report):
    said = repr(report)
    assert "✗ wrong" in said and "? unreadable" in said and "mended: " in said
    assert "Line 2 is the first that is wrong. Line 3 cannot be read." in said


def test_terminal_lines_carry_no_trailing_blanks(report):
    assert all(line == line.rstrip() for line in repr(report).splitlines())


class Balanced(HTMLParser):
    """Collects the tags of a page and refuses one that does not close."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_notebook_table_is_sound_and_escapes_what_the_learner_wrote(report):
    page = Balanced()
    page.feed(report._repr_html_())
    assert not page.open
    assert "b" not in page.seen and "script" not in page.seen
    assert "<b>" in page.text.replace("\\", "")


def test_a_hostile_line_stays_text():
    page = Balanced()
    page.feed(derive("<script>alert(1)</script> = $x$ <img src=x onerror=y>", S)._repr_html_())
    assert not {"script", "img"} & set(page.seen)


def test_notebook_table_shows_the_reading_and_inherits_its_colours(report):
    page = report._repr_html_()
    assert r"$\displaystyle \frac{\partial L}{\partial w} = \frac{1}{n} X^{\top} \left(y - X w\right)$" in page
    assert "inherit" in page and "background:#fff" not in page and "color:black" not in page
    assert page == derive(TEXT, S)._repr_html_()


def test_a_long_reading_may_break_between_its_terms_and_a_short_one_is_one_formula():
    terms = [
        r"\frac{1}{n}\left(w^\top X^\top X w - y^\top X w\right)",
        "y^\\top (Xw - y)",
        r"\frac{1}{n} w^\top X^\top X w",
        "w^\\top w",
    ]
    longer = "L = " + " + ".join(terms * 2)
    page = derive(longer, S)._repr_html_()
    formulas = re.findall(r"\$\\displaystyle ([^$]*)\$", page)
    assert len(formulas) == 9 and all(f.startswith("{} ") for f in formulas[1:])
    assert all(f.count(r"\left") == f.count(r"\right") for f in formulas)
    assert " ".join(f.removeprefix("{} ") for f in formulas) == derive(longer, S).lines[0].reading
    assert len(re.findall(r"\$([^$]*)\$", derive(r"L = w^\top w + 1", S)._repr_html_())) == 1


def test_a_second_side_of_a_definition_is_a_claim():
    assert derive(r"L = \|w\|^2 = w^\top w", S).summary() == "The claim is right."
    assert "Only definitions" in derive(r"L = \|w\|^2", S).summary()


def test_data_for_programs(report):
    data = report.to_dict()
    assert data["first_wrong"] == 1 and data["ok"] is False
    assert set(data["lines"][1]) >= {"text", "verdict", "shape", "mistake", "message", "repair"}
    assert data["lines"][2]["position"]


def test_an_empty_derivation_says_what_to_do():
    report = derive("\n% nothing\n", S)
    assert report.ok and report.first_wrong is None and report.lines == []
    assert "Nothing to check yet" in repr(report)


def test_importing_the_package_loads_no_parser_and_no_widgets():
    code = (
        "import sys, course_lib.derivation; print([m for m in ('lark', 'ipywidgets', 'matplotlib', "
        "'numpy') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


# -- files


@pytest.mark.parametrize(
    "header",
    [
        "shapes: X = n d; w = d; y = n",
        "shapes: X: n d, w: d, y: n",
        "Shapes: X = n d, w = d, y = n",
        "% shapes: X = n d; w = d; y = n",
        'shapes: {"X": "n d", "w": "d", "y": "n"}',
        "shapes: X = n, d; w = d; y = n",
        "shapes: X = n d\nshapes: w = d; y = n;",
    ],
)
def test_a_file_is_read_in_the_sensible_variants(header, tmp_path):
    path = tmp_path / "mse.txt"
    path.write_text(header + "\n" + TEXT, encoding="utf-8")
    report = derive_file(path)
    assert [x.verdict for x in report.lines] == ["definition", "wrong", "unreadable"]


def test_a_file_may_name_functions_and_promises():
    shapes, functions, body = split_header("shapes: A = d d symmetric; lam = ; x = d\nfunctions: sigma, phi\nL = x^TAx")
    assert shapes == {"A": "d d symmetric", "lam": "", "x": "d"}
    assert functions == ("sigma", "phi") and body == "L = x^TAx"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no file"),
        ("shapes: nonsense", "not understood"),
        ("shapes: X = n d k", "at most two"),
        (b"\xff\xfe\x00\x01", "UTF-8"),
    ],
)
def test_a_file_that_cannot_be_checked_gets_one_sentence(content, said, tmp_path):
    path = tmp_path / "d.txt"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(CourseError, match=said) as problem:
        derive_file(path)
    assert "\n" not in str(problem.value)


# -- the editor


@pytest.fixture
def never_built(monkeypatch, tmp_path):
    """A clone in which MathLive was never laid beside the editor."""
    monkeypatch.setattr(editor, "MATHLIVE", tmp_path)
    editor._say_once.cache_clear()


def test_the_editor_opens_with_an_example_and_judges_live(never_built):
    box = derive()
    sizes, _, text, shown, more, told = box.children
    assert "wrong way round" in shown.value
    more.click()
    assert "Mend line 3 first" in told.value
    text.value = "L = \\|Xw-y\\|^2\n\\nabla_w L = 2X^\\top(Xw-y)"
    assert "The claim is right." in shown.value and not told.value
    text.value = text.value.splitlines()[0]
    for sign in ("squared norm", "square", "The next line:"):
        more.click()
        assert sign in told.value
    sizes.value = "X = n d k"
    assert "at most two" in shown.value and 'role="alert"' in shown.value


def test_the_editor_takes_given_shapes_and_functions(never_built):
    box = derive(shapes={"z": "k"}, functions=("sigma",))
    assert box.children[0].value == "z = k" and box.children[1].value == "sigma"
    assert box.children[2].value == ""
    assert derive(shapes={"z": "k"}, functions="sigma").children[1].value == "sigma"
    box = derive(shapes={"z": "k"}, functions={"f": "tanh"})
    box.children[2].value = "a = f(z)\na = \\tanh(z)"
    assert "The claim is right." in box.children[3].value
    with pytest.raises(TypeError, match="must map names"):
        derive(shapes=5)


def test_a_clone_that_was_never_built_says_so_once(never_built, capsys):
    derive()
    assert capsys.readouterr().out.count("The editor is the plain one") == 1
    derive()
    assert capsys.readouterr().out == ""


def test_without_anywidget_the_editor_is_the_plain_one(component, monkeypatch, capsys):
    monkeypatch.setattr(editor, "find_spec", lambda name: None)
    editor._say_once.cache_clear()
    assert len(derive().children) == 6
    assert "anywidget" in capsys.readouterr().out


@pytest.fixture
def component(monkeypatch, tmp_path):
    """The editor of a built course; what the browser would ask of MathLive is not looked at here."""
    (tmp_path / "VERSION").touch()
    monkeypatch.setattr(editor, "MATHLIVE", tmp_path)
    return derive(functions={"f": "tanh"})


def test_the_component_is_answered_every_time_it_asks(component, capsys):
    assert component.report["id"] == 0 and component.report["first_wrong"] == 2
    draft = {"text": "a = f(z)\na = \\tanh(z)", "shapes": {"z": "k"}, "functions": ["f"]}
    component.asked = {**draft, "id": 1}
    said = component.report
    assert said["id"] == 1 and [line["verdict"] for line in said["lines"]] == ["definition", "right"]
    component.asked = {**draft, "id": 2}
    assert component.report == {**said, "id": 2}
    assert capsys.readouterr().out == ""


def test_what_the_component_hears_is_plain_data(component):
    assert json.loads(json.dumps(component.report)) == component.report
    first = component.report["lines"][0]
    assert (
        "".join(first["pieces"]).replace("{}", "") == first["reading"]
        and first["assumption"] == ""
        and first["partial"] is False
    )
    component.asked = {"id": 1, "text": "L = w", "shapes": {"w": "d k n"}, "functions": []}
    assert "at most two" in component.report["error"]


def test_a_letter_that_is_said_leaves_the_others_to_be_inferred():
    text = "L = \\|Xw-y\\|^2\n\\nabla_w L = 2X^\\top(Xw-y)"
    bare, said = editor.judged(text), editor.judged(text, {"w": "p"})
    assert set(bare["assumed"]) == {"X", "w", "y"} and set(said["assumed"]) == {"X", "y"}
    assert said["assumed"]["X"].split()[1] == "p"
    assert bare["ok"] and said["ok"]


def test_a_long_reading_comes_in_pieces_between_which_it_may_break():
    sides = " = ".join(["\\frac{1}{n} X^\\top (X w - y)"] * 4)
    line = editor.judged(f"L = \\frac{{1}}{{2n}}\\|Xw-y\\|^2\n\\nabla_w L = {sides}", S)["lines"][1]
    assert line["verdict"] == "right"
    assert len(line["pieces"]) == 5 and all("= " in piece for piece in line["pieces"][1:])


def test_a_file_without_shapes_has_them_inferred(tmp_path):
    path = tmp_path / "post.tex"
    path.write_text("L = \\|Xw - y\\|^2\n\\nabla_w L = 2X^\\top(Xw - y)\n", encoding="utf-8")
    report = derive_file(path)
    assert report.ok and set(report.assumed) == {"X", "w", "y"}
    assert report.assumed["X"].split() == [report.assumed["y"], report.assumed["w"]]


@pytest.mark.parametrize(
    ("text", "assumed"),
    [
        ("f(x) = x^2 + 3x\nf'(x) = 2x + 3", {"x": ""}),
        ("f = v^TQv\n\\nabla_v f = (Q + Q^T)v", {"v": "n", "Q": "n n"}),
        (
            "J(\\theta) = \\frac1n\\sum_{i=1}^n (\\theta^T x^{(i)} - y^{(i)})^2\n"
            "\\nabla_\\theta J = \\frac2n\\sum_{i=1}^n (\\theta^T x^{(i)} - y^{(i)})\\,x^{(i)}",
            {"theta": "d", "X": "n d", "y": "n"},
        ),
    ],
)
def test_shapes_are_inferred_from_the_text_and_said(text, assumed):
    report = derive(text)
    assert report.ok and report.assumed == assumed and "taken as" in repr(report)


@pytest.mark.parametrize("claim", ["\\nabla_v f = 2Qv", "\\nabla_v f = (Q - Q^T)v", "df = v^TQ\\,dv"])
def test_no_shape_is_inferred_to_make_a_false_line_right(claim):
    assert not derive(f"f = v^TQv\n{claim}").ok


def test_what_contradicts_a_declaration_does_not_fit():
    lines = derive("X \\in \\mathbb{R}^{n \\times d}\nX \\in \\mathbb{R}^{d \\times n}").lines
    assert [line.verdict for line in lines] == ["definition", "shapes"]
