"""The Learn page: short lessons in which the learner predicts what will happen, watches it, and compares.

Importing PyTorch takes a second or more in a fresh server, so the list of lessons does without it.
"""

from __future__ import annotations

from pages.parts.learn import keeper, place
from pages.parts.learn.contents import contents
from pages.shared.frame import within_frame
from wgan_core.lessons.catalog import CODE

within_frame()
here = place.find_place()
if here.lesson is None:
    contents()
elif here.lesson == CODE:
    from pages.parts.learn.code_view import code_view

    code_view()
else:
    from pages.parts.learn.lesson_view import lesson_view

    lesson_view(here.lesson, here.step)
keeper.keep(here)  # last, so that the browser keeps what this run of the script has noted
