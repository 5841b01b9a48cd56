"""The comparison as files: a picture, tables, and the runs for TensorBoard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from pages.parts.compare.curves_view import chart_key
from pages.parts.compare.picture import Chart, Picture, picture_button
from pages.parts.compare.sides_view import Named
from pages.shared.records import record_button
from wgan_core.compare.curves import KINDS_OF_CURVES, why_not
from wgan_core.compare.differences import Difference
from wgan_core.compare.measures import Row
from wgan_core.compare.pictures import Snapshot
from wgan_core.compare.tables import curves_csv, summary_csv
from wgan_core.compare.words import conclusion, number
from wgan_core.export.records import RECORDS
from wgan_core.figures.style import OF_RUNS


def draw_export(
    named: Sequence[Named], differs: Sequence[Difference], chosen: Sequence[str], rows: Sequence[Row], made: Mapping[str, Snapshot]
) -> None:
    """A button for each form. chosen: the curves that are drawn; rows: the measures; made: the pictures by letter."""
    st.subheader("Export", anchor=False)
    sides = {one.letter: one.side for one in named}
    kinds = [KINDS_OF_CURVES[key] for key in chosen]
    with st.container(horizontal=True, vertical_alignment="center"):
        picture_button(
            "comparison.png",
            [(f"{one.letter}  {one.title}, {one.side.last:,} steps", OF_RUNS[one.place % len(OF_RUNS)][0]) for one in named],
            [_in_a_line(row, named) for row in differs if row.about == "experiment"],
            [_in_a_sentence(row, "".join(sides)) for row in rows if row.better],
            [Chart(chart_key(kind.key), kind.title, why_not(list(sides.values()), kind)) for kind in kinds],
            [Picture(f"{letter}, step {one.step:,}", one.picture) for letter, one in made.items()],
        )
        st.download_button(
            "Curves as CSV",
            lambda: curves_csv(sides, kinds),
            "comparison-curves.csv",
            "text/csv",
            icon=":material/table:",
            on_click="ignore",
            help="The curves that are drawn above: one row for each point, with where it lies on every axis.",
        )
        st.download_button(
            "Differences and measures as CSV",
            lambda: summary_csv(sides, differs, rows),
            "comparison.csv",
            "text/csv",
            icon=":material/table:",
            on_click="ignore",
            help="A column for each run: what differs, and each measure as in the table, with noise, floor and best value.",
        )
    box = st.expander(
        "The runs themselves, for TensorBoard or a spreadsheet", icon=":material/ios_share:", key="compare.records", on_change="rerun"
    )
    if box.open:
        with box:
            _records(named)


def _in_a_line(row: Difference, named: Sequence[Named]) -> str:
    return f"{row.label}: {'; '.join(f'{one.letter} {value}' for one, value in zip(named, row.values, strict=True))}"


def _in_a_sentence(row: Row, letters: str) -> str:
    values = [
        f"{letter} {number(row, value.last)} (step {value.step:,})"
        for letter, value in zip(letters, row.values, strict=True)
        if value is not None
    ]
    return f"{row.title}: {', '.join(values)}. {conclusion(row, letters)}"


def _records(named: Sequence[Named]) -> None:
    paths = list(dict.fromkeys(one.side.folder.path for one in named))
    for kind in RECORDS:
        st.caption(RECORDS[kind].help)
        record_button(paths, kind)
