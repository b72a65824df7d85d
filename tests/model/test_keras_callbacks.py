"""The callbacks of Keras as docs/keras.md shows them."""

import csv

import keras
import numpy as np
import pytest
import tensorflow as tf

import ali_keras
from ali_keras.errors import NonFiniteError
from tests import tiny

IMAGES = tiny.images()
CALLBACKS = keras.callbacks
MONITOR = {"monitor": "val_reconstruction_error", "mode": "min"}
FIRST = (0.02, 0.01)  # Rates of generator and discriminator.


def new_model(rates=FIRST):
    optimizers = [keras.optimizers.SGD(rate, momentum=0.5) for rate in rates]
    return tiny.model(optimizers=optimizers, ema_decay=0.9)


@pytest.fixture(scope="module")
def shared():
    """A model, traced once for all tests, and its first values."""
    model = new_model()
    return model, tiny.values(model)


def start_anew(model, values):
    for name, variable in tiny.variables(model).items():
        variable.assign(values[name])
    model._initial_epoch = None  # BackupAndRestore leaves it behind.


@pytest.fixture
def model(shared):
    start_anew(*shared)
    return shared[0]


def fit(model, *callbacks, epochs=3, **options):
    return model.fit(
        IMAGES,
        batch_size=8,
        shuffle=False,
        epochs=epochs,
        validation_data=(IMAGES,),
        callbacks=list(callbacks),
        verbose=0,
        **options,
    ).history


def rates(model):
    return [
        float(optimizer.learning_rate.numpy())
        for optimizer in (
            model.generator_optimizer,
            model.discriminator_optimizer,
        )
    ]


@pytest.mark.parametrize(
    "schedule",
    (lambda epoch, rate: rate / 2, lambda epoch: 0.01 / 2**epoch),
    ids=("of the rate", "of the epoch"),
)
def test_a_scheduler_sets_both_rates_in_their_ratio(model, schedule):
    history = fit(model, CALLBACKS.LearningRateScheduler(schedule), epochs=2)
    np.testing.assert_allclose(history["learning_rate"], [0.01, 0.005])
    np.testing.assert_allclose(rates(model), [0.005, 0.0025])


def test_a_warm_up_from_zero_keeps_the_ratio(model):
    warm_up = CALLBACKS.LearningRateScheduler(lambda epoch: epoch * 0.1)
    fit(model, warm_up, epochs=2)
    np.testing.assert_allclose(rates(model), [0.1, 0.05], rtol=1e-6)


def test_one_rate_can_be_set_alone(model):
    def halve(epoch, logs):
        optimizer = model.discriminator_optimizer
        optimizer.learning_rate = optimizer.learning_rate / 2

    fit(model, CALLBACKS.LambdaCallback(on_epoch_end=halve), epochs=1)
    np.testing.assert_allclose(rates(model), [0.02, 0.005])
    # The ratio is the one in which they stand now.
    model.optimizer.learning_rate = 0.04
    np.testing.assert_allclose(rates(model), [0.04, 0.01])


def test_rates_that_cannot_be_set_are_refused():
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 10)
    with pytest.raises(ValueError, match="must be a number.*CosineDecay"):
        new_model().optimizer.learning_rate = schedule
    with pytest.raises(ValueError, match="compile with rates above 0"):
        new_model((0.0, 0.1)).optimizer.learning_rate = 0.1
    scheduled = new_model((schedule, 0.1))
    with pytest.raises(ValueError, match="compile without schedules"):
        scheduled.optimizer.learning_rate = 0.2
    rate = scheduled.discriminator_optimizer.learning_rate
    assert float(rate.numpy()) == np.float32(0.1)


def test_a_plateau_reduces_both_rates(model):
    # Nothing is an improvement by 10.
    reduce = CALLBACKS.ReduceLROnPlateau(
        factor=0.1, patience=1, min_delta=10.0, **MONITOR
    )
    history = fit(model, reduce)
    np.testing.assert_allclose(history["learning_rate"], [0.02, 0.02, 2e-3])
    np.testing.assert_allclose(rates(model), [2e-4, 1e-4], rtol=1e-5)


