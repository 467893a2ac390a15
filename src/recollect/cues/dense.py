"""Keys by the meaning of texts: sentence encoders in the ONNX format, through fastembed.

A model is a folder of the learner's, or a name that fastembed knows and fetches from a hub, once,
if it may. A folder holds ``tokenizer.json``, ``tokenizer_config.json`` and ``model.onnx`` (in it or
in ``onnx/``), as sentence-transformers models on hubs do; how its vectors are pooled is read from
``1_Pooling/config.json`` where that is, and is the mean where it is not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recollect.cues.contract import Arrays, Keys, unit_keys
from recollect.cues.reading import LONGEST
from recollect.errors import EncoderError, MissingExtraError

if TYPE_CHECKING:
    from fastembed import TextEmbedding

__all__ = ["DenseEncoder", "DenseSettings"]

_FILES = ("model.onnx", "onnx/model.onnx")
_BATCH = 64
_PATIENCE_S = 5.0
_EXAMPLE = "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2"
_POOLING = {
    "pooling_mode_cls_token": "CLS",
    "pooling_mode_mean_tokens": "MEAN",
    "pooling_mode_lasttoken": "LAST_TOKEN",
}


@dataclass(frozen=True)
class DenseSettings:
    """Which model makes keys.

    Attributes:
        model: path of a folder, or a name that fastembed knows, such as
            ``"sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2"``.
        cache: where fetched models are kept; None for fastembed's own place.
        may_fetch: whether a model that is not there may be fetched.
    """

    model: str
    cache: Path | None = None
    may_fetch: bool = True

    @property
    def folder(self) -> Path | None:
        """The model's folder; None for one that goes by name."""
        path = Path(self.model).expanduser()
        return path if path.is_dir() else None

    @property
    def identity(self) -> str:
        """The name, or for a folder also what its files are."""
        if self.folder is None:
            return f"dense {self.model}"
        known = [f"dense {self.folder.resolve()}"]
        for path in sorted(self.folder.rglob("*")):
            if path.suffix in (".onnx", ".json") and path.is_file():
                status = path.stat()
                name = path.relative_to(self.folder)
                known.append(f"{name} {status.st_size} {status.st_mtime_ns}")
        return " ".join([known[0], hashlib.sha256("\n".join(known).encode()).hexdigest()])

    def fit(self, texts: Sequence[str]) -> DenseEncoder:
        """The encoder; the texts are of no account.

        Raises:
            EncoderError: the model cannot be loaded, or is not there and cannot be fetched.
            MissingExtraError: fastembed is not installed.
        """
        return DenseEncoder(self)

    def restored(self, arrays: Arrays) -> DenseEncoder:
        """The encoder; see :meth:`fit`."""
        return DenseEncoder(self)


class DenseEncoder:
    """Texts to keys by a model; see :class:`DenseSettings`.

    Raises:
        EncoderError: the model cannot be loaded, or is not there and cannot be fetched.
        MissingExtraError: fastembed is not installed.
    """

    def __init__(self, settings: DenseSettings) -> None:
        self.settings = settings
        self._model = _loaded(settings)

    @cached_property
    def dim(self) -> int:
        """Components of a key."""
        return int(self._vectors(["a"]).shape[1])

    @property
    def exact(self) -> bool:
        """Always: keys are all that there is."""
        return True

    def encode(self, texts: Sequence[str]) -> Keys:
        """The keys of texts, ``[text, dim]``."""
        keys = np.zeros((len(texts), self.dim), np.float32)
        filled = [at for at, text in enumerate(texts) if text and not text.isspace()]
        if filled:
            keys[filled] = unit_keys(self._vectors([texts[at][:LONGEST] for at in filled]))
        return keys

    def compared(self, first: Sequence[str], second: Sequence[str]) -> NDArray[np.float32]:
        """The similarity of each text to the one at its place in the other list."""
        return np.einsum("tk,tk->t", self.encode(first), self.encode(second))

    def strangers(self, texts: Sequence[str]) -> int:
        """None: there is no fit that could not know them."""
        return 0

    def refit_due(self, texts: int, strangers: int = 0) -> bool:
        """Never."""
        return False

    def arrays(self) -> Arrays:
        """None."""
        return {}

    def _vectors(self, texts: list[str]) -> NDArray[Any]:
        try:
            return np.stack(list(self._model.embed(texts, batch_size=_BATCH)))
        except Exception as error:  # onnxruntime's errors have no common base
            raise _failed(self.settings.model, error) from error


