"""The command-line programs: flags to configuration to one library call."""

import os

# Some of TensorFlow's notes would drown what the programs say; those that it
# prints while it is imported heed no setting. TF_CPP_MIN_LOG_LEVEL=0 has all.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
