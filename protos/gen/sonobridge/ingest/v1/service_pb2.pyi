from sonobridge.ingest.v1 import events_pb2 as _events_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StoreDerivedRequest(_message.Message):
    __slots__ = ("exam_id", "chunk")
    EXAM_ID_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    exam_id: str
    chunk: bytes
    def __init__(self, exam_id: _Optional[str] = ..., chunk: _Optional[bytes] = ...) -> None: ...

class StoreDerivedResponse(_message.Message):
    __slots__ = ("instance",)
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    instance: _events_pb2.InstanceReference
    def __init__(self, instance: _Optional[_Union[_events_pb2.InstanceReference, _Mapping]] = ...) -> None: ...

class GetExamRequest(_message.Message):
    __slots__ = ("exam_id",)
    EXAM_ID_FIELD_NUMBER: _ClassVar[int]
    exam_id: str
    def __init__(self, exam_id: _Optional[str] = ...) -> None: ...

class GetExamResponse(_message.Message):
    __slots__ = ("exam",)
    EXAM_FIELD_NUMBER: _ClassVar[int]
    exam: _events_pb2.Exam
    def __init__(self, exam: _Optional[_Union[_events_pb2.Exam, _Mapping]] = ...) -> None: ...

class ReadInstanceRequest(_message.Message):
    __slots__ = ("exam_id", "sop_instance_uid")
    EXAM_ID_FIELD_NUMBER: _ClassVar[int]
    SOP_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    exam_id: str
    sop_instance_uid: str
    def __init__(self, exam_id: _Optional[str] = ..., sop_instance_uid: _Optional[str] = ...) -> None: ...

class ReadInstanceResponse(_message.Message):
    __slots__ = ("chunk",)
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    chunk: bytes
    def __init__(self, chunk: _Optional[bytes] = ...) -> None: ...
