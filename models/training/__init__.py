"""Training: data sets, recipes, losses, the training loop, calibration, evaluation and export."""
