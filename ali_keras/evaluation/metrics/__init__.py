"""The metrics, by name. The results stand in this order.

To add one, write a file beside the others and name its metric in `METRICS`.
"""

from ali_keras.evaluation.metrics import between_class_variance
from ali_keras.evaluation.metrics import class_shares
from ali_keras.evaluation.metrics import classification_error
from ali_keras.evaluation.metrics import classifier_score
from ali_keras.evaluation.metrics import image_counts
from ali_keras.evaluation.metrics import label_accuracy
from ali_keras.evaluation.metrics import mean_sigma
from ali_keras.evaluation.metrics import mixture_modes
from ali_keras.evaluation.metrics import nearest_neighbour_accuracy
from ali_keras.evaluation.metrics import reconstruction_error
from ali_keras.evaluation.metrics import samples_of_attributes
from ali_keras.evaluation.metrics import samples_of_classes

METRICS = {
    "mixture_modes": mixture_modes.METRIC,
    "image_counts": image_counts.METRIC,
    "reconstruction_error": reconstruction_error.METRIC,
    "mixture_mode_shares": mixture_modes.SHARES,
    "mean_sigma": mean_sigma.METRIC,
    "between_class_variance": between_class_variance.METRIC,
    "nearest_neighbour_accuracy": nearest_neighbour_accuracy.METRIC,
    "classification_error": classification_error.METRIC,
    "label_accuracy": label_accuracy.METRIC,
    "class_shares": class_shares.METRIC,
    "classifier_score": classifier_score.METRIC,
    "samples_of_classes": samples_of_classes.METRIC,
    "samples_of_attributes": samples_of_attributes.METRIC,
}
