#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the house around a line hears: webhooks, MQTT, CFX, over faults, kills and restarts.
usage: notify.py [PART]"""
import base64, collections, hashlib, hmac, http.server, json, os, shutil, socket, ssl, subprocess, threading, time, warnings
import jsonschema
from _line import DEADLINE, Line
from _parts import main, part
from _port import free_port
from _day import HAS_CLOCK
from _signet import BUILD, SIGNET, TORTURE, Broken, need, with_failpoint

SCHEMAS = os.path.join(os.environ['SIGNET_SOURCE'], 'docs', 'schemas')
KEY = b'k' * 32


def schema(name):
    with open(os.path.join(SCHEMAS, name)) as f:
        return json.load(f)


def valid(value, name):
    """By a schema that refers to others."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', DeprecationWarning)  # RefResolver is what Debian 12 has
        resolver = jsonschema.RefResolver('', {}, store={n: schema(n) for n in os.listdir(SCHEMAS)})
    jsonschema.Draft202012Validator({'$ref': name}, resolver=resolver).validate(value)


class Receiver:
    """A webhook that verifies each signature by itself, and misbehaves as told."""

    def __init__(self, tls=None):
        self.got, self.answers, self.paths = [], collections.deque(), set()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def log_message(self, *args):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                mac = hmac.new(KEY, b'%s.%s.%s' % (self.headers['webhook-id'].encode(), self.headers['webhook-timestamp'].encode(), body), hashlib.sha256)
                good = self.headers['webhook-signature'] == 'v1,' + base64.b64encode(mac.digest()).decode()
                event = json.loads(body)
                good = good and self.headers['webhook-id'] == event['id'] and abs(int(self.headers['webhook-timestamp']) - time.time()) < 60
                answer = receiver.answers.popleft() if receiver.answers else 200
                if answer in (200, 'page'):
                    receiver.got.append((event, good))
                receiver.paths.add(self.path)
                if answer == 'drop':
                    return self.connection.shutdown(socket.SHUT_RDWR)
                text = b'<html>' * 300000 if answer == 'huge' else b'<html>thanks</html>' if answer == 'page' else b''
                self.send_response(answer if isinstance(answer, int) else 200)
                if answer in (302, 307):
                    self.send_header('Location', f'http://127.0.0.1:{receiver.port}/elsewhere')
                self.send_header('Content-Length', str(len(text)))
                self.end_headers()
                self.wfile.write(text)

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *args):
                pass

        self.server = Server(('127.0.0.1', 0), Handler)
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def events(self):
        need(all(good for _, good in self.got), 'a signature is wrong')
        return [e for e, _ in self.got]

    def words(self):
        return [e['event'] for e in self.events()]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class House(Line):
    def __init__(self, folder):
        super().__init__(folder)
        self.receiver, self.broker = None, None
        self.write('key', 'whsec_' + base64.b64encode(KEY).decode() + '\n')
        os.chmod(self.at('key'), 0o600)

    def hook(self, more=''):
        self.receiver = self.receiver or Receiver()
        return f'{{url: "http://127.0.0.1:{self.receiver.port}/in?a=b", allow_http: true, key_file: key{more}}}'

    def packets(self, quota, *targets, name='minted'):
        """An order without boards."""
        self.write('order.yaml', '\n'.join([
            f'name: "{name}"', f'quota: {quota}', 'template: template', 'ledger: ledger.db', 'station: A', 'names: {pattern: "urn:dev:os:n-{serial:03}"}',
            'output: {packets: minted.ndjson}', f'notify: [{", ".join(targets)}]']) + '\n')

    def run(self, point=None, sync=8, wait=1, env=()):
        p = subprocess.run([TORTURE if point else SIGNET, 'run', 'order.yaml', '--json', '--wait', str(wait), '--sync', str(sync)], cwd=self.folder, env=dict(with_failpoint(point) or os.environ, **dict(env)),
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, timeout=DEADLINE)
        return self.ended(p.returncode, p.stdout)

    def history(self, kind=None):
        rows = [json.loads(l) for l in self.ledger('export', '-f', 'events', 'ledger.db').splitlines()]
        return [r for r in rows if 'hash' in r and (kind is None or r['kind'] == kind)]

    def told(self, name):
        need(self.report, self.said)
        return next(n for n in self.report['notify'] if n['name'] == name)

    def mosquitto(self, *lines):
        self.broker_port = free_port()
        self.write('broker.conf', '\n'.join([f'listener {self.broker_port} 127.0.0.1', 'log_type none', *(lines or ['allow_anonymous true'])]) + '\n')
        self.start_broker()

    def start_broker(self):
        program = shutil.which('mosquitto', path=os.environ['PATH'] + ':/usr/sbin')
        self.broker = subprocess.Popen([program, '-c', self.at('broker.conf')], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            with socket.socket() as s:
                if s.connect_ex(('127.0.0.1', self.broker_port)) == 0:
                    return
            time.sleep(0.05)
        raise Broken('the broker did not start')

    def close(self):
        if self.receiver:
            self.receiver.close()
        if self.broker:
            self.broker.kill()
            self.broker.wait()
        super().close()


@part
def a_line_with_a_webhook(h):
    """Begin, verdicts and end, in their order, signed, as the schema has them; each with the id of its event in the ledger."""
    h.boards(2, misbehave=['2=never-ready'])
    h.order(2, more=f'notify: [{h.hook()}, {{file: cfx.ndjson, format: cfx}}, {{file: all.ndjson, name: all, events: [all]}}]\n')
    h.run()
    events, words = h.receiver.events(), h.receiver.words()
    need(words[:2] == ['order', 'begin'] and words[-1] == 'ended' and sorted(w for w in words if w in ('pass', 'fail')) == ['fail', 'pass'] and 'done' in words, words)
    need(not {'reserved', 'written', 'verified'} & set(words), words)
    for e in events:
        jsonschema.validate(e, schema('notify-event.json'))
    need([e['seq'] for e in events] == sorted({e['seq'] for e in events}), 'out of order')
    ledger = {r['hash']: r for r in h.history()}
    need(all(e['id'] in ledger and ledger[e['id']]['seq'] == e['seq'] for e in events), events)
    passed = next(e for e in events if e['event'] == 'pass')
    need(passed['endpoint'] in h.rows() and passed['slot'] == '1' and passed['hw_id'] and passed['data']['first_pass'] and passed['edition'] == 1, passed)
    failed = next(e for e in events if e['event'] == 'fail')
    need(failed['data']['code'] == 'timeout' and 'endpoint.txt' in failed['data']['message'], failed)
    cfx = [json.loads(l) for l in h.text('cfx.ndjson').splitlines()]
    need(len(cfx) == 1, cfx)
    jsonschema.validate(cfx[0], schema('notify-cfx.json'))
    unit = cfx[0]['MessageBody']['PersonalizedUnits'][0]
    need(unit['UnitIdentifier'] == passed['hw_id'] and {'Name': 'EndpointName', 'Value': passed['endpoint']} in unit['Characteristics'], unit)
    everything = [json.loads(l)['id'] for l in h.text('all.ndjson').splitlines()]
    need(everything == [r['hash'] for r in h.history()], 'not the whole history')
    need(all(n['waiting'] == 0 and n['refused'] == 0 for n in h.report['notify']), h.report['notify'])
    need(base64.b64encode(KEY).decode()[:20] not in h.said and 'kkkkkkkk' not in h.said, 'the key is in the log')


@part
def a_webhook_with_faults(h):
    """Errors, lost answers, a body without end, a redirect: nothing is lost; a web page is as good an answer as any."""
    h.packets(1, h.hook())
    h.receiver.answers.extend([500, 'drop', 'huge', 307, 'page'])
    h.run()
    h.exits(0, 'notify webhook: events wait')
    need(h.said.count('events wait') == 1 and h.told('webhook')['waiting'] == 4, h.said)
    h.run()
    need(h.receiver.words() == [] and 'answered 307: redirects are not followed' in h.told('webhook')['away'] and h.receiver.paths == {'/in?a=b'}, h.report['notify'])
    h.run()
    need(h.receiver.words()[:4] == ['order', 'begin', 'done', 'finished'] and h.told('webhook')['waiting'] == 0, (h.receiver.words(), h.report['notify']))


@part
def a_webhook_that_is_away(h):
    """One warning; the run ends in time; what waits comes later, in order, by sync or the next run."""
    h.packets(3, h.hook())
    port = h.receiver.port
    h.receiver.close()
    h.run()
    h.exits(0)
    need(h.said.count('events wait') == 1 and h.told('webhook')['waiting'] == 6 and 'away' in h.told('webhook'), h.report['notify'])
    h.receiver = None
    h.hook()
    h.write('order.yaml', h.text('order.yaml').replace(f':{port}/', f':{h.receiver.port}/'))
    p = h.sync()
    need(p.returncode == 0, p.stderr)
    words = h.receiver.words()
    need(words[:2] == ['order', 'begin'] and words.count('done') == 3 and 'finished' in words, words)
    before = len(words)
    h.run()
    need('begin' in h.receiver.words()[before:] and 'verified' not in h.receiver.words()[before:], h.receiver.words())


@part
def a_run_at_work_says_who_hears(h):
    """How many events each target has, how many wait and why, while the run goes on."""
    h.boards(1)
    h.order(2, more=f'notify: [{h.hook()}, {{name: news, file: news.ndjson}}]\n')
    h.receiver.answers.extend([500] * 1000)
    h.start(wait=DEADLINE)

    def status(wanted):
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            p = subprocess.run([SIGNET, 'line', 'status', 'order.yaml', '--json'], cwd=h.folder, capture_output=True, text=True, timeout=DEADLINE)
            told = json.loads(p.stdout)
            valid(told, 'line-status.json')
            targets = {n['name']: n for n in told.get('notify', ())}
            if wanted(targets):
                return targets
            time.sleep(0.1)
        raise Broken(f'never so: {targets}')

    h.until('slot', stage='pass')
    away = status(lambda t: t['webhook']['waiting'] == t['news']['told'] >= 4 and 'away' in t['webhook'])
    count = away['news']['told']
    need('500' in away['webhook']['away'] and away['webhook']['told'] == 0 and away['news'] == {'name': 'news', 'told': count, 'waiting': 0}, away)
    need(len(h.text('news.ndjson').splitlines()) == count, h.text('news.ndjson'))
    p = subprocess.run([SIGNET, 'line', 'status', 'order.yaml'], cwd=h.folder, capture_output=True, text=True, timeout=DEADLINE)
    need(f'webhook: 0 told, {count} events wait; ' in p.stdout and f'news: {count} told, 0 events wait\n' in p.stdout, p.stdout)
    h.receiver.answers.clear()
    there = status(lambda t: t['webhook']['waiting'] == 0)
    need(there['webhook'] == {'name': 'webhook', 'told': count, 'waiting': 0} and len(h.receiver.events()) == count, there)
    subprocess.run([SIGNET, 'line', 'stop', 'order.yaml'], cwd=h.folder, check=True, stdout=subprocess.DEVNULL, timeout=DEADLINE)
    h.finish()
    for e in h.events:
        valid(e, 'events.json')
    totals = [e for e in h.events if e['event'] == 'totals' and e['stage'] == 'notify' and e['name'] == 'webhook']
    need(all(a != b for a, b in zip(totals, totals[1:])), f'nothing changed between: {totals}')
    need(totals[0]['code'] and totals[0]['done'] == 0 and totals[-1]['done'] == totals[-1]['total'] >= count, totals)
    need(h.told('webhook')['waiting'] == 0, h.report['notify'])


@part
def a_webhook_that_says_no(h):
    """What is refused three times is passed over, and told of."""
    h.boards(1)
    h.order(2, more=f'notify: [{h.hook()}]\n')
    h.receiver.answers.extend([400, 422, 400])
    h.run(wait=5)
    need(h.receiver.words()[0] == 'begin' and 'pass' in h.receiver.words() and not h.receiver.answers, h.receiver.words())
    need(h.told('webhook')['refused'] == 1 and h.told('webhook')['waiting'] == 0, h.report['notify'])
    need('answered 422' in h.said and "the receiver's log says why" in h.said, h.said)


@part
def a_webhook_that_says_no_at_the_end(h):
    """Of a run that is short: it is passed over as well, so that the next run has not the same event again."""
    h.packets(1, h.hook())
    h.receiver.answers.extend([422, 422, 422])
    h.run(sync=DEADLINE)
    need(h.receiver.words() == ['begin', 'done', 'finished'] and h.told('webhook')['refused'] == 1, (h.receiver.words(), h.report['notify']))


@part
def a_webhook_with_a_pin(h):
    """Is known by its key alone; another key is not told anything."""
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=somebody', '-keyout', 'tls.key', '-out', 'tls.pem'],
                   cwd=h.folder, check=True, capture_output=True)
    spki = subprocess.run('openssl x509 -in tls.pem -pubkey -noout | openssl pkey -pubin -outform DER', shell=True, cwd=h.folder, check=True, capture_output=True).stdout
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(h.at('tls.pem'), h.at('tls.key'))
    h.receiver = Receiver(tls)
    target = f'url: "https://127.0.0.1:{h.receiver.port}/", key_file: key'
    right, wrong = ('sha256//' + base64.b64encode(hashlib.sha256(k).digest()).decode() for k in (spki, b'another'))
    h.packets(1, f'{{{target}, pin: "{right}"}}', f'{{{target}, name: wrong, pin: "{wrong}"}}', f'{{{target}, name: nobody}}')
    h.run()
    need(h.told('webhook')['told'] == 4 and len(h.receiver.events()) == 4, h.report['notify'])
    need(right in h.told('wrong')['away'] and h.told('wrong')['told'] == h.told('nobody')['told'] == 0 and h.told('nobody')['away'], h.report['notify'])


