"""What decides whether a count may leave, and signs it."""
