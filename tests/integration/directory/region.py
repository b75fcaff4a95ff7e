"""Two hospitals and what they agree on, as a request would say it."""

from typing import Any

from services.directory.model.codes import social_credit_check_character


def social_credit_code(number: int) -> str:
    """A valid, fictitious unified social credit code."""
    first_17 = f"12990100{number:09d}"
    return first_17 + social_credit_check_character(first_17)


def hospital(number: int, **more: Any) -> dict[str, Any]:
    return {
        "name_zh": f"第{number}医院",
        "name_en": f"Hospital {number}",
        "unified_social_credit_code": social_credit_code(number),
    } | more


def terms(requester: str, reader: str, **more: Any) -> dict[str, Any]:
    return {
        "requester": requester,
        "reader": reader,
        "valid_from": "2024-01-01",
        "services": [{"modality": "US", "body_part": "*"}],
        "turnarounds": [
            {"priority": "ROUTINE", "duration": "PT24H"},
            {"priority": "URGENT", "duration": "PT4H"},
            {"priority": "STAT", "duration": "PT1H"},
        ],
        "price_items": [
            {
                "code": "reading",
                "description_zh": "远程超声诊断",
                "description_en": "Remote ultrasound reading",
                "billable_event": "report_signed",
                "payer": "requester",
                "payee": "reader",
                "tiers": [{"up_to": 100, "unit_amount_minor": 8000}, {"unit_amount_minor": 6500}],
            }
        ],
        "models": [{"model": "fetal_head", "mode": "trial", "ethics_protocol": "2024-EC-017"}],
        "consent_attested": True,
    } | more