@part
def killed_in_the_middle(h):
    """Before and after an event is told, and before it is known that it was: nothing is lost, and what comes twice has its id."""
    h.packets(2, h.hook(), '{file: events.ndjson}')
    for point in ('before-notify:2', 'after-notify:4', 'before-cursor:2', 'after-cursor:1', 'after-notify:2'):
        h.run(point=point)
        h.exits(-9)
    h.run()
    h.exits(0)
    wanted = [r['hash'] for r in h.history() if r['kind'] in ('order', 'begin', 'done', 'run')]
    for got in ([e['id'] for e in h.receiver.events()], [json.loads(l)['id'] for l in h.text('events.ndjson').splitlines()]):
        need(list(dict.fromkeys(got)) == wanted, (got, wanted))


@part
def another_file(h):
    """Is not cut off, and not added to."""
    template = '{"a": 1}'
    h.write('json', template)
    h.write('text', 'something\nelse')
    h.packets(1, '{file: text, name: a}', '{file: json, name: b}')
    need(h.run() == 1 and "notify: a: 'text' is another file" in h.said, h.said)
    need(h.text('text') == 'something\nelse' and h.text('json') == template, (h.text('text'), h.text('json')))


@part
def half_a_line(h):
    """That a power cut left in the file is cut off."""
    h.packets(1, '{file: events.ndjson}')
    h.run()
    with open(h.at('events.ndjson'), 'a') as f:
        f.write('{"id": "ab')
    h.run()
    ids = [json.loads(l)['id'] for l in h.text('events.ndjson').splitlines()]
    need(len(ids) == len(set(ids)) >= 6, ids)


