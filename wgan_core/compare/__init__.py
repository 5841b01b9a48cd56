"""Several runs, or several steps of one, beside each other: what differs, and what may be compared with what."""
