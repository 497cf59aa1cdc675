#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the environment says to the libraries of a program reaches none of them."""
import os, subprocess, sys, tempfile, time
sys.path.insert(0, os.path.join(os.environ['SIGNET_SOURCE'], 'tests/lib'))
from _mistakes import FILES
from _signet import SIGNET, need

CONFIG = os.path.join(os.environ['SIGNET_SOURCE'], 'examples/configs/endpoint_cfg')

with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    with open('openssl.cnf', 'w') as f:  # it would allow no protocol at all
        f.write('openssl_conf = i\n[i]\nssl_conf = s\n[s]\nsystem_default = d\n[d]\nMinProtocol = TLSv1.3\nMaxProtocol = TLSv1.2\n')
    with open(os.open('token', os.O_WRONLY | os.O_CREAT, 0o600), 'w') as f:
        f.write('token')
    server = subprocess.Popen([SIGNET, 'sim', 'server', '--ca-file', 'ca.pem'], stdout=subprocess.PIPE, text=True)
    try:
        url = server.stdout.readline().split()[0]
        with open('server.json', 'w') as f:
            f.write(f'{{"url": "{url}", "domain": "/acme/", "ca_file": "ca.pem"}}')
        hostile = dict(os.environ, SSLKEYLOGFILE='keys', OPENSSL_CONF='openssl.cnf', SSL_CERT_FILE='/nonexistent',
                       https_proxy='http://127.0.0.1:1', SIGNET_TOKEN='')
        p = subprocess.run([SIGNET, 'register', '-s', 'server.json', '-e', 'urn:dev:os:1', '-c', CONFIG, '--token-file', 'token'],
                           env=hostile, capture_output=True, text=True, timeout=60)
        need(p.returncode == 0, p.stderr)
        need(not os.path.exists('keys'), 'the keys of the connection were written down')
        # without standard files none that is opened becomes one of them; only root sees which they are
        if os.geteuid() == 0:
            os.mkfifo('pipe', 0o600)
            held = os.open('pipe', os.O_RDWR)
            p = subprocess.Popen([SIGNET, 'server', 'check', 'server.json', '--token-file', 'pipe'],
                                 preexec_fn=lambda: [os.close(fd) for fd in range(3)])
            def links():
                found = {}
                for fd in os.listdir(f'/proc/{p.pid}/fd'):
                    try:
                        found[fd] = os.readlink(f'/proc/{p.pid}/fd/{fd}')
                    except FileNotFoundError:
                        pass  # a library, which is loaded and closed
                return found
            while os.path.realpath('pipe') not in links().values():
                need(p.poll() is None, 'it ended')
                time.sleep(0.05)
            need([links()[str(fd)] for fd in range(3)] == ['/dev/null'] * 3, str(links()))
            os.write(held, b'token\n')
            os.close(held)
            need(p.wait(timeout=60) == 1, 'nobody could have been told')
    finally:
        server.terminate()
        server.wait()

# what a shell or a service says to the program itself: a limit, a time zone, a link to a disk that is not there
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    for name in ('template', 'two.yaml'):
        with open(name, 'w', encoding='utf-8') as f:
            f.write(FILES[name])
    def shell(line, code, *said):
        p = subprocess.run(['/bin/sh', '-c', line.replace('signet', SIGNET, 1)], capture_output=True, text=True, timeout=60)
        need(p.returncode == code and all(w in p.stderr for w in said), f'{line}: {p.returncode} {p.stderr}')
        return p.stderr
    os.symlink('/nix/two.db', 'two.db')
    shell('signet run two.yaml', 1, 'two.yaml:4:9: two.db: this is a link, and what it points to is not there', 'is its disk there?')
    os.remove('two.db')
    shell('ulimit -f 16; signet run two.yaml', 1, 'File too large', 'ulimit -f unlimited')
    shell('ulimit -n 6; signet run two.yaml', 1, 'Too many open files', 'ulimit -n 1024')
    need('TZ' not in shell('TZ=CET-1CEST signet run two.yaml', 0), 'CET-1CEST is a time zone')
    shell('TZ=Europe/Berln signet report two.db', 0, "there is no time zone 'Europe/Berln' (TZ)", 'such as Europe/Berlin')
print('environment: ok')
