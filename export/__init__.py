"""Exporters of a trained model to the formats that others serve."""
