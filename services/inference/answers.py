"""What an expert may correct an answer to: all that models answer a question with."""

from collections.abc import Mapping
from types import MappingProxyType

from services.inference import codes, views
from services.inference.model import Code

ANSWERS: Mapping[Code, tuple[Code, ...]] = MappingProxyType(
    {
        codes.IMAGE_VIEW: tuple(view.code for view in views.VIEWS.values()),
        codes.IMAGE_VIEW_MODIFIER: (views.TRANS_THALAMIC, views.TRANS_VENTRICULAR, views.TRANS_CEREBELLAR),
        codes.NATURE: (codes.NORMAL, codes.BENIGN, codes.MALIGNANT),
        codes.LUNG_SIGN: (codes.NORMAL, codes.B_LINES, codes.CONSOLIDATION_OR_EFFUSION),
    }
)
