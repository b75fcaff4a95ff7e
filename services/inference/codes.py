"""The codes that the service writes into documents and that several models answer with; a model brings the rest itself."""

from services.inference.model import Code

# Concepts for which no standard has a code.
PRIVATE_SCHEME = "99SONOBRIDGE"
PRIVATE_SCHEME_NAME = "SonoBridge concepts"

# PS3.16 Annex D.
IMAGE_VIEW = Code("111031", "DCM", "Image View")
IMAGE_VIEW_MODIFIER = Code("111032", "DCM", "Image View Modifier")
CERTAINTY = Code("111012", "DCM", "Certainty of Finding")
PROBABILITY_OF_CANCER = Code("111047", "DCM", "Probability of cancer")
COMMENT = Code("121106", "DCM", "Comment")
# The question, PS3.16 CID 6014, and its answers, CID 3114; what is wrong is an answer to QUALITY_FINDING.
IMAGE_QUALITY = Code("111101", "DCM", "Image Quality")
GOOD_QUALITY = Code("122741", "DCM", "Good image quality")
POOR_QUALITY = Code("122742", "DCM", "Poor image quality")
UNUSABLE = Code("111235", "DCM", "Unusable - Quality renders image unusable")
QUALITY_FINDING = Code("111052", "DCM", "Quality Finding")
MOTION_BLUR = Code("111210", "DCM", "Motion blur")  # PS3.16 CID 7011
GAIN_TOO_LOW = Code("gain-too-low", PRIVATE_SCHEME, "Gain too low")
GAIN_TOO_HIGH = Code("gain-too-high", PRIVATE_SCHEME, "Gain too high")
CONTACT_LOST = Code("contact-lost", PRIVATE_SCHEME, "Contact lost")
FROZEN = Code("frozen", PRIVATE_SCHEME, "Frozen or repeated frames")
BURNED_IN_TEXT = Code("burned-in-text", PRIVATE_SCHEME, "Burned-in text")
# The nature of what is seen: question of our own, answers PS3.16 CID 222 and CID 6063.
NATURE = Code("nature", PRIVATE_SCHEME, "Nature of the tissue")
NORMAL = Code("17621005", "SCT", "Normal")
BENIGN = Code("30807003", "SCT", "Benign")
MALIGNANT = Code("21594007", "SCT", "Malignant")
LESION = Code("52988006", "SCT", "Lesion")
# Signs in a lung: question and B-lines of our own.
LUNG_SIGN = Code("lung-sign", PRIVATE_SCHEME, "Lung ultrasound sign")
B_LINES = Code("b-lines", PRIVATE_SCHEME, "B-lines")
CONSOLIDATION_OR_EFFUSION = Code("consolidation", PRIVATE_SCHEME, "Consolidation or effusion")
# Plane criteria are answered so, PS3.16 CID 240.
PRESENT = Code("52101004", "SCT", "Present")
ABSENT = Code("272519000", "SCT", "Absent")
CANNOT_BE_JUDGED = Code("cannot-be-judged", PRIVATE_SCHEME, "Cannot be judged")
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
    "mm2": Code("mm2", "UCUM", "square millimeter"),
}
