"""How fast one thread of this machine multiplies 8-bit integers, and how many multiplications a token costs."""

from __future__ import annotations

import time
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import onnxruntime

SHAPES: Final = ((256, 384, 1536), (256, 1536, 384), (512, 512, 512), (1024, 1024, 1024), (2048, 2048, 2048))
"""Rows, depth, columns; the first two are the widest products of the shipped model."""
SECONDS: Final = 1.0
"""CPU seconds for each shape and kind of product."""


class Product(NamedTuple):
    op: str
    shape: tuple[int, int, int]
    rate: float
    """Multiplications and additions, both counted, in thousand millions a CPU second: the best of many runs."""


def products() -> list[Product]:
    """Unsigned by signed 8-bit integers, the processor's own pace, in ONNX Runtime. ModuleNotFoundError without
    `onnx`."""
    return [_measure(op, shape) for op in ("MatMulInteger", "MatMulIntegerToFloat") for shape in SHAPES]


def per_token(graph: Path) -> int:
    """8-bit multiplications (each with an addition) of one token in a shipped graph."""
    onnx: Any = import_module("onnx")
    model = onnx.load(str(graph))
    sizes = {weight.name: int(np.prod(weight.dims)) for weight in model.graph.initializer}
    return sum(sizes[node.input[1]] for node in model.graph.node if node.op_type.startswith("MatMulInteger"))


def _measure(op: str, shape: tuple[int, int, int]) -> Product:
    session = _session(op, shape)
    dice = np.random.default_rng(0)
    given = {"a": dice.integers(0, 256, shape[:2], np.uint8)}
    operations = 2 * int(np.prod(shape))
    repeats = max(1, int(1e9 / operations))  # a few ms, which the clock tells well
    best, end = float("inf"), time.process_time() + SECONDS
    while (began := time.process_time()) < end:
        for _ in range(repeats):
            session.run(None, given)
        best = min(best, (time.process_time() - began) / repeats)
    return Product(op, shape, operations / best / 1e9)


def _session(op: str, shape: tuple[int, int, int]) -> Any:
    """A graph of one product with a fixed matrix."""
    onnx: Any = import_module("onnx")
    make, kinds, array = onnx.helper, onnx.TensorProto, onnx.numpy_helper.from_array
    rows, depth, columns = shape
    weight = np.random.default_rng(1).integers(-63, 64, (depth, columns), np.int8)
    weights = [array(weight, "w"), array(np.array(128, np.uint8), "zero")]
    inputs, domain, result = ["a", "w", "zero"], "", kinds.INT32
    if op == "MatMulIntegerToFloat":
        weights += [array(np.array(0.01, np.float32), "scale"), array(np.ones(columns, np.float32), "scales")]
        inputs, domain, result = ["a", "w", "scale", "scales", "zero"], "com.microsoft", kinds.FLOAT
    graph = make.make_graph(
        [make.make_node(op, inputs, ["y"], domain=domain)], "product",
        [make.make_tensor_value_info("a", kinds.UINT8, [rows, depth])],
        [make.make_tensor_value_info("y", result, [rows, columns])], weights,
    )  # fmt: skip
    opsets = [make.make_opsetid("", 21), make.make_opsetid("com.microsoft", 1)]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    model = make.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
