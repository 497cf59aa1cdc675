#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Certificates of libsignet against python3-cryptography, which the reference tool uses: the signed
part must be the same byte by byte, for every curve and digest, names, dates and RSA."""
import ctypes as C
import datetime
import os
import sys
import warnings

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, padding
    from cryptography.x509.oid import NameOID
except ImportError:
    sys.exit(77)

warnings.simplefilter('ignore')  # of old digests, which are the point here
build = os.environ['SIGNET_BUILD']
path = os.path.join(build, 'libsignet.so')
with open(path, 'rb') as f:
    if b'__asan_init' in f.read():
        sys.exit(77)  # a plain Python cannot load a library with sanitizers
lib = C.CDLL(path)


class Info(C.Structure):
    _fields_ = [(n, C.c_char_p) for n in (
        'country_name state_or_province_name locality_name organization_name '
        'organization_unit_name email_address common_name elliptic_curve digest '
        'serial_number').split()] + [('rsa_key_len', C.c_uint),
                                     ('validity_offset_seconds', C.c_int64),
                                     ('subject_alt_name', C.c_char_p)]


class Error(C.Structure):
    _fields_ = [('code', C.c_int), ('sys', C.c_int), ('msg', C.c_char * 384),
                ('hint', C.c_char * 256), ('excerpt', C.c_char * 320)]


class Bytes(C.Structure):
    _fields_ = [('data', C.POINTER(C.c_uint8)), ('len', C.c_size_t)]


def ok(code, err):
    if code:
        sys.exit(f'FAIL: {err.msg.decode()}')


def take(call, handle):
    b, err = Bytes(), Error()
    ok(call(handle, C.byref(b), C.byref(err)), err)
    data = C.string_at(b.data, b.len)
    lib.signet_bytes_free(C.byref(b))
    return data


def make(info, endpoint):
    key, cert, err = C.c_void_p(), C.c_void_p(), Error()
    ok(lib.signet_key_generate(C.byref(key), C.byref(info), None, C.byref(err)), err)
    ok(lib.signet_cert_make(C.byref(cert), key, C.byref(info), endpoint, None, C.byref(err)), err)
    found = take(lib.signet_key_der, key), take(lib.signet_cert_der, cert)
    lib.signet_key_free(C.byref(key))
    lib.signet_cert_free(C.byref(cert))
    return found


NAMES = [('country_name', NameOID.COUNTRY_NAME),
         ('state_or_province_name', NameOID.STATE_OR_PROVINCE_NAME),
         ('locality_name', NameOID.LOCALITY_NAME), ('organization_name', NameOID.ORGANIZATION_NAME),
         ('organization_unit_name', NameOID.ORGANIZATIONAL_UNIT_NAME),
         ('email_address', NameOID.EMAIL_ADDRESS)]
DIGESTS = {'sha1': hashes.SHA1, 'sha224': hashes.SHA224, 'sha256': hashes.SHA256,
           'sha384': hashes.SHA384, 'sha512': hashes.SHA512, 'sha3-224': hashes.SHA3_224,
           'sha3-256': hashes.SHA3_256, 'sha3-384': hashes.SHA3_384, 'sha3-512': hashes.SHA3_512,
           'md5': hashes.MD5}


def alternative(name):
    return x509.SubjectAlternativeName([x509.UniformResourceIdentifier(name) if ':' in name else x509.DNSName(name)])


def compare(label, **fields):
    """Without a subjectAltName, as the reference writes them, unless one is given."""
    fields.setdefault('subject_alt_name', 'none')
    info = Info(**{k: v.encode() if isinstance(v, str) else v for k, v in fields.items() if v is not None})
    key_der, cert_der = make(info, b'urn:dev:os:1')
    key = serialization.load_der_private_key(key_der, None)
    cert = x509.load_der_x509_certificate(cert_der)
    same_key = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8,
                                 serialization.NoEncryption())
    name = [x509.NameAttribute(oid, fields[n]) for n, oid in NAMES if n in fields]
    name.append(x509.NameAttribute(NameOID.COMMON_NAME, fields.get('common_name', 'urn:dev:os:1')))
    name = x509.Name(name)
    start = cert.not_valid_before
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    assert abs((start - now).total_seconds()) < 60, (label, start)
    end = start + datetime.timedelta(seconds=fields.get('validity_offset_seconds', 220752000))
    if 'serial_number' in fields:
        assert cert.serial_number == int(fields['serial_number'], 0), label
    assert 0 < cert.serial_number < 2 ** 159, label
    digest = DIGESTS[fields.get('digest', 'sha256')]()
    other = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
             .public_key(key.public_key()).serial_number(cert.serial_number)
             .not_valid_before(start).not_valid_after(end))
    wanted = fields['subject_alt_name']
    if wanted != 'none':
        other = other.add_extension(alternative(wanted or 'urn:dev:os:1'), critical=False)
    other = other.sign(key, digest)
    assert other.tbs_certificate_bytes == cert.tbs_certificate_bytes, f'{label}: TBS differs'
    assert other.signature_algorithm_oid == cert.signature_algorithm_oid, label
    assert same_key == key_der, f'{label}: PKCS#8 differs'
    assert len(list(cert.extensions)) == (wanted != 'none'), label
    if isinstance(key, ec.EllipticCurvePrivateKey):
        key.public_key().verify(cert.signature, cert.tbs_certificate_bytes, ec.ECDSA(digest))
    else:
        assert other.public_bytes(serialization.Encoding.DER) == cert_der, f'{label}: RSA differs'
        assert key.public_key().public_numbers().e == 65537, label
        key.public_key().verify(cert.signature, cert.tbs_certificate_bytes, padding.PKCS1v15(),
                                digest)


count = 0


def case(label, **fields):
    global count
    compare(label, **fields)
    count += 1


for curve in ('secp192r1 secp224r1 secp256r1 secp256k1 secp384r1 secp521r1 brainpoolP256r1 '
              'brainpoolP384r1 brainpoolP512r1 sect163k1 sect163r2 sect233k1 sect233r1 sect283k1 '
              'sect283r1 sect409k1 sect409r1 sect571k1 sect571r1').split():
    case(curve, elliptic_curve=curve)
for digest in DIGESTS:
    if digest != 'md5' and not digest.startswith('sha3'):
        case('EC ' + digest, digest=digest)
    if not digest.startswith('sha3'):
        case('RSA ' + digest, digest=digest, rsa_key_len=1024)
case('RSA 512', rsa_key_len=512)
case('RSA 2048', rsa_key_len=2048, digest='sha512')
case('all names', country_name='PL', state_or_province_name='Małopolskie', locality_name='Kraków',
     organization_name='AVS', organization_unit_name='IoT', email_address='a@b.example',
     common_name='device 1')
case('long names', state_or_province_name='ż' * 128, organization_name='o' * 64,
     email_address='e' * 244 + '@b.example', common_name='n' * 64)
for other_name in (None, 'device.example.com', 'urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6'):
    case(f'alternative name {other_name}', subject_alt_name=other_name)
for serial in ('1', '127', '128', '0xff00', str(2 ** 159 - 1)):
    case('serial ' + serial, serial_number=serial)
case('past 2049', validity_offset_seconds=60 * 60 * 24 * 365 * 60)
case('one second', validity_offset_seconds=1)
print(f'{count} certificates are the same as those of python3-cryptography')
