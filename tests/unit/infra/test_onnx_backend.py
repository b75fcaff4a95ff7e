"""The backend that serves ONNX files: what a file does to it stays with that file."""

import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from infra.local.paths import INFRA
from tests.integration.inference.onnx_files import ENDLESS
from tests.integration.inference.workshop import IDENTITY_FILE

FRAMES = np.full((1, 4, 5), 7, np.uint8)


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The backend's module, outside Triton."""
    monkeypatch.setitem(sys.modules, "triton_python_backend_utils", ModuleType("triton_python_backend_utils"))
    spec = spec_from_file_location("backend", INFRA / "triton" / "backends" / "onnxruntime" / "model.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def served(backend: Any, folder: Path, file: bytes) -> Any:
    """The model with this file."""
    (folder / "1").mkdir()
    (folder / "1" / "model.onnx").write_bytes(file)
    config = json.dumps({"input": [{"name": "FRAMES"}], "output": [{"name": "SAME"}]})
    model = backend.TritonPythonModel()
    model.initialize({"model_config": config, "model_repository": str(folder), "model_version": "1"})
    return model


def test_a_file_that_comes_to_no_end_is_ended(backend: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "LONGEST_RUN_SECONDS", 0.1)
    monkeypatch.setattr(backend.os, "_exit", lambda _: None)  # never this process
    with pytest.raises(Exception, match="terminate flag"):
        served(backend, tmp_path, ENDLESS)._run([FRAMES])


def test_a_file_that_ends_is_let_end(backend: Any, tmp_path: Path) -> None:
    (same,) = served(backend, tmp_path, IDENTITY_FILE)._run([FRAMES])
    assert np.array_equal(same, FRAMES)
