"""Runs: one training from question to folder, and the folder read again."""
