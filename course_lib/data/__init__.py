"""Bundled tables, each with its licence and provenance in the text file beside it."""

from importlib.resources import as_file, files

import numpy as np


def diabetes():
    """Ten measurements of 442 people with diabetes, and how far the disease had progressed a year later.

    Returns X (442, 10), y (442,) and the ten column names. The columns, in raw units, not centred and not scaled:
    age (years), sex (1 or 2; the source does not say which is which), bmi (kg/m²), bp (mean blood pressure, mmHg), and
    six blood serum values: s1 total cholesterol, s2 LDL and s3 HDL cholesterol (mg/dl), s4 total cholesterol over HDL
    (a ratio), s5 probably the logarithm of triglycerides, s6 blood sugar (mg/dl). y is a score without unit, 25 to 346.
    Source: Efron, Hastie, Johnstone and Tibshirani (2004), "Least angle regression"; see diabetes.md.
    """
    with as_file(files(__name__) / "diabetes.csv.gz") as path:
        names = np.loadtxt(path, delimiter=",", max_rows=1, dtype=str)
        table = np.loadtxt(path, delimiter=",", skiprows=1)
    return table[:, :-1], table[:, -1], [str(name) for name in names[:-1]]


def digits():
    """1,797 handwritten digits of 13 people, as pictures of 8×8 pixels.

    Returns X (1797, 64), float, and labels (1797,), whole numbers 0 to 9. A row of X is a picture, row by row from the
    top; an entry is how many of the 16 points in its block bear ink, 0 to 16. `X[i].reshape(8, 8)` is picture i.
    Source: Alpaydin and Kaynak (1998), Optical Recognition of Handwritten Digits, CC BY 4.0; see digits.md.
    """
    with as_file(files(__name__) / "digits.csv.gz") as path:
        table = np.loadtxt(path, delimiter=",", skiprows=1)
    return table[:, :-1], table[:, -1].astype(int)
