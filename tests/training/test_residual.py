"""The WGAN-GP authors' residual networks, against their published sizes and a forward pass written out by hand; upsampling in a DCGAN."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.counting import parameter_count
from wgan_core.config import OF_SHAPES, ConfigError, TrainConfig, parse_config
from wgan_core.data.dataset import ImageDataset
from wgan_core.measures.lipschitz import spectral_bound
from wgan_core.training.crew import Crew
from wgan_core.training.models import DCGANGenerator, build_critic, build_generator, initialise
from wgan_core.training.trainer import Trainer

State = dict[str, Tensor]
AS_PUBLISHED = {
    32: TrainConfig(architecture="resnet", image_size=32, resnet_width=128, latent_dim=128, critic_norm="none", batchnorm_eps=1e-5),
    64: TrainConfig(architecture="resnet", image_size=64, resnet_width=64, latent_dim=128, critic_norm="layer", batchnorm_eps=1e-5),
}


def convolution(inputs: int, outputs: int, side: int = 3, *, bias: bool = True) -> int:
    return inputs * outputs * side**2 + bias * outputs


def test_parameters_at_64_px_are_those_of_gan_64x64() -> None:
    """GoodGenerator and GoodDiscriminator at DIM 64; a norm has two numbers a channel, and each block's first convolution no bias."""

    def block(inputs: int, between: int, outputs: int) -> int:
        norms = 2 * inputs + 2 * between
        convolutions = convolution(inputs, between, bias=False) + convolution(between, outputs)
        return norms + convolutions + convolution(inputs, outputs, side=1)

    d = 64
    blocks = block(8 * d, 8 * d, 8 * d) + block(8 * d, 4 * d, 4 * d) + block(4 * d, 2 * d, 2 * d) + block(2 * d, d, d)
    whole = (128 + 1) * 4 * 4 * 8 * d + blocks + 2 * d + convolution(d, 3)
    assert parameter_count(build_generator(AS_PUBLISHED[64], (3, 64, 64))) == whole == 8_540_483
    blocks = block(d, d, 2 * d) + block(2 * d, 2 * d, 4 * d) + block(4 * d, 4 * d, 8 * d) + block(8 * d, 8 * d, 8 * d)
    whole = convolution(3, d) + blocks + 4 * 4 * 8 * d + 1
    assert parameter_count(build_critic(AS_PUBLISHED[64], (3, 64, 64))) == whole == 7_491_841


def test_parameters_at_32_px_are_those_of_gan_cifar_resnet() -> None:
    """Without classes, DIM_G = DIM_D = 128, norms in the generator only."""
    d, c = 128, convolution
    block = 4 * d + 2 * c(d, d) + c(d, d, side=1)
    whole = (128 + 1) * 4 * 4 * d + 3 * block + 2 * d + c(d, 3)
    assert parameter_count(build_generator(AS_PUBLISHED[32], (3, 32, 32))) == whole == 1_204_483
    first, down, same = c(3, d) + c(d, d) + c(3, d, side=1), 2 * c(d, d) + c(d, d, side=1), 2 * c(d, d)
    assert parameter_count(build_critic(AS_PUBLISHED[32], (3, 32, 32))) == first + down + 2 * same + d + 1 == 1_053_825


# The same networks as plain functions of their state, in float64.


def larger(x: Tensor) -> Tensor:
    return x.repeat_interleave(2, 2).repeat_interleave(2, 3)


def smaller(x: Tensor) -> Tensor:
    return (x[:, :, ::2, ::2] + x[:, :, 1::2, ::2] + x[:, :, ::2, 1::2] + x[:, :, 1::2, 1::2]) / 4


