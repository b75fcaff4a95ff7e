"""The runbooks' commands exist, their links lead somewhere, and their examples are taken."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from infra.local.keycloak import SERVICE_CLIENTS
from infra.local.parts import BY_NAME
from infra.local.paths import ROOT
from services.__main__ import SERVICES
from services.admin.main import _parser
from services.admin.topics import TABLE
from services.directory.http.bodies import AgreementBody, DeviceBody, MemberBody, OrganisationBody
from services.directory.model.codes import ae_title, agreement_number, social_credit_code
from services.shared import telemetry

PAGES = [*sorted((ROOT / "docs" / "runbooks").glob("*.md")), ROOT / "README.md"]
PLACES = re.compile(r"\]\(([^)#]+)\)")
NAMED = re.compile(r"`((?:services|infra|docs|tests|deploy)/[\w./-]+)`")
FROM_ELSEWHERE = {
    "prometheus",
    "echoscu",
    "storescu",
    "psql",
    "df",
    "du",
    "cp",
    "mv",
    "echo",
    "grep",
    "docker",
    "helm",
    "kubectl",
    "kcadm.sh",
}


def commands(page: Path) -> list[str]:
    """The lines of the page's plain code blocks."""
    found, fence = [], ""
    for line in page.read_text(encoding="utf-8").splitlines():
        word = line.strip()
        if word.startswith("```"):
            fence = "" if fence else word
        elif fence == "```" and word:
            found.append(word)
    return found


def to_fill_in() -> set[str]:
    """What the realm leaves to whoever imports it."""
    return set(re.findall(r"\$\{([A-Z_]+)\}", (ROOT / "infra" / "keycloak" / "realm.json").read_text(encoding="utf-8")))


def test_the_way_into_a_cluster_fills_in_all_that_the_realm_leaves_open_and_names_every_role() -> None:
    text = (ROOT / "docs" / "runbooks" / "kubernetes.md").read_text(encoding="utf-8")
    found = re.search(r"envsubst '([^']+)'", text)
    assert found
    assert {name.removeprefix("$") for name in found.group(1).split()} == to_fill_in()
    assert f"for role in sonobridge_owner {' '.join(SERVICES)}; do" in text
    assert f"for client in {' '.join(SERVICE_CLIENTS)}; do" in text


def test_the_image_holds_the_table_of_topics_where_the_command_looks_for_it() -> None:
    place = str(TABLE.relative_to(ROOT))
    docker = ROOT / "infra" / "docker"
    assert f"COPY {place} /opt/sonobridge/src/{place}\n" in (docker / "Dockerfile").read_text(encoding="utf-8")
    assert f"!{place}\n" in (docker / "Dockerfile.dockerignore").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_exists(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z%-]+):", makefile, re.MULTILINE))
    for line in commands(page):
        words = shlex.split(line.split("  #")[0])
        match words:
            case ["make", target, *_]:
                assert target in targets or re.match(r"(train|evaluate)-\w+$", target), line
            case [".venv/bin/python", "-m", "infra.local", command, *parts]:
                assert command in ("log", "start", "stop", "restart", "kill", "status"), line
                assert set(parts) <= set(BY_NAME), line
            case [".venv/bin/sonobridge", "admin", *arguments]:
                _parser().parse_args(arguments)
            case [program, *_] if program in FROM_ELSEWHERE or program.startswith(("java=", "$java")):
                pass
            case _:
                raise AssertionError(f"an unknown command: {line}")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_and_every_file_that_is_named_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for place in PLACES.findall(text):
        assert place.startswith("http") or (page.parent / place).exists(), f"{page.name}: {place}"
    for name in NAMED.findall(text):
        assert (ROOT / name).exists(), f"{page.name}: {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_setting_and_metric_that_is_named_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    settings = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    for name in set(re.findall(r"SONOBRIDGE_[A-Z_]+", text)) - to_fill_in():
        assert name in settings, f"{page.name}: {name}"
    code = Path(telemetry.__file__).read_text(encoding="utf-8") + "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "services").glob("*/metrics.py")
    )
    for name in re.findall(r"sonobridge_[a-z_]+(?=`)", text):
        if not name.startswith("sonobridge_owner"):
            assert f'"{name}"' in code, f"{page.name}: {name}"


def test_the_example_of_a_new_hospital_is_taken_by_the_directory() -> None:
    text = (ROOT / "docs" / "runbooks" / "add-a-hospital.md").read_text(encoding="utf-8")
    found = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert found
    region: dict[str, Any] = yaml.safe_load(found.group(1))
    for alias, entry in region["organisations"].items():
        plain = {name: value for name, value in entry.items() if name not in ("devices", "machines", "people")}
        OrganisationBody.model_validate(plain).organisation(alias)
        social_credit_code(entry["unified_social_credit_code"])
        for title, device in entry["devices"].items():
            ae_title(title)
            DeviceBody.model_validate(device)
        for name, machine in entry["machines"].items():
            member = {key: value for key, value in machine.items() if key != "ae_title"}
            assert machine["ae_title"] in entry["devices"]
            MemberBody.model_validate(member).membership(name, machine=True)
        for name, person in entry["people"].items():
            MemberBody.model_validate(person).membership(name, machine=False)
    for number, agreement in region["agreements"].items():
        agreement_number(number)
        assert agreement["requester"] in region["organisations"]
        TypeAdapter(AgreementBody).validate_python(agreement).terms()


def test_the_launcher_has_the_command_that_checks_settings() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "services", "check-config", "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0
