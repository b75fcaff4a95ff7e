"""Puts what a picture needs before a network into the same ONNX graph: any size of uint8 in, so every server runs it alike.

`export(network, path, picture, outputs)` takes any network; what a server is to get (softmax over a temperature, sigmoid, rounding to
uint8) belongs into its forward. Call `halve(network)` when training ends and before comparing: the file holds weights as float16.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import compose, helper, numpy_helper, parser
from torch import Tensor, nn

from services.inference.training.picture import Picture

OPSET = 18
IR_VERSION = 8
HALVED_FROM = 1024  # tensors with fewer numbers stay as they are: they weigh nothing, and norms are sensitive


def _weights(inputs: int, outputs: int, scale: Tensor) -> Tensor:
    """[outputs, inputs]: a triangle as wide as an output pixel (at least an input pixel); zero beyond the picture."""
    centers = (torch.arange(outputs)[:, None] + 0.5) / scale
    distance = (torch.arange(inputs)[None, :] + 0.5 - centers).abs()
    weights = (1 - distance / (1 / scale).clamp_min(1.0)).clamp_min(0.0) * (centers < inputs)
    return weights / weights.sum(1, keepdim=True).clamp_min(1e-6)


def letterbox(images: Tensor, picture: Picture) -> Tensor:
    """uint8 [n, rows, columns, channels] to normalised [n, 1, height, width]: what the graph does, in torch."""
    grey = images.float().mean(3)
    rows, columns = grey.shape[1:]
    scale = torch.tensor(picture.scale(rows, columns))
    small = _weights(rows, picture.height, scale) @ grey @ _weights(columns, picture.width, scale).T
    return ((small / 255 - picture.mean) / picture.deviation)[:, None]


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


def _front(picture: Picture) -> onnx.ModelProto:
    height, width, mean, deviation = picture.height, picture.width, picture.mean, picture.deviation
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


@torch.no_grad()  # type: ignore[untyped-decorator]
def halve(network: nn.Module) -> nn.Module:
    """Fold each norm into the convolution registered before it, then round the weights that the file keeps as float16.

    So torch and the graph, into which the exporter would fold the norms by itself, compute with the same numbers.
    """
    for module in network.modules():
        children = list(module.named_children())
        for (_, conv), (name, norm) in pairwise(children):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d) and conv.bias is None:
                times = norm.weight / (norm.running_var + norm.eps).sqrt()
                conv.weight.mul_(times[:, None, None, None])
                conv.bias = nn.Parameter(norm.bias - norm.running_mean * times)
                setattr(module, name, nn.Identity())
    for weight in network.parameters():
        if weight.numel() >= HALVED_FROM:
            weight.copy_(weight.half().float())
    return network


def _store_as_half(graph: onnx.GraphProto) -> None:
    """Weights as float16 with a Cast to float32 behind each; ONNX Runtime folds the casts when it loads the file."""
    casts = []
    for tensor in graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT or np.prod(tensor.dims) < HALVED_FROM:
            continue
        name = tensor.name
        half = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), f"{name}_half")
        tensor.CopyFrom(half)
        casts.append(helper.make_node("Cast", [half.name], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def export(network: nn.Module, path: Path, picture: Picture, outputs: Sequence[str]) -> None:
    """Write `image` uint8 [n, rows, columns, channels] -> the network's outputs, each [n, ...], in the order of their names."""
    network = network.eval().to(memory_format=torch.contiguous_format)
    core_path = path.with_suffix(".core.onnx")
    example = torch.zeros(2, 1, picture.height, picture.width)
    torch.onnx.export(
        network,
        (example,),
        core_path,
        input_names=["picture"],
        output_names=list(outputs),
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
    whole = compose.merge_models(_front(picture), compose.add_prefix(core, "net_"), [("picture", "net_picture")])
    _rename_outputs(whole.graph, {f"net_{name}": name for name in outputs})
    _store_as_half(whole.graph)
    for value in (*whole.graph.input, *whole.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "n"
    whole.producer_name = "sonobridge"
    del whole.metadata_props[:]
    onnx.checker.check_model(whole, full_check=True)
    onnx.save(whole, path)


def _rename_outputs(graph: onnx.GraphProto, names: dict[str, str]) -> None:
    for node in graph.node:
        for place, name in enumerate(node.output):
            node.output[place] = names.get(name, name)
        for place, name in enumerate(node.input):
            node.input[place] = names.get(name, name)
    for value in graph.output:
        value.name = names[value.name]
