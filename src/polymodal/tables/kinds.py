"""Which kind of media a file is: by its extension, or by its first bytes."""

from __future__ import annotations

from pathlib import PurePosixPath

EXTENSIONS = {
    "image": ("png jpg jpeg jpe jfif gif bmp tif tiff webp ppm pgm pbm pnm tga ico jp2 avif heic"),
    "audio": ("wav flac ogg oga opus mp3 m4a aac aif aiff aifc au wma amr caf w64 sph"),
    "video": ("mp4 m4v mkv webm mov avi mpg mpeg mpe wmv flv 3gp ogv ts mts"),
    "text": ("txt text"),
}
_KIND_OF = {ending: kind for kind, endings in EXTENSIONS.items() for ending in endings.split()}

MEDIA = ("image", "audio", "video")
NUM_MAGIC_BYTES = 64

_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"BM", "image"),
    (b"II*\x00", "image"),
    (b"MM\x00*", "image"),
    (b"P4", "image"),
    (b"P5", "image"),
    (b"P6", "image"),
    (b"\x00\x00\x00\x0cjP", "image"),
    (b"fLaC", "audio"),
    (b"OggS", "audio"),
    (b"ID3", "audio"),
    (b".snd", "audio"),
    (b"#!AMR", "audio"),
    (b"caff", "audio"),
    (b"riff", "audio"),
    (b"\x1aE\xdf\xa3", "video"),
    (b"\x00\x00\x01\xba", "video"),
    (b"\x00\x00\x01\xb3", "video"),
    (b"FLV\x01", "video"),
)
_RIFF = {b"WAVE": "audio", b"WEBP": "image", b"AVI ": "video"}
_BRANDS = {
    b"avif": "image",
    b"avis": "image",
    b"heic": "image",
    b"heix": "image",
    b"mif1": "image",
    b"M4A ": "audio",
    b"M4B ": "audio",
}


def kind_of_name(name: str) -> str | None:
    """Returns "image", "audio", "video" or "text" by the ending of a file's name, else None.

    Example:

    >>> kind_of_name("clips/0412.WAV"), kind_of_name("version 2.0 is out")
    ('audio', None)
    """
    if "\n" in name or len(name) > 4096:
        return None
    return _KIND_OF.get(PurePosixPath(name.strip()).suffix[1:].lower())


def kind_of_bytes(start: bytes) -> str | None:
    """Returns "image", "audio" or "video" by the first bytes of a file, else None."""
    if start[:4] in (b"RIFF", b"RF64"):
        return _RIFF.get(start[8:12])
    if start[:4] == b"FORM" and start[8:12] in (b"AIFF", b"AIFC"):
        return "audio"
    if start[4:8] == b"ftyp":
        return _BRANDS.get(start[8:12], "video")
    if start[:4] == b"OggS" and b"theora" in start[:NUM_MAGIC_BYTES]:
        return "video"
    if start[:1] == b"\xff" and b"\xe0" <= start[1:2] < b"\xfe":  # a frame of MP3 or AAC
        return "audio"
    return next((kind for magic, kind in _STARTS if start.startswith(magic)), None)


def kind_of_uri(uri: str) -> str | None:
    """Returns the kind of a `data:image/png;base64,...` text, else None."""
    kind = None
    if uri.startswith("data:"):
        kind = uri[5:].split("/", 1)[0]
    if kind in MEDIA:
        return kind
    return None
