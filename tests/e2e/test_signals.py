"""Every service says how it is, feeds its metrics, and names no patient in any log."""

import json
import time
from dataclasses import dataclass
from urllib.parse import quote

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from infra.demo.outside import wait_for
from services.__main__ import SERVICES
from tests.e2e.scene import Scene, close, new_exam, send_and_complete, sign, task_of
from tests.stack import Running

# Words that nothing but this exam's patient can have brought into a log.
TELLTALE = ("Xylographer", "Quetzalina", "夔鬯", "TELLTALE-PATIENT-7731")
NAME = f"{TELLTALE[0]} {TELLTALE[1]}={TELLTALE[2]}"  # of a single component: libraries doubt it, and would warn with the name
EVERYWHERE = (
    "sonobridge_outbox_waiting_events",
    "sonobridge_outbox_oldest_seconds",
    "sonobridge_http_requests_total",
)
CONSUMERS = (
    "sonobridge_consumer_lag_records",
    "sonobridge_dead_letters_total",
    "sonobridge_events_consumed_total",
)
FED_WITHIN_S = 30

Metrics = dict[str, float]


@dataclass(frozen=True)
class Went:
    """An exam that went its whole way: each service's metrics before, once it waited for its expert, and after."""

    scene: Scene
    trace_id: str
    before: dict[str, Metrics]
    open: dict[str, Metrics]
    after: dict[str, Metrics]


@pytest.fixture(scope="module")
def went(stack: Running) -> Went:
    exam = new_exam(NAME)
    for image in exam.instances:
        image.PatientID = TELLTALE[3]
    scene = Scene(stack, exam)
    for service in SERVICES:  # somebody who asks each of them something
        httpx.get(f"{address(stack, service)}/api/{service}/openapi.json", timeout=20).raise_for_status()
    before = everybodys(stack)
    found = send_and_complete(scene.clinic, exam)
    task_of(scene.expert, exam.study)
    # Searching by name and asking for what is not there are where an address could reach a log.
    assert scene.clinic.get("/dicomweb/studies", PatientName=f"{TELLTALE[0]}*", PatientID=TELLTALE[3])
    scene.clinic.send("GET", "/dicomweb/studies/1.2.3/metadata", params={"PatientName": NAME})
    scene.clinic.stow([exam.files()[0][:2000]])
    waited = wait_for("the open report to be counted", lambda: more_open(stack, before), FED_WITHIN_S)
    sign(scene.expert, exam.study)
    wait_for("the charge", lambda: scene.billing().pages("/api/billing/v1/usage", exam_id=found["id"]), 90)
    close(scene.operator)
    return Went(scene, found["trace_id"], before, waited, everybodys(stack))


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_says_that_it_lives_and_that_it_is_ready(stack: Running, service: str) -> None:
    for path in ("/healthz", "/readyz"):
        answer = httpx.get(address(stack, service) + path, timeout=20)
        assert answer.status_code == 200, f"{path}: {answer.text}"


@pytest.mark.parametrize(
    ("service", "parts"),
    [
        ("directory", {"postgres", "kafka", "keycloak"}),
        ("ingest", {"postgres", "kafka", "objects"}),
        ("inference", {"postgres", "kafka", "objects", "triton", "models", "ingest"}),
        ("reporting", {"postgres", "kafka", "objects", "ingest"}),
        ("billing", {"postgres", "kafka", "objects"}),
    ],
)
def test_an_operator_sees_how_each_part_is_that_a_service_works_with(went: Went, service: str, parts: set[str]) -> None:
    assert went.scene.operator.get(f"/api/{service}/v1/health") == dict.fromkeys(parts, "ok")


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_shows_its_outbox_and_what_it_consumes(went: Went, service: str) -> None:
    metrics = went.after[service]
    wanted = EVERYWHERE + (CONSUMERS if service != "directory" else ())  # the directory hears of nobody's events
    assert [name for name in wanted if not any(key.startswith(name) for key in metrics)] == []


