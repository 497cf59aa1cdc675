# SPDX-License-Identifier: Apache-2.0
"""More of _mistakes: of shells, of the system around a program, and words that are too many."""
from _mistakes import BOARD, CONFIG, GOOD, TABLE, TWO, add, config, later, order, server
from _mistakes_neighbours import right, right_order

for line, said, do in (
        ('cert make -e a -e b -o out', '--endpoint is given two values', 'keep the one that is meant'), ('register -s server.json -e x -c cfg --attempts 1 --attempts=2', '--attempts is given two values', 'keep the one'),
        ('ledger show one.db urn:dev:os:x-001 urn:dev:os:x-002', 'one argument too many', "one ENDPOINT at a time: 'signet ledger show'"), ('ledger list one.db urn:dev:os:x-001', 'one argument too many', 'signet ledger show LEDGER ENDPOINT'),
        ('ledger export one.db out.csv', 'one argument too many', 'add > FILE'), ('ledger export one.db urn:dev:os:x-001', 'one argument too many', 'did you mean --endpoint urn:dev:os:x-001?'),
        ('cert make urn:a -o out', 'one argument too many', 'did you mean --endpoint urn:a?'), ('cert fetch 127.0.0.1 5684', 'one argument too many', 'HOST:PORT is one word'),
        ('label show order.yaml x -o x.jpg', "a label is no '.jpg'", '.svg or .png'), ('packet show packet out.json', 'one argument too many', 'add > FILE'), ('packet show packet cfg packet', 'one argument too many', 'one FILE at a time'), ('ledger checkpoint one.db out.note', 'one argument too many', 'did you mean --output out.note?'),
        ('ledger rework one.db --board 3', '--board is for one new edition', 'LEDGER [ENDPOINT]'), ('server check server.json --token hunter2', 'there is no option --token', 'did you mean --token-file?')):
    add(line, line, said, do, code=2)
right('a value that is given twice', 'ledger list one.db --order one -- ')
for words in '[/bin/sh, lamp.sh]', '[python3, tools/lamp.py, "{slot}"]':
    later(f'a script that is not there: {words}', f'on_pass: {words}', "two.yaml:7:20: on_pass: there is no script '", '^', 'write its whole path', base=BOARD)

# files that are something else, or cut; what this user may not
SEALED = bytes.fromhex('308006 0b2a864886f70d01091001 17a0800201000000'.replace(' ', ''))
for line, said, do in (
        ('packet show s.cms', 's.cms is sealed to a certificate (CMS), not a packet', 'signet open -k KEY s.cms'), ('cert show s.cms', 's.cms is sealed to a certificate', 'signet open'),
        ('open -k key.pem -o cert packet', "'packet' is no FILE.manifest", 'what is in clear needs no opening'), ('cert show d.der', 'is cut short: 60 of 201 bytes', 'copy the file again'),
        ('server capabilities coiote', "cannot open 'coiote'", '{"kind": "leshan"'), ('register -s leshan -c cfg -e x', "cannot open 'leshan'", 'write a JSON file'),
        ('authority check pkcs11:token=x;object=y', "'pkcs11:...' is a key, not the file of an authority", "'chain: ca.pem'"),
        ('server check servr.json', "cannot open 'servr.json'", "did you mean 'server.json'?"), ('init /proc/x', "cannot make the folder '/proc/x'", 'hint: ')):
    add(line, line, said, do, code=2 if line.startswith(('open', 'authority')) else 1, s__cms=SEALED, d__der=bytes.fromhex('3081c6') + bytes(57))
