"""The independent exam of the derivation checker: right and wrong lines as people write them."""

from . import least_squares, matrix_losses, regularised
from .entries import MISTAKES, Entry, Problem

PROBLEMS = (*least_squares.problems, *regularised.problems, *matrix_losses.problems)

__all__ = ["MISTAKES", "PROBLEMS", "Entry", "Problem"]
