"""Pictures of strangers: what is taken, what is refused, and that nothing but the picture is kept."""

import io
import struct
import zlib

import pytest
from PIL import Image

from chargecloud.infra import photos
from chargecloud.kernel.errors import Invalid, TooMany

GPS, ORIENTATION, MAKE = 0x8825, 0x0112, 0x010F


def picture(kind: str = "JPEG", size: tuple[int, int] = (40, 20), mode: str = "RGB", **more: object) -> bytes:
    """A red one."""
    file = io.BytesIO()
    Image.new("RGBA", size, (200, 0, 0, 255)).convert(mode).save(file, kind, **more)
    return file.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def bomb(width_px: int, height_px: int) -> bytes:
    """A PNG of a few bytes that says it is huge."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width_px, height_px, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "RGB"), ("JPEG", "CMYK"), ("PNG", "RGBA"), ("PNG", "P"),
                                            ("PNG", "1"), ("PNG", "LA"), ("WEBP", "RGB")])  # fmt: skip
def test_what_phones_make_becomes_a_jpeg(kind: str, mode: str) -> None:
    kept = photos.reduce(picture(kind, mode=mode))
    with Image.open(io.BytesIO(kept.jpeg)) as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (kept.width_px, kept.height_px))
    assert (kept.width_px, kept.height_px) == (40, 20)


def test_place_camera_comment_and_what_hangs_on_behind_are_gone_and_it_stands_upright() -> None:
    exif = Image.Exif()
    exif[MAKE], exif[ORIENTATION] = "SECRETMAKE", 6
    exif.get_ifd(GPS).update({1: "N", 2: (31.0, 14.0, 9.0), 29: "SECRETDAY"})
    came = picture(exif=exif.tobytes(), comment=b"SECRETWORD", icc_profile=b"SECRETICC") + b"SECRETTAIL<script>"
    with Image.open(io.BytesIO(came)) as before:
        assert before.getexif().get_ifd(GPS)[2] == (31.0, 14.0, 9.0) and before.info["comment"] == b"SECRETWORD"
    assert came.count(b"SECRET") == 5
    kept = photos.reduce(came)
    assert (kept.width_px, kept.height_px) == (20, 40)
    assert b"SECRET" not in kept.jpeg and b"Exif" not in kept.jpeg
    with Image.open(io.BytesIO(kept.jpeg)) as image:
        assert not image.getexif() and set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_what_was_transparent_is_white() -> None:
    file = io.BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(file, "PNG")
    with Image.open(io.BytesIO(photos.reduce(file.getvalue()).jpeg)) as image:
        assert image.getpixel((4, 4)) == (255, 255, 255)


def test_a_large_one_becomes_small() -> None:
    kept = photos.reduce(picture(size=(4000, 1000)))
    assert (kept.width_px, kept.height_px) == (photos.KEPT_SIDE_PX, 400)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<html><script>alert(1)</script></html>", "photo_unreadable"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "photo_unreadable"),
        (b"", "photo_unreadable"),
        (picture("GIF"), "photo_unreadable"),
        (picture("TIFF"), "photo_unreadable"),
        (picture(size=(400, 400))[:-200], "photo_unreadable"),
        (picture("PNG", size=(400, 400))[:-60], "photo_unreadable"),
        (picture("WEBP", size=(400, 400))[:-60], "photo_unreadable"),
        (bomb(100, 100), "photo_unreadable"),
        (bomb(6_000, 6_000), "photo_pixels"),
        pytest.param(
            bomb(10_000, 10_000),
            "photo_pixels",
            marks=pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning"),
        ),
        (bomb(60_000, 60_000), "photo_pixels"),
        (bomb(12_001, 1), "photo_pixels"),
        (b"\xff" * (photos.MAX_BYTES + 1), "photo_too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_photo_is_refused_by_name(content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        photos.reduce(content)
    assert refused.value.code == code


async def test_few_wait_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await photos.reduced(picture())).width_px == 40
    monkeypatch.setattr(photos._places, "_value", 0)
    with pytest.raises(TooMany) as refused:
        await photos.reduced(picture())
    assert refused.value.code == "photo_busy"
