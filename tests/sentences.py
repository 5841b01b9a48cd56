"""How what the app says is put."""

from __future__ import annotations

import re

from wgan_core.config import SETTINGS
from wgan_core.instruments.advice import Advice


def assert_well_said(advice: Advice) -> None:
    """It names a setting that exists, and its text holds the number (as a percentage, a count or a size) and ends as a sentence."""
    assert advice.setting in SETTINGS
    forms = {
        f"{advice.number:.0%}",
        f"{advice.number:.1%}",
        f"{advice.number:g}",
        f"{advice.number:.1f}",
        f"{advice.number:.0e}",
        f"{advice.number:.3f}",
        f"{advice.number:.2g}",
        f"{advice.number:.3g}",
    }
    # Of classes the text tells how many.
    assert any(form in advice.text for form in forms) or re.match(r"Only \d+ of the", advice.text), advice.text
    assert (advice.text[0].isupper() or advice.text[0].isdigit()) and advice.text.endswith(".") and len(advice.text) < 400
