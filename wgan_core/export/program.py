"""A run's settings as a program that needs only PyTorch and torchvision. Scripts and notebooks are made from it."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Sequence

from wgan_core.config import POINT_SETS, SETTINGS, TrainConfig, is_penalised, is_wasserstein
from wgan_core.data.catalog import DATASETS
from wgan_core.export import ExportError, augment_text, classes_text, residual_text
from wgan_core.export.data_text import READABLE, data_text
from wgan_core.export.endings import notebook_end, script_end
from wgan_core.export.networks import critic_class, generator_class, has_batch_norm, noun, number
from wgan_core.export.objective_text import functions, paper_of
from wgan_core.export.schedule_text import needs_math, schedule_constants
from wgan_core.export.sections import Program, Section
from wgan_core.export.training_text import settings_in_loop, training
from wgan_core.store.ledger import Edit
from wgan_core.training.models import SampleShape
from wgan_core.training.spectral import SEED_OFFSET

_METHODS = {
    "clip": ("WGAN with weight clipping", "arXiv 1701.07875"),
    "gradient-penalty": ("WGAN with gradient penalty", "arXiv 1704.00028"),
    "one-sided-penalty": ("WGAN with one-sided gradient penalty", "arXiv 1709.08894"),
    "r1-penalty": ("WGAN with R1 penalty", "arXiv 1801.04406"),
    "divergence-penalty": ("WGAN with the penalty of WGAN-div", "arXiv 1712.01026"),
    "spectral-norm": ("WGAN with spectral normalisation", "arXiv 1802.05957"),
    "none": ("WGAN without a Lipschitz method, to show why one is needed", "arXiv 1701.07875, section 3"),
}

# Settings that the program text covers, or that do not change the weights.
_WRITTEN = (
    "objective lipschitz clip_value clipped gp_lambda gp_every gp_share n_critic critic_lr generator_lr lr_schedule lr_end "
    "clip_schedule clip_end gp_lambda_schedule gp_lambda_end n_critic_schedule n_critic_end schedule_updates "
    "optimizer adam_beta1 adam_beta2 batch_size max_steps seed "
    "device threads rounding dataset data_root image_size architecture dcgan_width upsampling resnet_width critic_norm "
    "latent_dim generator_widths critic_widths "
    "leaky_slope batchnorm_eps weight_init log_every save_every critic_warmup critic_gradients ema_decay "
    "precision generator_norm generator_output fit channels tones frames flip labels augment"
)


def write_program(
    config: TrainConfig,
    *,
    shape: SampleShape | None = None,
    classes: int = 0,
    edits: Sequence[Edit] = (),
    about: Sequence[str] = (),
    for_notebook: bool = False,
    schedule_steps: int = 0,
) -> Program:
    """A program that computes what `Trainer` computes with `config` on the same CPU, always in float32.

    The results agree bit for bit if the library rounds the trainer's larger matrix products in the same way, see
    `training.critic_gradients`.

    Args:
        config: as at the beginning of the run.
        shape: of an image or a point. Needed for image-folder, known for the other data sets.
        classes: number of classes of a conditional run. Needed for image-folder, known for the other data sets.
        edits: changes of settings during training, ordered by step.
        about: further paragraphs for the header, plain text.
        for_notebook: make cells for a notebook, with pictures and curve inline, instead of a script that writes a file.
        schedule_steps: the length of schedules before the first edit; `max_steps` if 0.

    Raises ExportError for a config that cannot be expressed.
    """
    _check(config)
    shape, classes = shape or _usual_shape(config), classes or classes_text.usual_number(config)
    edits = [edit for edit in edits if edit.field in settings_in_loop(config)]
    method, source = _METHODS[config.lipschitz] if is_wasserstein(config) else (_gan_title(config), paper_of(config))
    if classes_text.is_told(config):
        method, source = _conditional(method), f"{source}; {classes_text.PAPER}"
    data, end = data_text(config, shape), notebook_end if for_notebook else script_end
    title = f"{method} on {_data_title(config)}"
    constants = [*classes_text.constants(config, classes), *data.constants]
    parts = (
        Section(
            "Settings",
            "A step is one critic update, everywhere.",
            _top(config, data.imports, constants, for_notebook, schedule_steps or config.max_steps),
        ),
        Section(
            "The generator", f"It never sees real {noun(config)}; all it learns comes through the critic.", generator_class(config, shape)
        ),
        Section("The critic", f"It tells real {noun(config)} from generated ones.", _critic_part(config, shape)),
        data.section,
        *classes_text.section(config, shares=_has_shares(config)),
        *augment_text.section(config, shape),
        *training(config, edits),
        *end(config, classes),
    )
    parts = parts if is_wasserstein(config) else tuple(map(_with_a_discriminator, parts))
    parts = tuple(dataclasses.replace(part, code="\n".join(map(_folded, part.code.split("\n")))) for part in parts)
    return Program(title, (f"{title} ({source}).", *about), parts)


def _gan_title(config: TrainConfig) -> str:
    kept = {"clip": ", with its weights clipped", "none": ""}.get(
        config.lipschitz, f", {_METHODS[config.lipschitz][0].removeprefix('WGAN ')}"
    )
    return f"An ordinary GAN ({config.objective}){kept}"


def _conditional(method: str) -> str:
    """The title of a method that is told classes."""
    return method.replace("An ordinary GAN", "A conditional GAN") if method.startswith("An ") else f"Conditional {method}"


def _has_shares(config: TrainConfig) -> bool:
    """Whether the program needs to know how often each class is."""
    return noun(config) == "points" or bool(config.ema_decay and has_batch_norm(config))


_LINE = 100
"""Characters in a line of a program."""


def _called_discriminator(text: str) -> str:
    for old, new in (("critic", "discriminator"), ("Critic", "Discriminator"), ("CRITIC", "DISCRIMINATOR")):
        text = text.replace(old, new)
    return text


def _with_a_discriminator(part: Section) -> Section:
    return Section(*map(_called_discriminator, (part.title, part.says, part.code)))


def _folded(line: str) -> str:
    """A line that has become too long, with what its call is given on a line of its own."""
    inner = line[: len(line) - len(line.lstrip())]
    before, _, given = line.partition("(")
    if len(line) <= _LINE or not line.endswith(")"):
        return line
    return f"{before}(\n{inner}    {given[:-1]}\n{inner})"


def script(program: Program) -> str:
    """The program as one Python file."""
    paragraphs = [*program.header, "A step is one critic update. It prints how far it is and keeps samples.png up to date."]
    header = "\n\n".join("\n".join(textwrap.wrap(text, 97)) for text in paragraphs)
    return f'"""{header}\n"""\n\n' + "\n\n\n".join(part.code for part in program.parts) + "\n"


def _check(config: TrainConfig) -> None:
    """Refuse settings that the text does not cover. Otherwise the program would silently compute something else."""
    if config.dataset not in READABLE:
        raise ExportError(f"A script or notebook cannot load the data set {config.dataset}: it can load {', '.join(READABLE)}.")
    for name, info in SETTINGS.items():
        if name not in _WRITTEN.split() and info.group != "record" and getattr(config, name) != info.default:
            raise ExportError(f"A script or notebook cannot express the setting {info.label} ({name}): export a run that uses its default.")


def _data_title(config: TrainConfig) -> str:
    own = {"image-folder": "a folder of pictures", "csv": "points from a file"}
    return own.get(config.dataset) or DATASETS[config.dataset].title


def _usual_shape(config: TrainConfig) -> SampleShape:
    return (2,) if config.dataset in POINT_SETS else (DATASETS[config.dataset].channels, config.image_size, config.image_size)


# The parts of every program.


def _top(config: TrainConfig, of_data: Sequence[str], constants: Sequence[str], for_notebook: bool, schedule_steps: int) -> str:
    """Imports and constants."""
    imports = ["import itertools", "import torch", "from torch import nn", "from torch.utils.data import DataLoader", *of_data]
    if config.ema_decay:
        imports.append("import copy")
        if has_batch_norm(config):
            imports.append("from torch.optim.swa_utils import update_bn")
    imports += [*residual_text.imports(config), *classes_text.imports(config)]
    if needs_math(config) or config.weight_init == "he":
        imports.append("import math")
    imports += [f"from torch.nn.functional import {name}" for name in functions(config)]
    if config.lipschitz == "spectral-norm":
        imports.append("from torch.nn.utils.parametrizations import spectral_norm")
    if for_notebook:
        imports += ["from IPython.display import SVG, display", "from torchvision.transforms.functional import to_pil_image"]
    if not for_notebook:
        imports.append("from torchvision.utils import save_image")
    elif config.dataset not in POINT_SETS:
        imports.append("from torchvision.utils import make_grid")
    constants = [*constants, *_run_constants(config, for_notebook), "", *_recipe_constants(config, schedule_steps)]
    return "\n".join([*_sorted_imports(imports), "", *constants])


def _sorted_imports(lines: Sequence[str]) -> list[str]:
    """Import lines in the usual order: the standard library, a blank line, the rest. Names from one module are on one line."""
    plain = {line for line in lines if line.startswith("import ")}
    named: dict[str, set[str]] = {}
    for line in lines:
        if line.startswith("from "):
            module, names = line.removeprefix("from ").split(" import ")
            named.setdefault(module, set()).update(names.split(", "))
    blocks: list[list[str]] = []
    for standard in (True, False):
        chosen = [line for line in sorted(plain) if (line.split()[1] in _STANDARD) == standard]
        for module in sorted(named, key=str.lower):
            if (module in _STANDARD) == standard:
                chosen.append(f"from {module} import {', '.join(sorted(named[module], key=_import_order))}")
        blocks.append(chosen)
    return [*blocks[0], "", *blocks[1]]


_STANDARD = frozenset(("contextlib", "copy", "itertools", "math", "os", "pathlib"))


def _import_order(name: str) -> tuple[bool, str]:
    return not name.isupper(), name


NOTEBOOK_STEPS = 5_000


def _run_constants(config: TrainConfig, for_notebook: bool) -> list[str]:
    named = "auto" if for_notebook else config.device
    gpu = "mps" if named == "mps" else "cuda"
    there = "torch.backends.mps.is_available()" if named == "mps" else "torch.cuda.is_available()"
    device = '"cpu"' if named == "cpu" else f'"{gpu}" if {there} else "cpu"'
    steps = f"STEPS = {number(config.max_steps)}  # critic updates"
    if for_notebook and config.max_steps > NOTEBOOK_STEPS:
        steps = f"STEPS = {number(NOTEBOOK_STEPS)}  # critic updates per run of the training cell; the run did {config.max_steps:,}"
    return [
        f"DEVICE = {device}",
        f"SEED = {config.seed}  # for the initial weights, the noise and the order of the {noun(config)}",
        steps,
    ]


def _recipe_constants(config: TrainConfig, schedule_steps: int) -> list[str]:
    lines = [] if config.dataset in POINT_SETS else [f"IMAGE_SIZE = {config.image_size}"]
    lines += [
        f"LATENT_DIM = {config.latent_dim}  # length of the latents that become {noun(config)}",
        f"BATCH_SIZE = {config.batch_size}",
        f"N_CRITIC = {config.n_critic}  # critic updates per generator update",
    ]
    if config.lipschitz == "clip":
        lines.append(f"CLIP_VALUE = {number(config.clip_value)}  # the critic's weights stay in [-CLIP_VALUE, CLIP_VALUE]")
    elif is_penalised(config):
        lines.append(f"GP_LAMBDA = {number(config.gp_lambda)}  # weight of the gradient penalty")
        if config.gp_every > 1:
            lines.append(f"GP_EVERY = {config.gp_every}  # critic updates, one of which has the penalty")
    lines += [f"CRITIC_LR = {number(config.critic_lr)}", f"GENERATOR_LR = {number(config.generator_lr)}"]
    lines += schedule_constants(config, schedule_steps)
    if config.optimizer == "adam":
        lines.append(f"BETAS = ({number(config.adam_beta1)}, {number(config.adam_beta2)})  # of Adam")
    if config.ema_decay:
        lines.append(f"EMA_DECAY = {number(config.ema_decay)}  # of the averaged generator's weights")
    return lines


def _critic_part(config: TrainConfig, shape: SampleShape) -> str:
    initial = residual_text.he_init(config) if config.weight_init == "he" else _DEFAULT_INIT
    if config.weight_init == "normal":
        initial = _NORMAL_INIT.format(**_INIT_OF[config.architecture])
    return critic_class(config, shape) + "\n\n\n" + (_normalised(initial) if config.lipschitz == "spectral-norm" else initial)


def _normalised(initial: str) -> str:
    """`initial` with PyTorch's spectral norm on every layer of the critic (`training.spectral`)."""
    plain = initial.replace(
        "    return Generator().to(DEVICE), Critic().to(DEVICE)",
        "    generator, critic = Generator(), Critic()\n    return generator.to(DEVICE), critic.to(DEVICE)",
    )
    return plain.replace("    return generator", _SPECTRAL_NORM.format(offset=SEED_OFFSET) + "    return generator")


