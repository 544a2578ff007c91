"""The formula ledger: every displayed equation of the chapters is explained, and a damaged one is noticed."""

import json
import re
from copy import deepcopy
from functools import cache
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook
from typer.testing import CliRunner

from course_lib.authoring import tidied
from course_lib.cli import app
from course_lib.derivation.document import read_document
from course_lib.derivation.names import Names
from course_lib.ledger import LEAST_SHARE, chapter_ledger, displays, ledger_of, summary, written

ROOT = Path(__file__).parents[1]
CHAPTERS = sorted((ROOT / "notebooks").glob("*.ipynb"))
chapters = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem[:2])


@cache
def chapter(path):
    return nbformat.read(path, as_version=4)


@cache
def chapter_of(path):
    return chapter_ledger(chapter(path), path.name)


# -- the chapters as they are


@chapters
def test_every_display_of_a_chapter_is_explained(path):
    found = chapter_of(path)
    assert not found.faults
    assert not [e for e in found.entries if e.kind == "unexplained"]


def test_nine_of_ten_claims_of_the_course_are_judged_as_meant():
    entries = [e for path in CHAPTERS for e in chapter_of(path).entries]
    claims = [e for e in entries if e.kind != "definition"]
    judged = [e for e in claims if e.kind in ("verified", "refuted")]
    assert len(claims) > 70
    assert len(judged) >= LEAST_SHARE * len(claims)


@chapters
def test_no_display_is_overlooked(path):
    # Counted in another way: by dollar signs outside of fenced code.
    prose = [re.sub(r"```.*?```", "", c.source, flags=re.S) for c in chapter(path).cells if c.cell_type == "markdown"]
    signs = sum(text.count("$$") for text in prose)
    styled = sum(text.count(r"$\displaystyle") for text in prose)
    assert len(chapter_of(path).entries) == signs // 2 + styled


@chapters
def test_the_notation_card_and_the_declared_shapes_agree(path):
    """A row `| $X$ | samples | $(n, d)$ |` of a chapter's first cell says the shape that its metadata declares."""
    notebook = chapter(path)
    course = notebook.metadata.get("course", {})
    for letter, sizes in re.findall(r"^\| \$(\w)\$ \|.*\| \$\(([\w, ]+)\)\$ \|$", notebook.cells[0].source, re.M):
        if letter not in course["shapes"]:
            # The shape of what is defined follows from the definition.
            assert any(line.startswith(f"{letter} =") for line in course["given"])
            continue
        # A vector of the card, (k), is a column or, as in chapter 7, a row.
        declared = [size for size in course["shapes"][letter].split() if size != "1"]
        assert declared[: sizes.count(",") + 1] == sizes.split(", ")


# -- damaged chapters

# Nothing that is displayed after these definitions builds on them, and no metadata says them too.
FREE = {
    "01": [
        r"J_{ij} = \frac{\partial y_i}{\partial x_j}",
        r"y = \begin{bmatrix} x_1 x_2 \\ x_2 + \sin x_3 \end{bmatrix}",
        r"g = \frac{x_1 x_2}{\sqrt{x_1^2 + x_2^2}}",
    ],
    "05": [r"g_k = \frac{s_k}{s_k^2 + n\lambda}"],
    "09": [r"s = \sqrt{\frac{p(1 - p)}{n}}"],
}
DAMAGES = (lambda member: rf"2\left({member}\right)", lambda member: rf"-\left({member}\right)")


def damaged(text, damage):
    """The display with its last member damaged; 0 becomes 1."""
    line = read_document(text, Names())[-1]
    member = line.clauses[-1].members[-1]
    inside = member.raw.strip()
    return line.text[: member.start - line.start] + ("1" if inside == "0" else damage(inside))


def with_display(notebook, entry, text):
    """A copy of the notebook with one display replaced."""
    copy = deepcopy(notebook)
    cell = copy.cells[entry.cell]
    pieces = re.split(r"(\$\$.*?\$\$|\$\\displaystyle.*?\$)", cell.source, flags=re.S)
    pieces[2 * entry.number - 1] = f"$${text}$$"
    cell.source = "".join(pieces)
    return copy


