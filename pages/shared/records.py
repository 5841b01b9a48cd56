"""Downloading what runs have recorded, as a zip of tables or of TensorBoard files."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import streamlit as st

from pages.shared.problems import show_problem
from wgan_core.export.records import RECORDS, why_not, zip_of_records


def record_button(paths: Sequence[Path], kind: str) -> None:
    """A button that makes the file when it is pressed, or the reason why it cannot be made.

    Args:
        paths: the run folders, one or several.
        kind: a key of `RECORDS`.
    """
    if problem := why_not(kind):
        show_problem(problem)
        return
    name = f"{paths[0].name if len(paths) == 1 else f'{len(paths)}-runs'}-{kind}.zip"
    st.download_button(
        f"Download {name}",
        partial(zip_of_records, paths, kind),
        name,
        "application/zip",
        icon=":material/download:",
        on_click="ignore",
        type="primary",
        key=f"records-{kind}",
        help=RECORDS[kind].help,
    )
