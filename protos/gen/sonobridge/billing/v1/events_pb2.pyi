import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class UsageRecorded(_message.Message):
    __slots__ = ("usage_id", "organisation_id", "exam_id", "agreement_id", "agreement_version", "item_code", "payer_id", "payee_id", "service_date", "quantity", "corrects_usage_id", "trace_id")
    USAGE_ID_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    EXAM_ID_FIELD_NUMBER: _ClassVar[int]
    AGREEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    AGREEMENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    ITEM_CODE_FIELD_NUMBER: _ClassVar[int]
    PAYER_ID_FIELD_NUMBER: _ClassVar[int]
    PAYEE_ID_FIELD_NUMBER: _ClassVar[int]
    SERVICE_DATE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    CORRECTS_USAGE_ID_FIELD_NUMBER: _ClassVar[int]
    TRACE_ID_FIELD_NUMBER: _ClassVar[int]
    usage_id: str
    organisation_id: str
    exam_id: str
    agreement_id: str
    agreement_version: int
    item_code: str
    payer_id: str
    payee_id: str
    service_date: str
    quantity: int
    corrects_usage_id: str
    trace_id: str
    def __init__(self, usage_id: _Optional[str] = ..., organisation_id: _Optional[str] = ..., exam_id: _Optional[str] = ..., agreement_id: _Optional[str] = ..., agreement_version: _Optional[int] = ..., item_code: _Optional[str] = ..., payer_id: _Optional[str] = ..., payee_id: _Optional[str] = ..., service_date: _Optional[str] = ..., quantity: _Optional[int] = ..., corrects_usage_id: _Optional[str] = ..., trace_id: _Optional[str] = ...) -> None: ...

class InvoiceIssued(_message.Message):
    __slots__ = ("invoice_id", "number", "payer_id", "payee_id", "currency", "total_minor", "closed_through")
    INVOICE_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    PAYER_ID_FIELD_NUMBER: _ClassVar[int]
    PAYEE_ID_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    TOTAL_MINOR_FIELD_NUMBER: _ClassVar[int]
    CLOSED_THROUGH_FIELD_NUMBER: _ClassVar[int]
    invoice_id: str
    number: str
    payer_id: str
    payee_id: str
    currency: str
    total_minor: int
    closed_through: _timestamp_pb2.Timestamp
    def __init__(self, invoice_id: _Optional[str] = ..., number: _Optional[str] = ..., payer_id: _Optional[str] = ..., payee_id: _Optional[str] = ..., currency: _Optional[str] = ..., total_minor: _Optional[int] = ..., closed_through: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
