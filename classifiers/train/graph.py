"""Writes the encoder as an ONNX graph whose answer for a text does not depend on the rest of the batch.

`quantize_dynamic` scales activations over the whole batch: measured, 5 % of the labels then depend on a post's
neighbours. In this graph each token is scaled by its own largest value, the products are sums of integers (exact in
any order), and there is no padding: a batch holds texts of one length.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from classifiers.train.source import BLOCK, Q4, Floats, Source

MS = "com.microsoft"
OPSET = 21
IR_VERSION = 10  # what ONNX Runtime 1.18 and newer read
TAPS = (6, 8, 10)
"""Layers whose mean tokens, side by side, are the text's vector. On held-back posts the last two added nothing."""
WEIGHT_LEVELS = 63
"""7 bits: processors without VNNI add pairs of products in 16 bits, which 8-bit weights would overflow."""
ACTIVATION_LEVELS = 127
ZERO = 128  # the unsigned code of an activation of 0


class Graph:
    """Collects nodes and weights; each method returns the name of its result."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.weight("act.scale", np.float32(1 / ACTIVATION_LEVELS))
        self.weight("act.zero", np.uint8(ZERO))
        self.weight("axis.last", np.array([-1], np.int64))
        self.weight("axis.tokens", np.array([1], np.int64))

    def weight(self, name: str, value: npt.NDArray[np.generic] | np.generic) -> str:
        self.weights.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def node(self, op: str, inputs: list[str], output: str, domain: str = "", **attributes: Any) -> str:
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, domain=domain, **attributes))
        return output

    def float(self, name: str) -> str:
        return self.weight(name, self.source.floats[name])

    def quantised(self, x: str) -> tuple[str, str]:
        """Codes of `x`, and the largest absolute value of each token, by which they were scaled."""
        size = self.node("Abs", [x], f"{x}.abs")
        largest = self.node("ReduceMax", [size, "axis.last"], f"{x}.max", keepdims=1)
        scaled = self.node("Div", [x, largest], f"{x}.scaled")
        return self.node("QuantizeLinear", [scaled, "act.scale", "act.zero"], f"{x}.codes"), largest

    def linear(self, x: tuple[str, str], name: str) -> str:
        """x @ W.T, in integers; the bias is added by whoever takes the result."""
        codes, largest = x
        w, scale = _int8(self.source.matrices[f"{name}.w"].values())
        inputs = [codes, self.weight(f"{name}.w", w), "act.scale", self.weight(f"{name}.s", scale), "act.zero"]
        product = self.node("MatMulIntegerToFloat", inputs, f"{name}.product", MS)
        return self.node("Mul", [product, largest], f"{name}.out")

    def normed(self, x: str, y: str, bias: str, name: str) -> str:
        """LayerNorm(x + y + bias). The fused SkipLayerNormalization took ten times as long (ONNX Runtime 1.32)."""
        shifted = self.node("Add", [y, self.float(bias)], f"{name}.shifted")
        total = self.node("Add", [shifted, x], f"{name}.sum")
        return self.layer_norm(total, name)

    def layer_norm(self, x: str, name: str) -> str:
        inputs = [x, self.float(f"{name}.w"), self.float(f"{name}.b")]
        return self.node("LayerNormalization", inputs, f"{name}.out", axis=-1, epsilon=self.source.epsilon)

    def embeddings(self, positions: int) -> str:
        """(batch, tokens, hidden) of `ids`; words stay in 4 bits, as in the source, until they are looked up."""
        s = self.source
        words = s.matrices["emb.word"]
        table = [self.weight("emb.word", _packed(words)), "ids", self.weight("emb.word.s", words.scales)]
        blocks = {"bits": 4, "block_size": BLOCK, "gather_axis": 0, "quantize_axis": 1}
        looked_up = self.node("GatherBlockQuantized", table, "words", MS, **blocks)
        where = s.floats["emb.pos"].reshape(-1, s.hidden)[:positions] + s.floats["emb.type"][: s.hidden]
        length = self.node("Shape", ["ids"], "length", start=1, end=2)
        zero = self.weight("zero", np.zeros(1, np.int64))
        place = self.node("Slice", [self.weight("emb.pos", where), zero, length, zero], "places")
        both = self.node("Add", [looked_up, place], "words+places")
        return self.layer_norm(both, "emb.ln")

    def layer(self, x: str, i: int) -> str:
        """One transformer block (post-norm, as in BERT)."""
        s, codes = self.source, self.quantised(x)
        bias = np.concatenate([s.floats[f"l{i}.{part}.b"] for part in "qkv"])
        qkv = [self.linear(codes, f"l{i}.{part}") for part in "qkv"]
        inputs = [*qkv, self.weight(f"l{i}.qkv.b", bias)]
        attended = self.node("MultiHeadAttention", inputs, f"l{i}.attention", MS, num_heads=s.heads)
        out = self.linear(self.quantised(attended), f"l{i}.ao")
        x = self.normed(x, out, f"l{i}.ao.b", f"l{i}.aln")
        inner = self.linear(self.quantised(x), f"l{i}.fi")
        inner = self.node("BiasGelu", [inner, self.float(f"l{i}.fi.b")], f"l{i}.gelu", MS)
        out = self.linear(self.quantised(inner), f"l{i}.fo")
        return self.normed(x, out, f"l{i}.fo.b", f"l{i}.oln")

    def mean(self, x: str, i: int) -> str:
        """Over the tokens. A product, as ReduceMean adds up differently in a batch of one."""
        mean = self.node("MatMul", ["shares", x], f"mean{i}.row")
        return self.node("Squeeze", [mean, "axis.tokens"], f"mean{i}")

    def shares(self) -> str:
        """(batch, 1, tokens): each token's share in the mean of its text."""
        shape = self.node("Shape", ["ids"], "shape")
        one = self.weight("one", np.ones(1, np.float32))
        length = self.node("Cast", [self.node("Shape", ["ids"], "tokens", start=1, end=2)], "tokens.float", to=1)
        share = self.node("Expand", [self.node("Div", [one, length], "share"), shape], "shares.2d")
        return self.node("Unsqueeze", [share, "axis.tokens"], "shares")


def build(source: Source, positions: int, taps: tuple[int, ...]) -> onnx.ModelProto:
    """`ids`, int64 (batch, tokens), in; `mean<i>`, float32 (batch, hidden), out for each layer in `taps`.

    Layer 0 is the embedding; what lies above the last of `taps` is left out.
    """
    g = Graph(source)
    x = g.embeddings(positions)
    g.shares()
    outputs: list[str] = []
    for i in range(max(taps) + 1):
        x = g.layer(x, i - 1) if i else x
        if i in taps:
            outputs.append(g.mean(x, i))
    ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch", "tokens"])
    wide: list[str | int | None] = ["batch", source.hidden]
    results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, wide) for name in outputs]
    graph = helper.make_graph(g.nodes, "encoder", [ids], results, g.weights)
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MS, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="tertulia")


def _int8(w: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    """(columns, rows) codes and one scale a row: W.T, as MatMulIntegerToFloat wants it."""
    scale = np.abs(w).max(axis=1) / WEIGHT_LEVELS
    return np.rint(w / scale[:, None]).astype(np.int8).T, scale.astype(np.float32)


def _packed(w: Q4) -> npt.NDArray[np.uint8]:
    """(rows, columns / 2): value 2j in the low and 2j + 1 in the high half of byte j."""
    codes = w.codes()
    high = np.left_shift(codes[:, 1::2], 4, dtype=np.uint8)
    return np.bitwise_or(codes[:, 0::2], high)