@pytest.mark.parametrize(
    ("service", "metric"),
    [
        ("ingest", 'received_instances_total{protocol="stow"}'),
        ("ingest", 'stored_instances_total{protocol="stow"}'),
        ("ingest", 'stored_instances_total{protocol="derived"}'),
        ("ingest", 'settled_exams_total{event="exam.completed"}'),
        ("ingest", 'store_seconds_count{protocol="stow"}'),
        ("inference", "queue_seconds_count"),
        ("inference", "analysis_seconds_count"),
        ("inference", 'triton_seconds_count{model="fetal_head"}'),
        ("reporting", 'signed_total{kind="report"}'),
        ("reporting", "signing_seconds_count"),
        ("billing", 'usage_recorded_total{event="report.signed"}'),
        ("billing", "lines_rated_total"),
    ],
)
def test_an_exam_moves_what_it_passes(went: Went, service: str, metric: str) -> None:
    name = f"sonobridge_{service}_{metric}"
    assert went.after[service][name] > went.before[service].get(name, 0)


@pytest.mark.parametrize("service", ["inference", "reporting", "billing"])
def test_consumed_events_are_counted(went: Went, service: str) -> None:
    name = 'sonobridge_events_consumed_total{topic="ingest.v1"}'
    assert went.after[service][name] > went.before[service].get(name, 0)


def test_an_open_report_is_counted_by_its_due_time(went: Went) -> None:
    assert open_reports(went.open["reporting"]) > open_reports(went.before["reporting"])
    buckets = {key for key in went.open["reporting"] if key.startswith("sonobridge_reporting_open_reports{")}
    assert buckets == {f'sonobridge_reporting_open_reports{{due="{due}"}}' for due in ("overdue", "within_1h", "later")}


def test_no_log_of_any_part_names_the_patient(went: Went) -> None:
    time.sleep(1)
    logs = sorted(went.scene.stack.state.logs.glob("*.log*"))
    assert {f"{service}.log" for service in SERVICES} <= {log.name for log in logs}
    for log in logs:
        text = log.read_text(encoding="utf-8", errors="replace")
        assert [form for word in TELLTALE for form in spellings(word) if form in text] == [], log


@pytest.mark.parametrize("service", ["ingest", "inference", "reporting", "billing"])
def test_a_services_log_is_json_and_leads_through_the_exams_way_by_its_trace(went: Went, service: str) -> None:
    def told() -> list[object]:
        lines = went.scene.stack.state.log(service).read_text(encoding="utf-8").splitlines()
        entries = [json.loads(line) for line in lines]
        assert all({"event", "level", "logger", "timestamp"} <= set(entry) for entry in entries)
        return [entry for entry in entries if entry.get("trace_id") == went.trace_id]

    wait_for(f"a line of {service} in the exam's trace", told, 10)


def spellings(word: str) -> set[str]:
    """The word as logs, JSON, addresses and old character sets may write it."""
    return {word, json.dumps(word).strip('"'), quote(word), repr(word.encode("gb18030"))[2:-1]}


def address(stack: Running, service: str) -> str:
    """Where the service answers, past the front door."""
    return str(stack.outside.endpoints["metrics"][service]).removesuffix("/metrics")


def everybodys(stack: Running) -> dict[str, Metrics]:
    """Each service's samples by their names as Prometheus writes them."""
    return {service: metrics_of(stack, service) for service in SERVICES}


def metrics_of(stack: Running, service: str) -> Metrics:
    text = httpx.get(address(stack, service) + "/metrics", timeout=20).raise_for_status().text
    return {
        sample.name
        + ("{" + ",".join(f'{key}="{value}"' for key, value in sample.labels.items()) + "}" if sample.labels else ""): (
            sample.value
        )
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def open_reports(metrics: Metrics) -> float:
    return sum(value for key, value in metrics.items() if key.startswith("sonobridge_reporting_open_reports{"))


def more_open(stack: Running, before: dict[str, Metrics]) -> dict[str, Metrics] | None:
    """Everybody's metrics, once a report more is open."""
    found = everybodys(stack)
    return found if open_reports(found["reporting"]) > open_reports(before["reporting"]) else None
