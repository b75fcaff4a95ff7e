"""The directory's own metrics."""

from prometheus_client import Counter

PUTS = Counter("sonobridge_directory_puts_total", "Entities put, by kind and by what that did", ["kind", "outcome"])
SECRETS_DRAWN = Counter("sonobridge_directory_secrets_drawn_total", "Passwords and client secrets drawn", ["kind"])
