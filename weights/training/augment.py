"""Training pictures of aligned faces, changed as cameras and imperfect detectors change them."""

import numpy as np
import torch
from torch.nn import functional as F


class Draw:
    """Random numbers for a batch of `n` pictures."""

    def __init__(self, n: int, random: torch.Generator):
        self.n, self.random = n, random

    def uniform(self, low: float, high: float, *shape: int) -> torch.Tensor:
        return torch.rand(*(shape or (self.n,)), generator=self.random) * (high - low) + low

    def normal(self, spread: float, *shape: int) -> torch.Tensor:
        return torch.randn(*(shape or (self.n,)), generator=self.random) * spread

    def chance(self, share: float) -> torch.Tensor:
        return self.uniform(0, 1) < share


def augment(pixels: torch.Tensor, side: int, random: torch.Generator) -> torch.Tensor:
    """(N, 112, 112, 3) u8 to (N, 3, side, side), normalised; geometry, light, colour, blur, noise, occlusion."""
    n, draw = len(pixels), Draw(len(pixels), random)
    x = (pixels.permute(0, 3, 1, 2).float() - 127.5) / 127.5
    # Rotation, scale, shift and mirror as one warp; about what an imperfect detector does to the alignment.
    angle, scale = draw.uniform(-0.1, 0.1), draw.uniform(0.94, 1.06)
    mirror = torch.where(draw.chance(0.5), -1.0, 1.0)
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1] = torch.cos(angle) * scale * mirror, -torch.sin(angle) * scale
    theta[:, 1, 0], theta[:, 1, 1] = torch.sin(angle) * scale * mirror, torch.cos(angle) * scale
    theta[:, :, 2] = draw.uniform(-0.04, 0.04, n, 2)
    if side < 112:
        x = F.interpolate(x, (side, side), mode="bilinear", antialias=True, align_corners=False)
    grid = F.affine_grid(theta, [n, 3, side, side], align_corners=False)
    return degraded(F.grid_sample(x, grid, mode="bilinear", padding_mode="border", align_corners=False), random)


def degraded(x: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    """(N, 3, side, side) from -1 to 1, the same: light, colour, blur, noise, occlusion. Writes over `x`."""
    n, side, draw = len(x), x.shape[-1], Draw(len(x), random)
    # A camera far away or out of focus: a part of the batch goes through a smaller size.
    poor = torch.nonzero(draw.chance(0.15)).flatten()
    if len(poor):
        small = int(side * float(draw.uniform(0.3, 0.8, 1)))
        small_x = F.interpolate(x[poor], (small, small), mode="bilinear", antialias=True, align_corners=False)
        x[poor] = F.interpolate(small_x, (side, side), mode="bilinear", align_corners=False)
    # Light and colour.
    grey = x.mean(1, keepdim=True)
    saturation = torch.where(draw.chance(0.15), torch.zeros(n), draw.uniform(0.7, 1.3)).view(-1, 1, 1, 1)
    x = grey + (x - grey) * saturation
    x = x * draw.uniform(0.75, 1.2).view(-1, 1, 1, 1) + draw.uniform(-0.2, 0.2).view(-1, 1, 1, 1)
    x = x * draw.uniform(0.93, 1.07, n, 3).view(n, 3, 1, 1)
    noisy = torch.nonzero(draw.chance(0.15)).flatten()
    if len(noisy):
        x[noisy] += draw.normal(0.06, *x[noisy].shape)
    # Something in front of the face.
    for i in torch.nonzero(draw.chance(0.1)).flatten().tolist():
        h, w = (int(side * v) for v in draw.uniform(0.1, 0.4, 2).tolist())
        top, left = (int(v) for v in draw.uniform(0, side * 0.7, 2).tolist())
        x[i, :, top : top + h, left : left + w] = draw.uniform(-1, 1, 3).view(3, 1, 1)
    return x.clamp(-1, 1)


def plain(pixels: np.ndarray, side: int = 112) -> torch.Tensor:
    """(N, 112, 112, 3) u8 to the network's input, as the kiosk feeds it."""
    x = (torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2).float() - 127.5) / 127.5
    return x if side == 112 else F.interpolate(x, (side, side), mode="bilinear", antialias=True)
