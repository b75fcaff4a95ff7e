"""Parts are killed while exams flow; afterwards nothing is lost, doubled or stuck.

`make test-chaos` is the whole run, of 200 exams unless EXAMS says otherwise; `make test` makes a smaller one.
"""

import os
import time
from datetime import timedelta

import pytest

from infra.demo.chapters import sums_by_currency
from infra.demo.outside import wait_for
from services.shared.kafka import held
from tests.e2e.scene import FORGER, close
from tests.flow import Flow
from tests.stack import Running

EXAMS = int(os.environ.get("EXAMS", "24"))
# For the exams to flow while parts are killed; then some for looking at each of them.
FLOW_SECONDS = 720 + 5 * EXAMS
LIMIT_SECONDS = FLOW_SECONDS + 180 + 2 * EXAMS
KILLED = ("ingest", "kafka", "reporting", "triton", "billing", "postgres", "inference", "directory")
# Between storing, committing, publishing, acknowledging and committing the offset: the process is killed there once.
CRASH_POINTS = (
    ("ingest", "ingest.noted"),
    ("ingest", "ingest.stored"),
    ("ingest", "ingest.committed"),
    ("ingest", "ingest.acknowledge"),
    ("ingest", "ingest.settled"),
    ("ingest", "relay.published"),
    ("ingest", "relay.marked"),
    ("inference", "inference.started"),
    ("inference", "inference.stored"),
    ("inference", "inference.recorded"),
    ("inference", "inference.finished"),
    ("inference", "relay.published"),
    ("inference", "consumer.handled"),
    ("reporting", "report.stored"),
    ("reporting", "report.committed"),
    ("reporting", "relay.published"),
    ("reporting", "consumer.handled"),
    ("billing", "billing.recording"),
    ("billing", "billing.recorded"),
    ("billing", "relay.published"),
    ("billing", "consumer.handled"),
)
BREATH_SECONDS = 2.0


@pytest.mark.timeout(LIMIT_SECONDS)
def test_whatever_is_killed_nothing_is_lost_doubled_or_stuck(stack: Running) -> None:
    flow = Flow(stack.outside, (stack.cast.clinic_1, stack.cast.clinic_2), stack.cast.reader, instances=3)
    flow.deadline = time.monotonic() + FLOW_SECONDS

    def kill_everything() -> None:
        wait_for("the first exam", lambda: flow.sent or None, 120)
        for part in KILLED:
            stack.control.kill(part)
            stack.control.wait_ready([part], timedelta(seconds=90))
            time.sleep(BREATH_SECONDS)

    flow.run(EXAMS, while_it_runs=kill_everything)
    after_all_is_settled(stack, flow)


@pytest.mark.timeout(LIMIT_SECONDS)
def test_a_process_killed_between_store_commit_publish_acknowledge_and_offset_loses_nothing(stack: Running) -> None:
    flow = Flow(stack.outside, (stack.cast.clinic_1, stack.cast.clinic_2), stack.cast.reader, instances=2)
    flow.deadline = time.monotonic() + FLOW_SECONDS
    died: list[tuple[str, str]] = []

    def crash_at_each_point() -> None:
        for service, point in CRASH_POINTS:
            die_at(stack, service, point)
            died.append((service, point))

    flow.run(EXAMS, senders=2, while_it_runs=crash_at_each_point)
    assert died == list(CRASH_POINTS)
    after_all_is_settled(stack, flow)


def die_at(stack: Running, service: str, point: str) -> None:
    """Have the service die when it next passes the point; returns when it is ready again."""
    starts = stack.control.of(service).restarts
    crash_file = stack.state.folder / "crash" / service
    crash_file.write_text(point)
    wait_for(f"{service} dying at {point}", lambda: not crash_file.exists() or None, 120)
    wait_for(f"{service} starting again", lambda: stack.control.of(service).restarts > starts or None, 90)
    stack.control.wait_ready([service], timedelta(seconds=90))


def after_all_is_settled(stack: Running, flow: Flow) -> None:
    """Every acknowledged instance with its digest, one task and one charge per item and exam, the ledger balanced, no dead letters."""
    assert flow.unharmed() == []
    expert = stack.outside.person(stack.cast.reader, "expert")
    tasks = [task["exam_id"] for task in expert.pages("/api/reporting/v1/worklist", state="signed", limit=200)]
    wanted = sorted(one.exam_id for one in flow.sent.values())
    assert sorted(exam for exam in tasks if exam in set(wanted)) == wanted

    admin = stack.outside.person(stack.cast.reader, "billing_admin")

    def charges() -> list[tuple[str, str]]:
        usage = admin.pages("/api/billing/v1/usage", limit=200)
        return [(item["exam_id"], item["item_code"]) for item in usage if item["exam_id"] in set(wanted)]

    def every_reading_charged() -> list[tuple[str, str]] | None:
        found = charges()
        return found if {exam for exam, item in found if item == "reading"} == set(wanted) else None

    wait_for("a charge for every reading", every_reading_charged, 120)
    time.sleep(BREATH_SECONDS)
    found = charges()
    assert len(found) == len(set(found)), "something was charged twice"

    operator = stack.outside.person(stack.cast.platform, "operator")
    close(operator)
    sums = sums_by_currency(operator.get("/api/billing/v1/ledger/accounts")["items"])
    assert sums and not any(sums.values())
    assert dead_letters(stack) == []


def dead_letters(stack: Running) -> list[str]:
    """What consumers put aside, but for what a test forged that they should."""
    topics = [f"{domain}.v1.dlq" for domain in ("directory", "ingest", "inference", "reporting", "billing")]
    letters = held(stack.outside.endpoints["kafka"], topics)
    records = [one for one in letters if one.headers.get("ce_source") != FORGER.encode()]
    return [f"{record.topic} {record.headers.get('dlq_reason', b'').decode()}" for record in records]
