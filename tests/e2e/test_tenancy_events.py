"""Every consumer of the running services: an event that names another hospital's exam changes nothing of it.

Who hears which topic comes from Kafka itself, and the types from the services' own consumers; what the table below does not know
fails the test.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions
from confluent_kafka.admin import AdminClient
from google.protobuf.message import Message
from sonobridge.inference.v1 import events_pb2 as inference
from sonobridge.ingest.v1 import events_pb2 as ingest
from sonobridge.reporting.v1 import events_pb2 as reporting

import services
from infra.demo.outside import wait_for
from services.__main__ import SERVICES
from services.shared.clock import uuid7
from services.shared.events import Event
from services.shared.kafka import Record, held
from tests.e2e.scene import FORGER, Scene, heard, new_exam, publish, send_and_complete, sign
from tests.stack import Running

# Group → topic → the types that it acts upon. What the directory tells names hospitals, people and agreements, never an exam.
HEARD: dict[str, dict[str, set[str]]] = {
    "ingest": {"reporting.v1": {"report.signed"}},
    "inference": {"ingest.v1": {"exam.completed", "exam.amended"}, "reporting.v1": {"report.signed"}},
    "reporting": {
        "ingest.v1": {"exam.completed", "exam.amended"},
        "inference.v1": {"analysis.completed", "analysis.skipped", "analysis.failed"},
    },
    "billing": {
        "ingest.v1": {"exam.completed", "exam.amended"},
        "inference.v1": {"analysis.completed"},
        "reporting.v1": {"report.signed"},
    },
} | {f"{service}-directory": {"directory.v1": set()} for service in SERVICES if service != "directory"}
BODIES: dict[str, type[Message]] = {
    "exam.completed": ingest.ExamCompleted,
    "exam.amended": ingest.ExamAmended,
    "analysis.completed": inference.AnalysisCompleted,
    "analysis.skipped": inference.AnalysisSkipped,
    "analysis.failed": inference.AnalysisFailed,
    "report.signed": reporting.ReportSigned,
}
LATER = 9  # a revision or version after all that the exam really has


@pytest.fixture(scope="module")
def scene(stack: Running) -> Scene:
    """An exam that is signed and charged."""
    made = Scene(stack, new_exam())
    exam = send_and_complete(made.clinic, made.exam)
    made.ids |= {"exam_id": exam["id"], "organisation_id": exam["organisation_id"]}
    made.ids["report_id"] = sign(made.expert, made.exam.study)
    made.ids["foreign_id"] = made.foreigner("expert").get("/api/directory/v1/me")["organisation"]["id"]
    wait_for("the charge", lambda: "reading" in {one["item_code"] for one in usage(made)} or None, 90)
    wait_for("the report on the exam", lambda: made.clinic.exam(made.exam.study)["report_state"] == "signed" or None)
    return made


def test_every_consumer_of_the_running_services_is_tried_here(stack: Running) -> None:
    expected = {group: set(topics) for group, topics in HEARD.items()}
    wait_for("every consumer", lambda: expected.keys() <= subscribed(stack).keys() or None)
    assert subscribed(stack) == expected


def test_every_type_that_a_consumer_acts_upon_is_tried_here() -> None:
    folder = Path(services.__file__ or "").parent
    for service in SERVICES:
        code = folder / service / "consumers.py"
        types = set(re.findall(r'"([a-z]+\.[a-z]+)"', code.read_text())) if code.exists() else set()
        assert types == set().union(*HEARD.get(service, {}).values()), service


def test_an_event_that_names_another_hospitals_exam_changes_nothing_of_it(scene: Scene) -> None:
    before = owners_view(scene)
    publish(scene.stack, [one for kind in BODIES for one in forged(scene, kind)])
    wait_for("every consumer at the end of its topics", lambda: not waiting(scene.stack) or None, 90)
    assert owners_view(scene) == before
    for what, items in foreigners_view(scene).items():
        assert items == [], what


def forged(scene: Scene, kind: str) -> Iterator[Record]:
    """The true event with the foreigner as its owner; the same again with a body that says so too."""
    topic = next(topic for topics in HEARD.values() for topic, types in topics.items() if kind in types)
    for owner in (scene.ids["organisation_id"], scene.ids["foreign_id"]):
        body = true_body(scene, topic, kind)
        told = body.exam if isinstance(body, ingest.ExamCompleted | ingest.ExamAmended) else body
        told.organisation_id = owner
        for number in ("revision", "exam_revision", "version"):
            if number in told.DESCRIPTOR.fields_by_name:
                setattr(told, number, LATER)
        event = Event(
            uuid7(), kind, FORGER, scene.ids["exam_id"], UUID(scene.ids["foreign_id"]), datetime.now(UTC), body.SerializeToString()
        )  # fmt: skip
        yield Record(topic, event.key, event.headers(), event.body)


def true_body(scene: Scene, topic: str, kind: str) -> Any:
    """The body as the topic has it of this exam; made up for what did not happen to it."""
    if true := heard(scene.stack, topic, kind, scene.ids["exam_id"]):
        return true.decode(BODIES[kind])
    if kind == "exam.amended":
        return ingest.ExamAmended(exam=true_body(scene, topic, "exam.completed").exam)
    return BODIES[kind](exam_id=scene.ids["exam_id"])


def subscribed(stack: Running) -> dict[str, set[str]]:
    """Group → topics, of every consumer that is there now."""
    admin: Any = AdminClient({"bootstrap.servers": stack.outside.endpoints["kafka"]})
    groups = [one.group_id for one in admin.list_consumer_groups().result().valid]
    described = {name: answer.result() for name, answer in admin.describe_consumer_groups(groups).items()}
    return {
        name: {place.topic for member in group.members for place in member.assignment.topic_partitions}
        for name, group in described.items()
        if group.members
    }


def waiting(stack: Running) -> list[str]:
    """What consumers have not handled yet."""
    bootstrap = stack.outside.endpoints["kafka"]
    admin: Any = AdminClient({"bootstrap.servers": bootstrap})
    done: dict[tuple[str, str, int], int] = {}
    for group in HEARD:
        (answer,) = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)]).values()
        done |= {(group, one.topic, one.partition): one.offset for one in answer.result().topic_partitions}
    return [
        f"{group}: {one.topic}[{one.partition}]@{one.offset}"
        for group, topics in HEARD.items()
        for one in held(bootstrap, list(topics))
        if done.get((group, one.topic, one.partition), 0) <= one.offset
    ]


def owners_view(scene: Scene) -> dict[str, Any]:
    """The exam as those see it whose it is."""
    exam = scene.ids["exam_id"]
    worklist = scene.expert.pages("/api/reporting/v1/worklist", state="signed", limit=200)
    worklist += scene.expert.pages("/api/reporting/v1/worklist", limit=200)
    return {
        "exam": scene.clinic.exam(scene.exam.study),
        "analyses": scene.clinic.get("/api/inference/v1/analyses", exam_id=exam)["items"],
        "tasks": [one for one in worklist if one["exam_id"] == exam],
        "report": scene.clinic.get(f"/api/reporting/v1/reports/{scene.ids['report_id']}"),
        "usage": usage(scene),
    }


def foreigners_view(scene: Scene) -> dict[str, list[Any]]:
    """What the hospital in whose name the events came sees of the exam."""
    exam, study = scene.ids["exam_id"], scene.exam.study
    expert, billing = scene.foreigner("expert"), scene.foreigner("billing_admin")
    return {
        "exams": scene.foreigner("clinic_staff").get("/api/ingest/v1/exams", study_instance_uid=study)["items"],
        "worklist": [one for one in expert.pages("/api/reporting/v1/worklist", limit=200) if one["exam_id"] == exam],
        "reports": expert.get("/api/reporting/v1/reports", exam_id=exam)["items"],
        "usage": billing.pages("/api/billing/v1/usage", exam_id=exam),
    }


def usage(scene: Scene) -> list[Any]:
    return scene.billing().pages("/api/billing/v1/usage", exam_id=scene.ids["exam_id"])
