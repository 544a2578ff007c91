"""Automatic differentiation of NumPy arrays in fewer than a hundred lines of code (chapter 10).

A `Node` is a value that remembers how it was made. `RULES` says how each operation is computed, and how a gradient
goes back through it: one row for each, its pullbacks being those of chapters 2 to 8. To differentiate something new,
add a row. Source: Griewank and Walther, "Evaluating Derivatives" (2008); the form of the table is HIPS autograd's.
"""

import numpy as np

from course_lib.calculus.forms import broadcast_pullback
from course_lib.calculus.softmax import log_sum_exp, sigmoid, softmax, softmax_pullback

TINY = 1e-30


def _product(A, B):
    if np.ndim(A) > 2 or np.ndim(B) > 2:
        raise ValueError(f"the factors have shapes {A.shape} and {B.shape}, vectors or matrices were expected")
    return A @ B


def _to_left(g, C, A, B):
    return np.outer(g, B).reshape(A.shape) if B.ndim == 1 else g @ B.T


def _to_right(g, C, A, B):
    return np.outer(A, g).reshape(B.shape) if A.ndim == 1 else A.T @ g


# g is the gradient in the output y, in the shape of y. A pullback turns it into the gradient in one of the inputs.
# fmt: off
RULES = {
    # operation      value                  pullback to the first input                    to the second input
    "add":         (lambda a, b: a + b,     lambda g, y, a, b: g,                          lambda g, y, a, b: g),
    "subtract":    (lambda a, b: a - b,     lambda g, y, a, b: g,                          lambda g, y, a, b: -g),
    "multiply":    (lambda a, b: a * b,     lambda g, y, a, b: g * b,                      lambda g, y, a, b: g * a),
    "divide":      (lambda a, b: a / b,     lambda g, y, a, b: g / b,                      lambda g, y, a, b: -g * y/b),
    "matmul":      (_product,               _to_left,                                      _to_right),
    "transpose":   (lambda A: A.T,          lambda g, y, A: g.T),
    "total":       (lambda a: a.sum(),      lambda g, y, a: g * np.ones(a.shape)),
    "exp":         (np.exp,                 lambda g, y, a: g * y),
    "log":         (np.log,                 lambda g, y, a: g / a),
    "tanh":        (np.tanh,                lambda g, y, a: g * (1 - y * y)),
    "sigmoid":     (sigmoid,                lambda g, y, a: g * y * (1 - y)),
    "softmax":     (softmax,                lambda g, y, a: softmax_pullback(y, g)),
    "log_sum_exp": (log_sum_exp,            lambda g, y, a: g[..., None] * softmax(a)),
}
# fmt: on


class Node:
    """A value and how it was made.

    value      array of any shape (a number has the shape ()).
    operation  the row of RULES that made it; None for an input.
    inputs     what it was made from: Nodes, and plain arrays, which are constants.
    gradient   of the output of the last `backward` that came by, in the shape of value; None before.
    """

    # Without this, `array + node` would not ask the node, but every entry of the array.
    __array_ufunc__ = None

    def __init__(self, value, operation=None, inputs=()):
        self.value, self.operation, self.inputs = np.asanyarray(value), operation, inputs
        self.gradient = None

    @property
    def parents(self):
        """The Nodes among the inputs."""
        return [a for a in self.inputs if isinstance(a, Node)]

    @property
    def T(self):
        return apply("transpose", self)

    def backward(self, seed=1.0):
        """Set the gradient of this node, seen as the output, in every node that it depends on.

        seed  the gradient in this node, of its shape; 1 is enough where this node is a number.
        Each call starts from 0, so a second call gives the same gradients again, not twice as much.
        Raises ValueError when the seed has another shape.
        """
        if np.shape(seed) != self.value.shape:
            raise ValueError(f"the seed has shape {np.shape(seed)}, expected {self.value.shape}, that of the output")
        order = topological_order(self)
        for node in order:
            node.gradient = np.asanyarray(seed) if node is self else np.zeros(node.value.shape)
        for node in reversed(order):
            for position, parent in enumerate(node.inputs):
                if isinstance(parent, Node):
                    pullback, values = RULES[node.operation][1 + position], map(value_of, node.inputs)
                    g = pullback(node.gradient, node.value, *values)
                    # A node that is used twice hears twice. Not `+=`: it would also change arrays that g shares.
                    parent.gradient = parent.gradient + broadcast_pullback(parent.value.shape, g)

    # fmt: off
    def __add__(self, b): return apply("add", self, b)
    def __radd__(self, a): return apply("add", a, self)
    def __sub__(self, b): return apply("subtract", self, b)
    def __rsub__(self, a): return apply("subtract", a, self)
    def __mul__(self, b): return apply("multiply", self, b)
    def __rmul__(self, a): return apply("multiply", a, self)
    def __truediv__(self, b): return apply("divide", self, b)
    def __rtruediv__(self, a): return apply("divide", a, self)
    def __matmul__(self, b): return apply("matmul", self, b)
    def __rmatmul__(self, a): return apply("matmul", a, self)
    def __neg__(self): return apply("multiply", -1.0, self)
    # fmt: on


