"""TF Serving's messages, as far as the client needs them.

The modules of `tensorflow_serving.apis` have them all, but import TensorFlow:
seconds, and hundreds of megabytes. So the messages are declared here, with the
names, numbers and types of the `.proto` files of TensorFlow and TF Serving.
Fields that the client does not read are left out: Protocol Buffers pass over
them. The package has a name of its own, because TensorFlow, where it is loaded
too, registers its messages under theirs.
"""

from typing import Any

from google.protobuf import any_pb2
from google.protobuf import descriptor_pb2
from google.protobuf import descriptor_pool
from google.protobuf import message_factory
from google.protobuf import wrappers_pb2

PACKAGE = "ali_keras.client"
# The types of `tensorflow.DataType` that NumPy has.
DATA_TYPES = {
    "DT_INVALID": 0,
    "DT_FLOAT": 1,
    "DT_DOUBLE": 2,
    "DT_INT32": 3,
    "DT_UINT8": 4,
    "DT_INT16": 5,
    "DT_INT8": 6,
    "DT_STRING": 7,
    "DT_INT64": 9,
    "DT_BOOL": 10,
    "DT_UINT16": 17,
    "DT_HALF": 19,
    "DT_UINT32": 22,
    "DT_UINT64": 23,
}
# Of each message the fields, with number and type: "*" is repeated, "{}" a map
# from strings, "?" a member of the message's only oneof.
MESSAGES = {
    "Dim": {
        "size": (1, "int64"),
        "name": (2, "string"),
    },
    "TensorShapeProto": {
        "dim": (2, "*Dim"),
        "unknown_rank": (3, "bool"),
    },
    "TensorProto": {
        "dtype": (1, "DataType"),
        "tensor_shape": (2, "TensorShapeProto"),
        "version_number": (3, "int32"),
        "tensor_content": (4, "bytes"),
        "float_val": (5, "*float"),
        "double_val": (6, "*double"),
        "int_val": (7, "*int32"),
        "string_val": (8, "*bytes"),
        "int64_val": (10, "*int64"),
        "bool_val": (11, "*bool"),
        "half_val": (13, "*int32"),
        "uint32_val": (16, "*uint32"),
        "uint64_val": (17, "*uint64"),
    },
    "TensorInfo": {
        "name": (1, "?string"),
        "dtype": (2, "DataType"),
        "tensor_shape": (3, "TensorShapeProto"),
    },
    "SignatureDef": {
        "inputs": (1, "{}TensorInfo"),
        "outputs": (2, "{}TensorInfo"),
        "method_name": (3, "string"),
    },
    "ModelSpec": {
        "name": (1, "string"),
        "version": (2, "?google.protobuf.Int64Value"),
        "signature_name": (3, "string"),
        "version_label": (4, "?string"),
    },
    "PredictRequest": {
        "model_spec": (1, "ModelSpec"),
        "inputs": (2, "{}TensorProto"),
        "output_filter": (3, "*string"),
    },
    "PredictResponse": {
        "outputs": (1, "{}TensorProto"),
        "model_spec": (2, "ModelSpec"),
    },
    "GetModelMetadataRequest": {
        "model_spec": (1, "ModelSpec"),
        "metadata_field": (2, "*string"),
    },
    "GetModelMetadataResponse": {
        "model_spec": (1, "ModelSpec"),
        "metadata": (2, "{}google.protobuf.Any"),
    },
    "SignatureDefMap": {
        "signature_def": (1, "{}SignatureDef"),
    },
}
SCALARS = {
    name.removeprefix("TYPE_").lower(): number
    for name, number in descriptor_pb2.FieldDescriptorProto.Type.items()
}
FIELD = descriptor_pb2.FieldDescriptorProto


def _describe() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="ali_keras/client/messages.proto",
        package=PACKAGE,
        syntax="proto3",
        dependency=[any_pb2.DESCRIPTOR.name, wrappers_pb2.DESCRIPTOR.name],
    )
    enum = file.enum_type.add(name="DataType")
    for name, number in DATA_TYPES.items():
        enum.value.add(name=name, number=number)
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            _add_field(message, field, number, kind)
    return file


def _add_field(
    message: descriptor_pb2.DescriptorProto, name: str, number: int, kind: str
) -> None:
    field = message.field.add(name=name, number=number)
    field.label = FIELD.LABEL_OPTIONAL
    if kind.startswith("?"):
        field.oneof_index = 0
        if not message.oneof_decl:
            message.oneof_decl.add(name="choice")
    elif kind.startswith("*"):
        field.label = FIELD.LABEL_REPEATED
    elif kind.startswith("{}"):
        field.label = FIELD.LABEL_REPEATED
        kind = _add_entry(message, name, kind[2:])
    _set_type(field, kind.lstrip("?*"))


def _add_entry(
    message: descriptor_pb2.DescriptorProto, field: str, kind: str
) -> str:
    """Adds the message of a map's key and value; returns its name."""
    name = field.title().replace("_", "") + "Entry"
    entry = message.nested_type.add(name=name)
    entry.options.map_entry = True
    _add_field(entry, "key", 1, "string")
    _add_field(entry, "value", 2, kind)
    return f"{message.name}.{name}"


def _set_type(field: descriptor_pb2.FieldDescriptorProto, kind: str) -> None:
    if kind in SCALARS:
        field.type = SCALARS[kind]
        return
    is_enum = kind == "DataType"
    field.type = FIELD.TYPE_ENUM if is_enum else FIELD.TYPE_MESSAGE
    is_full = kind.startswith("google.")
    field.type_name = f".{kind}" if is_full else f".{PACKAGE}.{kind}"


def _message_class(name: str) -> Any:
    descriptor = DESCRIPTOR.message_types_by_name[name]
    return message_factory.GetMessageClass(descriptor)


DESCRIPTOR = descriptor_pool.Default().AddSerializedFile(
    _describe().SerializeToString()
)

TensorProto = _message_class("TensorProto")
ModelSpec = _message_class("ModelSpec")
PredictRequest = _message_class("PredictRequest")
PredictResponse = _message_class("PredictResponse")
GetModelMetadataRequest = _message_class("GetModelMetadataRequest")
GetModelMetadataResponse = _message_class("GetModelMetadataResponse")
SignatureDefMap = _message_class("SignatureDefMap")
