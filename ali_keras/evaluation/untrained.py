"""The untrained model: a baseline of whatever an encoder's codes are for."""

import tensorflow as tf

from ali_keras.data.preprocessing import to_float
from ali_keras.model.build import build_model
from ali_keras.networks.condition import joined
from ali_keras.progress import silent

NUM_STEPS = 100  # Enough that the initial statistics have faded.


def build_untrained(config, images, progress=silent, labels=None):
    """Builds the initial model, batch normalization fitted to the data.

    Args:
        config: `Config`.
        images: Array of uint8 pixels, or of floats as the model takes them.
        progress: Function as `progress.silent`.
        labels: Array of the images' labels, for a conditional model.

    Returns:
        `ALI`.
    """
    model = build_model(config)
    # A graph takes half the time of eager layers, and gives the same bits.
    encode = tf.function(lambda inputs: model.encoder(inputs, training=True))
    title = "Fitting the untrained encoder's batch normalization"
    for step in progress(range(NUM_STEPS), NUM_STEPS, title):
        start = step * config.batch_size % len(images)
        rows = slice(start, start + config.batch_size)
        batch, label = tf.convert_to_tensor(to_float(images[rows])), None
        if model.condition:
            label = model.label_input(model.condition.check(labels[rows]))
        encode(joined(batch, label))
    model.encoder_ema.set_weights(model.encoder.get_weights())
    return model
