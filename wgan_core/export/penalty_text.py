"""Program text for the gradient penalties (`training.penalties`)."""

from __future__ import annotations

from dataclasses import dataclass

from wgan_core.config import TrainConfig
from wgan_core.export.classes_text import argument, is_told
from wgan_core.export.networks import noun
from wgan_core.export.sections import Section


@dataclass(frozen=True)
class _Text:
    """How a penalty is written and spoken of; {what} are images or points."""

    title: str
    doc: str
    cost: str
    """Its value for slopes of the length `norm`."""
    says: str


_BETWEEN = "at places between real and generated {what}"
_TEXTS = {
    "gradient-penalty": _Text(
        "The gradient penalty",
        f"How far the critic's slope is from 1, {_BETWEEN}.",
        "(norm - 1).square().mean()",
        "The Wasserstein distance is the largest gap that a critic with slope at most 1 can make. The penalty pulls the slope towards 1 "
        "where it matters: between real and generated {what} (arXiv 1704.00028, algorithm 1).",
    ),
    "one-sided-penalty": _Text(
        "The one-sided gradient penalty",
        f"How far the critic's slope is above 1, {_BETWEEN}.",
        "(norm - 1).clamp(min=0).square().mean()",
        "The Wasserstein distance is the largest gap that a critic with slope at most 1 can make. The penalty holds the slope below 1 "
        "between real and generated {what}, and a flatter one costs nothing (WGAN-LP, arXiv 1709.08894).",
    ),
    "r1-penalty": _Text(
        "The penalty at real {what}",
        "Half the squared slope of the critic at real {what}.",
        "norm.square().mean() / 2",
        "Where the generated {what} are as they should be, the critic has nothing left to say. The penalty makes it flat at the real ones, "
        "so that training comes to rest there (R1, arXiv 1801.04406, equation 9).",
    ),
    "divergence-penalty": _Text(
        "The penalty of the Wasserstein divergence",
        f"The sixth power of the critic's slope, {_BETWEEN}.",
        "norm.pow(6).mean()",
        "A sixth power costs nearly nothing for flat slopes and very much for steep ones, so no limit has to be set. What the critic then "
        "finds is a divergence of its own, not the Wasserstein distance (WGAN-div, arXiv 1712.01026).",
    ),
}


def penalty_section(config: TrainConfig) -> Section:
    """The function `gradient_penalty` of the config's method."""
    what = noun(config)
    text = _TEXTS[config.lipschitz]
    at, places = ("at_real", _at_real()) if config.lipschitz == "r1-penalty" else ("between", _between(what))
    classes = argument(config)
    arguments = f"critic, real{classes}" if at == "at_real" else f"critic, real, fake{classes}, rng"
    scores = [f"    scores = critic({at}, classes)"] if is_told(config) else []
    scored = "scores" if scores else f"critic({at})"
    lines = [
        f"def gradient_penalty({arguments}):",
        f'    """{text.doc.format(what=what)}"""',
        *places,
        "    # create_graph: minimising the penalty takes the gradient of this gradient.",
        *scores,
        f"    (gradient,) = torch.autograd.grad({scored}.sum(), {at}, create_graph=True)",
        "    # The small number keeps the root's own slope finite where the gradient is 0.",
        "    norm = (gradient.flatten(1).square().sum(1) + 1e-12).sqrt()",
        f"    return {text.cost}",
    ]
    return Section(text.title.format(what=what), text.says.format(what=what), "\n".join(lines))


def _between(what: str) -> list[str]:
    ones = "1" if what == "points" else "1, 1, 1"
    return [
        f"    alpha = torch.rand(len(real), {ones}, generator=rng, device=DEVICE)  # one number for each pair",
        "    between = (alpha * real + (1 - alpha) * fake).requires_grad_()",
    ]


def _at_real() -> list[str]:
    return ["    at_real = real.clone().requires_grad_()"]


_STEP_OF_SHARE = {"all": "", "half": "[::2]", "quarter": "[::4]"}


def with_penalty(config: TrainConfig, loss: str, weight: str) -> tuple[list[str], str]:
    """Lines that add the penalty to the critic's `loss`, and the sum. `weight`: the name of λ there."""
    of = _STEP_OF_SHARE[config.gp_share]
    classes = argument(config, of)
    arguments = f"critic, real{of}{classes}" if config.lipschitz == "r1-penalty" else f"critic, real{of}, fake{of}{classes}, rng"
    penalty = f"{weight} * gradient_penalty({arguments})"
    if config.gp_every == 1:
        return [f"penalty = {penalty}"], f"{loss} + penalty"
    lines = [
        f"with_penalty = {loss}",
        "if (step - 1) % GP_EVERY == 0:  # now and then, with so many times the weight",
        f"    with_penalty = with_penalty + GP_EVERY * {penalty}",
    ]
    return lines, "with_penalty"
