from sonobridge.directory.v1 import directory_pb2 as _directory_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DirectoryChanged(_message.Message):
    __slots__ = ("organisation", "device", "membership", "agreement")
    ORGANISATION_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    MEMBERSHIP_FIELD_NUMBER: _ClassVar[int]
    AGREEMENT_FIELD_NUMBER: _ClassVar[int]
    organisation: _directory_pb2.Organisation
    device: _directory_pb2.Device
    membership: _directory_pb2.Membership
    agreement: _directory_pb2.Agreement
    def __init__(self, organisation: _Optional[_Union[_directory_pb2.Organisation, _Mapping]] = ..., device: _Optional[_Union[_directory_pb2.Device, _Mapping]] = ..., membership: _Optional[_Union[_directory_pb2.Membership, _Mapping]] = ..., agreement: _Optional[_Union[_directory_pb2.Agreement, _Mapping]] = ...) -> None: ...
