"""`fit`, `evaluate` and `predict` on all that Keras takes as data."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests import tiny

BATCH_SIZE = 4
NUM_BATCHES = 3
IMAGES = tiny.images(BATCH_SIZE * NUM_BATCHES)


class Batches(keras.utils.PyDataset):
    """Batches that Keras asks two threads for, by their number."""

    def __init__(self):
        super().__init__(workers=2)

    def __len__(self):
        return NUM_BATCHES

    def __getitem__(self, number):
        return (IMAGES[number * BATCH_SIZE :][:BATCH_SIZE],)


class Loader:
    """An iterable that is no generator, as data loaders often are."""

    def __iter__(self):
        return in_batches()


def in_batches():
    while True:
        for images in np.split(IMAGES, NUM_BATCHES):
            yield (images,)


def torch_loader(wrapped):
    """PyTorch's `DataLoader`; PyTorch is no dependency of the project."""
    torch = pytest.importorskip("torch")
    data = torch.from_numpy(IMAGES)
    if wrapped:
        data = torch.utils.data.TensorDataset(data)
    return torch.utils.data.DataLoader(data, BATCH_SIZE)


# Makes the arguments of `fit`, `evaluate` and `predict`.
KINDS = {
    "array": lambda: {"x": IMAGES, "batch_size": BATCH_SIZE},
    "float64 array": lambda: {
        "x": IMAGES.astype("float64"),
        "batch_size": BATCH_SIZE,
    },
    "tensor": lambda: {"x": tf.constant(IMAGES), "batch_size": BATCH_SIZE},
    "tf.data": lambda: {"x": tiny.batches(IMAGES, BATCH_SIZE)},
    "PyDataset": lambda: {"x": Batches()},
    "generator": lambda: {"x": in_batches()},
    "PyTorch": lambda: {"x": torch_loader(wrapped=True)},
}
EVERY_KIND = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def model():
    """One model for all kinds: TensorFlow traces its functions once."""
    return tiny.model(ema_decay=0.5)


@pytest.fixture(scope="module")
def start(model):
    return tiny.values(model)


@pytest.fixture(scope="module")
def expected(model, start):
    """The variables after six steps, one by one, without `fit`."""
    put(model, start)
    for images in np.split(IMAGES, NUM_BATCHES) * 2:
        model.train_step(tf.constant(images))
    return tiny.values(model)


def put(model, values):
    for name, variable in tiny.variables(model).items():
        variable.assign(values[name])


@EVERY_KIND
def test_any_data_trains_alike(model, start, expected, kind):
    put(model, start)
    steps = {"steps_per_epoch": NUM_BATCHES} if kind == "generator" else {}
    data = KINDS[kind]()
    history = model.fit(**data, **steps, epochs=2, shuffle=False, verbose=0)
    assert tiny.values(model)["step"] == 2 * NUM_BATCHES
    difference = tiny.scattered(expected, tiny.values(model))
    assert max(difference.values()) < 1e-3
    assert all(len(figures) == 2 for figures in history.history.values())


@EVERY_KIND
def test_any_data_is_evaluated_alike(model, expected, kind):
    put(model, expected)
    names = ["array", kind]
    array, other = (
        model.evaluate(
            **KINDS[name](), steps=NUM_BATCHES, verbose=0, return_dict=True
        )
        for name in names
    )
    assert other == pytest.approx(array, rel=1e-5)
    assert other["reconstruction_error"] > 0


@EVERY_KIND
def test_any_data_is_reconstructed_alike(model, expected, kind):
    put(model, expected)
    rebuilt = model.predict(**KINDS[kind](), steps=NUM_BATCHES, verbose=0)
    np.testing.assert_allclose(rebuilt, model.reconstruct(IMAGES), atol=1e-5)


def test_a_share_of_an_array_validates(model, start):
    put(model, start)
    figures = model.fit(
        IMAGES, validation_split=1 / 3, batch_size=BATCH_SIZE, verbose=0
    ).history
    assert tiny.values(model)["step"] == 2
    put_aside = model.evaluate(
        IMAGES[-4:], batch_size=BATCH_SIZE, verbose=0, return_dict=True
    )
    validated = {name: figures[f"val_{name}"][0] for name in put_aside}
    assert validated == pytest.approx(put_aside, rel=1e-5)


def test_another_iterable_is_refused_in_words(model):
    with pytest.raises(ValueError, match="Unrecognized data type: x=.*Loader"):
        model.fit(Loader(), verbose=0)


def test_a_loader_of_bare_images_is_refused(model):
    # By Keras, which expects pairs of it, see docs/your_networks.md.
    with pytest.raises(TypeError):
        model.fit(torch_loader(wrapped=False), shuffle=False, verbose=0)
