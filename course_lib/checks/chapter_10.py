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


# ----------------------------------------------------------------------------------------------------------------------
# An engine of one's own, row by row. A row computes a value and pulls the gradient in it back to what it was made from.
relu_row = exercise(
    "relu_row(Z, G)",
    chapter="10",
    points=1,
    minutes=5,
    returns=("A", "dZ"),
    hints=(
        "The value is max(0, z), entry by entry. Where z is positive its slope is 1, elsewhere 0.",
        "A gradient goes back through an entry-wise function by an entry-wise product with the slope (chapter 2).",
        "`return np.maximum(Z, 0), G * (Z > 0)`",
    ),
)


@relu_row.draws
def inputs(draw):
    n, h = draw.sizes(2)
    return draw.array(n, h), draw.array(n, h)


@relu_row.truth
def truth(Z, G):
    # The complex step keeps the side of the kink on which the real part lies.
    return np.maximum(Z, 0), complex_step_gradient(lambda Z: np.sum(G * np.where(Z.real > 0, Z, 0)), Z)


@relu_row.mistake
def ones(Z, G):
    """The second value is the slope alone. The incoming gradient G passes where the slope is 1: multiply with it."""
    return np.maximum(Z, 0), (Z > 0) * 1.0


@relu_row.mistake
def unchanged(Z, G):
    """G goes back untouched. Where z was negative, the value did not move with it, and nothing goes back."""
    return np.maximum(Z, 0), G


@relu_row.mistake
def wrong_gate(Z, G):
    """The gate asks for the sign of G. What decides is whether Z was positive on the way forward."""
    return np.maximum(Z, 0), np.maximum(G, 0)


@relu_row.mistake
def other_side(Z, G):
    """The gate is the wrong way round: the gradient passes where Z is positive."""
    return np.maximum(Z, 0), G * (Z < 0)


@relu_row.mistake
def value_in_place_of_slope(Z, G):
    """You multiplied with the value max(0, z). The slope is 1 there, not z."""
    return np.maximum(Z, 0), G * np.maximum(Z, 0)


@relu_row.mistake
def absolute(Z, G):
    """The first value is |z|. A ReLU says 0 wherever z is negative."""
    return np.abs(Z), G * (Z > 0)


@relu_row.mistake
def sign(Z, G):
    """The gradient has the sign of the steps of |z|. Where z is negative a ReLU is flat, and its slope is 0."""
    return np.maximum(Z, 0), G * np.sign(Z)


# ----------------------------------------------------------------------------------------------------------------------
matmul_row = exercise(
    "matmul_row(A, B, G)",
    chapter="10",
    points=1,
    minutes=5,
    returns=("C", "dA", "dB"),
    rtol=1e-10,
    hints=(
        "The value is `A @ B`. For the two gradients you may use your first exercise.",
        "A factor crosses the inner product transposed and keeps its side.",
        "`return A @ B, G @ B.T, A.T @ G`",
    ),
)


@matmul_row.draws
def inputs(draw):
    n, m, k = draw.sizes(3)
    return draw.array(n, m), draw.array(m, k), draw.array(n, k)


@matmul_row.truth
def truth(A, B, G):
    in_A = complex_step_gradient(lambda A: np.sum(G * (A @ B)), A)
    return A @ B, in_A, complex_step_gradient(lambda B: np.sum(G * (A @ B)), B)


@matmul_row.mistake
def transpose(A, B, G):
    """A factor that crosses to the other side of the inner product is transposed: `G @ B.T`, `A.T @ G`."""
    return A @ B, G @ B, A @ G


@matmul_row.mistake
def order(A, B, G):
    """Each factor keeps its side: B stood to the right of A, so B.T stands to the right of G. Likewise A.T, left."""
    return A @ B, B.T @ G, G @ A.T


@matmul_row.mistake
def exchanged(A, B, G):
    """The two gradients are exchanged: dA comes before dB, in the shape of A."""
    return A @ B, A.T @ G, G @ B.T


@matmul_row.mistake
def layout(A, B, G):
    """Both gradients are transposed: a gradient has the shape of its variable, dA that of A and dB that of B."""
    return A @ B, B @ G.T, G.T @ A


@matmul_row.mistake
def ones(A, B, G):
    """The gradients do not depend on G: they pull back a gradient of ones. The incoming gradient is G."""
    return A @ B, np.ones(G.shape) @ B.T, A.T @ np.ones(G.shape)


@matmul_row.mistake
def value_last(A, B, G):
    """The value comes first, then the gradients: C, dA, dB."""
    return G @ B.T, A.T @ G, A @ B


