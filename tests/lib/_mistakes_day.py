# SPDX-License-Identifier: Apache-2.0
"""More of _mistakes: those of a day at a line, as engineers of firmware and of production make them."""
from _mistakes import BOARD, CONFIG, GOOD, SERVER, TABLE, TWO, ZPL, add, config, later, order, server, table

# names that nothing has, options without effect, periods that are over
for line, said, do in (
        ('report --station NIX one.db', 'the ledger has no station NIX', 'its stations: '), ('report --runs --order oen one.db', 'the ledger has no order oen', 'did you mean one?'),
        ('ledger void -r x --slot 9 one.db', 'the ledger has no slot 9', 'its slots: mint'), ('ledger rework --station x one.db', 'the ledger has no station x', 'its stations: '),
        ('ledger list --station x one.db', 'the ledger has no station x', 'its stations: '), ('ledger export -f events -e x one.db', 'the ledger has no device x', 'ledger list'),
        ('sim server --ca-file order.yaml', "will not write over 'order.yaml': it is a work order", 'name another file'),
        ('ledger backup one.db /proc/b.db', '/proc/b.db: the ledger cannot be opened', 'also to write it and its folder')):
    add(line, line, said, do)
for line, said, do in (
        ('order sign --sign station.key.sign --until 2020-01-01 order.yaml', 'the period of the order is over', 'name a later end'), ('order sign --sign station.key.sign --from 2099-01-02 --until 2099-01-01 order.yaml', 'ends after it begins', 'the years of both'),
        ('sim server --kind est -t abc', 'that of est is USER:PASSWORD', '--help'), ('sim server --kind est --lwm2m 0', 'an authority has no devices', '--help'),
        ('sim server --kind est --server-file x', "as its 'authority'", '--help'), ('sim server -q', '--silent goes with --lwm2m', '--help'), ('sim server --kind leshan --token-seconds 9', 'nobody logs in', '--help')):
    add(line, line, said, do, code=2)
order('no names, and boards that tell none', 'names: {pattern: "urn:dev:os:x-{serial:03}", first: 1}\n', '', "two.yaml:5:17: slot 1: 'smp-file' does not say how a board tells its name", '^', "'endpoint_path'", base=BOARD)
# a key, a word, a number in the wrong place or form
order('a speed of a slot', '{port: x}', '{port: x, baud: 115200}', "two.yaml:7:19: unknown key 'baud'", '^', "it is a key of 'board'", base=BOARD)
order('a key with a hyphen', 'packet_path', 'packet-path', "two.yaml:6:42: unknown key 'packet-path'", '^', "did you mean 'packet_path'?", base=BOARD)
later('a key in the plural', 'stop_after_failures: {slots: 3}', "two.yaml:6:23: unknown key 'slots'", '^', "did you mean 'slot'?")
later('a share as a fraction', 'min_yield: 0.9', "two.yaml:7:12: 'min_yield' takes a whole number, not '0.9'", '^', 'in percent, such as 90', base=BOARD)
later('a topic beside notify', 'topic: a', "two.yaml:6:1: unknown key 'topic'", '^', "it is a key of 'notify'")
order('names of a column without a manifest', 'x-{serial:03}', '{imei}', "two.yaml:5:19: 'urn:dev:os:{imei}' is not a pattern of names", '^', "columns of a 'manifest'")
order('names of a column that is not there', '{manifest: devices.csv}', '{manifest: devices.csv, pattern: "urn:imei:{imei}"}', 'two.yaml:5:42: ', '{imei} names no column of devices.csv', '^', 'known: {serial}, {endpoint};', base=TABLE)
order('an address of a database with one slash', 'two.db', '"postgresql:/127.0.0.1/x"', "two.yaml:4:10: ledger 'postgresql:/127.0.0.1/x' is no file", '^', 'postgresql://HOST/DATABASE')
order('a password in the address of a database', 'two.db', '"postgresql://me:hunter2@127.0.0.1/x"', "two.yaml:4:1: the ledger's address holds a password", '^', '.pgpass')
later('one identity for all', 'credentials: {identity: me}', "two.yaml:6:25: credentials.identity 'me'", '^', '{endpoint}')
later('half the name of a profile', 'device: anjay', "two.yaml:6:9: no device profile is called 'anjay'", '^', "did you mean 'anjay-3'?")
for name, program in ('a path and an argument in one word', '/bin/true {slot}'), ('a name and an argument in one word', 'true {slot}'):
    later(name, f'on_pass: ["{program}"]', 'two.yaml:7:1', 'on_pass: ', program, '^', 'words of a list', base=BOARD)
