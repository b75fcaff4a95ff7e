"""Which version of which agreement is in force when, and what must not be in force at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from services.directory.model.agreement import Agreement, Service
from services.shared.errors import Conflict


@dataclass(frozen=True)
class Coverage:
    """One service of one version, on the days [begins, ends) on which that version decides; `ends` None is without end."""

    agreement: Agreement
    service: Service
    begins: date
    ends: date | None

    def overlaps(self, other: "Coverage") -> bool:
        """Whether one exam of the requester could fall under both."""
        return (
            self.agreement.requester_id == other.agreement.requester_id
            and self.service.overlaps(other.service)
            and (self.ends is None or other.begins < self.ends)
            and (other.ends is None or self.begins < other.ends)
        )


def coverage_of(versions: Sequence[Agreement]) -> list[Coverage]:
    """What all versions of one agreement cover: each until its own end, or until the next version's first day if that is earlier."""
    ordered = sorted(versions, key=lambda one: one.version)
    found = []
    for place, agreement in enumerate(ordered):
        limits = [
            agreement.terms.valid_until,
            ordered[place + 1].terms.valid_from if place + 1 < len(ordered) else None,
        ]
        ends = min((limit for limit in limits if limit is not None), default=None)
        found += [
            Coverage(agreement, service, agreement.terms.valid_from, ends) for service in agreement.terms.services
        ]
    return found


def in_force(versions: Iterable[Agreement], modality: str, body_part: str, on: date) -> Agreement | None:
    """The one version among agreements of a requester that covers the service on that day."""
    begun: dict[str, Agreement] = {}
    for agreement in versions:
        known = begun.get(agreement.number)
        if agreement.terms.valid_from <= on and (known is None or agreement.version > known.version):
            begun[agreement.number] = agreement
    for agreement in begun.values():
        until = agreement.terms.valid_until
        if (until is None or on < until) and any(one.covers(modality, body_part) for one in agreement.terms.services):
            return agreement
    return None


def conflict_between(mine: Iterable[Coverage], others: Sequence[Coverage]) -> tuple[Coverage, Coverage] | None:
    """The first pair that would give a requester two readers for one service at once; None when there is none."""
    return next(((one, other) for one in mine for other in others if one.overlaps(other)), None)


def next_version(latest: Agreement, proposed: Agreement) -> Agreement:
    """`proposed` as the version after `latest`. Raises Conflict where it is not one that can follow."""
    if (latest.requester_id, latest.reader_id) != (proposed.requester_id, proposed.reader_id):
        raise Conflict(
            f"agreement {latest.number} is between other parties; a new pair of parties needs a number of its own"
        )
    if proposed.terms.valid_from <= latest.terms.valid_from:
        raise Conflict(
            f"agreement {latest.number} has its version {latest.version} from {latest.terms.valid_from} on, which is never changed: "
            f"give other terms a later valid_from",
            version=latest.version,
        )
    return Agreement(
        id=latest.id,
        number=latest.number,
        version=latest.version + 1,
        requester_id=latest.requester_id,
        reader_id=latest.reader_id,
        terms=proposed.terms,
    )
