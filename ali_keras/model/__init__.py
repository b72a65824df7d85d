"""The Keras model: three networks and one training step."""
