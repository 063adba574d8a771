import io
import json

import pandas as pd
import pytest

from linkage.statistics import table_schema
from linkage.statistics.tables import COLUMNS, KEY, csv_bytes, tidy


def schema(publication):
    return json.loads(table_schema.json(publication))


@pytest.mark.parametrize("name", ["exact", "guarded", "several"])
def test_the_tidy_file_is_valid_by_its_schema(name, request):
    publication = request.getfixturevalue(name)
    rows = pd.read_csv(io.BytesIO(csv_bytes(tidy(publication))), dtype=str, keep_default_na=False)
    described = schema(publication)
    assert [field["name"] for field in described["fields"]] == list(rows.columns) == list(COLUMNS)
    assert described["missingValues"] == [""]
    assert not rows.duplicated(described["primaryKey"]).any()
    for field in described["fields"]:
        values, rules = rows[field["name"]], field.get("constraints", {})
        present = values[values != ""]
        assert len(present) == len(values) or not rules.get("required")
        assert set(present) <= set(rules.get("enum", present))
        if field["type"] == "integer":
            assert present.str.fullmatch("[0-9]+").all()


def test_every_column_is_described_and_the_key_is_required(several):
    described = schema(several)
    assert all(len(field["description"]) > 10 for field in described["fields"])
    assert [field["name"] for field in described["fields"] if field.get("constraints", {}).get("required")] == list(KEY)
