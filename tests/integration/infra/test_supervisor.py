"""A stack's supervisor: parts come up in order, come back when killed, stay down when told to, and say why when they cannot."""

import os
import signal
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from infra.local.control import Control, NotRunning
from infra.local.files import read_json
from infra.local.paths import State
from infra.local.process import PartFailed, start_time
from infra.local.stack import Stack


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    # A path longer than a socket's own may be.
    control = Control(State(tmp_path / ("a-folder-with-a-long-name-" * 5)))
    control.ensure_supervisor()
    yield control
    try:
        control.down()
    except NotRunning:
        return


def test_a_killed_part_comes_back_and_one_told_to_stay_down_does_not(control: Control) -> None:
    control.up(["nginx", "triton"])
    first = control.of("nginx").pid
    control.kill("nginx")
    control.wait_ready(["nginx"], timedelta(seconds=30))
    again = control.of("nginx")
    assert again.pid != first
    assert again.restarts == 1
    control.kill("triton", stay_down=True)
    assert control.of("triton").phase == "stopped"
    control.start("triton", timedelta(seconds=60))
    assert control.of("triton").phase == "ready"


def test_the_front_door_says_what_is_away_and_what_there_is_not(control: Control) -> None:
    control.up(["nginx"])
    front = f"http://127.0.0.1:{Stack(control.state).ports['front']}"
    away, nothing = httpx.get(f"{front}/api/billing/v1/usage"), httpx.post(f"{front}/api/nothing")
    assert (away.status_code, nothing.status_code) == (503, 404)
    assert {one.headers["content-type"] for one in (away, nothing)} == {"application/problem+json"}
    assert ("part billing" in away.json()["detail"], nothing.json()["status"]) == (True, 404)


def test_a_part_waits_for_those_that_it_comes_after(control: Control) -> None:
    control.ask("start", part="migrate")
    assert control.of("migrate").phase in ("stopped", "waiting")
    control.up(["postgres", "migrate"])
    assert control.of("migrate").phase == "done"


def test_a_taken_port_is_named_with_its_part_and_nothing_is_left_running(control: Control) -> None:
    port = Stack(control.state).ports["front"]
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(PartFailed, match=f"nginx.*port {port} of front is taken"),
    ):
        control.start("nginx", timedelta(seconds=30))
    assert control.of("nginx").pid is None
    control.start("nginx", timedelta(seconds=30))


def test_down_leaves_no_process_and_the_next_supervisor_ends_what_a_killed_one_left(control: Control) -> None:
    control.up(["nginx"])
    left = control.of("nginx").pid
    supervisor = read_json(control.state.pids / "supervisor.pid")["pid"]
    assert left is not None

    os.kill(supervisor, signal.SIGKILL)
    with pytest.raises(NotRunning):
        while True:
            control.ask("status")
    control.up(["nginx"])
    assert start_time(left) is None
    now = control.of("nginx").pid
    control.down()
    assert now is not None
    assert start_time(now) is None
    assert start_time(supervisor) is None


def test_a_missing_program_is_said_with_what_to_do(
    control: Control, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    control.down()
    without = Control(State(tmp_path / "state"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "sitecustomize.py").write_text("import shutil\nshutil.which = lambda *a, **k: None\n")
    without.ensure_supervisor()
    try:
        with pytest.raises(PartFailed, match=r"nginx is not installed: run `make setup`"):
            without.start("nginx", timedelta(seconds=30))
    finally:
        without.down()