def _loaded(settings: DenseSettings) -> TextEmbedding:
    try:
        from fastembed import TextEmbedding
        from loguru import logger
    except ImportError as error:
        raise MissingExtraError("dense", "comparing texts by meaning") from error
    logger.disable("fastembed")  # what went wrong is said once, by the error
    folder = settings.folder
    if folder is None and _looks_like_a_path(settings.model):
        raise EncoderError(f"{settings.model}: there is no such folder with a model")
    try:
        if folder is not None:
            return _of_folder(folder)
        return _of_name(settings, TextEmbedding)
    except EncoderError:
        raise
    except Exception as error:  # onnxruntime's and the tokenizer's have no common base
        raise _failed(settings.model, error) from error


def _of_name(settings: DenseSettings, kind: type[TextEmbedding]) -> TextEmbedding:
    known = {model["model"].lower(): model for model in kind.list_supported_models()}
    found = known.get(settings.model.lower())
    if found is None:
        raise EncoderError(
            f"no model named {settings.model!r}; name a folder that holds one, or a model that "
            f"fastembed lists, such as {_EXAMPLE}"
        )
    cache = None if settings.cache is None else str(settings.cache)
    try:
        return kind(settings.model, cache_dir=cache, local_files_only=True)
    except ValueError as error:
        if not settings.may_fetch:
            raise EncoderError(
                f"the model {settings.model} is not here, and may not be fetched; "
                "name a folder that holds one"
            ) from error
    _ask_the_hub(settings.model, found["sources"].get("hf"))
    return kind(settings.model, cache_dir=cache)


def _ask_the_hub(model: str, source: str | None) -> None:
    """Whether it answers: without one, fastembed tries again and again for the better half of a
    minute."""
    from huggingface_hub import model_info

    if source is None:
        return
    try:
        model_info(source, timeout=_PATIENCE_S)
    except Exception as error:  # of the network or of the hub
        raise EncoderError(
            f"the model {model} is not here, and the hub cannot be reached to fetch it; "
            "check the connection, or name a folder that holds a model"
        ) from error


def _of_folder(folder: Path) -> TextEmbedding:
    from fastembed import TextEmbedding
    from fastembed.common.model_description import ModelSource, PoolingType

    file = next((file for file in _FILES if (folder / file).is_file()), None)
    if file is None:
        raise EncoderError(
            f"{folder}: there is no {' or '.join(_FILES)}; export the model to ONNX first"
        )
    pooling = PoolingType[_pooling_of(folder)]
    name = f"{folder.resolve()} {file} {pooling.name}"
    if name not in {model["model"] for model in TextEmbedding.list_supported_models()}:
        TextEmbedding.add_custom_model(
            name,
            pooling=pooling,
            normalization=True,
            sources=ModelSource(url="file:"),  # one must be named; the folder is what is read
            dim=0,
            model_file=file,
        )
    return TextEmbedding(name, specific_model_path=str(folder))


def _pooling_of(folder: Path) -> str:
    path = folder / "1_Pooling" / "config.json"
    if not path.is_file():
        return "MEAN"
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        modes = [mode for mode in said if mode.startswith("pooling_mode_") and said[mode]]
        (mode,) = modes
        return _POOLING[mode]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise EncoderError(
            f"{path}: of the ways to pool vectors one can be used, of {', '.join(_POOLING)}"
        ) from error


def _looks_like_a_path(model: str) -> bool:
    return model.startswith((".", "/", "~")) or "\\" in model or model.endswith("/")


def _failed(model: str, error: Exception) -> EncoderError:
    reason = " ".join(str(error).split())[:200] or type(error).__name__
    return EncoderError(f"{model}: the model cannot be used: {reason}")
