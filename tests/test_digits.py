"""The bundled digits are the published ones, number by number."""

import gzip
import hashlib
from importlib.resources import files

import numpy as np
from sklearn.datasets import load_digits

from course_lib.data import digits


def test_digits_are_the_table_of_scikit_learn():
    X, labels = digits()
    oracle = load_digits()
    assert X.shape == (1797, 64)
    assert labels.shape == (1797,)
    assert labels.dtype.kind == "i"
    assert np.array_equal(X, oracle.data)
    assert np.array_equal(labels, oracle.target)
    assert np.array_equal(X[7].reshape(8, 8), oracle.images[7])


def test_the_text_beside_the_digits_states_their_licence_and_their_sum():
    folder = files("course_lib.data")
    text = (folder / "digits.md").read_text(encoding="utf-8")
    assert "Creative Commons Attribution 4.0" in text
    assert hashlib.sha256(gzip.decompress((folder / "digits.csv.gz").read_bytes())).hexdigest() in text