@matmul_row.mistake
def value(A, B, G):
    """The first value is G, which belongs to the way back. Forward the row computes the product: `A @ B`."""
    return G, G @ B.T, A.T @ G


# ----------------------------------------------------------------------------------------------------------------------
broadcast_row = exercise(
    "broadcast_row(X, b, G)",
    chapter="10",
    points=2,
    minutes=8,
    returns=("Z", "dX", "db"),
    hints=(
        "The value is `X + b`, whatever NumPy stretches. X has the full shape, so its gradient is G itself.",
        "Every entry of b was copied, so its gradient is the sum of G over the copies, in the shape of b (chapter 2).",
        "Axes that `b.shape` lacks in front are summed away, those where it says 1 are summed and kept: "
        "`broadcast_pullback(b.shape, G)` of chapter 2, or `unbroadcast(G, b.shape)`, which you have above.",
    ),
)


@broadcast_row.draws
def inputs(draw):
    n, k = draw.sizes(2)
    return draw.array(n, k), draw.array(*((k,), (n, 1), (1, k), ())[draw.index]), draw.array(n, k)


@broadcast_row.truth
def truth(X, b, G):
    in_b = complex_step_gradient(lambda b: np.sum(G * (X + b)), np.asarray(b))
    return X + b, G.copy(), in_b


@broadcast_row.mistake
def unchanged(X, b, G):
    """The gradient in b has the shape of X: one entry for every copy. Sum over the copies until it has b's shape."""
    return X + b, G, G


@broadcast_row.mistake
def mean(X, b, G):
    """You took the mean over the copies of b. Every copy adds its gradient, so it is the sum."""
    axes = tuple(i for i, size in enumerate((1,) * (2 - np.ndim(b)) + np.shape(b)) if size == 1)
    return X + b, G, G.mean(axis=axes).reshape(np.shape(b))


@broadcast_row.mistake
def first_axis(X, b, G):
    """You summed over axis 0 whatever the shape of b is. A column was copied along axis 1, a number along both."""
    return X + b, G, G.sum(axis=0)


@broadcast_row.mistake
def keepdims(X, b, G):
    """The sums are right, and their shape is not that of b: `reshape(b.shape)`, or `keepdims=True`."""
    axes = tuple(i for i, size in enumerate((1,) * (2 - np.ndim(b)) + np.shape(b)) if size == 1)
    return X + b, G, G.sum(axis=axes)


@broadcast_row.mistake
def ones(X, b, G):
    """The gradient in X is a table of ones, the slopes of the sum. The incoming gradient goes through them: G."""
    axes = tuple(i for i, size in enumerate((1,) * (2 - np.ndim(b)) + np.shape(b)) if size == 1)
    return X + b, np.ones(G.shape), G.sum(axis=axes).reshape(np.shape(b))


@broadcast_row.mistake
def copy(X, b, G):
    """You picked one copy of each entry of b. It was used by all of them, so add up the gradients of all."""
    kept = tuple(slice(size) for size in (1,) * (2 - np.ndim(b)) + np.shape(b))
    return X + b, G, G[kept].reshape(np.shape(b))


# ----------------------------------------------------------------------------------------------------------------------
backward = exercise(
    "backward(tape, arrays)",
    chapter="10",
    points=6,
    minutes=30,
    returns=("dX", "dW1", "db1", "dW2", "db2"),
    hints=(
        "Forward first: put all values into one list, the given arrays at its front, then one for each row.",
        "Then a list of gradients, an array of zeros in the shape of each value, and 1 for the last. Go through the "
        "rows from the last to the first; each hands what it has to the places that it was made from.",
        "A place that is used twice hears twice, so add: `gradients[i] = gradients[i] + dA`. Your rows give the "
        "pieces: `_, dA, dB = matmul_row(values[i], values[j], G)`, and so on. The gradient of a total is G in "
        "every entry, that of a product G times the other factor.",
    ),
)
_NETWORK = (("matmul", 0, 1), ("add", 5, 2), ("relu", 6), ("matmul", 7, 3), ("add", 8, 4))


