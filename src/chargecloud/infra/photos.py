"""Photos of strangers made small and harmless: read by content, bounded, and written anew as JPEG.

Nothing of the file that came survives but its picture: no place, no camera, no comment, no bytes behind the end.
"""

import asyncio
import io
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from PIL import Image, ImageOps

from chargecloud.kernel.errors import Invalid, TooMany

MAX_BYTES = 2 * 1024 * 1024
MAX_PIXELS = 24_000_000
"""A PNG of that size takes 96 MB decoded, and as much again while it is made smaller if parts of it are transparent."""
MAX_SIDE_PX = 12_000
KEPT_SIDE_PX = 1_600
QUALITY = 80
THREADS = 2
MAX_WAITING = 16
"""Each holds at most `MAX_BYTES` while it waits."""
MEDIA_TYPE = "image/jpeg"

_FORMATS = ("JPEG", "PNG", "WEBP")
_BROKEN = (
    OSError, ValueError, SyntaxError, EOFError, LookupError, TypeError, ArithmeticError, RuntimeError, struct.error,
    zlib.error,
)  # fmt: skip
"""What decoders raise over bytes that are no picture."""
_pool = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="photos")
_places = asyncio.BoundedSemaphore(THREADS + MAX_WAITING)


class Photo(NamedTuple):
    """A picture as it is kept."""

    jpeg: bytes
    width_px: int
    height_px: int


async def reduced(content: bytes) -> Photo:
    """`reduce` off the event loop, two at a time; TooMany when too many wait."""
    if _places.locked():
        raise TooMany("照片处理繁忙，请稍后再试", "photo_busy", retry_after_s=2)
    async with _places:
        return await asyncio.get_running_loop().run_in_executor(_pool, reduce, content)


def reduce(content: bytes) -> Photo:
    """A JPEG, PNG or WebP of at most 2 MiB as a JPEG of at most 1,600 px, turned upright, without metadata.

    Invalid: `photo_too_large`, `photo_pixels`, `photo_unreadable`.
    """
    if len(content) > MAX_BYTES:
        raise Invalid("照片不能超过 2 MiB", "photo_too_large", field="content", most=MAX_BYTES)
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            _check_size(*image.size)
            image.draft(None, (KEPT_SIDE_PX, KEPT_SIDE_PX))
            return _written(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except _BROKEN as error:
        raise Invalid(
            "不是完整的 JPEG、PNG 或 WebP 图片", "photo_unreadable", field="content", formats=_FORMATS
        ) from error


def _check_size(width_px: int, height_px: int) -> None:
    if width_px * height_px > MAX_PIXELS or max(width_px, height_px) > MAX_SIDE_PX:
        raise _too_many_pixels()


def _too_many_pixels() -> Invalid:
    return Invalid(
        "照片像素过多，请缩小后再试", "photo_pixels", field="content", most=MAX_PIXELS, most_side_px=MAX_SIDE_PX
    )


def _written(image: Image.Image) -> Photo:
    image.load()
    image.thumbnail((KEPT_SIDE_PX, KEPT_SIDE_PX))
    upright = ImageOps.exif_transpose(image)
    plain = Image.new("RGB", upright.size, "white")  # a new one has no metadata that an encoder might write
    if upright.has_transparency_data:
        seen = upright.convert("RGBA")
        plain.paste(seen, mask=seen.getchannel("A"))
    else:
        plain.paste(upright.convert("RGB"))
    file = io.BytesIO()
    plain.save(file, "JPEG", quality=QUALITY, optimize=True)
    return Photo(file.getvalue(), *plain.size)
