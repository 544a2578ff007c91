"""The README's pictures, taken from the real thing; `make pictures` writes them to notebooks/images/."""

import nbformat

from tests.browser.test_lab import open_notebook, page, scrolled_to  # noqa: F401  (page is a fixture)

WRONG = "    return np.array([[np.cos(theta), -np.sin(theta)], [np.sin(theta), np.cos(theta)]])"
STUB = "    # YOUR CODE HERE\n    raise NotImplementedError()"


def test_student(page, lab, course_copy, course_root):  # noqa: F811
    path = course_copy / "exercises" / "01_gradients_and_jacobians.ipynb"
    notebook = nbformat.read(path, as_version=4)
    cell = next(cell for cell in notebook.cells if "def polar_jacobian" in cell.source)
    cell.source = cell.source.replace(STUB, WRONG)
    nbformat.write(notebook, path)
    page.set_viewport_size({"width": 1150, "height": 620})
    open_notebook(page, lab, f"exercises/{path.name}")
    verdict = page.get_by_text("polar_jacobian: wrong values")
    scrolled_to(page, verdict)
    page.get_by_role("button", name="No", exact=True).click()
    page.locator(".jp-WindowedPanel-outer").first.hover()
    page.mouse.wheel(0, -60)
    page.wait_for_timeout(1500)
    picture = course_root / "notebooks" / "images" / "student.png"
    picture.parent.mkdir(exist_ok=True)
    page.screenshot(path=picture)
    assert verdict.is_visible()
