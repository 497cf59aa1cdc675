#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Labels as those read them who know nothing of Signet: zbar reads the QR codes, as picture and as the label that is printed.
SIGNET_ZPL=FOLDER (a node_modules with npm's zpl-renderer-js): the label is drawn by that renderer."""
import base64, csv, os, shutil, subprocess, sys, tempfile
from _line import Line
from _signet import SIGNET, need

# what a printer, a shell or a reader of codes could take for something else
NOTES = ['plain', '^XZ~JA^FS', '{endpoint}"\'\\', 'naïve Größe 東京', '%41 +&=?#', 'x' * 300, '0123456789', ' a  b ']
ZPL = '^XA^CI28^PW800^LL800^FO30,30^A0N,30,30^FD{endpoint}^FS^FO30,80{qr:d={endpoint};n={note}}^XZ\n'
DRAW = """
const { ready } = require(process.argv[2] + '/zpl-renderer-js');
ready.then(async ({ api }) => {
  process.stdout.write(await api.zplToBase64Async(require('fs').readFileSync(0, 'utf8'), 100, 100, 8));
  process.exit(0);
});
"""


def read(picture):
    p = subprocess.run(['zbarimg', '--quiet', '--raw', '-Sdisable', '-Sqrcode.enable', '-Sqrcode.binary', picture], capture_output=True, timeout=60)
    need(p.returncode == 0, f'{picture}: {p.stderr}')
    return p.stdout.decode().removesuffix('\n')  # binary: zbar guesses, else, in what charset the bytes are


def show(d, name, *how):
    p = subprocess.run([SIGNET, 'label', 'show', 'm.yaml', name, *how], cwd=d.folder, capture_output=True, timeout=60)
    need(p.returncode == 0, p.stderr)
    return p.stdout


def draw(d, zpl, picture):
    d.write('draw.js', DRAW)
    p = subprocess.run(['node', d.at('draw.js'), os.path.abspath(os.environ['SIGNET_ZPL'])], input=zpl, capture_output=True, timeout=60)
    need(p.returncode == 0, p.stderr)
    with open(picture, 'wb') as f:
        f.write(base64.b64decode(p.stdout))


def main(d):
    d.write('label.zpl', ZPL)
    with open(d.at('devices.csv'), 'w', newline='', encoding='utf-8') as f:
        csv.writer(f).writerows([['endpoint', 'note'], *[[f'dev-{i}', note] for i, note in enumerate(NOTES)]])
    d.write('m.yaml', f'name: m\nquota: {len(NOTES)}\ntemplate: template\nledger: ledger.db\nnames: {{manifest: devices.csv}}\n'
                      'output: {packets: m.ndjson}\nlabel: {template: label.zpl, printer: printed/}\n')
    p = subprocess.run([SIGNET, 'run', '--plain', 'm.yaml'], cwd=d.folder, capture_output=True, text=True, timeout=90)
    need(p.returncode == 0, p.stdout + p.stderr)
    for i, note in enumerate(NOTES):
        wanted = f'd=dev-{i};n={note}'
        show(d, f'dev-{i}', '--png', '-o', 'code.png')
        need(read(d.at('code.png')) == wanted, (wanted, read(d.at('code.png'))))
        if os.environ.get('SIGNET_ZPL'):
            draw(d, show(d, f'dev-{i}', '--zpl'), d.at('label.png'))
            need(read(d.at('label.png')) == wanted, (wanted, read(d.at('label.png'))))
    print(f'{len(NOTES)} labels' + (', drawn' if os.environ.get('SIGNET_ZPL') else ''))


if not shutil.which('zbarimg'):
    print('left out: zbar-tools is not installed')
    sys.exit(0)
with tempfile.TemporaryDirectory(prefix='signet-labels-') as folder:
    main(Line(folder))
