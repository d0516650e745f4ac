"""Decodes the bytes of an image file into what the models and the gallery take."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

RESIZE = "pil-bilinear-antialias"
"""How images come to the model's size: Pillow's BILINEAR, which averages where it shrinks; the aspect is not kept."""
THUMBNAIL = 24
"""Edge of a thumbnail in pixels."""
# Only these decoders may run, whatever the suffix promises: others (EPS) start programs.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")


class BrokenImage(Exception):
    """The bytes are no image that can be decoded to its end; the text says why."""


@dataclass(frozen=True, eq=False)
class DecodedImage:
    """`pixels` is uint8 RGB of shape (size, size, 3); `width` and `height` are the upright image's, in pixels.

    `thumbnail` is base64 of 24 × 24 RGB bytes, row by row, of the middle square.
    """

    pixels: np.ndarray
    width: int
    height: int
    thumbnail: str


def decode(data: bytes, size: int = 224) -> DecodedImage:
    """Decode to the last byte, upright, on white, as RGB. Raises BrokenImage."""
    import numpy as np
    from PIL import Image, ImageOps, UnidentifiedImageError

    if not data:
        raise BrokenImage("the file is empty")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            opened.load()
            image = _rgb(ImageOps.exif_transpose(opened))
    except UnidentifiedImageError:
        raise BrokenImage("not a JPEG, PNG, WebP, GIF, BMP or TIFF image") from None
    except Image.DecompressionBombError:
        raise BrokenImage("more than 178 million pixels") from None
    except Exception as error:
        # Decoders raise whatever their format makes them (OSError, SyntaxError, struct.error, …): all mean the same.
        raise BrokenImage(f"cannot be decoded: {str(error) or type(error).__name__}".splitlines()[0]) from None
    pixels = np.asarray(image.resize((size, size), Image.Resampling.BILINEAR))
    return DecodedImage(pixels, image.width, image.height, _thumbnail(image))


def _rgb(image: Image.Image) -> Image.Image:
    from PIL import Image

    if image.mode.startswith("I") or image.mode == "F":
        return _eight_bits(image).convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 or 32 bits as 8 bits, which Pillow itself would clip at 255.

    16 bits are divided by 257; floats within 0…1 are shares of white; anything else is stretched between its extremes.
    """
    import numpy as np
    from PIL import Image

    grey = np.nan_to_num(np.asarray(image).astype(np.float64), posinf=0.0, neginf=0.0)
    low, high = float(grey.min()), float(grey.max())
    if image.mode != "F" and low >= 0 and high <= 65535:
        grey = grey / 257
    elif image.mode == "F" and low >= 0 and high <= 1:
        grey = grey * 255
    else:
        grey = (grey - low) * (255 / (high - low)) if high > low else np.zeros_like(grey)
    return Image.fromarray(np.rint(grey).astype(np.uint8), "L")


def _thumbnail(image: Image.Image) -> str:
    from PIL import Image

    edge = min(image.size)
    left, top = (image.width - edge) // 2, (image.height - edge) // 2
    # Cropped first: `resize(box=…)` would let the pixels around the square shine in.
    middle = image.crop((left, top, left + edge, top + edge))
    small = middle.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BILINEAR)
    return base64.b64encode(small.tobytes()).decode("ascii")
