"""The run folder: files that are whole or not there, curves, what the instruments have read."""
