"""The program of docs/your_networks.md learns real digits in seconds."""

import runpy

import keras
import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

import ali_keras
from ali_keras.model.ali import ALI
from tests.documents.test_readme import code_blocks

NUM_TRAINING = 1500


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the page's programs run."""
    return tmp_path_factory.mktemp("page")


@pytest.fixture(scope="module")
def page(folder):
    """What the page's first program has, by name, after it ran."""
    program, _ = code_blocks("python", "docs/your_networks.md")
    (folder / "program.py").write_text(program)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return runpy.run_path("program.py")


@pytest.fixture(scope="module")
def untrained(page):
    """The same networks as they were before the training, but for chance."""
    networks = (page[n] for n in ("encoder", "decoder", "discriminator"))
    keras.utils.set_random_seed(0)
    return ali_keras.ALI(*map(keras.models.clone_model, networks))


def nearest_neighbour_accuracy(gallery, queries, labels):
    gallery, queries = (
        np.reshape(values, (len(values), -1)) for values in (gallery, queries)
    )
    classifier = KNeighborsClassifier(1).fit(gallery, labels[:NUM_TRAINING])
    return classifier.score(queries, labels[NUM_TRAINING:])


@pytest.mark.slow
def test_codes_tell_digits_apart_better_than_untrained_ones(page, untrained):
    # Measured with three seeds: 0.14 to 0.17 above.
    images, labels = page["images"], page["digits"].target
    before, after = (
        nearest_neighbour_accuracy(z[:NUM_TRAINING], z[NUM_TRAINING:], labels)
        for z in (
            np.asarray(model.encode(images))
            for model in (untrained, page["model"])
        )
    )
    assert after >= before + 0.05


def test_reconstructions_are_of_the_digit_that_was_encoded(page):
    # Measured with three seeds: accuracies of 0.61 to 0.70, chance is 0.10;
    # errors of 0.67 to 0.72 of the mean image's.
    rebuilt, held_out = np.asarray(page["rebuilt"]), page["held_out"]
    pixels = page["images"][:NUM_TRAINING]
    labels = page["digits"].target
    assert nearest_neighbour_accuracy(pixels, rebuilt, labels) >= 0.3
    error, baseline = (
        np.mean(np.square(guess - held_out))
        for guess in (rebuilt, pixels.mean(0))
    )
    assert error < 0.95 * baseline


def test_the_page_s_model_is_loaded_as_the_page_says(page, folder):
    _, program = code_blocks("python", "docs/your_networks.md")
    (folder / "load.py").write_text(program)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        loaded = runpy.run_path("load.py")["model"]
    assert isinstance(loaded, ALI)
    z_mean = loaded.encode(page["held_out"])
    np.testing.assert_allclose(z_mean, page["z_mean"], atol=1e-5)
