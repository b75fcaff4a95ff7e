"""Takes exams in, keeps their bytes untouched, and answers DICOMweb."""
