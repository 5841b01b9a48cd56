"""The mathematics of training: networks, optimisers, random numbers, one step. Uses no threads, no files and no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import torch
from torch import Tensor, nn

from wgan_core.config import TrainConfig, has_schedule, live_fields
from wgan_core.data.classes import classes_of, shared_out
from wgan_core.data.dataset import Dataset
from wgan_core.data.epochs import batches_of_epoch
from wgan_core.training import spectral
from wgan_core.training.augment import Augmentation
from wgan_core.training.averaging import AveragedGenerator, latents_for_statistics
from wgan_core.training.batches import Batches
from wgan_core.training.classes import one_hot, told, with_classes
from wgan_core.training.crew import Crew
from wgan_core.training.critic_loss import clip_weights
from wgan_core.training.critic_passes import CriticPasses, CriticScores
from wgan_core.training.cuda_graph import StreamCrew, choose_kernels
from wgan_core.training.cuda_optimizer import CudaOptimizer
from wgan_core.training.cuda_steps import CudaSteps
from wgan_core.training.device import autocast, resolve_device
from wgan_core.training.flat import FlatParameters
from wgan_core.training.flat_optimizer import FlatOptimizer
from wgan_core.training.generator_pass import samples_to_learn_from
from wgan_core.training.joint_norm import join_batch_norms
from wgan_core.training.live_settings import LiveSettings
from wgan_core.training.models import Generator, build_critic, build_generator, initialise
from wgan_core.training.objective import OBJECTIVES
from wgan_core.training.packing import ImagesAhead, Taken
from wgan_core.training.penalty_plan import PenaltyPlan
from wgan_core.training.rates import rate_share
from wgan_core.training.schedules import in_force, in_force_after
from wgan_core.training.state import StateMismatch, TensorDict, check_fits, optimizer_from_tensors, optimizer_to_tensors
from wgan_core.training.warmup import critic_updates_before
from wgan_core.training.world import World


class Trainer:
    """A WGAN in training.

    Args:
        config: the run's settings. `config.device` is resolved here.
        dataset: images or points; moved to the device once.
        world: the processes that train together, each on its own rows of every batch; None for a single process.
        crew: the threads that do the parts of a step; None for the calling thread alone. The results do not depend on their number.
        generator: one of another kind than the settings can describe. Its weights are drawn anew, as `weight_init` says.

    Raises:
        ConfigError: the device does not exist here.
        ValueError: the data has fewer rows than one batch, or, for a conditional run, no classes that it can use (DataError).
    """

    def __init__(
        self,
        config: TrainConfig,
        dataset: Dataset,
        world: World | None = None,
        crew: Crew | None = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        if len(dataset) < config.batch_size:
            raise ValueError(
                f"{dataset.name} has {len(dataset)} {dataset.kind}, fewer than one batch of {config.batch_size}: "
                f"lower the batch size or add {dataset.kind}."
            )
        self.config = config
        self._now = in_force(config, 0)
        """The settings in force: `config` with the values of the present step in place of its schedules."""
        self.device = resolve_device(config.device)
        self.data = dataset.data.to(self.device)
        self.classes = classes_of(dataset) if config.labels == "conditional" else None
        """The classes that both networks are told; None if they are told none."""
        self.labels = dataset.labels.to(self.device) if self.classes is not None and dataset.labels is not None else None
        """The class of each row of `data`, int64 [n]; None if the networks are not told."""
        shape, classes = tuple(int(size) for size in self.data.shape[1:]), len(self.classes or ())
        # Weights are drawn on the CPU, so that a seed gives the same start on every device.
        rng = torch.Generator().manual_seed(config.seed)
        self.generator = generator or build_generator(config, shape, classes)
        self.critic = build_critic(config, shape, classes)
        for network in (self.generator, self.critic):
            initialise(network, config.weight_init, rng)
            spectral.begin(network, config.seed)
            network.to(self.device)
        self._averaged = AveragedGenerator(self.generator, self._inputs_for_statistics) if config.ema_decay else None
        on_cuda = self.device.type == "cuda"
        self._crew = StreamCrew(self.device) if on_cuda else crew if crew is not None and self.device.type == "cpu" else Crew()
        self._world = world
        self._rows = world.rows(config.batch_size) if world is not None else None
        if world is not None:
            join_batch_norms(self.generator, world)
            join_batch_norms(self.critic, world)
            if on_cuda:  # where nothing is captured; and a process of a world trains nothing else
                choose_kernels(config.precision)
        self._flat_generator, self._flat_critic = FlatParameters(self.generator), FlatParameters(self.critic)
        descent = CudaOptimizer if on_cuda else FlatOptimizer
        self._generator_descent = descent(self._flat_generator, config, config.generator_lr, self._crew)
        self._critic_descent = descent(self._flat_critic, config, config.critic_lr, self._crew)
        self.generator_optimizer, self.critic_optimizer = self._generator_descent.optimizer, self._critic_descent.optimizer
        self._objective = OBJECTIVES[config.objective]
        batch = config.batch_size // (world.size if world is not None else 1)
        self._live = LiveSettings(self._now, self.device)
        self._critic_passes = CriticPasses(self.critic, self._flat_critic, self._now, self._live, batch, self._crew)
        self._batches = Batches(self.data, self.labels, classes, config.batch_size, config.seed, self._rows)
        self._penalty_plan = PenaltyPlan.of(config, self.data.ndim)
        latents, by_graphs = (config.batch_size, config.latent_dim), on_cuda and world is None
        self._captured = self._graphs(latents) if by_graphs else None
        self._ahead = ImagesAhead(
            self.generator,
            torch.Generator(self.device).manual_seed(config.seed + 1),
            latents,
            self._penalty_plan,
            self._rows,
            self._crew,
            # The critic compares images of the same classes: in the penalty each pair has one, and the estimate is free of their chance.
            self._batches.classes if classes else None,
            self._captured.pack if self._captured is not None else None,
        )
        self._augmentation = Augmentation(config, self.device, self._rows)
        self.step: int = 0
        """Critic updates done."""
        self.generator_updates: int = 0
        self.critic_updates_since_generator: int = 0
        self.last_generator_loss = torch.tensor(float("nan"), device=self.device)
        """The loss of the latest generator update, 0-dim; nan before the first."""

    # One step.

    def critic_step(self, real: Tensor, z: Tensor, classes: Tensor | None = None) -> CriticScores:
        """One critic update on images `real` [batch, c, h, w] in [-1, 1], or points [batch, 2], and latents `z` [batch, latent_dim]. With
        `classes` [batch, classes], these are the real images' classes and those of the images to generate.

        Clipping comes after the optimiser's step, so the generator never meets an unclipped critic. The penalty's points between real and
        generated images are drawn from the run's own random numbers. A penalty that a run looks at only now and then is taken at every
        call, with the weight λ; an augmentation takes other numbers at every call.
        """
        alpha = self._ahead.alpha()
        fake = Taken(lambda: self._generated(with_classes(z, classes)), lambda: None)
        seen = self._augmentation.of_any(lambda: real, fake, self._ahead.rng)
        return self._ascend(*seen, alpha, classes, clip=True)

    @torch.no_grad()
    def _generated(self, inputs: Tensor) -> Tensor:
        with self._autocast():
            return self.generator(inputs)

    def _ascend(
        self, real: Callable[[], Tensor], fake: Taken, alpha: Tensor | None, classes: Tensor | None, *, clip: bool, times: int = 1
    ) -> CriticScores:
        """A critic update with the clipping at its end or without. `real` gives the real samples, and is called once; the penalty
        counts so many `times`."""
        numbers, terms = self._critic_passes.gradients(real, fake, alpha, classes, times), self._critic_passes.terms
        if self._world is not None:
            for term in terms:
                self._flat_critic.gradient.add_(term)
            numbers, terms = self._world.average([self._flat_critic.gradient], numbers), []
        all_at_once = clip and self.config.lipschitz == "clip" and self.config.clipped == "all"
        self._critic_descent.step(terms, clip=self._live.clip_value if all_at_once else None)
        if clip and not all_at_once:
            self.clip()
        return CriticScores(*numbers)

    def clip(self) -> None:
        """Clip the critic's parameters, if clipping is the Lipschitz method. This is the last part of every critic update."""
        if self.config.lipschitz == "clip":
            clip_weights(self._clipped(), self._live.clip_value)

    def _clipped(self) -> Iterable[Tensor]:
        """The parameters that are clipped."""
        if self.config.clipped == "all":
            return (self._flat_critic.vector,)
        return (parameter for parameter in self.critic.parameters() if parameter.ndim > 1)

    def generator_step(self, z: Tensor, classes: Tensor | None = None) -> Tensor:
        """One generator update on latents `z` [batch, latent_dim], of `classes` [batch, classes] if there are any, with the critic frozen.
        Returns the loss, 0-dim."""
        self._ahead.give_back()
        captured = self._captured if len(z) == self.config.batch_size else None
        self._augmentation.draw(self.step)
        loss = self._descend(z, classes) if captured is None else captured.descend(self._descend, z, classes)
        self._average()
        return loss

    def _descend(self, z: Tensor, classes: Tensor | None) -> Tensor:
        self._flat_generator.gradient.zero_()
        # Freezing avoids computing unused gradients of the critic's weights. With accumulated gradients they are needed.
        frozen = self.config.critic_gradients == "fresh"
        self.critic.requires_grad_(not frozen)
        try:
            with self._autocast():
                samples = samples_to_learn_from(self.generator, with_classes(z, classes), self._crew)
                seen = self._augmentation.of_generator(samples, self.step)
                loss = self._objective.generator_loss(told(self.critic, classes)(seen).float())
            loss.backward()
        finally:
            self.critic.requires_grad_(True)
        loss = loss.detach()
        if self._world is not None:
            # With accumulated gradients, the critic's too: each process has added its own part of the batch to them.
            kept = [] if frozen else [self._flat_critic.gradient]
            (loss,) = self._world.average([self._flat_generator.gradient, *kept], [loss])
        self._generator_descent.step()
        return loss

    def _average(self) -> None:
        """Update the averaged generator. The first updates weigh more, so that it soon forgets the untrained weights."""
        if self._averaged is not None:
            self._averaged.follow(self.generator, min(self.config.ema_decay, (1 + self.generator_updates) / (10 + self.generator_updates)))

    def _inputs_for_statistics(self, count: int) -> Tensor:
        """Inputs of the generator that stand for all that it makes: latents, and each class with its share if it is told classes."""
        z = latents_for_statistics(self.config.seed, count, self.config.latent_dim)
        return with_classes(z, None if self.classes is None else one_hot(shared_out(count, self.classes), len(self.classes)))

    @property
    def averaged_generator(self) -> nn.Module | None:
        """The averaged generator, if the config asks for one, with BatchNorm statistics of its own: taken when it is asked for, unless it
        has not moved since."""
        return None if self._averaged is None else self._averaged.network()

    def train_step(self) -> CriticScores:
        """One critic update on the next batch, then a generator update if enough critic updates have passed since the last one.

        Returns the scores of the critic update; the generator's loss, if any, is in `last_generator_loss`.
        """
        scores = self._next_ascent(clip=True)
        if self.generator_is_due:
            self.update_generator()
        return scores

    def ascend(self) -> CriticScores:
        """The critic's part of a step on the next batch, up to the optimiser's step. `clip` completes it."""
        return self._next_ascent(clip=False)

    def _next_ascent(self, *, clip: bool) -> CriticScores:
        if has_schedule(self.config):
            self._follow_schedules()
        until_generator = min(self.critic_updates_wanted - self.critic_updates_since_generator, self.config.max_steps - self.step)
        ascend = partial(self._ascend_in_step, clip=clip)
        if self._captured is not None:
            fake, alpha = self._ahead.next(self.step, until_generator)
            self._augmentation.draw(self.step + 1)
            scores = self._captured.ascend(ascend, self._batches.rows(self.step), fake, alpha, clip=clip)
        else:
            with self._autocast():
                fake, alpha = self._ahead.next(self.step, until_generator)
            scores = ascend(self.next_batch, fake, alpha, None if self.labels is None else self._batches.classes(self.step))
        self.step += 1
        self.critic_updates_since_generator += 1
        return scores

    def _ascend_in_step(
        self, real: Callable[[], Tensor], fake: Taken, alpha: Tensor | None, classes: Tensor | None, *, clip: bool
    ) -> CriticScores:
        seen = self._augmentation.of_step(real, fake, self.step + 1)
        return self._ascend(*seen, alpha, classes, clip=clip, times=self.config.gp_every)

    @property
    def generator_is_due(self) -> bool:
        """Whether the critic has had all its updates before the next generator update."""
        return self.critic_updates_since_generator >= self.critic_updates_wanted

    def update_generator(self) -> None:
        """One generator update on fresh latents. Restarts the count of critic updates."""
        z = self.draw_noise(self.config.batch_size)
        self.last_generator_loss = self.generator_step(z, self.draw_classes(self.config.batch_size))
        self.generator_updates += 1
        self.critic_updates_since_generator = 0

    @property
    def critic_updates_wanted(self) -> int:
        """Number of critic updates between the last generator update and the next: `n_critic`, or more during the critic's warm-up."""
        return critic_updates_before(self._now, self.generator_updates)

    def _autocast(self) -> torch.autocast:
        return autocast(self.device, self.config.precision)

    # Data and noise.

    def next_batch(self) -> Tensor:
        """The batch of the current step: images float [batch_size, c, h, w] in [-1, 1], or points [batch_size, 2]."""
        return self._batches.samples(self.step)

    @property
    def batches_per_epoch(self) -> int:
        """Critic updates in one epoch."""
        return batches_of_epoch(len(self.data), self.config.batch_size)

    def draw_noise(self, count: int) -> Tensor:
        """Latents z ~ N(0, I), [count, latent_dim], from the run's own random numbers."""
        return self._ahead.normal(count)

    def draw_classes(self, count: int) -> Tensor | None:
        """Classes [count, classes] of random samples of the data, from the run's own random numbers; None if the networks are told none."""
        return None if self.labels is None else self._batches.classes_of(self._ahead.rows_of(len(self.data), count))

    @torch.no_grad()
    def sample(self, z: Tensor, classes: Tensor | None = None, *, averaged: bool = False) -> Tensor:
        """Images or points for latents `z` [n, latent_dim], with BatchNorm in eval mode (running statistics). Does not affect the training.

        Args:
            z: latents.
            classes: of what is to be generated, [n, classes]; if the networks are told classes and none are given, each gets its share.
            averaged: use the averaged generator, which the config must ask for.
        """
        if classes is None and self.classes is not None:
            classes = one_hot(shared_out(len(z), self.classes), len(self.classes))
        generator = self.averaged_generator if averaged else self.generator
        assert generator is not None
        generator.eval()
        try:
            return generator(with_classes(z, classes).to(self.device))
        finally:
            generator.train()

    @torch.no_grad()
    def score(self, samples: Tensor, classes: Tensor | None = None) -> Tensor:
        """The critic's scores [n] of images [n, c, h, w] or points [n, 2], with norms in eval mode. Does not affect the training.

        classes: theirs, [n, classes], if the networks are told classes.
        """
        self.critic.eval()
        try:
            return told(self.critic, None if classes is None else classes.to(self.device))(samples)[:, 0]
        finally:
            self.critic.train()

    # Live edits and state.

    def configure(self, config: TrainConfig) -> None:
        """Adopt the live settings of `config`. Raises ValueError if any other setting differs."""
        fixed = [name for name in TrainConfig.model_fields if name not in live_fields()]
        changed = [name for name in fixed if getattr(config, name) != getattr(self.config, name)]
        if changed:
            raise ValueError(f"{changed[0]} cannot change while a run trains: start a new run with it.")
        self.config = config
        self._follow_schedules()

    @property
    def settings_of_newest(self) -> TrainConfig:
        """The settings that the newest critic update was made with, and that describe the networks."""
        return in_force_after(self.config, self.step, self.updates_before_newest)

    @property
    def updates_before_newest(self) -> int:
        """Generator updates done before the newest critic update."""
        return self.generator_updates - (self.generator_updates > 0 and self.critic_updates_since_generator == 0)

    def _follow_schedules(self) -> None:
        """Take the values of the current step, and give both optimisers its learning rates."""
        self._now = self._critic_passes.config = in_force(self.config, self.step, self.generator_updates)
        self._live.adopt(self._now)
        share = rate_share(self.config, self.step, self.generator_updates)
        self._generator_descent.set_rate(self.config.generator_lr * share)
        self._critic_descent.set_rate(self.config.critic_lr * share)

    def state_dict(self) -> dict[str, TensorDict]:
        """Everything needed to continue exactly, as named tensors: keys "generator", "critic", "training", and "averaged" if the generator
        is averaged."""
        training: TensorDict = {
            "counters": torch.tensor([self.step, self.generator_updates, self.critic_updates_since_generator]),
            "noise_rng": self._ahead.position(),
            "last_generator_loss": self.last_generator_loss,
        } | self._ahead.state()
        for prefix, (optimizer, flat) in self._optimizers().items():
            training |= optimizer_to_tensors(optimizer, flat, prefix)
        if self.config.critic_gradients == "accumulated":
            training |= {f"critic_gradient.{i}": part for i, part in enumerate(self._flat_critic.views(self._flat_critic.gradient))}
        state = {"generator": self.generator.state_dict(), "critic": self.critic.state_dict(), "training": training}
        averaged = self.averaged_generator
        return state if averaged is None else state | {"averaged": averaged.state_dict()}

    def load_state_dict(self, state: dict[str, TensorDict]) -> None:
        """Continue from `state`. Raises StateMismatch if it does not fit, before anything is changed."""
        training = state["training"]
        networks: dict[str, nn.Module] = {"generator": self.generator, "critic": self.critic}
        if self._averaged is not None:
            networks["averaged"] = self._averaged.as_it_is
        for part, network in networks.items():
            check_fits(network, state.get(part, {}), part)
        optimizer_states = {
            prefix: optimizer_from_tensors(optimizer, flat, prefix, training) for prefix, (optimizer, flat) in self._optimizers().items()
        }
        for name, shape in (("counters", (3,)), ("last_generator_loss", ())):
            if name not in training or training[name].shape != shape:
                raise StateMismatch(f"training: {name} is missing or has another shape.")
        gradient = self._accumulated_gradient(training)
        noise_rng = self._noise_rng(training)
        for part, network in networks.items():
            network.load_state_dict(state[part])
        self._generator_descent.load(optimizer_states["generator_optimizer"])
        self._critic_descent.load(optimizer_states["critic_optimizer"])
        if self._averaged is not None:
            self._averaged.loaded()
        self._flat_critic.gradient.copy_(gradient)
        self.step, self.generator_updates, self.critic_updates_since_generator = training["counters"].tolist()
        self.last_generator_loss = training["last_generator_loss"].to(self.device)
        self._follow_schedules()
        with self._autocast():
            self._ahead.resume(noise_rng, training, self.step)

    def _accumulated_gradient(self, training: TensorDict) -> Tensor:
        """The critic's saved gradients; zero unless the run accumulates them. Raises StateMismatch."""
        flat = self._flat_critic
        if self.config.critic_gradients == "fresh":
            return torch.zeros_like(flat.gradient)
        parts = [training.get(f"critic_gradient.{index}", torch.empty(0)) for index in range(len(flat.shapes))]
        if [part.shape for part in parts] != flat.shapes:
            raise StateMismatch("training: the critic's accumulated gradients are missing or do not fit.")
        return flat.join(parts)

    def _noise_rng(self, training: TensorDict) -> torch.Generator:
        """The random numbers to continue with. Raises StateMismatch."""
        rng = torch.Generator(self.device)
        state = training.get("noise_rng", torch.empty(0))
        if state.dtype == torch.uint8 and len(state) != len(rng.get_state()):
            # Saved on another kind of device (a CUDA state has 16 bytes), so it cannot be continued here. Start new ones, the same every
            # time.
            return rng.manual_seed(self.config.seed + 1 + int(training["counters"][0]))
        try:
            return rng.set_state(state.cpu())
        except (RuntimeError, TypeError):
            raise StateMismatch("training: noise_rng is missing or is not a state of random numbers.") from None

    def _graphs(self, latents: tuple[int, int]) -> CudaSteps:
        classes = len(self.classes or ())
        return CudaSteps(self.generator, self._batches, latents, classes, self._penalty_plan, self.config.precision, self._changed())

    def _changed(self) -> list[Tensor]:
        """All that updates change."""
        buffers = (*self.generator.buffers(), *self.critic.buffers())
        flats = (self._flat_generator, self._flat_critic)
        moments = [*self._generator_descent.changed, *self._critic_descent.changed]
        return [*buffers, *(tensor for flat in flats for tensor in (flat.vector.data, flat.gradient)), *moments]

    def _optimizers(self) -> dict[str, tuple[torch.optim.Optimizer, FlatParameters]]:
        return {
            "generator_optimizer": (self.generator_optimizer, self._flat_generator),
            "critic_optimizer": (self.critic_optimizer, self._flat_critic),
        }
