"""The demonstration's exams as DICOM: real head images where the data folder lies beside the project, else simulated ones."""

import csv
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom
from PIL import Image
from pydicom import Dataset
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, UltrasoundImageStorage, generate_uid

from infra.local.paths import ROOT
from services.inference.simulator import draw

HEADS = ROOT.parent / "shared" / "data" / "hc18"

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Head:
    """A head image, its pixel spacing and the circumference that its label gives."""

    pixels: Pixels
    spacing_mm: float
    hc_mm: float
    source: str


@dataclass(frozen=True)
class Patient:
    """Who is scanned. `name` in PN form with the ideographic group where there is one."""

    name: str
    id: str
    birth_date: str
    character_set: str | list[str] = "ISO_IR 192"


@dataclass
class Exam:
    """One study and its instances, in the order in which they were made."""

    patient: Patient
    description: str
    accession_number: str
    made_at: datetime
    study: str = field(default_factory=lambda: str(generate_uid()))
    series: str = field(default_factory=lambda: str(generate_uid()))
    instances: list[Dataset] = field(default_factory=list)

    def add_head(self, head: Head) -> Dataset:
        """A calibrated ultrasound image of a fetal head."""
        dataset = self._image(head.pixels)
        region = Dataset()
        region.RegionSpatialFormat = 1  # 2D; PS3.3 C.8.5.5.1.1
        region.RegionDataType = 1  # tissue; PS3.3 C.8.5.5.1.2
        region.RegionFlags = 0
        region.RegionLocationMinX0 = region.RegionLocationMinY0 = 0
        region.RegionLocationMaxX1 = head.pixels.shape[1] - 1
        region.RegionLocationMaxY1 = head.pixels.shape[0] - 1
        region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3  # cm; PS3.3 C.8.5.5.1.6
        region.PhysicalDeltaX = region.PhysicalDeltaY = head.spacing_mm / 10
        dataset.SequenceOfUltrasoundRegions = [region]
        self.instances.append(dataset)
        return dataset

    def add_cine(self, cine: Dataset) -> Dataset:
        """A multi-frame clip of somebody else's, as an instance of this study."""
        self._describe(cine)
        cine.SOPInstanceUID = generate_uid()
        cine.file_meta.MediaStorageSOPInstanceUID = cine.SOPInstanceUID
        cine.InstanceNumber = len(self.instances) + 1
        self.instances.append(cine)
        return cine

    def files(self) -> list[bytes]:
        """The instances as Part 10 files."""
        return [part10(dataset) for dataset in self.instances]

    def _describe(self, dataset: Dataset) -> None:
        dataset.SpecificCharacterSet = self.patient.character_set
        dataset.PatientName = self.patient.name
        dataset.PatientID = self.patient.id
        dataset.PatientBirthDate = self.patient.birth_date
        dataset.PatientSex = "F"
        dataset.StudyInstanceUID = self.study
        dataset.SeriesInstanceUID = self.series
        dataset.StudyID = dataset.AccessionNumber = self.accession_number
        dataset.StudyDescription = self.description
        dataset.SeriesNumber = 1
        dataset.StudyDate = dataset.SeriesDate = dataset.ContentDate = self.made_at.strftime("%Y%m%d")
        dataset.StudyTime = dataset.SeriesTime = dataset.ContentTime = self.made_at.strftime("%H%M%S")
        dataset.ReferringPhysicianName = ""

    def _image(self, pixels: Pixels) -> Dataset:
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = UltrasoundImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset = FileDataset("", Dataset(), file_meta=meta, preamble=b"\0" * 128)
        self._describe(dataset)
        dataset.SOPClassUID = meta.MediaStorageSOPClassUID
        dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
        dataset.Modality = "US"
        dataset.Manufacturer = "SonoBridge"
        dataset.ManufacturerModelName = "Demonstration"
        dataset.InstanceNumber = len(self.instances) + 1
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "", "0001"]  # obstetrical; PS3.3 C.8.5.6.1.1
        dataset.SamplesPerPixel = 1
        dataset.PhotometricInterpretation = "MONOCHROME2"
        dataset.Rows, dataset.Columns = pixels.shape
        dataset.BitsAllocated = dataset.BitsStored = 8
        dataset.HighBit = 7
        dataset.PixelRepresentation = 0
        dataset.LossyImageCompression = "00"
        dataset.PixelData = pixels.tobytes() + b"\0" * (pixels.size % 2)
        dataset["PixelData"].VR = "OB"
        return dataset


def part10(dataset: Dataset) -> bytes:
    """The dataset as a DICOM file."""
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def heads(count: int) -> list[Head]:
    """`count` head images of different exams, the same ones each time."""
    return _recorded_heads(count) if HEADS.is_dir() else _simulated_heads(count)


def colour_cine() -> Dataset:
    """The colour multi-frame clip that pydicom ships."""
    return pydicom.dcmread(pydicom.examples.get_path("ybr_color"))


def _recorded_heads(count: int) -> list[Head]:
    with (HEADS / "labels.csv").open(encoding="utf-8") as table:
        rows = [
            row for row in csv.DictReader(table) if row["ellipse_clipped_by_image"] == "0" and float(row["hc_mm"]) > 150
        ]
    chosen: dict[str, dict[str, str]] = {}
    for row in rows:
        chosen.setdefault(row["exam_id"], row)
    found = []
    for row in list(chosen.values())[:: max(1, len(chosen) // count)][:count]:
        path = next(Path(HEADS).rglob(row["filename"]))
        pixels = np.asarray(Image.open(path).convert("L"), dtype=np.uint8)
        found.append(Head(pixels, float(row["pixel_size_mm_half"]), float(row["hc_mm"]), f"HC18 {row['filename']}"))
    return found


def _simulated_heads(count: int) -> list[Head]:
    found = []
    for seed in range(count):
        image = draw(seed)
        found.append(Head(image.pixels, image.spacing_mm, image.hc_mm, f"simulated, seed {seed}"))
    return found
