"""Copies lines, but for the notes that TensorFlow prints at every start.

Runs as a process of its own, see `startup`. It imports nothing but the
standard library, for it should start in no time.
"""

import re
import sys

# "I0000 00:00:1790000000.123456 42 file.cc:31] ..."; then as it was before.
NOTE = re.compile(rb"I\d{4} [\d:. ]+\S+:\d+\] |[\d-]{10} [\d:.]{15}: I ")
# Says nothing of what follows; what follows is looked at by itself.
PREAMBLE = b"WARNING: All log messages before absl::InitializeLog()"
# An error in name only, where there is no GPU for the driver that it misses.
NO_DRIVER = re.compile(rb".*cuda_\w+\.cc:\d+\] failed call to cuInit: ")


def is_note(line, has_gpu):
    """Whether a line is of no interest at a usual start.

    Args:
        line: Bytes.
        has_gpu: Boolean. Whether the machine has a GPU: then what is said of
            its driver is of interest.
    """
    if line.startswith(PREAMBLE):
        return True
    is_of_gpu = b"cuda" in line.lower()
    if has_gpu and is_of_gpu:
        return False
    return bool(NOTE.match(line) or NO_DRIVER.match(line))


def main():
    """Copies stdin to stdout."""
    has_gpu = sys.argv[1] == "1"
    for line in sys.stdin.buffer:
        if not is_note(line, has_gpu):
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
