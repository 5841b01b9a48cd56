"""The averaged generator's BatchNorm statistics: those of its own layers, in float64 and by update_bn of PyTorch, wherever it goes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn

from tests.trainers import states, train
from wgan_core.config import TrainConfig
from wgan_core.data.dataset import ImageDataset
from wgan_core.latent.saved import load_networks
from wgan_core.latent.seeds import fixed_latents
from wgan_core.measures.diagnose import copy_weights
from wgan_core.runs.recorder import Recorder
from wgan_core.store.folder import RunFolder
from wgan_core.training.averaging import BATCH, LATENTS, latents_for_statistics
from wgan_core.training.trainer import Trainer


@pytest.fixture
def trainer(config: TrainConfig, dataset: ImageDataset) -> Trainer:
    """Averaged so slowly that the live generator is far ahead."""
    return train(Trainer(config.replace(ema_decay=0.9, n_critic=1, generator_widths=(16, 24, 20)), dataset), 60)


def averaged(trainer: Trainer) -> nn.Module:
    network = trainer.averaged_generator
    assert network is not None
    return network


def written_out(network: nn.Module, batches: list[Tensor]) -> list[Tensor]:
    """Mean and unbiased variance of each feature before each BatchNorm, averaged over the batches, in float64; by layer."""
    found: list[list[Tensor]] = []
    for x in batches:
        x, norms = x.double(), 0
        for layer in network.layers:  # pyright: ignore[reportGeneralTypeIssues]
            if isinstance(layer, nn.BatchNorm1d):
                mean, variance = x.mean(0), x.var(0)
                if norms == len(found):
                    found.append([torch.zeros_like(mean), torch.zeros_like(mean)])
                found[norms][0] += mean / len(batches)
                found[norms][1] += variance / len(batches)
                norms += 1
                x = (x - mean) / (x.var(0, correction=0) + layer.eps).sqrt() * layer.weight.double() + layer.bias.double()
            else:
                x = layer.double()(x)
                layer.float()
    return [part for pair in found for part in pair]


def statistics(network: nn.Module) -> list[Tensor]:
    norms = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm1d)]
    return [part for norm in norms for part in (norm.running_mean, norm.running_var) if part is not None]


def test_the_statistics_are_those_of_its_own_layers(trainer: Trainer) -> None:
    network, config = averaged(trainer), trainer.config
    z = latents_for_statistics(config.seed, LATENTS[True], config.latent_dim)
    ours = [part.clone() for part in statistics(network)]
    for found, expected in zip(ours, written_out(network, list(z.split(BATCH))), strict=True):
        assert torch.allclose(found.double(), expected, rtol=1e-4, atol=1e-5)
    update_bn(z.split(BATCH), network)
    assert all(torch.equal(found, expected) for found, expected in zip(ours, statistics(network), strict=True))
    apart = [float((found - live).abs().max()) for found, live in zip(ours, statistics(trainer.generator), strict=True)]
    assert max(apart) > 0.05


def test_they_are_the_same_wherever_it_is_shown_saved_or_opened(trainer: Trainer, tmp_path: Path) -> None:
    z = fixed_latents(3, 8, trainer.config.latent_dim)
    shown = trainer.sample(z, averaged=True)
    folder = RunFolder.create(tmp_path / "run", trainer.config, dataset={"shape": [1, 8, 8]})
    recorder = Recorder(folder)
    assert recorder.save(trainer)
    opened = load_networks(folder, 60, averaged=True).samples(z.numpy())
    assert torch.equal(torch.from_numpy(opened), shown)
    copied = copy_weights(trainer, averaged=True).generator
    assert all(torch.equal(copied[name], value) for name, value in folder.read_part(60, "averaged").items())
    before = trainer.sample(z, averaged=True)
    assert not torch.equal(train(trainer, 1).sample(z, averaged=True), before)


def test_nothing_of_the_training_depends_on_when_it_is_looked_at(config: TrainConfig, dataset: ImageDataset) -> None:
    config = config.replace(ema_decay=0.9)
    looked, left = Trainer(config, dataset), Trainer(config, dataset)
    for _ in range(20):
        train(looked, 1).sample(fixed_latents(0, 2, config.latent_dim), averaged=True)
    first, second = states(looked), states(train(left, 20))
    assert all(torch.equal(first[name].nan_to_num(7), second[name].nan_to_num(7)) for name in first)


def test_a_step_of_an_earlier_version_keeps_what_it_shows(trainer: Trainer, dataset: ImageDataset) -> None:
    """Its averaged generator has the live one's statistics; so it is shown until it moves."""
    z = fixed_latents(3, 8, trainer.config.latent_dim)
    state = trainer.state_dict()
    live = {name: value for name, value in state["generator"].items() if "running" in name or "tracked" in name}
    early = state | {"averaged": {name: value.clone() for name, value in (state["averaged"] | live).items()}}
    resumed = Trainer(trainer.config, dataset)
    resumed.load_state_dict(early)
    kept = resumed.state_dict()["averaged"]
    assert all(torch.equal(kept[name], value) for name, value in early["averaged"].items())
    assert not torch.equal(resumed.sample(z, averaged=True), trainer.sample(z, averaged=True))
    after = [train(one, 1).sample(z, averaged=True) for one in (resumed, trainer)]
    assert torch.equal(*after)


def test_without_batch_norm_nothing_is_taken(config: TrainConfig, dataset: ImageDataset) -> None:
    trainer = train(Trainer(config.replace(ema_decay=0.9, generator_norm="none"), dataset), 6)
    assert statistics(averaged(trainer)) == []