_SPECTRAL_NORM = """\
    # Each weight matrix is divided by its largest singular value, which one step of power iteration follows at each pass.
    torch.manual_seed(SEED + {offset})  # for the vectors of the iteration
    for layer in list(critic.modules()):
        if isinstance(layer, nn.Linear | nn.Conv2d):
            spectral_norm(layer)
"""


_DEFAULT_INIT = '''\
def build_networks():
    """Both networks, with the weights that PyTorch draws by default; the seed fixes them."""
    torch.manual_seed(SEED)
    return Generator().to(DEVICE), Critic().to(DEVICE)'''

_NORMAL_INIT = '''\
def build_networks():
    """Both networks, with small weights from a normal distribution; the seed fixes them."""
    generator, critic = Generator(), Critic()
    rng = torch.Generator().manual_seed(SEED)
    for layer in (*generator.modules(), *critic.modules()):
        if isinstance(layer, {weighted}):
            nn.init.normal_(layer.weight, 0.0, 0.02, generator=rng)
{bias}{norm}
    return generator.to(DEVICE), critic.to(DEVICE)'''

# The zeros are drawn, as in the engine, because all later random numbers depend on how many were drawn before.
_OF_CONVOLUTIONS = {
    "bias": "            if layer.bias is not None:\n"
    "                nn.init.uniform_(layer.bias, 0.0, 0.0, generator=rng)  # 0, but drawn, as in the run",
    "norm": "\n        elif isinstance(layer, nn.BatchNorm2d):\n            nn.init.normal_(layer.weight, 1.0, 0.02, generator=rng)",
}
_INIT_OF = {
    "mlp": {
        "weighted": "nn.Linear",
        "bias": "            nn.init.uniform_(layer.bias, 0.0, 0.0, generator=rng)  # 0, but drawn, as in the run",
        "norm": "",
    },
    "dcgan": {"weighted": "nn.Conv2d | nn.ConvTranspose2d", **_OF_CONVOLUTIONS},
    "resnet": {"weighted": "nn.Linear | nn.Conv2d", **_OF_CONVOLUTIONS},
}
