"""Billing over HTTP."""

from services.billing.http.routes import build

__all__ = ["build"]
