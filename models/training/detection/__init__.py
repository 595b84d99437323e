"""Training of the detector: classes, samples, views, the loop, precision and the export."""
