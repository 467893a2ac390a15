import os
import subprocess
import sys

from recollect.cli._jax import prepare_jax
from recollect.cli._places import cache_folder

# In a process of its own: JAX reads its settings once.
PROGRAM = """
import os, warnings
warnings.simplefilter("error")
{before}
from recollect.cli._jax import prepare_jax
prepare_jax()
import jax
jax.jit(lambda x: x * 2 + 1)(3.0)
print(jax.config.jax_compilation_cache_dir)
print(jax.default_backend())
"""


def _run(before="", **environment):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(before=before)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_compiled_code_is_kept_in_the_cache(tmp_path, no_jax_settings):
    folder, backend = _run(RECOLLECT_CACHE=str(tmp_path))
    assert folder == str(tmp_path / "compiled")
    assert any((tmp_path / "compiled").iterdir())
    assert backend == "cpu"


def test_settings_count_when_jax_is_there_already(tmp_path, no_jax_settings):
    folder, _ = _run("import jax", RECOLLECT_CACHE=str(tmp_path))
    assert folder == str(tmp_path / "compiled")
    assert any((tmp_path / "compiled").iterdir())


def test_the_users_settings_stay(tmp_path, no_jax_settings):
    other = tmp_path / "other"
    folder, _ = _run(RECOLLECT_CACHE=str(tmp_path), JAX_COMPILATION_CACHE_DIR=str(other))
    assert folder == str(other)


def test_a_cache_that_cannot_be_made_is_done_without(tmp_path, no_jax_settings, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RECOLLECT_CACHE", str(tmp_path / "file"))
    prepare_jax()
    assert "JAX_COMPILATION_CACHE_DIR" not in os.environ
    assert os.environ["JAX_PLATFORMS"] == "cpu"


def test_the_cache_is_where_the_user_says_or_in_their_cache_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RECOLLECT_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.setenv("RECOLLECT_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder().name == "recollect"
    assert cache_folder().is_absolute()