later('a broker at no port', 'notify: [{url: "mqtts://broker.lan:99999"}]', "two.yaml:6:17: notify: mqtt: 'mqtts://broker.lan:99999' has the port 99999", '^', '1 to 65535')
server('a path behind a url', '{"kind": "leshan",\n "url": "https://127.0.0.1:1/#/clients"}', "server.json:2:3: the server's url must be https://HOST", '^', 'take out what stands behind the host')
add('a definition that is cut', 'packet check --objects o.xml cfg', 'o.xml:1:', 'the file ends, and <Object> of line 1 is not ended', 'was the file copied whole?', o__xml='<LWM2M><Object ObjectType="MODefinition"><Name>A</Name>')
add('a station key that is not there', 'station key show two.yaml', "there is no station key 'nix.key'", 'its first run makes it', two__yaml=TWO + 'station_key: nix.key\n')
# the place of a file that the order names is in the order, whatever words of the error stand in the server's file
order('a token that is not there', '{file: export.json}', '{file: server.json, token_file: tok}', "two.yaml:8:43: server.json: cannot open 'tok'", '^', 'is the path right?', base=BOARD,
      server__json='{"kind": "leshan", "url": "https://127.0.0.1:1", "ca_file": "ca.pem"}')
add('a path of registration', 'packet make -c cfg -o out', 'cfg:1:21: RID.Security.ServerURI (/0/1/0) has the path of registration', '^', 'hint: ', code=0, cfg=GOOD.replace("5684'", "5684/rd'"))
right('another path of a URI', 'packet make -c cfg -o out', cfg=GOOD.replace("5684'", "5684/lwm2m'"))
config('brackets around one value', GOOD.replace("'U'", "['U']"), 'cfg:4:61: LwM2M has no lists', '^', 'one value stands without brackets')
add('certificate and key swapped', 'ptool -c cfg -p ca.pem -k ca.pem -r key.pem -e x', 'key.pem:1:1: there is a private key', '^', 'are the two files swapped?', cfg=GOOD.replace('Mode: 0', 'Mode: 2'))
order('a comment of C', TWO, '{"name": "two", // mine\n "quota": 3}\n', 'two.yaml:1:17: a comment does not begin with //', '^', 'with #')
order('a comment of C in a line of its own', 'quota: 3', '// how many\nquota: 3', 'two.yaml:2:1: a comment does not begin with //', '^', 'with #')
right_order('two slashes in a value, and in quotes', 'quota: 3', 'quota: 3\nshift: "early // late"\noperator: a // b')
order('a table for the certificate of a server', 'output:', 'credentials: {server_cert: devices.csv}\noutput:', "two.yaml:6:28: template: server_cert 'devices.csv': devices.csv is a table (CSV), not a certificate", '^', 'manifest:',
      template=(CONFIG % '').replace('Mode: 0', 'Mode: 2'))
order('no certificate of the server', 'output:', 'shift: a\noutput:', 'template:2:2: /0/1 is in cert mode', '^', 'in an order, credentials: {server_cert: FILE}', template=(CONFIG % '').replace('Mode: 0', 'Mode: 2'))
for path in 'C:\\x', 'x':
    order(f'a packet at {path}', 'packet_path: /x', f"packet_path: '{path}'", f"slot 1: packet_path: '{path}' is no path on a board", '^', 'such as /lfs1/', base=BOARD)
right_order('a path with a drive of FATFS', 'packet_path: /x', 'packet_path: "mmc0:/x"', base=BOARD)
order('packets in no folder', 'two.ndjson', 'nix/two.ndjson', "two.yaml:6:19: there is no folder for 'nix/two.ndjson'", '^', 'make the folder')
# values of a row, with what a spreadsheet makes of them; a PEM that came through something else
for name, old, new, row, said, do in (
        ('a number with commas', 'Lifetime: 60', 'Lifetime: "{v}"', '"86,400"', "v '86,400': is no whole number", 'without commas and units'),
        ('yes for true in a row', 'NotificationStoring: False', 'NotificationStoring: "{v}"', 'yes', "v 'yes': is neither true nor false", 'one of the two, in small letters'),
        ('a key that is cut', 'ShortServerID: 1}}', "ShortServerID: 1, RID.Security.PKOrIdentity: b'{endpoint:text}', RID.Security.SecretKey: b'{v:hex}'}}", '001122334455', 'v: the key has 6 bytes', '16 bytes are 32 hex digits')):
    order(name, TABLE, TABLE, 'devices.csv:2:', said, '^', do, base=TABLE, devices__csv=f'endpoint,v\na1,{row}\na2,x\na3,x\n', template=(CONFIG % '').replace(old, new, 1))
