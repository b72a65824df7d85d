"""From a configuration to a trained model in a workdir."""

import tensorflow as tf

from ali_keras.data import batches
from ali_keras.data import labels
from ali_keras.data import sources
from ali_keras.data import splits
from ali_keras.distribution import strategy as distribution
from ali_keras.distribution.replicas import wait_for_all
from ali_keras.errors import InputError
from ali_keras.training import conditioning
from ali_keras.training import labelled_images
from ali_keras.training import summary
from ali_keras.training.execution import Execution
from ali_keras.training.loop import TrainingLoop
from ali_keras.training.pictures import Pictures
from ali_keras.workdir.workdir import Workdir


def train(config, workdir, execution=None):
    """Trains, from the newest checkpoint if there is one, and draws pictures.

    Writes the files that `workdir.file_list` lists, losses.png and the
    pictures samples.png, reconstructions.png and interpolations.png, or for a
    mixture of Gaussians mixture.png. Where there are several workers, each
    calls this, and the chief writes.

    Args:
        config: `Config`.
        workdir: Path of a folder, new or of the same configuration. All
            workers must see the same.
        execution: `Execution`. Defaults to `Execution()`.

    Raises:
        InputError: if data, workdir or configuration do not allow it, or
            losses or variables are not finite.
        Terminated: at SIGTERM, after a checkpoint has been written.
        Interrupted: at Ctrl-C, likewise.
    """
    execution = execution or Execution()
    workdir = Workdir(workdir, execution.keep_checkpoints)
    if execution.deterministic:
        tf.config.experimental.enable_op_determinism()
    strategy = distribution.create_strategy(
        execution.strategy, execution.num_virtual_devices
    )
    is_chief = distribution.is_chief(strategy)
    _check_replicas(config, strategy)
    config = conditioning.as_recorded(config, workdir)
    labelled_images.check(config, strategy.num_replicas_in_sync)
    workdir.check(config)
    if workdir.is_finished(config):
        print(f"{workdir.path} is finished: {config.epochs} epochs trained.")
        print(summary.list_commands(workdir))
        return
    if not is_chief:
        wait_for_all(strategy)  # The chief prepares data and workdir.
    config, train_data, held_out, builder = _load_data(
        config, execution, is_chief
    )
    labelled = labelled_images.choose(config, builder, train_data[1])
    loop = TrainingLoop(
        config, workdir, execution, strategy, *train_data, labelled
    )
    loop.check_epochs()
    if is_chief:
        _train_and_write(loop, held_out, builder)
    else:
        loop.run()
    wait_for_all(strategy)  # The chief also has pictures to draw.


def _train_and_write(loop, held_out, builder):
    workdir, config = loop.workdir, loop.config
    label_names = sources.label_names(builder)
    with workdir.locked():
        workdir.claim(config)
        conditioning.write_names(workdir, config, builder)
        if loop.labelled:
            labelled_images.write(workdir, config, builder, loop.labelled)
        wait_for_all(loop.strategy)  # They read the workdir from here on.
        pictures = Pictures(config, workdir, *held_out)
        model = loop.run(pictures)
        pictures.draw_end(model)
        workdir.finish(model, config, label_names)
        summary.tell(model, workdir, *held_out)


def _check_replicas(config, strategy):
    num_replicas = strategy.num_replicas_in_sync
    if config.batch_size % num_replicas:
        raise InputError(
            "batch_size must be divisible by the number of replicas, "
            f"{num_replicas}. Received: {config.batch_size}"
        )
    if num_replicas > 1 and config.jit_compile == "true":
        raise InputError(
            "jit_compile must be auto or false on several replicas: XLA does "
            f"not compile across devices. Received: true, {num_replicas} "
            "replicas"
        )


def _load_data(config, execution, tell):
    builder = sources.open_dataset(
        config.dataset,
        config.data_dir,
        execution.download,
        execution.skip_bad_images,
        execution.max_image_pixels,
    )
    config = conditioning.of_dataset(config, builder)
    size, _, channels = config.image_shape
    if tell:
        words = splits.describe_images(builder, size, channels)
        print(f"Images are {words}.")
    train_data, held_out = (
        splits.load_labelled(builder, split, config, execution.max_image_pixels)
        for split in splits.split_names(builder, config.train_split)
    )
    batches.check_batch_size(config.batch_size, len(train_data[0]))
    if config.balanced_classes:
        labels.check_balanced(train_data[1])
    return config, train_data, held_out, builder
