"""The program of the walkthrough, explained piece by piece."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from wgan_core.config import PRESETS
from wgan_core.export import explained
from wgan_core.export.explained import pieces
from wgan_core.export.program import write_program
from wgan_core.lab.stages import Part

ONLY_WITH_PENALTY = {"GP_LAMBDA =", "penalty ="}


@pytest.mark.parametrize("preset", ["walkthrough", "pytorch-gan-gp"])
def test_every_stage_is_found_once(preset: str) -> None:
    program = write_program(PRESETS[preset])
    parts = [piece.part for section in program.parts for piece in pieces(section) if piece.part]
    assert sorted(parts) == sorted(get_args(Part))


def test_the_stages_of_the_walkthrough_are_in_the_order_of_slow_motion() -> None:
    found = [piece for section in write_program(PRESETS["walkthrough"]).parts for piece in pieces(section) if piece.part]
    assert [piece.part for piece in found] == list(get_args(Part))
    clip = next(piece for piece in found if piece.part == "clip")
    assert "clamp_(-CLIP_VALUE, CLIP_VALUE)" in clip.code and "backward" not in clip.code


@pytest.mark.parametrize("preset", ["walkthrough", "pytorch-gan-gp", "wgan-gp-mnist", "wgan-toy"])
def test_nothing_is_lost(preset: str) -> None:
    for section in write_program(PRESETS[preset]).parts:
        assert "\n".join(piece.code for piece in pieces(section)) == section.code


def test_every_explanation_belongs_to_one_line_of_the_walkthrough() -> None:
    program = write_program(PRESETS["walkthrough"])
    for section in program.parts:
        lines = [line.strip() for line in section.code.split("\n")]
        for mark in explained._MARKS[section.title]:
            hits = sum(bool(re.match(mark.line, line)) for line in lines)
            assert hits >= 1 or mark.line in ONLY_WITH_PENALTY, (section.title, mark.line)
            if mark.part:
                assert hits <= 1
        assert all(piece.says.endswith(".") for piece in pieces(section))
