"""The browser seat: from the address of a notebook to an idle kernel, and how many bytes that takes.

Needs .pyodide/ (.ci/fetch_pyodide.py) and Chromium. Compare the times with the bare start of Pyodide and NumPy.
"""

import os
import shutil
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

from course_lib import lab
from tests.browser.conftest import QUIET
from tests.browser.serving import serving

ROOT = Path(__file__).resolve().parents[2]
BARE = """async () => {
  const start = performance.now();
  const { loadPyodide } = await import(`${location.origin}/lab/pyodide/pyodide.mjs`);
  await (await loadPyodide()).loadPackage("numpy");
  return (performance.now() - start) / 1000;
}"""


def run():
    """Print seconds and megabytes, and the ratio to Pyodide alone."""
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        lab.built(ROOT, Path(folder) / "lab", ROOT / ".pyodide")
        options = [*QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=options)
        with serving(folder) as address:
            page = browser.new_page()
            # A page of its own: the lab's first one leads on to another while this runs.
            (Path(folder) / "bare.html").write_text("<!doctype html><title>Pyodide alone</title>", encoding="utf-8")
            page.goto(f"{address}/bare.html")
            bare = page.evaluate(BARE)
            page.context.close()
            seconds, fetched = _opened(
                browser, f"{address}/lab/lab/index.html?path=exercises/01_exercises.ipynb", Path(folder)
            )
        browser.close()
    print(f"{'Pyodide and NumPy alone':<30} {bare:6.1f} s")
    print(
        f"{'lab to an idle kernel':<30} {seconds:6.1f} s   {seconds / bare:5.2f} times   {fetched / 1e6:.1f} MB fetched"
    )


def _opened(browser, address, folder):
    """(seconds to an idle kernel, bytes fetched) of a notebook in a fresh browser profile."""
    context = browser.new_context()
    page, asked = context.new_page(), set()
    context.on("request", lambda request: asked.add(request.url.partition("?")[0]))
    start = time.perf_counter()
    page.goto(address)
    page.locator("#jp-bottom-panel, .jp-StatusBar-Widget").get_by_text("| Idle").first.wait_for(timeout=600_000)
    seconds = time.perf_counter() - start
    context.close()
    paths = [folder / url.split("/", 3)[3] for url in asked if url.startswith("http")]
    return seconds, sum(path.stat().st_size for path in paths if path.is_file())
