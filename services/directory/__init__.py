"""Organisations, their devices and members, and the agreements between them."""
