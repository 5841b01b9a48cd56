"""The Laboratory page: small WGANs of points in the plane, watched update by update."""

from __future__ import annotations

from pages.parts.lab import lab_setup, lab_view
from pages.shared.frame import within_frame

within_frame()
if lab_setup.set_up():
    lab_view.lab_view()
