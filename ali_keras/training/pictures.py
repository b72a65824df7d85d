"""Pictures of a run: at its end, and as training goes on."""

import keras
import tensorflow as tf

from ali_keras import files
from ali_keras.evaluation import mixtures
from ali_keras.plotting import curves
from ali_keras.plotting import grids
from ali_keras.plotting import mixture_panels

NUM_SAMPLES = 100
NUM_HELD_OUT = 50
NUM_ENDS = 20  # Of interpolations.


class Pictures:
    """Draws the model of a run.

    Images are drawn as grids, and a mixture of Gaussians as panels. Other
    points have no pictures.

    Args:
        config: `Config`.
        workdir: `Workdir`.
        held_out: Array of held-out images or points.
        labels: Array of their labels, for a conditional model; others do not
            look at it.
    """

    def __init__(self, config, workdir, held_out, labels=None):
        self.config = config
        self.workdir = workdir
        self.held_out = held_out
        self.labels = None if config.conditional == "none" else labels
        self.images, self.image_labels = grids.choose_labelled(
            held_out, self.labels, NUM_HELD_OUT, config.seed
        )
        self.mixture = mixtures.find(config.dataset)

    def draw_end(self, model):
        """Writes all pictures and the losses into the workdir."""
        self.draw(model, self.workdir.path)
        if not self.mixture and model.bounded:
            grids.write_png(
                self.workdir.path / "interpolations.png",
                grids.interpolations(
                    model, self.images[:NUM_ENDS], labels=self.image_labels
                ),
            )
        history = files.read_json(self.workdir.history)
        curves.plot_losses(self.workdir.path / "losses.png", history)

    def draw(self, model, folder, suffix=""):
        """Writes samples and reconstructions, or the panels of a mixture.

        Args:
            model: `ALI`. Its averages are drawn, and nothing in it changes.
            folder: Path.
            suffix: String, at the end of each name.

        Returns:
            Dictionary: the path of each picture by its name.
        """
        paths = {}
        if self.mixture:
            paths["mixture"] = folder / f"mixture{suffix}.png"
            points, seed = self.held_out, self.config.seed
            mixture_panels.draw(
                paths["mixture"],
                model,
                self.mixture,
                points,
                seed,
                self.labels,
            )
        elif model.bounded:  # Other points have no picture.
            for name, grid in (
                (
                    "samples",
                    grids.samples(
                        model, NUM_SAMPLES, self.config.seed, self.labels
                    ),
                ),
                (
                    "reconstructions",
                    grids.reconstructions(
                        model, self.images, self.image_labels
                    ),
                ),
            ):
                paths[name] = folder / f"{name}{suffix}.png"
                grids.write_png(paths[name], grid)
        return paths


class DrawPictures(keras.callbacks.Callback):
    """Draws every few epochs, into the workdir and for TensorBoard.

    Place it before `WriteCheckpoint`: a run that is killed between the two
    draws the same pictures again. After it, they would be missing.

    Args:
        pictures: `Pictures`.
        every_epochs: Integer. 0 is never.
    """

    def __init__(self, pictures, every_epochs):
        super().__init__()
        self.pictures = pictures
        self.every_epochs = every_epochs
        self.writer = None

    def on_epoch_end(self, epoch, logs=None):
        number = epoch + 1
        if not self.every_epochs or number % self.every_epochs:
            return
        paths = self.pictures.draw(
            self.model,
            self.pictures.workdir.pictures,
            f"_epoch_{number:04d}",
        )
        if self.writer is None:  # Without pictures there is no file.
            folder = self.pictures.workdir.path / "logs" / "pictures"
            self.writer = tf.summary.create_file_writer(str(folder))
        with self.writer.as_default():
            for name, path in paths.items():
                picture = tf.io.decode_png(path.read_bytes())
                tf.summary.image(name, picture[tf.newaxis], step=epoch)
        self.writer.flush()

    def on_train_end(self, logs=None):
        if self.writer is not None:
            self.writer.close()
