# SPDX-License-Identifier: Apache-2.0
"""More of _mistakes: kinds that the others had not met, a person and an area at a time."""
from _mistakes import BOARD, CONFIG, GOOD, SERVER, TABLE, TWO, ZPL, add, config, later, order, server, table

# an engineer of firmware: Python that is none, what word processors and merges leave, ptool's options
for name, old, new, *answer in (
        ('a mode in a word', 'Mode: 0', "Mode: 'psk'", 'cfg:2:2: RID.Security.Mode (/0/1/2) must be an integer', '0 is psk, 1 rpk, 2 cert'),
        ('a constant of a program', 'Mode: 0', 'Mode: Mode.PSK', 'cfg:2:21: unknown name', '0 is psk'),
        ('hex digits for bytes', "b'0123456789abcdef'", "'00112233445566778899aabbccddeeff'", 'cfg:2:89: RID.Security.SecretKey', 'bytes.fromhex('),
        ('a number for bytes', "b'0123456789abcdef'", '0x00112233445566778899aabbccddeeff', 'cfg:2:113: this integer does not fit', 'bytes are bytes.fromhex('),
        ('base64 in a configuration', "b'0123456789abcdef'", "base64.b64decode('AAAA')", 'cfg:2:113: unknown name', 'is no program'),
        ('commas in a number', '60,', '86,400,', "cfg:3:75: this entry has no ':'", 'without commas: 86400'),
        ('a resource without its object', 'RID.Server.Lifetime', 'Lifetime', 'cfg:3:48: unknown name', 'did you mean RID.Server.Lifetime?'),
        ('a no-break space', ' 60,', '\u00a060,', 'cfg:3:68: a no-break space', 'write a blank'),
        ('a long dash', ' 60,', ' \u201360,', 'cfg:3:69: a long dash', 'write a minus'),
        ('curly quotes of bytes', "b'me'", 'b\u2018me\u2019', 'cfg:2:83: a curly quote', 'straight quotes'),
        ('a wide colon', 'Lifetime:', 'Lifetime\uff1a', 'cfg:3:67: a wide colon', 'a plain one')):
    assert old in GOOD, name
    config(name, GOOD.replace(old, new, 1), *answer, '^')
for name, text in ('a variable', "HOST = 'x'\n" + GOOD), ('a configuration with a name', 'config = ' + GOOD):
    config(name, text, 'cfg:1:1: unknown name', '^', 'it begins with {')
config('a merge that is not ended', '<<<<<<< HEAD\n' + GOOD + '=======\n', 'cfg:1:1: a mark of a merge', '^', 'keep one of the two')
config('a merge in the middle', GOOD.replace(' OID.Server', '=======\n OID.Server'), 'cfg:3:1: a mark of a merge', '^', 'keep one of the two')
order('a merge in an order', 'quota: 3', '<<<<<<< HEAD\nquota: 3\n=======\nquota: 4\n>>>>>>> x', 'two.yaml:2:1: a mark of a merge', '^', 'keep one of the two')
server('a no-break space in JSON', SERVER.replace(': "le', ':\u00a0"le'), 'server.json:1:9: a no-break space', '^', 'write a blank')
add('a placeholder for one device', 'packet make -c cfg.bad -o out', 'cfg.bad:2:55: RID.Security.PKOrIdentity (/0/1/3) holds a placeholder', '^', "'template' of an order",
    cfg__bad=GOOD.replace("b'me'", "b'{endpoint:text}'").replace('Lifetime: 60', 'Lifetime: 60.5'))
for line, said, do in (('ptool -c cfg -s server.json -t', '--token needs a value', 'variable of the shell unset'), ('ptool --config cfg', 'unrecognized option: --config', 'did you mean --endpoint_cfg?'),
                       ('ptool cfg', 'word 1 of the command line', 'named with -c FILE'), ('packet show -f yaml packet', "--format: 'yaml' is not one of", '--help')):
    add(line, line, said, do, code=2)
add('a folder in place of the packet', 'ptool -c cfg', "cannot write 'SenMLCBOR': it is a folder", 'move the folder away', SenMLCBOR=None)

