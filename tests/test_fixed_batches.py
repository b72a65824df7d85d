"""Batches that are not whole are filled up, and what fills them is cut off."""

import numpy as np
import pytest

from ali_keras import fixed_batches


def test_the_last_row_fills_up():
    rows = np.arange(14.0).reshape(7, 2)
    filled = fixed_batches.fill(rows, 3)
    assert filled.shape == (9, 2)
    np.testing.assert_array_equal(filled[:7], rows)
    np.testing.assert_array_equal(filled[7:], rows[[6, 6]])
    np.testing.assert_array_equal(fixed_batches.fill(rows, 7), rows)


def test_bytes_are_filled_up_too():
    files = np.empty(2, object)
    files[:] = [b"a\0", b"b\0\0"]  # NumPy's own strings would cut zeros off.
    filled = fixed_batches.fill(files, 3)
    assert filled.tolist() == [b"a\0", b"b\0\0", b"b\0\0"]


def test_a_function_of_batches_runs_on_any_length():
    seen = []

    def add(x, label):
        seen.append((x.shape, label.shape))
        return {"y": x + label[:, None]}

    x, label = np.arange(14.0).reshape(7, 2), np.arange(7)
    outputs = fixed_batches.run(add, 3, x=x, label=label)
    np.testing.assert_array_equal(outputs["y"], x + label[:, None])
    assert seen == [((3, 2), (3,))] * 3
    few = fixed_batches.run(add, 9, x=x[:2], label=label[:2])
    np.testing.assert_array_equal(few["y"], x[:2] + label[:2, None])


def test_arrays_of_two_lengths_are_refused():
    with pytest.raises(ValueError, match="one length. Received: .*'label': 1"):
        fixed_batches.run(dict, 2, x=np.zeros(2), label=np.zeros(1))
