"""A model of a few words in the form of sentence encoders: a folder with ONNX and a tokenizer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

VECTORS = {
    "dog": (1.0, 0.0, 0.0, 0.2),
    "hound": (0.9, 0.1, 0.0, 0.2),
    "cat": (0.0, 1.0, 0.0, 0.0),
    "car": (0.0, 0.0, 1.0, 0.0),
}
_DIM = 4


def make_model(folder: Path, *, within: str = "", pooling: str | None = None) -> Path:
    """Write the model: each word's vector is a row of a table.

    Args:
        folder: to write into.
        within: folder in it for the ONNX file.
        pooling: name of the way to pool, said where sentence-transformers says it.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    from tokenizers import Tokenizer, models, pre_tokenizers

    place = folder / within
    place.mkdir(parents=True, exist_ok=True)
    numbers = {"[PAD]": 0, "[UNK]": 1} | {word: at for at, word in enumerate(VECTORS, 2)}
    tokenizer = Tokenizer(models.WordLevel(numbers, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"model_max_length": 16, "pad_token": "[PAD]"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    if pooling is not None:
        (folder / "1_Pooling").mkdir()
        modes = {"word_embedding_dimension": _DIM, f"pooling_mode_{pooling}": True}
        (folder / "1_Pooling" / "config.json").write_text(json.dumps(modes))
    table = np.vstack([np.zeros(_DIM), np.full(_DIM, 0.01), *map(np.array, VECTORS.values())])
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "input_ids"], ["last_hidden_state"])],
        "tiny",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["text", "token"])],
        [
            helper.make_tensor_value_info(
                "last_hidden_state", TensorProto.FLOAT, ["text", "token", _DIM]
            )
        ],
        [numpy_helper.from_array(table.astype(np.float32), "table")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.save(model, str(place / "model.onnx"))
    return folder
