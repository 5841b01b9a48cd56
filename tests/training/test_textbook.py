"""The trainer against a textbook WGAN loop that shares no code with it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tests.kernels import assert_same, rounds_as_a_plain_loop
from tests.trainers import take_over
from wgan_core.config import PRESETS
from wgan_core.data.dataset import ImageDataset
from wgan_core.training.trainer import Trainer

pytestmark = [pytest.mark.arithmetic, pytest.mark.slow]


class TextbookGenerator(nn.Module):
    """The walkthrough's generator, written out."""

    def __init__(self) -> None:
        super().__init__()
        self.model = nn.Sequential(
            nn.Linear(100, 128),
            nn.LeakyReLU(0.2),
            nn.Linear(128, 256),
            nn.BatchNorm1d(256, 0.8),
            nn.LeakyReLU(0.2),
            nn.Linear(256, 512),
            nn.BatchNorm1d(512, 0.8),
            nn.LeakyReLU(0.2),
            nn.Linear(512, 1024),
            nn.BatchNorm1d(1024, 0.8),
            nn.LeakyReLU(0.2),
            nn.Linear(1024, 32 * 32),
            nn.Tanh(),
        )

    def forward(self, z: Tensor) -> Tensor:
        return self.model(z).view(-1, 1, 32, 32)


class TextbookCritic(nn.Module):
    """The walkthrough's critic, written out."""

    def __init__(self) -> None:
        super().__init__()
        self.model = nn.Sequential(nn.Linear(32 * 32, 512), nn.LeakyReLU(0.2), nn.Linear(512, 256), nn.LeakyReLU(0.2), nn.Linear(256, 1))

    def forward(self, images: Tensor) -> Tensor:
        return self.model(images.view(len(images), -1))


def digit_like(count: int) -> ImageDataset:
    """Random blobs on black, as sparse as digits are."""
    rng = torch.Generator().manual_seed(0)
    coarse = torch.rand(count, 1, 8, 8, generator=rng)
    images = nn.functional.interpolate((coarse - 0.6).clamp(min=0) * 2.5, size=(32, 32), mode="bilinear")
    return ImageDataset("blobs", (images * 255).round().to(torch.uint8))


@pytest.mark.parametrize("n_critic", [5, 25])
def test_equals_the_textbook_loop_after_50_critic_updates(n_critic: int) -> None:
    config = PRESETS["walkthrough"].replace(device="cpu", n_critic=n_critic, seed=3, rounding="exact")
    trainer = Trainer(config, digit_like(640))
    generator, critic = TextbookGenerator(), TextbookCritic()
    take_over(generator, trainer.generator)
    take_over(critic, trainer.critic)
    generator_optimizer = torch.optim.RMSprop(generator.parameters(), lr=5e-5)
    critic_optimizer = torch.optim.RMSprop(critic.parameters(), lr=5e-5)
    rng = torch.Generator().manual_seed(11)

    for step in range(50):
        real = trainer.data[torch.randint(0, 640, (64,), generator=rng)].float() / 255 * 2 - 1
        z = torch.randn(64, 100, generator=rng)

        critic_optimizer.zero_grad()
        fake = generator(z).detach()
        loss = -(torch.mean(critic(real)) - torch.mean(critic(fake)))
        loss.backward()
        critic_optimizer.step()
        for parameter in critic.parameters():
            parameter.data.clamp_(-0.005, 0.005)
        scores = trainer.critic_step(real, z)
        assert float(scores.real - scores.fake) == pytest.approx(-loss.item(), abs=1e-6)

        if (step + 1) % n_critic == 0:
            z = torch.randn(64, 100, generator=rng)
            generator_optimizer.zero_grad()
            generator_loss = -torch.mean(critic(generator(z)))
            generator_loss.backward()
            generator_optimizer.step()
            assert float(trainer.generator_step(z)) == pytest.approx(generator_loss.item(), abs=1e-6)

    for ours, theirs in ((trainer.generator, generator), (trainer.critic, critic)):
        for (name, a), b in zip(ours.state_dict().items(), theirs.state_dict().values(), strict=True):
            assert torch.max(torch.abs(a.double() - b.double())) <= 1e-6, name


def plain_loop(trainer: Trainer, steps: int, *, forget: bool = True, precision: torch.dtype = torch.float32) -> tuple[nn.Module, nn.Module]:
    """Networks that start as those of `trainer`, and are trained as a tutorial would, on the batches and latents that it will draw.

    forget: set the critic's gradients to zero before each of its updates; the walkthrough's published code does not.
    """
    config = trainer.config
    generator, critic = TextbookGenerator(), TextbookCritic()
    take_over(generator, trainer.generator)
    take_over(critic, trainer.critic)
    generator_optimizer = torch.optim.RMSprop(generator.parameters(), lr=config.generator_lr)
    critic_optimizer = torch.optim.RMSprop(critic.parameters(), lr=config.critic_lr)
    rng = torch.Generator().manual_seed(config.seed + 1)
    order = torch.randperm(640, generator=torch.Generator().manual_seed(config.seed * 1_000_003))
    for step in range(steps):
        real = trainer.data[order[step * 64 : step * 64 + 64]].float() / 127.5 - 1
        if forget:
            critic_optimizer.zero_grad()
        with torch.autocast("cpu", precision, enabled=precision != torch.float32):
            fake = generator(torch.randn(64, 100, generator=rng)).detach()
            loss = -(torch.mean(critic(real)) - torch.mean(critic(fake)))
        loss.backward()
        critic_optimizer.step()
        for parameter in critic.parameters():
            parameter.data.clamp_(-config.clip_value, config.clip_value)
        if (step + 1) % config.n_critic == 0:
            generator_optimizer.zero_grad()
            with torch.autocast("cpu", precision, enabled=precision != torch.float32):
                generator_loss = -torch.mean(critic(generator(torch.randn(64, 100, generator=rng))))
            generator_loss.backward()
            generator_optimizer.step()
    return generator, critic


