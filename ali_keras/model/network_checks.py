"""Whether networks fit together, checked when an `ALI` is made."""

import keras
import numpy as np

from ali_keras.model import label_checks
from ali_keras.model.label_checks import takes_dictionary
from ali_keras.networks.condition import as_input

# What an encoder gives besides these is carried along, such as "features".
MOMENTS = ("z_mean", "z_log_sigma")
NUM_DRAWS = 16  # Of the prior, to see a decoder's range.


def as_encoder(encoder):
    """Makes an encoder of a plain tensor one of a dictionary.

    Args:
        encoder: `keras.Model`.

    Returns:
        `keras.Model`: the encoder, or one of the same layers whose output
        stands at `z_mean`, which makes it deterministic.

    Raises:
        ValueError: if the network is not what a player can be.
    """
    _check_network(encoder, "encoder")
    output = _output(encoder)
    if isinstance(output, (dict, list, tuple)):
        return encoder
    return keras.Model(encoder.inputs, {"z_mean": output}, name=encoder.name)


def check_networks(networks, num_classes=None):
    """Checks what four networks take and give.

    Args:
        networks: `Networks`. Its encoder is from `as_encoder`.
        num_classes: Integer, see `label_checks.find_condition`.

    Returns:
        `Condition` of networks that take a label; else `None`.

    Raises:
        ValueError: names the rule, and what was received.
    """
    for name, network in networks._asdict().items():
        if network is not None:
            _check_network(network, name)
    encoder, decoder, discriminator, cycle_discriminator = networks
    _check_moments(encoder)
    condition = label_checks.find_condition(networks, num_classes)
    image = _first_input(encoder, "encoder", condition)
    z = _first_input(decoder, "decoder", condition)
    _check_shape("The encoder's z_mean", encoder.output["z_mean"], z, "z")
    _check_decoder(decoder, image)
    pairs = discriminator.inputs[:2] if condition else discriminator.inputs
    _check_judge(
        discriminator,
        "discriminator",
        image,
        z,
        "[image, z]",
        pairs,
        may_have_classes=condition is None,
    )
    if cycle_discriminator is not None:
        _check_judge(
            cycle_discriminator,
            "cycle_discriminator",
            image,
            image,
            "[image, other image]",
            cycle_discriminator.inputs,
        )
    return condition


def check_range(decoder, prior, condition=None):
    """Checks that a decoder gives pixels in [0, 1] on some draws.

    Args:
        decoder: `keras.Model`.
        prior: "normal" or "uniform".
        condition: `Condition` of a decoder that takes a label.

    Raises:
        ValueError: if one is outside.
    """
    random = np.random.default_rng(0)
    shape = (NUM_DRAWS, decoder.inputs[0].shape[-1])
    z = random.standard_normal(shape)
    if prior == "uniform":
        z = random.uniform(-1, 1, shape)
    inputs = z.astype("float32")
    if condition:
        labels = condition.check(condition.examples(NUM_DRAWS))
        inputs = [
            keras.ops.convert_to_tensor(inputs),
            as_input(decoder, labels),
        ]
    images = keras.ops.convert_to_numpy(decoder(inputs))
    low, high = float(images.min()), float(images.max())
    if low < 0 or high > 1:
        raise ValueError(
            "A decoder must give pixels in [0, 1], with a sigmoid at its end; "
            "or pass bounded=False, for values of any size. Received: pixels "
            f"from {low:.3g} to {high:.3g}"
        )


def check_batch(images, shape):
    """Checks the shape of a batch of images.

    Args:
        images: Tensor.
        shape: Tuple, the encoder's `input_shape`.

    Returns:
        The images.

    Raises:
        ValueError: if the images have no batch axis, or another size.
    """
    if images.shape.is_compatible_with(shape):
        return images
    advice = ""
    if images.shape.is_compatible_with(shape[1:]):
        advice = "; for one image, pass image[None]"
    raise ValueError(
        f"Images must have the shape {_words(shape)}{advice}. Received: "
        f"{_words(images.shape)}"
    )


