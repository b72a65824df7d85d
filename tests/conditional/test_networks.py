"""Networks of tables that take a label, by numbers computed by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ali_keras.architectures import ARCHITECTURES
from ali_keras.config import Config
from ali_keras.errors import InputError
from ali_keras.networks.builder import build_networks
from ali_keras.networks.condition import Condition
from ali_keras.networks.condition import as_input
from ali_keras.networks.condition import joined
from ali_keras.networks.condition import one_hot
from tests import tiny
from tests.conditional import models

Z = np.float32([[0, 1, -1], [2, 0, 0]])


def set_embedding(network, rows):
    layer = network.get_layer(f"{network.name}_label_embedding")
    layer.kernel.assign(rows)


@pytest.mark.parametrize("condition", [models.CLASSES, models.ATTRIBUTES])
def test_each_network_takes_a_label_last_and_trains_its_embedding(condition):
    for network in models.networks(condition):
        assert network.inputs[-1].name == condition.name
        assert tuple(network.inputs[-1].shape[1:]) == condition.shape
        names = [v.path for v in network.trainable_variables]
        assert f"{network.name}_label_embedding/kernel" in names


def test_the_decoder_sees_z_and_the_row_of_the_label():
    _, decoder, _ = models.networks(embedding_dim=2)
    set_embedding(decoder, [[1.0, 2.0], [-3.0, 4.0]])
    [first] = [x for x in decoder.layers if x.name == "decoder_1_transposed"]
    inner = keras.Model(decoder.inputs, first.input)
    seen = inner([Z, np.array([1, 0])]).numpy().reshape(2, 5)
    np.testing.assert_array_equal(seen, [[0, 1, -1, -3, 4], [2, 0, 0, 1, 2]])


def test_attributes_are_embedded_linearly():
    _, decoder, _ = models.networks(models.ATTRIBUTES, embedding_dim=2)
    set_embedding(decoder, [[1.0, 2.0], [-3.0, 4.0], [0.5, 0.0]])
    [first] = [x for x in decoder.layers if x.name == "decoder_1_transposed"]
    inner = keras.Model(decoder.inputs, first.input)
    seen = inner([Z, np.float32([[1, 1, 2], [0, 0.5, 0]])])
    embedded = seen.numpy().reshape(2, 5)[:, 3:]
    np.testing.assert_array_equal(embedded, [[-1.0, 6.0], [-1.5, 2.0]])


def test_the_label_shifts_z_and_leaves_the_features():
    encoder, _, _ = models.networks()
    image = tiny.images(2)
    zero, one = (encoder([image, np.full(2, label)]) for label in (0, 1))
    np.testing.assert_array_equal(zero["features"], one["features"])
    shift = one["z_mean"].numpy() - zero["z_mean"].numpy()
    np.testing.assert_allclose(shift[0], shift[1], atol=1e-6)
    kernel = encoder.get_layer("encoder_moments_conv").kernel.numpy()[6:]
    rows = encoder.get_layer("encoder_label_embedding").kernel.numpy()
    expected = ((rows[1] - rows[0]) @ kernel)[:3]
    np.testing.assert_allclose(shift[0], expected, atol=1e-5)


def test_three_embeddings_begin_apart_and_at_the_size_of_z():
    networks = models.networks(Condition("labels", 50), embedding_dim=100)
    kernels = [
        n.get_layer(f"{n.name}_label_embedding").kernel.numpy()
        for n in networks
    ]
    assert np.abs(kernels[0] - kernels[1]).max() > 1
    assert np.abs(kernels[1] - kernels[2]).max() > 1
    for kernel in kernels:
        assert 0.95 < kernel.std() < 1.05


@pytest.mark.parametrize("name", ["celeba", "bigan_mnist", "mixture"])
def test_tables_of_the_papers_take_attributes(name):
    condition = Condition("attributes", 40)
    channels = 2 if name == "mixture" else 3
    with keras.StatelessScope(initialize_variables=False):
        networks = build_networks(
            ARCHITECTURES[name], 256, channels, condition=condition
        )
    assert [len(network.inputs) for network in networks] == [2, 2, 3]
    if name == "celeba":  # 512 + 256, 256 + 256, 512 + 1024 + 256 channels.
        widths = [
            networks[0].get_layer("encoder_moments_conv").kernel.shape[0],
            networks[1].get_layer("decoder_1_transposed").kernel.shape[-1],
            networks[2].get_layer("discriminator_xz_1_conv").kernel.shape[0],
        ]
        assert widths == [768, 512, 1792]


def test_networks_without_a_condition_take_no_label():
    for network, other in zip(
        tiny.networks(), models.networks(None), strict=True
    ):
        assert len(network.inputs) == len(other.inputs)
        for one, two in zip(
            network.get_weights(), other.get_weights(), strict=True
        ):
            np.testing.assert_array_equal(one, two)


def test_labels_become_what_a_network_takes():
    encoder = models.user_networks()[0]
    labels = models.CLASSES.check(np.array([1, 0]))
    np.testing.assert_array_equal(as_input(encoder, labels), [[0, 1], [1, 0]])
    vectors = one_hot(tf.constant([2, 0, 3, -1]), 3)
    np.testing.assert_array_equal(
        vectors, [[0, 0, 1], [1, 0, 0], [0, 0, 0], [0, 0, 0]]
    )
    column = models.user_networks((1,), "int32")[0]
    np.testing.assert_array_equal(as_input(column, labels), [[1], [0]])
    assert as_input(tiny.networks()[0], labels) is None
    assert joined(1, None) == 1
    assert joined(1, 2, None) == [1, 2]


@pytest.mark.parametrize(
    ("labels", "received"),
    [
        (None, "none"),
        ([0, 2], "2"),
        ([-1, 0], "-1"),
        ([0.0, 1.0], r"float32 of the shape \(2,\)"),
        ([[0, 1]], r"int32 of the shape \(1, 2\)"),
    ],
)
def test_bad_labels_are_one_line(labels, received):
    with pytest.raises(
        InputError, match=rf"an integer in \[0, 1\] .* Received: {received}$"
    ):
        models.CLASSES.check(labels)


@pytest.mark.parametrize("vectors", [[0, 1, 0], [[1.0, 2.0]], None])
def test_bad_attributes_are_one_line(vectors):
    with pytest.raises(InputError, match="a vector of 3 numbers for each"):
        models.ATTRIBUTES.check(vectors)


def test_what_lies_between_labels():
    first, second = np.float32([[0, 1]]), np.float32([[1, 3]])
    condition = Condition("attributes", 2)
    between = condition.between(first, second, 0.25)
    np.testing.assert_array_equal(between, [[0.25, 1.5]])
    assert models.CLASSES.between(3, 5, 0.4) == 3
    assert models.CLASSES.between(3, 5, 0.5) == 5


def test_a_configuration_knows_its_condition():
    config = Config.from_preset("mnist", conditional="labels", label_dim=7)
    assert config.networks.condition == Condition("labels", 7)
    assert Config.from_preset("mnist").networks.condition is None
    unknown = Config.from_preset("mnist", conditional="labels")
    with pytest.raises(InputError, match="label_dim must be given"):
        assert unknown.networks.condition
