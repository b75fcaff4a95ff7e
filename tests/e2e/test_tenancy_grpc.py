"""Every gRPC method of the running services, found by reflection: the owner succeeds, another hospital finds nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import grpc
import httpx
import pytest
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from infra.demo.exams import part10
from infra.local.files import Secrets
from services.__main__ import SERVICES
from services.shared.http import ON_BEHALF_OF
from services.shared.tenancy import owner_of_key
from tests.e2e.scene import Scene, new_exam, send_and_complete, task_of
from tests.stack import Running

OURS = "sonobridge."
NOTHING = (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.PERMISSION_DENIED)


@dataclass
class Method:
    """A method as reflection describes it."""

    service: str
    path: str
    request: type[Any]
    response: type[Any]
    client_streams: bool
    server_streams: bool


@dataclass
class Grpc:
    """The running services' methods, and the scene whose exam they are asked for."""

    scene: Scene
    ids: dict[str, str]
    methods: dict[str, Method] = field(default_factory=dict)


@pytest.fixture(scope="module")
def running(stack: Running) -> Grpc:
    scene = Scene(stack, new_exam())
    exam = send_and_complete(scene.clinic, scene.exam)
    task_of(scene.expert, scene.exam.study)
    other = scene.foreigner("expert").get("/api/directory/v1/me")["organisation"]["id"]
    ids = {
        "exam_id": exam["id"],
        "organisation_id": exam["organisation_id"],
        "sop_instance_uid": str(scene.exam.instances[0].SOPInstanceUID),
        "ae_title": stack.outside.ae_title(stack.cast.clinic_1),
        "other_organisation_id": other,
    }
    made = Grpc(scene, ids)
    for service in SERVICES:
        for method in reflected(service, stack.outside.endpoints["grpc"][service]):
            made.methods[method.path] = method
    return made


def requests(running: Grpc) -> dict[str, list[dict[str, Any]]]:
    """Method → the messages that its owner sends."""
    ids, prefix = running.ids, "/sonobridge."
    exam = [{"exam_id": ids["exam_id"]}]
    derived = part10(running.scene.exam.instances[0])
    return {
        f"{prefix}directory.v1.DirectoryService/GetOrganisation": [{"organisation_id": ids["organisation_id"]}],
        f"{prefix}directory.v1.DirectoryService/ListAgreements": [{}],
        f"{prefix}directory.v1.DirectoryService/GetDevice": [{"ae_title": ids["ae_title"]}],
        f"{prefix}ingest.v1.IngestService/StoreDerived": [{"exam_id": ids["exam_id"], "chunk": derived}],
        f"{prefix}ingest.v1.IngestService/GetExam": exam,
        f"{prefix}ingest.v1.IngestService/ReadInstance": [exam[0] | {"sop_instance_uid": ids["sop_instance_uid"]}],
        f"{prefix}inference.v1.InferenceService/GetAnalysis": exam,
        f"{prefix}reporting.v1.ReportingService/GetReportStatus": exam,
        f"{prefix}billing.v1.BillingService/ListUsage": exam,
    }


def test_every_method_of_the_running_services_is_tried_here(running: Grpc) -> None:
    assert set(running.methods) == set(requests(running))


def test_the_owner_succeeds_with_every_method_and_another_hospital_finds_nothing(running: Grpc) -> None:
    faults = []
    for path, messages in requests(running).items():
        method = running.methods[path]
        owner = call(running, method, messages, running.ids["organisation_id"])
        if not isinstance(owner, list):
            faults.append(f"owner: {path}: {owner}")
        foreign = call(running, method, messages, running.ids["other_organisation_id"])
        if isinstance(foreign, list):
            well = not any(running.ids["organisation_id"] in str(answer) for answer in foreign)
        else:
            well = foreign in NOTHING
        if not well:
            faults.append(f"foreigner: {path}: {foreign}")
    assert faults == []


def test_without_a_token_every_method_is_unauthenticated(running: Grpc) -> None:
    for path, messages in requests(running).items():
        assert call(running, running.methods[path], messages, None) == grpc.StatusCode.UNAUTHENTICATED, path


