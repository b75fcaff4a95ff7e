"""What every document that highdicom writes needs before it is a file: the source's patient and study, and the record's time."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO

from pydicom.dataset import Dataset

from services.inference.evidence import PATIENT_AND_STUDY


class FromSource:
    """A document of highdicom's that copies the patient and the study from our own list of what identifies them."""

    def copy_patient_and_study_information(self, dataset: Dataset) -> None:
        for keyword in PATIENT_AND_STUDY:
            if keyword in dataset:
                setattr(self, keyword, dataset.data_element(keyword).value)  # type: ignore[union-attr]


def stamp(document: Dataset, when: datetime) -> None:
    """Puts the record's time where highdicom put the present, so that the second writing is the same as the first."""
    for keyword in ("Content", "Series", "InstanceCreation"):
        setattr(document, f"{keyword}Date", when.strftime("%Y%m%d"))
        setattr(document, f"{keyword}Time", when.strftime("%H%M%S"))
    for equipment in document.get("ContributingEquipmentSequence") or ():
        equipment.ContributionDateTime = when


def file_of(document: Dataset) -> bytes:
    """The DICOM file."""
    buffer = BytesIO()
    document.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
