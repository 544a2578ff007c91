"""Writing a file so that nobody ever sees half of it."""

import os
import tempfile


def write_whole(path, data):
    """Write bytes aside, onto the disk, and only then under the name `path`; raises OSError and leaves no trace."""
    descriptor, aside = tempfile.mkstemp(dir=path.parent, prefix=".being-written-")
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(aside, 0o644)
        os.replace(aside, path)
    except BaseException:
        os.unlink(aside)
        raise
