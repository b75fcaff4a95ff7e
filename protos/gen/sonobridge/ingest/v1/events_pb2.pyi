import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Coverage(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COVERAGE_UNSPECIFIED: _ClassVar[Coverage]
    COVERAGE_CROSSES: _ClassVar[Coverage]
    COVERAGE_NO_AGREEMENT: _ClassVar[Coverage]
    COVERAGE_NO_CONSENT: _ClassVar[Coverage]
COVERAGE_UNSPECIFIED: Coverage
COVERAGE_CROSSES: Coverage
COVERAGE_NO_AGREEMENT: Coverage
COVERAGE_NO_CONSENT: Coverage

class Patient(_message.Message):
    __slots__ = ("name", "name_ideographic", "id", "birth_date", "sex")
    NAME_FIELD_NUMBER: _ClassVar[int]
    NAME_IDEOGRAPHIC_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    BIRTH_DATE_FIELD_NUMBER: _ClassVar[int]
    SEX_FIELD_NUMBER: _ClassVar[int]
    name: str
    name_ideographic: str
    id: str
    birth_date: str
    sex: str
    def __init__(self, name: _Optional[str] = ..., name_ideographic: _Optional[str] = ..., id: _Optional[str] = ..., birth_date: _Optional[str] = ..., sex: _Optional[str] = ...) -> None: ...

class InstanceReference(_message.Message):
    __slots__ = ("series_instance_uid", "sop_instance_uid", "sop_class_uid", "transfer_syntax_uid", "modality", "number_of_frames", "rows", "columns", "object_key", "size_bytes", "digest_sha256", "instance_number", "scanner")
    SERIES_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    SOP_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    SOP_CLASS_UID_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_SYNTAX_UID_FIELD_NUMBER: _ClassVar[int]
    MODALITY_FIELD_NUMBER: _ClassVar[int]
    NUMBER_OF_FRAMES_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    OBJECT_KEY_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    DIGEST_SHA256_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    SCANNER_FIELD_NUMBER: _ClassVar[int]
    series_instance_uid: str
    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    modality: str
    number_of_frames: int
    rows: int
    columns: int
    object_key: str
    size_bytes: int
    digest_sha256: str
    instance_number: int
    scanner: str
    def __init__(self, series_instance_uid: _Optional[str] = ..., sop_instance_uid: _Optional[str] = ..., sop_class_uid: _Optional[str] = ..., transfer_syntax_uid: _Optional[str] = ..., modality: _Optional[str] = ..., number_of_frames: _Optional[int] = ..., rows: _Optional[int] = ..., columns: _Optional[int] = ..., object_key: _Optional[str] = ..., size_bytes: _Optional[int] = ..., digest_sha256: _Optional[str] = ..., instance_number: _Optional[int] = ..., scanner: _Optional[str] = ...) -> None: ...

class Crossing(_message.Message):
    __slots__ = ("agreement_id", "agreement_version", "reader_id")
    AGREEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    AGREEMENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    READER_ID_FIELD_NUMBER: _ClassVar[int]
    agreement_id: str
    agreement_version: int
    reader_id: str
    def __init__(self, agreement_id: _Optional[str] = ..., agreement_version: _Optional[int] = ..., reader_id: _Optional[str] = ...) -> None: ...

class Exam(_message.Message):
    __slots__ = ("exam_id", "organisation_id", "study_instance_uid", "accession_number", "patient", "modality", "body_part", "study_description", "study_time", "priority", "service_date", "first_instance_at", "revision", "coverage", "crossing", "instances", "consent_recorded", "trial_consent", "trace_id", "referring_physician")
    EXAM_ID_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    STUDY_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    ACCESSION_NUMBER_FIELD_NUMBER: _ClassVar[int]
    PATIENT_FIELD_NUMBER: _ClassVar[int]
    MODALITY_FIELD_NUMBER: _ClassVar[int]
    BODY_PART_FIELD_NUMBER: _ClassVar[int]
    STUDY_DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    STUDY_TIME_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    SERVICE_DATE_FIELD_NUMBER: _ClassVar[int]
    FIRST_INSTANCE_AT_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    COVERAGE_FIELD_NUMBER: _ClassVar[int]
    CROSSING_FIELD_NUMBER: _ClassVar[int]
    INSTANCES_FIELD_NUMBER: _ClassVar[int]
    CONSENT_RECORDED_FIELD_NUMBER: _ClassVar[int]
    TRIAL_CONSENT_FIELD_NUMBER: _ClassVar[int]
    TRACE_ID_FIELD_NUMBER: _ClassVar[int]
    REFERRING_PHYSICIAN_FIELD_NUMBER: _ClassVar[int]
    exam_id: str
    organisation_id: str
    study_instance_uid: str
    accession_number: str
    patient: Patient
    modality: str
    body_part: str
    study_description: str
    study_time: str
    priority: str
    service_date: str
    first_instance_at: _timestamp_pb2.Timestamp
    revision: int
    coverage: Coverage
    crossing: Crossing
    instances: _containers.RepeatedCompositeFieldContainer[InstanceReference]
    consent_recorded: bool
    trial_consent: bool
    trace_id: str
    referring_physician: str
    def __init__(self, exam_id: _Optional[str] = ..., organisation_id: _Optional[str] = ..., study_instance_uid: _Optional[str] = ..., accession_number: _Optional[str] = ..., patient: _Optional[_Union[Patient, _Mapping]] = ..., modality: _Optional[str] = ..., body_part: _Optional[str] = ..., study_description: _Optional[str] = ..., study_time: _Optional[str] = ..., priority: _Optional[str] = ..., service_date: _Optional[str] = ..., first_instance_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revision: _Optional[int] = ..., coverage: _Optional[_Union[Coverage, str]] = ..., crossing: _Optional[_Union[Crossing, _Mapping]] = ..., instances: _Optional[_Iterable[_Union[InstanceReference, _Mapping]]] = ..., consent_recorded: _Optional[bool] = ..., trial_consent: _Optional[bool] = ..., trace_id: _Optional[str] = ..., referring_physician: _Optional[str] = ...) -> None: ...

class ExamCompleted(_message.Message):
    __slots__ = ("exam",)
    EXAM_FIELD_NUMBER: _ClassVar[int]
    exam: Exam
    def __init__(self, exam: _Optional[_Union[Exam, _Mapping]] = ...) -> None: ...

class ExamAmended(_message.Message):
    __slots__ = ("exam", "added_sop_instance_uids")
    EXAM_FIELD_NUMBER: _ClassVar[int]
    ADDED_SOP_INSTANCE_UIDS_FIELD_NUMBER: _ClassVar[int]
    exam: Exam
    added_sop_instance_uids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, exam: _Optional[_Union[Exam, _Mapping]] = ..., added_sop_instance_uids: _Optional[_Iterable[str]] = ...) -> None: ...
