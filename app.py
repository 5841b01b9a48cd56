"""WGAN Playground: `streamlit run app.py`."""

from pages.shared.frame import navigation

navigation().run()
