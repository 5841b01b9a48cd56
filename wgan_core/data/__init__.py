"""Data sets: what there is, loading, downloading, and reading what users bring."""
