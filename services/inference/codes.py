"""The codes that this service itself writes into SR documents; a model brings those of its findings."""

from services.inference.model import Code

# PS3.16 Annex D.
IMAGE_VIEW = Code("111031", "DCM", "Image View")
CERTAINTY = Code("111012", "DCM", "Certainty of Finding")
COMMENT = Code("121106", "DCM", "Comment")
# PS3.16 CID 7162, Surface Processing/Algorithm Family.
ARTIFICIAL_INTELLIGENCE = Code("123110", "DCM", "Artificial Intelligence")
# SNOMED CT, Procedure Reported of TID 1500.
ULTRASONOGRAPHY = Code("16310003", "SCT", "Diagnostic ultrasonography")
IMAGING_PROCEDURE = Code("363679005", "SCT", "Imaging procedure")

# Units in UCUM, PS3.16 CID 7460 and CID 82.
UNITS = {
    "mm": Code("mm", "UCUM", "millimeter"),
    "d": Code("d", "UCUM", "day"),
    "%": Code("%", "UCUM", "percent"),
}

# Measurement methods for which no standard has a code.
PRIVATE_SCHEME = "99SONOBRIDGE"
PRIVATE_SCHEME_NAME = "SonoBridge measurement methods"
