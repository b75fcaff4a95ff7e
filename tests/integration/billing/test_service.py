"""The running service: Kafka in, HTTP and gRPC out, who sees what."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import grpc
import httpx
import psycopg
import pytest
from sonobridge.billing.v1 import service_pb2 as pb
from sonobridge.billing.v1 import service_pb2_grpc
from sonobridge.directory.v1 import directory_pb2

from services.billing import main
from services.shared.events import Event
from services.shared.kafka import Producer, Record
from tests.fakes.oidc import FakeIssuer
from tests.fakes.settings import environment
from tests.integration.billing.region import TRACE, Region, changed, study_uid
from tests.parts import Database as ScratchDatabase
from tests.parts import Topics

API = "/api/billing/v1"
DAY = "2026-11-20"
PEOPLE = {
    "clinic": ("billing_admin",),
    "centre": ("billing_admin",),
    "platform": ("operator", "billing_admin"),
    "stranger": ("billing_admin",),
    "expert": ("expert",),
}


@dataclass
class Running:
    """Billing as it runs in production, with a fake issuer in place of Keycloak."""

    region: Region
    issuer: FakeIssuer
    producer: Producer
    http: httpx.AsyncClient
    grpc_target: str
    prefix: str

    def token(self, who: str) -> str:
        home = "clinic" if who == "expert" else who
        return self.issuer.token(f"sub-{who}", f"{home}-{self.region.seed.hex[:6]}")

    async def get(self, who: str, path: str, **params: str) -> httpx.Response:
        return await self.http.get(API + path, params=params, headers={"Authorization": f"Bearer {self.token(who)}"})

    async def post(self, who: str, path: str, body: dict[str, object]) -> httpx.Response:
        return await self.http.post(API + path, json=body, headers={"Authorization": f"Bearer {self.token(who)}"})

    async def send(self, *events: tuple[str, Event]) -> None:
        await self.producer.send([Record(topic, one.key, one.headers(), one.body) for topic, one in events])

    async def usage(self, who: str, expected: int) -> list[dict[str, object]]:
        """The usage that `who` sees, once there are as many records as expected."""
        items: list[dict[str, object]] = []
        for _ in range(150):
            items = (await self.get(who, "/usage")).raise_for_status().json()["items"]
            if len(items) >= expected:
                break
            await asyncio.sleep(0.2)
        assert len(items) == expected
        return items

    async def exam(self) -> UUID:
        exam = uuid4()
        await self.send(
            ("ingest.v1", self.region.exam_completed(exam, DAY)),
            ("inference.v1", self.region.analysis_completed(exam, DAY)),
            ("reporting.v1", self.region.report_signed(exam, DAY)),
        )
        return exam


@pytest.fixture
async def running(
    migrated: ScratchDatabase, kafka_topics: Topics, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Running]:
    issuer, region = FakeIssuer(), Region()
    variables = environment(
        "billing", migrated, kafka_topics, issuer, tmp_path, objects_url=(tmp_path / "objects").as_uri()
    )
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    stop = asyncio.Event()
    task = asyncio.create_task(main.run(stop))
    producer = Producer(kafka_topics.bootstrap, kafka_topics.prefix)
    entities = [changed(f"organisation/{one.id}", organisation=one) for one in region.organisations()]
    entities.append(changed(f"agreement/{region.agreement_id}/1", agreement=region.agreement()))
    for who, roles in PEOPLE.items():
        member = directory_pb2.Membership(
            id=str(uuid4()),
            organisation_id=str(region.id("clinic" if who == "expert" else who)),
            subject=f"sub-{who}",
            username=who,
            roles=roles,
            active=True,
            revision=1,
        )
        entities.append(changed(f"membership/{member.id}", membership=member))
    port = variables["SONOBRIDGE_HTTP_PORT"]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        service = Running(
            region, issuer, producer, client, f"127.0.0.1:{variables['SONOBRIDGE_GRPC_PORT']}", kafka_topics.prefix
        )
        await service.send(*(("directory.v1", one) for one in entities))
        for _ in range(200):
            if task.done():
                task.result()
            try:
                if (await service.get("expert", "/usage")).status_code == 403 and (
                    await service.get("stranger", "/usage")
                ).status_code == 200:
                    break
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
        yield service
    stop.set()
    await asyncio.wait_for(task, 30)
    await producer.close()
    issuer.close()


async def test_an_exam_goes_from_kafka_to_usage_close_invoice_and_trace(
    running: Running, eye: psycopg.Connection
) -> None:
    exam = await running.exam()
    region = running.region
    provisional = await running.usage("clinic", 3)
    assert {one["state"] for one in provisional} == {"provisional"}
    amounts = {one["item_code"]: one["amount"] for one in provisional}
    assert amounts["reading"] == {"amount_minor": 8000, "currency": "CNY"}
    statement = (await running.get("clinic", "/statement")).json()["items"]
    assert sum(one["amount"]["amount_minor"] for one in statement if one["payer_id"] == str(region.clinic)) == 8300

    period = await running.post("platform", "/periods/close", {"through": "2026-11-21T00:00:00+08:00"})
    assert period.status_code == 200, period.text
    assert period.json()["state"] == "closed"
    again = await running.post("platform", "/periods/close", {"through": "2026-11-21T00:00:00+08:00"})
    assert again.json() == period.json()

    invoices = (await running.get("clinic", "/invoices")).json()["items"]
    assert sorted(one["total"]["amount_minor"] for one in invoices) == [300, 8000]
    assert all(one["payer"]["name_zh"] == "清河县人民医院" for one in invoices)
    invoice = next(one for one in invoices if one["total"]["amount_minor"] == 8000)
    (line,) = (await running.get("clinic", f"/invoices/{invoice['id']}")).json()["lines"]

    trace = (await running.get("clinic", f"/lines/{line['id']}/trace")).raise_for_status().json()
    assert trace["exam"]["id"] == str(exam)
    assert trace["exam"]["study_instance_uid"] == study_uid(exam)
    assert sorted(one["type"] for one in trace["events"]) == ["analysis.completed", "exam.completed", "report.signed"]
    assert trace["report"]["version"] == 1
    assert trace["analysis"]["exam_revision"] == 1
    assert (trace["agreement"]["number"], trace["agreement"]["version"]) == ("2026-QH-01", 1)
    assert trace["trace_id"] == TRACE
    assert {one["trace_id"] for one in trace["events"]} == {TRACE}
    assert sum(one["amount"]["amount_minor"] for one in trace["postings"]) == 0
    assert {one["organisation_id"] for one in trace["postings"]} == {str(region.clinic)}

    told = eye.execute(
        "SELECT DISTINCT split_part(headers->>'traceparent', '-', 2) FROM outbox WHERE headers->>'ce_type' = 'usage.recorded'"
    )
    assert told.fetchall() == [(TRACE,)], "what billing tells goes on in the exam's own trace"

    settlement = (await running.get("centre", "/settlements")).json()["items"][0]
    assert settlement["net"]["amount_minor"] == 8000 - 500
    books = (await running.get("platform", "/ledger/accounts")).json()
    assert books["sums"] == [{"amount_minor": 0, "currency": "CNY"}]
    assert {one["organisation_id"] for one in books["items"]} == {
        str(region.clinic),
        str(region.centre),
        str(region.platform),
    }
    own = (await running.get("clinic", "/ledger/accounts")).json()["items"]
    assert {one["organisation_id"] for one in own} == {str(region.clinic)}

    days = (await running.get("clinic", "/usage/by-day", **{"from": DAY, "to": DAY})).json()["items"]
    assert [(one["date"], one["owes"]["amount_minor"], one["earns"]["amount_minor"]) for one in days] == [
        (DAY, 8300, 0)
    ]


async def test_documents_are_given_to_both_parties_and_stay_the_same(running: Running) -> None:
    await running.exam()
    await running.usage("clinic", 3)
    await running.post("platform", "/periods/close", {"through": "2026-11-21T00:00:00+08:00"})
    invoice = (await running.get("centre", "/invoices")).json()["items"][0]
    table = await running.get("centre", f"/invoices/{invoice['id']}.csv")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    first = next(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert first["invoice_number"] == invoice["number"]
    for language in ("zh", "en"):
        pdf = await running.get("centre", f"/invoices/{invoice['id']}.pdf", language=language)
        assert pdf.content.startswith(b"%PDF-")
        other = "clinic" if invoice["payer"]["id"] == str(running.region.clinic) else "platform"
        assert (await running.get(other, f"/invoices/{invoice['id']}.pdf", language=language)).content == pdf.content
    settlement = (await running.get("clinic", "/settlements")).json()["items"][0]
    assert (await running.get("clinic", f"/settlements/{settlement['id']}.pdf")).content.startswith(b"%PDF-")
    assert "net" in (await running.get("clinic", f"/settlements/{settlement['id']}.csv")).text
    full = (await running.get("clinic", f"/settlements/{settlement['id']}")).json()
    assert sum(one["total"]["amount_minor"] for one in full["invoices"]) == -full["net"]["amount_minor"]


async def test_what_belongs_to_others_does_not_exist(running: Running) -> None:
    exam = await running.exam()
    await running.usage("clinic", 3)
    await running.post("platform", "/periods/close", {"through": "2026-11-21T00:00:00+08:00"})
    invoice = (await running.get("clinic", "/invoices")).json()["items"][0]
    (line, *_) = (await running.get("clinic", f"/invoices/{invoice['id']}")).json()["lines"]
    settlement = (await running.get("clinic", "/settlements")).json()["items"][0]
    for path in ("/usage", "/statement", "/usage/by-day", "/invoices", "/settlements", "/ledger/accounts"):
        assert path == "/statement" or (await running.get("clinic", path)).json()["items"]
        assert (await running.get("stranger", path)).json()["items"] == []
    for path in (
        f"/invoices/{invoice['id']}",
        f"/invoices/{invoice['id']}.csv",
        f"/invoices/{invoice['id']}.pdf",
        f"/settlements/{settlement['id']}",
        f"/settlements/{settlement['id']}.csv",
        f"/settlements/{settlement['id']}.pdf",
        f"/lines/{line['id']}/trace",
    ):
        assert (await running.get("clinic", path)).status_code == 200
        assert (await running.get("stranger", path)).status_code == 404
        assert (await running.get("expert", path)).status_code == 403
    foreign = await running.post("stranger", f"/usage/{line['usage_id']}/corrections", {"reason": "mine"})
    assert foreign.status_code == 404
    async with grpc.aio.insecure_channel(running.grpc_target) as channel:
        stub = service_pb2_grpc.BillingServiceStub(channel)

        async def records(who: str) -> int:
            metadata = (("authorization", f"Bearer {running.token(who)}"),)
            return len((await stub.ListUsage(pb.ListUsageRequest(exam_id=str(exam)), metadata=metadata)).usage)

        assert await records("clinic") == 3
        assert await records("centre") == 2
        assert await records("stranger") == 0


async def test_only_operators_close_and_only_the_payee_corrects(running: Running) -> None:
    await running.exam()
    records = {one["item_code"]: one for one in await running.usage("clinic", 3)}
    refused = await running.post("clinic", "/periods/close", {"through": "2026-11-21T00:00:00+08:00"})
    assert refused.status_code == 403
    path = f"/usage/{records['reading']['id']}/corrections"
    assert (await running.post("clinic", path, {"reason": "too dear"})).status_code == 403
    assert (await running.post("centre", path, {"reason": ""})).status_code == 422
    made = await running.post("centre", path, {"reason": "read twice"})
    assert made.status_code == 201 and made.json()["quantity"] == -1
    assert (await running.post("centre", path, {"reason": "again"})).json() == made.json()
    seen = {(one["item_code"], one["quantity"]): one for one in await running.usage("clinic", 4)}
    assert seen["reading", 1]["state"] == seen["reading", -1]["state"] == "reversed"
    assert seen["reading", 1]["amount"] == {"amount_minor": 0, "currency": "CNY"}


async def test_usage_is_paged_without_gaps_or_repeats(running: Running) -> None:
    for _ in range(4):
        await running.exam()
    everything = await running.usage("clinic", 12)
    seen: list[object] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await running.get("clinic", "/usage", limit="5", **cursor)).json()
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert seen == [one["id"] for one in everything]
    assert (await running.get("clinic", "/usage", cursor="nonsense")).status_code == 400

    async def count(**filters: str) -> int:
        return len((await running.get("clinic", "/usage", **filters)).raise_for_status().json()["items"])

    assert await count(agreement="2026-QH-01") == await count(agreement=str(running.region.agreement_id)) == 12
    assert await count(agreement="another") == 0
    assert await count(**{"from": DAY, "to": DAY}) == 12
    assert await count(**{"from": "2026-11-21"}) == await count(to="2026-11-19") == 0
    assert (await running.get("clinic", "/usage", **{"from": DAY, "to": "2026-11-19"})).status_code == 422


async def test_a_record_that_is_no_event_or_can_never_be_charged_is_buried_and_the_rest_goes_on(
    running: Running,
) -> None:
    await running.producer.send([Record("reporting.v1", "x", {"ce_id": "nonsense"}, b"\x00")])
    await running.send(("reporting.v1", running.region.report_signed(uuid4(), "2020-01-01")))
    await running.exam()
    await running.usage("clinic", 3)
    counted = f'sonobridge_dead_letters_total{{topic="{running.prefix}reporting.v1"}} 2.0'
    async with asyncio.timeout(30):  # partitions are handled side by side: the exam's may be ahead
        while counted not in (await running.http.get("/metrics")).text:
            await asyncio.sleep(0.1)
