"""Standard names are two separate lists; plain data becomes frozen dataclasses with every fault named and no value quoted."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from linkage.errors import ExtractError, SchemaError
from linkage.schema import CONTENT, FEATURES, IDENTIFIERS, build, plain, read_toml

FORBID = {"extra": "forbid"}


@dataclass(frozen=True)
class Inner:
    size: int
    tags: tuple[str, ...] = ()
    note: str | None = None
    __pydantic_config__ = FORBID


@dataclass(frozen=True)
class Outer:
    name: str
    inner: tuple[Inner, ...]
    by_name: Mapping[str, Inner] = field(default_factory=dict)
    __pydantic_config__ = FORBID


GOOD = {"name": "a", "inner": [{"size": 1, "tags": ["x"]}], "by_name": {"b": {"size": 2}}}


def test_no_name_number_or_birth_date_is_content():
    telling = {name for name, kind in IDENTIFIERS.items() if kind in {"name", "full_name", "date", "year", "age", "number"}}
    assert len(telling) == 11
    telling |= {"postcode", "address", "email"}
    assert telling <= set(IDENTIFIERS)
    assert not telling & set(CONTENT)
    assert not {"role", "stage", "article"} & set(IDENTIFIERS)


def test_every_feature_is_described_and_begins_with_the_identifier_that_it_is_of():
    for name, meaning in FEATURES.items():
        assert meaning
        assert name.partition(".")[0] in {*IDENTIFIERS, "names", "place"}, "of both names, of district or region, or of one"


def test_the_standard_lists_cannot_be_changed():
    for table in (IDENTIFIERS, CONTENT, FEATURES):
        with pytest.raises(TypeError):
            table["shoe_size"] = "code"


def test_plain_data_becomes_frozen_and_comes_back():
    made = build(Outer, GOOD, "f")
    assert made == Outer("a", (Inner(1, ("x",)),), {"b": Inner(2)})
    assert plain(made) == {"name": "a", "inner": [{"size": 1, "tags": ["x"]}], "by_name": {"b": {"size": 2, "tags": []}}}
    assert build(Outer, plain(made), "f") == made


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": 3}, "name: a valid string"),
        ({"inner": [{"size": "1"}]}, "inner.0.size: a valid integer"),
        ({"inner": [{"size": True}]}, "inner.0.size: a valid integer"),
        ({"inner": [{}]}, "inner.0.size: missing"),
        ({"by_name": {"b": {"size": 1, "sise": 2}}}, "by_name.b.sise: unknown key"),
        ({"nam": "x"}, "nam: unknown key"),
    ],
)
def test_a_fault_is_told_by_its_path(change, said):
    with pytest.raises(SchemaError) as caught:
        build(Outer, {**GOOD, **change}, "f.toml")
    assert (caught.value.file, caught.value.message) == ("f.toml", said)


def test_all_faults_are_told_and_no_value():
    with pytest.raises(SchemaError) as caught:
        build(Outer, {"name": ["Канарейкина"], "inner": [{"size": "Quetzal"}], "more": "Quetzal"}, "f")
    assert len(caught.value.message.splitlines()) == 3
    assert "Quetzal" not in str(caught.value)
    assert "Канарейкина" not in str(caught.value)


def test_toml_that_cannot_be_read_or_parsed_is_told_by_place_not_by_text(tmp_path):
    with pytest.raises(ExtractError, match="cannot be read"):
        read_toml(tmp_path / "none.toml")
    with pytest.raises(ExtractError, match="cannot be read"):
        read_toml(tmp_path)
    bad = tmp_path / "bad.toml"
    bad.write_text('a = 1\nname = "Quetzal" x\n', "utf-8")
    with pytest.raises(SchemaError, match="line 2") as caught:
        read_toml(bad)
    assert "Quetzal" not in str(caught.value)
    bad.write_bytes('a = "Канарейкина"'.encode("cp1251"))
    with pytest.raises(SchemaError, match="encoding"):
        read_toml(bad)
