#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""signet run --page and signet page: what a browser is told of a line and may change, and who may."""
import base64, contextlib, json, os, pty, re, shutil, signal, socket, subprocess, sys, tempfile, termios, time, xml.etree.ElementTree
sys.path.insert(0, '/usr/lib/python3/dist-packages')
from prometheus_client.openmetrics import parser
from _hall import Hall
from _page import NAME, PASSWORD, SECONDS, Browser, Run, Stream
from _signet import SIGNET, Broken, need, rest


def call(*args, said=None):
    return subprocess.run([SIGNET, *args], capture_output=True, text=True, timeout=SECONDS, input=said)


@contextlib.contextmanager
def started(*args):
    """A program with a page; its URL."""
    p = subprocess.Popen([SIGNET, *args, '--json'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        first = p.stdout.readline()
        need(first.startswith('{"event": "page"'), f'{first} {p.poll()} {p.stderr.read() if not first else ""}')
        yield p, Browser(json.loads(first)['url'])
    finally:
        p.send_signal(signal.SIGKILL)
        p.communicate()


def logins(hall):
    p = call('page', 'password', hall.at('logins'), NAME, said=PASSWORD + '\n')
    need(p.returncode == 0 and os.stat(hall.at('logins')).st_mode & 0o777 == 0o600, p.stderr)
    return hall.at('logins')


def metrics(browser, **headers):
    status, answer, text = browser.ask('/metrics', **headers)
    need(status == 200 and answer['Content-Type'].startswith('application/openmetrics-text; version=1.0.0'), f'{status} {text}')
    return {(s.name, *sorted(s.labels.items())): s.value for f in parser.text_string_to_metric_families(text) for s in f.samples}


def timeless(status):
    """A status without what goes on from one look to the next."""
    return {**status, 'seconds': 0, 'seconds_left': 0, 'notify': [n['name'] for n in status['notify']], 'alarms': [{**a, 'seconds': 0} for a in status['alarms']]}


def a_line(hall):
    """Seen, and changed by who has logged in."""
    order = hall.order(9, "notify: [{name: news, file: news.ndjson}]\n")
    with started('run', order, '--watch', '--page=127.0.0.1:0', '--metrics', '--page-logins', logins(hall)) as (run, browser):
        stream = Stream(browser)
        need(stream.answer.headers['Content-Type'] == 'text/event-stream', stream.answer.headers)
        event, first = stream.next()
        need(event == 'status' and [s['slot'] for s in first['slots']] == ['1', '2'] and first['quota'] == 9, first)
        now = {}
        def passed(_, data):
            now.update({s['slot']: s['state'] for s in data['slots']})
            return (data['passed'], data['made'], data['waiting']) == (2, 2, 0) and data['notify'][0]['told'] >= 2 and set(now.values()) == {'pass'}
        now.update({s['slot']: s['state'] for s in first['slots']})
        if not passed(event, first):
            stream.until(passed)
        last = stream.id

        told, line = browser.json('/api/status'), json.loads(call('line', 'status', order, '--json').stdout)
        need(timeless(told) == timeless(line), f'{told} {line}')
        need(browser.json('/api/servers') == {'servers': [{'server': 'keys', 'waiting': 0}]}, 'servers')

        found = metrics(browser)
        for key, value in ((('signet_line_up',), 1), (('signet_boards_total', ('verdict', 'pass')), 2),
                           (('signet_board_cycle_seconds_count',), 2), (('signet_board_cycle_seconds_bucket', ('le', '+Inf')), 2),
                           (('signet_slots', ('state', 'pass')), 2), (('signet_notify_up', ('target', 'news')), 1),
                           (('signet_server_waiting_devices', ('server', 'keys')), 0),
                           (('signet_order_info', ('operator', ''), ('order', 'order-1'), ('shift', '')), 1)):
            need(found.get(key) == value, f'{key}: {found.get(key)}, not {value}')
        need(sum(v for k, v in found.items() if k[0] == 'signet_devices') == 2, found)
        need(found['signet_notify_events_total', ('target', 'news')] >= 2 and ('signet_notify_waiting_events', ('target', 'news')) in found, found)

        # only who has logged in, by this page's own script
        need(browser.json('/api/session') == {'logins': True, 'closed': False}, 'a session')
        browser.bad(401, 'log in first', '/api/line', 'pause')
        need(browser.log_in(password='another') == 403 and browser.log_in(name='nobody') == 403, 'a wrong password')
        need(browser.log_in() == 200 and browser.json('/api/session')['name'] == NAME, 'no login')
        token, browser.token = browser.token, 64 * '0'
        browser.bad(401, 'log in first', '/api/line', 'pause')
        status = refused(browser.ask('/api/line', 'POST', 'pause'))
        need(status == 401, f'without its header: {status}')
        status = refused(browser.ask('/api/logout', 'POST', ''))
        need(status == 403, f'a foreign form: {status}')
        browser.token = token
        browser.bad(404, "unknown slot '3'", '/api/line', 'off', '3')
        browser.bad(409, 'has no command', '/api/line', 'erase')
        browser.bad(409, 'control characters', '/api/line', 'operator', 'a\x1bb')
        browser.bad(400, 'a zero byte', '/api/line', 'operator', 'a\0b')
        need(browser.log_in(password=PASSWORD + '\0x') == 400, 'a password with more behind a zero byte')
        browser.bad(413, 'too long', '/api/line', 'operator', 2000 * 'x')
        status, _, text = browser.post('/api/line', 'pause')
        need(status == 200 and json.loads(text)['paused'], text)
        for words in (('off', '2'), ('operator', 'Jürgen <b>'), ('shift', 'late')):
            need(browser.ask('/api/line', 'POST', '\n'.join(words).encode(), X_Signet_Token=token)[0] == 200, words)
        _, data = stream.until(lambda _, d: d['shift'] == 'late')
        need(data['operator'] == 'Jürgen <b>' and data['paused'], data)
        line = json.loads(call('line', 'status', order, '--json').stdout)
        need(line['paused'] and line['slots'][1]['off'] and line['operator'] == 'Jürgen <b>', line)

        # one that slept gets what it missed, one of another page all of it
        again = Stream(browser, last)
        event, data = again.next()
        need(event == 'change' and [s['slot'] for s in data['slots']] == ['2'], (event, data))
        again.close()
        again = Stream(browser, '00000000-7')
        need(again.next()[0] == 'status', 'an id of another page')
        again.close()

        need(browser.post('/api/line', 'stop')[0] == 200, 'stop')
        out, _ = rest(run, SECONDS)
        need(run.returncode == 4 and json.loads(out.splitlines()[-1])['event'] == 'report', out[-300:])
    hall.check()


def once_more(hall):
    """A rework: asked for once, by who has logged in, whom the ledger names; every viewer sees what may be asked for."""
    hall.change(1), hall.change(2)
    order = hall.order(9)
    with started('run', order, '--watch', '--page=127.0.0.1:0', '--page-logins', logins(hall), '--operator', 'Anna') as (run, browser):
        stream, other = Stream(browser), Browser(f'http://{browser.host}:{browser.port}')
        told = {}
        def slot(data):
            told.update({s['slot']: s for s in data['slots']})
            return told['1']
        stream.until(lambda _, d: slot(d).get('may') == 'rework' and (d['made'], d['waiting']) == (2, 0))
        name = told['1']['endpoint']
        browser.bad(401, 'log in first', '/api/line', 'rework', '1|x')
        need(browser.log_in() == 200 and other.log_in() == 200, 'no login')
        for reason in '', '  ':
            browser.bad(409, 'a rework needs a reason', '/api/line', 'rework', '1|' + reason)
        browser.bad(409, "'rework' takes a slot, '|' and a reason", '/api/line', 'rework', '1')
        browser.bad(409, "'scan' takes a slot, '|' and a code", '/api/line', 'scan', 'code')
        browser.bad(409, "'rework' takes a name", '/api/line', 'rework')
        browser.bad(409, 'at most 255 bytes', '/api/line', 'rework', '1|' + 240 * 'x')
        browser.bad(404, "unknown slot '3'", '/api/line', 'rework', '3|x')
        browser.bad(409, 'did not fail', '/api/line', 'retry', '1')
        need(browser.post('/api/line', 'pause')[0] == 200, 'pause')
        status, _, text = browser.post('/api/line', 'rework', '1|antenna <changed>')
        need(status == 200 and 'may' not in json.loads(text)['slots'][0], text)
        other.bad(409, 'that was asked for already', '/api/line', 'rework', '1|me, too')
        stream.until(lambda _, d: 'may' not in slot(d))
        need(browser.post('/api/line', 'resume')[0] == 200, 'resume')
        stream.until(lambda _, d: slot(d).get('may') == 'rework' and d['passed'] == 3)
        need(told['1']['endpoint'] == name and browser.post('/api/line', 'stop')[0] == 200, told)
        run.communicate(timeout=SECONDS)
    found = [json.loads(x) for x in call('ledger', 'export', '-f', 'events', hall.at('ledger.db')).stdout.splitlines()]
    need([(e['endpoint'], e['detail'], e['operator']) for e in found if e['kind'] == 'retired'] ==
         [(name, 'edition 2 follows: antenna <changed> (zoe, at the page)', 'Anna')], found)


def refused(answer):
    """Its status; what to do is said, too."""
    need(answer[0] < 400 or json.loads(answer[2])['error']['hint'], answer)
    return answer[0]


def requests(hall):
    """What no page of ours asks for."""
    order = hall.order(9)
    with started('page', hall.at('ledger.db'), '-l', '127.0.0.1:0', '--work', hall.at('work')) as (_, browser):
        status, headers, text = browser.ask('/')
        need(status == 200 and text.startswith('<!DOCTYPE html>') and '<script type="module" src="/page.js">' in text, text[:200])
        for name, type in (('/', 'text/html; charset=utf-8'), ('/page.js', 'text/javascript; charset=utf-8'),
                           ('/views.js', 'text/javascript; charset=utf-8'), ('/page.css', 'text/css; charset=utf-8'), ('/icon.svg', 'image/svg+xml')):
            code, said, _ = browser.ask(name)
            need(code == 200 and said['Content-Type'] == type, f'{name}: {code} {said}')
        policy = headers['Content-Security-Policy']
        need("default-src 'none'" in policy and "frame-ancestors 'none'" in policy and 'unsafe' not in policy, policy)
        need(headers['X-Content-Type-Options'] == 'nosniff' and headers['Cache-Control'] == 'no-store', headers)
        need(' style=' not in text and 'onclick' not in text and 'http' not in text.replace('http://www.w3.org/', ''), 'inline')
        for host in ('evil.example', 'evil.example:80', 'localhost.evil.example'):
            need(refused(browser.ask('/', Host=host)) == 421 and browser.ask('/events', Host=host)[0] == 421, host)
        need(browser.ask('/', Host='localhost:1')[0] == 200, 'localhost')
        for hosts, status in (2 * ['Host: localhost'], 400), (['Host: localhost', 'host: evil.example'], 400), ([], 400), (['Host:'], 421):
            with socket.create_connection(('127.0.0.1', browser.port)) as s:
                s.sendall('\r\n'.join(['GET / HTTP/1.1'] + hosts + ['Connection: close', '', '']).encode())
                need(s.recv(99).startswith(b'HTTP/1.1 %d ' % status), f'{hosts}')
        need(refused(browser.ask('/nothing')) == 404 and browser.ask('/metrics')[0] == 404 and browser.ask('/../page.c')[0] == 404, 'a path')
        need(all(refused(browser.ask(*a)) == 405 for a in (('/', 'POST', ''), ('/api/line',), ('/api/status', 'POST', ''))), 'a method')
        need(browser.post('/api/login', 'a', 'b')[0] == 409, 'a login where there are none')
        status, _, text = browser.ask('/api/status')
        need(status == 404 and 'no run is at work' in text, text)
        stream = Stream(browser)
        event, data = stream.next()
        need(event == 'away' and 'no run' in data['message'], data)
        with started('run', order, '--watch', '--metrics=127.0.0.1:0') as (run, figures):
            event, data = stream.next()
            need(event == 'status' and data['order'].startswith('order-'), data)
            need(metrics(figures)[('signet_line_up',)] == 1 and refused(figures.ask('/')) == 404 and figures.ask('/events')[0] == 404, 'only metrics')
            run.send_signal(signal.SIGINT)
            run.communicate(timeout=SECONDS)
        stream.until(lambda event, _: event == 'away')
        stream.close()


def what_was_made(hall):
    """Stations, reports with their plots, a device's history: as the ledger's own verbs have it."""
    ledger = hall.at('ledger.db')
    line = subprocess.Popen([SIGNET, 'run', hall.order(2), '--operator', '<b>&"Zoë', '--shift', 'late', '--watch', '--json'], stdout=subprocess.PIPE, text=True)
    for event in map(json.loads, line.stdout):  # what is in the slots was made by another order
        if event['event'] == 'line' or event.get('stage') in ('made-before', 'pass'):
            hall.change(int(event['board']))
    need(line.wait(timeout=SECONDS) == 0, 'the order is not done')
    with started('page', ledger, '-l', '127.0.0.1:0') as (_, browser):
        for by in ('day', 'operator', 'station', 'shift', 'error'):
            rows = [json.loads(x) for x in call('report', ledger, '--since', 'today', '--by', by, '--json').stdout.splitlines()]
            need(browser.json(f'/api/report?by={by}&days=1')['rows'] == rows and (rows or by == 'error'), f'{by}: {rows}')
        need([r['name'] for r in browser.json('/api/report?by=order&order=order-1')['rows']] == ['order-1'], 'of an order')
        found = browser.json('/api/stations')
        need([s['station'] for s in found['stations']] == ['A'] and found['stations'][0]['order'] == f'order-{hall.count}', found)
        need(found['today'][0]['passed'] == 4, found)
        for plot, words in (('yield', '100'), ('cycle', 'Cycle time in seconds'), ('errors', 'nothing in that time')):
            status, headers, text = browser.ask(f'/plot.svg?plot={plot}&by=operator')
            need(status == 200 and headers['Content-Type'] == 'image/svg+xml' and words in text, f'{plot}: {text}')
            picture = ''.join(xml.etree.ElementTree.fromstring(text).itertext())
            need(plot == 'errors' or '<b>&"Zoë' in picture and '(none)' in picture, picture)
            p = call('report', ledger, '--by', 'operator', '--plot', plot, '--since', 'today')
            need(p.stdout == text, p.stdout + p.stderr)
        for path in ('/api/report', '/plot.svg') * 2:  # the same arguments, and neither is given the other's text
            for query in ('?days=2', '?days=2&plot=yield'):
                need(browser.ask(path + query)[2].startswith('<svg' if 'svg' in path else '{"rows"'), path + query)
        name = hall.devices()[0]['endpoint']
        said = [json.loads(x) for x in call('ledger', 'show', ledger, name, '--json').stdout.splitlines()]
        for ask in (name, hall.devices()[0]['hw_id']):
            found = browser.json(f'/api/device?name={ask}')
            device = {k: v for k, v in said[0].items() if k not in ('event', 'exposed')}
            need(found['devices'] == [device], f'{found["devices"]}, not {device}')
            history = [x for x in said if x['event'] == 'history']
            need([e['hash'] for e in found['history']] == [e['hash'] for e in history] and len(history) > 3, found['history'])
            need([(d['server'], d['state']) for d in found['deliveries']] == [('keys', 'delivered')], found['deliveries'])
        with open(hall.at('keys.csv')) as f:
            keys = re.findall(r'\b[0-9a-fA-F]{32,64}\b', f.read())
        need(len(keys) >= 4, keys)
        told = ''.join(browser.ask(p)[2] for p in ('/api/device?name=' + name, '/api/stations', '/api/report', '/plot.svg')).lower()
        need(not any(k.lower() in told for k in keys), 'a key is on the page')
        for path, status in (('device?name=nobody', 404), ('device', 400), ('device?name=', 400), ('device?name=%00', 400),
                             ('device?name=' + 200 * 'x', 400), ('report?by=moon', 400),
                             ('report?days=0', 400), ('report?days=9999', 400), ('report?plot=pie', 400), ('report?order=' + 300 * 'x', 400)):
            need(refused(browser.ask('/api/' + path)) == status, path)
    with started('page', hall.at('none.db'), '-l', '127.0.0.1:0') as (_, browser):
        status, _, text = browser.ask('/api/stations')
        need(status == 404 and 'none.db' in text, text)
    for args, words in ((('--plot', 'pie'), "there is no plot 'pie'"), (('--plot', 'yield', '--runs'), '--plot writes a picture'),
                        (('--plot', 'yield', '--json'), '--plot writes a picture')):
        p = call('report', ledger, *args)
        need(p.returncode == 2 and words in p.stderr, p.stderr)


FIGURES = """operator Anna
shift early
paused 1
made 7
made_before 3
waiting 2
passed 21
failed 4
first_pass 19
notify news
notify_told 8
notify_waiting 5
notify mes
notify_told 6
notify_waiting 9
notify_away no answer
cycles 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20
cycle_seconds 123456
errors 0 1 2 0 4
retries 11
boards_made_before 13"""
METRICS = """
# TYPE signet_line_up gauge
signet_line_up 1
# TYPE signet_order info
signet_order_info{order="o",operator="Anna",shift="early"} 1
# TYPE signet_paused gauge
signet_paused 1
# TYPE signet_quota_devices gauge
signet_quota_devices 10
# TYPE signet_made_devices gauge
signet_made_devices 7
# TYPE signet_waiting_devices gauge
signet_waiting_devices 2
# TYPE signet_notify_events counter
signet_notify_events_total{target="news"} 8
signet_notify_events_total{target="mes"} 6
# TYPE signet_notify_waiting_events gauge
signet_notify_waiting_events{target="news"} 5
signet_notify_waiting_events{target="mes"} 9
# TYPE signet_notify_up gauge
signet_notify_up{target="news"} 1
signet_notify_up{target="mes"} 0
# TYPE signet_boards counter
signet_boards_total{verdict="pass"} 21
signet_boards_total{verdict="fail"} 4
signet_boards_total{verdict="made-before"} 13
# TYPE signet_first_pass_boards counter
signet_first_pass_boards_total 19
# TYPE signet_board_retries counter
signet_board_retries_total 11
# TYPE signet_board_errors counter
signet_board_errors_total{code="usage"} 1
signet_board_errors_total{code="syntax"} 2
signet_board_errors_total{code="limit"} 4
# TYPE signet_board_cycle_seconds histogram
# UNIT signet_board_cycle_seconds seconds
signet_board_cycle_seconds_bucket{le="1.0"} 1
signet_board_cycle_seconds_bucket{le="2.0"} 3
signet_board_cycle_seconds_bucket{le="5.0"} 6
signet_board_cycle_seconds_bucket{le="10.0"} 10
signet_board_cycle_seconds_bucket{le="20.0"} 15
signet_board_cycle_seconds_bucket{le="30.0"} 21
signet_board_cycle_seconds_bucket{le="45.0"} 28
signet_board_cycle_seconds_bucket{le="60.0"} 36
signet_board_cycle_seconds_bucket{le="90.0"} 45
signet_board_cycle_seconds_bucket{le="120.0"} 55
signet_board_cycle_seconds_bucket{le="180.0"} 66
signet_board_cycle_seconds_bucket{le="300.0"} 78
signet_board_cycle_seconds_bucket{le="+Inf"} 91
signet_board_cycle_seconds_count 91
signet_board_cycle_seconds_sum 123.456
# TYPE signet_slots gauge
signet_slots{state="empty"} 1
signet_slots{state="working"} 0
signet_slots{state="pass"} 3
signet_slots{state="fail"} 2
signet_slots{state="made-before"} 0
signet_slots{state="closed"} 0
signet_slots{state="halted"} 0
signet_slots{state="waiting"} 0
# TYPE signet_slots_off gauge
signet_slots_off 2
# EOF
"""


def figures(hall):
    """Each figure of a run is where a monitoring system looks for it, with its type and its meaning."""
    run = Run(hall.at('figures'), [{'state': s, 'off': int(s == 'fail')} for s in ('pass', 'pass', 'pass', 'fail', 'fail', 'empty')])
    run.more = FIGURES.splitlines()
    with started('page', hall.at('ledger.db'), '-l', '127.0.0.1:0', '--work', hall.at('figures'), '--metrics') as (_, browser):
        metrics(browser)
        text = browser.ask('/metrics')[2]
        helps = re.findall(r'^# HELP (\S+) [A-Z1].{10,}\.$', text, re.M)
        need(helps == re.findall(r'^# TYPE (\S+) ', text, re.M), text)
        need(''.join(l for l in text.splitlines(True) if not l.startswith('# HELP')) == METRICS[1:], text)


def not_there_yet(hall):
    """What a page is for may come later: people are told, machines ask."""
    for more, count in ((), 2), (('--json',), 0):
        p = subprocess.Popen([SIGNET, 'page', hall.at('none.db'), '-l', '127.0.0.1:0', '--work', hall.at('nowhere'), *more], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        said = p.stderr.readline() + p.stderr.readline() if count else p.stdout.readline()
        p.send_signal(signal.SIGINT)
        said += rest(p, SECONDS)[1]
        need(said.count('when it is there') == count, said)


def eventually(ask, times=20):
    """A browser tries again, too, when what came before it is still being closed."""
    for _ in range(times):
        with contextlib.suppress(ConnectionError):
            return ask()
        time.sleep(0.1)
    return False


def hostile(hall):
    """Names are text; a viewer that reads nothing holds up nobody; viewers are bounded."""
    evil = '<img src=x onerror="alert(1)">'
    slots = [{'state': 'fail', 'endpoint': evil, 'reason': 200 * '"\\', 'part': 1} for _ in range(64)]
    run = Run(hall.at('fake'), slots)
    run.order = 'a"b\\c <b>'
    with started('page', hall.at('ledger.db'), '-l', '127.0.0.1:0', '--work', hall.at('fake'), '--metrics') as (process, browser):
        _, data = Stream(browser).next()
        need(data['slots'][0]['endpoint'] == evil, data)
        need(metrics(browser)[('signet_order_info', ('operator', ''), ('order', run.order), ('shift', ''))] == 1, 'labels')
        deaf = []
        for _ in range(5):
            s = socket.create_connection(('127.0.0.1', browser.port))
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.sendall(b'GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n')
            deaf.append(s)
        viewer = Stream(browser)
        viewer.next()
        for n in range(12):  # 64 slots of a kilobyte: more than a socket holds
            for slot in slots:
                slot['part'] = n + 2
            event, data = viewer.until(lambda _, d: d['slots'] and d['slots'][-1]['part'] == (n + 2) / 1000)
            need(event == 'change' and len(data['slots']) == 64, event)
        for s in deaf:
            s.close()
        with socket.create_connection(('127.0.0.1', browser.port)) as s:  # a body without an end is not read to it
            s.sendall(b'POST /api/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n')
            sent = 0
            with contextlib.suppress(ConnectionError):
                while sent < 100000000:
                    sent += s.send(100000 * b'x')
            need(sent < 100000000, 'all of a body was taken')
        half = []
        for n in range(200):  # requests that never end hold up nobody
            half.append(socket.create_connection(('127.0.0.1', browser.port)))
            half[-1].sendall(b'GET / HTTP/1.1\r\n')
            need(n < 100 or n % 10 or eventually(lambda: browser.ask('/')[0] == 200), f'{n} others send slowly')
        slots[0]['part'] = 999  # nor are viewers ended
        viewer.until(lambda _, d: d['slots'] and d['slots'][0]['part'] == 0.999)
        for s in half:
            s.close()
        many = []
        while len(many) < 45 and (not many or many[-1].answer.status == 200):
            many.append(Stream(browser))
        need(30 <= len(many) < 45 and many[-1].answer.status == 503, len(many))
        for s in many:
            s.close()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=SECONDS)
        need(process.returncode == 0, process.returncode)


def beyond_this_computer(hall):
    """TLS and a login, for everything but the page's own files."""
    file = logins(hall)
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=station',
                    '-keyout', hall.at('key.pem'), '-out', hall.at('cert.pem')], check=True, capture_output=True)
    os.chmod(hall.at('key.pem'), 0o600)
    ledger, tls = hall.at('ledger.db'), ('--page-cert', hall.at('cert.pem'), '--page-key', hall.at('key.pem'))
    for args, words in (((), 'needs TLS and logins'), (tls, 'needs TLS and logins'), (('--page-logins', file), 'needs TLS and logins'),
                        (tls[:2], 'needs its key'), ((*tls, '--page-logins', hall.at('none')), 'No such file')):
        p = call('page', ledger, '-l', '0.0.0.0:0', *args)
        need(p.returncode in (1, 2) and words in p.stderr, f'{args}: {p.returncode} {p.stderr}')
    for address, words in (('nowhere', 'is no address'), ('127.0.0.1:99999', 'is no address'), ('203.0.113.7:0', 'the page\'s address')):
        p = call('page', ledger, '-l', address, '--page-logins', file, *tls)
        need(p.returncode in (1, 2) and words in p.stderr, f'{address}: {p.returncode} {p.stderr}')
    os.chmod(hall.at('key.pem'), 0o644)
    p = call('page', ledger, '-l', '127.0.0.1:0', *tls)
    need(p.returncode == 1 and 'key of the page' in p.stderr, p.stderr)
    os.chmod(hall.at('key.pem'), 0o600)
    hall.write('other.pem', 'no certificate')
    p = call('page', ledger, '-l', '127.0.0.1:0', '--page-cert', hall.at('other.pem'), *tls[2:])
    need(p.returncode == 1 and 'not a certificate' in p.stderr, p.stderr)
    p = call('run', hall.order(1), '--page-logins', file)
    need(p.returncode == 2 and 'goes with --page' in p.stderr, p.stderr)
    p = call('run', hall.order(1), '--page', '--metrics=127.0.0.1:1')
    need(p.returncode == 2 and 'at the address of the page' in p.stderr, p.stderr)

    with started('page', ledger, '-l', '0.0.0.0:0', '--metrics', '--page-logins', file, *tls) as (_, browser):
        need(browser.tls and browser.ask('/', Host='station.example')[0] == 200, 'the page itself')
        for path in ('/api/status', '/events', '/metrics', '/api/servers', '/api/stations', '/api/report', '/api/device?name=x', '/plot.svg'):
            need(refused(browser.ask(path)) == 401, path)
        need(browser.json('/api/session') == {'logins': True, 'closed': True}, 'a session')
        right = base64.b64encode(f'{NAME}:{PASSWORD}'.encode()).decode()
        need(metrics(browser, Authorization='Basic ' + right)[('signet_line_up',)] == 0, 'metrics')
        need(browser.ask('/api/status', Authorization='Basic ' + right)[0] == 401, 'the rest is for people')
        need(browser.log_in() == 200, 'no login')
        need(browser.ask('/api/status')[0] == 404 and Stream(browser).next()[0] == 'away', 'logged in')
        stream = Stream(browser)
        need(stream.next()[0] == 'away' and browser.post('/api/logout')[0] == 200 and browser.ask('/api/status')[0] == 401, 'logged out')
        end = time.monotonic() + SECONDS
        while stream.answer.readline():
            need(time.monotonic() < end, 'the stream outlives its session')
        p = call('page', ledger, '-l', f'127.0.0.1:{browser.port}')
        need(p.returncode == 1 and 'another program listens at 127.0.0.1' in p.stderr, p.stderr)

    for said, name, words in (('short\n', 'a', 'has 8 to 200 bytes'), ('', 'a', 'has no password'), ('long enough\n', 'a b', '1 to 40 letters')):
        p = call('page', 'password', hall.at('others'), name, said=said)
        need(p.returncode in (1, 2) and words in p.stderr and not os.path.exists(hall.at('others')), p.stderr)


