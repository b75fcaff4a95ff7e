"""Everything that is noted about an instance when it is stored, found in one pass over its file. Runs in a worker process."""

import json
import warnings
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pydicom
from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset
from pydicom.filebase import DicomIO
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import UID

from services.ingest.dicom import charset, frames
from services.ingest.dicom.errors import Identity, TooLong, Truncated, Unreadable
from services.ingest.dicom.structure import PIXELS, Element, FileMeta, digest, identify, is_uid, read_meta, walk
from services.ingest.dicom.syntax import EXPLICIT_LITTLE

# Where metadata refers to bulk data: the server's address is put before it when it is served.
BULK_DATA_ROOT = "/dicomweb"

_CHUNK_BYTES = 1 << 20
_BULK_BYTES = 4096  # binary values longer than this are referred to, not repeated, in metadata
_LONG_TEXT_BYTES = 1 << 16
_MAX_SEQUENCE_BYTES = 64 << 20
_BINARY = frozenset(("OB", "OD", "OF", "OL", "OV", "OW", "UN"))
_EXTENDED_OFFSETS, _EXTENDED_LENGTHS = 0x7FE00001, 0x7FE00002


@dataclass(frozen=True)
class Inspection:
    """What one stored instance is. Offsets are in the file itself, or in `inflated` where there is one."""

    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str
    transfer_syntax_uid: str
    size_bytes: int
    dataset_digest: str  # SHA-256 of what the dataset after File Meta says (structure.digest)
    metadata: dict[str, Any]  # DICOM JSON model
    number_of_frames: int  # 0 without pixels
    frame_spans: bytes  # FrameIndex, packed; empty when frames cannot be told apart
    frame_fault: str = ""
    bulk: dict[str, tuple[int, int]] = field(default_factory=dict)  # tag: offset, length
    character_set: charset.CharacterSet = field(default_factory=charset.CharacterSet)
    inflated: str = ""  # a file beside the first one, for a deflated dataset

    @property
    def metadata_text(self) -> str:
        """The metadata as it is served. PostgreSQL's text cannot hold U+0000."""
        return json.dumps(self.metadata, ensure_ascii=False, separators=(",", ":")).replace("\\u0000", "")


def inspect(path: str, max_bytes: int) -> Inspection:
    """Read the file at `path`. `max_bytes` bounds an inflated dataset. Raises Unreadable or one of its kinds."""
    try:
        return _inspect(Path(path), max_bytes)
    except Unreadable as error:
        error.identity = identity_of(path)
        raise


def identity_of(path: str) -> Identity:
    """Which instance the file at `path` is, as far as it can be read."""
    with Path(path).open("rb") as file:
        return identify(file, Path(path).stat().st_size)


def _inspect(source: Path, max_bytes: int) -> Inspection:
    size = source.stat().st_size
    inflated = ""
    with source.open("rb") as file:
        meta = read_meta(file, size)
        if meta.syntax.deflated:
            inflated = str(source.with_suffix(".inflated"))
            _inflate(file, meta, Path(inflated), max_bytes)
    try:
        return _noted(Path(inflated or source), meta, size, inflated)
    except BaseException:
        if inflated:
            Path(inflated).unlink(missing_ok=True)
        raise


def _noted(path: Path, meta: FileMeta, size_bytes: int, inflated: str) -> Inspection:
    size = path.stat().st_size
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layout = read_meta(file, size)
        elements = {element.tag: element for element in walk(file, layout.dataset_offset, size, layout.syntax)}
        said = digest(file, elements.values(), size, layout.syntax)
        dataset = _read(path, elements)
        character_set = charset.to_utf8(dataset)
        metadata = _json(dataset)
        pixels = next((elements[tag] for tag in PIXELS if tag in elements), None)
        geometry = _geometry(metadata)
        spans: list[tuple[int, int]] = []
        fault = ""
        if pixels is not None:
            try:
                extended = _extended(file, elements)
                spans = frames.locate(file, size, layout.syntax, pixels, geometry, extended)
            except Truncated:
                raise
            except Unreadable as error:
                fault = str(error)
    uids = [_text(metadata, tag) for tag in ("00080016", "00080018", "0020000D", "0020000E")]
    for uid, name in zip(uids, ("SOP Class", "SOP Instance", "Study Instance", "Series Instance"), strict=True):
        if not uid:
            raise Unreadable(f"the dataset has no {name} UID")
        if not is_uid(uid):
            raise Unreadable(f"the dataset's {name} UID is not a UID")
    if pixels is None and _claims_pixels(uids[0], metadata):
        # A file cut short right between two elements looks whole otherwise.
        raise Truncated(f"the file ends at byte {size}, before the pixel data of its image")
    root = f"{BULK_DATA_ROOT}/studies/{uids[2]}/series/{uids[3]}/instances/{uids[1]}/bulkdata"
    bulk = {}
    for element in elements.values():
        if _is_bulk(element):
            tag = f"{element.tag:08X}"
            bulk[tag] = (element.value_offset, element.length)
            metadata[tag] = {"vr": _vr(element), "BulkDataURI": f"{root}/{tag}"}
    metadata["00083002"] = {"vr": "UI", "Value": [meta.syntax.uid]}
    return Inspection(
        sop_class_uid=uids[0],
        sop_instance_uid=uids[1],
        study_instance_uid=uids[2],
        series_instance_uid=uids[3],
        transfer_syntax_uid=meta.syntax.uid,
        size_bytes=size_bytes,
        dataset_digest=said,
        metadata=dict(sorted(metadata.items())),
        number_of_frames=geometry.number_of_frames if pixels is not None else 0,
        frame_spans=frames.FrameIndex.pack(spans),
        frame_fault=fault,
        bulk=bulk,
        character_set=character_set,
        inflated=inflated,
    )


