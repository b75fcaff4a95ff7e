"""Runs every test: static checks first, then those that share parts, then those that need a whole stack. `make test`."""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORKERS = str(min(4, os.cpu_count() or 2))

STAGES: dict[str, list[str]] = {
    "static checks": ["-m", "tests.lint"],
    "unit, contract, architecture, integration": [
        "-m", "pytest", "-q", "--durations=10", "-n", WORKERS, "--dist", "loadfile",
        "tests/unit", "tests/contract", "tests/architecture", "tests/integration",
    ],
    "on a whole stack: tenancy, end to end, faults": ["-m", "pytest", "-q", "--durations=10", "tests/e2e", "tests/chaos"],
}  # fmt: skip


def main() -> int:
    failed = []
    for name, command in STAGES.items():
        began = time.monotonic()
        print(f"\n=== {name}", flush=True)
        status = subprocess.run([sys.executable, *command], cwd=ROOT, check=False).returncode
        print(f"=== {name}: {'passed' if status == 0 else 'FAILED'} after {time.monotonic() - began:.0f} s", flush=True)
        if status != 0:
            failed.append(name)
    print("\nmake test:", "every stage passed" if not failed else f"FAILED: {', '.join(failed)}", flush=True)
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
