#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A proof over TCP and TLS at a CoAP server that is not ours (aiocoap): the device gets in and out again, a certificate
that the server does not take stays out, and so does a device that is sent to another server's certificate."""
import asyncio, os, re, ssl, subprocess, sys, tempfile, warnings

from _tools import require
require('aiocoap==0.4.14')

import aiocoap
from aiocoap import resource
from aiocoap.transports import tcp, tls
from _port import free_port

SIGNET = os.path.join(os.environ['SIGNET_BUILD'], 'signet')
warnings.simplefilter('ignore')
seen = []


class Registrations(resource.Resource):
    def __init__(self, site):
        super().__init__()
        self.site = site

    async def render_post(self, request):
        seen.append(sorted(request.opt.uri_query))
        place = ('rd', 'x' * 200 if 'lt=60' in request.opt.uri_query else 'n1')
        self.site.add_resource(place, Registration())
        answer = aiocoap.Message(code=aiocoap.CREATED)
        answer.opt.location_path = place
        return answer


class Registration(resource.Resource):
    async def render_delete(self, request):
        seen.append('gone')
        return aiocoap.Message(code=aiocoap.DELETED)


def run(*args):
    p = subprocess.run(args, capture_output=True, text=True, timeout=60)
    return p.returncode, p.stdout + p.stderr


def certificate(name):
    rc, out = run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', f'/CN={name}',
                  '-addext', 'basicConstraints=critical,CA:FALSE', '-days', '400', '-keyout', f'{name}.key', '-out', f'{name}.pem')
    assert rc == 0, out
    der = subprocess.run(['openssl', 'x509', '-in', f'{name}.pem', '-outform', 'der'], capture_output=True, check=True).stdout
    key = subprocess.run(['openssl', 'pkcs8', '-topk8', '-nocrypt', '-in', f'{name}.key', '-outform', 'der'], capture_output=True, check=True).stdout
    return der, key


def packet(name, uri, login='', lifetime=600):
    with open(f'{name}.cfg', 'w') as f:
        f.write(f"""{{OID.Security: {{1: {{RID.Security.ServerURI: '{uri}', RID.Security.Bootstrap: False, RID.Security.ShortServerID: 1, {login}}}}},
 OID.Server: {{1: {{RID.Server.ShortServerID: 1, RID.Server.Lifetime: {lifetime}, RID.Server.NotificationStoring: False, RID.Server.Binding: 'UT'}}}}}}""")
    rc, out = run(SIGNET, 'packet', 'make', '-c', f'{name}.cfg', '-o', f'{name}.packet')
    assert rc == 0, out


def prove(name, good, words, *more):
    rc, out = run(SIGNET, 'prove', '--endpoint', 'urn:dev:os:1', f'{name}.packet', *more)
    if (rc == 0) != good or not re.search(words, out):
        sys.exit(f'{name} {more}: exit {rc}\n{out}')


def proofs(port):
    """In a thread: the server goes on."""
    prove('plain', True, r'coap\+tcp://127.0.0.1:\d+  no security  /rd/n1')
    for stack, suite in (('openssl', 'ECDHE-ECDSA'), ('mbedtls', 'TLS-ECDHE-ECDSA')):
        prove('good', True, rf'coaps\+tcp://127.0.0.1:\d+  {suite}.*  /rd/n1', '--stack', stack)
        prove('stranger', False, 'handshake', '--stack', stack)
        prove('other', False, 'does not take the certificate', '--stack', stack)
    prove('wrong', False, r'handshake: .*(closed the connection|wrong version|TLS)')
    prove('far', False, r'answer has 20\d bytes of options, and the device takes 128 over TCP', '--device', 'anjay-3')
    wanted = [what for lifetime, version in ((600, 1),) * 3 + ((60, 2),)  # Anjay begins with its newest
              for what in (['b=T', 'ep=urn:dev:os:1', f'lt={lifetime}', f'lwm2m=1.{version}'], 'gone')]
    if seen != wanted:
        sys.exit(f'the server saw {seen}')


async def main():
    site = resource.Site()
    site.add_resource(['rd'], Registrations(site))
    server, device, stranger = certificate('127.0.0.1'), certificate('urn:dev:os:1'), certificate('stranger')
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain('127.0.0.1.pem', '127.0.0.1.key')
    context.load_verify_locations('urn:dev:os:1.pem')
    context.verify_mode = ssl.CERT_REQUIRED
    port = free_port()
    while True:  # TLS is one above
        try:
            await aiocoap.Context.create_server_context(site, bind=('127.0.0.1', port), _ssl_context=context,
                                                                 transports=['tcpserver', 'tlsserver'])
            break
        except OSError:
            port = free_port()
    login = 'RID.Security.Mode: 2, RID.Security.PKOrIdentity: %r, RID.Security.SecretKey: %r, RID.Security.ServerPKOrIdentity: %r'
    packet('plain', f'coap+tcp://127.0.0.1:{port}', 'RID.Security.Mode: 3')
    packet('far', f'coap+tcp://127.0.0.1:{port}', 'RID.Security.Mode: 3', 60)
    packet('good', f'coaps+tcp://127.0.0.1:{port + 1}', login % (*device, server[0]))
    packet('stranger', f'coaps+tcp://127.0.0.1:{port + 1}', login % (*stranger, server[0]))
    packet('other', f'coaps+tcp://127.0.0.1:{port + 1}', login % (*device, stranger[0]))
    packet('wrong', f'coaps+tcp://127.0.0.1:{port}', login % (*device, server[0]))
    await asyncio.get_running_loop().run_in_executor(None, proofs, port)


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    asyncio.run(main())
    os.chdir('/')
print('ok')
