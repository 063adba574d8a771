"""Key folders of every role, and an agency in memory that can be honest or hostile."""

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest

from linkage.bundle.body import linking_body
from linkage.bundle.format import FORMAT, Manifest, length_prefixed, padded_size
from linkage.bundle.keyring import encrypt, new_keys, open_keys, sign
from linkage.canonical import canonical_json, digest_of_bytes
from linkage.protocol import ready_protocol
from linkage.schema import plain

ALPHABET = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", np.uint8)


@dataclass(frozen=True)
class Sender:
    """An agency that can also break the rules one by one."""

    keys: object
    protocol: object

    def manifest(self, body, reader, **changes):
        public = self.keys.public
        honest = Manifest(
            format=FORMAT,
            section="linking",
            project=self.protocol.project,
            epoch=self.protocol.epoch,
            protocol_id=self.protocol.id,
            protocol=plain(self.protocol),
            agency=public.name,
            signer=public.signing,
            recipient=reader.recipient,
            period="2018",
            sequence=1,
            not_after="2019-12-31",
            rows=5,
            body_bytes=len(body),
            body_sha256=digest_of_bytes(body),
            kcv="00" * 8,
            normaliser=self.protocol.normaliser,
            tool="headcount test",
        )
        return replace(honest, **changes)

    def forge(self, manifest, body, recipient, *, signer=None, magic=b"headcount-bundle/1\n", padding=b"", length=None):
        """Any bytes as manifest, signed and sealed without a check."""
        data = manifest if isinstance(manifest, bytes) else canonical_json(manifest)
        signature = sign(signer or self.keys, length_prefixed("headcount/v1/bundle") + data)
        size = len(data) if length is None else length
        plaintext = magic + size.to_bytes(4, "big") + data + signature + body + padding
        return encrypt(plaintext.ljust(padded_size(len(plaintext)), b"\0"), [recipient.recipient])


@pytest.fixture(scope="session")
def protocol():
    return ready_protocol("tip", "fields/1")  # its bodies are small, and some tests damage every byte of one


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """Opened key folders by name."""
    root = tmp_path_factory.mktemp("keys")
    people = {"police": "agency", "ngo": "agency", "unit": "unit", "other_unit": "unit", "office": "statistics"}
    people |= {"ombudsperson": "custodian", "auditor": "auditor"}
    for name, role in people.items():
        new_keys(role, name, root / name)
    return SimpleNamespace(**{name: open_keys(root / name, role) for name, role in people.items()})


@pytest.fixture(scope="session")
def police(folders, protocol):
    return Sender(folders.police, protocol)


@pytest.fixture(scope="session")
def encodings():
    """Invented encodings: `make(n, protocol)` gives record, filters and tokens in no order."""

    def make(n, protocol, seed=1):
        rng = np.random.default_rng(seed)
        record = np.ascontiguousarray(ALPHABET[rng.integers(0, 32, (n, 26))]).view("S26")[:, 0]
        filters = rng.integers(0, 2**64, (n, len(protocol.filters), protocol.words), np.uint64)
        tokens = rng.integers(0, 2**64, (n, len(protocol.tokens)), np.uint64)
        return record, filters, tokens

    return make


@pytest.fixture(scope="session")
def body(encodings, protocol):
    return linking_body(*encodings(5, protocol), protocol)
