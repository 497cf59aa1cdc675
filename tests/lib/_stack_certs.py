# SPDX-License-Identifier: Apache-2.0
"""Certificates by what is particular about them, for the tests that compare TLS stacks."""
import datetime, ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DER = serialization.Encoding.DER
HOST = 'localhost'


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def key(kind):
    return {'p256': lambda: ec.generate_private_key(ec.SECP256R1()), 'p384': lambda: ec.generate_private_key(ec.SECP384R1()),
            'p521': lambda: ec.generate_private_key(ec.SECP521R1()), 'rsa': lambda: rsa.generate_private_key(65537, 2048),
            'brainpool': lambda: ec.generate_private_key(ec.BrainpoolP256R1()), 'k256': lambda: ec.generate_private_key(ec.SECP256K1()),
            'rsa1024': lambda: rsa.generate_private_key(65537, 1024)}[kind]()


class Certs:
    """Certificates by what is particular about them, each made once."""

    def __init__(self):
        self.keys, self.made = {}, {}

    def key(self, kind):
        if kind not in self.keys:
            self.keys[kind] = key(kind)
        return self.keys[kind]

    def issue(self, kind='p256', cn=HOST, san=None, by=None, days=(-1, 100), ca=None, usage=None, purpose=None, digest='SHA256',
              critical=None, padding=0):
        what = (kind, cn, san, by, days, ca, usage, purpose, digest, critical, padding)
        if what in self.made:
            return self.made[what]
        now = datetime.datetime.utcnow()
        b = x509.CertificateBuilder().subject_name(name(cn)).issuer_name(name(by or cn)).public_key(self.key(kind).public_key())
        b = b.serial_number(x509.random_serial_number())
        b = b.not_valid_before(now + datetime.timedelta(days[0])).not_valid_after(now + datetime.timedelta(days[1]))
        if san:
            b = b.add_extension(x509.SubjectAlternativeName(
                [x509.IPAddress(ipaddress.ip_address(san)) if san[0].isdigit() else x509.DNSName(san)]), False)
        if ca is not None:
            b = b.add_extension(x509.BasicConstraints(ca, None), True)
        if usage:
            fields = ('digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign '
                      'crl_sign encipher_only decipher_only').split()
            b = b.add_extension(x509.KeyUsage(**{f: f == usage for f in fields}), True)
        if purpose:
            b = b.add_extension(x509.ExtendedKeyUsage([getattr(ExtendedKeyUsageOID, purpose)]), False)
        if critical:
            b = b.add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier('1.3.6.1.4.1.32473.9'), b'\x05\x00'), True)
        if padding:
            b = b.add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier('1.3.6.1.4.1.32473.9'), bytes(padding)), False)
        signer = self.key('authority-key' if by else kind) if not by else self.authority_key(by)
        self.made[what] = b.sign(signer, getattr(hashes, digest)())
        return self.made[what]

    def authority_key(self, cn):
        return self.keys.setdefault(cn, key('p256'))

    def authority(self, cn='Factory CA', days=(-1, 100), ca=True, by=None, room=None, digest='SHA256'):
        what = ('authority', cn, days, ca, by, room, digest)
        if what not in self.made:
            k, now = self.authority_key(cn), datetime.datetime.utcnow()
            b = x509.CertificateBuilder().subject_name(name(cn)).issuer_name(name(by or cn)).public_key(k.public_key())
            b = b.serial_number(x509.random_serial_number()).not_valid_before(now + datetime.timedelta(days[0]))
            b = b.not_valid_after(now + datetime.timedelta(days[1])).add_extension(x509.BasicConstraints(ca, room), True)
            self.made[what] = b.sign(self.authority_key(by or cn), getattr(hashes, digest)())
        return self.made[what]


def pem_key(k):
    return k.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def der_key(k):
    return k.private_bytes(DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
