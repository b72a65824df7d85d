"""The distributions of z: prior and posterior."""
