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
    4.2). The paper does not say whether these are taken before or after their
    nonlinearity. We take them before it, as the authors' script does
    (`scripts/preprocess_representations`). For SVHN this gives 5,376 numbers.
    The paper reports 8,960, which its encoder cannot give.

    Args:
        encoder: `keras.Model`, see `builder.build_networks`.

    Returns:
        `keras.Model` that shares the encoder's layers and has one more output,
        `svm_features` `(batch, num_features)`. If the encoder has no layers of
        `NONLINEARITIES`, as a user's own network may, this output is `z_mean`
        alone.
    """
    dtype = encoder.output["z_mean"].dtype
    # Keras' default names would clash with those of the encoder's layers.
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
