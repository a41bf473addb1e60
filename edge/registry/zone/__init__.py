"""Whom a zone lets in: rule files, and what they say of one vehicle."""
