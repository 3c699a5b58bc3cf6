"""Measurements and generated files; nothing here is part of the server."""
