from sonobridge.inference.v1 import events_pb2 as _events_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetAnalysisRequest(_message.Message):
    __slots__ = ("exam_id",)
    EXAM_ID_FIELD_NUMBER: _ClassVar[int]
    exam_id: str
    def __init__(self, exam_id: _Optional[str] = ...) -> None: ...

class GetAnalysisResponse(_message.Message):
    __slots__ = ("completed", "skipped", "failed")
    COMPLETED_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    completed: _events_pb2.AnalysisCompleted
    skipped: _events_pb2.AnalysisSkipped
    failed: _events_pb2.AnalysisFailed
    def __init__(self, completed: _Optional[_Union[_events_pb2.AnalysisCompleted, _Mapping]] = ..., skipped: _Optional[_Union[_events_pb2.AnalysisSkipped, _Mapping]] = ..., failed: _Optional[_Union[_events_pb2.AnalysisFailed, _Mapping]] = ...) -> None: ...
