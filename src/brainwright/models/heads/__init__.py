"""Heads: from features to a task's answer; one file each."""
