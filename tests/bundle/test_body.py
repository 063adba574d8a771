import io
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from linkage.bundle import body as body_module
from linkage.bundle.batch import END, find_columns
from linkage.bundle.body import content_body, linking_body, read_content, read_linking, rising, write_linking
from linkage.errors import FormatError
from linkage.files import machine_memory
from linkage.stored import Memory


@pytest.fixture(scope="module")
def batch(body):
    return pa.ipc.open_stream(body).read_next_batch()


def stream(*batches, schema=None, compression=None):
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, schema or batches[0].schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as out:
        for batch in batches:
            out.write_batch(batch)
    return sink.getvalue()


def content(protocol, n, **given):
    return {name: np.array(given.get(name, [""] * n), object) for name in protocol.content}


def code(protocol, name):
    return next(iter(protocol.content[name].codes))


def by_arrow(record, filters, tokens, protocol):
    """The slow twin: Arrow writes the batch, its columns whole."""
    order = np.argsort(record)
    n = len(record)
    fields = [("record", pa.binary(26)), *((f"filter:{name}", pa.binary(8 * protocol.words)) for name in protocol.filters)]
    fields += [(f"token:{name}", pa.uint64()) for name in protocol.tokens]
    values = [record[order], *(np.ascontiguousarray(filters[order, at]) for at in range(filters.shape[1]))]
    values += [np.ascontiguousarray(tokens[order, at]) for at in range(tokens.shape[1])]
    columns = [pa.Array.from_buffers(kind, n, [None, pa.py_buffer(one)]) for (_, kind), one in zip(fields, values, strict=True)]
    schema = pa.schema([pa.field(name, kind, nullable=False) for name, kind in fields])
    out = pa.BufferOutputStream()
    with pa.ipc.new_stream(out, schema) as stream:
        stream.write_batch(pa.record_batch(columns, schema=schema))
    return out.getvalue().to_pybytes()


@pytest.mark.parametrize("n", [0, 1, 3, 64, 101])
def test_the_bytes_are_those_that_arrow_writes(n, encodings, protocol):
    record, filters, tokens = encodings(n, protocol)
    assert linking_body(record, filters, tokens, protocol) == by_arrow(record, filters, tokens, protocol)


@pytest.mark.parametrize("step", [1, 7, 40, 100])
def test_a_body_written_a_few_rows_at_a_time_is_the_same(step, encodings, protocol):
    record, filters, tokens = encodings(40, protocol)
    order = rising(record)
    out = io.BytesIO()
    parts = ((at, order[at : at + step]) for at in range(0, 40, step))
    slices = ((at, [*(filters[rows, i] for i in range(filters.shape[1])), *tokens[rows].T[:, :, None]]) for at, rows in parts)
    write_linking(out, record[order], slices, protocol)
    assert out.getvalue() == linking_body(record, filters, tokens, protocol)


def test_records_out_of_order_are_not_written(encodings, protocol):
    record = np.sort(encodings(3, protocol)[0])[::-1]
    with pytest.raises(FormatError):
        write_linking(io.BytesIO(), record, [], protocol)


def test_encodings_come_back_in_the_order_of_their_pseudonyms(encodings, protocol):
    record, filters, tokens = encodings(100, protocol)
    got = read_linking(linking_body(record, filters, tokens, protocol), protocol, "f", rows=100)
    order = sorted(range(100), key=lambda row: record[row])
    for mine, theirs in zip(
        (record, filters, tokens), (got.record, np.stack(got.filters, 1), np.stack(got.tokens, 1)), strict=True
    ):
        assert [mine[row].tolist() for row in order] == theirs.tolist()
        assert mine.dtype == theirs.dtype


def test_the_order_of_rows_leaves_no_trace(encodings, protocol):
    record, filters, tokens = encodings(50, protocol)
    shuffled = np.random.default_rng(2).permutation(50)
    assert linking_body(record, filters, tokens, protocol) == linking_body(
        record[shuffled], filters[shuffled], tokens[shuffled], protocol
    )


def test_an_empty_list_is_a_list(encodings, protocol):
    record, filters, tokens = read_linking(linking_body(*encodings(0, protocol), protocol), protocol, "f", rows=0)
    assert record.shape == (0,)
    assert [column.shape for column in filters] == [(0, protocol.words)] * len(protocol.filters)
    assert [column.shape for column in tokens] == [(0,)] * len(protocol.tokens)
    none = content_body(record, content(protocol, 0), protocol)
    assert {len(column) for column in read_content(none, protocol, "f").values()} == {0}


