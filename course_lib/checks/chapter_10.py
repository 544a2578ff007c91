"""Chapter 10: from backpropagation to automatic differentiation."""

import numpy as np

from course_lib.calculus.jacobian import complex_step_gradient, complex_step_jacobian
from course_lib.checks.comparing import close
from course_lib.checks.drawing import HUGE, WIDE
from course_lib.checks.specification import exercise
from course_lib.checks.watching import large_imaginary_steps, only_real_calls

# ----------------------------------------------------------------------------------------------------------------------
vjp_of_product = exercise(
    "vjp_of_product(A, B, G)",
    chapter="10",
    points=2,
    minutes=8,
    returns=("dA", "dB"),
    rtol=1e-10,
    hints=(
        "dC = dA B + A dB. Each term must become an inner product of something with dA, or with dB.",
        "⟨G, dA B⟩ = ⟨G Bᵀ, dA⟩: a factor crosses the inner product transposed and keeps its side (chapter 4).",
        "dA is `G @ B.T`, of shape n × m. For dB, A crosses to the other side: `A.T @ G`, of shape m × k.",
    ),
)


@vjp_of_product.draws
def inputs(draw):
    n, m, k = draw.sizes(3)
    A = draw.array(n, m)
    if draw.drowns:
        # One entry outweighs all others in ⟨G, AB⟩: a difference quotient of it loses their slopes, with any step up to
        # 1e6. A product is linear in A, so there is no step too long, and a longer one would find them again.
        A[draw.rng.integers(n), draw.rng.integers(m)] *= 1e15
    return A, draw.array(m, k), draw.array(n, k)


@vjp_of_product.truth
def truth(A, B, G):
    in_A = complex_step_gradient(lambda A: np.sum(G * (A @ B)), A)
    return in_A, complex_step_gradient(lambda B: np.sum(G * (A @ B)), B)


@vjp_of_product.wide
def wide(draw):
    return draw.array(250, 200), draw.array(200, 3), draw.array(250, 3)


@vjp_of_product.slopes
def slopes(A, B, G):
    return lambda A, B: np.sum(G * (A @ B)), (A, B)


@vjp_of_product.mistake
def transpose(A, B, G):
    """A factor that crosses to the other side of the inner product is transposed: `G @ B.T`, `A.T @ G`."""
    return G @ B, A @ G


@vjp_of_product.mistake
def order(A, B, G):
    """Each factor keeps its side: B stood to the right of A, so B.T stands to the right of G. Likewise A.T, left."""
    return B.T @ G, G @ A.T


@vjp_of_product.mistake
def exchanged(A, B, G):
    """The two gradients are exchanged: dA comes first, in the shape of A."""
    return A.T @ G, G @ B.T


@vjp_of_product.mistake
def layout(A, B, G):
    """Both gradients are transposed: a gradient has the shape of its variable, dA that of A and dB that of B."""
    return B @ G.T, G.T @ A


@vjp_of_product.mistake
def ones(A, B, G):
    """Your answer does not depend on G: it pulls back a gradient of ones. The incoming gradient is G."""
    ones = np.ones(G.shape)
    return ones @ B.T, A.T @ ones


@vjp_of_product.mistake
def mean(A, B, G):
    """Your gradients are divided by the number of rows. A product takes no mean: G has it."""
    return G @ B.T / len(A), A.T @ G / len(A)


@vjp_of_product.mistake
def sign(A, B, G):
    """Your answer is -1 times the right one: nothing is subtracted in a product."""
    return -G @ B.T, -A.T @ G


@vjp_of_product.mistake
def values(A, B, G):
    """You used the factors' own values in place of G: the pullback of A needs B and G, that of B needs A and G."""
    return (A @ B) @ B.T, A.T @ (A @ B)


# ----------------------------------------------------------------------------------------------------------------------
toposort = exercise(
    "toposort(node)",
    chapter="10",
    points=2,
    minutes=15,
    hints=(
        "When may a node's name be put down? Only after the names of all its parents. So look after the parents first.",
        "Write a function inside that visits one node: it visits the parents, then appends the node's own name. "
        "A node whose name is in the list already needs no second visit.",
        "`def visit(node): name, *parents = node`, return if `name in order`, visit each parent, then "
        "`order.append(name)`. Start with an empty list `order`, visit the node, return `tuple(order)`.",
    ),
)