def test_a_hospitals_own_token_writes_nothing_into_a_study_as_the_platform(running: Grpc) -> None:
    path = "/sonobridge.ingest.v1.IngestService/StoreDerived"
    token = running.scene.clinic.token()
    answer = invoke(running, running.methods[path], requests(running)[path], [("authorization", f"Bearer {token}")])
    assert answer in NOTHING


def test_every_object_in_the_store_lies_under_the_organisation_that_owns_it(running: Grpc) -> None:
    root = running.scene.stack.state.folder / "objects"
    known = {
        UUID(one["id"]) for one in running.scene.operator.get("/api/directory/v1/organisations", limit=200)["items"]
    }
    keys = [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and ".spool" not in path.parts]
    assert keys
    assert {owner_of_key(key) for key in keys} <= known
    assert any(str(running.ids["organisation_id"]) in key for key in keys)


def call(running: Grpc, method: Method, messages: list[dict[str, Any]], organisation_id: str | None) -> Any:
    """The answers as a platform service gets them on behalf of the organisation; the status code when refused."""
    if organisation_id is None:
        return invoke(running, method, messages, [])
    metadata = [("authorization", f"Bearer {service_token(running)}"), (ON_BEHALF_OF, organisation_id)]
    return invoke(running, method, messages, metadata)


def service_token(running: Grpc) -> str:
    stack = running.scene.stack
    form = {
        "grant_type": "client_credentials",
        "client_id": "service-inference",
        "client_secret": Secrets(stack.state.secrets).value("keycloak-service-inference"),
    }
    issuer = stack.outside.endpoints["keycloak"]["issuer"]
    answer = httpx.post(f"{issuer}/protocol/openid-connect/token", data=form).raise_for_status()
    return str(answer.json()["access_token"])


def invoke(running: Grpc, method: Method, messages: list[dict[str, Any]], metadata: list[tuple[str, str]]) -> Any:
    target = running.scene.stack.outside.endpoints["grpc"][method.service]
    built = [method.request(**message) for message in messages]
    with grpc.insecure_channel(target) as channel:
        kind = f"{'stream' if method.client_streams else 'unary'}_{'stream' if method.server_streams else 'unary'}"
        remote = getattr(channel, kind)(method.path, method.request.SerializeToString, method.response.FromString)
        try:
            answer = remote(iter(built) if method.client_streams else built[0], metadata=metadata, timeout=30)
            return list(answer) if method.server_streams else [answer]
        except grpc.RpcError as error:
            return error.code()


def reflected(service: str, target: str) -> Iterator[Method]:
    """The methods that the server at `target` says it has, health and reflection aside."""
    pool = descriptor_pool.DescriptorPool()
    with grpc.insecure_channel(target) as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)

        def ask(**question: str) -> Any:
            request = reflection_pb2.ServerReflectionRequest(**question)
            return next(iter(stub.ServerReflectionInfo(iter([request]))))

        listed = [one.name for one in ask(list_services="").list_services_response.service]
        add_files(ask, pool, [name for name in listed if name.startswith(OURS)])
    for name in listed:
        if not name.startswith(OURS):
            continue
        for method in pool.FindServiceByName(name).methods:  # type: ignore[no-untyped-call]
            yield Method(
                service,
                f"/{name}/{method.name}",
                message_factory.GetMessageClass(method.input_type),
                message_factory.GetMessageClass(method.output_type),
                method.client_streaming,
                method.server_streaming,
            )


def add_files(ask: Any, pool: descriptor_pool.DescriptorPool, symbols: list[str]) -> None:
    """Put the files that define the symbols, and those that they import, into the pool."""
    added: set[str] = set()

    def add(serialised: bytes) -> None:
        file = FileDescriptorProto.FromString(serialised)
        if file.name in added:
            return
        added.add(file.name)
        for needed in file.dependency:
            for one in ask(file_by_filename=needed).file_descriptor_response.file_descriptor_proto:
                add(one)
        pool.Add(file)  # type: ignore[no-untyped-call]

    for symbol in symbols:
        for one in ask(file_containing_symbol=symbol).file_descriptor_response.file_descriptor_proto:
            add(one)
