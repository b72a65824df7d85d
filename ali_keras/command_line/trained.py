"""The model that a program works with: a finished one, or a checkpoint's."""

import pathlib

from ali_keras.command_line import common_flags
from ali_keras.errors import InputError


class Trained:
    """The model of --workdir and --checkpoint.

    Attributes:
        workdir: `Workdir`.
        model: `ALI`.
        config: `Config` of its training.
        step: Integer, the step of the checkpoint; `None` if the model is the
            finished one.
    """

    def __init__(self):
        self.workdir = common_flags.workdir()
        checkpoint = common_flags.checkpoint()
        self.model, self.config = self.workdir.load(checkpoint)
        self.step = None
        if checkpoint is not None:
            self.step = int(self.model.step.numpy())
            print(f"The model is that after step {self.step}.")

    def output(self, path):
        """Returns where to write: beside what the finished model gave.

        Args:
            path: Path, as `common_flags.output` returns it.

        Returns:
            --output, if it is given; else `path`, whose name ends in the
            step if the model is a checkpoint's.
        """
        if common_flags.OUTPUT.value:
            return path
        return self.beside(path)

    def beside(self, path):
        """Returns a path whose name says the step of a checkpoint."""
        path = pathlib.Path(path)
        if self.step is None:
            return path
        return path.with_name(f"{path.stem}_step_{self.step}{path.suffix}")

    def labelled_data(self):
        """Returns the `LabelledData` of --data_dir and --num_validation.

        Raises:
            InputError: as `LabelledData`.
        """
        from ali_keras.evaluation.few_labels.labelled_data import LabelledData
        from ali_keras.progress import shown

        return LabelledData(
            self.config,
            common_flags.NUM_VALIDATION.value,
            progress=shown,
            **common_flags.reading(),
        )

    def check_class(self, flag, number):
        """Checks the number of a class that a flag asks for.

        Args:
            flag: String, such as "--relabel".
            number: Integer, or `None` if the flag is not given.

        Returns:
            The number.

        Raises:
            InputError: if the model is not told classes, or has no such one.
        """
        if number is None:
            return None
        classes = self.model.num_classes
        if classes is None:
            raise InputError(
                f"{flag} must be given for a model of --conditional=labels "
                f"only. Received: {number}, for a model of conditional="
                f"{self.config.conditional}"
            )
        if not 0 <= number < classes:
            raise InputError(
                f"{flag} must be of the model's classes, 0 to {classes - 1}. "
                f"Received: {number}"
            )
        return number

    def attribute_names(self, flag):
        """Returns the names of the attributes that the model is told.

        Of a run of an older version, which did not record them, they are
        places, "0", "1" and so on; a line is printed.

        Args:
            flag: String, the flag that names them.

        Raises:
            InputError: if the model is not told attributes, or of another
                number than are recorded.
        """
        condition = self.model.condition
        if condition is None or condition.num_classes:
            raise InputError(
                f"{flag} must be given for a model of --conditional=attributes "
                "only. Received: a model of conditional="
                f"{self.config.conditional}"
            )
        path, size = self.workdir.attributes, condition.size
        if not path.exists():
            print(
                f"An older version trained this model: there is no {path}. "
                f"Attributes are named by their places, 0 to {size - 1}, in "
                "the order of their sorted names."
            )
            return [str(place) for place in range(size)]
        from ali_keras.workdir import run_files

        names = run_files.read_attributes(path)
        if len(names) != size:
            raise InputError(
                f"attributes.json must name the model's {size} attributes. "
                f"Received: {path}, with {len(names)}"
            )
        return names

    def record(self):
        """Returns the record of the training, for exports.

        Without a finished training, it has no command, commit and versions.
        """
        from ali_keras.workdir import run_files

        path = self.workdir.training
        record = run_files.read_record(path) if path.exists() else {}
        if self.step is None:
            return record
        return {**record, "epochs": None, "step": self.step}

    def metrics(self):
        """Returns the metrics of this model; `None` without an evaluation."""
        from ali_keras.workdir import run_files

        path = self.beside(self.workdir.metrics)
        return run_files.read_metrics(path) if path.exists() else None