order('an IMEI without its zero', '{manifest: devices.csv}', '{manifest: devices.csv, pattern: "urn:imei:{imei}"}', 'devices.csv:2:1: ', 'behind urn:imei: stand 15 digits', '^', 'a spreadsheet takes a zero', base=TABLE,
      devices__csv='imei\n35135881112477\n35135881112478\n35135881112479\n')
PEM = '-----BEGIN CERTIFICATE-----%sMIIBKTCB0KADAgECAhQBrCkZETttfckZy0Se08d+ohvtpjAKBggqhkjOPQQDAjAM%s-----END CERTIFICATE-----%s'
add('a PEM with backslashes and n', 'cert show w.pem', 'w.pem:1:28: malformed PEM', '^', "printf '%b'", w__pem=PEM % (('\\n',) * 3))
add('a PEM of a letter', 'cert show w.pem', 'w.pem:2:1: malformed PEM', '^', 'what stands before each line', w__pem='> ' + PEM % (('\n> ',) * 3))
add('a file for a folder of proofs', 'ledger proof one.db urn:dev:os:x-001 -o one.ndjson', "there is no folder 'one.ndjson'", 'a file has this name')
for line, said, do in (
        ('--verison', 'there is no option --verison', 'did you mean --version?'), ('line scan order.yaml', 'CODE is missing', 'ORDER.yaml|FOLDER [SLOT] CODE'),
        ('board list /dev/ttyACM0', 'one argument too many', 'signet board info PORT'), ('smp reset tcp:127.0.0.1:1', 'one argument too many', 'did you mean --port tcp:127.0.0.1:1?')):
    add(line, line, said, do, code=2)
add('a public key for a key', 'authority check a.yaml', "'pub.pem' is a public key, and no secret", 'that is meant', a__yaml='chain: root.pem\nkey: pub.pem\n')
# options as other programs call them
for line, option, do in (
        ('run order.yaml --slot 3', '--slot', 'a key of the order'), ('ledger list one.db --format csv', '--format', 'ledger export -f csv LEDGER'), ('ledger export one.db --output x.csv', '--output', 'add > FILE'),
        ('cert make -e x -o out --days 365', '--days', 'validityOffsetInSeconds'), ('cert make --cn x -o out', '--cn', 'did you mean --endpoint?'), ('register --url https://x -e x -c cfg', '--url', '--server FILE'),
        ('register -s server.json -e x -c cfg --password hunter2', '--password', '--token-file FILE'), ('page one.db --port 8080', '--port', '--listen ADDR:PORT'), ('init --name x d', '--name', 'signet init FOLDER'),
        ('ledger backup one.db --output b.db', '--output', 'LEDGER TO')):
    add(line, line, f'there is no option {option}', do, code=2)
add('a misbehaviour with a slip', 'sim server -m latncy=3', 'no such misbehaviour: latncy=3', 'such as latency=200', code=2)
config('a resource by another name', GOOD.replace('RID.Security.SecretKey', 'RID.Security.PSK'), "unknown name 'RID.Security.PSK'", '^', 'signet object show OBJECT')
# of the last batch: blanks in names, folders of exports, what env is to find
for name, row in ('a blank behind a name', 'urn:a1 '), ('a blank in a name', 'urn:a 1'):
    order(name, TABLE, TABLE, 'devices.csv:2:1: endpoint', '^', 'take the blank out', base=TABLE, devices__csv=f'endpoint\n{row}\nurn:a2\nurn:a3\n')
