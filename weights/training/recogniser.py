"""The recogniser: a thin IResNet (pre-activation residual blocks, as in ArcFace) with a narrow tail."""

from dataclasses import asdict, dataclass, replace

import torch
from torch import nn


@dataclass(frozen=True)
class Config:
    """Shape of the network; written to the manifest as it stands."""

    stem_width: int = 32
    stem_stride: int = 2
    widths: tuple[int, ...] = (48, 96, 192)
    blocks: tuple[int, ...] = (2, 3, 3)
    # Which 3x3 convolution of a stage's first block has stride 2: the first costs half as much as the second,
    # which InsightFace's networks use.
    stride_on: str = "conv1"
    tail_width: int = 64
    embedding_length: int = 512

    def to_json(self) -> dict:
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @staticmethod
    def from_json(fields: dict) -> "Config":
        return Config(**{k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()})


def conv3x3(inputs: int, outputs: int, stride: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)


class Block(nn.Module):
    """BN, 3x3, BN, PReLU, 3x3, BN, added to the input or, in a stage's first block, to its 1x1 projection."""

    def __init__(self, inputs: int, outputs: int, stride: int, stride_on: str):
        super().__init__()
        first, second = (stride, 1) if stride_on == "conv1" else (1, stride)
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = conv3x3(inputs, outputs, first)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.prelu = nn.PReLU(outputs)
        self.conv2 = conv3x3(outputs, outputs, second)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            projection = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.downsample = nn.Sequential(projection, nn.BatchNorm2d(outputs))

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.conv1(self.bn1(x))
        y = self.conv2(self.prelu(self.bn2(y)))
        return self.bn3(y) + shortcut


class Recogniser(nn.Module):
    """(N, 3, 112, 112) RGB, (x - 127.5) / 127.5, to (N, 512), not normalised."""

    def __init__(self, config: Config = Config()):
        super().__init__()
        self.config = config
        self.conv1 = conv3x3(3, config.stem_width, config.stem_stride)
        self.bn1 = nn.BatchNorm2d(config.stem_width)
        self.prelu = nn.PReLU(config.stem_width)
        width = config.stem_width
        for number, (outputs, count) in enumerate(zip(config.widths, config.blocks), start=1):
            stage = [Block(width, outputs, 2, config.stride_on)]
            stage += [Block(outputs, outputs, 1, config.stride_on) for _ in range(count - 1)]
            setattr(self, f"layer{number}", nn.Sequential(*stage))
            width = outputs
        self.side = 112 // config.stem_stride // 2 ** len(config.widths)
        self.bn2 = nn.BatchNorm2d(width)
        self.tail = nn.Module()
        self.tail.conv = nn.Conv2d(width, config.tail_width, 1, bias=False)
        self.tail.bn = nn.BatchNorm2d(config.tail_width)
        self.tail.prelu = nn.PReLU(config.tail_width)
        self.fc = nn.Linear(config.tail_width * self.side**2, config.embedding_length)
        self.features = nn.BatchNorm1d(config.embedding_length)
        self._initialise()

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, Block):
                # Each block begins near the identity, which lets a large learning rate begin at once.
                nn.init.constant_(module.bn3.weight, 0.2)

    @torch.no_grad()
    def with_blocks(self, blocks: tuple[int, ...]) -> "Recogniser":
        """A deeper network that answers as this one: the blocks added at the end of each stage begin as the identity."""
        deeper = Recogniser(replace(self.config, blocks=blocks))
        known = self.state_dict()
        for name, module in deeper.named_modules():
            if isinstance(module, Block) and f"{name}.bn1.weight" not in known:
                nn.init.zeros_(module.bn3.weight)
        deeper.load_state_dict(known, strict=False)
        return deeper

    def forward(self, x):
        x = self.prelu(self.bn1(self.conv1(x)))
        for number in range(1, len(self.config.widths) + 1):
            x = getattr(self, f"layer{number}")(x)
        x = self.tail.prelu(self.tail.bn(self.tail.conv(self.bn2(x))))
        if x.shape[-1] != self.side:  # training on smaller pictures
            x = nn.functional.interpolate(x, (self.side, self.side), mode="bilinear", align_corners=False)
        return self.features(self.fc(x.flatten(1)))
