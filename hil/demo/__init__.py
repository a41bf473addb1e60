"""The demo: everything from a rendered street to counts at a subscriber."""
