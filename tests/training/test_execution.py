"""How a run is carried out: what is refused."""

import pytest

from ali_keras import Execution
from ali_keras import InputError


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("strategy", "tpu", "one of"),
        ("num_virtual_devices", -1, "at least 1"),
        ("checkpoint_every_steps", -1, "at least 1"),
        ("keep_checkpoints", -1, "at least 0"),
        ("on_nonfinite", "ignore", "one of .*rollback"),
    ],
)
def test_what_is_not_allowed_is_named(name, value, rule):
    with pytest.raises(InputError, match=f"{name} must be {rule}.*{value}"):
        Execution(**{name: value})


def test_the_defaults_are_allowed():
    assert Execution() == Execution(strategy="auto", on_nonfinite="stop")
