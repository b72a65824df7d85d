"""The folder of a run: its files, and how a run is found again."""
