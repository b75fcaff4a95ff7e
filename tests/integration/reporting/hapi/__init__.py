"""HAPI's FHIR R4 validator, fetched once into `.parts/hapi`."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.files import locked
from infra.local.paths import DOWNLOADS
from infra.local.setup import digest, maven, once, replaced

_HERE = Path(__file__).parent
_JARS = DOWNLOADS / "hapi"
_SECONDS = 110


@dataclass(frozen=True)
class Message:
    """What the validator says of one place of a resource."""

    resource: str
    severity: str
    place: str
    text: str


def validate(folder: Path, resources: dict[str, Any]) -> list[Message]:
    """All that the validator says of the resources, which are written into `folder` under their names."""
    DOWNLOADS.mkdir(exist_ok=True)
    pom = _HERE / "pom.xml"
    with locked(DOWNLOADS / "hapi.lock"):
        once("hapi", digest(pom), lambda: maven("hapi", pom, replaced(_JARS)))
    paths = []
    for name, resource in resources.items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps(resource, ensure_ascii=False))
        paths.append(str(path))
    command = [
        "java",
        "-Xmx900m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        f"{_JARS}/*",
        str(_HERE / "Validate.java"),
    ]
    done = subprocess.run([*command, *paths], capture_output=True, text=True, timeout=_SECONDS, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [line.split("\t", 3) for line in done.stdout.splitlines() if line.count("\t") >= 3]
    return [Message(Path(file).stem, severity, place, text) for file, severity, place, text in lines]
