"""The values of operations on arrays: real ones, and complex ones while a derivative is taken by complex step.

An array has the shape (perturbations, one axis per index letter, rows, columns); an axis on which it does not depend
has length one. Every function here is analytic in the real part of its input, so a complex step passes through it.
`data` is what a typed tree says besides its operands.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

LARGEST = 3_000_000
Array = np.ndarray[Any, Any]
Function = Callable[[Any], Any]
Value = Callable[..., Any]  # (data, *arrays) -> array


class TooLargeError(Exception):
    """An evaluation that would need more memory or time than a report may use."""


class UndefinedError(Exception):
    """A value that does not exist on this draw (the logarithm of a negative number and the like)."""


# Not a number in both parts, so that a derivative taken where the function is undefined is undefined too.
_NOWHERE = complex(np.nan, np.nan)


def where_defined(defined: Any, x: Any, f: Function) -> Any:
    """f(x) where `defined` holds, elsewhere not a number."""
    out = f(np.where(defined, x, 1))
    return out if defined.all() else np.where(defined, out, _NOWHERE if np.iscomplexobj(out) else np.nan)


def bounded(a: Array, b: Array, entries: int) -> None:
    """TooLargeError where two arrays make one of more than LARGEST entries, `entries` for each pair of matrices."""
    lead = 1
    for x, y in zip(a.shape[:-2], b.shape[:-2], strict=True):
        lead *= max(x, y)
    if lead * entries > LARGEST:
        raise TooLargeError("this line needs too many numbers at once")


# -- entry by entry


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def sigmoid_slope(x: Any) -> Any:
    return sigmoid(x) * (1 - sigmoid(x))


def sign(x: Any) -> Any:
    return np.sign(x.real) + 0 * x


def zero(x: Any) -> Any:
    return 0 * x


def power(data: Any, base: Array, exponent: Array) -> Any:
    """base^exponent, entry by entry; `data` is the exponent where it is a number that stands there."""
    if data is not None:
        return base * base if data == 2 else base ** float(data)
    return where_defined(base.real > 0, base, lambda b: b**exponent)


# -- products


def matmul(data: Any, a: Array, b: Array) -> Any:
    bounded(a, b, a.shape[-2] * b.shape[-1])
    return a @ b


def kron(data: Any, a: Array, b: Array) -> Any:
    bounded(a, b, a.shape[-2] * a.shape[-1] * b.shape[-2] * b.shape[-1])
    out = a[..., :, None, :, None] * b[..., None, :, None, :]
    return out.reshape(*out.shape[:-4], a.shape[-2] * b.shape[-2], a.shape[-1] * b.shape[-1])


def frob(data: Any, a: Array, b: Array) -> Any:
    return (a * b).sum((-2, -1), keepdims=True)


def outer(data: Any, a: Array, b: Array) -> Any:
    row = b if b.shape[-2] == 1 else b.swapaxes(-1, -2)
    return _column(a) * row


def matpower(data: int | None, a: Array, *exponent: Array) -> Any:
    """A matrix to a whole power: `data`, or where that is None the value of an exponent made of lengths."""
    whole = data if data is not None else round(float(exponent[0].real.flat[0]))
    return np.linalg.matrix_power(a, whole) if whole >= 0 else np.linalg.matrix_power(inverse(None, a), -whole)


def expm(data: Any, a: Array) -> Any:
    """The exponential of a matrix, by its series after halving the matrix until it is small, and squaring as often."""
    size = float(np.abs(a).sum(-1).max(initial=0))
    if not size < 50:
        raise UndefinedError
    halved = max(0, int(np.ceil(np.log2(size * 4)))) if size else 0
    small = a / 2.0**halved
    out = term = np.broadcast_to(np.eye(a.shape[-1], dtype=a.dtype), a.shape)
    for k in range(1, 19):
        term = term @ small / k
        out = out + term
    for _ in range(halved):
        out = out @ out
    return out


# -- of a square matrix


def _condition(a: Array) -> Any:
    """The condition numbers of a stack of matrices; UndefinedError where an entry is not finite."""
    if not np.isfinite(a.real).all():  # LAPACK would print its complaint over the learner's report
        raise UndefinedError
    return np.linalg.cond(a.real)


def inverse(data: Any, a: Array) -> Any:
    # XᵀX with fewer rows than columns has no inverse, only rounding errors in place of one.
    if not (_condition(a) < 1e7).all():
        raise UndefinedError
    return np.linalg.inv(a)


def det(data: Any, a: Array) -> Any:
    out = np.linalg.det(a)
    # A singular matrix has determinant 0, not the rounding error that elimination leaves; its logarithm
    # does not exist, so a draw on which XXᵀ is singular is not used.
    singular = _condition(a) > 1e13
    if singular.any():
        out = np.where(singular, out.imag * 1j if np.iscomplexobj(out) else 0.0, out)
    return out[..., None, None]


def logdet(data: Any, a: Array) -> Any:
    volume = det(data, a)
    return where_defined(volume.real > 0, volume, np.log)


def trace(data: Any, a: Array) -> Any:
    return np.trace(a, axis1=-2, axis2=-1)[..., None, None]


# -- rearranged


def transpose(data: Any, a: Array) -> Any:
    return a.swapaxes(-1, -2)


def vec(data: Any, a: Array) -> Any:
    return a.swapaxes(-1, -2).reshape(*a.shape[:-2], -1, 1)


def _column(a: Array) -> Array:
    return a if a.shape[-1] == 1 else a.swapaxes(-1, -2)


def diag(data: Any, a: Array) -> Any:
    column = _column(a)
    return column * np.eye(column.shape[-2])


def diagonal(data: Any, a: Array) -> Any:
    return np.diagonal(a, axis1=-2, axis2=-1)[..., None]


# -- of a vector, or of each row of a matrix


def _axis(a: Array) -> int:
    return -2 if a.shape[-1] == 1 else -1


def softmax(data: Any, a: Array) -> Any:
    e = np.exp(a - a.real.max(_axis(a), keepdims=True))
    return e / e.sum(_axis(a), keepdims=True)


def logsumexp(data: Any, a: Array) -> Any:
    top = a.real.max(_axis(a), keepdims=True)
    return top + np.log(np.exp(a - top).sum(_axis(a), keepdims=True))


# -- sums and norms


def total(data: str, a: Array) -> Any:
    """The sum of all entries, their mean or the largest of them, as `data` says."""
    if data == "max":
        return along((data, 1), a.reshape(*a.shape[:-2], 1, -1))
    return a.sum((-2, -1), keepdims=True) / (a.shape[-1] * a.shape[-2] if data == "mean" else 1)


def along(data: tuple[str, int], a: Array) -> Any:
    """Sums, means or maxima along an axis, as a column."""
    what, axis = data
    if what == "max":
        out = np.take_along_axis(a, a.real.argmax(axis - 2, keepdims=True), axis - 2)
        return out if axis == 1 else out.swapaxes(-1, -2)
    out = a.sum(axis - 2, keepdims=True) / (a.shape[axis - 2] if what == "mean" else 1)
    return out if axis == 1 else out.swapaxes(-1, -2)


def frobenius_norm(a: Array) -> Any:
    return np.sqrt((a * a).sum((-2, -1), keepdims=True))


def spectral_norm(a: Array) -> Any:
    """uᵀAv with the leading singular vectors of the real part: the value, and to first order its change."""
    u, _, vh = np.linalg.svd(a.real)
    return u[..., :, :1].swapaxes(-1, -2) @ a @ vh[..., :1, :].swapaxes(-1, -2)


def sum_norm(a: Array) -> Any:
    return np.where(a.real < 0, -a, a).sum((-2, -1), keepdims=True)


def largest_norm(a: Array) -> Any:
    size = np.where(a.real < 0, -a, a)
    flat = size.reshape(*size.shape[:-2], -1)
    at = flat.real.argmax(-1, keepdims=True)
    return np.take_along_axis(flat, at, -1)[..., None]
