"""Networks in half precision: what is rounded, and what must not be."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from wgan_core.config import TrainConfig
from wgan_core.data.dataset import ImageDataset
from wgan_core.store.past import Past
from wgan_core.timeline.half import halved, quartered
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


def test_a_quarter_of_the_space_is_read_back_within_a_254th_of_each_row(tmp_path: Path, config: TrainConfig, dataset: ImageDataset) -> None:
    trainer = Trainer(config, dataset)
    for _ in range(20):
        trainer.train_step()
    with torch.no_grad():
        next(trainer.critic.parameters())[0] = 0  # a row of zeros
    past, networks = Past(tmp_path, "run"), {"generator": trainer.generator, "critic": trainer.critic}
    past.write_light(3, {part: quartered(network.state_dict()) for part, network in networks.items()})
    for part, network in networks.items():
        found = past.read_light(3, part)
        assert found.keys() == network.state_dict().keys()
        for name, tensor in network.state_dict().items():
            assert found[name].dtype == tensor.dtype
            if tensor.ndim < 2:
                assert torch.equal(found[name], tensor)
                continue
            largest = tensor.flatten(1).abs().amax(1, keepdim=True)
            assert (((found[name] - tensor).flatten(1).abs()) <= largest / 254 + 1e-7).all()
    weight = next(iter(trainer.critic.state_dict().values()))
    at_c = weight.abs() == config.clip_value
    assert at_c.any()
    torch.testing.assert_close(past.read_light(3, "critic")["layers.0.weight"][at_c], weight[at_c])