def same_section(notebook, entry):
    """A copy without the displays that stand in other sections than the entry."""
    copy, section = deepcopy(notebook), ""
    for cell in copy.cells:
        heading = re.search(r"^##? +(.+)$", cell.source, re.M) if cell.cell_type == "markdown" else None
        section = heading[1] if heading else section
        if section != entry.section and "equations" in cell.metadata.get("course", {}):
            del cell.metadata["course"]["equations"]
        if section != entry.section:
            cell.source = f"## {section}" if heading else ""
    return copy


@chapters
def test_every_damaged_equation_is_noticed(path, request):
    """Each in one way, the ways in turn; with --draws 1 each in the other."""
    notebook, missed, first = chapter(path), [], request.config.getoption("--draws")
    for place, entry in enumerate(chapter_of(path).entries, start=first):
        if entry.kind not in ("verified", "definition"):
            continue
        source = displays(notebook.cells[entry.cell].source)[entry.number - 1]
        mutant = with_display(notebook, entry, damaged(source, DAMAGES[place % len(DAMAGES)]))
        found = chapter_ledger(same_section(mutant, entry), path.name)
        if not found.count("unexplained"):
            missed.append(entry.equation)
    assert missed == FREE.get(path.stem[:2], [])


SLIPS = [
    ("02", r"\frac{\partial y_i}{\partial x_j} = a_{ji}", r"\frac{\partial y_i}{\partial x_j} = a_{ij}"),
    ("02", r"\nabla_x q = xA^\top + xA", r"\nabla_x q = xA + xA"),
    ("02", r"\nabla_A L = x^\top g", r"\nabla_A L = xg"),
    ("02", r"\frac{1}{2}\,\delta(A + A^\top)\delta^\top", r"\delta(A + A^\top)\delta^\top"),
    ("03", r"\frac{1}{n} X^\top (X w - y)$$", r"\frac{1}{n} (X w - y)^\top X$$"),
    ("03", r"\frac{\partial L}{\partial \hat y_i} \frac{", r"\frac{\partial L}{\partial \hat y_j} \frac{"),
    ("03", r"$$\hat y_i = \sum_{j=1}^{d} x_{ij} w_j$$", r"$$\hat y_i = \sum_{j=1}^{n} x_{ij} w_j$$"),
    ("04", r"$$\nabla_W L = \frac{2}{n} X^\top (XW - Y)$$", r"$$\nabla_W L = 2 X^\top (XW - Y)$$"),
    ("04", r"= x_{ip}\,\delta_{jq}$$", r"= x_{iq}\,\delta_{jp}$$"),
    ("04", r"(B^\top \otimes A)", r"(A \otimes B^\top)"),
    ("04", r"(W^\top \otimes I_n)", r"(W \otimes I_n)"),
    ("04", r"+ 2\langle R, XD\rangle + \|XD\|_F^2$$", r"+ 2\langle R, XD\rangle$$"),
    ("04", r"-\frac{1}{n}\operatorname{tr}(dW^\top X^\top E)$$", r"-\frac{1}{n}\operatorname{tr}(dW X^\top E)$$"),
]


@pytest.mark.parametrize(("number", "right", "wrong"), SLIPS)
def test_a_slip_in_a_chapter_is_noticed(number, right, wrong):
    path = next(path for path in CHAPTERS if path.stem.startswith(number))
    notebook = deepcopy(chapter(path))
    hits = [cell for cell in notebook.cells if cell.cell_type == "markdown" and right in cell.source]
    assert hits
    hits[0].source = hits[0].source.replace(right, wrong, 1)
    assert chapter_ledger(notebook, path.name).count("unexplained")


@chapters
def test_a_refuted_claim_that_is_mended_is_noticed(path):
    notebook = chapter(path)
    for entry in (e for e in chapter_of(path).entries if e.kind == "refuted"):
        found = chapter_ledger(same_section(with_display(notebook, entry, "1 = 1"), entry), path.name)
        assert [e.kind for e in found.entries if (e.cell, e.number) == (entry.cell, entry.number)] == ["unexplained"]


