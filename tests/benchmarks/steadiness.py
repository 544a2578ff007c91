"""Is the suite green in any order and on a busy machine? `python -m tests.benchmarks.steadiness --runs 10 --busy 2`.

Each run has a seed, which is printed: it picks the order of the modules and of the tests in them, and the draws. A busy
run has two endless loops beside it. What follows on the command line goes to pytest, such as a folder; to see one run
again, give its seed: `--runs 1 --seed 17`.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from xml.etree import ElementTree

LOOPS = 2
# It ends with the process that started it, also where nobody is left to end it.
ENDLESS = "import os\nparent = os.getppid()\nwhile os.getppid() == parent: pass"


def main():
    """Print a line per run and the tests that failed in it; exit with 1 when one did."""
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("--runs", type=int, default=10, help="runs in random order")
    reader.add_argument("--busy", type=int, default=2, help=f"further runs, with {LOOPS} endless loops beside them")
    reader.add_argument("--seed", type=int, default=1, help="of the first run; the next ones count on")
    reader.add_argument("--workers", type=int, default=2, help="processes that share the tests")
    given, more = reader.parse_known_args()
    green = True
    for number in range(given.runs + given.busy):
        busy, seed = number >= given.runs, given.seed + number
        with endless_loops() if busy else ExitStack():
            green &= run(seed, busy, given.workers, more)
    sys.exit(not green)


@contextmanager
def endless_loops():
    """Two processes that do nothing as fast as they can."""
    loops = [subprocess.Popen([sys.executable, "-c", ENDLESS]) for _ in range(LOOPS)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def run(seed, busy, workers, more):
    """Run the suite once and print what became of it; whether it is green."""
    paths = [] if any(os.path.exists(argument.partition("::")[0]) for argument in more) else ["tests"]
    command = [sys.executable, "-m", "pytest", *paths, *more, "-n", str(workers), "--dist", "loadgroup"]
    command += ["-p", "no:cacheprovider", "--random-order-bucket", "module", "--random-order-seed", str(seed)]
    command += ["--draws", str(seed), "--hypothesis-seed", str(seed)]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        start = time.monotonic()
        done = subprocess.run([*command, "--junit-xml", str(report)], capture_output=True, text=True)
        minutes = (time.monotonic() - start) / 60
        cases = list(ElementTree.parse(report).iter("testcase")) if report.exists() else []
    broken = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    skipped = sum(case.find("skipped") is not None for case in cases)
    print(
        f"seed {seed}{', busy' if busy else ''}: {len(cases) - len(broken) - skipped} passed, {len(broken)} failed, "
        f"{skipped} skipped, {minutes:.1f} minutes",
        flush=True,
    )
    for case in broken:
        print(f"  {case.get('classname')}::{case.get('name')}")
        told = case.find("failure") if case.find("failure") is not None else case.find("error")
        print(*told.get("message", "")[:2000].splitlines(), sep="\n      ", flush=True)
    if done.returncode and not broken:
        print(done.stdout[-20_000:], done.stderr[-2000:], sep="\n", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    main()
