"""plotly.js for our own charts: the installed plotly's copy, served by Streamlit as a static file. Nothing is fetched from elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st
from plotly.offline import get_plotlyjs, get_plotlyjs_version

STATIC = Path(__file__).parents[2] / "static"


class PlotlyAssetError(RuntimeError):
    """plotly.js cannot be served. The message is one sentence that says what to do."""


def plotly_url(static: Path = STATIC) -> str:
    """URL of plotly.min.js, relative to the page, so that it holds under `server.baseUrlPath` and behind a proxy too.

    Copies the file to `static/vendor/` when it is missing there; the version in its name keeps browsers from using an old one.

    Args:
        static: the folder Streamlit serves as `app/static`: `static/` beside the script that `streamlit run` was given.

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
            raise PlotlyAssetError(f"Make the folder {target.parent} writable, so that plotly.js can be put there.") from error
    return f"app/static/vendor/{target.name}"


def _write(target: Path, text: str) -> None:
    """Write aside and rename, so that no browser is ever served half a file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        aside.write_text(text, encoding="utf-8")
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
