"""What an operation with two operands was given when it failed: their shapes, read off the traceback.

NumPy says `shapes (3,6) and (3,) not aligned` for `np.dot` and only two lengths for `@`. Python knows which part of the
line failed, so the shapes can be found for every spelling. Nothing of the learner's is run for it: names are looked up,
and what a transpose, a sum or a product does to a shape is computed from the shapes.

The grading sandbox mounts this file beside its worker, so it uses the standard library and NumPy only.
"""

import ast
import linecache
from itertools import islice
from types import FrameType

import numpy as np

SEGMENT_LIMIT = 500
# Functions that give back the shape of their first argument.
ENTRYWISE = {"exp", "log", "sqrt", "tanh", "square", "abs", "absolute", "negative", "sign", "clip", "copy", "asarray"}
PRODUCTS = {"dot", "matmul"}
NUMPY_NAMES = {"np", "numpy"}
OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
UFUNCS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "true_divide": "/"}


def of(frame: FrameType, last_instruction: int) -> str:
    """The operator and the shapes of its two operands, as "@ (3,6) (3,)"; "@" or "" where less can be read off.

    frame             the frame in which it failed.
    last_instruction  the `tb_lasti` of its traceback step: where in the code it failed.
    """
    try:
        node = _failing_node(frame.f_code, last_instruction)
        operator, pair = _operation(node)
        shapes = [_shape(part, frame) for part in pair]
    except (ValueError, RecursionError, MemoryError):
        return ""
    known = [_written(shape) for shape in shapes if shape is not None]
    return " ".join([operator, *known]) if len(known) == 2 else operator


def _written(shape):
    return "(" + ",".join(str(size) for size in shape) + ("," if len(shape) == 1 else "") + ")"


def _failing_node(code, last_instruction):
    """The expression that was being computed, or None; its source must be at hand and short."""
    place = next(islice(code.co_positions(), last_instruction // 2, None), None)
    if place is None or None in place:
        return None
    first, last, start, end = place
    lines = [line.encode() for line in linecache.getlines(code.co_filename)[first - 1 : last]]
    if len(lines) != last - first + 1:
        return None
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][start:]
    segment = b"".join(lines).decode(errors="replace")
    if len(segment) > SEGMENT_LIMIT:
        return None
    try:
        return ast.parse(f"({segment})", mode="eval").body
    except SyntaxError:
        return None


def _operation(node):
    """The operator of an operation with two operands, in any of its spellings, and these two; "" and () for others."""
    if pair := _operands(node):
        return "@", pair
    if isinstance(node, ast.BinOp):
        return OPERATORS.get(type(node.op), ""), (node.left, node.right)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_numpy(node.func.value):
        return UFUNCS.get(node.func.attr, ""), tuple(node.args[:2])
    return "", ()


def _operands(node):
    """The two operands of a matrix product in any of its spellings, or None."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        return node.left, node.right
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in PRODUCTS:
        if _is_numpy(node.func.value):
            return tuple(node.args[:2]) if len(node.args) >= 2 else None
        return (node.func.value, node.args[0]) if len(node.args) == 1 else None
    return None


def _is_numpy(node):
    return isinstance(node, ast.Name) and node.id in NUMPY_NAMES


def _shape(node, frame):
    """The shape of what an expression gives, from the shapes of the names in it; None where that is not known."""
    if isinstance(node, ast.Name):
        value = frame.f_locals.get(node.id, frame.f_globals.get(node.id))
        return value.shape if type(value) is np.ndarray else () if type(value) in (int, float) else None
    if isinstance(node, ast.Constant):
        return () if type(node.value) in (int, float) else None
    if isinstance(node, ast.UnaryOp):
        return _shape(node.operand, frame)
    if isinstance(node, ast.Attribute) and node.attr == "T":
        shape = _shape(node.value, frame)
        return None if shape is None else shape[::-1]
    pair = _operands(node) or ((node.left, node.right) if isinstance(node, ast.BinOp) else None)
    if pair:
        left, right = (_shape(part, frame) for part in pair)
        if left is None or right is None:
            return None
        if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.MatMult):
            return np.broadcast_shapes(left, right)
        return left + right if not (left and right) else left[:-1] + right[:-2] + right[-1:] * (len(right) > 1)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "transpose":
        whole = not node.args if not _is_numpy(node.func.value) else len(node.args) == 1
        shape = _shape(node.args[0] if node.args else node.func.value, frame) if whole else None
        return None if shape is None else shape[::-1]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_numpy(node.func.value) and node.args:
        return _shape(node.args[0], frame) if node.func.attr in ENTRYWISE else None
    return None
