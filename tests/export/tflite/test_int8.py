"""LiteRT files of int8: integers inside, with ranges of real data."""

import numpy as np

from ali_keras.data import preprocessing
from ali_keras.data import sources
from ali_keras.data import splits
from export.tflite import description
from tests.export.tflite import models


def test_int8_computes_in_integers(converted):
    for path in converted("int8").values():
        for name, operators in _operators_of_floats(path.read_bytes()).items():
            # The split of z's moments, where the joined features need another
            # scale than it.
            exceptions = {"SPLIT"} if name == "features" else set()
            assert operators <= {"QUANTIZE", "DEQUANTIZE", *exceptions}, name


def _operators_of_floats(content):
    """Names of the operations that take or give floats, by signature."""
    schema = description.schema
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
    found = {}
    for graph in model.subgraphs:
        operators = description.Graph(model, graph).operators
        found[graph.name.decode()] = {
            name
            for name, operator in operators
            for index in (*operator.inputs, *operator.outputs)
            if index >= 0  # -1 stands for a bias that there is not.
            and graph.tensors[index].type == schema.TensorType.FLOAT32
        }
    return found


def test_ranges_of_int8_are_those_of_real_images_and_codes(trained, converted):
    model, folder, _ = trained
    encode = models.about(converted("int8")["encoder"])["signatures"]["encode"]
    [ends] = _ranges(encode["inputs"]).values()
    np.testing.assert_allclose(ends, (0, 1), atol=0.02)
    decode = models.about(converted("int8")["decoder"])["signatures"]["decode"]
    [(low, high)] = _ranges(decode["inputs"]).values()
    builder = sources.open_dataset("tiny", str(folder))
    pixels, _ = splits.load_arrays(builder, "train", 4, 1)
    codes = model.encode(preprocessing.to_float(pixels)).numpy()
    # Codes, and draws from the prior, of which some lie beyond 2.
    assert low <= min(codes.min(), -1.5) + 0.1
    assert high >= max(codes.max(), 1.5) - 0.1


def _ranges(tensors):
    """Least and largest value that the 8 bits of each tensor can hold."""
    ranges = {}
    for name, tensor in tensors.items():
        scale, zero = tensor["quantization"].values()
        ranges[name] = ((-128 - zero) * scale, (127 - zero) * scale)
    return ranges
