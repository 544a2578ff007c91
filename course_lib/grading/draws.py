"""Which draws an answer meets: they follow from a secret, the chapter and the code of the answer.

Equal code meets equal draws in the whole class, whoever wrote it and however it is laid out; changed code meets others.
So nobody learns by handing in again what the numbers of the next time will be, and a wrong answer cannot be handed in
until the dice fall well. The stock is shared by the class: each of its sets is drawn and solved once.
"""

import hashlib

SETS = 64


def chosen(secret: int, chapter: str, exercise: str, code: str) -> int:
    """The number of the set that an answer meets, from 0 to SETS - 1; `code` is the digest of its normal form."""
    key = "\0".join((str(secret), chapter, exercise, code))
    return int.from_bytes(hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()[:8], "big") % SETS


def seed_of(secret: int, number: int) -> int:
    """The seed of one set of the stock."""
    return int.from_bytes(hashlib.sha256(f"{secret}\0{number}".encode()).digest()[:8], "big")
