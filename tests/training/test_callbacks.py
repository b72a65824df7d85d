"""What happens during `fit`: figures, checkpoints, and when it must stop."""

import json

import keras
import numpy as np
import pytest

from ali_keras import InputError
from ali_keras import Objective
from ali_keras.distribution import signals
from ali_keras.errors import NonFiniteError
from ali_keras.errors import Terminated
from ali_keras.model import trackers
from ali_keras.model.updates.loss_scaling import LOWEST_SCALE
from ali_keras.training.callbacks import ContinueMeans
from ali_keras.training.callbacks import StopAtSignal
from ali_keras.training.callbacks import StopOnNonFinite
from ali_keras.training.callbacks import WriteCheckpoint
from ali_keras.training.callbacks import WriteHistory
from ali_keras.workdir.checkpoints import Checkpoints
from tests import tiny

STEPS = 4
# float32 cannot square it.
OVERFLOWING = Objective(instance_noise=1e38)


def fit(model, *callbacks, epochs=1, steps=range(STEPS)):
    """Fits on batches of four images, those of some steps of an epoch."""
    data = tiny.images(4 * STEPS)[4 * steps.start : 4 * steps.stop]
    return model.fit(
        tiny.batches(data, 4).repeat(),
        epochs=epochs,
        steps_per_epoch=len(steps),
        shuffle=False,
        callbacks=list(callbacks),
        verbose=0,
    ).history


class At(keras.callbacks.Callback):
    """Calls a function after a step."""

    def __init__(self, step, function):
        super().__init__()
        self.step = step
        self.function = function

    def on_train_batch_end(self, batch, logs=None):
        if self.model.step.numpy() == self.step:
            self.function(self.model)


def test_ours_stops_at_the_first_step_that_is_not_finite():
    model = tiny.model(OVERFLOWING)
    with pytest.raises(NonFiniteError) as caught:
        fit(model, StopOnNonFinite(), epochs=2)
    assert model.step.numpy() == 1
    assert type(caught.value.step) is int and caught.value.step == 1
    assert {"discriminator_loss", "generator_loss"} <= set(caught.value.terms)
    assert "after step 1, discriminator_" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_it_stops_in_the_midst_of_an_epoch():
    def spoil(model):
        model.decoder.weights[0].assign_add(
            np.full(model.decoder.weights[0].shape, np.nan)
        )

    model = tiny.model()
    with pytest.raises(NonFiniteError, match="after step 3"):
        fit(model, At(2, spoil), StopOnNonFinite())
    assert model.step.numpy() == 3


def test_finite_figures_do_not_stop_it():
    model = tiny.model()
    fit(model, StopOnNonFinite(), epochs=2)
    assert model.step.numpy() == 2 * STEPS


def float16_model(weight, scale=2.0**15):
    """A float16 model whose decoder has a weight of a given size."""
    model = tiny.model(dtype="mixed_float16")
    kernel = model.decoder.weights[0]
    kernel.assign(np.full(kernel.shape, weight, "f4"))
    for optimizer in model.players:
        optimizer.optimizer.dynamic_scale.assign(scale)
    return model


def test_float16_that_no_loss_scale_heals_is_stopped():
    # The forward pass overflows: 1e30 is infinity in float16.
    model = float16_model(weight=1e30)
    with pytest.raises(NonFiniteError, match="mixed_bfloat16") as caught:
        fit(model, StopOnNonFinite(), epochs=100)
    assert f"at a loss scale of {LOWEST_SCALE:g}" in str(caught.value)
    assert any(name.endswith("loss_scale") for name in caught.value.terms)
    assert model.step.numpy() == 16  # From 2 ** 15 to 2 ** -1.


def test_float16_at_the_lowest_scale_goes_on_if_it_can():
    model = float16_model(weight=0.01, scale=LOWEST_SCALE)
    fit(model, StopOnNonFinite())
    assert model.step.numpy() == STEPS


def write_history(path, epochs, initial_epoch=0):
    """Writes an epoch's figure 10.0 + epoch, as `fit` would."""
    callback = WriteHistory(path, initial_epoch)
    for epoch in range(initial_epoch, epochs):
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, {"loss": np.float32(10 + epoch)})
    return json.loads(path.read_text())


