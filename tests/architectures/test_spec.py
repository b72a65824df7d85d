"""What the columns of a table turn into: bias, maxout, dropout, z again."""

import dataclasses

import keras
import numpy as np
import pytest

from ali_keras.architectures import ARCHITECTURES
from ali_keras.architectures import CIFAR10
from ali_keras.architectures import stabilised
from ali_keras.architectures.spec import CHANNELS
from ali_keras.architectures.spec import LATENT_DIM
from ali_keras.architectures.spec import Row
from ali_keras.networks.builder import build_networks
from ali_keras.networks.layers import AppendNoise
from ali_keras.networks.layers import StatelessDropout
from ali_keras.networks.layers import UntiedBias
from ali_keras.networks.weights import set_output_bias
from tests import tiny

HIDDEN = Row("transposed", 4, 1, 5, nonlinearity="linear")


def decoder_of(*rows):
    return tiny.networks(decoder=rows)[1]


def decoder_with(bias, batch_norm=False):
    """A decoder whose last row has this bias."""
    last = Row("conv", 1, 1, CHANNELS, batch_norm, 0, "sigmoid", bias=bias)
    return decoder_of(HIDDEN, last)


def discriminator_of(*rows, **changes):
    """A discriminator with these rows for x."""
    return tiny.networks(discriminator_x=rows, **changes)[2]


def before(layer):
    return layer.input._keras_history.operation.name


def after(layer):
    [node] = layer._outbound_nodes
    return node.operation.name


def dropouts(network):
    """Each dropout's rate between the layers before and after it."""
    return {
        (before(layer), layer.rate, after(layer))
        for layer in network.layers
        if isinstance(layer, StatelessDropout)
    }


@pytest.mark.parametrize(
    ("bias", "batch_norm", "tied", "untied"),
    [
        (None, False, (1,), None),
        (None, True, None, None),
        ("none", False, None, None),
        ("tied", True, (1,), None),
        ("untied", False, None, (4, 4, 1)),
    ],
)
def test_a_bias_is_tied_untied_or_none(bias, batch_norm, tied, untied):
    decoder = decoder_with(bias, batch_norm)
    convolution = decoder.get_layer("decoder_image_conv")
    assert convolution.use_bias == (tied is not None)
    if tied:
        assert convolution.bias.shape == tied
    shapes = [v.bias.shape for v in decoder.layers if isinstance(v, UntiedBias)]
    assert shapes == ([untied] if untied else [])


def test_an_output_bias_is_the_log_odds_of_the_mean_image():
    decoder = decoder_with("untied")
    images = np.full((500, 4, 4, 1), 0.5, "float32")
    images[:, 0, 0], images[:, 0, 1] = 0, 1
    images[:125, 1, 2], images[125:, 1, 2] = 1, 0  # A mean of 1/4.
    more = np.concatenate([images, np.ones((100, 4, 4, 1), "float32")])
    set_output_bias(decoder, more)
    by_hand = np.zeros((4, 4, 1))
    by_hand[1, 2] = -np.log(3)
    by_hand[0, 0] = -16.11809555  # log(1e-7 / (1 - 1e-7))
    by_hand[0, 1] = 16.11809555
    bias = decoder.get_layer("decoder_image_bias").bias
    np.testing.assert_allclose(bias, by_hand, rtol=1e-6, atol=1e-7)
    # Where the layers before say nothing, the image is the mean.
    decoder.get_layer("decoder_image_conv").kernel.assign(np.zeros((5, 1)))
    decoded = decoder(np.ones((2, tiny.LATENT_DIM), "float32"))
    expected = np.broadcast_to(images.mean(axis=0), (2, 4, 4, 1))
    np.testing.assert_allclose(decoded, expected, atol=1e-6)


