"""Images for several critic updates in one pass, against one pass for each."""

from __future__ import annotations

import copy

import pytest
import torch

from tests.kernels import images_stand_alone
from tests.trainers import all_weights, same, train
from wgan_core.config import TrainConfig
from wgan_core.data.dataset import ImageDataset
from wgan_core.training.crew import Crew
from wgan_core.training.joint_norm import join_batch_norms
from wgan_core.training.models import DCGANGenerator, MLPGenerator, build_generator
from wgan_core.training.packing import MAX_BATCHES, PackedImages, batches_that_fit, is_packable
from wgan_core.training.trainer import Trainer
from wgan_core.training.world import World

pytestmark = pytest.mark.arithmetic


@pytest.fixture
def generator(config: TrainConfig) -> MLPGenerator:
    torch.manual_seed(0)
    generator = build_generator(config, (1, 8, 8))
    assert isinstance(generator, MLPGenerator)
    for module in generator.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            torch.nn.init.uniform_(module.weight, 0.5, 2)
            torch.nn.init.uniform_(module.bias, -1, 1)
    return generator


@pytest.mark.parametrize("batch", [9, 16])
def test_equals_one_pass_for_each_batch(generator: MLPGenerator, batch: int) -> None:
    """To the last bit where the library's products of more rows allow it, else up to rounding."""
    alone = copy.deepcopy(generator)
    tolerance = 0 if images_stand_alone(batch, (6, 16, 24, 64), (5,)) else 1e-6
    latents = [torch.randn(batch, 6, generator=torch.Generator().manual_seed(seed)) for seed in range(5)]
    packed = PackedImages(generator, latents, Crew(2))
    for taken, z in enumerate(latents):
        assert packed.left == 5 - taken
        batch_taken = packed.take()
        with torch.no_grad():
            torch.testing.assert_close(batch_taken.images(), alone(z), rtol=0, atol=tolerance)
        batch_taken.follow()
        for ours, theirs in zip(generator.buffers(), alone.buffers(), strict=True):
            # The running statistics move batch by batch, not ahead.
            torch.testing.assert_close(ours, theirs, rtol=0, atol=tolerance)
    assert packed.left == 0


@pytest.mark.parametrize("norm", ["batch", "none"])
def test_convolutions_make_batches_side_by_side_as_one_after_the_other(config: TrainConfig, norm: str) -> None:
    torch.manual_seed(0)
    planned = config.replace(architecture="dcgan", dcgan_width=4, generator_norm=norm)
    generator = build_generator(planned, (1, 8, 8))
    assert isinstance(generator, DCGANGenerator) and is_packable(generator, torch.device("cpu"), 2)
    alone = copy.deepcopy(generator)
    latents = [torch.randn(9, 6, generator=torch.Generator().manual_seed(seed)) for seed in range(4)]
    packed = PackedImages(generator, latents, Crew(2))
    for z in latents:
        taken = packed.take()
        with torch.no_grad():
            assert torch.equal(taken.images(), alone(z))
        assert norm == "none" or not same(dict(generator.named_buffers()), dict(alone.named_buffers()))  # they do not run ahead
        taken.follow()
        assert same(dict(generator.named_buffers()), dict(alone.named_buffers()))


def test_a_state_saved_among_batches_goes_on_with_any_number_of_threads(config: TrainConfig, dataset: ImageDataset) -> None:
    planned = config.replace(architecture="dcgan", dcgan_width=4, n_critic=5, lipschitz="gradient-penalty")
    saved = train(Trainer(planned, dataset, crew=Crew(2)), 7)
    ends = []
    for threads in (1, 2):
        resumed = Trainer(planned, dataset, crew=Crew(threads))
        resumed.load_state_dict(saved.state_dict())
        ends.append(all_weights(train(resumed, 6)))
    ends.append(all_weights(train(saved, 6)))
    assert torch.equal(ends[0], ends[1]) and torch.equal(ends[0], ends[2])


