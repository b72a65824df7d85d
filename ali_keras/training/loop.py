"""`fit`, from wherever a workdir stands to the last epoch."""

import sys

import keras
import tensorflow as tf

from ali_keras import files
from ali_keras.data import batches
from ali_keras.data import labelled as labelled_data
from ali_keras.data.preprocessing import to_float
from ali_keras.distribution import signals
from ali_keras.distribution.cluster import is_worker_loss
from ali_keras.distribution.replicas import agree
from ali_keras.distribution.strategy import describe
from ali_keras.distribution.strategy import is_chief
from ali_keras.errors import InputError
from ali_keras.errors import NonFiniteError
from ali_keras.model.build import build_model
from ali_keras.networks.weights import NUM_IMAGES
from ali_keras.training import callbacks
from ali_keras.training import labelled_images
from ali_keras.training import summary
from ali_keras.training.pictures import DrawPictures
from ali_keras.workdir import finishing

MAX_ROLLBACKS = 3
ROLLBACK_FACTOR = 0.5  # Of both learning rates.


class TrainingLoop:
    """Trains a configuration's model in a workdir.

    Args:
        config: `Config`.
        workdir: `Workdir`, of this configuration.
        execution: `Execution`.
        strategy: `tf.distribute.Strategy`.
        images: uint8 array `(num_examples, height, width, channels)`.
        labels: int64 array `(num_examples,)`, or `None`; of a model of
            attributes float32 `(num_examples, num_attributes)`.
        labelled: `LabelledSubset` of the images, or `None`.
    """

    def __init__(
        self,
        config,
        workdir,
        execution,
        strategy,
        images,
        labels=None,
        labelled=None,
    ):
        self.config = config
        self.workdir = workdir
        self.execution = execution
        self.strategy = strategy
        self.images = images
        self.labels = labels
        self.labelled = labelled
        self.is_chief = is_chief(strategy)
        self.steps_per_epoch = (
            config.steps_per_epoch or len(images) // config.batch_size
        )

    def check_epochs(self):
        """Raises `InputError` if later epochs are begun than the last one."""
        finishing.check_step(
            self.config.epochs,
            self.workdir.checkpoints.newest()[0],
            self.steps_per_epoch,
            self.workdir.path,
        )

    def run(self, pictures=None):
        """Trains to the last epoch, and goes back where it may.

        Args:
            pictures: `Pictures` to draw as training goes on, of the chief.

        Returns:
            `ALI`, trained.

        Raises:
            NonFiniteError: if it may not go back, or not any more.
            Terminated: at SIGTERM.
            Interrupted: at Ctrl-C.
        """
        self.pictures = pictures
        rollbacks = self.workdir.read_rollbacks()
        while True:
            try:
                return self._fit(len(rollbacks))
            except NonFiniteError as error:
                self._check_rollback(error, rollbacks)
                rollbacks.append({"step": error.step, "terms": error.terms})
                if self.is_chief:
                    files.write_json(self.workdir.rollbacks, rollbacks)

    def _fit(self, num_rollbacks):
        with self.strategy.scope():
            model, state = self._restored_model(ROLLBACK_FACTOR**num_rollbacks)
        self._describe_start(model)
        notice = signals.SignalNotice()
        with signals.handled_by(notice.receive, *signals.ENDINGS):
            try:
                while model.step.numpy() < self._num_steps():
                    self._fit_epochs(model, state, notice)
                    state = None
            except tf.errors.OpError as error:
                # Only the chief stops; the others then miss it. It must not
                # miss one that stopped a step before.
                if notice.received and is_worker_loss(error):
                    raise notice.ending() from None
                raise
        if notice.received:  # After the last step.
            raise notice.ending()
        return model

    def _fit_epochs(self, model, state, notice):
        """Ends an epoch that was begun, or else trains all that remain."""
        step = int(model.step.numpy())
        epoch, num_done = divmod(step, self.steps_per_epoch)
        last = epoch + 1 if num_done else self.config.epochs
        model.fit(
            self._batches(range(step, last * self.steps_per_epoch)),
            epochs=last,
            initial_epoch=epoch,
            steps_per_epoch=self.steps_per_epoch - num_done,
            shuffle=False,  # It is done: batches.training_batches.
            verbose=self._verbosity(),
            callbacks=self._callbacks(epoch, state, notice),
        )

    def _restored_model(self, rate_factor):
        config = self.config.replace(
            generator_learning_rate=rate_factor
            * self.config.generator_learning_rate,
            discriminator_learning_rate=rate_factor
            * self.config.discriminator_learning_rate,
        )
        model = build_model(config, to_float(self.images[:NUM_IMAGES]))
        state = self.workdir.checkpoints.restore(model)
        if not config.learning_rate_decay_steps:
            # The checkpoint may be from before a rollback.
            model.generator_optimizer.learning_rate = (
                config.generator_learning_rate
            )
            model.discriminator_optimizer.learning_rate = (
                config.discriminator_learning_rate
            )
        step = int(model.step.numpy())
        if not agree(self.strategy, step):
            raise InputError(
                "All workers must see the same workdir. Received: a worker "
                f"that stands at step {step}, unlike others"
            )
        if self.workdir.training.exists() and not step:
            raise InputError(
                "A finished workdir must have its checkpoints to train on; or "
                f"use another workdir. Received: {self.workdir.path}, without "
                "checkpoints"
            )
        return model, state

    def _num_steps(self):
        return self.config.epochs * self.steps_per_epoch

    def _batches(self, steps):
        return self.strategy.distribute_datasets_from_function(
            lambda context: self._shares(
                steps,
                batches.replicas_of(context),
                context.num_replicas_in_sync,
            )
        )

    def _shares(self, steps, replicas, num_replicas):
        config = self.config
        dataset = batches.training_batches(
            self.images,
            config.batch_size,
            config.seed,
            steps,
            self.steps_per_epoch,
            replicas,
            num_replicas,
            self.labels,
            config.balanced_classes,
        )
        if not self.labelled:
            return dataset
        return labelled_data.add_labelled(
            dataset,
            self.images,
            self.labelled,
            labelled_images.batch_size(config),
            config.seed,
            steps,
            replicas,
            num_replicas,
        )

    def _callbacks(self, epoch, state, notice):
        checkpoints = self.workdir.checkpoints
        if not self.is_chief:
            return [callbacks.StopOnNonFinite()]
        return [
            callbacks.StopOnNonFinite(),
            callbacks.ContinueMeans(state),
            callbacks.WriteHistory(self.workdir.history, epoch),
            DrawPictures(self.pictures, self.execution.picture_every_epochs),
            callbacks.WriteCheckpoint(
                checkpoints, self.execution.checkpoint_every_steps
            ),
            callbacks.StopAtSignal(notice, checkpoints),
            keras.callbacks.TensorBoard(self.workdir.path / "logs"),
        ]

    def _verbosity(self):
        if not self.is_chief:
            return 0
        return 1 if sys.stdout.isatty() else 2

    def _describe_start(self, model):
        if not self.is_chief:
            return
        start, step = "Training", int(model.step.numpy())
        if step:
            start = f"Continuing after step {step}"
        print(
            f"{start} on {len(self.images)} images of {self.config.dataset}, "
            f"to epoch {self.config.epochs}, in {self.workdir.path}; "
            f"{describe(self.strategy)}."
        )
        print(summary.EXPLANATION)

    def _check_rollback(self, error, rollbacks):
        _, newest = self.workdir.checkpoints.newest()
        place = newest or "the beginning (there is none yet)"
        if self.execution.on_nonfinite == "stop":
            raise InputError(
                f"{error}. The last good checkpoint is {place}; go on from it "
                "with --on_nonfinite=rollback, or start anew with lower "
                "learning rates"
            ) from None
        if len(rollbacks) == MAX_ROLLBACKS:
            raise InputError(
                f"{error}, after {MAX_ROLLBACKS} rollbacks. The last good "
                f"checkpoint is {place}; start anew with lower learning rates"
            ) from None
        if self.is_chief:
            factor = ROLLBACK_FACTOR ** (len(rollbacks) + 1)
            print(
                f"warning: {error}. Going back to {place}, with both learning "
                f"rates at {factor:g} of their first values",
                file=sys.stderr,
            )
