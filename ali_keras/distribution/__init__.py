"""Devices, workers, precision and signals."""
