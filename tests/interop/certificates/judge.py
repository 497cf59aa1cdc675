# SPDX-License-Identifier: Apache-2.0
"""judge.py CHAIN CERT...: pyca/cryptography's client verifier with its own policy, and pkilint, of devices' certificates. For the Python
of pkilint's environment. CHAIN is PEM, its last certificate is the trust anchor."""
import sys
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store
from pkilint import loader
from pkilint.pkix import certificate, extension, name
from pkilint.validation import ValidationFindingSeverity

# it takes URNs (RFC 8141) for no URIs, since its URLs must have an authority; RFC 5280, section 4.2.1.6, does not demand one
URN = ('pkix.invalid_uri_syntax', 'Invalid URI syntax: "urn:')

TOO = {'pkix.unknown_subject_key_identifier_calculation_method'}  # a notice


def linter():
    c = certificate
    return c.create_pkix_certificate_validator_container(
        c.create_decoding_validators(name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS),
        [c.create_issuer_validator_container([]), c.create_validity_validator_container(), c.create_subject_validator_container([]),
         c.create_extensions_validator_container([]), c.create_spki_validator_container([])])


def findings(lint, pem, path):
    document = loader.RFC5280CertificateDocumentLoader().load_pem_document(pem.decode(), path)
    for result in lint.validate(document.root):
        for f in result.finding_descriptions:
            known = f.finding.code == URN[0] and (f.message or '').startswith(URN[1])
            if not known and (f.finding.severity <= ValidationFindingSeverity.ERROR or f.finding.code in TOO):
                yield f.finding.severity.name, f.finding.code, f.message


def main():
    with open(sys.argv[1], 'rb') as f:
        *between, root = x509.load_pem_x509_certificates(f.read())
    verifier = PolicyBuilder().store(Store([root])).build_client_verifier()
    lint = linter()
    for path in sys.argv[2:]:
        with open(path, 'rb') as f:
            pem = f.read()
        if bad := list(findings(lint, pem, path)):
            sys.exit(f'{path}: {bad}')
        verifier.verify(x509.load_pem_x509_certificate(pem), between)
        print(path)


main()