def test_early_stopping_stops_and_restores(model):
    stop = CALLBACKS.EarlyStopping(
        patience=1, min_delta=10.0, restore_best_weights=True, **MONITOR
    )
    history = fit(model, stop, epochs=5)
    assert len(history["generator_loss"]) == 2
    # The model is that of the first epoch, with its averages.
    error = model.evaluate(IMAGES, batch_size=8, return_dict=True, verbose=0)
    assert error["reconstruction_error"] == pytest.approx(
        history["val_reconstruction_error"][0], rel=1e-5
    )


@pytest.mark.parametrize("callback", ("EarlyStopping", "ReduceLROnPlateau"))
def test_a_missing_loss_is_named_by_keras(model, callback):
    made = getattr(CALLBACKS, callback)(monitor="val_loss", mode="min")
    with pytest.warns(UserWarning, match="`val_loss` which is not available"):
        fit(model, made, epochs=1)


def test_a_checkpoint_of_the_best_epoch_is_the_model(model, tmp_path):
    path = tmp_path / "best.keras"
    best = CALLBACKS.ModelCheckpoint(path, save_best_only=True, **MONITOR)
    history = fit(model, best)["val_reconstruction_error"]
    loaded = keras.models.load_model(path)
    assert int(loaded.step) == 1 + int(np.argmin(history))
    error = np.square(IMAGES - loaded.reconstruct(IMAGES)).mean()
    assert error == pytest.approx(min(history), rel=1e-5)


class Interrupt(CALLBACKS.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt


def test_a_backup_goes_on_as_if_never_interrupted(shared, model, tmp_path):
    fit(model, epochs=4)
    straight = tiny.values(model)
    start_anew(*shared)
    backup = tmp_path / "backup"
    with pytest.raises(KeyboardInterrupt):
        fit(model, CALLBACKS.BackupAndRestore(backup), Interrupt(), epochs=4)
    # Another process begins with other weights.
    start_anew(model, {k: 0 * value for k, value in straight.items()})
    history = fit(model, CALLBACKS.BackupAndRestore(backup), epochs=4)
    assert len(history["generator_loss"]) == 2
    assert tiny.changed(straight, tiny.values(model)) == set()
    assert not backup.exists()


def test_csv_and_tensorboard_log_what_history_has(model, tmp_path):
    log = tmp_path / "log.csv"
    history = fit(
        model,
        CALLBACKS.CSVLogger(log),
        CALLBACKS.TensorBoard(tmp_path / "logs", write_steps_per_second=True),
        epochs=2,
    )
    with log.open() as file:
        rows = list(csv.DictReader(file))
    for name, values in history.items():
        assert [float(row[name]) for row in rows] == pytest.approx(values)
    tags = {
        value.tag
        for path in tmp_path.glob("logs/*/*")
        for event in tf.compat.v1.train.summary_iterator(str(path))
        for value in event.summary.value
    }
    assert {f"epoch_{name.removeprefix('val_')}" for name in history} <= tags
    assert "epoch_steps_per_second" in tags


def test_terminate_on_nan_is_refused_and_ours_stops(model):
    with pytest.raises(ValueError, match="StopOnNonFinite.*looks at all terms"):
        fit(model, CALLBACKS.TerminateOnNaN())
    model.generator_optimizer.learning_rate = 1e30
    model.discriminator_optimizer.learning_rate = 1e30
    with pytest.raises(NonFiniteError, match="discriminator_loss"):
        fit(model, ali_keras.callbacks.StopOnNonFinite(), epochs=9)


def test_swapping_averages_is_refused_and_ours_are_always_there(model):
    with pytest.raises(ValueError, match="use_ema=True"):
        fit(model, CALLBACKS.SwapEMAWeights())
    fit(model, epochs=2)
    assert not np.array_equal(
        model.encode(IMAGES), model.encoder(IMAGES)["z_mean"]
    )
