# SPDX-License-Identifier: Apache-2.0
"""A ledger over TCP: the database server proves who it is before it hears a password, unless the address says otherwise."""
import os, shutil, socket, subprocess, threading
import _parts
from _mint import House
from _parts import part
from _port import free_port
from _postgres import Server, binaries_or_skip
from _signet import need

BIN = binaries_or_skip('postgres_tls')


class Place:
    def __init__(self, folder):
        self.house, self.port = House(folder), free_port()
        os.environ.update(PGPORT=str(self.port))  # for psql; signet does not read it
        self.server = Server(BIN, listen_addresses='127.0.0.1', port=str(self.port))
        self.server.__enter__()
        key, self.cert = (os.path.join(self.server.data, n) for n in ('server.key', 'server.crt'))
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
                        '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', self.cert],
                       check=True, capture_output=True)
        for path in (key, self.cert):
            os.chmod(path, 0o600)
            if os.geteuid() == 0:
                shutil.chown(path, 'postgres', 'postgres')
        self.ca = self.house.at('ca.pem')
        shutil.copy(self.cert, self.ca)
        self.server.create('l')

    def tls(self, on):
        self.server.sql(f"ALTER SYSTEM SET ssl = {on}")
        self.server.sql('SELECT pg_reload_conf()')

    def run(self, options, host='localhost', port=None):
        address = f'postgresql://signet@{host}:{port or self.port}/l{options}'
        self.house.database = (self.server, 'l', address)
        return self.house.run(self.house.order('o', 3))

    def close(self):
        self.server.__exit__()


def who_proves_who_it_is(p):
    p.tls('on')
    code, said = p.run('')
    need(code == 1 and 'root certificate' in said and 'sslrootcert=FILE' in said, said)
    os.environ['PGSSLMODE'] = 'disable'  # the environment does not decide
    code, said = p.run('')
    need(code == 1 and 'root certificate' in said, said)
    code, said = p.run(f'?sslrootcert={p.ca}', host='127.0.0.1')
    need(code == 1 and 'does not match host name' in said, said)
    code, said = p.run(f'?sslrootcert={p.ca}')
    need(code == 0, said)


def what_is_wrong(p):
    """In our words, with what to do."""
    p.server.sql("CREATE ROLE bert LOGIN PASSWORD 'geheim42'")
    with open(os.path.join(p.server.data, 'pg_hba.conf'), 'r+') as f:
        before = f.read()
        f.seek(0)
        f.write('host all bert 127.0.0.1/32 scram-sha-256\n' + before)
    p.server.sql('SELECT pg_reload_conf()')
    at = f'127.0.0.1:{p.port}'
    for address, words, hint in ((f'signet@{at}/none', 'server: database "none" does not exist', 'ends with /DATABASE'),
                                 (f'eve@{at}/l', 'server: role "eve" does not exist', 'names the user'), (f'bert@{at}/l', 'password', 'HOST:PORT:DATABASE:USER:PASSWORD'),
                                 ('signet@127.0.0.1:1/l', 'nobody listens at its address', 'is it running'), ('signet@127.0.0.1:x/l', 'the port in its address is no number', 'are host and port')):
        p.house.database = (p.server, 'l', f'postgresql://{address}?sslmode=disable')
        code, said = p.house.run(p.house.order('o', 3))
        need(code == 1 and words in said and hint in said and 'connection to server' not in said, said)
    p.tls('off')
    code, said = p.run(f'?sslrootcert={p.ca}')
    need(code == 1 and 'it does not speak TLS' in said and 'sslmode=disable' in said, said)


def who_does_not_speak_tls(p):
    """Is sent nothing but the question whether it does."""
    got = []
    with socket.create_server(('127.0.0.1', 0)) as listener:
        def answer():
            client, _ = listener.accept()
            with client:
                got.append(client.recv(100))
                client.sendall(b'N')
                client.settimeout(5)
                got.append(client.recv(100))
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        code, said = p.run(f'?sslrootcert={p.ca}', port=listener.getsockname()[1])
        thread.join(10)
    need(code == 1 and 'sslmode=disable' in said, said)
    need(got == [bytes.fromhex('0000000804d2162f'), b''], got)


def in_so_many_words(p):
    for half in ('prefer', 'allow'):
        code, said = p.run(f'?sslmode={half}')
        need(code == 1 and f'sslmode={half}: a server that refuses TLS' in said and 'leave it out' in said, said)
    code, said = p.run('?sslmode=disable')
    need(code == 0, said)
    need('another one in its place' not in said, said)
    p.house.check('o', ['packets.ndjson'], 3)
    for more, warned in (('', True), (f'&sslrootcert={p.ca}', False), ('&channel_binding=require', False)):
        _, said = p.run('?sslmode=require' + more)  # whether or not it goes on then
        need(('another one in its place would get the password' in said) == warned, (more, said))


def message(kind, body=b''):
    return kind + (len(body) + 4).to_bytes(4, 'big') + body


READY = message(b'Z', b'I')
ONE_COLUMN = message(b'T', b'\0\1n\0' + bytes(6) + b'\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0')
ANSWERS = {
    'a row without columns': [message(b'T', b'\0\0'), message(b'D', b'\0\0'), message(b'C', b'SELECT 1\0'), READY],
    'a COPY': [message(b'H', b'\0\0\0'), READY],
    'more than 256 MiB': [ONE_COLUMN] + 400 * [message(b'D', b'\0\1' + (1 << 20).to_bytes(4, 'big') + (1 << 20) * b'1')],
}


def answers_that_none_has(p):
    """Neither a crash, nor an end only when memory is full."""
    for what, answer in ANSWERS.items():
        with socket.create_server(('127.0.0.1', 0)) as listener:
            def serve():
                client, _ = listener.accept()
                with client:
                    client.recv(4096)
                    client.sendall(message(b'R', bytes(4)) + READY)
                    client.recv(4096)  # its settings
                    client.sendall(message(b'C', b'SET\0') + READY)
                    client.recv(4096)
                    try:
                        for part in answer:
                            client.sendall(part)
                        client.settimeout(20)
                        client.recv(1)
                    except OSError:
                        pass
            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            code, said = p.run('?sslmode=disable', host='127.0.0.1', port=listener.getsockname()[1])
            thread.join(20)
        need(code == 1 and f'gave an answer that none has: {what}' in said, (what, code, said))


@part
def over_tcp(p):  # one after another: libpq's own port is in the environment, which they share
    answers_that_none_has(p)
    who_does_not_speak_tls(p)
    who_proves_who_it_is(p)
    del os.environ['PGSSLMODE']
    in_so_many_words(p)
    what_is_wrong(p)


_parts.main(Place)
