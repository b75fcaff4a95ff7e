"""What a document needs to know of a source image: a small dataset of legal values in Unicode, whatever the source was written in."""

from __future__ import annotations

import re
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset

from services.inference.result import Source

# PS3.3 C.7.1.1 Patient, C.7.2.1 General Study, C.7.2.2 Patient Study: what identifies patient and study.
PATIENT_AND_STUDY = (
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "PatientSex",
    "PatientAge",
    "PatientSize",
    "PatientWeight",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "StudyDescription",
    "AccessionNumber",
    "ReferringPhysicianName",
)
_TYPE_2 = frozenset(PATIENT_AND_STUDY) - {
    "IssuerOfPatientID",
    "PatientAge",
    "PatientSize",
    "PatientWeight",
    "StudyDescription",
}
# ISO/IEC 2022 escape sequences, PS3.3 C.12.1.1.2; pydicom decodes by those of ISO 2022 IR 58 and leaves them in the text.
_ESCAPE = re.compile(r"\x1b(?:\$[()]?|[()])[@-Z]")
# PS3.5 section 6.2: values that break these cannot be written, so they are left empty.
_LEGAL = {
    "PatientBirthDate": re.compile(r"\d{8}"),
    "StudyDate": re.compile(r"\d{8}"),
    "StudyTime": re.compile(r"([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?"),
    "PatientSex": re.compile(r"[MFO]"),
    "PatientAge": re.compile(r"\d{3}[DWMY]"),
    "PatientSize": re.compile(r"\d{1,3}(\.\d{1,8})?"),
    "PatientWeight": re.compile(r"\d{1,4}(\.\d{1,8})?"),
}


def read_evidence(path: Path, source: Source, study_instance_uid: str, decoded: dict[str, str]) -> Dataset:
    """The dataset for the documents of the image at `path`. `decoded` holds, by keyword, text that ingest has already decoded: beyond
    ASCII it is taken, for ingest also reads what a scanner declared wrongly or not at all."""
    image = dcmread(path, stop_before_pixels=True, force=True)
    declared = bool(image.get("SpecificCharacterSet"))
    clean = Dataset()
    for keyword in PATIENT_AND_STUDY:
        text = _ESCAPE.sub("", str(image.get(keyword, "") or "")).strip()
        if not text.isascii():
            said = decoded.get(keyword, "")
            if not declared or (said and not text.startswith(said)):  # what ingest left out (phonetic names) stays
                text = said
        if (legal := _LEGAL.get(keyword)) and not legal.fullmatch(text):
            text = ""
        if text or keyword in _TYPE_2:
            setattr(clean, keyword, text)
    clean.StudyInstanceUID = study_instance_uid
    clean.Modality = str(image.get("Modality", "") or "OT")
    return of_source(clean, source)


def of_source(clean: Dataset, source: Source) -> Dataset:
    """The dataset as that of this image of the study."""
    clean.SeriesInstanceUID = source.series_instance_uid
    clean.SOPInstanceUID = source.sop_instance_uid
    clean.SOPClassUID = source.sop_class_uid
    clean.Rows, clean.Columns = source.rows, source.columns
    if source.number_of_frames > 1:
        clean.NumberOfFrames = source.number_of_frames
    elif "NumberOfFrames" in clean:
        del clean.NumberOfFrames
    return clean