def _check_network(network, name):
    """Checks that a network is one whose shapes and layers can be read."""
    if isinstance(network, keras.Sequential) and not network.built:
        raise ValueError(
            f"The {name} must be built: begin a Sequential model with "
            "keras.Input(shape). Received: a network without weights"
        )
    # Subclassed models have no `inputs`.
    if isinstance(network, keras.Model) and hasattr(network, "inputs"):
        return _check_precision(network, name)
    advice = ""
    if isinstance(network, keras.layers.Layer):
        advice = "; wrap it: keras.Model(x, network(x)) with x = keras.Input()"
    raise ValueError(
        f"The {name} must be a functional or Sequential keras.Model, whose "
        f"shapes and layers can be read{advice}. Received: "
        f"{type(network).__name__}"
    )


def _output(network):
    # A Sequential model has no `output` before it is called.
    if isinstance(network, keras.Sequential):
        return network.outputs[0]
    return network.output


def _check_precision(network, name):
    for variable in network.trainable_variables:
        if variable.dtype in ("float16", "bfloat16"):
            raise ValueError(
                f"The {name}'s variables must be float32 or float64; use the "
                f"policy mixed_{variable.dtype}. Received: {variable.dtype}"
            )


def _check_moments(encoder):
    output = encoder.output
    rule = (
        "An encoder must give a dictionary of z_mean and, if it is not "
        "deterministic, z_log_sigma, half of the log-variance"
    )
    if not isinstance(output, dict):
        raise ValueError(
            f"{rule}. Received: a {type(output).__name__} of "
            f"{len(output)} tensors"
        )
    strange = [k for k in output if k.startswith("z") and k not in MOMENTS]
    if "z_mean" not in output or strange:
        raise ValueError(f"{rule}. Received: keys {sorted(output)}")
    if "z_log_sigma" in output:
        _check_shape(
            "The encoder's z_log_sigma",
            output["z_log_sigma"],
            tuple(output["z_mean"].shape),
            "z_mean",
        )


def _first_input(network, name, condition):
    num_inputs = 2 if condition else 1
    is_dictionary = takes_dictionary(network)
    if len(network.inputs) != num_inputs or is_dictionary:
        kind = "in a dictionary" if is_dictionary else "in a list"
        raise ValueError(
            f"The {name} must have one input, a tensor. Received: "
            f"{len(network.inputs)} {kind}"
        )
    return tuple(network.inputs[0].shape)


def _check_decoder(decoder, image):
    output = _output(decoder)
    if not hasattr(output, "shape"):
        raise ValueError(
            "A decoder must give one tensor, the image. Received: a "
            f"{type(output).__name__}"
        )
    _check_shape("The decoder's image", output, image, "the encoder's")


def _check_judge(
    network, name, first, second, words, pair, may_have_classes=False
):
    shapes = [tuple(tensor.shape) for tensor in pair]
    wanted = [first, second]
    received = ", ".join(map(_words, shapes))
    if takes_dictionary(network):
        received = f"a dictionary of {received}"
    elif len(shapes) == 2 and all(map(_fit, shapes, wanted)):
        return _check_logit(network, name, may_have_classes)
    elif len(shapes) == 2 and all(map(_fit, shapes, reversed(wanted))):
        received += ", which is the other way round"
    raise ValueError(
        f"The {name}'s inputs must be a list of two, {words}, of the shapes "
        f"{_words(first)}, {_words(second)}. Received: {received}"
    )


def _check_logit(network, name, may_have_classes):
    output = _output(network)
    shape = getattr(output, "shape", None)
    is_vector = shape is not None and len(shape) == 2 and shape[0] is None
    if is_vector and (shape[1] == 1 or may_have_classes and shape[1]):
        return
    received = _words(shape) if shape else type(output).__name__
    classes = ""
    if may_have_classes:
        classes = "; or one for each class, of the shape (batch, num_classes)"
    raise ValueError(
        f"The {name} must give one logit an image, of the shape "
        f"(batch, 1), without a sigmoid{classes}. Received: {received}"
    )


def _check_shape(what, tensor, wanted, whose):
    if not hasattr(tensor, "shape") or not _fit(tuple(tensor.shape), wanted):
        received = _words(getattr(tensor, "shape", ()))
        raise ValueError(
            f"{what} must have the shape of {whose} at the other network, "
            f"{_words(wanted)}. Received: {received}"
        )


def _fit(shape, wanted):
    return len(shape) == len(wanted) and all(
        one is None or other is None or one == other
        for one, other in zip(shape, wanted, strict=True)
    )


def _words(shape):
    sizes = ["batch", *("any" if s is None else str(s) for s in shape[1:])]
    return f"({', '.join(sizes)})"
