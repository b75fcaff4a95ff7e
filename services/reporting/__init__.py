"""Reporting: the worklist, the expert's draft, the signed report and its documents."""
