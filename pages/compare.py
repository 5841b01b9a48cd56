"""The Compare page: two to eight runs, or steps of a run, over each other and side by side."""

from __future__ import annotations

import streamlit as st

from pages.parts.compare import state
from pages.parts.compare.advice_view import draw_advice
from pages.parts.compare.choice import choose, offer_newest
from pages.parts.compare.curves_view import choose_axis, choose_curves, cursor, draw_curves
from pages.parts.compare.export_view import draw_export
from pages.parts.compare.histograms_view import draw_histograms
from pages.parts.compare.measures_view import draw_measures
from pages.parts.compare.pictures_view import draw_pictures
from pages.parts.compare.sides_view import Named, bundles, draw_differences, draw_legend, name_all, what_differs
from pages.shared.frame import within_frame
from wgan_core.compare.curves import usual_kinds
from wgan_core.compare.side import MIN_SIDES


@st.fragment
def comparison(named: list[Named]) -> None:
    """Everything below the choice of runs. A fragment, so that moving the cursor reruns only this part."""
    sides = [one.side for one in named]
    st.session_state.setdefault(state.BANDS, True)
    can_band = any(len(bundle) > 1 for bundle in bundles(named, bands=True))
    bundled = bundles(named, bands=can_band and st.session_state[state.BANDS])
    draw_legend(bundled)
    offer_refresh([one.letter for one in named if one.side.folder.is_held()])
    differs = what_differs(named)
    draw_differences(named, differs)
    st.subheader("Curves", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        choose_axis(sides)
        if can_band:
            st.toggle("Seeds of one setting as mean and range", key=state.BANDS, persist_state="session")
        st.slider("Smoothing", 0.0, 0.99, 0.6, 0.01, key=state.SMOOTHING, persist_state="session", width=180)
    chosen = choose_curves(sides)
    steps = cursor(named)
    draw_curves(bundled, chosen)
    made = draw_pictures(named, steps)
    rows = draw_measures(named, bundled, steps)
    draw_histograms(named, steps)
    draw_advice(named, steps)
    draw_export(named, differs, chosen, rows, made)
    state.write_link(st.session_state[state.NAMES], chosen, usual_kinds(sides))


def offer_refresh(training: list[str]) -> None:
    """Runs that train do not change on this page by themselves, so that nothing moves while they are compared."""
    if training:
        with st.container(horizontal=True, vertical_alignment="center"):
            who = f"{' and '.join(training)} {'is' if len(training) == 1 else 'are'} training"
            st.caption(f"{who}: this is what is recorded so far.", width="content")
            if st.button("Refresh", icon=":material/refresh:", type="tertiary"):
                st.rerun()


within_frame()
st.title("Compare")
sides = choose(state.read_link())
if len(sides) >= MIN_SIDES:
    comparison(name_all(sides))
else:
    st.info("Choose at least two runs, or two steps of one run.", icon=":material/compare_arrows:")
    offer_newest()
