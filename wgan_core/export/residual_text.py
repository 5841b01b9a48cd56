"""Program text for residual networks, see `wgan_core.training.residual`."""

from __future__ import annotations

import itertools

from wgan_core.config import TrainConfig
from wgan_core.export.classes_text import is_told
from wgan_core.export.numbers import number
from wgan_core.training.residual import INNER, RESIDUAL_PLANS, ImageShape


def block(shape: ImageShape) -> str:
    """The class `ResidualBlock`, with what the networks for images of `shape` need of it."""
    if RESIDUAL_PLANS[shape[1]].averaged:
        return _BLOCK.format(
            more=", from_image=False",
            says='resample: "up" doubles the side, "down" halves it, "none" leaves it.\n    from_image: no ReLU before the first one.',
            keep="self.resample, self.from_image = resample, from_image",
            down='resample == "down" and not from_image',
            bias="",
            shortcut='nn.Identity() if resample == "none" else nn.Conv2d(inputs, outputs, 1)',
            enter="x if self.from_image else relu(self.first_norm(x))",
            up='(doubled(self.shortcut(x)) if self.resample == "up" else self.shortcut(x)) + h',
        )
    return _BLOCK.format(
        more="",
        says='resample: "up" doubles the side, "down" halves it.',
        keep="self.resample = resample",
        down='resample == "down"',
        bias=", bias=False",
        shortcut="nn.Conv2d(inputs, outputs, 1)",
        enter="relu(self.first_norm(x))",
        up="doubled(self.shortcut(x)) + h",
    )


_BLOCK = '''\
def doubled(x):
    """Each pixel made four."""
    return interpolate(x, scale_factor=2.0, mode="nearest")


def halved(x):
    """Each four pixels averaged to one."""
    return avg_pool2d(x, 2)


class ResidualBlock(nn.Module):
    """Adds two convolutions, each after a norm and ReLU, to its input; gradients pass beside them.

    {says}
    """

    def __init__(self, inputs, outputs, resample, norm{more}):
        super().__init__()
        {keep}
        between = inputs if {down} else outputs
        self.first_norm, self.second_norm = norm(inputs), norm(between)
        self.first = nn.Conv2d(inputs, between, 3, padding=1{bias})
        self.second = nn.Conv2d(between, outputs, 3, padding=1)
        self.shortcut = {shortcut}

    def forward(self, x):
        h = {enter}
        h = self.first(doubled(h) if self.resample == "up" else h)
        h = self.second(relu(self.second_norm(h)))
        if self.resample == "down":
            return self.shortcut(halved(x)) + halved(h)
        return {up}'''


def norm(config: TrainConfig, network: str) -> str:
    """The function that makes a norm of one of the networks, "generator" or "critic", followed by space; "" if it needs none."""
    kind = config.generator_norm if network == "generator" else config.critic_norm
    if kind == "none":
        return ""
    batch = f"nn.BatchNorm2d(channels, eps={number(config.batchnorm_eps)})" if network == "generator" else "nn.BatchNorm2d(channels)"
    made = batch if kind == "batch" else "nn.GroupNorm(1, channels)  # over all features of an image"
    return f"def {network}_norm(channels):\n    return {made}\n\n\n"


def _norm(config: TrainConfig, network: str) -> str:
    kind = config.generator_norm if network == "generator" else config.critic_norm
    return "nn.Identity" if kind == "none" else f"{network}_norm"


def generator(config: TrainConfig, shape: ImageShape) -> list[str]:
    """The layers of the generator, a line each."""
    channels = [config.resnet_width * times for times in RESIDUAL_PLANS[shape[1]].generator]
    made = _norm(config, "generator")
    return [
        f"nn.Linear({'LATENT_DIM + CLASSES' if is_told(config) else 'LATENT_DIM'}, {channels[0]} * {INNER} * {INNER})",
        f"nn.Unflatten(1, ({channels[0]}, {INNER}, {INNER}))",
        *(f'ResidualBlock({inputs}, {outputs}, "up", {made})' for inputs, outputs in itertools.pairwise(channels)),
        f"{made}({channels[-1]})",
        "nn.ReLU()",
        f"nn.Conv2d({channels[-1]}, {shape[0]}, 3, padding=1)",
        *(["nn.Tanh()"] if config.generator_output == "tanh" else []),
    ]


def critic(config: TrainConfig, shape: ImageShape) -> list[str]:
    """The layers of the critic, a line each."""
    plan, width, made = RESIDUAL_PLANS[shape[1]], config.resnet_width, _norm(config, "critic")
    layers = [] if plan.averaged else [f"nn.Conv2d({shape[0]}, {width}, 3, padding=1)"]
    inputs = shape[0] if plan.averaged else width
    for times, resample in plan.critic:
        outputs = times * width
        norm_and_more = made if layers else "nn.Identity, from_image=True"
        layers.append(f'ResidualBlock({inputs}, {outputs}, "{resample}", {norm_and_more})')
        inputs = outputs
    if plan.averaged:
        layers += ["nn.ReLU()", f"nn.AvgPool2d({shape[1] // 4})"]
    features = inputs if plan.averaged else f"{inputs} * {INNER} * {INNER}"
    return [*layers, "nn.Flatten()", f"nn.Linear({features}, {'1 + CLASSES' if is_told(config) else '1'})"]


def imports(config: TrainConfig) -> list[str]:
    """Import lines."""
    return ["from torch.nn.functional import avg_pool2d, interpolate, relu"] if config.architecture == "resnet" else []


def he_init(config: TrainConfig) -> str:
    """The function `build_networks` with the weights of the authors' code."""
    strong = 'name.endswith(("first", "second"))'
    if config.image_size == 64:
        strong += f" or layer is generator.layers[{-2 if config.generator_output == 'tanh' else -1}]"
    return _HE_INIT.format(strong=strong)


_HE_INIT = '''\
def build_networks():
    """Both networks, with the weights that the authors' code draws; the seed fixes them."""
    generator, critic = Generator(), Critic()
    rng = torch.Generator().manual_seed(SEED)
    for network in (generator, critic):
        for name, layer in network.named_modules():
            if not isinstance(layer, nn.Linear | nn.Conv2d):
                continue
            places = layer.weight[0, 0].numel()  # of the kernel
            strong = {strong}
            variance = (4 if strong else 2) / (places * sum(layer.weight.shape[:2]))
            bound = math.sqrt(3 * variance)
            nn.init.uniform_(layer.weight, -bound, bound, generator=rng)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return generator.to(DEVICE), critic.to(DEVICE)'''
