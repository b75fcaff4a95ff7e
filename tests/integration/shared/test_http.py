"""HTTP and gRPC as callers meet them: who they are, what they may, how errors look."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

import grpc
import httpx
import pytest
from fastapi import Body, FastAPI
from fastapi import Path as PathParameter
from google.protobuf.duration_pb2 import Duration
from grpc_health.v1 import health_pb2, health_pb2_grpc
from sonobridge.billing.v1 import events_pb2, service_pb2, service_pb2_grpc
from sonobridge.directory.v1 import directory_pb2 as pb

from services.shared import grpc_server, http
from services.shared.auth import Authenticator, ServiceToken
from services.shared.errors import Conflict, NotFound, Unavailable
from services.shared.settings import ServiceSettings
from services.shared.tenancy import Principal
from tests.fakes.oidc import FakeIssuer
from tests.fakes.settings import free_port

HOSPITAL = UUID("018f0000-0000-7000-8000-00000000000a")


class Directory:
    """One hospital with one expert."""

    async def organisation(self, organisation_id: UUID) -> pb.Organisation | None:
        return await self.organisation_by_alias("hospital") if organisation_id == HOSPITAL else None

    async def organisation_by_alias(self, alias: str) -> pb.Organisation | None:
        known = pb.Organisation(id=str(HOSPITAL), alias="hospital", active=True, quiet_period=Duration(seconds=1))
        return known if alias == "hospital" else None

    async def membership(self, organisation_id: UUID, subject: str) -> pb.Membership | None:
        return pb.Membership(roles=["expert"], display_name="陈医生") if subject == "chen" else None


class Billing(service_pb2_grpc.BillingServiceServicer):
    """Answers with the caller's organisation, or the error that the exam's id asks for."""

    async def ListUsage(self, request: service_pb2.ListUsageRequest, context: Any) -> service_pb2.ListUsageResponse:
        if request.exam_id == "missing":
            raise NotFound("no such exam")
        if request.exam_id == "fault":
            raise ZeroDivisionError
        caller = grpc_server.principal()
        return service_pb2.ListUsageResponse(
            usage=[events_pb2.UsageRecorded(organisation_id=str(caller.organisation_id))]
        )


@pytest.fixture
def issuer() -> Any:
    made = FakeIssuer()
    yield made
    made.close()


@pytest.fixture
def settings(issuer: FakeIssuer, tmp_path: Path) -> ServiceSettings:
    (tmp_path / "secret").write_text("secret")
    return ServiceSettings(
        http_port=free_port(),
        grpc_port=free_port(),
        postgres_host="-",
        postgres_port=1,
        postgres_password_file=tmp_path / "secret",
        kafka_bootstrap="-",
        oidc_issuer=issuer.issuer,
        oidc_client_id="service-test",
        oidc_client_secret_file=tmp_path / "secret",
        public_origin="http://127.0.0.1",
    )


def application(settings: ServiceSettings) -> FastAPI:
    async def good() -> None:
        return None

    async def bad() -> None:
        raise Unavailable("PostgreSQL does not answer")

    app = http.build_app("test", "Test", Authenticator(settings, Directory()), {"postgres": good, "kafka": bad})

    @app.get("/api/test/v1/me")
    async def me(caller: http.Caller) -> dict[str, Any]:
        return {"organisation_id": caller.organisation_id, "name": caller.display_name, "roles": sorted(caller.roles)}

    @app.get("/api/test/v1/invoices")
    async def invoices(caller: Annotated[Principal, http.role("billing_admin")]) -> list[str]:
        return []

    @app.get("/api/test/v1/conflict/{number}")
    async def conflict(number: Annotated[int, PathParameter(ge=1)]) -> None:
        raise Conflict("two at once", other="b")

    @app.post("/api/test/v1/priority")
    async def set_priority(priority: Annotated[Literal["STAT"], Body(embed=True)]) -> None:
        return None

    return app


@pytest.fixture
async def client(settings: ServiceSettings) -> AsyncIterator[httpx.AsyncClient]:
    stop = asyncio.Event()
    serving = asyncio.create_task(http.serve(application(settings), settings, stop))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{settings.http_port}") as made:
        async with asyncio.timeout(10):
            while True:
                try:
                    await made.get("/healthz")
                    break
                except httpx.ConnectError:
                    await asyncio.sleep(0.02)
        yield made
    stop.set()
    await serving


def bearer(token: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} | more


async def test_a_members_token_says_who_asks_and_for_which_hospital(
    client: httpx.AsyncClient, issuer: FakeIssuer
) -> None:
    answer = await client.get("/api/test/v1/me", headers=bearer(issuer.token("chen", "hospital")))
    assert answer.json() == {"organisation_id": str(HOSPITAL), "name": "陈医生", "roles": ["expert"]}


async def test_a_token_without_exactly_one_organisation_or_not_ours_is_401(
    client: httpx.AsyncClient, issuer: FakeIssuer
) -> None:
    tokens = {
        "no organisation": issuer.token("chen"),
        "two": issuer.token("chen", "hospital", "other"),
        "expired": issuer.token("chen", "hospital", expires_in=-60),
        "forged": issuer.forged_token("chen", "hospital"),
        "another audience": issuer.token("chen", "hospital", aud="account"),
        "another issuer": issuer.token("chen", "hospital", iss="http://elsewhere"),
        "rubbish": "a.b.c",
    }
    for name, token in tokens.items():
        answer = await client.get("/api/test/v1/me", headers=bearer(token))
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), name
    assert (await client.get("/api/test/v1/me")).status_code == 401


async def test_no_membership_or_a_missing_role_is_403_and_says_what_is_missing(
    client: httpx.AsyncClient, issuer: FakeIssuer
) -> None:
    stranger = await client.get("/api/test/v1/me", headers=bearer(issuer.token("wang", "hospital")))
    assert stranger.status_code == 403
    expert = await client.get("/api/test/v1/invoices", headers=bearer(issuer.token("chen", "hospital")))
    assert (expert.status_code, expert.json()["roles"]) == (403, ["billing_admin"])


async def test_only_a_platform_service_acts_on_behalf_of_an_organisation(
    client: httpx.AsyncClient, issuer: FakeIssuer
) -> None:
    named = {http.ON_BEHALF_OF: str(HOSPITAL)}
    service = issuer.service_token("service-reporting")
    assert (await client.get("/api/test/v1/me", headers=bearer(service, **named))).json()["organisation_id"] == str(
        HOSPITAL
    )
    assert (await client.get("/api/test/v1/me", headers=bearer(service))).status_code == 401
    assert (
        await client.get("/api/test/v1/me", headers=bearer(issuer.token("chen", "hospital"), **named))
    ).status_code == 403


async def test_errors_are_problem_details_with_their_data(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/test/v1/conflict/1")
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["type"], body["status"], body["detail"], body["other"]) == (
        "urn:sonobridge:Conflict",
        409,
        "two at once",
        "b",
    )
    nowhere = (await client.get("/api/test/v1/conflict/0")).json()
    assert (nowhere["status"], nowhere["faults"][0]["where"]) == (404, "path.number")
    invalid = await client.post("/api/test/v1/priority", json={"priority": "HIGH"})
    assert (invalid.status_code, invalid.json()["faults"][0]["where"]) == (422, "body.priority")
    for content in (b"{bad", b"\xff\xfe"):
        malformed = await client.post(
            "/api/test/v1/priority", content=content, headers={"Content-Type": "application/json"}
        )
        assert (malformed.status_code, malformed.json()["type"]) == (400, "urn:sonobridge:Malformed")
    assert (await client.get("/nowhere")).headers["content-type"] == "application/problem+json"


async def test_readiness_names_each_part_and_metrics_count_the_requests(client: httpx.AsyncClient) -> None:
    ready = await client.get("/readyz")
    assert (ready.status_code, ready.json()) == (503, {"postgres": "ok", "kafka": "PostgreSQL does not answer"})
    await client.get("/api/test/v1/conflict/2")
    metrics = (await client.get("/metrics")).text
    assert 'sonobridge_http_requests_total{method="GET",route="/api/test/v1/conflict/{number}",status="409"}' in metrics


async def test_the_callers_trace_goes_on(client: httpx.AsyncClient) -> None:
    trace = uuid4().hex
    answer = await client.get("/api/test/v1/conflict/1", headers={"traceparent": f"00-{trace}-{'1' * 16}-01"})
    assert answer.headers["x-trace-id"] == trace
    assert answer.json()["trace_id"] == trace


@pytest.fixture
async def caller(settings: ServiceSettings) -> AsyncIterator[grpc_server.Caller]:
    stop = asyncio.Event()

    def register(server: grpc.aio.Server) -> list[str]:
        service_pb2_grpc.add_BillingServiceServicer_to_server(Billing(), server)
        return [service_pb2.DESCRIPTOR.services_by_name["BillingService"].full_name]

    serving = asyncio.create_task(grpc_server.serve(settings, Authenticator(settings, Directory()), register, stop))
    made = grpc_server.Caller(f"127.0.0.1:{settings.grpc_port}", ServiceToken(settings))
    await asyncio.wait_for(made.channel.channel_ready(), 10)
    yield made
    await made.close()
    stop.set()
    await serving


async def test_a_service_calls_another_on_behalf_of_a_tenant(caller: grpc_server.Caller) -> None:
    stub = service_pb2_grpc.BillingServiceStub(caller.channel)
    answer = await stub.ListUsage(service_pb2.ListUsageRequest(exam_id="e"), metadata=await caller.metadata(HOSPITAL))
    assert answer.usage[0].organisation_id == str(HOSPITAL)
    state = await health_pb2_grpc.HealthStub(caller.channel).Check(health_pb2.HealthCheckRequest())
    assert state.status == health_pb2.HealthCheckResponse.SERVING


async def test_calls_take_turns_among_a_services_replicas(settings: ServiceSettings) -> None:
    answered: set[int] = set()

    class Replica(service_pb2_grpc.BillingServiceServicer):
        def __init__(self, number: int) -> None:
            self._number = number

        async def ListUsage(self, request: Any, context: Any) -> service_pb2.ListUsageResponse:
            answered.add(self._number)
            return service_pb2.ListUsageResponse()

    servers, ports = [grpc.aio.server() for _ in range(3)], []
    for number, server in enumerate(servers):
        service_pb2_grpc.add_BillingServiceServicer_to_server(Replica(number), server)
        ports.append(server.add_insecure_port("127.0.0.1:0"))
        await server.start()
    # What a name in the cluster gives: an address of each replica.
    made = grpc_server.Caller("ipv4:" + ",".join(f"127.0.0.1:{port}" for port in ports), ServiceToken(settings))
    stub = service_pb2_grpc.BillingServiceStub(made.channel)
    async with asyncio.timeout(30):
        while len(answered) < len(servers):
            await stub.ListUsage(service_pb2.ListUsageRequest(), wait_for_ready=True)
    await made.close()
    for server in servers:
        await server.stop(None)


async def test_a_part_with_several_addresses_is_reached_while_one_of_them_answers() -> None:
    async with await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0) as server:
        here, nowhere = f"127.0.0.1:{server.sockets[0].getsockname()[1]}", f"127.0.0.1:{free_port()}"
        await http.reaches(f"{nowhere},{here}")()
        with pytest.raises(OSError, match="refused|failed"):
            await http.reaches(nowhere)()


async def test_an_error_crosses_the_wire_intact_and_a_fault_tells_nothing(caller: grpc_server.Caller) -> None:
    stub = service_pb2_grpc.BillingServiceStub(caller.channel)
    for exam, kind in (("missing", NotFound), ("fault", Exception)):
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await stub.ListUsage(service_pb2.ListUsageRequest(exam_id=exam), metadata=await caller.metadata(HOSPITAL))
        with pytest.raises(kind):
            grpc_server.raise_error(failed.value)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.ListUsage(service_pb2.ListUsageRequest(exam_id="e"))
    assert refused.value.code() == grpc.StatusCode.UNAUTHENTICATED
