"""The client's messages and tensors are those of TF Serving and TensorFlow."""

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.framework import tensor_pb2
from tensorflow.core.framework import tensor_shape_pb2
from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow_serving.apis import get_model_metadata_pb2
from tensorflow_serving.apis import model_pb2
from tensorflow_serving.apis import predict_pb2

from ali_keras.client import messages
from ali_keras.client import tensors
from ali_keras.errors import InputError

THEIRS = {
    "Dim": tensor_shape_pb2.TensorShapeProto.Dim,
    "TensorShapeProto": tensor_shape_pb2.TensorShapeProto,
    "TensorProto": tensor_pb2.TensorProto,
    "TensorInfo": meta_graph_pb2.TensorInfo,
    "SignatureDef": meta_graph_pb2.SignatureDef,
    "ModelSpec": model_pb2.ModelSpec,
    "PredictRequest": predict_pb2.PredictRequest,
    "PredictResponse": predict_pb2.PredictResponse,
    "GetModelMetadataRequest": get_model_metadata_pb2.GetModelMetadataRequest,
    "GetModelMetadataResponse": get_model_metadata_pb2.GetModelMetadataResponse,
    "SignatureDefMap": get_model_metadata_pb2.SignatureDefMap,
}
DTYPES = "f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 ?".split()
SHAPES = [(), (1,), (0, 3), (1, 1), (2, 3), (2, 1, 2)]


def describe_field(field):
    """What a field is on the wire, without the messages' packages."""
    kind = field.message_type
    return {
        "number": field.number,
        "type": field.type,
        "repeated": field.is_repeated,
        "packed": field.is_packed,
        "message": kind and kind.name,
        "map": bool(kind) and kind.GetOptions().map_entry,
        "oneof": field.containing_oneof is not None,
    }


def array(dtype, shape):
    values = np.random.default_rng(0).integers(0, 100, shape)
    return values.astype(dtype)


@pytest.mark.parametrize("name", messages.MESSAGES)
def test_fields_are_those_of_tf_serving(name):
    ours = messages.DESCRIPTOR.message_types_by_name[name]
    theirs = THEIRS[name].DESCRIPTOR
    for field in ours.fields:
        expected = describe_field(theirs.fields_by_name[field.name])
        assert describe_field(field) == expected, field.name
        if expected["map"]:
            pairs = zip(
                field.message_type.fields,
                theirs.fields_by_name[field.name].message_type.fields,
                strict=True,
            )
            for entry, other in pairs:
                assert describe_field(entry) == describe_field(other)


def test_data_types_are_those_of_tensorflow():
    for name, number in messages.DATA_TYPES.items():
        assert types_pb2.DataType.Value(name) == number
        if number:
            dtype = tensors.numpy_dtype(number)
            assert dtype == tf.as_dtype(number).as_numpy_dtype


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_arrays_make_the_bytes_of_tensorflow(dtype, shape):
    value = array(dtype, shape)
    expected = tf.make_tensor_proto(value)
    ours = tensors.to_proto(value)
    assert ours.SerializeToString() == expected.SerializeToString()
    back = tensors.from_proto(ours, 1 << 20)
    assert back.dtype == value.dtype
    np.testing.assert_array_equal(back, value)


@pytest.mark.parametrize("count", [1, 3])
def test_strings_make_the_bytes_of_tensorflow(count):
    value = np.empty(count, object)
    value[:] = [b"a\0", b"", b"\xff\0\0"][:count]
    ours = tensors.to_proto(value)
    expected = tf.make_tensor_proto(value)
    assert ours.SerializeToString() == expected.SerializeToString()
    assert tensors.from_proto(ours, 1 << 20).tolist() == value.tolist()


@pytest.mark.parametrize("dtype", DTYPES)
def test_answers_in_single_values_are_read(dtype):
    # As TF Serving sends them by default; a short list repeats its last value.
    theirs = tf.make_tensor_proto(array(dtype, (1,)))
    theirs.tensor_shape.dim[0].size = 4
    ours = messages.TensorProto.FromString(theirs.SerializeToString())
    read = tensors.from_proto(ours, 1 << 20)
    expected = tf.make_ndarray(theirs)
    assert read.dtype == expected.dtype
    np.testing.assert_array_equal(read, expected)


def test_requests_make_the_bytes_of_tf_serving():
    images = array("f4", (2, 4, 4, 1))
    theirs = predict_pb2.PredictRequest()
    theirs.model_spec.name = "encoder"
    theirs.model_spec.version.value = 3
    theirs.model_spec.signature_name = "encode"
    theirs.inputs["image"].CopyFrom(tf.make_tensor_proto(images))
    ours = messages.PredictRequest(
        model_spec={"name": "encoder", "signature_name": "encode"}
    )
    ours.model_spec.version.value = 3
    ours.inputs["image"].CopyFrom(tensors.to_proto(images))
    assert ours.SerializeToString() == theirs.SerializeToString()


def test_signatures_are_read_from_bytes_and_from_json():
    theirs = get_model_metadata_pb2.SignatureDefMap()
    info = theirs.signature_def["encode"].inputs["image"]
    info.name = "image:0"
    info.dtype = types_pb2.DT_UINT8
    info.tensor_shape.dim.add(size=-1)
    read = messages.SignatureDefMap.FromString(theirs.SerializeToString())
    parsed = json_format.ParseDict(
        json_format.MessageToDict(theirs), messages.SignatureDefMap()
    )
    assert read.SerializeToString() == theirs.SerializeToString()
    assert parsed == read


def test_types_that_numpy_lacks_are_refused():
    with pytest.raises(InputError, match="type 14 of"):
        tensors.numpy_dtype(types_pb2.DT_BFLOAT16)
