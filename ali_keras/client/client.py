"""The client: what a model is for, asked of a server."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ali_keras.client import checks
from ali_keras.client.addresses import Credentials
from ali_keras.client.addresses import open_transport
from ali_keras.client.batches import MESSAGE_OVERHEAD
from ali_keras.client.calls import Deadline
from ali_keras.client.models import Encoding
from ali_keras.client.models import ServedModels
from ali_keras.client.sending import Sender
from ali_keras.data.preprocessing import to_float
from ali_keras.errors import InputError

# What the exports' warm-up expects of the server's batching, and the limit
# that gRPC puts on an answer if nobody says otherwise.
MAX_BATCH_SIZE = 64
MAX_MESSAGE_BYTES = 4 * 1024 * 1024


class Client:
    """A client of an encoder and a decoder behind TF Serving.

    Arrays are checked before they are sent, and sent in parts that the server
    takes. May be used by several threads. Use it in a `with` statement, or
    close it.

    The methods take images or codes, and by keyword what a served signature
    takes beside them, under the name that the signature has for it: such as
    `label=`, an array with a row for each image.

    Args:
        address: "HOST:PORT" for gRPC, "http://HOST:PORT" or
            "https://HOST:PORT" for REST, "unix:PATH" for gRPC by a socket.
        encoder: String. Name of the encoder's servable.
        decoder: String. Name of the decoder's servable.
        version: Integer. Version of both; `None` is the server's choice, the
            newest.
        version_label: String. The server's label of a version, such as
            "canary", instead of `version`.
        image_range: Least and greatest pixel of floats; `None` for points,
            which have no bounds. Of no effect for uint8 servables.
        timeout: Seconds for each call of a method, with all its requests,
            tries and waits.
        tries: Integer. How often a request is sent while the server is
            unavailable.
        max_batch_size: Integer. Images of a request at most. The server's
            batching may refuse larger ones.
        max_message_bytes: Integer. Bytes of a message at most.
        credentials: For TLS, `grpc.ChannelCredentials` for gRPC or
            `ssl.SSLContext` for https.
        plaintext: Boolean. Allows what is not encrypted to leave this
            machine.

    Raises:
        InputError: if an argument is not as said here.
    """

    def __init__(
        self,
        address: str,
        *,
        encoder: str = "encoder",
        decoder: str = "decoder",
        version: int | None = None,
        version_label: str | None = None,
        image_range: tuple[float, float] | None = (0.0, 1.0),
        timeout: float = 10.0,
        tries: int = 3,
        max_batch_size: int = MAX_BATCH_SIZE,
        max_message_bytes: int = MAX_MESSAGE_BYTES,
        credentials: Credentials = None,
        plaintext: bool = False,
    ) -> None:
        max_message_bytes = checks.positive(
            "max_message_bytes", max_message_bytes, least=2 * MESSAGE_OVERHEAD
        )
        self._timeout = checks.seconds(timeout)
        self._transport = open_transport(
            address,
            credentials,
            plaintext,
            max_message_bytes,
            version,
            version_label,
        )
        limits = (tries, max_batch_size, max_message_bytes)
        sender = Sender(self._transport, *limits)
        self._models = ServedModels(sender, encoder, decoder, image_range)
        self._closed = False

    def encode(
        self,
        images: ArrayLike,
        *,
        timeout: float | None = None,
        **inputs: ArrayLike,
    ) -> Encoding:
        """Encodes images to the mean and log sigma of q(z|x).

        Args:
            images: Array `(batch, height, width, channels)`: floats in
                `image_range`, or uint8 for uint8 servables.
            timeout: Seconds; `None` is the client's.
            **inputs: Arrays `(batch, ...)`: what the signature takes beside
                images, by its names.

        Returns:
            `Encoding`.

        Raises:
            InputError: if an input is missing, unknown or not as the servable
                takes it; nothing was sent.
            ServerError: if the server refuses, fails, or is not there.
            DeadlineError: if there is no answer in time.
        """
        deadline = self._deadline(timeout)
        rows = self._models.image_inputs("encode", images, inputs, deadline)
        return self._models.encode(rows, deadline)

    def encode_jpeg(
        self,
        images: Sequence[bytes],
        *,
        timeout: float | None = None,
        **inputs: ArrayLike,
    ) -> Encoding:
        """Encodes images that the server decodes and resizes.

        Args:
            images: List of the contents of JPEG, PNG, GIF or BMP files.
            timeout: Seconds; `None` is the client's.
            **inputs: As for `encode`.

        Returns:
            `Encoding`.

        Raises:
            InputError, ServerError, DeadlineError: as for `encode`.
        """
        deadline = self._deadline(timeout)
        rows = self._models.file_inputs(images, inputs, deadline)
        return self._models.encode(rows, deadline, "encode_jpeg")

    def features(
        self,
        images: ArrayLike,
        *,
        timeout: float | None = None,
        **inputs: ArrayLike,
    ) -> np.ndarray:
        """Returns the encoder's flattened layer before z.

        Args:
            images: As for `encode`.
            timeout: Seconds; `None` is the client's.
            **inputs: As for `encode`.

        Returns:
            float32 array `(batch, size)`.

        Raises:
            InputError, ServerError, DeadlineError: as for `encode`.
        """
        deadline = self._deadline(timeout)
        rows = self._models.image_inputs("features", images, inputs, deadline)
        return self._models.features(rows, deadline)

    def decode(
        self,
        z: ArrayLike,
        *,
        timeout: float | None = None,
        **inputs: ArrayLike,
    ) -> np.ndarray:
        """Decodes codes to images.

        Args:
            z: Floats `(batch, latent_dim)`.
            timeout: Seconds; `None` is the client's.
            **inputs: As for `encode`.

        Returns:
            Array `(batch, height, width, channels)`, float32 or uint8 as the
            servable gives it.

        Raises:
            InputError, ServerError, DeadlineError: as for `encode`.
        """
        deadline = self._deadline(timeout)
        rows = self._models.code_inputs(z, inputs, deadline)
        return self._models.decode(rows, deadline)

    def reconstruct(
        self,
        images: ArrayLike,
        *,
        timeout: float | None = None,
        **inputs: ArrayLike,
    ) -> np.ndarray:
        """Returns `decode(encode(images).z_mean)`, under one deadline.

        Args:
            images: As for `encode`.
            timeout: Seconds; `None` is the client's.
            **inputs: As for `encode`.

        Returns:
            As `decode`.

        Raises:
            InputError, ServerError, DeadlineError: as for `encode`.
        """
        deadline = self._deadline(timeout)
        return self._models.reconstruct(images, inputs, deadline)[1]

    def reconstruction_error(
        self,
        images: ArrayLike,
        *,
        timeout: float | None = None,
        **inputs: ArrayLike,
    ) -> np.ndarray:
        """Returns the mean squared error of each image's reconstruction.

        Args:
            images: As for `encode`.
            timeout: Seconds; `None` is the client's.
            **inputs: As for `encode`.

        Returns:
            float32 array `(batch,)`. Pixels of uint8 servables count as 0 to
            1 here too.

        Raises:
            InputError, ServerError, DeadlineError: as for `encode`.
        """
        deadline = self._deadline(timeout)
        rows, rebuilt = self._models.reconstruct(images, inputs, deadline)
        # A server that gives infinities gets an infinite error, no warning.
        with np.errstate(over="ignore", invalid="ignore"):
            squares = np.square(to_float(rows) - to_float(rebuilt))
            return np.mean(squares.reshape(len(rows), -1), axis=1)

    def interpolate(
        self,
        images1: ArrayLike,
        images2: ArrayLike,
        steps: int = 8,
        *,
        timeout: float | None = None,
        **inputs: ArrayLike,
    ) -> np.ndarray:
        """Decodes points on the lines between paired images' codes.

        Args:
            images1: As for `encode`.
            images2: As many images.
            steps: Integer of at least 2. Points of each line, both ends
                included.
            timeout: Seconds; `None` is the client's.
            **inputs: As for `encode`.

        Returns:
            Array `(batch, steps, height, width, channels)`, else as `decode`.

        Raises:
            InputError, ServerError, DeadlineError: as for `encode`.
        """
        deadline = self._deadline(timeout)
        ends = (images1, images2)
        return self._models.interpolate(ends, steps, inputs, deadline)

    def close(self) -> None:
        """Closes the connection. The client is of no use after that."""
        self._closed = True
        self._transport.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _deadline(self, timeout: float | None) -> Deadline:
        if self._closed:
            raise InputError("A client must be open. Received: a closed one")
        return Deadline(
            self._timeout if timeout is None else checks.seconds(timeout)
        )
