"""A trainer on a thread, controlled by commands and publishing snapshots; and all runs of this process."""
