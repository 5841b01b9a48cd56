"""All runs of a folder together: an index that lists them fast, the labels people put on them, filters, the trash, and zips of runs."""
