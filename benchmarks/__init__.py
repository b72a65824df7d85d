"""Comparisons with others; the records are in results/."""
