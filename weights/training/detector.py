"""The detector: SCRFD-500M's graph (depthwise-separable backbone, PAFPN, a head per stride), a little thinner."""

from dataclasses import asdict, dataclass

import torch
from torch import nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Config:
    """Shape of the network; written to the manifest as it stands."""

    stem: int = 16
    widths: tuple[int, ...] = (32, 64, 128, 256)
    blocks: tuple[int, ...] = (2, 3, 2, 6)
    neck: int = 16
    head: int = 64
    head_blocks: int = 2
    strides: tuple[int, ...] = (8, 16, 32)
    anchors: int = 2

    def to_json(self) -> dict:
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @staticmethod
    def from_json(fields: dict) -> "Config":
        return Config(**{k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()})


class ConvBnRelu(nn.Module):
    """The unit that export folds into one convolution with a bias."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)), inplace=True)

    def folded(self) -> tuple[torch.Tensor, torch.Tensor]:
        scale = self.bn.weight / torch.sqrt(self.bn.running_var + self.bn.eps)
        return self.conv.weight * scale[:, None, None, None], self.bn.bias - self.bn.running_mean * scale


class Separable(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int = 1):
        super().__init__()
        self.dw = ConvBnRelu(inputs, inputs, 3, stride, groups=inputs)
        self.pw = ConvBnRelu(inputs, outputs, 1)

    def forward(self, x):
        return self.pw(self.dw(x))


class Backbone(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        self.stem = nn.Module()
        self.stem.conv = ConvBnRelu(3, config.stem, 3, 2)
        self.stem.dw = ConvBnRelu(config.stem, config.stem, 3, groups=config.stem)
        self.stem.pw = ConvBnRelu(config.stem, config.stem, 1)
        layers, width = [], config.stem
        for outputs, count in zip(config.widths, config.blocks):
            stage = [Separable(width, outputs, 2)] + [Separable(outputs, outputs) for _ in range(count - 1)]
            layers.append(nn.Sequential(*stage))
            width = outputs
        self.layers = nn.ModuleList(layers)

    def forward(self, x):
        x = self.stem.pw(self.stem.dw(self.stem.conv(x)))
        levels = []
        for layer in self.layers:
            x = layer(x)
            levels.append(x)
        return levels[1:]


class Neck(nn.Module):
    """Feature pyramid with an added bottom-up path (PAFPN); convolutions with bias, no activation."""

    def __init__(self, config: Config):
        super().__init__()
        n = config.neck
        self.lateral_convs = nn.ModuleList(nn.Conv2d(w, n, 1) for w in config.widths[1:])
        self.fpn_convs = nn.ModuleList(nn.Conv2d(n, n, 3, 1, 1) for _ in range(3))
        self.downsample_convs = nn.ModuleList(nn.Conv2d(n, n, 3, 2, 1) for _ in range(2))
        self.pafpn_convs = nn.ModuleList(nn.Conv2d(n, n, 3, 1, 1) for _ in range(2))

    def forward(self, levels):
        low, middle, high = (conv(x) for conv, x in zip(self.lateral_convs, levels))
        middle = middle + F.interpolate(high, scale_factor=2, mode="nearest")
        low = low + F.interpolate(middle, scale_factor=2, mode="nearest")
        low, middle, high = (conv(x) for conv, x in zip(self.fpn_convs, (low, middle, high)))
        middle = middle + self.downsample_convs[0](low)
        high = high + self.downsample_convs[1](middle)
        return low, self.pafpn_convs[0](middle), self.pafpn_convs[1](high)


class Head(nn.Module):
    """One stride's head. `out` holds cls, reg and kps as one convolution, which trains faster; export splits it."""

    def __init__(self, config: Config):
        super().__init__()
        widths = [config.neck] + [config.head] * config.head_blocks
        self.blocks = nn.Sequential(*(Separable(i, o) for i, o in zip(widths, widths[1:])))
        self.out = nn.Conv2d(config.head, config.anchors * 15, 3, 1, 1)
        self.anchors = config.anchors

    def forward(self, x):
        """Logits (N, cells·anchors), boxes (…, 4) and landmarks (…, 10), in strides; and the map they are read from."""
        a = self.anchors
        hidden = self.blocks(x)
        y = self.out(hidden).permute(0, 2, 3, 1).flatten(1, 2)
        n = y.shape[0]
        answer = y[..., :a].reshape(n, -1), y[..., a : 5 * a].reshape(n, -1, 4), y[..., 5 * a :].reshape(n, -1, 10)
        return answer, hidden


