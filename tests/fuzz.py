"""Hostile and damaged input for every format, upload and link: each try ends in the result or in one sentence, never in a traceback.

    python -m tests.fuzz --count 10000              # in turns over all kinds but the links, which go through whole pages
    python -m tests.fuzz --count 300 --kinds links

A kind takes a sound input, damages it, and reads it as the program does. What is raised has to be an error with one sentence for the user.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import gzip
import io
import json
import os
import random
import shutil
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from tests.loops import begin
from tests.small import SMALL, SMALL_ON_POINTS
from wgan_core.access.serving import ServingError, read_serving
from wgan_core.config import ConfigError, TrainConfig, parse_config
from wgan_core.data.dataset import DataError
from wgan_core.data.load import load_dataset
from wgan_core.data.own_images import preview_own
from wgan_core.data.picture import Reading
from wgan_core.data.picture_file import PictureError, read_picture
from wgan_core.data.uploads import keep_images
from wgan_core.lab import drawing
from wgan_core.latent.directions import Direction, save_direction, saved_directions
from wgan_core.latent.saved import load_networks
from wgan_core.library.index import FILE as INDEX
from wgan_core.library.index import Library
from wgan_core.library.labels import change_labels, read_labels
from wgan_core.library.query import FilterError, parse
from wgan_core.library.zip_export import export_runs
from wgan_core.library.zip_import import import_runs
from wgan_core.runs.kept_queue import KeptQueue, Ticket
from wgan_core.runs.launch import snapshot_from_folder
from wgan_core.runs.names import run_title
from wgan_core.store.folder import RunFolder, StoreError, list_runs
from wgan_core.timeline.reading import Timeline

SENTENCES = (StoreError, DataError, ConfigError, ServingError, PictureError, FilterError)
"""What may be raised: their messages are for users."""
TOKENS = (
    b"", b"\0", b"\n", b"\r\n", b",", b";", b'"', b"'", b"[" * 5000, b"{" * 200, b"9" * 400, b"-1", b"1e999", b"NaN", b"Infinity",
    b"null", b"true", b"[]", b"{}", b'""', b"\xff\xfe", b"\xef\xbb\xbf", b"\\ud800", b"\xed\xa0\x80", b"../", b"/etc/hosts",
    b"<script>", b"%s%n", b"0x1f", b" " * 3000, b"-0", b"1_0", b"\xe2\x80\xae", b"=1+1", b"00000000", b"99999999999999999999",
    b"9" * 5000,
)  # fmt: skip


def mutated(data: bytes, rng: random.Random) -> bytes:
    """The bytes with one to four changes: bits, cuts, repetitions, and what parsers stumble over."""
    found = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(found) + 1)
        end = min(len(found), at + rng.choice((1, 2, 8, 64, 1000)))
        match rng.randrange(7):
            case 0 if found:
                place = min(at, len(found) - 1)
                found[place] ^= 1 << rng.randrange(8)
            case 1:
                found[at:end] = b""
            case 2:
                found[at:at] = found[at:end] * rng.choice((1, 2, 50))
            case 3:
                del found[at:]
            case 4 if found:
                other = rng.randrange(len(found))
                found[at:end] = found[other : other + end - at]
            case _:
                found[at : at if rng.random() < 0.5 else end] = rng.choice(TOKENS)
    return bytes(found)


class Bench:
    """Sound inputs of all kinds, in a folder of their own. root: the folder of runs of the kinds that need one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "runs"
        self.sound = folder / "sound"
        self.sound.mkdir(parents=True)
        for name, config in (("images", SMALL), ("points", SMALL_ON_POINTS)):
            path = self.sound / name
            begin(path, config.replace(instruments_budget=0.01), 40)
            run = RunFolder.open(path)
            run.past.write_pin(run.steps()[-1], "here")
            run.past.write_branch(run.steps()[-1], "another")
            change_labels(path, title="A title", add_tags=("one", "two"), note="noted")
            save_direction(run, Direction("smile", np.ones(config.latent_dim, np.float32), 1.5, "mine", 4))
        self.files = {name: sorted(one for one in (self.sound / name).rglob("*") if one.is_file()) for name in ("images", "points")}
        buffer = io.BytesIO()
        export_runs(self.sound, ["images", "points"], buffer)
        self.zip = buffer.getvalue()

    def fresh(self, *names: str) -> Path:
        """An empty folder of runs with copies of these."""
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.mkdir()
        for name in names:
            shutil.copytree(self.sound / name, self.root / name)
        return self.root


