"""The WGAN Playground app. Start it with `streamlit run app.py`."""

from pages.components.terms import terms
from pages.shared.frame import navigation
from pages.shared.page_address import keep_controls_off
from pages.shared.person_bar import ask_if_needed

page = navigation()
page.run()
ask_if_needed()
keep_controls_off()
if page.url_path != "glossary":  # which explains them anyway
    terms()