def convolve(x: Tensor, state: State, name: str) -> Tensor:
    weight = state[f"{name}.weight"]
    padded = functional.pad(x, (weight.shape[-1] // 2,) * 4)
    patches = padded.unfold(2, weight.shape[2], 1).unfold(3, weight.shape[3], 1)
    bias = state.get(f"{name}.bias")
    return torch.einsum("nchwij,ocij->nohw", patches, weight) + (0 if bias is None else bias[:, None, None])


def normalise(x: Tensor, state: State, name: str, over: tuple[int, ...] = (1, 2, 3)) -> Tensor:
    if f"{name}.weight" not in state:
        return x
    mean, variance = x.mean(over, keepdim=True), x.var(over, keepdim=True, correction=0)
    return (x - mean) / (variance + 1e-5).sqrt() * state[f"{name}.weight"][:, None, None] + state[f"{name}.bias"][:, None, None]


def block(x: Tensor, state: State, name: str, resample: str, over: tuple[int, ...] = (1, 2, 3), *, of_image: bool = False) -> Tensor:
    up, down = (larger if resample == "up" else lambda h: h), (smaller if resample == "down" else lambda h: h)
    h = x if of_image else normalise(x, state, f"{name}.first_norm", over).clamp(min=0)
    h = convolve(up(h), state, f"{name}.first")
    h = down(convolve(normalise(h, state, f"{name}.second_norm", over).clamp(min=0), state, f"{name}.second"))
    beside = up(down(x))
    return h + (convolve(beside, state, f"{name}.shortcut") if f"{name}.shortcut.weight" in state else beside)


def made(z: Tensor, state: State, blocks: int) -> Tensor:
    batch = (0, 2, 3)
    x = (z @ state["layers.0.weight"].T + state["layers.0.bias"]).view(len(z), -1, 4, 4)
    for index in range(blocks):
        x = block(x, state, f"layers.{2 + index}", "up", batch)
    return convolve(normalise(x, state, f"layers.{2 + blocks}", batch).clamp(min=0), state, f"layers.{4 + blocks}").tanh()


def scored(x: Tensor, state: State, size: int) -> Tensor:
    if size == 64:
        x = convolve(x, state, "layers.0")
        for index in range(1, 5):
            x = block(x, state, f"layers.{index}", "down")
        return x.flatten(1) @ state["layers.6.weight"].T + state["layers.6.bias"]
    for index, resample in enumerate(("down", "down", "none", "none")):
        x = block(x, state, f"layers.{index}", resample, of_image=index == 0)
    return x.clamp(min=0).mean((2, 3)) @ state["layers.7.weight"].T + state["layers.7.bias"]


@pytest.mark.parametrize(("size", "channels"), [(32, 1), (64, 3)])
def test_forward_by_hand(size: int, channels: int) -> None:
    config, shape = AS_PUBLISHED[size].replace(resnet_width=4, latent_dim=6), (channels, size, size)
    rng = torch.Generator().manual_seed(3)
    networks = [build_generator(config, shape).double(), build_critic(config, shape).double()]
    for network in networks:
        for parameter in network.parameters():
            nn.init.normal_(parameter, 0.1, 0.5, generator=rng)
    z = torch.randn(3, 6, generator=rng, dtype=torch.float64)
    generator, critic = ({name: value.detach() for name, value in network.state_dict().items()} for network in networks)
    images = networks[0](z).detach()
    assert images.shape == (3, *shape) and torch.allclose(images, made(z, generator, 3 if size == 32 else 4), atol=1e-10)
    noise = torch.rand(3, *shape, generator=rng, dtype=torch.float64) * 2 - 1
    scores = networks[1](noise).detach()
    assert scores.shape == (3, 1) and torch.allclose(scores, scored(noise, critic, size), rtol=1e-9)


@pytest.mark.parametrize("size", [32, 64])
def test_the_authors_start(size: int) -> None:
    """Uniform with variance 4 / (fan in + fan out) in the blocks and 2 / (…) elsewhere (tflib/ops/conv2d.py), the latter also in the last
    convolution at 32 px only."""
    config = AS_PUBLISHED[size].replace(resnet_width=32, weight_init="he")
    generator = build_generator(config, (3, size, size))
    initialise(generator, "he", torch.Generator().manual_seed(0))
    last = [name for name, module in generator.named_modules() if isinstance(module, nn.Conv2d)][-1]
    for name, module in generator.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            fans = sum(module.weight.shape[:2]) * module.weight[0, 0].numel()
            strong = name.endswith(("first", "second")) or (name == last and size == 64)
            expected = math.sqrt(3 * (4 if strong else 2) / fans)
            assert float(module.weight.detach().abs().max()) == pytest.approx(expected, rel=0.01), name
            assert module.bias is None or not module.bias.any()


def pictures(count: int, size: int) -> ImageDataset:
    rng = torch.Generator().manual_seed(0)
    return ImageDataset("random", torch.randint(0, 256, (count, 1, size, size), dtype=torch.uint8, generator=rng))


RECIPE = {"lipschitz": "gradient-penalty", "optimizer": "adam", "n_critic": 2, "batch_size": 4, "device": "cpu", "ema_decay": 0.9}
SMALL = {"resnet_width": 4, "dcgan_width": 4, "latent_dim": 5}


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"architecture": "resnet", "image_size": 32},
        {"architecture": "resnet", "image_size": 64, "critic_norm": "layer", "weight_init": "he"},
        {"architecture": "dcgan", "image_size": 16, "upsampling": "nearest"},
    ],
    ids=["32", "64", "upsampling"],
)
def test_threads_and_resuming_leave_the_bits(changes: dict[str, object]) -> None:
    config = TrainConfig().replace(**RECIPE, **SMALL, **changes)
    data = pictures(12, config.image_size)

    def bits(trainer: Trainer) -> list[Tensor]:
        return [tensor.clone() for part in ("generator", "critic", "averaged") for tensor in trainer.state_dict()[part].values()]

    def train(trainer: Trainer, steps: int) -> Trainer:
        for _ in range(steps):
            trainer.train_step()
        return trainer

    whole = bits(train(Trainer(config, data), 3))
    for threads in (2, 3):
        with_crew = train(Trainer(config, data, crew=Crew(threads)), 3)
        assert all(torch.equal(a, b) for a, b in zip(bits(with_crew), whole, strict=True)), threads
    half, resumed = train(Trainer(config, data), 2), Trainer(config, data)
    resumed.load_state_dict({part: {name: value.clone() for name, value in state.items()} for part, state in half.state_dict().items()})
    assert all(torch.equal(a, b) for a, b in zip(bits(train(resumed, 1)), whole, strict=True))