# -- what the metadata may say

SHAPES = {"X": "n d", "w": "d", "y": "n"}
LOSS = r"$$L = \frac{1}{2n}\|Xw - y\|^2$$"
GRADIENT = r"$$\nabla_w L = \frac{1}{n}X^\top(Xw - y)$$"
WRONG = r"$$\nabla_w L = \frac{1}{n}X^\top(y - Xw)$$"


def ledger(*cells, **declared):
    """The Ledger of a notebook of cells, each a text or a pair (text, what its metadata says)."""
    notebook = new_notebook(metadata={"course": {"shapes": SHAPES, **declared}})
    for cell in cells:
        text, course = cell if isinstance(cell, tuple) else (cell, {})
        notebook.cells.append(new_markdown_cell(text, metadata={"course": course} if course else {}))
    return chapter_ledger(notebook, "chapter.ipynb")


def kinds(*cells, **declared):
    return [e.kind for e in ledger(*cells, **declared).entries]


def test_definitions_hold_to_the_end_of_their_section():
    assert kinds("# A", LOSS, "### still A", GRADIENT, "## B", GRADIENT) == ["definition", "verified", "unexplained"]


def test_what_the_notebook_gives_holds_everywhere_and_what_a_cell_gives_holds_in_its_section():
    given = [r"L = \frac{1}{2n}\|Xw - y\|^2"]
    assert kinds(GRADIENT, "## B", GRADIENT, given=given) == ["verified", "verified"]
    assert kinds((GRADIENT, {"given": given}), "## B", GRADIENT) == ["verified", "unexplained"]
    assert kinds((GRADIENT, {"equations": [{"given": given}]}), GRADIENT) == ["verified", "unexplained"]


def test_a_name_that_is_given_again_takes_what_was_built_on_it_along():
    redefined = (r"$$L = \frac{1}{n}\|Xw - y\|^2$$", {"equations": [{"expect": "definition"}]})
    twice = r"$$\nabla_w L = \frac{2}{n}X^\top(Xw - y)$$"
    assert kinds(LOSS, redefined, twice) == ["definition", "definition", "verified"]
    assert kinds(LOSS, "$$M = 2L$$", redefined, r"$$\nabla_w M = 0$$")[-1] == "unexplained"


def test_a_display_that_repeats_what_is_given_counts_as_a_definition_and_is_compared():
    given = [r"L = \frac{1}{2n}\|Xw - y\|^2"]
    assert kinds(r"$$L = \frac{1}{2n}(Xw - y)^\top(Xw - y)$$", given=given) == ["definition"]
    assert kinds(r"$$L = \frac{1}{n}(Xw - y)^\top(Xw - y)$$", given=given) == ["unexplained"]


def test_a_definition_is_no_claim_and_a_claim_no_definition():
    assert kinds((LOSS, {"equations": [{"expect": "right"}]})) == ["unexplained"]
    assert kinds(LOSS, (GRADIENT, {"equations": [{"expect": "definition"}]}))[1] == "unexplained"


def test_a_wrong_claim_must_be_found_wrong_by_the_mistake_it_is_shown_for():
    def judged(text, **note):
        return kinds(LOSS, (text, {"equations": [note]}))[1]

    assert judged(WRONG) == "unexplained"
    assert judged(WRONG, expect="wrong") == "refuted"
    assert judged(WRONG, expect="wrong", mistake="sign") == "refuted"
    assert judged(WRONG, expect="wrong", mistake="transpose") == "unexplained"
    assert judged(GRADIENT, expect="wrong") == "unexplained"
    assert judged(r"$$\nabla_w L = \mystery$$", expect="wrong") == "unexplained"


def test_an_excuse_needs_a_reason_and_covers_only_what_cannot_be_read():
    def judged(text, excuse):
        return kinds(LOSS, (text, {"equations": [{"excuse": excuse}]}))[1]

    assert judged(r"$$\mystery$$", "Asymptotics: the series is cut off.") == "excused"
    assert judged(r"$$\mystery$$", "") == judged(r"$$\mystery$$", "  because  ") == "unexplained"
    assert judged(GRADIENT, "The checker need not look at this one.") == "unexplained"
    assert judged(WRONG, "The checker need not look at this one.") == "unexplained"


