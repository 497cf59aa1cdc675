#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exit codes, as signet(1) has them in EXIT STATUS: 0, 1 and 2 of each verb, 3 of work that was done in part, and what a
verb ends with that was stopped."""
import os, re, shutil, signal, subprocess, tempfile
from _line import Line
from _signet import SIGNET, SOURCE, TEMPLATE, need

DEADLINE = 60


def verbs():
    text = subprocess.run([SIGNET, '--help'], capture_output=True, text=True, timeout=DEADLINE).stdout
    found = [words.split() for words in re.findall(r'^  (\S+(?: \S+)?) {2,}\S', text, re.M)]
    need(len(found) > 50, f'only {len(found)} verbs: {found}')
    return found


def gives(line, code, *args, word='', **more):
    p = subprocess.run([SIGNET, *args], cwd=line.folder, capture_output=True, text=True, timeout=DEADLINE, stdin=subprocess.DEVNULL, **more)
    need(p.returncode == code, f'{args}: exit {p.returncode}, not {code}: {p.stdout}{p.stderr}')
    need(code == 0 or p.stderr or p.stdout, f'{args}: exit {code}, and nothing is said')
    need(word in p.stderr, f'{args}: {word} is not in {p.stderr}')


def each_verb(line):
    for verb in verbs():
        gives(line, 0, *verb, '--help')
        gives(line, 2, *verb, '--no-such-option')
    gives(line, 0, '--version')
    gives(line, 2, 'no-such-verb')


def failed(line):
    """A file that is not there, for verbs that read one."""
    for args in (('provision', '-c', 'none'), ('packet', 'show', 'none'), ('packet', 'check', 'none'), ('packet', 'make', '-c', 'none'),
                 ('cert', 'show', 'none'), ('authority', 'show', 'none'), ('server', 'check', 'none'), ('run', 'none'),
                 ('run', '--dry-run', 'none'), ('line', 'status', 'none'), ('station', 'check', 'none'), ('report', 'none'),
                 ('ledger', 'list', 'none'), ('ledger', 'verify', 'none'), ('ledger', 'sync', 'none'),
                 ('register', '-s', 'none', '-e', 'x', '-c', 'none'), ('smp', 'echo', '--port', 'none', 'x'), ('sim', 'tell', 'none', 'state')):
        gives(line, 1, *args)


def verdicts(line):
    """What was asked was done, and the answer is no."""
    line.write('bad', TEMPLATE % 0)
    line.write('other.yaml', 'name: o\nquota: 1\ntemplate: template\nledger: ledger.db\nboard: {recipe: nobodys}\nslots: [{port: x}]\nservers: [{file: export.json}]\n')
    gives(line, 1, 'packet', 'check', 'bad')
    gives(line, 1, 'run', 'other.yaml')  # what a file says is no mistake in the command line
    psk = "RID.Security.Mode: 0, RID.Security.PKOrIdentity: b'me', RID.Security.SecretKey: b'a key of this device',"
    line.write('cfg', (TEMPLATE % 0).replace('RID.Security.Mode: 0,', psk))
    gives(line, 2, 'provision', '-c', 'cfg', '--recipe', 'nobodys')
    gives(line, 2, 'packet', 'check', '--device', 'nobodys', 'template')
    line.write('token', 'token')
    os.chmod(line.at('token'), 0o600)
    for text in ('"kind": "nobodys", "url": "https://127.0.0.1"', '"kind": "coiote", "domain": "/a/", "url": "ftp://127.0.0.1"'):
        line.write('bad.json', '{' + text + '}')
        for verb in (('server', 'check', 'bad.json'), ('register', '-s', 'bad.json', '-e', 'x', '-c', 'cfg'),
                     ('provision', '-s', 'bad.json', '-e', 'x', '-c', 'cfg')):
            gives(line, 1, *verb, '--token-file', 'token', word='bad.json')
    line.write('kind.json', '{"kind": "nobodys", "url": "https://127.0.0.1"}')
    gives(line, 1, 'server', 'capabilities', 'kind.json', word='kind.json')
    line.mint(2, 'names: {pattern: "urn:dev:os:m-{serial:03}"}')
    gives(line, 0, 'run', 'minted.yaml')
    gives(line, 0, 'ledger', 'verify', 'ledger.db')
    gives(line, 1, 'ledger', 'show', 'ledger.db', 'nobody')
    for verb in ('list', 'verify'):
        gives(line, 2, 'ledger', verb, 'mysql://host/db', word='no database that is known')
        gives(line, 2, 'ledger', verb, 'postgres1://eve:hunter@host/db', word="ledger 'postgres1://...' is no file")
    line.write('mysql.yaml', line.text('minted.yaml').replace('ledger: ledger.db', 'ledger: "mysql://host/db"'))
    for verb in (('run',), ('run', '--dry-run'), ('ledger', 'sync'), ('ledger', 'recover')):  # there is a work folder, which knows of ledger.db
        gives(line, 1, *verb, 'mysql.yaml', word="ledger 'mysql://host/db' is no file")


def partly(line):
    """3: a part of what was asked for is done; 1: nothing of it is, though the verb came to its end."""
    gives(line, 1, 'ledger', 'void', '--reason', 'x', '--names', 'none.txt', '--yes', 'ledger.db')
    line.write('names.txt', 'urn:dev:os:m-001\nnobody\n')
    gives(line, 3, 'ledger', 'void', '--reason', 'x', '--names', 'names.txt', '--yes', 'ledger.db')
    gives(line, 1, 'ledger', 'void', '--reason', 'x', '--names', 'names.txt', '--yes', 'ledger.db')
    os.mkdir(line.at('defs'))
    line.write('defs/bad.xml', '<LWM2M><Object><Name>x')
    gives(line, 1, 'object', 'import', 'defs')
    shutil.copy(os.path.join(SOURCE, 'tests/fuzz/corpus/object_xml/pump.xml'), line.at('defs'))
    gives(line, 3, 'object', 'import', 'defs')


def half_an_order():
    """Two devices are wanted, and there is one board."""
    with tempfile.TemporaryDirectory() as folder:
        line = Line(folder)
        try:
            half_a_run(line)
        finally:
            line.close()


def half_a_run(line):
    line.boards(1)
    line.order(2)
    line.run()
    line.exits(3)
    need(line.report['passed'] == 1 and not line.report['finished'], line.said)
    line.run()
    line.exits(1)
    line.write('next.yaml', line.text('order.yaml').replace('name: o', 'name: p').replace('n-{', 'p-{'))
    gives(line, 1, 'run', 'order.yaml', 'next.yaml', '--wait', '1')
    line.mint(2, 'names: {pattern: "urn:dev:os:m-{serial:03}"}')
    gives(line, 3, 'run', 'minted.yaml', 'order.yaml', '--wait', '1')


def stopped(line):
    """4, whoever stopped the run; 0 when all was done by then."""
    line.boards(1)
    line.order(3)
    for stop in (lambda: gives(line, 0, 'line', 'stop', 'order.yaml'), lambda: line.process.send_signal(signal.SIGINT),
                 lambda: line.process.send_signal(signal.SIGTERM), lambda: line.process.send_signal(signal.SIGHUP)):
        line.start(wait=DEADLINE)
        line.until('slot', stage='working')
        stop()
        line.finish()
        line.exits(4)
        need(line.report and not line.report['finished'], line.said)


def ended_by_a_signal(line):
    """A verb that has nothing to tidy up is ended by the signal; a simulator that is stopped did all that it should."""
    p = subprocess.Popen([SIGNET, 'packet', 'show', '-'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    p.send_signal(signal.SIGTERM)
    p.communicate(timeout=DEADLINE)
    need(p.returncode == -signal.SIGTERM, f'packet show: {p.returncode}')
    for sim in ('board', '--link', line.at('board')), ('scanner', '--link', line.at('scanner')):
        p = subprocess.Popen([SIGNET, 'sim', *sim], stdout=subprocess.PIPE, stdin=subprocess.PIPE)
        need(p.stdout.readline(), f'no {sim}')
        p.send_signal(signal.SIGTERM)
        p.wait(timeout=DEADLINE)
        need(p.returncode == 0 and not os.path.lexists(sim[-1]), f'{sim}: {p.returncode}')


def output_is_closed(line):
    """A reader that has read enough is no error to tell; a full disk is."""
    ptool = os.path.join(os.path.dirname(SIGNET), 'ptool')
    for command in [SIGNET, 'ledger', 'list', line.at('ledger.db')], [SIGNET, 'run', '--help'], [SIGNET, '--help'], [SIGNET, '--version'], [ptool, '-h']:
        with open('/dev/full', 'w') as full:
            p = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=DEADLINE)
        need(p.returncode == 1 and 'standard output' in p.stderr, f'{command}: {p.returncode}: {p.stderr}')


def main():
    with tempfile.TemporaryDirectory() as folder:
        line = Line(folder)
        try:
            for part in each_verb, failed, verdicts, partly, stopped, ended_by_a_signal, output_is_closed:
                part(line)
        finally:
            line.close()
    half_an_order()
    print('exits: ok')


main()
