#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Labels: one for each device that is verified, printed when the printer says so, and never twice without a person."""
import json, os, sys, tempfile
from _desk import NAMES, Desk
from _signet import SIGNET, TORTURE, Broken, need, with_failpoint

def printed_and_seen(d):
    d.make(0, 'label     label.zpl at tcp://', args=('run', '--dry-run', 'm.yaml'))
    d.make(0, 'label printer          3')
    labels = d.printer.labels()
    need(len(labels) == 3 and all(n in l for n, l in zip(NAMES, labels)), labels)
    need('n=_5EXZ_7E1_C3_A9^FS' in labels[0] and labels[0].count('^XZ') == 1, labels[0])
    need([d.kinds(n) for n in NAMES] == 3 * [['label-sent', 'labelled']], d.history(NAMES[0]))
    need({r['state'] for r in d.rows('m').values()} == {'done'}, d.rows('m'))
    need('unbroken' in d.ledger('verify', 'ledger.db'), 'verify')
    shown = d.signet('label', 'show', 'm.yaml', NAMES[1]).stdout
    need(shown.strip() == labels[1] and len(d.printer.labels()) == 3, shown)
    html = d.signet('label', 'show', 'm.yaml', NAMES[1], '--html').stdout
    need('<svg ' in html and f'<p>{NAMES[1]}</p>' in html, html)
    svg = d.signet('label', 'show', 'm.yaml', NAMES[1], '--svg').stdout
    need(svg.startswith('<svg') and svg.strip() in html, svg)  # the first one
    d.signet('label', 'show', 'm.yaml', NAMES[1], '--png', '-o', 'label.png')
    with open(d.at('label.png'), 'rb') as f:
        need(f.read(8) == b'\x89PNG\r\n\x1a\n', 'label.png')
    d.write('plain.zpl', '^XA^FD{endpoint}^FS^XZ')
    d.write('plain.yaml', d.text('m.yaml').replace('label.zpl', 'plain.zpl'))
    for form in '--svg', '--png':
        d.make(1, 'plain.zpl has no QR code', args=('label', 'show', 'plain.yaml', NAMES[1], form))
    # once more: by whom and why
    d.make(2, '--reason TEXT is missing', args=('label', 'print', 'm.yaml', NAMES[1]))
    d.make(0, 'label printed', args=('label', 'print', '-r', 'torn off', 'm.yaml', NAMES[1]))
    need(len(d.printer.labels()) == 4 and d.kinds(NAMES[1]) == 2 * ['label-sent', 'labelled'], d.history(NAMES[1]))
    need(d.history(NAMES[1])[-1][1] and d.history(NAMES[1])[-1][2].endswith('by hand: torn off'), d.history(NAMES[1]))
    d.make(1, "no device 'nobody'", args=('label', 'show', 'm.yaml', 'nobody'))
    d.ledger('void', 'ledger.db', NAMES[2], '-r', 'it fell down')
    d.make(1, f'{NAMES[2]} is not made: it gets no label', 'signet ledger show', args=('label', 'confirm', 'm.yaml', NAMES[2]))
    # a new edition gets a label of its own, and the old label is no server that has to lose something
    d.ledger('rework', 'ledger.db', NAMES[0], '-r', 'lost')
    d.make(0, args=('run', '--plain', 'm.yaml'))
    need(len(d.printer.labels()) == 5, d.printer.labels())
    need('unbroken' in d.ledger('verify', 'ledger.db'), 'verify')


def a_printer_that_waits(d):
    """Nothing is lost, and nothing is printed twice."""
    d.make(3, 'devices wait for their labels: label not printed', 'it has no paper', 'put in labels')
    need(d.printer.labels() == [] and d.kinds(NAMES[1]) == [], d.history(NAMES[1]))
    need({r['state'] for r in d.rows('m').values()} == {'verified'}, d.rows('m'))
    d.make(1, 'label not printed: the printer does not print: it has no paper', args=('label', 'print', '-r', 'x', 'm.yaml', NAMES[2]))
    need(d.kinds(NAMES[2]) == [], d.history(NAMES[2]))
    p = json.loads(d.signet('station', 'check', '--json', 'm.yaml').stdout.split('"label"')[0].rsplit('\n', 1)[-1] + '"label"}')
    need(p['what'] == 'label', p)
    d.make(1, 'it has no paper', args=('station', 'check', 'm.yaml'))
    d.make(1, 'it has no paper', args=('run', '--dry-run', 'm.yaml'))
    d.printer.tell('misbehave')
    d.make(0, args=('ledger', 'sync', 'm.yaml'))
    need(len(d.printer.labels()) == 3 and {r['state'] for r in d.rows('m').values()} == {'done'}, d.rows('m'))