later('a column of a label without a manifest', 'label: {template: l.zpl, printer: lab/}', 'l.zpl:2:12: {imei} is no placeholder', '^', "{hw_id}, and the columns of a 'manifest'", l__zpl=ZPL.replace('endpoint', 'imei'))
later('a module that is not there', 'authority: {chain: ca.pem, key: "pkcs11:token=x;object=y?module-path=/usr/lib/nope.so"}', "two.yaml:6:70: authority: cannot find the PKCS#11 module '/usr/lib/nope.so'", '^', 'is the path right')
for entry, said, do in (
        ('{url: "mqtts://broker.lan", ca_file: cfg}', 'cfg is a configuration, not a certificate', 'a packet is made from it'), ('{url: "mqtts://broker.lan/a/b"}', "two.yaml:6:17: notify: mqtt: 'mqtts://broker.lan/a/b': an MQTT broker is", "'topic' says where"),
        ('{url: "https://mes.lan/x", key_file: token}', "two.yaml:6:47: notify: webhook: 'token' is no key of a webhook", 'openssl rand'), ('{url: "mqtt://broker.lan"}', "'url' is without TLS", 'allow_mqtt')):
    later(f'notify {entry}', f'notify: [{entry}]', 'two.yaml:6:', said, '^', do)
for name, key, do in (('0x in front of keys', '0x00112233445566778899aabbccddeeff', 'take 0x out'), ('a digit too few', '00112233445566778899aabbccddeef', 'a digit is missing'),
                      ('colons in keys', '00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff', 'no blanks, colons')):
    order(name, TABLE, TABLE, 'devices.csv:2:4: psk: is not pairs of hex digits', '^', do, base=TABLE, devices__csv=f'endpoint,psk\na1,{key}\na2,{key}\na3,{key}\n',
          template=CONFIG % ", RID.Security.PKOrIdentity: b'{endpoint:text}', RID.Security.SecretKey: b'{psk:hex}'")
order('base64 without its end', TABLE, TABLE, 'devices.csv:2:4: psk: is not base64 with its padding', '^', 'write the = at its end', base=TABLE, devices__csv='endpoint,psk\na1,aHVudGVyMmh1bnRlcg\na2,x\na3,x\n',
      template=CONFIG % ", RID.Security.PKOrIdentity: b'{endpoint:text}', RID.Security.SecretKey: b'{psk:base64}'")
server('half a word of JSON', SERVER.replace('"https://127.0.0.1:1"', '"https://127.0.0.1:1", "allow_http": tru'), 'server.json:1:64: this is no word of JSON', '^', 'write true')
add('a file of logins that is not there', 'page one.db --listen 127.0.0.1:0 --page-logins nofile', "cannot open 'nofile'", 'signet page password FILE NAME')
add('a file in place of a key', 'ledger verify one.db --vkey vk', "'vk' is a file, and not the text of a key", '$(cat FILE)', vk='a+00000000+AQ' + 'A' * 42 + '\n')
add('another ledger that is not there', 'ledger import one.db nofile.db', 'nofile.db: there is no such ledger', 'is the path right?')
for line, said, do in (
        ('run --page-logins lg order.yaml', '--page-logins goes with --page', '--help'), ('ledger rework one.db urn:dev:os:x-001 --board bench/1', 'a slot is slot:STATION/SLOT', 'did you mean slot:bench/1?'),
        ('cert fetch 127.0.0.1:99999', "'127.0.0.1:99999' is not HOST:PORT", 'ports are 1 to 65535'), ('sim flasher --as nrfjprog', 'needs a board: SERIAL=CONTROL,PORT', '--help'),
        ('run --operator ~ order.yaml', '--operator is empty', 'variable of the shell unset')):
    add(line, line, said, do, code=2)
