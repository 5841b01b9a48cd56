"""The settings of the recipe: losses, Lipschitz method, optimiser and batches."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from wgan_core.config.methods import PENALTIES, MethodName
from wgan_core.config.schedule_fields import CHANGING, Shape
from wgan_core.config.setting_info import setting


class RecipeFields(BaseModel):
    """The recipe. WGAN: arXiv 1701.07875, algorithm 1, with the walkthrough's numbers. WGAN-GP: arXiv 1704.00028. GAN: arXiv 1406.2661."""

    objective: Literal["wasserstein", "minimax", "non-saturating", "least-squares", "hinge"] = setting(
        "wasserstein",
        label="Objective",
        group="recipe",
        help="What the two networks play for. wasserstein: a WGAN; the critic's scores are without bounds. minimax, non-saturating: an "
        "ordinary GAN, in which the critic is a discriminator: it tells the probability that an image is real. The minimax generator "
        "lowers log(1 − D), which hardly moves it while the discriminator is sure; the non-saturating one raises log D instead. "
        "least-squares (LSGAN, arXiv 1611.04076): the discriminator's scores are fitted to 1 for real and 0 for generated images, and the "
        "generator brings its own to 1. hinge (arXiv 1802.05957): scores above 1 for real and below −1 for generated images are good "
        "enough; the generator raises its own without end.",
    )
    lipschitz: MethodName = setting(
        "clip",
        label="Lipschitz method",
        group="recipe",
        help="How the critic is kept from becoming arbitrarily steep. clip: its weights are clipped (the WGAN paper). gradient-penalty: "
        "its slope between real and generated images is pulled towards 1 (the WGAN-GP paper). one-sided-penalty: only a slope above 1 "
        "costs (WGAN-LP, arXiv 1709.08894). r1-penalty: any slope at real images costs (arXiv 1801.04406; made for ordinary GANs). "
        "divergence-penalty: the sixth power of the slope costs (WGAN-div, arXiv 1712.01026). spectral-norm: each weight matrix is "
        "divided by its largest singular value (arXiv 1802.05957; made for the hinge loss, and too flat for a WGAN by itself). none: "
        "nothing is done, which shows why a method is needed.",
    )
    clip_value: float = setting(
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
    clipped: Literal["all", "weights"] = setting(
        "all",
        label="What is clipped",
        group="recipe",
        only_with=("lipschitz", "clip"),
        help="For clipping only. all: every parameter of the critic, including biases and norms, as published code does. weights: only "
        "matrices and kernels, which is what the Lipschitz bound needs.",
    )
    gp_lambda: float = setting(
        10.0,
        label="Penalty weight λ",
        group="recipe",
        only_with=("lipschitz", *PENALTIES),
        live=True,
        gt=0,
        le=10_000,
        step=1,
        help="For the gradient penalties only. The critic minimises −estimate + λ · mean (‖gradient‖ − 1)², with the gradient taken at "
        "random points between real and generated images. one-sided-penalty: slopes below 1 count as 1. r1-penalty: λ/2 · mean ‖gradient‖² "
        "at real images; its paper has λ 10. divergence-penalty: λ · mean ‖gradient‖⁶; its paper has λ 2.",
    )
    gp_every: int = setting(
        1,
        label="Penalty every",
        group="recipe",
        unit="critic updates",
        only_with=("lipschitz", *PENALTIES),
        ge=1,
        le=64,
        help="For the gradient penalties only, which take a quarter to a half of the time. 1: it is part of every critic update. 4: of "
        "every fourth, with four times its weight there, as StyleGAN2 does with its regulariser (lazy regularisation). An update takes "
        "less time, but achieves less: with 4, walkthrough-next at DCGAN width 16 had an FD-CNN of 167, 159 and 174 after 2,000 updates, "
        "in place of 92, 78 and 201 (seeds 0 to 2).",
    )
    gp_share: Literal["all", "half", "quarter"] = setting(
        "all",
        label="Share of the batch penalised",
        group="recipe",
        only_with=("lipschitz", *PENALTIES),
        help="For the gradient penalties only: between how many of the batch's pairs of a real and a generated sample they look at "
        "the critic's slope. half, quarter: quicker, and the mean is over fewer points. After 2,000 updates, walkthrough-next at DCGAN "
        "width 16 had an FD-CNN of 92, 78 and 201 as it is, of 82, 94 and 200 with half and precision bfloat16, which is a third "
        "quicker, and of 126, 120 and 197 with quarter (seeds 0 to 2).",
    )
    n_critic: int = setting(
        25,
        label="n_critic",
        group="recipe",
        live=True,
        ge=1,
        le=1000,
        help="Critic updates per generator update, counted since the last generator update; the count does not restart with each epoch. A "
        "larger value gives a better critic and an estimate nearer to the truth, but fewer generator updates per second.",
    )
    critic_lr: float = setting(
        5e-5,
        label="Critic learning rate",
        group="recipe",
        live=True,
        gt=0,
        le=1,
        step=1e-5,
        help="Step size of the critic's optimiser. If it is too large, the estimate jumps.",
    )
    generator_lr: float = setting(
        5e-5,
        label="Generator learning rate",
        group="recipe",
        live=True,
        gt=0,
        le=1,
        step=1e-5,
        help="Step size of the generator's optimiser. Lower it if the samples flicker without improving.",
    )
    lr_schedule: Shape = setting(
        "constant",
        label="Learning rate schedule",
        group="recipe",
        help="How both learning rates change over the run. constant: not at all. linear, cosine: they fall from what is set to a share of "
        "it, which is reached at the end of the run. steps: as linear, but in three jumps, after each quarter of the run. A "
        "critic that is clipped closely often dies at a constant rate and lives at one that falls (quick-start after 20,000 "
        "steps, seed 0: steepest slope 0.0008 and 0.011). A run too short to finish learning only gets slower: walkthrough with n_critic 5 "
        "had an FD-CNN of 748 in place of 187 after 3,000 steps (means of seeds 0 to 2).",
    )
    lr_end: float = setting(
        0.05,
        label="Share of the learning rates at the end",
        group="recipe",
        only_with=("lr_schedule", *CHANGING),
        ge=0,
        le=1,
        step=0.05,
        help="For a schedule that is not constant: what is left of both learning rates at the end of the run. 0.05: a twentieth.",
    )
    critic_warmup: Literal["none", "original"] = setting(
        "none",
        label="Critic warm-up",
        group="recipe",
        help="original: 100 critic updates instead of n_critic before each of the first 25 generator updates and before every 500th, as "
        "in the WGAN authors' own code. The generator then meets a critic that has already learned something.",
    )
    critic_gradients: Literal["fresh", "accumulated"] = setting(
        "fresh",
        label="Critic gradients",
        group="recipe",
        help="fresh: only the gradients of the current batch. accumulated: gradients are never reset to zero. This is the mistake in the "
        "walkthrough's published code, kept here to show its effect: the sum grows and drives nearly every weight to ±c.",
    )
    ema_decay: float = setting(
        0.0,
        label="Generator average decay",
        group="recipe",
        ge=0,
        lt=1,
        step=0.001,
        help="0: off. Otherwise the run also keeps an averaged generator, whose weights become d · old + (1 − d) · current at each "
        "generator update, and shows it beside the generator. 0.999 is usual; its samples flicker less and are often better. d is this "
        "value, but at the n-th generator update at most (1 + n) / (10 + n), so that the beginning is soon forgotten.",
    )
    optimizer: Literal["rmsprop", "adam"] = setting(
        "rmsprop",
        label="Optimiser",
        group="recipe",
        help="For both networks. With clipping, use rmsprop: the WGAN paper reports that momentum, as in Adam, made training unstable. "
        "The gradient penalty works well with adam.",
    )
    adam_beta1: float = setting(
        0.5,
        label="Adam β1",
        group="recipe",
        only_with=("optimizer", "adam"),
        ge=0,
        lt=1,
        step=0.1,
        help="For adam only: decay rate of the running mean of the gradients.",
    )
    adam_beta2: float = setting(
        0.9,
        label="Adam β2",
        group="recipe",
        only_with=("optimizer", "adam"),
        ge=0,
        lt=1,
        step=0.01,
        help="For adam only: decay rate of the running mean of the squared gradients.",
    )
    batch_size: int = setting(
        64,
        label="Batch size",
        group="recipe",
        unit="samples",
        ge=2,
        le=4096,
        help="Number of real samples in each critic update; the same number is generated. BatchNorm needs at least 2.",
    )