def paper_that_ends(d):
    """With the last label on the roll the printer says that it has no paper: is the label whole?"""
    d.make(3, f'{NAMES[0]}: its label may have been printed, or not: the printer does not print: it has no paper')
    need(len(d.printer.labels()) == 1 and [d.kinds(n) for n in NAMES] == [['label-sent'], [], []], d.history(NAMES[0]))


def paper_that_comes_again(d):
    """The printer has the label, and no paper for it: it is waited for."""
    tell = f"'{SIGNET}' sim tell '{d.printer.control}' 'misbehave"
    env = dict(with_failpoint('after-label-sent:1'), SIGNET_FAILPOINT_RUN=f"{tell} paper=0' && {{ (sleep 1; {tell}') >/dev/null 2>&1 & }}")
    p = d.signet('run', '--plain', '--sync', '9', 'm.yaml', program=TORTURE, env=env)
    need(p.returncode == 0, f'exit {p.returncode}: {p.stdout}{p.stderr}')
    need(len(d.printer.labels()) == 3 and [d.kinds(n) for n in NAMES] == 3 * [['label-sent', 'labelled']], d.history(NAMES[0]))


def paper_that_does_not_come(d):
    """But not without end."""
    tell = f"'{SIGNET}' sim tell '{d.printer.control}' 'misbehave paper=0'"
    p = d.signet('run', '--plain', '--sync', '1', 'm.yaml', program=TORTURE,
                 env=dict(with_failpoint('after-label-sent:1'), SIGNET_FAILPOINT_RUN=tell))
    need(p.returncode == 3 and f'{NAMES[0]}: its label may have been printed, or not' in p.stdout + p.stderr, p.stdout + p.stderr)
    need(d.printer.labels() == [] and d.kinds(NAMES[0]) == ['label-sent'], d.history(NAMES[0]))


def a_connection_that_ends(d):
    """The printer has it, and prints it; nobody knows. A person says what is."""
    d.make(3, f'{NAMES[1]}: its label may have been printed, or not', 'signet label confirm')
    need(len(d.printer.labels()) == 3 and d.kinds(NAMES[1]) == ['label-sent'], d.history(NAMES[1]))
    d.make(1, f'{NAMES[1]}: its label may have been printed, or not: a run was cut off', args=('ledger', 'sync', 'm.yaml'))
    need(len(d.printer.labels()) == 3, 'it was printed twice')
    d.make(0, 'label confirmed', args=('label', 'confirm', 'm.yaml', NAMES[1]))
    d.make(0, args=('ledger', 'sync', 'm.yaml'))
    need(len(d.printer.labels()) == 3 and {r['state'] for r in d.rows('m').values()} == {'done'}, d.rows('m'))


def a_run_that_is_killed(d):
    for n, point in enumerate(('after-label-sent:1', 'before-label-printed:1', 'after-label-printed:1')):
        p = d.signet('run', '--plain', 'm.yaml', program=TORTURE, env=with_failpoint(point))
        need(p.returncode == -9, f'{point}: exit {p.returncode}: {p.stdout}{p.stderr}')
        need(len(d.printer.labels()) == n, f'{point}: {len(d.printer.labels())} labels')
    d.make(3, f'{NAMES[0]}: its label may have been printed', f'{NAMES[1]}: its label may have been printed')
    need(len(d.printer.labels()) == 2, 'a label was printed twice')
    need([d.kinds(n)[-1] for n in NAMES] == ['label-sent', 'label-sent', 'labelled'], [d.kinds(n) for n in NAMES])
    for name in NAMES[:2]:
        d.make(0, args=('label', 'print', '-r', 'not found', 'm.yaml', name))
    d.make(0, args=('ledger', 'sync', 'm.yaml'))
    need({r['state'] for r in d.rows('m').values()} == {'done'}, d.rows('m'))


