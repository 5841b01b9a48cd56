"""Program text that reads a folder of pictures as `wgan_core.data` does, bit for bit."""

from __future__ import annotations

from wgan_core.config import TrainConfig
from wgan_core.data.picture import GREY_MODES, MANY_FRAMES, MAX_PIXELS
from wgan_core.export.classes_text import is_told
from wgan_core.training.models import SampleShape

_IMPORTS = (
    "import os",
    "import torch",
    "from pathlib import Path",
    "import numpy as np",
    "from PIL import Image, ImageOps",
    "from torchvision.transforms.functional import pil_to_tensor",
    "from torch.nn.functional import interpolate",
)
_CONSTANTS = (
    'DATA_ROOT = "images"  # write the path of your folder of pictures here',
    f"MAX_PIXELS = {MAX_PIXELS:_}  # larger pictures are left out",
)


def imports(config: TrainConfig) -> tuple[str, ...]:
    """Import lines."""
    return _IMPORTS if config.frames == "first" else (*_IMPORTS, "from PIL import ImageSequence")


def constants(config: TrainConfig) -> tuple[str, ...]:
    """Lines for the top of the program."""
    if config.frames == "first":
        return _CONSTANTS
    many = ", ".join(f'"{name}"' for name in sorted(MANY_FRAMES))
    return (*_CONSTANTS, f"STACKS = ({many})  # whose pages or frames are all used")


def says(config: TrainConfig) -> str:
    """What happens to the pictures, in words."""
    fit = {
        "crop": "Each is cropped to its central square and resized.",
        "pad": "Each is resized, with black beside it if it is not square.",
        "squash": "Each is stretched to a square and resized.",
    }
    flip = " Each is also used mirrored." if config.flip == "horizontal" else ""
    told = " The folder that it lies in is its class." if is_told(config) else ""
    return f"A folder of your own pictures: write its path into `DATA_ROOT` above. {fit[config.fit]}{flip}{told}"


def loader(config: TrainConfig, shape: SampleShape) -> str:
    """The functions that end in `load_data`, which gives a list of tensors of `shape` in [-1, 1], or a TensorDataset with classes."""
    shown, told = ", ".join(map(str, shape)), is_told(config)
    mirrored = ["images += [image.flip(-1) for image in images]  # mirrored"] if config.flip == "horizontal" else []
    if mirrored and told:
        mirrored.append("labels += labels")
    return "\n\n\n".join(
        (
            _PLANES.format(grey=", ".join(f'"{mode}"' for mode in sorted(GREY_MODES))),
            _FITS[config.fit],
            _READ.format(pages=_pages(config), keep=_KEEP[config.tones]),
            _TO_BYTES,
            *([_TO_GREY] if shape[0] == 1 else []),
            _FILES,
            *([_CLASSES] if told else []),
            _LOAD.format(
                says=" and the classes of them" if told else "",
                found=_FOUND_WITH_FILES if told else "    found = [image for file in files() for image in read(file)]",
                shape=shown,
                numbers=_NUMBERS if config.tones == "used" else "",
                channels="to_grey(image) if len(image) == 3 else image" if shape[0] == 1 else "image.expand(3, -1, -1)",
                flip="".join(f"\n    {line}" for line in mirrored),
                result=_WITH_LABELS if told else "[image / 127.5 - 1 for image in images]",
            ),
        )
    )


def _pages(config: TrainConfig) -> str:
    if config.frames == "first":
        return "[picture]"
    return "ImageSequence.Iterator(picture) if picture.format in STACKS else [picture]"


_PLANES = '''\
def planes(picture):
    """A picture as [channels, height, width]: bytes, or floats if it has more than 256 tones."""
    picture = ImageOps.exif_transpose(picture)
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):
        return torch.from_numpy(np.array(picture, dtype=np.float32))[None]
    mode = "L" if picture.mode in ({grey}) else "RGB"
    if picture.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)  # transparent parts become white
    return pil_to_tensor(picture.convert(mode))'''