for line in 'run --station b order.yaml', 'run --retries 3 order.yaml':
    add(line, line, 'there is no option --', 'it is a key of the order', code=2)
for name, key, said, do in (
        ('a curve by another name', 'tls: {curves: [p256]}', "./p.yaml:3:16: 'curves' cannot have 'p256'", 'such as secp256r1'), ('a binding of no letter', 'bindings: XY', "./p.yaml:3:11: 'bindings' cannot have 'XY'", 'letters of UMHTSNQ'),
        ('a digest with a hyphen', 'tls: {digests: [sha-256]}', "./p.yaml:3:17: 'digests' cannot have 'sha-256'", 'there are sha1')):
    later(name, 'device: ./p.yaml', said, '^', do, p__yaml=f'name: x\nbase: any\n{key}\n')
config('a function of Python', GOOD.replace("b'0123456789abcdef'", "unhexlify('00112233445566778899aabbccddeeff')"), 'cfg:2:113: unknown name', '^', "bytes.fromhex('00ff')")
# what lies beside the mistake: links, paths of another system, quotes, what a board is asked for before its file is read
order('a path of Windows', 'template: template', r'template: C:\factory\template', "two.yaml:3:11: 'template' is a path of Windows", '^', 'between folders stands /')
for text, said, do in (('https://127.0.0.1:/api', "server.json:1:21: the server's url has a colon and no port", 'take it out'), ('https://127.0.0.1:', 'a colon and no port', 'behind the colon')):
    server(f'a url {text}', SERVER.replace('https://127.0.0.1:1', text), said, '^', do)
add('a token in quotes', 'server check server.json --token-file token', "the server's token stands in quotes", 'take them out', token='"hunter2"\n')
add('a token with its scheme', 'server check server.json --token-file token', 'token: the access token holds blanks', "without 'Bearer'", token='Bearer hunter2\n')
order('a token of an order with its scheme', '{file: export.json}', '{file: server.json, token_file: token}', 'token: the token is not one word', '^', "leave out 'Bearer'", base=BOARD, token='Bearer hunter2\n')
for line, said, do, code in (
        ('smp image -p tcp:127.0.0.1:1 upload nix.bin', "cannot open 'nix.bin'", 'is the path right', 1), ('smp image -p tcp:127.0.0.1:1 upload a.png', 'a.png is a picture, not a firmware image', 'that is meant', 1),
        ('smp image -p tcp:127.0.0.1:1 test abcdef', "the hash 'abcdef' has 6 digits: 64, 96 or 128", 'list` shows them whole', 2), ('smp image -p tcp:127.0.0.1:1 lst', "has no 'lst'; did you mean 'list'?", '--help', 2),
        ('smp settings -p tcp:127.0.0.1:1 write a/b nix', "cannot open 'nix'", 'is the path right', 1), ('ledger proof --vkey a+00000000+AAAA a.event', 'ENDPOINT|PROOF is missing', '--help', 2),
        ('label print two.yaml x -r again', 'two.db: there is no such ledger', 'its first run makes it', 1)):
    add(line, line, said, do, code=code, a__png=b'\x89PNG\r\n\x1a\n' + bytes(60), two__yaml=TWO.replace('output', 'label: {template: l.zpl, printer: ./l.prn}\noutput'), l__zpl=ZPL)
