"""Layers of the encoder that serve as features of an image."""

import keras

from ali_keras.networks.layers import Maxout

NUM_HIDDEN_ROWS = 3
# The layers that end a hidden row, see `rows.RowBuilder`.
NONLINEARITIES = (
    keras.layers.LeakyReLU,
    keras.layers.ReLU,
    keras.layers.Activation,
    Maxout,
)


def with_svm_features(encoder):
    """Adds the features that ALI's authors give to a linear SVM.

    `svm_features` is the mean of z and, before it, the last three hidden rows
    of the table, each flattened: "the last three hidden layers of the encoder
    as well as its output are concatenated" (Dumoulin et al., 2017, section
    4.2). As in the authors' script (`scripts/preprocess_representations`),
    hidden rows are taken before their nonlinearity, which the paper leaves
    open. For SVHN that makes 5,376 numbers; the paper's 8,960 cannot be had
    from its encoder.

    Args:
        encoder: `keras.Model`, see `builder.build_networks`.

    Returns:
        `keras.Model` that shares the encoder's layers, with one output more,
        `svm_features` `(batch, num_features)`. In a network of one's own
        without layers of `NONLINEARITIES` the output is `z_mean` alone.
    """
    dtype = encoder.output["z_mean"].dtype
    # Names of their own: Keras' would be those of the encoder's layers.
    flatten = keras.layers.Flatten(dtype=dtype, name="svm_features_flat")
    parts = [flatten(output) for output in hidden_outputs(encoder)]
    parts.append(encoder.output["z_mean"])
    joined = parts[0]
    if len(parts) > 1:
        join = keras.layers.Concatenate(dtype=dtype, name="svm_features")
        joined = join(parts)
    outputs = {**encoder.output, "svm_features": joined}
    return keras.Model(encoder.input, outputs, name=encoder.name)


def hidden_outputs(encoder):
    """Finds what the last hidden rows give to their nonlinearities.

    Args:
        encoder: `keras.Model`, see `builder.build_networks`.

    Returns:
        List of at most `NUM_HIDDEN_ROWS` Keras tensors, in their order.
    """
    outputs = [
        layer.input
        for layer in encoder.layers
        if isinstance(layer, NONLINEARITIES)
    ]
    return outputs[-NUM_HIDDEN_ROWS:]
