"""The mathematics of training: networks, optimisers, random numbers, one step. No thread, no file, no clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from wgan_core.config import TrainConfig, live_fields
from wgan_core.critic_loss import clip_weights, generator_loss, gradient_penalty, wasserstein_estimate
from wgan_core.data import ImageDataset, to_unit_range
from wgan_core.device import resolve_device
from wgan_core.models import build_critic, build_generator, initialise

TensorDict = dict[str, Tensor]


class CriticScores(NamedTuple):
    """What a critic update saw; 0-dim tensors on the device."""

    real: Tensor
    """Mean score of the real images."""
    fake: Tensor
    """Mean score of the generated ones."""
    penalty: Tensor
    """What the gradient penalty added to the critic's loss, λ included; 0 without it."""


class StateMismatch(ValueError):
    """A saved state that does not fit this trainer. Its text names the first thing that differs."""


class Trainer:
    """A WGAN in training.

    Args:
        config: the experiment. `config.device` is resolved here.
        dataset: images as uint8; moved to the device once.

    Raises:
        ConfigError: the device is not there.
        ValueError: fewer images than one batch.
    """

    def __init__(self, config: TrainConfig, dataset: ImageDataset) -> None:
        if len(dataset.images) < config.batch_size:
            raise ValueError(
                f"{dataset.name} has {len(dataset.images)} images, fewer than one batch of {config.batch_size}: "
                "lower the batch size or add images."
            )
        self.config = config
        self.device = resolve_device(config.device)
        self.images = dataset.images.to(self.device)
        shape = (int(self.images.shape[1]), int(self.images.shape[2]), int(self.images.shape[3]))
        # Weights are drawn on the CPU, so that a seed means the same start on every device.
        rng = torch.Generator().manual_seed(config.seed)
        self.generator = build_generator(config, shape)
        self.critic = build_critic(config, shape)
        for network in (self.generator, self.critic):
            initialise(network, config.weight_init, rng)
            network.to(self.device)
        self.generator_optimizer = _optimizer(self.generator, config, config.generator_lr)
        self.critic_optimizer = _optimizer(self.critic, config, config.critic_lr)
        self.noise_rng = torch.Generator(self.device).manual_seed(config.seed + 1)
        self.step = 0
        """Critic updates done."""
        self.generator_updates = 0
        self.critic_updates_since_generator = 0
        self.last_generator_loss = torch.tensor(float("nan"), device=self.device)
        """Of the latest generator update, 0-dim; nan before the first."""
        self._epoch = -1
        self._order = torch.empty(0, dtype=torch.long)

    # One step.

    def critic_step(self, real: Tensor, z: Tensor) -> CriticScores:
        """One critic update on images `real` [batch, c, h, w] in [-1, 1] and noise `z` [batch, latent_dim].

        The gradients are those of this batch alone. Clipping comes after the optimiser's step, so the generator never meets an
        unclipped critic. The penalty's points between real and generated images are drawn from the run's own random numbers.
        """
        with torch.no_grad():
            fake = self.generator(z)
        self.critic_optimizer.zero_grad(set_to_none=True)
        # Two passes, as the textbook has it. One over both halves is 7 % faster but sums the gradients in another order, and RMSprop blows
        # that rounding up where a gradient is nearly nothing: 1e-5, at worst 2e-3, after 50 updates. This way the difference is 0.
        real_scores, fake_scores = self.critic(real), self.critic(fake)
        loss = -wasserstein_estimate(real_scores, fake_scores)
        penalty = torch.zeros((), device=self.device)
        if self.config.lipschitz == "gradient-penalty":
            alpha = torch.rand(len(real), *[1] * (real.ndim - 1), generator=self.noise_rng, device=self.device)
            penalty = self.config.gp_lambda * gradient_penalty(self.critic, real, fake, alpha)
            loss = loss + penalty
        loss.backward()
        self.critic_optimizer.step()
        if self.config.lipschitz == "clip":
            clip_weights(self._clipped(), self.config.clip_value)
        return CriticScores(real_scores.detach().mean(), fake_scores.detach().mean(), penalty.detach())

    def _clipped(self) -> Iterator[Tensor]:
        """The parameters that clipping reaches."""
        everything = self.config.clipped == "all"
        return (parameter for parameter in self.critic.parameters() if everything or parameter.ndim > 1)

    def generator_step(self, z: Tensor) -> Tensor:
        """One generator update on noise `z` [batch, latent_dim] with the critic frozen. Returns its loss, 0-dim."""
        # Without this, the critic's weight gradients would be computed and thrown away.
        self.critic.requires_grad_(False)
        try:
            loss = generator_loss(self.critic(self.generator(z)))
            self.generator_optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.generator_optimizer.step()
        finally:
            self.critic.requires_grad_(True)
        return loss.detach()

    def train_step(self) -> CriticScores:
        """One critic update on the next batch, and the generator update if `n_critic` critic updates have passed since the last.

        Returns the scores of the critic update; the generator's loss, if any, is in `last_generator_loss`.
        """
        scores = self.critic_step(self.next_batch(), self.draw_noise(self.config.batch_size))
        self.step += 1
        self.critic_updates_since_generator += 1
        if self.critic_updates_since_generator >= self.config.n_critic:
            self.last_generator_loss = self.generator_step(self.draw_noise(self.config.batch_size))
            self.generator_updates += 1
            self.critic_updates_since_generator = 0
        return scores

    # Data and noise.

    def next_batch(self) -> Tensor:
        """The batch of the current step: float [batch_size, c, h, w] in [-1, 1].

        Each epoch is a fresh permutation drawn from (seed, epoch); an incomplete last batch is left out. So the order follows from the
        step alone and needs no state of its own.
        """
        batches = len(self.images) // self.config.batch_size
        epoch, index = divmod(self.step, batches)
        if epoch != self._epoch:
            rng = torch.Generator().manual_seed(self.config.seed * 1_000_003 + epoch)
            self._order = torch.randperm(len(self.images), generator=rng).to(self.device)
            self._epoch = epoch
        rows = self._order[index * self.config.batch_size : (index + 1) * self.config.batch_size]
        return to_unit_range(self.images[rows])

    def draw_noise(self, count: int) -> Tensor:
        """Latents z ~ N(0, I), [count, latent_dim], from the run's own random numbers."""
        return torch.randn(count, self.config.latent_dim, generator=self.noise_rng, device=self.device)

    @torch.no_grad()
    def sample(self, z: Tensor) -> Tensor:
        """Images for latents `z` [n, latent_dim], BatchNorm in eval mode (running statistics). Changes nothing of the training."""
        self.generator.eval()
        try:
            return self.generator(z.to(self.device))
        finally:
            self.generator.train()

    @torch.no_grad()
    def score(self, images: Tensor) -> Tensor:
        """The critic's scores [n] of images [n, c, h, w], norms in eval mode. Changes nothing of the training."""
        self.critic.eval()
        try:
            return self.critic(images)[:, 0]
        finally:
            self.critic.train()

    # Live edits and state.

    def configure(self, config: TrainConfig) -> None:
        """Take over the live fields of `config`. Raises ValueError if any other field differs."""
        fixed = [name for name in TrainConfig.model_fields if name not in live_fields()]
        changed = [name for name in fixed if getattr(config, name) != getattr(self.config, name)]
        if changed:
            raise ValueError(f"{changed[0]} cannot change while a run trains: start a new run with it.")
        self.config = config
        for optimizer, rate in ((self.generator_optimizer, config.generator_lr), (self.critic_optimizer, config.critic_lr)):
            for group in optimizer.param_groups:
                group["lr"] = rate

    def state_dict(self) -> dict[str, TensorDict]:
        """Everything needed to go on exactly, as named tensors: keys "generator", "critic", "training"."""
        counters = torch.tensor([self.step, self.generator_updates, self.critic_updates_since_generator])
        training: TensorDict = {
            "counters": counters,
            "noise_rng": self.noise_rng.get_state(),
            "last_generator_loss": self.last_generator_loss,
        }
        for prefix, optimizer in self._optimizers().items():
            for index, state in optimizer.state_dict()["state"].items():
                training |= {f"{prefix}.{index}.{name}": value for name, value in state.items()}
        return {"generator": self.generator.state_dict(), "critic": self.critic.state_dict(), "training": training}

    def load_state_dict(self, state: dict[str, TensorDict]) -> None:
        """Go on from `state`. Raises StateMismatch, before anything is changed, where it does not fit."""
        training = state["training"]
        check_fits(self.generator, state["generator"], "generator")
        check_fits(self.critic, state["critic"], "critic")
        optimizer_states = {prefix: _optimizer_state(training, prefix, optimizer) for prefix, optimizer in self._optimizers().items()}
        for name, shape in (("counters", (3,)), ("last_generator_loss", ())):
            if name not in training or training[name].shape != shape:
                raise StateMismatch(f"training: {name} is missing or has another shape.")
        noise_rng = self._noise_rng(training)
        self.generator.load_state_dict(state["generator"])
        self.critic.load_state_dict(state["critic"])
        for prefix, optimizer in self._optimizers().items():
            optimizer.load_state_dict({"state": optimizer_states[prefix], "param_groups": optimizer.state_dict()["param_groups"]})
        self.noise_rng = noise_rng
        self.step, self.generator_updates, self.critic_updates_since_generator = training["counters"].tolist()
        self.last_generator_loss = training["last_generator_loss"].to(self.device)

    def _noise_rng(self, training: TensorDict) -> torch.Generator:
        """The random numbers to go on with. Raises StateMismatch."""
        rng = torch.Generator(self.device)
        state = training.get("noise_rng", torch.empty(0))
        if state.dtype == torch.uint8 and len(state) != len(rng.get_state()):
            # Of another kind of device (CUDA's have 16 bytes), which this one cannot continue: new ones, the same at every try.
            return rng.manual_seed(self.config.seed + 1 + int(training["counters"][0]))
        try:
            return rng.set_state(state.cpu())
        except (RuntimeError, TypeError):
            raise StateMismatch("training: noise_rng is missing or no state of random numbers.") from None

    def _optimizers(self) -> dict[str, torch.optim.Optimizer]:
        return {"generator_optimizer": self.generator_optimizer, "critic_optimizer": self.critic_optimizer}


