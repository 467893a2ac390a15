"""Sentence encoders: a model of our own through fastembed, and what is said where one is not."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from recollect.cues import DenseSettings, Encoder, EncoderSettings, encoder_settings
from recollect.errors import EncoderError, MissingExtraError

pytest.importorskip("fastembed", reason="needs recollect[dense]")
pytest.importorskip("onnx", reason="makes the model")

_spec = importlib.util.spec_from_file_location(
    "tiny_model", Path(__file__).with_name("tiny_model.py")
)
tiny_model = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(tiny_model)


@pytest.fixture
def offline(monkeypatch):
    """No request leaves the machine."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture
def fails():
    def failing(settings, *words):
        with pytest.raises(EncoderError) as caught:
            settings.fit([]).encode(["dog"])
        message = str(caught.value)
        assert "\n" not in message
        for word in words:
            assert word in message

    return failing


@pytest.mark.parametrize("within", ["", "onnx"])
def test_a_folder_with_a_model(tmp_path, within):
    settings = DenseSettings(str(tiny_model.make_model(tmp_path / "model", within=within)))
    assert isinstance(settings, EncoderSettings)
    encoder = settings.fit(["of no account"])
    assert isinstance(encoder, Encoder)
    keys = encoder.encode(["dog", "hound", "car", "", "  ", "dog car", "qwerty", "dog " * 10_000])
    assert keys.dtype == np.float32
    assert keys.shape == (8, encoder.dim) == (8, 4)
    np.testing.assert_allclose(np.linalg.norm(keys, axis=1), [1, 1, 1, 0, 0, 1, 1, 1], atol=1e-5)
    vectors = {word: np.array(v) / np.linalg.norm(v) for word, v in tiny_model.VECTORS.items()}
    np.testing.assert_allclose(keys[0], vectors["dog"], atol=1e-5)
    np.testing.assert_allclose(keys[7], vectors["dog"], atol=1e-5)
    mean = np.array(tiny_model.VECTORS["dog"]) + tiny_model.VECTORS["car"]
    np.testing.assert_allclose(keys[5], mean / np.linalg.norm(mean), atol=1e-5)
    alike = encoder.compared(["dog", "dog", ""], ["hound", "car", "dog"])
    np.testing.assert_allclose(alike, [vectors["dog"] @ vectors["hound"], 0, 0], atol=1e-5)
    assert encoder.exact
    assert encoder.encode([]).shape == (0, 4)
    assert not encoder.refit_due(10**6, 10**6)
    again = settings.restored(encoder.arrays())
    np.testing.assert_array_equal(again.encode(["cat"]), encoder.encode(["cat"]))
    assert encoder.strangers(["x"]) == 0


def test_pooling_is_as_the_model_says(tmp_path):
    first = tiny_model.make_model(tmp_path / "first", pooling="cls_token")
    last = tiny_model.make_model(tmp_path / "last", pooling="lasttoken")
    for folder, wanted in ((first, "dog"), (last, "car")):
        encoder = DenseSettings(str(folder)).fit([])
        assert encoder.compared(["dog car"], [wanted]) == pytest.approx(1, abs=1e-5)


def test_a_model_that_changes_is_another(tmp_path):
    folder = tiny_model.make_model(tmp_path / "model")
    before = DenseSettings(str(folder)).identity
    assert DenseSettings(str(folder)).identity == before
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    assert DenseSettings(str(folder)).identity != before
    assert DenseSettings("a/name").identity == "dense a/name"


def test_folders_without_a_model(tmp_path, fails):
    fails(DenseSettings(str(tmp_path / "none")), str(tmp_path / "none"), "no such folder")
    fails(DenseSettings(str(tmp_path)), "model.onnx", "export")
    folder = tiny_model.make_model(tmp_path / "model", pooling="max_tokens")
    fails(DenseSettings(str(folder)), "1_Pooling", "pooling_mode_mean_tokens")
    folder = tiny_model.make_model(tmp_path / "broken")
    (folder / "model.onnx").write_bytes(b"no model")
    fails(DenseSettings(str(folder)), str(folder), "cannot be used")
    folder = tiny_model.make_model(tmp_path / "wordless")
    (folder / "tokenizer.json").unlink()
    fails(DenseSettings(str(folder)), "tokenizer.json")


def test_names_that_nobody_knows(fails):
    fails(DenseSettings("no-such-model"), "no-such-model", "name a folder")


def test_offline_a_model_that_is_not_here_is_one_line(tmp_path, offline, fails, capfd):
    name = "sentence-transformers/all-MiniLM-L6-v2"
    fails(DenseSettings(name, tmp_path), name, "hub cannot be reached", "name a folder")
    fails(DenseSettings(name, tmp_path, may_fetch=False), name, "may not be fetched")
    assert capfd.readouterr().err == ""


def test_without_fastembed_the_extra_is_named(tmp_path, monkeypatch):
    for name in [m for m in sys.modules if m.split(".")[0] == "fastembed"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "fastembed", None)
    with pytest.raises(MissingExtraError, match=r"recollect\[dense\]"):
        DenseSettings(str(tmp_path)).fit([])


def test_encoders_go_by_name(tmp_path):
    assert encoder_settings("dense:/a/b", tmp_path) == DenseSettings("/a/b", tmp_path)
