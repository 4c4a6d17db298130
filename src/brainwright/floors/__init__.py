"""Floors: trivial and simple models on the same split, which every net must beat; one file each."""
