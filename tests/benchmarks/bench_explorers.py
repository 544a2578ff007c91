"""From a control's event to the new picture, in the kernel. Target: median at most 80 ms for every explorer."""

import statistics
import time

from course_lib.figures.base import Explorer
from tests.test_figures import MAKERS, other_values


def run(repeats=7):
    """Print the median over all controls of each explorer, slowest first."""
    rows = []
    for make in MAKERS:
        shown = make()
        if isinstance(shown, Explorer):
            times = []
            for _ in range(repeats):
                for control in shown.controls.values():
                    for value in other_values(control):
                        start = time.perf_counter()
                        control.value = value
                        times.append(time.perf_counter() - start)
            rows.append((statistics.median(times), max(times), make.__name__))
    for median, slowest, name in sorted(rows, reverse=True):
        print(f"{name:<28} median {median * 1e3:6.1f} ms   slowest {slowest * 1e3:6.1f} ms")
