"""What is cut out of a notebook is its outputs and nothing else, wherever one piece ends and the next begins."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course_lib.grading import trimming
from course_lib.grading.notebook import UnreadableError, sha256
from course_lib.grading.trimming import Trimmer

CUT = ("outputs", "attachments", "widgets")
# Texts that look like what is cut.
TEXTS = st.sampled_from([*CUT, '"outputs": [', 'a"outputs', '\\"outputs\\": [', "\\", 'a"b\\', "]}", "\n", "é" * 30])
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def trimmed(data, step, most=1 << 20):
    trimmer = Trimmer(most)
    for at in range(0, len(data), step):
        trimmer.feed(data[at : at + step])
    assert trimmer.digest.hexdigest() == sha256(data)
    assert trimmer.size == len(data)
    return trimmer.bytes()


def without(tree):
    """The same cut by another way: on the parsed tree."""
    if isinstance(tree, list):
        return [without(item) for item in tree]
    if not isinstance(tree, dict):
        return tree
    return {
        key: type(value)() if key in CUT and isinstance(value, list | dict) else without(value)
        for key, value in tree.items()
    }


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(TREES, st.sampled_from([1, 3, 64, 10**6]), st.sampled_from([None, 1]), st.booleans())
def test_the_outputs_are_cut_and_nothing_else(tree, step, indent, escaped):
    data = json.dumps(tree, indent=indent, ensure_ascii=escaped).encode()
    assert json.loads(trimmed(data, step)) == without(tree)


def test_the_notebooks_of_the_course_keep_their_cells(course_root):
    for path in sorted((course_root / "notebooks").glob("0[0-3]*.ipynb")):
        data = path.read_bytes()
        assert json.loads(trimmed(data, 4096)) == without(json.loads(data))


def test_too_much_that_is_kept_and_too_much_that_is_passed_over_are_refused(monkeypatch):
    with pytest.raises(UnreadableError, match="without its outputs"):
        trimmed(b'"' + b"x" * 3000, 100, most=2000)
    monkeypatch.setattr(trimming, "CUT_LIMIT", 1000)
    assert trimmed(b'{"outputs": [' + b"[" * 900, 100) == b'{"outputs": ['
    with pytest.raises(UnreadableError, match="too many parts"):
        trimmed(b'{"outputs": [' + b"[" * 1100, 100)
