"""The threads that share a step: what they do, that they end, and that their number does not change a bit of the results."""

from __future__ import annotations

import gc
import threading
import time

import pytest
import torch

from tests.bits import data_for, digest_of, smaller
from tests.waiting import until
from wgan_core.config import PRESETS, TrainConfig
from wgan_core.training import flat_optimizer
from wgan_core.training.crew import Crew
from wgan_core.training.trainer import Trainer


@pytest.mark.parametrize("size", [1, 2, 3])
def test_all_parts_are_done_once_and_come_back_in_their_order(size: int) -> None:
    crew, done = Crew(size), list[int]()
    for count in (0, 1, 2, 7):
        done.clear()
        assert crew.do([lambda i=i: done.append(i) or i * i for i in range(count)]) == [i * i for i in range(count)]
        assert sorted(done) == list(range(count))


def test_parts_are_done_side_by_side() -> None:
    meeting = threading.Barrier(2)
    assert sorted(Crew(2).do([lambda: meeting.wait(30), lambda: meeting.wait(30)])) == [0, 1]


def test_nobody_waits_for_a_thread_that_gets_no_core() -> None:
    """The other thread is kept busy by an earlier order; the caller does the parts alone."""
    crew, free = Crew(2), threading.Event()
    busy = threading.Thread(target=lambda: crew.do([lambda: free.wait(60), lambda: free.wait(60)]))
    busy.start()
    names = crew.do([lambda: threading.current_thread().name] * 3)
    assert names == [threading.current_thread().name] * 3
    free.set()
    busy.join(60)


@pytest.mark.parametrize("size", [1, 3])
def test_an_exception_comes_back_after_all_parts_have_ended(size: int) -> None:
    crew, ended = Crew(size), list[int]()

    def part(index: int) -> None:
        if index == 0:
            raise ArithmeticError("first")
        time.sleep(0.01)
        ended.append(index)

    with pytest.raises(ArithmeticError, match="first"):
        crew.do([lambda i=i: part(i) for i in range(4)])
    assert sorted(ended) == [1, 2, 3]
    assert crew.do([lambda: 5]) == [5]  # it still works


def test_the_callers_autocast_applies_and_gradients_are_off_in_all_parts() -> None:
    meeting, weight = threading.Barrier(2), torch.ones(4, 4, requires_grad=True)

    def product() -> torch.Tensor:
        meeting.wait(30)  # so that both threads have one
        return torch.ones(4, 4) @ weight

    crew = Crew(2)
    for precision, expected in ((True, torch.bfloat16), (False, torch.float32)):
        with torch.autocast("cpu", torch.bfloat16, enabled=precision):
            assert [(found.dtype, found.requires_grad) for found in crew.do([product, product])] == [(expected, False)] * 2


def test_the_threads_end_with_the_crew() -> None:
    crew = Crew(3)
    crew.do([lambda: None] * 3)
    mine = [thread for thread in threading.enumerate() if thread.name.startswith("crew-")]
    before = len(mine)
    assert before >= 2
    del crew
    gc.collect()
    until(lambda: sum(thread.is_alive() for thread in mine) <= before - 2)


# Recipes that take each of the ways through a step. The presets' own widths would take minutes.
RECIPES = {name: smaller(config) for name, config in PRESETS.items()} | {
    "bfloat16": smaller(PRESETS["walkthrough"]).replace(precision="bfloat16"),
    "exact": smaller(PRESETS["walkthrough"]).replace(rounding="exact"),
    "Adam, exact": smaller(PRESETS["pytorch-gan-gp"]).replace(rounding="exact"),
    "layer norm": smaller(PRESETS["walkthrough"]).replace(critic_norm="layer"),
    "ordinary GAN": smaller(PRESETS["quick-start"]).replace(objective="non-saturating"),
    "long cycles": smaller(PRESETS["quick-start"]).replace(n_critic=17, critic_warmup="none"),
    "accumulated": smaller(PRESETS["walkthrough"]).replace(critic_gradients="accumulated"),
    "conditional": smaller(PRESETS["quick-start"]).replace(labels="conditional", lipschitz="gradient-penalty"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_the_number_of_threads_does_not_change_a_bit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flat_optimizer, "_WORTHWHILE", 128)  # small networks, in pieces too
    config = RECIPES[name].replace(device="cpu")
    config = config.replace(critic_warmup="none", n_critic=min(config.n_critic, 17))  # so that the generator is updated
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        one, two, three = (_digest(config, size) for size in (1, 2, 3))
    finally:
        torch.set_num_threads(threads)
    assert one == two == three


def _digest(config: TrainConfig, threads: int) -> str:
    trainer = Trainer(config, data_for(config), crew=Crew(threads))
    for _ in range(60):
        trainer.train_step()
    assert trainer.generator_updates > 0
    return digest_of(trainer)
