"""Metrics as text: titles beside values, in the order of the metrics."""

from ali_keras.evaluation import metrics_text

IMAGES = {
    "num_gallery": 4000,
    "num_queries": 1000,
    "reconstruction_error": 0.03871,
    "mean_sigma": 0.25,
    "nearest_neighbour_accuracy": {"z_mean": 0.96, "z_mean_untrained": 0.5},
    "reconstruction_agreement": 0.93,
    "classifier_accuracy": 0.95,
    "num_samples": 1000,
    "sample_class_shares": {"0": 0.4, "1": 0.6},
    "smallest_class_share": 0.4,
}
POINTS = {
    "num_samples": 10_000,
    "num_queries": 1_024,
    "num_modes": 5,
    "modes_covered": 4,
    "within_radius": 0.9,
    "reconstruction_error": 2.5,
    "mode_shares": [0.2, 0.8],
}


def test_images_have_a_table():
    assert metrics_text.format_metrics(IMAGES).splitlines() == [
        "1000 held-out images, 4000 in the gallery",
        "  reconstruction error (MSE)                      0.0387",
        "  mean sigma                                      0.2500",
        "  1-NN accuracy of z_mean                         0.9600",
        "    of the same encoder untrained                 0.5000",
        "  label accuracy of reconstructions               0.9300",
        "    the classifier's own accuracy (ceiling)       0.9500",
        "  smallest share of a class in 1000 samples       0.4000",
    ]


def test_points_have_a_table():
    assert metrics_text.format_metrics(POINTS).splitlines() == [
        "10000 samples of 5 modes, 1024 held-out points",
        "  modes covered                                        4",
        "  samples within 4 sigma of a mode                0.9000",
        "  reconstruction error (MSE)                      2.5000",
    ]


def test_a_model_card_has_the_numbers_without_a_title_too():
    numbers = dict(metrics_text.list_numbers(IMAGES))
    assert numbers["label accuracy of reconstructions"] == 0.93
    assert numbers["mean sigma"] == 0.25
    assert numbers["num_gallery"] == 4000
    assert not {"reconstruction_error", "sample_class_shares"} & numbers.keys()
