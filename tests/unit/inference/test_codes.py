"""Codes fit into DICOM's short attributes, which every reader knows."""

import services.inference.codes
import services.inference.models.breast_lesion.postprocess
import services.inference.models.fetal_head.criteria
import services.inference.models.fetal_head.postprocess
import services.inference.views
from services.inference.model import Code
from services.inference.views import VIEWS

MODULES = (
    services.inference.codes,
    services.inference.views,
    services.inference.models.breast_lesion.postprocess,
    services.inference.models.fetal_head.criteria,
    services.inference.models.fetal_head.postprocess,
)
CODES = [
    *(value for module in MODULES for value in vars(module).values() if isinstance(value, Code)),
    *(view.code for view in VIEWS.values()),
]


def test_values_have_16_characters_and_meanings_64_at_most() -> None:
    # PS3.3 section 8.8: a longer value goes into Long Code Value, which many readers do not look for.
    assert len(CODES) > 40
    assert [code for code in CODES if len(code.value) > 16 or len(code.meaning) > 64] == []


def test_a_value_means_one_thing() -> None:
    meanings = {(code.scheme, code.value): code.meaning for code in CODES}
    assert [code for code in CODES if meanings[code.scheme, code.value] != code.meaning] == []
