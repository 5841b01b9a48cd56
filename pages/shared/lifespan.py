"""What a server does when it starts and when it ends, without a visitor. For serve.py."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from collections.abc import AsyncGenerator

import streamlit as st

from pages.shared.serving import serving
from wgan_core.runs.kept_queue import waiting_count
from wgan_core.store.folder import runs_root


@contextlib.asynccontextmanager
async def lifespan(app: st.App) -> AsyncGenerator[None]:
    """In a class, let what waited when the last server ended go on. At the end, save what trains: the server is ended by a signal, before
    anything that is to be done at exit."""
    if serving().mode == "class" and waiting_count(runs_root()):
        # Beside the server, which answers meanwhile: PyTorch takes seconds to load.
        threading.Thread(target=_go_on, name="queue", daemon=True).start()
    yield
    if "pages.shared.server" in sys.modules:  # else nothing was trained
        await asyncio.to_thread(_save)


def _go_on() -> None:
    from pages.shared.server import run_manager

    run_manager()


def _save() -> None:
    from pages.shared.server import run_manager

    run_manager().shutdown()
