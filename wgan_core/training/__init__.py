"""The mathematics: networks, losses, one training step, and what makes it fast. No file, no clock, no page."""
