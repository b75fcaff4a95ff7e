"""Small DICOM files for unit tests."""

import io
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

US = UID("1.2.840.10008.5.1.4.1.1.6.1")


def dataset(syntax: str = ExplicitVRLittleEndian, **more: Any) -> FileDataset:
    """A 4 x 6 grey image; `more` sets attributes by keyword."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = UID(syntax)
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = US, UID("1.2.3.4")
    found = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    found.SOPClassUID, found.SOPInstanceUID = US, "1.2.3.4"
    found.StudyInstanceUID, found.SeriesInstanceUID = "1.2.3", "1.2.3.1"
    found.PatientName, found.PatientID, found.Modality = "Wang^Fang", "P-1", "US"
    found.Rows, found.Columns, found.SamplesPerPixel = 4, 6, 1
    found.PhotometricInterpretation = "MONOCHROME2"
    found.BitsAllocated, found.BitsStored, found.HighBit, found.PixelRepresentation = 8, 8, 7, 0
    found.PixelData = bytes(range(24))
    for keyword, value in more.items():
        setattr(found, keyword, value)
    return found


def write(folder: Path, found: FileDataset) -> Path:
    """The dataset as a file in `folder`."""
    path = folder / "file.dcm"
    path.write_bytes(encode(found))
    return path


def encode(found: FileDataset) -> bytes:
    """The dataset as a Part 10 file."""
    out = io.BytesIO()
    pydicom.dcmwrite(out, found, enforce_file_format=True)
    return out.getvalue()
