"""The report as DICOM SR: Comprehensive SR after TID 2000, Basic Diagnostic Imaging Report (PS3.16)."""

from io import BytesIO
from typing import Any

import numpy as np
from highdicom.sr import (
    CodeContentItem,
    ComprehensiveSR,
    ContainerContentItem,
    ContentSequence,
    ImageContentItem,
    LanguageOfContentItemAndDescendants,
    NumContentItem,
    ObserverContext,
    PersonObserverIdentifyingAttributes,
    ScoordContentItem,
    TextContentItem,
    UIDRefContentItem,
)
from highdicom.sr.coding import CodedConcept
from highdicom.sr.enum import GraphicTypeValues, RelationshipTypeValues
from pydicom.dataset import Dataset
from pydicom.filewriter import dcmwrite
from pydicom.valuerep import DT
from sonobridge.ingest.v1 import events_pb2 as ingest_pb

from services.reporting.documents.study import CHARACTER_SET, MANUFACTURER, derived_uid, evidence_of
from services.reporting.model.content import INVESTIGATIONAL_EN, Content, Kind
from services.reporting.model.findings import Code, Review, ReviewedFinding

_SERIES_NUMBER = 990
_CONTAINS = RelationshipTypeValues.CONTAINS
_PROPERTIES = RelationshipTypeValues.HAS_PROPERTIES
_INFERRED = RelationshipTypeValues.INFERRED_FROM
_MODIFIED = RelationshipTypeValues.HAS_CONCEPT_MOD

# CID 7000 (titles), CID 7001 (headings), CID 7002 (elements), TID 1500, TID 4019.
_TITLE = CodedConcept("18748-4", "LN", "Diagnostic imaging report")
_FINDINGS = (CodedConcept("121070", "DCM", "Findings"), CodedConcept("121071", "DCM", "Finding"))
_IMPRESSIONS = (CodedConcept("121072", "DCM", "Impressions"), CodedConcept("121073", "DCM", "Impression"))
_RECOMMENDATIONS = (CodedConcept("121074", "DCM", "Recommendations"), CodedConcept("121075", "DCM", "Recommendation"))
_KEY_IMAGES = CodedConcept("121180", "DCM", "Key Images")
_COMMENT = CodedConcept("121106", "DCM", "Comment")
_TRACKING_UID = CodedConcept("112040", "DCM", "Tracking Unique Identifier")
_ALGORITHM_NAME = CodedConcept("111001", "DCM", "Algorithm Name")
_ALGORITHM_VERSION = CodedConcept("111003", "DCM", "Algorithm Version")
_SOURCE = CodedConcept("121324", "DCM", "Source image")
_REGION = CodedConcept("111030", "DCM", "Image Region")
_PERSON = CodedConcept("121006", "DCM", "Person")
_CHINESE = CodedConcept("zh", "RFC5646", "Chinese")
_CANNOT_BE_JUDGED = CodedConcept("cannot-be-judged", "99SONOBRIDGE", "Cannot be judged")
_CRITICAL = (CodedConcept("121071", "DCM", "Finding"), CodedConcept("255234002", "SCT", "Critical"))


def report_sr(
    content: Content, instances: list[ingest_pb.InstanceReference], key_image: tuple[str, int] | None
) -> bytes:
    """The report as a DICOM file. `key_image` is a SOP instance UID and a frame counted from 1.

    Everything in it follows from the signed content: making it again makes the same bytes.
    """
    by_uid = {one.sop_instance_uid: one for one in instances}
    root = _tree(content, by_uid, key_image)
    # highdicom copies the tree twice and searches it three times, at half the cost of writing: it gets the root alone.
    items = root.ContentSequence
    root.ContentSequence = ContentSequence()
    document = ComprehensiveSR(
        evidence=evidence_of(content, instances),
        content=root,
        series_instance_uid=derived_uid(content.report_id, "sr-series"),
        series_number=_SERIES_NUMBER,
        sop_instance_uid=derived_uid(content.report_id, content.version, "sr"),
        instance_number=content.version,
        manufacturer=MANUFACTURER,
        is_complete=True,
        is_final=True,
        is_verified=True,
        institution_name=content.reader.name_zh,
        verifying_observer_name=_person(content.signed.display_name),
        verifying_organization=content.reader.name_zh,
        previous_versions=[_previous(content)] if content.version > 1 else None,
        specific_character_set=CHARACTER_SET,
    )
    date, time = content.signed.at.strftime("%Y%m%d"), content.signed.at.strftime("%H%M%S")
    document.ContentSequence = items
    # highdicom dates a document by its making; a report is dated by its signing.
    for tag in ("ContentDate", "InstanceCreationDate", "SeriesDate"):
        setattr(document, tag, date)
    for tag in ("ContentTime", "InstanceCreationTime", "SeriesTime"):
        setattr(document, tag, time)
    document.VerifyingObserverSequence[0].VerificationDateTime = f"{date}{time}+0000"
    for equipment in document.ContributingEquipmentSequence:
        equipment.ContributionDateTime = DT(f"{date}{time}+0000")
    document.StudyDescription = content.exam.study_description
    out = BytesIO()
    dcmwrite(out, document, enforce_file_format=True)
    return out.getvalue()


def _tree(
    content: Content, by_uid: dict[str, ingest_pb.InstanceReference], key_image: tuple[str, int] | None
) -> ContainerContentItem:
    root = ContainerContentItem(name=_TITLE, template_id="2000")
    root.ContentSequence = ContentSequence(
        [
            *LanguageOfContentItemAndDescendants(_CHINESE),
            *ObserverContext(
                observer_type=_PERSON,
                observer_identifying_attributes=PersonObserverIdentifyingAttributes(
                    name=_person(content.signed.display_name), organization_name=content.reader.name_zh
                ),
            ),
            *_sections(content, by_uid, key_image),
        ]
    )
    return root


