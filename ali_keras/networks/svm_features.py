"""Layers of the encoder that serve as features of an image."""

import keras

from ali_keras.networks.layers import Maxout

NUM_HIDDEN_ROWS = 3
# The features of the authors' code, and those of the size that the paper has.
SVM_FEATURES = ("code", "paper")
# The layers that end a hidden row, see `rows.RowBuilder`.
NONLINEARITIES = (
    keras.layers.LeakyReLU,
    keras.layers.ReLU,
    keras.layers.Activation,
    Maxout,
)


def with_svm_features(encoder, features="code"):
    """Adds the features that ALI's authors give to a linear SVM.

    `svm_features` is the mean of z and, before it, the last three hidden rows
    of the table, each flattened: "the last three hidden layers of the encoder
    as well as its output are concatenated" (Dumoulin et al., 2017, section
    4.2). The paper does not say whether these are taken before or after their
    nonlinearity. We take them before it, as the authors' script does
    (`scripts/preprocess_representations`). For SVHN this gives 5,376 numbers.
    The paper reports 8,960.

    In the authors' list of layers (convolution, batch normalization,
    nonlinearity, and so on) the script takes the 9th, 6th and 3rd from the
    end. The 9th, 8th and 7th give the paper's 8,960 with the mean of z, and no
    other three layers in a row do. They are what the first of the three rows
    gives to its nonlinearity, what this returns, and the next convolution of
    it. That the authors took these is our reading: it is written nowhere.

    Args:
        encoder: `keras.Model`, see `builder.build_networks`.
        features: One of `SVM_FEATURES`. Which layers are taken.

    Returns:
        `keras.Model` that shares the encoder's layers and has one more output,
        `svm_features` `(batch, num_features)`. If the encoder has no layers of
        `NONLINEARITIES`, as a user's own network may, this output is `z_mean`
        alone.
    """
    dtype = encoder.output["z_mean"].dtype
    # Keras' default names would clash with those of the encoder's layers.
    flatten = keras.layers.Flatten(dtype=dtype, name="svm_features_flat")
    find = {"code": hidden_outputs, "paper": outputs_of_paper}[features]
    parts = [flatten(output) for output in find(encoder)]
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
    return [layer.input for layer in _last_nonlinearities(encoder)]


def outputs_of_paper(encoder):
    """Finds the three layers that give features of the paper's size.

    Args:
        encoder: `keras.Model`, see `builder.build_networks`.

    Returns:
        List of at most three Keras tensors, see `with_svm_features`.
    """
    nonlinearities = _last_nonlinearities(encoder)
    if not nonlinearities:
        return []
    first = nonlinearities[0]
    after = encoder.layers[encoder.layers.index(first) + 1 :]
    weighted = [layer.output for layer in after if layer.weights]
    return [first.input, first.output, *weighted[:1]]


def _last_nonlinearities(encoder):
    found = [x for x in encoder.layers if isinstance(x, NONLINEARITIES)]
    return found[-NUM_HIDDEN_ROWS:]
