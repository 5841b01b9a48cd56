"""The presets by what somebody wants to do, each with a sentence for its card. PRESET_NOTES says more."""

from __future__ import annotations

import types

AIMS: types.MappingProxyType[str, tuple[str, ...]] = types.MappingProxyType(
    {
        "First steps": ("quick-start", "showcase", "walkthrough", "wgan-toy"),
        "Clothes and digits": (
            "showcase",
            "walkthrough",
            "walkthrough-as-published",
            "walkthrough-next",
            "gan",
            "pytorch-gan",
            "pytorch-gan-gp",
            "wgan-gp-mnist",
        ),
        "Colour": ("own-pictures", "wgan-paper-mlp", "wgan-paper-dcgan", "gan-dcgan", "wgan-gp-32", "wgan-gp-64"),
        "Points": ("wgan-toy", "wgan-gp-toy"),
        "Papers": ("wgan-paper-mlp", "wgan-paper-dcgan", "wgan-toy", "wgan-gp-toy", "wgan-gp-mnist", "wgan-gp-32", "wgan-gp-64"),
    }
)
"""The aims in the order of the page. A preset may serve several."""

IN_A_SENTENCE: types.MappingProxyType[str, str] = types.MappingProxyType(
    {
        "quick-start": "Small networks on small digits: something to see within seconds.",
        "walkthrough": "The video walkthrough's WGAN on Fashion-MNIST, with its mistakes mended.",
        "walkthrough-as-published": "The same with the mistake of its published code, to see what it does.",
        "walkthrough-next": "Convolutions and a gradient penalty on Fashion-MNIST, for better pictures.",
        "gan": "An ordinary GAN with the walkthrough's networks, to compare with.",
        "gan-dcgan": "The DCGAN paper's ordinary GAN, on CIFAR-10.",
        "pytorch-gan": "The WGAN of the PyTorch-GAN collection on MNIST.",
        "pytorch-gan-gp": "The same networks with a gradient penalty in place of clipping.",
        "showcase": "Convolutions tuned for a CPU: the best pictures of clothes or digits in minutes.",
        "own-pictures": "Pictures of your own, some thousands of them, in colour at 64 px.",
        "wgan-gp-toy": "Points on 8 narrow Gaussians, with a gradient penalty.",
        "wgan-toy": "Points on 8 narrow Gaussians, with clipping.",
        "wgan-paper-mlp": "The WGAN paper's networks without convolutions, on CIFAR-10.",
        "wgan-paper-dcgan": "The WGAN paper's convolutional networks, on CIFAR-10.",
        "wgan-gp-mnist": "The WGAN-GP authors' MNIST networks, without any norm.",
        "wgan-gp-32": "The WGAN-GP authors' residual networks for CIFAR-10.",
        "wgan-gp-64": "The WGAN-GP authors' residual networks at 64 px, on CIFAR-10.",
    }
)

FOR_A_GPU: frozenset[str] = frozenset(("walkthrough-next", "wgan-paper-dcgan", "gan-dcgan", "wgan-gp-mnist", "wgan-gp-32", "wgan-gp-64"))
"""Presets that take many hours on a CPU."""
