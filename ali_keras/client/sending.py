"""A batch to a signature: in parts, with retries, under one deadline."""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any
from typing import TypeVar

import numpy as np

from ali_keras.client import batches
from ali_keras.client import tensors
from ali_keras.client.addresses import Transport
from ali_keras.client.calls import Deadline
from ali_keras.client.calls import with_retries
from ali_keras.client.errors import ServerError
from ali_keras.errors import InputError

Answer = TypeVar("Answer")


class Sender:
    """Runs signatures of served models on batches of any size.

    What the server says of its models is asked once and kept.

    Args:
        transport: `GrpcTransport` or `RestTransport`.
        tries: Integer. How often a request is sent at most.
        max_batch_size: Integer. Rows of a request at most.
        max_message_bytes: Integer. Bytes of a request or answer at most.
    """

    def __init__(
        self,
        transport: Transport,
        tries: int,
        max_batch_size: int,
        max_message_bytes: int,
    ) -> None:
        self.transport = transport
        self._tries = tries
        self._max_batch_size = max_batch_size
        self._max_message_bytes = max_message_bytes
        self._signatures: dict[str, Mapping[str, Any]] = {}

    def signature(self, model: str, name: str, deadline: Deadline) -> Any:
        """Returns the `SignatureDef` of a signature.

        Raises:
            InputError: if the served model has none such of one input.
            ServerError, DeadlineError: if the server does not say.
        """
        if model not in self._signatures:
            self._signatures[model] = self._send(
                lambda: self.transport.signatures(model, deadline), deadline
            )
        known = self._signatures[model]
        if name not in known or len(known[name].inputs) != 1:
            raise InputError(
                f"The served model must have the signature {name}, of one "
                f"input. Received: {model}, with "
                f"{', '.join(sorted(known)) or 'none'}"
            )
        return known[name]

    def input_row(
        self, model: str, name: str, deadline: Deadline
    ) -> tuple[tuple[int, ...], np.dtype]:
        """Returns shape and type of a row of a signature's only input.

        Raises:
            InputError, ServerError, DeadlineError: as for `signature`.
        """
        [info] = self.signature(model, name, deadline).inputs.values()
        shape = tuple(dim.size for dim in info.tensor_shape.dim[1:])
        return shape, tensors.numpy_dtype(info.dtype)

    def predict(
        self, model: str, name: str, rows: np.ndarray, deadline: Deadline
    ) -> dict[str, np.ndarray]:
        """Runs a signature of one input on a batch.

        Args:
            model: String.
            name: String. The signature.
            rows: Array that was checked, of any length above 0.
            deadline: `Deadline` of the whole.

        Returns:
            Dictionary of the outputs, row by row those of `rows`.

        Raises:
            InputError: if one row is too large to be sent; none was then.
            ServerError, DeadlineError: if a request failed.
        """
        signature = self.signature(model, name, deadline)
        count = len(rows)
        rows, parts = self._divide(rows, signature)
        answers = [
            self._predict_part(model, name, rows[part], signature, deadline)
            for part in parts
        ]
        return {
            output: np.concatenate([a[output] for a in answers])[:count]
            for output in signature.outputs
        }

    def _divide(
        self, rows: np.ndarray, signature: Any
    ) -> tuple[np.ndarray, list[slice]]:
        [info] = signature.inputs.values()
        limit = self._max_message_bytes
        fixed = info.tensor_shape.dim[0].size
        if fixed > 0:
            rows = batches.fill(rows, fixed)
            sizes = self.transport.row_sizes(rows, signature)
            return rows, batches.split_evenly(sizes, limit, fixed)
        sizes = self.transport.row_sizes(rows, signature)
        return rows, batches.split(sizes, limit, self._max_batch_size)

    def _predict_part(
        self,
        model: str,
        name: str,
        rows: np.ndarray,
        signature: Any,
        deadline: Deadline,
    ) -> dict[str, np.ndarray]:
        [input_name] = signature.inputs
        answer = self._send(
            lambda: self.transport.predict(
                model, name, {input_name: rows}, signature, deadline
            ),
            deadline,
        )
        for output in signature.outputs:
            if output not in answer or answer[output].shape[:1] != (len(rows),):
                raise ServerError(
                    "UNKNOWN", f"no {output} for each of {len(rows)} rows"
                )
        return answer

    def _send(self, send: Callable[[], Answer], deadline: Deadline) -> Answer:
        return with_retries(send, deadline, self._tries)
