"""Reporting's own metrics."""

from prometheus_client import Counter, Gauge, Histogram

OPEN_REPORTS = Gauge(
    "sonobridge_reporting_open_reports", "Reports not yet signed, by how near their due time is", ["due"]
)
SIGNED = Counter("sonobridge_reporting_signed_total", "Reports and addenda signed", ["kind"])
SIGNING_SECONDS = Histogram(
    "sonobridge_reporting_signing_seconds",
    "From the request to sign to the committed version with its documents, seconds",
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 30),
)
CRITICAL = Counter(
    "sonobridge_reporting_critical_results_total", "Signed reports that are flagged as a critical result"
)
DELIVERIES_WAITING = Gauge("sonobridge_reporting_deliveries_waiting", "Documents that wait to be put into their study")
DELIVERIES = Counter(
    "sonobridge_reporting_deliveries_total", "Documents put into their study, by outcome", ["kind", "outcome"]
)