class Detector(nn.Module):
    """(N, 3, H, W) RGB, (x - 127.5) / 128, H and W multiples of 32, to a list per stride of what Head returns."""

    def __init__(self, config: Config = Config()):
        super().__init__()
        self.config = config
        self.backbone = Backbone(config)
        self.neck = Neck(config)
        self.head = nn.ModuleDict({str(s): Head(config) for s in config.strides})
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                if module.groups > 1:
                    nn.init.normal_(module.weight, std=0.3)
        for head in self.head.values():
            nn.init.normal_(head.out.weight, std=0.01)
            nn.init.zeros_(head.out.bias)
            nn.init.constant_(head.out.bias[: config.anchors], -4.6)  # faces are rare: begin at a score of 0.01
            nn.init.constant_(head.out.bias[config.anchors : 5 * config.anchors], 2.0)

    def forward(self, x):
        return self.with_maps(x)[0]

    def with_maps(self, x):
        """The answers, and the inner maps that training compares with the teacher's: three of the backbone, three of
        the heads."""
        levels = self.backbone(x)
        answers, hidden = zip(*(head(p) for head, p in zip(self.head.values(), self.neck(levels))))
        return list(answers), [*levels, *hidden]

    @torch.no_grad()
    def take_folded(self, tensors: dict[str, torch.Tensor], pictures: torch.Tensor) -> None:
        """Becomes the network of exported `tensors`; the BNs, which export folds away, get their statistics from
        `pictures` and undo them, so that the answers stay the same."""
        hooks = []
        tensors = {n: t.float() for n, t in tensors.items()}
        for stride, head in self.head.items():
            for kind in ("weight", "bias"):
                parts = [tensors[f"head.{stride}.{part}.{kind}"] for part in ("cls", "reg", "kps")]
                getattr(head.out, kind).copy_(torch.cat(parts))
        for name, module in self.named_modules():
            exported = name.replace(".blocks.", ".")
            if isinstance(module, ConvBnRelu):
                module.conv.weight.copy_(tensors[f"{exported}.weight"])

                def settle(_, __, y, bn=module.bn, bias=tensors[f"{exported}.bias"]):
                    variance, mean = torch.var_mean(y, dim=(0, 2, 3))
                    bn.running_mean.copy_(mean)
                    bn.running_var.copy_(variance)
                    bn.weight.copy_((variance + bn.eps).sqrt())
                    bn.bias.copy_(mean + bias)

                hooks.append(module.conv.register_forward_hook(settle))
            elif isinstance(module, nn.Conv2d) and name.startswith("neck."):
                module.weight.copy_(tensors[f"{name}.weight"])
                module.bias.copy_(tensors[f"{name}.bias"])
        training = self.training
        self.eval()(pictures)
        self.train(training)
        for hook in hooks:
            hook.remove()

    def folded(self) -> dict[str, torch.Tensor]:
        """The tensors of FORMAT.md: BNs folded, the heads' outputs split."""
        tensors = {}
        for name, module in self.named_modules():
            if isinstance(module, ConvBnRelu):
                tensors[f"{name}.weight"], tensors[f"{name}.bias"] = module.folded()
            elif isinstance(module, nn.Conv2d) and name.startswith("neck."):
                tensors[f"{name}.weight"], tensors[f"{name}.bias"] = module.weight, module.bias
        a = self.config.anchors
        for stride, head in self.head.items():
            for part, begin, end in (("cls", 0, a), ("reg", a, 5 * a), ("kps", 5 * a, 15 * a)):
                tensors[f"head.{stride}.{part}.weight"] = head.out.weight[begin:end]
                tensors[f"head.{stride}.{part}.bias"] = head.out.bias[begin:end]
        tensors = {name.replace(".blocks.", "."): t.detach().clone() for name, t in tensors.items()}
        return tensors
