"""Sets up the region of demo.yaml through `sonobridge admin`, as an operator would."""

import os
import subprocess
import sys
from pathlib import Path

from infra.local.paths import INFRA, ROOT, State
from infra.local.stack import Stack

REGION = INFRA / "demo" / "demo.yaml"
ADMIN_CLIENT = "platform-directory"


class NotApplied(Exception):
    """`sonobridge admin` ended with an error; the message is what it said."""


def applied(state: State) -> bool:
    """Whether the region was applied to its end on this state."""
    return _mark(state).exists()


def apply(state: State) -> str:
    """Bootstraps the platform and applies the region; what was created and changed. Raises NotApplied."""
    secret = Stack(state).keycloak.client_secret_file(ADMIN_CLIENT)
    # Who was made just before a kill has no secret on file: they get a new one.
    _admin(state, "bootstrap", "--renew-missing", "--client-secret-file", str(secret))
    said = _admin(state, "apply", "--renew-missing", str(REGION)).splitlines()[-1]
    _mark(state).touch()
    return said


def _mark(state: State) -> Path:
    return state.folder / "region-applied"


def _admin(state: State, command: str, *arguments: str) -> str:
    argv = (sys.executable, "-m", "services", "admin", command, "--state", str(state.folder), *arguments)
    given = {name: value for name, value in os.environ.items() if not name.startswith("SONOBRIDGE_")}
    done = subprocess.run(argv, cwd=ROOT, env=given, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotApplied(f"sonobridge admin {command}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()