@toposort.draws
def inputs(draw):
    (count,) = draw.sizes(1)
    names = [str(name) for name in draw.rng.permutation(list("abcdefghijklmnopqrstuvwxyz"))]

    def mixed(name, *parents):
        return (name, *(parents[i] for i in draw.rng.permutation(len(parents))))

    inputs = [(names.pop(),) for _ in range(count)]
    first = mixed(names.pop(), *inputs[:-1])
    second = mixed(names.pop(), first, inputs[0])
    third = mixed(names.pop(), second, first)
    side = mixed(names.pop(), inputs[1], inputs[-1], first)
    # An input next to the last node is also far from it: the distance from the end does not tell the order.
    return (mixed(names.pop(), third, side, inputs[0]),)


def _parents(node):
    """name → names of its parents, for a node and everything before it."""
    name, *parents = node
    found = {name: [parent[0] for parent in parents]}
    for parent in parents:
        found |= _parents(parent)
    return found


def _are_names(value):
    return type(value) is tuple and all(type(name) is str for name in value)


@toposort.accepts
def _order_fault(value, node):
    """None for a tuple of names, each once, parents before children; else the rung and what is wrong."""
    parents = _parents(node)
    if not _are_names(value):
        return "kind", "Your function returned something else than a tuple of names; expected one such as ('x', 'a')."
    for name in value:
        if name not in parents:
            return "wrong", f"Your order has the name {name[:40]!r}, which no node has."
        if value.count(name) > 1:
            return "wrong", f"Node {name!r} comes {value.count(name)} times; each must come once."
    missing = sorted(parents.keys() - set(value))
    if missing:
        return "wrong", f"Node {missing[0]!r} is missing; {len(value)} of {len(parents)} nodes are there."
    for place, child in enumerate(value):
        late = [name for name in parents[child] if name in value[place:]]
        if late:
            return "wrong", f"Node {child!r} comes before {late[0]!r}, which it was made from."
    return None


def _distances(node):
    """name → number of steps from the last node, on the shortest way."""
    found, layer, steps = {}, [node], 0
    while layer:
        for name, *_ in layer:
            found.setdefault(name, steps)
        layer, steps = [parent for _, *parents in layer for parent in parents], steps + 1
    return found


def _complete(value, node):
    return _are_names(value) and sorted(value) == sorted(_parents(node))


@toposort.mistake(shown=lambda value, node: _are_names(value) and len(set(value)) < len(value))
def repeated(node):
    """A node that is used twice comes twice. Skip a node whose name is in the order already."""

    def order(node):
        name, *parents = node
        return [before for parent in parents for before in order(parent)] + [name]

    return tuple(order(node))


@toposort.mistake(shown=lambda value, node: _are_names(value) and _order_fault(value[::-1], node) is None)
def reversed_(node):
    """This is the right order backwards: the node itself comes first
    and the inputs last. Parents come before children."""
    order = []

    def visit(node):
        name, *parents = node
        if name not in order:
            for parent in parents:
                visit(parent)
            order.append(name)

    visit(node)
    return tuple(reversed(order))


@toposort.mistake(shown=lambda value, node: _are_names(value) and _order_fault((*value, node[0]), node) is None)
def last(node):
    """The node that was handed over is missing. It is the last one: everything else comes before it."""
    order = []

    def visit(node):
        for parent in node[1:]:
            visit(parent)
            if parent[0] not in order:
                order.append(parent[0])

    visit(node)
    return tuple(order)


@toposort.mistake(shown=lambda value, node: _complete(value, node) and value[0] == node[0])
def early(node):
    """You put a node down when you meet it, before its parents. Put it down after all of them are down."""
    order = []

    def visit(node):
        name, *parents = node
        if name not in order:
            order.append(name)
            for parent in parents:
                visit(parent)

    visit(node)
    return tuple(order)


@toposort.mistake(
    shown=lambda value, node: (
        _complete(value, node)
        and [_distances(node)[name] for name in value] == sorted(_distances(node).values(), reverse=True)
    )
)
def distance(node):
    """You ordered the nodes by their distance from the last one. A node can be near the end and also needed early."""
    layer, met = [node], []
    while layer:
        met += [name for name, *_ in layer if name not in met]
        layer = [parent for _, *parents in layer for parent in parents]
    return tuple(dict.fromkeys(met))[::-1]


