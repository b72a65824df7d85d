"""How a run is carried out: what may differ from one start to the next."""

import dataclasses

from ali_keras.distribution.strategy import STRATEGIES
from ali_keras.errors import InputError

ON_NONFINITE = ("stop", "rollback")


@dataclasses.dataclass(frozen=True)
class Execution:
    """Settings that a run may be continued with otherwise than it began.

    Attributes:
        strategy: "auto", "default", "mirrored" or "multi_worker", see
            `distribution.create_strategy`.
        num_virtual_devices: Integer. Replicas to fake on the CPU; `None` is
            none.
        deterministic: Boolean. Whether TensorFlow's kernels must give the
            same bytes each time; slower.
        checkpoint_every_steps: Integer, `None` is at the end of epochs only.
        keep_checkpoints: Integer. How many are kept, the newest; 0 is all.
        on_nonfinite: "stop", or "rollback": go on from the last checkpoint
            at half the learning rates, three times at most.
        download: Boolean. Whether TFDS may fetch the data set.
        skip_bad_images: Boolean. Whether images of a folder that cannot be
            read are skipped and counted.

    Raises:
        InputError: if a value is not allowed; the message names it.
    """

    strategy: str = "auto"
    num_virtual_devices: int | None = None
    deterministic: bool = False
    checkpoint_every_steps: int | None = None
    keep_checkpoints: int = 2
    on_nonfinite: str = "stop"
    download: bool = False
    skip_bad_images: bool = False

    def __post_init__(self):
        steps = self.checkpoint_every_steps
        devices = self.num_virtual_devices
        for name, valid, rule in (
            ("strategy", self.strategy in STRATEGIES, f"one of {STRATEGIES}"),
            ("num_virtual_devices", not devices or devices > 0, "at least 1"),
            ("checkpoint_every_steps", not steps or steps > 0, "at least 1"),
            ("keep_checkpoints", self.keep_checkpoints >= 0, "at least 0"),
            (
                "on_nonfinite",
                self.on_nonfinite in ON_NONFINITE,
                f"one of {ON_NONFINITE}",
            ),
        ):
            if not valid:
                raise InputError(
                    f"{name} must be {rule}. Received: {getattr(self, name)}"
                )
