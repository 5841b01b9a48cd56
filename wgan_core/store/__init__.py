"""The run folder: files that are always whole, the curves, and what the instruments have read."""
