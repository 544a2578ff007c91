"""Values as frames of bytes, between the grader and the sandbox; the same file is used on both sides.

A frame is two lengths (header, body), a JSON header, and a body of array bytes. An array travels as the name of
its number type, its shape and its raw bytes: there is no pickle, and no header of the sender's own making to parse.
What does not fit the few types below is a FrameError, never an object.
"""

import json
import math
import struct
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course_lib.checks.calling import Other

LENGTHS = struct.Struct(">II")
HEADER_LIMIT = 1 << 20
BODY_LIMIT = 256 << 20
DEPTH_LIMIT = 6
ITEM_LIMIT = 256
STRING_LIMIT = 20_000
RANK_LIMIT = 16
AXIS_LIMIT = 1 << 28
INTEGER_BITS = 1024
NUMBER_TYPES = {"?", *(f"{kind}{size}" for kind in "iu" for size in (1, 2, 4, 8))}
NUMBER_TYPES |= {"f2", "f4", "f8", "c8", "c16"}


class FrameError(Exception):
    """The bytes do not hold what a frame may hold."""


def pack(header: dict[str, Any], blobs: Sequence[bytes] = ()) -> bytes:
    """Bytes of one frame from a JSON header and a list of byte blobs."""
    text = json.dumps({**header, "blobs": [len(blob) for blob in blobs]}).encode()
    body = sum(len(blob) for blob in blobs)
    if len(text) > HEADER_LIMIT or body > BODY_LIMIT:
        raise FrameError(f"a frame of {len(text) + body:,} bytes is too large")
    return b"".join([LENGTHS.pack(len(text), body), text, *blobs])


def lengths(prefix: bytes, body_limit: int = BODY_LIMIT) -> tuple[int, int]:
    """(header, body) lengths from the first LENGTHS.size bytes."""
    header, body = LENGTHS.unpack(prefix)
    if header > HEADER_LIMIT or body > body_limit:
        raise FrameError(f"a frame of {header + body:,} bytes is too large")
    return header, body


