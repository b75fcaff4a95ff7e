"""Where each frame of an instance lies, so that serving a frame is one range read.

Native pixels: PS3.5 section 8.1; encapsulated: Annex A.4 with the Basic or the Extended Offset Table (PS3.3 C.7.6.3.1.8).
"""

import struct
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO

from services.ingest.dicom.errors import Unreadable
from services.ingest.dicom.structure import Element, fragments
from services.ingest.dicom.syntax import TransferSyntax

# How a compressed picture begins: JPEG and JPEG-LS (SOI), JPEG 2000 codestream (SOC, SIZ) and file, JPEG XL codestream and file.
_BEGINNINGS = (
    b"\xff\xd8\xff",
    b"\xff\x4f\xff\x51",
    b"\x00\x00\x00\x0cjP  ",
    b"\xff\x0a",
    b"\x00\x00\x00\x0cJXL ",
)
_END_OF_IMAGE = b"\xff\xd9"
_PACKED = struct.Struct("<QI")


@dataclass(frozen=True, slots=True)
class Geometry:
    """The attributes that say how long a native frame is (PS3.3 C.7.6.3)."""

    rows: int
    columns: int
    samples_per_pixel: int
    bits_allocated: int
    photometric_interpretation: str
    number_of_frames: int

    @property
    def frame_bits(self) -> int:
        return self.rows * self.columns * self.samples_per_pixel * self.bits_allocated

    def frame_bits_within(self, length: int) -> int:
        """Bits of one native frame, given the pixel data's length: 4:2:2 keeps two of three samples, if it is really so."""
        if self.photometric_interpretation == "YBR_FULL_422" and length * 8 < self.frame_bits * self.number_of_frames:
            return self.frame_bits * 2 // 3
        return self.frame_bits


class FrameIndex:
    """Spans (offset, length) in bytes, one per frame. An encapsulated span holds the fragments with their item headers."""

    size_bytes = _PACKED.size

    @staticmethod
    def pack(spans: list[tuple[int, int]]) -> bytes:
        return b"".join(_PACKED.pack(*span) for span in spans)

    @staticmethod
    def unpack(packed: bytes) -> list[tuple[int, int]]:
        return list(_PACKED.iter_unpack(packed))


def locate(
    file: BinaryIO,
    size: int,
    syntax: TransferSyntax,
    pixels: Element,
    geometry: Geometry,
    extended: tuple[bytes, bytes] | None = None,
) -> list[tuple[int, int]]:
    """Each frame's span. `extended` is the Extended Offset Table and its lengths. Raises Unreadable when frames cannot be told apart."""
    if not syntax.encapsulated:
        return _native(pixels, geometry)
    items = fragments(file, pixels, size)
    if not items:
        raise Unreadable("the pixel data has no Basic Offset Table item")
    table, pieces = items[0], items[1:]
    if not pieces:
        raise Unreadable("the pixel data holds no fragment")
    if geometry.number_of_frames <= 1 or syntax.video:
        return [_span(pieces)]
    if len(pieces) == geometry.number_of_frames:
        return [_span([piece]) for piece in pieces]
    for starts in (_extended_starts(extended, pieces), _basic_starts(file, table, pieces)):
        found = _grouped(pieces, starts)
        if len(found) == geometry.number_of_frames:
            return found
    for starts in (_starts_by_beginning(file, pieces), _starts_by_end(file, pieces)):
        found = _grouped(pieces, starts)
        if len(found) == geometry.number_of_frames:
            return found
    raise Unreadable(
        f"{len(pieces)} fragments cannot be told apart into {geometry.number_of_frames} frames: no usable offset table"
    )


def join_fragments(span: bytes) -> bytes:
    """A frame's bitstream: the fragments of an encapsulated span without their item headers."""
    pieces = []
    offset = 0
    while offset + 8 <= len(span):
        (length,) = struct.unpack_from("<I", span, offset + 4)
        pieces.append(span[offset + 8 : offset + 8 + length])
        offset += 8 + length
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _native(pixels: Element, geometry: Geometry) -> list[tuple[int, int]]:
    bits = geometry.frame_bits_within(pixels.length)
    if not bits or pixels.length * 8 < bits * geometry.number_of_frames:
        raise Unreadable(
            f"the pixel data has {pixels.length} bytes, but {geometry.number_of_frames} frames of {geometry.rows} x "
            f"{geometry.columns} need {(bits * geometry.number_of_frames + 7) // 8}"
        )
    spans = []
    for frame in range(geometry.number_of_frames):
        first, last = frame * bits // 8, ((frame + 1) * bits + 7) // 8
        spans.append((pixels.value_offset + first, last - first))
    return spans


def _span(pieces: list[tuple[int, int]]) -> tuple[int, int]:
    start = pieces[0][0]
    offset, length = pieces[-1]
    return start, offset + 8 + length - start


def _grouped(pieces: list[tuple[int, int]], starts: set[int]) -> list[tuple[int, int]]:
    groups: list[list[tuple[int, int]]] = []
    for piece in pieces:
        if piece[0] in starts or not groups:
            groups.append([])
        groups[-1].append(piece)
    return [_span(group) for group in groups]


def _extended_starts(extended: tuple[bytes, bytes] | None, pieces: list[tuple[int, int]]) -> set[int]:
    if extended is None or len(extended[0]) % 8:
        return set()
    return {pieces[0][0] + offset for (offset,) in struct.iter_unpack("<Q", extended[0])}


def _basic_starts(file: BinaryIO, table: tuple[int, int], pieces: list[tuple[int, int]]) -> set[int]:
    offset, length = table
    if not length or length % 4:
        return set()
    file.seek(offset + 8)
    return {pieces[0][0] + start for (start,) in struct.iter_unpack("<I", file.read(length))}


def _starts_by_beginning(file: BinaryIO, pieces: list[tuple[int, int]]) -> set[int]:
    starts = set()
    for offset, _ in pieces:
        file.seek(offset + 8)
        if file.read(8).startswith(_BEGINNINGS):
            starts.add(offset)
    return starts


def _starts_by_end(file: BinaryIO, pieces: list[tuple[int, int]]) -> set[int]:
    starts = {pieces[0][0]}
    for (offset, length), (following, _) in pairwise(pieces):
        file.seek(offset + 8 + max(0, length - 8))
        if _END_OF_IMAGE in file.read(min(8, length)):
            starts.add(following)
    return starts
