"""A trainer on a thread, driven by commands, publishing snapshots; the runs of the process."""
