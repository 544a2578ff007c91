"""Bundled tables, each with its licence and provenance in the text file beside it."""

from importlib.resources import as_file, files

import numpy as np


def digits():
    """1,797 handwritten digits of 13 people, as pictures of 8×8 pixels.

    Returns X (1797, 64), float, and labels (1797,), whole numbers 0 to 9. A row of X is a picture, row by row from the
    top; an entry is how many of the 16 points in its block bear ink, 0 to 16. `X[i].reshape(8, 8)` is picture i.
    Source: Alpaydin and Kaynak (1998), Optical Recognition of Handwritten Digits, CC BY 4.0; see digits.md.
    """
    with as_file(files(__name__) / "digits.csv.gz") as path:
        table = np.loadtxt(path, delimiter=",", skiprows=1)
    return table[:, :-1], table[:, -1].astype(int)
