"""Program text for loading points in the plane. Each distribution is drawn exactly as `wgan_core.data.toy` draws it."""

from __future__ import annotations

from types import MappingProxyType

_MIXTURE = """\
modes = rng.choice(len(means), size={count}, p=np.full(len(means), 1 / len(means)))
points = means[modes] + {sd} * rng.standard_normal(({count}, 2))"""
_SEGMENTS = """\
lines = rng.integers(len(starts), size={count})
points = starts[lines] + rng.random(({count}, 1)) * (ends - starts)[lines]"""

# By data set: a description in words, and lines that draw `points` from `rng`.
_DRAWN: MappingProxyType[str, tuple[str, str]] = MappingProxyType(
    {
        "8-gaussians": (
            "eight narrow Gaussians on a circle",
            "angle = np.arange(8) * np.pi / 4\n"
            "means = 2 * np.column_stack((np.cos(angle), np.sin(angle))) / 1.414\n" + _MIXTURE.replace("{sd}", "0.02 / 1.414"),
        ),
        "25-gaussians": (
            "narrow Gaussians, five by five",
            'x, y = np.meshgrid(np.arange(-2.0, 3.0), np.arange(-2.0, 3.0), indexing="ij")\n'
            "means = 2 * np.column_stack((x.ravel(), y.ravel())) / 2.828\n" + _MIXTURE.replace("{sd}", "0.05 / 2.828"),
        ),
        "gaussian": ("a round Gaussian away from the centre", "means = np.array([[1.0, 0.5]])\n" + _MIXTURE.replace("{sd}", "0.5")),
        "swiss-roll": (
            "a spiral with a little noise",
            "t = 1.5 * np.pi * (1 + 2 * rng.random({count}))\n"
            "spiral = np.column_stack((t * np.cos(t), t * np.sin(t)))\n"
            "points = (spiral + 0.25 * rng.standard_normal(({count}, 2))) / 7.5",
        ),
        "ring": (
            "a circle without noise",
            "angle = 2 * np.pi * rng.random({count})\npoints = np.column_stack((np.cos(angle), np.sin(angle)))",
        ),
        "grid": (
            "three horizontal and three vertical lines",
            "at, low, high = np.array([-1.0, 0.0, 1.0]), np.full(3, -1.0), np.full(3, 1.0)\n"
            "starts = np.concatenate((np.column_stack((low, at)), np.column_stack((at, low))))\n"
            "ends = np.concatenate((np.column_stack((high, at)), np.column_stack((at, high))))\n" + _SEGMENTS,
        ),
        "two-lines": (
            "two parallel lines",
            "starts = np.array([[-0.5, -0.5], [0.5, -0.5]])\nends = np.array([[-0.5, 0.5], [0.5, 0.5]])\n" + _SEGMENTS,
        ),
    }
)

_FILE = '''\
def load_data():
    """The points of a CSV file, shifted and scaled so that the wider side reaches from -2 to 2."""
    rows = []
    for line in Path(DATA_FILE).read_text(encoding="utf-8-sig").splitlines():
        with suppress(ValueError):  # a line of headings
            rows.append([float(cell) for cell in line.replace(";", " ").replace(",", " ").split()])
    points = np.array([row for row in rows if row])
    low, high = points.min(0), points.max(0)
    middle, factor = low / 2 + high / 2, (high / 2 - low / 2).max() / 2
    return torch.from_numpy(((points - middle) / factor).astype(np.float32))'''

POINTS = (*_DRAWN, "csv")
"""The point sets that an exported program can load."""


def points_loader(dataset: str, count: int, *, told: bool = False) -> tuple[str, str]:
    """A description of a point set in one sentence, and the function `load_data` for it, which draws `count` points or reads a file.

    told: with the mode that each was drawn from, as a class.
    """
    if dataset == "csv":
        return "A CSV file of points, two numbers per line: write its path into `DATA_FILE` above.", _FILE
    what, lines = _DRAWN[dataset]
    body = lines.replace("{count}", "POINTS").splitlines()
    code = [
        "def load_data():",
        f'    """Points [POINTS, 2]: {what}{", each with its number" if told else ""}."""',
        "    rng = np.random.default_rng([SEED, 0])",
        *(f"    {line}" for line in body),
        "    points = torch.from_numpy(points.astype(np.float32))" if told else "    return torch.from_numpy(points.astype(np.float32))",
        *(["    return TensorDataset(points, torch.from_numpy(modes))"] if told else []),
    ]
    return f"{count:,} points: {what}.", "\n".join(code)