def test_a_decoder_without_an_untied_bias_is_left_alone():
    decoder = decoder_with("tied")
    weights = decoder.get_weights()
    set_output_bias(decoder, tiny.images())
    for kept, was in zip(decoder.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(kept, was)


def test_with_z_appends_z_to_a_row_s_input():
    z_again = Row(
        "conv", 1, 1, tiny.LATENT_DIM, nonlinearity="linear", with_z=True
    )
    first = Row("conv", 1, 1, 6)
    decoder = decoder_of(first, z_again, *tiny.TINY.decoder)
    row = decoder.get_layer("decoder_2_conv")
    # Deaf to the row before, which has 6 maps; z goes through.
    kernel = np.concatenate([np.zeros((6, 3)), np.eye(3)])
    assert row.kernel.shape == kernel.shape
    row.kernel.assign(kernel)
    z = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
    outputs = keras.Model(decoder.input, row.output)(z)
    np.testing.assert_array_equal(outputs[:, 0, 0], z)


@pytest.mark.parametrize(("pieces", "maps"), [(2, 6), (3, 4), (12, 1)])
def test_a_maxout_leaves_one_of_so_many_maps(pieces, maps):
    rows = (
        Row("conv", 4, 1, 12, nonlinearity="maxout"),
        Row("conv", 1, 1, 5),
    )
    discriminator = discriminator_of(*rows, maxout_pieces=pieces)
    convolution = discriminator.get_layer("discriminator_x_1_conv")
    maxout = discriminator.get_layer("discriminator_x_1_maxout")
    following = discriminator.get_layer("discriminator_x_2_conv")
    assert convolution.output.shape == (None, 1, 1, 12)
    assert maxout.output.shape == (None, 1, 1, maps)
    assert following.kernel.shape == (maps, 5)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_late_dropout_lies_before_the_nonlinearity(batch_norm):
    row = Row("conv", 4, 1, 6, batch_norm, 0.0, "relu", late_dropout=0.3)
    last = "batch_norm" if batch_norm else "conv"
    discriminator = discriminator_of(row, discriminator_z=())
    found = {d for d in dropouts(discriminator) if "_x_" in d[0]}
    expected = (f"discriminator_x_1_{last}", 0.3, "discriminator_x_1_relu")
    assert found == {expected}


def test_both_dropouts_of_a_row_draw_from_streams_of_their_own():
    row = Row("conv", 4, 1, 6, dropout=0.5, late_dropout=0.5)
    rows = (row, row._replace(kernel=1))
    discriminator = discriminator_of(*rows)
    streams = [
        layer.stream
        for layer in discriminator.layers
        if isinstance(layer, StatelessDropout)
    ]
    assert len(streams) == len(set(streams)) == 6  # Two in the other tables.


def test_cifar_10_drops_where_the_authors_code_does():
    discriminator = build_networks(CIFAR10, latent_dim=64, channels=3)[2]
    x, z, xz = (f"discriminator_{name}" for name in ("x", "z", "xz"))
    [reshape] = [
        v.name
        for v in discriminator.layers
        if isinstance(v, keras.layers.Reshape)
    ]
    [concatenate] = [
        v.name
        for v in discriminator.layers
        if isinstance(v, keras.layers.Concatenate)
    ]
    assert dropouts(discriminator) == {
        ("image", 0.2, f"{x}_1_conv"),
        (f"{x}_1_maxout", 0.5, f"{x}_2_conv"),
        (f"{x}_3_conv", 0.5, f"{x}_3_maxout"),
        (f"{x}_4_maxout", 0.5, f"{x}_5_conv"),
        (reshape, 0.2, f"{z}_1_conv"),
        (f"{z}_1_maxout", 0.5, f"{z}_2_conv"),
        (concatenate, 0.5, f"{xz}_1_conv"),
        (f"{xz}_1_maxout", 0.5, f"{xz}_2_conv"),
        (f"{xz}_2_maxout", 0.5, "discriminator_logit_conv"),
    }
    joint = discriminator.get_layer(concatenate).output.shape
    assert joint == (None, 1, 1, 256 + 256)


def test_batch_normalization_may_learn_neither_scale_nor_shift():
    for affine, num_weights in ((True, 2), (False, 0)):
        encoder = tiny.networks(batch_norm_affine=affine)[0]
        layer = encoder.get_layer("encoder_1_batch_norm")
        assert len(layer.trainable_weights) == num_weights
        assert len(layer.non_trainable_weights) == 2


def test_an_encoder_s_noise_joins_its_image():
    encoder = tiny.networks(encoder_noise=2)[0]
    assert encoder.input_shape == (None, 4, 4, 1)
    assert encoder.get_layer("encoder_1_conv").kernel.shape == (4, 4, 1 + 2, 6)
    [layer] = [v for v in encoder.layers if isinstance(v, AppendNoise)]
    assert layer.output.shape == (None, 4, 4, 3)


def test_an_encoder_may_give_z_itself():
    rows = (Row("conv", 4, 1, LATENT_DIM, nonlinearity="linear"),)
    outputs = tiny.networks(encoder=rows)[0](tiny.images())
    assert set(outputs) == {"z_mean", "features"}
    assert outputs["z_mean"].shape == (8, tiny.LATENT_DIM)


@pytest.mark.parametrize(
    ("nonlinearity", "is_bounded"), [("sigmoid", True), ("linear", False)]
)
def test_images_are_bounded_by_a_last_sigmoid(nonlinearity, is_bounded):
    last = tiny.TINY.decoder[-1]._replace(nonlinearity=nonlinearity)
    table = dataclasses.replace(
        tiny.TINY, decoder=(*tiny.TINY.decoder[:-1], last)
    )
    assert table.is_bounded is is_bounded


@pytest.mark.parametrize(
    "name", ["svhn", "cifar10", "celeba", "tiny_imagenet", "bigan_mnist"]
)
def test_a_stabilised_discriminator_neither_drops_nor_normalizes(name):
    original = ARCHITECTURES[name]
    table = stabilised(original)
    assert table.weight_stddev is None
    assert (table.encoder, table.decoder) == (
        original.encoder,
        original.decoder,
    )
    for rows in ("discriminator_x", "discriminator_z", "discriminator_xz"):
        pairs = zip(getattr(table, rows), getattr(original, rows), strict=True)
        for row, was in pairs:
            assert not (row.batch_norm or row.dropout or row.late_dropout)
            assert row.bias == ("tied" if was.batch_norm else was.bias)
            assert row[:4] == was[:4]
            assert row.nonlinearity == was.nonlinearity
