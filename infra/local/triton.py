"""Triton Inference Server from its wheel: models stay where they lie in the project and are loaded when somebody asks."""

import os
import signal
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx

from infra.local.paths import DOWNLOADS, INFRA, ROOT, State
from infra.local.ports import keep_ports
from infra.local.process import Command, NotReady, running

HOST = "127.0.0.1"
HOME = DOWNLOADS / "triton"
MODELS_VENV = DOWNLOADS / "models-venv"
# Where models lie: the platform's own, and the one that measures what a call costs.
REPOSITORIES = (ROOT / "services" / "inference" / "models", INFRA / "triton" / "models")
PORTS = ("triton-grpc", "triton-http", "triton-metrics")
READY_WITHIN = timedelta(seconds=60)


@dataclass(frozen=True)
class Triton:
    """A running server."""

    grpc_port: int
    http_port: int
    metrics_port: int
    further: Path | None = None  # a folder of further models, which come and go while it runs

    @property
    def grpc(self) -> str:
        return f"{HOST}:{self.grpc_port}"

    @property
    def http(self) -> str:
        return f"http://{HOST}:{self.http_port}"

    @property
    def metrics(self) -> str:
        return f"http://{HOST}:{self.metrics_port}/metrics"

    def check(self) -> None:
        """Raises NotReady until the server takes requests."""
        try:
            answer = httpx.get(f"{self.http}/v2/health/ready", timeout=5)
        except httpx.HTTPError as error:
            raise NotReady(f"{type(error).__name__}: {error}") from error
        if answer.status_code != 200:
            raise NotReady(f"its health page answers {answer.status_code}")

    def load(self, model: str) -> None:
        """Loads a model and returns when it can be called. Raises httpx.HTTPError with the server's reason."""
        httpx.post(f"{self.http}/v2/repository/models/{model}/load", timeout=60).raise_for_status()


def shared_memory_prefix(server: Triton) -> str:
    """What the names of this server's shared memory regions begin with."""
    return f"sonobridge_triton_{server.grpc_port}_"


def prepare(folder: Path, server: Triton) -> Path:
    """The folder of backends: the server's Python backend, and the platform's that stands on it. Raises FileNotFoundError."""
    for left in Path("/dev/shm").glob(f"{shared_memory_prefix(server)}*"):  # a killed server leaves its regions
        left.unlink(missing_ok=True)
    python_backend = HOME / "backends" / "python"
    if not python_backend.exists() or not MODELS_VENV.exists():
        raise FileNotFoundError(f"Triton is not in {HOME}: run `make setup`")
    backends = folder / "backends"
    backends.mkdir(exist_ok=True)
    for name, target in (("python", python_backend), ("onnxruntime", INFRA / "triton" / "backends" / "onnxruntime")):
        link = backends / name
        link.unlink(missing_ok=True)
        link.symlink_to(target)
    return backends


def command(folder: Path, backends: Path, server: Triton) -> Command:
    """Runs the server with no model loaded and with its addresses on loopback (its default is every address)."""
    folders = [*REPOSITORIES, *([server.further] if server.further else [])]
    repositories = [part for one in folders if one.exists() for part in ("--model-repository", str(one))]
    options = {
        "backend-directory": backends,
        "backend-config": f"python,shm-region-prefix-name={shared_memory_prefix(server)}",
        "model-control-mode": "explicit",
        # Ready is the server that answers: inference loads the models, mends them and tells of each of them.
        "strict-readiness": "false",
        "exit-timeout-secs": 5,
        "grpc-address": HOST,
        "grpc-port": server.grpc_port,
        "http-address": HOST,
        "http-port": server.http_port,
        "metrics-address": HOST,
        "metrics-port": server.metrics_port,
    }
    libraries = (HOME / "vendor" / "nvidia_pytriton.libs", sysconfig.get_config_var("LIBDIR"))
    return Command(
        argv=(
            str(HOME / "vendor" / "pytriton" / "tritonserver" / "bin" / "tritonserver"),
            *repositories,
            *(f"--{name}={value}" for name, value in options.items()),
        ),
        cwd=folder,
        env={
            "LD_LIBRARY_PATH": ":".join(str(library) for library in libraries),
            "PATH": f"{MODELS_VENV / 'bin'}:{os.environ.get('PATH', '')}",
            "OMP_NUM_THREADS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        stop_signal=signal.SIGTERM,
        stop_timeout=timedelta(seconds=15),
    )


@contextmanager
def start_triton(folder: Path) -> Iterator[Triton]:
    """A private server without a model loaded, its further models in `folder`/models; stopped when the block ends. Raises PartFailed."""
    state = State(folder)
    ports = keep_ports(state.ports, PORTS)
    grpc, http, metrics = (ports[name] for name in PORTS)
    server = Triton(grpc, http, metrics, further=state.data("models"))
    home = state.data("triton")
    with running(
        "triton", command(home, prepare(home, server), server), server.check, state.log("triton"), READY_WITHIN
    ):
        yield server
