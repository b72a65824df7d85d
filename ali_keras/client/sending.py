"""A batch to a signature: in parts, with retries, under one deadline."""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any
from typing import TypeVar

import numpy as np

from ali_keras import fixed_batches
from ali_keras.client import batches
from ali_keras.client import checks
from ali_keras.client import tensors
from ali_keras.client.addresses import Transport
from ali_keras.client.calls import Deadline
from ali_keras.client.calls import with_retries
from ali_keras.client.errors import not_understood
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
        self._tries = checks.positive("tries", tries)
        self._max_batch_size = checks.positive("max_batch_size", max_batch_size)
        self._max_message_bytes = max_message_bytes
        self._signatures: dict[str, Mapping[str, Any]] = {}

    def signature(self, model: str, name: str, deadline: Deadline) -> Any:
        """Returns the `SignatureDef` of a signature.

        Raises:
            InputError: if the served model has none such.
            ServerError, DeadlineError: if the server does not say.
        """
        if model not in self._signatures:
            self._signatures[model] = self._send(
                lambda: self.transport.signatures(model, deadline), deadline
            )
        known = self._signatures[model]
        if name not in known:
            raise InputError(
                f"The served model must have the signature {name}. Received: "
                f"{model}, with {', '.join(sorted(known)) or 'none'}"
            )
        return known[name]

    def input_rows(
        self, model: str, name: str, deadline: Deadline
    ) -> dict[str, checks.Row]:
        """Returns shape and type of a row of each input of a signature.

        Raises:
            InputError, ServerError, DeadlineError: as for `signature`.
        """
        rows = {}
        for key, info in self.signature(model, name, deadline).inputs.items():
            if not info.tensor_shape.dim:
                raise not_understood(f"input {key} without a batch")
            shape = tuple(dim.size for dim in info.tensor_shape.dim[1:])
            rows[key] = (shape, np.dtype(tensors.numpy_dtype(info.dtype)))
        return rows

    def predict(
        self,
        model: str,
        name: str,
        inputs: Mapping[str, np.ndarray],
        deadline: Deadline,
    ) -> dict[str, np.ndarray]:
        """Runs a signature on a batch.

        Args:
            model: String.
            name: String. The signature.
            inputs: Arrays that were checked, by name, all of one length above
                0.
            deadline: `Deadline` of the whole.

        Returns:
            Dictionary of the outputs, row by row those of the inputs.

        Raises:
            InputError: if one row is too large to be sent; none was then.
            ServerError, DeadlineError: if a request failed.
        """
        signature = self.signature(model, name, deadline)
        count = max(map(len, inputs.values()))
        inputs, parts = self._divide(inputs, signature)
        answers = [
            self._predict_part(
                model,
                name,
                {key: rows[part] for key, rows in inputs.items()},
                signature,
                deadline,
            )
            for part in parts
        ]
        return {
            output: np.concatenate([a[output] for a in answers])[:count]
            for output in signature.outputs
        }

    def _divide(
        self, inputs: Mapping[str, np.ndarray], signature: Any
    ) -> tuple[Mapping[str, np.ndarray], list[slice]]:
        limit = self._max_message_bytes
        infos = signature.inputs.values()
        fixed = max(info.tensor_shape.dim[0].size for info in infos)
        if fixed > limit:  # A row has a byte at least.
            raise batches.too_large(fixed, limit)
        if fixed > 0:
            inputs = {
                key: fixed_batches.fill(rows, fixed)
                for key, rows in inputs.items()
            }
            sizes = self._row_sizes(inputs, signature)
            return inputs, batches.split_evenly(sizes, limit, fixed)
        sizes = self._row_sizes(inputs, signature)
        return inputs, batches.split(sizes, limit, self._max_batch_size)

    def _row_sizes(
        self, inputs: Mapping[str, np.ndarray], signature: Any
    ) -> list[int]:
        """Estimates the bytes of each row of all inputs, or of the answer."""
        without_answer = type(signature)()
        asked = [
            self.transport.row_sizes(rows, without_answer)
            for rows in inputs.values()
        ]
        first = next(iter(inputs.values()))
        answered = self.transport.row_sizes(first, signature)
        return [
            max(sum(sizes), answer)
            for answer, *sizes in zip(answered, *asked, strict=True)
        ]

    def _predict_part(
        self,
        model: str,
        name: str,
        inputs: Mapping[str, np.ndarray],
        signature: Any,
        deadline: Deadline,
    ) -> dict[str, np.ndarray]:
        answer = self._send(
            lambda: self.transport.predict(
                model, name, inputs, signature, deadline
            ),
            deadline,
        )
        count = max(map(len, inputs.values()))
        for output, info in signature.outputs.items():
            _check(output, answer.get(output), info, count)
        return answer

    def _send(self, send: Callable[[], Answer], deadline: Deadline) -> Answer:
        return with_retries(send, deadline, self._tries)


def _check(name: str, array: np.ndarray | None, info: Any, count: int) -> None:
    """Checks an output against what the signature says of it."""
    if array is None or array.shape[:1] != (count,):
        raise not_understood(f"no {name} for each of {count} rows")
    shape = [dim.size for dim in info.tensor_shape.dim[1:]]
    is_shape = len(shape) == array.ndim - 1 and all(
        wanted in (-1, size)
        for wanted, size in zip(shape, array.shape[1:], strict=True)
    )
    dtype = tensors.numpy_dtype(info.dtype)
    if array.dtype != dtype or not is_shape:
        raise not_understood(
            f"{name} of {array.dtype} and shape {array.shape}, not {dtype} "
            f"and {(count, *shape)}"
        )
