"""One exam, read, signed and invoiced on the running stack, and everything that others must not find."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from infra.demo.chapters import decide, words
from infra.demo.exams import Exam, Head, Patient
from infra.demo.outside import Session, wait_for
from services.inference.simulator import draw
from services.shared.events import Event, from_record
from services.shared.kafka import Producer, Record, held
from tests.stack import Running

FORGER = "/forger"  # the source of events that no service sent; those they cannot use go to the dead letters
SECRET_NAME = "Geheim^Xing=秘星"


@dataclass
class Scene:
    """The callers, and the identifiers of what belongs to the owner."""

    stack: Running
    exam: Exam
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def clinic(self) -> Session:
        return self.stack.outside.machine(self.stack.cast.clinic_1)

    @property
    def expert(self) -> Session:
        return self.stack.outside.person(self.stack.cast.reader, "expert")

    def billing(self, organisation: str | None = None) -> Session:
        return self.stack.outside.person(organisation or self.stack.cast.reader, "billing_admin")

    @property
    def operator(self) -> Session:
        return self.stack.outside.person(self.stack.cast.platform, "operator")

    def foreigner(self, role: str) -> Session:
        """Somebody of the other region with the same role."""
        return self.stack.outside.person(self.stack.cast.other_region, role)


def new_exam(name: str = SECRET_NAME, images: int = 1, shape: tuple[int, int] = (448, 448)) -> Exam:
    """An exam with simulated heads."""
    exam = Exam(Patient(name, "SECRET-ID-1", "19930412"), "胎儿超声", "SECRET-ACC", datetime.now())
    for seed in range(images):
        image = draw(seed, shape=shape)
        exam.add_head(Head(image.pixels, image.spacing_mm, image.hc_mm, f"simulated, seed {seed}"))
    return exam


def send_and_complete(clinic: Session, exam: Exam) -> Any:
    """The exam, once it is complete."""
    assert clinic.stow(exam.files()).status == 200
    found = wait_for("the exam", lambda: clinic.exam(exam.study))
    clinic.post(f"/api/ingest/v1/exams/{found['id']}/complete")
    return clinic.exam(exam.study)


def task_of(expert: Session, study: str, seconds: float = 120) -> Any:
    """The exam's task, once its AI has answered."""

    def look() -> Any:
        tasks = expert.pages("/api/reporting/v1/worklist", limit=200)
        return next((one for one in tasks if one["study_instance_uid"] == study and one["ai"] != "pending"), None)

    return wait_for("the task with its AI", look, seconds)


def sign(expert: Session, study: str) -> str:
    """Claim, decide, sign; the report's id."""
    task = task_of(expert, study)
    report_id = str(expert.post(f"/api/reporting/v1/tasks/{task['id']}/claim")["report_id"])
    report = expert.get(f"/api/reporting/v1/reports/{report_id}")
    decided, said = decide(report["findings"])
    expert.put(f"/api/reporting/v1/reports/{report_id}/draft", decided | words(said))
    expert.post(f"/api/reporting/v1/reports/{report_id}/sign", {"attestation": True})
    return report_id


def heard(stack: Running, topic: str, kind: str, exam_id: str) -> Event | None:
    """The first event of its kind that a service sent about the exam."""
    for record in held(stack.outside.endpoints["kafka"], [topic]):
        event = from_record(record.key, record.headers, record.value)
        if (event.type, event.key, event.source == FORGER) == (kind, exam_id, False):
            return event
    return None


def publish(stack: Running, records: list[Record]) -> None:
    """Events that no service sends here."""

    async def send() -> None:
        producer = Producer(stack.outside.endpoints["kafka"])
        try:
            await producer.send(records)
        finally:
            await producer.close()

    with ThreadPoolExecutor(1) as aside:  # a browser keeps this thread's loop
        aside.submit(asyncio.run, send()).result()


def close(operator: Session, **given: Any) -> None:
    """Close the period through now."""
    operator.post("/api/billing/v1/periods/close", {"through": datetime.now(UTC).isoformat()}, **given)
