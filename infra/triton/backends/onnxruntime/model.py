"""Serves any ONNX model file where Triton has no ONNX Runtime backend of its own; model configurations are the same for both.

Read as Triton's own backend reads them: the file named by `default_model_filename` (else `model.onnx`) in the version's folder, and the
parameters `intra_op_thread_count` and `inter_op_thread_count` (else one thread: the server runs several models beside each other).
"""

import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import triton_python_backend_utils as pb_utils

# Longer than any caller waits for an answer. Triton does not end a run that nobody waits for any more, nor the process of a model that is
# unloaded meanwhile: a file that loops would keep a core from all other models, one more with each loading.
LONGEST_RUN_SECONDS = 20.0


class TritonPythonModel:
    """One instance of a model: one session, called by one thread."""

    @staticmethod
    def auto_complete_config(config: Any) -> Any:
        """Adds nothing: every model of the platform states its inputs and outputs."""
        return config

    def initialize(self, args: dict[str, str]) -> None:
        """Reads the model file. Raises what ONNX Runtime raises; Triton then reports the model as unavailable."""
        config = json.loads(args["model_config"])
        parameters = {name: value["string_value"] for name, value in config.get("parameters", {}).items()}
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(parameters.get("intra_op_thread_count", "1"))
        options.inter_op_num_threads = int(parameters.get("inter_op_thread_count", "1"))
        # A thread that spins for work takes the core from the other models.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        file = config.get("default_model_filename") or "model.onnx"
        path = Path(args["model_repository"]) / args["model_version"] / file
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._inputs = [one["name"] for one in config["input"]]
        self._outputs = [one["name"] for one in config["output"]]
        self._batches = config.get("max_batch_size", 0) > 0
        self._under_way: tuple[float, Any] | None = None  # since when, and the run's options
        threading.Thread(target=self._watch, daemon=True).start()

    def execute(self, requests: list[Any]) -> list[Any]:
        """Answers each request; those of one shape that Triton batched together run as one."""
        given = [[pb_utils.get_input_tensor_by_name(r, name).as_numpy() for name in self._inputs] for r in requests]
        if self._batches and len(given) > 1 and len({tuple(t.shape[1:] for t in tensors) for tensors in given}) == 1:
            return self._together(given)
        return [self._answer(self._run, tensors) for tensors in given]

    def _run(self, tensors: list[np.ndarray]) -> list[np.ndarray]:
        options = onnxruntime.RunOptions()
        self._under_way = time.monotonic(), options
        try:
            return self._session.run(self._outputs, dict(zip(self._inputs, tensors, strict=True)), options)
        finally:
            self._under_way = None

    def _watch(self) -> None:
        """End a run that takes too long: between two of its nodes, and if none ends, with the whole process."""
        while True:
            time.sleep(1)
            if (run := self._under_way) is None:
                continue
            since, options = run
            taken = time.monotonic() - since
            if taken > 2 * LONGEST_RUN_SECONDS:
                os._exit(1)
            if taken > LONGEST_RUN_SECONDS:
                options.terminate = True

    def _answer(self, run: Any, tensors: list[np.ndarray]) -> Any:
        try:
            return self._response(run(tensors))
        except Exception as error:  # whatever the runtime raises belongs to this request alone
            return self._failed(error)

    def _together(self, given: list[list[np.ndarray]]) -> list[Any]:
        since = time.monotonic()
        try:
            outputs = self._run([np.concatenate(column) for column in zip(*given, strict=True)])
        except Exception as error:  # one bad request must not fail the others
            if time.monotonic() - since > LONGEST_RUN_SECONDS:  # nor keep the core for each of them again
                return [self._failed(error) for _ in given]
            return [self._answer(self._run, tensors) for tensors in given]
        ends = np.cumsum([len(tensors[0]) for tensors in given])[:-1]
        parts = [np.split(output, ends) for output in outputs]
        return [self._response(list(tensors)) for tensors in zip(*parts, strict=True)]

    @staticmethod
    def _failed(error: Exception) -> Any:
        return pb_utils.InferenceResponse(error=pb_utils.TritonError(f"{type(error).__name__}: {error}"))

    def _response(self, outputs: list[np.ndarray]) -> Any:
        tensors = [pb_utils.Tensor(name, value) for name, value in zip(self._outputs, outputs, strict=True)]
        return pb_utils.InferenceResponse(output_tensors=tensors)
