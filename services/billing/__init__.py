"""Billing: turns clinical events into usage records, rates them, closes periods and keeps the ledger."""
