"""Chapter 0: one toy function on which everything is shown once."""

from course_lib.calculus.jacobian import complex_step_gradient
from course_lib.checks.specification import exercise

square_slope = exercise(
    "square_slope(x)",
    chapter="00",
    points=1,
    minutes=2,
    hints=(
        "Write (x + h)² out and look at what h is multiplied with.",
        "(x + h)² = x² + 2xh + h². The slope is the number in front of h.",
        "The body is one line: `return 2 * x`.",
    ),
)


@square_slope.draws
def inputs(draw):
    return (draw.number(0.5, 3.0) * (-1) ** draw.index,)


@square_slope.truth
def truth(x):
    return float(complex_step_gradient(lambda t: t * t, x))


@square_slope.mistake
def factor(x):
    """Your answer is half of the slope: the factor 2 of 2x is missing."""
    return x


@square_slope.mistake
def value(x):
    """That is the value x², not its slope."""
    return x**2


@square_slope.mistake
def power(x):
    """The 2 came down, and the power stayed: it goes down by one, from x² to x."""
    return 2 * x**2


@square_slope.mistake
def integral(x):
    """That is x³/3, whose slope is x². Here the slope of x² itself is asked."""
    return x**3 / 3


@square_slope.mistake
def sign(x):
    """Your answer is -1 times the slope."""
    return -2 * x


@square_slope.mistake
def absolute(x):
    """The slope of x² is negative to the left of 0: no absolute value is needed."""
    # This chapter's notebook does not import NumPy.
    return 2 * abs(x)
