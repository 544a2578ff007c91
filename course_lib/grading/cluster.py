"""The same units on a dask.distributed cluster: bytes go out, verdicts come back, no disk is shared."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from course_lib import __version__
from course_lib.errors import CourseError

CONNECT_SECONDS = 10


def worker_versions() -> dict[str, str]:
    """What a worker says of itself, run there."""
    from importlib import metadata

    return {"course_lib": __version__, "numpy": metadata.version("numpy")}


@contextmanager
def cluster(address: str) -> "Iterator[tuple[Executor, int]]":
    """(an Executor, how many threads it has) for the scheduler at `address`; CourseError says what is missing."""
    try:
        from distributed import Client
    except ImportError:
        raise CourseError(
            'Grading on a cluster needs dask.distributed: python -m pip install -c constraints.txt -e ".[cluster]".'
        ) from None
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise CourseError(f"No dask scheduler answers at {address} ({str(error)[:200]}).") from None
    with client:
        threads = client.nthreads()
        if not threads:
            raise CourseError(f"The dask scheduler at {address} has no workers.")
        _complain_about_versions(client)
        # A unit is not pure to dask: a regrade of the same bytes must run again.
        yield client.get_executor(pure=False), sum(threads.values())


def _complain_about_versions(client):
    """CourseError when a worker would grade with another version of the course than this one."""
    try:
        found = client.run(worker_versions)
    except Exception as error:  # whatever keeps a worker from importing the course
        raise CourseError(f"The dask workers cannot grade: {error}. Install the course on each of them.") from None
    for worker, versions in found.items():
        if versions["course_lib"] != __version__:
            raise CourseError(
                f"The dask worker {worker} has course_lib {versions['course_lib']}, here is {__version__}."
            )