@toposort.mistake(
    shown=lambda value, node: _are_names(value) and sorted(value) == sorted(n[0] for n in (node, *node[1:]))
)
def shallow(node):
    """Only the node and its own parents are there. Each parent has parents too: visit them in the same way."""
    name, *parents = node
    return (*(parent[0] for parent in parents), name)


# ----------------------------------------------------------------------------------------------------------------------
def _a_call_for_each_input(f):
    return bool(f.calls) and len(f.calls) >= f.calls[0].size


def register_steps(exercise, product, matrix):
    """The mistakes of both exercises of one imaginary step: F' v is `product`, and `matrix` is F'."""
    F, x = exercise.parameters[:2]
    body = f"h = 1e-30\nreturn {F}({x} + 1j * h * v).imag / h"
    exercise.slip(
        "differences",
        f"{F} was only called with real numbers: that is a difference quotient, and it loses digits. "
        f"Step in the imaginary direction, {x} + 1j·h·v.",
        f"h = 1e-6\nreturn ({F}({x} + h * v) - {F}({x} - h * v)) / (2 * h)",
        seen=only_real_calls,
    )
    exercise.slip(
        "columns",
        f"You called {F} once for each input, as if the whole {matrix} were needed. "
        f"One step along v gives {product} in a single call.",
        f"h = 1e-30\nM = [{F}({x} + 1j * e).imag / h for e in h * np.eye(len({x}))]\nreturn np.stack(M, axis=1) @ v",
        seen=_a_call_for_each_input,
    )
    exercise.slip(
        "step",
        "The imaginary step is too large, and its error h² shows. Nothing is subtracted here: take h = 1e-30.",
        body,
        ("h = 1e-30", "h = 1e-3"),
        seen=large_imaginary_steps,
    )
    exercise.slip(
        "undivided",
        f"Your answer is h times {product}: divide the imaginary part by the step h.",
        body,
        (".imag / h", ".imag"),
    )
    exercise.slip(
        "direction",
        f"You moved all inputs alike, so this is the {matrix} times ones. Move along v: `{x} + 1j * h * v`.",
        body,
        ("1j * h * v", "1j * h"),
    )
    exercise.slip(
        "normalised",
        f"You scaled v to length 1. {product} is linear in v: the length of v belongs to the answer.",
        body,
        ("1j * h * v", "1j * h * v / np.sqrt(np.sum(v**2))"),
    )
    exercise.slip(
        "sign",
        f"Your answer is -1 times {product}: step to {x} + ihv, not to {x} - ihv.",
        body,
        ("+ 1j * h * v", "- 1j * h * v"),
    )


jvp = exercise(
    "jvp(f, x, v)",
    chapter="10",
    points=2,
    minutes=6,
    calls=1,
    hints=(
        "Along the line t ↦ f(x + t v) the derivative at t = 0 is J v. Which step t needs no second value of f?",
        "An imaginary one: f(x + i h v) = f(x) + i h J v + … with h = 1e-30.",
        "The body is one line: `return f(x + 1j * h * v).imag / h`.",
    ),
)


@jvp.draws
def inputs(draw):
    m, n = draw.sizes(2)
    A, B, C = draw.array(m, n), draw.array(m, n), draw.array(m, n)

    def f(x):
        return np.sin(A @ x) + B @ (x**3) + np.exp(C @ x / n)

    return f, draw.array(n), 10.0 ** (draw.index - 1) * draw.array(n)


@jvp.truth
def truth(f, x, v):
    return complex_step_jacobian(f, x) @ v


register_steps(jvp, "J v", "Jacobian")


@jvp.mistake
def value(f, x, v):
    """That is the value f(x), the real part. J v is in the imaginary part."""
    return f(x + 1e-30j * v).real


# ----------------------------------------------------------------------------------------------------------------------
hessian_vector_product = exercise(
    "hessian_vector_product(grad, w, v)",
    chapter="10",
    points=2,
    minutes=8,
    calls=1,
    hints=(
        "The Hessian is the Jacobian of the gradient. So H v is a product of a Jacobian with a direction.",
        "It is the JVP of the function `grad` at w along v. What did you write for `jvp`?",
        "Step along i·v: `grad(w + 1j * h * v)` with h = 1e-30, take the imaginary part, divide by h.",
    ),
)


