"""Keras' own test of configurations, and its plots, on `ALI` and networks."""

import shutil

import keras
import pydot
import pytest
from keras.src.testing import TestCase

import ali_keras
from tests import tiny


def networks():
    """The tiny networks, all four, by name."""
    encoder, decoder, discriminator = tiny.networks()
    return {
        "encoder": encoder,
        "decoder": decoder,
        "discriminator": discriminator,
        "cycle_discriminator": tiny.cycle_discriminator(),
    }


@pytest.mark.parametrize("name", networks())
def test_networks_can_be_made_from_their_configurations(name):
    TestCase().run_class_serialization_test(networks()[name])


@pytest.mark.parametrize("with_cycle", (False, True))
def test_ali_can_be_made_from_its_configuration(with_cycle):
    # `run_layer_test` does not apply: it makes each model several times of
    # the same arguments, and two models would then train the same networks.
    given = networks()
    if not with_cycle:
        del given["cycle_discriminator"]
    model = ali_keras.ALI(**given, seed=3, ema_decay=0.5, bounded=False)
    revived = TestCase().run_class_serialization_test(model)
    assert (revived.seed, revived.ema_decay, revived.bounded) == (3, 0.5, False)


@pytest.mark.parametrize("name", networks())
def test_networks_can_be_plotted(name):
    # As far as `plot_model` goes without the programs of Graphviz.
    network = networks()[name]
    dot = keras.utils.model_to_dot(network, show_shapes=True)
    assert isinstance(dot, pydot.Dot)
    for layer in network.layers:
        assert layer.name in dot.to_string()


def test_a_plot_of_ali_is_one_box():
    # It is no graph of layers: docs/your_networks.md says what to plot.
    dot = keras.utils.model_to_dot(tiny.model())
    assert [box.get_name() for box in dot.get_nodes()].count("node") == 1
    assert "ALI" in dot.to_string()
    assert not dot.get_edges()


def test_a_picture_is_drawn_or_says_what_it_wants(tmp_path):
    path = tmp_path / "encoder.png"
    encoder = networks()["encoder"]
    if shutil.which("dot"):
        keras.utils.plot_model(encoder, path)
        assert path.stat().st_size
    else:
        with pytest.raises(ImportError, match="You must install graphviz"):
            keras.utils.plot_model(encoder, path)
