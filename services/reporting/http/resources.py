"""FHIR R4 resources of a signed report. Field names and codes: http://hl7.org/fhir/R4; validated against it in tests."""

from datetime import datetime
from html import escape
from typing import Any

from sonobridge.ingest.v1 import events_pb2 as ingest_pb

from services.reporting.model.content import INVESTIGATIONAL_EN, Content, Hospital, Kind, Signature
from services.reporting.model.findings import Code, Review, ReviewedFinding, labels
from services.reporting.model.sentences import said, sentence
from services.reporting.store import Version

Resource = dict[str, Any]

URI = "urn:ietf:rfc:3986"
DICOM_UID = "urn:dicom:uid"
_LOINC = "http://loinc.org"
_UCUM = "http://unitsofmeasure.org"
_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_SYSTEMS = {"LN": _LOINC, "DCM": _DCM, "SCT": "http://snomed.info/sct"}
# The unified social credit code (GB 32100-2015) is the taxpayer's number too.
_TAX = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "TAX"}],
    "text": "统一社会信用代码 (GB 32100-2015)",
}
# http://hl7.org/fhir/R4/valueset-data-absent-reason.html
_UNKNOWN = {"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "unknown"}
_SEXES = {"M": "male", "F": "female", "O": "other"}


def diagnostic_report(base: str, version: Version) -> Resource:
    """The report as DiagnosticReport; its patient, hospitals and readers are contained."""
    content = version.content
    stated = [one for one in content.findings if one.state != Review.REJECTED]
    resource: Resource = {
        "resourceType": "DiagnosticReport",
        "id": content.report_id,
        "meta": {"versionId": str(content.version), "lastUpdated": _instant(content.signed.at)},
        "text": _narrative(content),
        "contained": _contained(content),
        "identifier": [
            {"system": URI, "value": f"urn:uuid:{content.report_id}"},
            _study_identifier(content),
        ],
        "status": "amended" if content.kind == Kind.ADDENDUM else "final",
        "category": [
            {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": _section(content)}]}
        ],
        "code": {
            "coding": [{"system": _LOINC, "code": "18748-4"}],
            "text": content.exam.study_description or "Diagnostic imaging study",
        },
        "subject": {"reference": "#patient"},
        "effectiveDateTime": content.exam.service_date,
        "issued": _instant(content.signed.at),
        "performer": [{"reference": "#reader"}],
        "resultsInterpreter": [{"reference": f"#{one}"} for one, _ in _practitioners(content)],
        "imagingStudy": [{"reference": f"{base}/ImagingStudy/{content.exam.exam_id}"}],
        "conclusion": content.text.impression,
        "presentedForm": [
            {
                "contentType": "application/pdf",
                "language": "zh-CN",
                "url": f"{base.removesuffix('/fhir/R4')}/api/reporting/v1/reports/{content.report_id}.pdf"
                f"?version={content.version}",
                "title": f"Report {content.report_id} version {content.version}",
                "creation": _instant(content.signed.at),
            }
        ],
    }
    if stated:
        resource["result"] = [
            {"reference": f"{base}/Observation/{observation_id(content, one)}", "display": labels(one.finding.code)[1]}
            for one in stated
        ]
    return resource


def observation_id(content: Content, one: ReviewedFinding) -> str:
    """A FHIR id that leads back to report and finding, within FHIR's 64 characters."""
    return f"{content.report_id}.{one.finding.finding_id.replace('-', '')[:24]}"


def observation(base: str, version: Version, part: str) -> Resource | None:
    """The finding whose id ends in `part` as Observation; None when the report states no such finding."""
    content = version.content
    for one in content.findings:
        if one.state != Review.REJECTED and observation_id(content, one).partition(".")[2] == part:
            return _observation(base, content, one)
    return None


def _observation(base: str, content: Content, one: ReviewedFinding) -> Resource:
    finding = one.finding
    label_zh, label_en = labels(finding.code)
    before = said(finding)[1] if finding.coded else f"{finding.value:g} {finding.unit}"
    verb = "judged" if finding.coded else "measured"
    notes = [
        f"Corrected by the expert; the AI {verb} {before}."
        if one.state == Review.CORRECTED
        else f"{verb.capitalize()} by AI, accepted by the expert."
    ]
    if finding.model.mode == "trial":
        notes.append(INVESTIGATIONAL_EN)
    resource: Resource = {
        "resourceType": "Observation",
        "id": observation_id(content, one),
        "meta": {"versionId": str(content.version), "lastUpdated": _instant(content.signed.at)},
        "text": _div(*sentence(one)),
        "contained": _contained(content),
        "status": "amended" if content.kind == Kind.ADDENDUM else "final",
        "category": [
            {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "imaging"}]}
        ],
        "code": {"coding": [_coding(finding.code)], "text": f"{label_zh} {label_en}"},
        "subject": {"reference": "#patient"},
        "effectiveDateTime": content.exam.service_date,
        "issued": _instant(content.signed.at),
        "performer": [{"reference": "#reader"}, *({"reference": f"#{name}"} for name, _ in _practitioners(content))],
        "note": [{"text": note} for note in notes],
        "derivedFrom": [{"reference": f"{base}/ImagingStudy/{content.exam.exam_id}"}],
        "device": {"display": f"{finding.model.name} {finding.model.version}"},
    }
    if finding.method:
        resource["method"] = {"text": finding.method}
    if not finding.coded:
        unit = finding.unit
        resource["valueQuantity"] = {"value": one.reported_value, "unit": unit, "system": _UCUM, "code": unit}
    elif one.reported_answer:
        resource["valueCodeableConcept"] = {
            "coding": [_coding(one.reported_answer)],
            "text": one.corrected_text or " ".join(labels(one.reported_answer)),
        }
    else:
        resource["dataAbsentReason"] = {"coding": [_UNKNOWN], "text": finding.why or "cannot be judged"}
    return resource


