"""The WGAN Playground app. Start it with `streamlit run app.py`."""

from pages.components.terms import terms
from pages.shared.frame import navigation

page = navigation()
page.run()
if page.url_path != "glossary":  # which explains them anyway
    terms()
