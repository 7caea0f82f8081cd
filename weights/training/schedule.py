"""Training by a time budget: the learning rate follows the share of the budget that is spent.

Machines without a GPU are shared, and their speed changes from minute to minute. On a CPU the budget is counted in
CPU time, so that a run that is paused or starved does not lose its schedule; on other devices by the wall clock. The time spent is kept in the checkpoint: a resumed run goes on where it stopped.
"""

import copy
import time

import torch


class Clock:
    def __init__(self, minutes: float, spent_seconds: float, device: torch.device, threads: int):
        self.budget, self.device, self.threads = minutes * 60, device, threads
        self.began = self._now() - spent_seconds

    def _now(self) -> float:
        return time.process_time() / self.threads if self.device.type == "cpu" else time.monotonic()

    def spent(self) -> float:
        return self._now() - self.began

    def progress(self) -> float:
        """0 at the start, 1 when the budget is spent."""
        return min(1.0, self.spent() / self.budget)


def learning_rate_factor(step: int, progress: float, warmup: int = 200, hold: float = 0.3) -> float:
    """Linear warm-up over `warmup` steps, full until `hold`, then linear to zero at the end of the budget."""
    return min(1.0, (step + 1) / warmup) * min(1.0, (1.0 - progress) / (1.0 - hold))


class Average:
    """An exponential moving average of the weights (and BN statistics), which is what gets exported."""

    def __init__(self, model: torch.nn.Module, decay: float = 0.998):
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self.decay, self.updates = decay, 0

    @torch.no_grad()
    def update(self, model: torch.nn.Module) -> None:
        """Takes in one step. The first steps count more, so that the start is soon forgotten."""
        self.updates += 1
        decay = min(self.decay, self.updates / (10 + self.updates))
        for mine, theirs in zip(self.model.state_dict().values(), model.state_dict().values()):
            if mine.dtype.is_floating_point:
                mine.lerp_(theirs, 1 - decay)
            else:
                mine.copy_(theirs)

    def restart(self, model: torch.nn.Module) -> None:
        """Forgets the past: BN statistics of another picture size do not belong in the average."""
        self.model.load_state_dict(model.state_dict())
        self.updates = 0

    def state(self) -> dict:
        return {"average": self.model.state_dict(), "average_updates": self.updates}

    def load(self, checkpoint: dict) -> None:
        self.model.load_state_dict(checkpoint["average"])
        self.updates = checkpoint["average_updates"]


class Muon(torch.optim.Optimizer):
    """Momentum whose matrix is orthogonalised before it is applied (Jordan et al., 2024), for 3x3 and 1x1 kernels.

    Every kernel here is followed by a BN, so only its direction matters: it is kept at norm sqrt(outputs), which
    makes the learning rate relative.
    """

    def __init__(self, parameters, lr: float = 0.02, momentum: float = 0.9):
        super().__init__(parameters, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(p.grad)
                buffer = state["momentum"].lerp_(p.grad, 1 - group["momentum"])
                update = p.grad.lerp(buffer, group["momentum"])  # Nesterov
                update = orthogonalised(update.reshape(len(p), -1)).reshape(p.shape)
                target = len(p) ** 0.5
                p.mul_(target / p.norm().clamp_min(1e-12))
                p.add_(update, alpha=-group["lr"] * target / update.norm().clamp_min(1e-12))


def orthogonalised(matrix: torch.Tensor, steps: int = 4) -> torch.Tensor:
    """Newton-Schulz iteration towards the nearest (semi-)orthogonal matrix.

    Every step multiplies from the left by a polynomial of the Gram matrix, so the steps are collected on the short
    side and the matrix itself, nine times as long, is multiplied once.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrix / (matrix.norm() + 1e-7)
    x = x.T if (tall := x.shape[0] > x.shape[1]) else x
    gram, product = x @ x.T, torch.eye(len(x), device=x.device)
    for _ in range(steps):
        factor = torch.addmm(gram, gram, gram, beta=b, alpha=c)
        factor.diagonal().add_(a)
        product = factor @ product
        gram = factor @ gram @ factor
    x = product @ x
    return x.T if tall else x
