"""The runs of a comparison as the page calls them, and what differs between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

from pages.parts.compare.choice import title_of
from pages.parts.compare.legend import Entry, legend
from pages.parts.compare.state import LETTERS
from pages.shared.text import as_plain
from wgan_core.compare.differences import Difference, differences
from wgan_core.compare.seeds import groups
from wgan_core.compare.side import Side


@dataclass(frozen=True)
class Named:
    """A run of the comparison with its letter."""

    letter: str
    side: Side
    title: str
    """What it is called, in any characters."""

    @property
    def place(self) -> int:
        """Its place among the colours."""
        return LETTERS.index(self.letter)

    @property
    def in_markdown(self) -> str:
        """Its letter and what it is called, as Markdown."""
        return f"**{self.letter}** {as_plain(self.title)}"


def name_all(sides: Sequence[Side]) -> list[Named]:
    """A, B, C, … in the order in which they were chosen. Titles that several runs have are told apart by the names of their folders."""
    titles = [title_of(side.run_id, side.started) for side in sides]
    named: list[Named] = []
    for letter, side, title in zip(LETTERS, sides, titles, strict=False):
        others = {other.run_id for other, same in zip(sides, titles, strict=True) if same == title} - {side.run_id}
        told_apart = f"{title} ({side.run_id})" if others else title
        named.append(Named(letter, side, told_apart if side.until is None else f"{told_apart} at step {side.until:,}"))
    return named


def bundles(named: Sequence[Named], *, bands: bool) -> list[list[Named]]:
    """The runs as they are drawn: seeds of one setting together if `bands`, each alone otherwise."""
    if not bands:
        return [[one] for one in named]
    return [[named[place] for place in places] for places in groups([one.side for one in named])]


def key_of(bundle: Sequence[Named]) -> str:
    """What several seeds, or a run, are called on the charts: A, or ABC."""
    return "".join(one.letter for one in bundle)


def draw_legend(bundled: Sequence[Sequence[Named]]) -> None:
    """The legend, with how far each run has come."""
    entries: list[Entry] = []
    for bundle in bundled:
        first = bundle[0]
        if len(bundle) == 1:
            entries.append(Entry(first.letter, first.title, f"{first.side.last:,} steps", first.place))
        else:
            seeds = ", ".join(str(one.side.started.seed) for one in bundle)
            entries.append(Entry(key_of(bundle), first.title, f"mean and range of seeds {seeds}", first.place))
    legend(entries, key="compare-legend")


def what_differs(named: Sequence[Named]) -> tuple[Difference, ...]:
    """The lines of the table of differences."""
    return differences([one.side.described for one in named])


def draw_differences(named: Sequence[Named], rows: Sequence[Difference]) -> None:
    """A table of what differs: what is trained, and folded away where it trained and what was recorded."""
    st.subheader("What differs", anchor=False)
    experiment = [row for row in rows if row.about == "experiment"]
    machine = [row for row in rows if row.about == "machine"]
    if experiment:
        html_table(["Setting", *(one.letter for one in named)], [[row.label, *row.values] for row in experiment], "compare-differences")
    elif all(one.side.run_id == named[0].side.run_id for one in named):
        st.caption("Nothing: no setting was changed between these steps.")
    else:
        st.caption("Nothing: these runs have the same settings, seed and data.")
    if machine:
        with st.expander(f"Also: {', '.join(row.label.lower() for row in machine)}", icon=":material/memory:"):
            html_table(["Setting", *(one.letter for one in named)], [[row.label, *row.values] for row in machine], "compare-machine")


_TABLE = """
    <style>
    .compare-table { overflow-x: auto; }
    .compare-table table { border-collapse: collapse; font-size: 0.875rem; }
    .compare-table :is(th, td) { padding: 0.3rem 0.8rem; text-align: left; vertical-align: top; border: 0; }
    .compare-table :is(td, thead th) { min-width: 6.5rem; max-width: 22rem; overflow-wrap: anywhere; }
    .compare-table tr { border-bottom: 1px solid color-mix(in srgb, currentColor 18%, transparent); }
    .compare-table tbody th { font-weight: 600; white-space: nowrap; }
    .compare-table .best { font-weight: 700; }
    .compare-table small { opacity: 0.8; white-space: nowrap; }
    </style>
"""


def html_table(head: Sequence[str], rows: Sequence[Sequence[str]], key: str) -> None:
    """A table of plain texts, which can be scrolled sideways where it does not fit. The first cell of a row is its heading."""
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{escape(cells[0])}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in cells[1:])}</tr>' for cells in rows
    )
    table = f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    st.html(f'{_TABLE}<div class="compare-table" id="{key}" tabindex="0" role="region" aria-label="Table">{table}</div>')
