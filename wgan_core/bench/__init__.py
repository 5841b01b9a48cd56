"""Speed of the engine beside the textbook loop and, where it is installed, a program in JAX: `python -m wgan_core bench`."""
