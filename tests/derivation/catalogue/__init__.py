"""The independent exam of the derivation checker: right and wrong lines as people write them."""

from . import (
    architectures,
    classification,
    distances,
    forms,
    habits,
    least_squares,
    likelihoods,
    matrices,
    matrix_losses,
    networks,
    numpy_lines,
    regularised,
    spectra,
)
from .entries import MISTAKES, Entry, Problem

FAMILIES = (
    least_squares,
    regularised,
    matrix_losses,
    forms,
    matrices,
    classification,
    networks,
    likelihoods,
    spectra,
    distances,
    architectures,
    numpy_lines,
    habits,
)
PROBLEMS = tuple(problem for family in FAMILIES for problem in family.problems)

__all__ = ["MISTAKES", "PROBLEMS", "Entry", "Problem"]
