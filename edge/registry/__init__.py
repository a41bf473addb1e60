"""The register table on the camera: look-up of public vehicle attributes."""
