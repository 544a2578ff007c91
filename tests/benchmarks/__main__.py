"""Run every `bench_*.py` beside this file, or those named: python -m tests.benchmarks check import."""

import sys
from importlib import import_module
from pathlib import Path

known = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))
unknown = [name for name in sys.argv[1:] if name not in known]
if unknown:
    sys.exit(f"No benchmark is called {' or '.join(unknown)}; there are {', '.join(known)}.")
for name in sys.argv[1:] or known:
    print(f"== {name}")
    import_module(f"tests.benchmarks.bench_{name}").run()
