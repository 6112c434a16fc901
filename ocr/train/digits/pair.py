"""Two networks in one file: their scores are averaged, their features stand beside each other.

They were trained in different ways and err on different crops: together they are wrong less often, and
sure of less that is wrong, than either. The elder one's recipe is gone; its weights are carried over.
"""

from __future__ import annotations

from pathlib import Path

import onnx
import onnx.compose
import onnx.utils
from onnx import ModelProto, TensorProto, helper

from ocr.digits import HEIGHT, POSITIONS, WIDTH

ELDER, YOUNGER = "elder/", "younger/"


def elder(shipped: Path, out: Path) -> None:
    """Takes the elder network out of the shipped file."""
    outputs = [f"{ELDER}features", f"{ELDER}scores"]
    onnx.utils.extract_model(str(shipped), str(out), ["crops"], outputs)
    model = onnx.load(str(out))
    for node in model.graph.node:
        for names in (node.input, node.output):
            names[:] = [n.removeprefix(ELDER) for n in names]
        node.name = node.name.removeprefix(ELDER)
    for value in (*model.graph.initializer, *model.graph.output):
        value.name = value.name.removeprefix(ELDER)
    onnx.save(model, str(out))


def pair(one: Path, other: Path, out: Path) -> None:
    """Writes the network that asks `one` (the elder) and `other`, each with features and scores."""
    halves = [_half(one, ELDER), _half(other, YOUNGER)]
    both = {name: [f"{prefix}{name}" for prefix in (ELDER, YOUNGER)] for name in ("features", "scores")}
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
