"""Two networks in one file: their scores are averaged, their features stand beside each other.

They were trained from different beginnings on differently drawn crops and err on different digits: together
they are wrong less often, and sure of less that is wrong, than either.
"""

from __future__ import annotations

from pathlib import Path

import onnx
import onnx.compose
from onnx import ModelProto, TensorProto, helper

from ocr.digits import HEIGHT, POSITIONS, WIDTH

_NAMES = "first/", "second/"


def pair(one: Path, other: Path, out: Path) -> None:
    """Writes the network that asks `one` and `other`, each with features and scores."""
    halves = [_half(path, prefix) for path, prefix in zip((one, other), _NAMES, strict=True)]
    both = {name: [f"{prefix}{name}" for prefix in _NAMES] for name in ("features", "scores")}
    ends = [
        helper.make_node("Concat", both["features"], ["features"], axis=1),
        helper.make_node("Add", both["scores"], ["sum"]),
        helper.make_node("Mul", ["sum", "half"], ["scores"]),
    ]
    weights = [helper.make_tensor("half", TensorProto.FLOAT, [1], [0.5])]
    graph = helper.make_graph(
        [node for half in halves for node in half.graph.node] + ends,
        "digits",
        [helper.make_tensor_value_info("crops", TensorProto.FLOAT, ["n", 3, HEIGHT, WIDTH])],
        [
            helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", None]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", POSITIONS + 2]),
        ],
        weights + [w for half in halves for w in half.graph.initializer],
    )
    model = helper.make_model(graph, opset_imports=halves[0].opset_import, ir_version=halves[0].ir_version)
    onnx.checker.check_model(model)
    onnx.save(model, str(out))


def _half(path: Path, prefix: str) -> ModelProto:
    model: ModelProto = onnx.compose.add_prefix(onnx.load(str(path)), prefix)
    for node in model.graph.node:
        node.input[:] = ["crops" if n == f"{prefix}crops" else n for n in node.input]
    return model
