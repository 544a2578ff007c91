"""The bundled tables are the published ones, number by number."""

import gzip
import hashlib
from importlib.resources import files

import numpy as np
from sklearn.datasets import load_diabetes, load_digits

from course_lib.data import diabetes, digits


def test_diabetes_is_the_raw_table_of_scikit_learn():
    X, y, names = diabetes()
    oracle = load_diabetes(scaled=False)
    assert X.shape == (442, 10)
    assert y.shape == (442,)
    assert names == oracle.feature_names
    assert np.array_equal(X, oracle.data)
    assert np.array_equal(y, oracle.target)


def test_digits_are_the_table_of_scikit_learn():
    X, labels = digits()
    oracle = load_digits()
    assert X.shape == (1797, 64)
    assert labels.shape == (1797,)
    assert labels.dtype.kind == "i"
    assert np.array_equal(X, oracle.data)
    assert np.array_equal(labels, oracle.target)
    assert np.array_equal(X[7].reshape(8, 8), oracle.images[7])


def test_every_table_states_its_licence_and_its_sum():
    tables = [path for path in files("course_lib.data").iterdir() if path.name.endswith(".csv.gz")]
    assert tables
    for table in tables:
        text = (files("course_lib.data") / table.name.replace(".csv.gz", ".md")).read_text(encoding="utf-8")
        assert "Licence" in text
        assert hashlib.sha256(gzip.decompress(table.read_bytes())).hexdigest() in text