# an engineer of production: values of a wrong type, keys in another place, values that do not go together
for name, key, said, do in (
        ('a list for a number', 'retries: [3]', "two.yaml:6:10: 'retries' takes one value", 'write the value alone'), ('nothing in YAML', 'shift: ~', "two.yaml:6:8: 'shift' has no value", 'leave the key out'),
        ('a key that nobody knows', 'colour: 3', "two.yaml:6:1: unknown key 'colour'", 'known: name, quota, template'), ('words without brackets', 'notify: [{file: e.ndjson, events: pass}]', "two.yaml:6:35: 'events' takes a list", 'into brackets'),
        ('a url in servers', 'servers: [{url: "https://x"}]', "two.yaml:6:12: unknown key 'url'", "in the server's JSON file"), ('a kind in servers', 'servers: [{kind: leshan}]', "two.yaml:6:12: unknown key 'kind'", "in the server's JSON file"),
        ('a rule of boards', 'min_yield: 90', "two.yaml:6:1: 'min_yield' needs a 'board'", 'take it out'), ('another rule of boards', 'erase_finished: true', "two.yaml:6:1: 'erase_finished' needs a 'board'", 'take it out'),
        ('a uri of the web', 'prove: {uri: "http://x"}', "two.yaml:6:14: prove: the uri has the scheme 'http'", 'coap, coaps'), ('one path for two', 'work: two.db', "'ledger' and 'work' are one file", 'a file of its own'),
        ('a certificate for a station key', 'station_key: ca.pem', "two.yaml:6:14: cannot use the station key 'ca.pem': 'ca.pem' is a certificate, and no secret", 'that is meant'),
        ('a passphrase that is not there', 'station_key_passphrase_file: nix', "two.yaml:6:30: cannot open 'nix'", 'is the path right'),
        ('a printer of the web', 'label: {template: l.zpl, printer: "http://10.0.0.2"}', 'two.yaml:6:35: a printer is tcp://HOST:PORT', 'tcp://192.0.2.7:9100')):
    later(name, key, said, '^', do, l__zpl=ZPL)
for name, key, said, do in (
        ('a golden board with the name of a product', 'golden: {slot: "1", board: "1", endpoint: "urn:dev:os:x-002"}', "golden: 'urn:dev:os:x-002' is a name that 'names' makes", 'a name of its own'),
        ('a pipe of a shell', 'on_pass: [/bin/echo, x, "|", mail]', "on_pass: to a program, '|' is a word", '/bin/sh, -c')):
    later(name, key, said, '^', do, base=BOARD)
order('a pattern of another language', 'names: {pattern: "urn:dev:os:x-{serial:03}", first: 1}', 'scan: {endpoint: "x{scan}", pattern: "[0-9]{15}"}', "two.yaml:5:39: the 'pattern' of scan '[0-9]{15}'", '^', '# is a digit', base=BOARD)
for name, base, old, new, *answer in (
        ('packets of no form', TWO, 'two.ndjson', 'two.csv', "two.yaml:6:19: an output has 'packets'", 'packets/'), ('a ledger at home', TWO, 'two.db', '~/two.db', "two.yaml:4:9: ledger '~/two.db' cannot be made", 'to a shell alone'),
        ('a board as a word', BOARD, '{recipe: smp-file, flasher: none, packet_path: /x}', 'smp-file', 'two.yaml:6:8: here go keys and values', 'such as {recipe: anjay-zephyr}; its keys are')):
    order(name, old, new, *answer, '^', base=base)
add('one file of two orders, spelled twice', 'run --dry-run two.yaml three.yaml', "orders 'two' and 'three' have the same 'output'", 'files of its own', three__yaml=TWO.replace('name: two', 'name: three').replace('two.ndjson', 'cert/../two.ndjson'))
add('an address of a database without its colon', 'ledger list postgres//h/d', "ledger 'postgres//h/d' is no file", 'postgresql://HOST/DATABASE', code=2)

# the line at night, and servers
for name, text, *answer in (
        ('a hook with the lines of Windows', '#!/bin/sh\r\nexit 0\r\n', 'h.sh:1:1: the lines of this script end as those of Windows', 'those of Linux: sed'),
        ('a hook for what is not there', '#!/usr/bin/nix9\nexit 0\n', "h.sh:1:1: this script is for '/usr/bin/nix9'", 'install it'), ('a hook without a first line', 'exit 0\n', 'h.sh:1:1: a script whose first line names no program', '#!/bin/sh')):
    order(name, 'slots:', 'on_pass: [./h.sh]\nslots:', *answer, base=BOARD, h__sh=text)
