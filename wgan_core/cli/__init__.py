"""The command line. Importing this package loads no torch."""
