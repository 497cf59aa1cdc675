#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A device with several server accounts: which of them each server is told of, and that no credential is made that
nobody gets."""
import base64, csv, hashlib, http.server, json, os, subprocess, sys, tempfile, threading

BUILD = os.environ['SIGNET_BUILD']
SIGNET, PTOOL = f'{BUILD}/signet', f'{BUILD}/ptool'
CFG = {0: "RID.Security.ServerURI: 'coaps://b.example:5684', RID.Security.Bootstrap: True",
       1: "RID.Security.ServerURI: 'coaps://m1.example:5684', RID.Security.Bootstrap: False, RID.Security.ShortServerID: 1",
       2: "RID.Security.ServerURI: 'coaps://m2.example:5684', RID.Security.Bootstrap: False, RID.Security.ShortServerID: 2"}


def need(condition, *what):
    if not condition:
        sys.exit('FAILED: ' + ': '.join(str(w) for w in what))


def config(*accounts, mode=0, more=lambda i: ''):
    security = ', '.join(f'{i}: {{{CFG[i]}, RID.Security.Mode: {mode}{more(i)}}}' for i in accounts)
    server = ', '.join(f"{i}: {{RID.Server.ShortServerID: {i}, RID.Server.Lifetime: 60, RID.Server.NotificationStoring: False, "
                       "RID.Server.Binding: 'U'}" for i in accounts if i)
    return '{OID.Security: {%s}%s}\n' % (security, f', OID.Server: {{{server}}}' if server else '')


def key(i):
    return f'account-{i}-key!'.encode()[:16].ljust(16, b'.')


def psk(*accounts):
    return config(*accounts, more=lambda i: f", RID.Security.PKOrIdentity: b'id{i}', RID.Security.SecretKey: {key(i)!r}")


class Server(http.server.BaseHTTPRequestHandler):
    """Takes everything, and keeps it."""
    seen = []
    there = None  # what Coiote has of the device, which it refuses to make again

    def answer(self):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        Server.seen.append((self.command, self.path, json.loads(body) if body else None))
        ident = {'id': '784f394c-42b6-435a-983c-b7beff2784f9'}
        out = {'id': ident, 'created': 2, 'hasNext': False, 'data': [{'name': 'P', 'transportType': 'LWM2M', 'id': ident}],
               'devices': [{'id': 'x'}]}
        if Server.there and self.command == 'GET' and self.path.endswith('/devices/x'):
            out = Server.there
        out = json.dumps(out).encode()
        self.send_response(409 if Server.there and self.command == 'POST' else 200)
        self.send_header('Content-Length', str(len(out)))
        self.end_headers()
        self.wfile.write(out)

    do_POST = do_PUT = do_GET = do_DELETE = answer

    def log_message(self, *args):
        pass


class Desk:
    def __init__(self, folder, port):
        self.folder, self.port = folder, port
        self.write('token', 'T0ken')

    def at(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(os.open(self.at(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as f:
            f.write(text)

    def call(self, *args, good=None, words=()):
        p = subprocess.run(args, cwd=self.folder, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        said = p.stdout + p.stderr
        need(good is None or (p.returncode == 0) == good, args, f'exit {p.returncode}', said)
        for word in (words,) if isinstance(words, str) else words:
            need(word in said, args, f'no {word!r}', said)
        return said

    def server(self, kind, **more):
        info = {'kind': kind, **more}
        if kind != 'export':
            info |= {'url': 'http://127.0.0.1', 'port': self.port}
        if kind == 'coiote':
            info['domain'] = '/acme/'
        self.write('server.json', json.dumps(info))

    def register(self, text, kind, good=True, words=(), name='ep', **more):
        """What the server got."""
        Server.seen.clear()
        self.write('config', text)
        self.server(kind, **more)
        self.said = self.call(SIGNET, 'register', '-s', 'server.json', '-e', name, '-c', 'config', '--token-file', 'token',
                              '--allow-http', good=good, words=words)
        need(good or not Server.seen, kind, 'something was sent', Server.seen)
        return [body for method, _, body in Server.seen if method != 'GET']

    def order(self, text, servers='', output='{packets: out.ndjson}', quota=2, more=''):
        self.write('template', text)
        self.write('order.yaml', f'name: o\nquota: {quota}\ntemplate: template\nledger: ledger.db\nstation: A\n'
                                 + (f'servers: {servers}\n' if servers else '')
                                 + (f'output: {output}\nnames: {{pattern: "ep-{{serial}}"}}\n' if output else '') + more)

    def refused(self, *words):
        self.call(SIGNET, 'run', '--dry-run', 'order.yaml', good=False, words=words)
        self.call(SIGNET, 'run', 'order.yaml', good=False, words=words)

    def made(self):
        self.call(SIGNET, 'run', '--dry-run', 'order.yaml', good=True)
        return self.call(SIGNET, 'run', 'order.yaml', good=True)

    def fresh(self):
        """Nothing of the order before is left."""
        subprocess.run('rm -rf work ledger.db* out.ndjson *.csv records.ndjson', shell=True, cwd=self.folder, check=True)

    def packets(self):
        with open(self.at('out.ndjson')) as f:
            return {d['endpoint']: base64.b64decode(d['packet']) for d in map(json.loads, f)}


def coiote(d):
    def told(text, role, i, **more):
        body, = d.register(text, 'coiote', **more)
        need(body['connectorType'] == role and body['dtlsIdentity'] == f'id{i}', text, more, body)
        need(body['dtlsPsk'] == {'HexadecimalPsk': key(i).hex()}, text, more, body)
    told(psk(1), 'management', 1)
    told(psk(0), 'bootstrap', 0)
    told(psk(0, 1), 'management', 1)
    told(psk(1, 0), 'management', 1)
    for account, role, i in (('bootstrap', 'bootstrap', 0), ('coaps://b.example:5684', 'bootstrap', 0), ('1', 'management', 1),
                             (2, 'management', 2), ('coaps://m2.example:5684', 'management', 2)):
        told(psk(0, 1, 2), role, i, account=account)
    told(psk(0, 1), 'management', 1, account='management')
    for more in ({}, {'account': 'management'}):
        d.register(psk(0, 1, 2), 'coiote', False, ('2 accounts that this may mean', '"account"', 'coaps://m1.example:5684'), **more)
    d.register(psk(0, 1), 'coiote', False, "'7' is no account of the device", account=7)
    d.register(psk(0, 1), 'coiote', False, "'coaps://m1' is no account of the device", account='coaps://m1')
    d.register(psk(0, 1), 'coiote', False, "'0' is no account of the device", account=0)
    d.register(psk(0, 1), 'coiote', False, "'coaps://m1.example:56845' is no account of the device", account='coaps://m1.example:56845')
    d.register(psk(1), 'coiote', False, 'no bootstrap account', account='bootstrap')
    d.register(psk(0), 'coiote', False, 'no management account', account='management')


def coiote_has_it(d):
    """Under the same name, as a device of the other role."""
    for role, good in (('bootstrap', True), ('management', False)):
        Server.seen.clear()
        Server.there = {'properties': {'endpointName': 'ep'}, 'connectorType': role, 'domain': '/acme/', 'securityMode': 'psk',
                        'dtlsIdentity': 'id0', 'dtlsPsk': {'HexadecimalPsk': key(0).hex()}}
        d.write('config', psk(0))
        d.server('coiote')
        d.call(SIGNET, 'register', '-s', 'server.json', '-e', 'ep', '-c', 'config', '--token-file', 'token', '--allow-http',
               good=good, words='registered before' if good else 'its connector type is not the same')
    Server.there = None


def leshan(d):
    d.register(psk(0), 'leshan', False, ('leshan serves no bootstrap account, as /0/0 is', '"leshan-bootstrap"'))
    d.register(psk(0, 1), 'leshan', False, '"leshan-bootstrap"', account='bootstrap')
    d.register(psk(0, 1), 'leshan-bootstrap', False, ('serves no management account', '"kind": "leshan"'), account=1)
    body, = d.register(psk(0, 1), 'leshan')
    need(body['tls']['details'] == {'identity': 'id1', 'key': key(1).hex()}, body)
    info, boot = d.register(psk(1, 0), 'leshan-bootstrap')
    need(info['tls']['details'] == {'identity': 'id0', 'key': key(0).hex()}, info)
    need([s['bootstrapServer'] for s in boot['security'].values()] == [False, True], boot)
    d.register(psk(1), 'leshan-bootstrap', False, 'no bootstrap account')


def thingsboard(d):
    def told(text, **more):
        body, = d.register(text, 'thingsboard', **more)
        value = json.loads(body['credentials']['credentialsValue'])
        return value['client'], value['bootstrap']['bootstrapServer'], value['bootstrap']['lwm2mServer']

    def server(i):
        return {'securityMode': 'PSK', 'clientPublicKeyOrId': f'id{i}', 'clientSecretKey': key(i).hex()}
    client, boot, own = told(psk(1))
    need(client['identity'] == 'id1' and boot == own == {'securityMode': 'NO_SEC'}, client, boot, own)
    for text in (psk(0, 1), psk(1, 0)):
        client, boot, own = told(text)
        need(client['identity'] == 'id1' and client['key'] == key(1).hex() and boot == server(0) and own == server(1), boot, own)
    d.register(psk(0), 'thingsboard', False, 'thingsboard serves no bootstrap account')
    d.register(psk(0, 1).replace(repr(key(0)), repr(key(0) + b'x')), 'thingsboard', False,
               ('the bootstrap account', 'no PSK of 17 bytes'))


def thingsboard_rows(d):
    """The rows of a bulk import have no place for a bootstrap account: such devices go one by one."""
    d.server('thingsboard', profile='P')
    one = '/api/device-with-credentials'
    for accounts, paths in (((1,), [one, '/api/device/bulk_import']), ((0, 1), [one] * 3)):  # a server's first is alone
        d.fresh()
        Server.seen.clear()
        d.order(config(*accounts), '[{file: server.json, token_file: token, allow_http: true}]', quota=3)
        d.made()
        need([path for method, path, _ in Server.seen if method == 'POST'] == paths, accounts, Server.seen)
    d.fresh()


def certificates(d):
    """Servers that look for the endpoint name in the certificate refuse another one for ever."""
    for folder, name in (('server', 'server.example'), ('device', 'ep')):
        d.call(SIGNET, 'cert', 'make', '--endpoint', name, '--output', folder, good=True)

    def file(name):
        with open(d.at(name), 'rb') as f:
            return repr(f.read())
    more = (f", RID.Security.ServerPKOrIdentity: {file('server/client_cert.der')}, RID.Security.PKOrIdentity: "
            f"{file('device/client_cert.der')}, RID.Security.SecretKey: {file('device/client_key.der')}")
    text = config(1, mode=2, more=lambda i: more)
    for kind in ('coiote', 'leshan', 'thingsboard'):
        d.register(text, kind)
        need(('by hand: ' in d.said) == (kind == 'coiote'), kind, d.said)  # its API takes no certificates
        d.register(text, kind, False, ("common name of the certificate is 'ep'", kind), name='ep2')
    d.register(text, 'export', name='ep2', file='all.csv')
    d.register(psk(1), 'coiote')
    need('by hand: ' not in d.said, d.said)
    d.write('bare', config(1, mode=2))
    d.server('coiote')
    for args, server, device in (((PTOOL,), '-p', '-r'), ((SIGNET, 'provision'), '--server-cert', '--device-cert')):
        certs = (server, 'server/client_cert.der', '-k', 'device/client_key.der', device, 'device/client_cert.der')
        for name, good in (('ep', True), ('ep2', False)):
            d.call(*args, '-c', 'bare', '-e', name, '-s', 'server.json', '--token-file', 'token', '--allow-http', *certs, good=good,
                   words=() if good else 'common name')
    text = config(0, 1, mode=2, more=lambda i: more)
    d.register(text, 'thingsboard', False, 'would need the private key')
    for i in (0, 1):  # one of the two has a certificate
        own = f", RID.Security.PKOrIdentity: b'id{i}', RID.Security.SecretKey: {key(i)!r}"
        d.register(text.replace(f'{CFG[i]}, RID.Security.Mode: 2{more}', f'{CFG[i]}, RID.Security.Mode: 0{own}'), 'thingsboard',
                   False, 'would need the private key')


def uploads(d):
    """What a person takes to Coiote lies beside the server's file, wherever a run is started, or where this file says."""
    os.mkdir(d.at('conf'))
    for where, more in (('conf/uploads', {}), ('own', {'uploads': 'own'})):
        d.fresh()
        d.write('conf/coiote.json', json.dumps({'kind': 'coiote', 'url': 'http://127.0.0.1', 'port': d.port, 'domain': '/acme/', **more}))
        d.order(config(1, mode=2), '[{file: conf/coiote.json, token_file: token, allow_http: true, account: management}]',
                more='credentials: {server_cert: server/client_cert.der}\n')
        d.made()
        with open(d.at(f'{where}/to-upload.tsv')) as f:
            need(len(f.readlines()) == 2, where)
    said = d.call(SIGNET, 'ledger', 'void', 'ledger.db', 'ep-1', '--remove', '--reason', 'scrap', good=True)
    said = d.call(SIGNET, 'ledger', 'sync', 'order.yaml', words='a person uploaded the certificate of ep-1: take it out there too')
    d.fresh()


