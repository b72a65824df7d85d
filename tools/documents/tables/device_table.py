"""The table of results/tflite.jsonl: what each LiteRT form costs.

`export.tflite --check` measured the forms, a line of the file for each seed.
The table has the mean and the standard deviation over the seeds.
"""

from ali_keras import markdown
from ali_keras.evaluation import metrics_text
from tools.documents import records
from tools.documents.tables.run_tables import mean_and_spread

# What the check measures: names of results, see `metrics_text.titles`.
RESULTS = (
    "nearest_neighbour_accuracy.z_mean",
    "reconstruction_agreement",
    "reconstruction_error",
)


def devices():
    """Returns the table of the forms' metrics over the seeds."""
    seeds = [
        run["metrics"]["forms"] for run in records.read(records.path("tflite"))
    ]
    titles = [metrics_text.titles()[path] for path in RESULTS]
    rows = [
        [form, *(_cell(seeds, form, path) for path in RESULTS)]
        for form in seeds[0]
    ]
    return markdown.table(["form", *titles], rows)


def _cell(seeds, form, path):
    # The forms' results are flat: the accuracy is that of z_mean.
    name = path.partition(".")[0]
    return mean_and_spread([forms[form][name] for forms in seeds], path)
