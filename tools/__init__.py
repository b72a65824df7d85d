"""The command-line programs: flags to configuration to one library call."""

import os

# TensorFlow's start-up notes would drown what the programs say. Its warnings
# and errors come back with TF_CPP_MIN_LOG_LEVEL=0.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
