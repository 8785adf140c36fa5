"""What a user can do wrong with client keys: one sentence, the right exit code, no traceback."""

from endpoints import target_file

from conformance.cli import main

ENVELOPE = ["--family", "envelope", "--no-reports"]


def test_a_client_key_that_is_not_usable(tmp_path, capsys):
    path = target_file(tmp_path, "http://127.0.0.1:9")
    more = '[identities.client-key]\nclient_key_file = "key.json"\nclient_key_password = "canary"\n'
    path.write_text(path.read_text() + more)
    (tmp_path / "key.json").write_text('{"KeyId": "KAAP.1", "PrivateKeyData": "AAAA"}')
    code = main(["run", "--target", str(path), "--results", str(tmp_path / "r"), *ENVELOPE])
    told = capsys.readouterr().err.strip()
    assert code == 2
    assert "is not PKCS#12" in told
    assert len(told.splitlines()) == 1
    assert "canary" not in told