def imaging_study(base: str, exam: ingest_pb.Exam, version: Version) -> Resource:
    """The study as ImagingStudy, with its series and instances."""
    content = version.content
    series: dict[str, list[ingest_pb.InstanceReference]] = {}
    for instance in exam.instances:
        series.setdefault(instance.series_instance_uid, []).append(instance)
    resource: Resource = {
        "resourceType": "ImagingStudy",
        "id": exam.exam_id,
        "meta": {"versionId": str(exam.revision)},
        "text": _div(exam.study_description or f"{exam.modality} {exam.body_part}"),
        "contained": _patient_and_requester(content),
        "identifier": [_study_identifier(content)],
        "status": "available",
        "modality": [_modality(exam.modality)],
        "subject": {"reference": "#patient"},
        "numberOfSeries": len(series),
        "numberOfInstances": len(exam.instances),
        "series": [
            {
                "uid": uid,
                "modality": _modality(instances[0].modality or exam.modality),
                "numberOfInstances": len(instances),
                "instance": [
                    {
                        "uid": one.sop_instance_uid,
                        "sopClass": {"system": URI, "code": f"urn:oid:{one.sop_class_uid}"},
                        "number": max(one.instance_number, 0),
                    }
                    for one in instances
                ],
            }
            for uid, instances in series.items()
        ],
    }
    if exam.HasField("first_instance_at"):
        resource["started"] = _instant(exam.first_instance_at.ToDatetime())
    if exam.study_description:
        resource["description"] = exam.study_description
    return resource


def search_set(base: str, query: str, found: list[Version]) -> Resource:
    """A Bundle of the reports found."""
    bundle: Resource = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(found),
        "link": [{"relation": "self", "url": f"{base}/DiagnosticReport?{query}"}],
    }
    if found:
        bundle["entry"] = [
            {
                "fullUrl": f"{base}/DiagnosticReport/{one.content.report_id}",
                "resource": diagnostic_report(base, one),
                "search": {"mode": "match"},
            }
            for one in found
        ]
    return bundle


def operation_outcome(code: str, detail: str) -> Resource:
    """An error as FHIR tells it."""
    return {
        "resourceType": "OperationOutcome",
        "text": _div(detail),
        "issue": [{"severity": "error", "code": code, "diagnostics": detail}],
    }