def unpack(text: bytes, body: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """(header dict, list of blobs) from the two parts of a frame; the header's "bytes" says how long they were."""
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        raise FrameError("the header is not JSON") from None
    sizes = header.get("blobs") if isinstance(header, dict) else None
    if not isinstance(sizes, list) or any(type(size) is not int or size < 0 for size in sizes):
        raise FrameError("the header does not say how the body is divided")
    if sum(sizes) != len(body):
        raise FrameError("the body has another size than the header says")
    blobs, start = [], 0
    for size in sizes:
        blobs.append(body[start : start + size])
        start += size
    return {**header, "bytes": len(text) + len(body)}, blobs


def encode(value: Any, blobs: list[bytes], functions: list[Callable[..., Any]] | None = None, depth: int = 0) -> Any:
    """A JSON tree for `value`; array bytes are appended to `blobs`, callables to `functions` where that is a list."""
    if depth > DEPTH_LIMIT:
        raise FrameError("nested too deeply")
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind is int and value.bit_length() <= INTEGER_BITS:
        return ["int", hex(value)]
    if kind is float:
        return ["float", value.hex()]
    if kind is complex:
        return ["complex", value.real.hex(), value.imag.hex()]
    if kind is str:
        return ["str", value[:STRING_LIMIT]]
    if kind in (tuple, list) and len(value) <= ITEM_LIMIT:
        return ["tuple", [encode(item, blobs, functions, depth + 1) for item in value]]
    if kind is np.ndarray:
        return _encode_array(value, blobs)
    if isinstance(value, np.generic):
        return ["scalar", _encode_array(np.asarray(value), blobs)]
    if functions is not None and isinstance(value, np.random.Generator):
        return ["generator", json.dumps(value.bit_generator.state)]
    if functions is not None and callable(value):
        functions.append(value)
        return ["function", len(functions) - 1, str(getattr(value, "__name__", "f"))[:80]]
    if kind is Other:
        return ["other", str(value.type_name)[:80]]
    return ["other", kind.__name__[:80]]


def _encode_array(value, blobs):
    name = "?" if value.dtype.kind == "b" else f"{value.dtype.kind}{value.dtype.itemsize}"
    if name not in NUMBER_TYPES or value.ndim > RANK_LIMIT:
        return ["other", f"array of {value.dtype.name} with {value.ndim} axes"[:80]]
    # Little-endian on the wire, whatever the array's own order is.
    blobs.append(np.ascontiguousarray(value).astype(f"<{name}", copy=False).tobytes())
    return ["array", name, list(value.shape), len(blobs) - 1]


def decode(tree: Any, blobs: list[Any], proxy: Callable[[int, str], Any] | None = None, depth: int = 0) -> Any:
    """The value of a JSON tree; `proxy(index, name)` stands in for a callable where callables are allowed.

    Each blob is taken out of `blobs` as it is used: a thousand arrays that name the same megabytes are no value.
    """
    if depth > DEPTH_LIMIT:
        raise FrameError("nested too deeply")
    if tree is None or type(tree) is bool:
        return tree
    if not isinstance(tree, list) or not tree or type(tree[0]) is not str or tree[0] not in _DECODERS:
        raise FrameError("a value of an unknown type")
    try:
        return _DECODERS[tree[0]](tree, blobs, proxy, depth)
    except (ValueError, TypeError, IndexError, KeyError, OverflowError, MemoryError, RecursionError) as error:
        raise FrameError(f"a broken {tree[0]}: {error}"[:200]) from None


def _decode_int(tree, blobs, proxy, depth):
    if len(tree[1]) > INTEGER_BITS // 4 + 4:
        raise FrameError("an integer of too many digits")
    return int(tree[1], 16)


def _decode_str(tree, blobs, proxy, depth):
    if type(tree[1]) is not str:
        raise FrameError("a text that is none")
    return tree[1][:STRING_LIMIT]


def _decode_tuple(tree, blobs, proxy, depth):
    if type(tree[1]) is not list or len(tree[1]) > ITEM_LIMIT:
        raise FrameError("a tuple of too many items")
    return tuple(decode(item, blobs, proxy, depth + 1) for item in tree[1])


def _decode_array(tree, blobs, proxy, depth):
    name, shape, index = tree[1], tree[2], tree[3]
    if type(name) is not str or name not in NUMBER_TYPES or type(index) is not int or index < 0:
        raise FrameError("an array of an unknown type")
    if (
        type(shape) is not list
        or len(shape) > RANK_LIMIT
        or any(type(n) is not int or not 0 <= n <= AXIS_LIMIT for n in shape)
    ):
        raise FrameError("an array of an impossible shape")
    dtype = np.dtype(f"<{name}")
    data, blobs[index] = blobs[index], None
    if data is None:
        raise FrameError("two arrays of the same bytes")
    if math.prod(shape) * dtype.itemsize != len(data):
        raise FrameError("an array whose bytes do not fill its shape")
    flat = np.frombuffer(data, dtype)
    # A byte that is neither 0 nor 1 would make a bool that is neither True nor False.
    flat = flat.view("u1") != 0 if name == "?" else flat.astype(dtype.newbyteorder("="))
    return flat.reshape(shape)


def _decode_scalar(tree, blobs, proxy, depth):
    value = decode(tree[1], blobs, None, depth + 1)
    return value[()] if type(value) is np.ndarray and value.ndim == 0 else Other("number")


def _decode_function(tree, blobs, proxy, depth):
    if proxy is None:
        raise FrameError("a callable where none is allowed")
    return proxy(tree[1], tree[2])


def _decode_generator(tree, blobs, proxy, depth):
    if proxy is None:
        raise FrameError("a random generator where none is allowed")
    state = json.loads(tree[1])
    bits = getattr(np.random, state["bit_generator"])()
    bits.state = state
    return np.random.Generator(bits)


_DECODERS = {
    "int": _decode_int,
    "float": lambda tree, *rest: float.fromhex(tree[1]),
    "complex": lambda tree, *rest: complex(float.fromhex(tree[1]), float.fromhex(tree[2])),
    "str": _decode_str,
    "tuple": _decode_tuple,
    "array": _decode_array,
    "scalar": _decode_scalar,
    "function": _decode_function,
    "generator": _decode_generator,
    "other": lambda tree, *rest: Other(str(tree[1])[:80]),
}
