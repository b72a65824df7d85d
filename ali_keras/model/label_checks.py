"""Whether networks take a label, and which: read off their inputs."""

import keras

from ali_keras.networks.condition import ATTRIBUTES
from ali_keras.networks.condition import LABELS
from ali_keras.networks.condition import Condition

# Inputs of unconditional networks. A conditional one has one more, the last.
NUM_INPUTS = {"encoder": 1, "decoder": 1, "discriminator": 2}


def find_condition(networks, num_classes=None):
    """Finds out whether networks are conditional.

    Args:
        networks: `Networks`.
        num_classes: Integer. Number of classes, for networks that take class
            labels. `None`: their last input is a vector of attributes, or
            they take no label.

    Returns:
        `Condition`, or `None` if they take no label.

    Raises:
        ValueError: if only some take a label, or not the same one, or
            `num_classes` does not fit their inputs.
    """
    network = {name: getattr(networks, name) for name in NUM_INPUTS}
    takes_label = {
        name: len(each.inputs) == NUM_INPUTS[name] + 1
        and not takes_dictionary(each)
        for name, each in network.items()
    }
    if not any(takes_label.values()):
        if num_classes is not None:
            raise ValueError(
                "num_classes must be None for networks that take no label. "
                f"Received: {num_classes}"
            )
        return None
    if not all(takes_label.values()):
        raise ValueError(
            "Encoder, decoder and discriminator must all take a label as one "
            "input more, the last of a list, or none of them. Received: "
            + ", ".join(
                f"{name} {'with' if takes else 'without'}"
                for name, takes in takes_label.items()
            )
        )
    shapes = {n: tuple(x.inputs[-1].shape[1:]) for n, x in network.items()}
    return _condition_of(shapes, num_classes)


def takes_dictionary(network):
    """Whether a network takes its inputs in a dictionary."""
    is_sequential = isinstance(network, keras.Sequential)
    return not is_sequential and isinstance(network.input, dict)


def _condition_of(shapes, num_classes):
    shape, *others = set(shapes.values())
    is_vector = len(shape) == 1 and shape[0] is not None
    if others or not (shape == () or is_vector):
        raise ValueError(
            "The label must have one shape for all networks: () or (1,) for "
            "class labels, (size,) for one-hot labels or attributes. "
            f"Received: {shapes}"
        )
    if num_classes is None:
        if shape == ():
            raise ValueError(
                "num_classes must be given for networks that take class "
                "labels, integers. Received: None"
            )
        return Condition(ATTRIBUTES, shape[0])
    if shape not in ((), (1,), (num_classes,)):
        raise ValueError(
            "num_classes must be the size of the networks' one-hot labels, "
            f"{shape[0]}. Received: {num_classes}"
        )
    return Condition(LABELS, num_classes)
