"""The Runs page: all runs in a table; find, sort, group, label, compare, export and delete them.

Needs no PyTorch, so that the list appears before it has loaded.
"""

from __future__ import annotations

import streamlit as st

from pages.parts.runs.list_view import list_view
from pages.parts.runs.transfer import imported, importer
from pages.parts.runs.trash_view import trash, undo
from pages.shared.frame import within_frame
from pages.shared.library import listed_with_progress
from pages.shared.people import allowed, shuts
from pages.shared.queue_note import waiting_line
from wgan_core.config import PRESETS


def newcomer() -> None:
    """What to do while there are no runs."""
    st.markdown(
        "A run is one training: its settings, its curves, its sample images and its saved networks. Every run that you start is listed "
        "here, to be found, compared, labelled and continued."
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        help_text = "Train small networks on 1,797 handwritten digits"
        if st.button("Quick start", type="primary", icon=":material/bolt:", **shuts("start", help=help_text)):
            from pages.shared.start import start_run

            start_run(PRESETS["quick-start"])
        st.page_link("pages/train.py", label="Choose the settings yourself", icon=":material/tune:")


within_frame()
with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    st.title("Runs", width="content")
    if (answer := allowed("import")) or answer.needs_name:
        importer()
imported()
waiting_line()
entries = listed_with_progress()
if entries:
    list_view(entries)
else:
    undo()
    newcomer()
trash()
