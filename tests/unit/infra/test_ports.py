"""Ports are chosen once, stay, and a taken one is named."""

import socket
from pathlib import Path

from infra.local.ports import FIRST, LAST, PortTaken, is_free, keep_ports


def test_ports_once_chosen_stay_and_new_names_get_ports_of_their_own(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    first = keep_ports(file, ["kafka", "postgres"])
    second = keep_ports(file, ["kafka", "postgres", "front"])
    assert {name: second[name] for name in first} == first
    assert len(set(second.values())) == 3
    assert all(FIRST <= port < LAST for port in second.values())


def test_a_port_that_a_server_listens_on_is_not_free() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        assert not is_free(server.getsockname()[1])


def test_the_error_for_a_taken_port_names_part_port_and_the_file_to_change(tmp_path: Path) -> None:
    text = str(PortTaken("kafka", 19092, tmp_path / "ports.json"))
    assert "19092" in text
    assert "kafka" in text
    assert "ports.json" in text
