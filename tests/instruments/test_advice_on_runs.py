"""Each rule of the advice on networks that were trained: a run that has the fault, and the same without it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.data_sets import load_images
from tests.sentences import assert_well_said
from wgan_core.config import TrainConfig
from wgan_core.data.dataset import ImageDataset, network_input
from wgan_core.instruments.advice import RULES, Advice, advise
from wgan_core.instruments.kit import Kit, lanes_for
from wgan_core.instruments.knowledge import Knowledge
from wgan_core.instruments.look import LoopNumbers, Seen
from wgan_core.measures.diagnose import overfit_gap, take_specimen
from wgan_core.measures.lag import critic_lag, twin
from wgan_core.training.trainer import Trainer

pytestmark = pytest.mark.slow

TINY = TrainConfig(
    image_size=8,
    latent_dim=8,
    generator_widths=(32,),
    critic_widths=(32, 16),
    clip_value=0.3,
    critic_lr=3e-4,
    n_critic=5,
    device="cpu",
    threads=1,
    max_steps=10**6,
)
GP = TINY.replace(lipschitz="gradient-penalty", optimizer="adam", critic_lr=1e-3, generator_lr=1e-3)
STUCK = TINY.replace(critic_lr=1e-8, generator_lr=1e-2, n_critic=1)
"""A critic that stands still, and a generator that makes what this critic likes best, again and again."""
MOVING: dict[str, Any] = {"critic_lr": 1e-3, "generator_lr": 1e-3, "clip_value": 0.1, "n_critic": 5}


@dataclass(frozen=True)
class Recipe:
    """How a run gets a fault, and what mends it."""

    bad: TrainConfig
    mend: dict[str, Any]
    steps: int
    """Critic updates of either run."""
    measured: frozenset[str] = field(default_factory=lambda: frozenset(("critic-health", "truth")))
    """The instruments, or "lag", or "overfit"."""
    images: tuple[int | None, int | None] = (None, None)
    """Training images of the bad run and of the mended one; None for all. The others are held out."""
    looks: int = 1


def recipe(bad: TrainConfig, mend: dict[str, Any], steps: int, *measured: str, **more: Any) -> Recipe:
    return Recipe(bad, mend, steps, frozenset(measured), **more)


RECIPES: dict[str, Recipe] = {
    "momentum-with-clipping": recipe(TINY.replace(optimizer="adam"), {"optimizer": "rmsprop"}, 10),
    "deep-critic-with-clipping": recipe(TINY.replace(critic_widths=(16,) * 6), {"critic_widths": (16, 16)}, 10),
    "clipped-norm": recipe(TINY.replace(critic_norm="batch"), {"clipped": "weights"}, 10),
    "nothing-holds-the-critic": recipe(
        TINY.replace(lipschitz="none", critic_lr=5e-3), {"lipschitz": "gradient-penalty"}, 600, "critic-health"
    ),
    "saturated-weights": recipe(
        TINY.replace(clip_value=0.002, critic_lr=1e-3), {"clip_value": 0.3, "critic_lr": 3e-4}, 800, "critic-health"
    ),
    "linear-critic": recipe(
        TINY.replace(clip_value=0.002, critic_lr=1e-3, generator_lr=1e-4, critic_gradients="accumulated"),
        {"clip_value": 0.3, "critic_gradients": "fresh"},
        750,
        "critic-health",
        "truth",
    ),
    "vanishing-gradient": recipe(
        TINY.replace(clip_value=0.003, critic_widths=(32,) * 7, critic_lr=5e-5), {"lipschitz": "gradient-penalty"}, 100, "critic-health"
    ),
    "exploding-gradient": recipe(
        TINY.replace(clip_value=0.5, critic_widths=(64,) * 4, critic_lr=5e-3), {"clip_value": 0.02}, 300, "critic-health"
    ),
    "critic-lagging": recipe(TINY.replace(clip_value=0.03, generator_lr=3e-3, n_critic=1), {"n_critic": 600}, 599, "critic-health", "lag"),
    "negative-estimate": recipe(STUCK, MOVING, 600),
    "penalty-not-holding": recipe(GP.replace(gp_lambda=0.001), {"gp_lambda": 10.0}, 550, "critic-health"),
    "overfitted-critic": recipe(GP.replace(generator_widths=(64, 64), critic_widths=(128, 128)), {}, 3500, "overfit", images=(64, 1500)),
    "still-generator": recipe(TINY.replace(generator_lr=1e-7), {"generator_lr": 1e-3}, 300, "truth", looks=2),
    "missing-modes": recipe(STUCK, MOVING, 5050, "classes"),
    "samples-too-alike": recipe(STUCK, MOVING, 5050, "truth"),
    "distance-stuck": recipe(STUCK, MOVING, 5050, "truth", looks=3),
    "batchnorm-modes-differ": recipe(
        TINY.replace(generator_widths=(32, 32), batch_size=2, generator_lr=1e-3), {"batch_size": 64}, 5050, "mode-gap"
    ),
}


@pytest.fixture(scope="module")
def digits() -> ImageDataset:
    return load_images(TrainConfig(dataset="digits", image_size=8))


@pytest.fixture(scope="module")
def classifiers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("classifiers")


def advised(config: TrainConfig, of: Recipe, digits: ImageDataset, images: int | None, classifiers: Path) -> dict[str, Advice]:
    """What is said at the end of a run of `config`, by the instruments that the app has."""
    order = np.random.default_rng(0).permutation(len(digits))
    data = digits if images is None else ImageDataset("digits", digits.data[order[:images]])
    trainer, kit, knowledge = Trainer(config, data), Kit(config, data, classifiers), Knowledge()
    lanes = [one for lane in lanes_for(config, data) for one in lane.instruments if one.key in of.measured]
    estimates: list[float] = []
    for look in range(1, of.looks + 1):
        while trainer.step < of.steps * look // of.looks:
            scores = trainer.train_step()
            estimates.append(float(scores.real - scores.fake))
        for one in lanes:
            while (found := one.measure(kit, take_specimen(trainer))) is None:
                pass
            knowledge.take(found.seen, trainer.step)
    if "lag" in of.measured:
        knowledge.take(Seen(lag=critic_lag(twin(trainer), n=512)), trainer.step)
    if "overfit" in of.measured:  # digits come without held-out images, so the instrument leaves them out
        held_out = network_input(digits.data[order[1500:]])
        gap = overfit_gap(take_specimen(trainer), network_input(data.data[: len(held_out)]), held_out)
        knowledge.take(Seen(overfit=gap), trainer.step)
    # Every rule by itself: a cause would hide its symptoms.
    observed = knowledge.observations(config, trainer.step, trainer.generator_updates, LoopNumbers(np.array(estimates[-200:])))
    found = {advice.key: advice for advice in advise(observed)}
    for advice in found.values():
        assert_well_said(advice)
    return found


@pytest.mark.parametrize("key", RECIPES)
def test_a_run_with_the_fault_is_told_and_one_without_is_not(key: str, digits: ImageDataset, classifiers: Path) -> None:
    of = RECIPES[key]
    assert key in advised(of.bad, of, digits, of.images[0], classifiers)
    assert key not in advised(of.bad.replace(**of.mend), of, digits, of.images[1], classifiers)


def test_every_rule_has_its_run() -> None:
    """But for the distance that rises again: no short run does."""
    assert [*RECIPES] == [key for rule in RULES if (key := rule.__name__.replace("_", "-")) != "distance-rising"]


def test_the_walkthroughs_missing_zero_grad_is_named(digits: ImageDataset, classifiers: Path) -> None:
    """Accumulated gradients drive the weights to the boundary, where fresh ones leave many of them inside."""
    of = recipe(TINY, {}, 800, "critic-health")
    found = advised(TINY.replace(critic_gradients="accumulated"), of, digits, None, classifiers)
    assert found["saturated-weights"].setting == "critic_gradients"
    assert "saturated-weights" not in advised(TINY, of, digits, None, classifiers)
