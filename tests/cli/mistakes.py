#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A list of mistakes that people make, and the answer to each: where it is, what is wrong, what to do. Each is one short
start of a program; nothing but the answer is written: standard output is empty, and no file is made or changed. Beside
mistakes stand those that are none, with exit code 0: they have no answer."""
import concurrent.futures, gzip, io, os, re, shutil, subprocess, sys, tempfile, threading, zipfile
from _mistakes import MISTAKES, FILES
import _mistakes_again, _mistakes_day, _mistakes_kinds, _mistakes_neighbours, _mistakes_shell  # they add to them

BUILD = os.environ['SIGNET_BUILD']


def write(path, content):
    if content is None:
        return os.mkdir(path)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o700 if path.endswith('.sh') else 0o600), 'wb') as f:
        f.write(content if isinstance(content, bytes) else content.encode())


def command(folder, *words):
    subprocess.run(words, cwd=folder, check=True, capture_output=True, timeout=60)


def prepare(folder):
    """What every mistake finds in its folder: good files of each kind."""
    for name, content in FILES.items():
        write(os.path.join(folder, name), content)
    signet = f'{BUILD}/signet'
    command(folder, signet, 'run', 'order.yaml')
    command(folder, signet, 'packet', 'make', '-c', 'cfg', '-o', 'packet')
    command(folder, signet, 'cert', 'make', '--endpoint', 'x', '-o', 'cert')
    for line in ('openssl x509 -in cert/client_cert.crt -out ca.pem', 'openssl crl2pkcs7 -nocrl -certfile ca.pem -out p7b',
                 'openssl pkey -inform der -in cert/client_key.der -out key.pem',
                 'openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out other.pem',
                 'openssl pkcs12 -export -in ca.pem -inkey key.pem -passout pass:a -out p12',
                 'openssl pkcs8 -topk8 -in key.pem -passout pass:a -out sealed.pem',
                 'openssl x509 -in ca.pem -addtrust serverAuth -out trusted.pem',
                 'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.pem -subj /CN=root -days 3650 -addext keyUsage=critical,keyCertSign',
                 'openssl req -new -key key.pem -subj /CN=x -out csr.pem', 'openssl pkey -in key.pem -pubout -out pub.pem'):
        command(folder, *line.split())
    os.mkdir(os.path.join(folder, 'sub'))
    shutil.copy(os.path.join(folder, 'root.key'), os.path.join(folder, 'sub/ca:2026.key'))
    with open(os.path.join(folder, 'one.db'), 'rb') as f:
        write(os.path.join(folder, 'damaged.db'), re.sub(b'(?s)^(.{5000}).{4000}', lambda m: m[1] + b'\xff' * 4000, f.read()))
    with open(os.path.join(folder, 'cert/client_cert.der'), 'rb') as f:
        der = f.read()
    with open(os.path.join(folder, 'ca.pem'), encoding='ascii') as f:
        pem = f.read()
    book = io.BytesIO()
    with zipfile.ZipFile(book, 'w') as z:
        z.writestr('xl/workbook.xml', 'x')
    for name, content in (('gz', gzip.compress(b'x')), ('book.xlsx', book.getvalue()), ('array.h', f'const unsigned char c[] = {{{", ".join(map(hex, der))}}};'),
                          ('hex', der.hex()), ('cut.pem', pem[:200]), ('odd.pem', pem.replace('\nM', '\n*', 1)), ('cut', b'\x83\xa2\x21'),
                          ('base64', ''.join(pem.splitlines()[1:-1])), ('two.pem', pem * 2), ('lnk', b'L\0\0\0\x01\x14\2\0' + bytes(80)),
                          ('zeros', bytes(300)), ('openssh', '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n')):
        write(os.path.join(folder, name), content)


def tree(folder):
    """What each file is; one that is written, even to the same, is another one then."""
    found = {}
    for top, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(top, name)
            if not path.endswith(('-wal', '-shm')):
                st = os.lstat(path)
                found[os.path.relpath(path, folder)] = (st.st_ino, st.st_size, st.st_ctime_ns)
    return found


class Desk:
    """A folder as prepare() makes it; each thread has its own, for one mistake after another."""
    mine = threading.local()

    def __init__(self, template, top):
        self.template, self.folder, self.clean = template, os.path.join(tempfile.mkdtemp(dir=top), 'f'), None

    @classmethod
    def of_thread(cls, template, top):
        if not hasattr(cls.mine, 'desk'):
            cls.mine.desk = cls(template, top)
        return cls.mine.desk

    def lay_out(self, changes):
        if self.clean is None:
            shutil.copytree(self.template, self.folder)
            self.clean = tree(self.folder)
        for path, content in changes.items():
            write(os.path.join(self.folder, path), content)
        return tree(self.folder)

    def tidy(self, changes):
        """Puts back what the mistake changed; where a program left more, all is made anew."""
        for path in changes:
            whole, kept = os.path.join(self.folder, path), os.path.join(self.template, path)
            if os.path.isdir(whole):
                shutil.rmtree(whole)
            else:
                os.remove(whole)
            if os.path.exists(kept):
                shutil.copy2(kept, whole)
                st = os.lstat(whole)
                self.clean[path] = (st.st_ino, st.st_size, st.st_ctime_ns)
        left = [name for name in os.listdir(self.folder) if name.endswith(('-wal', '-shm'))]
        for name in left:
            os.remove(os.path.join(self.folder, name))
        if tree(self.folder) != self.clean:
            shutil.rmtree(self.folder)
            self.clean = None


def judge(desk, number, mistake):
    """The complaint, or None."""
    name, line, changes, answer = mistake
    before = desk.lay_out(changes)
    words = [{'@': '', '~': ' '}.get(w, w.replace('␣', ' ')) for w in line.split()]
    program = words.pop(0) if words and words[0] == 'ptool' else 'signet'
    p = subprocess.run([f'{BUILD}/{program}', *words], cwd=desk.folder, capture_output=True, text=True, timeout=60,
                       stdin=subprocess.DEVNULL, errors='replace')
    said, code, after = p.stderr, answer[0], tree(desk.folder)
    desk.tidy(changes)
    missing = [w for w in answer[1:] if w not in said]
    if code == 0 and p.returncode == 0 and not missing:
        return f'{number}. {name}: an error: {said}' if 'error: ' in said else None
    if p.returncode != code or missing or 'hint: ' not in said:
        return f'{number}. {name}: {line}: exit {p.returncode}, wanted {code}; without {missing or "a hint"}:\n{said}'
    if p.stdout and program == 'signet' and words[0] != 'object':
        return f'{number}. {name}: on standard output: {p.stdout[:200]}'
    if after != before:
        return f'{number}. {name}: files changed: {sorted({path for path, _ in set(after.items()) ^ set(before.items())})}'
    for secret in ('hunter2', '00112233445566778899aabbccddeeff'):
        if secret in said:
            return f'{number}. {name}: a secret is told: {said}'
    return None


with tempfile.TemporaryDirectory() as top:
    first, template = os.path.join(top, 'first'), os.path.join(top, 'template')
    os.mkdir(first)
    prepare(first)
    os.rename(first, template)  # no run goes on beside the one that it was copied from
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        bad = [c for c in pool.map(lambda m: judge(Desk.of_thread(template, top), *m), enumerate(MISTAKES, 1)) if c]
if len(MISTAKES) < 150:
    bad.append(f'only {len(MISTAKES)} mistakes are in the list')
sys.exit('\n'.join(bad) if bad else print(f'{len(MISTAKES)} mistakes: ok'))
