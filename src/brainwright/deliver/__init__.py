"""Deliver: what a run hands to people: the terminal's words, the report, the card."""
