"""What a captured update finds at fixed places, tried without a GPU: a stand-in for `Captured` computes again what was captured.

So an update that needs something that is not written to its place first differs from the plain one here.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.trainers import all_weights, same, states, train
from wgan_core.config import TrainConfig
from wgan_core.data.dataset import ImageDataset
from wgan_core.training import cuda_steps
from wgan_core.training import trainer as trainer_module
from wgan_core.training.crew import Crew
from wgan_core.training.cuda_optimizer import CudaOptimizer
from wgan_core.training.flat import FlatParameters
from wgan_core.training.packing import Pass
from wgan_core.training.trainer import Trainer

pytestmark = pytest.mark.arithmetic


class Recomputed:
    """Computes at each call what was computed at the first, and leaves the result at the same place."""

    def __init__(self, compute: Callable[[], Any], changes: Sequence[Tensor], precision: str, pool: object) -> None:
        before = [tensor.detach().clone() for tensor in changes]
        self._compute, self._found = compute, compute()
        with torch.no_grad():
            for tensor, value in zip(changes, before, strict=True):
                tensor.copy_(value)

    def __call__(self) -> Any:
        for place, value in zip(tensors(self._found), tensors(self._compute()), strict=True):
            place.copy_(value)
        return self._found


def tensors(found: Tensor | Pass) -> list[Tensor]:
    return [found._images, *(x for _, x in found._before_norm)] if isinstance(found, Pass) else [found]


@pytest.fixture
def placed(monkeypatch: pytest.MonkeyPatch, dataset: ImageDataset) -> Callable[[TrainConfig], Trainer]:
    """Makes trainers whose updates go through `CudaSteps`, on the CPU."""
    monkeypatch.setattr(cuda_steps, "Captured", Recomputed)
    monkeypatch.setattr(trainer_module, "FlatOptimizer", CudaOptimizer)
    monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: None)

    def make(config: TrainConfig) -> Trainer:
        trainer = Trainer(config, dataset)
        trainer._captured = trainer._graphs((config.batch_size, config.latent_dim))
        trainer._ahead._place, trainer._ahead._max_batches = trainer._captured.pack, trainer._captured.pack.capacity
        return trainer

    return make


@pytest.fixture
def dataset() -> ImageDataset:
    """Three epochs of images in two classes within the tests' steps."""
    images = torch.randint(0, 256, (70, 1, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(5))
    return ImageDataset("random", images, torch.arange(70) % 2, ("even", "odd"))


PENALTY = {"lipschitz": "gradient-penalty", "optimizer": "adam"}
RECIPES: dict[str, dict[str, Any]] = {
    "clipping": {"n_critic": 11},
    "penalty at some updates": {**PENALTY, "gp_every": 3, "gp_share": "half"},
    "convolutions, augmented": {**PENALTY, "architecture": "dcgan", "dcgan_width": 4, "augment": "all"},
    "classes": {"labels": "conditional", "objective": "hinge", "lipschitz": "none"},
    "schedules": {"clip_schedule": "linear", "lr_schedule": "cosine", "n_critic_schedule": "linear", "max_steps": 40},
}


@pytest.mark.parametrize("recipe", RECIPES)
def test_updates_at_places_are_the_plain_ones(
    recipe: str, config: TrainConfig, dataset: ImageDataset, placed: Callable[[TrainConfig], Trainer]
) -> None:
    config = config.replace(**{"n_critic": 3, **RECIPES[recipe]})
    start, ours, plain = Trainer(config, dataset), placed(config), Trainer(config, dataset)
    for trainer in (ours, plain):
        train(trainer, 9)
        trainer.configure(config.replace(critic_lr=2e-4, clip_value=0.04))
        train(trainer, 5)
    moved = float((all_weights(plain) - all_weights(start)).norm())
    assert float((all_weights(ours) - all_weights(plain)).norm()) < 1e-3 * moved


@pytest.mark.parametrize("recipe", ["clipping", "convolutions, augmented"])
def test_a_trainer_that_is_resumed_finds_the_same(recipe: str, config: TrainConfig, placed: Callable[[TrainConfig], Trainer]) -> None:
    config = config.replace(**{"n_critic": 3, **RECIPES[recipe]})
    through = train(placed(config), 5)
    saved = copy.deepcopy(through.state_dict())
    resumed = placed(config)
    resumed.load_state_dict(saved)
    assert same(states(train(through, 9)), states(train(resumed, 9)))


@pytest.mark.parametrize("optimizer", ["rmsprop", "adam"])
def test_the_optimiser_of_a_gpu_is_pytorchs(optimizer: str, config: TrainConfig) -> None:
    """With a rate that changes, a clip, and a state that is loaded in between."""
    config = config.replace(optimizer=optimizer)
    network = nn.Linear(300, 9)
    flat = FlatParameters(network)
    ours = CudaOptimizer(flat, config, 1e-3, Crew())
    theirs = torch.nn.Parameter(flat.vector.detach().clone())
    if optimizer == "adam":
        plain: torch.optim.Optimizer = torch.optim.Adam([theirs], lr=1e-3, betas=(config.adam_beta1, config.adam_beta2))
    else:
        plain = torch.optim.RMSprop([theirs], lr=1e-3)
    places = ours.changed
    for step in range(6):
        if step == 3:
            ours.set_rate(1e-4)
            plain.param_groups[0]["lr"] = 1e-4
            ours.load(copy.deepcopy(ours.optimizer.state_dict()["state"]))
        flat.gradient.copy_(torch.randn(len(flat.vector)))
        theirs.grad = flat.gradient + 1
        ours.step([torch.ones(len(flat.vector))], clip=torch.tensor(0.05))
        plain.step()
        theirs.data.clamp_(-0.05, 0.05)
        torch.testing.assert_close(flat.vector.detach(), theirs.detach(), atol=1e-6, rtol=1e-5)
    assert [one.data_ptr() for one in places] == [one.data_ptr() for one in ours.changed]
    ours.load({})
    assert not any(bool(tensor.any()) for tensor in ours.changed)
