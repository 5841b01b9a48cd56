"""The fields of a run's configuration, and how to build one from plain values. Import these names from `wgan_core.config`."""

from __future__ import annotations

import types
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.config import JsonDict

from wgan_core.config.setting_info import Group, SettingInfo, describe_range, setting_info

ImageSetName = Literal["digits", "fashion-mnist", "mnist", "kmnist", "cifar10", "image-folder"]
PointSetName = Literal["8-gaussians", "25-gaussians", "swiss-roll", "ring", "grid", "two-lines", "gaussian", "csv"]
DatasetName = Literal[ImageSetName, PointSetName]
POINT_SETS: frozenset[str] = frozenset(get_args(PointSetName))
"""The data sets of points in the plane; the others hold images."""
DeviceName = Literal["auto", "cpu", "cuda", "mps"]

DCGAN_SIZES = tuple(sorted(inner * 2**halvings for inner in (4, 5, 6, 7) for halvings in range(1, 7) if inner * 2**halvings <= 256))
"""Image sizes that strided convolutions halve evenly until 4 to 7 px are left: 8, 10, 12, 14, 16, 20, ..., 256."""

Width = Annotated[int, Field(ge=1, le=8192)]
Widths = Annotated[tuple[Width, ...], Field(min_length=1, max_length=16)]


class ConfigError(ValueError):
    """A setting with a value that cannot be used. The message is one sentence that names the setting and says what it accepts."""


def _setting(
    default: Any,
    *,
    label: str,
    help: str,
    group: Group,
    unit: str = "",
    live: bool = False,
    step: float | None = None,
    only_with: tuple[str, ...] = (),
    **bounds: Any,
) -> Any:
    """A pydantic field that also carries what a widget or a command-line flag needs in order to show it."""
    extra: JsonDict = {"unit": unit, "live": live, "group": group, "step": step, "only_with": list(only_with)}
    if isinstance(default, float):
        bounds.setdefault("allow_inf_nan", False)
    return Field(default, title=label, description=help, json_schema_extra=extra, **bounds)


