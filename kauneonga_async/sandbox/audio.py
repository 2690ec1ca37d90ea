"""Audio: MP3 files that any player plays, made without an encoder: silence, under a title."""

from __future__ import annotations

__all__ = ["mp3"]

# One frame: MPEG 1, layer III, 32 kbit/s, 44.1 kHz, mono; an all-zero body decodes to silence (ISO/IEC 11172-3).
_FRAME_BYTES = 144 * 32_000 // 44_100
_FRAME = b"\xff\xfb\x10\xc0" + bytes(_FRAME_BYTES - 4)
_FRAMES_PER_SECOND = 44_100 / 1152


def mp3(title: str, seconds: float) -> bytes:
    """Return an MP3 file.

    Args:
        title: What a player shows (ID3v2.3).
        seconds: How long it plays.
    """
    text = b"\x03" + title.encode() + b"\0"
    frame = b"TIT2" + len(text).to_bytes(4, "big") + b"\0\0" + text
    size = len(frame)
    synchsafe = bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\0\0" + synchsafe + frame + _FRAME * round(seconds * _FRAMES_PER_SECOND)
