"""One cycle of a WGAN taken apart: n_critic critic updates, each with its clip, then the generator's update."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from wgan_core.config import TrainConfig, critic_word, is_wasserstein, main_number
from wgan_core.lab.frame import Frame
from wgan_core.training.trainer import Trainer

Who = Literal["both", "critic", "generator"]
"""Which networks train."""
Part = Literal["batch", "scores", "ascent", "clip", "push", "move"]

_CONCERNED: dict[Part, tuple[str, ...]] = {
    "batch": ("real", "noise", "generator", "generated"),
    "scores": ("real", "generated", "critic", "estimate"),
    "ascent": ("critic", "estimate"),
    "clip": ("critic", "weights"),
    "push": ("noise", "generator", "generated", "critic", "arrows"),
    "move": ("generator", "generated"),
}
QUICK = 0.35
"""Length of the stages of the second and later critic updates, relative to those of the first."""


@dataclass(frozen=True)
class Stage:
    """A position within the cycle."""

    part: Part
    update: int
    """Number of the critic update since the last generator update, from 1; 0 for the generator."""
    of: int
    """Number of critic updates before the next generator update."""

    @property
    def concerned(self) -> tuple[str, ...]:
        """Names of the parts of the picture that this stage is about."""
        return _CONCERNED[self.part]

    @property
    def duration(self) -> float:
        """How long to show this stage, relative to others."""
        return QUICK if self.update > 1 else 1.0


def cycle(trainers: Sequence[Trainer], who: Who) -> Iterator[Stage]:
    """Train all of `trainers` in lockstep to the end of a cycle. When a stage is yielded, what it describes has been done.

    Between "ascent" and "clip" a clipped critic is not clipped yet, so the iteration must not be abandoned there.
    """
    of, done = trainers[0].critic_updates_wanted, trainers[0].critic_updates_since_generator
    if who == "critic":  # this has no end, so the count restarts after every n_critic
        done %= of
    for update in range(done + 1, of + 1) if who != "generator" else ():
        yield Stage("batch", update, of)
        yield Stage("scores", update, of)
        for trainer in trainers:
            trainer.ascend()
        yield Stage("ascent", update, of)
        for trainer in trainers:
            trainer.clip()
        yield Stage("clip", update, of)
    if who != "critic":
        yield Stage("push", 0, of)
        for trainer in trainers:
            trainer.update_generator()
        yield Stage("move", 0, of)


def caption(stage: Stage, config: TrainConfig) -> tuple[str, str]:
    """A heading and a sentence or two for beginners."""
    critic = critic_word(config)
    heading = f"{critic.capitalize()} update {stage.update} of {stage.of}" if stage.update else "Generator update"
    match stage.part:
        case "batch":
            return f"{heading}: draw", (
                f"{config.batch_size} real points, and as many generated from fresh latents. The generator stands still. (The picture "
                "keeps showing the same points, so that you can follow them.)"
            )
        case "scores":
            return f"{heading}: score", _SCORING[config.objective]
        case "ascent":
            grows = "the estimate over its batch grows" if is_wasserstein(config) else "it tells its batch apart better"
            return f"{heading}: climb", (
                f"One step of {_optimiser(config)} moves every weight of the {critic} so that {grows}. (The points "
                "shown are different ones: for them it may fall.)"
            )
        case "clip":
            return _caption_of_clip(heading, config)
        case "push":
            return f"{heading}: which way?", _PUSHING[config.objective]
        case "move":
            return f"{heading}: move", (
                f"One step of {_optimiser(config)} moves the generator's weights so that its points go uphill, all at once. No point moves "
                "alone, because all are made by the same weights."
            )


_OF_PROBABILITIES = (
    "The discriminator gives each point a score, from which follows a probability of being real: ½ at score 0, nearly 1 at score 5. "
    "How well it tells real from generated points is a lower bound on the Jensen-Shannon divergence, which is never above log 2 = 0.693."
)
_SCORING = {
    "wasserstein": "The critic gives each point a score, a number without bounds. The mean over real points minus the mean over generated "
    "ones is the Wasserstein estimate.",
    "minimax": _OF_PROBABILITIES,
    "non-saturating": _OF_PROBABILITIES,
    "least-squares": "The discriminator gives each point a score, which is to be 1 for real points and 0 for generated ones. Its loss is "
    "half the mean squared distance from there: 0.25 if it can only guess.",
    "hinge": "The discriminator gives each point a score, which is to be above 1 for real points and below −1 for generated ones. Its loss "
    "is what is missing to that: 2 if it can only guess.",
}
_PUSHING = {
    "wasserstein": "Now the critic stands still. The arrows are its gradient at each generated point: they point uphill, to higher scores. "
    "The steeper the slope, the longer the arrow.",
    "minimax": "Now the discriminator stands still. The arrows are what pushes each generated point: the gradient of −log(1 − D). Where "
    "the discriminator is sure that a point is generated, its arrow vanishes.",
    "non-saturating": "Now the discriminator stands still. The arrows are what pushes each generated point: the gradient of log D. They "
    "are long where the discriminator is sure that a point is generated.",
    "least-squares": "Now the discriminator stands still. The arrows are what pushes each generated point: the gradient of −½ (f − 1)². "
    "They are longer the further a score is below 1, and point downhill where it is above 1.",
    "hinge": "Now the discriminator stands still. The arrows are its gradient at each generated point, whatever the score is there: they "
    "point uphill, to higher scores.",
}


def _caption_of_clip(heading: str, config: TrainConfig) -> tuple[str, str]:
    critic = critic_word(config)
    match config.lipschitz:
        case "clip":
            return f"{heading}: clip", (
                f"Every weight beyond ±{config.clip_value:g} is set back to ±{config.clip_value:g}. So the {critic} cannot become steeper "
                "than its weights allow: without this, its scores would grow for ever."
            )
        case "gradient-penalty" | "one-sided-penalty" | "r1-penalty" | "divergence-penalty":
            return f"{heading}: nothing to clip", (
                f"Here the gradient penalty keeps the {critic} in check. It was part of the loss in the last stage, and "
                f"{_PENALISING[config.lipschitz]}."
            )
        case "spectral-norm":
            return f"{heading}: nothing to clip", (
                f"Here each weight matrix is divided by its largest singular value, so no layer of the {critic} makes anything longer than "
                "it was, and no slope is above 1."
            )
        case "none" if is_wasserstein(config):
            return f"{heading}: nothing to clip", "Nothing keeps this critic Lipschitz, so its scores may grow without end."
        case "none":
            return f"{heading}: nothing to clip", (
                "An ordinary GAN clips nothing: a probability has its bounds already. So the discriminator may become as steep as it likes."
            )


_PENALISING = {
    "gradient-penalty": "pulls the slope between real and generated points towards 1",
    "one-sided-penalty": "keeps the slope between real and generated points below 1; a flatter one costs nothing",
    "r1-penalty": "makes it flat at the real points",
    "divergence-penalty": "costs the sixth power of the slope between real and generated points, so steep slopes cost very much",
}


def _optimiser(config: TrainConfig) -> str:
    return {"rmsprop": "RMSprop", "adam": "Adam"}[config.optimizer]


def numbers(stage: Stage, config: TrainConfig, before: Frame, now: Frame) -> str:
    """What the stage did to one WGAN, measured at the points shown. `before` is the picture before the stage."""
    name = estimate_word(config)
    match stage.part:
        case "batch":
            return f"{name} {now.estimate:.4g}."
        case "scores" if is_wasserstein(config):
            return f"Real {now.real_score:.4g} − generated {now.generated_score:.4g} = {now.estimate:.4g}."
        case "scores":
            return f"Mean score: real {now.real_score:.4g}, generated {now.generated_score:.4g}. {name} {now.estimate:.4g}."
        case "ascent":
            outside = f" {_share(now, 'beyond'):.0%} of the weights are beyond ±c now." if config.lipschitz == "clip" else ""
            return f"{name} {before.estimate:.4g} → {now.estimate:.4g}.{outside}"
        case "clip" if config.lipschitz == "clip":
            return f"{name} {before.estimate:.4g} → {now.estimate:.4g}. {_share(now, 'at_boundary'):.0%} of the weights are at ±c."
        case "clip" | "push":
            what = "slope" if is_wasserstein(config) else "push"
            return f"Mean {what} at the generated points {mean_slope(now):.4g}."
        case "move":
            return f"Mean score of generated points {before.generated_score:.4g} → {now.generated_score:.4g}."


def estimate_word(config: TrainConfig) -> str:
    """What `Frame.estimate` is called."""
    return "Estimate" if is_wasserstein(config) else main_number(config).title


def mean_slope(frame: Frame) -> float:
    """Mean length of `Frame.uphill`: for a WGAN, the mean slope ‖∇f‖ at the generated points."""
    return float(np.linalg.norm(frame.uphill, axis=1).mean())


def _share(frame: Frame, what: Literal["beyond", "at_boundary"]) -> float:
    """The share over the weights of all layers."""
    return sum(getattr(layer, what) * layer.size for layer in frame.layers) / sum(layer.size for layer in frame.layers)
