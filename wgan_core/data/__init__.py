"""Data sets: the catalogue, loading, downloading, and reading files that users provide."""
