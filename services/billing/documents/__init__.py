"""Invoices and settlement statements as files: CSV for spreadsheets, PDF for people."""
