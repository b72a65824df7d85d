"""The bundle for TF Serving: what lies in it, all of it or nothing."""

import re
import shutil

import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_serving.apis import prediction_log_pb2
from tensorflow_serving.config import model_server_config_pb2

import ali_keras
from ali_keras import InputError
from export import serving
from export import warmup
from export.saved_model import export_saved_models
from export.serving import settings
from export.serving import write
from tests import programs

NAMES = ("encoder", "decoder", "reconstructor")


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Folder of servables of one version, with a reconstructor."""
    folder = tmp_path_factory.mktemp("exported")
    with programs.tiny_networks():
        config = ali_keras.Config.from_preset("mnist", precision="float32")
        model = ali_keras.build_model(config)
    export_saved_models(model, config, folder, reconstructor=True)
    return folder


@pytest.fixture(scope="module")
def saved_models(exported, tmp_path_factory):
    """Folder of servables of two versions."""
    folder = tmp_path_factory.mktemp("saved_models")
    for name in NAMES:
        for version in "12":
            shutil.copytree(exported / name / "1", folder / name / version)
    return folder


@pytest.fixture(scope="module")
def bundle(saved_models, tmp_path_factory):
    """A bundle with a canary, without batching."""
    output = tmp_path_factory.mktemp("bundles") / "bundle"
    return write.write_bundle(saved_models, output, 1, canary_version=2)


@pytest.fixture(scope="module")
def batching(exported, tmp_path_factory):
    """A bundle of one version, with batching."""
    output = tmp_path_factory.mktemp("bundles") / "bundle"
    return write.write_bundle(exported, output, batching=True)


def models_config(bundle):
    """The configuration of each model by its name, as the server reads it."""
    config = model_server_config_pb2.ModelServerConfig()
    text_format.Parse((bundle / "models.config").read_text(), config)
    return {model.name: model for model in config.model_config_list.config}


def warmup_requests(path):
    records = tf.data.TFRecordDataset(str(path / warmup.FILE))
    return [
        prediction_log_pb2.PredictionLog.FromString(record).predict_log.request
        for record in records.as_numpy_iterator()
    ]


def test_stable_and_canary_are_served_under_their_labels(bundle):
    models = models_config(bundle)
    assert tuple(models) == NAMES
    for name, model in models.items():
        assert model.base_path == f"/bundle/models/{name}"
        assert model.model_platform == "tensorflow"
        assert model.model_version_policy.specific.versions == [1, 2]
        assert dict(model.version_labels) == {"stable": 1, "canary": 2}


def test_without_a_canary_the_newest_version_is_stable(exported, batching):
    assert list(exported.glob("encoder/*")) == [exported / "encoder" / "1"]
    for model in models_config(batching).values():
        assert model.model_version_policy.specific.versions == [1]
        assert dict(model.version_labels) == {"stable": 1}


def test_the_models_are_those_exported_and_take_no_space(saved_models, bundle):
    assert programs.snapshot(bundle / "models") == programs.snapshot(
        saved_models
    )
    for path in saved_models.rglob("saved_model.pb"):
        copy = bundle / "models" / path.relative_to(saved_models)
        assert copy.samefile(path)


def test_where_links_are_impossible_the_models_are_copied(
    exported, tmp_path, monkeypatch
):
    def no_link(source, destination):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(write.os, "link", no_link)
    bundle = write.write_bundle(exported, tmp_path / "bundle")
    source = exported / "decoder" / "1" / "saved_model.pb"
    copy = bundle / "models" / "decoder" / "1" / "saved_model.pb"
    assert copy.read_bytes() == source.read_bytes()
    assert not copy.samefile(source)


def test_any_user_may_read_the_bundle(bundle):
    # As far as the umask goes; a temporary folder would be closed.
    modes = {path: path.stat().st_mode for path in (bundle, *bundle.rglob("*"))}
    assert all(mode & 0o004 for mode in modes.values())
    assert all(modes[path] & 0o001 for path in modes if path.is_dir())


def test_a_batching_server_warms_up_only_what_it_takes(
    bundle, batching, exported
):
    def signatures(folder, name):
        requests = warmup_requests(folder / name / "1")
        return {request.model_spec.signature_name for request in requests}

    both = {"encode", "features", "encode_jpeg"}
    assert signatures(batching / "models", "encoder") == both
    assert signatures(batching / "models", "decoder") == {"decode"}
    for folder in (bundle / "models", exported):  # Linked, and not touched.
        assert signatures(folder, "encoder") == {*both, "sample"}
        assert signatures(folder, "decoder") == {"decode", "generate"}


def test_the_program_writes_a_bundle(saved_models, tmp_path, capsys):
    flags = (f"--saved_models={saved_models}", f"--output={tmp_path}/new/one")
    status = programs.start(
        serving, *flags, "--version=2", "--canary_version=1", "--batching"
    )
    assert status == 0
    assert f"Wrote {tmp_path}/new/one." in capsys.readouterr().out
    model = models_config(tmp_path / "new" / "one")["decoder"]
    assert dict(model.version_labels) == {"stable": 2, "canary": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["one"]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--version=3"], r"hold encoder/VERSION.* without 3"),
        (["--version=1", "--canary_version=7"], "encoder, without 7"),
        (["--version=1", "--canary_version=1"], "must be another.*1 for both"),
        (["--saved_models=missing"], "missing/encoder, without any"),
    ],
)
def test_the_program_refuses_versions_that_are_not_there(
    saved_models, tmp_path, capsys, flags, expected
):
    first = (f"--saved_models={saved_models}", f"--output={tmp_path}/bundle")
    status = programs.start(serving, *first, *flags)
    line = programs.error_line(status, capsys.readouterr())
    assert re.search(expected, line)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["decoder", "reconstructor"])
def test_all_servables_must_have_the_canary(saved_models, tmp_path, name):
    shutil.copytree(saved_models, tmp_path / "half")
    shutil.rmtree(tmp_path / "half" / name / "2")
    with pytest.raises(InputError, match=f"{name}, without 2"):
        write.write_bundle(tmp_path / "half", tmp_path / "bundle", 1, 2)
    assert not (tmp_path / "bundle").exists()


def test_a_reconstructor_need_not_be(saved_models, tmp_path):
    for name in NAMES[:2]:
        shutil.copytree(saved_models / name, tmp_path / "two" / name)
    bundle = write.write_bundle(tmp_path / "two", tmp_path / "bundle")
    assert tuple(models_config(bundle)) == NAMES[:2]


@pytest.mark.parametrize("is_folder", [True, False])
def test_what_is_there_is_not_overwritten(exported, tmp_path, is_folder):
    output = tmp_path / "bundle"
    kept = output / "kept" if is_folder else output
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("old")
    before = programs.snapshot(tmp_path)
    with pytest.raises(InputError, match="new or empty.*bundle, which exists"):
        write.write_bundle(exported, output)
    assert programs.snapshot(tmp_path) == before


def test_an_empty_folder_is_filled(exported, tmp_path):
    assert write.write_bundle(exported, tmp_path) == tmp_path
    assert (tmp_path / "models.config").exists()


@pytest.mark.parametrize("error", [OSError(28, "No space left"), ValueError()])
def test_a_failure_leaves_nothing(exported, tmp_path, monkeypatch, error):
    def full_disk(*_):
        raise error

    monkeypatch.setattr(settings, "models_config", full_disk)
    expected = InputError if isinstance(error, OSError) else ValueError
    with pytest.raises(expected):
        write.write_bundle(exported, tmp_path / "bundle")
    assert not list(tmp_path.iterdir())
