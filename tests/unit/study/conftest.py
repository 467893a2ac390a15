"""The fixtures of the scheduling's tests."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

_spec = spec_from_file_location(
    "scheduling_fixtures", Path(__file__).parents[1] / "scheduling" / "conftest.py"
)
_fixtures = module_from_spec(_spec)
_spec.loader.exec_module(_fixtures)

postgresql_server = _fixtures.postgresql_server
postgresql_url = _fixtures.postgresql_url
where = _fixtures.where
clock = _fixtures.clock
opened = _fixtures.opened
collection = _fixtures.collection
sqlite = _fixtures.sqlite
fill = _fixtures.fill
