"""Comparisons of speed; the records are in results/."""
