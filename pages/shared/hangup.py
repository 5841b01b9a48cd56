"""A hangup, as when the terminal closes in which the server was started, ends it as SIGTERM does: its runs are saved."""

from __future__ import annotations

import contextlib
import signal

from streamlit.runtime import Runtime, exists


def save_at_hangup() -> None:
    """Treat SIGHUP like SIGTERM, unless something treats it already, such as `nohup`, which ignores it. Does nothing without a server, and
    where there is no such signal."""
    if not hasattr(signal, "SIGHUP") or not exists():
        return
    # Only the main thread may say what a signal does, and pages run on others. Streamlit's event loop is on the main thread; there is no
    # public way to it.
    with contextlib.suppress(AttributeError, RuntimeError):
        Runtime.instance()._get_async_objs().eventloop.call_soon_threadsafe(_treat)  # pyright: ignore[reportPrivateUsage]


def _treat() -> None:
    with contextlib.suppress(ValueError):  # not the main thread: a server within another program
        if signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:
            signal.signal(signal.SIGHUP, signal.getsignal(signal.SIGTERM))
