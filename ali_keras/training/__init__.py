"""A run from configuration to trained model."""
