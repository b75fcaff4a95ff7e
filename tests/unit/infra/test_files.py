"""Secrets are drawn once and private; a state put aside leaves an empty place."""

from pathlib import Path

from infra.local.account import Account
from infra.local.aside import set_aside
from infra.local.files import Secrets, write_whole
from infra.local.paths import State
from infra.local.process import readable


def test_a_secret_is_drawn_once_long_and_for_its_owner_alone(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path / "secrets")
    first = secrets.value("a")
    assert secrets.value("a") == first
    assert secrets.value("b") != first
    assert len(first) >= 40
    assert secrets.path("a").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700


def test_putting_a_state_aside_keeps_it_once(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    for content in ("first", "second"):
        write_whole(state.folder / "file", content)
        former = set_aside(state)
        assert former is not None
        assert (former / "file").read_text() == content
        assert not state.folder.exists()
    assert set_aside(state) is None


def test_an_account_does_not_pass_a_folder_that_is_closed_to_it(tmp_path: Path) -> None:
    closed = tmp_path / "closed" / "inside"
    closed.mkdir(parents=True)
    closed.parent.chmod(0o700)
    assert not Account(uid=65534, gid=65534).passes(closed)
    assert Account(uid=None, gid=None).passes(closed)


def test_a_structured_log_line_is_shown_by_its_event_and_the_end_of_its_traceback() -> None:
    line = '{"event": "ingest ends", "level": "error", "exception": "Traceback\\n  File\\nOSError: disk full"}'
    assert readable(line) == "error ingest ends: OSError: disk full"
    assert readable("plain words") == "plain words"
