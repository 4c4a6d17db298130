"""Stems: from one field's batch to features; one file a field."""
