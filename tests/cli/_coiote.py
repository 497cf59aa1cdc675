# SPDX-License-Identifier: Apache-2.0
"""A Coiote to register at, over HTTPS or HTTP, with a port of its own. It keeps the requests, and answers
POST as the test says."""
import http.server, json, os, ssl, subprocess, threading

class Coiote:
    def __init__(self, folder, https=True):
        self.requests, self.answer, self.devices = [], None, {}
        coiote = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def reply(self, status, body):
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header('Content-Type', 'application/json')
                self.send_header('Content-Length', str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
                coiote.requests.append(('POST', self.path, dict(self.headers), body))
                if coiote.answer:
                    return self.reply(*coiote.answer)
                device = json.loads(body)
                coiote.devices[device['properties']['endpointName']] = device
                self.reply(201, {'id': device['properties']['endpointName'], 'result': 'Added'})

            def do_GET(self):
                coiote.requests.append(('GET', self.path, dict(self.headers), b''))
                if '?' in self.path: # a search
                    return self.reply(200, {'devices': []} if '/find/' in self.path else [])
                self.reply(404, {'error': 'not here'})

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.port = self.server.server_address[1]
        self.ca = os.path.join(folder, 'coiote.pem')
        if https:
            subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                            '-keyout', self.ca + '.key', '-out', self.ca, '-subj', '/CN=127.0.0.1', '-addext',
                            'subjectAltName=IP:127.0.0.1'], check=True, capture_output=True)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.ca, self.ca + '.key')
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.info = os.path.join(folder, 'coiote.json')
        with open(self.info, 'w') as f:
            json.dump({'url': f'http{"s" if https else ""}://127.0.0.1', 'port': self.port, 'domain': '/acme/'}, f)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def posts(self):
        return [r for r in self.requests if r[0] == 'POST']

    def close(self):
        self.server.shutdown()
        self.server.server_close()
