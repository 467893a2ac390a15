"""The command line, one file a command."""

import click


@click.group()
def main() -> None:
    """Predict what a learner remembers, and say why."""
