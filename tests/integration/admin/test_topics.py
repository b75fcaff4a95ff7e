"""`sonobridge admin topics` on a real broker: made once, told of, and compared with the table."""

import uuid
from pathlib import Path

import pytest
import yaml

from infra.local.kafka import Kafka
from services.admin.main import main
from services.admin.topics import TABLE

Output = pytest.CaptureFixture[str]


def test_topics_are_made_once_and_each_is_told_of(kafka: Kafka, capsys: Output) -> None:
    arguments = ["topics", "--kafka", kafka.bootstrap, "--topic-prefix", f"t{uuid.uuid4().hex}.", "--replicas", "1"]
    names = [row["name"] for row in yaml.safe_load(TABLE.read_text(encoding="utf-8"))["topics"]]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert all(f".{name} " in said and f".{name}.dlq " in said for name in names)
    assert f"{2 * len(names)} created, 0 unchanged, 0 differs" in said
    assert main(arguments) == 0
    assert f"0 created, {2 * len(names)} unchanged, 0 differs" in capsys.readouterr().out


def test_a_topic_that_somebody_made_otherwise_is_named_and_left_as_it_is(
    kafka: Kafka, tmp_path: Path, capsys: Output
) -> None:
    arguments = ["--kafka", kafka.bootstrap, "--topic-prefix", f"t{uuid.uuid4().hex}.", "--replicas", "1"]

    def table(partitions: int, policy: str) -> str:
        row = {"name": "directory.v1", "partitions": partitions, "config": {"cleanup.policy": policy}}
        file = tmp_path / f"{policy}.yaml"
        file.write_text(yaml.safe_dump({"dead_letter_retention_days": 90, "topics": [row]}))
        return str(file)

    assert main(["topics", table(1, "delete"), *arguments]) == 0
    for _ in range(2):
        capsys.readouterr()
        assert main(["topics", table(2, "compact"), *arguments]) == 1
        said = capsys.readouterr().out
        assert "1 partitions, not 2; cleanup.policy is delete, not compact" in said
        assert "0 created, 0 unchanged, 2 differs" in said


@pytest.mark.parametrize("text", ["no mapping", "topics: []", "topics: [{name: a}]\ndead_letter_retention_days: 1"])
def test_a_file_that_is_no_table_of_topics_is_refused(text: str, tmp_path: Path, capsys: Output) -> None:
    (tmp_path / "topics.yaml").write_text(text)
    assert main(["topics", str(tmp_path / "topics.yaml"), "--kafka", "127.0.0.1:1"]) == 1
    assert "is no table of topics" in capsys.readouterr().err


def test_a_broker_that_is_spoken_to_otherwise_is_named(kafka: Kafka, tmp_path: Path, capsys: Output) -> None:
    (tmp_path / "client.properties").write_text("# as the provider gave it\nsecurity.protocol = SPOKEN\n")
    arguments = ["topics", "--kafka", kafka.bootstrap, "--kafka-config", str(tmp_path / "client.properties")]
    assert main(arguments) == 1
    assert "security.protocol" in capsys.readouterr().err
    (tmp_path / "client.properties").write_text("security.protocol SSL\n")
    assert main(arguments) == 1
    assert "one key=value a line" in capsys.readouterr().err
