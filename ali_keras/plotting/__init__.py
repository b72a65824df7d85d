"""Draws pictures as PNG files."""
