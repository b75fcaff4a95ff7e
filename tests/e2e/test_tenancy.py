"""Every HTTP route of the running services: the owner succeeds, a hospital of the other region finds nothing.

The list of routes comes from the services themselves; one that the table below does not know fails the test.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

import services
from infra.demo.chapters import decide, words
from infra.demo.exams import part10
from infra.demo.outside import Session, wait_for
from services.__main__ import SERVICES
from tests.e2e.scene import Scene, new_exam, send_and_complete, task_of
from tests.stack import Running

# Routes that tell nobody anything of a tenant.
OPEN = {"GET /fhir/R4/metadata", "OPTIONS /api/ingest/v1/uploads"}
# Routes that no list names: they take no token and tell of the process alone.
UNLISTED = {"/healthz", "/readyz", "/metrics", "/{rest:path}"}
# What a foreigner may be answered: nothing there, not your role, or a list without it.
NOTHING = (403, 404, 204, 200)


@dataclass(frozen=True)
class Probe:
    """One route, asked by its owner and then by a foreigner of the same role."""

    route: str  # METHOD template
    role: str
    body: Any = None
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    owner_may: tuple[int, ...] = (200, 201, 202, 204)
    content: bytes | None = None
    makes_its_own: bool = False  # a foreigner succeeds too, with something of its own


@pytest.fixture(scope="module")
def scene(stack: Running) -> Scene:
    made = Scene(stack, new_exam())
    exam = send_and_complete(made.clinic, made.exam)
    task = task_of(made.expert, made.exam.study)
    analysis = made.clinic.get("/api/inference/v1/analyses", exam_id=exam["id"])["items"][0]
    member = {"organisation": stack.cast.clinic_1, "display_name": "Probe", "roles": ["quality_manager"]}
    made.operator.put("/api/directory/v1/memberships/probe.person", member)
    made.operator.put("/api/directory/v1/machines/probe-gateway", member)
    agreements = made.clinic.get("/api/directory/v1/agreements")["items"]
    made.ids |= {
        "study": made.exam.study,
        "series": made.exam.series,
        "instance": str(made.exam.instances[0].SOPInstanceUID),
        "numbers": "1",
        "number": "1",
        "tag": "7FE00010",
        "exam_id": exam["id"],
        "task_id": task["id"],
        "analysis_id": analysis["analysis_id"],
        "organisation_id": exam["organisation_id"],
        "alias": stack.cast.clinic_1,
        "ae_title": stack.outside.ae_title(stack.cast.clinic_1),
        "model": "fetal_head",
        "username": "probe.person",
        "client_id": "probe-gateway",
        "agreement_number": agreements[0]["number"],
    }
    return made


def table(scene: Scene) -> list[Probe]:
    """The routes in an order in which each can succeed; ids that come up on the way are noted in `scene.ids`."""
    study = f"StudyInstanceUID={scene.exam.study}"
    dicomweb = [
        Probe("GET /dicomweb/studies", "clinic", query=study),
        Probe("GET /dicomweb/series", "clinic", query=study),
        Probe("GET /dicomweb/instances", "clinic", query=study),
        *(
            Probe(f"GET /dicomweb/studies/{{study}}{rest}", "clinic")
            for rest in (
                "", "/series", "/instances", "/metadata", "/rendered", "/thumbnail", "/series/{series}", "/series/{series}/instances",
                "/series/{series}/metadata", "/series/{series}/rendered", "/series/{series}/thumbnail",
                "/series/{series}/instances/{instance}",
                "/series/{series}/instances/{instance}/metadata",
                "/series/{series}/instances/{instance}/frames/{numbers}",
                "/series/{series}/instances/{instance}/frames/{numbers}/rendered",
                "/series/{series}/instances/{instance}/frames/{number}/thumbnail",
                "/series/{series}/instances/{instance}/rendered",
                "/series/{series}/instances/{instance}/thumbnail",
                "/series/{series}/instances/{instance}/bulkdata/{tag}",
            )
        ),
    ]  # fmt: skip
    ingest = [
        Probe("GET /api/ingest/v1/exams", "clinic", query=f"study_instance_uid={scene.exam.study}"),
        Probe("GET /api/ingest/v1/exams/{exam_id}", "clinic"),
        Probe("POST /api/ingest/v1/exams/{exam_id}/complete", "clinic", {}),
        Probe("PUT /api/ingest/v1/exams/{exam_id}/consent", "clinic", {"remote_reading": True, "trial": True}),
        Probe("GET /api/ingest/v1/refusals", "clinic"),
        Probe("POST /api/ingest/v1/uploads", "clinic", headers=(("Tus-Resumable", "1.0.0"), ("Upload-Length", "4")), makes_its_own=True),
        Probe("HEAD /api/ingest/v1/uploads/{upload_id}", "clinic", headers=(("Tus-Resumable", "1.0.0"),)),
        Probe(
            "PATCH /api/ingest/v1/uploads/{upload_id}", "clinic", content=b"DI",
            headers=(("Tus-Resumable", "1.0.0"), ("Upload-Offset", "0"), ("Content-Type", "application/offset+octet-stream")),
        ),
        Probe("DELETE /api/ingest/v1/uploads/{upload_id}", "clinic", headers=(("Tus-Resumable", "1.0.0"),)),
    ]  # fmt: skip
    inference = [
        Probe("GET /api/inference/v1/analyses", "clinic", query=f"exam_id={scene.ids['exam_id']}"),
        Probe("GET /api/inference/v1/analyses/{analysis_id}", "clinic"),
        Probe("GET /api/inference/v1/models", "clinic"),
        Probe("GET /api/inference/v1/drift", "quality", query="by_organisation=true&by_scanner=true"),
        Probe("GET /api/inference/v1/model-versions", "operator"),
        Probe("GET /api/inference/v1/models/{model}/changes", "operator"),
        # Without a version the first ends a shadow that there is not, and there is nothing to promote or to roll back to.
        Probe("POST /api/inference/v1/models/{model}/shadow", "operator", {}),
        Probe("POST /api/inference/v1/models/{model}/promote", "operator", {}, owner_may=(409,)),
        Probe("POST /api/inference/v1/models/{model}/rollback", "operator", {}, owner_may=(409,)),
    ]
    claimed = [
        Probe("GET /api/reporting/v1/worklist", "expert"),
        Probe("GET /api/reporting/v1/quality", "quality"),
        Probe("GET /api/reporting/v1/tasks/{task_id}", "expert"),
        Probe("POST /api/reporting/v1/tasks/{task_id}/claim", "expert", {}),
        Probe("POST /api/reporting/v1/tasks/{task_id}/renew", "expert", {}),
        Probe("POST /api/reporting/v1/tasks/{task_id}/release", "expert", {}),
        Probe("POST /api/reporting/v1/tasks/{task_id}/claim", "expert", {}),
        Probe("GET /api/reporting/v1/reports", "expert", query=f"exam_id={scene.ids['exam_id']}"),
        Probe("GET /api/reporting/v1/reports/{report_id}", "expert"),
        # Nothing is offered here: the owner learns so, a foreigner does not learn that there is a report.
        Probe("POST /api/reporting/v1/reports/{report_id}/offer/accept", "expert", {}, owner_may=(200, 409)),
        Probe("POST /api/reporting/v1/reports/{report_id}/offer/dismiss", "expert", {}, owner_may=(200, 409)),
        Probe("PUT /api/reporting/v1/reports/{report_id}/draft", "expert", "draft"),
        Probe("POST /api/reporting/v1/reports/{report_id}/sign", "expert", {"attestation": True}),
        Probe("POST /api/reporting/v1/reports/{report_id}/addenda", "expert", "addendum"),
        Probe("GET /api/reporting/v1/reports/{report_id}.pdf", "clinic"),
        Probe("GET /api/reporting/v1/reports/{report_id}.dcm", "clinic"),
        Probe("GET /fhir/R4/DiagnosticReport", "clinic", query=f"identifier=urn:oid:{scene.exam.study}"),
        Probe("GET /fhir/R4/DiagnosticReport/{report_id}", "clinic"),
        Probe("GET /fhir/R4/Observation/{observation_id}", "clinic"),
        Probe("GET /fhir/R4/ImagingStudy/{exam_id}", "clinic"),
    ]
    billing = [
        Probe("GET /api/billing/v1/usage", "billing", query=f"exam_id={scene.ids['exam_id']}"),
        Probe("GET /api/billing/v1/usage/by-day", "billing"),
        Probe("GET /api/billing/v1/statement", "billing"),
        Probe("POST /api/billing/v1/periods/close", "operator", "through"),
        Probe("GET /api/billing/v1/periods", "billing"),
        Probe("GET /api/billing/v1/invoices", "billing"),
        *(Probe(f"GET /api/billing/v1/invoices/{{invoice_id}}{kind}", "billing") for kind in ("", ".csv", ".pdf")),
        Probe("GET /api/billing/v1/settlements", "billing"),
        *(
            Probe(f"GET /api/billing/v1/settlements/{{settlement_id}}{kind}", "billing")
            for kind in ("", ".csv", ".pdf")
        ),
        Probe("GET /api/billing/v1/lines/{line_id}/trace", "billing"),
        Probe("GET /api/billing/v1/ledger/accounts", "billing"),
        Probe("POST /api/billing/v1/usage/{usage_id}/corrections", "billing", {"reason": "test"}),
    ]
    directory = [
        Probe("GET /api/directory/v1/me", "clinic"),
        Probe("GET /api/directory/v1/organisations", "clinic"),
        Probe("GET /api/directory/v1/organisations/{alias}", "clinic"),
        Probe("GET /api/directory/v1/devices", "clinic"),
        Probe("GET /api/directory/v1/devices/{ae_title}", "clinic"),
        Probe("GET /api/directory/v1/memberships", "clinic"),
        Probe("GET /api/directory/v1/memberships/{username}", "clinic"),
        Probe("GET /api/directory/v1/agreements", "clinic"),
        Probe("GET /api/directory/v1/agreements/{number}", "clinic"),
        Probe("GET /api/directory/v1/changes", "clinic"),
        Probe("PUT /api/directory/v1/organisations/{alias}", "operator", "same"),
        Probe("PUT /api/directory/v1/devices/{ae_title}", "operator", "same"),
        Probe("PUT /api/directory/v1/agreements/{number}", "operator", "same"),
        Probe("PUT /api/directory/v1/memberships/{username}", "operator", "same"),
        Probe("POST /api/directory/v1/memberships/{username}/password", "operator"),
        Probe("PUT /api/directory/v1/machines/{client_id}", "operator", "same"),
        Probe("POST /api/directory/v1/machines/{client_id}/secret", "operator"),
        Probe("POST /api/directory/v1/republish", "operator", {}),
    ]
    health = [Probe(f"GET /api/{service}/v1/health", "operator") for service in SERVICES]
    stow = [
        Probe("POST /dicomweb/studies", "clinic", "stow", makes_its_own=True),
        Probe("POST /dicomweb/studies/{study}", "clinic", "stow", makes_its_own=True),
    ]
    return [*dicomweb, *ingest, *inference, *claimed, *billing, *directory, *health, *stow]


def routes(origin: str) -> Iterator[str]:
    for service in SERVICES:
        paths = httpx.get(f"{origin}/api/{service}/openapi.json").raise_for_status().json()["paths"]
        for path, methods in paths.items():
            yield from (f"{method.upper()} {path}" for method in methods)


def test_every_route_of_the_running_services_is_tried_here(scene: Scene) -> None:
    known = {probe.route for probe in table(scene)} | OPEN
    running = set(routes(scene.stack.outside.origin))
    assert len(running) > 60
    assert running - known == set(), "routes that this test does not try"
    assert known - running == set(), "routes that are gone"


@pytest.mark.timeout(600)
def test_the_owner_succeeds_on_every_route_and_a_hospital_of_the_other_region_finds_nothing(scene: Scene) -> None:
    faults = []
    for probe in table(scene):
        owner = ask(scene, caller(scene, probe.role, foreign=False), probe)
        if owner.status_code not in probe.owner_may:
            faults.append(f"owner: {probe.route}: {owner.status_code} {owner.text[:200]}")
            continue
        note(scene, probe, owner)
        answer = ask(scene, caller(scene, probe.role, foreign=True), probe)
        if probe.makes_its_own:
            well = answer.is_success and answer.headers.get("location", "its own") != owner.headers.get("location")
        else:
            well = answer.status_code in NOTHING and not (answer.is_success and found_in(scene, answer))
        if not well:
            faults.append(f"foreigner: {probe.route}: {answer.status_code} {answer.text[:200]}")
    assert faults == []


def test_without_a_token_every_route_but_the_open_ones_is_401(scene: Scene) -> None:
    with httpx.Client(base_url=scene.stack.outside.origin) as nobody:
        for probe in table(scene):
            method, path = probe.route.split(" ", 1)
            assert nobody.request(method, path.format_map(Filled(scene.ids))).status_code == 401, probe.route


def test_what_no_list_of_routes_names_tells_nothing_of_a_tenant(scene: Scene) -> None:
    sources = "".join(path.read_text() for path in Path(services.__file__ or "").parent.rglob("*.py"))
    hidden = re.findall(r"[(]([^()]*), include_in_schema=False", sources)
    assert {path.removeprefix("f").strip('"') for path in hidden} == UNLISTED
    assert sources.count("include_in_schema=False") == len(hidden)
    outside = scene.stack.outside
    for address in outside.endpoints["metrics"].values():
        for path in ("healthz", "readyz", "metrics"):
            answer = httpx.get(address.replace("/metrics", f"/{path}"))
            assert answer.is_success and not found_in(scene, answer), answer.url
            behind = httpx.get(f"{outside.origin}/{path}")
            assert "sonobridge_" not in behind.text and "postgres" not in behind.text, "not for who is outside"
    for asked in ("Patient?identifier=SECRET-ID-1", f"Task/{scene.ids['task_id']}"):
        answer = scene.foreigner("clinic_staff").send("GET", f"/fhir/R4/{asked}")
        assert answer.status_code == 404
        assert scene.exam.study not in answer.text and scene.ids["exam_id"] not in answer.text


class Filled(dict[str, str]):
    """Identifiers by name; a stand-in for those that are not known."""

    def __missing__(self, name: str) -> str:
        return "00000000-0000-7000-8000-000000000000"


def caller(scene: Scene, role: str, foreign: bool) -> Session:
    match role, foreign:
        case "clinic", False:
            return scene.clinic
        case "expert", False:
            return scene.expert
        case "billing", False:
            return scene.billing()
        case "operator", False:
            return scene.operator
        case "quality", False:
            return scene.stack.outside.person(scene.stack.cast.reader, "quality_manager")
        case "clinic", True:
            return scene.foreigner("clinic_staff")
        case "expert", True:
            return scene.foreigner("expert")
        case "quality", True:
            return scene.foreigner("quality_manager")
        case _:
            return scene.foreigner("billing_admin")


def ask(scene: Scene, who: Session, probe: Probe) -> httpx.Response:
    method, template = probe.route.split(" ", 1)
    path = template.format_map(Filled(ids_for(scene, probe))) + (f"?{probe.query}" if probe.query else "")
    given: dict[str, Any] = {"headers": dict(probe.headers)}
    if probe.body == "stow":
        return stow(scene, who, path)
    body = body_of(scene, probe)
    if body is not None:
        given["json"] = body
    if probe.content is not None:
        given["content"] = probe.content
    return who.send(method, path, **given)


def stow(scene: Scene, who: Session, path: str) -> httpx.Response:
    boundary = "tenancy"
    file = part10(scene.exam.instances[0])
    body = b"--tenancy\r\nContent-Type: application/dicom\r\n\r\n" + file + b"\r\n--tenancy--\r\n"
    kind = f'multipart/related; type="application/dicom"; boundary={boundary}'
    return who.send("POST", path, content=body, headers={"Content-Type": kind, "Accept": "application/dicom+json"})


def body_of(scene: Scene, probe: Probe) -> Any:
    """The body; some are only known now."""
    match probe.body:
        case "draft" | "addendum":
            report = scene.expert.get(f"/api/reporting/v1/reports/{scene.ids['report_id']}")
            decided, said = decide(report["findings"])
            return decided | words(said) | ({"attestation": True} if probe.body == "addendum" else {})
        case "through":
            return {"through": datetime.now(UTC).isoformat()}
        case "same":
            return as_it_is(scene, probe)
        case body:
            return body


def as_it_is(scene: Scene, probe: Probe) -> Any:
    """What a PUT would have to say to change nothing."""
    template = probe.route.split(" ", 1)[1]
    api = httpx.get(f"{scene.stack.outside.origin}/api/directory/openapi.json").json()
    schema = api["paths"][template]["put"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    fields = api["components"]["schemas"][schema.rsplit("/", 1)[1]]["properties"]
    path = template.replace("/machines/", "/memberships/").replace("{client_id}", "{username}")
    known = scene.operator.get(path.format_map(Filled(ids_for(scene, probe))))
    return {name: known[name] for name in fields if name in known}


def ids_for(scene: Scene, probe: Probe) -> dict[str, str]:
    """`number` is a frame's in DICOMweb and an agreement's in the directory; a machine's membership has its client's name."""
    ids = dict(scene.ids)
    if "/directory/" in probe.route:
        ids["number"] = ids["agreement_number"]
    if "/machines/" in probe.route:
        ids["username"] = ids["client_id"]
    return ids


def note(scene: Scene, probe: Probe, answer: httpx.Response) -> None:
    """Keep the ids that later probes need."""
    ids = scene.ids
    match probe.route:
        case "POST /api/reporting/v1/tasks/{task_id}/claim":
            ids["report_id"] = answer.json()["report_id"]
        case "POST /api/ingest/v1/uploads":
            ids["upload_id"] = answer.headers["location"].rsplit("/", 1)[1]
        case "POST /api/reporting/v1/reports/{report_id}/addenda":
            charged = wait_for("the charge", lambda: usage_of(scene), 90)
            # Only who earns an amount takes it back: the reader its reading.
            ids["usage_id"] = next(one["id"] for one in charged if one["item_code"] == "reading")
        case "GET /fhir/R4/DiagnosticReport/{report_id}":
            ids["observation_id"] = answer.json()["result"][0]["reference"].rsplit("/", 1)[1]
        case "POST /api/billing/v1/periods/close":
            line = next(one for one in usage_of(scene) if one["line_id"])
            ids["line_id"], ids["invoice_id"] = line["line_id"], line["invoice_id"]
            ids["settlement_id"] = scene.billing().get("/api/billing/v1/settlements")["items"][0]["id"]


def usage_of(scene: Scene) -> list[Any]:
    return scene.billing().pages("/api/billing/v1/usage", exam_id=scene.ids["exam_id"])


def found_in(scene: Scene, answer: httpx.Response) -> bool:
    """Whether anything of the owner's is in the answer."""
    secrets = ("study", "exam_id", "task_id", "report_id", "analysis_id", "organisation_id", "ae_title", "upload_id")
    marks = [scene.ids[name] for name in secrets if scene.ids.get(name)] + ["SECRET", "秘星"]
    # A list may repeat what was asked for as the link to itself.
    text = answer.text.replace(answer.request.url.query.decode(), "")
    return any(mark in text for mark in marks)