def read_run(path: Path) -> None:
    """Read a run folder in all the ways in which pages do."""
    list_runs(path.parent)
    [entry.title for entry in Library(path.parent, run_title).entries()]
    read_labels(path)
    run = RunFolder.open(path)
    snapshot_from_folder(run)
    timeline = Timeline.of(run)
    for read in (
        timeline.histograms, timeline.pictures, timeline.clouds, timeline.data_points, timeline.sizes, run.past.marks, run.protected_steps,
        lambda: run.why_not_resumed(40), lambda: saved_directions(run),
    ):  # fmt: skip
        with contextlib.suppress(*SENTENCES):
            read()
    for step in (*run.steps(), *run.past.light_steps()):
        with contextlib.suppress(*SENTENCES):
            load_networks(run, step)
            run.read_step(step)


def run_files(bench: Bench, rng: random.Random) -> None:
    """Any file of a run folder: config, ledger, readings, curves, labels, directions, steps, light steps, moments, marks, histograms."""
    name = rng.choice(("images", "points"))
    root = bench.fresh(name)
    for _ in range(rng.randint(1, 3)):
        file = root / name / rng.choice(bench.files[name]).relative_to(bench.sound / name)
        file.write_bytes(mutated(file.read_bytes(), rng))
    read_run(root / name)


def names_in_runs(bench: Bench, rng: random.Random) -> None:
    """Files and folders where others should be, with names that almost fit."""
    name = rng.choice(("images", "points"))
    path = bench.fresh(name) / name
    odd = rng.choice(("00000040", "99999999999999999", "00000040-pin", "00000040-branch-x", "-1", "00000040-averaged.webp",
                      ".00000040-00000000", "00000040.safetensors", "data.safetensors", "é", "a" * 200))  # fmt: skip
    place = path / rng.choice(("steps", "light", "moments", "marks", "samples", "")) / odd
    place.parent.mkdir(exist_ok=True)
    if place.exists():
        return
    place.mkdir() if rng.random() < 0.5 else place.write_bytes(mutated(b'{"text": "x"}', rng))
    read_run(path)


def index(bench: Bench, rng: random.Random) -> None:
    """The index beside the runs: without it everything works too."""
    root = bench.fresh("images")
    before = Library(root, run_title).entries()
    file = root / INDEX
    file.write_bytes(mutated(file.read_bytes(), rng))
    assert Library(root, run_title).entries() == before


def queue(bench: Bench, rng: random.Random) -> None:
    """The file of a run that waits."""
    root = bench.fresh()
    kept = KeptQueue(root)
    kept.add(Ticket("20260101-0000-digits-1-aaaa", SMALL, rng.choice(("new", "resume")), {"n_critic": 2}))
    kept.add(Ticket("20260101-0000-digits-2-bbbb", SMALL, "branch", {"n_critic": 2}, "images", 40))
    kept.close()
    file = rng.choice(sorted(kept.folder.glob("*.json")))
    file.write_bytes(mutated(file.read_bytes(), rng))
    tickets, problems = kept.take()
    assert len(tickets) + len(problems) == 2 and all(problem.endswith(".") for problem in problems)
    kept.last_owners()
    kept.close()


def zips(bench: Bench, rng: random.Random) -> None:
    """Runs as a zip, to import: of which nothing may come to lie elsewhere."""
    root = bench.fresh()
    beside = sorted(bench.folder.iterdir())
    try:
        for name in import_runs(root, io.BytesIO(mutated(bench.zip, rng))):
            read_run(root / name)
    finally:
        assert sorted(bench.folder.iterdir()) == beside


def picture(bench: Bench, rng: random.Random) -> None:
    """A picture that is uploaded on Explore."""
    read_picture(mutated(_picture(rng), rng), rng.choice((1, 3)), 8, invert=rng.random() < 0.5)


def _picture(rng: random.Random) -> bytes:
    buffer = io.BytesIO()
    mode = rng.choice(("L", "RGB", "P", "1"))
    image = Image.effect_noise((rng.randint(1, 40), rng.randint(1, 40)), 60).convert(mode)
    image.save(
        buffer, rng.choice(("PNG", "BMP", "GIF", "TIFF", "WEBP")) if mode != "RGB" else rng.choice(("PNG", "JPEG", "PPM", "TIFF", "WEBP"))
    )
    return buffer.getvalue()


def _own(bench: Bench, **settings: object) -> TrainConfig:
    return SMALL.replace(dataset="image-folder", data_root=str(bench.folder / "own"), **settings)


def _own_folder(bench: Bench) -> Path:
    own = bench.folder / "own"
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir()
    return own


def folder_of_pictures(bench: Bench, rng: random.Random) -> None:
    """A folder of pictures, some of them damaged, with a file of labels beside them."""
    own = _own_folder(bench)
    names = [f"{number}.png" for number in range(4)]
    for name in names:
        data = _picture(rng)
        (own / name).write_bytes(mutated(data, rng) if rng.random() < 0.3 else data)
    labels = {name: rng.choice(("cat", "dog")) for name in names}
    if rng.random() < 0.5:
        (own / "labels.json").write_bytes(mutated(json.dumps(labels).encode(), rng))
    else:
        text = io.StringIO()
        csv.writer(text).writerows([("file", "label"), *labels.items()])
        (own / "labels.csv").write_bytes(mutated(text.getvalue().encode(), rng))
    load_dataset(_own(bench, fit=rng.choice(("crop", "pad", "squash"))))


