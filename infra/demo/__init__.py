"""The demonstration: one region, its exams, and everything that happens to them, on the real stack."""
