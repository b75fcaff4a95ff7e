"""The metrics of ingest, all of them."""

from prometheus_client import Counter, Gauge, Histogram

RECEIVED = Counter("sonobridge_ingest_received_instances_total", "Instances that arrived, by protocol", ["protocol"])
STORED = Counter("sonobridge_ingest_stored_instances_total", "Instances newly stored, by protocol", ["protocol"])
SAME = Counter("sonobridge_ingest_same_instances_total", "Instances that were there already", ["protocol"])
REFUSED = Counter("sonobridge_ingest_refused_instances_total", "Instances refused", ["protocol", "reason"])
RECEIVED_BYTES = Counter("sonobridge_ingest_received_bytes_total", "Bytes of instances that arrived", ["protocol"])
STORE_SECONDS = Histogram(
    "sonobridge_ingest_store_seconds",
    "From an instance's last byte to its acknowledgement, seconds",
    ["protocol"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
SETTLED = Counter("sonobridge_ingest_settled_exams_total", "Exams told complete or amended", ["event"])
COMPLETION_SECONDS = Histogram(
    "sonobridge_ingest_completion_seconds",
    "From an exam's first instance to its completion, seconds",
    buckets=(1, 5, 15, 60, 300, 900, 3600, 14400),
)
DUE_AGE = Gauge(
    "sonobridge_ingest_due_exams_oldest_seconds", "How long the oldest due exam has waited for the sweep, seconds"
)
ORPHANS = Counter("sonobridge_ingest_orphan_objects_total", "Objects left behind and deleted")
ASSOCIATIONS = Counter("sonobridge_ingest_associations_total", "DICOM associations, by outcome", ["outcome"])
