"""Techniques: functions from task to task; one file each, found by its name."""
