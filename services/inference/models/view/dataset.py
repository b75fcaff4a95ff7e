"""Pictures of every view, each with its class and, where the set says it, the sub-plane of the fetal brain; in the sector geometry."""

from pathlib import Path

from services.inference import simulator
from services.inference.models.view.postprocess import PLANES, VIEW_NAMES
from services.inference.training import foreign, images
from services.inference.training.classify import UNKNOWN
from services.inference.training.images import Sample

_OF_FETAL_PLANES = {
    "Fetal brain": "fetal_brain",
    "Fetal abdomen": "fetal_abdomen",
    "Fetal femur": "fetal_femur",
    "Fetal thorax": "fetal_thorax",
    "Maternal cervix": "cervix",
    "Other": "other_ultrasound",
}
_OF_SET = {"hc18": "fetal_brain", "busbra": "breast", "liver": "liver", "lung": "lung", "muscle": "muscle"}
_OF_SET |= {
    "dicom": "other_ultrasound",
    "drawn": "not_ultrasound",
    "photographs": "not_ultrasound",
    "pydicom": "not_ultrasound",
}
_OF_BRAIN = {
    "Trans-thalamic": "trans_thalamic",
    "Trans-ventricular": "trans_ventricular",
    "Trans-cerebellum": "trans_cerebellar",
}

SIMULATED = 60
DRAWN = 240


def view_of(sample: Sample) -> str:
    """The class of a sample."""
    if sample.source == "fetal_planes":
        return _OF_FETAL_PLANES[sample.label]
    if sample.source == "simulated":
        return "fetal_brain" if sample.label == "head" else "other_ultrasound"
    return _OF_SET[sample.source]


def targets(sample: Sample) -> tuple[int, int]:
    """The class, and the sub-plane or UNKNOWN."""
    plane = _OF_BRAIN.get(sample.facts.get("brain_plane", ""))
    return VIEW_NAMES.index(view_of(sample)), PLANES.index(plane) if plane else UNKNOWN


def simulated(first_seed: int, count: int = SIMULATED) -> list[Sample]:
    """The project's own drawn heads, and tissue without one."""
    drawn = []
    for seed in range(first_seed, first_seed + count):
        head = seed % 3 > 0
        pixels = simulator.draw(seed, head=head).pixels
        drawn.append(
            Sample(f"simulated-{seed}", "simulated", f"simulated/{seed}", pixels, "head" if head else "tissue")
        )
    return drawn


def load(data: Path) -> list[Sample]:
    """All samples, in the sector geometry."""
    real = [*images.read(data), *foreign.real_ultrasound(data), *foreign.photographs(), *foreign.other_modalities()]
    return images.boxed([*real, *foreign.drawn(DRAWN, 0), *simulated(30_000)], longest=288)