def _sections(
    content: Content, by_uid: dict[str, ingest_pb.InstanceReference], key_image: tuple[str, int] | None
) -> list[ContainerContentItem]:
    heading, element = _FINDINGS
    findings: list[Any] = [_stated(one, by_uid) for one in content.findings if one.state != Review.REJECTED]
    if content.text.critical:
        findings.append(CodeContentItem(name=_CRITICAL[0], value=_CRITICAL[1], relationship_type=_CONTAINS))
    if content.text.description:
        findings.append(_text(element, content.text.description))
    if content.investigational:
        findings.append(_text(_COMMENT, INVESTIGATIONAL_EN))
    if content.kind == Kind.ADDENDUM:
        findings.append(_text(_COMMENT, f"Addendum: version {content.version} of report {content.report_id}"))
    sections = [_section(heading, findings)] if findings else []
    if key_image is not None and key_image[0] in by_uid:
        sections.append(_section(_KEY_IMAGES, [_image(by_uid[key_image[0]], key_image[1], _CONTAINS)]))
    sections.append(_section(_IMPRESSIONS[0], [_text(_IMPRESSIONS[1], content.text.impression)]))
    if content.text.recommendation:
        sections.append(_section(_RECOMMENDATIONS[0], [_text(_RECOMMENDATIONS[1], content.text.recommendation)]))
    return sections


def _section(heading: CodedConcept, items: list[Any]) -> ContainerContentItem:
    section = ContainerContentItem(name=heading, relationship_type=_CONTAINS)
    section.ContentSequence = ContentSequence(items)
    return section


def _stated(one: ReviewedFinding, by_uid: dict[str, ingest_pb.InstanceReference]) -> NumContentItem | CodeContentItem:
    finding = one.finding
    item: NumContentItem | CodeContentItem
    if finding.coded:
        answer = _concept(one.reported_answer) if one.reported_answer else _CANNOT_BE_JUDGED
        item = CodeContentItem(name=_concept(finding.code), value=answer, relationship_type=_CONTAINS)
    else:
        item = NumContentItem(
            name=_concept(finding.code),
            value=one.reported_value,
            unit=CodedConcept(finding.unit, "UCUM", finding.unit),
            relationship_type=_CONTAINS,
        )
    children: list[Any] = [
        TextContentItem(name=_COMMENT, value=_comment(one), relationship_type=_PROPERTIES),
        TextContentItem(name=_ALGORITHM_NAME, value=finding.model.name, relationship_type=_MODIFIED),
        TextContentItem(name=_ALGORITHM_VERSION, value=finding.model.version, relationship_type=_MODIFIED),
    ]
    if finding.tracking_uid:
        children.append(
            UIDRefContentItem(name=_TRACKING_UID, value=finding.tracking_uid, relationship_type=_PROPERTIES)
        )
    instance = by_uid.get(finding.anchor.sop_instance_uid)
    if instance is not None:
        children.append(_region(one, instance))
    item.ContentSequence = ContentSequence(children)
    return item


def _comment(one: ReviewedFinding) -> str:
    """Who says so, and what AI said where the expert says something else."""
    if one.state != Review.CORRECTED:
        return "AI, accepted by the expert"
    finding = one.finding
    if not finding.coded:
        return f"Corrected by the expert; AI measured {finding.value:g} {finding.unit}"
    by = f"Corrected by the expert to: {one.corrected_text}" if one.corrected_text else "Corrected by the expert"
    before = finding.answer.meaning if finding.answer else _CANNOT_BE_JUDGED.meaning
    return f"{by}; AI judged {before}"


def _region(one: ReviewedFinding, instance: ingest_pb.InstanceReference) -> Any:
    anchor = one.finding.anchor
    # The outline gave the value that was corrected; an answer is about what it encloses.
    redrawn = one.state == Review.CORRECTED and not one.finding.coded
    if redrawn or len(anchor.contour) < 2:
        return _image(instance, anchor.frame, _INFERRED)
    region = ScoordContentItem(
        name=_REGION,
        graphic_type=GraphicTypeValues.POLYLINE,
        graphic_data=np.array([*anchor.contour, anchor.contour[0]], dtype=float),
        relationship_type=_INFERRED,
    )
    region.ContentSequence = ContentSequence([_image(instance, anchor.frame, RelationshipTypeValues.SELECTED_FROM)])
    return region


def _image(instance: ingest_pb.InstanceReference, frame: int, relationship: RelationshipTypeValues) -> ImageContentItem:
    return ImageContentItem(
        name=_SOURCE,
        referenced_sop_class_uid=instance.sop_class_uid,
        referenced_sop_instance_uid=instance.sop_instance_uid,
        referenced_frame_numbers=[frame] if instance.number_of_frames > 1 else None,
        relationship_type=relationship,
    )


def _text(name: CodedConcept, value: str) -> TextContentItem:
    return TextContentItem(name=name, value=value, relationship_type=_CONTAINS)


def _concept(code: Code) -> CodedConcept:
    return CodedConcept(code.value, code.scheme, code.meaning)


def _person(display_name: str) -> str:
    """A name for PN: highdicom and PS3.5 want a component separator."""
    return display_name if "^" in display_name else f"{display_name}^"


def _previous(content: Content) -> Dataset:
    before = Dataset()
    before.StudyInstanceUID = content.exam.study_instance_uid
    before.SeriesInstanceUID = derived_uid(content.report_id, "sr-series")
    before.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.33"
    before.SOPInstanceUID = derived_uid(content.report_id, content.version - 1, "sr")
    return before
