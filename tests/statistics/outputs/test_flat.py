from linkage.statistics.flat import Line, flat


def test_numbers_of_a_mapping_are_measures_of_its_section():
    assert list(flat({"linkage": {"records": 3, "method": "average"}})) == [
        Line("linkage", (), "records", 3),
        Line("linkage", (), "method", "average"),
    ]


def test_texts_of_an_item_say_what_its_numbers_are_of():
    assert list(flat({"lists": [{"name": "police", "role": "victim", "records": 5, "persons": 4}]})) == [
        Line("lists", (("name", "police"), ("role", "victim")), "records", 5),
        Line("lists", (("name", "police"), ("role", "victim")), "persons", 4),
    ]


def test_mappings_in_mappings_are_subjects():
    assert list(flat({"by year": {"2018": {"new": 2}}})) == [Line("by year", (("", "2018"),), "new", 2)]


def test_a_bare_value_is_a_section_of_its_own_and_nothing_is_left_out_but_none():
    assert list(flat({"new": 12, "known": True, "missing": None, "notes": ["a", "b"]})) == [
        Line("new", (), "new", 12),
        Line("known", (), "known", "True"),
        Line("notes", (), "notes", "a"),
        Line("notes", (), "notes", "b"),
    ]
