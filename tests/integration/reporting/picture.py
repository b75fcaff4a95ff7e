"""A DICOM ultrasound image of a drawn head, for tests."""

from io import BytesIO
from uuid import uuid4

import numpy as np
from PIL import Image, ImageDraw
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import ExplicitVRLittleEndian, UltrasoundImageStorage

SOP_CLASS = str(UltrasoundImageStorage)


def head_image(study_instance_uid: str) -> tuple[bytes, str]:
    """A file and its SOP instance UID."""
    picture = Image.new("L", (640, 480), 20)
    ImageDraw.Draw(picture).ellipse((200, 90, 440, 340), outline=230, width=6, fill=70)
    ds = Dataset()
    ds.SOPClassUID = UltrasoundImageStorage
    ds.SOPInstanceUID = f"2.25.{uuid4().int}"
    ds.StudyInstanceUID = study_instance_uid
    ds.SeriesInstanceUID = f"{study_instance_uid}.1"
    ds.Modality = "US"
    ds.Rows, ds.Columns = 480, 640
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit = 7
    ds.PixelRepresentation = 0
    ds.PixelData = np.asarray(picture).tobytes()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    out = BytesIO()
    dcmwrite(out, ds, enforce_file_format=True)
    return out.getvalue(), ds.SOPInstanceUID