def unused(d):
    d.write('config', psk(1))
    words = 'no account is in mode cert or est'
    d.call(PTOOL, '-c', 'config', '-C', 'nosuch.json', good=True, words=words)
    d.call(SIGNET, 'provision', '-c', 'config', '--server-cert', 'nosuch.der', good=True, words=words)
    need(words not in d.call(PTOOL, '-c', 'config', good=True), 'a warning for nothing')
    d.order(config(1), more='credentials: {server_cert: server/client_cert.der}\n')
    d.call(SIGNET, 'run', '--dry-run', 'order.yaml', good=True, words=words)


def receivers(d):
    d.write('main.json', '{"kind": "export", "file": "main.csv"}')
    d.write('boot.json', '{"kind": "export", "file": "boot.csv", "account": "management"}')
    d.write('names.json', '{"kind": "export", "file": "names.csv", "columns": "e=endpoint, i=identity"}')
    d.write('cumulocity.json', '{"kind": "export", "format": "cumulocity", "file": "c8y.csv"}')
    d.order(config(0, 1), '[{file: main.json}]')
    d.refused('nobody would get the new key of the bootstrap account /0/0 (coaps://b.example:5684)', 'account: bootstrap',
              'output: {records: FILE.csv}')
    d.order(config(0, 1), '[{file: names.json}, {file: boot.json, account: bootstrap}]')
    d.refused('nobody would get the new key of the management account /0/1', 'account: 1')
    d.order(config(1, 2), '[{file: main.json, account: 2}]')
    d.refused('nobody would get the new key of the management account /0/1')
    d.order(config(1, 2), '[{file: main.json}]')
    d.refused('2 accounts that this may mean')
    d.order(config(1), output='', more='board: {recipe: smp-file}\nslots: [{port: nowhere}]\n')
    d.call(SIGNET, 'run', '--dry-run', 'order.yaml', good=False, words='nobody would get the new key')
    d.order(config(1, mode=2), '[{file: main.json}]', more='credentials: {server_cert: server/client_cert.der}\n')
    d.refused('nobody would get the new certificate of the management account /0/1')
    # what cannot be proved is refused before the first device, and not found after it was made
    nidd = config(1).replace('coaps://', 'coaps+nidd://')
    d.order(nidd, '[{file: main.json}]', more='prove: true\n')
    d.refused('prove: the server of /0/1 is reached neither over UDP nor over TCP', 'leave out prove')
    d.order(nidd, '[{file: main.json}]')
    d.call(SIGNET, 'run', '--dry-run', 'order.yaml', good=True, words="Binding has no 'N'")
    d.order(config(1).replace('coaps://', 'coaps+tcp://'), '[{file: main.json}]', more='prove: true\n')
    d.call(SIGNET, 'run', '--dry-run', 'order.yaml', good=True, words="Binding has no 'T'")
    # what the template brings itself is known
    d.order(psk(0, 1), '[{file: main.json}]', more='credentials: {shared_secret: true}\n')
    d.call(SIGNET, 'run', '--dry-run', 'order.yaml', good=True)

    def rows(name, delimiter=','):
        with open(d.at(name), newline='') as f:
            return list(csv.DictReader(f, delimiter=delimiter))
    d.fresh()
    d.order(config(0, 1), '[{file: main.json}, {file: boot.json, account: bootstrap}]')
    d.made()
    main, boot = rows('main.csv'), rows('boot.csv')
    for e, packet in d.packets().items():
        keys = [bytes.fromhex(r['psk']) for r in main + boot if r['endpoint'] == e]
        need(len(set(keys)) == 2 and all(k in packet for k in keys), e, keys)
    d.fresh()
    d.order(config(0, 1), '[{file: cumulocity.json}]')
    d.made()
    for r in rows('c8y.csv', ';'):
        need(all(bytes.fromhex(r[c]) in d.packets()[r['endpoint id']] for c in ('lwm2m psk_key', 'bootstrap psk_key')), r)
        need(r['lwm2m psk_key'] != r['bootstrap psk_key'], r)
    need(all(r['lwm2m server uri'] == 'coaps://m1.example:5684' for r in rows('c8y.csv', ';')), rows('c8y.csv', ';'))
    # EMQX takes keys as they stand in its file: they have to be text
    d.write('emqx.json', '{"kind": "export", "format": "emqx", "file": "emqx.psk"}')
    d.fresh()
    d.order(config(1), '[{file: emqx.json}]')
    d.refused('emqx would refuse the device: the key ', 'psk_hex')
    d.fresh()
    d.order(config(1), '[{file: emqx.json}]', more='credentials: {psk_hex: true}\n')
    d.made()
    with open(d.at('emqx.psk')) as f:
        lines = dict(line.rstrip('\n').split(':', 1) for line in f)
    need(len(lines) == len(d.packets()), lines)
    for e, packet in d.packets().items():
        need(len(lines[e]) == 32 and set(lines[e]) <= set('0123456789abcdef') and lines[e].encode() in packet, lines)
    d.order(config(1), '[{file: emqx.json}]', more='credentials: {psk_hex: true, psk_bytes: 16}\n')
    d.call(SIGNET, 'run', '--dry-run', 'order.yaml', good=False, words="'psk_hex' goes with 'psk_bytes' of 32 to 64")
    d.fresh()
    d.order(config(0, 1))  # the packets are all that is wanted, and hold the keys
    d.made()


