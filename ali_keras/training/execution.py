"""How a run is carried out: what may differ from one start to the next."""

from ali_keras import settings
from ali_keras.data.image_header import MAX_IMAGE_PIXELS
from ali_keras.distribution.strategy import STRATEGIES
from ali_keras.settings import setting

ON_NONFINITE = ("stop", "rollback")


@settings.group
class Execution:
    """Settings that a run may be continued with otherwise than it began."""

    strategy: str = setting(
        "auto",
        "Devices to train on; auto: the workers of TF_CONFIG, else all GPUs.",
        choices=STRATEGIES,
    )
    num_virtual_devices: int | None = setting(
        None, "Replicas to fake on the CPU; none: no replicas.", at_least=1
    )
    deterministic: bool = setting(
        False, "The same bytes at each run, at a cost in time."
    )
    checkpoint_every_steps: int | None = setting(
        None,
        "Steps between checkpoints, besides that of each epoch.",
        at_least=1,
    )
    keep_checkpoints: int = setting(
        2, "How many checkpoints are kept, the newest; 0: all.", at_least=0
    )
    picture_every_epochs: int = setting(
        10,
        "Epochs between pictures while training goes on; 0: at the end only.",
        at_least=0,
    )
    on_nonfinite: str = setting(
        "stop",
        "At NaN or infinity; rollback: go on from the last checkpoint at half "
        "the learning rates, three times at most.",
        choices=ON_NONFINITE,
    )
    download: bool = setting(False, "Whether TFDS may fetch the data set.")
    skip_bad_images: bool = setting(
        False,
        "Whether images of a folder that cannot be read are skipped and "
        "counted.",
    )
    max_image_pixels: int = setting(
        MAX_IMAGE_PIXELS,
        "Pixels that a stored image may have; its header is read first.",
        at_least=1,
        at_most=2**29,  # TensorFlow decodes no more.
    )
