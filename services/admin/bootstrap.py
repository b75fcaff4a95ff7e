"""The platform's own organisation, its first operator and the machine by which this command works."""

from typing import Any

from services.admin.region import Applier

PLATFORM = "platform"
OPERATOR = "operator"
MACHINE = "platform-admin"

_ORGANISATION = {
    "name_zh": "声桥平台",
    "name_en": "SonoBridge",
    "platform": True,
}
_OPERATOR = {"display_name": "平台管理员", "roles": ["operator", "billing_admin"]}
_MACHINE = {"display_name": "sonobridge admin", "roles": ["operator", "billing_admin"]}


def region(time_zone: str) -> dict[str, Any]:
    """The platform as a region of its own."""
    inside = {"machines": {MACHINE: _MACHINE}, "people": {OPERATOR: _OPERATOR}}
    return {"organisations": {PLATFORM: _ORGANISATION | {"time_zone": time_zone} | inside}}


def bootstrap(applier: Applier, time_zone: str) -> None:
    """Make what is missing; the directory's own client is the caller. Raises Failed."""
    applier.apply(region(time_zone))
