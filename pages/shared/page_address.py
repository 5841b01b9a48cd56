"""The parameters of the page's address, which pages write themselves, so that a reload, a bookmark or a sent link shows the same."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.shared.people import visitor

_CONTROLS = "controls"


def address() -> dict[str, str]:
    """The page's own parameters."""
    return {name: value for name, value in st.query_params.items() if name != _CONTROLS}


def write_address(params: Mapping[str, str]) -> None:
    """Make these the page's parameters. A visitor who came by a link with “controls=off” keeps that, so that a reload shows no controls
    either."""
    whole = {**params, **({_CONTROLS: "off"} if visitor().only_looks else {})}
    if dict(st.query_params) != whole:
        st.query_params.from_dict(whole)


def keep_controls_off() -> None:
    """The same on a page that writes no address, and after a change of the page."""
    if visitor().only_looks:
        write_address(address())
