"""Harmless variations where sources contradict each other: other documented codes and forms."""

from conformance.reference.answers import answer_for
from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.harmless.registry import forgive, harmless, replace_error
from conformance.reference.passage import Passage
from conformance.reference.services.algorithms import PrivateKey, PublicKey
from conformance.reference.sm import sm2
from conformance.reference.sm.sm2 import Sm2PrivateKey, Sm2PublicKey


@harmless(
    "gateway-error-family",
    statement="Failures are answered by the codes and in the form of the OpenAPI gateway.",
    source="reading error-family",
)
def _gateway_family(endpoint: Endpoint) -> None:
    endpoint.settings.error_family = "gateway"


@harmless(
    "xml-root-kms",
    statement="The root of a success in XML is KMS.",
    source="reading xml-root",
)
def _root(endpoint: Endpoint) -> None:
    endpoint.settings.xml_root = "KMS"


@harmless(
    "wide-time-window",
    statement="Times may be 31 minutes off.",
    source="reading freshness-window",
)
def _window(endpoint: Endpoint) -> None:
    from datetime import timedelta

    endpoint.change_policy(freshness=timedelta(minutes=31))


@harmless(
    "nonce-optional",
    statement="RPC-1.0 does without SignatureNonce.",
    source="reading nonce-required",
)
def _nonce(endpoint: Endpoint) -> None:
    endpoint.change_policy(require_nonce=False)


@harmless(
    "unknown-action-called-invalid-action",
    statement="An unknown operation is refused as InvalidAction.NotFound.",
    source="OpenAPI gateway error table",
)
def _action(endpoint: Endpoint) -> None:
    code = answer_for("unknown-action", "kms")[0]
    replace_error(endpoint, lambda error: error.code == code, "InvalidAction.NotFound")


@harmless(
    "unknown-version-called-no-such-version",
    statement="An unknown version is refused as NoSuchVersion.",
    source="OpenAPI gateway error table",
)
def _version(endpoint: Endpoint) -> None:
    # The table of KMS has no code of its own for it, therefore the sentence tells.
    unknown = "The specified API version is not found."
    replace_error(endpoint, lambda error: error.message == unknown, "NoSuchVersion", 400)


@harmless(
    "mismatch-answers-signature-does-not-match",
    statement="A signature that does not fit is refused as SignatureDoesNotMatch.",
    source="OpenAPI gateway error table",
)
def _mismatch(endpoint: Endpoint) -> None:
    code = answer_for("signature-mismatch", "kms")[0]
    replace_error(endpoint, lambda error: error.code == code, "SignatureDoesNotMatch", 400)


@harmless(
    "expired-token-answers-expired",
    statement="A token after its time is refused as InvalidSecurityToken.Expired.",
    source="OpenAPI gateway error table",
)
def _expired(endpoint: Endpoint) -> None:
    def applies(error: KmsError) -> bool:
        return error.message == "The specified security token is expired."

    replace_error(endpoint, applies, "InvalidSecurityToken.Expired", 400)


@harmless(
    "parameter-codes-with-suffix",
    statement="A parameter error names the kind of fault after a dot: InvalidParameter.Format.",
    source="reading parameter-code-names",
)
def _suffix(endpoint: Endpoint) -> None:
    replace_error(
        endpoint, lambda error: error.code == "InvalidParameter", "InvalidParameter.Format"
    )


@harmless(
    "method-by-operation-not-enforced",
    statement="Operations that SDKs call by one method are served by the other as well.",
    source="Request syntax, AlibabaCloudDocs/kms (2021-07): GET and POST",
)
def _methods(endpoint: Endpoint) -> None:
    from dataclasses import replace

    both = frozenset({"GET", "POST"})
    for name in endpoint.handlers:
        endpoint.operations[name] = replace(endpoint.operations[name], methods=both)


@harmless(
    "unknown-parameters-ignored",
    statement="Parameters that an operation does not know are ignored.",
    source="No page says what becomes of them",
)
def _unknown(endpoint: Endpoint) -> None:
    def applies(error: KmsError, passage: Passage) -> bool:
        call = passage.call
        if call is None or "does not know" not in error.message:
            return False
        known = call.operation.request.get("properties", {})
        for name in [name for name in call.params if name not in known]:
            del call.params[name]
        return True

    forgive(endpoint, "validate", applies, endpoint.validate)


@harmless(
    "sm2-ciphertexts-in-asn1",
    statement="SM2 ciphertexts are ASN.1, and no other form opens.",
    source="reading sm2-ciphertext-form",
)
def _sm2_form(endpoint: Endpoint) -> None:
    seal, unseal = endpoint.seams.asymmetric_encrypt_bytes, endpoint.seams.asymmetric_decrypt_bytes

    def encrypt(key: PublicKey, name: str, plaintext: bytes) -> bytes:
        if isinstance(key, Sm2PublicKey):
            return sm2.encrypt(key, plaintext, "asn1")
        sealed: bytes = seal(key, name, plaintext)
        return sealed

    def decrypt(key: PrivateKey, name: str, ciphertext: bytes) -> bytes:
        if isinstance(key, Sm2PrivateKey) and ciphertext[:1] != b"\x30":
            raise ValueError("not ASN.1")
        opened: bytes = unseal(key, name, ciphertext)
        return opened

    endpoint.seams.asymmetric_encrypt_bytes = encrypt
    endpoint.seams.asymmetric_decrypt_bytes = decrypt
