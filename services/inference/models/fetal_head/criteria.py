"""The standard head plane's published criteria, each by itself: met, not met, or not to be judged from an outline alone.

Salomon et al., Ultrasound Obstet Gynecol 27:34, 2006 (score of six for the head plane); ISUOG Practice Guidelines: ultrasound assessment of
fetal biometry and growth, Ultrasound Obstet Gynecol 53:715, 2019 (plane and caliper placement).
"""

import math

import numpy as np

from services.inference.codes import ABSENT, PRESENT, PRIVATE_SCHEME
from services.inference.model import Code, Evaluation

from .ellipse import Ellipse

SALOMON = "Salomon et al., Ultrasound Obstet Gynecol 2006;27:34-40"
ISUOG = "ISUOG, Ultrasound Obstet Gynecol 2019;53:715-723"

OVAL = Code("head-oval", PRIVATE_SCHEME, "Head's outline oval and whole within the image")
SHARE = Code("head-half", PRIVATE_SCHEME, "Head longer than half of the image's shorter side")
HORIZONTAL = Code("midline-level", PRIVATE_SCHEME, "Midline about horizontal, by the head's long axis")
CONTINUOUS = Code("midline-whole", PRIVATE_SCHEME, "Midline continuous, broken by cavum and thalami only")
SYMMETRIC = Code("hemispheres", PRIVATE_SCHEME, "Hemispheres symmetric")
THALAMI = Code("thalami", PRIVATE_SCHEME, "Thalami seen")
CAVUM = Code("cavum", PRIVATE_SCHEME, "Cavum septi pellucidi seen")
CEREBELLUM = Code("no-cerebellum", PRIVATE_SCHEME, "Cerebellum not seen")
CALIPERS = Code("outer-calipers", PRIVATE_SCHEME, "Calipers on the skull's outer edge")

HALF = 0.5  # Salomon's "more than half of the total image size": read as the head's longer extent over the image's shorter side
# "About horizontal" (the beam meets the midline at 90 degrees) has no number in either paper: within 30 degrees, as readers call it.
TILT = math.radians(30)
WHOLE = 0.98  # of the outline's points that lie within the image
OVAL_FROM = 0.95  # Dice of what is outlined and its ellipse; ISUOG gives no number, this one is the platform's own

NOT_SEEN = "the model outlines the skull and has not learnt what lies within it"
NO_CALIPERS = "the ellipse is placed by the model on the outer edge; calipers of the picture are not read"


def judge(head: Ellipse, agreement: float, rows: int, columns: int) -> tuple[Evaluation, ...]:
    """All criteria, in the order of the papers; `head` in image pixels, `agreement` the Dice of the mask and the ellipse."""
    x, y = head.points(180).T
    within = ((x >= -0.5) & (y >= -0.5) & (x <= columns - 0.5) & (y <= rows - 0.5)).mean()
    longest = max(float(np.ptp(x)), float(np.ptp(y)))
    return (
        _answer(OVAL, bool(within >= WHOLE) and agreement >= OVAL_FROM, ISUOG),
        _answer(SHARE, longest > HALF * min(rows, columns), SALOMON),
        _answer(HORIZONTAL, abs(head.angle) <= TILT, ISUOG),
        *(Evaluation(question, None, source=source, why=NOT_SEEN) for question, source in _UNSEEN),
        Evaluation(CALIPERS, None, source=SALOMON, why=NO_CALIPERS),
    )


_UNSEEN = ((CONTINUOUS, ISUOG), (SYMMETRIC, SALOMON), (THALAMI, SALOMON), (CAVUM, SALOMON), (CEREBELLUM, SALOMON))


def _answer(question: Code, met: bool, source: str) -> Evaluation:
    return Evaluation(question, PRESENT if met else ABSENT, source=source, hint=True)
