"""The mathematics: networks, losses, one training step, and what makes it fast. Uses no files, no clock and no pages."""
