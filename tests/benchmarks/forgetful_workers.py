"""The workers' app as it is, but that a picture that comes again is recognised again.

``houndstooth worker --app tests.benchmarks.forgetful_workers``
"""

from __future__ import annotations

from houndstooth.ingest.celery_app import IngestApp
from houndstooth.ingest.views import RecentFeatures
from houndstooth.plugin.config import Settings


class ForgetfulApp(IngestApp):
    """Keeps no features of the pictures before."""

    def recent(self, settings: Settings) -> RecentFeatures:
        return RecentFeatures(super().recent(settings).extractor, most=0)


app = ForgetfulApp(Settings.from_env())