def arrays(bench: Bench, rng: random.Random) -> None:
    """Images as .npy or .npz."""
    own = _own_folder(bench)
    images = np.random.default_rng(rng.randrange(100)).integers(0, 255, (6, 8, 8)).astype(rng.choice(("u1", "u2", "f4", "i4")))
    buffer = io.BytesIO()
    if rng.random() < 0.5:
        np.save(buffer, images)
        file = own / "images.npy"
    else:
        np.savez(buffer, images=images, labels=np.arange(6))
        file = own / "images.npz"
    file.write_bytes(mutated(buffer.getvalue(), rng))
    load_dataset(_own(bench).replace(data_root=str(file)))


def pixel_tables(bench: Bench, rng: random.Random) -> None:
    """Images as a table of numbers, by its path, in a folder, or uploaded; also read by the page's preview."""
    own = _own_folder(bench)
    separator = rng.choice((",", ";", "\t"))
    head = separator.join(("label", *(f"pixel{number}" for number in range(16))))
    rows = [separator.join(str(rng.randrange(256)) for _ in range(17)) for _ in range(8)]
    content = mutated("\n".join((head, *rows)).encode(rng.choice(("utf-8", "utf-8-sig", "utf-16", "cp1252"))), rng)
    file = own / rng.choice(("train.csv", "test.csv", "a_train.csv", "t.tsv", "train.csv.gz"))
    file.write_bytes(content if rng.random() < 0.5 or file.suffix != ".gz" else mutated(gzip.compress(content), rng))
    place = file if rng.random() < 0.5 else own
    if rng.random() < 0.3:
        place = keep_images([(file.name, file.read_bytes())])
    preview_own(str(place), 4, Reading(8))
    load_dataset(_own(bench).replace(data_root=str(place)))


def points(bench: Bench, rng: random.Random) -> None:
    """A file of points."""
    own = _own_folder(bench)
    separator, decimal = rng.choice(((",", "."), (";", ","), ("\t", "."), (" ", ".")))
    rows = [f"{rng.gauss(0, 1):.4f}{separator}{rng.gauss(0, 1):.4f}".replace(".", decimal) for _ in range(30)]
    file = own / "points.csv"
    file.write_bytes(mutated("\n".join((f"x{separator}y", *rows)).encode(rng.choice(("utf-8", "utf-16", "cp1252"))), rng))
    load_dataset(SMALL_ON_POINTS.replace(dataset="csv", data_root=str(file)))


