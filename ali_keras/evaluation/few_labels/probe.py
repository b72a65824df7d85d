"""The paper's SVM of a trained model, beside its baselines."""

from ali_keras.evaluation.few_labels import draws
from ali_keras.evaluation.few_labels import representations
from ali_keras.evaluation.few_labels import support_vectors
from ali_keras.evaluation.untrained import build_untrained
from ali_keras.progress import silent

# What the result says of how it was made.
PROTOCOL = (
    "scikit-learn's LinearSVC (squared hinge, L2), nothing scaled; cost of "
    "exp(linspace(-20, 20, 50)) chosen once on the last images of the training "
    "split; mean and standard deviation of the error on the held-out split"
)


def measure(model, config, data, kinds, protocol, progress=silent):
    """Measures features of an encoder, the untrained one, PCA and pixels.

    Args:
        model: `ALI`.
        config: `Config` of its training.
        data: `LabelledData`.
        kinds: List of `svm_features.SVM_FEATURES` and outputs of the encoder.
        protocol: `support_vectors.Protocol`.
        progress: Function as `progress.silent`.

    Returns:
        Dictionary for JSON. The name of its last entry, see `result_name`,
        says the protocol; the entry is what `support_vectors.measure` returns.

    Raises:
        InputError: if a class has fewer labels than asked for.
    """
    images, labels = data.pool
    draws.check(labels, protocol.num_per_class, data.num_classes)
    untrained = build_untrained(config, images, progress)
    compared = representations.beside_baselines(kinds, model, untrained, images)
    errors = support_vectors.measure(compared, data, protocol, progress)
    return {
        "protocol": PROTOCOL,
        "dataset": config.dataset,
        "seed": protocol.seed,
        "num_classes": data.num_classes,
        "num_pool": len(labels),
        "num_validation": len(data.validation[1]),
        "num_test": data.num_test,
        result_name(protocol): errors,
    }


def result_name(protocol):
    """Returns the name of the errors in the results."""
    return (
        f"svm_error_of_{protocol.num_draws}_draws_of_"
        f"{protocol.num_per_class}_labels_a_class"
    )


def table(results):
    """Formats the results of `measure` as text for people."""
    [(name, errors)] = [x for x in results.items() if x[0].startswith("svm_")]
    lines = [f"{name.replace('_', ' ')}, on {results['num_test']:,} images:"]
    for features, found in errors.items():
        line = (
            f"  {features:<18}{found['num_features']:>7,} features "
            f"{found['mean']:>8.2%} +- {found['std']:.2%}"
            f"   cost {found['cost']:.2g}"
        )
        if found["num_not_converged"]:
            line += (
                f"   ({found['num_not_converged']} of {found['num_fits']} "
                "fits had not converged)"
            )
        lines.append(line)
    return "\n".join(lines)
