# SPDX-License-Identifier: Apache-2.0
"""Certificates and keys that come from elsewhere: what no TLS stack of a device reads, and what is old, weak or for
another purpose. Each a Python literal of its bytes, as a configuration has it."""
import datetime, subprocess, tempfile, warnings

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

DER = serialization.Encoding.DER
warnings.simplefilter('ignore')  # of old digests


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def build(key, subject, extensions=(), issuer=None, signer=None, digest=hashes.SHA256()):
    start = datetime.datetime.utcnow() - datetime.timedelta(hours=1)
    b = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer or subject)).public_key(key.public_key())
    b = b.serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(start + datetime.timedelta(3650))
    for extension, critical in extensions:
        b = b.add_extension(extension, critical)
    signer = signer or key
    return b.sign(signer, None if isinstance(signer, ed25519.Ed25519PrivateKey) else digest).public_bytes(DER)


def length(n):
    return bytes([n]) if n < 128 else bytes([0x82, n >> 8, n & 255]) if n > 255 else bytes([0x81, n])


def patch(cert, key, old, new):
    """Other bytes in the signed part, signed again."""
    tbs = x509.load_der_x509_certificate(cert).tbs_certificate_bytes
    assert old in tbs and len(old) == len(new)
    tbs = tbs.replace(old, new)
    algorithm = bytes.fromhex('300a06082a8648ce3d040302')
    signature = b'\x00' + key.sign(tbs, ec.ECDSA(hashes.SHA256()))
    body = tbs + algorithm + b'\x03' + length(len(signature)) + signature
    return b'\x30' + length(len(body)) + body


def key_usage(**on):
    fields = ('digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign '
              'encipher_only decipher_only').split()
    return x509.KeyUsage(**{f: on.get(f, False) for f in fields})


def pkcs8(key):
    return key.private_bytes(DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def damaged(key):
    """An RSA key with a wrong exponent of one prime: half of its signatures are wrong."""
    der, number = pkcs8(key), key.private_numbers().dmp1
    raw = number.to_bytes((number.bit_length() + 7) // 8, 'big')
    assert der.count(raw) == 1
    return der.replace(raw, raw[:-1] + bytes([raw[-1] ^ 2]))


def openssl(key, *args):
    """What openssl makes of a key, as DER."""
    with tempfile.NamedTemporaryFile() as f:
        f.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        f.flush()
        return subprocess.run(['openssl', *args, f.name, '-outform', 'DER'], check=True, capture_output=True, timeout=60).stdout


def odd_pss(key):
    """RSASSA-PSS with a mask of a digest that there is not."""
    cert = openssl(key, 'req', '-x509', '-subj', '/CN=me', '-sigopt', 'rsa_padding_mode:pss', '-key')
    sha256 = bytes.fromhex('2a864886f70d010108300d0609608648016503040201')
    assert cert.count(sha256) == 2
    return cert.replace(sha256, sha256[:-1] + b'\x70')


def make():
    """what is wrong: (certificate, its key)"""
    key, other, edwards = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()
    short, usual = rsa.generate_private_key(65537, 1024), rsa.generate_private_key(65537, 2048)
    unknown = ObjectIdentifier('1.3.6.1.4.1.32473.1')
    basic = x509.BasicConstraints(False, None)
    fake = x509.UnrecognizedExtension(ObjectIdentifier('2.5.29.99'), b'\x30\x00')
    twice = build(key, 'me', [(basic, False), (fake, False)])
    code = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])
    found = {
        'extension twice': (patch(twice, key, bytes.fromhex('0603551d63'), bytes.fromhex('0603551d13')), key),
        'unknown critical': (build(key, 'me', [(x509.UnrecognizedExtension(unknown, b'\x05\x00'), True)]), key),
        'name constraints': (build(key, 'me', [(x509.NameConstraints([x509.DNSName('a.example')], None), True)]), key),
        'malformed extension': (build(key, 'me', [(x509.UnrecognizedExtension(ObjectIdentifier('2.5.29.19'), b'\x30\x01'), False)]), key),
        'edwards signature': (build(key, 'me', issuer='authority', signer=edwards), key),
        'edwards': (build(edwards, 'me'), edwards),
        'pss': (odd_pss(usual), usual),
        'koblitz': (build(ec.generate_private_key(ec.SECT283K1()), 'me'), key),
        'sha3': (build(key, 'me', digest=hashes.SHA3_256()), key),
        'sha1': (build(key, 'me', issuer='authority', signer=other, digest=hashes.SHA1()), key),
        'wrong signature': (build(key, 'me', signer=other), key),
        'rsa 1024': (build(short, 'me'), short),
        'rsa': (build(usual, 'me'), usual),
        'agreement': (build(key, 'me', [(key_usage(key_agreement=True), True)]), key),
        'code signing': (build(key, 'me', [(code, False)]), key),
        'server': (build(key, '127.0.0.1', [(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)]), key),
        'another name': (build(key, 'server.example'), key),
        'authority': (build(key, 'authority', [(x509.BasicConstraints(True, None), True)]), key),
    }
    out = {f'{what}.{part}': repr(data) for what, (cert, k) in found.items() for part, data in (('cert', cert), ('key', pkcs8(k)))}
    out['rsa.damaged'] = repr(damaged(usual))
    out['agreement.explicit'] = repr(openssl(key, 'pkey', '-ec_param_enc', 'explicit', '-in'))
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    out['server.pem'], out['server.keypem'] = repr(x509.load_der_x509_certificate(found['server'][0]).public_bytes(serialization.Encoding.PEM)), repr(pem)
    return out
