"""DICOM files made for tests, and bodies to send them in."""

import io
from typing import Any
from uuid import uuid4

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

US_IMAGE = UID("1.2.840.10008.5.1.4.1.1.6.1")
US_MULTIFRAME = UID("1.2.840.10008.5.1.4.1.1.3.1")


def uid() -> str:
    return f"2.25.{uuid4().int}"


def dataset(
    study: str, series: str | None = None, frames: int = 1, syntax: UID = ExplicitVRLittleEndian, **more: Any
) -> FileDataset:
    """An ultrasound image of 32 x 48 grey pixels; `more` sets attributes by keyword."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    found = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    found.SOPClassUID = US_MULTIFRAME if frames > 1 else US_IMAGE
    found.SOPInstanceUID = uid()
    found.StudyInstanceUID = study
    found.SeriesInstanceUID = series or f"{study}.1"[:64]
    found.PatientName, found.PatientID = "Wang^Fang", "P-1"
    found.PatientBirthDate, found.PatientSex = "19900203", "F"
    found.StudyDate, found.StudyTime = "20261101", "101500"
    found.AccessionNumber, found.StudyID, found.StudyDescription = "A-17", "S1", "Obstetric"
    found.ReferringPhysicianName = "Li^Na"
    found.Modality, found.SeriesNumber, found.InstanceNumber = "US", 1, 1
    found.Rows, found.Columns, found.SamplesPerPixel = 32, 48, 1
    found.PhotometricInterpretation = "MONOCHROME2"
    found.BitsAllocated, found.BitsStored, found.HighBit, found.PixelRepresentation = 8, 8, 7, 0
    if frames > 1:
        found.NumberOfFrames = frames
    pixels = np.random.default_rng(frames).integers(0, 255, (frames, 32, 48), dtype=np.uint8)
    found.PixelData = pixels.tobytes()
    found["PixelData"].VR = "OB"
    for keyword, value in more.items():
        setattr(found, keyword, value)
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = found.SOPClassUID, found.SOPInstanceUID
    return found


def file_bytes(found: Dataset) -> bytes:
    """The dataset as a Part 10 file."""
    out = io.BytesIO()
    pydicom.dcmwrite(out, found, enforce_file_format=True)
    return out.getvalue()


def image(study: str, **more: Any) -> bytes:
    """One file."""
    return file_bytes(dataset(study, **more))


def stow_body(*files: bytes, kind: str = "application/dicom", quoted: bool = True) -> tuple[bytes, str]:
    """A multipart/related body and its Content-Type."""
    boundary = f"b{uuid4().hex}"
    body = (
        b"".join(f"--{boundary}\r\nContent-Type: {kind}\r\n\r\n".encode() + data + b"\r\n" for data in files)
        + f"--{boundary}--\r\n".encode()
    )
    inner = f'"{kind}"' if quoted else kind
    return body, f"multipart/related; type={inner}; boundary={boundary}"
