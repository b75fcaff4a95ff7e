"""The Helm chart: lints, renders, and every manifest is what Kubernetes' own schemas want."""

import copy
import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import helm_python
import kubernetes_validate
import pytest
import yaml

from services.__main__ import SERVICES
from services.shared.settings import PREFIX, load

ROOT = Path(__file__).resolve().parents[3]
CHART = ROOT / "deploy" / "helm" / "sonobridge"
KUBERNETES = "1.31"

VALUES: dict[str, Any] = yaml.safe_load((CHART / "ci-values.yaml").read_text(encoding="utf-8"))
COMPONENTS = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))["properties"]["components"][
    "properties"
]
# Where the images have things is not to be chosen.
OF_THE_IMAGE = {"MODELS_DIR", "FONTS_DIR"}


@pytest.fixture(scope="module")
def chart() -> Iterator[helm_python.Chart]:
    with helm_python.Chart.load(CHART) as loaded:
        yield loaded


@pytest.fixture(scope="module")
def manifests(chart: helm_python.Chart) -> list[dict[str, Any]]:
    return render(chart, VALUES)


def render(chart: helm_python.Chart, values: dict[str, Any]) -> list[dict[str, Any]]:
    rendered = chart.render(values=values, name="sb", namespace="sonobridge")
    texts = rendered.values() if isinstance(rendered, dict) else [rendered]
    return [one for text in texts for one in yaml.safe_load_all(text) if one]


def environment(manifests: list[dict[str, Any]], service: str) -> dict[str, str]:
    container = of_kind(manifests, "Deployment")[f"sb-{service}"]["spec"]["template"]["spec"]["containers"][0]
    return {entry["name"].removeprefix(PREFIX): entry["value"] for entry in container["env"]}


