"""An overflow in one gradient, without any network around it."""

import numpy as np
import pytest
import tensorflow as tf

from ali_keras.model.updates import loss_scaling


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_an_overflow_takes_its_own_player_s_gradients_with_it(bad):
    discriminator = [tf.constant([1.0, 2.0]), tf.constant([[3.0]])]
    generator = [tf.constant([4.0]), tf.constant([bad, 5.0])]
    agreed, skipped = loss_scaling.agree_on_overflow([discriminator, generator])
    assert [bool(flag) for flag in skipped] == [False, True]
    np.testing.assert_array_equal(agreed[0][0], [1.0, 2.0])
    np.testing.assert_array_equal(agreed[0][1], [[3.0]])
    assert all(np.isnan(gradient).all() for gradient in agreed[1])


def test_a_variable_without_a_gradient_stays_without_one():
    agreed, skipped = loss_scaling.agree_on_overflow(
        [[tf.constant([1.0]), None], [None, tf.constant([np.nan])]]
    )
    assert [bool(flag) for flag in skipped] == [False, True]
    assert agreed[0][1] is None and agreed[1][0] is None
    assert np.isnan(agreed[1][1]).all()