def capability_statement(base: str, at: datetime) -> Resource:
    """What this server can do."""

    def resource(name: str, search: list[Resource]) -> Resource:
        found: Resource = {
            "type": name,
            "interaction": [{"code": "read"}, *([{"code": "search-type"}] if search else [])],
            "versioning": "versioned",
        }
        return found | ({"searchParam": search} if search else {})

    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": _instant(at),
        "kind": "instance",
        "publisher": "SonoBridge",
        "implementation": {"description": "Signed reports of SonoBridge", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "text": _div("Signed reports: DiagnosticReport, Observation, ImagingStudy"),
        "rest": [
            {
                "mode": "server",
                "resource": [
                    resource(
                        "DiagnosticReport",
                        [{"name": "identifier", "type": "token"}, {"name": "_id", "type": "token"}],
                    ),
                    resource("Observation", []),
                    resource("ImagingStudy", []),
                ],
            }
        ],
    }


def _contained(content: Content) -> list[Resource]:
    """Everybody whom a report names. What is contained must be referred to (R4, dom-3)."""
    return [
        *_patient_and_requester(content),
        _organisation("reader", content.reader),
        *(
            {
                "resourceType": "Practitioner",
                "id": name,
                "identifier": [{"value": who.subject}],
                "name": [{"text": who.display_name}],
            }
            for name, who in _practitioners(content)
        ),
    ]


def _patient_and_requester(content: Content) -> list[Resource]:
    patient = content.patient
    person: Resource = {
        "resourceType": "Patient",
        "id": "patient",
        "identifier": [{"value": patient.id or "unknown", "assigner": {"display": content.requester.name_zh}}],
        "managingOrganization": {"reference": "#requester"},
    }
    if names := [_name(group) for group in (patient.name_ideographic, patient.name) if group.strip("^ ")]:
        person["name"] = names
    if patient.sex in _SEXES:
        person["gender"] = _SEXES[patient.sex]
    if patient.birth_date:
        person["birthDate"] = patient.birth_date
    return [person, _organisation("requester", content.requester)]


def _practitioners(content: Content) -> list[tuple[str, Signature]]:
    first = [("first-signer", content.first_signed)] if content.first_signed else []
    return [("signer", content.signed), *first]


def _organisation(name: str, hospital: Hospital) -> Resource:
    found: Resource = {
        "resourceType": "Organization",
        "id": name,
        "identifier": [{"system": URI, "value": f"urn:uuid:{hospital.id}"}],
        "name": hospital.name_zh,
        "alias": [hospital.name_en],
    }
    if hospital.unified_social_credit_code:
        found["identifier"].append({"type": _TAX, "value": hospital.unified_social_credit_code})
    return found


def _name(group: str) -> Resource:
    """A group of a DICOM person name: family, given, … separated by carets (PS3.5, 6.2)."""
    parts = [part.strip() for part in group.split("^")]
    name: Resource = {"text": " ".join(part for part in parts if part)}
    if parts[0]:
        name["family"] = parts[0]
    given = [part for part in parts[1:3] if part]
    return name | ({"given": given} if given else {})


def _study_identifier(content: Content) -> Resource:
    return {"system": DICOM_UID, "value": f"urn:oid:{content.exam.study_instance_uid}"}


def _section(content: Content) -> str:
    # http://terminology.hl7.org/CodeSystem/v2-0074: radiology ultrasound, else radiology.
    return "RUS" if content.exam.modality == "US" else "RAD"


def _modality(modality: str) -> Resource:
    return {"system": _DCM, "code": modality or "OT"}


def _coding(code: Code) -> Resource:
    # Without a display: the meaning that DICOM gives a code is not always the name that its system displays.
    return {"system": _SYSTEMS.get(code.scheme, f"urn:sonobridge:{code.scheme}"), "code": code.value}


def _narrative(content: Content) -> Resource:
    lines = [
        f"{content.reader.name_zh}: {content.text.impression}",
        *(line for one in content.findings if one.state != Review.REJECTED for line in [" ".join(sentence(one))]),
        content.text.description,
        content.text.recommendation,
        "危急值 Critical result" if content.text.critical else "",
        INVESTIGATIONAL_EN if content.investigational else "",
    ]
    return _div(*(line for line in lines if line))


def _div(*lines: str) -> Resource:
    body = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{body}</div>'}


def _instant(at: datetime) -> str:
    text = at.isoformat(timespec="seconds")
    return text if at.tzinfo else f"{text}+00:00"
