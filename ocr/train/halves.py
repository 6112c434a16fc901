"""Weights of an ONNX file in half precision: half the bytes, the same answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

_LARGE = 1000
"""Fewer numbers than this stay as they are: nothing is saved."""


def halve(path: Path) -> None:
    """Stores the large weights as float16, each followed by a Cast to float32, which cv2.dnn folds away."""
    model = onnx.load(str(path))
    graph = model.graph
    casts = []
    for at, tensor in enumerate(list(graph.initializer)):
        data = numpy_helper.to_array(tensor)
        if data.dtype != np.float32 or data.size < _LARGE:
            continue
        name = tensor.name
        half = numpy_helper.from_array(data.astype(np.float16), name + ".half")
        graph.initializer[at].CopyFrom(half)
        casts.append(helper.make_node("Cast", [half.name], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
