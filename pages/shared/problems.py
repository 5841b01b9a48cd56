"""Sentences about what went wrong, in the form in which the pages show them."""

from __future__ import annotations

import os
import re

import streamlit as st

from pages.shared.text import inert
from wgan_core.config import SETTINGS

_PATH = re.compile(r"(?<![\w/:.…])/(?:[^\s/:'\"]+/)+")
"""The folders of an absolute path; not the slashes of a URL, of a relative path or of a fraction."""


def problem_text(problem: Exception | str) -> str:
    """The sentence for a visitor: settings have the labels that the page shows, and the server's folders are left out.

    Text of strangers in it, such as the name of a file, does nothing, see `text.inert`.

    `clip_value must be …` becomes `Clip value c must be …`, and `/srv/data/points.csv` becomes `…/points.csv`.
    """
    from wgan_core.store.folder import runs_root  # here, because it imports PyTorch

    text = str(problem).replace(f"{runs_root()}{os.sep}", "")
    name, _, rest = inert(_PATH.sub("…/", text)).partition(" ")
    if name not in SETTINGS:
        return f"{name} {rest}".rstrip()
    is_choice = rest.partition(" ")[0] in SETTINGS[name].choices  # as in "critic_norm batch cannot be combined with …"
    return f"{SETTINGS[name].label}{':' if is_choice else ''} {rest}"


def show_problem(problem: Exception | str, *, icon: str = ":material/error:") -> None:
    """Show what went wrong in a red box."""
    st.error(problem_text(problem), icon=icon)
