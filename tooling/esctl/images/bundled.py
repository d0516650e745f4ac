"""Makes a labelled set of real pictures without a network: crops of photographs that ship in Python packages.

Enough for a demonstration and for tests (the label is the source photograph), no base for a claim of quality.
"""

from __future__ import annotations

import importlib.util
import os
import random
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EsctlError

if TYPE_CHECKING:
    from PIL import Image

RECIPE = "2"
"""Changes with anything that changes the pictures."""
MARKER = ".esctl-bundled"
EDGE = 256
AREA = (0.10, 0.45)
"""Share of the photograph's area that a crop shows."""


@dataclass(frozen=True)
class Photograph:
    package: str
    file: str
    crops: int
    licence: str

    @property
    def label(self) -> str:
        return Path(self.file).stem


SKIMAGE, SKLEARN = "skimage", "sklearn"
PHOTOGRAPHS = (
    Photograph(SKIMAGE, "data/astronaut.png", 52, "public domain, NASA Great Images, https://flic.kr/p/r9qvLn"),
    Photograph(SKIMAGE, "data/brick.png", 20, "CC0, https://cc0textures.com/view.php?tex=Bricks25"),
    Photograph(SKIMAGE, "data/camera.png", 40, "CC0, Lav Varshney"),
    Photograph(SKIMAGE, "data/chelsea.png", 44, "CC0, Stefan van der Walt"),
    Photograph(
        SKLEARN,
        "datasets/images/china.jpg",
        30,
        "CC BY 2.0, danielbuechele, https://www.flickr.com/photos/danielbuechele/6061409035/",
    ),
    Photograph(SKIMAGE, "data/coffee.png", 36, "CC0, Rachel Michetti, courtesy of Pikolo Espresso Bar"),
    Photograph(
        SKLEARN,
        "datasets/images/flower.jpg",
        28,
        "CC BY 2.0, vultilion, https://www.flickr.com/photos/vultilion/6056698931/",
    ),
    Photograph(SKIMAGE, "data/hubble_deep_field.jpg", 22, "public domain, NASA, https://hubblesite.org/"),
    Photograph(
        SKIMAGE,
        "data/retina.jpg",
        26,
        "CC0, Mikael Häggström, https://commons.wikimedia.org/wiki/File:Fundus_photograph_of_normal_left_eye.jpg",
    ),
    Photograph(
        SKIMAGE, "data/rocket.jpg", 42, "public domain, SpaceX, https://www.flickr.com/photos/spacexphotos/16511594820/"
    ),
)


def bundled_images(folder: Path) -> Path:
    """Fill `folder` with 340 pictures of 10 photographs, `<photograph>/<number>.jpg`; returns it.

    Does nothing where they are there already. Raises EsctlError where the folder holds something else.
    """
    marker = folder / MARKER
    if marker.is_file() and marker.read_text("utf-8") == RECIPE:
        return folder
    if folder.exists() and not marker.is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise EsctlError(f"{folder}: holds something else", hint="the bundled images need a new or empty folder")
    # Made beside it and moved as a whole: an interrupted run leaves no half-filled folder that looks like a set.
    new = folder.with_name(f".{folder.name}.{os.getpid()}.new")
    try:
        new.mkdir(parents=True)
        for photograph in PHOTOGRAPHS:
            _crops(photograph, new / photograph.label)
        (new / "ATTRIBUTION.txt").write_text(_attribution(), "utf-8")
        (new / MARKER).write_text(RECIPE, "utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        new.rename(folder)
    except OSError as error:
        raise EsctlError(f"{error.filename or folder}: cannot be written: {error.strerror or error}") from None
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return folder


def source_path(photograph: Photograph) -> Path:
    """Where the photograph lies; finding a package's place does not import it."""
    spec = importlib.util.find_spec(photograph.package)
    path = Path(spec.origin).parent / photograph.file if spec and spec.origin else None
    if path is None or not path.is_file():
        package = {"skimage": "scikit-image", "sklearn": "scikit-learn"}[photograph.package]
        raise EsctlError(f"{package} does not ship {photograph.file} here", hint=f"pip install {package}")
    return path


def open_photograph(photograph: Photograph) -> Image.Image:
    from PIL import Image

    with Image.open(source_path(photograph)) as opened:
        return opened.convert("RGB")


def _crops(photograph: Photograph, folder: Path) -> None:
    rng = random.Random(f"{RECIPE}/{photograph.label}")
    folder.mkdir()
    image = open_photograph(photograph)
    for number in range(photograph.crops):
        crop(image, rng).save(folder / f"{number:03}.jpg", quality=90)


def crop(photograph: Image.Image, rng: random.Random) -> Image.Image:
    """A random resized crop, perhaps mirrored, a little darker or brighter."""
    from PIL import Image, ImageEnhance, ImageOps

    area = photograph.width * photograph.height * rng.uniform(*AREA)
    aspect = rng.uniform(3 / 4, 4 / 3)
    width = min(photograph.width, round((area * aspect) ** 0.5))
    height = min(photograph.height, round((area / aspect) ** 0.5))
    left, top = rng.randint(0, photograph.width - width), rng.randint(0, photograph.height - height)
    picture = photograph.resize((EDGE, EDGE), Image.Resampling.BILINEAR, box=(left, top, left + width, top + height))
    if rng.random() < 0.5:
        picture = ImageOps.mirror(picture)
    return ImageEnhance.Brightness(picture).enhance(rng.uniform(0.8, 1.2))


def _attribution() -> str:
    lines = ["Crops, some mirrored and with changed brightness, of these photographs:", ""]
    lines += [f"{p.label}: {p.licence}" for p in PHOTOGRAPHS]
    return "\n".join(lines) + "\n"
