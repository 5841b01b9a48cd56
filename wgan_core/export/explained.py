"""A program in pieces, each with what it does in plain words and, in the training loop, the stage of the laboratory that shows it.

Imports PyTorch, by the laboratory.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from wgan_core.config import TrainConfig
from wgan_core.export.sections import Section
from wgan_core.lab.stages import Part, Stage


@dataclass(frozen=True)
class Piece:
    """Lines of a section that belong together."""

    code: str
    says: str
    """Markdown."""
    part: Part | None = None
    """The stage of slow motion that does the same; None outside the cycle."""


@dataclass(frozen=True)
class _Mark:
    """The first line of a piece."""

    line: str
    """A regular expression for the beginning of the line, after its indentation."""
    says: str
    part: Part | None = None


_MARKS: dict[str, tuple[_Mark, ...]] = {
    "Settings": (
        _Mark("import itertools", "PyTorch does the computing. torchvision reads the images and writes the samples."),
        _Mark("DATA_ROOT =|DEVICE =", "Where the images are kept, and whether there is a GPU to compute on."),
        _Mark("SEED =", "The seed fixes everything that is random. The same seed gives the same run."),
        _Mark("IMAGE_SIZE =", "Images are square, with this many pixels on each side."),
        _Mark("LATENT_DIM =", "A latent is a list of this many random numbers. The generator makes one image from it."),
        _Mark("BATCH_SIZE =", "So many images are looked at together before the weights move."),
        _Mark("N_CRITIC =", "The critic has to be ahead of the generator: so many critic updates, then one generator update."),
        _Mark("CLIP_VALUE =", "No weight of the critic may be further from 0 than this. That keeps the critic from being too steep."),
        _Mark(
            "GP_LAMBDA =", "How much it costs the critic if its slope is not as it should be. That keeps the critic from being too steep."
        ),
        _Mark("CRITIC_LR =", "The learning rates: how far an update moves the weights of each network."),
    ),
    "The generator": (
        _Mark(
            "class Generator",
            "Layer after layer, the latent becomes longer, until there is one number for each pixel. LeakyReLU bends the numbers on the "
            "way: without it, all layers together could do no more than a single one.",
        ),
        _Mark("nn.Tanh", "tanh puts every pixel between −1, black, and 1, white."),
        _Mark("def forward", "The list of pixels is put into the shape of an image."),
    ),
    "The critic": (
        _Mark("class Critic", "The critic reads an image as one long list of pixels. Its layers become shorter."),
        _Mark(
            r"nn.Linear\(\d+, 1\)",
            "At the end there is a single number, the score. It has no bounds: there is no sigmoid, because a score is not a probability.",
        ),
        _Mark("def forward", "From images to scores."),
        _Mark("def build_networks", "Both networks begin with random weights, which the seed fixes."),
    ),
    "The data": (
        _Mark("def to_tensor", "Pixels come as 0 to 255 and leave as −1 to 1, the same range as the generator's tanh."),
        _Mark("def load_data", "The real images. Their labels are not used: nobody tells the networks what a shirt is."),
        _Mark("def batches", "Real images without end. After each pass over all of them they come in a new order."),
    ),
    "The gradient penalty": (
        _Mark("def gradient_penalty", "A place on the straight line between a real image and a generated one, for each pair."),
        _Mark(r"# create_graph|\(gradient,\)", "The slope of the critic at that place, in every direction."),
        _Mark("# The small number|norm =", "How steep it is there, and how far that is from 1."),
    ),
    "Training": (
        _Mark("def train", "Each network has an optimiser of its own, which moves the weights of that network and no others."),
        _Mark(
            "for step, real",
            "A batch of real images, and as many generated ones from fresh latents. `detach` cuts the generator off: now only the critic "
            "learns.",
            "batch",
        ),
        _Mark("estimate =", "The critic scores both. The difference of the mean scores is the Wasserstein estimate.", "scores"),
        _Mark("penalty =", "The loss grows where the critic's slope is not as it should be. So nothing has to be clipped.", "clip"),
        _Mark(
            "(# )?critic_optimizer.zero_grad",
            "`backward` finds out for every weight of the critic which way the loss falls, and `step` moves it there. The loss is minus "
            "the estimate, so the estimate grows.",
            "ascent",
        ),
        _Mark("# Small weights", "Every weight that has gone too far is set back to the clip value.", "clip"),
        _Mark(
            "# The generator learns",
            "After enough critic updates it is the generator's turn. New images are scored, and `backward` asks how each of them would "
            "have to change for a higher score. The answer goes back through the critic into the generator's weights.",
            "push",
        ),
        _Mark("generator_optimizer.step", "Only the generator's weights move. The critic stands still.", "move"),
        _Mark("yield step", "The numbers of this step are handed out, and the next step begins."),
    ),
    "Samples": (
        _Mark("@torch.no_grad", "Always the same latents, so that you can watch the same images change from time to time."),
        _Mark(
            "made = generator.eval",
            "`eval` makes BatchNorm use what it has seen so far, so that an image does not depend on the others beside it.",
        ),
    ),
    "The program": (
        _Mark("def main", "Everything is put together. Nothing is trained yet: `train` waits to be asked for a step."),
        _Mark("for step, ", "Now it is asked for one step after the other, as many as `STEPS` says."),
        _Mark("if __name__", "What happens if the file is run."),
    ),
}


def pieces(section: Section) -> tuple[Piece, ...]:
    """The code of a section, cut where there is something to say. Joined with newlines, the pieces are the code again."""
    found: list[tuple[int, _Mark]] = []
    lines = section.code.split("\n")
    for mark in _MARKS.get(section.title, ()):
        at = [number for number, line in enumerate(lines) if re.match(mark.line, line.strip())]
        found += [(at[0], mark)] if at else []
    found.sort(key=lambda each: each[0])
    starts = [0, *(number for number, _ in found[1:]), len(lines)] if found else [0, len(lines)]
    marks: Sequence[_Mark] = [mark for _, mark in found] or [_Mark("", "")]
    return tuple(
        Piece("\n".join(lines[start:end]), mark.says, mark.part) for start, end, mark in zip(starts, starts[1:], marks, strict=False)
    )


def stage_of(part: Part, config: TrainConfig) -> Stage:
    """The stage with this part in the first critic update of a cycle, or in its generator update."""
    return Stage(part, 0 if part in ("push", "move") else 1, config.n_critic)