@hessian_vector_product.draws
def inputs(draw):
    m, p = draw.sizes(2)
    # Each weight has a scale of its own, so no single step of a difference quotient suits them all.
    scale = 10.0 ** draw.rng.permutation(np.linspace(-2, 2, p))
    A, c, a = draw.array(m, p), draw.array(m), draw.array(p)

    def grad(w):
        t = w / scale
        return (A.T @ (c * np.cos(A @ t)) + np.exp(a @ t / p) * a / p + t) / scale

    return grad, scale * draw.array(p), draw.array(p)


@hessian_vector_product.truth
def truth(grad, w, v):
    return complex_step_jacobian(grad, w) @ v


register_steps(hessian_vector_product, "H v", "Hessian")


@hessian_vector_product.mistake
def value(grad, w, v):
    """That is the gradient at w, the real part. H v is in the imaginary part of the gradient."""
    return grad(w + 1e-30j * v).real


@hessian_vector_product.mistake
def hadamard(grad, w, v):
    """You moved all weights alike and multiplied by v afterwards, entry by entry. Move along v: `w + 1j * h * v`."""
    h = 1e-30
    return v * grad(w + 1j * h).imag / h


@hessian_vector_product.mistake
def number(grad, w, v):
    """That is the number vᵀ H v, the curvature along v. H v has one
    entry for each weight: do not multiply by v again."""
    h = 1e-30
    return v @ grad(w + 1j * h * v).imag / h


# ----------------------------------------------------------------------------------------------------------------------
reverse_mode_gradient = exercise(
    "reverse_mode_gradient(tape, x)",
    chapter="10",
    points=5,
    minutes=25,
    rtol=1e-11,
    hints=(
        "Two sweeps. Forward: make a list that starts with the inputs and append one value for each row. "
        "Backward: one gradient for each value, all 0 except the last, which is 1.",
        "Going back through row number r, its output has the place len(x) + r. Take the gradient g there and add "
        "its share to the gradient of each value that the row used.",
        "The shares: add gives g to both; mul gives g times the value of the other factor; sin gives g·cos(value of "
        "its input); exp gives g times its own output. Use `+=`, and go through the rows in reverse.",
    ),
)


@reverse_mode_gradient.draws
def inputs(draw):
    (n,) = draw.sizes(1)
    tape = []

    def record(*row):
        tape.append(row)
        return n + len(tape) - 1

    *order, far = (int(i) for i in draw.rng.permutation(n))
    current = order[0]
    for place, i in enumerate(order[1:]):
        current = record(("mul", "add")[place % 2], current, i)
    wave = record("sin", current)
    # The sine is used four times and two inputs are used again: an overwritten gradient shows.
    square = record("mul", wave, wave)
    growth = record("exp", wave)
    product = record("mul", growth, order[1])
    mixed = record("add", product, square)
    last = record("add", mixed, wave)
    # An input in the last row: even a sweep from the wrong end brings something home, and is known by it.
    scaled = record("mul", last, order[0])
    record("add", scaled, far)
    x = draw.array(n)
    if draw.drowns:
        # The last value is as good as this input alone: a difference quotient loses the slopes in the others.
        x[far] *= HUGE
    return tuple(tape), x


@reverse_mode_gradient.truth
def truth(tape, x):
    def last_value(x):
        values = list(x)
        for operation, *places in tape:
            used = [values[place] for place in places]
            compute = {"add": np.add, "mul": np.multiply, "sin": np.sin, "exp": np.exp}[operation]
            values.append(compute(*used))
        return values[-1]

    return complex_step_gradient(last_value, x)


