"""Which steps stay as a run grows."""

from __future__ import annotations

import pytest

from wgan_core.timeline.thinning import MAX_MOMENTS, distance_of, is_landmark, is_mark, next_landmark, spacing, thinned


@pytest.mark.parametrize("length", [300, 1_000, 20_000, 300_000])
def test_a_run_of_any_length_has_between_half_and_all_of_the_moments(length: int) -> None:
    kept: set[int] = set()
    distance, fewest = 1, MAX_MOMENTS
    for step in range(length + 1):
        if is_landmark(step) or step % distance == 0:
            kept.add(step)
            if len(kept) > MAX_MOMENTS:
                kept = thinned(kept, distance, MAX_MOMENTS)
                distance = distance_of(kept)
                fewest = min(fewest, len(kept))
    assert fewest >= MAX_MOMENTS / 2 and len(kept) <= MAX_MOMENTS
    gaps = [after - before for before, after in zip(sorted(kept), sorted(kept)[1:], strict=False)]
    assert max(gaps) <= distance and max(kept) > length - distance
    assert {0, 1, 2, 4, 64, 100, 119, 141, 168, 200} <= kept


def test_two_runs_have_steps_in_common_whatever_their_pace() -> None:
    quick, slow = range(0, 5000, spacing(1, 0.01, 0.01, 100)), range(0, 5000, spacing(1, 0.01, 0.01, 30))
    assert (quick.step, slow.step) == (128, 32) and set(quick) <= set(slow)


@pytest.mark.parametrize(
    ("cost", "rate", "steps"), [(0.0, 100, 1), (0.01, 100, 128), (0.01, 64, 64), (0.01, float("inf"), 1), (1e-9, 1, 1)]
)
def test_what_costs_more_is_kept_more_rarely(cost: float, rate: float, steps: int) -> None:
    assert spacing(1, cost, 0.01, rate) == steps
    assert spacing(512, cost, 0.01, rate) == max(512, steps)


def test_landmarks_are_found_one_after_the_other() -> None:
    step, found = 0, [0]
    while step < 100_000:
        step = next_landmark(step)
        found.append(step)
    assert found == [step for step in range(step + 1) if is_landmark(step)]
    assert found[:14] == [0, 1, 2, 4, 8, 16, 32, 64, 100, 119, 141, 168, 200, 238]


def test_the_distance_is_told_from_what_is_there() -> None:
    assert distance_of([]) == distance_of([0, 64, 100, 119]) == 1  # landmarks tell nothing
    assert distance_of(range(0, 5000, 256)) == 256
    assert distance_of([*range(0, 5000, 256), 777, 1234]) == 256  # saved by the clock
    assert distance_of([3, 5, 7]) == 1


def test_what_always_stays_does_so_however_little_is_allowed() -> None:
    steps = range(0, 1001, 10)
    assert thinned(steps, 2, 10, always={370, 990}) >= {370, 990}
    assert thinned(steps, 2, 0, always={370}) == {370}
    assert thinned(steps, 2, 0) == set()
    assert len(thinned(steps, 2, 12)) <= 12
    assert thinned([100, 200, 400], 1, 3) == {100, 200, 400}


def test_marks_lie_at_equal_ratios() -> None:
    assert [step for step in range(90, 900) if is_mark(step, per_doubling=1)] == [100, 200, 400, 800]