_RESIZED = 'interpolate({}[None], {}, mode="bilinear", antialias=True)[0]'
_FITS = {
    "crop": f'''\
def fitted(pixels):
    """The central square."""
    height, width = pixels.shape[1:]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = pixels[:, top : top + side, left : left + side]
    return {_RESIZED.format("square", "(IMAGE_SIZE, IMAGE_SIZE)")}''',
    "squash": f'''\
def fitted(pixels):
    """All of it, stretched to a square."""
    return {_RESIZED.format("pixels", "(IMAGE_SIZE, IMAGE_SIZE)")}''',
    "pad": f'''\
def fitted(pixels):
    """All of it, with black beside it."""
    height, width = pixels.shape[1:]
    longer = max(height, width)
    inner = [max(1, round(IMAGE_SIZE * side / longer)) for side in (height, width)]
    top, left = [(IMAGE_SIZE - side) // 2 for side in inner]
    image = torch.full((len(pixels), IMAGE_SIZE, IMAGE_SIZE), 0, dtype=pixels.dtype)
    if pixels.is_floating_point():
        image.fill_(float(pixels.min()))
    resized = {_RESIZED.format("pixels", "inner")}
    image[:, top : top + inner[0], left : left + inner[1]] = resized
    return image''',
}

_READ = '''\
def read(file):
    """The images of one file, each with the lowest and the highest number in the picture."""
    found = []
    try:
        with Image.open(file) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise OSError("too large")
            picture.draft(None, (2 * IMAGE_SIZE, 2 * IMAGE_SIZE))  # large JPEGs, smaller
            for page in {pages}:
                pixels = planes(page)
                numbers = pixels[pixels.isfinite()]
                low, high = float(numbers.min()), float(numbers.max()){keep}
                if pixels.is_floating_point():
                    pixels = torch.nan_to_num(pixels, nan=low, posinf=high, neginf=low)
                found.append((fitted(pixels), low, high))
    except Exception as error:
        print(f"{{file}}: left out from page {{len(found) + 1}} on ({{error}})")
    return found'''

_KEEP = {
    "used": "",
    "each": "",
    "format": '\n                low, high = (0.0, 1.0) if page.mode == "F" else (0.0, 65535.0)',
}

_TO_BYTES = '''\
def to_bytes(image, low, high):
    """Numbers as bytes: low becomes 0 and high 255."""
    factor = 255 / (high - low) if high > low else 0.0
    return ((image.double() - low) * factor).round().clamp(0, 255).to(torch.uint8)'''

_TO_GREY = '''\
def to_grey(image):
    """The luminance of an RGB image, as Pillow computes it."""
    weights = torch.tensor((19595, 38470, 7471), dtype=torch.int32).view(3, 1, 1)
    return (((image.int() * weights).sum(0, keepdim=True) + 32768) >> 16).to(torch.uint8)'''

_FILES = '''\
def files():
    """All files in DATA_ROOT and its subfolders, sorted by path, without hidden ones."""
    found, seen = [], {os.path.realpath(DATA_ROOT)}
    for folder, below, names in os.walk(DATA_ROOT, followlinks=True):
        paths = {name: os.path.realpath(os.path.join(folder, name)) for name in below}
        below[:] = [name for name in below if not name.startswith(".") and paths[name] not in seen]
        seen.update(paths[name] for name in below)
        found += [Path(folder, name) for name in names if not name.startswith(".")]
    return sorted(found)'''

_CLASSES = '''\
def classes(paths):
    """The class of each picture: the number of its folder, where their paths first differ."""
    parts = [path.relative_to(DATA_ROOT).parts[:-1] for path in paths]
    depth = len(os.path.commonprefix(parts))
    names = sorted({folders[depth] for folders in parts if len(folders) > depth})
    if len(names) != CLASSES or any(len(folders) == depth for folders in parts):
        raise SystemExit(f"{DATA_ROOT} needs {CLASSES} folders of pictures, one for each class.")
    return [names.index(folders[depth]) for folders in parts]'''
_FOUND_WITH_FILES = """\
    pairs = [(file, image) for file in files() for image in read(file)]
    labels = classes([file for file, _ in pairs])
    found = [image for _, image in pairs]"""
_WITH_LABELS = "TensorDataset(torch.stack(images) / 127.5 - 1, torch.tensor(labels))"

_NUMBERS = """
    deep = [(low, high) for image, low, high in found if image.is_floating_point()]
    lowest = min((low for low, _ in deep), default=0)
    highest = max((high for _, high in deep), default=1)
    found = [(image, lowest, highest) for image, _, _ in found]"""

_LOAD = '''\
def load_data():
    """The pictures as tensors [{shape}] in [-1, 1], the range of tanh{says}."""
{found}{numbers}
    images = [to_bytes(*one) if one[0].is_floating_point() else one[0] for one in found]
    images = [{channels} for image in images]{flip}
    return {result}'''