add('a hook that is not there', 'run --dry-run two.yaml', "cannot find the program '/bin/nope'", '^', 'is the path right', two__yaml=BOARD.replace('slots:', 'on_pass: [/bin/nope]\nslots:'))
add('a port without its folder', 'smp echo -p ttyACM99 hi', 'ttyACM99: cannot open the port', 'a port is a path, such as /dev/ttyACM0')
add('an option of another verb', 'board info -p /dev/ttyACM5', 'there is no option -p', 'it is: signet board info', code=2)
for member, do in (('"token": "hunter2"', 'name the file of the token'), ('"allow_http": true', '--allow-http'), ('"verify": false', 'names the authority that is trusted'), ('"profile": "x"', 'known: kind, url')):
    server(f'a member {member}', SERVER.replace('}', f', {member}}}'), 'server.json:1:50: unknown member', '^', do)
server('an api that is none', SERVER.replace('}', ', "api": 3}'), 'server.json:1:51: ', 'api must be 1 or 2', '^', 'leave it out')
server('a url without its host', SERVER.replace('127.0.0.1:1', ''), "server.json:1:21: the server's url has no host", '^', 'such as "url"')
add('an account that the device has not', 'register -s server.json -e x -c cfg', "server.json:1:62: '77' is no account of the device", '^', 'say which', server__json=SERVER.replace('}', ', "account": "77"}'))
add('an export with another heading', 'register -s export.json -e x -c cfg', "export.json:1:29: the export 'out.csv' has other columns", '^', 'name another file', out__csv='a,b\n')

# trust and records
A = 'authority check a.yaml'
for name, text, *answer in (
        ('a day of a profile', 'chain: root.pem\nkey: root.key\nvalidity_days: 10', "a.yaml:3:1: unknown key 'validity_days'", "which 'profile' names"),
        ('a passphrase that nobody has', 'chain: root.pem\nkey: root.key\npassphrase_file: nix', "a.yaml:3:1: the file of 'passphrase_file' is not there", 'is the path right'),
        ('a token in capitals', 'chain: root.pem\nkey: "PKCS11:token=x"', "a.yaml:2:7: 'PKCS11:...' is no key", 'in small letters'),
        ('est without a url', 'kind: est', "a.yaml:1:1: the authority has no 'url'", 'https://HOST/.well-known/est'), ('est without TLS', 'kind: est\nurl: http://h/x', 'a.yaml:2:1: EST goes over https only', 'https://HOST/.well-known/est'),
        ('half of who we are', 'kind: est\nurl: https://h/x\nclient_cert: ca.pem', "a.yaml:3:1: 'client_cert' and 'client_key' go together", 'name both files'),
        ('cmp without a chain', 'kind: cmp\nurl: http://h/x', "a.yaml:1:1: kind: cmp has a 'chain'", 'reference: NAME'), ('a key here and elsewhere', 'kind: est\nurl: https://h/x\nkey: root.key', "a.yaml:3:1: 'key' and 'profile' go with", 'take them out')):
    add(name, A, *answer, '^', a__yaml=text + '\n')
add('an end and none', A, "./p.yaml:2:1: 'validity_days' is given, and 'no_end'", '^', 'keep one', a__yaml='chain: root.pem\nkey: root.key\nprofile: ./p.yaml\n', p__yaml='base: tls-client\nvalidity_days: 10\nno_end: true\n')
for line, said, do in (('report --since 31.12.2026 one.db', "--since: '31.12.2026' is no time such as 2026-11-28", 'it is: signet report LEDGER'), ('report --plot yield -f csv one.db', '--plot writes a picture', '--help'),
                       ('open -k key.pem packet', "'packet' is no FILE.manifest", 'name FILE.00000001.manifest')):
    add(line, line, said, do, code=2)

# of each again, once the others were mended
config('bytes without quotes', GOOD.replace("b'0123456789abcdef'", 'bytes.fromhex(0011)'), 'cfg:2:127: hex digits stand in a string', '^', "bytes.fromhex('00ff')")
config('a prefix of hex digits', GOOD.replace("b'0123456789abcdef'", "bytes.fromhex('0x0011')"), 'cfg:2:127: character 1 of this text', '^', 'take 0x out')
config('null of JSON', GOOD.replace('60,', 'null,'), 'cfg:3:69: None and null are no values', '^', 'leave the resource out')
order('a ledger of Windows', 'ledger: two.db', r'ledger: C:\data\two.db', "two.yaml:4:9: 'ledger' is a path of Windows", '^', 'between folders stands /')
order('a port of a board', 'packet_path: /x', 'packet_path: /x, port: /dev/ttyACM0', "two.yaml:6:59: unknown key 'port'", '^', "it is a key of 'slots'", base=BOARD)
order('a speed behind a port', '{port: x}', '{port: "/dev/ttyACM99,115200"}', "two.yaml:7:17: slot 1: '/dev/ttyACM99,115200' has a speed", '^', 'baud: 115200', base=BOARD)