def test_a_protocol_without_filters_or_without_tokens_has_its_body(encodings, protocol):
    for left_out in ("filters", "tokens"):
        bare = replace(protocol, encoding=replace(protocol.encoding, **{left_out: {}}))
        got = read_linking(linking_body(*encodings(3, bare), bare), bare, "f")
        assert getattr(bare, left_out) == ()
        assert len(got[0]) == 3


def test_bit_j_travels_as_bit_j_mod_8_of_byte_j_div_8(encodings, protocol):
    record, filters, tokens = encodings(1, protocol)
    filters[:] = 0
    filters[0, 0, 1] = 1 << 3
    column = pa.ipc.open_stream(linking_body(record, filters, tokens, protocol)).read_all()[f"filter:{protocol.filters[0]}"]
    data = column[0].as_py()
    assert [(byte, data[byte]) for byte in range(len(data)) if data[byte]] == [((64 + 3) // 8, 1 << 3)]


@pytest.fixture
def long(protocol):
    """The protocol with one filter twice and one twelve times as long as the others."""
    first, second, *_ = protocol.encoding.filters
    bits = protocol.encoding.bits
    filters = dict(protocol.encoding.filters)
    filters |= {first: replace(filters[first], bits=2 * bits), second: replace(filters[second], bits=12 * bits)}
    return replace(protocol, encoding=replace(protocol.encoding, filters=filters))


def test_each_place_of_a_long_filter_is_a_column_in_the_order_of_the_places(encodings, long):
    columns = pa.ipc.open_stream(linking_body(*encodings(3, long), long)).schema
    of_filters = [field for field in columns if field.name.startswith("filter:")]
    assert [field.name for field in of_filters] == [f"filter:{place}" for place in long.filters]
    assert {field.type for field in of_filters} == {pa.binary(long.words * 8)}
    twelve = next(copy for copy in long.encoding.filter_copies if long.encoding.bits_of(copy.name) == 12 * long.encoding.bits)
    assert long.filters[long.places(twelve)] == (twelve.label, *(f"{twelve.label}+{number}" for number in range(2, 13)))


def test_a_long_filter_comes_back_with_its_places_in_their_order(encodings, long):
    record, filters, tokens = encodings(20, long)
    got = np.stack(read_linking(linking_body(record, filters, tokens, long), long, "f", rows=20).filters, 1)
    order = np.argsort(record)
    for copy in long.encoding.filter_copies:
        sent, read = (values[:, long.places(copy)].reshape(20, -1) for values in (filters[order], got))
        assert sent.shape[1] * 64 == long.encoding.bits_of(copy.name)
        assert np.array_equal(sent, read)


def test_a_body_in_which_a_filter_has_another_length_is_refused(encodings, long, protocol, body):
    with pytest.raises(FormatError, match="columns"):
        read_linking(body, long, "f")
    with pytest.raises(FormatError, match="columns"):
        read_linking(linking_body(*encodings(3, long), long), protocol, "f")


def test_filter_columns_that_are_not_contiguous_are_written_right(encodings, protocol):
    record, filters, tokens = encodings(7, protocol)
    assert linking_body(record, np.asfortranarray(filters), tokens[:, ::-1][:, ::-1], protocol) == linking_body(
        record, filters, tokens, protocol
    )


@pytest.mark.parametrize("cut", ["filters", "tokens", "words", "rows"])
def test_arrays_of_another_shape_are_not_written(cut, encodings, protocol):
    record, filters, tokens = encodings(4, protocol)
    parts = {
        "filters": (record, filters[:, 1:], tokens),
        "tokens": (record, filters, tokens[:, 1:]),
        "words": (record, filters[:, :, 1:], tokens),
        "rows": (record[1:], filters, tokens),
    }
    with pytest.raises(ValueError, match="shape"):
        linking_body(*parts[cut], protocol)


def test_records_rise_whether_or_not_they_begin_alike():
    letters = np.random.default_rng(1).choice([*"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"], (300, 26))
    letters[::3, :20] = "A"
    record = np.array(["".join(row) for row in letters], "S26")
    for some in (record, record[1::3], record[:0]):
        assert (some[rising(some)] == np.sort(some)).all()


def test_one_record_twice_is_not_written(encodings, protocol):
    record, filters, tokens = encodings(4, protocol)
    record[3] = record[0]
    with pytest.raises(FormatError, match="twice"):
        linking_body(record, filters, tokens, protocol)
    with pytest.raises(FormatError, match="twice"):
        content_body(record, content(protocol, 4), protocol)


@pytest.mark.parametrize("pseudonym", [b"a" * 26, b"A" * 25, b"A" * 25 + b"1", b"Invented Person 12345678901", b""])
def test_what_is_not_a_pseudonym_is_not_written(pseudonym, encodings, protocol):
    record, filters, tokens = encodings(4, protocol)
    record[3] = pseudonym
    with pytest.raises(FormatError):
        linking_body(record, filters, tokens, protocol)


def test_pseudonyms_of_another_width_are_not_written(encodings, protocol):
    record, filters, tokens = encodings(4, protocol)
    with pytest.raises(FormatError, match="length"):
        linking_body(record.astype("S27"), filters, tokens, protocol)


def nulls(batch):
    column = pa.array([None, *batch.columns[-1].to_pylist()[1:]], pa.uint64())
    return pa.RecordBatch.from_arrays([*batch.columns[:-1], column], schema=batch.schema)


def retyped(batch):
    last = len(batch.columns) - 1
    return batch.set_column(last, batch.schema.names[last], batch.columns[last].cast(pa.string()))


def described(batch, find, put):
    """A stream whose description of the batch was changed by hand: these eight-byte numbers in place of those."""
    data = stream(batch)
    old, new = (b"".join(number.to_bytes(8, "little", signed=True) for number in numbers) for numbers in (find, put))
    assert data.count(old) == 1
    return data.replace(old, new)


def all_there(batch):
    """Bits that say which values are there, uncounted, and say that all are."""
    data = described(nulls(batch), (5, 0, 5, 1), (5, 0, 5, -1))
    at = -len(END) - 5 * 8 - 8
    assert data[at] == 0b11110
    return data[:at] + b"\x1f" + data[at + 1 :]


def without_bits(batch):
    """A null is counted, and nothing says which value it is."""
    last = place_of_last(batch)
    return described(nulls(batch), (last, 1, last + 8, 40), (last, 0, last + 8, 40))


def place_of_last(batch):
    """Where the last column's values lie, from the first column's on."""
    return sum(-(-len(batch) * field.type.bit_width // 64) * 8 for field in batch.schema) - 8 * len(batch)


def elsewhere(batch, at, size):
    """The last column's values are said to lie there, from the first column's on, and to be so many bytes."""
    last = place_of_last(batch)
    return described(batch, (last, 0, last, 8 * len(batch)), (last, 0, last if at is None else at, size))


def exchanged(batch):
    first, second, third, *others = batch.schema.names
    return batch.select([first, third, second, *others])


# What differs from what `linking_body` writes, one thing each: words of the refusal, and how it is made.
HOSTILE = {
    "column missing": ("columns", lambda batch: stream(batch.select(batch.schema.names[:-1]))),
    "column added": ("columns", lambda batch: stream(batch.append_column("note", pa.array(["x"] * 5)))),
    "columns exchanged": ("columns", lambda batch: stream(exchanged(batch))),
    "column renamed": ("columns", lambda batch: stream(batch.rename_columns(["record_id", *batch.schema.names[1:]]))),
    "type changed": ("columns", lambda batch: stream(retyped(batch))),
    "nullable": ("columns", lambda batch: stream(batch.cast(pa.schema([field.with_nullable(True) for field in batch.schema])))),
    "null in it": ("nulls", lambda batch: stream(nulls(batch))),
    "nulls that nobody counted": ("nulls", lambda batch: described(nulls(batch), (5, 0, 5, 1), (5, 0, 5, -1))),
    "bits that say that all is there": ("nulls", all_there),
    "nulls of which there are no bits": ("not a valid", without_bits),
    "values shorter than the rows": ("not a valid", lambda batch: elsewhere(batch, None, 39)),
    "no values": ("not a valid", lambda batch: elsewhere(batch, None, 0)),
    "values beyond the end": ("not a valid", lambda batch: elsewhere(batch, 1 << 40, 40)),
    "values that end beyond the end": ("not a valid", lambda batch: elsewhere(batch, None, 64)),
    "values before the beginning": ("not a valid", lambda batch: elsewhere(batch, -4096, 40)),
    "metadata in the schema": ("columns", lambda batch: stream(batch.replace_schema_metadata({"note": "x"}))),
    "two batches": ("does not end", lambda batch: stream(batch, batch.slice(0, 0))),
    "no batch": ("not a valid", lambda batch: stream(schema=batch.schema)),
    "compressed": ("compressed", lambda batch: stream(batch, compression="zstd")),
    "compressed with lz4": ("compressed", lambda batch: stream(batch, compression="lz4")),
    "rows out of order": ("out of order", lambda batch: stream(batch.take(pa.array([1, 0, 2, 3, 4])))),
    "record twice": ("twice", lambda batch: stream(batch.take(pa.array([0, 0, 1, 2, 3])))),
    "a row too few": ("number of rows", lambda batch: stream(batch.slice(1))),
    "bytes behind the end": ("does not end", lambda batch: stream(batch) + b"x"),
    "a second stream behind the end": ("does not end", lambda batch: stream(batch) + stream(batch)),
    "end mark missing": ("does not end", lambda batch: stream(batch)[:-8]),
    "cut within a column": ("not a valid", lambda batch: stream(batch)[:-1000]),
    "a file, not a stream": ("not a valid", lambda batch: b"ARROW1\0\0" + stream(batch)),
    "CSV": ("not a valid", lambda batch: b"record,filter\n"),
    "empty": ("not a valid", lambda batch: b""),
}


def test_the_stream_that_all_hostile_bodies_are_made_from_is_read(batch, protocol):
    assert len(read_linking(stream(batch), protocol, "f", rows=5)[0]) == 5


@pytest.mark.parametrize("seen", ["all of it", "as little as can be"])
@pytest.mark.parametrize("way", HOSTILE)
def test_a_linking_body_that_differs_is_refused(way, seen, batch, protocol, monkeypatch):
    """Also where all that is seen of it is its description."""
    words, make = HOSTILE[way]
    data = make(batch)
    if seen != "all of it":
        end = body_module._framed(batch.schema, 5).start[0] if len(data) > 2000 else 0
        monkeypatch.setattr("linkage.bundle.batch._DESCRIPTION", end)
        monkeypatch.setattr("linkage.bundle.batch._OF_A_COLUMN", 0)
    with pytest.raises(FormatError, match=words) as caught:
        read_linking(Memory(data), protocol, "police.age", rows=5)
    assert str(caught.value).startswith("police.age")


def test_any_flipped_bit_gives_the_same_shapes_or_a_named_error(body, protocol):
    """The body's digest stops all of them earlier; this holds that the parser itself fails in an orderly way."""
    outcomes = set()
    for at in range(len(body)):
        damaged = body[:at] + bytes([body[at] ^ (1 << at % 8)]) + body[at + 1 :]
        try:
            got = read_linking(damaged, protocol, "f", rows=5)
            shapes = (got.record.shape, [column.shape for column in got.filters], [column.shape for column in got.tokens])
            outcomes.add(shapes == ((5,), [(5, protocol.words)] * len(protocol.filters), [(5,)] * len(protocol.tokens)))
        except FormatError:
            outcomes.add("refused")
    assert outcomes == {True, "refused"}


class Untouchable:
    """A body that is longer than the memory, but for its beginning and its end nobody may look at it."""

    def __init__(self, start, size, end):
        self.start, self.size, self.end = start, size, end

    def read_into(self, at, out):
        behind = at - (self.size - len(self.end))
        out[:] = self.end[behind : behind + len(out)] if behind >= 0 else self.start[at : at + len(out)]


def test_where_the_columns_of_a_list_larger_than_the_memory_lie_is_read_from_its_beginning(protocol):
    schema = body_module._linking_schema(protocol)
    rows = machine_memory() // (8 * protocol.words)
    frame = body_module._framed(schema, rows)
    start = frame.head + bytes(1 << 20)
    n, places = find_columns(Untouchable(start, frame.end + len(END), END), schema, "f", rows)
    assert (n, places) == (rows, frame.start)
    assert frame.end > machine_memory()


def test_content_comes_back_as_text_with_its_records(encodings, protocol):
    record = encodings(3, protocol)[0]
    given = {"role": [code(protocol, "role"), "", ""], "sex": ["F", "M", ""], "age_group": ["Y0T17", "Y_GE18", ""]}
    given |= {"event_date": ["2018-05-01", "2018", ""], "citizenship": ["TJK", "", "UZB"]}
    columns = content(protocol, 3, **given)
    got = read_content(content_body(record, columns, protocol), protocol, "f", rows=3)
    assert list(got) == ["record", *sorted(protocol.content)]
    order = sorted(range(3), key=lambda row: record[row])
    assert got["record"].tolist() == [record[row].decode() for row in order]
    for name, values in columns.items():
        assert got[name].tolist() == [values[row] for row in order]
        assert all(type(value) is str for value in got[name])


@pytest.mark.parametrize("change", [{"surname": ["x"] * 3}, {"birth_date": ["1999-01-01"] * 3}, {"role": None}], ids=str)
def test_content_is_exactly_the_white_list(change, encodings, protocol):
    columns = content(protocol, 3)
    for name, values in change.items():
        if values is None:
            del columns[name]
        else:
            columns[name] = np.array(values, object)
    with pytest.raises(FormatError, match="exactly"):
        content_body(encodings(3, protocol)[0], columns, protocol)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("role", "Invented Person"),
        ("sex", "X"),
        ("age_group", "17"),
        ("event_date", "1 May"),
        ("event_date", "2018-05"),
        ("role", None),
        ("role", 1),
        ("role", 1.5),
        ("role", "\ud800"),
    ],
)
def test_free_text_and_other_types_stay_behind_and_unsaid(name, value, encodings, protocol):
    with pytest.raises(FormatError) as caught:
        content_body(encodings(3, protocol)[0], content(protocol, 3, **{name: ["", value, ""]}), protocol)
    assert caught.value.field == name
    assert str(value) not in str(caught.value) or value is None


@pytest.mark.parametrize(
    "way", ["free text", "not UTF-8", "null", "record not a pseudonym", "record not ASCII", "out of order", "large text"]
)
def test_a_content_body_that_differs_is_refused(way, encodings, protocol):
    batch = pa.ipc.open_stream(content_body(encodings(3, protocol)[0], content(protocol, 3), protocol)).read_next_batch()
    role = batch.schema.names.index("role")
    broken_text = pa.Array.from_buffers(pa.utf8(), 3, [None, pa.py_buffer(np.array([0, 1, 1, 1], np.int32)), pa.py_buffer(b"\xff")])
    replaced = {
        "free text": (role, pa.array(["", "Invented Person", ""])),
        "not UTF-8": (role, broken_text),
        "null": (role, pa.array(["", None, ""])),
        "record not a pseudonym": (0, pa.array(["A" * 26, "B" * 26, "C" * 25])),
        "record not ASCII": (0, pa.array(["A" * 26, "B" * 26, "Ш" * 26])),
        "out of order": (0, pa.array(["B" * 26, "A" * 26, "C" * 26])),
        "large text": (role, pa.array(["", "", ""], pa.large_utf8())),
    }
    column, values = replaced[way]
    columns = [values if at == column else old for at, old in enumerate(batch.columns)]
    fields = [old if values.type == old.type or at != column else old.with_type(values.type) for at, old in enumerate(batch.schema)]
    with pytest.raises(FormatError) as caught:
        read_content(stream(pa.RecordBatch.from_arrays(columns, schema=pa.schema(fields))), protocol, "ngo.age")
    assert str(caught.value).startswith("ngo.age")
    assert "Invented" not in str(caught.value)


def test_a_content_body_of_another_length_than_the_manifest_is_refused(encodings, protocol):
    with pytest.raises(FormatError, match="number of rows"):
        read_content(content_body(encodings(3, protocol)[0], content(protocol, 3), protocol), protocol, "f", rows=4)


def test_a_body_of_another_protocol_is_refused(body, protocol):
    wider = replace(protocol, encoding=replace(protocol.encoding, bits=2048))
    with pytest.raises(FormatError, match="columns"):
        read_linking(body, wider, "f")
