"""Program text for the schedules of a recipe: the constants, and the lines of the loop that give each step its values."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from wgan_core.config import SCHEDULES, TrainConfig, has_schedule, is_scheduled
from wgan_core.export.networks import number
from wgan_core.training.schedules import JUMPS

IN_FORCE: Mapping[str, str] = {"clip_value": "clip_now", "gp_lambda": "lambda_now", "n_critic": "n_now"}
"""The variable of each setting that has a schedule, with its value in force."""
_CONSTANTS = {
    "clip_value": ("CLIP_VALUE", "CLIP_END"),
    "gp_lambda": ("GP_LAMBDA", "GP_LAMBDA_END"),
    "n_critic": ("N_CRITIC", "N_CRITIC_END"),
}
_DONE = {
    "linear": "progress",
    "cosine": "(1 - math.cos(math.pi * progress)) / 2",
    "steps": f"min({JUMPS}, int({JUMPS + 1} * progress)) / {JUMPS}",
}
_SHAPES = {"linear": "on a straight line", "cosine": "on half a wave", "steps": "in three jumps"}
_OPTIMIZERS = {"critic_lr": "critic_optimizer", "generator_lr": "generator_optimizer"}


def schedule_constants(config: TrainConfig, schedule_steps: int) -> list[str]:
    """Lines for the top of the program."""
    lines = [
        f"{end} = {number(getattr(config, SCHEDULES[name].end))}  # what {first} becomes"
        for name, (first, end) in _CONSTANTS.items()
        if is_scheduled(config, name)
    ]
    if is_scheduled(config, "critic_lr"):
        lines.append(f"LR_END = {number(config.lr_end)}  # what is left of both learning rates at the end")
    if is_over_updates(config):
        lines.append(f"SCHEDULE_UPDATES = {number(config.schedule_updates)}  # generator updates over which settings change")
    elif has_schedule(config):
        lines.append(f"SCHEDULE_STEPS = {number(schedule_steps)}  # critic updates over which settings change")
    return lines


def is_over_updates(config: TrainConfig) -> bool:
    """Whether schedules go by generator updates."""
    return has_schedule(config) and config.schedule_updates > 0


def needs_math(config: TrainConfig) -> bool:
    """Whether the loop takes a cosine."""
    return "cosine" in (config.lr_schedule, *(getattr(config, SCHEDULES[name].shape) for name in SCHEDULES))


def schedule_lines(config: TrainConfig, name_of: Callable[[str], str]) -> list[str]:
    """What a step begins with where settings have a schedule.

    name_of: gives the name of a setting in the loop, a constant or a variable if it is edited.
    """
    if not has_schedule(config):
        return []
    over = "generator_updates / SCHEDULE_UPDATES" if is_over_updates(config) else f"(step - 1) / {name_of('max_steps')}"
    lines = [f"progress = min(1.0, {over})"]
    for name, variable in IN_FORCE.items():
        if is_scheduled(config, name):
            shape = getattr(config, SCHEDULES[name].shape)
            first, last, done = name_of(name), name_of(SCHEDULES[name].end), _DONE[shape]
            if shape != "linear":
                lines.append(f"done = {done}  # {_SHAPES[shape]}")
                done = "done"
            value = f"{first} + ({last} - {first}) * {done}"
            lines.append(f"{variable} = {f'round({value})' if name == 'n_critic' else value}")
    if is_scheduled(config, "critic_lr"):
        lines += [
            f"# Both learning rates fall, {_SHAPES[config.lr_schedule]}, to LR_END of what they are set to.",
            f"share = {_share(config.lr_schedule)}",
            *(f'{optimizer}.param_groups[0]["lr"] = {name_of(rate)} * share' for rate, optimizer in _OPTIMIZERS.items()),
        ]
    return [*lines, ""]


def _bracketed(expression: str) -> str:
    return expression if expression.isidentifier() else f"({expression})"


def _share(shape: str) -> str:
    """The share of the learning rates; for the cosine in the form that the engine has, to the last bit."""
    if shape == "cosine":
        return "LR_END + (1 - LR_END) * (1 + math.cos(math.pi * progress)) / 2"
    return f"1 - (1 - LR_END) * {_bracketed(_DONE[shape])}"