@pytest.mark.parametrize("changes", [{"n_critic": 4}, {"n_critic": 10}, {"n_critic": 4, "critic_gradients": "accumulated"}])
def test_training_is_the_plain_loop_bit_for_bit_where_the_kernels_allow(changes: dict[str, object]) -> None:
    """On one thread: with flat parameters, images made ahead and written-out gradients, or without."""
    config = PRESETS["walkthrough"].replace(device="cpu", seed=3, rounding="exact", **changes)
    trainer = Trainer(config, digit_like(640))
    generator, critic = plain_loop(trainer, 10, forget="critic_gradients" not in changes)
    for _ in range(10):
        trainer.train_step()
    to_the_bit = rounds_as_a_plain_loop(config, 32 * 32)
    for ours, theirs in ((trainer.generator, generator), (trainer.critic, critic)):
        renamed = dict(zip(ours.state_dict(), theirs.state_dict().values(), strict=True))
        assert_same(ours.state_dict(), renamed, to_the_bit=to_the_bit, rate=5e-5)


def test_bfloat16_is_the_plain_loop_under_autocast() -> None:
    """Only as near as 8 bits allow: a critic trained in bfloat16 agrees with the autocast loop as well as that agrees with float32."""
    config = PRESETS["walkthrough"].replace(device="cpu", seed=3, n_critic=1000)
    exact, rounded = (Trainer(config.replace(precision=precision), digit_like(640)) for precision in ("float32", "bfloat16"))
    _, autocast = plain_loop(exact, 10, precision=torch.bfloat16)
    for trainer in (exact, rounded):
        for _ in range(10):
            trainer.train_step()

    def change(network: nn.Module) -> Tensor:
        start = Trainer(config, digit_like(640)).critic
        moved = [a.detach() - b for a, b in zip(network.parameters(), start.state_dict().values(), strict=True)]
        return torch.cat([part.flatten() for part in moved])

    def likeness(a: Tensor, b: Tensor) -> float:
        return float(nn.functional.cosine_similarity(a, b, dim=0))

    ours, theirs, float32 = change(rounded.critic), change(autocast), change(exact.critic)
    assert not torch.equal(ours, float32)
    assert likeness(ours, float32) > 0.99
    assert likeness(ours, float32) > likeness(theirs, float32) - 0.005


def test_gradient_penalty_equals_the_textbook_loop() -> None:
    """WGAN-GP, algorithm 1, with PyTorch-GAN's numbers; the same points between real and generated images."""
    config = PRESETS["pytorch-gan-gp"].replace(device="cpu", image_size=32, dataset="fashion-mnist", seed=3)
    trainer = Trainer(config, digit_like(640))
    generator, critic = TextbookGenerator(), TextbookCritic()
    take_over(generator, trainer.generator)
    take_over(critic, trainer.critic)
    generator_optimizer = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    critic_optimizer = torch.optim.Adam(critic.parameters(), lr=2e-4, betas=(0.5, 0.999))
    rng = torch.Generator().manual_seed(11)

    for step in range(20):
        real = trainer.data[torch.randint(0, 640, (64,), generator=rng)].float() / 255 * 2 - 1
        z = torch.randn(64, 100, generator=rng)
        same_draw = torch.Generator()
        same_draw.set_state(trainer.state_dict()["training"]["noise_rng"])
        alpha = torch.rand(64, 1, 1, 1, generator=same_draw)

        critic_optimizer.zero_grad()
        fake = generator(z).detach()
        between = (alpha * real + (1 - alpha) * fake).requires_grad_(True)
        scores = critic(between)
        gradients = torch.autograd.grad(scores, between, torch.ones_like(scores), create_graph=True)[0].view(64, -1)
        penalty = 10 * ((gradients.norm(2, dim=1) - 1) ** 2).mean()
        loss = -torch.mean(critic(real)) + torch.mean(critic(fake)) + penalty
        loss.backward()
        critic_optimizer.step()
        ours = trainer.critic_step(real, z)
        assert float(ours.penalty) == pytest.approx(penalty.item(), rel=1e-4)
        assert float(ours.fake - ours.real + ours.penalty) == pytest.approx(loss.item(), abs=1e-4)

        if (step + 1) % 5 == 0:
            z = torch.randn(64, 100, generator=rng)
            generator_optimizer.zero_grad()
            (-torch.mean(critic(generator(z)))).backward()
            generator_optimizer.step()
            trainer.generator_step(z)

    for name, a, b in zip(trainer.critic.state_dict(), trainer.critic.parameters(), critic.parameters(), strict=True):
        # Adam divides by the size of the gradient too: where that is rounding alone, so is the step (of at most 2e-4 each).
        assert torch.quantile((a - b).abs().flatten().double()[:100_000], 0.99) <= 1e-6, name
