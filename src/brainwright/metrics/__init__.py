"""Metrics: how good predictions are; one file each."""
