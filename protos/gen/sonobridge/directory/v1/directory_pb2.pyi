import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Party(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PARTY_UNSPECIFIED: _ClassVar[Party]
    PARTY_REQUESTER: _ClassVar[Party]
    PARTY_READER: _ClassVar[Party]
    PARTY_PLATFORM: _ClassVar[Party]

class BillableEvent(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BILLABLE_EVENT_UNSPECIFIED: _ClassVar[BillableEvent]
    BILLABLE_EVENT_REPORT_SIGNED: _ClassVar[BillableEvent]
    BILLABLE_EVENT_ANALYSIS_COMPLETED: _ClassVar[BillableEvent]

class GateMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GATE_MODE_UNSPECIFIED: _ClassVar[GateMode]
    GATE_MODE_APPROVED: _ClassVar[GateMode]
    GATE_MODE_TRIAL: _ClassVar[GateMode]
    GATE_MODE_SHADOW: _ClassVar[GateMode]

class Reading(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    READING_UNSPECIFIED: _ClassVar[Reading]
    READING_SINGLE: _ClassVar[Reading]
    READING_DOUBLE: _ClassVar[Reading]
PARTY_UNSPECIFIED: Party
PARTY_REQUESTER: Party
PARTY_READER: Party
PARTY_PLATFORM: Party
BILLABLE_EVENT_UNSPECIFIED: BillableEvent
BILLABLE_EVENT_REPORT_SIGNED: BillableEvent
BILLABLE_EVENT_ANALYSIS_COMPLETED: BillableEvent
GATE_MODE_UNSPECIFIED: GateMode
GATE_MODE_APPROVED: GateMode
GATE_MODE_TRIAL: GateMode
GATE_MODE_SHADOW: GateMode
READING_UNSPECIFIED: Reading
READING_SINGLE: Reading
READING_DOUBLE: Reading

class Organisation(_message.Message):
    __slots__ = ("id", "alias", "name_zh", "name_en", "time_zone", "unified_social_credit_code", "platform", "quiet_period", "active", "revision")
    ID_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    NAME_ZH_FIELD_NUMBER: _ClassVar[int]
    NAME_EN_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    UNIFIED_SOCIAL_CREDIT_CODE_FIELD_NUMBER: _ClassVar[int]
    PLATFORM_FIELD_NUMBER: _ClassVar[int]
    QUIET_PERIOD_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    id: str
    alias: str
    name_zh: str
    name_en: str
    time_zone: str
    unified_social_credit_code: str
    platform: bool
    quiet_period: _duration_pb2.Duration
    active: bool
    revision: int
    def __init__(self, id: _Optional[str] = ..., alias: _Optional[str] = ..., name_zh: _Optional[str] = ..., name_en: _Optional[str] = ..., time_zone: _Optional[str] = ..., unified_social_credit_code: _Optional[str] = ..., platform: _Optional[bool] = ..., quiet_period: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., active: _Optional[bool] = ..., revision: _Optional[int] = ...) -> None: ...

class Device(_message.Message):
    __slots__ = ("id", "organisation_id", "ae_title", "host", "port", "description", "active", "revision")
    ID_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    AE_TITLE_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    id: str
    organisation_id: str
    ae_title: str
    host: str
    port: int
    description: str
    active: bool
    revision: int
    def __init__(self, id: _Optional[str] = ..., organisation_id: _Optional[str] = ..., ae_title: _Optional[str] = ..., host: _Optional[str] = ..., port: _Optional[int] = ..., description: _Optional[str] = ..., active: _Optional[bool] = ..., revision: _Optional[int] = ...) -> None: ...

class Membership(_message.Message):
    __slots__ = ("id", "organisation_id", "subject", "username", "display_name", "roles", "machine", "active", "revision")
    ID_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    MACHINE_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    id: str
    organisation_id: str
    subject: str
    username: str
    display_name: str
    roles: _containers.RepeatedScalarFieldContainer[str]
    machine: bool
    active: bool
    revision: int
    def __init__(self, id: _Optional[str] = ..., organisation_id: _Optional[str] = ..., subject: _Optional[str] = ..., username: _Optional[str] = ..., display_name: _Optional[str] = ..., roles: _Optional[_Iterable[str]] = ..., machine: _Optional[bool] = ..., active: _Optional[bool] = ..., revision: _Optional[int] = ...) -> None: ...

class Tier(_message.Message):
    __slots__ = ("up_to", "unit_amount_minor")
    UP_TO_FIELD_NUMBER: _ClassVar[int]
    UNIT_AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    up_to: int
    unit_amount_minor: int
    def __init__(self, up_to: _Optional[int] = ..., unit_amount_minor: _Optional[int] = ...) -> None: ...

class PriceItem(_message.Message):
    __slots__ = ("code", "description_zh", "description_en", "billable_event", "model", "payer", "payee", "tiers")
    CODE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_ZH_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_EN_FIELD_NUMBER: _ClassVar[int]
    BILLABLE_EVENT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    PAYER_FIELD_NUMBER: _ClassVar[int]
    PAYEE_FIELD_NUMBER: _ClassVar[int]
    TIERS_FIELD_NUMBER: _ClassVar[int]
    code: str
    description_zh: str
    description_en: str
    billable_event: BillableEvent
    model: str
    payer: Party
    payee: Party
    tiers: _containers.RepeatedCompositeFieldContainer[Tier]
    def __init__(self, code: _Optional[str] = ..., description_zh: _Optional[str] = ..., description_en: _Optional[str] = ..., billable_event: _Optional[_Union[BillableEvent, str]] = ..., model: _Optional[str] = ..., payer: _Optional[_Union[Party, str]] = ..., payee: _Optional[_Union[Party, str]] = ..., tiers: _Optional[_Iterable[_Union[Tier, _Mapping]]] = ...) -> None: ...

class Service(_message.Message):
    __slots__ = ("modality", "body_part")
    MODALITY_FIELD_NUMBER: _ClassVar[int]
    BODY_PART_FIELD_NUMBER: _ClassVar[int]
    modality: str
    body_part: str
    def __init__(self, modality: _Optional[str] = ..., body_part: _Optional[str] = ...) -> None: ...

class Turnaround(_message.Message):
    __slots__ = ("priority", "duration")
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    priority: str
    duration: _duration_pb2.Duration
    def __init__(self, priority: _Optional[str] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class ModelPermission(_message.Message):
    __slots__ = ("model", "mode", "certificate", "ethics_protocol")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    ETHICS_PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    model: str
    mode: GateMode
    certificate: str
    ethics_protocol: str
    def __init__(self, model: _Optional[str] = ..., mode: _Optional[_Union[GateMode, str]] = ..., certificate: _Optional[str] = ..., ethics_protocol: _Optional[str] = ...) -> None: ...

class Agreement(_message.Message):
    __slots__ = ("id", "version", "requester_id", "reader_id", "valid_from", "valid_until", "services", "turnarounds", "price_items", "models", "reading", "consent_attested", "currency", "number", "revision", "trial_consent_attested")
    ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    REQUESTER_ID_FIELD_NUMBER: _ClassVar[int]
    READER_ID_FIELD_NUMBER: _ClassVar[int]
    VALID_FROM_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_FIELD_NUMBER: _ClassVar[int]
    SERVICES_FIELD_NUMBER: _ClassVar[int]
    TURNAROUNDS_FIELD_NUMBER: _ClassVar[int]
    PRICE_ITEMS_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    READING_FIELD_NUMBER: _ClassVar[int]
    CONSENT_ATTESTED_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    TRIAL_CONSENT_ATTESTED_FIELD_NUMBER: _ClassVar[int]
    id: str
    version: int
    requester_id: str
    reader_id: str
    valid_from: str
    valid_until: str
    services: _containers.RepeatedCompositeFieldContainer[Service]
    turnarounds: _containers.RepeatedCompositeFieldContainer[Turnaround]
    price_items: _containers.RepeatedCompositeFieldContainer[PriceItem]
    models: _containers.RepeatedCompositeFieldContainer[ModelPermission]
    reading: Reading
    consent_attested: bool
    currency: str
    number: str
    revision: int
    trial_consent_attested: bool
    def __init__(self, id: _Optional[str] = ..., version: _Optional[int] = ..., requester_id: _Optional[str] = ..., reader_id: _Optional[str] = ..., valid_from: _Optional[str] = ..., valid_until: _Optional[str] = ..., services: _Optional[_Iterable[_Union[Service, _Mapping]]] = ..., turnarounds: _Optional[_Iterable[_Union[Turnaround, _Mapping]]] = ..., price_items: _Optional[_Iterable[_Union[PriceItem, _Mapping]]] = ..., models: _Optional[_Iterable[_Union[ModelPermission, _Mapping]]] = ..., reading: _Optional[_Union[Reading, str]] = ..., consent_attested: _Optional[bool] = ..., currency: _Optional[str] = ..., number: _Optional[str] = ..., revision: _Optional[int] = ..., trial_consent_attested: _Optional[bool] = ...) -> None: ...