SWEEPS = """
    n, values = len(x), list(x)
    for name, *at in tape:
        compute = {"add": np.add, "mul": np.multiply, "sin": np.sin, "exp": np.exp}[name]
        values.append(compute(*[values[i] for i in at]))
    gradient = [0.0] * len(values)
    gradient[-1] = 1.0
    for r in reversed(range(len(tape))):
        name, *at = tape[r]
        a, y, g = [values[i] for i in at], values[n + r], gradient[n + r]
        slopes = {"add": [1, 1], "mul": a[::-1], "sin": [np.cos(a[0])], "exp": [y]}[name]
        for i, slope in zip(at, slopes):
            gradient[i] += g * slope
    return np.array(gradient[:n])
"""
reverse_mode_gradient.slip(
    "assign",
    "The gradient of a value that is used more than once was overwritten: each use adds its share, so write `+=`.",
    SWEEPS,
    ("+= g * slope", "= g * slope"),
)
reverse_mode_gradient.slip(
    "order",
    "Your backward sweep goes through the rows from first to last. Go from last to first: a row passes its gradient on "
    "when all later rows have added to it.",
    SWEEPS,
    ("reversed(range(len(tape)))", "range(len(tape))"),
)
reverse_mode_gradient.slip(
    "own-factor",
    "In a product each factor gets the gradient times the value of the *other* factor.",
    SWEEPS,
    ("a[::-1]", "a"),
)
reverse_mode_gradient.slip(
    "square",
    "A place that a product uses twice got one share. Each use counts: the slope of v · v is 2v, one v from each side.",
    SWEEPS,
    ("zip(at, slopes)", "dict(zip(at, slopes)).items()"),
)
reverse_mode_gradient.slip(
    "activation-derivative",
    "The slope of sin is the cosine of its input. You took the cosine of its output.",
    SWEEPS,
    ("np.cos(a[0])", "np.cos(y)"),
)
reverse_mode_gradient.slip(
    "sin-sign",
    "The slope of sin is +cos. The minus belongs to the slope of the cosine.",
    SWEEPS,
    ("np.cos(a[0])", "-np.cos(a[0])"),
)
reverse_mode_gradient.slip(
    "exp-input",
    "The slope of exp is its own value. You took the value that goes into it.",
    SWEEPS,
    ('"exp": [y]', '"exp": a'),
)
reverse_mode_gradient.slip(
    "chain-factor",
    "The slope of a step is multiplied by the gradient of its output, g. You added the slope alone.",
    SWEEPS,
    ("+= g * slope", "+= slope"),
)
reverse_mode_gradient.slip(
    "no-seed",
    "All your gradients are 0: nothing was passed on. The gradient of the last value in itself is 1, and row number r "
    "passes on the gradient at the place len(x) + r.",
    SWEEPS,
    ("gradient[-1] = 1.0", "gradient[-1] = 0.0"),
)
reverse_mode_gradient.slip(
    "seed",
    "The sweep starts with the gradient of the last value in itself, which is 1, not with its value.",
    SWEEPS,
    ("gradient[-1] = 1.0", "gradient[-1] = values[-1]"),
)
reverse_mode_gradient.slip(
    "all",
    "These are the gradients of all values on the tape. The inputs are the first `len(x)` of them.",
    SWEEPS,
    ("gradient[:n]", "gradient"),
)
reverse_mode_gradient.slip(
    "value",
    "That is the last value itself, for every input. The backward sweep is still to come.",
    SWEEPS,
    ("np.array(gradient[:n])", "np.full(n, values[-1])"),
)


def _by_recursion(value, tape, x):
    """Whether places passed on what had arrived at them every time they were met, in one order or another."""
    n, values = len(x), list(x)
    compute = {"add": np.add, "mul": np.multiply, "sin": np.sin, "exp": np.exp}
    for operation, *places in tape:
        values.append(compute[operation](*(values[i] for i in places)))

    def slopes_of(place):
        operation, *places = tape[place - n]
        used = [values[i] for i in places]
        slopes = {"add": (1, 1), "mul": used[::-1], "sin": (np.cos(used[0]),), "exp": (values[place],)}[operation]
        return list(zip(places, slopes, strict=True))

    def swept(order, at_once):
        gradient = np.zeros(len(values))
        gradient[-1] = 1.0

        def backward(place):
            if place < n:
                return
            steps = slopes_of(place)
            if at_once:
                for i, slope in steps:
                    gradient[i] += gradient[place] * slope
                    backward(i)
                return
            for i, slope in steps:
                gradient[i] += gradient[place] * slope
            for i in order([i for i, _ in steps]):
                backward(i)

        backward(len(values) - 1)
        return gradient[:n]

    orders = (
        set,
        dict.fromkeys,
        list,
        sorted,
        lambda places: places[::-1],
        lambda places: list(dict.fromkeys(places))[::-1],
    )
    with np.errstate(all="ignore"):
        sweeps = [swept(order, False) for order in orders] + [swept(list, True)]
        return any(close(value, sweep, 1e-9) for sweep in sweeps)