for name, text, said, do in (
        ('a certificate of EST that is for another key', 'kind: est\nurl: https://127.0.0.1:1/.well-known/est\nclient_cert: ca.pem\nclient_key: other.pem', "a.yaml:3:14: who we are at the authority: 'ca.pem', 'other.pem': the private key does not belong", 'compare the fingerprints'),
        ('a token without a module', 'chain: ca.pem\nkey: "pkcs11:token=x;object=k"', 'a.yaml:2:1: the URI of the key has no module-path', '?module-path=FILE'),
        ('a key that is sealed, and nobody to ask', 'chain: ca.pem\nkey: sealed.pem', "a.yaml:2:6: 'sealed.pem': the passphrase of 'sealed.pem' is not known", 'passphrase_file of the authority')):
    add(name, 'authority check a.yaml', said, '^', do, a__yaml=text + '\n')
add('a new passphrase, and nobody to ask', 'station key rotate order.yaml --to passphrase', 'the new passphrase of the station key is not known', '--new-passphrase-file')
order('a command that is missing', 'flasher: none', 'flasher: exec', 'two.yaml:6:36: slot 1: the flasher exec needs a command: flasher_command', '^', 'signet-order(5)', base=BOARD)
order('a tool that is not installed', 'flasher: none', 'flasher: nrfutil', 'two.yaml:6:36: slot 1: flasher nrfutil: nrfutil is not installed', '^', "install Nordic's", base=BOARD)
# what no run could come to: codes that cannot be read, orders that share a file; and what is refused leaves nothing behind
table('quotes of a spreadsheet', "endpoint\n'351358811124772\nb\nc\n", "devices.csv:2:1: endpoint", '^', 'take the quote out')
table('single quotes around all', "'endpoint'\n'a'\n'b'\n'c'\n", "devices.csv has no column 'endpoint'", '^', "take the quotes of its column 'endpoint' out")
table('a name that is missing', 'endpoint,x\na,1\n,2\nc,3\n', "devices.csv:3:1: endpoint '': a name is missing", '^', '1 to 150 letters')
order('a code with a wrong check digit', '{pattern: "urn:dev:os:x-{serial:03}", first: 1}', '{manifest: devices.csv}\nscan: {column: imei, check: luhn}', "devices.csv:2:3: imei: the check digit (luhn) of '351358811124773' is wrong", '^', 'correct the row', base=BOARD,
      devices__csv='endpoint,imei\na,351358811124773\nb,351358811124780\nc,351358811124798\n')
order('two kinds of codes with one prefix', 'names: {pattern: "urn:dev:os:x-{serial:03}", first: 1}', 'scan: {endpoint: "urn:{scan}", prefix: A, slot_prefix: A}', "two.yaml:5:7: two kinds of codes begin with 'A'", '^', 'a prefix of its own', base=BOARD)
order('a printer that is not plugged in', 'slots:', 'label: {template: l.zpl, printer: /dev/nousb/lp0}\nslots:', "two.yaml:7:35: cannot write '/dev/nousb/lp0': there is no folder '/dev/nousb'", '^', 'plugged in', base=BOARD, l__zpl=ZPL)
add('one file of two orders', 'run --dry-run two.yaml three.yaml', "orders 'two' and 'three' have the same 'output'", 'files of its own', three__yaml=TWO.replace('name: two', 'name: three'))
for line, said, do in (
        ('register -s server.json -e a/b -c cfg', "'a/b': Leshan takes no endpoint name with a slash", 'without them'), ('cert sign --authority a.yaml -e x ca.pem', 'ca.pem:', 'the certificate request only'),
        ('cert sign --authority csr.pem -e x ca.pem', 'csr.pem is a certificate request, not the file of an authority', 'signet cert sign'), ('smp echo -p /dev/ttyS99:115200 hi', '/dev/ttyS99:115200: cannot open the port', '--baud 115200'),
        ('object import -o cfg good.xml', "cannot make the folder 'cfg'", '-o names a folder'), ('sim rack cfg', 'cannot make the link cfg/1', 'a folder that is there'),
        ('ledger verify damaged.db', 'the file is damaged', 'put back the last copy')):
    add(line, line, said, do, a__yaml='chain: root.pem\nkey: root.key\n', good__xml='<LWM2M><Object ObjectType="MODefinition"><Name>A</Name><ObjectID>33001</ObjectID><MultipleInstances>Single</MultipleInstances><Mandatory>Optional</Mandatory><Resources/></Object></LWM2M>')
