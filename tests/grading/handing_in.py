"""Small notebooks for the tests, and what became of them."""

import io
import json
import zipfile
from dataclasses import replace

from course_lib.grading.bundle import BUNDLE_FORMAT, MANIFEST
from course_lib.grading.config import Limits
from course_lib.grading.notebook import sha256
from course_lib.grading.unit import Pending, Unit, grade_unit

SEED = 20
# An answer that comes is waited for, however busy the machine; one that hangs on purpose is not waited for long.
PATIENT = Limits(seconds_per_call=120, seconds_per_chapter=600, memory_mb=1024, output_mb=64, answer_mb=8)
HASTY = replace(PATIENT, seconds_per_call=0.5, seconds_per_chapter=1)

SLOPE = "def square_slope(x):\n    return 2 * x"
CHAPTER_01 = {
    "linear_approximation": "def linear_approximation(y, J, delta):\n    return y + J @ delta",
    "polar_jacobian": (
        "def polar_jacobian(r, theta):\n    c, s = np.cos(theta), np.sin(theta)\n"
        "    return np.array([[c, -r * s], [s, r * c]])"
    ),
    "central_jacobian": (
        "def central_jacobian(f, x, h):\n    columns = []\n    for j in range(x.size):\n"
        "        step = np.zeros(x.size)\n        step[j] = h\n"
        "        columns.append((f(x + step) - f(x - step)) / (2 * h))\n    return np.stack(columns, axis=1)"
    ),
    "complex_step_gradient": (
        "def complex_step_gradient(f, x):\n    h = 1e-30\n"
        "    return np.array([f(x + 1j * h * e).imag / h for e in np.eye(x.size)])"
    ),
    "jvp_by_differences": "def jvp_by_differences(f, x, v, h):\n    return (f(x + h * v) - f(x - h * v)) / (2 * h)",
}
# The ladder of chapter 1: calls, and what each returns.
LADDER = {
    "jacobian_of_sum(x)": "np.ones(len(x))",
    "jacobian_of_scaling(c, x)": "c * np.eye(len(x))",
    "jacobian_of_difference(a, b)": "np.eye(len(a)), -np.eye(len(b))",
    "jacobian_of_dot(a, b)": "b, a",
    "jacobian_of_elementwise(f, slope, x)": "np.diag(slope(x))",
    "jacobian_of_square(x)": "2 * np.diag(x)",
    "jacobian_of_product(A, x, u)": "A, A.T",
    "jacobian_of_outer(a, b)": 'np.einsum("ik,j->ijk", np.eye(len(a)), b)',
    "jacobian_of_norm(x)": "x / np.linalg.norm(x)",
    "jacobian_of_normalised(x)": "(np.eye(len(x)) - np.outer(x, x) / (x @ x)) / np.linalg.norm(x)",
    "jacobian_of_concatenation(x, y)": "np.eye(len(x) + len(y))[:, : len(x)], np.eye(len(x) + len(y))[:, len(x) :]",
    "jacobian_of_reshape(X)": "np.eye(X.size).reshape(X.size, *X.shape)",
    "jacobian_of_row_added(X, b)": "np.tile(np.eye(len(b)), (len(X), 1, 1))",
    "jacobian_of_mean(X)": 'np.einsum("jk,i->jik", np.eye(X.shape[1]), np.ones(len(X)) / len(X))',
    "jacobian_of_max(x)": "np.eye(len(x))[np.argmax(x)]",
    "derivative_of_matrix_square(X, H)": "X @ H + H @ X",
    "derivative_of_inverse(X, H)": "-np.linalg.inv(X) @ H @ np.linalg.inv(X)",
}
CHAPTER_01 |= {call.partition("(")[0]: f"def {call}:\n    return {right}" for call, right in LADDER.items()}


def notebook(*cells):
    """Bytes of a notebook with these code cells."""
    code = [{"cell_type": "code", "source": cell, "metadata": {}, "outputs": []} for cell in cells]
    return json.dumps({"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def chapter_01(**replaced):
    """A chapter 1 notebook, all right but for the functions given."""
    return notebook("import numpy as np", *{**CHAPTER_01, **replaced}.values())


def graded(confinement, data, chapter="00", limits=PATIENT):
    """The Graded of one submission."""
    unit = Unit("ada", (Pending("0", chapter, data),), SEED, "bwrap", limits)
    return grade_unit(unit, confinement)[0]


def verdict(confinement, *cells, limits=PATIENT):
    """The verdict on `square_slope` in a notebook of these cells."""
    return graded(confinement, notebook(*cells), limits=limits).verdicts[0]


def bundle(data, student="ada", chapter="00", name="00_start.ipynb", manifest=None, members=()):
    """Bytes of a bundle; `manifest` replaces entries of the manifest, `members` are further (name, bytes)."""
    told = {
        "format": BUNDLE_FORMAT,
        "student": student,
        "chapter": chapter,
        "time": "2030-01-01T12:00:00+00:00",
        "files": {name: sha256(data)},
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
        archive.writestr(MANIFEST, json.dumps({**told, **(manifest or {})}))
        for member, content in members:
            archive.writestr(member, content)
    return packed.getvalue()
