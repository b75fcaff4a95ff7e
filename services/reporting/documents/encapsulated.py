"""The sealed PDF as a DICOM instance of the study (PS3.3, A.45.1)."""

from io import BytesIO

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian

from services.reporting.documents.study import MANUFACTURER, derived_uid, study_of
from services.reporting.model.content import Content

_SERIES_NUMBER = 991


def encapsulate(content: Content, pdf: bytes) -> bytes:
    """The PDF as a DICOM file."""
    ds = study_of(content)
    ds.SOPClassUID = EncapsulatedPDFStorage
    ds.SOPInstanceUID = derived_uid(content.report_id, content.version, "pdf")
    ds.SeriesInstanceUID = derived_uid(content.report_id, "pdf-series")
    ds.SeriesNumber = _SERIES_NUMBER
    ds.InstanceNumber = content.version
    ds.Modality = "DOC"
    ds.ConversionType = "WSD"
    ds.Manufacturer = MANUFACTURER
    ds.InstitutionName = content.reader.name_zh
    ds.ContentDate = content.signed.at.strftime("%Y%m%d")
    ds.ContentTime = content.signed.at.strftime("%H%M%S")
    ds.AcquisitionDateTime = content.signed.at.strftime("%Y%m%d%H%M%S+0000")
    ds.BurnedInAnnotation = "YES"
    ds.VerificationFlag = "VERIFIED"
    ds.DocumentTitle = "超声检查报告" if content.exam.modality == "US" else "影像检查报告"
    title = Dataset()
    title.CodeValue, title.CodingSchemeDesignator, title.CodeMeaning = "18748-4", "LN", "Diagnostic imaging report"
    ds.ConceptNameCodeSequence = [title]  # CID 7020
    ds.MIMETypeOfEncapsulatedDocument = "application/pdf"
    ds.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    ds.EncapsulatedDocumentLength = len(pdf)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = EncapsulatedPDFStorage
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    out = BytesIO()
    dcmwrite(out, ds, enforce_file_format=True)
    return out.getvalue()
