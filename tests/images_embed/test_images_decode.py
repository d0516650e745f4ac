"""Decoding: every format and odd form of image becomes the same upright RGB, and what is broken says why."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from esctl.images.decode import BrokenImage, decode

RED, BLUE = (220, 30, 20), (10, 40, 200)


def halves(width: int = 120, height: int = 80) -> Image.Image:
    """Left half red, right half blue."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    return image


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    """A PNG by the letter of its specification; `rows` are raw scanlines without filter bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    stride = len(rows) // height
    filtered = b"".join(b"\0" + rows[i * stride : (i + 1) * stride] for i in range(height))
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(filtered)) + chunk(b"IEND", b"")


FORMS = {
    "jpeg": saved(halves(), "JPEG", quality=95),
    "progressive jpeg": saved(halves(), "JPEG", quality=95, progressive=True),
    "png": saved(halves(), "PNG"),
    "palette png": saved(halves().quantize(4), "PNG"),
    "png with alpha": saved(halves().convert("RGBA"), "PNG"),
    "webp": saved(halves(), "WEBP", lossless=True),
    "gif": saved(halves(), "GIF"),
    "animated gif": saved(
        halves(), "GIF", save_all=True, append_images=[Image.new("RGB", (120, 80), "white")], duration=50
    ),
    "animated webp": saved(
        halves(), "WEBP", lossless=True, save_all=True, append_images=[Image.new("RGB", (120, 80), "white")]
    ),
    "bmp": saved(halves(), "BMP"),
    "tiff": saved(halves(), "TIFF", compression="tiff_lzw"),
    "16 bits a channel": png(
        40, 1, 16, 2, b"".join(20 * struct.pack(">3H", *(value * 257 for value in colour)) for colour in (RED, BLUE))
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_picture(form: str) -> None:
    image = decode(FORMS[form])
    assert image.pixels.shape == (224, 224, 3) and image.pixels.dtype == np.uint8
    assert np.abs(image.pixels[:, :90].astype(int) - RED).max() <= 6
    assert np.abs(image.pixels[:, 134:].astype(int) - BLUE).max() <= 6


def test_cmyk_jpeg_keeps_its_colours() -> None:
    image = decode(saved(halves().convert("CMYK"), "JPEG", quality=95))
    assert np.abs(image.pixels[:, :90].astype(int) - RED).max() <= 12
    assert np.abs(image.pixels[:, 134:].astype(int) - BLUE).max() <= 12


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.new("L", (9, 9), 130), 130),
        (Image.new("1", (9, 9), 1), 255),
        (Image.new("LA", (9, 9), (100, 255)), 100),
        (Image.fromarray(np.full((9, 9), 130 * 257, np.uint16)), 130),
        (Image.fromarray(np.full((9, 9), 0.5, np.float32)), 128),
    ],
    ids=["grey", "1 bit", "grey with alpha", "16 bits", "float"],
)
def test_grey_becomes_rgb(image: Image.Image, expected: int) -> None:
    kind = "TIFF" if image.mode == "F" else "PNG"
    assert np.unique(decode(saved(image, kind)).pixels).tolist() == [expected]


def test_float_beyond_one_is_stretched_and_nan_is_black() -> None:
    ramp = np.repeat([[-5.0, 0.0, 5.0, np.nan]], 4, axis=0).astype(np.float32).repeat(56, 1).repeat(56, 0)
    row = decode(saved(Image.fromarray(ramp), "TIFF")).pixels[100, :, 0]
    assert [int(row[at]) for at in (20, 80, 130, 200)] == [0, 128, 255, 128]


def test_transparency_is_flattened_on_white() -> None:
    clear = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    half = Image.new("RGBA", (8, 8), (0, 0, 0, 128))
    palette = Image.new("P", (8, 8), 3)
    palette.putpalette([10, 10, 10] * 4)
    assert decode(saved(clear, "PNG")).pixels.min() == 255
    assert decode(saved(clear, "WEBP", lossless=True)).pixels.min() == 255
    assert np.unique(decode(saved(half, "PNG")).pixels).tolist() == [127]
    assert decode(saved(palette, "PNG", transparency=3)).pixels.min() == 255
    assert decode(saved(palette, "GIF", transparency=3)).pixels.min() == 255


# Orientation → what a camera held that way stored (EXIF 2.3, tag 0x0112).
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("orientation", STORED)
def test_exif_orientation_is_applied(orientation: int) -> None:
    upright = halves()
    upright.paste((255, 255, 255), (0, 0, 60, 20))  # no symmetry is left
    how = STORED[orientation]
    stored = upright if how is None else upright.transpose(how)
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = decode(saved(stored, "PNG", exif=exif))
    assert (image.width, image.height) == (120, 80)
    assert np.array_equal(image.pixels, decode(saved(upright, "PNG")).pixels)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "TIFF"])
def test_exif_orientation_in_other_formats(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = decode(saved(halves().transpose(Image.Transpose.ROTATE_90), kind, exif=exif))
    assert (image.width, image.height) == (120, 80)
    assert np.abs(image.pixels[:, :90].astype(int) - RED).max() <= 12


def test_resizing_averages() -> None:
    stripes = np.zeros((1120, 1120, 3), np.uint8)
    stripes[:, ::2] = 255  # nearest-neighbour would give stripes or one colour
    middle = decode(saved(Image.fromarray(stripes), "PNG")).pixels[10:-10, 10:-10]
    assert middle.min() >= 120 and middle.max() <= 135


def test_thumbnail_is_the_middle_square() -> None:
    wide = Image.new("RGB", (300, 100), (0, 0, 0))
    wide.paste(RED, (100, 0, 200, 100))
    image = decode(saved(wide, "PNG"))
    pixels = np.frombuffer(base64.b64decode(image.thumbnail), np.uint8).reshape(24, 24, 3)
    assert np.abs(pixels.astype(int) - RED).max() == 0
    assert (image.width, image.height) == (300, 100)


NOISE = Image.fromarray(np.random.default_rng(1).integers(0, 255, (200, 200, 3), np.uint8))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_a_truncated_image_is_broken(kind: str) -> None:
    whole = saved(NOISE, kind)
    decode(whole)
    with pytest.raises(BrokenImage):
        decode(whole[: len(whole) * 2 // 3])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"hello, I am text", "not a JPEG, PNG, WebP, GIF, BMP or TIFF image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "not a JPEG, PNG, WebP, GIF, BMP or TIFF image"),
        (png(40_000, 40_000, 1, 0, bytes(5000) * 40_000)[:4000], "more than 178 million pixels"),
    ],
    ids=["empty", "text", "eps", "bomb"],
)
def test_what_is_no_image_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(BrokenImage) as raised:
        decode(data)
    assert str(raised.value) == reason
