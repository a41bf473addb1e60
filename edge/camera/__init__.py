"""Frame sources, one module per device family."""
