"""`import course_lib` beside `import numpy`, whole processes in turn. Target: at most 1.2 times."""

import os
import statistics
import subprocess
import sys
import time

PROGRAMS = {
    "import numpy": "import numpy",
    "import course_lib": "import numpy; import course_lib",
    "from course_lib import check": "from course_lib import check, hint, progress",
}


def run(repeats=15):
    """Print the median wall time of each import and its ratio to `import numpy`."""
    times = {name: [] for name in PROGRAMS}
    for _ in range(repeats):
        for name, program in PROGRAMS.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", program], check=True, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
            times[name].append(time.perf_counter() - start)
    base = statistics.median(times["import numpy"])
    for name, seconds in times.items():
        median = statistics.median(seconds)
        print(f"{name:<30} {median * 1e3:6.1f} ms   {median / base:5.2f} times")
