"""Checkpoints as C2SP writes them."""

import base64

import pytest
from nacl.signing import SigningKey, VerifyKey

from edge.gate.audit import checkpoint
from edge.gate.audit.checkpoint import Checkpoint, NoteError, sign, sign_note, verify, verify_note

# The example of golang.org/x/mod/sumdb/note.
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_NOTE = (
    TEXT + "\n\u2014 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
GO_SECRET = SigningKey(base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:])
GO_VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"

KEY = SigningKey(bytes(range(32)))
OTHER = SigningKey(bytes(32))
ORIGIN = "anpr-edge/zez-demo/cam-017"
HEAD = Checkpoint(ORIGIN, 7, bytes(range(32)))


def test_notes_are_those_of_go() -> None:
    """Signed, read and named byte for byte as Go's own package does it."""
    assert sign_note(TEXT, "PeterNeumann", GO_SECRET) == GO_NOTE
    assert verify_note(GO_NOTE, "PeterNeumann", GO_SECRET.verify_key) == TEXT
    assert checkpoint.verifier_key("PeterNeumann", GO_SECRET.verify_key) == GO_VERIFIER


def test_a_checkpoint_has_origin_size_and_root() -> None:
    """In three lines, a blank one, and one signature in the name of the origin."""
    note = sign(HEAD, KEY)
    assert note.split("\n")[:4] == [ORIGIN, "7", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", ""]
    assert note.split("\n")[4].startswith(f"\u2014 {ORIGIN} ")
    assert verify(note, ORIGIN, KEY.verify_key) == HEAD


def test_signatures_of_others_are_ignored() -> None:
    """A witness may add its own below."""
    note = sign(HEAD, KEY)
    witness = sign_note("x\n", "witness.example/w1", OTHER).splitlines()[-1]
    assert verify(f"{note}{witness}\n", ORIGIN, KEY.verify_key) == HEAD


@pytest.mark.parametrize(
    ("note", "key", "reason"),
    [
        (sign(HEAD, KEY), OTHER.verify_key, "is not signed by anpr-edge/zez-demo/cam-017 with the expected key"),
        (sign(HEAD, KEY).replace("\n7\n", "\n8\n"), KEY.verify_key, "its signature is wrong"),
        (sign(Checkpoint("anpr-edge/a/b", 7, bytes(32)), KEY), KEY.verify_key, "is not signed by"),
        (sign_note(f"anpr-edge/a/b\n7\n{'A' * 43}=\n", ORIGIN, KEY), KEY.verify_key, "is no checkpoint of this log"),
        (sign_note(f"{ORIGIN}\n07\n{'A' * 43}=\n", ORIGIN, KEY), KEY.verify_key, "is no checkpoint of this log"),
        (sign_note(f"{ORIGIN}\n7\nAAAA\n", ORIGIN, KEY), KEY.verify_key, "is no checkpoint of this log"),
        (f"{ORIGIN}\n7\n\n\u2014 {ORIGIN} ===\n", KEY.verify_key, "is not signed by"),
        ("", KEY.verify_key, "is no signed note"),
        ("x", KEY.verify_key, "is no signed note"),
    ],
)
def test_what_is_no_checkpoint_of_this_log_is_refused(note: str, key: VerifyKey, reason: str) -> None:
    """Another key, another text, another log, another spelling, or nothing of the kind."""
    with pytest.raises(NoteError, match=reason):
        verify(note, ORIGIN, key)
