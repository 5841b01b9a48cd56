"""WGAN Playground's engine: train, keep, diagnose and sample Wasserstein GANs. It knows nothing of the pages."""

__version__ = "0.1.0"
