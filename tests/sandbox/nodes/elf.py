"""The smallest ELF files that ask a loader for something."""

import struct

_HEADER_SIZE, _SEGMENT_SIZE = 64, 56
_BASE = 0x400000  # addresses differ from offsets, as in real files


def elf(*needed: str, interpreter: str = "", runpath: str = "") -> bytes:
    """Return a 64-bit little-endian file; without arguments a static one."""
    if not (needed or interpreter or runpath):
        return _header(0)
    strings = b"\0"
    entries = b""
    for tag, text in [*((1, name) for name in needed), *([(29, runpath)] if runpath else [])]:
        entries += struct.pack("<qQ", tag, len(strings))
        strings += text.encode() + b"\0"
    start = _HEADER_SIZE + 3 * _SEGMENT_SIZE
    loader = interpreter.encode() + b"\0"
    names = start + len(loader)
    dynamic = names + len(strings)
    entries += struct.pack("<qQqQ", 5, _BASE + names, 0, 0)
    end = dynamic + len(entries)
    segments = _segment(1, 0, end) + _segment(2, dynamic, len(entries))
    segments += _segment(3 if interpreter else 0, start, len(loader))
    return _header(3) + segments + loader + strings + entries


def _header(segments: int) -> bytes:
    ident = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    return struct.pack(
        "<16sHHIQQQIHHHHHH", ident, 3, 62, 1, 0, _HEADER_SIZE, 0, 0, _HEADER_SIZE, _SEGMENT_SIZE, segments, 0, 0, 0
    )


def _segment(kind: int, offset: int, size: int) -> bytes:
    return struct.pack("<IIQQQQQQ", kind, 4, offset, _BASE + offset, _BASE + offset, size, size, 8)
