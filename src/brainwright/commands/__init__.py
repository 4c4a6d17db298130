"""Commands: one file a word of the command line."""
