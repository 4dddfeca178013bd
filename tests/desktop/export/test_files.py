"""What there is to take along."""

import io
import subprocess
import sys

import openpyxl
import pytest

from desktop.export import files
from desktop.export.tables import Ask, Unknown
from tests.desktop.export.past import LOCALES, START

NOW = START + 100.0


def test_each_has_a_name_with_its_day_and_its_content(ask: Ask) -> None:
    made = {what: files.make(ask, LOCALES, what, "fr", NOW) for what in files.KINDS}
    day = made["workbook"].name.removeprefix("LAN Counter ").removesuffix(".xlsx")
    assert [one.name for one in made.values()] == [
        f"LAN Counter {day}.xlsx",
        f"LAN Counter {day} Manches.csv",
        f"LAN Counter {day} Changements.csv",
    ]
    content = {what: b"".join(one.pieces) for what, one in made.items()}
    assert openpyxl.load_workbook(io.BytesIO(content["workbook"])).sheetnames[0] == "Manches"
    assert content["rounds"].startswith("\ufeffManche;Titre;".encode())
    assert content["changes"].startswith("\ufeffHeure;".encode())


@pytest.mark.parametrize("what", files.KINDS)
def test_a_round_that_is_not_there_is_unknown_before_anything_is_sent(ask: Ask, what: files.What) -> None:
    with pytest.raises(Unknown):
        next(files.make(ask, LOCALES, what, "en", NOW, 3).pieces)


def test_what_makes_workbooks_is_loaded_when_one_is_made() -> None:
    loaded = "import sys, desktop.export.files, desktop.export.folder; print('xlsxwriter' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
