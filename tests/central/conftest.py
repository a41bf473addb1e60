"""The broker's fixtures."""

from tests.brokers import mosquitto, pki

__all__ = ["mosquitto", "pki"]