@part
def another_name(h):
    """A file with a second name, or another user's, is left as it is, whatever it begins with."""
    h.write('theirs', '{"id": "1"}\nhalf')
    os.link(h.at('theirs'), h.at('events'))
    h.packets(1, '{file: events}')
    h.run(sync=1)
    need('has a second name' in h.told('file')['away'], h.report['notify'])
    need(h.text('theirs') == '{"id": "1"}\nhalf', h.text('theirs'))


@part
def a_broker(h):
    """Hears all with QoS 1; a name cannot change a topic; killed in the middle, it hears the rest later."""
    if not shutil.which('mosquitto', path=os.environ['PATH'] + ':/usr/sbin'):
        print('left out: mosquitto is not installed')
        return
    h.write('passwords', 'line:secret-of-the-line\n')
    os.chmod(h.at('passwords'), 0o644)
    os.chmod(h.folder, 0o755)
    subprocess.run(['mosquitto_passwd', '-U', h.at('passwords')], check=True, stdout=subprocess.DEVNULL)
    h.mosquitto('allow_anonymous false', f'password_file {h.at("passwords")}', 'user root')
    h.write('password', 'secret-of-the-line\n')
    os.chmod(h.at('password'), 0o600)
    sub = ['mosquitto_sub', '-p', str(h.broker_port), '-u', 'line', '-P', 'secret-of-the-line', '-q', '1', '-i', 'house', '-c', '-t', '#', '-F', '%t %p']
    subprocess.run([*sub, '-E'], check=True, timeout=DEADLINE)  # the broker keeps what comes while nobody listens
    target = f'{{url: "mqtt://127.0.0.1:{h.broker_port}", allow_mqtt: true, user: line, password_file: password, topic: "f/{{order}}/{{endpoint}}/{{event}}"}}'
    h.packets(1, target, name='a+#b/c')
    h.run()
    h.exits(0)
    need(h.told('mqtt')['waiting'] == 0, h.report['notify'])
    said = subprocess.run([*sub, '-W', '2'], capture_output=True, text=True, timeout=DEADLINE).stdout
    topics = [l.split(' ', 1)[0] for l in said.splitlines()]
    need(topics[0] == 'f/a%2B%23b%2Fc//order' and 'f/a%2B%23b%2Fc/urn:dev:os:n-001/done' in topics, said)
    h.broker.kill()
    h.broker.wait()
    h.run(sync=1)
    need(h.told('mqtt')['waiting'] >= 2 and 'refused' in h.told('mqtt')['away'] and 'secret-of-the-line' not in h.said, h.report['notify'])
    h.start_broker()
    subprocess.run([*sub, '-E'], check=True, timeout=DEADLINE)
    h.run()
    need(h.told('mqtt')['waiting'] == 0, h.report['notify'])
    h.write('password', 'another-one\n')
    h.run()
    need('does not let us in' in h.told('mqtt').get('away', ''), h.report['notify'])


