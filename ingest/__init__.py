"""From a feed to documents: rows, images, and the path that ``python -m ingest`` runs."""
