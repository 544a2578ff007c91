"""Bundled tables, each with its licence and provenance."""
