"""Every Prometheus metric of the project, in one list; nothing else spells a metric's name.

A metric counts in the process that owns it. Sources run in other processes: what is shown of them (`tertulia_source_*`)
comes from their last status records, through `streams.api.source_metrics`.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

# A registry of our own: libraries that fill the default one do not end up in our /metrics by accident.
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

# --- match: posts in, mentions out -----------------------------------------------------------------------------------
POSTS = Counter("tertulia_posts_consumed", "Posts read from the log, by operation.", ["op"], registry=REGISTRY)
ENTRIES = Counter(
    "tertulia_entries", "Entries written to `mentions`, by what made them belong.", ["via"], registry=REGISTRY
)
RETRACTIONS = Counter("tertulia_retractions", "Entries taken back, by reason.", ["reason"], registry=REGISTRY)
DEAD_LETTERS = Counter(
    "tertulia_dead_letters", "Records that could not be used, by the stage that met them.", ["stage"], registry=REGISTRY
)
WAITING = Gauge(
    "tertulia_match_waiting", "Posts waiting for the post that makes them belong.", ["partition"], registry=REGISTRY
)
WAITING_DROPPED = Counter("tertulia_match_waiting_dropped", "Posts that waited in vain.", registry=REGISTRY)

# --- work done, by stage: match, classify, ledger --------------------------------------------------------------------
BATCH_SECONDS = Histogram(
    "tertulia_batch_seconds", "Time to work through one batch of records.", ["stage"], buckets=_FAST, registry=REGISTRY
)
BATCH_RECORDS = Histogram(
    "tertulia_batch_records",
    "Records in one batch.",
    ["stage"],
    buckets=(1, 4, 16, 64, 256, 1024, 4096),
    registry=REGISTRY,
)

# --- classify --------------------------------------------------------------------------------------------------------
CLASSIFY_SECONDS = Histogram("tertulia_classify_seconds", "Time of one forward pass.", buckets=_FAST, registry=REGISTRY)
CLASSIFIED = Counter("tertulia_classified", "Texts given to the classifier.", registry=REGISTRY)
NOT_MEANT = Counter(
    "tertulia_not_meant", "Names of a brand judged to mean something else.", ["brand"], registry=REGISTRY
)

# --- ledger ----------------------------------------------------------------------------------------------------------
LAG = Gauge(
    "tertulia_lag_records",
    "Records not yet applied, by topic and partition.",
    ["topic", "partition"],
    registry=REGISTRY,
)
LEDGER_ENTRIES = Gauge("tertulia_ledger_entries", "Entries held here, by brand.", ["brand"], registry=REGISTRY)
PARTITIONS = Gauge("tertulia_partitions_held", "Partitions assigned here, by topic.", ["topic"], registry=REGISTRY)
RECOVERY_SECONDS = Gauge(
    "tertulia_recovery_seconds", "How long the last recovery of the ledger took.", registry=REGISTRY
)
PATH_SECONDS = Histogram(
    "tertulia_path_seconds",
    "From a post's arrival in the log to its place in the numbers.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 300),
    registry=REGISTRY,
)

# --- alerts ----------------------------------------------------------------------------------------------------------
ALERTS = Counter("tertulia_alerts", "Alerts raised and resolved.", ["rule", "state"], registry=REGISTRY)
DELIVERIES = Counter("tertulia_deliveries", "Messages handed to outlets.", ["outlet", "outcome"], registry=REGISTRY)

# --- HTTP API --------------------------------------------------------------------------------------------------------
API_SECONDS = Histogram(
    "tertulia_api_seconds",
    "Time to answer, by route and status.",
    ["route", "status"],
    buckets=_FAST,
    registry=REGISTRY,
)
API_PROXIED = Counter("tertulia_api_proxied", "Questions passed on to another worker.", ["outcome"], registry=REGISTRY)
LIVE_CLIENTS = Gauge("tertulia_api_live_clients", "Open live streams.", registry=REGISTRY)
LIVE_DROPPED = Counter(
    "tertulia_api_live_dropped", "Live streams closed because the reader was too slow.", registry=REGISTRY
)

# --- sources: name, help text and labels of the metrics made from status records -------------------------------------
SOURCE_STATE = ("tertulia_source_state", "1 for the state the source is in.", None, ["source", "state"])
SOURCE_LAST_EVENT = ("tertulia_source_last_event_seconds", "Seconds since the source's last event.", None, ["source"])
SOURCE_LAG = ("tertulia_source_lag_seconds", "How old the newest event was when it arrived.", None, ["source"])
SOURCE_WAITING = ("tertulia_source_waiting", "Replies whose thread is not known yet.", None, ["source"])
SOURCE_GAPS = ("tertulia_source_gaps", "Stretches the network no longer had (the newest 100).", None, ["source"])
SOURCE_EVENTS = (
    "tertulia_source_events",
    "Events, bad records and deletions since the start.",
    None,
    ["source", "kind"],
)
