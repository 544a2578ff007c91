"""The independent exam of the derivation checker: right and wrong lines as people write them."""

from . import least_squares
from .entries import MISTAKES, Entry, Problem

PROBLEMS = (*least_squares.problems,)

__all__ = ["MISTAKES", "PROBLEMS", "Entry", "Problem"]
