"""Splink on DuckDB, on cleartext, set up as its documentation says: u by random sampling, m by EM, no labels.

    python splink_duckdb.py ROWS.csv SPEC.json LINKS.csv

SPEC names the `columns` that hold values, whether lists may hold duplicates (`dedupe`), and the `least` match probability
to report. LINKS gets `probability,left,right` row numbers of the predicted pairs. Prints seconds of CPU and wall time,
imports not counted, peak memory, and the number of connected components at `least`, as JSON.

Of the settings that we tried the best stand here. Each name is compared by itself, by Jaro-Winkler with term frequencies;
the documented comparison of both names together is worse by 2 points of F1 on synthetic persons and by 5 on FEBRL 4 by
name and date. The prior comes from deterministic rules as documented, u from 1,000,000 pairs, m from blocks of one
birth date and of one name. Blocks are looser where lists are shorter. This is not called splink.py, because it would then
import itself.
"""

import csv
import json
import pathlib
import re
import sys
import time

import duckdb
import splink
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from peak import peak_memory_mb
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

LARGE = 300_000
SHORT = 20_000
MAX_PAIRS = 1_000_000
RECALL = 0.8
NAMES = ("surname", "given_name", "patronymic")
NUMBERS = ("document_number", "phone")
PLACES = ("district", "region")
SURE = (
    ("given_name", "birth_date", "substr(surname, 1, 1)"),
    ("surname", "birth_date", "substr(given_name, 1, 1)"),
    ("surname", "given_name", "year", "month"),
    ("surname", "given_name", "postcode"),
    ("document_number",),
    ("email",),
    ("phone",),
)


def comparisons(spec):
    """One comparison per thing that the columns tell."""
    has = [*spec["columns"]]
    found = [*names(has), *dates(has)]
    found += [cl.ExactMatch("sex")] if "sex" in has else []
    found += [numbers(name) for name in NUMBERS if name in has]
    found += [cl.EmailComparison("email")] if "email" in has else []
    found += [addresses()] if "address" in has else []
    found += [cl.LevenshteinAtThresholds("postcode", 1)] if "postcode" in has else []
    return found + places([name for name in PLACES if name in has])


def names(has):
    """A ladder of Jaro-Winkler for each name; surname and given name know that they may be exchanged."""
    other = {"surname": "given_name", "given_name": "surname"}
    return [ladder(name, other.get(name)) for name in NAMES if name in has]


def ladder(name, other=None):
    crossed = [cll.CustomLevel(f"{name}_l = {other}_r or {name}_r = {other}_l", "exchanged")] if other else []
    initial = f"({name}_l[1] = {name}_r[1] and (length({name}_l) <= 2 or length({name}_r) <= 2))"
    return cl.CustomComparison(
        output_column_name=name,
        comparison_levels=[
            cll.NullLevel(name),
            cll.ExactMatchLevel(name, term_frequency_adjustments=True),
            cll.JaroWinklerLevel(name, 0.92),
            cll.JaroWinklerLevel(name, 0.88),
            *crossed,
            cll.CustomLevel(initial, "initial"),
            cll.JaroWinklerLevel(name, 0.7),
            cll.ElseLevel(),
        ],
    )


def dates(has):
    """The documented comparison of birth dates; with levels for years where some records have no more."""
    if "birth_date" not in has:
        return []
    if "about" not in has:
        return [cl.DateOfBirthComparison("birth_date", input_is_string=True, invalid_dates_as_null=False)]
    whole = "birth_date_l is not null and birth_date_r is not null"
    known = "year_l is not null and year_r is not null"
    gap = "abs(about_l - about_r)"
    levels = [
        cll.CustomLevel("about_l is null or about_r is null", "no year").configure(is_null_level=True),
        cll.ExactMatchLevel("birth_date"),
        cll.CustomLevel(f"{whole} and damerau_levenshtein(birth_date_l, birth_date_r) <= 1", "one digit"),
        cll.CustomLevel(f"{whole} and year_l = year_r and month_l = day_r and day_l = month_r", "day and month exchanged"),
        cll.CustomLevel(f"{whole} and year_l = year_r", "same year, other day"),
        cll.CustomLevel(f"not ({whole}) and {known} and year_l = year_r", "same year, a day missing"),
        cll.CustomLevel(f"not ({known}) and {gap} <= 1", "an age fits"),
        cll.CustomLevel(f"{gap} <= 2", "within two years"),
        cll.ElseLevel(),
    ]
    return [cl.CustomComparison(output_column_name="birth_date", comparison_levels=levels)]


def numbers(name):
    levels = [cll.NullLevel(name), cll.ExactMatchLevel(name), cll.DamerauLevenshteinLevel(name, 1), cll.ElseLevel()]
    return cl.CustomComparison(output_column_name=name, comparison_levels=levels)


def addresses():
    exact = cll.ExactMatchLevel("address", term_frequency_adjustments=True)
    levels = [cll.NullLevel("address"), exact, cll.JaroWinklerLevel("address", 0.92), cll.JaroWinklerLevel("address", 0.8)]
    return cl.CustomComparison(output_column_name="address", comparison_levels=[*levels, cll.ElseLevel()])


