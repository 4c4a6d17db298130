"""Explainers: ways to tell what an answer rests on; each knows only how the score moves when units are hidden."""
