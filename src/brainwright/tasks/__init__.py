"""Tasks: what goes in and what comes out; one file each, found by its name."""
