"""A film that is made on a thread of its own while a page shows how far it is."""

from __future__ import annotations

import atexit
import logging
import threading
import weakref
from collections.abc import Callable

from wgan_core.store.folder import StoreError
from wgan_core.timeline.film import FilmCancelled

log = logging.getLogger(__name__)

Make = Callable[[Callable[[float], object], Callable[[], bool]], bytes]
"""Makes the film, given what to call with the share that is done, and what says whether it is not wanted any more."""
_JOBS: weakref.WeakSet[FilmJob] = weakref.WeakSet()
_EXIT_WAIT_SECONDS = 5.0


class FilmJob:
    """Begins at once. All attributes may be read from any thread.

    Args:
        make: see `Make`.
        name: of the file.
        kind: its ending.
    """

    def __init__(self, make: Make, name: str, kind: str) -> None:
        self.name, self.kind = name, kind
        self.share = 0.0
        """How much of it is done, from 0 to 1."""
        self.data: bytes | None = None
        """The file, when it is done."""
        self.problem = ""
        """Why there will be no film, in one sentence."""
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._work, args=(make,), name=f"film of {name}", daemon=True)
        _JOBS.add(self)
        self._thread.start()

    @property
    def is_working(self) -> bool:
        """Whether it is still being made."""
        return self._thread.is_alive() and not self._cancelled.is_set()

    def cancel(self) -> None:
        """Give it up."""
        self._cancelled.set()

    def join(self, seconds: float) -> None:
        """Wait until its thread is over, but not longer than this."""
        self._thread.join(seconds)

    def _work(self, make: Make) -> None:
        try:
            self.data = make(self._progress, self._cancelled.is_set)
        except FilmCancelled:
            pass
        except StoreError as error:
            self.problem = str(error)
        except Exception:
            log.exception("the film %s failed", self.name)
            self.problem = "The film could not be made, because of an error in the program. Try another length or format."

    def _progress(self, share: float) -> None:
        self.share = share


def films_in_making() -> int:
    """How many this process makes now."""
    return sum(job.is_working for job in list(_JOBS))


@atexit.register
def _cancel_at_exit() -> None:
    for job in list(_JOBS):
        job.cancel()
    for job in list(_JOBS):
        job.join(_EXIT_WAIT_SECONDS)
