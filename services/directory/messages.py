"""The directory's entities as the protobuf messages that events and gRPC carry."""

from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import MessageToDict
from sonobridge.directory.v1 import directory_pb2 as pb
from sonobridge.directory.v1 import events_pb2

from services.directory.model import (
    Agreement,
    BillableEvent,
    Device,
    GateMode,
    Membership,
    Organisation,
    Party,
    PriceItem,
    Reading,
)

Entity = Organisation | Device | Membership | Agreement

_EVENTS = {
    BillableEvent.REPORT_SIGNED: pb.BILLABLE_EVENT_REPORT_SIGNED,
    BillableEvent.ANALYSIS_COMPLETED: pb.BILLABLE_EVENT_ANALYSIS_COMPLETED,
}
_PARTIES = {
    Party.REQUESTER: pb.PARTY_REQUESTER,
    Party.READER: pb.PARTY_READER,
    Party.PLATFORM: pb.PARTY_PLATFORM,
}
_MODES = {
    GateMode.APPROVED: pb.GATE_MODE_APPROVED,
    GateMode.TRIAL: pb.GATE_MODE_TRIAL,
    GateMode.SHADOW: pb.GATE_MODE_SHADOW,
}
_READINGS = {Reading.SINGLE: pb.READING_SINGLE, Reading.DOUBLE: pb.READING_DOUBLE}


def change(entity: Entity) -> tuple[str, events_pb2.DirectoryChanged]:
    """The key and the body of the event that tells of an entity as it now is."""
    match entity:
        case Organisation():
            return f"organisation/{entity.id}", events_pb2.DirectoryChanged(organisation=organisation(entity))
        case Device():
            return f"device/{entity.id}", events_pb2.DirectoryChanged(device=device(entity))
        case Membership():
            return f"membership/{entity.id}", events_pb2.DirectoryChanged(membership=membership(entity))
        case Agreement():
            key = f"agreement/{entity.id}/{entity.version}"
            return key, events_pb2.DirectoryChanged(agreement=agreement(entity))


def told(entity: Entity) -> tuple[str, str, dict[str, Any]]:
    """The kind, the name and the content of an entity, as people read them."""
    _, body = change(entity)
    kind = str(body.WhichOneof("entity"))
    content: dict[str, Any] = MessageToDict(
        getattr(body, kind), preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    match entity:
        case Organisation():
            return kind, entity.alias, content
        case Device():
            return kind, entity.ae_title, content
        case Membership():
            return kind, entity.username, content
        case Agreement():
            return kind, entity.number, content


def organisation(one: Organisation) -> pb.Organisation:
    quiet_period = Duration()
    quiet_period.FromTimedelta(one.quiet_period)
    return pb.Organisation(
        id=str(one.id),
        alias=one.alias,
        name_zh=one.name_zh,
        name_en=one.name_en,
        time_zone=one.time_zone,
        unified_social_credit_code=one.unified_social_credit_code or "",
        platform=one.platform,
        quiet_period=quiet_period,
        active=one.active,
        revision=one.revision,
    )


def device(one: Device) -> pb.Device:
    return pb.Device(
        id=str(one.id),
        organisation_id=str(one.organisation_id),
        ae_title=one.ae_title,
        host=one.host or "",
        port=one.port or 0,
        description=one.description,
        active=one.active,
        revision=one.revision,
    )


def membership(one: Membership) -> pb.Membership:
    return pb.Membership(
        id=str(one.id),
        organisation_id=str(one.organisation_id),
        subject=one.subject,
        username=one.username,
        display_name=one.display_name,
        roles=sorted(one.roles),
        machine=one.machine,
        active=one.active,
        revision=one.revision,
    )


def agreement(one: Agreement) -> pb.Agreement:
    message = pb.Agreement(
        id=str(one.id),
        version=one.version,
        requester_id=str(one.requester_id),
        reader_id=str(one.reader_id),
        valid_from=one.terms.valid_from.isoformat(),
        valid_until=one.terms.valid_until.isoformat() if one.terms.valid_until else "",
        services=[pb.Service(modality=each.modality, body_part=each.body_part) for each in one.terms.services],
        price_items=[_price_item(item) for item in one.terms.price_items],
        models=[
            pb.ModelPermission(
                model=each.model,
                mode=_MODES[each.mode],
                certificate=each.certificate or "",
                ethics_protocol=each.ethics_protocol or "",
            )
            for each in one.terms.models
        ],
        reading=_READINGS[one.terms.reading],
        consent_attested=one.terms.consent_attested,
        trial_consent_attested=one.terms.trial_consent_attested,
        currency=one.terms.currency,
        number=one.number,
        revision=one.revision,
    )
    for each in one.terms.turnarounds:
        message.turnarounds.add(priority=each.priority).duration.FromTimedelta(each.duration)
    return message


def _price_item(item: PriceItem) -> pb.PriceItem:
    return pb.PriceItem(
        code=item.code,
        description_zh=item.description_zh,
        description_en=item.description_en,
        billable_event=_EVENTS[item.billable_event],
        model=item.model or "",
        payer=_PARTIES[item.payer],
        payee=_PARTIES[item.payee],
        tiers=[pb.Tier(up_to=tier.up_to or 0, unit_amount_minor=tier.unit_amount_minor) for tier in item.tiers],
    )
