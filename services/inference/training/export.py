"""Puts what a picture needs before a network into the same ONNX graph: any size of uint8 in, so every server runs it alike."""

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import compose, numpy_helper, parser
from torch import Tensor, nn

OPSET = 18
IR_VERSION = 8


def _weights(inputs: int, outputs: int, scale: Tensor) -> Tensor:
    """[outputs, inputs]: a triangle as wide as an output pixel (at least an input pixel); zero beyond the picture."""
    centers = (torch.arange(outputs)[:, None] + 0.5) / scale
    distance = (torch.arange(inputs)[None, :] + 0.5 - centers).abs()
    weights = (1 - distance / (1 / scale).clamp_min(1.0)).clamp_min(0.0) * (centers < inputs)
    return weights / weights.sum(1, keepdim=True).clamp_min(1e-6)


def letterbox(images: Tensor, height: int, width: int, mean: float, deviation: float) -> Tensor:
    """uint8 [n, rows, columns, channels] to normalised [n, 1, height, width]: what the graph does, in torch."""
    grey = images.float().mean(3)
    rows, columns = grey.shape[1:]
    scale = torch.tensor(min(height / rows, width / columns))
    small = _weights(rows, height, scale) @ grey @ _weights(columns, width, scale).T
    return ((small / 255 - mean) / deviation)[:, None]


def _axis(name: str, size: str, outputs: int) -> str:
    """The steps of `_weights` for one axis; as products of matrices they give the same on every server."""
    return f"""
            {name}_end = Cast <to = 1> ({size})
            {name}_range = Range (nought, {name}_end, one)
            {name}_places = Add ({name}_range, half)
            {name}_centers = Div ({name}_out, scale)
            {name}_apart = Sub ({name}_places, {name}_centers)
            {name}_distance = Abs ({name}_apart)
            {name}_part = Div ({name}_distance, support)
            {name}_triangle = Sub (one, {name}_part)
            {name}_positive = Relu ({name}_triangle)
            {name}_within = Less ({name}_centers, {name}_end)
            {name}_keep = Cast <to = 1> ({name}_within)
            {name}_kept = Mul ({name}_positive, {name}_keep)
            {name}_sum = ReduceSum ({name}_kept, last)
            {name}_safe = Max ({name}_sum, tiny)
            {name}_weights = Div ({name}_kept, {name}_safe)
    """


def _front(height: int, width: int, mean: float, deviation: float) -> onnx.ModelProto:
    model = parser.parse_model(f"""
        <ir_version: {IR_VERSION}, opset_import: ["" : {OPSET}]>
        front (uint8[n, rows, columns, channels] image, float[{height}, 1] y_out, float[{width}, 1] x_out)
              => (float[n, 1, {height}, {width}] picture)
        <int64[1] channel = {{3}}, int64[1] last = {{1}}, int64[1] first = {{1}}, float nought = {{0.0}}, float half = {{0.5}},
         float one = {{1.0}}, float tiny = {{1.0e-6}}, float full = {{255.0}}, float mean = {{{mean}}}, float deviation = {{{deviation}}},
         float y_room = {{{float(height)}}}, float x_room = {{{float(width)}}}, int64 at_0 = {{0}}, int64 at_1 = {{1}}>
        {{
            colours = Cast <to = 1> (image)
            grey = ReduceMean <keepdims = 0> (colours, channel)
            size = Shape <start = 1> (grey)
            y_size = Gather (size, at_0)
            x_size = Gather (size, at_1)
            y_float = Cast <to = 1> (y_size)
            x_float = Cast <to = 1> (x_size)
            y_fits = Div (y_room, y_float)
            x_fits = Div (x_room, x_float)
            scale = Min (y_fits, x_fits)
            reach = Div (one, scale)
            support = Max (reach, one)
            {_axis("y", "y_size", height)}
            {_axis("x", "x_size", width)}
            x_columns = Transpose <perm = [1, 0]> (x_weights)
            lower = MatMul (y_weights, grey)
            small = MatMul (lower, x_columns)
            bright = Div (small, full)
            centred = Sub (bright, mean)
            even = Div (centred, deviation)
            picture = Unsqueeze (even, first)
        }}
    """)
    for name, outputs in (("y_out", height), ("x_out", width)):
        places = np.arange(outputs, dtype=np.float32)[:, None] + np.float32(0.5)
        model.graph.initializer.append(numpy_helper.from_array(places, name))
    del model.graph.input[1:]
    return model


def _back(height: int, width: int) -> onnx.ModelProto:
    return parser.parse_model(f"""
        <ir_version: {IR_VERSION}, opset_import: ["" : {OPSET}]>
        back (float[n, {height}, {width}] logits, float[n] score) => (uint8[n, {height}, {width}] mask, float[n, 1] presence)
        <float levels_max = {{255.0}}, int64[1] column = {{1}}>
        {{
            chance = Sigmoid (logits)
            levels = Mul (chance, levels_max)
            whole = Round (levels)
            mask = Cast <to = 2> (whole)
            known = Sigmoid (score)
            presence = Unsqueeze (known, column)
        }}
    """)


def export(network: nn.Module, path: Path, height: int, width: int, mean: float, deviation: float) -> None:
    """Write `image` uint8 [n, rows, columns, channels] -> `mask` uint8 [n, height, width] (255 = certain), `presence` [n, 1]."""
    network = network.eval().to(memory_format=torch.contiguous_format)
    core_path = path.with_suffix(".core.onnx")
    example = torch.zeros(2, 1, height, width)
    torch.onnx.export(
        network,
        (example,),
        core_path,
        input_names=["picture"],
        output_names=["logits", "score"],
        dynamic_shapes=({0: torch.export.Dim("n", min=1, max=64)},),
        opset_version=OPSET,
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    core = onnx.load(core_path)
    core_path.unlink()
    core.ir_version = IR_VERSION
    del core.graph.value_info[:], core.metadata_props[:]
    for node in core.graph.node:  # the exporter notes paths of the machine it runs on
        del node.metadata_props[:]
        node.doc_string = ""
    middle = compose.merge_models(
        _front(height, width, mean, deviation), compose.add_prefix(core, "net_"), [("picture", "net_picture")]
    )
    whole = compose.merge_models(middle, _back(height, width), [("net_logits", "logits"), ("net_score", "score")])
    for value in (*whole.graph.input, *whole.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "n"
    whole.producer_name = "sonobridge"
    del whole.metadata_props[:]
    onnx.checker.check_model(whole, full_check=True)
    onnx.save(whole, path)
