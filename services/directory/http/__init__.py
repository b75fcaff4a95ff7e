"""The directory over HTTP."""

from services.directory.http.routes import build

__all__ = ["build"]
