"""The settings of the two networks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from wgan_core.config.setting_info import setting

Width = Annotated[int, Field(ge=1, le=8192)]
Widths = Annotated[tuple[Width, ...], Field(min_length=1, max_length=16)]


class NetworkFields(BaseModel):
    """Part of `TrainConfig`, whose fields are all the settings of a run."""

    architecture: Literal["mlp", "dcgan", "resnet"] = setting(
        "mlp",
        label="Architecture",
        group="networks",
        help="mlp: fully connected, as in the walkthrough. dcgan: strided convolutions (Radford et al. 2016), for image sizes that halve "
        "evenly down to 4 to 7 px, such as 16, 28, 32, 48, 64, 96 and 128; much slower on a CPU, but much better pictures. resnet: the "
        "residual networks of the WGAN-GP authors (arXiv 1704.00028, appendix F), for 32 and 64 px; deeper, and slower still.",
    )
    dcgan_width: int = setting(
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
    upsampling: Literal["transposed", "nearest"] = setting(
        "transposed",
        label="Upsampling",
        group="networks",
        only_with=("architecture", "dcgan"),
        help="For dcgan only: how the generator doubles the side of an image. transposed: by transposed convolutions, as in the DCGAN "
        "paper, which can leave a checkerboard pattern. nearest: each pixel is made four, and a convolution follows, which leaves even "
        "areas even (Odena et al. 2016, Deconvolution and checkerboard artifacts); a quarter fewer steps a second.",
    )
    resnet_width: int = setting(
        64,
        label="ResNet width",
        group="networks",
        only_with=("architecture", "resnet"),
        unit="channels",
        ge=4,
        le=512,
        help="For resnet only. At 64 px: channels nearest the image, up to 8 times as many further in; the authors' is 64. At 32 px: "
        "channels everywhere; theirs is 128. 16 is bearable on a CPU.",
    )
    critic_norm: Literal["none", "layer", "batch"] = setting(
        "none",
        label="Norm in the critic",
        group="networks",
        help="Applied after each hidden layer of the critic, in dcgan not after the first, and in resnet before the layers. batch makes a "
        "score depend on the other images in the batch, so it cannot be combined with the gradient penalty, which is defined for single "
        "images (WGAN-GP paper, section 4). layer can.",
    )
    latent_dim: int = setting(
        100,
        label="Latent dimensions",
        group="networks",
        ge=1,
        le=1024,
        help="Length of the latent z ~ N(0, I) that the generator turns into an image or a point.",
    )
    generator_widths: Widths = setting(
        (128, 256, 512, 1024),
        label="Generator hidden widths",
        group="networks",
        only_with=("architecture", "mlp"),
        help="For mlp only: hidden layers of the generator, first to last.",
    )
    generator_norm: Literal["batch", "none"] = setting(
        "batch",
        label="Norm in the generator",
        group="networks",
        help="batch: BatchNorm after each hidden layer (in the mlp after all but the first, as in the walkthrough). none: as in the "
        "WGAN-GP authors' networks for points in the plane and for MNIST.",
    )
    generator_output: Literal["tanh", "linear"] = setting(
        "tanh",
        label="Generator output",
        group="networks",
        help="For images; points are never bounded. tanh: pixels lie in (-1, 1), like the data. linear: no bound, as in the MLP of the "
        "WGAN authors' code; values outside the range are cut off for display.",
    )
    critic_widths: Widths = setting(
        (512, 256),
        label="Critic hidden widths",
        group="networks",
        only_with=("architecture", "mlp"),
        help="For mlp only: hidden layers of the critic, first to last. The critic ends in one unbounded score.",
    )
    leaky_slope: float = setting(
        0.2,
        label="LeakyReLU slope",
        group="networks",
        ge=0,
        le=1,
        step=0.05,
        only_with=("architecture", "mlp", "dcgan"),
        help="Slope for negative inputs, in both networks of the mlp and in the critic of the dcgan. 0 gives ReLU. The other networks have "
        "ReLU.",
    )
    batchnorm_eps: float = setting(
        0.8,
        label="BatchNorm eps",
        group="networks",
        gt=0,
        le=10,
        step=0.1,
        help="Added to the variance in BatchNorm. The walkthrough writes BatchNorm1d(n, 0.8), which sets eps, not momentum; that value is "
        "kept.",
    )
    weight_init: Literal["pytorch", "normal", "he"] = setting(
        "pytorch",
        label="Weight initialisation",
        group="networks",
        help="pytorch: PyTorch's defaults. normal: mean 0, sd 0.02, biases 0. That is the walkthrough's own initialiser, which in its "
        "code matches no Linear layer and so changes nothing; here it is applied to them. he: for the resnet only, as in its authors' "
        "code: uniform, with variance 4 / (inputs + outputs) inside the blocks, for their ReLUs, and 2 / (inputs + outputs) elsewhere; "
        "biases 0.",
    )
