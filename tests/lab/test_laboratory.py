"""The laboratory itself: playing, pausing, stepping, one WGAN and two in lockstep."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tests.figures_drawn import traces
from tests.lab_setup import PENALISED, SMALL, trainer
from tests.trainers import all_weights, largest_weight
from tests.waiting import Clock
from wgan_core.config import TrainConfig
from wgan_core.lab import figures, stages
from wgan_core.lab.laboratory import Laboratory
from wgan_core.lab.setup import needs_restart


def lab(*configs: TrainConfig, tick: float = 0.0) -> Laboratory:
    return Laboratory(configs or (SMALL,), Clock(tick=tick))


def test_nothing_happens_until_it_plays_and_while_it_is_paused() -> None:
    one = lab(tick=0.001)
    one.advance(0.1)
    assert one.trainers[0].step == 0
    one.play()
    one.advance(0.1)
    done = one.trainers[0].step
    assert done > 0
    one.pause()
    one.advance(0.1)
    assert one.trainers[0].step == done


def test_full_speed_is_the_engines_training() -> None:
    one, plain = lab(PENALISED, tick=0.001), trainer(PENALISED)
    one.play()
    for _ in range(3):
        one.advance(0.05)
        one.frames()
        one.truth()
    for _ in range(one.trainers[0].step):
        plain.train_step()
    assert plain.step > 50 and torch.equal(all_weights(one.trainers[0]), all_weights(plain))


def test_full_speed_leaves_time_to_draw_and_a_fifth_for_training(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    one = Laboratory((SMALL,), clock)
    monkeypatch.setattr(one, "_one_step", lambda: setattr(clock, "now", clock.now + 0.001))
    one.play()
    trained: list[float] = []
    for drawing_takes in [0.03] * 40 + [5.0] * 40:
        begun = clock.now
        one.advance(0.1)
        trained.append(clock.now - begun)
        clock.now += drawing_takes
    assert trained[0] == pytest.approx(0.1, abs=0.0011)
    assert trained[39] == pytest.approx(0.07, abs=0.0011)
    assert trained[-1] == pytest.approx(0.02, abs=0.0011)


def test_cycle_by_cycle_shows_every_generator_update() -> None:
    one = lab()
    one.set_pace("cycles", "both")
    one.play()
    for expected in range(1, 5):
        one.advance(0.1)
        assert one.trainers[0].generator_updates == expected and one.trainers[0].step == 3 * expected


@pytest.mark.parametrize("pace", ["slow", "cycles", "full"])
def test_one_cycle_ends_after_the_generators_update(pace: Any) -> None:
    clock = Clock(tick=0.001)
    one = Laboratory((SMALL,), clock)
    one.set_pace(pace, "both")
    one.play_cycle()
    for _ in range(40):
        one.advance(0.1)
        clock.now += 10
    assert not one.playing and one.stage is None
    assert (one.trainers[0].step, one.trainers[0].generator_updates) == (3, 1)


def test_one_cycle_of_the_critic_alone_is_n_critic_updates() -> None:
    one = lab()
    one.set_pace("cycles", "critic")
    one.play_cycle()
    one.advance(0.1)
    one.advance(0.1)
    assert not one.playing and (one.trainers[0].step, one.trainers[0].generator_updates) == (3, 0)


def test_slow_motion_shows_each_stage_for_its_time() -> None:
    clock = Clock()
    one = Laboratory((SMALL,), clock)
    one.set_pace("slow", "both")
    one.stage_seconds = 2.0
    one.play()
    one.advance(0.1)
    assert one.stage == stages.Stage("batch", 1, 3) and one.rest == 2.0
    clock.now += 1.9
    one.advance(0.1)
    assert one.stage == stages.Stage("batch", 1, 3) and one.rest == pytest.approx(0.1)
    clock.now += 0.1
    one.advance(0.1)
    assert one.stage == stages.Stage("scores", 1, 3)
    clock.now += 1000  # whoever comes back finds the next stage, not the end
    one.advance(0.1)
    assert one.stage == stages.Stage("ascent", 1, 3)
    for _ in range(2):
        clock.now += 2
        one.advance(0.1)
    assert one.stage == stages.Stage("batch", 2, 3) and one.rest == pytest.approx(2.0 * stages.QUICK)


def to_stage(one: Laboratory, part: str) -> None:
    one.set_pace("slow", "both")
    one.stage_seconds = 0.0
    one.play()
    for _ in range(20):
        if one.stage is not None and one.stage.part == part:
            return
        one.advance(0.1)
    raise AssertionError(part)


def test_the_table_follows_every_stage_of_slow_motion() -> None:
    one = lab(SMALL.replace(clip_value=0.02, critic_lr=0.01))
    slopes = {}
    for part in ("ascent", "clip"):
        to_stage(one, part)
        one.pause()
        before = len(one.truth())
        slopes[part] = one.truth()[-1][0].steepest
        assert slopes[part] == pytest.approx(one.view.measure(one.trainers[0]).steepest, rel=1e-9) and len(one.truth()) == before
    assert slopes["clip"] < slopes["ascent"]  # the same critic update, before and after its clip, in one row
    assert [row[0].step for row in one.truth()] == sorted({row[0].step for row in one.truth()})


def test_pause_holds_inside_the_cycle_with_the_critic_not_clipped_yet() -> None:
    one = lab(SMALL.replace(clip_value=0.02, critic_lr=0.01))
    to_stage(one, "ascent")
    one.pause()
    for _ in range(3):
        one.advance(0.1)
    assert one.stage == stages.Stage("ascent", 1, 3) and largest_weight(one.trainers[0]) > 0.02
    assert max(layer.beyond for layer in one.frames()[0].layers) > 0
    one.play()
    one.advance(0.1)
    assert one.stage == stages.Stage("clip", 1, 3) and largest_weight(one.trainers[0]) <= 0.02
    assert max(layer.beyond for layer in one.frames()[0].layers) == 0 < max(layer.beyond for layer in one.before[0].layers)


@pytest.mark.parametrize("act", ["critic_step", "generator_step", "full", "restart of the pace"])
def test_leaving_slow_motion_never_leaves_out_the_clip(act: str) -> None:
    one, plain = lab(SMALL.replace(clip_value=0.02, critic_lr=0.01), tick=0.01), trainer(SMALL.replace(clip_value=0.02, critic_lr=0.01))
    to_stage(one, "ascent")
    match act:
        case "critic_step" | "generator_step":
            getattr(one, act)()
        case "full":
            one.set_pace("full", "both")
            one.advance(0.1)
        case _:
            one.set_pace("slow", "critic")
    for _ in range(one.trainers[0].step):
        plain.ascend()
        plain.clip()
        if plain.generator_is_due and act == "full":
            plain.update_generator()
    if act == "generator_step":
        plain.update_generator()
    assert one.trainers[0].step >= 1 and torch.equal(all_weights(one.trainers[0]), all_weights(plain))
    assert one.stage is None


def test_single_steps_stand_still_afterwards() -> None:
    one = lab()
    one.play()
    for _ in range(5):  # more than n_critic: no generator update comes by itself
        one.critic_step()
    one.generator_step()
    one.advance(0.1)
    assert not one.playing and (one.trainers[0].step, one.trainers[0].generator_updates) == (5, 1)


def test_a_run_that_ran_away_stands_still_and_says_so() -> None:
    one = lab(SMALL.replace(lipschitz="none"), tick=0.001)
    with torch.no_grad():
        next(one.trainers[0].critic.parameters()).fill_(float("inf"))
    one.play()
    one.advance(0.1)
    assert not one.playing and one.trainers[0].step <= 2
    assert one.notice.startswith("The critic's weights became infinite at critic update 1: restart")
    # There is still a picture beside the notice, and the curve keeps what was measured before.
    assert sum(int(layer.counts.sum()) for frame in one.frames() for layer in frame.layers) == 0
    assert one.truth() == one.truth()


def test_live_settings_are_taken_over_and_others_refused() -> None:
    one = lab()
    one.configure((SMALL.replace(clip_value=0.003, critic_lr=0.01),))
    one.critic_step()
    assert largest_weight(one.trainers[0]) == pytest.approx(0.003) and one.trainers[0].critic_optimizer.param_groups[0]["lr"] == 0.01
    with pytest.raises(ValueError, match="critic_widths cannot change"):
        one.configure((SMALL.replace(critic_widths=(5,)),))
    assert needs_restart(SMALL, SMALL.replace(critic_widths=(5,))) and not needs_restart(SMALL, SMALL.replace(gp_lambda=2.0, n_critic=9))


# Two in lockstep.


def test_two_of_the_same_stay_the_same() -> None:
    one = lab(SMALL, SMALL, tick=0.001)
    one.play()
    one.advance(0.1)
    to_stage(one, "move")
    first, second = one.trainers
    assert first.step > 20 and torch.equal(all_weights(first), all_weights(second))


def test_two_kinds_are_in_step_on_the_same_data() -> None:
    one = lab(SMALL, PENALISED, tick=0.001)
    clipped, penalised = one.trainers
    assert torch.equal(all_weights(clipped), all_weights(penalised))
    one.play()
    one.advance(0.05)
    one.critic_step()
    one.generator_step()
    assert (clipped.step, clipped.generator_updates) == (penalised.step, penalised.generator_updates)
    assert torch.equal(clipped.next_batch(), penalised.next_batch())
    assert largest_weight(clipped) <= SMALL.clip_value * (1 + 1e-6) < largest_weight(penalised)
    to_stage(one, "clip")
    frames = one.frames()
    assert len(frames) == 2 and not np.array_equal(frames[0].landscape, frames[1].landscape)


def test_history_grows_while_it_plays_and_follows_single_steps_at_once() -> None:
    clock = Clock()
    one = Laboratory((SMALL, PENALISED), clock)
    assert [len(row) for row in one.truth()] == [2]
    assert len(one.truth()) == 1  # nothing has changed
    one.critic_step()
    assert [row[0].step for row in one.truth()] == [0, 1]
    one.set_pace("cycles", "both")
    one.play()
    for _ in range(10):
        one.advance(0.1)
        clock.now += 0.1
        one.truth()
    assert 4 <= len(one.truth()) <= 7


@pytest.mark.slow
def test_a_long_history_is_thinned_and_keeps_its_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wgan_core.lab.laboratory.MAX_ROWS", 10)
    one = lab()
    for _ in range(25):
        one.critic_step()
        one.truth()
    steps = [row[0].step for row in one.truth()]
    assert len(steps) <= 10 and steps[0] == 1 and steps[-1] == 25


def test_the_chart() -> None:
    one = lab(SMALL, PENALISED)
    one.truth()
    one.critic_step()
    history = one.truth()
    figure = figures.truth(history, ["clip", "penalty"], one.view.floor)
    assert [trace.name for trace in traces(figure)] == [
        "exact W1 · clip",
        "estimate / steepest slope · clip",
        "exact W1 · penalty",
        "estimate / steepest slope · penalty",
        "floor: real against real",
    ]
    assert list(traces(figure)[3].y) == [row[1].scaled for row in history] and list(traces(figure)[2].x) == [0, 1]
    assert list(traces(figure)[4].y) == [one.view.floor] * 2
