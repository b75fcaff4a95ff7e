"""The structure of a Part 10 file: File Meta and the outermost elements, found by seeking and without reading any value.

PS3.10 section 7 (file), PS3.5 section 7 (elements, sequences, items) and Annex A.4 (encapsulated pixels).
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from pydicom.datadict import dictionary_VR

from services.ingest.dicom.errors import Identity, NotDicom, Truncated, Unreadable, UnsupportedSyntax
from services.ingest.dicom.syntax import BY_UID, TransferSyntax

UNDEFINED = 0xFFFFFFFF
PIXEL_DATA = 0x7FE00010
FLOAT_PIXEL_DATA = 0x7FE00008
DOUBLE_PIXEL_DATA = 0x7FE00009
PIXELS = (PIXEL_DATA, FLOAT_PIXEL_DATA, DOUBLE_PIXEL_DATA)

_SOP_CLASS, _SOP_INSTANCE, _STUDY = 0x00080016, 0x00080018, 0x0020000D
_ITEM = 0xFFFEE000
_ITEM_END = 0xFFFEE00D
_SEQUENCE_END = 0xFFFEE0DD
# VRs whose length field is four bytes, PS3.5 table 7.1-1.
_LONG = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
_PADDING = 0xFFFCFFFC
# VRs whose values are bytes, not text: padding may not be told from a value.
_BINARY = frozenset(
    ("OB", "OD", "OF", "OL", "OV", "OW", "UN", "AT", "FD", "FL", "SL", "SS", "SV", "UL", "US", "UV", "")
)
_CHUNK_BYTES = 1 << 20
_MAX_DEPTH = 32
_MAX_META_BYTES = 1 << 20
_MAX_PADDING_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Element:
    """Where one element's value lies in the file. `length` is in bytes; `end` is where the next element begins."""

    tag: int
    vr: str
    value_offset: int
    length: int
    end: int

    def __str__(self) -> str:
        return f"({self.tag >> 16:04X},{self.tag & 0xFFFF:04X})"


@dataclass(frozen=True, slots=True)
class FileMeta:
    """What File Meta says, and where the dataset begins."""

    sop_class_uid: str
    sop_instance_uid: str
    syntax: TransferSyntax
    dataset_offset: int


def read_meta(file: BinaryIO, size: int) -> FileMeta:
    """File Meta of a Part 10 file. Raises NotDicom, Truncated, Unreadable or UnsupportedSyntax."""
    values, offset = _meta(file, size)
    uid = values.get(0x00020010, "")
    if not uid:
        raise Unreadable("File Meta names no transfer syntax (0002,0010)")
    syntax = BY_UID.get(uid)
    if syntax is None:
        raise UnsupportedSyntax(f"the transfer syntax {uid[:64]} is not supported")
    return FileMeta(values.get(0x00020002, ""), values.get(0x00020003, ""), syntax, offset)


def _meta(file: BinaryIO, size: int) -> tuple[dict[int, str], int]:
    """The values of File Meta by tag, and where the dataset begins."""
    file.seek(0)
    head = file.read(132)
    if len(head) < 132 or head[128:] != b"DICM":
        raise NotDicom("this is not a DICOM file: the letters DICM are missing at byte 128")
    values: dict[int, str] = {}
    reader = _Reader(file, size, explicit=True, little_endian=True)
    offset = 132
    while offset < size:
        file.seek(offset)
        if file.read(2) != b"\x02\0":  # the dataset begins, encoded as the transfer syntax says
            break
        tag, _, value_offset, length = reader.header(offset)
        if length > _MAX_META_BYTES:
            raise Unreadable(f"File Meta at byte {offset} has an impossible length")
        reader.need(value_offset, length, tag)
        file.seek(value_offset)
        values[tag] = file.read(length).rstrip(b"\0 ").decode("ascii", "replace")
        offset = value_offset + length
    return values, offset


def is_uid(text: str) -> bool:
    """Whether the text has a UID's form (PS3.5 section 9.1)."""
    return 0 < len(text) <= 64 and text.replace(".", "").isdigit() and text.isascii()


