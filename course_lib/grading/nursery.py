"""Inside the sandbox: load NumPy once, and bring up a supervisor apart from everything for each student.

What is brought up is `worker.main`, in namespaces of its own: it sees no other process, shares no /tmp, and cannot
come back, because it has given up every right before it hears of a notebook. No line of a notebook runs in the nursery
itself, so every student begins with the same untouched memory. The standard library and the worker are all there is.
"""

import _socket
import ctypes
import os
from typing import NoReturn

from course_lib.grading import confine, worker

# From the kernel's sched.h: mounts, the machine's name, IPC, processes, network, cgroups.
_NEW_NAMESPACES = 0x00020000 | 0x04000000 | 0x08000000 | 0x20000000 | 0x40000000 | 0x02000000
# From mount.h: not set-user-id and no devices; private, and all below.
_NOSUID_NODEV, _PRIVATE_BELOW = 2 | 4, 1 << 18 | 1 << 14


def main(control: int, user: int, temporary_bytes: int, files: int) -> NoReturn:
    """Bring up a supervisor for each socket that comes in over the socket number `control`, until that closes.

    user              what the supervisors become, -1: the user that this is.
    temporary_bytes   how much each of them may write, into so many `files`.
    """
    socket = _socket.socket(fileno=control)
    while True:
        message, ancillary, _, _ = socket.recvmsg(16, 64)
        if not message:
            os._exit(0)
        worker.bury()
        (line,) = [fd for _, _, data in ancillary for fd in memoryview(data).cast("i")]
        if os.fork() == 0:
            socket.close()
            bring_up(line, user, temporary_bytes, files)
        os.close(line)


def bring_up(line: int, user: int, temporary_bytes: int, files: int) -> NoReturn:
    """In a child of the nursery: move into new namespaces, and wait there for the end of the supervisor, process 1.

    The line stays open here, so it closes when everything in there has ended.
    """
    try:
        confine.die_with_parent()
        move_out(temporary_bytes, files)
        supervisor = os.fork()
        if supervisor == 0:
            confine.drop(user)
            worker.main(line)
        os.waitpid(supervisor, 0)
    finally:
        os._exit(1)


def move_out(temporary_bytes: int, files: int) -> None:
    """Leave the nursery's namespaces, for an empty /tmp and children that see nobody; raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    size = f"size={temporary_bytes},nr_inodes={files},mode=1777".encode()
    for step in (
        lambda: libc.unshare(_NEW_NAMESPACES),
        lambda: libc.mount(b"none", b"/", None, ctypes.c_ulong(_PRIVATE_BELOW), None),
        lambda: libc.mount(b"tmpfs", b"/tmp", b"tmpfs", ctypes.c_ulong(_NOSUID_NODEV), size),
    ):
        if step() != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
    os.chdir("/tmp")