class TrainConfig(BaseModel):
    """One run: data, networks, recipe and length. Immutable. The defaults are the walkthrough's recipe on `digits`.

    Live fields (see `live_fields()`) may change while the run trains. Changing any other field needs a new run.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # The recipe. WGAN: arXiv 1701.07875, algorithm 1, with the walkthrough's numbers. WGAN-GP: arXiv 1704.00028. GAN: arXiv 1406.2661.
    objective: Literal["wasserstein", "minimax", "non-saturating"] = _setting(
        "wasserstein",
        label="Objective",
        group="recipe",
        help="What the two networks play for. wasserstein: a WGAN; the critic's scores are without bounds. minimax, non-saturating: an "
        "ordinary GAN, in which the critic is a discriminator: it tells the probability that an image is real. The minimax generator "
        "lowers log(1 − D), which hardly moves it while the discriminator is sure; the non-saturating one raises log D instead.",
    )
    lipschitz: Literal["clip", "gradient-penalty", "none"] = _setting(
        "clip",
        label="Lipschitz method",
        group="recipe",
        help="How the critic is kept from becoming arbitrarily steep. clip: its weights are clipped (the WGAN paper). gradient-penalty: "
        "its slope between real and generated images is pulled towards 1 (the WGAN-GP paper). none: nothing is done, which shows why a "
        "method is needed.",
    )
    clip_value: float = _setting(
        0.005,
        label="Clip value c",
        group="recipe",
        only_with=("lipschitz", "clip"),
        live=True,
        gt=0,
        le=10,
        step=0.001,
        help="After each critic update, every weight of the critic is clipped to [-c, c]. This keeps the critic Lipschitz. A smaller c "
        "gives a flatter critic and smaller scores, so the scale of the estimate changes with c.",
    )
    clipped: Literal["all", "weights"] = _setting(
        "all",
        label="What is clipped",
        group="recipe",
        only_with=("lipschitz", "clip"),
        help="For clipping only. all: every parameter of the critic, including biases and norms, as published code does. weights: only "
        "matrices and kernels, which is what the Lipschitz bound needs.",
    )
    gp_lambda: float = _setting(
        10.0,
        label="Penalty weight λ",
        group="recipe",
        only_with=("lipschitz", "gradient-penalty"),
        live=True,
        gt=0,
        le=10_000,
        step=1,
        help="For the gradient penalty only. The critic minimises −estimate + λ · mean (‖gradient‖ − 1)², with the gradient taken at "
        "random points between real and generated images.",
    )
    n_critic: int = _setting(
        25,
        label="n_critic",
        group="recipe",
        live=True,
        ge=1,
        le=1000,
        help="Critic updates per generator update, counted since the last generator update; the count does not restart with each epoch. A "
        "larger value gives a better critic and an estimate nearer to the truth, but fewer generator updates per second.",
    )
    critic_lr: float = _setting(
        5e-5,
        label="Critic learning rate",
        group="recipe",
        live=True,
        gt=0,
        le=1,
        step=1e-5,
        help="Step size of the critic's optimiser. If it is too large, the estimate jumps.",
    )
    generator_lr: float = _setting(
        5e-5,
        label="Generator learning rate",
        group="recipe",
        live=True,
        gt=0,
        le=1,
        step=1e-5,
        help="Step size of the generator's optimiser. Lower it if the samples flicker without improving.",
    )
    lr_schedule: Literal["constant", "linear", "cosine"] = _setting(
        "constant",
        label="Learning rate schedule",
        group="recipe",
        help="How both learning rates change over the run. constant: not at all. linear, cosine: they fall from what is set to a share of "
        "it, which is reached at the run's last critic update. A critic that is clipped closely often dies at a constant rate and lives "
        "at one that falls.",
    )
    lr_end: float = _setting(
        0.05,
        label="Share of the learning rates at the end",
        group="recipe",
        only_with=("lr_schedule", "linear", "cosine"),
        ge=0,
        le=1,
        step=0.05,
        help="For the linear and the cosine schedule: what is left of both learning rates at the end of the run. 0.05: a twentieth.",
    )
    critic_warmup: Literal["none", "original"] = _setting(
        "none",
        label="Critic warm-up",
        group="recipe",
        help="original: 100 critic updates instead of n_critic before each of the first 25 generator updates and before every 500th, as "
        "in the WGAN authors' own code. The generator then meets a critic that has already learned something.",
    )
    critic_gradients: Literal["fresh", "accumulated"] = _setting(
        "fresh",
        label="Critic gradients",
        group="recipe",
        help="fresh: only the gradients of the current batch. accumulated: gradients are never reset to zero. This is the mistake in the "
        "walkthrough's published code, kept here to show its effect: the sum grows and drives nearly every weight to ±c.",
    )
    ema_decay: float = _setting(
        0.0,
        label="Generator average decay",
        group="recipe",
        ge=0,
        lt=1,
        step=0.001,
        help="0: off. Otherwise the run also keeps an averaged generator, whose weights become decay · old + (1 − decay) · current at each "
        "generator update, and shows it beside the generator. 0.999 is usual; its samples flicker less and are often better.",
    )
    optimizer: Literal["rmsprop", "adam"] = _setting(
        "rmsprop",
        label="Optimiser",
        group="recipe",
        help="For both networks. With clipping, use rmsprop: the WGAN paper reports that momentum, as in Adam, made training unstable. "
        "The gradient penalty works well with adam.",
    )
    adam_beta1: float = _setting(
        0.5,
        label="Adam β1",
        group="recipe",
        only_with=("optimizer", "adam"),
        ge=0,
        lt=1,
        step=0.1,
        help="For adam only: decay rate of the running mean of the gradients.",
    )
    adam_beta2: float = _setting(
        0.9,
        label="Adam β2",
        group="recipe",
        only_with=("optimizer", "adam"),
        ge=0,
        lt=1,
        step=0.01,
        help="For adam only: decay rate of the running mean of the squared gradients.",
    )
    batch_size: int = _setting(
        64,
        label="Batch size",
        group="recipe",
        unit="samples",
        ge=2,
        le=4096,
        help="Number of real samples in each critic update; the same number is generated. BatchNorm needs at least 2.",
    )

    # How long the run is, and where it trains.
    max_steps: int = _setting(
        100_000,
        label="Length of the run",
        group="run",
        unit="critic updates",
        live=True,
        ge=1,
        le=1_000_000_000,
        help="The run finishes at this step. A step is one critic update. You can raise it later and continue the run.",
    )
    seed: int = _setting(
        0,
        label="Seed",
        group="run",
        ge=0,
        le=2**31 - 1,
        help="Fixes the initial weights, the noise, the order of the data, and any points that are drawn. On one CPU with one version of "
        "PyTorch, the same settings and seed give the same run, bit for bit.",
    )
    device: DeviceName = _setting(
        "auto",
        label="Device",
        group="run",
        help="auto uses cuda if available, otherwise mps (Apple), otherwise cpu.",
    )
    threads: int = _setting(
        0,
        label="CPU threads",
        group="run",
        ge=0,
        le=256,
        help="Threads used for computation on the CPU; 0: one for each core, up to four. The results do not depend on their number.",
    )

    precision: Literal["float32", "bfloat16"] = _setting(
        "float32",
        label="Precision",
        group="run",
        help="bfloat16: matrix products and convolutions use 8 significant bits instead of 24; weights, optimiser and losses stay in "
        "float32. Faster on processors that support it (recent Intel and AMD server CPUs, NVIDIA GPUs), much slower on others.",
    )

    rounding: Literal["fast", "exact"] = _setting(
        "fast",
        label="Rounding",
        group="run",
        help="exact: on a CPU, every update is rounded as in the exported script, so that the script computes the run's weights bit for "
        "bit wherever the processor allows. A little slower. fast: the script's weights agree up to rounding. The run itself can be "
        "repeated bit for bit either way.",
    )

    # The data.
    dataset: DatasetName = _setting(
        "digits",
        label="Data set",
        group="data",
        help="digits comes with the installation. fashion-mnist, mnist, kmnist and cifar10 are downloaded once, on request. image-folder "
        "reads any folder of images. The others are points in the plane: 50,000 points drawn from a known distribution, or your own "
        "points from a csv file.",
    )
    data_root: str = _setting(
        "",
        label="Data folder or file",
        group="data",
        max_length=4096,
        help="Where downloaded data sets are stored; for image-folder, the folder or zip archive of images, or a NumPy array of them; for "
        "csv, the file of points. If empty: the environment variable WGAN_DATA_ROOT, otherwise a folder in your cache.",
    )
    image_size: int = _setting(
        32,
        label="Image size",
        group="data",
        unit="px",
        ge=4,
        le=256,
        help="Images are resized once to this many pixels per side, with antialiasing. It does not apply to points.",
    )
    fit: Literal["crop", "pad", "squash"] = _setting(
        "crop",
        label="Shape",
        group="data",
        only_with=("dataset", "image-folder"),
        help="For your own pictures that are not square. crop: the central square is used, and the rest is cut off. pad: the whole picture "
        "is used, with black beside it. squash: the whole picture is stretched to a square.",
    )
    channels: Literal["auto", "grey", "rgb"] = _setting(
        "auto",
        label="Colour",
        group="data",
        only_with=("dataset", "image-folder"),
        help="For your own pictures. auto: grey if every picture is grey, also where grey is stored in colour; otherwise RGB. grey, rgb: "
        "all pictures become so.",
    )
    tones: Literal["used", "each", "format"] = _setting(
        "used",
        label="Tones",
        group="data",
        only_with=("dataset", "image-folder"),
        help="For your own pictures with more than 256 tones: 12 or 16 bits, numbers with fractions or signs. used: the lowest number in "
        "all files becomes black, and the highest white. each: the same for each picture by itself. format: the whole range that 16 bits "
        "can hold, or 0 to 1 for numbers with fractions.",
    )
    frames: Literal["all", "first"] = _setting(
        "all",
        label="Pages and frames",
        group="data",
        only_with=("dataset", "image-folder"),
        help="For your own files that hold several pictures: stacks (TIFF) and animations (GIF, WebP, PNG). all: every page or frame is an "
        "image. first: only the first of each file.",
    )
    flip: Literal["none", "horizontal"] = _setting(
        "none",
        label="Mirrored copies",
        group="data",
        help="horizontal: each image is also used mirrored, left for right, which doubles the data. It helps with few pictures of things "
        "that look as natural in a mirror (faces, flowers), and spoils what does not (letters, digits). It does not apply to points.",
    )

    # The networks.
    architecture: Literal["mlp", "dcgan"] = _setting(
        "mlp",
        label="Architecture",
        group="networks",
        help="mlp: fully connected, as in the walkthrough. dcgan: strided convolutions (Radford et al. 2016), for image sizes that halve "
        "evenly down to 4 to 7 px, such as 16, 28, 32, 48, 64, 96 and 128; much slower on a CPU, but much better pictures.",
    )
    dcgan_width: int = _setting(
        64,
        label="DCGAN width",
        group="networks",
        only_with=("architecture", "dcgan"),
        unit="channels",
        ge=4,
        le=512,
        help="For dcgan only: channels of the layer closest to the image; each layer further in has twice as many, up to 16 times as many. "
        "16 is bearable on a CPU.",
    )
    critic_norm: Literal["none", "layer", "batch"] = _setting(
        "none",
        label="Norm in the critic",
        group="networks",
        help="Applied after each hidden layer of the critic. batch makes a score depend on the other images in the batch, so it cannot be "
        "combined with the gradient penalty, which is defined for single images (WGAN-GP paper, section 4). layer can.",
    )
    latent_dim: int = _setting(
        100,
        label="Latent dimensions",
        group="networks",
        ge=1,
        le=1024,
        help="Length of the latent z ~ N(0, I) that the generator turns into an image or a point.",
    )
    generator_widths: Widths = _setting(
        (128, 256, 512, 1024),
        label="Generator hidden widths",
        group="networks",
        help="Hidden layers of the generator, first to last.",
    )
    generator_norm: Literal["batch", "none"] = _setting(
        "batch",
        label="Norm in the generator",
        group="networks",
        help="batch: BatchNorm after each hidden layer (in the mlp after all but the first, as in the walkthrough). none: as in the "
        "WGAN-GP authors' networks for points in the plane and for MNIST.",
    )
    generator_output: Literal["tanh", "linear"] = _setting(
        "tanh",
        label="Generator output",
        group="networks",
        help="For images; points are never bounded. tanh: pixels lie in (-1, 1), like the data. linear: no bound, as in the MLP of the "
        "WGAN authors' code; values outside the range are cut off for display.",
    )
    critic_widths: Widths = _setting(
        (512, 256),
        label="Critic hidden widths",
        group="networks",
        help="Hidden layers of the critic, first to last. The critic ends in one unbounded score.",
    )
    leaky_slope: float = _setting(
        0.2,
        label="LeakyReLU slope",
        group="networks",
        ge=0,
        le=1,
        step=0.05,
        help="Slope for negative inputs, in both networks. 0 gives ReLU.",
    )
    batchnorm_eps: float = _setting(
        0.8,
        label="BatchNorm eps",
        group="networks",
        gt=0,
        le=10,
        step=0.1,
        help="Added to the variance in BatchNorm. The walkthrough writes BatchNorm1d(n, 0.8), which sets eps, not momentum; that value is "
        "kept.",
    )
    weight_init: Literal["pytorch", "normal"] = _setting(
        "pytorch",
        label="Weight initialisation",
        group="networks",
        help="pytorch: PyTorch's defaults. normal: mean 0, sd 0.02, biases 0. That is the walkthrough's own initialiser, which in its "
        "code matches no Linear layer and so changes nothing; here it is applied to them.",
    )

    # What is recorded and saved.
    log_every: int = _setting(
        5,
        label="Record every",
        group="record",
        unit="critic updates",
        live=True,
        ge=1,
        le=10_000,
        help="Number of steps between points of the curves, which are also the rows of metrics.csv.",
    )
    save_every: float = _setting(
        60.0,
        label="Save at least every",
        group="record",
        unit="s",
        live=True,
        ge=1,
        le=86_400,
        step=10,
        help="Steps are also saved at doubling intervals from the start, so that you can go back through the run's history.",
    )
    instruments_budget: float = _setting(
        3.0,
        label="Instruments at most",
        group="record",
        unit="% of training time",
        live=True,
        ge=0,
        le=50,
        step=1,
        help="The share of training time that measuring may take (true distances, the critic's slopes and weights, gradients; see "
        "Diagnosis). It runs on a separate thread and changes no number of the training. 0: nothing is measured.",
    )

    history_budget: int = _setting(
        300,
        label="History at most",
        group="record",
        unit="MB",
        live=True,
        ge=0,
        le=1_000_000,
        step=50,
        help="The disk space for the run's past: saved steps, light steps (networks in half precision, to be looked at) and pictures. When "
        "it is full, light steps become fewer, then older saved steps. Steps saved by hand or before an edit, pinned ones and the newest "
        "two always stay. 0: only these are kept.",
    )

    @model_validator(mode="after")
    def _fits_together(self) -> TrainConfig:
        if self.architecture == "dcgan" and self.dataset in POINT_SETS:
            raise ValueError(f"architecture must be mlp for the points of {self.dataset}: dcgan is for images only.")
        if self.architecture == "dcgan" and self.image_size not in DCGAN_SIZES:
            below = [size for size in DCGAN_SIZES if size < self.image_size][-1:]
            near = " or ".join(map(str, below + [size for size in DCGAN_SIZES if size > self.image_size][:1]))
            raise ValueError(
                f"image_size must be {near} for the architecture dcgan, not {self.image_size}: its layers halve the side until 4 to 7 px "
                "are left."
            )
        if self.critic_norm == "batch" and self.lipschitz == "gradient-penalty":
            raise ValueError(
                "critic_norm batch cannot be combined with the gradient penalty, which is defined for single images "
                "(arXiv 1704.00028, section 4): choose layer or none."
            )
        return self

    def replace(self, **changes: Any) -> TrainConfig:
        """A copy with `changes`, validated like a new config. Raises ConfigError."""
        return parse_config(self.model_dump() | changes)


SETTINGS: types.MappingProxyType[str, SettingInfo] = types.MappingProxyType(
    {name: setting_info(name, field) for name, field in TrainConfig.model_fields.items()}
)


def live_fields() -> frozenset[str]:
    """Names of the live settings, which may change while a run trains."""
    return frozenset(name for name, info in SETTINGS.items() if info.live)


def in_use(config: TrainConfig, name: str) -> bool:
    """Whether the setting `name` has any effect under the choices made in `config`."""
    setting, *choices = SETTINGS[name].only_with or ("",)
    return not setting or getattr(config, setting) in choices


def steered_by(method: str) -> tuple[str, ...]:
    """The live settings that belong to the Lipschitz method `method`."""
    return tuple(name for name, info in SETTINGS.items() if info.live and info.only_with[:1] == ("lipschitz",) and method in info.only_with)


def parse_config(values: dict[str, Any]) -> TrainConfig:
    """A config from plain values. Text is converted, and widths may be written as "512,256". Raises ConfigError with one sentence."""
    values = dict(values)
    for name in ("generator_widths", "critic_widths"):
        if isinstance(values.get(name), str):
            values[name] = [part.strip() for part in values[name].strip("()[] ").split(",") if part.strip()]
    try:
        return TrainConfig(**values)
    except ValidationError as error:
        raise ConfigError(_sentence(error)) from None


def check_value(name: str, value: Any) -> Any:
    """`value` converted to the type of the field `name` and checked against its range. Raises ConfigError."""
    return getattr(parse_config({name: value}), name)


def _sentence(error: ValidationError) -> str:
    """The first problem in `error` as one sentence in the user's terms."""
    problem = error.errors()[0]
    if problem["type"] == "value_error" and not problem["loc"]:
        return str(problem.get("ctx", {}).get("error"))
    name = " ".join(str(problem["loc"][0])[:60].split()) if problem["loc"] else "settings"
    if problem["type"] == "extra_forbidden":
        return f"{name} is not a setting of this version."
    if name not in SETTINGS:
        return f"{name}: {problem['msg']}."
    got = problem.get("input")
    return f"{name} must be {describe_range(SETTINGS[name])}, not {repr(got)[:60]}."
