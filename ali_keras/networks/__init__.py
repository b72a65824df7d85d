"""From an architecture's tables to Keras models."""