def identify(file: BinaryIO, size: int) -> Identity:
    """Which instance a file is that cannot be read to its end: as its dataset says, else its File Meta."""
    found: dict[int, str] = {}
    try:
        meta, offset = _meta(file, size)
        found = {_SOP_CLASS: meta.get(0x00020002, ""), _SOP_INSTANCE: meta.get(0x00020003, "")}
        syntax = BY_UID.get(meta.get(0x00020010, ""))
        for element in walk(file, offset, size, syntax) if syntax and not syntax.deflated else ():
            if element.tag in (_SOP_CLASS, _SOP_INSTANCE, _STUDY):
                file.seek(element.value_offset)
                found[element.tag] = file.read(min(element.length, 65)).rstrip(b"\0 ").decode("ascii", "replace")
    except Unreadable:
        pass  # what came before it counts
    return Identity(*(uid if is_uid(uid := found.get(tag, "")) else "" for tag in (_SOP_CLASS, _SOP_INSTANCE, _STUDY)))


def walk(file: BinaryIO, start: int, size: int, syntax: TransferSyntax) -> Iterator[Element]:
    """The outermost elements from `start` to the file's end at `size`. Raises Truncated or Unreadable."""
    reader = _Reader(file, size, syntax.explicit, syntax.little_endian)
    offset = start
    while offset < size:
        if reader.is_padding(offset):
            return
        element = reader.element(offset, 0)
        yield element
        offset = element.end


def fragments(file: BinaryIO, pixels: Element, size: int) -> list[tuple[int, int]]:
    """Offset (of the item's own tag) and value length of each item of encapsulated pixels; the first is the offset table."""
    found: list[tuple[int, int]] = []
    offset = pixels.value_offset
    while True:
        if offset + 8 > size:
            raise Truncated(f"the file ends at byte {size}, inside the pixel data's fragments")
        file.seek(offset)
        group, number, length = struct.unpack("<HHI", file.read(8))
        tag = group << 16 | number
        if tag == _SEQUENCE_END:
            return found
        if tag != _ITEM:
            raise Unreadable(f"the pixel data's fragments break off at byte {offset}")
        if offset + 8 + length > size:
            raise Truncated(f"the file ends at byte {size}, inside the pixel data's fragment at byte {offset}")
        found.append((offset, length))
        offset += 8 + length


def digest(file: BinaryIO, elements: Iterable[Element], size: int, syntax: TransferSyntax) -> str:
    """SHA-256 of what the dataset says, in hex: the same for writers that differ in padding, group lengths or lengths of sequences.

    Senders rewrite those on the way (dcmtk does): PS3.5 7.1.1, 7.2, 7.5. Everything else counts, byte by byte.
    """
    reader = _Reader(file, size, syntax.explicit, syntax.little_endian)
    found = hashlib.sha256()
    for element in elements:
        reader.feed(found, element, 0)
    return found.hexdigest()


def _vr_of(tag: int) -> str:
    """The VR that the dictionary gives an element of Implicit VR; empty for a private one."""
    try:
        return dictionary_VR(tag).split(" ")[0]
    except KeyError:
        return ""


