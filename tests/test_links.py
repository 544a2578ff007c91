"""Every chapter and every exercise sheet says what comes next, and no link between notebooks leads nowhere."""

import re

import nbformat
import pytest


def links(path):
    """The notebooks that a notebook's prose links to, as paths."""
    prose = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"]
    targets = re.findall(r"\]\(([^)\s]+\.ipynb)(?:#[^)]*)?\)", "\n".join(prose))
    return [(path.parent / target).resolve() for target in targets]


@pytest.fixture(scope="module")
def chapters(course_root):
    return sorted((course_root / "notebooks").glob("*.ipynb"))


def test_every_link_to_a_notebook_leads_to_one(course_root):
    paths = [path for folder in ("notebooks", "exercises") for path in (course_root / folder).glob("*.ipynb")]
    found = [(path.name, target) for path in paths for target in links(path)]
    assert len(found) > 40
    assert [(name, target) for name, target in found if not target.is_file()] == []


def test_a_chapter_leads_to_its_exercises_and_to_the_next_chapter(course_root, chapters):
    for chapter, following in zip(chapters, [*chapters[1:], chapters[0]], strict=True):
        found = links(chapter)
        assert course_root / "exercises" / f"{chapter.name[:2]}_exercises.ipynb" in found, chapter.name
        assert following in found, chapter.name


def test_a_sheet_ends_with_the_next_chapter(course_root, chapters):
    for chapter, following in zip(chapters, [*chapters[1:], chapters[0]], strict=True):
        assert links(course_root / "exercises" / f"{chapter.name[:2]}_exercises.ipynb")[-1] == following


def test_a_chapter_and_its_sheet_have_names_that_a_tab_can_tell_apart(course_root, chapters):
    names = [path.name for folder in ("notebooks", "exercises") for path in (course_root / folder).glob("*.ipynb")]
    assert len({name[:14] for name in names}) == len(names)