def test_excuses_do_not_count_as_verified():
    excused = (r"$$\mystery$$", {"equations": [{"excuse": "Asymptotics: the series is cut off."}]})
    eight = ledger(LOSS, *[GRADIENT] * 8, excused)
    assert (eight.share, eight.ok) == (8 / 9, False)
    assert "At least 90% are needed" in summary(eight)
    assert ledger(LOSS, *[GRADIENT] * 9, excused).ok


def test_an_undeclared_and_an_idle_letter_are_noticed():
    found = ledger(LOSS, r"$$\nabla_w L = Q$$", shapes={**SHAPES, "V": "d d"})
    assert "Q is not declared" in found.entries[1].message
    assert found.faults == ["chapter.ipynb: V is declared, but no display uses it"]
    assert not found.ok


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ((LOSS, {"equations": []}), "displays 1 equations and its metadata speaks of 0"),
        ((LOSS, {"shape": {}}), "'shape'"),
        ((LOSS, {"given": "L = w"}), "'given' must be a list; got str"),
        ((LOSS, {"given": ["2w = w"]}), "defines no name"),
        ((LOSS, {"equations": [{"expect": "false"}]}), "'false'"),
        ((LOSS, {"equations": [{"mistake": "sign"}]}), "does not expect it to be wrong"),
        ((LOSS, {"shapes": {"Z": "n d e"}}), "3 axes"),
        ("$$ L = w", "never closed"),
    ],
)
def test_a_declaration_that_cannot_be_right_is_named(cell, said):
    found = ledger(cell)
    assert said in " ".join([*found.faults, *(e.message for e in found.entries)])
    assert not found.ok


def test_displays_are_found_where_they_are_displays():
    source = "\n".join(
        [
            "inline $a = b$ and `$$code$$`, then",
            "```latex",
            "$$ fenced = 1 $$",
            "```",
            "$$",
            "x = 1",
            "$$",
            r"> $\displaystyle y = 2$",
            ">",
            "> $$z",
            "> = 3$$",
            r"\begin{align} u &= 4 \end{align}",
        ]
    )
    assert displays(source) == ["x = 1", "y = 2", "z\n= 3", r"\begin{align} u &= 4 \end{align}"]


# -- the command


def course_folder(tmp_path, monkeypatch, *cells):
    notebook = new_notebook(metadata={"course": {"shapes": SHAPES}})
    notebook.cells = [new_markdown_cell(text) for text in cells]
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "course.toml").touch()
    nbformat.write(notebook, tmp_path / "notebooks" / "01_loss.ipynb")
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, ["authoring", "ledger", *arguments])


def test_the_command_lists_what_is_unexplained_and_fails(tmp_path, monkeypatch):
    run = course_folder(tmp_path, monkeypatch, LOSS, WRONG)
    result = run()
    assert result.exit_code == 1
    assert "01_loss.ipynb, cell 1, display 1" in result.output
    assert "wrong way round" in result.output
    data = json.loads(run("--json").output)
    assert (data["ok"], data["counts"]["unexplained"]) == (False, 1)


def test_the_command_succeeds_when_all_is_well(tmp_path, monkeypatch):
    run = course_folder(tmp_path, monkeypatch, LOSS, GRADIENT)
    assert run().exit_code == 0
    assert "Definitions:" not in run().output
    assert "Definitions:" in run("--all").output
    assert "there are: 01_loss" in str(run("99").exception)


def test_the_ledger_as_text_counts_what_the_ledger_counts():
    found = ledger_of(ROOT, ["03"])
    row = next(line for line in written(found).splitlines() if line.startswith("03_"))
    assert sum(int(number) for number in row.split()[1:]) == len(found.entries)


def test_declarations_survive_the_execution_of_a_notebook():
    notebook = tidied(new_notebook(metadata={"course": {"shapes": SHAPES}, "widgets": {}}))
    assert notebook.metadata["course"] == {"shapes": SHAPES}
    assert "widgets" not in notebook.metadata
