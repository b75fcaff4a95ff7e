"""The tree: every service has the same files, speaks of the product alone, and names its topics once."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from services.__main__ import SERVICES
from services.shared.migrate import _SHARED

ROOT = Path(__file__).resolve().parents[2]


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_the_same_files(service: str) -> None:
    folder = ROOT / "services" / service
    for name in ("README.md", "main.py", "settings.py", "queries.sql", "migrations", "metrics.py"):
        assert (folder / name).exists(), f"services/{service}/{name} is missing"
    for name in ("model", "service", "store", "rpc", "http"):
        assert (folder / f"{name}.py").exists() or (folder / name).is_dir(), f"services/{service}/{name} is missing"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_says_what_it_owns_and_what_happens_when_a_part_fails(service: str) -> None:
    text = (ROOT / "services" / service / "README.md").read_text(encoding="utf-8").lower()
    for heading in ("owns", "does not own", "fails"):
        assert heading in text, f"services/{service}/README.md does not say: {heading}"


def test_statements_are_in_sql_files_alone() -> None:
    statement = re.compile(r"\"(SELECT|INSERT INTO|UPDATE|DELETE FROM) ", re.IGNORECASE)
    allowed = {"services/shared/db.py", "services/shared/migrate.py"}
    found = [
        str(path.relative_to(ROOT))
        for path in tracked()
        if path.suffix == ".py"
        and path.is_relative_to(ROOT / "services")
        and statement.search(path.read_text(encoding="utf-8"))
    ]
    assert set(found) - allowed == set()


def test_no_statement_takes_every_column() -> None:
    for path in [*tracked(), *_SHARED.glob("*.sql")]:
        if path.name == "queries.sql":
            assert not re.search(
                r"select\s+\*|\.\*\s+from|returning\s+\*", path.read_text(encoding="utf-8"), re.IGNORECASE
            ), path


def test_every_topic_has_its_dead_letters_and_the_directorys_is_compacted() -> None:
    table = yaml.safe_load((ROOT / "infra" / "kafka" / "topics.yaml").read_text(encoding="utf-8"))
    text = yaml.safe_dump(table)
    for service in SERVICES:
        assert f"{service}.v1" in text
    assert "compact" in text


def test_the_shared_code_stays_small() -> None:
    shared = ROOT / "services" / "shared"
    lines = {
        str(path.relative_to(shared)): len(path.read_text(encoding="utf-8").splitlines())
        for path in shared.rglob("*.py")
    }
    assert any("/" in name for name in lines), "packages count too"
    assert max(lines.values()) <= 260, lines
    assert sum(lines.values()) <= 2500, lines


def test_no_lock_file_names_a_registry() -> None:
    for path in tracked():
        if path.name in {"package-lock.json"} or path.suffix == ".lock":
            assert not re.search(
                r"https?://(?!github\.com/sponsors|opencollective|tidelift|feross|paypal)[^\"' ]*/-/",
                path.read_text(encoding="utf-8"),
            ), path
