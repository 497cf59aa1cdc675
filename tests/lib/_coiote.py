# SPDX-License-Identifier: Apache-2.0
"""A Coiote server for tests: HTTPS on 127.0.0.1, with its rules, its state and faults on demand."""
import http.server, json, os, re, ssl, subprocess, threading, time, urllib.parse

API = '/api/coiotedm/v3'
TOKEN = 'T0kenCanary_7d1f'


def make_certificate(folder, name='127.0.0.1', days='2'):
    key, cert = os.path.join(folder, 'tls.key'), os.path.join(folder, 'tls.pem')
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
                    '-nodes', '-keyout', key, '-out', cert, '-days', days, '-subj', '/CN=test',
                    '-addext', f'subjectAltName=IP:{name}' if re.match(r'[\d.]+$', name)
                    else f'subjectAltName=DNS:{name}'], check=True, capture_output=True)
    return key, cert


class Coiote:
    """faults: a list consumed one per POST; each is a function (handler, body) -> None that answers,
    or 'ok'. requests: what came, as (method, path, headers, body). token None: any will do. answer: of every
    POST from now on, as (status, body). down: nobody is answered."""

    def __init__(self, folder=None, plain=False, faults=(), name='127.0.0.1', get_faults=(), token=TOKEN):
        self.devices, self.requests = {}, []
        self.token, self.answer, self.down = token, None, False
        self.faults, self.get_faults = list(faults), list(get_faults)
        self.posts_done = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def log_message(self, *args):
                pass

            def answer(self, status, value=None, raw=None, headers=()):
                data = raw if raw is not None else json.dumps(value).encode()
                self.send_response(status)
                for k, v in headers:
                    self.send_header(k, v)
                self.send_header('Content-Length', str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def error(self, status, text, headers=()):
                self.answer(status, {'error': text}, headers=headers)

            def handle_any(self):
                length = int(self.headers.get('Content-Length') or 0)
                body = self.rfile.read(length) if length else b''
                outer.requests.append((self.command, self.path, dict(self.headers), body))
                try:
                    outer.judge(self, body)
                except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
                    self.close_connection = True

            do_GET = do_POST = do_DELETE = do_PUT = handle_any

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass

        self.httpd = Server(('127.0.0.1', 0), Handler)
        self.port = self.httpd.server_address[1]
        self.plain = plain
        if not plain:
            key, self.ca = make_certificate(folder, name)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.ca, key)
            self.httpd.socket = context.wrap_socket(self.httpd.socket, server_side=True,
                                                    do_handshake_on_connect=False)
        self.thread = threading.Thread(target=self.httpd.serve_forever, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def posts(self):
        return [r for r in self.requests if r[0] == 'POST']

    def names(self):
        return [d['properties']['endpointName'] for d in list(self.devices.values())]

    def close(self):
        self.__exit__()

    def __exit__(self, *args):
        self.httpd.shutdown()
        self.httpd.server_close()

    def info(self, folder):
        path = os.path.join(folder, 'server.json')
        with open(path, 'w') as f:
            json.dump({'url': ('http' if self.plain else 'https') + '://127.0.0.1',
                       'port': self.port, 'domain': '/acme/'}, f)
        return path

    def judge(self, h, body):
        if self.down:
            return drop(h, body)
        if self.token and h.headers.get('Authorization') != f'Bearer {self.token}':
            return h.error(401, 'invalid token')
        path, _, query = h.path.partition('?')
        if h.command == 'POST' and self.answer:
            code, value = self.answer
            return h.answer(code, value, raw=value if isinstance(value, bytes) else None)
        if h.command == 'POST':
            fault = self.faults.pop(0) if self.faults else 'ok'
            return self.create(h, body) if fault == 'ok' else fault(h, body)
        if self.get_faults:
            fault = self.get_faults.pop(0)
            if fault != 'ok':
                return fault(h, body)
        if h.command == 'GET' and path in (API + '/devices', API + '/devices/find/details'):
            criteria = urllib.parse.parse_qs(query).get('searchCriteria', [''])[0]
            m = re.fullmatch(r"properties\.endpointName eq '(.*)'", criteria)
            ids = [i for i, d in self.devices.items() if m and d['properties']['endpointName'] == m[1]]
            if path.endswith('details'):
                return h.answer(200, {'devices': [{'id': i} for i in ids[:1]]})
            return h.answer(200, ids)
        identifier = urllib.parse.unquote(path[len(API + '/devices/'):])
        if identifier not in self.devices:
            return h.error(404, 'no such device')
        if h.command == 'DELETE':
            del self.devices[identifier]
            return h.answer(204, raw=b'')
        return h.answer(200, dict(self.devices[identifier], id=identifier))

    def create(self, h, body, silent=False):
        d = json.loads(body)
        for member in ('domain', 'securityMode', 'connectorType'):
            if not d.get(member):
                return h.error(400, f'{member} is required')
        if not (d['domain'].startswith('/') and d['domain'].endswith('/')):
            return h.error(400, 'malformed domain')
        psk = (d.get('dtlsPsk') or {}).get('HexadecimalPsk')
        if d['securityMode'] == 'psk' and (not psk or len(psk) % 2):
            return h.error(400, 'HexadecimalPsk must have an even number of digits')
        for other in self.devices.values():
            if other['properties']['endpointName'] == d['properties']['endpointName']:
                return h.error(409, 'device already exists')
            if d.get('dtlsIdentity') and other.get('dtlsIdentity') == d['dtlsIdentity']:
                return h.error(400, 'DTLS identity already taken')
        identifier = '%016x:id' % abs(hash(d['properties']['endpointName']))
        self.devices[identifier] = d
        self.posts_done += 1
        if not silent:
            h.answer(201, {'id': identifier, 'result': 'created'})


def status(code, text='no', headers=(), raw=None):
    return lambda h, body: h.answer(code, {'error': text}, raw=raw, headers=headers)


def commit_then_drop(server):
    def fault(h, body):
        server().create(h, body, silent=True)
        h.close_connection = True
        h.connection.close()
    return fault


def drop(h, body):
    h.close_connection = True
    h.connection.close()


def stall(seconds):
    def fault(h, body):
        time.sleep(seconds)
        h.close_connection = True
    return fault


def truncated(h, body):
    h.send_response(201)
    h.send_header('Content-Length', '500')
    h.end_headers()
    h.wfile.write(b'{"id": "')
    h.wfile.flush()
    h.close_connection = True
    h.connection.close()
