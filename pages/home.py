"""The Home page: a quick start, and in pictures what there is: trained runs, lessons and experiments.

Importing PyTorch takes a second or more in a fresh server. Modules that need it are imported where they are used, so that the page
appears before they have loaded.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from pages.shared.cards import card, card_style
from pages.shared.frame import within_frame
from pages.shared.library import library, listed
from pages.shared.people import shuts
from pages.shared.problems import problem_text
from pages.shared.queue_note import waiting_line
from pages.shared.shipped import SHIPPED, newest_grid
from pages.shared.text import as_plain, status_badge
from wgan_core.config import PRESETS
from wgan_core.lab.setup import EXPERIMENTS
from wgan_core.lessons.catalog import LESSONS

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from wgan_core.library.entry import Entry

RECENT = 8
CARD_PX = 160  # the least width of a card: two fit side by side on a phone
SHARED = Path(__file__).parent / "shared"
# The labels have a contrast of at least 4.5 to the page. No one colour has that on white and on near-black.
_DARK_LABELS = {"#6b727c": "#a4abb5", "#b2560a": "#f0964a", "#0c7a5c": "#3fc79f", "#2660b0": "#7aa9ee"}


def introduction() -> DeltaGenerator:
    """A short text, the quick start and a picture. Returns the place for the name of the device."""
    words, picture = st.columns([5, 6], gap="large", vertical_alignment="center")
    with words:
        st.title("WGAN Playground", anchor=False)
        st.markdown(
            "Watch a **generator** learn to turn noise into pictures, while a **critic** tells it how real they look. Train your own, "
            "break it, and explore what it has learned."
        )
        _quick_start()
        device = st.empty()
    with picture, st.container(key="home-diagram"):
        st.html("<style>@media (max-width: 640px) { .st-key-home-diagram { display: none; } }</style>")  # pictures of runs come first there
        st.image(
            _diagram(),
            alt="Noise goes into the generator, which makes images. The critic scores generated and real images. The gap between the "
            "mean scores is the Wasserstein estimate: the critic raises it, the generator lowers it.",
            width="stretch",
        )
    return device


def _diagram() -> str:
    svg = (SHARED / "wgan.svg").read_text(encoding="utf-8")
    if st.context.theme.type == "dark":
        for light, dark in _DARK_LABELS.items():
            svg = svg.replace(f'fill="{light}"', f'fill="{dark}"')
    return svg


def _quick_start() -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        help_text = "Train small networks on 1,797 handwritten digits. Nothing has to be downloaded."
        if st.button("Quick start", type="primary", icon=":material/bolt:", **shuts("start", help=help_text)):
            from pages.shared.start import start_run

            start_run(PRESETS["quick-start"])
        st.page_link("pages/train.py", label="Choose the settings yourself", icon=":material/tune:")
    if "busy" in st.session_state:
        from pages.shared.start import offer_queue, start_run

        offer_queue(partial(start_run, PRESETS["quick-start"]))


def shipped_runs() -> None:
    """A card for each run that comes with the project, if they are where this server's runs are."""
    root = Path(os.environ.get("WGAN_RUNS_ROOT") or Path(__file__).parents[1] / "checkpoints").expanduser()
    found = {name: grid for name in SHIPPED if (grid := newest_grid(root / name)) is not None}
    for name, grid in found.items():
        title, line = SHIPPED[name]
        with card(name, grid, f"64 generated images: {title.lower()}"):
            st.page_link("pages/explore.py", label=f"**{title}**", query_params={"run": name})
            st.caption(line)
            with st.container(key=f"also-{name}"):
                st.page_link("pages/train.py", label=f"How the {title.lower()} were learned", query_params={"run": name})


def lessons() -> None:
    """The lessons, each a card."""
    st.header("Lessons", anchor=False)
    st.caption("A few minutes each. You predict what will happen, watch it, and compare.")
    with st.grid("auto", min_column_width=CARD_PX + 40):
        for number, (name, lesson) in enumerate(LESSONS.items(), 1):
            with card(f"lesson-{name}"):
                st.page_link("pages/learn.py", label=f"**{number}. {lesson.title}**", query_params={"lesson": name})
                st.caption(lesson.sentence)


def experiments() -> None:
    """The laboratory's experiments, each with a picture of its end."""
    from pages.shared.lab_pictures import lab_picture

    st.header("Experiments in the laboratory", anchor=False)
    st.caption("Small WGANs of points, where everything can be seen: the critic as a landscape, and the points that walk on it.")
    with st.grid(len(EXPERIMENTS), min_column_width=CARD_PX - 25):
        for name, experiment in EXPERIMENTS.items():
            with card(f"lab-{name}", lab_picture(name, st.context.theme.type), "Generated and real points on the critic's landscape"):
                st.page_link("pages/lab.py", label=f"**{experiment.title}**", query_params={"experiment": name})


def recent_runs() -> None:
    """A card for each of the newest runs, and then the damaged ones."""
    entries = [entry for entry in listed() if entry.name not in SHIPPED]
    for entry in [entry for entry in entries if not entry.damaged][:RECENT]:
        _run_card(entry)
    for entry in [entry for entry in entries if entry.damaged][:RECENT]:
        with card(entry.name):
            st.markdown(f"**{as_plain(entry.title)}** {status_badge('damaged')}")
            st.caption(problem_text(entry.damaged))


def _run_card(entry: Entry) -> None:
    title = as_plain(entry.title)
    with card(entry.name, newest_grid(library().root / entry.name), f"Images generated by {entry.title}"):
        st.page_link("pages/train.py", label=f"**{title}**", query_params={"run": entry.name})
        size = "" if entry.makes_points else f", {entry.settings['image_size']} px"
        st.markdown(status_badge(entry.status))
        st.caption(as_plain(entry.note) or f"{entry.data}{size}, step {entry.step:,}")
        if entry.saved_steps:
            with st.container(key=f"also-{entry.name}"):
                st.page_link("pages/explore.py", label=f"Explore {title}", query_params={"run": entry.name})


within_frame()
card_style()
device_place = introduction()
st.header("Trained runs", anchor=False)
if not listed():
    st.caption("There is no run here yet. Every run that is started appears here, with its newest pictures.")
with st.grid(6, min_column_width=CARD_PX):
    shipped_runs()
    recent_runs()
st.page_link("pages/runs.py", label="All runs: find, compare, label, export", icon=":material/table_rows:")
waiting_line()
lessons()
experiments()
from wgan_core.training.device import describe_device, resolve_device  # noqa: E402

device_place.caption(f"Training runs on: {describe_device(resolve_device('auto'))}.")
