#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exit codes, as signet(1) has them in EXIT STATUS: 0, 1 and 2 of each verb, and what a verb ends with that was stopped."""
import re, signal, subprocess, tempfile
from _line import Line
from _signet import SIGNET, TEMPLATE, need

DEADLINE = 60


def verbs():
    text = subprocess.run([SIGNET, '--help'], capture_output=True, text=True, timeout=DEADLINE).stdout
    found = [words.split() for words in re.findall(r'^  (\S+(?: \S+)?) {2,}\S', text, re.M)]
    need(len(found) > 50, f'only {len(found)} verbs: {found}')
    return found


def gives(line, code, *args, **more):
    p = subprocess.run([SIGNET, *args], cwd=line.folder, capture_output=True, text=True, timeout=DEADLINE, stdin=subprocess.DEVNULL, **more)
    need(p.returncode == code, f'{args}: exit {p.returncode}, not {code}: {p.stdout}{p.stderr}')
    need(code == 0 or p.stderr, f'{args}: exit {code}, and nothing is said')


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
    gives(line, 2, 'run', 'other.yaml')
    line.mint(2, 'names: {pattern: "urn:dev:os:m-{serial:03}"}')
    gives(line, 0, 'run', 'minted.yaml')
    gives(line, 0, 'ledger', 'verify', 'ledger.db')
    gives(line, 1, 'ledger', 'show', 'ledger.db', 'nobody')


def stopped(line):
    """An order that is not at its end gives 1, whoever stopped its run."""
    line.boards(1)
    line.order(2)
    for stop in (lambda: gives(line, 0, 'line', 'stop', 'order.yaml'), lambda: line.process.send_signal(signal.SIGINT),
                 lambda: line.process.send_signal(signal.SIGTERM)):
        line.start(wait=DEADLINE)
        line.until('slot', stage='working')
        stop()
        line.finish()
        line.exits(1)
        need(line.report and not line.report['finished'], line.said)


def ended_by_a_signal(line):
    """A verb that has nothing to tidy up is ended by the signal; a simulator that is stopped did all that it should."""
    p = subprocess.Popen([SIGNET, 'packet', 'show', '-'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    p.send_signal(signal.SIGTERM)
    p.communicate(timeout=DEADLINE)
    need(p.returncode == -signal.SIGTERM, f'packet show: {p.returncode}')
    p = subprocess.Popen([SIGNET, 'sim', 'board', '--link', line.at('board')], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    need(p.stdout.readline(), 'no board')
    p.send_signal(signal.SIGTERM)
    p.communicate(timeout=DEADLINE)
    need(p.returncode == 0, f'sim board: {p.returncode}')


def output_is_closed(line):
    """A reader that has read enough is no error to tell; a full disk is."""
    with open('/dev/full', 'w') as full:
        p = subprocess.run([SIGNET, 'ledger', 'list', line.at('ledger.db')], stdout=full, stderr=subprocess.PIPE, text=True, timeout=DEADLINE)
    need(p.returncode == 1 and 'standard output' in p.stderr, f'{p.returncode}: {p.stderr}')


def main():
    with tempfile.TemporaryDirectory() as folder:
        line = Line(folder)
        try:
            for part in each_verb, failed, verdicts, stopped, ended_by_a_signal, output_is_closed:
                part(line)
        finally:
            line.close()
    print('exits: ok')


main()
