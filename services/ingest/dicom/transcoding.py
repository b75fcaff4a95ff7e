"""The head of an instance in another transfer syntax: everything before its pixels. Runs in a worker process."""

import io
import struct
import warnings
from typing import Any

import pydicom
from pydicom.dataset import FileDataset
from pydicom.uid import UID

from services.ingest.dicom import charset
from services.ingest.dicom.pixels import Undecodable
from services.ingest.dicom.syntax import EXPLICIT_LITTLE

_OFFSET_TABLES = (0x7FE00001, 0x7FE00002)  # of encapsulated pixels


def explicit_head(data: bytes, decoded: bool) -> bytes:
    """What precedes the pixel data in the file `data`, as Explicit VR Little Endian has it (PS3.5 Annex A.2). Raises Undecodable.

    `decoded`: its pixels, once compressed, will follow as they come out of a decoder.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            dataset = pydicom.dcmread(io.BytesIO(data), stop_before_pixels=True)
            if dataset.original_encoding[0]:
                # Text must be understood to be written with a VR; UTF-8 has none of the traps of code extensions.
                charset.to_utf8(dataset)
            _describe(dataset, decoded)
            out = io.BytesIO()
            dataset.save_as(out, implicit_vr=False, little_endian=True, enforce_file_format=True)
        except Exception as error:
            raise Undecodable(f"the dataset cannot be written in another transfer syntax: {error}") from error
    return out.getvalue()


def pixel_header(length: int, image: dict[str, Any]) -> bytes:
    """The header of native pixel data of `length` bytes; `image` is `pixels.description`."""
    allocated = int((image.get("00280100", {}).get("Value") or [8])[0])
    vr = b"OW" if allocated > 8 else b"OB"
    return struct.pack("<HH2sHI", 0x7FE0, 0x0010, vr, 0, length + length % 2)


def _describe(dataset: FileDataset, decoded: bool) -> None:
    dataset.file_meta.TransferSyntaxUID = UID(EXPLICIT_LITTLE)
    for tag in list(dataset.keys()):
        if tag.element == 0 or tag in _OFFSET_TABLES:
            del dataset[tag]
    if decoded and dataset.get("SamplesPerPixel") == 3:
        dataset.PhotometricInterpretation = "RGB"
