"""Program text for generator and critic: the layers that a config describes, one per line."""

from __future__ import annotations

import itertools

from wgan_core.config import POINT_SETS, TrainConfig
from wgan_core.export import residual_text
from wgan_core.export.classes_text import is_told
from wgan_core.export.numbers import number
from wgan_core.training.models import SampleShape, dcgan_plan
from wgan_core.training.residual import ImageShape


def noun(config: TrainConfig) -> str:
    """What the networks make and score: images or points."""
    return "points" if config.dataset in POINT_SETS else "images"


def has_batch_norm(config: TrainConfig) -> bool:
    """Whether the generator has BatchNorm, so that train and eval mode differ."""
    return config.generator_norm == "batch" and (config.architecture != "mlp" or len(config.generator_widths) > 1)


def generator_class(config: TrainConfig, shape: SampleShape) -> str:
    """The text of the class `Generator` for images or points of `shape`."""
    given = "what `with_classes` gives" if is_told(config) else "latents [batch, LATENT_DIM]"
    if len(shape) == 1:
        says = f"Turns {given} into points [batch, {_shown(shape)}]."
        return _class("Generator", says, _mlp_generator(config, shape), "def forward(self, z):\n        return self.layers(z)")
    before = ""
    if config.architecture == "resnet":
        before = residual_text.block(_image(shape)) + "\n\n\n" + residual_text.norm(config, "generator")
        layers, forward = residual_text.generator(config, _image(shape)), "self.layers(z)"
    elif config.architecture == "dcgan":
        layers, forward = (
            _dcgan_generator(config, _image(shape)),
            "self.layers(z[:, :, None, None])  # each z starts as a picture of one pixel",
        )
    else:
        layers, forward = _mlp_generator(config, shape), f"self.layers(z).view(-1, {shape[0]}, IMAGE_SIZE, IMAGE_SIZE)"
    bounds = " in (-1, 1)" if config.generator_output == "tanh" else ", unbounded"
    says = f"Turns {given} into images [batch, {_shown(shape)}]{bounds}."
    return before + _class("Generator", says, layers, f"def forward(self, z):\n        return {forward}")


def critic_class(config: TrainConfig, shape: SampleShape) -> str:
    """The text of the class `Critic` for images or points of `shape`."""
    what = noun(config)
    before = ""
    if config.architecture == "resnet":
        before = residual_text.norm(config, "critic")
        layers, forward = residual_text.critic(config, _image(shape)), "self.layers(images)"
    elif config.architecture == "dcgan":
        layers, forward = _dcgan_critic(config, _image(shape)), "self.layers(images).flatten(1)"
    else:
        layers, forward = _mlp_critic(config, shape), f"self.layers({what}{'' if len(shape) == 1 else '.flatten(1)'})"
    says = f"Gives each {what.removesuffix('s')} [batch, {_shown(shape)}] a score [batch, 1]: any number, so no sigmoid."
    if is_told(config):
        says = says.replace(": any number, so no sigmoid", " among its class")
        return before + _class("Critic", says, layers, _OF_CLASS.format(what=what, forward=forward))
    return before + _class("Critic", says, layers, f"def forward(self, {what}):\n        return {forward}")


_OF_CLASS = """\
def forward(self, {what}, classes):
        scores = {forward}  # one of all classes, and one to add for each
        return scores[:, :1] + (scores[:, 1:] * classes).sum(1, keepdim=True)"""


def inputs_of_generator(config: TrainConfig) -> str:
    """How many numbers the generator gets."""
    return "LATENT_DIM + CLASSES" if is_told(config) else "LATENT_DIM"


def outputs_of_critic(config: TrainConfig) -> str:
    """How many numbers the critic's last layer gives."""
    return "1 + CLASSES" if is_told(config) else "1"


def _image(shape: SampleShape) -> ImageShape:
    channels, height, width = shape
    return channels, height, width


def _shown(shape: SampleShape) -> str:
    return ", ".join(map(str, shape))


def _class(name: str, says: str, layers: list[str], forward: str) -> str:
    return "\n".join(
        (
            f"class {name}(nn.Module):",
            f'    """{says}"""',
            "",
            "    def __init__(self):",
            "        super().__init__()",
            "        self.layers = nn.Sequential(",
            *(f"            {layer}," for layer in layers),
            "        )",
            "",
            f"    {forward}",
        )
    )


def _activation(slope: float) -> str:
    return f"nn.LeakyReLU({number(slope)})" if slope else "nn.ReLU()"


