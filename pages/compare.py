"""The Compare page: two to eight runs, or steps of a run, over each other and side by side."""

from __future__ import annotations

import streamlit as st

from pages.parts.compare import state
from pages.parts.compare.advice_view import draw_advice
from pages.parts.compare.choice import choose, offer_newest, side_of
from pages.parts.compare.curves_view import choose_axis, choose_curves, cursor, draw_curves
from pages.parts.compare.export_view import draw_export
from pages.parts.compare.histograms_view import draw_histograms
from pages.parts.compare.measures_view import draw_measures
from pages.parts.compare.pictures_view import draw_pictures
from pages.parts.compare.sides_view import Named, bundles, draw_differences, draw_legend, name_all, what_differs
from pages.shared.frame import within_frame
from wgan_core.compare.curves import usual_kinds
from wgan_core.compare.side import MIN_SIDES
from wgan_core.store.folder import StoreError

REFRESH_SECONDS = 5.0


def comparison(names: list[str], training: bool) -> None:
    """Everything below the choice of runs, as they are now. A fragment, so that moving the cursor reruns only this part.

    training: whether one of them was when the page was drawn, so that this is drawn again by itself.
    """
    named = opened_again(names)
    sides = [one.side for one in named]
    still = [one.letter for one in named if one.side.folder.is_held()]
    if bool(still) != training:
        st.rerun()  # look by itself from now on, or no more
    st.session_state.setdefault(state.BANDS, True)
    can_band = any(len(bundle) > 1 for bundle in bundles(named, bands=True))
    bundled = bundles(named, bands=can_band and st.session_state[state.BANDS])
    draw_legend(bundled)
    say_who_trains(still)
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


def opened_again(names: list[str]) -> list[Named]:
    """The runs with what has been recorded since. If one cannot be opened any more, the page is drawn anew and says so."""
    try:
        return name_all([side_of(name) for name in names])
    except StoreError:
        st.rerun()


def say_who_trains(letters: list[str]) -> None:
    """Why the page changes by itself."""
    if letters:
        st.caption(f"{' and '.join(letters)} {'is' if len(letters) == 1 else 'are'} training: what is recorded appears here by itself.")


within_frame()
st.title("Compare")
sides = choose(state.read_link())
if len(sides) >= MIN_SIDES:
    any_training = any(side.folder.is_held() for side in sides)
    st.fragment(comparison, run_every=REFRESH_SECONDS if any_training else None)([side.name for side in sides], any_training)
else:
    st.info("Choose at least two runs, or two steps of one run.", icon=":material/compare_arrows:")
    offer_newest()
