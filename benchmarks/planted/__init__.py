"""Damage planted into real data, in 50 kinds, and sound draws of the same data to compare with."""