def places(has):
    """District, then region: places go with each other, and are one comparison."""
    if not has:
        return []
    first = has[0]
    levels = [cll.NullLevel(first), cll.ExactMatchLevel(first, term_frequency_adjustments=True)]
    levels += [cll.JaroWinklerLevel(first, 0.88)] if first == "district" else []
    levels += [cll.ExactMatchLevel(name) for name in has[1:]]
    return [cl.CustomComparison(output_column_name="place", comparison_levels=[*levels, cll.ElseLevel()])]


RULES = (
    ("surname", "given_name"),
    ("birth_date", "substr(surname, 1, 1)"),
    ("birth_date", "substr(given_name, 1, 1)"),
    ("surname", "year", "substr(given_name, 1, 1)"),
    ("surname", "year", "month"),
    ("given_name", "year", "month", "substr(surname, 1, 1)"),
    ("document_number",),
    ("phone",),
    ("email",),
    ("address", "substr(given_name, 1, 1)"),
    ("address", "year"),
    ("postcode", "surname"),
    ("postcode", "given_name"),
    ("given_name", "district", "substr(surname, 1, 1)"),
    ("surname", "district"),
    ("given_name", "patronymic"),
    ("surname", "patronymic"),
)
LOOSER = (
    ("birth_date",),
    ("surname", "year"),
    ("surname", "substr(given_name, 1, 1)"),
    ("surname", "month", "day"),
    ("given_name", "year"),
    ("given_name", "substr(surname, 1, 3)"),
    ("given_name", "district"),
    ("patronymic", "year"),
    ("surname", "region", "substr(given_name, 1, 1)"),
)
LOOSEST = (("surname",), ("given_name",), ("postcode",), ("year", "month"), ("month", "day"), ("district", "year"))
TRAINING = (("surname", "given_name"), ("document_number",), ("phone",), ("email",))
EXCHANGED = "l.surname = r.given_name and l.given_name = r.surname"


def blocking(has, rows):
    """The rules whose columns there are; looser ones besides where the list is not long."""
    rules = (*RULES, *(LOOSER if rows <= LARGE else ()), *(LOOSEST if rows <= SHORT else ()))
    kept = [rule for rule in rules if needs(rule) <= {*has}]
    return [*(block_on(*rule) for rule in kept), EXCHANGED]


def needs(rule):
    return {re.sub(r"substr\((\w+),.*", r"\1", column) for column in rule}


def loaded(database, rows_file, spec):
    """The rows as Splink gets them: empty cells are NULL, `about` is a number."""
    read = database.read_csv(str(rows_file), all_varchar=True)
    columns = ["agency", *spec["columns"]]
    kept = [f"try_cast({name} as integer) as {name}" if name == "about" else name for name in columns]
    kept.append("row_number() over () - 1 as unique_id")
    read.select(*map(duckdb.SQLExpression, kept)).create("loaded")
    return database.table("loaded")


def linked(database, table, spec):
    """The linker with its model, trained on two blocks or more, and the predicted pairs."""
    has, rows = spec["columns"], table.count("*").fetchone()[0]
    settings = SettingsCreator(
        link_type="dedupe_only" if spec["dedupe"] else "link_only",
        comparisons=comparisons(spec),
        blocking_rules_to_generate_predictions=blocking(has, rows),
        retain_intermediate_calculation_columns=False,
    )
    api = DuckDBAPI(connection=database)
    linker = Linker(inputs(database, api, spec), settings, log_level="ERROR")
    train(linker.training, has, rows)
    return linker, linker.inference.predict(threshold_match_probability=spec["least"])


def inputs(database, api, spec):
    if spec["dedupe"]:
        return api.register(database.table("loaded"), dataset_display_name="rows")
    lists = database.sql("select distinct agency from loaded order by 1").fetchall()
    parts = [(name, database.sql("select * from loaded where agency = $1", params=[name])) for (name,) in lists]
    return [api.register(part, dataset_display_name=f"list_{name}") for name, part in parts]


def train(training, has, rows):
    """Prior, u and m; a block should hold enough matches among its pairs, so that on long lists more must agree."""
    sure = [block_on(*rule) for rule in SURE if needs(rule) <= {*has}]
    training.estimate_probability_two_random_records_match(sure, recall=RECALL)
    training.estimate_u_using_random_sampling(max_pairs=MAX_PAIRS, seed=1)
    date = ("birth_date", *(name for name in ("sex", "region") if rows > LARGE and name in has))
    for rule in (date, *TRAINING):
        if needs(rule) <= {*has}:
            training.estimate_parameters_using_expectation_maximisation(block_on(*rule))


def main():
    rows_file, spec_file, links_file = map(pathlib.Path, sys.argv[1:])
    spec = json.loads(spec_file.read_text("utf-8"))
    database = duckdb.connect()
    wall, cpu = time.perf_counter(), time.process_time()
    linker, predicted = linked(database, loaded(database, rows_file, spec), spec)
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, threshold_match_probability=spec["least"])
    persons = database.sql(f"select count(distinct cluster_id) from {clusters.physical_name}").fetchone()[0]
    spent = {"wall_s": round(time.perf_counter() - wall, 3), "cpu_s": round(time.process_time() - cpu, 3)}
    columns = "match_probability, unique_id_l, unique_id_r"
    pairs = database.sql(f"select {columns} from {predicted.physical_name}").fetchall()
    with links_file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("probability", "left", "right"), *pairs])
    versions = {"version": splink.__version__, "duckdb": duckdb.__version__}
    print(json.dumps({**spent, "peak_memory_mb": peak_memory_mb(), "connected": persons, **versions}))


if __name__ == "__main__":
    main()
