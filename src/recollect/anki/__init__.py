"""Moving in and out: packages of Anki, text files, and what other programs read. No JAX here.

::

    from recollect.anki import import_package
    from recollect.collection import open_collection

    with open_collection("collection.db") as collection:
        summary = import_package(collection, "deck.apkg", dry_run=True)
        print(summary.notes.added, "notes would be added")
"""

from recollect.anki.exporting import ExportSummary, export_package
from recollect.anki.importing import import_package
from recollect.anki.summary import ImportSummary, Tally

__all__ = ["ExportSummary", "ImportSummary", "Tally", "export_package", "import_package"]
