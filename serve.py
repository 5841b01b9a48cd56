"""The app for a server of a class: what waited in the queue goes on when it starts, and not only once somebody opens a page.

Start it with `streamlit run serve.py`. It takes the same flags and settings as app.py.
"""

import streamlit as st

from pages.shared.lifespan import lifespan

app = st.App("app.py", lifespan=lifespan)
