"""Take from the running process what a notebook's code has no need of: processes, memory, other processes.

Runs inside the sandbox, once per chapter, after the fork and before the first line of the notebook. The standard
library only. The filter is the kernel's seccomp (Documentation/userspace-api/seccomp_filter.rst); system call numbers
are from the kernel's syscall_64.tbl and asm-generic/unistd.h.
"""

import ctypes
import os
import platform
import resource
import struct

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
# Of struct __user_cap_header_struct: the version whose three sets have 64 bits.
_CAPABILITIES = 0x20080522
_SECCOMP_MODE_FILTER = 2
_CLONE_THREAD = 0x00010000
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS = 1, 38
# Where the filter finds them in struct seccomp_data.
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT, _SECOND_ARGUMENT, _THIRD_ARGUMENT = 0, 4, 16, 24, 32
_FOR_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

# (x86_64, aarch64); None where the machine has no such call.
_REFUSED = {
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "socket": (41, 198),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_by_handle_at": (304, 265),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    # What would slow other processes of the same user, or move them about.
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "process_madvise": (440, 440),
    # Memory that no limit of this process counts, and things of which the whole machine has only so many.
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "io_setup": (206, 0),
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "fanotify_init": (300, 262),
    "syslog": (103, 116),
    "init_module": (175, 105),
    "kexec_load": (246, 104),
}
# Refused as well where the file system is the machine's own.
_WRITING = {
    "creat": (85, None),
    "openat2": (437, 437),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "rmdir": (84, None),
    "link": (86, None),
    "linkat": (265, 37),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "truncate": (76, 45),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "lchown": (94, None),
    "fchown": (93, 55),
    "fchownat": (260, 54),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
}
_OPEN, _OPENAT = (2, None), (257, 56)
# A pipe or socket can be told to send a signal, any signal, to any process of the same user: commands of fcntl and
# ioctl that name the process (F_SETOWN, F_SETOWN_EX, FIOSETOWN, SIOCSPGRP) or choose the signal (F_SETSIG).
_OWNING = {(72, 25): (8, 15, 10), (16, 29): (0x8901, 0x8902)}
_CLONE, _CLONE3, _PRLIMIT, _PRCTL = (56, 220), (435, 435), (302, 261), (157, 167)
_AUDIT = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}


def limit(memory_mb: int, cpu_seconds: float) -> None:
    """Limits of this process that nothing it does can raise again."""
    for kind, most in (
        (resource.RLIMIT_AS, memory_mb << 20),
        (resource.RLIMIT_CPU, int(cpu_seconds) + 1),
        (resource.RLIMIT_FSIZE, 16 << 20),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_NPROC, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))


def become(user: int) -> None:
    """Become the user and the group of that number for good, in no other group; -1: stay who this is."""
    if user >= 0:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)


def drop(user: int) -> None:
    """Become that user, and give up every capability for good; raises OSError where one would be left."""
    become(user)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES, 0)
    none, left = (ctypes.c_uint32 * 6)(), (ctypes.c_uint32 * 6)(*[1] * 6)
    if libc.capset(header, none) != 0 or libc.capget(header, left) != 0 or any(left):
        raise OSError(_EPERM, "capabilities are left")


def hide() -> None:
    """Keep other processes of the same user from reading this one's memory and files."""
    _prctl(_PR_SET_DUMPABLE, 0)


def die_with_parent() -> None:
    """End this process when the one that started it ends."""
    _prctl(_PR_SET_PDEATHSIG, 9)


def can_seal() -> bool:
    return platform.machine() in _AUDIT


def seal(read_only: bool) -> None:
    """Refuse, from here on, the system calls that start programs, reach other processes, or open sockets.

    read_only   refuse those that change files, too: for a process that sees the machine's own file system.
    """
    steps = _filter(*_AUDIT[platform.machine()], read_only)
    program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    header = struct.pack("@HP", len(steps), ctypes.addressof(program))
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.c_char_p(header))


def _filter(column: int, architecture: int, read_only: bool) -> list[tuple[int, int, int, int | None]]:
    """The filter as steps (code, jump if true, jump if false, value)."""
    refuse, absent, allow, kill = (
        (_RETURN, 0, 0, value) for value in (_ERRNO | _EPERM, _ERRNO | _ENOSYS, _ALLOW, _KILL)
    )
    steps: list[tuple[int, int, int, int | None]] = [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, architecture), kill]
    steps += [(_LOAD, 0, 0, _NUMBER)]
    if column == 0:  # the other numbering that an x86_64 kernel also answers to
        steps += [(_AT_LEAST, 0, 1, 0x40000000), kill]
    for numbers in (*_REFUSED.values(), *(_WRITING.values() if read_only else ())):
        if numbers[column] is not None:
            steps += [(_EQUAL, 0, 1, numbers[column]), refuse]
    for numbers, flags in ((_OPEN, _SECOND_ARGUMENT), (_OPENAT, _THIRD_ARGUMENT)):
        if read_only and numbers[column] is not None:
            steps += [(_EQUAL, 0, 4, numbers[column]), (_LOAD, 0, 0, flags), (_ANY_BIT, 0, 1, _FOR_WRITING)]
            steps += [refuse, allow]
    for numbers, commands in _OWNING.items():
        count = len(commands)
        steps += [(_EQUAL, 0, count + 3, numbers[column]), (_LOAD, 0, 0, _SECOND_ARGUMENT)]
        steps += [(_EQUAL, count - place, 0, command) for place, command in enumerate(commands)]
        steps += [allow, refuse]
    # glibc falls back to clone, whose flags a filter can read.
    steps += [(_EQUAL, 0, 1, _CLONE3[column]), absent]
    steps += [(_EQUAL, 0, 4, _CLONE[column]), (_LOAD, 0, 0, _FIRST_ARGUMENT)]
    steps += [(_ANY_BIT, 0, 1, _CLONE_THREAD), allow, refuse]
    steps += [(_EQUAL, 0, 4, _PRLIMIT[column]), (_LOAD, 0, 0, _FIRST_ARGUMENT), (_EQUAL, 0, 1, 0), allow, refuse]
    steps += [(_EQUAL, 0, 4, _PRCTL[column]), (_LOAD, 0, 0, _FIRST_ARGUMENT)]
    steps += [(_EQUAL, 0, 1, _PR_SET_PDEATHSIG), refuse, allow]
    return [*steps, allow]


def _prctl(*arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(*arguments, *[0] * (5 - len(arguments))) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl({arguments[0]}): {os.strerror(number)}")
