"""The served encoder and decoder, asked by the names of their inputs."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ali_keras.client import checks
from ali_keras.client.calls import Deadline
from ali_keras.client.errors import not_understood
from ali_keras.client.sending import Sender

# The first input of the signatures. All others are further ones, which the
# caller names as the signature does.
IMAGE = "image"
IMAGE_FILES = "image_bytes"
CODES = "z"

Further = Mapping[str, ArrayLike]
Inputs = Mapping[str, np.ndarray]


class Encoding(NamedTuple):
    """What an encoder says of images.

    Attributes:
        z_mean: float32 array `(batch, latent_dim)`.
        z_log_sigma: The same, or `None` of a deterministic encoder.
    """

    z_mean: np.ndarray
    z_log_sigma: np.ndarray | None


def _from_outputs(outputs: Mapping[str, np.ndarray]) -> Encoding:
    """Takes an `Encoding` out of the outputs of a signature."""
    z_mean = _floats(outputs, "z_mean")
    if z_mean.ndim != 2:
        raise not_understood(f"z_mean of shape {z_mean.shape}")
    if "z_log_sigma" not in outputs:
        return Encoding(z_mean, None)
    return Encoding(z_mean, _floats(outputs, "z_log_sigma"))


def _floats(
    outputs: Mapping[str, np.ndarray], name: str, kinds: str = "f"
) -> np.ndarray:
    """Takes an array of floats, or of other kinds of NumPy's, out of outputs.

    Raises:
        ServerError: if there is none.
    """
    if name not in outputs or outputs[name].dtype.kind not in kinds:
        raise not_understood(f"no numbers called {name}")
    return outputs[name]


class ServedModels:
    """An encoder and a decoder behind a server.

    Args:
        sender: `Sender`.
        encoder: String. Name of the encoder's servable.
        decoder: String. Name of the decoder's servable.
        image_range: Least and greatest pixel of floats, or `None`.
    """

    def __init__(
        self,
        sender: Sender,
        encoder: str,
        decoder: str,
        image_range: checks.Range,
    ) -> None:
        self._sender = sender
        self._encoder = encoder
        self._decoder = decoder
        self._image_range = checks.image_range(image_range)

    def image_inputs(
        self,
        signature: str,
        images: ArrayLike,
        further: Further,
        deadline: Deadline,
    ) -> Inputs:
        """Checks what a signature of the encoder takes.

        Raises:
            InputError: if a name is missing or unknown, or an array is not as
                the servable takes it.
            ServerError, DeadlineError: if the server does not say.
        """
        rows = self._sender.input_rows(self._encoder, signature, deadline)
        checks.names(signature, rows, [IMAGE, *further])
        array = checks.images(images, *rows[IMAGE], self._image_range)
        beside = checks.further_inputs(further, rows, len(array))
        return {IMAGE: array, **beside}

    def file_inputs(
        self, images: Sequence[bytes], further: Further, deadline: Deadline
    ) -> Inputs:
        """Checks what `encode_jpeg` takes, see `image_inputs`."""
        array = checks.encoded_images(images)
        rows = self._sender.input_rows(self._encoder, "encode_jpeg", deadline)
        checks.names("encode_jpeg", rows, [IMAGE_FILES, *further])
        beside = checks.further_inputs(further, rows, len(array))
        return {IMAGE_FILES: array, **beside}

    def code_inputs(
        self, z: ArrayLike, further: Further, deadline: Deadline
    ) -> Inputs:
        """Checks what `decode` takes, see `image_inputs`."""
        rows = self._sender.input_rows(self._decoder, "decode", deadline)
        checks.names("decode", rows, [CODES, *further])
        shape, _ = rows[CODES]
        if len(shape) != 1:
            raise not_understood(f"codes of shape {shape}")
        array = checks.codes(z, *shape)
        return {
            CODES: array,
            **checks.further_inputs(further, rows, len(array)),
        }

    def encode(
        self, inputs: Inputs, deadline: Deadline, signature: str = "encode"
    ) -> Encoding:
        """Returns the codes of inputs that were checked."""
        return _from_outputs(
            self._sender.predict(self._encoder, signature, inputs, deadline)
        )

    def features(self, inputs: Inputs, deadline: Deadline) -> np.ndarray:
        """Returns the features of inputs that were checked."""
        outputs = self._sender.predict(
            self._encoder, "features", inputs, deadline
        )
        return _floats(outputs, "features")

    def decode(self, inputs: Inputs, deadline: Deadline) -> np.ndarray:
        """Returns the images of inputs that were checked."""
        outputs = self._sender.predict(
            self._decoder, "decode", inputs, deadline
        )
        return _floats(outputs, "image", kinds="fu")

    def reconstruct(
        self, images: ArrayLike, further: Further, deadline: Deadline
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns the images, checked, and their reconstructions."""
        to_encode, to_decode = self._share(further, deadline)
        inputs = self.image_inputs("encode", images, to_encode, deadline)
        count = len(inputs[IMAGE])
        beside = self._beside_codes(to_decode, count, deadline)
        z = self.encode(inputs, deadline).z_mean
        rebuilt = self.decode({CODES: z, **beside}, deadline)
        if rebuilt.shape != inputs[IMAGE].shape:
            raise not_understood(
                f"images of shape {rebuilt.shape}, not {inputs[IMAGE].shape}"
            )
        return inputs[IMAGE], rebuilt

    def interpolate(
        self,
        images: tuple[ArrayLike, ArrayLike],
        steps: int,
        further: Further,
        deadline: Deadline,
    ) -> np.ndarray:
        """Returns `(batch, steps, ...)` images between paired images."""
        to_encode, to_decode = self._share(further, deadline)
        end1, end2 = (
            self.image_inputs("encode", each, to_encode, deadline)
            for each in images
        )
        checks.pairs(end1[IMAGE], end2[IMAGE], steps)
        beside = self._beside_codes(to_decode, len(end1[IMAGE]), deadline)
        both = {k: np.concatenate([end1[k], end2[k]]) for k in end1}
        z1, z2 = np.split(self.encode(both, deadline).z_mean, 2)
        shares = [step / (steps - 1) for step in range(steps)]
        # The codes may be infinite, if the server says so.
        with np.errstate(over="ignore", invalid="ignore"):
            path = [z1 + (z2 - z1) * share for share in shares]
        points = np.stack(path, axis=1)
        inputs = {CODES: points.reshape(-1, z1.shape[1])}
        for name, array in beside.items():
            inputs[name] = np.repeat(array, steps, axis=0)
        decoded = self.decode(inputs, deadline)
        return decoded.reshape(*points.shape[:2], *decoded.shape[1:])

    def _share(
        self, further: Further, deadline: Deadline
    ) -> tuple[Further, Further]:
        """Gives `encode` and `decode` each their own of the further inputs.

        What neither knows goes to `encode`, which refuses it.
        """
        encoder = self._sender.input_rows(self._encoder, "encode", deadline)
        decoder = self._sender.input_rows(self._decoder, "decode", deadline)
        return (
            {
                name: value
                for name, value in further.items()
                if name in encoder or name not in decoder
            },
            {name: further[name] for name in further if name in decoder},
        )

    def _beside_codes(
        self, further: Further, count: int, deadline: Deadline
    ) -> Inputs:
        """Checks what `decode` takes beside codes that are yet to come."""
        rows = self._sender.input_rows(self._decoder, "decode", deadline)
        checks.names("decode", rows, [CODES, *further])
        return checks.further_inputs(further, rows, count)
