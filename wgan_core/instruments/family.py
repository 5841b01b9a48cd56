"""Rules for what a WGAN's rules do not know: networks that are told classes, and the discriminator of an ordinary GAN."""

from __future__ import annotations

import numpy as np

from wgan_core.config.methods import PENALTIES
from wgan_core.config.roles import guessing_loss, is_wasserstein
from wgan_core.instruments.advice import SETTLED, WARMED_UP, Advice, Observations, Rule, more_critic_updates, round_to_digit

NOT_TOLD = 0.5
"""Of the classifier's share of real images that it knows, below which a generator takes little notice of the class that it is told. By
chance it is a tenth with ten classes; of what the walkthrough's generator made of Fashion-MNIST in 4,000 steps, 88 % were right, and 64 %
where the class weighed too little (see `training.classes.weight_of_class`). `quick-start` told the digits has 94 % after 6,000 steps."""
CONFUSED = 0.3
"""Share of the images of a single class, below which this class is confused with others in a run whose other classes are right."""
SURE = 0.95
"""Of the way from a loss of guessing to none, from which on a discriminator counts as nearly always right. The preset `gan` on digits
is 27 % of the way there after 1,485 updates, and 37 % with minimax after 560. With the networks of `quick-start`, n_critic 10 and no
Lipschitz method, minimax has passed 95 % at step 519, and its loss is 3e-11 at 4,000."""


def wrong_class(seen: Observations) -> Advice | None:
    """What is generated is often not of the class that was asked for, or one class is not."""
    found = seen.classes
    if found is None or found.right is None or found.right_overall is None or seen.generator_updates < SETTLED:
        return None
    overall, value = found.right_overall, more_critic_updates(seen.config)
    if overall < NOT_TOLD * found.accuracy:
        text = (
            f"Only {overall:.0%} of the samples are of the class that was asked for; of real images the classifier knows "
            f"{found.accuracy:.0%}. The generator takes little notice of the class, because the critic hardly tells it which is which. See "
            "whether the labels fit the images, and raise n_critic."
        )
        return Advice("wrong-class", "warning", text, overall, "n_critic", value)
    worst = int(np.nanargmin(found.right))
    share = float(found.right[worst])
    if share >= CONFUSED:
        return None
    text = (
        f"Of the samples of the class {found.class_names[worst]}, only {share:.0%} are taken for it, while {overall:.0%} are right over "
        "all classes: it may look like another class, or have few images. Compare its row with the real ones; more critic updates may help."
    )
    return Advice("wrong-class", "note", text, share, "n_critic", value)


def sure_discriminator(seen: Observations) -> Advice | None:
    """The discriminator of an ordinary GAN is nearly always right. A minimax generator then has no gradient (Goodfellow et al. 2014,
    section 3); the others have one, but it says little about which samples are better (Arjovsky and Bottou 2017, arXiv 1701.04862)."""
    if is_wasserstein(seen.config) or seen.loop is None or seen.step < WARMED_UP:
        return None
    losses, most = seen.loop.losses[np.isfinite(seen.loop.losses)], guessing_loss(seen.config)
    if len(losses) < 50 or not 1 - (loss := float(losses.mean())) / most > SURE:
        return None
    text = f"The discriminator is nearly always right: its loss is {loss:.2g}, where guessing has {most:.3g}. "
    if seen.config.objective == "minimax":
        text += "Where it is sure, log(1 − D) is flat, so the minimax generator hardly learns. Choose non-saturating in a new run."
        return Advice("sure-discriminator", "warning", text, loss, "objective", "non-saturating")
    if seen.generator_updates < SETTLED:
        return None
    text += "Then its slope says little about which samples are better. "
    if seen.config.lipschitz == "none" and seen.config.critic_norm != "batch":
        text += "A penalty on its slope at real images (r1-penalty) keeps it from being so sure; so does a lower learning rate."
        return Advice("sure-discriminator", "note", text, loss, "lipschitz", "r1-penalty")
    text += f"A lower learning rate{', or a larger λ,' if seen.config.lipschitz in PENALTIES else ''} keeps it from being so sure."
    return Advice("sure-discriminator", "note", text, loss, "critic_lr", round_to_digit(seen.config.critic_lr / 3))


FAMILY: tuple[Rule, ...] = (sure_discriminator, wrong_class)
