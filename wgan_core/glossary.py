"""The terms of this project, in one place: the pages explain them where they occur, and docs/GLOSSARY.md is made from them.

python -m wgan_core.glossary > docs/GLOSSARY.md
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """One term."""

    name: str
    says: str
    """What it is, in a sentence or two for somebody who has never heard of it."""
    words: tuple[str, ...] = ()
    """The forms in which pages mark it, in lower case unless case matters; none for everyday words."""
    lesson: str = ""
    """The lesson in which one meets it, by its address."""
    usage: str = ""
    """For people who write texts or code: how the term is used here."""

    @property
    def anchor(self) -> str:
        """The name of its place on the Glossary page."""
        return "-".join("".join(letter if letter.isalnum() else " " for letter in self.name.lower()).split())


@dataclass(frozen=True)
class Group:
    """Terms that belong together."""

    title: str
    terms: tuple[Term, ...]


GROUPS: tuple[Group, ...] = (
    Group(
        "The game",
        (
            Term(
                "GAN",
                "Generative adversarial network: two networks that train each other. The generator makes samples, the other network "
                "judges them. A WGAN is one whose judge is a critic, which measures a distance.",
                ("GAN", "GANs", "WGAN", "WGANs", "Wasserstein GAN"),
                "gan",
                "*GAN* alone, or *ordinary GAN*, is the one of Goodfellow et al. 2014, with a discriminator.",
            ),
            Term(
                "Generator", "The network that turns a latent, a list of random numbers, into an image or a point.", ("generator",), "noise"
            ),
            Term(
                "Critic",
                "The network f that gives an image or a point a score, which is higher for what looks more like real data. The generator "
                "learns from where that score rises.",
                ("critic",),
                "landscape",
                "Never called a discriminator; that is the network of an ordinary GAN.",
            ),
            Term(
                "Discriminator",
                "The second network of an ordinary GAN, which learns to tell real from generated samples. With the first two of its losses "
                "it tells the probability that a sample is real: ½ if it cannot decide.",
                ("discriminator",),
                "gan",
            ),
            Term(
                "Objective",
                "What the two networks play for: the Wasserstein estimate in a WGAN, or one of the losses of an ordinary GAN.",
                ("objective",),
                "gan",
            ),
            Term(
                "Minimax",
                "The ordinary GAN's first loss: the generator lowers log(1 − D). Where the discriminator D is sure, it hardly moves.",
                ("minimax",),
                "gan",
            ),
            Term(
                "Non-saturating",
                "The ordinary GAN's usual loss: the generator raises log D, which pushes it most where the discriminator D is sure.",
                ("non-saturating",),
                "gan",
            ),
            Term(
                "Least squares",
                "A GAN's loss that fits the discriminator's scores to 1 for real and 0 for generated samples (LSGAN). The generator is "
                "pushed the more, the further its samples are from 1.",
                ("least-squares", "least squares"),
                "gan",
            ),
            Term(
                "Hinge",
                "A GAN's loss that is content with scores above 1 for real and below −1 for generated samples. The generator raises its "
                "samples' scores, as in a WGAN.",
                ("hinge",),
                "gan",
            ),
            Term(
                "Score",
                "The number that the critic gives. It has no bounds, and only differences between scores mean anything.",
                ("critic score", "scores"),
                "landscape",
            ),
            Term(
                "Latent",
                "The list of numbers z that the generator starts from, 16 to 128 of them in the presets for images. The same latent "
                "always gives the same image.",
                ("latent", "latents", "latent dimensions", "latent space"),
                "noise",
                "Not called a noise vector.",
            ),
            Term(
                "Noise",
                "The normal distribution that latents are drawn from during training. A latent is a single draw from it.",
                (),
                "noise",
                "N(0, I).",
            ),
            Term("Real", "From the data set."),
            Term("Generated", "Made by the generator.", usage="Formulas, column names and code say *fake*; texts do not."),
            Term("Sample", "One image or point, real or generated."),
            Term(
                "Held out",
                "Real data that the run never trains on. It shows whether a network only knows its training data by heart.",
                ("held out", "held-out"),
            ),
            Term(
                "Fixed latents",
                "The latents whose images are shown beside the curves. They are the same at every step, so you can watch one image change.",
                ("fixed latents",),
            ),
            Term(
                "Averaged generator",
                "A second copy of the generator whose weights are a moving average of the generator's. Its images flicker less.",
                ("averaged generator", "generator average"),
                usage="*Moving average* is said of the weights only.",
            ),
            Term(
                "Lipschitz",
                "A critic is K-Lipschitz if its score nowhere changes by more than K per unit of distance: a limit to its steepness. The "
                "Wasserstein distance needs a critic with such a limit.",
                ("Lipschitz",),
                "clipping",
            ),
            Term(
                "Lipschitz method",
                "What keeps the critic from becoming arbitrarily steep: clipping its weights, the gradient penalty, or nothing.",
                ("Lipschitz method",),
                "clipping",
            ),
            Term(
                "Clip value",
                "The limit c for the weights of a clipped critic: after each update, every weight is set back into −c to c. 0.005 in the "
                "walkthrough.",
                ("clip value", "clip values", "clip value c", "clipping", "clipped", "clip_value"),
                "clipping",
            ),
            Term(
                "Gradient penalty",
                "The part of the critic's loss that pulls its slope, between real and generated samples, towards 1. λ is its weight, "
                "usually 10.",
                ("gradient penalty",),
                "gradient-penalty",
            ),
            Term(
                "One-sided penalty",
                "A gradient penalty that costs only where the critic's slope is above 1 (WGAN-LP). A flatter critic is left alone.",
                ("one-sided-penalty", "one-sided penalty"),
                "gradient-penalty",
            ),
            Term(
                "R1 penalty",
                "A gradient penalty at real samples only, which makes the critic flat there. Made for ordinary GANs, whose training then "
                "comes to rest.",
                ("r1-penalty", "R1 penalty"),
                "gradient-penalty",
            ),
            Term(
                "Divergence penalty",
                "A gradient penalty on the sixth power of the slope (WGAN-div). It sets no limit, so what the critic finds is a divergence "
                "of its own, not the Wasserstein distance.",
                ("divergence-penalty", "divergence penalty"),
                "gradient-penalty",
            ),
            Term(
                "Spectral normalisation",
                "Each weight matrix of the critic is divided by its largest singular value, the most that it can stretch anything. No "
                "slope of an MLP is then above 1, and most are far below. With convolutions some may be a little above.",
                ("spectral-norm", "spectral norm", "spectral normalisation"),
                "gradient-penalty",
            ),
            Term(
                "λ", "The weight of the gradient penalty in the critic's loss. 10 in the paper.", ("penalty weight λ",), "gradient-penalty"
            ),
            Term(
                "Lazy penalty",
                "A gradient penalty that is part of only every k-th critic update, with k times the weight there. It takes a k-th of the "
                "time.",
                ("lazy penalty", "penalty every"),
                "gradient-penalty",
            ),
            Term(
                "n_critic",
                "The number of critic updates before each generator update. 25 in the walkthrough, 5 in the papers.",
                ("n_critic",),
                "n-critic",
            ),
        ),
    ),
    Group(
        "The networks and how they learn",
        (
            Term(
                "MLP",
                "Multilayer perceptron: layers in which every unit is joined to every unit of the layer before.",
                ("MLP", "MLPs"),
                "pictures",
            ),
            Term(
                "DCGAN",
                "Generator and critic made of convolutions, small filters that slide over the image. Better for images than an MLP, and "
                "slower on a CPU.",
                ("DCGAN", "DCGANs", "convolutions"),
            ),
            Term(
                "ResNet",
                "Residual network: blocks of convolutions, each of which only adds something to what it was given. So gradients also pass "
                "beside the layers, and deep networks can be trained.",
                ("ResNet", "ResNets", "residual network", "residual networks"),
            ),
            Term(
                "Checkerboard",
                "A pattern of single pixels that a transposed convolution can leave in generated images, because even and "
                "odd pixels are made with different weights of it, at some sizes even with a different number of them.",
                ("checkerboard", "checkerboards"),
            ),
            Term(
                "BatchNorm",
                "Batch normalisation: shifts and scales what passes through a layer by its mean and spread over the batch, which "
                "steadies the training of a generator.",
                ("BatchNorm", "batch norm"),
            ),
            Term(
                "Train and eval mode",
                "In train mode BatchNorm uses the mean and spread of the current batch, in eval mode those remembered from training. "
                "Images shown here are made in eval mode.",
                ("eval mode", "train mode"),
            ),
            Term(
                "Layer norm",
                "Like BatchNorm, but over the units of a single sample. So it may be used together with the gradient penalty.",
                ("layer norm",),
            ),
            Term("LeakyReLU", "Passes positive numbers on and shrinks negative ones, here to a fifth.", ("LeakyReLU", "LeakyReLU slope")),
            Term("tanh", "A curve that turns any number into one between −1 and 1, as the pixels of an image are.", ("tanh",)),
            Term(
                "Weight",
                "One of the numbers that a network consists of: how strongly one unit acts on another. Training changes them.",
                ("weight", "weights"),
            ),
            Term(
                "Learning rate",
                "How far an optimiser moves the weights at each update. Too high, and the training jumps about; too low, and nothing "
                "happens.",
                ("learning rate", "learning rates"),
            ),
            Term(
                "Optimiser",
                "The rule by which gradients change the weights: RMSprop, which the WGAN paper uses with clipping, or Adam.",
                ("optimiser", "RMSprop", "Adam"),
            ),
            Term("Batch", "The samples that are used together in one update. 64 in the walkthrough.", ("batch size",)),
            Term(
                "Gradient",
                "For each number that may change, how the score or loss would change with it. It points the way uphill.",
                ("gradient", "gradients"),
                "landscape",
            ),
            Term("TF32", "Numbers whose products NVIDIA GPUs compute with half the usual digits, which is much faster.", ("tf32", "TF32")),
            Term("bfloat16", "Numbers with a third of the usual digits, which some processors compute with much faster.", ("bfloat16",)),
        ),
    ),
    Group(
        "Time",
        (
            Term(
                "Step",
                "One critic update, everywhere. Curves, saved files and limits all count steps.",
                ("critic updates",),
                "n-critic",
                'Axis titles say "critic updates".',
            ),
            Term(
                "Generator update",
                "One change of the generator's weights. It comes after n_critic steps.",
                ("generator updates", "generator update"),
                "n-critic",
                "It is not counted as a step of its own.",
            ),
            Term("Cycle", "n_critic critic updates and the generator update that follows them.", ("cycle",), "n-critic"),
            Term(
                "Warm-up",
                "The beginning of a run in which the critic gets more updates than n_critic before each generator update.",
                ("warm-up",),
                "n-critic",
            ),
        ),
    ),
    Group(
        "What is measured",
        (
            Term(
                "Wasserstein estimate",
                "The gap between the critic's mean scores of real and of generated samples. Its unit is the critic's own, so it can be "
                "compared only within one run, or between runs whose critics have the same network and the same constraint.",
                ("Wasserstein estimate", "estimate"),
                "curve",
                "E f(real) − E f(fake); also *estimate*.",
            ),
            Term(
                "W1",
                "The Wasserstein-1 distance: the smallest mean distance by which one heap of points has to be moved to become the other.",
                ("W1", "Wasserstein distance", "earth mover's distance"),
                "distance",
            ),
            Term(
                "Exact W1",
                "W1 between as many generated as real points, found by matching them one to one as cheaply as possible.",
                ("exact W1",),
                "distance",
            ),
            Term(
                "Sliced W1",
                "The mean of W1 along many fixed directions. Cheap also for images, and a distance of its own: not the W1 of the images.",
                ("sliced W1",),
                "distance",
            ),
            Term(
                "Jensen-Shannon divergence",
                "How far apart two distributions are by the probabilities they give: 0 if equal, log 2 = 0.693 if they never overlap, "
                "however near or far they lie.",
                ("Jensen-Shannon", "Jensen-Shannon bound", "Jensen-Shannon divergence"),
                "distance",
                "A discriminator gives a lower bound of it: the *Jensen-Shannon bound*.",
            ),
            Term(
                "Energy distance",
                "A distance made of mean distances: between the two sets, less within each of them.",
                ("energy distance",),
                usage="2 E‖X − Y‖ − E‖X − X′‖ − E‖Y − Y′‖, estimated without bias, so small negative values are noise around 0.",
            ),
            Term(
                "FD-CNN",
                "A distance between what a small classifier sees in real and in generated images; lower is better. It is not the FID, "
                "which needs a far larger network.",
                ("FD-CNN",),
                usage="The squared Fréchet distance between features of a classifier that was trained here.",
            ),
            Term(
                "Floor",
                "The value that a distance has between real data and other real data. No generator can be expected to come below it.",
                ("floor",),
                "distance",
                "At the same number of samples.",
            ),
            Term("Noise band", "The range around the floor in which 95 % of perfect generators would lie.", ("noise band",), "curve"),
            Term("Excess", "A distance minus its floor: what is left to learn.", ("excess",), "curve"),
            Term(
                "K",
                "The critic's Lipschitz constant: its steepest slope anywhere. No one can compute it exactly, so there are three bounds.",
                ("Lipschitz constant",),
                "clipping",
            ),
            Term(
                "Steepest slope",
                "The steepest slope of the critic that was found by looking at many places; K is at least that.",
                ("steepest slope", "K_emp"),
                "clipping",
                "Formulas say *K_emp*, texts *steepest slope*.",
            ),
            Term(
                "K_spec",
                "An upper bound of K: the most by which each of the critic's layers can stretch a difference, multiplied.",
                ("K_spec",),
                "clipping",
                "The product of the layers' spectral norms.",
            ),
            Term(
                "K_box",
                "The largest value that K_spec could have with all weights between −c and c: 0.524 for the walkthrough's critic.",
                ("K_box",),
                "clipping",
                "An upper bound of K_spec, and so of K.",
            ),
            Term("Clip boundary", "±c, where clipped weights gather.", ("clip boundary", "at ±c"), "clipping"),
            Term(
                "Decades per layer",
                "By how many powers of ten the gradient grows or shrinks from layer to layer toward the input. −1 means ten times "
                "smaller at each.",
                ("decades per layer",),
                "clipping",
            ),
            Term(
                "Lag",
                "The part of the distance that the critic has not found yet: what 200 more updates would find while the generator waits.",
                ("critic's lag", "lag", "lags"),
                "n-critic",
            ),
            Term("Mode gap", "How far apart the generator's samples are with BatchNorm in train mode and in eval mode.", ("mode gap",)),
            Term(
                "Augmentation",
                "Changing images at random before they are used, so that few of them do the work of many. Here the critic sees real and "
                "generated images changed alike (DiffAugment), which keeps the changes out of what the generator makes.",
                ("augmentation", "augmented", "DiffAugment"),
            ),
            Term(
                "Conditional GAN",
                "A GAN whose networks are told the class of each image, so that one can choose what is generated. The generator gets the "
                "class beside its latent (arXiv 1411.1784), and the critic adds a score for the class to that for all (arXiv 1802.05637).",
                ("conditional", "conditional GAN"),
            ),
            Term(
                "Learned by heart",
                "A critic has learned training data by heart if it scores them higher than held-out data, real ones that it never saw. How "
                "much higher is shown as a share of the estimate.",
                ("learned by heart", "learning by heart", "overfit gap"),
                "curve",
            ),
            Term(
                "Mode",
                "One cluster of the data. A generator that makes only some of them has lost modes.",
                ("modes", "mode collapse"),
                "gan",
                "The train and eval *mode* of a network is something else and is always named with one of these two words.",
            ),
            Term("Class", 'One label of the data, as in "8 of 10 classes covered".', ("classes covered",)),
            Term(
                "Diversity",
                "The mean distance between two generated samples, relative to that between two real ones.",
                ("diversity",),
                "gan",
            ),
            Term("Movement", "How far the samples of the same latents have moved since the last look.", ("movement",)),
        ),
    ),
    Group(
        "Watching a run",
        (
            Term(
                "Instrument",
                "Something that measures a run while it trains, without changing any of its numbers.",
                ("instrument", "instruments"),
            ),
            Term("Look", "The act of measuring: one instrument measures a run once."),
            Term(
                "Reading",
                "The value: one number from a look, with its step, its number of samples and its floor, if it has one.",
                ("reading", "readings"),
            ),
            Term(
                "Budget",
                "The share of training time that all instruments together may use.",
                ("instruments' budget",),
                usage="Nothing else is called a budget; a run has a length.",
            ),
            Term("Advice", "What the readings mean, in words, with the setting to change."),
            Term("Notice", "One sentence about something that happened while the run trains, such as a full disk."),
            Term("Snapshot", "The state of a run at one moment, as a page receives it."),
        ),
    ),
    Group(
        "Runs",
        (
            Term("Run", "One training from its first step to its end, including every pause and resume."),
            Term("Run folder", "The folder that holds everything about a run.", ("run folder",)),
            Term("Setting", "One field of the configuration."),
            Term("Live setting", "A setting that may change while the run trains.", ("live setting", "live settings")),
            Term("Edit", "A change of a live setting while the run trains."),
            Term(
                "Recipe",
                "The group of settings that describe the method: Lipschitz method, n_critic, learning rates, optimiser and so on.",
                ("recipe",),
            ),
            Term(
                "Schedule",
                "How the learning rates, c, λ or n_critic change over the run by themselves. Changes that you make apply on top of it.",
                ("learning rate schedule", "schedule", "schedules"),
            ),
            Term(
                "Preset",
                "Settings to start from, with a name and a note on what to expect.",
                ("preset", "presets"),
                usage="Not called a recipe.",
            ),
            Term("Ledger", "The list, in the run folder, of what happened to the run: changed settings, pauses, errors.", ("ledger",)),
            Term(
                "Saved step",
                "A step whose networks are in the run folder. The older they are, the fewer of them remain.",
                ("saved step", "saved steps"),
                usage="Not called a kept step.",
            ),
            Term("Saved by hand", "A saved step that you asked for. It is never removed.", ("saved by hand",)),
            Term("Seed of a run", "The number that fixes its initial weights, its latents and the order of its data."),
            Term("Replay", "To train a run again, with every change of a setting, and compare the weights.", ("replay",)),
            Term(
                "Walkthrough",
                "The published video in which a WGAN is built step by step. This project makes it interactive; the preset `walkthrough` "
                "has its settings.",
                ("walkthrough", "the walkthrough's"),
            ),
            Term("Export", "To write a run as one file that works without this project."),
            Term(
                "Epoch",
                "One pass over all training data, in a new random order. An incomplete last batch is left out.",
                ("epoch", "epochs"),
            ),
        ),
    ),
    Group(
        "Explore",
        (
            Term("Seed of a latent", "The number that names one latent. It is the same in every run with as many latent dimensions."),
            Term(
                "Plane",
                "An endless plane of latents around the seed's latent. Every place has its own latent, and nearby places have similar "
                "ones.",
                ("plane",),
            ),
            Term(
                "Direction",
                "A way to change any latent along which the picture changes in one respect.",
                ("directions",),
                usage="Directions have names.",
            ),
            Term("σ", "The unit of a slider: one standard deviation of the noise. Most latents lie within ±2."),
            Term(
                "Truncation",
                "A factor ψ, at most 1, that pulls a latent towards 0. The images become more typical and less diverse.",
                ("truncation", "truncation ψ"),
            ),
            Term("Pin", "A latent that was put aside to come back to.", ("pin", "pins"), usage="Pins are p1, p2, …."),
            Term(
                "Path",
                "The latents between two or more others, in order.",
                ("path through latent space",),
                usage="Spherical, linear or norm-kept. Not called a way.",
            ),
            Term("Film", "The images along a path, played one after another."),
            Term("Inversion", "The search for the latent whose image is nearest to a given image.", ("inversion",)),
        ),
    ),
    Group(
        "Laboratory and paper results",
        (
            Term("Laboratory", "The page with a WGAN of points that is small enough to see everything."),
            Term("Paper results", "The page, and the command `paper`, that compute figures of the WGAN and WGAN-GP papers again."),
            Term("Experiment", "A set-up of the laboratory, or a figure of a paper to compute, with a name and a text."),
            Term("Criterion", "What the numbers of a paper result must meet for it to count as reproduced.", ("criterion", "criteria")),
            Term("Stage", "One part of a cycle in slow motion: batch, scores, ascent, clip, push, move.", usage="In this order."),
            Term(
                "Optimal transport",
                "The cheapest way to move one heap of points onto another; what it costs on average is W1.",
                ("optimal transport",),
                "distance",
            ),
        ),
    ),
)

TERMS: tuple[Term, ...] = tuple(term for group in GROUPS for term in group.terms)


def as_markdown() -> str:
    """The whole glossary as a document."""
    parts = [
        "# Glossary",
        "The terms of this project. Pages, help texts, the README and the code use them in these meanings, and use no other word for the "
        "same thing. This file is made from `wgan_core/glossary.py`, which also explains the terms on the pages.",
    ]
    lines = [_wrapped(text) for text in parts]
    for group in GROUPS:
        lines += [f"## {group.title}", "\n".join(_wrapped(_entry(term), "  ") for term in group.terms)]
    return "\n\n".join(lines) + "\n"


def _entry(term: Term) -> str:
    return f"- **{term.name}**: {term.says}{f' {term.usage}' if term.usage else ''}"


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text, 140, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


if __name__ == "__main__":
    print(as_markdown(), end="")
