"""The Home page: what the playground is, the device it found, a quick start and the recent runs.

Importing PyTorch takes a second or more in a fresh server. Modules that need it are imported where they are used, so that the page
appears before they have loaded.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.shared.frame import within_frame
from pages.shared.problems import problem_text
from pages.shared.text import status_badge
from wgan_core.config import POINT_SETS, PRESETS

RECENT = 8
PICTURE = Path(__file__).parent / "shared" / "wgan.svg"


def introduction() -> None:
    """A short text, the quick start and a picture."""
    words, picture = st.columns([5, 6], gap="large", vertical_alignment="center")
    with words:
        st.title("WGAN Playground")
        st.markdown(
            "A Wasserstein GAN learns to make images: a **generator** turns noise into pictures, and a **critic** scores how real they "
            "look. The gap between the mean scores of real and generated images is the *Wasserstein estimate*. The critic tries to widen "
            "it, the generator tries to close it. Here you can train a WGAN on real images, change its settings while it learns, and "
            "explore what it has learned."
        )
        _quick_start()
        device = st.empty()
    with picture:
        st.image(
            PICTURE.read_text(encoding="utf-8"),
            alt="Noise goes into the generator, which makes images. The critic scores generated and real images. The gap between the "
            "mean scores is the Wasserstein estimate: the critic raises it, the generator lowers it.",
            width="stretch",
        )
    from wgan_core.training.device import describe_device, resolve_device

    device.caption(f"Training runs on: {describe_device(resolve_device('auto'))}.")


def _quick_start() -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            "Quick start",
            type="primary",
            icon=":material/bolt:",
            help="Train small networks on 1,797 handwritten digits. Nothing has to be downloaded.",
        ):
            from pages.shared.start import start_run

            start_run(PRESETS["quick-start"])
        st.page_link("pages/train.py", label="Choose the settings yourself", icon=":material/tune:")
    if "busy" in st.session_state:
        from pages.shared.start import offer_queue

        offer_queue(PRESETS["quick-start"])


def recent_runs() -> None:
    """The newest runs, each with links to watch and explore it."""
    from pages.shared.server import run_manager
    from wgan_core.store.folder import look_through

    runs, damaged = look_through(run_manager().root)
    if not runs and not damaged:
        return
    st.subheader("Recent runs")
    for run in runs[:RECENT]:
        live = run_manager().get(run.run_id)
        status = live.snapshot.status if live is not None else run.status
        step = live.snapshot.step if live is not None else run.step
        with st.container(horizontal=True, vertical_alignment="center", key=f"recent-{run.run_id}"):
            st.markdown(f"**{run.run_id}** {status_badge(status)}", width=420)
            size = "" if run.config.dataset in POINT_SETS else f", {run.config.image_size} px"
            st.caption(run.note or f"{run.config.dataset}{size}, step {step:,}", width=300)
            st.page_link("pages/train.py", label="Watch", icon=":material/show_chart:", query_params={"run": run.run_id})
            if run.has_steps:
                st.page_link("pages/explore.py", label="Explore", icon=":material/explore:", query_params={"run": run.run_id})
    for run in damaged[:RECENT]:
        with st.container(horizontal=True, vertical_alignment="center", key=f"recent-{run.run_id}"):
            st.markdown(f"**{run.run_id}** {status_badge('damaged')}", width=420)
            st.caption(problem_text(run.damaged))


within_frame()
introduction()
recent_runs()
