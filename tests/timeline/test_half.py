"""Networks in half precision: what is rounded, and what must not be."""

from __future__ import annotations

import pytest
import torch

from wgan_core.config import TrainConfig
from wgan_core.data.dataset import ImageDataset
from wgan_core.timeline.half import halved
from wgan_core.training.trainer import Trainer


def test_matrices_are_halved_and_vectors_are_not(config: TrainConfig, dataset: ImageDataset) -> None:
    trainer = Trainer(config, dataset)
    trainer.train_step()
    for network in (trainer.generator, trainer.critic):
        found = halved(network.state_dict())
        assert found is not None and found.keys() == network.state_dict().keys()
        for name, tensor in network.state_dict().items():
            if tensor.ndim > 1:
                assert found[name].dtype == torch.float16
                assert float((found[name].float() - tensor).abs().max()) <= float(tensor.abs().max()) * 2**-11
            else:
                assert found[name].dtype == tensor.dtype and torch.equal(found[name], tensor)


def test_a_variance_that_half_precision_cannot_hold_is_kept() -> None:
    found = halved({"running_var": torch.tensor([1e6, 1e-9]), "num_batches_tracked": torch.tensor(7)})
    assert found is not None and found["running_var"].tolist() == pytest.approx([1e6, 1e-9])
    assert found["num_batches_tracked"].item() == 7


@pytest.mark.parametrize("scale", [1e5, 1e-6, 1e-12])
def test_weights_outside_the_range_of_half_precision_stay_exact(scale: float) -> None:
    weight = torch.randn(5, 4) * scale
    found = halved({"weight": weight})
    assert found is not None and torch.equal(found["weight"], weight)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_finite_is_never_kept(bad: float) -> None:
    assert halved({"weight": torch.tensor([[1.0, bad]])}) is None
    assert halved({"bias": torch.tensor([bad])}) is None


def test_a_copy_does_not_change_with_the_network() -> None:
    bias = torch.zeros(3)
    found = halved({"bias": bias, "weight": torch.zeros(2, 2)})
    bias += 1
    assert found is not None and found["bias"].tolist() == [0, 0, 0]
