"""The record of a channel, signed by the real ssh-keygen: what counts, and what does not."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from stackwright.errors import CheckFailedError, InputError
from stackwright.proof.channels import NAMESPACE, Channels, Move, text_of
from stackwright.proof.promotion import moved, recorded
from tests.proved import BEGIN, of_tempest, of_tests, set_of
from tests.signing import allow, line, make_key

if TYPE_CHECKING:
    from pathlib import Path

    from stackwright.proof.channels import ChannelFile

ADA = "ada@example.org"


class Written:
    """A distribution with a channel `stable` at the set 1.

    :param key: what signed it
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.key = make_key(root / "key")
        self.signers = allow(root, line(self.key))
        self.channels = Channels(root, "team")
        self.file = self.to(1)

    def to(self, number: int, name: str = "stable") -> Path:
        found = self.channels.find(name)
        artifacts = set_of(number)
        entry = recorded(artifacts, [of_tests(), of_tempest(artifacts)])
        who = self.channels.signer(self.key)
        move = Move(set_=entry.set_, when=BEGIN + timedelta(hours=number), by=who)
        return self.channels.write(
            moved(found.good if found else None, entry, move, channel=name, distribution="team"), self.key
        )

    def why(self) -> str:
        found = self.channels.find("stable")
        assert found is not None
        return found.why

    def change(self, old: str, new: str) -> None:
        text = self.file.read_text()
        assert old in text
        self.file.write_text(text.replace(old, new, 1))


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path)


def test_what_is_written_is_read_again_and_counts(written: Written) -> None:
    written.to(2)
    read = written.channels.get("stable")
    assert read.set_ == set_of(2).id
    assert read.current.artifacts == set_of(2).artifacts
    assert [move.by for move in read.moves] == [ADA, ADA]
    assert read.current.proofs == (of_tests(), of_tempest(set_of(2)))
    assert written.channels.names() == ("stable",)
    assert {path.name for path in written.file.parent.iterdir()} == {"stable.yaml", "allowed_signers"}


def test_what_is_signed_is_the_same_bytes_for_the_same_record(written: Written) -> None:
    read = written.channels.get("stable")
    text = written.file.read_text()
    assert text_of(read) == text[: text.index("signature: |")]


def test_a_move_changes_few_lines(written: Written) -> None:
    before = written.file.read_text().splitlines()
    written.to(2)
    after = written.file.read_text().splitlines()
    kept = [text for text in before if text not in after]
    assert len([text for text in kept if not text.startswith("  ")]) == 1  # the set that it is at


def test_anybody_can_check_it_without_us(written: Written) -> None:
    script = (
        "sed '/^signature:/,$d' channels/stable.yaml > signed; "
        "sed '1,/^signature:/d; s/^  //' channels/stable.yaml > signature; "
        f"ssh-keygen -Y verify -f channels/allowed_signers -I {ADA} -n {NAMESPACE} -s signature < signed"
    )
    done = subprocess.run(["sh", "-ec", script], cwd=written.root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("passed: 10", "passed: 11"),
        ("failed: 0", "failed: 1"),
        ("site: local", "site: other"),
        ("# Written", "# Rewritten"),
        ("set: ", "set:  "),
    ],
)
def test_a_change_by_hand_is_seen(written: Written, old: str, new: str) -> None:
    written.change(old, new)
    assert written.why() == "the text is not what was signed"
    with pytest.raises(CheckFailedError) as refused:
        written.channels.get("stable")
    assert refused.value.where.file == written.file
    assert "git log -p" in refused.value.fix


def test_what_is_added_behind_the_signature_is_seen(written: Written) -> None:
    text = written.file.read_text()
    for behind in ("# a comment\n", "\n", "    more\n"):
        written.file.write_text(text + behind)
        assert written.why()
    written.file.write_text(text.replace("\n", "\r\n"))
    assert written.why()


def test_a_signature_that_is_cut_off_is_seen(written: Written) -> None:
    lines = written.file.read_text().splitlines(keepends=True)
    written.file.write_text("".join(lines[:-2]))
    assert written.why()
    written.file.write_text("".join(text for text in lines if not text.startswith("  U1NI")))
    assert written.why()


def test_other_artifacts_under_the_same_id_are_refused_with_their_place(written: Written) -> None:
    written.change("digest: '0000", "digest: '1111")
    with pytest.raises(InputError, match="is not what is in it") as refused:
        written.channels.find("stable")
    assert refused.value.where.line is not None


@pytest.mark.parametrize("key", ["channel", "distribution"])
def test_a_good_record_of_another_is_not_taken(written: Written, key: str) -> None:
    copy = written.file.with_name("candidate.yaml" if key == "channel" else "stable.yaml")
    copy.write_bytes(written.file.read_bytes())
    channels = Channels(written.root, "team" if key == "channel" else "others")
    with pytest.raises(InputError, match=f"this is a record of the {key}") as refused:
        channels.find(copy.stem)
    assert refused.value.where.file == copy


def test_who_is_no_longer_allowed_to_sign_is_seen(written: Written) -> None:
    allow(written.root, line(make_key(written.root / "other"), "bob@example.org"))
    assert written.why() == f"no line of allowed_signers gives its key to {ADA}"
    written.signers.unlink()
    assert written.why() == "nobody is allowed to sign: there is no allowed_signers"


def test_a_key_that_was_allowed_then_goes_on_counting_for_what_it_signed_then(written: Written) -> None:
    allow(written.root, line(written.key, options='valid-before="20261101100000Z"'))  # the move was at 9
    assert written.why() == ""
    before = written.file.read_bytes()
    with pytest.raises(CheckFailedError, match="does not count"):
        written.to(5)
    assert written.file.read_bytes() == before


def test_a_key_that_nobody_allowed_signs_nothing(written: Written) -> None:
    stranger = make_key(written.root / "stranger")
    with pytest.raises(InputError, match="may not sign") as refused:
        written.channels.signer(stranger)
    assert f"cat {stranger}.pub" in refused.value.fix
    with pytest.raises(InputError) as first:
        Channels(written.root / "new", "team").signer(stranger)
    assert first.value.fix.startswith("mkdir ")
    subprocess.run(["sh", "-ec", first.value.fix.replace("mkdir", "mkdir -p")], check=True)
    assert Channels(written.root / "new", "team").signer(stranger) == "YOU@EXAMPLE.ORG"


def test_a_signature_of_another_purpose_does_not_count(written: Written) -> None:
    read = written.channels.get("stable")
    (written.root / "text").write_text(text_of(read))
    subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", str(written.key), str(written.root / "text")], check=True
    )
    armour = (written.root / "text.sig").read_text().splitlines()
    written.file.write_text(text_of(read) + "signature: |\n" + "".join(f"  {text}\n" for text in armour))
    allow(written.root, line(written.key, options=""))
    assert written.why() == "it was signed for another purpose"


def test_a_record_that_does_not_fit_together_is_refused(written: Written) -> None:
    good = written.file.read_text()
    first: ChannelFile = written.channels.get("stable")
    other = set_of(7).id
    for old, new, said in (
        (f"set: {first.set_}", f"set: {other}", "the newest move is to another set"),
        (f"{{set: {first.set_}", f"{{set: {other}", "nothing is said of this set"),
        ("moves:", "movse:", "did you mean 'moves'"),
    ):
        assert old in good
        written.file.write_text(good.replace(old, new, 1))
        with pytest.raises(InputError) as refused:
            written.channels.form("stable")
        assert said in str(refused.value)
        assert f"{written.file}:" in str(refused.value)
