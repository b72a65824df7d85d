"""Loss curves, by the pixels that they colour."""

import numpy as np
import pytest
import tensorflow as tf

from ali_keras.plotting import curves

ORANGE = (255, 127, 14)  # Of Matplotlib's second line.


@pytest.mark.parametrize("num_epochs", [1, 2, 30])
def test_losses_are_seen_after_any_number_of_epochs(tmp_path, num_epochs):
    history = {
        "discriminator_loss": [0.5] * num_epochs,
        "generator_loss": [2.0] * num_epochs,
        "discriminator_accuracy": [0.9] * num_epochs,
    }
    path = tmp_path / "losses.png"
    curves.plot_losses(path, history)
    picture = tf.io.decode_png(path.read_bytes(), channels=3).numpy()
    rows, _ = np.nonzero((picture == ORANGE).all(axis=-1))
    # At the top of the left panel; the legend is below.
    assert (rows < len(picture) // 4).sum() > 20
