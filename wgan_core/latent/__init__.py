"""The latent space of a saved generator: places in it, ways through it, and what is found there."""
