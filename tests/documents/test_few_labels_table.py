"""The table of few labels, from runs that are made up."""

from tools.documents import records
from tools.documents.tables import few_labels_table


def run(name, seed, **errors):
    return {
        "name": name,
        "seed": seed,
        "metrics": {"classification_error": errors},
        "seconds": 60.0 + 120 * seed,
    }


def test_without_runs_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    assert few_labels_table.few_labels() == few_labels_table.NOTHING


def test_methods_stand_beside_each_other(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    runs = [
        run("mnist_1000", 0, z_mean=0.01, z_sampled=0.5),
        run("mnist_100", 0, z_mean=0.02, z_sampled=0.5),
        run("mnist_100", 1, z_mean=0.04, z_sampled=0.5),
    ]
    records.write(records.path("semi_supervised"), runs)
    others = [run("mnist_100_labels", 0, z_zero=0.2)]
    records.write(records.path("few_labels"), others)
    _, _, thousand, hundred = few_labels_table.few_labels().split("\n")
    assert "1,000" in thousand and "1.00 % (1 min)" in thousand
    assert "3.00 ± 1.00 % (2 min)" in hundred and "20.00 %" in hundred
    assert thousand.count("–") == 2 and hundred.count("–") == 1