@reverse_mode_gradient.mistake(shown=_by_recursion)
def recursion(tape, x):
    """A place that is used twice was visited twice, and the second time it passed on again what it had passed on
    before. Go through the rows once, from the last to the first: then a place is complete before its turn comes."""
    n, values = len(x), list(x)
    compute = {"add": np.add, "mul": np.multiply, "sin": np.sin, "exp": np.exp}
    for name, *at in tape:
        values.append(compute[name](*[values[i] for i in at]))
    gradient = [0.0] * len(values)

    def backward(place):
        if place >= n:
            name, *at = tape[place - n]
            a, y = [values[i] for i in at], values[place]
            slopes = {"add": (1, 1), "mul": a[::-1], "sin": (np.cos(a[0]),), "exp": (y,)}[name]
            for i, slope in zip(at, slopes, strict=True):
                gradient[i] += gradient[place] * slope
            for i in set(at):
                backward(i)

    gradient[-1] = 1.0
    backward(len(values) - 1)
    return np.array(gradient[:n])


# ----------------------------------------------------------------------------------------------------------------------
unbroadcast = exercise(
    "unbroadcast(g, shape)",
    chapter="10",
    points=2,
    minutes=10,
    hints=(
        "Every entry of the small array was copied to several places. Its gradient is the sum over these places.",
        "Two kinds of axes were made by copying: those that g has in front of `shape`, and those where `shape` says 1.",
        "Sum the axes in front away: `while g.ndim > len(shape): g = g.sum(axis=0)`. Then, for each axis with "
        "`shape[axis] == 1`, `g = g.sum(axis=axis, keepdims=True)`.",
    ),
)


@unbroadcast.draws
def inputs(draw):
    m, n, k = draw.sizes(3)
    g, shape = (
        ((n, k), (k,)),
        ((n, k), (n, 1)),
        ((m, n, k), (1, k)),
        ((n, k), ()),
    )[draw.index]
    return draw.array(*g), shape


@unbroadcast.truth
def truth(g, shape):
    return complex_step_gradient(lambda b: np.sum(g * (b + np.zeros(g.shape))), np.zeros(shape))


@unbroadcast.wide
def wide(draw):
    return draw.array(3, WIDE), (WIDE,)


@unbroadcast.slopes
def slopes(g, shape):
    return lambda b: np.sum(g * (b + np.zeros(g.shape))), (np.zeros(shape),)


@unbroadcast.mistake
def mean(g, shape):
    """You took the mean over the copies. Every copy adds its gradient, so it is the sum."""
    while g.ndim > len(shape):
        g = g.mean(axis=0)
    for axis in range(len(shape)):
        if shape[axis] == 1:
            g = g.mean(axis=axis, keepdims=True)
    return g


@unbroadcast.mistake
def unchanged(g, shape):
    """The gradient came back as it was. Sum over the copies until it has the shape asked for."""
    return g


@unbroadcast.mistake
def axis(g, shape):
    """The new axes in front are summed, but those where the shape says 1 are not: they were stretched too."""
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    return g


@unbroadcast.mistake
def early(g, shape):
    """Sum the new axes in front away first. Until then `axis` counts from them, and not from those of `shape`."""
    for axis in range(len(shape)):
        if shape[axis] == 1:
            g = g.sum(axis=axis, keepdims=True)
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    return g


@unbroadcast.mistake
def keepdims(g, shape):
    """The stretched axis is gone. Keep it with length 1: `keepdims=True`, or `reshape` at the end."""
    extra = g.ndim - len(shape)
    return g.sum(axis=(*range(extra), *[extra + i for i, size in enumerate(shape) if size == 1]))


@unbroadcast.mistake
def copy(g, shape):
    """You picked one copy. The entry was used by all of them, so add up the gradients of all."""
    while g.ndim > len(shape):
        g = g[0]
    for axis in range(len(shape)):
        if shape[axis] == 1:
            g = np.take(g, [0], axis=axis)
    return g


@unbroadcast.mistake
def sum_(g, shape):
    """Every entry got the sum of all of g. Sum only over the axes that copying has made."""
    return np.full(shape, g.sum())


@unbroadcast.mistake
def first_axis(g, shape):
    """You summed over axis 0 whatever the shape is. Which axes were stretched depends on it: those in front that are
    missing, and those of length 1."""
    return g.sum(axis=0)


@unbroadcast.mistake
def last_axis(g, shape):
    """You summed over the last axis whatever the shape is. Which axes were stretched depends on it: those in
    front that are missing, and those of length 1."""
    return g.sum(axis=-1)


@unbroadcast.mistake
def from_the_left(g, shape):
    """The two shapes were compared from the left. NumPy lines them up from the right: first sum over the axes
    in front that are missing, then over those of length 1."""
    return g.sum(axis=tuple(i for i, size in enumerate(shape) if size != g.shape[i]))
