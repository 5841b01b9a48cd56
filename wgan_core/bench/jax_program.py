"""The same training as a program in JAX: data in memory, and one compiled function for a whole cycle of critic updates.

Run by a Python that has JAX, which this project does not need otherwise: `python jax_program.py SETTINGS`, with the settings as JSON. For
each line of input, which holds a number of seconds, it trains for so long and prints the critic updates per second.
"""

from __future__ import annotations

import functools
import itertools
import json
import sys
import time

import jax  # pyright: ignore[reportMissingImports]
import jax.numpy as jnp  # pyright: ignore[reportMissingImports]
import numpy as np

settings = json.loads(sys.argv[1])
BATCH, LATENT, N_CRITIC = settings["batch_size"], settings["latent_dim"], settings["n_critic"]
NUMBERS, CLIP = settings["numbers"], settings["clip_value"]
RATES = settings["generator_lr"], settings["critic_lr"]
SLOPE, EPS = settings["leaky_slope"], settings["batchnorm_eps"]
data = jnp.asarray(np.random.default_rng(0).integers(0, 256, (settings["images"], NUMBERS), dtype=np.uint8))


def layers(key, widths):
    """Weights and biases as PyTorch draws them: uniform within 1/√inputs."""
    found = []
    for inputs, outputs in itertools.pairwise(widths):
        key, of_weight, of_bias = jax.random.split(key, 3)
        bound = inputs**-0.5
        weight = jax.random.uniform(of_weight, (inputs, outputs), minval=-bound, maxval=bound)
        found.append((weight, jax.random.uniform(of_bias, (outputs,), minval=-bound, maxval=bound)))
    return found


def leaky(x):
    return jnp.where(x > 0, x, SLOPE * x)


def generate(parameters, z):
    """Images [batch, numbers]; BatchNorm on all hidden layers but the first."""
    (first, *hidden, last), norms = parameters
    x = leaky(z @ first[0] + first[1])
    for (weight, bias), (scale, shift) in zip(hidden, norms, strict=True):
        x = x @ weight + bias
        x = leaky((x - x.mean(0)) * jax.lax.rsqrt(x.var(0) + EPS) * scale + shift)
    return jnp.tanh(x @ last[0] + last[1])


def score(critic, x):
    *hidden, last = critic
    for weight, bias in hidden:
        x = leaky(x @ weight + bias)
    return x @ last[0] + last[1]


def rmsprop(parameters, squares, gradients, rate):
    squares = jax.tree.map(lambda s, g: 0.99 * s + 0.01 * g * g, squares, gradients)
    moved = jax.tree.map(lambda p, s, g: p - rate * g / (jnp.sqrt(s) + 1e-8), parameters, squares, gradients)
    return moved, squares


@functools.partial(jax.jit, donate_argnums=0)
def cycle(state):
    """`N_CRITIC` critic updates and one generator update."""
    generator, of_generator, critic, of_critic, key = state

    def critic_update(carry, key):
        critic, squares = carry
        of_rows, of_noise = jax.random.split(key)
        real = data[jax.random.randint(of_rows, (BATCH,), 0, len(data))].astype(jnp.float32) / 127.5 - 1
        fake = jax.lax.stop_gradient(generate(generator, jax.random.normal(of_noise, (BATCH, LATENT))))
        loss, gradients = jax.value_and_grad(lambda c: score(c, fake).mean() - score(c, real).mean())(critic)
        critic, squares = rmsprop(critic, squares, gradients, RATES[1])
        return (jax.tree.map(lambda p: jnp.clip(p, -CLIP, CLIP), critic), squares), -loss

    key, of_cycle, of_noise = jax.random.split(key, 3)
    (critic, of_critic), estimates = jax.lax.scan(critic_update, (critic, of_critic), jax.random.split(of_cycle, N_CRITIC))
    z = jax.random.normal(of_noise, (BATCH, LATENT))
    gradients = jax.grad(lambda g: -score(critic, generate(g, z)).mean())(generator)
    generator, of_generator = rmsprop(generator, of_generator, gradients, RATES[0])
    return (generator, of_generator, critic, of_critic, key), estimates[-1]


def main():
    widths = settings["generator_widths"]
    norms = [(jnp.ones(width), jnp.zeros(width)) for width in widths[1:]]
    generator = layers(jax.random.key(0), [LATENT, *widths, NUMBERS]), norms
    critic = layers(jax.random.key(1), [NUMBERS, *settings["critic_widths"], 1])
    zeros = functools.partial(jax.tree.map, jnp.zeros_like)
    state = generator, zeros(generator), critic, zeros(critic), jax.random.key(2)
    state, estimate = cycle(state)
    estimate.block_until_ready()
    print(jax.__version__, flush=True)
    for line in sys.stdin:
        begun, cycles = time.perf_counter(), 0
        while time.perf_counter() - begun < float(line):
            state, estimate = cycle(state)
            estimate.block_until_ready()
            cycles += 1
        print(cycles * N_CRITIC / (time.perf_counter() - begun), flush=True)


if __name__ == "__main__":
    main()
