"""Where things lie: the project, what set-up downloaded, and the state of one stack."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INFRA = ROOT / "infra"
VENV = ROOT / ".venv"
DOWNLOADS = ROOT / ".parts"


@dataclass(frozen=True)
class State:
    """The folder that holds everything one local stack keeps: ports, secrets, data, logs."""

    folder: Path

    @property
    def ports(self) -> Path:
        return self.folder / "ports.json"

    @property
    def secrets(self) -> Path:
        return self.folder / "secrets"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def pids(self) -> Path:
        return self.folder / "pids"

    @property
    def endpoints(self) -> Path:
        return self.folder / "endpoints.json"

    @property
    def credentials(self) -> Path:
        return self.folder / "credentials.json"

    def log(self, part: str) -> Path:
        """The log file of a part; its folder exists afterwards."""
        self.logs.mkdir(parents=True, exist_ok=True)
        return self.logs / f"{part}.log"

    def data(self, part: str) -> Path:
        """The folder for the data of a part; it exists afterwards."""
        folder = self.folder / part
        folder.mkdir(parents=True, exist_ok=True)
        return folder


DEFAULT_STATE = State(ROOT / ".local")