def test_history_is_continued(tmp_path):
    path = tmp_path / "history.json"
    assert write_history(path, 2)["loss"] == [10, 11]
    history = write_history(path, 4, initial_epoch=2)
    assert history["loss"] == [10, 11, 12, 13]
    assert len(history["seconds"]) == 4


def test_history_loses_the_epochs_that_are_trained_again(tmp_path):
    path = tmp_path / "history.json"
    write_history(path, 4)
    history = write_history(path, 3, initial_epoch=2)
    assert history["loss"] == [10, 11, 12]
    assert len(history["seconds"]) == 3


def test_a_history_without_earlier_epochs_is_refused(tmp_path):
    path = tmp_path / "history.json"
    with pytest.raises(InputError, match="the 2 epochs of.*with 0"):
        write_history(path, 3, initial_epoch=2)
    write_history(path, 1)
    with pytest.raises(InputError, match="the 2 epochs of.*with 1"):
        write_history(path, 3, initial_epoch=2)


def test_figures_of_an_epoch_in_two_parts_are_those_of_one():
    states = []
    whole = tiny.model()
    keep = At(1, lambda model: states.append(trackers.state(model)))
    expected = fit(whole, keep)
    model = tiny.model()
    fit(model, steps=range(1))
    (state,) = states
    resumed = fit(
        model,
        ContinueMeans(json.loads(json.dumps(state))),
        steps=range(1, STEPS),
    )
    assert resumed == expected
    assert tiny.changed(tiny.values(whole), tiny.values(model)) == set()


def test_figures_are_continued_in_the_first_epoch_only():
    model = tiny.model()
    state = {name: [1e6, 1.0] for name in model.trackers.means}
    history = fit(model, ContinueMeans(state), epochs=2)
    first, second = history["generator_loss"]
    assert first > 1e4 and second < 100


@pytest.mark.parametrize(
    ("every", "steps"),
    [(None, [4, 8]), (1, [*range(1, 9)]), (3, [3, 4, 6, 8])],
)
def test_checkpoints_come_every_so_many_steps(tmp_path, every, steps):
    checkpoints = Checkpoints(tmp_path, num_kept=0)
    fit(tiny.model(), WriteCheckpoint(checkpoints, every), epochs=2)
    assert list(checkpoints.paths()) == steps


def signalled(tmp_path, step, times=1, epochs=2):
    """Has a signal noticed after a step; returns what was said and saved."""
    checkpoints = Checkpoints(tmp_path, num_kept=0)
    notice = signals.SignalNotice()

    def send(model):
        for _ in range(times):
            notice.receive(None, None)

    callbacks = (
        At(step, send),
        WriteCheckpoint(checkpoints),
        StopAtSignal(notice, checkpoints),
    )
    model = tiny.model()
    with pytest.raises(Terminated) as caught:
        fit(model, *callbacks, epochs=epochs)
    assert model.step.numpy() == step
    path = checkpoints.newest()[1]
    assert f"Terminated after step {step}." in str(caught.value)
    assert str(path) in str(caught.value)
    return model, checkpoints


@pytest.mark.parametrize(
    ("step", "saved"),
    [
        (1, [1]),
        (7, [4, 7]),
        pytest.param(4, [4], marks=pytest.mark.slow),
        pytest.param(8, [4, 8], marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("times", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_signal_ends_the_step_and_saves(tmp_path, step, saved, times):
    model, checkpoints = signalled(tmp_path, step, times)
    assert list(checkpoints.paths()) == saved
    restored = tiny.model()
    state = checkpoints.restore(restored)
    assert tiny.changed(tiny.values(model), tiny.values(restored)) == set()
    assert (state is None) == (step % STEPS == 0)  # Where an epoch ends.


def test_without_checkpoints_a_signal_ends_it_too():
    notice = signals.SignalNotice()
    notice.receive(None, None)
    model = tiny.model()
    with pytest.raises(Terminated, match=r"^Terminated after step 1\.$"):
        fit(model, StopAtSignal(notice))
