"""The console's API types, made from the services' own OpenAPI documents: `--write`; without it, compares. No service runs for it."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

from fastapi import FastAPI

import services.billing.http
import services.directory.http
import services.inference.http
import services.ingest.http
import services.reporting.http
from services.shared import http

ROOT = Path(__file__).resolve().parents[1]
CONSOLE = ROOT / "services" / "console"
GENERATED = CONSOLE / "src" / "api" / "generated"
OPTIONS = ("--root-types", "--root-types-no-schema-prefix", "--alphabetize")


def apps() -> dict[str, FastAPI]:
    """Each service's routes. What they call is never called here."""
    use_case: Any = MagicMock()
    found = {
        name: http.build_app(name, name, None, {})
        for name in ("directory", "ingest", "inference", "reporting", "billing")
    }
    services.directory.http.build(found["directory"], use_case, "")
    services.ingest.http.add_routes(
        found["ingest"], services.ingest.http.UseCases(use_case, use_case, use_case, use_case, use_case, use_case, "")
    )
    services.inference.http.build(found["inference"], services.inference.http.UseCases(*[use_case] * 7))
    services.reporting.http.build(found["reporting"], use_case, use_case, use_case, use_case, use_case, "")
    services.billing.http.build(found["billing"], *[use_case] * 4)
    return found


def schemas(app: FastAPI) -> dict[str, Any]:
    """The app's OpenAPI with nothing but its shapes; addresses and queries are plain text in the console."""
    return app.openapi() | {"paths": {}}


def generate(folder: Path) -> None:
    """Write one file of types for each service."""
    env = os.environ | {"PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}"}
    for name, app in apps().items():
        source = folder / f"{name}.json"
        source.write_text(json.dumps(schemas(app)), encoding="utf-8")
        command = ["npx", "--no-install", "openapi-typescript", str(source), *OPTIONS, "-o", str(folder / f"{name}.ts")]
        subprocess.run(command, cwd=CONSOLE, env=env, check=True, capture_output=True)
        source.unlink()


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.ts"))}


def main() -> int:
    with tempfile.TemporaryDirectory() as fresh:
        generate(Path(fresh))
        expected = contents(Path(fresh))
    if "--write" in sys.argv:
        GENERATED.mkdir(exist_ok=True)
        for name, text in expected.items():
            (GENERATED / name).write_text(text, encoding="utf-8")
        return 0
    committed = contents(GENERATED)
    differing = sorted(name for name in expected | committed if expected.get(name) != committed.get(name))
    if differing:
        print(
            f"{GENERATED.relative_to(ROOT)} is not what the services say; run `npm run api` in services/console:",
            *differing,
            sep="\n  ",
        )
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
