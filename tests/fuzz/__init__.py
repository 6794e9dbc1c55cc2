"""Fuzz targets, one a connection, and a runner that needs nothing but Python."""