def a_board_waits_in_its_slot(d):
    """The lamp says why; the other board is not held up, and what is verified goes to its server."""
    d.boards(2, hold=600000)
    d.order(2, more=f'label: {{template: board.zpl, printer: "{d.printer.url}"}}\n')
    d.write('board.zpl', '^XA^FD{endpoint} {serial}^FS^XZ')
    d.printer.tell('misbehave pause=0')
    d.start()
    for _ in range(2):
        e = d.until('slot', stage='waiting')
        need('label not printed: the printer does not print: it is paused' in e['message'], e)
    d.until_true(lambda: os.path.exists(d.at('export.csv')) and all(n in d.text('export.csv') for n in ('urn:dev:os:n-001', 'urn:dev:os:n-002')))
    need(set(d.states().values()) == {'verified'}, d.rows())
    need(d.printer.labels() == [], 'a paused printer prints')
    d.printer.tell('misbehave')
    need(d.finish() == 0, d.said)
    need([len(d.lamps(s, 'pass')) for s in '12'] == [1, 1] and len(d.printer.labels()) == 2, d.said)
    d.states(n_001='done', n_002='done')


def wrong_orders(d):
    url = d.printer.url
    rows = [('{template: label.zpl}', "a label has a 'template' and a 'printer'"),
            ('{template: label.zpl, printer: "tcp://"}', "is no address of a printer"),
            ('{template: label.zpl, printer: "tcp://a:99999"}', "is no address of a printer"),
            ('{template: label.zpl, printer: "tcp://a:65536"}', "is no address of a printer"),
            ('{template: label.zpl, printer: "tcp://127.0.0.1:65535"}', 'no connection'),
            ('{template: label.zpl, printer: "http://a"}', 'a printer is tcp://HOST:PORT'),
            (f'{{template: none.zpl, printer: "{url}"}}', 'none.zpl'),
            (f'{{template: token.zpl, printer: "{url}"}}', "token.zpl:1:7: the label would show 'api_token', which is a secret"),
            (f'{{template: label.zpl, printer: "{url}", print_secrets: [api_token]}}', "print_secrets names 'api_token'"),
            (f'{{template: code.zpl, printer: "{url}"}}', 'the label of urn:dev:os:m-1: '),
            ('{template: label.zpl, printer: "tcp://127.0.0.1:1"}', 'no connection')]
    d.write('token.zpl', '^XA^FD{api_token}^FS^XZ')
    d.write('code.zpl', '^XA^BCN,90^FD{note}^FS^XZ')
    for label, words in rows:
        d.minted(label)
        d.make(1, words, args=('run', '--dry-run', 'm.yaml'))
    d.minted(f'{{template: token.zpl, printer: "{url}", print_secrets: [api_token]}}')
    d.make(0, args=('run', '--dry-run', 'm.yaml'))
    d.minted('{template: label.zpl, printer: labels/}')
    d.make(0)
    need(d.text(f'labels/{NAMES[0]}.zpl').startswith('^XA'), 'no file')
    d.minted()
    d.write('m.yaml', d.text('m.yaml').split('label:')[0])
    d.make(1, 'm.yaml has no labels', args=('label', 'show', 'm.yaml', NAMES[0]))


for test, misbehave in ((printed_and_seen, ''), (a_printer_that_waits, 'paper=0'), (paper_that_ends, 'paper=1'), (paper_that_comes_again, ''),
                        (paper_that_does_not_come, ''), (a_connection_that_ends, 'lose=2'),
                        (a_run_that_is_killed, ''), (a_board_waits_in_its_slot, ''), (wrong_orders, '')):
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(folder, misbehave)
        try:
            test(desk)
        except Broken as e:
            sys.exit(f'{test.__name__}: {e}')
        finally:
            desk.close()
print('label: ok')