@pytest.mark.parametrize(("architecture", "setting", "value"), [("resnet", "resnet_width", 8), ("dcgan", "upsampling", "nearest")])
def test_what_changes_the_tensors_cannot_change_in_a_branch(architecture: str, setting: str, value: object) -> None:
    config = TrainConfig(image_size=32).replace(architecture=architecture, **SMALL)
    with torch.device("meta"):
        one, other = (build_generator(each, (1, 32, 32)).state_dict() for each in (config, config.replace(**{setting: value})))
    assert {name: tensor.shape for name, tensor in one.items()} != {name: tensor.shape for name, tensor in other.items()}
    assert setting in OF_SHAPES


def test_no_bound_is_claimed_for_sums() -> None:
    """The product of the norms of a block's layers does not bound the block, which adds its input."""
    bound = spectral_bound(build_critic(AS_PUBLISHED[32].replace(resnet_width=4), (1, 32, 32)), (1, 32, 32))
    assert bound.value is None and "no bound" in bound.reason


@pytest.mark.parametrize("size", [14, 16, 28])
def test_upsampling_is_a_convolution_of_repeated_pixels(size: int) -> None:
    config = TrainConfig(architecture="dcgan", image_size=size, dcgan_width=4, latent_dim=5, upsampling="nearest", generator_norm="none")
    generator = build_generator(config, (1, size, size)).double()
    kernels = [module for module in generator.modules() if isinstance(module, nn.Conv2d | nn.ConvTranspose2d)]
    x = torch.randn(2, 5, dtype=torch.float64)
    wanted = kernels[0](x[:, :, None, None])
    for module in kernels[1:]:
        side = module.kernel_size[0]
        assert side in (2, 3) and isinstance(module, nn.Conv2d)
        x_large = functional.pad(larger(wanted.clamp(min=0)), (1,) * 4) if side == 3 else larger(wanted.clamp(min=0))
        patches = x_large.unfold(2, side, 1).unfold(3, side, 1)
        assert module.bias is not None
        wanted = torch.einsum("nchwij,ocij->nohw", patches, module.weight) + module.bias[:, None, None]
    assert wanted.shape == (2, 1, size, size) and torch.allclose(generator(x), wanted.tanh(), atol=1e-12)


def test_upsampling_leaves_even_areas_even() -> None:
    """Where all features are alike, so are the pixels; transposed convolutions make a checkerboard of them (Odena et al. 2016)."""

    def unevenness(upsampling: str) -> float:
        generator = DCGANGenerator(8, (1, 32, 32), 8, 1e-5, "none", "linear", upsampling)
        initialise(generator, "pytorch", torch.Generator().manual_seed(0))
        with torch.no_grad():
            made = generator.layers[1:](torch.ones(1, 32, 4, 4))[0, 0]
        inner = made[14:18, 14:18]  # further out, the border is felt
        return float((inner.max() - inner.min()) / inner.abs().mean())

    assert unevenness("nearest") < 1e-6 and unevenness("transposed") > 0.01


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"architecture": "resnet", "image_size": 28}, "image_size must be 32 or 64 for the architecture resnet, not 28."),
        ({"architecture": "resnet", "dataset": "ring"}, "architecture must be mlp for the points of ring: resnet is for images only."),
        (
            {"architecture": "dcgan", "weight_init": "he"},
            "weight_init he is for the architecture resnet, not dcgan: choose pytorch or normal.",
        ),
        ({"architecture": "resnet", "lipschitz": "gradient-penalty", "critic_norm": "batch"}, "critic_norm batch cannot be combined"),
    ],
)
def test_what_does_not_go_together_is_a_sentence(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(values)
    assert str(caught.value).startswith(sentence)
