"""The laboratory's picture: the landscape of one or two critics, with points, arrows and a mesh on it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from streamlit.components.v2 import component

from pages.components.bundle import bundle
from pages.components.payload import asset, pack
from wgan_core.config import TrainConfig, critic_word, is_wasserstein, main_number
from wgan_core.lab import stages
from wgan_core.lab.frame import GRID, MESH, POINTS, Frame
from wgan_core.lab.laboratory import Laboratory
from wgan_core.lab.stages import Stage
from wgan_core.measures.diagnose import LayerWeights

LAYERS = {
    "landscape": "Landscape",
    "contours": "Contours",
    "real": "Real points",
    "generated": "Generated points",
    "arrows": "Gradient arrows",
    "mesh": "Generator's mesh",
}
_MAX_BEATS = 30
_SHARE_WITHIN_SCALE = 0.85
"""The share of the picture that the colour scale is made for. Otherwise the extreme scores in the corners would use up all colours."""

_HERE = Path(__file__).parent
_component = component(
    "wgan_lab_stage", html=asset("lab_stage.html", _HERE), css=asset("lab_stage.css", _HERE), js=bundle(_HERE / "lab_stage.js")
)


def lab_stage(lab: Laboratory, layers: list[str], *, key: str) -> None:
    """Draw the current state of the laboratory. While it plays, the browser requests each next state by itself, by rerunning the script or
    the fragment that this is called in.

    Args:
        layers: which of `LAYERS` to draw.
        key: unique on the page.
    """
    frames = lab.frames()
    header, body = message(lab, frames, layers)
    _component(key=key, data=pack(header, body), on_look_change=_do_nothing)


def _do_nothing() -> None:
    """Only the rerun matters."""


def message(lab: Laboratory, frames: tuple[Frame, ...], layers: list[str]) -> tuple[dict[str, Any], bytes]:
    """The message to the browser: numbers and texts, then all arrays as float32, one after the other."""
    stage = lab.stage
    heading, caption = stages.caption(stage, lab.configs[0]) if stage is not None else ("", _update_counts(lab))
    header = {
        "playing": lab.playing,
        "restMs": math.ceil(1000 * lab.rest),
        "layers": layers,
        "limit": lab.view.limit,
        "grid": GRID,
        "points": POINTS,
        "seed": lab.configs[0].seed,
        "meshRows": MESH,
        "meshColumns": frames[0].mesh.shape[1],
        "noise": lab.view.mesh_lines,
        "concerned": list(stage.concerned) if stage is not None else [],
        "heading": heading,
        "caption": caption,
        "critic": _each_once(map(critic_word, lab.configs)),
        "number": _each_once(main_number(config).short for config in lab.configs),
        "beats": _beats(stage),
        "panels": [_panel(lab, number) for number in range(len(frames))],
    }
    arrays = [lab.view.real.numpy()]
    for frame in frames:
        arrays += [frame.landscape, frame.generated, frame.uphill, frame.mesh]
    return header, b"".join(np.ascontiguousarray(array, np.float32).tobytes() for array in arrays)


def _each_once(words: Iterable[str]) -> str:
    """Words for the diagram above both panels; two that are equal are said once."""
    return " / ".join(dict.fromkeys(words))


def _update_counts(lab: Laboratory) -> str:
    first = lab.frames()[0]
    return f"{critic_word(lab.configs[0]).capitalize()} updates: {first.step:,}. Generator updates: {first.generator_updates:,}."


def _beats(stage: Stage | None) -> list[tuple[str, str]]:
    """The cycle as a row of boxes, C for a critic update and G for the generator update, each marked as done, now or to come."""
    if stage is None:
        return []
    if stage.of > _MAX_BEATS:
        return [(f"C {stage.update or stage.of}/{stage.of}", "now" if stage.update else "done"), ("G", "" if stage.update else "now")]
    now = stage.update or stage.of + 1
    beats = [*(("C", number) for number in range(1, stage.of + 1)), ("G", stage.of + 1)]
    return [(letter, "done" if number < now else "now" if number == now else "") for letter, number in beats]


def _panel(lab: Laboratory, number: int) -> dict[str, Any]:
    frame, config = lab.frames()[number], lab.configs[number]
    middle, extent, no_scale = _scale(frame)
    push = "slope" if is_wasserstein(config) else "push"
    numbers = f"{stages.estimate_word(config)} {frame.estimate:.4g}, mean {push} at the generated points {stages.mean_slope(frame):.3g}."
    if lab.stage is not None:
        numbers = stages.numbers(lab.stage, config, lab.before[number], frame)
    return {
        "title": title(lab, number),
        "numbers": numbers,
        "middle": middle,
        "extent": extent,
        "longest": _finite_or(0.0, float(np.linalg.norm(frame.uphill, axis=1).max())),
        "top": no_scale or f"≥ +{extent:.3g}: more real",
        "bottom": "" if no_scale else f"≤ −{extent:.3g}: less real",
        "alt": f"Map of the {critic_word(config)}'s scores at step {frame.step}, with {POINTS} real and {POINTS} generated points. "
        f"{numbers}",
        "weights": [_weights(layer) for layer in frame.layers],
    }


def _scale(frame: Frame) -> tuple[float, float, str]:
    """The score at the middle of the colour scale, the scale's reach to either side, and why there is no scale, if there is none."""
    middle = (frame.real_score + frame.generated_score) / 2
    if not (math.isfinite(middle) and np.isfinite(frame.landscape).all()):
        return 0.0, 1.0, "no scores: they are infinite"
    extent = float(np.quantile(np.abs(frame.landscape - middle), _SHARE_WITHIN_SCALE))
    flat = extent <= 1e-5 * float(np.abs(frame.landscape).max())
    return middle, 1.0 if flat else extent, "flat: no slope to follow" if flat else ""