def test_convolutions_elsewhere_than_on_threads_of_a_cpu_make_one_batch_at_a_time(config: TrainConfig) -> None:
    generator = build_generator(config.replace(architecture="dcgan", dcgan_width=4), (1, 8, 8))
    cpu, gpu = torch.device("cpu"), torch.device("cuda")
    assert [is_packable(generator, *where) for where in ((cpu, 2), (cpu, 1), (gpu, 2))] == [True, False, False]
    join_batch_norms(generator, World(0, 2, cpu))
    assert not is_packable(generator, cpu, 2)


def test_what_was_taken_before_is_passed_over(generator: MLPGenerator) -> None:
    latents = [torch.randn(4, 6, generator=torch.Generator().manual_seed(seed)) for seed in range(3)]
    before = [buffer.clone() for buffer in generator.buffers()]
    first, again = PackedImages(generator, latents, Crew(2)), PackedImages(generator, latents, Crew(2))
    again.skip(2)
    assert all(torch.equal(a, b) for a, b in zip(before, generator.buffers(), strict=True))
    images = [first.take().images() for _ in range(3)]
    assert torch.equal(again.take().images(), images[2])


def test_a_pass_is_bounded(config: TrainConfig, generator: MLPGenerator) -> None:
    assert batches_that_fit(generator, 16) == MAX_BATCHES
    assert batches_that_fit(generator, 4096) == 2**23 // (4096 * 64)
    wide = build_generator(config.replace(generator_widths=(8192,)), (1, 8, 8))
    assert isinstance(wide, MLPGenerator)
    assert batches_that_fit(wide, 4096) == 1
    images = build_generator(config.replace(architecture="dcgan", dcgan_width=64), (3, 32, 32))
    assert isinstance(images, DCGANGenerator)
    assert batches_that_fit(images, 128) == 2**23 // (128 * 64 * 16 * 16) == 4


@pytest.mark.parametrize("lipschitz", ["clip", "gradient-penalty"])
def test_drawing_ahead_does_not_show_in_the_random_numbers(config: TrainConfig, dataset: ImageDataset, lipschitz: str) -> None:
    """Whatever n_critic is turned to, the numbers come in the order of a loop that draws when it needs them."""
    trainer = Trainer(config.replace(n_critic=9, lipschitz=lipschitz), dataset)
    plain = torch.Generator().manual_seed(config.seed + 1)

    def critic_update() -> None:
        torch.randn(16, 6, generator=plain)
        if lipschitz == "gradient-penalty":
            torch.rand(16, 1, 1, 1, generator=plain)

    for step, n_critic in enumerate([9, 9, 9, 2, 2, 7, 7, 1, 1, 30, 30, 30]):
        trainer.configure(trainer.config.replace(n_critic=n_critic))
        updates = trainer.generator_updates
        trainer.train_step()
        critic_update()
        if trainer.generator_updates > updates:
            torch.randn(16, 6, generator=plain)
        assert torch.equal(trainer.state_dict()["training"]["noise_rng"], plain.get_state()), step


def test_a_saved_state_says_how_many_batches_were_made_at_once(config: TrainConfig, dataset: ImageDataset) -> None:
    trainer = Trainer(config.replace(n_critic=9), dataset)
    for _ in range(4):
        trainer.train_step()
    state = trainer.state_dict()["training"]
    assert state["packed"].tolist() == [9, 4]
    resumed = Trainer(trainer.config, dataset)
    resumed.load_state_dict(trainer.state_dict())
    assert torch.equal(resumed._ahead.next(4, 5)[0].images(), trainer._ahead.next(4, 5)[0].images())
    assert resumed.state_dict()["training"]["packed"].tolist() == [9, 5]
    damaged = trainer.state_dict()
    damaged["training"] |= {"packed": torch.tensor([9, 12])}  # more taken than made: a state from nowhere is not trusted
    resumed.load_state_dict(damaged)
    assert "packed" not in resumed.state_dict()["training"]
