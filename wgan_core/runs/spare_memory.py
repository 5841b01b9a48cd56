"""Gives memory back to the system, which a server that runs for weeks shares with others.

What Python and PyTorch free goes back to the C library, and glibc keeps most of it, in pieces between what is still in use. After a dozen
runs and some hundred visitors these pieces are a tenth of the process.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys
import threading

SECONDS_AFTER_A_RUN = 10.0
"""By then its networks and the pages that showed it are gone."""


def give_back() -> None:
    """Give back what is free. Only glibc can be asked to; elsewhere this does nothing but collect what Python no longer uses."""
    gc.collect()
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


def give_back_soon() -> None:
    """The same a little later, on a thread of its own."""
    timer = threading.Timer(SECONDS_AFTER_A_RUN, give_back)
    timer.name, timer.daemon = "spare-memory", True
    timer.start()
