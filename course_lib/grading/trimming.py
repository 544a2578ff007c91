"""A notebook without its outputs, taken out piece by piece: neither a large plot nor a long print is ever held whole.

What a notebook printed and drew, and what was pasted into its texts, is most of its bytes, and none of it is an answer.
The rest goes on as it is, byte for byte. Source: the notebook format, nbformat.readthedocs.io.
"""

import hashlib
import re

from course_lib.grading.notebook import UnreadableError

PIECE = 1 << 20
# How many brackets and texts are passed over in what is cut: a minute of them could be packed into a few megabytes.
CUT_LIMIT = 5_000_000
# Inside a JSON text each quote has a backslash before it, so this begins nowhere else than at a key.
_CUT = re.compile(rb'(?<!\\)"(?:outputs|attachments|widgets)"\s{0,8}:\s{0,8}[\[{]')
_LONGEST = 40
_REST_OF_TEXT = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_BRACKET = re.compile(rb'["\[\]{}]')


class Trimmer:
    """Takes the bytes of a notebook in pieces; keeps them without outputs, and the sha256 of all of them."""

    def __init__(self, most: int):
        """most: how many bytes are kept; more raise UnreadableError."""
        self.most, self.kept, self.digest, self.size = most, bytearray(), hashlib.sha256(), 0
        self._left, self._depth, self._in_text, self._passed = b"", 0, False, 0

    def feed(self, piece: bytes) -> None:
        """Take the next piece; raises UnreadableError where too much is left, or what is cut has too many parts."""
        self.digest.update(piece)
        self.size += len(piece)
        # A key at the first of so many bytes that were left was whole before, and was looked at with what precedes it.
        buffer, at, first = self._left + piece, 0, len(self._left) == _LONGEST
        self._left = b""
        while at < len(buffer):
            at = self._skip(buffer, at) if self._depth else self._keep(buffer, at, at + first)
            first = False
        if len(self.kept) > self.most:
            raise UnreadableError(
                f"The notebook has more than the {self.most / 1e6:,.1f} MB that are read, without its outputs."
            )

    def _keep(self, buffer: bytes, at: int, start: int) -> int:
        found = _CUT.search(buffer, start)
        if found:
            self.kept += buffer[at : found.end()]
            self._depth = 1
            return found.end()
        # A key may begin in this piece and end in the next one.
        self._left = buffer[max(at, len(buffer) - _LONGEST) :]
        self.kept += buffer[at : len(buffer) - len(self._left)]
        return len(buffer)

    def _skip(self, buffer: bytes, at: int) -> int:
        if self._in_text:
            rest = _REST_OF_TEXT.match(buffer, at)
            assert rest is not None  # it may be empty, and then matches as well
            at = rest.end()
            if at < len(buffer) and buffer[at] == 0x22:
                self._in_text = False
                return at + 1
            self._left = buffer[at:]  # nothing, or the backslash of a pair that the next piece completes
            return len(buffer)
        found = _BRACKET.search(buffer, at)
        if not found:
            return len(buffer)
        self._passed += 1
        if self._passed > CUT_LIMIT:
            raise UnreadableError("The notebook's outputs have too many parts; clear them and hand it in again.")
        mark = found[0]
        if mark == b'"':
            self._in_text = True
        else:
            self._depth += 1 if mark in b"[{" else -1
            if not self._depth:
                self.kept += mark
        return found.end()

    def bytes(self) -> bytes:
        """What is kept, when all has been fed."""
        if not self._depth:
            self.kept += self._left
        return bytes(self.kept)
