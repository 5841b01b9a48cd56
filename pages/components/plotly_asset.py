"""plotly.js for the charts: a copy from the installed plotly package, served by Streamlit as a static file. Nothing is downloaded."""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st
from plotly.offline import get_plotlyjs, get_plotlyjs_version

STATIC = Path(__file__).parents[2] / "static"


class PlotlyAssetError(RuntimeError):
    """plotly.js cannot be served. The message is one sentence that says how to fix it."""


def plotly_url(static: Path = STATIC) -> str:
    """The URL of plotly.min.js, relative to the page, so that it also works with `server.baseUrlPath` and behind a proxy.

    If the file is missing from `static/vendor/`, it is copied there. The version in its name keeps browsers from using an old copy.

    Args:
        static: the folder that Streamlit serves as `app/static`, which is `static/` beside the script given to `streamlit run`.

    Raises:
        PlotlyAssetError: static files are not served, or the file cannot be copied.
    """
    if not st.get_option("server.enableStaticServing"):
        raise PlotlyAssetError("Set server.enableStaticServing = true in .streamlit/config.toml and start the app again.")
    target = static / "vendor" / f"plotly-{get_plotlyjs_version()}.min.js"
    if not target.is_file():
        try:
            _write(target, get_plotlyjs())
        except OSError as error:
            raise PlotlyAssetError("Make the app's folder static/vendor writable, so that plotly.js can be copied into it.") from error
    return f"app/static/vendor/{target.name}"


def _write(target: Path, text: str) -> None:
    """Write to a temporary file and rename it, so that no browser ever gets half a file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        aside.write_text(text, encoding="utf-8")
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
