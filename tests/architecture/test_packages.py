"""What a service imports is declared by its extra, or by all services' own dependencies; what is declared is imported."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest

from services.__main__ import SERVICES

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DISTRIBUTIONS = packages_distributions()
OURS = frozenset({"services", "sonobridge"})
# Nobody imports these by name: other packages find them when they are there.
FOUND_BY_OTHERS = {
    "httptools": "uvicorn's parser",
    "pillow": "pydicom's decoder of JPEG beside pylibjpeg's",
    "pylibjpeg": "pydicom's decoder",
    "pylibjpeg-libjpeg": "pylibjpeg's plug-in",
    "pylibjpeg-openjpeg": "pylibjpeg's plug-in",
    "pylibjpeg-rle": "pylibjpeg's plug-in",
}


def name_of(requirement: str) -> str:
    found = re.match(r"[\w.-]+", requirement)
    assert found is not None, requirement
    return found[0].lower().replace("_", "-")


def declared(requirements: list[str]) -> set[str]:
    return {name_of(one) for one in requirements}


def modules(name: str) -> list[Path]:
    """The file of a module of ours with those of the packages above it; none for a name inside a module."""
    parts = name.split(".")
    found = []
    for length in range(1, len(parts) + 1):
        place = ROOT.joinpath(*parts[:length])
        found += [file for file in (place / "__init__.py", place.with_suffix(".py")) if file.is_file()]
    return found


def imported(file: Path) -> set[str]:
    """Every module that a file names, wherever in it; of `from a import b` both `a` and `a.b`."""
    package = ".".join(file.relative_to(ROOT).parent.parts)
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                module = ".".join([*above, module] if module else above)
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return found


def reached(roots: list[Path]) -> set[str]:
    """The outside packages that a process starting at these files may import."""
    todo, seen, outside = list(roots), set(roots), set()
    while todo:
        for name in imported(todo.pop()):
            top = name.partition(".")[0]
            if top == "services":
                fresh = set(modules(name)) - seen
                seen |= fresh
                todo += fresh
            elif top not in OURS and top not in sys.stdlib_module_names:
                outside.add(name)
    return outside


def distributions(names: set[str]) -> set[str]:
    found = set()
    for name in names:
        top = name.partition(".")[0]
        if top == "google":  # a namespace that several packages share: of ours, protobuf's
            assert name.startswith("google.protobuf") or name == "google", name
            found.add("protobuf")
        elif top == "opentelemetry":  # the same; the API comes with the SDK
            found.add("opentelemetry-exporter-otlp-proto-grpc" if "exporter" in name else "opentelemetry-sdk")
        else:
            found |= {one.lower().replace("_", "-") for one in DISTRIBUTIONS.get(top, [top])}
    return found


def roots(service: str) -> list[Path]:
    folder = ROOT / "services" / service
    commands = [ROOT / "services" / "__main__.py", ROOT / "services" / "admin" / "main.py"]
    # What comes with a model is loaded by its name.
    return [*commands, folder / "main.py", *folder.glob("models/*/postprocess.py")]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_declares_what_it_imports_and_imports_what_it_declares(service: str) -> None:
    base, extra = declared(PROJECT["dependencies"]), declared(PROJECT["optional-dependencies"][service])
    used = distributions(reached(roots(service)))
    # FastAPI is made of Starlette and says so: its types are part of what it offers.
    assert used - base - extra - {"starlette"} == set(), "imported, declared nowhere"
    assert extra - used - set(FOUND_BY_OTHERS) == set(), "declared, imported nowhere"


def test_what_all_services_share_is_imported_by_one_of_them() -> None:
    used = {one for service in SERVICES for one in distributions(reached(roots(service)))}
    assert declared(PROJECT["dependencies"]) - used - set(FOUND_BY_OTHERS) == set()


def test_there_is_an_extra_for_every_service_and_for_nothing_else() -> None:
    assert set(PROJECT["optional-dependencies"]) == {*SERVICES, "local", "dev"}


def test_starlette_comes_with_fastapi() -> None:
    assert "starlette" in {name_of(one) for one in requires("fastapi") or []}
