"""The independent exam of the derivation checker: right and wrong lines as people write them."""

from . import forms, least_squares, matrices, matrix_losses, regularised
from .entries import MISTAKES, Entry, Problem

PROBLEMS = tuple(
    problem
    for family in (least_squares, regularised, matrix_losses, forms, matrices)
    for problem in family.problems
)

__all__ = ["MISTAKES", "PROBLEMS", "Entry", "Problem"]
