"""Attacks on the gate; each is shown to succeed against a weakened one."""
