#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""signet smp on simulated boards: what is said to be written is written; images, settings, UDP, sizes and options of a
port, on the command line and in orders."""
import base64, binascii, json, os, select, struct, subprocess, sys, tempfile, tty

from _signet import SIGNET, SOURCE
from _sim_board import board, image

CONFIG = os.path.join(SOURCE, 'examples/configs/endpoint_cfg')
failures = []

def expect(name, ok, seen=''):
    if not ok:
        failures.append(f'{name}: {seen}')

def signet(*words, rc=0, data=None, cwd=None):
    p = subprocess.run([SIGNET, *words], input=data, capture_output=True, timeout=120, cwd=cwd)
    if p.returncode != rc:
        failures.append(f'{" ".join(words)}: exit {p.returncode}: {p.stderr.decode()}')
    return p.stdout.decode() + p.stderr.decode()

def write(path, data):
    with open(path, 'wb') as f:
        f.write(data)
    return path

def full_boards(folder):
    """Late answers and no room: whatever generation and version, nothing was written."""
    big = write(f'{folder}/big', bytes(range(256)) * 40)
    for generation, words in (('3.3', ()), ('4.4', ()), ('4.4', ('--smp-version', '1')), ('4.4', ('--smp-version', '2'))):
        with board('--udp', '--firmware', 'smp-file', '--generation', generation, '--fs-size', '2048', '--misbehave', 'delay=70') as (port, udp):
            out = signet('smp', 'upload', '--no-compare', big, '/lfs1/f', '-p', port, '--smp-timeout-ms', '50', *words, rc=1)
            expect(f'{generation} {words}: a full board', 'written' not in out, out)

def silent_boards(folder):
    """It takes what comes and never says so."""
    one = write(f'{folder}/one', b'x')
    with board('--udp', '--firmware', 'smp-file', '--misbehave', 'drop-tx=1') as (port, udp):
        out = signet('smp', 'upload', '--no-compare', one, '/lfs1/f', '-p', port, '--smp-timeout-ms', '30', rc=1)
        expect('a silent board', 'did not confirm the last bytes' in out, out)

def sizes(folder):
    data = write(f'{folder}/data', bytes(i * 5 & 255 for i in range(1500)))
    with board('--udp', '--firmware', 'smp-file', '--generation', '4.4', '--line-buffers', '2') as (port, udp):
        out = signet('smp', 'upload', data, '/lfs1/f', '-p', port, '--smp-line-length', '127', '--smp-packet-size', '182')
        expect('two lines: nothing is lost', 'again' not in out and 'compared by crc32' in out, out)
        out = signet('smp', 'upload', data, '/lfs1/f', '-p', port, '--smp-line-length', '64', '--smp-packet-size', '84')
        expect('short lines: nothing is lost', 'again' not in out and 'compared by' in out, out)
        out = signet('smp', 'upload', data, '/lfs1/f', '-p', port, '--smp-timeout-ms', '100')
        expect('sizes that are found', '1500 bytes written' in out, out)
        out = signet('smp', 'upload', data, '/lfs1/h', '-p', port, '--smp-line-length', '60', '--smp-timeout-ms', '100')
        expect('sizes that are found, of short lines', '1500 bytes written' in out, out)
        signet('smp', 'upload', data, '/lfs1/g', '-p', udp)
        signet('smp', 'download', '/lfs1/g', '-p', port, '-o', f'{folder}/back')
        expect('over UDP', open(f'{folder}/back', 'rb').read() == open(data, 'rb').read())
        signet('smp', 'echo', '-p', port, '--smp-line-length', '128', rc=2)
        signet('smp', 'echo', '-p', port, '--smp-packet-size', '20', rc=2)

def ports():
    with board('--udp', '--firmware', 'smp-file') as (port, udp):
        signet('smp', 'echo', '-p', f'serial:{port}?hupcl=off&flow=xonxoff')
        out = signet('smp', 'echo', '-p', f'serial:{port}?dtr=off', rc=1)
        expect('a pty has no DTR', 'cannot switch DTR off' in out, out)
        out = signet('smp', 'echo', '-p', f'serial:{port}?stopbits=2', rc=2)
        expect('no such option', "'stopbits=2' is no option" in out and 'flow=none|rtscts|xonxoff' in out, out)

def images(folder):
    new, text = write(f'{folder}/new', image(2)), write(f'{folder}/text', b'not an image')
    with board('--udp', '--firmware', 'smp-file', '--generation', '4.4') as (port, udp):
        out = signet('smp', 'image', 'upload', new, '-p', udp)
        expect('uploaded', 'slot 1: 2.0.0' in out, out)
        out = json.loads(signet('smp', 'image', 'test', new, '-p', port, '--json'))
        expect('pending', out['images'][1]['pending'] and out['images'][0]['active'], out)
        out = signet('smp', 'image', 'erase', '-p', udp, rc=1)
        expect('in use', 'one is pending' in out, out)
        signet('smp', 'reset', '-p', udp)
        out = signet('smp', 'image', 'confirm', '-p', udp, '--smp-timeout-ms', '5000')
        expect('confirmed', 'slot 0: 2.0.0' in out and 'active, confirmed' in out, out)
        signet('smp', 'image', 'erase', '--image-slot', '1', '-p', udp)
        expect('erased', 'slot 1' not in signet('smp', 'image', 'list', '-p', udp))
        expect('a text', 'zephyr.signed.bin' in signet('smp', 'image', 'upload', text, '-p', udp, rc=1))
        expect('no hash', 'no image with that hash' in signet('smp', 'image', 'test', '0' * 64, '-p', udp, rc=1))
        for words in (['image', 'swap'], ['image', 'test'], ['image', 'list', 'x'], ['settings', 'read'], ['settings', 'write', 'a/b']):
            signet('smp', *words, '-p', udp, rc=2)
        signet('smp', 'image', 'list', rc=2)

def text_of_a_board():
    """What a board says is shown line by line, and cannot steer a terminal."""
    with board('--udp', '--firmware', 'smp-file', '--generation', '4.4') as (port, udp):
        for given, shown in (('a b~', 'a b~\n'), ('one\n', 'one\n'), ('a\r\nb\tc', 'a\nb\tc\n'), ('\x1b[2J\x7f\x80', '\\x1b[2J\\x7f\\xc2\\x80\n'), ('\x1f', '\\x1f\n'), ('', '')):
            expect(f'echo of {given!r}', (out := signet('smp', 'echo', '-p', udp, given)) == shown, repr(out))
        out = signet('smp', 'info', '-p', udp)
        for word in ('buffers: ', 'system: ', 'hash: sha256\n'):
            expect('info', word in out, out)
    with board('--udp', '--firmware', 'smp-file', '--generation', '3.2') as (port, udp):
        out = signet('smp', 'info', '-p', udp)
        expect('what it does not know is left out', out == 'buffers: 4 of 384 bytes\nhash: crc32\nhash: sha256\n', out)
        out = json.loads(signet('smp', 'info', '-p', udp, '--json'))
        expect('and in JSON', 'system' not in out and out['buf_count'] == 4 and out['hashes'] == ['crc32', 'sha256'], out)
    with board('--udp', '--firmware', 'smp-file', '--misbehave', 'drop-tx=1') as (port, udp):
        signet('smp', 'info', '-p', udp, '--smp-timeout-ms', '30', rc=1)


def settings():
    with board('--udp', '--firmware', 'smp-file', '--generation', '4.4') as (port, udp):
        signet('smp', 'settings', 'write', 'app/key', '-', '-p', udp, data=b'secret')
        expect('read', signet('smp', 'settings', 'read', 'app/key', '-p', port) == 'secret')
        signet('smp', 'settings', 'save', '-p', udp)
        signet('smp', 'reset', '-p', udp)
        expect('saved', signet('smp', 'settings', 'read', 'app/key', '-p', udp, '--smp-timeout-ms', '5000') == 'secret')
        signet('smp', 'settings', 'delete', 'app/key', '-p', udp)
        signet('smp', 'settings', 'load', '-p', udp)
        signet('smp', 'settings', 'commit', '-p', udp)
        expect('deleted', 'no such setting' in signet('smp', 'settings', 'read', 'app/key', '-p', udp, rc=1))

def orders(folder):
    """UDP, options and sizes in an order, and in `signet provision`."""
    write(f'{folder}/psk', open(CONFIG, 'rb').read())
    with board('--udp', '--firmware', 'smp-file', '--generation', '4.4', '--line-buffers', '2') as (port, udp):
        common = ['provision', '-c', CONFIG, '--recipe', 'smp-file', '--packet-path', '/lfs1/p']
        signet(*common, '--port', udp)
        out = signet(*common, '--port', port, '--smp-packet-size', '182', '--smp-line-length', '127', '--port-options', 'hupcl=off')
        expect('provision', 'again' not in out, out)
        expect('refused', 'cannot switch RTS off' in signet(*common, '--port', port, '--port-options', 'rts=off', rc=1))
        signet(*common, '--port', port, '--smp-line-length', '12', rc=2)
        write(f'{folder}/order.yaml', f'''name: udp
quota: 1
template: {os.path.join(SOURCE, 'examples/line/endpoint_cfg')}
ledger: ledger.db
names: {{pattern: "urn:dev:os:udp-{{serial:04}}", first: 1}}
board: {{recipe: smp-file, flasher: none, packet_path: /lfs1/p, smp_packet_size: 182, smp_line_length: 100, port_options: "hupcl=off"}}
servers: [{{file: {os.path.join(SOURCE, 'examples/line/export.json')}}}]
slots: [{{port: "{udp}"}}, {{port: "serial:{port}?flow=none", name: wire}}]
'''.encode())
        out = signet('run', '--dry-run', f'{folder}/order.yaml', cwd=folder) # where its export goes
        expect('an order', udp in out and 'flow=none' in out, out)

def ask(fd, requests, end):
    """What the board answers to a packet of one line that ends so: (sequence, CBOR) each."""
    framed = struct.pack('>H', len(requests) + 2) + requests + struct.pack('>H', binascii.crc_hqx(requests, 0))
    os.write(fd, b'\x06\x09' + base64.b64encode(framed) + end)
    heard = b''
    while b'\n' not in heard[heard.find(b'\x06\x09'):] or b'\x06\x09' not in heard:
        if not select.select([fd], [], [], 30)[0]:
            return None
        heard += os.read(fd, 4096)
    packet = base64.b64decode(heard[heard.index(b'\x06\x09') + 2:].split(b'\n')[0])[2:-2]
    return packet[6], packet[8:]

def requests_of_others():
    """Lengths and line ends that no careful client sends, as Zephyr 3.2 to 4.4 answer them."""
    cbor, good = b'\xa1\x61d\x63abc', b'\xbf\x61r\x63abc\xff'
    def echo(number, length):
        return struct.pack('>BBHHBB', 0x0a, 0, length, 0, number, 0) + cbor
    for generation in ('3.3', '4.4'):
        with board('--generation', generation) as port:
            fd = os.open(port, os.O_RDWR | os.O_NOCTTY)
            tty.setraw(fd)
            signet('smp', 'echo', '--port', port, 'up')
            for number, (request, end, answer) in enumerate((
                    (echo(0, 7), b'\n', good), (echo(1, 7), b'\r\n', good), (echo(2, 7), b'\r\r\n', good), (echo(3, 12), b'\n', b'\xbf\x62rc\x09\xff'),
                    (echo(4, 4), b'\n', good), (echo(5, 0), b'\n', good), (echo(6, 7) + echo(7, 7), b'\n', good))):
                said = ask(fd, request, end)
                expect(f'{generation}: request {number}', said == (number, answer), said)
            os.close(fd)

def main():
    with tempfile.TemporaryDirectory() as folder:
        full_boards(folder)
        silent_boards(folder)
        sizes(folder)
        ports()
        requests_of_others()
        images(folder)
        settings()
        text_of_a_board()
        orders(folder)
    print('\n'.join(failures) or 'ok')
    sys.exit(bool(failures))

main()
