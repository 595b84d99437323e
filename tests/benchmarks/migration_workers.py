"""The workers' app as it is, but that the batch of a killed worker comes back after 20 seconds.

``houndstooth worker --app tests.benchmarks.migration_workers``
"""

from __future__ import annotations

from houndstooth.ingest.celery_app import IngestApp
from houndstooth.plugin.config import Settings

app = IngestApp(Settings.from_env(), ahead=16)
app.conf.broker_transport_options |= {"visibility_timeout": 20.0, "unacked_restore_interval": 1}