add('an export in no folder', 'register -s export.json -e x -c cfg', "export.json:1:29: opening the export 'nix/x.csv'", '^', 'make its folder', export__json='{"kind": "export", "file": "nix/x.csv"}')
order('a program that env does not find', 'slots:', 'on_pass: [./h.sh]\nslots:', "h.sh:1:1: this script is for 'pyton9'", 'correct the first line', base=BOARD, h__sh='#!/usr/bin/env pyton9\nexit 0\n')
right_order('a program that env finds', 'slots:', 'on_pass: [./h.sh]\nslots:', base=BOARD, h__sh='#!/usr/bin/env sh\nexit 0\n')
# verbs of other programs, the verb before the noun, a file in place of a verb
for line, said, do in (
        ('ledger history one.db x', "'ledger' called 'history'", "'ledger show'"), ('ledger rm one.db x', "'rm'", "'ledger void'"), ('cert view ca.pem', "'view'", "'cert show'"), ('packet create -c cfg', "'create'", "'packet make'"),
        ('board flash x', "'flash'", "'provision'"), ('object add object.xml', "'add'", "'object import'"), ('show packets packet', "no command 'show'", "'packet show'"), ('new cert -e x', "no command 'new'", "'cert make'"),
        ('enroll -c cfg', "no command 'enroll'", "'register'"), ('ledger one.db', "'one.db' is a file, and no command", 'signet ledger list one.db'), ('ledger --list one.db', "called '--list'", "'ledger list'"),
        ('packet --json show packet', '--json stands before the command', 'behind it'), ('-v', 'no option -v', 'did you mean --version?'), ('SIGNET_TOKEN=hunter2 register', "'SIGNET_TOKEN=' stands where a word", 'before the program'),
        # files in the wrong order, and one alone
        ('label print urn:a order.yaml --reason x', "'urn:a' stands where ORDER.yaml should", 'did you mean: signet label print order.yaml urn:a'), ('order owner key.pem two.yaml', "'key.pem' stands where ORDER.yaml should", 'signet order owner two.yaml'),
        ('line slot 3 off order.yaml', "'3' stands where", 'line slot order.yaml 3 off'), ('label confirm urn:a', "ORDER.yaml is missing before 'urn:a'", 'ORDER.yaml ENDPOINT'),
        # words that are options, and the other way round
        ('run order.yaml dry-run', "'dry-run' is no order", 'did you mean --dry-run?'), ('register delete -s server.json -e x', 'one argument too many', 'did you mean --remove?'), ('register cfg -s server.json', 'too many', 'did you mean --config cfg?'),
        ('ledger list ledger=one.db', "'ledger=' stands before an argument", "without 'ledger='"), ('register -e x SIGNET_TOKEN=hunter2', "'SIGNET_TOKEN=' stands before", 'a variable stands before the program'), ('ledger list order=one one.db', "'order='", 'did you mean --order=...?'),
        ('ledger show one.db ~', 'begins or ends with a blank', 'take the blank out'), ('ledger list --ledger one.db', 'no option --ledger', 'it is a word: signet ledger list LEDGER'),
        ('ledger show --endpoint urn:a one.db', 'no option --endpoint', 'it is a word: signet ledger show LEDGER ENDPOINT'), ('packet make -c=cfg -o out', "no '=' stands behind a letter", '--config=FILE'), ('order sign two.yaml key.pem', 'one argument too many', 'did you mean --sign key.pem?'),
        ('packet make -e x -c cfg', 'no option -e', 'a packet has no endpoint name'), ('page one.db 8080', 'too many', 'did you mean --listen 8080?'), ('cert sign -a ca.pem csr.pem', 'no option -a', 'did you mean --authority?'),
        ('prove packet --follow a/b', "hosts to be followed are names, not 'a/b'", 'hint: '), ('station key rotate', 'ORDER.yaml... is missing', 'hint: '), ('smp image list /dev/ttyACM0', "'/dev/ttyACM0' is one word too many behind 'list'", 'hint: '),
        ('smp info -p udp://127.0.0.1:1', "'//127.0.0.1:1' is not an address", 'udp:HOST:PORT'), ('smp image test zz -p tcp:127.0.0.1:1', "'zz' is neither a hash, in hex, nor a file", 'list` shows the hashes'), ('prove cfg --timeout 1m', "'1m' is not a number", 'SECONDS is a whole number from 1 to 600')):
    add(line, line, said, do, code=2)
right('a file with the name of an option', 'run --dry-run two.yaml dry-run', **{'dry-run': TWO.replace('two', 'three')})
right('a ledger with an equal sign in its name', 'run --dry-run ledger=two.yaml', **{'ledger=two.yaml': TWO})
right('an order behind an order', 'run --dry-run two.yaml three.yaml', three__yaml=TWO.replace('two', 'three'))
