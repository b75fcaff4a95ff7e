"""Billing's own metrics."""

from prometheus_client import Counter, Gauge, Histogram

USAGE_RECORDED = Counter(
    "sonobridge_billing_usage_recorded_total", "Usage records made, by what made them due", ["event"]
)
USAGE_KNOWN = Counter(
    "sonobridge_billing_usage_already_recorded_total", "Billable items that had their one record already", ["event"]
)
LINES_LATE = Counter(
    "sonobridge_billing_lines_late_total", "Settled records whose service date lay in a period closed before"
)
CORRECTIONS = Counter("sonobridge_billing_corrections_total", "Reversals made")
LINES_RATED = Counter("sonobridge_billing_lines_rated_total", "Usage records settled by a close")
INVOICES_ISSUED = Counter("sonobridge_billing_invoices_issued_total", "Invoices issued")
CLOSE_SECONDS = Histogram(
    "sonobridge_billing_close_seconds",
    "Duration of a step of a close, seconds",
    ["step"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 1800),
)
OPEN_USAGE = Gauge("sonobridge_billing_open_usage_records", "Usage records that no close has settled yet")
OPEN_USAGE_DAYS = Gauge(
    "sonobridge_billing_open_usage_oldest_days", "Days since the earliest service date that no close has settled"
)
