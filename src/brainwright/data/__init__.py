"""Data: from a path to a checked and split table, encoded once, gathered in batches."""
