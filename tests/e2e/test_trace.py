"""One trace runs from an exam's first STOW request to its invoice lines; what comes later points to it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest

from infra.demo.exams import Exam, part10
from infra.demo.outside import Session, wait_for
from tests.e2e.scene import Scene, close, new_exam, sign
from tests.spans import Span
from tests.stack import Running

WAY = {
    ("ingest", "POST /dicomweb/studies"),
    ("ingest", "exam.completed"),
    ("inference", "inference exam.completed"),
    ("reporting", "reporting analysis.completed"),
    ("reporting", "report.sign"),
    ("billing", "billing report.signed"),
}
EXPORTED_WITHIN_S = 60  # services export in batches, every few seconds


@dataclass(frozen=True)
class Traced:
    """An exam that went its whole way, and the ids of the traces in which its requests were made."""

    scene: Scene
    exam: Any
    first: str
    later: str
    complete: str
    closed: str
    line: Any


@pytest.fixture(scope="module")
def traced(stack: Running) -> Traced:
    scene = Scene(stack, new_exam(images=2))
    first, later, complete, closing = (uuid4().hex for _ in range(4))
    send(scene.clinic, scene.exam, 0, first)
    send(scene.clinic, scene.exam, 1, later)
    exam = wait_for("the exam", lambda: scene.clinic.exam(scene.exam.study))
    scene.clinic.post(f"/api/ingest/v1/exams/{exam['id']}/complete", headers=traceparent(complete))
    sign(scene.expert, scene.exam.study)
    usage = wait_for("the charge", lambda: reading(scene, exam["id"]), 90)
    close(scene.operator, headers=traceparent(closing))
    line = wait_for("the invoice line", lambda: reading(scene, exam["id"], invoiced=True), 30)
    assert line["id"] == usage["id"]
    return Traced(scene, scene.clinic.exam(scene.exam.study), first, later, complete, closing, line)


def test_the_exam_keeps_the_trace_of_its_first_request(traced: Traced) -> None:
    assert traced.exam["trace_id"] == traced.first


def test_an_invoice_line_leads_back_to_the_first_request_through_every_event(traced: Traced) -> None:
    trace = traced.scene.billing().get(f"/api/billing/v1/lines/{traced.line['line_id']}/trace")
    assert trace["trace_id"] == traced.first
    assert trace["exam"]["study_instance_uid"] == traced.scene.exam.study
    assert {one["type"] for one in trace["events"]} == {"exam.completed", "analysis.completed", "report.signed"}
    assert {one["trace_id"] for one in trace["events"]} == {traced.first}
    assert trace["report"]["version"] == 1
    assert trace["analysis"]["exam_revision"] == 1
    assert trace["agreement"]["version"] >= 1


def test_spans_of_every_service_on_the_way_are_in_the_one_trace(traced: Traced) -> None:
    exported(traced, lambda found: {(one.service, one.name) for one in found if one.trace_id == traced.first} >= WAY)


def test_later_requests_and_the_close_point_to_the_exams_trace(traced: Traced) -> None:
    exported(traced, lambda found: pointing(found, traced.first) >= {traced.later, traced.complete, traced.closed})


def test_the_signature_and_the_request_that_made_it_point_to_each_other(traced: Traced) -> None:
    def requests(found: list[Span]) -> set[str]:
        signed = [one for one in found if one.trace_id == traced.first and one.name == "report.sign"]
        return {trace_id for one in signed for trace_id in one.links} & pointing(found, traced.first)

    exported(traced, lambda found: bool(requests(found)))


def pointing(spans: list[Span], trace_id: str) -> set[str]:
    """The traces that have a span with a link to `trace_id`."""
    return {one.trace_id for one in spans if trace_id in one.links}


def exported(traced: Traced, enough: Callable[[list[Span]], bool]) -> None:
    """Returns once enough spans have been exported. Raises TimeoutError."""
    collector = traced.scene.stack.spans
    if collector is None:
        pytest.skip("this stack was started without an address for spans (its file otlp-endpoint)")
    try:
        wait_for("the spans", lambda: enough(collector.spans()) or None, EXPORTED_WITHIN_S)
    except TimeoutError:
        known = {(one.service, one.name, bool(one.links)) for one in collector.spans() if one.trace_id == traced.first}
        raise AssertionError(f"of the exam's trace only these came: {sorted(known)}") from None


def traceparent(trace_id: str) -> dict[str, str]:
    return {"traceparent": f"00-{trace_id}-{uuid4().hex[:16]}-01"}


def send(clinic: Session, exam: Exam, index: int, trace_id: str) -> None:
    """One instance by STOW-RS, in a trace of our own."""
    body = b"--trace\r\nContent-Type: application/dicom\r\n\r\n" + part10(exam.instances[index]) + b"\r\n--trace--\r\n"
    kind = 'multipart/related; type="application/dicom"; boundary=trace'
    headers = {"Content-Type": kind, "Accept": "application/dicom+json"} | traceparent(trace_id)
    answer: httpx.Response = clinic.send("POST", "/dicomweb/studies", content=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-trace-id"] == trace_id


def reading(scene: Scene, exam_id: str, invoiced: bool = False) -> Any:
    """The exam's charge for the reading, or None."""
    for one in scene.billing().pages("/api/billing/v1/usage", exam_id=exam_id):
        if one["item_code"] == "reading" and (one["line_id"] or not invoiced):
            return one
    return None
