"""Exporters of a trained model to the formats that others serve."""

import os

# TensorFlow's start-up notes would drown what the programs say. Its warnings
# and errors come back with TF_CPP_MIN_LOG_LEVEL=0.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
