"""The table of parts: what is started, after what, on which ports, and when it counts as ready."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from infra.local import kafka, keycloak, nginx, postgres, services, triton
from infra.local.process import Command
from infra.local.stack import Stack


def _nothing(_: Stack) -> None:
    return None


@dataclass(frozen=True)
class Part:
    """One thing that is started and looked after."""

    name: str
    prepare: Callable[[Stack], Command]  # writes what the part reads, says what to execute; may take seconds
    check: Callable[[Stack], None] = _nothing  # raises NotReady
    settle: Callable[[Stack], None] = _nothing  # once ready: what must be in it before others may use it; idempotent
    ports: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    within: timedelta = timedelta(seconds=90)
    tries: int = 4  # a first start that ends early is tried again: what it needs may be on its way
    ends: bool = False  # a task that is done when its process has ended with status 0


def _postgres(stack: Stack) -> Command:
    data = postgres.prepare(stack.state.data("postgres"), stack.secrets, stack.state.log("postgres"))
    return postgres.command(data, stack.ports["postgres"])


def _kafka(stack: Stack) -> Command:
    folder = stack.state.data("kafka")
    broker, controller = (stack.ports[name] for name in kafka.PORTS)
    return kafka.command(folder, kafka.prepare(folder, broker, controller, stack.state.log("kafka")))


def _keycloak(stack: Stack) -> Command:
    return keycloak.command(keycloak.prepare(stack.state.data("keycloak")), stack.keycloak)


def _triton(stack: Stack) -> Command:
    folder = stack.state.data("triton")
    return triton.command(folder, triton.prepare(folder, stack.triton), stack.triton)


def _nginx(stack: Stack) -> Command:
    folder = stack.state.data("nginx")
    upstreams = {"keycloak": stack.ports["keycloak"]} | {
        service: stack.ports[f"{service}-http"] for service in postgres.SERVICES
    }
    return nginx.command(folder, nginx.prepare(folder, stack.ports["front"], upstreams))


def _service(name: str, *more_ports: str) -> Part:
    return Part(
        name,
        partial(services.command, service=name),
        check=partial(services.check, service=name),
        ports=(f"{name}-http", f"{name}-grpc", *more_ports),
        after=("migrate", "kafka"),
    )


PARTS: tuple[Part, ...] = (
    Part("postgres", _postgres, lambda s: s.postgres.check(), lambda s: s.postgres.create_database(), ("postgres",)),
    Part(
        "keycloak",
        _keycloak,
        lambda s: s.keycloak.check(),
        lambda s: s.keycloak.create_realm(),
        keycloak.PORTS,
        within=keycloak.READY_WITHIN,
    ),
    Part("kafka", _kafka, lambda s: s.kafka.check(), lambda s: s.kafka.create_topics(), kafka.PORTS),
    Part("triton", _triton, lambda s: s.triton.check(), ports=triton.PORTS),
    Part("nginx", _nginx, lambda s: nginx.check(s.ports["front"]), ports=("front",)),
    Part("migrate", services.migrate_command, after=("postgres",), tries=1, ends=True),
    _service("directory"),
    _service("ingest", "ingest-dicom"),
    _service("inference"),
    _service("reporting"),
    _service("billing"),
)
BY_NAME = {part.name: part for part in PARTS}
