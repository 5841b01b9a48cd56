"""What is true of a run's networks: distances, coverage, slopes, gradients, lag."""
