"""Procedural cartoon faces, drawn in batches by the device that trains."""