def uploads(bench: Bench, rng: random.Random) -> None:
    """Files that are uploaded: pictures, archives and arrays with any names; then read."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(3):
            archive.writestr(rng.choice(("a/", "../", "/", "", "C:\\", "a\\")) + f"{number}.png", _picture(rng))
    names = ("x.zip", "x.ZIP", "../x.zip", "x.npz", "x.npy", "x.png", "", ".png", "/etc/x.png", "x\0.png", "é.zip", "labels.csv", "CON.zip")
    files = [(rng.choice(names), mutated(rng.choice((buffer.getvalue(), _picture(rng))), rng)) for _ in range(rng.randint(1, 3))]
    kept = keep_images(files)
    assert kept.parent.resolve() == (bench.folder / "data" / "uploads").resolve()
    load_dataset(_own(bench).replace(data_root=str(kept)))


def serving(bench: Bench, rng: random.Random) -> None:
    """playground.toml and the environment."""
    own = _own_folder(bench)
    text = b'mode = "class"\nteacher_key = "a long secret"\nteachers = ["ada@example.org"]\nmax_runs = 2\nexperiments = true\n'
    (own / "playground.toml").write_bytes(mutated(text, rng))
    values = {
        "WGAN_MODE": mutated(b"class", rng).decode("utf-8", "replace"),
        "WGAN_MAX_RUNS": mutated(b"12", rng).decode("utf-8", "replace"),
    }
    read_serving(own, values if rng.random() < 0.5 else {})


def settings_in_link(bench: Bench, rng: random.Random) -> None:
    """Settings as text, as in a link or on the command line; a filter of runs; a drawing."""
    values = {name: str(value) for name, value in SMALL.model_dump().items()}
    name = rng.choice(sorted(values))
    text = mutated(values[name].encode(), rng).decode("utf-8", "replace")
    with contextlib.suppress(*SENTENCES):
        parse_config({name: text})
    with contextlib.suppress(*SENTENCES):
        parse(mutated(b'dataset:mnist n_critic>=5 sliced_w1<.1 "a b"', rng).decode("utf-8", "replace"))
    drawing.from_text(mutated(b"AAECAwQFBgcICQoLDA0ODw", rng).decode("utf-8", "replace"))


PAGES = ("home", "learn", "train", "runs", "compare", "lab", "explore", "paper", "glossary")
PARAMETERS = ("run", "runs", "at", "step", "dataset", "data_root", "preset", "experiment", "drawn", "view", "seed", "pins", "xy", "lesson",
              "term", "group", "show", "sort", "filter", "controls", "lipschitz", "objective", "critic_widths", "image_size", "max_steps",
              "b.critic_lr", "second", "averaged", "baseline", "device", "threads", "embed", "clip_value", "z", "a", "b",
              "branch", "class")  # fmt: skip
VALUES = ("", "images", "points", "images,points", "images@40", "images@9999,points@x", "40", "-1", "1e999", "nan", "/etc/hosts",
          "../../etc/hosts", "99999999999999999999", "0", "image-folder", "csv", "off", "a" * 5000, "\0", "\ud7ff", "\u202e", "[[1]]", "{}",
          "0.1,0.2", "0,0;1,1", "<script>", "%00", "ring", "critic", "512,256", "100000", "gradient-penalty", "hinge",
          "9" * 5000, "images@" + "9" * 5000)  # fmt: skip


def links(bench: Bench, rng: random.Random) -> None:
    """Any page with any parameters. Nothing may be made by opening a link."""
    from tests.app_page import page

    root = bench.root if (bench.root / "images").exists() and (bench.root / "points").exists() else bench.fresh("images", "points")
    before = _listing(bench.folder)
    params = {name: rng.choice(VALUES) for name in rng.sample(PARAMETERS, rng.randint(1, 5))}
    if rng.random() < 0.5:
        params["run"] = rng.choice(("images", "points"))
    name = rng.choice(PAGES)
    test = page(name, **params)
    assert not test.exception, f"{name} {params}: {test.exception}"
    made = _listing(bench.folder) - before
    assert not {one for one in made if not one.startswith((f"{root.name}/.library", "cache/", "data/cache"))}, (
        f"{name} {params} made {made}"
    )


def _listing(folder: Path) -> set[str]:
    return {one.relative_to(folder).as_posix() for one in folder.rglob("*")}


KINDS: dict[str, Callable[[Bench, random.Random], None]] = {
    "run files": run_files, "names in runs": names_in_runs, "index": index, "queue": queue, "zips": zips, "picture": picture,
    "folder of pictures": folder_of_pictures, "arrays": arrays, "pixel tables": pixel_tables, "points": points, "uploads": uploads,
    "serving": serving, "settings": settings_in_link, "links": links,
}  # fmt: skip
SLOW_SECONDS = 20.0
"""More for one try is a fault too."""


def one_try(kind: str, bench: Bench, seed: int) -> str:
    """Try one input of a kind. Returns what went wrong, "" if nothing did."""
    begun = time.process_time()
    try:
        KINDS[kind](bench, random.Random(f"{kind} {seed}"))
    except SENTENCES as error:
        if not str(error) or "\n" in str(error).strip() or len(str(error)) > 1000:
            return f"no sentence: {str(error)[:300]!r}"
    except Exception:
        return traceback.format_exc(limit=-4)
    took = time.process_time() - begun
    return f"took {took:.0f} s of processor" if took > SLOW_SECONDS else ""


@contextlib.contextmanager
def own_places(folder: Path):
    """Runs, data and caches in `folder`, for this process."""
    before = dict(os.environ)
    os.environ |= {"WGAN_RUNS_ROOT": str(folder / "runs"), "WGAN_DATA_ROOT": str(folder / "data"), "XDG_CACHE_HOME": str(folder / "cache")}
    (folder / "data").mkdir()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 1 if a try ended in anything but a result or a sentence."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=1000, metavar="N", help="tries in all (default 1,000)")
    parser.add_argument(
        "--first", type=int, default=0, metavar="N", help="number of the first try (default 0); a try is the same every time"
    )
    parser.add_argument("--kinds", nargs="*", choices=list(KINDS), default=[kind for kind in KINDS if kind != "links"])
    options = parser.parse_args(argv)
    bad: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as place, own_places(Path(place)):
        bench = Bench(Path(place))
        for number in range(options.first, options.first + options.count):
            kind = options.kinds[number % len(options.kinds)]
            if problem := one_try(kind, bench, number):
                bad[kind] = bad.get(kind, 0) + 1
                print(f"--- {kind}, try {number}: {problem}", flush=True)
    print(f"{options.count} tries, {sum(bad.values())} of which ended in no sentence {bad or ''}".rstrip())
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
