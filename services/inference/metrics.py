"""The service's own metrics, in one table."""

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)

ANALYSES = Counter("sonobridge_inference_analyses_total", "Analyses that ended, by state and rule", ["state", "rule"])
RUNS = Counter(
    "sonobridge_inference_model_runs_total", "Model runs over exams, by outcome", ["model", "mode", "outcome"]
)
FRAMES = Counter("sonobridge_inference_frames_total", "Frames that a model has read", ["model"])
BEYOND_CARD = Counter(
    "sonobridge_inference_beyond_card_total",
    "Exams whose agreement asks for a model in a mode that its card does not allow, by the mode asked for and the one it runs in",
    ["model", "asked", "runs"],
)
ANALYSIS_SECONDS = Histogram(
    "sonobridge_inference_analysis_seconds",
    "From the event's arrival to the recorded outcome, seconds",
    buckets=_SECONDS,
)
QUEUE_SECONDS = Histogram(
    "sonobridge_inference_queue_seconds", "Age of an exam's event when its analysis begins, seconds", buckets=_SECONDS
)
DECODE_SECONDS = Histogram(
    "sonobridge_inference_decode_seconds", "Decoding of one batch of frames, seconds", buckets=_SECONDS
)
TRITON_SECONDS = Histogram(
    "sonobridge_inference_triton_seconds", "One call of Triton, seconds", ["model"], buckets=_SECONDS
)
TRITON_RETRIES = Counter(
    "sonobridge_inference_triton_retries_total", "Calls that found the server or model away", ["model"]
)
MODEL_READY = Gauge("sonobridge_inference_model_ready", "1 while Triton can be asked for the model", ["model"])
MODEL_LOADS = Counter("sonobridge_inference_model_loads_total", "Times that a model was loaded into Triton", ["model"])
MODEL_FAULTS = Counter(
    "sonobridge_inference_model_faults_total",
    "Calls that a model failed: bad_answer, no_answer, crashed",
    ["model", "kind"],
)
MODEL_TAKEN_OUT = Gauge(
    "sonobridge_inference_model_taken_out", "1 while exams miss a model that failed repeatedly", ["model"]
)
SHADOW_DIFFERENCE = Histogram(
    "sonobridge_inference_shadow_difference",
    "Absolute difference of a shadow model's figure from the shown one's, in the figure's unit",
    ["model", "code"],
    buckets=(0.5, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50),
)
SHADOW_COMPARED = Counter(
    "sonobridge_inference_shadow_compared_total",
    "Figures and answers in the shadow that were compared",
    ["model", "code"],
)
SHADOW_DISAGREED = Counter(
    "sonobridge_inference_shadow_disagreed_total",
    "Those that said something else than what is shown",
    ["model", "code"],
)
_WATCHED = ["model", "version", "organisation", "scanner"]
ANSWERS = Counter(
    "sonobridge_inference_answers_total",
    "Images and clips by what the shown model made of them: findings, nothing, failed",
    [*_WATCHED, "outcome"],
)
SCORES = Histogram(
    "sonobridge_inference_score_percent",
    "Certainty of statements, or probability of cancer",
    [*_WATCHED, "score"],
    buckets=(10, 20, 30, 40, 50, 60, 70, 80, 90, 100),
)
REVIEWS = Counter(
    "sonobridge_inference_reviews_total",
    "What experts made of findings: accepted, corrected, rejected",
    [*_WATCHED, "review"],
)
DRIFT = Gauge(
    "sonobridge_inference_drift_psi",
    "Population stability index of the recent window, where it is more than chance; else 0",
    [*_WATCHED, "measure"],
)
VERSION_MISSING = Gauge(
    "sonobridge_inference_model_version_missing",
    "Hospitals pinned to a version that is not installed",
    ["model", "version"],
)
DOCUMENTS = Counter("sonobridge_inference_documents_total", "SR, SEG and key-object documents stored in a study")
