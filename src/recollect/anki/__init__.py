"""Moving in and out: packages of Anki, text files, and what other programs read. No JAX here.

::

    from recollect.anki import import_package
    from recollect.collection import open_collection

    with open_collection("collection.db") as collection:
        summary = import_package(collection, "deck.apkg", dry_run=True)
        print(summary.notes.added, "notes would be added")
"""

from recollect.anki.exporting import ExportSummary, export_package
from recollect.anki.file_importing import import_file
from recollect.anki.importing import import_package
from recollect.anki.summary import ImportSummary, Tally
from recollect.anki.text_exporting import export_csv, export_parquet
from recollect.anki.text_importing import import_sample, import_text

__all__ = [
    "ExportSummary",
    "ImportSummary",
    "Tally",
    "export_csv",
    "export_package",
    "export_parquet",
    "import_file",
    "import_package",
    "import_sample",
    "import_text",
]
