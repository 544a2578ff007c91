"""The page that checks derivations, in Chromium: to the first verdict, bytes fetched, and verdicts while one writes.

Targets: at most 20 MB fetched, uncompressed; at most 0.5 s from a change to its report, the pause for typing included.
"""

import shutil
import statistics
import tempfile
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from playwright.sync_api import sync_playwright

from course_lib.page import built, examples
from tests.browser.conftest import QUIET

ROOT = Path(__file__).parents[2]


class Counting(SimpleHTTPRequestHandler):
    """A server of static files that counts what it sends."""

    sent = 0

    def log_message(self, *_):
        pass

    def copyfile(self, source, outputfile):
        Counting.sent += Path(source.name).stat().st_size
        super().copyfile(source, outputfile)


def run(repeats=5):
    """Print the seconds to the first verdict, from an empty cache and again, the bytes, and each example's seconds."""
    chromium, pyodide = shutil.which("chromium"), ROOT / ".pyodide"
    if not chromium or not pyodide.is_dir():
        print("needs chromium and the copy of Pyodide that .ci/fetch_pyodide.py fetches")
        return
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        built(Path(folder) / "derive", pyodide)
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Counting, directory=folder))
        Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=chromium, args=[*QUIET, "--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(120_000)
        for cache in ("empty", "full"):
            start = time.perf_counter()
            page.goto(f"http://127.0.0.1:{server.server_port}/derive/index.html")
            first_report(page, examples()[0])
            print(
                f"to the first verdict, cache {cache:<5} {time.perf_counter() - start:6.1f} s   "
                f"{Counting.sent / 1e6:5.1f} MB sent so far"
            )
            page.evaluate("localStorage.clear()")
        for example in examples():
            times = [seconds_to_report(page, example) for _ in range(repeats)]
            print(f"{example['title']:<45} median {statistics.median(times):5.2f} s   slowest {max(times):5.2f} s")
        browser.close()
        server.shutdown()


def first_report(page, example):
    page.get_by_label("Start from").select_option(example["title"])
    page.locator(".cd-line").first.wait_for()


def seconds_to_report(page, example):
    """From a change of the example's text to its new report; the change is a remark, so that its lines stay."""
    first_report(page, example)
    page.wait_for_timeout(500)
    return page.evaluate("""() => new Promise((done) => {
        const text = document.querySelector("textarea");
        const start = performance.now();
        const seen = new MutationObserver(() => { seen.disconnect(); done((performance.now() - start) / 1000); });
        seen.observe(document.querySelector(".cd-lines"), { childList: true });
        text.value += " ";
        text.dispatchEvent(new Event("input"));
    })""")
