"""Draws the loss curves of a training."""

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ali_keras import files


def plot_losses(path, history):
    """Plots the losses and the discriminator's accuracy per epoch.

    Args:
        path: Path of the PNG file.
        history: Dictionary of lists, as `callbacks.WriteHistory` writes it.
    """
    figure = Figure(figsize=(8, 3.5), layout="constrained")
    losses, accuracy = figure.subplots(1, 2)
    epochs = range(1, len(history["discriminator_loss"]) + 1)
    # One epoch makes no line.
    marker = "o" if len(epochs) == 1 else "-"
    for name in ("discriminator_loss", "generator_loss"):
        label = name.replace("_", " ")
        losses.plot(epochs, history[name], marker, label=label)
    losses.set(xlabel="epoch", ylabel="loss", ylim=(0, None))
    losses.legend()
    accuracy.plot(epochs, history["discriminator_accuracy"], marker)
    accuracy.axhline(0.5, color="grey", linestyle=":")
    accuracy.set(xlabel="epoch", ylabel="discriminator accuracy", ylim=(0, 1))
    for axes in (losses, accuracy):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    with files.replacing(path) as temporary:
        figure.savefig(temporary, dpi=150)
