"""From a SavedModel to the bytes of a .tflite file."""

import tempfile

import tensorflow as tf

from ali_keras import fixed_batches
from ali_keras.errors import InputError
from ali_keras.errors import first_line

from .. import servables
from .quiet import quiet


def convert(path, name, batch_size, quantization="none", examples=None):
    """Converts a servable to a .tflite file of builtin operations.

    Args:
        path: Path of the SavedModel.
        name: "encoder", "decoder" or "classifier".
        batch_size: Integer. The file takes such batches alone.
        quantization: A key of `forms.FORMS`. With "int8" all operations are of
            integers; inputs and outputs keep the SavedModel's types.
        examples: Dictionary of arrays `(num_examples, ...)` by the inputs'
            names, for "int8".

    Returns:
        Bytes.

    Raises:
        InputError: if the networks need operations that are not builtin.
    """
    with tempfile.TemporaryDirectory() as folder, quiet():
        names = servables.DETERMINISTIC[name]
        inputs = _save_static(path, names, batch_size, folder)
        converter = tf.lite.TFLiteConverter.from_saved_model(
            folder, signature_keys=list(names)
        )
        _choose_form(converter, quantization)
        if quantization == "int8":
            converter.representative_dataset = lambda: _calibration(
                inputs, examples, batch_size
            )
        return _convert(converter, path)


def _save_static(path, names, batch_size, folder):
    """Saves signatures for one batch size; returns their inputs by name."""
    # The converter takes the shapes as they are. With a dynamic batch, each
    # transposed convolution would compute its own, which accelerators refuse.
    module = tf.Module()
    module.loaded = servables.load(path)
    functions, inputs = {}, {}
    for name in names:
        signature = module.loaded.signatures[name]
        inputs[name] = {
            key: tf.TensorSpec((batch_size, *spec.shape[1:]), spec.dtype, key)
            for key, spec in servables.inputs_of(signature).items()
        }
        function = _bound(signature)
        functions[name] = function.get_concrete_function(**inputs[name])
    tf.saved_model.save(module, folder, functions)
    return inputs


def _bound(signature):
    return tf.function(lambda **inputs: signature(**inputs))


def _choose_form(converter, quantization):
    # No Flex operations, which the plain interpreter does not have.
    operations = tf.lite.OpsSet.TFLITE_BUILTINS
    if quantization != "none":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantization == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if quantization == "int8":
        operations = tf.lite.OpsSet.TFLITE_BUILTINS_INT8
    converter.target_spec.supported_ops = [operations]


def _calibration(inputs, examples, batch_size):
    for name, specs in inputs.items():
        arrays = {key: examples[key] for key in specs}
        for batch in fixed_batches.batches(arrays, batch_size):
            yield name, batch


def _convert(converter, path):
    try:
        return converter.convert()
    except Exception as error:  # The converter raises many kinds.
        raise InputError(
            "The networks must be of LiteRT's builtin operations. Received: "
            f"{path} ({type(error).__name__}: {first_line(error)})"
        ) from None