def _read(path: Path, elements: dict[int, Element]) -> Dataset:
    """The dataset without pixels and bulk data; values stay unconverted until they are looked at."""
    try:
        dataset = pydicom.dcmread(path, stop_before_pixels=True, defer_size=_LONG_TEXT_BYTES)
    except Exception as error:
        raise Unreadable(f"the dataset cannot be read: {error}") from error
    for element in elements.values():
        if _is_bulk(element):
            dataset.pop(element.tag, None)
        elif element.length > _MAX_SEQUENCE_BYTES:
            raise TooLong(f"the sequence {element} has {element.length} bytes, more than {_MAX_SEQUENCE_BYTES}")
    for tag in list(dataset.keys()):
        # Group lengths are retired and lie once the dataset is decoded; padding says nothing.
        if tag.element == 0 or tag == 0xFFFCFFFC:
            del dataset[tag]
    return dataset


def _json(dataset: Dataset) -> dict[str, Any]:
    """DICOM JSON model (PS3.18 Annex F), without the elements whose values cannot be converted."""
    found = {}
    for tag in list(dataset.keys()):
        try:
            value = dataset[tag].to_json_dict(bulk_data_element_handler=None, bulk_data_threshold=0)
            json.dumps(value, allow_nan=False)
        except Exception:  # noqa: S112
            # Tolerant reading: one broken value must not hide the rest. The stored bytes still have it.
            continue
        found[f"{tag:08X}"] = value
    return found


def _geometry(metadata: dict[str, Any]) -> frames.Geometry:
    number = _number(metadata, "00280008", 1)
    return frames.Geometry(
        rows=_number(metadata, "00280010", 0),
        columns=_number(metadata, "00280011", 0),
        samples_per_pixel=_number(metadata, "00280002", 1),
        bits_allocated=_number(metadata, "00280100", 0),
        photometric_interpretation=_text(metadata, "00280004"),
        number_of_frames=max(number, 1),
    )


def _claims_pixels(sop_class_uid: str, metadata: dict[str, Any]) -> bool:
    """Whether an instance must have pixels: its class is of images, or it describes some that do not lie elsewhere."""
    elsewhere = "00287FE0" in metadata  # Pixel Data Provider URL
    return not elsewhere and ("Image Storage" in UID(sop_class_uid).name or "00280010" in metadata)


def _extended(file: BinaryIO, elements: dict[int, Element]) -> tuple[bytes, bytes] | None:
    offsets, lengths = elements.get(_EXTENDED_OFFSETS), elements.get(_EXTENDED_LENGTHS)
    if offsets is None or lengths is None:
        return None
    file.seek(offsets.value_offset)
    first = file.read(offsets.length)
    file.seek(lengths.value_offset)
    return first, file.read(lengths.length)


def _vr(element: Element) -> str:
    if element.vr:
        return "OB" if element.tag in PIXELS and element.vr == "SQ" else element.vr
    if element.tag in PIXELS:
        return "OW"
    try:
        return dictionary_VR(element.tag).split(" ")[0]
    except KeyError:
        return "UN"


def _is_bulk(element: Element) -> bool:
    if element.tag in PIXELS:
        return True
    vr = _vr(element)
    if vr == "SQ":
        return False
    return element.length > (_BULK_BYTES if vr in _BINARY else _LONG_TEXT_BYTES)


def _inflate(file: BinaryIO, meta: FileMeta, target: Path, max_bytes: int) -> None:
    """Write the same instance with an inflated dataset (PS3.5 Annex A.5), in bounded memory."""
    head = pydicom.dataset.FileMetaDataset()
    head.MediaStorageSOPClassUID = UID(meta.sop_class_uid or "1.2")
    head.MediaStorageSOPInstanceUID = UID(meta.sop_instance_uid or "1.2")
    head.TransferSyntaxUID = UID(EXPLICIT_LITTLE)
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    written = 0
    file.seek(meta.dataset_offset)
    try:
        with target.open("xb") as out:
            out.write(b"\0" * 128 + b"DICM")
            write_file_meta_info(DicomIO(out), head, enforce_standard=True)
            while chunk := file.read(_CHUNK_BYTES):
                while chunk and not engine.eof:
                    piece = engine.decompress(chunk, _CHUNK_BYTES)
                    written += len(piece)
                    if written > max_bytes:
                        raise TooLong(f"the dataset inflates to more than {max_bytes} bytes")
                    out.write(piece)
                    chunk = engine.unconsumed_tail
            if not engine.eof:
                raise Truncated("the deflated dataset breaks off")
    except zlib.error as error:
        target.unlink(missing_ok=True)
        raise Unreadable(f"the deflated dataset cannot be inflated: {error}") from error
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _text(metadata: dict[str, Any], tag: str) -> str:
    values = metadata.get(tag, {}).get("Value") or [""]
    return str(values[0]).strip()


def _number(metadata: dict[str, Any], tag: str, default: int) -> int:
    try:
        return int(_text(metadata, tag))
    except ValueError:
        return default
