"""Writes the encoder as an ONNX graph whose answer for a text does not depend on the rest of the batch.

`quantize_dynamic` scales activations over the whole batch: measured, 5 % of the labels then depend on a post's
neighbours. In this graph each token is scaled by its own largest value, the products are sums of integers (exact in
any order), and there is no padding: a batch holds texts of one length.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from classifiers.text import MENTION, TARGET

MS = "com.microsoft"
OPSET = 21
IR_VERSION = 10  # what ONNX Runtime 1.18 and newer read
WEIGHT_LEVELS = 63
"""7 bits: processors without VNNI add pairs of products in 16 bits, which 8-bit weights would overflow."""
WORD_LEVELS = 127
"""8 bits for the words: they are looked up, not multiplied."""
ACTIVATION_LEVELS = 127
GELU_LEAST = 0.17
"""GELU(x) >= -0.17 for every x."""
ZERO = 128  # the unsigned code of an activation of 0

Floats: TypeAlias = npt.NDArray[np.float32]
Weights: TypeAlias = Mapping[str, Floats]
"""As `classifiers.train.network.Network` names them; matrices are (out, in)."""


class Graph:
    """Collects nodes and weights; each method returns the name of its result.

    Tokens of all texts lie below each other, (batch * tokens, width), but for attention, which is within a text.
    """

    def __init__(self, given: Weights, heads: int, epsilon: float) -> None:
        self.given, self.heads, self.epsilon = given, heads, epsilon
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        hidden, axis = given["ln.weight"].shape[0], np.array([0], np.int64)
        self.weight("act.scale", np.float32(1 / ACTIVATION_LEVELS))
        self.weight("act.zero", np.uint8(ZERO))
        self.weight("gelu.least", np.float32(GELU_LEAST))
        self.weight("axis.last", np.array([-1], np.int64))
        self.weight("axis.tokens", np.array([1], np.int64))
        self.weight("shape.flat", np.array([-1, hidden], np.int64))
        shape = self.node("Shape", ["ids"], "shape.ids")
        self.node("Concat", [shape, self.weight("hidden", np.array([hidden], np.int64))], "shape.texts", axis=0)
        size = self.node("Unsqueeze", [self.node("Size", ["ids"], "size"), self.weight("axis.0", axis)], "size.row")
        self.node("Expand", ["act.zero", size], "act.zeros")

    def weight(self, name: str, value: npt.NDArray[np.generic] | np.generic) -> str:
        self.weights.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def node(self, op: str, inputs: list[str], output: str, domain: str = "", **attributes: Any) -> str:
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, domain=domain, **attributes))
        return output

    def float(self, name: str) -> str:
        return self.weight(name, self.given[name])

    def texts(self, x: str) -> str:
        """(batch, tokens, hidden)."""
        return self.node("Reshape", [x, "shape.texts"], f"{x}.texts")

    def flat(self, x: str) -> str:
        """(batch * tokens, hidden)."""
        return self.node("Reshape", [x, "shape.flat"], f"{x}.flat")

    def quantised(self, x: str) -> tuple[str, str]:
        """Codes of `x`, and the largest absolute value of each token (batch * tokens, 1), by which they are scaled."""
        return self.coded(x, self.node("ReduceMax", [self.node("Abs", [x], f"{x}.abs"), "axis.last"], f"{x}.max"))

    def quantised_gelu(self, x: str) -> tuple[str, str]:
        """The same for what comes out of a GELU, which never falls below `GELU_LEAST`: one pass less."""
        top = self.node("ReduceMax", [x, "axis.last"], f"{x}.top")
        return self.coded(x, self.node("Max", [top, "gelu.least"], f"{x}.max"))

    def coded(self, x: str, largest: str) -> tuple[str, str]:
        row = self.node("Squeeze", [largest, "axis.last"], f"{x}.max.row")
        scale = self.node("Mul", [row, "act.scale"], f"{x}.scale")
        return self.node("QuantizeLinear", [x, scale, "act.zeros"], f"{x}.codes", axis=0), largest

    def linear(self, x: tuple[str, str], name: str, w: Floats) -> str:
        """x @ w.T, in integers; the bias is added by whoever takes the result."""
        codes, largest = x
        coded, scale = _codes(w, WEIGHT_LEVELS)
        inputs = [codes, self.weight(f"{name}.w", coded.T), "act.scale", self.weight(f"{name}.s", scale), "act.zero"]
        product = self.node("MatMulIntegerToFloat", inputs, f"{name}.product", MS)
        return self.node("Mul", [product, largest], f"{name}.out")

    def normed(self, x: str, y: str, bias: str, name: str) -> str:
        """LayerNorm(x + y + bias). The fused SkipLayerNormalization took ten times as long (ONNX Runtime 1.32)."""
        shifted = self.node("Add", [y, self.float(bias)], f"{name}.shifted")
        total = self.node("Add", [shifted, x], f"{name}.sum")
        return self.layer_norm(total, name)

    def layer_norm(self, x: str, name: str) -> str:
        inputs = [x, self.float(f"{name}.weight"), self.float(f"{name}.bias")]
        return self.node("LayerNormalization", inputs, f"{name}.out", axis=-1, epsilon=self.epsilon)

    def embeddings(self, positions: int) -> str:
        """(batch * tokens, hidden) of `ids` and `kinds`."""
        codes, scale = _codes(self.given["words.weight"], WORD_LEVELS)
        found = self.node("Gather", [self.weight("words", codes), "ids"], "words.codes")
        scales = self.node("Gather", [self.weight("words.scale", scale[:, None]), "ids"], "words.scales")
        words = self.node("Mul", [self.node("Cast", [found], "words.float", to=1), scales], "words.found")
        length = self.node("Shape", ["ids"], "length", start=1, end=2)
        zero = self.weight("zero", np.zeros(1, np.int64))
        places = self.weight("places", self.given["places.weight"][:positions])
        place = self.node("Slice", [places, zero, length, zero], "places.found")
        kind = self.node("Gather", [self.float("kinds.weight"), "kinds"], "kinds.found")
        total = self.node("Add", [self.node("Add", [words, place], "words+places"), kind], "words+places+kinds")
        return self.layer_norm(self.flat(total), "ln")

    def layer(self, x: str, i: int) -> str:
        """One transformer block (post-norm, as in BERT)."""
        name, codes = f"layers.{i}", self.quantised(x)
        thirds = np.split(self.given[f"{name}.qkv.weight"], 3)
        qkv = [self.texts(self.linear(codes, f"{name}.{part}", w)) for part, w in zip("qkv", thirds, strict=True)]
        inputs = [*qkv, self.float(f"{name}.qkv.bias")]
        attended = self.flat(self.node("MultiHeadAttention", inputs, f"{name}.attention", MS, num_heads=self.heads))
        out = self.linear(self.quantised(attended), f"{name}.ao", self.given[f"{name}.ao.weight"])
        x = self.normed(x, out, f"{name}.ao.bias", f"{name}.aln")
        inner = self.linear(self.quantised(x), f"{name}.fi", self.given[f"{name}.fi.weight"])
        # By tanh: off by less than a thousandth, far below the 8 bits that follow.
        inner = self.node("FastGelu", [inner, self.float(f"{name}.fi.bias")], f"{name}.gelu", MS)
        out = self.linear(self.quantised_gelu(inner), f"{name}.fo", self.given[f"{name}.fo.weight"])
        return self.normed(x, out, f"{name}.fo.bias", f"{name}.oln")

    def means(self, x: str) -> None:
        """`mean` over the text's tokens, and `named` over those that name the target, or all where none does.

        Products, as ReduceMean adds up differently in a batch of one; counts are sums of ones, exact in any order.
        """
        other, named = self.of_kind(TARGET), self.of_kind(MENTION)
        text = self.node("Sub", [self.weight("one", np.ones(1, np.float32)), other], "text")
        some = self.node("Cast", [self.node("ReduceMax", [named, "axis.last"], "named.max", keepdims=1)], "some", to=9)
        self.mean(x, text, "mean")
        self.mean(x, self.node("Where", [some, named, text], "named.or"), "named")

    def of_kind(self, kind: int) -> str:
        """(batch, tokens), 1 for the tokens of that kind, else 0."""
        found = self.node("Equal", ["kinds", self.weight(f"kind.{kind}", np.int64(kind))], f"kinds.{kind}")
        return self.node("Cast", [found], f"kinds.{kind}.float", to=1)

    def mean(self, x: str, chosen: str, name: str) -> str:
        """(batch, hidden), over the tokens where `chosen` is 1."""
        count = self.node("ReduceSum", [chosen, "axis.last"], f"{name}.count", keepdims=1)
        share = self.node(
            "Unsqueeze", [self.node("Div", [chosen, count], f"{name}.2d"), "axis.tokens"], f"{name}.shares"
        )
        return self.node("Squeeze", [self.node("MatMul", [share, x], f"{name}.row"), "axis.tokens"], name)

    def first(self, x: str) -> str:
        return self.node("Gather", [x, self.weight("index.first", np.int64(0))], "first", axis=1)


def build(given: Weights, layers: int, heads: int, epsilon: float, positions: int) -> onnx.ModelProto:
    """`ids` and `kinds`, int64 (batch, tokens), in; `mean`, `first` and `named`, float32 (batch, hidden), out."""
    g = Graph(given, heads, epsilon)
    x = g.embeddings(positions)
    for i in range(layers):
        x = g.layer(x, i)
    last = g.texts(x)
    g.means(last)
    g.first(last)
    tokens: list[str | int | None] = ["batch", "tokens"]
    wide: list[str | int | None] = ["batch", given["words.weight"].shape[1]]
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, tokens) for name in ("ids", "kinds")]
    results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, wide) for name in ("mean", "first", "named")]
    graph = helper.make_graph(g.nodes, "encoder", inputs, results, g.weights)
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MS, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="tertulia")


def _codes(w: Floats, levels: int) -> tuple[npt.NDArray[np.int8], Floats]:
    """Codes of the shape of `w`, and one scale a row."""
    scale = np.maximum(np.abs(w).max(axis=1), 1e-12) / levels
    return np.rint(w / scale[:, None]).astype(np.int8), scale.astype(np.float32)