later('a station of no name', 'station: ""', "two.yaml:6:10: 'station' is empty", '^', 'leave the key out')
later('events into a file of another kind', 'notify: [{file: devices.csv}]', "two.yaml:6:17: notify: file: 'devices.csv' is another file", '^', 'for events alone')
later('a secret that the label does not have', 'label: {template: l.zpl, printer: ./l.prn, print_secrets: [foo]}', "two.yaml:6:60: l.zpl: print_secrets names 'foo'", '^', 'take it out', l__zpl=ZPL)
add('a usage with a slip', 'authority check a.yaml', "./prof.yaml:2:13: 'key_usage' cannot have 'digitalSignatur'", '^', 'there are digitalSignature', a__yaml='chain: root.pem\nkey: root.key\nprofile: ./prof.yaml\n', prof__yaml='base: tls-client\nkey_usage: [digitalSignatur]\n')
# what is copied from documents and other programs with something around it
order('a fence of a document', TWO, '```yaml\n' + TWO, 'two.yaml:1:1: a value cannot begin', '^', 'take this line out')
order('dots of a document', 'output', '...\noutput', 'two.yaml:7:1: this does not belong', '^', 'a line ... ends the file')
order('a no-break space in front of a key', 'names: {pattern: "urn:dev:os:x-{serial:03}", first: 1}', 'names:\n\u00a0\u00a0pattern: "x-{serial:03}"', 'two.yaml:6:1: a no-break space', '^', 'write a blank')
table('quotes around fields and another delimiter', '"endpoint";"x"\n"a";"1"\n', "devices.csv:1:1: the fields end with ';', not with ','", '^', 'delimiter: ";"')
order('a port of an unknown kind', '{port: x}', '{port: "upd:10.0.0.1:1337"}', "two.yaml:7:17: slot 1: 'upd:10.0.0.1:1337' is no port: there is no 'upd:'", '^', 'udp:HOST:PORT', base=BOARD)
server('a column of an export with a slip', '{"kind": "export", "file": "x.csv",\n "columns": "name=endpont"}', "server.json:2:19: column 1 of 'columns' has the unknown field 'endpont'", '^', 'endpoint is one')
server('a key for an authority', SERVER.replace('}', ', "ca_file": "key.pem"}'), "ca_file 'key.pem' holds no certificate", '^', "name the authority's certificate")
add('a ledger behind its device', 'ledger show urn:dev:os:x-001 one.db', "'urn:dev:os:x-001' stands where LEDGER should", 'did you mean: signet ledger show one.db urn:dev:os:x-001', code=2)
for path, do in (('https://example.com/t', 'nothing is fetched'), ('~/t', 'to a shell alone')):
    order(f'a path {path}', 'template: template', f'template: {path}', 'two.yaml:3:11: reading the configuration: cannot open', '^', do)
add('an order on standard input', 'run -', "cannot open '-'", 'standard input')
later('a profile without its slash', 'device: cfg', "two.yaml:6:9: no device profile is called 'cfg'", '^', './cfg')
later('a hook that is no program', 'on_pass: [./cfg]', "two.yaml:7:11: on_pass: '", 'cannot be executed', '^', 'chmod +x', base=BOARD)
order('keys that nobody gets', 'servers: [{file: export.json}]', 'servers: []', 'two.yaml:8:1: nobody would get the new key', '^', 'an export', base=BOARD)
