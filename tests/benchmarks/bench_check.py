"""How long one `check(f)` takes: the solution and every named mistake. Target: median at most 30 ms an exercise."""

import statistics
import time

import numpy as np

from course_lib.checks import exercises, judge
from course_lib.checks.judging import FunctionCaller


def run(repeats=9):
    """Print the median of each exercise over its mistakes, slowest first."""
    rows = []
    for exercise in exercises():
        if exercise.kind != "function":
            continue
        times = []
        for mistake in exercise.mistakes:
            namespace = {"np": np}
            exec(mistake.source(exercise.name), namespace)
            caller = FunctionCaller(namespace[exercise.name])
            times += [_seconds(lambda e=exercise, c=caller: judge(e, c)) for _ in range(repeats)]
        rows.append((statistics.median(times), max(times), exercise.name))
    for median, slowest, name in sorted(rows, reverse=True):
        print(f"{name:<28} median {median * 1e3:6.2f} ms   slowest {slowest * 1e3:6.2f} ms")


def _seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
