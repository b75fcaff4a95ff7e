"""Reading DICOM files. Nothing here knows of exams, organisations or records."""
