"""Backbones: the families of net a user may choose; one file each, found by its name."""
