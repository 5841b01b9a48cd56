"""How the state of an answer is shown: a colour and an icon."""

from __future__ import annotations

from typing import Literal

from wgan_core.instruments.answers import State

LIGHTS: dict[State, tuple[Literal["green", "orange", "red", "gray"], str]] = {
    "good": ("green", ":material/check_circle:"),
    "watch": ("orange", ":material/visibility:"),
    "bad": ("red", ":material/error:"),
    "unknown": ("gray", ":material/hourglass_top:"),
}
