"""Generators as the browser gets them, run here by TensorFlow's conventions with plain loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tests.networks import linear_layer, networks
from wgan_core.latent.browser import BrowserGenerator, TooLarge, browser_generator


def run(made: BrowserGenerator, z: np.ndarray) -> np.ndarray:
    """Pixels [n, c, h, w], as TensorFlow.js computes them: a transposed convolution scatters each input pixel times the kernel."""
    numbers = np.frombuffer(made.weights, "<f2" if made.half else "<f4").astype(np.float64)
    at, results = 0, [z.astype(np.float64)]  # the latents, then the result of each layer
    for layer in made.layers:
        inputs, outputs = layer["inputs"], layer["outputs"]
        x = results[layer.get("source", len(results) - 2) + 1]
        if layer["kind"] == "dense":
            kernel = numbers[at : at + inputs * outputs].reshape(inputs, outputs)
            at += kernel.size
            x = x @ kernel
        elif layer["kind"] == "affine":
            x = as_features(x, inputs) * numbers[at : at + outputs]
            at += outputs
        else:
            side, stride, cut = layer["kernel"], layer["stride"], layer["padding"]
            kernel = numbers[at : at + side * side * outputs * inputs].reshape(side, side, outputs, inputs)
            at += kernel.size
            x = as_features(x, inputs)
            full = (x.shape[1] - 1) * stride + side
            out = np.zeros((len(x), full, full, outputs))
            for row in range(x.shape[1]):
                for column in range(x.shape[2]):
                    patch = np.einsum("hwoi,ni->nhwo", kernel, x[:, row, column])
                    out[:, row * stride : row * stride + side, column * stride : column * stride + side] += patch
            x = out[:, cut : full - cut, cut : full - cut]
        x = x + numbers[at : at + outputs]
        at += outputs
        if "plus" in layer:
            x = x + results[layer["plus"] + 1]
        if layer["activation"] == "leaky":
            x = np.where(x > 0, x, layer["slope"] * x)
        elif layer["activation"] == "tanh":
            x = np.tanh(x)
        results.append(x)
    x = results[-1]
    assert at == len(numbers)
    return x.reshape(-1, *made.shape) if x.ndim == 2 else x.transpose(0, 3, 1, 2)


def as_features(x: np.ndarray, channels: int) -> np.ndarray:
    """[n, side, side, channels]: what a dense layer made has the channels of a place together."""
    side = round((x.shape[1] / channels) ** 0.5)
    return x.reshape(len(x), side, side, channels) if x.ndim == 2 else x


@pytest.mark.parametrize(
    ("shape", "changes"),
    [
        ((1, 8, 8), {}),
        ((3, 8, 8), {"leaky_slope": 0.0, "generator_output": "linear"}),
        ((1, 8, 8), {"generator_norm": "none", "generator_widths": (9,)}),
        ((1, 28, 28), {"architecture": "dcgan", "image_size": 28}),
        ((3, 32, 32), {"architecture": "dcgan", "image_size": 32}),
        ((1, 64, 64), {"architecture": "dcgan", "image_size": 64, "generator_norm": "none"}),
        ((1, 28, 28), {"architecture": "dcgan", "image_size": 28, "upsampling": "nearest"}),
        ((3, 16, 16), {"architecture": "dcgan", "image_size": 16, "upsampling": "nearest"}),
        ((3, 32, 32), {"architecture": "resnet", "image_size": 32, "weight_init": "he"}),
        ((1, 64, 64), {"architecture": "resnet", "image_size": 64, "generator_norm": "none"}),
    ],
)
def test_the_browser_gets_the_same_images(shape: tuple[int, ...], changes: dict[str, Any]) -> None:
    saved = networks(shape, **changes)
    made = browser_generator(saved)
    z = np.random.default_rng(0).standard_normal((3, 7)).astype(np.float32)
    found, wanted = run(made, z), saved.samples(z)
    assert made.half and made.shape == shape
    assert np.abs(found - wanted).max() <= 0.4 / 127.5 + 1e-6
    assert made.deviation <= 0.4 / 127.5


def test_weights_that_16_bits_would_change_visibly_stay_as_they_are() -> None:
    saved = networks()
    with torch.no_grad():
        linear_layer(saved.generator, 0).weight.mul_(3000)
        linear_layer(saved.generator, -2).weight.mul_(0.03)
    made = browser_generator(saved)
    z = np.random.default_rng(0).standard_normal((3, 7)).astype(np.float32)
    assert not made.half and made.deviation == 0
    assert run(made, z) == pytest.approx(saved.samples(z), abs=1e-3)
    with torch.no_grad():
        linear_layer(saved.generator, 0).weight.mul_(1e5)  # beyond what 16 bits hold
    assert not browser_generator(saved).half


def test_the_browser_gets_the_same_points() -> None:
    saved = networks((2,), dataset="ring")
    made = browser_generator(saved)
    z = np.random.default_rng(0).standard_normal((3, 7)).astype(np.float32)
    assert run(made, z) == pytest.approx(saved.samples(z), abs=1e-6) and made.shape == (2,)
    assert not made.half and made.deviation == 0  # the plane shows what 16 bits would change


def test_giants_are_left_to_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wgan_core.latent.browser.MAX_BYTES", 1000)
    with pytest.raises(TooLarge, match="Its weights take"):
        browser_generator(networks())


def test_the_networks_are_left_as_they_are() -> None:
    saved = networks()
    before = {name: value.clone() for name, value in saved.generator.state_dict().items()}
    browser_generator(saved)
    assert all(torch.equal(before[name], value) for name, value in saved.generator.state_dict().items())
    assert not saved.generator.training


def test_one_latent_gives_one_image_whatever_else_is_in_the_batch() -> None:
    saved = networks()
    z = np.random.default_rng(0).standard_normal((9, 7)).astype(np.float32)
    assert saved.samples(z)[4] == pytest.approx(saved.samples(z[4:5])[0], abs=1e-6)
