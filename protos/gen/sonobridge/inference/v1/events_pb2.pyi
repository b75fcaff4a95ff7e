import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from sonobridge.directory.v1 import directory_pb2 as _directory_pb2
from sonobridge.ingest.v1 import events_pb2 as _events_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Code(_message.Message):
    __slots__ = ("value", "scheme", "meaning")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    SCHEME_FIELD_NUMBER: _ClassVar[int]
    MEANING_FIELD_NUMBER: _ClassVar[int]
    value: str
    scheme: str
    meaning: str
    def __init__(self, value: _Optional[str] = ..., scheme: _Optional[str] = ..., meaning: _Optional[str] = ...) -> None: ...

class Point(_message.Message):
    __slots__ = ("column", "row")
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    ROW_FIELD_NUMBER: _ClassVar[int]
    column: float
    row: float
    def __init__(self, column: _Optional[float] = ..., row: _Optional[float] = ...) -> None: ...

class Anchor(_message.Message):
    __slots__ = ("series_instance_uid", "sop_instance_uid", "first_frame", "last_frame", "plane", "contour", "key_frame")
    SERIES_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    SOP_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    FIRST_FRAME_FIELD_NUMBER: _ClassVar[int]
    LAST_FRAME_FIELD_NUMBER: _ClassVar[int]
    PLANE_FIELD_NUMBER: _ClassVar[int]
    CONTOUR_FIELD_NUMBER: _ClassVar[int]
    KEY_FRAME_FIELD_NUMBER: _ClassVar[int]
    series_instance_uid: str
    sop_instance_uid: str
    first_frame: int
    last_frame: int
    plane: Code
    contour: _containers.RepeatedCompositeFieldContainer[Point]
    key_frame: int
    def __init__(self, series_instance_uid: _Optional[str] = ..., sop_instance_uid: _Optional[str] = ..., first_frame: _Optional[int] = ..., last_frame: _Optional[int] = ..., plane: _Optional[_Union[Code, _Mapping]] = ..., contour: _Optional[_Iterable[_Union[Point, _Mapping]]] = ..., key_frame: _Optional[int] = ...) -> None: ...

class Measurement(_message.Message):
    __slots__ = ("value", "unit", "lower", "upper", "method")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    LOWER_FIELD_NUMBER: _ClassVar[int]
    UPPER_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    value: float
    unit: str
    lower: float
    upper: float
    method: str
    def __init__(self, value: _Optional[float] = ..., unit: _Optional[str] = ..., lower: _Optional[float] = ..., upper: _Optional[float] = ..., method: _Optional[str] = ...) -> None: ...

class Evaluation(_message.Message):
    __slots__ = ("answer", "why", "source", "choices")
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    CHOICES_FIELD_NUMBER: _ClassVar[int]
    answer: Code
    why: str
    source: str
    choices: _containers.RepeatedCompositeFieldContainer[Code]
    def __init__(self, answer: _Optional[_Union[Code, _Mapping]] = ..., why: _Optional[str] = ..., source: _Optional[str] = ..., choices: _Optional[_Iterable[_Union[Code, _Mapping]]] = ...) -> None: ...

class ModelReference(_message.Message):
    __slots__ = ("name", "version", "mode", "digest_sha256")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    DIGEST_SHA256_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: str
    mode: _directory_pb2.GateMode
    digest_sha256: str
    def __init__(self, name: _Optional[str] = ..., version: _Optional[str] = ..., mode: _Optional[_Union[_directory_pb2.GateMode, str]] = ..., digest_sha256: _Optional[str] = ...) -> None: ...

class Finding(_message.Message):
    __slots__ = ("finding_id", "code", "measurement", "anchor", "certainty_percent", "model", "tracking_uid", "evaluation")
    FINDING_ID_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    MEASUREMENT_FIELD_NUMBER: _ClassVar[int]
    ANCHOR_FIELD_NUMBER: _ClassVar[int]
    CERTAINTY_PERCENT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    TRACKING_UID_FIELD_NUMBER: _ClassVar[int]
    EVALUATION_FIELD_NUMBER: _ClassVar[int]
    finding_id: str
    code: Code
    measurement: Measurement
    anchor: Anchor
    certainty_percent: float
    model: ModelReference
    tracking_uid: str
    evaluation: Evaluation
    def __init__(self, finding_id: _Optional[str] = ..., code: _Optional[_Union[Code, _Mapping]] = ..., measurement: _Optional[_Union[Measurement, _Mapping]] = ..., anchor: _Optional[_Union[Anchor, _Mapping]] = ..., certainty_percent: _Optional[float] = ..., model: _Optional[_Union[ModelReference, _Mapping]] = ..., tracking_uid: _Optional[str] = ..., evaluation: _Optional[_Union[Evaluation, _Mapping]] = ...) -> None: ...

