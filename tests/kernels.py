"""What the matrix products of this machine do, which decides whether two ways through the same mathematics end in the same bits."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from wgan_core.config import TrainConfig


def rounds_as_a_plain_loop(config: TrainConfig, numbers: int, classes: int = 0) -> bool:
    """Whether `config`'s training on samples of so many numbers, with so many classes if it is told them, has to end in the bits of a loop
    that takes one batch after the other.

    The engine takes an MLP critic's real and generated samples together, and an MLP generator's batches for several critic updates. What
    that changes in the last bits is the library's affair: it depends on sizes, on the processor, and on the version of PyTorch.
    """
    if config.architecture != "mlp":
        return True
    together = {*range(2, config.n_critic + 1), *((32,) if config.critic_warmup == "original" else ())}
    images = images_stand_alone(config.batch_size, (config.latent_dim + classes, *config.generator_widths, numbers), together)
    return images and halves_stand_alone(config.batch_size, (numbers, *config.critic_widths, 1 + classes))


def images_stand_alone(batch: int, widths: Sequence[int], together: Iterable[int]) -> bool:
    """Whether a batch comes out of linear layers of these `widths` in the same bits alone and interleaved with others.

    together: how many batches there are in all.
    """
    rng = torch.Generator().manual_seed(0)
    for count, (inputs, outputs) in itertools.product(together, itertools.pairwise(widths)):
        weight, bias, x = (torch.randn(size, generator=rng) for size in ((outputs, inputs), (outputs,), (batch, count, inputs)))
        whole = functional.linear(x.flatten(0, 1), weight, bias).unflatten(0, (batch, count))
        if not all(torch.equal(whole[:, i], functional.linear(x[:, i].contiguous(), weight, bias)) for i in range(count)):
            return False
    return True


def halves_stand_alone(batch: int, widths: Sequence[int]) -> bool:
    """Whether two batches go through an MLP critic's layers of these `widths`, and back, in the same bits in one tensor
    as each in its own: in products of both, and in products of a half, which may lie in memory otherwise than a batch by itself.
    """
    rng = torch.Generator().manual_seed(0)
    for index, (inputs, outputs) in enumerate(itertools.pairwise(widths), start=2):
        sizes = ((outputs, inputs), (outputs,), (2 * batch, inputs), (2 * batch, outputs))
        weight, bias, x, on_output = (torch.randn(size, generator=rng) for size in sizes)
        scores = [functional.linear(part, weight, bias) for part in (x.chunk(2) if index == len(widths) else (x,))]
        ours = [torch.cat(scores), on_output @ weight, *(out.t() @ into for out, into in zip(on_output.chunk(2), x.chunk(2), strict=True))]
        batches, on_batches = [half.clone() for half in x.chunk(2)], [half.clone() for half in on_output.chunk(2)]
        scores, back = [functional.linear(batch, weight, bias) for batch in batches], [out @ weight for out in on_batches]
        theirs = [torch.cat(scores), torch.cat(back), *(out.t() @ into for out, into in zip(on_batches, batches, strict=True))]
        if not all(torch.equal(one, other) for one, other in zip(ours, theirs, strict=True)):
            return False
    return True


def assert_same(ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor], *, to_the_bit: bool, rate: float) -> None:
    """That the weights of both are the same, to the last bit or up to rounding.

    rate: the larger learning rate, if only up to rounding. Optimisers divide by the size of the gradient: where that is rounding alone, as
        it is for every bias before a BatchNorm, so is the step, of at most 10 rates. Among the numbers of a matrix that is rare, and the
        others agree to 1e-6.
    """
    assert ours.keys() == theirs.keys()
    for name, tensor in ours.items():
        if to_the_bit:
            assert torch.equal(tensor, theirs[name]), name
        else:
            apart = (tensor.double() - theirs[name].double()).abs().flatten()
            assert apart.max() <= 20 * rate, (name, float(apart.max()))
            assert tensor.ndim < 2 or apart.quantile(0.99) <= 1e-6, (name, float(apart.quantile(0.99)))
