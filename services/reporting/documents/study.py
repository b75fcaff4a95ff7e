"""What the report's DICOM objects share with the study they join, and their UIDs."""

from datetime import datetime
from uuid import UUID, uuid5

from pydicom.dataset import Dataset
from sonobridge.ingest.v1 import events_pb2 as ingest_pb

from services.reporting.model.content import Content, Patient

MANUFACTURER = "SonoBridge"
CHARACTER_SET = "ISO_IR 192"
_UIDS = UUID("6f1d1c8e-6a57-5c5c-9d5a-2f3e6a1b7c40")


def derived_uid(*parts: str | int) -> str:
    """A UID that follows from what it names (PS3.5, B.2), so that making an object again makes the same one."""
    return f"2.25.{uuid5(_UIDS, '/'.join(map(str, parts))).int}"


def person_name(patient: Patient) -> str:
    """PN with its alphabetic and ideographic groups (PS3.5, 6.2)."""
    return f"{patient.name}={patient.name_ideographic}" if patient.name_ideographic else patient.name


def study_of(content: Content) -> Dataset:
    """Patient and study attributes, as the exam's own instances have them."""
    ds = Dataset()
    ds.SpecificCharacterSet = CHARACTER_SET
    ds.StudyInstanceUID = content.exam.study_instance_uid
    ds.PatientName = person_name(content.patient)
    ds.PatientID = content.patient.id
    ds.PatientBirthDate = content.patient.birth_date.replace("-", "")
    ds.PatientSex = content.patient.sex
    ds.AccessionNumber = content.exam.accession_number
    ds.StudyID = ""
    ds.ReferringPhysicianName = content.exam.referring_physician
    when = _study_time(content.exam.study_time)
    ds.StudyDate = when.strftime("%Y%m%d") if when else content.exam.service_date.replace("-", "")
    ds.StudyTime = when.strftime("%H%M%S") if when else ""
    ds.StudyDescription = content.exam.study_description
    return ds


def evidence_of(content: Content, instances: list[ingest_pb.InstanceReference]) -> list[Dataset]:
    """The instances that the report was read from, as far as a reference needs them."""
    found = []
    for instance in instances:
        ds = study_of(content)
        ds.SeriesInstanceUID = instance.series_instance_uid
        ds.SOPInstanceUID = instance.sop_instance_uid
        ds.SOPClassUID = instance.sop_class_uid
        found.append(ds)
    return found


def _study_time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
