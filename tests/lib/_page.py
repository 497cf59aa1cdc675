# SPDX-License-Identifier: Apache-2.0
"""A page for tests: HTTP as a browser speaks it, the stream of a viewer, and a run that never was."""
import http.client, json, os, socket, ssl, threading, time
from _signet import need

SECONDS = 60
NAME, PASSWORD = 'zoe', 'password 1'


class Browser:
    """Connections to a page; cookie and token of a login are kept."""
    def __init__(self, url):
        self.tls = url.startswith('https:')
        self.host, _, port = url.split('/')[2].rpartition(':')
        self.port, self.cookie, self.token = int(port), None, None

    def connect(self):
        trust = ssl._create_unverified_context() if self.tls else None
        host = '127.0.0.1' if self.host == '0.0.0.0' else self.host
        return http.client.HTTPSConnection(host, self.port, timeout=SECONDS, context=trust) if self.tls else \
            http.client.HTTPConnection(host, self.port, timeout=SECONDS)

    def ask(self, path, method='GET', body=None, **headers):
        """status, headers, body"""
        c = self.connect()
        if self.cookie:
            headers.setdefault('Cookie', self.cookie)
        c.request(method, path, body=body, headers={k.replace('_', '-'): v for k, v in headers.items()})
        answer = c.getresponse()
        text = answer.read().decode()
        c.close()
        return answer.status, answer.headers, text

    def json(self, path):
        status, _, text = self.ask(path)
        need(status == 200, f'{path}: {status} {text}')
        return json.loads(text)

    def post(self, path, *lines, **headers):
        headers.setdefault('X_Signet_Token', self.token or '-')
        return self.ask(path, 'POST', '\n'.join(lines), **headers)

    def log_in(self, name=NAME, password=PASSWORD):
        status, headers, text = self.post('/api/login', name, password)
        if status == 200:
            self.cookie, self.token = headers['Set-Cookie'].split(';')[0], json.loads(text)['token']
        return status

    def bad(self, status, words, path, *lines, **headers):
        got, _, text = self.post(path, *lines, **headers)
        why = json.loads(text).get('error', {})
        need(got == status and words in why.get('message', ''), f'{path} {lines}: {got} {text}')


class Stream:
    """What a viewer is told, event by event."""
    def __init__(self, browser, last=None):
        self.connection = browser.connect()
        headers = {'Last-Event-ID': last} if last else {}
        if browser.cookie:
            headers['Cookie'] = browser.cookie
        self.connection.request('GET', '/events', headers=headers)
        self.answer = self.connection.getresponse()
        self.id = last

    def next(self):
        """event, data; comments are passed over"""
        event = {}
        while True:
            line = self.answer.readline().decode()
            need(line, 'the stream ended')
            name, _, value = line.rstrip('\n').partition(': ')
            if name in ('event', 'id', 'data'):
                event[name] = value
            if line == '\n' and 'data' in event:
                self.id = event.get('id', self.id)
                return event['event'], json.loads(event['data'])
            if line == '\n':
                event = {}

    def until(self, condition):
        end = time.monotonic() + SECONDS
        while True:
            event, data = self.next()
            if condition(event, data):
                return event, data
            need(time.monotonic() < end, 'not told')

    def close(self):
        self.connection.close()


class Run:
    """The control socket of a run that never was: what it says is up to the test."""
    def __init__(self, folder, slots):
        os.mkdir(folder)
        self.order, self.slots, self.more = 'o', slots, ()
        self.scans = 0
        self.late = None  # the answer to a change, in place of what is so: it was on its way
        self.asked, self.log, self.refuses = '', [], None  # the last change, all of them, and why the next one is refused
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(os.path.join(folder, 'control-0123456789abcdef.sock'))
        self.socket.listen(16)
        threading.Thread(target=self.answer, daemon=True).start()

    def text(self):
        lines = ['ok ', f'order {self.order}', f'scans {self.scans}', 'quota 10', 'seconds 1000', *self.more]
        for i, slot in enumerate(self.slots):
            lines += [f'slot {i + 1}', f'state {slot["state"]}'] + [f'{k} {v}' for k, v in slot.items() if k != 'state']
        return '\n'.join(lines) + '\n'

    def answer(self):
        while True:
            c, _ = self.socket.accept()
            with c:
                line = c.recv(600).decode().strip()
                if line != 'status':
                    self.asked = line
                    self.log.append(line)
                refused = self.refuses and line != 'status'
                c.sendall((f'error 1\nmessage {self.refuses}\nhint try another\n' if refused else line != 'status' and self.late or self.text()).encode())
