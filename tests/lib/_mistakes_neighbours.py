# SPDX-License-Identifier: Apache-2.0
"""More of _mistakes: each kind beside what is none, which passes."""
from _mistakes import BOARD, CONFIG, GOOD, SERVER, TABLE, TWO, ZPL, add, config, later, order, server, table

CHAIN = 'chain: root.pem\nkey: "%s"\n'
ENDED = ' OID.Server: {1: {RID.Server.ShortServerID: 1, RID.Server.Lifetime: 60, RID.Server.NotificationStoring: False, RID.Server.Binding: \'U\'}}'


def right(name, line, *said, **changes):
    add(name, line, *said, code=0, **changes)


def right_order(name, old, new, base=TWO, **changes):
    assert old in base, (name, old)
    right(name, 'run --dry-run two.yaml', two__yaml=base.replace(old, new, 1), **changes)


# YAML: quotes over several lines, merges, letters of word processors
for name, old, new, where in (
        ('a quote that the next one ends', 'name: two', 'name: "two', 'two.yaml:1:7'), ('a quote three lines before', 'template: template', 'template: "template', 'two.yaml:3:11'),
        ('a quote before a comment', 'ledger: two.db', 'ledger: "two.db # the line\'s', 'two.yaml:4:9')):
    order(name, old, new, f'{where}: this quote is never closed', '^', 'close it in the same line')
order('a merge from the first line on', 'name: two', '<<<<<<< HEAD\nname: two\n=======\nname: three\n>>>>>>> x', 'two.yaml:1:1: a mark of a merge', '^', 'keep one of the two')
order('an odd letter in quotes beside a mistake', 'name: two', 'name: "caf\u00a0\u2013": y', 'two.yaml:1:14: a second colon', '^', 'into quotes')
right_order('odd letters in quotes', 'output:', 'operator: "Anna\u00a0\u2013 caf\u00e9"\noutput:')
right_order('odd letters in a comment', 'quota: 3', 'quota: 3 # the customer\u2019s \u2013 \u201cthree\u201d')
right_order('a text over two lines in quotes', 'output:', 'shift: "late\n  shift"\noutput:')
order('odd letters in a comment beside a mistake', 'quota: 3', 'quota: three # the customer\u2019s', "two.yaml:2:8: 'quota' takes a whole number", '^', 'digits alone')
order('the same where YAML is none', 'name: two', 'name: two: b # the customer\u2019s', 'two.yaml:1:10: a second colon', '^', 'into quotes')
# parts: what stands in their place is not repeated, and the hint is one that goes on
for part, value, do in (
        ('notify', '[https://me:hunter2@x/y]', 'such as {file: events.ndjson}'), ('golden', '3', 'such as {slot: "3", board: "683339523", endpoint: NAME}'),
        ('label', 'x', 'such as {template: label.zpl'), ('scan', 'imei', 'such as {column: imei}'), ('prove', '[x]', 'such as {timeout_s: 20}'), ('notify', 'x', '[{file: events.ndjson}]')):
    later(f'{value} for {part}', f'{part}: {value}', 'two.yaml:6:', ' takes a list' if do[0] == '[' else 'here go keys and values in braces', '^', do)
for part, value in (('label', 'null'), ('slots', '~'), ('notify', 'Null')):
    later(f'{part} of nothing', f'{part}: {value}', f"two.yaml:6:{len(part) + 3}: '{part}' has no value: in YAML, {value} stands for nothing", '^', 'leave the key out')
# the key of an authority is found beside its file, whatever its name
add('a scheme of no key', 'authority check a.yaml', "a.yaml:2:7: 'pkcs12:...' is no key of an authority", '^', 'pkcs11:token=NAME', a__yaml=CHAIN % 'pkcs12:hunter2')
right('a key with a colon in its name, from another folder', 'authority check sub/a.yaml', **{'sub/a__yaml': CHAIN.replace('root', '../root') % 'ca:2026.key'})
# golden boards, ports
order('a golden board with a name of the manifest', 'slots:', 'golden: {slot: "1", board: "1", endpoint: "urn:a2"}\nslots:', "devices.csv:3:1: the endpoint 'urn:a2' is that of the golden board", '^', 'a name of its own',
      base=BOARD.replace('{pattern: "urn:dev:os:x-{serial:03}", first: 1}', '{manifest: devices.csv}'))
right_order('a golden board of its own', 'slots:', 'golden: {slot: "1", board: "1", endpoint: "urn:a9"}\nslots:', base=BOARD.replace('{pattern: "urn:dev:os:x-{serial:03}", first: 1}', '{manifest: devices.csv}'))
order('the terminal for a port', '{port: x}', '{port: /dev/tty}', "two.yaml:7:16: slot 1: '/dev/tty' is a terminal of a person, not a serial port", '^', 'signet board list', base=BOARD)
right_order('a port that is there later', '{port: x}', '{port: /dev/ttyACM77}', base=BOARD)
# addresses of databases
right_order('a folder with the name of a database', 'two.db', 'sub/postgres//two.db', **{'sub/postgres': None})
order('backslashes in the address of a database', 'two.db', '"postgresql:\\\\\\\\me:hunter2@h\\\\d"', 'two.yaml:4:', '^', 'hint: ')
order('a backslash in the password of a database', 'two.db', "'postgresql://me:hunter2\\x@127.0.0.1/d'", 'two.yaml:4:', '^', '.pgpass')
# exports
EXPORT = '{"kind": "export", "file": "out.csv", "columns": "name=endpoint, psk=key_hex"}'
right('an export that a spreadsheet saved', 'register -s export.json -e x -c cfg', export__json=EXPORT, out__csv='name,psk\r\nother,00\r\n')
