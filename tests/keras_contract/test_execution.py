"""The ways in which Keras runs a step: as a graph, eagerly, by XLA."""

import numpy as np
import pytest

from tests import tiny

IMAGES = tiny.images(12)


def after_three_steps(**compile_options):
    """A tiny model after an epoch, and the figures of that epoch."""
    model = tiny.model(ema_decay=0.5, **compile_options)
    figures = tiny.fit(model, IMAGES)
    return model, {name: value for name, [value] in figures.items()}


@pytest.fixture(scope="module")
def as_graph():
    return after_three_steps()


def evaluated(model):
    return model.evaluate(IMAGES, batch_size=4, verbose=0, return_dict=True)


@pytest.mark.parametrize(
    "options",
    ({"run_eagerly": True}, {"steps_per_execution": 2}),
    ids=str,
)
def test_a_step_is_the_same_however_it_runs(as_graph, options):
    expected, expected_figures = as_graph
    model, figures = after_three_steps(**options)
    assert figures == pytest.approx(expected_figures, rel=1e-4)
    difference = tiny.scattered(tiny.values(expected), tiny.values(model))
    assert max(difference.values()) < 1e-3
    assert evaluated(model) == pytest.approx(evaluated(expected), rel=1e-3)
    np.testing.assert_allclose(
        model.predict(IMAGES, verbose=0), model.reconstruct(IMAGES), atol=1e-5
    )


@pytest.mark.slow
def test_xla_trains_and_draws_noise_of_its_own(as_graph):
    # TensorFlow's stateless noise has other values in XLA's code, so the
    # steps differ from those of the graph and only repeat among themselves.
    model = tiny.model(ema_decay=0.5, jit_compile=True)
    start = tiny.values(model)
    one = tiny.fit(model, IMAGES)
    trained = tiny.values(model)
    for name, variable in tiny.variables(model).items():
        variable.assign(start[name])
    other = tiny.fit(model, IMAGES)
    difference = tiny.scattered(trained, tiny.values(model))
    assert max(difference.values()) < 1e-3
    for name in as_graph[1]:
        assert other[name] == pytest.approx(one[name], rel=1e-4)
        assert np.isfinite(one[name]).all()
    assert one["generator_loss"] != [as_graph[1]["generator_loss"]]
    assert np.isfinite(list(evaluated(model).values())).all()
    np.testing.assert_allclose(
        model.predict(IMAGES, verbose=0), model.reconstruct(IMAGES), atol=1e-5
    )
