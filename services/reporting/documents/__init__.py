"""The documents of a signed report: PDF with its seal, DICOM SR and encapsulated PDF. CPU work, made in a process of its own."""