class ModelRun(_message.Message):
    __slots__ = ("model", "frames", "outcome", "reason")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    model: ModelReference
    frames: int
    outcome: str
    reason: str
    def __init__(self, model: _Optional[_Union[ModelReference, _Mapping]] = ..., frames: _Optional[int] = ..., outcome: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class Contradiction(_message.Message):
    __slots__ = ("sop_instance_uid", "body_part", "view")
    SOP_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    BODY_PART_FIELD_NUMBER: _ClassVar[int]
    VIEW_FIELD_NUMBER: _ClassVar[int]
    sop_instance_uid: str
    body_part: str
    view: Code
    def __init__(self, sop_instance_uid: _Optional[str] = ..., body_part: _Optional[str] = ..., view: _Optional[_Union[Code, _Mapping]] = ...) -> None: ...

class Silence(_message.Message):
    __slots__ = ("model", "sop_instance_uid", "name", "reason", "reason_zh", "frames")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SOP_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REASON_ZH_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    model: str
    sop_instance_uid: str
    name: str
    reason: str
    reason_zh: str
    frames: int
    def __init__(self, model: _Optional[str] = ..., sop_instance_uid: _Optional[str] = ..., name: _Optional[str] = ..., reason: _Optional[str] = ..., reason_zh: _Optional[str] = ..., frames: _Optional[int] = ...) -> None: ...

class AnalysisCompleted(_message.Message):
    __slots__ = ("analysis_id", "exam_id", "organisation_id", "exam_revision", "runs", "findings", "sop_instance_uids", "investigational", "crossing", "service_date", "completed_at", "trace_id", "key_sop_instance_uid", "key_frame", "hints", "contradictions", "silences")
    ANALYSIS_ID_FIELD_NUMBER: _ClassVar[int]
    EXAM_ID_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    EXAM_REVISION_FIELD_NUMBER: _ClassVar[int]
    RUNS_FIELD_NUMBER: _ClassVar[int]
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    SOP_INSTANCE_UIDS_FIELD_NUMBER: _ClassVar[int]
    INVESTIGATIONAL_FIELD_NUMBER: _ClassVar[int]
    CROSSING_FIELD_NUMBER: _ClassVar[int]
    SERVICE_DATE_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_AT_FIELD_NUMBER: _ClassVar[int]
    TRACE_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_SOP_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    KEY_FRAME_FIELD_NUMBER: _ClassVar[int]
    HINTS_FIELD_NUMBER: _ClassVar[int]
    CONTRADICTIONS_FIELD_NUMBER: _ClassVar[int]
    SILENCES_FIELD_NUMBER: _ClassVar[int]
    analysis_id: str
    exam_id: str
    organisation_id: str
    exam_revision: int
    runs: _containers.RepeatedCompositeFieldContainer[ModelRun]
    findings: _containers.RepeatedCompositeFieldContainer[Finding]
    sop_instance_uids: _containers.RepeatedScalarFieldContainer[str]
    investigational: bool
    crossing: _events_pb2.Crossing
    service_date: str
    completed_at: _timestamp_pb2.Timestamp
    trace_id: str
    key_sop_instance_uid: str
    key_frame: int
    hints: _containers.RepeatedCompositeFieldContainer[Finding]
    contradictions: _containers.RepeatedCompositeFieldContainer[Contradiction]
    silences: _containers.RepeatedCompositeFieldContainer[Silence]
    def __init__(self, analysis_id: _Optional[str] = ..., exam_id: _Optional[str] = ..., organisation_id: _Optional[str] = ..., exam_revision: _Optional[int] = ..., runs: _Optional[_Iterable[_Union[ModelRun, _Mapping]]] = ..., findings: _Optional[_Iterable[_Union[Finding, _Mapping]]] = ..., sop_instance_uids: _Optional[_Iterable[str]] = ..., investigational: _Optional[bool] = ..., crossing: _Optional[_Union[_events_pb2.Crossing, _Mapping]] = ..., service_date: _Optional[str] = ..., completed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., trace_id: _Optional[str] = ..., key_sop_instance_uid: _Optional[str] = ..., key_frame: _Optional[int] = ..., hints: _Optional[_Iterable[_Union[Finding, _Mapping]]] = ..., contradictions: _Optional[_Iterable[_Union[Contradiction, _Mapping]]] = ..., silences: _Optional[_Iterable[_Union[Silence, _Mapping]]] = ...) -> None: ...

class AnalysisSkipped(_message.Message):
    __slots__ = ("exam_id", "organisation_id", "exam_revision", "rule", "reason", "trace_id")
    EXAM_ID_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    EXAM_REVISION_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TRACE_ID_FIELD_NUMBER: _ClassVar[int]
    exam_id: str
    organisation_id: str
    exam_revision: int
    rule: str
    reason: str
    trace_id: str
    def __init__(self, exam_id: _Optional[str] = ..., organisation_id: _Optional[str] = ..., exam_revision: _Optional[int] = ..., rule: _Optional[str] = ..., reason: _Optional[str] = ..., trace_id: _Optional[str] = ...) -> None: ...

class AnalysisFailed(_message.Message):
    __slots__ = ("exam_id", "organisation_id", "exam_revision", "model", "reason", "trace_id")
    EXAM_ID_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    EXAM_REVISION_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TRACE_ID_FIELD_NUMBER: _ClassVar[int]
    exam_id: str
    organisation_id: str
    exam_revision: int
    model: str
    reason: str
    trace_id: str
    def __init__(self, exam_id: _Optional[str] = ..., organisation_id: _Optional[str] = ..., exam_revision: _Optional[int] = ..., model: _Optional[str] = ..., reason: _Optional[str] = ..., trace_id: _Optional[str] = ...) -> None: ...
