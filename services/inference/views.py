"""The views that the view model tells apart: the names by which reading models are called, and their codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from services.inference.codes import PRIVATE_SCHEME
from services.inference.model import Code


@dataclass(frozen=True, slots=True)
class View:
    """An anatomy as pictures show it, and the Body Part Examined (0018,0015) of exams that are meant to show it."""

    code: Code
    body_parts: frozenset[str] = frozenset()


# Anatomy: SNOMED CT as PS3.16 CID 4031 and CID 4 have it. What shows no anatomy has a code of our own. Body parts: PS3.16 Annex L,
# beside what scanners write in their stead.
_PREGNANCY = frozenset({"FETUS", "PREGNANCY", "OBSTETRIC", "UTERUS", "ABDOMEN", "PELVIS"})
VIEWS: Mapping[str, View] = MappingProxyType(
    {
        "fetal_brain": View(Code("12738006", "SCT", "Brain"), _PREGNANCY | {"FETAL HEAD", "BRAIN", "HEAD", "SKULL"}),
        "fetal_abdomen": View(Code("818981001", "SCT", "Abdomen"), _PREGNANCY),
        "fetal_femur": View(Code("71341001", "SCT", "Femur"), _PREGNANCY),
        "fetal_thorax": View(Code("816094009", "SCT", "Thorax"), _PREGNANCY),
        "cervix": View(Code("71252005", "SCT", "Cervix"), _PREGNANCY | {"CERVIX", "VAGINA"}),
        "breast": View(Code("76752008", "SCT", "Breast"), frozenset({"BREAST"})),
        "liver": View(Code("10200004", "SCT", "Liver"), frozenset({"LIVER", "ABDOMEN"})),
        "lung": View(Code("39607008", "SCT", "Lung"), frozenset({"LUNG", "CHEST", "THORAX", "PLEURA"})),
        "muscle": View(Code("91727004", "SCT", "Muscle")),
        "other_ultrasound": View(Code("other-ultrasound", PRIVATE_SCHEME, "Other ultrasound")),
        "not_ultrasound": View(Code("not-ultrasound", PRIVATE_SCHEME, "Not an ultrasound image")),
    }
)

# Sub-planes of the fetal brain: answers to IMAGE_VIEW_MODIFIER beside the view.
TRANS_THALAMIC = Code("transthalamic", PRIVATE_SCHEME, "Trans-thalamic plane")
TRANS_VENTRICULAR = Code("transventricular", PRIVATE_SCHEME, "Trans-ventricular plane")
TRANS_CEREBELLAR = Code("transcerebellar", PRIVATE_SCHEME, "Trans-cerebellar plane")

_NAMES = {(view.code.scheme, view.code.value): name for name, view in VIEWS.items()}


def name_of(code: Code | None) -> str:
    """The view's name; empty for a code that is no view."""
    return _NAMES.get((code.scheme, code.value), "") if code else ""


def contradicts(view: str, body_part: str) -> bool:
    """Whether the exam says another anatomy than the picture shows; a body part that no view is known for contradicts none."""
    said = body_part.strip().upper()
    meant = VIEWS[view].body_parts
    return bool(meant) and said not in meant and any(said in other.body_parts for other in VIEWS.values())
