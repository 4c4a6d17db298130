"""Places to drive in, each with an expert that shows how: games, and nothing else."""
