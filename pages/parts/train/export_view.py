"""The export section of a run: a script, a notebook, or a network as a file. Each file is made only on request."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import streamlit as st

from pages.shared import data_place
from pages.shared.problems import show_problem
from pages.shared.records import record_button
from pages.shared.server import run_manager
from wgan_core.export import KINDS, PARTS, ExportError, Kind, export, export_in_subprocess, file_name
from wgan_core.export.records import RECORDS
from wgan_core.store.folder import RunFolder, StoreError, run_path


def export_view(run_id: str) -> None:
    """A closed expander at the end of the page. Opening it, and using anything in it, reruns this section only."""
    st.fragment(_export)(run_id)


def _export(run_id: str) -> None:
    box = st.expander(
        "Export as program, network, table or TensorBoard files", icon=":material/ios_share:", key=f"export.{run_id}", on_change="rerun"
    )
    if not box.open:
        return
    with box:
        name = st.segmented_control(
            "Format",
            (*KINDS, *RECORDS),
            format_func=lambda name: (KINDS.get(name) or RECORDS[name]).title,
            default="script",
            required=True,
            key="export.kind",
        )
        assert name is not None  # the control requires one
        st.caption((KINDS.get(name) or RECORDS[name]).help)
        try:
            folder = RunFolder.open(run_path(run_manager().root, run_id))
            if name in RECORDS:
                record_button([folder.path], name)
            elif KINDS[name].has_weights:
                _network(folder, name)
            else:
                _program(folder, name)
        except (ExportError, StoreError) as error:
            show_problem(error)


def _program(folder: RunFolder, kind: str) -> None:
    """A script with its text, or a notebook. Both take milliseconds, so they are made at once."""
    made = export(folder, kind)
    if made.note:
        st.warning(made.note, icon=":material/warning:")
    content = data_place.without_folder(made.content, folder.config.data_root)
    _download(KINDS[kind], content, file_name(folder.path.name, kind))
    if kind == "script":
        st.code(content.decode(), height=420, line_numbers=True)


def _network(folder: RunFolder, kind: str) -> None:
    """A network of a saved step. This takes seconds, so the file is made only when the button is pressed."""
    steps = folder.steps()
    if not steps:
        raise StoreError("This run has no saved step yet.")
    with st.container(horizontal=True):
        parts = PARTS if folder.config.ema_decay else PARTS[:2]
        part = st.segmented_control("Network", parts, default=PARTS[0], required=True, format_func=str.capitalize, key="export.part")
        # The newest step is looked up when the file is made, because a run that trains deletes some of its older steps.
        step = st.selectbox(
            "Saved step",
            [None, *reversed(steps)],
            format_func=lambda step: "newest" if step is None else f"{step:,}",
            key="export.step",
            width=180,
        )
    if problem := _problem(folder.path, kind, step, part == "averaged", (folder.path / "steps").stat().st_mtime):
        show_problem(problem)
        return
    make = partial(export_in_subprocess, folder.path, kind, step=step, part=part or PARTS[0])
    _download(KINDS[kind], make, file_name(folder.path.name, kind, part or PARTS[0]))


@st.cache_data(max_entries=32, show_spinner=False)
def _problem(path: Path, kind: str, step: int | None, averaged: bool, stamp: float) -> str:
    """Why the file cannot be made, or "" if it can. The download button itself could not show the reason."""
    from wgan_core.export.weights import check_packages
    from wgan_core.latent.saved import load_networks, newest_readable

    folder = RunFolder.open(path)
    try:
        if kind == "onnx":
            check_packages()
        newest_readable(folder, averaged=averaged) if step is None else load_networks(folder, step, averaged=averaged)
    except (ExportError, StoreError) as error:
        return str(error)
    return ""


def _download(kind: Kind, data: object, name: str) -> None:
    st.download_button(f"Download {name}", data, name, kind.mime, icon=":material/download:", on_click="ignore", type="primary")  # pyright: ignore[reportArgumentType]
