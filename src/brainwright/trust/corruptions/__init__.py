"""Corruptions: what the world does to inputs, one file a type of data; five strengths each, drawn from a generator."""