def apply(operation, *inputs):
    """The value of an operation, as a Node if any input is one; plain arrays, complex ones too, give a plain array."""
    y = RULES[operation][0](*map(value_of, inputs))
    return Node(y, operation, inputs) if any(isinstance(a, Node) for a in inputs) else y


def value_of(a):
    """The array of a Node; a constant as it is, as an array."""
    return a.value if isinstance(a, Node) else np.asanyarray(a)


def topological_order(output):
    """All Nodes that `output` depends on, each once, parents before children; no recursion, so any depth will do."""
    order, met, stack = [], set(), [(output, False)]
    while stack:
        node, parents_done = stack.pop()
        if parents_done:
            order.append(node)
        elif id(node) not in met:
            met.add(id(node))
            stack += [(node, True), *((parent, False) for parent in node.parents)]
    return order


def gradients(f, *variables, seed=1.0):
    """Gradients of f(*variables) in each variable, as a tuple: one sweep forward and one backward, however many.

    f  a function of Nodes that uses operators and `apply`; variables  arrays of any shapes.
    seed  the gradient in the output, of its shape; 1 for a loss, which is a number.
    Raises ValueError when the seed has another shape than the output, or no variable reaches the output.
    """
    nodes = [Node(a) for a in variables]
    y = f(*nodes)
    if not isinstance(y, Node):
        raise ValueError(f"f returned {y!r:.60}, a Node was expected: no variable reaches the output")
    y.backward(seed)
    return tuple(np.zeros(node.value.shape) if node.gradient is None else node.gradient for node in nodes)


def vjp(f, x, g):
    """The gradient g in f(x) pulled back to x, Jᵀg: one sweep forward and one backward, however large x is.

    x  array of any shape; g  array of the shape of f(x). Returns an array of the shape of x. Raises as `gradients`.
    """
    return gradients(f, x, seed=g)[0]


def jvp(f, x, v):
    """The direction v in x pushed forward to f(x), J v: one sweep forward, however large f(x) is.

    x, v  arrays of one shape; f  as in `gradients`, or any analytic NumPy function. Returns the shape of f(x).
    Raises ValueError when x and v have different shapes.
    Source: x + i·h·v with h² = 0 to rounding is a dual number; so the complex step of chapter 1 is forward mode.
    """
    return np.imag(f(_moved(x, v))) / TINY


def hessian_vector_product(f, variables, directions):
    """The Hessian of the number f(*variables) times a direction, without the Hessian: forward mode over one gradient.

    variables, directions  two tuples of arrays, with the same shapes. Returns a tuple of arrays with these shapes.
    Raises ValueError when shapes differ, and as `gradients`.
    """
    moved = [_moved(x, v) for x, v in zip(variables, directions, strict=True)]
    return tuple(g.imag / TINY for g in gradients(f, *moved))


def _moved(x, v):
    if np.shape(x) != np.shape(v):
        raise ValueError(f"the direction has shape {np.shape(v)}, expected {np.shape(x)}, the shape of the variable")
    return x + 1j * TINY * np.asanyarray(v)
