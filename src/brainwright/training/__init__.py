"""Training: the loop and what it needs; knows no task, no modality and no model."""
