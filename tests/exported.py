"""Exported programs: loading one, and comparing what it computes with what the engine computes."""

from __future__ import annotations

import types
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.kernels import assert_same, rounds_as_a_plain_loop
from wgan_core.config import TrainConfig
from wgan_core.data.dataset import Dataset
from wgan_core.training.trainer import Trainer

WALKTHROUGH = TrainConfig(
    image_size=16,
    latent_dim=10,
    generator_widths=(16, 32, 24),
    critic_widths=(32, 16),
    batch_size=16,
    n_critic=5,
    device="cpu",
    seed=7,
    rounding="exact",
)
PENALTY = {"lipschitz": "gradient-penalty", "optimizer": "adam"}
DCGAN = {"architecture": "dcgan", "image_size": 28, "dcgan_width": 4, "batch_size": 8}
ROUNDS_OTHERWISE = "this library rounds a product of more rows otherwise, and training amplifies that: equal to the last bit or not at all"
RESNET = {"architecture": "resnet", "image_size": 32, "resnet_width": 4, "batch_size": 4, "n_critic": 2}


def module(text: str) -> Any:
    """The program as a module; its `main` is not run."""
    loaded = types.ModuleType("exported")
    exec(compile(text, "exported.py", "exec"), loaded.__dict__)
    return loaded


def tensors(generator: torch.nn.Module, critic: torch.nn.Module) -> dict[str, Tensor]:
    return {f"{name}.{key}": value for name, net in (("g", generator), ("c", critic)) for key, value in net.state_dict().items()}


def compare(config: TrainConfig, text: str, steps: int, dataset: Dataset, data: Any = None) -> None:
    """That engine and script agree at each of `steps` steps: to the last bit where this machine's kernels allow it.

    Where they do not, each step begins from the engine's state, so that what it shows is its own rounding and not that of all before.
    """
    exported, trainer = module(text), Trainer(config, dataset)
    to_the_bit = rounds_as_a_plain_loop(config, dataset.data[0].numel(), len(trainer.classes or ()))
    generator, critic = exported.build_networks()
    training = exported.train(generator, critic, exported.load_data() if data is None else data)
    for step in range(1, steps + 1):
        scores = trainer.train_step()
        at, number, generator_loss = next(training)
        assert at == step
        first = scores.real - scores.fake if config.objective == "wasserstein" else scores.loss
        ours, theirs = (float(first), float(trainer.last_generator_loss)), (float(number), float(generator_loss))
        assert ours == pytest.approx(theirs, rel=0 if to_the_bit else 1e-5, abs=0 if to_the_bit else 2e-6, nan_ok=True), step
        if step in (1, 2, 7, steps) or not to_the_bit:
            rate = max(config.critic_lr, config.generator_lr)
            assert_same(tensors(trainer.generator, trainer.critic), tensors(generator, critic), to_the_bit=to_the_bit, rate=rate)
        if not to_the_bit:
            hand_over(trainer, training.gi_frame.f_locals)


def hand_over(trainer: Trainer, theirs: dict[str, Any]) -> None:
    """Give the script, by the variables of its loop, the engine's weights, gradients and optimisers' states."""
    flat = {"generator": trainer._flat_generator, "critic": trainer._flat_critic}
    theirs = {name.replace("discriminator", "critic"): value for name, value in theirs.items()}
    for part in flat:
        theirs[part].load_state_dict(getattr(trainer, part).state_dict())
        state = getattr(trainer, f"{part}_optimizer").state[flat[part].vector]
        for index, parameter in enumerate(theirs[part].parameters()):
            if parameter.grad is not None:
                parameter.grad.copy_(flat[part].views(flat[part].gradient)[index])
            for name, value in theirs[f"{part}_optimizer"].state[parameter].items():
                value.copy_(flat[part].views(state[name])[index] if value.ndim else state[name])
