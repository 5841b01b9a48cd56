"""Program text for what critic and generator minimise (`training.objective`)."""

from __future__ import annotations

from wgan_core.config import TrainConfig, has_js_bound, is_wasserstein

_CRITIC_LOSS = {
    "minimax": (
        "# D, the logistic function of a score, is the probability of being real.\n# The loss: −mean log D(real) − mean log(1 − D(fake)).",
        "softplus(-real_scores).mean() + softplus(fake_scores).mean()",
    ),
    "least-squares": (
        "# Half the squared distance of the scores from 1 for real and from 0 for generated ones.",
        "(real_scores - 1).square().mean() / 2 + fake_scores.square().mean() / 2",
    ),
    "hinge": (
        "# What is missing to scores above 1 for real and below −1 for generated ones.",
        "relu(1 - real_scores).mean() + relu(1 + fake_scores).mean()",
    ),
}
_CRITIC_LOSS["non-saturating"] = _CRITIC_LOSS["minimax"]

GENERATOR_LOSS = {
    "wasserstein": "-critic(generator(z)).mean()",
    "minimax": "logsigmoid(-critic(generator(z))).mean()",
    "non-saturating": "softplus(-critic(generator(z))).mean()",
    "least-squares": "(critic(generator(z)) - 1).square().mean() / 2",
    "hinge": "-critic(generator(z)).mean()",
}
"""What the generator minimises, by objective."""

_HOW = {
    "minimax": "# It lowers mean log(1 − D), which is flat where the critic is sure.",
    "non-saturating": "# It lowers −mean log D, which is steep where the critic is sure.",
}
_FUNCTIONS = {"minimax": ("softplus", "logsigmoid"), "non-saturating": ("softplus",), "hinge": ("relu",)}
_PAPERS = {"least-squares": "arXiv 1611.04076", "hinge": "arXiv 1802.05957"}


def functions(config: TrainConfig) -> tuple[str, ...]:
    """What the losses need from torch.nn.functional."""
    return _FUNCTIONS.get(config.objective, ())


def paper_of(config: TrainConfig) -> str:
    """Where an ordinary GAN's losses come from."""
    return _PAPERS.get(config.objective, "arXiv 1406.2661")


def first_number(config: TrainConfig) -> str:
    """What each step tells first: the estimate of a WGAN, the discriminator's loss of an ordinary GAN. Also its name in the program."""
    return "estimate" if is_wasserstein(config) else "loss"


def critic_loss(config: TrainConfig) -> list[str]:
    """The lines that compute the number called `first_number`."""
    if is_wasserstein(config):
        return ["estimate = critic(real).mean() - critic(fake).mean()"]
    says, loss = _CRITIC_LOSS[config.objective]
    return [*says.splitlines(), "real_scores, fake_scores = critic(real), critic(fake)", f"loss = {loss}"]


def generator_says(config: TrainConfig, what: str) -> list[str]:
    """Comments on the generator's update. `what`: images or points."""
    how = [_HOW[config.objective]] if config.objective in _HOW else []
    return [f"# The generator learns to make {what} that the critic scores high.", *how]


def number_in_words(config: TrainConfig, what: str) -> str:
    """What that number says. `what`: images or points."""
    if is_wasserstein(config):
        return f"The *Wasserstein estimate* is the gap between the critic's mean scores for real and for generated {what}."
    if has_js_bound(config):
        return (
            f"The critic's loss is the cross-entropy of telling real from generated {what}; log 2 − loss / 2 never exceeds the "
            "Jensen-Shannon divergence."
        )
    return f"The critic's loss shows how well it tells real from generated {what}. It measures no distance."
