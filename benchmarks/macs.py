"""Counts the multiply-adds of an ONNX model for one picture."""

import math
from pathlib import Path

import onnx


def count(file: Path) -> float:
    """Return millions of multiply-adds of convolutions and matrix products, for a batch of one.

    Everything else (additions, activations, resizing) is a few per cent of it.
    """
    model = onnx.load(file)
    for entry in model.graph.input:
        entry.type.tensor_type.shape.dim[0].dim_value = 1
    graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    shapes = {value.name: _shape(value) for value in (*graph.value_info, *graph.output, *graph.input)}
    shapes |= {weight.name: list(weight.dims) for weight in graph.initializer}
    return sum(_node(node, shapes) for node in graph.node) / 1e6


def _node(node: onnx.NodeProto, shapes: dict[str, list[int]]) -> int:
    """Each output number of a convolution costs its kernel; of a product, the length that is summed over."""
    output = math.prod(shapes.get(node.output[0], [0]))
    match node.op_type:
        case "Conv":
            return output * math.prod(shapes[node.input[1]][1:])
        case "Gemm" | "MatMul":
            return output * shapes[node.input[0]][-1]
        case _:
            return 0


def _shape(value: onnx.ValueInfoProto) -> list[int]:
    return [dim.dim_value for dim in value.type.tensor_type.shape.dim]
