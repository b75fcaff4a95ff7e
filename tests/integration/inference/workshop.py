"""Models of the tests' own: installed into a folder that the service and Triton both look at."""

import hashlib
import shutil
from pathlib import Path

import yaml

_HERE = Path(__file__).parent
_IDENTITY = _HERE.parents[2] / "infra" / "triton" / "models" / "identity"
IDENTITY_FILE = (_IDENTITY / "1" / "model.onnx").read_bytes()

_CONFIGURATION = """\
backend: "{backend}"
max_batch_size: 0
input [ {{ name: "FRAMES" data_type: TYPE_UINT8 dims: [ -1, -1, -1 ] }} ]
output [ {{ name: "SAME" data_type: {kind} dims: [ -1, -1, -1 ] }} ]
instance_group [ {{ kind: KIND_CPU count: 1 }} ]
"""

# Answers as the file `mood` beside it says at that moment.
MOODY = """\
import os, time
from pathlib import Path
import numpy as np
import triton_python_backend_utils as pb_utils

class TritonPythonModel:
    def execute(self, requests):
        mood = (Path(__file__).parent / "mood").read_text()
        if mood == "hangs":
            time.sleep(60)
        if mood == "dies":
            os._exit(1)
        answers = []
        for request in requests:
            frames = pb_utils.get_input_tensor_by_name(request, "FRAMES").as_numpy().astype(np.float32)
            if mood == "rubbish":
                frames[:] = np.nan
            answers.append(pb_utils.InferenceResponse(output_tensors=[pb_utils.Tensor("SAME", frames)]))
        return answers
"""


def install(
    folder: Path,
    name: str,
    version: str = "1.0.0",
    weights: bytes = IDENTITY_FILE,
    kind: str = "TYPE_UINT8",
    postprocess: str = "",
    as_version: bool = False,
    **card_entries: object,
) -> Path:
    """Put a model into the folder, its card last: from then on it counts. `as_version`: beside the model of that name.

    Weights are an ONNX file, or a program for Triton's Python backend.
    """
    made = folder / (f"{name}@{version}" if as_version else name)
    program = weights.startswith(b"import")
    file = "model.py" if program else "model.onnx"
    (made / "1").mkdir(parents=True)
    (made / "1" / file).write_bytes(weights)
    backend = "python" if program else "onnxruntime"
    (made / "config.pbtxt").write_text(_CONFIGURATION.format(backend=backend, kind=kind))
    source = (_HERE / "models" / "identity" / "postprocess.py").read_text(encoding="utf-8")
    (made / "postprocess.py").write_text(postprocess or source, encoding="utf-8")
    card = {
        "name": name,
        "version": version,
        "title": {"zh": name, "en": name},
        "regulatory": {"class": "II", "mode": "approved", "certificate": None},
        "modalities": ["US"],
        "body_parts": ["FETUS", ""],
        "frame_batch": 2,
        "weights": {"file": f"1/{file}", "sha256": hashlib.sha256(weights).hexdigest()},
    }
    (made / "card.yaml.new").write_text(yaml.safe_dump(card | card_entries), encoding="utf-8")
    (made / "card.yaml.new").rename(made / "card.yaml")
    return made


def set_mood(folder: Path, mood: str) -> None:
    """What a moody model does from now on: well, hangs, dies, rubbish."""
    (folder / "1" / "mood").write_text(mood)


def remove(folder: Path) -> None:
    shutil.rmtree(folder)
