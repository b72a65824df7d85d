"""How a run is carried out: what may differ from one start to the next."""

import dataclasses


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
    """

    strategy: str = "auto"
    num_virtual_devices: int | None = None
    deterministic: bool = False
    checkpoint_every_steps: int | None = None
    keep_checkpoints: int = 2
    on_nonfinite: str = "stop"
    download: bool = False