def _finite_or(otherwise: float, value: float) -> float:
    """`value`, if JSON can express it."""
    return value if math.isfinite(value) else otherwise


def _weights(layer: LayerWeights) -> dict[str, Any]:
    """One layer's histogram. Its edges run from −reach to reach, and ±c is given as a share of reach."""
    reach, c = float(layer.edges[-1]), layer.clip_value
    if c is None:
        words = f"{layer.name}: up to {reach:.2g}"
    elif layer.beyond > 0:
        words = f"{layer.name}: {layer.beyond:.0%} beyond ±c"
    else:
        words = f"{layer.name}: {layer.at_boundary:.0%} at ±c"
    return {"counts": layer.counts.tolist(), "c": None if c is None else c / reach, "words": words}


def title(lab: Laboratory, number: int) -> str:
    """The title of a WGAN: its Lipschitz method and, if there are two WGANs, everything else that differs."""
    config = lab.configs[number]
    others = [other for other in lab.configs if other is not config]
    name = method_in_words(config)
    if is_wasserstein(config) and not all(map(is_wasserstein, others)):
        name = f"WGAN, {_within(name)}"
    return ", ".join([name, *_differences(config, others)])


def method_in_words(config: TrainConfig) -> str:
    """What kind of GAN it is, unless it is a WGAN, and its Lipschitz method."""
    method = {
        "clip": f"Weights clipped to ±{config.clip_value:g}",
        "gradient-penalty": f"Gradient penalty, λ {config.gp_lambda:g}",
        "one-sided-penalty": f"One-sided penalty, λ {config.gp_lambda:g}",
        "r1-penalty": f"R1 penalty, λ {config.gp_lambda:g}",
        "divergence-penalty": f"Divergence penalty, λ {config.gp_lambda:g}",
        "spectral-norm": "Spectral normalisation",
        "none": "No Lipschitz method",
    }[config.lipschitz]
    if is_wasserstein(config):
        return method
    gan = f"Ordinary GAN, {config.objective}"
    return gan if config.lipschitz == "none" else f"{gan}, {_within(method)}"


def _within(method: str) -> str:
    """A method in the middle of a sentence."""
    return method if method.startswith("R1") else f"{method[0].lower()}{method[1:]}"


def _differences(config: TrainConfig, others: list[TrainConfig]) -> list[str]:
    words = {
        "critic_lr": f"critic learning rate {config.critic_lr:g}",
        "optimizer": config.optimizer,
        "critic_widths": "critic " + "-".join(map(str, config.critic_widths)),
    }
    return [text for name, text in words.items() if any(getattr(other, name) != getattr(config, name) for other in others)]
