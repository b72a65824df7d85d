"""Loading TensorFlow without the notes that it prints at every start."""

import contextlib
import os
import pathlib
import subprocess
import sys

from ali_keras.command_line import notes

LEVEL = "TF_CPP_MIN_LOG_LEVEL"
ALL, WARNINGS = "0", "1"  # 2 has errors only.
# Where Linux has a GPU of NVIDIA, or Windows lends one.
GPU_DEVICES = ("/dev/nvidiactl", "/dev/dxg")


def load_tensorflow(show_notes=False):
    """Imports TensorFlow and looks for its devices.

    TensorFlow's notes are left out, such as that there is no GPU, or which
    instructions it would like. Warnings, errors and crashes are shown. With
    TF_CPP_MIN_LOG_LEVEL=0 in the environment, the notes are shown too.

    Args:
        show_notes: Boolean. Whether to show all that TensorFlow prints.
    """
    if "tensorflow" in sys.modules:
        return
    if show_notes:
        os.environ[LEVEL] = ALL
    level = os.environ.setdefault(LEVEL, WARNINGS)
    with contextlib.nullcontext() if level == ALL else _without_notes():
        import tensorflow as tf

        tf.config.list_physical_devices()


@contextlib.contextmanager
def _without_notes():
    """Sends what is written to stderr through `notes` while the body runs.

    No setting turns off what libraries in C++ print while they are loaded.
    The filter is a process of its own: it prints the last words of this one
    even if the processor lacks an instruction, which ends the process.
    """
    try:
        sys.stderr.flush()
        descriptor = sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):  # There is none.
        yield
        return
    original = os.dup(descriptor)
    with _start_filter(original) as process:
        os.dup2(process.stdin.fileno(), descriptor)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(original, descriptor)
            os.close(original)
            process.stdin.close()  # The filter ends, and is waited for.


def _start_filter(descriptor):
    has_gpu = any(pathlib.Path(path).exists() for path in GPU_DEVICES)
    command = [sys.executable, "-I", "-S", notes.__file__, str(int(has_gpu))]
    return subprocess.Popen(  # noqa: S603 It is a program of ours.
        command,
        stdin=subprocess.PIPE,
        stdout=descriptor,
        stderr=descriptor,
        start_new_session=True,  # Ctrl-C is for the program.
    )
