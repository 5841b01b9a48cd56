"""Conditional training against a textbook program that is not ours; that it can be continued, and that it learns what it is told."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot, softplus

from wgan_core.config import TrainConfig
from wgan_core.data.classes import shared_out
from wgan_core.data.dataset import DataError, Dataset, ImageDataset, network_input
from wgan_core.measures.diagnose import take_specimen
from wgan_core.training.classes import critic_of, generator_of, with_classes
from wgan_core.training.models import build_critic, build_generator
from wgan_core.training.state import StateMismatch
from wgan_core.training.trainer import Trainer

CLASSES = 3
PENALTY = {"lipschitz": "gradient-penalty", "optimizer": "adam", "critic_lr": 1e-3, "generator_lr": 1e-3}


@pytest.fixture
def labelled(dataset: ImageDataset) -> ImageDataset:
    """Random images of three classes, of which the last has every second image."""
    labels = torch.randint(0, CLASSES + 1, (len(dataset),), generator=torch.Generator().manual_seed(3)).clamp(max=CLASSES - 1)
    return ImageDataset("random", dataset.data, labels, ("shoe", "hat", "coat"))


class Projection(nn.Module):
    """f(x, y) = w · φ(x) + b + v_y · φ(x) + b_y, with an embedding of the classes (arXiv 1802.05637, figure 2)."""

    def __init__(self, critic: nn.Module) -> None:
        super().__init__()
        *features, last = critic.get_submodule("layers").children()
        assert isinstance(last, (nn.Linear, nn.Conv2d)) and last.bias is not None
        self.features = nn.Sequential(*features)
        self.flat = isinstance(last, nn.Linear)
        weight, bias = last.weight.detach().flatten(1), last.bias.detach()
        self.all = nn.Linear(weight.shape[1], 1)
        self.embedding, self.shifts = nn.Embedding.from_pretrained(weight[1:].clone(), False), nn.Parameter(bias[1:].clone())
        self.all.weight.data, self.all.bias.data = weight[:1].clone(), bias[:1].clone()

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        phi = self.features(x.flatten(1) if self.flat else x).flatten(1)
        return self.all(phi)[:, 0] + (self.embedding(labels) * phi).sum(1) + self.shifts[labels]


def textbook(config: TrainConfig, data: ImageDataset, steps: int) -> Tensor:
    """The generator's images after training as a textbook would write it, with the run's own random numbers."""
    start = Trainer(config, data)
    generator, critic = start.generator, Projection(start.critic)
    penalised = config.lipschitz == "gradient-penalty"
    make = torch.optim.Adam if config.optimizer == "adam" else torch.optim.RMSprop
    more = {"betas": (config.adam_beta1, config.adam_beta2)} if config.optimizer == "adam" else {}
    of_critic = make(critic.parameters(), config.critic_lr, **more)  # pyright: ignore[reportArgumentType]
    of_generator = make(generator.parameters(), config.generator_lr, **more)  # pyright: ignore[reportArgumentType]
    rng = torch.Generator().manual_seed(config.seed + 1)
    batch, per_epoch = config.batch_size, len(data) // config.batch_size
    assert data.labels is not None

    def made(z: Tensor, labels: Tensor) -> Tensor:
        return generator(torch.cat((z, config.latent_dim**0.5 * one_hot(labels, CLASSES)), 1))

    for step in range(steps):
        order = torch.randperm(len(data), generator=torch.Generator().manual_seed(config.seed * 1_000_003 + step // per_epoch))
        rows = order[step % per_epoch * batch :][:batch]
        x, y = network_input(data.data[rows]), data.labels[rows]
        z = torch.randn(batch, config.latent_dim, generator=rng)
        alpha = torch.rand(batch, 1, 1, 1, generator=rng) if penalised else torch.zeros(())
        fake = made(z, y).detach()
        f, g = critic(x, y), critic(fake, y)
        loss = g.mean() - f.mean() if config.objective == "wasserstein" else softplus(-f).mean() + softplus(g).mean()
        if penalised:
            between = (alpha * x + (1 - alpha) * fake).requires_grad_()
            (slope,) = torch.autograd.grad(critic(between, y).sum(), between, create_graph=True)
            loss = loss + config.gp_lambda * (slope.flatten(1).norm(dim=1) - 1).square().mean()
        of_critic.zero_grad()
        loss.backward()
        of_critic.step()
        if config.lipschitz == "clip":
            for parameter in critic.parameters():
                parameter.data.clamp_(-config.clip_value, config.clip_value)
        if step % config.n_critic == config.n_critic - 1:
            z = torch.randn(batch, config.latent_dim, generator=rng)
            y = data.labels[torch.randint(len(data), (batch,), generator=rng)]
            score = critic(made(z, y), y)
            of_generator.zero_grad()
            (-score.mean() if config.objective == "wasserstein" else softplus(-score).mean()).backward()
            of_generator.step()
    return images(generator, config)


@torch.no_grad()
def images(generator: nn.Module, config: TrainConfig) -> Tensor:
    z = torch.randn(CLASSES, config.latent_dim, generator=torch.Generator().manual_seed(9))
    return generator.eval()(with_classes(z, torch.eye(CLASSES)))


@pytest.mark.arithmetic
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"critic_norm": "layer"},
        PENALTY,
        PENALTY | {"objective": "non-saturating"},
        {"architecture": "dcgan", "dcgan_width": 4},
        PENALTY | {"architecture": "dcgan", "dcgan_width": 4},
    ],
    ids=lambda changes: " ".join(map(str, changes.values())) or "clip",
)
def test_it_trains_like_a_textbook_projection_critic(changes: dict[str, object], config: TrainConfig, labelled: ImageDataset) -> None:
    config = config.replace(labels="conditional", n_critic=3, **changes)
    trainer = Trainer(config, labelled)
    for _ in range(13):
        trainer.train_step()
    assert trainer.generator_updates == 4
    before = images(Trainer(config, labelled).generator, config)
    found, wanted = images(trainer.generator, config), textbook(config, labelled, 13)
    assert (wanted - before).abs().max() > 0.01  # training did something
    assert torch.allclose(found, wanted, atol=2e-4), (found - wanted).abs().max()


@pytest.mark.parametrize("steps", [5, 9])
def test_a_run_is_continued_bit_for_bit_in_the_middle_of_images_made_ahead(steps: int, config: TrainConfig, labelled: ImageDataset) -> None:
    """Seven updates share their images; an epoch has four batches."""
    config = config.replace(labels="conditional", n_critic=7, ema_decay=0.9, **PENALTY)
    whole, half = Trainer(config, labelled), Trainer(config, labelled)
    for _ in range(steps):
        for trainer in (whole, half):
            trainer.train_step()
    state = {part: {name: one.clone() for name, one in tensors.items()} for part, tensors in half.state_dict().items()}
    resumed = Trainer(config, labelled)
    resumed.load_state_dict(state)
    for _ in range(12):
        for trainer in (whole, resumed):
            trainer.train_step()
    assert whole.generator_updates >= 2
    ours, theirs = whole.state_dict(), resumed.state_dict()
    assert all(torch.equal(ours[part][name], theirs[part][name]) for part in ours for name in ours[part] if ours[part][name].ndim)


def test_the_generator_makes_what_it_is_told(config: TrainConfig) -> None:
    """Black images and white ones."""
    shades = torch.tensor([0, 255], dtype=torch.uint8).repeat(40)
    data = ImageDataset("shades", shades[:, None, None, None].expand(-1, 1, 8, 8).contiguous(), (shades > 0).long(), ("black", "white"))
    trainer = Trainer(config.replace(labels="conditional", n_critic=3, critic_lr=1e-3, generator_lr=1e-3, clip_value=0.05), data)
    for _ in range(400):
        trainer.train_step()
    z = torch.randn(16, config.latent_dim)
    dark, light = (trainer.sample(z, torch.eye(2)[[number]].expand(16, -1)).mean() for number in (0, 1))
    assert dark < -0.8 < 0.8 < light


def test_networks_of_one_class_are_the_whole_ones_told_that_class(config: TrainConfig) -> None:
    for changes in (
        {},
        {"generator_norm": "none"},
        {"architecture": "dcgan", "dcgan_width": 4},
        {"architecture": "resnet", "resnet_width": 4, "image_size": 32},
    ):
        changed = config.replace(**changes)
        shape = (1, changed.image_size, changed.image_size)
        generator, critic = build_generator(changed, shape, CLASSES).eval(), build_critic(changed, shape, CLASSES).eval()
        z, x, row = torch.randn(5, config.latent_dim), torch.randn(5, *shape), torch.tensor([0.25, 0.0, 0.75])
        with torch.no_grad():
            assert torch.allclose(generator_of(generator, row)(z), generator(with_classes(z, row.expand(5, -1))), atol=1e-5)
            assert torch.allclose(critic_of(critic, row)(x), critic(x, row[None]), atol=1e-5)
        assert critic_of(critic, row)(x).shape == (5, 1)


@pytest.mark.parametrize("method", ["one-sided-penalty", "r1-penalty", "divergence-penalty"])
def test_every_lipschitz_method_works_with_classes(method: str, config: TrainConfig, labelled: ImageDataset) -> None:
    """The critic of one class, which the instruments look at, has the scores of the whole one."""
    trainer = Trainer(config.replace(labels="conditional", lipschitz=method, ema_decay=0.9), labelled)
    scores = [trainer.train_step() for _ in range(4)]
    assert scores[-1].are_finite and trainer.generator_updates == 1
    specimen, row = take_specimen(trainer), torch.eye(CLASSES)[[2]]
    x = torch.randn(4, 1, 8, 8, dtype=torch.float64)
    assert torch.allclose(specimen.of_class(2).critic(x), specimen.critic(x, row))


def test_a_critic_that_is_told_the_wrong_thing_says_so(config: TrainConfig, labelled: ImageDataset) -> None:
    trainer = Trainer(config.replace(labels="conditional"), labelled)
    with pytest.raises(ValueError, match="A critic of 3 classes was told nothing"):
        trainer.score(torch.zeros(2, 1, 8, 8))
    with pytest.raises(ValueError, match="A critic of 0 classes was told 3 classes"):
        Trainer(config, labelled).score(torch.zeros(2, 1, 8, 8), torch.eye(3)[:2])


def test_labels_are_ignored_by_default(config: TrainConfig, dataset: ImageDataset, labelled: ImageDataset) -> None:
    plain, other = Trainer(config, dataset), Trainer(config, labelled)
    for _ in range(7):
        for trainer in (plain, other):
            trainer.train_step()
    assert all(torch.equal(one, two) for one, two in zip(plain.critic.parameters(), other.critic.parameters(), strict=True))
    assert other.classes is None and other.draw_classes(4) is None


def test_weights_of_a_run_without_classes_do_not_fit(config: TrainConfig, labelled: ImageDataset) -> None:
    state = Trainer(config, labelled).state_dict()
    with pytest.raises(StateMismatch, match="generator"):
        Trainer(config.replace(labels="conditional"), labelled).load_state_dict(state)


def test_the_generator_is_asked_for_classes_as_often_as_they_are_in_the_data(config: TrainConfig, labelled: ImageDataset) -> None:
    trainer = Trainer(config.replace(labels="conditional"), labelled)
    drawn = torch.cat([one for _ in range(20) if (one := trainer.draw_classes(256)) is not None]).mean(0)
    assert trainer.classes is not None and drawn.sum() == pytest.approx(1)
    shares = torch.tensor(trainer.classes.counts) / len(labelled)
    assert (drawn - shares).abs().max() < 0.03
    fixed = shared_out(700, trainer.classes).bincount(minlength=3)
    assert (fixed - 10 * torch.tensor(trainer.classes.counts)).abs().max() <= 3


def test_data_without_classes_are_refused_before_anything_is_made(config: TrainConfig, dataset: ImageDataset) -> None:
    with pytest.raises(DataError, match="Labels: conditional needs data with classes, and random has none here: choose ignore"):
        Trainer(config.replace(labels="conditional"), dataset)
    points = Dataset("few", torch.zeros(64, 2), torch.zeros(64, dtype=torch.long), ("one",))
    with pytest.raises(DataError, match="at least two classes"):
        Trainer(config.replace(labels="conditional", dataset="8-gaussians"), points)
