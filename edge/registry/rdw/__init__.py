"""The register's open data, read on a server and never on a camera."""
