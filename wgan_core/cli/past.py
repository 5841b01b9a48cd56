"""`wgan film` and `wgan pin`: a run's past as a film, and steps that are never thinned out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from wgan_core.store.files import write_atomically
from wgan_core.store.layout import StoreError


def add_commands(commands: Any) -> None:
    """Add `film` and `pin` to the subcommands `commands`."""
    film = commands.add_parser("film", help="make a film of a run: how its samples grew, with the curve beside them", allow_abbrev=False)
    film.add_argument("run", type=Path, metavar="RUN_DIR")
    film.add_argument("--out", type=Path, required=True, metavar="FILE", help="film.mp4 (small, for every player), film.gif or film.webp")
    film.add_argument("--averaged", action="store_true", help="of the averaged generator, for runs trained with --ema-decay")
    film.add_argument("--seconds", type=float, default=12.0, metavar="S", help="length, from 1 to 120 (default 12)")
    film.add_argument("--size", type=int, default=480, metavar="PX", help="side of the picture, from 96 to 1080 (default 480)")
    film.add_argument("--curve", action=argparse.BooleanOptionalAction, default=True, help="draw the curve beside the picture (default)")
    film.add_argument(
        "--latent",
        metavar="SEED|FILE",
        help="one latent instead of the run's grid, through all the generators that are kept: its seed, or a samples.npz, of which up to "
        "64 latents are shown",
    )
    film.set_defaults(command=run_film, parser=film)

    pin = commands.add_parser("pin", help="keep a saved step or a light step for good", allow_abbrev=False)
    pin.add_argument("run", type=Path, metavar="RUN_DIR")
    pin.add_argument("step", type=int, metavar="STEP")
    pin.add_argument("--text", default="", metavar="TEXT", help="shown beside the step")
    pin.add_argument("--remove", action="store_true", help="take the pin away again")
    pin.set_defaults(command=run_pin, parser=pin)


def run_film(options: argparse.Namespace) -> int:
    """Make the film. Raises StoreError."""
    from wgan_core.runs.names import run_title
    from wgan_core.store.folder import RunFolder
    from wgan_core.timeline.film import MIME, latents_from, make_film

    out: Path = options.out
    kind = out.suffix.lower().removeprefix(".")
    if kind not in MIME:
        raise StoreError(f"--out must end in {', '.join(f'.{ending}' for ending in MIME)}, not {out.suffix or 'nothing'}.")
    if not out.resolve().parent.is_dir():  # before the work, not after it
        raise StoreError(f"{out} cannot be written: there is no folder {out.parent}.")
    folder = RunFolder.open(options.run)
    latents = latents_from(options.latent, folder.config.latent_dim) if options.latent is not None else None
    with tqdm(
        total=1.0, desc="Film", file=sys.stderr, disable=not sys.stderr.isatty(), bar_format="{desc}: {percentage:3.0f}%|{bar}|"
    ) as bar:
        data = make_film(
            folder,
            kind,
            seconds=options.seconds,
            side=options.size,
            averaged=options.averaged,
            curve=options.curve,
            latents=latents,
            title=run_title(folder.path.resolve().name, folder.config),
            progress=lambda share: bar.update(share - bar.n),
        )
    try:
        write_atomically(out, data)
    except OSError as error:
        raise StoreError(f"{out} cannot be written ({error.strerror}).") from None
    print(f"Film of {folder.path.resolve().name}, {len(data) / 1e6:.1f} MB: {out}")
    return 0


def run_pin(options: argparse.Namespace) -> int:
    """Pin the step, or take its pin away. Raises StoreError."""
    from wgan_core.store.folder import RunFolder
    from wgan_core.timeline.pins import pin, unpin

    folder = RunFolder.open(options.run)
    if options.remove:
        was = unpin(folder, options.step)
        print(f"Step {options.step:,} is not pinned any more." if was else f"Step {options.step:,} was not pinned.")
        return 0
    pin(folder, options.step, options.text)
    print(f"Step {options.step:,} is pinned: it is never thinned out.")
    return 0
