"""The code of a model's folder, loaded as a package of its own, so that every version runs with the modules beside it."""

from __future__ import annotations

import ast
import importlib
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

_MODELS = "services.inference.models"  # by this name the platform's own folders alone are found, whatever the version
_numbers = itertools.count(1)


class ForeignCode(Exception):
    """A model's module imports by an absolute name from the platform's own models: that would be another version's code."""


def load_postprocess(folder: Path) -> ModuleType:
    """postprocess.py of this folder, and what it imports relatively from it. Raises ForeignCode, and whatever importing raises."""
    package = ModuleType(
        f"sonobridge_model_{next(_numbers)}"
    )  # a folder's name is none for Python, and may come again with other code
    package.__path__ = [str(folder)]
    sys.modules[package.__name__] = package
    importlib.invalidate_caches()
    try:
        postprocess = importlib.import_module(f"{package.__name__}.postprocess")
        for module in _within(package):
            _refuse_foreign(module)
    except BaseException:
        for name in [package.__name__, *(module.__name__ for module in _within(package))]:
            sys.modules.pop(name, None)
        raise
    return postprocess


def _within(package: ModuleType) -> list[ModuleType]:
    return [module for name, module in sys.modules.items() if name.startswith(f"{package.__name__}.")]


def _refuse_foreign(module: ModuleType) -> None:
    path = Path(str(module.__file__))
    for name in _absolute_imports(ast.parse(path.read_bytes())):
        if f"{name}.".startswith(f"{_MODELS}."):
            raise ForeignCode(f"{path.name} imports {name}, which is the platform's own version: import it relatively")


def _absolute_imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
