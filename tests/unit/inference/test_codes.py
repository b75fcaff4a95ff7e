"""Codes fit into DICOM's short attributes, which every reader knows."""

import numpy as np

import services.inference.codes
import services.inference.models.breast_lesion.postprocess
import services.inference.models.fetal_head.criteria
import services.inference.models.fetal_head.postprocess
import services.inference.views
from services.inference.answers import ANSWERS
from services.inference.model import Code, Observation, Refusal
from services.inference.models.breast_lesion import postprocess as breast
from services.inference.models.liver import postprocess as liver
from services.inference.models.lung import postprocess as lung
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


def test_what_a_model_answers_is_among_the_choices_that_experts_have() -> None:
    liver_ = [liver.read({"nature": chances}, 10, 10) for chances in np.eye(3)]
    lung_ = [lung.read_clip({1: {"sign": chances}}, 10, 10) for chances in np.eye(3)]
    said = [one.evaluations[0] for one in liver_ if isinstance(one, Observation)]
    said += [one[0].observation.evaluations[0] for one in lung_ if not isinstance(one, Refusal)]
    said += [breast.nature(cancer) for cancer in (0.0, 1.0)]
    assert len(said) == 8
    assert [one for one in said if one.answer not in ANSWERS[one.question]] == []


def test_a_value_means_one_thing() -> None:
    meanings = {(code.scheme, code.value): code.meaning for code in CODES}
    assert [code for code in CODES if meanings[code.scheme, code.value] != code.meaning] == []
