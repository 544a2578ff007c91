"""The independent exam of the derivation checker: right and wrong lines as people write them."""

from . import classification, forms, least_squares, matrices, matrix_losses, networks, regularised
from .entries import MISTAKES, Entry, Problem

FAMILIES = (least_squares, regularised, matrix_losses, forms, matrices, classification, networks)
PROBLEMS = tuple(problem for family in FAMILIES for problem in family.problems)

__all__ = ["MISTAKES", "PROBLEMS", "Entry", "Problem"]
