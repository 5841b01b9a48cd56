"""The limits of one person on a server that many use, checked where a run is started or made longer."""

from __future__ import annotations

from pages.shared import people
from pages.shared.library import library
from wgan_core.access.limits import Used, too_many_runs, too_many_steps, too_many_uploads
from wgan_core.access.permissions import Answer
from wgan_core.library.upload_owners import count_of


def run_refused(steps: int, *, besides: str = "") -> bool:
    """Whether the visitor may not start a run of so many steps because of a limit; then says so. besides: a run that is not counted."""
    if not _is_limited():
        return False
    return _says(too_many_steps(people.serving(), steps) or too_many_runs(people.serving(), _used(besides)))


def steps_refused(steps: int) -> bool:
    """Whether the visitor may not make a run so long; then says so."""
    return _is_limited() and _says(too_many_steps(people.serving(), steps))


def upload_refused() -> str:
    """Why the visitor may not upload another file; "" if they may."""
    person = people.me()
    if person is None or not _is_limited():
        return ""
    return too_many_uploads(people.serving(), Used(uploads=count_of(person)))


def _is_limited() -> bool:
    return people.serving().mode == "class" and not people.visitor().is_teacher


def _says(why: str) -> bool:
    if why:
        people.say_no(Answer(False, why))
    return bool(why)


def _used(besides: str) -> Used:
    from pages.shared.server import run_manager  # here, because it imports PyTorch

    person = people.me()
    if person is None:
        return Used()
    active = [run for run in run_manager().all_active() if run.owner is not None and run.owner.id == person.id and run.run_id != besides]
    size = sum(entry.size for entry in library().entries() if entry.owner_id == person.id)
    return Used(len(active), size / 1e6)
