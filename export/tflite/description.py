"""What a .tflite file says of itself."""

from ai_edge_litert import schema_py_generated as schema


def describe(content):
    """Reads signatures and operations out of a .tflite file.

    Args:
        content: Bytes of the file.

    Returns:
        Dictionary that `json` can write. `signatures`: for each name the
        `inputs` and `outputs`, each a dictionary by name of `shape`, `dtype`
        and `quantization`: scale and zero point of the 8-bit numbers that
        stand for the values inside, `None` for floats. `operators`: how often
        each operation occurs.
    """
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
    graphs = [Graph(model, graph) for graph in model.subgraphs]
    operators = {}
    for graph in graphs:
        for name, _ in graph.operators:
            operators[name] = operators.get(name, 0) + 1
    return {
        "signatures": {
            signature.signatureKey.decode(): {
                side: _describe_all(graphs[signature.subgraphIndex], tensors)
                for side, tensors in (
                    ("inputs", signature.inputs),
                    ("outputs", signature.outputs),
                )
            }
            for signature in model.signatureDefs
        },
        "operators": dict(sorted(operators.items())),
    }


class Graph:
    """One of a file's graphs: each signature has its own.

    Args:
        model: `schema.ModelT`.
        graph: `schema.SubGraphT` of it.

    Attributes:
        tensors: List of `schema.TensorT`.
        operators: List of tuples of an operation's name and its
            `schema.OperatorT`.
    """

    def __init__(self, model, graph):
        self.tensors = graph.tensors
        self.operators = [
            (_operator_name(model.operatorCodes[op.opcodeIndex]), op)
            for op in graph.operators
        ]

    def quantization(self, index):
        """Returns scale and zero point of a tensor, or of its 8-bit form."""
        for name, op in self.operators:
            if name == "QUANTIZE" and op.inputs[0] == index:
                index = op.outputs[0]
                break
            if name == "DEQUANTIZE" and op.outputs[0] == index:
                index = op.inputs[0]
                break
        quantization = self.tensors[index].quantization
        if quantization is None or quantization.scale is None:
            return None
        return {
            "scale": float(quantization.scale[0]),
            "zero_point": int(quantization.zeroPoint[0]),
        }


def _describe_all(graph, tensors):
    return {
        tensor.name.decode(): {
            "shape": graph.tensors[tensor.tensorIndex].shape.tolist(),
            "dtype": _name(
                schema.TensorType, graph.tensors[tensor.tensorIndex].type
            ).lower(),
            "quantization": graph.quantization(tensor.tensorIndex),
        }
        for tensor in tensors
    }


def _operator_name(code):
    # The second field holds the codes below 127 of older files.
    number = max(code.builtinCode, code.deprecatedBuiltinCode)
    if number == schema.BuiltinOperator.CUSTOM:
        return code.customCode.decode()
    return _name(schema.BuiltinOperator, number)


def _name(constants, number):
    [name] = [k for k, v in vars(constants).items() if v == number]
    return name
