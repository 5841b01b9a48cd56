"""The command line; importing it loads no torch."""
