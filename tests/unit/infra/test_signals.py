"""Alerts and the dashboard: what they ask for exists, and Prometheus's own checker accepts them."""

import importlib
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from infra.local import nginx, services
from infra.local.paths import INFRA, ROOT, State
from infra.local.stack import Stack
from services.__main__ import SERVICES

PROMETHEUS = INFRA / "prometheus"
ALERTS = PROMETHEUS / "alerts.yaml"
DASHBOARD = INFRA / "grafana" / "sonobridge.json"
SELECTOR = re.compile(r"(sonobridge_\w+)(?:\{([^}]*)\})?")


def defined() -> dict[str, set[str]]:
    """Every sample name that the services can show → the labels of its metric."""
    importlib.import_module("services.shared.telemetry")
    for service in SERVICES:
        importlib.import_module(f"services.{service}.metrics")
    found = {}
    for collector in list(REGISTRY._collector_to_names):
        labels = set(getattr(collector, "_labelnames", ()))
        for name in REGISTRY._collector_to_names[collector]:
            if name.startswith("sonobridge_"):
                found[name] = labels
    return found


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]


def expressions() -> list[str]:
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    asked = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    return asked + [rule["expr"] for rule in rules()]


def test_every_metric_and_label_that_is_asked_for_exists() -> None:
    known = defined()
    asked = {(name, labels) for expression in expressions() for name, labels in SELECTOR.findall(expression)}
    assert len(asked) > 25
    for name, labels in asked:
        assert name in known, f"no service has {name}"
        assert set(re.findall(r"(\w+)\s*=", labels)) <= known[name] | {"service"}, f"{name} has no such label: {labels}"


def test_the_dashboard_shows_every_signal_that_an_operator_is_promised() -> None:
    shown = " ".join(expressions())
    for name in (
        "ingest_received_instances_total",
        "ingest_stored_instances_total",
        "inference_queue_seconds",
        "inference_analysis_seconds",
        "reporting_open_reports",
        "outbox_oldest_seconds",
        "consumer_lag_records",
        "dead_letters_total",
    ):
        assert f"sonobridge_{name}" in shown


def test_every_alert_names_a_page_that_exists() -> None:
    for rule in rules():
        assert (ROOT / rule["annotations"]["runbook"]).is_file(), rule["alert"]


def test_every_alert_is_made_to_fire_by_a_test() -> None:
    cases = yaml.safe_load((PROMETHEUS / "alerts.test.yaml").read_text(encoding="utf-8"))["tests"]
    fired = {case["alertname"] for test in cases for case in test["alert_rule_test"] if case["exp_alerts"]}
    assert fired == {rule["alert"] for rule in rules()}


@pytest.mark.parametrize(
    "arguments", [("check", "config", "prometheus.yaml"), ("check", "rules", "alerts.yaml"), ("test", "rules", "alerts.test.yaml")]
)  # fmt: skip
def test_prometheus_own_checker_accepts_it(arguments: tuple[str, ...]) -> None:
    promtool = shutil.which("promtool")
    assert promtool, "promtool is missing: `make test` installs Debian's package prometheus"
    done = subprocess.run([promtool, *arguments], cwd=PROMETHEUS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_cluster_is_scraped_by_the_labels_of_the_chart() -> None:
    jobs = yaml.safe_load((PROMETHEUS / "kubernetes.yaml").read_text(encoding="utf-8"))["scrape_configs"]
    steps = jobs[0]["relabel_configs"]
    component = next(one for one in steps if one["action"] == "keep" and "component" in one["source_labels"][0])
    assert set(component["regex"].split("|")) == set(SERVICES)
    chart = (ROOT / "deploy" / "helm" / "sonobridge" / "templates" / "_helpers.tpl").read_text(encoding="utf-8")
    assert "app.kubernetes.io/name: sonobridge" in chart


def test_a_local_stack_names_every_service_as_a_target(tmp_path: Path) -> None:
    stack = Stack(State(tmp_path))
    targets = stack.prometheus_targets()
    assert [one["labels"]["service"] for one in targets] == list(SERVICES)
    assert targets[1]["targets"] == [f"127.0.0.1:{stack.ports['ingest-http']}"]


def test_what_the_state_folder_says_reaches_the_services(tmp_path: Path) -> None:
    stack = Stack(State(tmp_path))
    given = services.settings(stack, "ingest")
    assert given["SONOBRIDGE_DICOM_HOST"] == "127.0.0.1"
    assert "SONOBRIDGE_OTLP_ENDPOINT" not in given
    (tmp_path / "dicom-host").write_text("0.0.0.0\n")
    (tmp_path / "otlp-endpoint").write_text("127.0.0.1:4317\n")
    given = services.settings(stack, "ingest")
    assert given["SONOBRIDGE_DICOM_HOST"] == "0.0.0.0"
    assert given["SONOBRIDGE_OTLP_ENDPOINT"] == "127.0.0.1:4317"


def test_the_front_door_writes_no_address_into_its_log(tmp_path: Path) -> None:
    upstreams = {route.part: 1 for route in nginx.routes()}
    configuration = nginx.render(tmp_path, 2, upstreams)
    # Below `crit` an error quotes the request, and a search by name holds the name.
    assert "access_log off;" in configuration
    assert re.findall(r"error_log (.*);", configuration) == ["stderr crit"]