@part
def a_name_server_that_never_answers(h):
    """Does not hold up the end of a run."""
    if not HAS_CLOCK:
        print('left out: AddressSanitizer wants to be loaded first')
        return
    h.packets(1, '{url: "mqtt://slow.invalid", allow_mqtt: true}', '{url: "https://slow.invalid/", key_file: key}')
    h.run(sync=1, env={'LD_PRELOAD': os.path.join(BUILD, 'tests', 'libslow_names.so')})
    h.exits(0)
    need([n['waiting'] for n in h.report['notify']] == [4, 4], h.report['notify'])


class Flood(threading.Thread):
    """A broker that lets in whoever comes, announces a message of 256 MiB, and sends it at 0.5 Gbit/s."""
    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.sent = []
        self.start()

    def run(self):
        with self.listener:
            while True:
                s, _ = self.listener.accept()
                with s:
                    s.recv(1000)
                    s.sendall(b'\x20\x02\0\0\x30\xff\xff\xff\x7f')
                    self.sent.append(0)
                    try:
                        while True:
                            self.sent[-1] += s.send(bytes(65536))
                            time.sleep(0.001)
                    except OSError:
                        pass


@part
def a_broker_that_sends_without_end(h):
    """Fills no memory: the connection ends."""
    flood = Flood()
    h.packets(1, f'{{url: "mqtt://127.0.0.1:{flood.port}", allow_mqtt: true}}')
    h.run(sync=2)
    h.exits(0)
    need(flood.sent and max(flood.sent) < 64 << 20, flood.sent)
    need('sends more than answers' in h.told('mqtt')['away'] and h.told('mqtt')['waiting'] == 4, h.report['notify'])


