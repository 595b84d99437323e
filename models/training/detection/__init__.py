"""Training of the detector: classes, samples, views, the loop, the export and the command."""
