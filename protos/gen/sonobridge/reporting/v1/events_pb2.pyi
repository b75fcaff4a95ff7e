import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from sonobridge.inference.v1 import events_pb2 as _events_pb2
from sonobridge.ingest.v1 import events_pb2 as _events_pb2_1
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FindingState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FINDING_STATE_UNSPECIFIED: _ClassVar[FindingState]
    FINDING_STATE_PROPOSED: _ClassVar[FindingState]
    FINDING_STATE_ACCEPTED: _ClassVar[FindingState]
    FINDING_STATE_CORRECTED: _ClassVar[FindingState]
    FINDING_STATE_REJECTED: _ClassVar[FindingState]
FINDING_STATE_UNSPECIFIED: FindingState
FINDING_STATE_PROPOSED: FindingState
FINDING_STATE_ACCEPTED: FindingState
FINDING_STATE_CORRECTED: FindingState
FINDING_STATE_REJECTED: FindingState

class ReviewedFinding(_message.Message):
    __slots__ = ("finding", "state", "corrected_value", "reviewed_by", "corrected_answer", "corrected_text")
    FINDING_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CORRECTED_VALUE_FIELD_NUMBER: _ClassVar[int]
    REVIEWED_BY_FIELD_NUMBER: _ClassVar[int]
    CORRECTED_ANSWER_FIELD_NUMBER: _ClassVar[int]
    CORRECTED_TEXT_FIELD_NUMBER: _ClassVar[int]
    finding: _events_pb2.Finding
    state: FindingState
    corrected_value: float
    reviewed_by: str
    corrected_answer: _events_pb2.Code
    corrected_text: str
    def __init__(self, finding: _Optional[_Union[_events_pb2.Finding, _Mapping]] = ..., state: _Optional[_Union[FindingState, str]] = ..., corrected_value: _Optional[float] = ..., reviewed_by: _Optional[str] = ..., corrected_answer: _Optional[_Union[_events_pb2.Code, _Mapping]] = ..., corrected_text: _Optional[str] = ...) -> None: ...

class ReportSigned(_message.Message):
    __slots__ = ("report_id", "version", "exam_id", "organisation_id", "reader_id", "crossing", "service_date", "signed_at", "signed_by", "findings", "document_digest_sha256", "trace_id", "study_instance_uid", "let_stand")
    REPORT_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    EXAM_ID_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    READER_ID_FIELD_NUMBER: _ClassVar[int]
    CROSSING_FIELD_NUMBER: _ClassVar[int]
    SERVICE_DATE_FIELD_NUMBER: _ClassVar[int]
    SIGNED_AT_FIELD_NUMBER: _ClassVar[int]
    SIGNED_BY_FIELD_NUMBER: _ClassVar[int]
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_DIGEST_SHA256_FIELD_NUMBER: _ClassVar[int]
    TRACE_ID_FIELD_NUMBER: _ClassVar[int]
    STUDY_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    LET_STAND_FIELD_NUMBER: _ClassVar[int]
    report_id: str
    version: int
    exam_id: str
    organisation_id: str
    reader_id: str
    crossing: _events_pb2_1.Crossing
    service_date: str
    signed_at: _timestamp_pb2.Timestamp
    signed_by: str
    findings: _containers.RepeatedCompositeFieldContainer[ReviewedFinding]
    document_digest_sha256: str
    trace_id: str
    study_instance_uid: str
    let_stand: _containers.RepeatedCompositeFieldContainer[_events_pb2.Finding]
    def __init__(self, report_id: _Optional[str] = ..., version: _Optional[int] = ..., exam_id: _Optional[str] = ..., organisation_id: _Optional[str] = ..., reader_id: _Optional[str] = ..., crossing: _Optional[_Union[_events_pb2_1.Crossing, _Mapping]] = ..., service_date: _Optional[str] = ..., signed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., signed_by: _Optional[str] = ..., findings: _Optional[_Iterable[_Union[ReviewedFinding, _Mapping]]] = ..., document_digest_sha256: _Optional[str] = ..., trace_id: _Optional[str] = ..., study_instance_uid: _Optional[str] = ..., let_stand: _Optional[_Iterable[_Union[_events_pb2.Finding, _Mapping]]] = ...) -> None: ...
