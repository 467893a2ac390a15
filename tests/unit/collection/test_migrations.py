"""The migrations make exactly the tables that the schema says."""

import re

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect

from recollect.collection import migrating, open_collection
from recollect.collection.schema import metadata


def sqlite_statements(engine):
    """What SQLite keeps of each table and index, without how it was typed."""
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT type, name, sql FROM sqlite_master WHERE name != 'alembic_version' "
            "AND name NOT LIKE 'sqlite_%' AND tbl_name != 'alembic_version'"
        ).all()
    found = {}
    for kind, name, sql in rows:
        text = re.sub(r"\s+", " ", sql).replace('"', "").replace("( ", "(").replace(" )", ")")
        inner = re.split(r", (?=CONSTRAINT|[a-z_]+ [A-Z]+)", text[text.index("(") + 1 : -1])
        found[kind, name] = (text[: text.index("(")], sorted(part.strip(", ") for part in inner))
    return found


def constraints(engine):
    """What PostgreSQL keeps of each constraint and index."""
    with engine.connect() as connection:
        held = connection.exec_driver_sql(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) "
            "FROM pg_constraint WHERE connamespace = current_schema()::regnamespace"
        ).all()
        indexes = connection.exec_driver_sql(
            "SELECT tablename, indexname, regexp_replace(indexdef, ' ON [^ ]*[.]', ' ON ') "
            "FROM pg_indexes WHERE schemaname = current_schema()"
        ).all()
    return {tuple(row) for row in [*held, *indexes] if row[0] != "alembic_version"}


def columns(engine):
    inspector = inspect(engine)
    return {
        (table, column["name"]): (str(column["type"]), column["nullable"], column["default"])
        for table in inspector.get_table_names()
        if table != "alembic_version"
        for column in inspector.get_columns(table)
    }


def test_the_versions_are_written_out():
    config = Config()
    config.set_main_option("script_location", str(migrating.FOLDER))
    scripts = list(ScriptDirectory.from_config(config).walk_revisions())
    assert tuple(script.revision for script in reversed(scripts)) == migrating.REVISIONS


def test_nothing_is_left_to_migrate(where):
    with open_collection(where):
        pass
    engine = create_engine(where if "://" in where else f"sqlite:///{where}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_sqlite_tables_are_those_of_the_schema(tmp_path):
    migrated, made = (create_engine(f"sqlite:///{tmp_path / name}") for name in ("a.db", "b.db"))
    with open_collection(tmp_path / "a.db"):
        metadata.create_all(made)
        assert len(sqlite_statements(made)) > len(metadata.tables)
        assert sqlite_statements(migrated) == sqlite_statements(made)
    for engine in (migrated, made):
        engine.dispose()


def test_postgresql_tables_are_those_of_the_schema(postgresql_url, tmp_path):
    engine = create_engine(postgresql_url)
    with open_collection(postgresql_url):
        migrated = constraints(engine), columns(engine)
    with engine.begin() as connection:
        metadata.drop_all(connection)
        metadata.create_all(connection)
    assert len(migrated[0]) > len(metadata.tables)
    assert migrated == (constraints(engine), columns(engine))
    engine.dispose()


@pytest.mark.parametrize("revision", migrating.REVISIONS)
def test_each_version_says_what_it_does(revision):
    (path,) = (migrating.FOLDER / "versions").glob(f"{revision}_*.py")
    assert f'revision = "{revision}"' in path.read_text(encoding="utf-8")
