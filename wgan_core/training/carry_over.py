"""Training on from a saved state with other settings: what is carried over, and what begins anew."""

from __future__ import annotations

import torch

from wgan_core.config import TrainConfig, live_fields
from wgan_core.training.flat_optimizer import rmsprop_as_kept_by
from wgan_core.training.state import TensorDict
from wgan_core.training.trainer import Trainer

_OF_THE_MACHINE = frozenset(("data_root", "device", "threads"))


def carry_over(trainer: Trainer, state: dict[str, TensorDict], was: TrainConfig) -> tuple[str, ...]:
    """Load `state`, saved by a run with the settings `was`, into a new `trainer`, whose settings may differ. Returns what begins anew, in
    words.

    With equal settings this is `Trainer.load_state_dict`, and training goes on bit for bit. Raises StateMismatch, before anything is
    changed, if the networks do not fit.
    """
    now, anew = trainer.config, list[str]()
    training, networks = dict(state["training"]), {name: tensors for name, tensors in state.items() if name != "training"}
    fixed = [name for name in TrainConfig.model_fields if name not in live_fields() and name not in _OF_THE_MACHINE]
    if any(getattr(now, name) != getattr(was, name) for name in fixed):
        # Images made ahead with the old settings.
        training = {name: tensor for name, tensor in training.items() if name not in ("packed", "packed_rng")}
    if now.optimizer != was.optimizer:
        training = {name: tensor for name, tensor in training.items() if "_optimizer." not in name}
        anew.append(f"the memory of both optimisers ({now.optimizer} keeps other numbers than {was.optimizer})")
    elif now.optimizer == "rmsprop":
        for optimizer, prefix in ((trainer.generator_optimizer, "generator_optimizer."), (trainer.critic_optimizer, "critic_optimizer.")):
            kept = {name: training.pop(name) for name in list(training) if name.startswith(prefix)}
            training |= rmsprop_as_kept_by(optimizer, kept)
    if now.seed != was.seed:
        training["noise_rng"] = torch.Generator().manual_seed(now.seed + 1 + trainer_step(state)).get_state()
        anew.append("the random numbers and the order of the data (another seed)")
    if now.critic_gradients == "accumulated" != was.critic_gradients:
        gradients = {f"critic_gradient.{i}": torch.zeros_like(p).cpu() for i, p in enumerate(trainer.critic.parameters())}
        training |= gradients
        anew.append("the sum of the critic's gradients")
    if now.ema_decay and "averaged" not in networks:
        networks["averaged"] = state["generator"]
        anew.append("the averaged generator, which starts as a copy of the generator")
    if not now.ema_decay:
        networks.pop("averaged", None)
    trainer.load_state_dict(networks | {"training": training})
    trainer.configure(now)  # the learning rates of this step
    return tuple(anew)


def trainer_step(state: dict[str, TensorDict]) -> int:
    """The step of a saved state; 0 if it does not tell."""
    counters = state["training"].get("counters", torch.zeros(3))
    return int(counters[0]) if counters.numel() else 0
