# SPDX-License-Identifier: Apache-2.0
"""A token of SoftHSM in a folder, with an authority's key in it."""
import os, subprocess

MODULE = '/usr/lib/softhsm/libsofthsm2.so'
PIN = '271828'


def there():
    return os.path.exists(MODULE)


def run(*args, **more):
    p = subprocess.run(args, capture_output=True, text=True, timeout=60, **more)
    if p.returncode:
        raise RuntimeError(f'{args}: {p.stdout} {p.stderr}')
    return p.stdout


class Token:
    """Sets SOFTHSM2_CONF for this process and those that it starts. The keys of its authorities were made by openssl,
    so that a test can say where else they are; in the token they cannot be taken out."""

    def __init__(self, folder, label='factory'):
        self.folder, self.label = folder, label
        os.makedirs(os.path.join(folder, 'tokens'), exist_ok=True)
        self.put('softhsm2.conf', f'directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n')
        os.environ['SOFTHSM2_CONF'] = os.path.join(folder, 'softhsm2.conf')
        self.put('pin', PIN + '\n')
        self.add(label)

    def put(self, name, text):
        with open(os.open(os.path.join(self.folder, name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as f:
            f.write(text)

    def add(self, label):
        run('softhsm2-util', '--init-token', '--free', '--label', label, '--so-pin', '314159', '--pin', PIN)

    def authority(self, name, *more, key='EC', id='01', object=None, extensions=('keyUsage=critical,keyCertSign',)):
        """NAME.pem, and its key in the token under this label; the key's file is gone afterwards."""
        path = os.path.join(self.folder, name)
        kind = ['rsa:2048'] if key == 'RSA' else ['ec', '-pkeyopt', 'ec_paramgen_curve:' + ('P-256' if key == 'EC' else key)]
        run('openssl', 'req', '-x509', '-newkey', *kind, '-nodes', '-subj', f'/CN={name}', '-days', '4000', '-keyout', path + '.key',
            '-out', path + '.pem', *(w for e in extensions for w in ('-addext', e)), *more)
        run('softhsm2-util', '--import', path + '.key', '--token', self.label, '--label', object or name, '--id', id, '--pin', PIN)
        os.remove(path + '.key')

    def uri(self, object, pin='pin-source=file:pin', token=None):
        return f'pkcs11:token={token or self.label};object={object}?module-path={MODULE}&{pin}'
