"""The embedding of a label or of attributes into one network."""

import keras

from ali_keras.networks.condition import LABELS
from ali_keras.networks.condition import one_hot

# The seeds of rows are below, see `rows.RowBuilder`.
FIRST_SEED = 900


@keras.saving.register_keras_serializable(package="ali_keras")
class OneHot(keras.layers.Layer):
    """Makes class labels one-hot vectors, see `condition.one_hot`.

    Args:
        size: Integer. Number of classes.

    Call arguments:
        inputs: Integers `(batch,)`. One out of range gives zeros.

    Returns:
        float32 tensor `(batch, size)`.
    """

    def __init__(self, size, **kwargs):
        super().__init__(**kwargs)
        self.size = size

    def call(self, inputs):
        return one_hot(inputs, self.size)

    def compute_output_spec(self, inputs):
        shape = (*inputs.shape, self.size)
        return keras.KerasTensor(shape, "float32")

    def get_config(self):
        return {**super().get_config(), "size": self.size}


class LabelEmbedding:
    """Makes the label input of a network and embeds it linearly.

    Each network has an embedding of its own, as one of its layers, and it is
    trained with the network. An embedding that all share would belong to both
    players, whose losses pull in opposite directions. (The authors' code has
    one for all networks, and never trains it.)

    An embedding starts at about N(0, 1), which is the size of z: with the
    rows' own initial weights, a label would hardly be seen beside it. It has
    no bias, since the rows that take it have one, or batch normalization.

    Args:
        condition: `Condition`.
        dim: Integer. Size of the embedding.
        seed: Integer. Fixes the initial weights.
        dtype: Keras dtype policy.
    """

    def __init__(self, condition, dim, seed, dtype):
        self.condition = condition
        self.dim = dim
        self.seed = 1000 * seed + FIRST_SEED
        self.dtype = dtype

    def embed(self, network):
        """Makes one network's input and embedding.

        Args:
            network: String, the network's name.

        Returns:
            Tuple of the Keras input and a map `(batch, 1, 1, dim)`.
        """
        self.seed += 1
        label = h = self.condition.input()
        stddev = self.condition.size**-0.5
        if self.condition.kind == LABELS:
            h = OneHot(self.condition.size, name=f"{network}_one_hot")(label)
            stddev = 1.0
        h = keras.layers.Dense(
            self.dim,
            use_bias=False,
            kernel_initializer=keras.initializers.RandomNormal(
                stddev=stddev, seed=self.seed
            ),
            dtype=self.dtype,
            name=f"{network}_label_embedding",
        )(h)
        shape = (1, 1, self.dim)
        return label, keras.layers.Reshape(shape, dtype=self.dtype)(h)
