"""The latent space of a saved generator: points in it, paths through it, and what can be found there."""
