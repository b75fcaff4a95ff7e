"""Calibrated ultrasound DICOM files with a bright box in them, as bytes."""

from io import BytesIO

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

US_IMAGE = "1.2.840.10008.5.1.4.1.1.6.1"
US_MULTI_FRAME = "1.2.840.10008.5.1.4.1.1.3.1"
ROWS, COLUMNS = 120, 160


def box(top: int, left: int, bottom: int, right: int, level: int = 250) -> np.ndarray:
    """A dark frame with a bright box."""
    frame = np.full((ROWS, COLUMNS), 20, np.uint8)
    frame[top:bottom, left:right] = level
    return frame


EMPTY = np.full((ROWS, COLUMNS), 20, np.uint8)


def ultrasound(
    frames: list[np.ndarray], study: str, series: str, spacing_mm: float | None = 0.5, **attributes: object
) -> tuple[str, bytes]:
    """(SOP Instance UID, file) of one instance with these frames."""
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.SpecificCharacterSet = "ISO_IR 192"
    image.SOPClassUID = US_IMAGE if len(frames) == 1 else US_MULTI_FRAME
    image.SOPInstanceUID = generate_uid()
    image.StudyInstanceUID, image.SeriesInstanceUID = study, series
    image.PatientName, image.PatientID = "Wang^Fang=王^芳", "P-1"
    image.PatientBirthDate, image.PatientSex = "19950203", "F"
    image.StudyDate, image.StudyTime, image.StudyID, image.AccessionNumber = "20260101", "101500", "1", "A-1"
    image.ReferringPhysicianName = ""
    image.Modality, image.InstanceNumber = "US", 1
    image.Rows, image.Columns, image.SamplesPerPixel = ROWS, COLUMNS, 1
    image.PhotometricInterpretation, image.PixelRepresentation = "MONOCHROME2", 0
    image.BitsAllocated = image.BitsStored = 8
    image.HighBit = 7
    if len(frames) > 1:
        image.NumberOfFrames = len(frames)
        image.FrameTime = "33.3"
        image.FrameIncrementPointer = 0x00181063
    if spacing_mm is not None:
        region = Dataset()
        region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 0
        region.RegionLocationMinX0 = region.RegionLocationMinY0 = 0
        region.RegionLocationMaxX1, region.RegionLocationMaxY1 = COLUMNS - 1, ROWS - 1
        region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
        region.PhysicalDeltaX = region.PhysicalDeltaY = spacing_mm / 10
        image.SequenceOfUltrasoundRegions = [region]
    for keyword, value in attributes.items():
        setattr(image, keyword, value)
    image.PixelData = np.stack(frames).tobytes()
    buffer = BytesIO()
    image.save_as(buffer, enforce_file_format=True)
    return str(image.SOPInstanceUID), buffer.getvalue()
