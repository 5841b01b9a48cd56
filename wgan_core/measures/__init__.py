"""Measuring a run's networks: distances, coverage, slopes, gradients, lag."""