def at_a_terminal(hall):
    """A password is asked for twice, and not shown; Ctrl-C leaves the terminal as it was."""
    def say(*answers):
        pid, fd = pty.fork()
        if pid == 0:
            os.execv(SIGNET, [SIGNET, 'page', 'password', hall.at('typed'), 'a'])
        seen = b''
        for question, answer in zip((b'password: ', b'the password once more: '), answers):
            while not seen.endswith(question):
                seen += os.read(fd, 1000)
            need(not termios.tcgetattr(fd)[3] & termios.ECHO, 'the terminal shows what is typed')
            os.write(fd, answer)
        with contextlib.suppress(OSError):
            while piece := os.read(fd, 1000):
                seen += piece
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        shows = termios.tcgetattr(fd)[3] & termios.ECHO
        os.close(fd)
        need(b'long enough' not in seen and shows, seen)
        return code, seen

    code, seen = say(b'long enough\n', b'long enough 2\n')
    need(code == 2 and b'two different passwords' in seen, seen)
    for _ in range(5):  # a terminal that takes Ctrl-C throws away what was written: here and there also the answer
        code, seen = say(b'\x03')
        if b'stopped' in seen:
            break
    need(code not in (0, -signal.SIGINT) and b'stopped' in seen and not os.path.exists(hall.at('typed')), f'{code} {seen}')
    code, seen = say(b'long enough\n', b'long enough\n')
    need(code == 0 and os.path.exists(hall.at('typed')), f'{code} {seen}')


folder = tempfile.mkdtemp()
hall = Hall(folder, slots=2, rack=('-N', '9', '-H', '3600000'))  # boards stay until they are changed
try:
    for test in (a_line, requests, what_was_made, figures, not_there_yet, hostile, beyond_this_computer, at_a_terminal, once_more):
        try:
            test(hall)
        except Broken as e:
            sys.exit(f'{test.__name__}: {e}')
finally:
    hall.close()
    shutil.rmtree(folder, ignore_errors=True)
