"""Settings: typed, frozen, and nothing unknown."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from services.shared.settings import ServiceSettings, SettingsError, load, read_secret

COMPLETE = {
    "HTTP_PORT": "1",
    "GRPC_PORT": "2",
    "POSTGRES_HOST": "h",
    "POSTGRES_PORT": "3",
    "POSTGRES_PASSWORD_FILE": "/p",
    "KAFKA_BOOTSTRAP": "k:1",
    "OIDC_ISSUER": "http://i",
    "OIDC_CLIENT_ID": "c",
    "OIDC_CLIENT_SECRET_FILE": "/s",
    "PUBLIC_ORIGIN": "http://o",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in COMPLETE.items():
        monkeypatch.setenv(f"SONOBRIDGE_{name}", value)
    return monkeypatch


def test_a_complete_environment_is_read(environment: pytest.MonkeyPatch) -> None:
    settings = load(ServiceSettings)
    assert (settings.http_port, settings.http_host, settings.issuer_url) == (1, "127.0.0.1", "http://i")
    with pytest.raises(ValidationError):
        settings.__setattr__("http_port", 9)


def test_an_unknown_name_is_refused_and_the_nearest_known_one_named(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SONOBRIDGE_HTTP_PROT", "1")
    with pytest.raises(SettingsError, match="SONOBRIDGE_HTTP_PROT is not a setting.*did you mean SONOBRIDGE_HTTP_PORT"):
        load(ServiceSettings)


def test_every_fault_is_named_at_once(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("SONOBRIDGE_KAFKA_BOOTSTRAP")
    environment.setenv("SONOBRIDGE_HTTP_PORT", "eighty")
    with pytest.raises(SettingsError) as failed:
        load(ServiceSettings)
    assert "SONOBRIDGE_KAFKA_BOOTSTRAP: is required" in str(failed.value)
    assert "SONOBRIDGE_HTTP_PORT" in str(failed.value)


def test_a_secret_is_read_without_the_lines_end_and_an_empty_or_missing_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3\n")
    assert read_secret(tmp_path / "secret") == "s3"
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(SettingsError, match="empty"):
        read_secret(tmp_path / "empty")
    with pytest.raises(SettingsError, match="No such file"):
        read_secret(tmp_path / "missing")
