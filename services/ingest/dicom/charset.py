"""Character sets: everything is decoded once, at the edge of a file, and is UTF-8 from there on. The stored bytes stay as they are.

PS3.5 section 6.1 and Annexes H, J and K; PS3.3 C.12.1.1.2 for Specific Character Set.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.charset import convert_encodings, decode_bytes, python_encoding
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.valuerep import PN_DELIMS, TEXT_VR_DELIMS

UTF8 = "ISO_IR 192"
GB18030 = "GB18030"
LATIN1 = "ISO_IR 100"

_SPECIFIC_CHARACTER_SET = 0x00080005
# VRs that Specific Character Set governs, PS3.5 section 6.1.2.3.
_TEXT = frozenset(("LO", "LT", "PN", "SH", "ST", "UC", "UT"))
# Their multi-byte characters may hold 5CH, the value delimiter, as second byte (PS3.5 6.1.2.5.4); GB18030 contains the other two.
_CHINESE = frozenset((GB18030, "GBK", "ISO 2022 GBK"))
GB2312 = "ISO 2022 IR 58"
# ESC $ ) A, which calls GB 2312 into G1, PS3.5 Annex K; pydicom leaves it in the text. ESC ( B calls ASCII into G0, where it is.
_TO_GB2312, _TO_ASCII = b"\x1b$)A", b"\x1b(B"
_KNOWN = frozenset(python_encoding) | _CHINESE
_DEFAULT = frozenset(("", "ISO_IR 6", "ISO 2022 IR 6"))


@dataclass(frozen=True, slots=True)
class CharacterSet:
    """What the file declares (values joined by backslash), and what its bytes are where it declares nothing or wrongly."""

    declared: str = ""
    detected: str = ""


def to_utf8(dataset: Dataset) -> CharacterSet:
    """Turn every text in `dataset`, as yet unconverted, into UTF-8, and have it declare so."""
    declared = _declared(dataset)
    texts = [raw.value for _, _, raw in _texts(dataset) if raw.value]
    found = CharacterSet("\\".join(declared), _detect(declared, texts))
    _transcode(dataset, [found.detected] if found.detected else declared)
    dataset.SpecificCharacterSet = UTF8
    return found


def detect(texts: list[bytes]) -> str:
    """The character set of bytes that nobody declared; empty when they are ASCII.

    UTF-8 is recognised by its form. GBK's lead and trail bytes fit much that is Latin-1 too, so Chinese is taken only
    when most characters are GB 2312's, the common ones.
    """
    joined = b"\n".join(text for text in texts if not text.isascii())
    if not joined:
        return ""
    try:
        joined.decode("utf-8")
        return UTF8
    except UnicodeDecodeError:
        pass
    try:
        wide = [char for char in joined.decode("gb18030") if ord(char) > 0x7F]
    except UnicodeDecodeError:
        return LATIN1
    common = sum(1 for char in wide if _in_gb2312(char))
    return GB18030 if common * 2 > len(wide) else LATIN1


def decode(value: bytes, declared: list[str], name: bool = False) -> str:
    """`value` as text; what cannot be decoded becomes U+FFFD."""
    # GB18030 and GBK admit no code extensions, yet scanners write them behind an empty first value.
    if any(one in _CHINESE for one in declared):
        return value.decode("gb18030", "replace")
    if declared and declared[0] == UTF8:
        return value.decode("utf-8", "replace")
    if GB2312 in declared and all(one in _DEFAULT or one == GB2312 for one in declared):
        # With nothing else in G1 the escapes tell nothing, and scanners leave some of them out.
        return value.replace(_TO_GB2312, b"").replace(_TO_ASCII, b"").decode("gb18030", "replace")
    text = decode_bytes(value, convert_encodings(declared), PN_DELIMS if name else TEXT_VR_DELIMS)
    return text.replace(_TO_GB2312.decode(), "")


def _declared(dataset: Dataset) -> list[str]:
    value = dataset.get(_SPECIFIC_CHARACTER_SET)
    if value is None or value.value is None:
        return []
    values = [value.value] if isinstance(value.value, str) else list(value.value)
    return [str(one).strip() for one in values] if any(values) else []


def _detect(declared: list[str], texts: list[bytes]) -> str:
    # A set that nobody knows says no more than none.
    if all(one in _DEFAULT or one not in _KNOWN for one in declared):
        return GB2312 if any(_TO_GB2312 in text for text in texts) else detect(texts)
    if UTF8 in declared and any(not _is_utf8(text) for text in texts):
        return detect(texts)
    return ""


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _in_gb2312(char: str) -> bool:
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _texts(dataset: Dataset) -> Iterator[tuple[Dataset, int, RawDataElement]]:
    """Each unconverted text element, in items of sequences too."""
    for tag in list(dataset.keys()):
        element = dataset.get_item(tag)
        vr = _vr(element, int(tag))
        if vr == "SQ":
            for item in dataset[tag].value or []:
                yield from _texts(item)
        elif vr in _TEXT and isinstance(element, RawDataElement) and isinstance(element.value, bytes):
            yield dataset, int(tag), element


def _transcode(dataset: Dataset, inherited: list[str]) -> None:
    for tag in list(dataset.keys()):
        element = dataset.get_item(tag)
        vr = _vr(element, int(tag))
        if vr == "SQ":
            for item in dataset[tag].value or []:
                _transcode(item, _declared(item) or inherited)
        elif vr in _TEXT and isinstance(element, RawDataElement) and isinstance(element.value, bytes):
            value = decode(element.value, inherited, name=vr == "PN").encode("utf-8")
            dataset[tag] = element._replace(value=value, length=len(value))
    if _SPECIFIC_CHARACTER_SET in dataset:
        dataset.SpecificCharacterSet = UTF8
    # pydicom decodes what is not yet converted by the set that the file was read with, whatever the dataset declares now.
    implicit, little = dataset.original_encoding
    dataset.set_original_encoding(implicit, little, convert_encodings(UTF8))


def _vr(element: DataElement | RawDataElement | None, tag: int) -> str:
    if element is None:
        return ""
    if element.VR:
        return str(element.VR)
    try:
        return dictionary_VR(tag)
    except KeyError:
        return ""
