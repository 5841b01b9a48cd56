"""Files that were brought to the page: kept under the data folder, named after their content, and deletable."""

from __future__ import annotations

import os
from pathlib import Path

from wgan_core.config import TrainConfig
from wgan_core.data.catalog import data_root


def uploads_folder() -> Path:
    """Where uploads are kept: in the data folder of this machine."""
    return data_root(TrainConfig()) / "uploads"


def data_folders() -> list[Path]:
    """The folders in which a run's own data may lie if it is not where the run says: the data folder of this machine, and its uploads."""
    places = [data_root(TrainConfig()), uploads_folder()]
    return [place for place in places if os.path.isdir(place)]
