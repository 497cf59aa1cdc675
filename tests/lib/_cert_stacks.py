# SPDX-License-Identifier: Apache-2.0
"""A device's certificate, as OpenSSL, GnuTLS and Mbed TLS take it from a client."""
import ctypes, subprocess
from _signet import need
from _softhsm import run


def openssl(*args):
    return run('openssl', *args)


def taken(cert, chain, strict=True):
    """CHAIN is a PEM file whose last certificate is the trust anchor. A certificate without key identifiers is none for strict=True."""
    openssl('verify', *(['-x509_strict'] if strict else []), '-purpose', 'sslclient', '-CAfile', chain, cert)
    p = subprocess.run(['certtool', '--verify', '--load-ca-certificate', chain, '--infile', cert], capture_output=True, text=True, timeout=60)
    need(p.returncode == 0 and 'Verified' in p.stdout, f'certtool: {p.stdout} {p.stderr}')
    mbed = ctypes.CDLL('libmbedx509.so.1')
    crt, ca, flags = (ctypes.create_string_buffer(4096) for _ in range(3))
    for x, path in ((crt, cert), (ca, chain)):
        mbed.mbedtls_x509_crt_init(x)
        need(mbed.mbedtls_x509_crt_parse_file(x, path.encode()) == 0, f'Mbed TLS does not read {path}')
    need(mbed.mbedtls_x509_crt_verify(crt, ca, None, None, flags, None, None) == 0, 'Mbed TLS does not take it')
