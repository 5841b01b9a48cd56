"""The WGAN Playground app. Start it with `streamlit run app.py`."""

from pages.shared.frame import navigation

navigation().run()