@part
def a_topic_that_no_broker_takes(h):
    """Its events are passed over and counted: no try will be better."""
    if not shutil.which('mosquitto', path=os.environ['PATH'] + ':/usr/sbin'):
        print('left out: mosquitto is not installed')
        return
    h.mosquitto()
    h.packets(1, f'{{url: "mqtt://127.0.0.1:{h.broker_port}", allow_mqtt: true, topic: "a/\ufdd0", events: [order]}}')
    h.run(sync=DEADLINE)
    need(h.told('mqtt')['refused'] == 1 and h.told('mqtt')['waiting'] == 0, h.report['notify'])
    h.exits(0, 'an event cannot be published')


@part
def a_broker_with_tls(h):
    """Which wants a certificate of the station, and is asked for its own, with the name that it is called by."""
    if not shutil.which('mosquitto', path=os.environ['PATH'] + ':/usr/sbin'):
        print('left out: mosquitto is not installed')
        return
    os.chmod(h.folder, 0o755)
    new = ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
    for name, more in (('ca', []), ('broker', ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-addext', 'subjectAltName=IP:127.0.0.1']), ('client', ['-CA', 'ca.pem', '-CAkey', 'ca.key'])):
        subprocess.run([*new, '-subj', f'/CN={name}', '-keyout', f'{name}.key', '-out', f'{name}.pem', *more], cwd=h.folder, check=True, capture_output=True)
    h.mosquitto('allow_anonymous true', f'cafile {h.at("ca.pem")}', f'certfile {h.at("broker.pem")}', f'keyfile {h.at("broker.key")}', 'require_certificate true', 'user root')
    url = f'url: "mqtts://127.0.0.1:{h.broker_port}"'
    h.packets(1, f'{{{url}, ca_file: ca.pem, client_cert: client.pem, client_key: client.key}}', f'{{{url}, name: nobody, ca_file: ca.pem}}',
              f'{{{url}, name: other, ca_file: client.pem, client_cert: client.pem, client_key: client.key}}',
              f'{{url: "mqtts://localhost:{h.broker_port}", name: renamed, ca_file: ca.pem, client_cert: client.pem, client_key: client.key}}')
    h.run()
    need(h.told('mqtt')['waiting'] == 0 and h.told('mqtt')['told'] == 4, h.report['notify'])
    for name in ('nobody', 'other', 'renamed'):
        need(h.told(name)['told'] == 0 and h.told(name)['away'], h.report['notify'])


@part
def mistakes(h):
    """In an order, in files: each is told before the line."""
    h.write('bad', 'secret\n')
    os.chmod(h.at('bad'), 0o600)
    h.write('open', 'whsec_' + base64.b64encode(KEY).decode())
    os.chmod(h.at('open'), 0o644)
    h.write('minted.ndjson', '')
    os.link(h.at('minted.ndjson'), h.at('other'))
    for target, words in (
            ('{url: "http://h/", key_file: key}', "'url' is without TLS"), ('{url: "ftp://h/"}', "neither https:// nor mqtts://"),
            ('{url: "https://h/"}', "a webhook has a 'key_file'"), ('{}', "'notify' has a 'url' or a 'file'"),
            ('{url: "https://h/", key_file: bad}', 'is no key of a webhook'), ('{url: "https://h/", key_file: open}', 'open'),
            ('{url: "https://u:p@h/", key_file: key}', 'has a blank, an @ or a #'), ('{file: f, topic: x}', 'are for MQTT'),
            ('{url: "mqtts://h", topic: "a/+"}', 'without + and #'), ('{url: "mqtts://h", topic: "a/{endpiont}"}', "unknown placeholder '{endpiont}'"),
            ('{url: "mqtts://h:0"}', 'has the port 0'), ('{url: "mqtts://h", client_cert: c}', 'go together'),
            ('{url: "mqtts://h", password_file: bad}', "needs a 'user'"), ('{url: "mqtts://h", ca_file: bad}', 'holds no certificate in PEM'), ('{file: f, events: [pas]}', "unknown event 'pas'"),
            ('{file: f, format: xml}', "'format' is json or cfx"), ('{file: f, format: cfx, events: [pass]}', 'cfx is for passed boards only'),
            ('{file: f}, {file: g}', "two in 'notify' are called 'file'"), ('{file: f, name: ../x}', "a name in 'notify'"),
            ('{url: "mqtts://h", topic: "{slot}{endpoint}"}', "'topic' would be empty for events of no slot"),
            ('{file: ./minted.ndjson}', "'packets' and 'file' are one file"), ('{file: ledger.db}', "'ledger' and 'file' are one file"),
            (f'{{file: f, name: a}}, {{file: ../{os.path.basename(h.folder)}/f, name: b}}', "'a' and 'b' are one file"), ('{file: other}', "'packets' and 'file' are one file"),
            ('{url: "https://h/", key_file: key, pin: x}', "'x' is no pin"), ('{file: f, pin: x}', "'key_file' and 'pin' are for a webhook"),
            ('{url: "mqtts://h", pin: x}', "'key_file' and 'pin' are for a webhook"), ('{url: "http://h/", allow_http: true, key_file: key, pin: x}', 'there is no TLS')):
        h.packets(1, target)
        p = subprocess.run([SIGNET, 'run', '--dry-run', 'order.yaml'], cwd=h.folder, capture_output=True, text=True, timeout=DEADLINE)
        need(p.returncode == 1 and words in p.stderr, (target, p.stderr))


main(House)
