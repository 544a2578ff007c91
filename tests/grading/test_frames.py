"""Frames: what goes in comes out, and what does not fit is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_lib.checks.calling import Other
from course_lib.grading import frames

NUMBERS = hnp.boolean_dtypes() | hnp.integer_dtypes(endianness="?") | hnp.floating_dtypes(endianness="?")
ARRAYS = hnp.arrays(NUMBERS | hnp.complex_number_dtypes(endianness="?", sizes=(64, 128)), hnp.array_shapes(min_dims=0))
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**1000), 2**1000)
    | st.floats()
    | st.complex_numbers()
    | st.text(max_size=50)
    | ARRAYS,
    lambda inner: st.lists(inner, max_size=4).map(tuple),
    max_leaves=8,
)


def there_and_back(value):
    blobs = []
    data = frames.pack({"value": frames.encode(value, blobs)}, blobs)
    header, body = frames.lengths(data[: frames.LENGTHS.size])
    rest = data[frames.LENGTHS.size :]
    assert len(rest) == header + body
    read, blobs = frames.unpack(rest[:header], rest[header:])
    return frames.decode(read["value"], blobs)


def same(a, b):
    if isinstance(a, tuple):
        return isinstance(b, tuple) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray):
        kind = (a.dtype.kind, a.dtype.itemsize, a.shape) == (b.dtype.kind, b.dtype.itemsize, b.shape)
        return type(b) is np.ndarray and kind and np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
    return type(a) is type(b) and repr(a) == repr(b)


@given(PLAIN)
def test_plain_values_come_back_as_they_were(value):
    assert same(value, there_and_back(value))


def test_arrays_come_back_in_memory_of_their_own():
    array = there_and_back(np.arange(3.0))
    array[0] = 7
    assert array.flags.owndata or array.base.flags.owndata
    assert array[0] == 7


def test_a_numpy_number_stays_one_on_its_way_in():
    assert type(there_and_back(np.float64(2.5))) is np.float64


def test_a_generator_goes_in_with_its_state():
    rng = np.random.default_rng(3)
    rng.normal(size=5)
    inside = frames.decode(frames.encode((rng,), [], []), [], proxy=lambda index, name: None)[0]
    assert inside.normal() == rng.normal()


@pytest.mark.parametrize("value", [object(), {1: 2}, 2**5000, np.array([None]), np.ma.masked_array([1.0]), type])
def test_other_things_are_only_a_name(value):
    assert isinstance(there_and_back(value), Other)


@pytest.mark.parametrize(
    "tree",
    [
        "text",
        7,
        [],
        ["unknown"],
        [["int"], "0x1"],
        ["tuple", [["array", "f8", [1], 0], ["array", "f8", [1], 0]]],
        ["array"],
        ["array", "O8", [1], 0],
        ["array", "f8", [2], 0],
        ["array", "f8", [-1], 0],
        ["array", "f8", [1], 9],
        ["array", "f8", [True], 0],
        ["array", "f8", [0, 1 << 60], 0],
        ["function", 0, "f"],
        ["generator", "{}"],
        ["int", "zz"],
        ["int", "0x" + "f" * 5000],
        ["float", "x"],
        ["tuple", "ab"],
        ["tuple", [["tuple", [["tuple", [["tuple", [["tuple", [["tuple", [["tuple", [None]]]]]]]]]]]]]],
        {"a": 1},
    ],
)
def test_what_is_no_value_is_refused(tree):
    with pytest.raises(frames.FrameError):
        frames.decode(tree, [bytes(8)])


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_any_bytes_are_a_frame_or_a_frame_error(text, body):
    try:
        header, blobs = frames.unpack(text, body)
    except frames.FrameError:
        return
    assert sum(map(len, blobs)) == len(body)