def of_kind(manifests: list[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in manifests if one["kind"] == kind}


def pods(manifests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one["spec"]["template"]["spec"] for one in manifests if one["kind"] in ("Deployment", "Job")]


def test_the_chart_lints(chart: helm_python.Chart) -> None:
    report = helm_python.lint(CHART, values=VALUES, strict=True)
    assert report["errors"] == [], report["messages"]


def test_every_manifest_fits_kubernetes_own_schema(manifests: list[dict[str, Any]]) -> None:
    assert len(manifests) > 20
    for manifest in manifests:
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def test_every_component_is_a_workload_with_probes_resources_and_a_disruption_budget(
    manifests: list[dict[str, Any]],
) -> None:
    deployments, budgets = of_kind(manifests, "Deployment"), of_kind(manifests, "PodDisruptionBudget")
    assert set(deployments) == {f"sb-{name}" for name in (*SERVICES, "console")} == set(budgets)
    for deployment in deployments.values():
        container = deployment["spec"]["template"]["spec"]["containers"][0]
        assert {"startupProbe", "livenessProbe", "readinessProbe"} <= set(container)
        assert container["resources"]["limits"]["memory"]


def test_no_pod_runs_as_root_or_writes_its_own_root_or_is_told_of_other_services(
    manifests: list[dict[str, Any]],
) -> None:
    for pod in pods(manifests):
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["enableServiceLinks"] is False
        for container in pod["containers"]:
            security = container["securityContext"]
            assert (security["readOnlyRootFilesystem"], security["allowPrivilegeEscalation"]) == (True, False)
            assert security["capabilities"] == {"drop": ["ALL"]}


def test_secrets_come_as_files_never_as_variables(manifests: list[dict[str, Any]]) -> None:
    for pod in pods(manifests):
        for container in pod["containers"]:
            assert all("valueFrom" not in entry for entry in container.get("env", []))
            assert "envFrom" not in container


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_given_settings_that_it_knows_and_all_that_it_needs(
    service: str, manifests: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    container = of_kind(manifests, "Deployment")[f"sb-{service}"]["spec"]["template"]["spec"]["containers"][0]
    assert all(entry["name"].startswith(PREFIX) for entry in container["env"])
    for name, value in environment(manifests, service).items():
        monkeypatch.setenv(PREFIX + name, value)
    load(importlib.import_module(f"services.{service}.settings").Settings)


@pytest.mark.parametrize("service", SERVICES)
def test_every_setting_of_a_service_can_be_set(service: str, manifests: list[dict[str, Any]]) -> None:
    known = {name.upper() for name in importlib.import_module(f"services.{service}.settings").Settings.model_fields}
    given, free = set(environment(manifests, service)), set(COMPONENTS[service]["properties"]["settings"]["properties"])
    assert free <= known
    assert known - OF_THE_IMAGE <= given | free


def test_settings_arrive_as_they_are_written(manifests: list[dict[str, Any]]) -> None:
    assert environment(manifests, "ingest")["MAX_INSTANCE_BYTES"] == "8589934592"
    inference = environment(manifests, "inference")
    assert (inference["TRITON_PATIENCE_SECONDS"], inference["POSTGRES_POOL_SIZE"]) == ("60.5", "16")


def test_tls_and_sign_in_to_kafka_and_postgresql_are_values_and_every_file_of_theirs_is_mounted(
    chart: helm_python.Chart, manifests: list[dict[str, Any]]
) -> None:
    ingest = environment(manifests, "ingest")
    assert (ingest["KAFKA_SECURITY_PROTOCOL"], ingest["POSTGRES_SSLMODE"]) == ("SASL_SSL", "verify-full")
    plain = render(chart, VALUES | {"kafka": {"bootstrap": "k:1"}, "postgres": {"host": "p", "passwordsSecret": "s"}})
    assert environment(plain, "ingest")["KAFKA_SECURITY_PROTOCOL"] == "PLAINTEXT"
    for pod in [*pods(manifests), *pods(plain)]:
        volumes = {volume["name"] for volume in pod["volumes"]}
        for container in pod["containers"]:
            mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
            assert set(mounts.values()) == volumes
            files = [entry["value"] for entry in container.get("env", []) if entry["name"].endswith("_FILE")]
            assert {str(Path(file).parent) for file in files} <= set(mounts)


def test_callers_of_ingest_see_each_of_its_replicas(manifests: list[dict[str, Any]]) -> None:
    services = of_kind(manifests, "Service")
    for caller in ("inference", "reporting"):
        name, _, port = environment(manifests, caller)["INGEST_GRPC"].partition(":")
        assert services[name]["spec"]["clusterIP"] == "None"
        assert services[name]["spec"]["selector"]["app.kubernetes.io/component"] == "ingest"
        assert [entry["port"] for entry in services[name]["spec"]["ports"]] == [int(port)]


def test_only_the_platforms_pods_reach_grpc_and_only_who_is_named_reaches_the_rest(
    chart: helm_python.Chart, manifests: list[dict[str, Any]]
) -> None:
    def who(found: list[dict[str, Any]]) -> dict[int, Any]:
        rules = of_kind(found, "NetworkPolicy")["sb-inside"]["spec"]["ingress"]
        return {port["port"]: rule.get("from") for rule in rules for port in rule["ports"]}

    named = who(manifests)
    assert named[8080] == VALUES["network"]["httpFrom"]
    assert named[11112] == VALUES["network"]["dicomFrom"]
    assert of_kind(manifests, "Service")["sb-dicom"]["spec"]["externalTrafficPolicy"] == "Local"
    own = {"app.kubernetes.io/name": "sonobridge", "app.kubernetes.io/instance": "sb"}
    assert named[9090] == [{"podSelector": {"matchLabels": own}}]
    nobody_named = who(render(chart, VALUES | {"network": {}}))
    assert nobody_named == {8080: None, 11112: None, 9090: named[9090]}


def test_the_front_door_takes_whole_exams(manifests: list[dict[str, Any]]) -> None:
    annotations = of_kind(manifests, "Ingress")["sb"]["metadata"]["annotations"]
    assert annotations["nginx.ingress.kubernetes.io/proxy-body-size"] == "0"
    assert annotations["nginx.ingress.kubernetes.io/proxy-request-buffering"] == "off"


def test_migrations_are_a_job_before_every_install_and_upgrade(manifests: list[dict[str, Any]]) -> None:
    job = of_kind(manifests, "Job")["sb-migrate"]
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert job["spec"]["template"]["spec"]["containers"][0]["args"] == ["migrate"]


def test_the_routes_are_those_of_the_front_door(chart: helm_python.Chart) -> None:
    front = yaml.safe_load((ROOT / "infra" / "nginx" / "routes.yaml").read_text(encoding="utf-8"))["routes"]
    assert chart.values["routes"] == [route for route in front if route["part"] != "keycloak"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("kafka.bootstrap", "no port"),
        ("kafka.securityProtocol", "TLS"),
        ("kafka.passwordSecret", ""),
        ("postgres.sslMode", "on"),
        ("oidc.issuer", "https://keycloak.example/realms/other"),
        ("oidc.issuer", "https://elsewhere.example/auth/realms/sonobridge"),
        ("network.httpFrom", [{}]),
        ("components.ingest.settings.TRITON_IN_FLIGHT", 8),
        ("components.console.settings.POSTGRES_POOL_SIZE", 8),
        ("publicOrigin", "sonobridge.example"),
        ("components.ingest.replicas", 0),
        ("components.ingest.replica", 3),
        ("typo", True),
        ("objects.url", "file:///data"),
    ],
)
def test_values_that_cannot_work_are_refused(chart: helm_python.Chart, path: str, value: Any) -> None:
    values = copy.deepcopy(VALUES)
    *parents, last = path.split(".")
    here = values
    for name in parents:
        here = here.setdefault(name, {})
    here[last] = value
    with pytest.raises(helm_python.HelmError):
        chart.render(values=values, name="sb", namespace="sonobridge")


def test_what_lies_outside_must_be_named(chart: helm_python.Chart) -> None:
    with pytest.raises(helm_python.HelmError):
        chart.render(values={}, name="sb", namespace="sonobridge")


def test_the_dockerfile_has_a_target_for_every_component() -> None:
    text = (ROOT / "infra" / "docker" / "Dockerfile").read_text(encoding="utf-8")
    for name in (*SERVICES, "console"):
        assert f" AS {name}\n" in text