class _Reader:
    """Reads headers at offsets."""

    def __init__(self, file: BinaryIO, size: int, explicit: bool, little_endian: bool) -> None:
        self._file, self._size, self._explicit = file, size, explicit
        order = "<" if little_endian else ">"
        self._tag = struct.Struct(order + "HH").unpack
        self._short = struct.Struct(order + "H").unpack
        self._word = struct.Struct(order + "I").unpack
        self._little_endian = little_endian

    def need(self, offset: int, length: int, tag: int) -> None:
        if offset + length > self._size:
            name = f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
            raise Truncated(
                f"the file ends at byte {self._size}, inside {name}, which needs bytes up to {offset + length}"
            )

    def is_padding(self, offset: int) -> bool:
        """Whether only zeros follow, as some writers pad their files."""
        if self._size - offset > _MAX_PADDING_BYTES:
            return False
        self._file.seek(offset)
        return not any(self._file.read())

    def header(self, offset: int) -> tuple[int, str, int, int]:
        """Tag, VR (empty when implicit), the value's offset and length."""
        if offset + 8 > self._size:
            raise Truncated(f"the file ends at byte {self._size}, inside an element's header")
        self._file.seek(offset)
        raw = self._file.read(12)
        group, number = self._tag(raw[:4])
        tag = group << 16 | number
        if group == 0xFFFE or not self._explicit:
            return tag, "", offset + 8, self._word(raw[4:8])[0]
        vr = raw[4:6]
        if not (vr.isalpha() and vr.isupper()):
            raise Unreadable(f"the element at byte {offset} has no value representation; it is not Explicit VR")
        if vr not in _LONG:
            return tag, vr.decode(), offset + 8, self._short(raw[6:8])[0]
        if len(raw) < 12:
            raise Truncated(f"the file ends at byte {self._size}, inside an element's header")
        return tag, vr.decode(), offset + 12, self._word(raw[8:12])[0]

    def element(self, offset: int, depth: int) -> Element:
        tag, vr, value_offset, length = self.header(offset)
        if length != UNDEFINED:
            self.need(value_offset, length, tag)
            return Element(tag, vr, value_offset, length, value_offset + length)
        if tag in PIXELS:
            items = fragments(self._file, Element(tag, vr, value_offset, 0, 0), self._size)
            end = (items[-1][0] + 8 + items[-1][1] if items else value_offset) + 8
        elif vr == "UN" and self._explicit:
            # PS3.5 6.2.2 note 2: UN of undefined length holds a sequence in Implicit VR Little Endian.
            implicit = _Reader(self._file, self._size, explicit=False, little_endian=True)
            end = implicit.end_of_sequence(value_offset, depth + 1)
        elif vr in ("SQ", ""):
            end = self.end_of_sequence(value_offset, depth + 1)
        else:
            raise Unreadable(f"the element at byte {offset} has VR {vr} but no length")
        return Element(tag, vr or "SQ", value_offset, end - value_offset, end)

    def feed(self, found: "hashlib._Hash", element: Element, depth: int) -> None:
        """Add the element to a digest."""
        if element.tag & 0xFFFF == 0 or element.tag == _PADDING:
            return
        vr = element.vr or _vr_of(element.tag)
        # Which of the two names plain bytes have is a matter of taste (PS3.5 Annex A.2).
        found.update(struct.pack("<I", element.tag) + ("OB" if vr == "OW" else vr).encode())
        if vr == "SQ" and element.tag not in PIXELS and depth < _MAX_DEPTH:
            inner = hashlib.sha256()
            try:
                self._feed_items(inner, element, depth)
            except Unreadable:
                pass  # no sequence inside: its bytes count as they are
            else:
                found.update(inner.digest())
                return
        text = vr not in _BINARY and element.length <= _CHUNK_BYTES
        self._file.seek(element.value_offset)
        left = element.length
        while left and (chunk := self._file.read(min(left, _CHUNK_BYTES))):
            left -= len(chunk)
            found.update(chunk.rstrip(b" \0") if text else chunk)
        found.update(b"\0")

    def _feed_items(self, found: "hashlib._Hash", sequence: Element, depth: int) -> None:
        offset, end = sequence.value_offset, sequence.end
        while offset < end:
            tag, _, value_offset, length = self.header(offset)
            if tag != _ITEM:
                break
            found.update(b"(")
            offset = value_offset
            item_end = end if length == UNDEFINED else value_offset + length
            while offset < item_end:
                if length == UNDEFINED and self.header(offset)[0] == _ITEM_END:
                    offset += 8
                    break
                element = self.element(offset, depth)
                self.feed(found, element, depth + 1)
                offset = element.end
            found.update(b")")

    def end_of_sequence(self, offset: int, depth: int) -> int:
        if depth > _MAX_DEPTH:
            raise Unreadable(f"the sequences at byte {offset} are nested too deeply")
        while True:
            tag, _, value_offset, length = self.header(offset)
            if tag == _SEQUENCE_END:
                return value_offset
            if tag != _ITEM:
                raise Unreadable(f"the sequence breaks off at byte {offset}")
            if length != UNDEFINED:
                self.need(value_offset, length, tag)
                offset = value_offset + length
            else:
                offset = self._end_of_item(value_offset, depth)

    def _end_of_item(self, offset: int, depth: int) -> int:
        while True:
            tag, _, value_offset, _ = self.header(offset)
            if tag == _ITEM_END:
                return value_offset
            offset = self.element(offset, depth).end
