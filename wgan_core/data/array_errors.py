"""What reading a damaged .npy or .npz file raises."""

from __future__ import annotations

import struct
import tokenize
import zipfile
import zlib

ARRAY_ERRORS = (
    ValueError,
    OSError,
    EOFError,
    MemoryError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    # From the header of an array, which is a line of Python, and from that of an archive's entry.
    SyntaxError,
    tokenize.TokenError,
    TypeError,
    KeyError,
    OverflowError,
    RuntimeError,  # an archive that is locked or packed in an unknown way, and what is nested too deep
)
"""NumPy passes on what its parsers raise."""