def _norm(config: TrainConfig, features: int, batch_norm: str) -> list[str]:
    """The norm after a hidden layer of the critic."""
    if config.critic_norm == "layer":
        return [f"nn.GroupNorm(1, {features})"]
    return [f"{batch_norm}({features})"] if config.critic_norm == "batch" else []


def _mlp_generator(config: TrainConfig, shape: SampleShape) -> list[str]:
    widths = config.generator_widths
    layers = [f"nn.Linear({inputs_of_generator(config)}, {widths[0]})", _activation(config.leaky_slope)]
    for inputs, outputs in itertools.pairwise(widths):
        layers.append(f"nn.Linear({inputs}, {outputs})")
        if config.generator_norm == "batch":
            layers.append(f"nn.BatchNorm1d({outputs}, eps={number(config.batchnorm_eps)})")
        layers.append(_activation(config.leaky_slope))
    # Points are not bounded.
    return [*layers, f"nn.Linear({widths[-1]}, {_numbers(shape)})", *(_output(config) if len(shape) > 1 else [])]


def _output(config: TrainConfig) -> list[str]:
    """What bounds the pixels of an image."""
    return ["nn.Tanh()"] if config.generator_output == "tanh" else []


def _mlp_critic(config: TrainConfig, shape: SampleShape) -> list[str]:
    layers: list[str] = []
    for inputs, outputs in itertools.pairwise((_numbers(shape), *config.critic_widths)):
        layers += [f"nn.Linear({inputs}, {outputs})", *_norm(config, int(outputs), "nn.BatchNorm1d"), _activation(config.leaky_slope)]
    return [*layers, f"nn.Linear({config.critic_widths[-1]}, {outputs_of_critic(config)})"]


def _numbers(shape: SampleShape) -> str:
    if len(shape) == 1:
        return str(shape[0])
    return "IMAGE_SIZE**2" if shape[0] == 1 else f"{shape[0]} * IMAGE_SIZE**2"


def _dcgan_generator(config: TrainConfig, shape: ImageShape) -> list[str]:
    plan = dcgan_plan(shape[1], config.dcgan_width)
    bias = ", bias=False" if config.generator_norm == "batch" else ""
    layers = [f"nn.ConvTranspose2d({inputs_of_generator(config)}, {plan.layers[0][0]}, {plan.inner}{bias})"]
    for (inputs, kernel), (outputs, _) in itertools.pairwise(plan.layers):
        layers += _dcgan_norm(config, inputs)
        layers += _doubling(config, inputs, outputs, kernel, bias)
    inputs, kernel = plan.layers[-1]
    layers += _dcgan_norm(config, inputs)
    return [*layers, *_doubling(config, inputs, shape[0], kernel), *_output(config)]


def _doubling(config: TrainConfig, inputs: int, outputs: int, kernel: int, bias: str = "") -> list[str]:
    """The layers that double the side."""
    if config.upsampling == "nearest":
        padding = f", padding={kernel - 3}" if kernel > 3 else ""
        return ["nn.Upsample(scale_factor=2)", f"nn.Conv2d({inputs}, {outputs}, {kernel - 1}{padding}{bias})"]
    return [f"nn.ConvTranspose2d({inputs}, {outputs}, {kernel}, stride=2, padding=1{bias})"]


def _dcgan_norm(config: TrainConfig, channels: int) -> list[str]:
    norm = [f"nn.BatchNorm2d({channels}, eps={number(config.batchnorm_eps)})"] if config.generator_norm == "batch" else []
    return [*norm, "nn.ReLU()"]


def _dcgan_critic(config: TrainConfig, shape: ImageShape) -> list[str]:
    plan = dcgan_plan(shape[1], config.dcgan_width)
    channels, kernel = plan.layers[-1]
    layers = [f"nn.Conv2d({shape[0]}, {channels}, {kernel}, stride=2, padding=1)", _activation(config.leaky_slope)]
    for (inputs, _), (outputs, kernel) in itertools.pairwise(reversed(plan.layers)):
        layers.append(f"nn.Conv2d({inputs}, {outputs}, {kernel}, stride=2, padding=1)")
        layers += [*_norm(config, outputs, "nn.BatchNorm2d"), _activation(config.leaky_slope)]
    return [*layers, f"nn.Conv2d({plan.layers[0][0]}, {outputs_of_critic(config)}, {plan.inner})"]
