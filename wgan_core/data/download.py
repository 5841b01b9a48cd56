"""Downloading a data set, also on a separate thread, so that a page can show the progress and be reloaded meanwhile."""

from __future__ import annotations

import contextlib
import errno
import http.client
import logging
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from wgan_core.config import TrainConfig
from wgan_core.data.catalog import DATASETS, DOWNLOADED, DatasetInfo, data_root, torchvision_set
from wgan_core.data.dataset import DataError
from wgan_core.data.downloaded import is_here

log = logging.getLogger(__name__)
_CANNOT_WRITE = frozenset((errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG))


def is_available(config: TrainConfig) -> bool:
    """Whether `load_dataset` needs no download. Never raises: if the data folder cannot be used, it returns False and `download` says why.

    A folder of images always counts as available; any problem with it shows when it is loaded.
    """
    if config.dataset not in DOWNLOADED:
        return True
    try:
        return is_here(config.dataset, data_root(config))
    except DataError:
        return False


def download(config: TrainConfig, progress: Callable[[float], None] = lambda fraction: None) -> None:
    """Download the data set into the data folder, unless it is there. An interrupted download leaves nothing behind.

    Args:
        config: `dataset` and `data_root` are read.
        progress: called from another thread with the fraction done, 0 to 1.

    Raises:
        DataError: no network, no space, or no permission to write. The message is one sentence that says what to do.
    """
    if is_available(config):
        progress(1.0)
        return
    folder = DOWNLOADED[config.dataset][1]
    info, root = DATASETS[config.dataset], data_root(config)
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".download-", dir=root) as aside:
            with _watched(Path(aside), info.megabytes * 10**6, progress):
                torchvision_set(config.dataset, aside, train=True, download=True)
            if not (root / folder).exists():  # another process may have been faster
                shutil.move(Path(aside) / folder, root / folder)
    except OSError as error:
        if isinstance(error, PermissionError) or error.errno in _CANNOT_WRITE:
            raise DataError(
                f"{info.title} cannot be written to {root} ({error.strerror}): free some space there or choose another data folder."
            ) from error
        raise DataError(_offline(info, root, folder)) from error
    # torchvision: every mirror failed, or the checksum was wrong. http: the connection ended in the middle of a file.
    except (RuntimeError, http.client.HTTPException, EOFError) as error:
        raise DataError(_offline(info, root, folder)) from error
    progress(1.0)


def _offline(info: DatasetInfo, root: Path, folder: str) -> str:
    return (
        f"{info.title} could not be downloaded: check the network and try again, or copy the folder {folder} from another machine "
        f"into {root}."
    )


@contextlib.contextmanager
def _watched(folder: Path, expected: int, progress: Callable[[float], None]) -> Iterator[None]:
    """Report four times a second which fraction of the `expected` bytes of archives is in `folder`."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.25):
            progress(min(0.99, _archive_bytes(folder) / expected))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _archive_bytes(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*.gz"):
        with contextlib.suppress(OSError):
            total += path.stat().st_size
    return total


@dataclass
class Download:
    """One download. `fraction` runs from 0 to 1; `error` is a sentence if it has failed."""

    dataset: str
    fraction: float = 0.0
    done: bool = False
    error: str = ""


class Downloads:
    """Starts downloads and reports their progress; one at a time for each data set. Safe from any thread."""

    def __init__(self) -> None:
        self._downloads: dict[tuple[str, str], Download] = {}
        self._lock = threading.Lock()

    def get(self, config: TrainConfig) -> Download | None:
        """The latest download of that data set to that folder; None if none was started."""
        return self._downloads.get((config.dataset, config.data_root))

    def start(self, config: TrainConfig) -> Download:
        """Start the download, unless it is already running."""
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