def records(d):
    """A row for each account."""
    for name in ('records.csv', 'records.ndjson'):
        d.fresh()
        d.order(config(0, 1, 2), output=f'{{packets: out.ndjson, records: {name}}}')
        d.made()
        with open(d.at(name), newline='') as f:
            rows = [json.loads(line) for line in f] if name.endswith('ndjson') else list(csv.DictReader(f))
        packets = d.packets()
        need([(r['endpoint'], r['account'], r['uri']) for r in rows] ==
             [(e, 'bootstrap' if i == 0 else 'management', f'coaps://{"b" if i == 0 else f"m{i}"}.example:5684')
              for e in packets for i in (0, 1, 2)], rows)
        need(len({r['psk'] for r in rows}) == 6, rows)
        need(all(bytes.fromhex(r['psk']) in packets[r['endpoint']] and r['identity'] == r['endpoint'] for r in rows), rows)


def version_0_1(d, text, name):
    """The order's files as version 0.1 left them: one row a device."""
    d.fresh()
    d.order(text, output=f'{{packets: out.ndjson, records: {name}}}')
    d.made()
    with open(d.at(name)) as f:
        lines = f.read().splitlines()
    if name.endswith('.csv'):
        old = [','.join(line.split(',')[:5]) for line in lines if not line.endswith('coaps://b.example:5684')]
    else:
        old = [json.dumps({k: v for k, v in json.loads(line).items() if k not in ('account', 'uri')})
               for line in lines if '"bootstrap"' not in line]
    d.write(name, '\n'.join(old) + '\n')
    state, = (f'work/{f}' for f in os.listdir(d.at('work')) if f.endswith('.state'))
    with open(d.at(state)) as f:
        known = f.read().splitlines()
    need(known[0] == 'signet mint 2', known)
    with open(d.at(name), 'rb') as f:
        data = f.read()
    at, = (i for i, line in enumerate(known) if line.startswith('records '))
    known[0], known[at] = 'signet mint 1', f'records {len(data)} {hashlib.sha256(data).hexdigest()} {known[at].split(" ", 3)[3]}'
    d.write(state, '\n'.join(known) + '\n')
    d.order(text, output=f'{{packets: out.ndjson, records: {name}}}', quota=4)
    return old


def older_files(d):
    for name in ('records.csv', 'records.ndjson'):
        old = version_0_1(d, config(1), name)
        d.made()
        with open(d.at(name)) as f:
            lines = f.read().splitlines()
        need(lines[:len(old)] == old and len(lines) == len(old) + 2, lines)
        need(all(line.count(',') == old[-1].count(',') and 'management' not in line for line in lines), lines)
        version_0_1(d, config(0, 1), name)
        d.refused('nobody would get the new key of the bootstrap account /0/0')
        # records of its own, from here on
        d.order(config(0, 1), output=f'{{packets: out.ndjson, records: new-{name}}}', quota=4)
        d.made()
        with open(d.at('new-' + name)) as f:
            need(f.read().count('coaps://b.example') == 2, 'the new file has rows for each account')
        os.remove(d.at('new-' + name))


with tempfile.TemporaryDirectory(prefix='signet-accounts-') as folder:
    web = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Server)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    desk = Desk(folder, web.server_address[1])
    for part in (coiote, coiote_has_it, leshan, thingsboard, thingsboard_rows, certificates, uploads, unused, receivers, records, older_files):
        part(desk)
    web.shutdown()
print('accounts: ok')