@backward.draws
def inputs(draw):
    n, d, h, k = draw.sizes(4)
    tapes = (
        (*_NETWORK, ("multiply", 9, 9), ("total", 10)),
        # The hidden values are used twice, and so is the first bias.
        (
            *_NETWORK,
            ("multiply", 7, 7),
            ("add", 10, 2),
            ("total", 11),
            ("multiply", 9, 9),
            ("total", 13),
            ("add", 12, 14),
        ),
        # Two roads from the scores, one of which is their square.
        (*_NETWORK, ("multiply", 9, 9), ("add", 10, 9), ("relu", 11), ("add", 12, 4), ("total", 13)),
        (*_NETWORK, ("relu", 9), ("multiply", 10, 9), ("add", 11, 11), ("total", 12)),
    )
    arrays = draw.array(n, d), draw.array(d, h), draw.array(h), draw.array(h, k), draw.array(k)
    return tapes[draw.index], arrays


def _replayed(tape, arrays):
    """The last value of a tape: what it computes, written down once more, for complex arrays too."""
    compute = {
        "matmul": np.matmul,
        "add": np.add,
        "multiply": np.multiply,
        "relu": lambda Z: np.where(Z.real > 0, Z, 0),
        "total": np.sum,
    }
    values = list(arrays)
    for operation, *places in tape:
        values.append(compute[operation](*(values[i] for i in places)))
    return values[-1]


@backward.truth
def truth(tape, arrays):
    found = []
    for place, array in enumerate(arrays):

        def of_this_one(z, place=place):
            return _replayed(tape, (*arrays[:place], z, *arrays[place + 1 :]))

        found.append(complex_step_gradient(of_this_one, array))
    return tuple(found)


_SWEEP = """
    compute = {"matmul": np.matmul, "add": np.add, "multiply": np.multiply, "total": np.sum}
    compute["relu"] = lambda Z: np.maximum(Z, 0)
    values = [np.asarray(a) for a in arrays]
    for operation, *places in tape:
        values.append(compute[operation](*(values[i] for i in places)))
    gradients = [np.zeros(value.shape) for value in values]
    gradients[-1] = np.ones(values[-1].shape)
    for place in range(len(values) - 1, len(arrays) - 1, -1):
        operation, *places = tape[place - len(arrays)]
        G, a = gradients[place], values[places[0]]
        b = values[places[-1]]
        if operation == "matmul":
            pieces = [G @ b.T, a.T @ G]
        elif operation == "add":
            pieces = [G, G]
        elif operation == "multiply":
            pieces = [G * b, G * a]
        elif operation == "relu":
            pieces = [G * (a > 0)]
        else:
            pieces = [G * np.ones(a.shape)]
        for i, piece in zip(places, pieces):
            while piece.ndim > values[i].ndim:
                piece = piece.sum(axis=0)
            gradients[i] = gradients[i] + piece
    return tuple(gradients[: len(arrays)])
"""
backward.slip(
    "overwrites",
    "A value that is used in several places kept the gradient of one. They add up: `gradients[i] + …`, not `=`.",
    _SWEEP,
    ("gradients[i] = gradients[i] + piece", "gradients[i] = piece + np.zeros(values[i].shape)"),
)
backward.slip(
    "one-factor",
    "A product pulled its gradient back to one factor only, twice. Each factor gets G times the *other* one.",
    _SWEEP,
    ("pieces = [G * b, G * a]", "pieces = [G * b]"),
)
backward.slip(
    "ungated",
    "The ReLU let everything through. Where its input was negative, nothing goes back.",
    _SWEEP,
    ("pieces = [G * (a > 0)]", "pieces = [G]"),
)
backward.slip(
    "gated-by-value",
    "The ReLU multiplied with its value. Its slope is 1 where its input is positive.",
    _SWEEP,
    ("pieces = [G * (a > 0)]", "pieces = [G * np.maximum(a, 0)]"),
)
backward.slip(
    "mean",
    "The gradients in the biases are means over the samples. What was copied forward is summed backward.",
    _SWEEP,
    ("piece = piece.sum(axis=0)", "piece = piece.mean(axis=0)"),
)
backward.slip(
    "copies",
    "The gradients in the biases still have an entry for every copy. Sum over the samples, which stretched them.",
    _SWEEP,
    (
        "while piece.ndim > values[i].ndim:\n                piece = piece.sum(axis=0)\n            gradients[i]",
        "gradients[i]",
    ),
)
backward.slip(
    "forward-order",
    "The rows were walked from the first to the last. A row can pass on only what has reached it: begin at the end.",
    _SWEEP,
    ("range(len(values) - 1, len(arrays) - 1, -1)", "range(len(arrays), len(values))"),
)
backward.slip(
    "seed",
    "Every value began with the gradient 1, and each was passed on. Only the last begins with 1, the others with 0.",
    _SWEEP,
    (
        "gradients = [np.zeros(value.shape) for value in values]",
        "gradients = [np.ones(value.shape) for value in values]",
    ),
)
