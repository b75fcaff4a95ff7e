"""Every static check, side by side, each with its time; the exit status is the number of those that failed. `make lint`."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = ROOT / ".venv" / "bin"
CONSOLE = ROOT / "services" / "console"
PROTOS = ROOT / "protos"


def checks() -> dict[str, tuple[Path, list[str]]]:
    """Name → the folder to run in, the command."""
    python = str(BIN / "python")
    return {
        "ruff": (ROOT, [str(BIN / "ruff"), "check", "."]),
        "ruff format": (ROOT, [str(BIN / "ruff"), "format", "--check", "."]),
        "mypy": (ROOT, [str(BIN / "mypy")]),
        "import-linter": (ROOT, [str(BIN / "lint-imports")]),
        "buf lint": (PROTOS, [str(BIN / "buf"), "lint"]),
        "generated protos": (ROOT, [python, "-m", "tests.generated"]),
        "docs/settings.md": (ROOT, [python, "-m", "tests.settings_page"]),
        "console: API types": (ROOT, [python, "-m", "tests.console_api"]),
        "console: tsc, eslint": (CONSOLE, ["npm", "run", "lint"]),
        "console: unit tests": (CONSOLE, ["npm", "test"]),
    }


def check(entry: tuple[str, tuple[Path, list[str]]]) -> bool:
    name, (folder, command) = entry
    began = time.monotonic()
    env = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}", "CI": "true"}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    verdict = "ok" if done.returncode == 0 else "FAILED"
    said = "" if done.returncode == 0 else f"\n{done.stdout}{done.stderr}"
    print(f"lint: {name}: {verdict} ({time.monotonic() - began:.0f} s){said}", flush=True)
    return done.returncode == 0


def main() -> int:
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(check, checks().items())).count(False)


if __name__ == "__main__":
    sys.exit(main())
