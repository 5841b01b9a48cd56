"""BatchNorm over the joined batch of several processes, with the same statistics, gradients and running statistics as in one process.

PyTorch's SyncBatchNorm does this too, but only on GPUs.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from wgan_core.training.world import World


class JointBatchNorm(nn.Module):
    """Replaces `norm` (a BatchNorm1d or BatchNorm2d), with the same parameters and buffers."""

    def __init__(self, norm: nn.BatchNorm1d | nn.BatchNorm2d, world: World) -> None:
        super().__init__()
        self._world = world
        self.eps = norm.eps
        self._momentum = norm.momentum
        self.weight, self.bias = norm.weight, norm.bias
        for name, buffer in norm.named_buffers():
            self.register_buffer(name, buffer)

    def forward(self, x: Tensor) -> Tensor:
        assert isinstance(self.running_mean, Tensor) and isinstance(self.running_var, Tensor)
        if not self.training:
            return functional.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)
        mean, variance = self.moments(x)
        self.follow(mean, variance, x.numel() // x.shape[1])
        scale = self.weight * torch.rsqrt(variance + self.eps)
        by_feature = (-1, *[1] * (x.ndim - 2))
        return ((x.float() - mean.view(by_feature)) * scale.view(by_feature) + self.bias.view(by_feature)).to(x.dtype)

    def moments(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and biased variance of each feature (dimension 1 of `x`) over the joined batch, float32 [features]."""
        variance, mean = torch.var_mean(x.float(), [0, *range(2, x.ndim)], correction=0)
        means, variances = self._world.gather(torch.stack((mean, variance))).unbind(1)
        mean = means.mean(0)
        # Not the mean of the squares minus the square of the mean, which loses precision where the mean is large.
        return mean, (variances + (means - mean).square()).mean(0)

    @torch.no_grad()
    def follow(self, mean: Tensor, variance: Tensor, count: int) -> None:
        """Update the running statistics with the `moments` of a batch that has `count` values of each feature in each process."""
        assert isinstance(self.running_mean, Tensor) and isinstance(self.running_var, Tensor)
        self.num_batches_tracked += 1
        momentum = self._momentum if self._momentum is not None else 1 / float(self.num_batches_tracked)
        count *= self._world.size
        self.running_mean.lerp_(mean, momentum)
        self.running_var.lerp_(variance * (count / (count - 1)), momentum)


def join_batch_norms(network: nn.Module, world: World) -> None:
    """Make every BatchNorm of `network` take its statistics over the joined batch."""
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if isinstance(child, nn.BatchNorm1d | nn.BatchNorm2d):
                setattr(parent, name, JointBatchNorm(child, world))