def _optimizer(network: nn.Module, config: TrainConfig, rate: float) -> torch.optim.Optimizer:
    # foreach: one multi-tensor call instead of a Python loop over parameters; on CPU it is not the default.
    if config.optimizer == "adam":
        return torch.optim.Adam(network.parameters(), lr=rate, betas=(config.adam_beta1, config.adam_beta2), foreach=True)
    return torch.optim.RMSprop(network.parameters(), lr=rate, foreach=True)


_STATE_OF = {torch.optim.RMSprop: {"step", "square_avg"}, torch.optim.Adam: {"step", "exp_avg", "exp_avg_sq"}}


def check_fits(network: nn.Module, tensors: TensorDict, what: str) -> None:
    """Raise StateMismatch unless `tensors` has exactly the names and shapes of `network`, all finite."""
    for name, like in network.state_dict().items():
        if name not in tensors:
            raise StateMismatch(f"{what}: {name} is missing.")
        if tensors[name].shape != like.shape:
            raise StateMismatch(f"{what}: {name} has shape {list(tensors[name].shape)} where {list(like.shape)} belongs.")
        if tensors[name].is_floating_point() and not tensors[name].isfinite().all():
            raise StateMismatch(f"{what}: {name} holds numbers that are not finite.")
    for name in tensors.keys() - network.state_dict().keys():
        raise StateMismatch(f"{what}: {name} does not belong here.")


def _optimizer_state(training: TensorDict, prefix: str, optimizer: torch.optim.Optimizer) -> dict[int, TensorDict]:
    """The part of `training` that belongs to `optimizer`, in the form its load_state_dict takes."""
    state: dict[int, TensorDict] = {}
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for name, value in training.items():
        if not name.startswith(prefix + "."):
            continue
        index, _, key = name.removeprefix(prefix + ".").partition(".")
        if not index.isdecimal():
            raise StateMismatch(f"training: {name} does not belong here.")
        state.setdefault(int(index), {})[key] = value
    for index, tensors in state.items():
        whole = index < len(parameters) and tensors.keys() == _STATE_OF[type(optimizer)]
        if not whole or any(tensor.ndim and tensor.shape != parameters[index].shape for tensor in tensors.values()):
            raise StateMismatch(f"training: the optimiser's state of {prefix}.{index} does not fit.")
        if not all(tensor.isfinite().all() for tensor in tensors.values()):
            raise StateMismatch(f"training: the optimiser's state of {prefix}.{index} is not finite.")
    if state and len(state) != len(parameters):
        raise StateMismatch(f"training: the state of {prefix} is not whole.")
    return state
