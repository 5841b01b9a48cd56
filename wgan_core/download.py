"""Downloads of data sets on threads of their own, so that a page can show their progress and be reloaded meanwhile."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

from wgan_core.config import TrainConfig
from wgan_core.data import DataError, download

log = logging.getLogger(__name__)


@dataclass
class Download:
    """One download. `fraction` runs from 0 to 1; `error` is a sentence once it has failed."""

    dataset: str
    fraction: float = 0.0
    done: bool = False
    error: str = ""


class Downloads:
    """Starts downloads and knows how far they are; one a data set at a time. Safe from any thread."""

    def __init__(self) -> None:
        self._downloads: dict[tuple[str, str], Download] = {}
        self._lock = threading.Lock()

    def get(self, config: TrainConfig) -> Download | None:
        """The latest download of that data set to that folder, if any was started."""
        return self._downloads.get((config.dataset, config.data_root))

    def start(self, config: TrainConfig) -> Download:
        """Begin, unless it is under way."""
        with self._lock:
            known = self.get(config)
            if known is not None and not known.done:
                return known
            download = Download(config.dataset)
            self._downloads[config.dataset, config.data_root] = download
        threading.Thread(target=self._work, args=(download, config), name=f"download-{config.dataset}", daemon=True).start()
        return download

    def _work(self, state: Download, config: TrainConfig) -> None:
        def progress(fraction: float) -> None:
            state.fraction = fraction

        try:
            download(config, progress)
        except DataError as error:
            state.error = str(error)
        except Exception as error:
            log.exception("download of %s failed", config.dataset)
            state.error = f"The download stopped because of an error in the program ({type(error).__name__}: {str(error)[:200]})."
        finally:
            state.done = True
