"""Readers: the ways data lie on a disk; one file each, found by its name."""
