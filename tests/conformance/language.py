#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The configuration language against Python itself, whose literals and constants it takes: random expressions,
evaluated here by Python and there by ptool, must come to the same bytes, or be refused where the value is none
that LwM2M has. And hostile files: each ends in an error, soon, in little memory.
SIGNET_EXPRESSIONS=N tries N instead of the short form's."""
import concurrent.futures, math, os, random, struct, subprocess, sys, tempfile, warnings

PTOOL = os.path.abspath(os.path.join(os.environ['SIGNET_BUILD'], 'ptool'))
COUNT = int(os.environ.get('SIGNET_EXPRESSIONS', '6000'))
SEED = int(os.environ.get('SIGNET_SEED', '20261124'))
PER_FILE = 20
failures = []

# A device that is accepted, around an unknown object that keeps the types it is written with.
HEAD = "{0: {1: {0: 'coap://a', 1: False, 2: 3, 10: 1}}, 1: {1: {0: 1, 1: 86400, 6: False, 7: 'U'}}, 9999: {0: {"
HEAD_RECORDS = [('/0/1/0', 'coap://a'), ('/0/1/1', False), ('/0/1/2', 3), ('/0/1/10', 1), ('/1/1/0', 1),
                ('/1/1/1', 86400), ('/1/1/6', False), ('/1/1/7', 'U')]

# CBOR as the reference writes it, floats shortest

def head(major, n):
    for limit, info, form in ((24, None, None), (1 << 8, 24, '>B'), (1 << 16, 25, '>H'), (1 << 32, 26, '>I'), (1 << 64, 27, '>Q')):
        if n < limit:
            return bytes([major << 5 | n]) if info is None else bytes([major << 5 | info]) + struct.pack(form, n)

def cbor_float(x):
    if math.isnan(x):
        return b'\xf9\x7e\x00'
    for lead, form in ((b'\xf9', '>e'), (b'\xfa', '>f')):
        try:
            packed = struct.pack(form, x)
        except OverflowError:
            continue
        if struct.unpack(form, packed)[0] == x:
            return lead + packed
    return b'\xfb' + struct.pack('>d', x)

def cbor(value):
    if isinstance(value, bool):
        return b'\xf5' if value else b'\xf4'
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, float):
        return cbor_float(value)
    if isinstance(value, str):
        text = value.encode()
        return head(3, len(text)) + text
    return head(2, len(value)) + value

def packet(records):
    label = lambda v: 4 if isinstance(v, bool) else 2 if isinstance(v, (int, float)) else 3 if isinstance(v, str) else 8
    return head(4, len(records)) + b''.join(b'\xa2\x00' + cbor(path) + cbor(label(v)) + cbor(v) for path, v in records)

# Random expressions

def integer(r):
    n = r.choice([r.randrange(10), r.randrange(300), r.getrandbits(r.randrange(1, 64)), 2 ** r.randrange(64) - r.randrange(2)])
    text = r.choice([str, hex, oct, bin, lambda n: f'{n:_}', lambda n: f'0X{n:X}', lambda n: f'0x{n:_x}'])(n)
    return text

def real(r):
    return r.choice([repr(r.uniform(-1e3, 1e3)).lstrip('-'), f'{r.randrange(1000)}.', f'.{r.randrange(1000)}',
                     f'{r.randrange(100)}e{r.randrange(-20, 20)}', f'1_0.{r.randrange(10)}_5', f'{r.random():.6g}',
                     repr(r.randrange(2000) / 8), '6.103515625e-05', '65504.0', '5.960464477539063e-08', '3.4028234e38'])

def number(r, depth):
    if depth == 0 or r.random() < 0.25:
        return integer(r)
    kind = r.random()
    if kind < 0.15:
        return f'({number(r, depth - 1)})'
    if kind < 0.35:
        return f'{r.choice("+-~")}{r.choice(["", " "])}{number(r, depth - 1)}'
    if kind < 0.42:
        return f'{number(r, 0)} ** {r.randrange(12)}'
    if kind < 0.5:
        return f'({number(r, depth - 1)} {r.choice(["<<", ">>"])} {r.randrange(40)})'
    op = r.choice(['+', '-', '*', '//', '%', '&', '|', '^'])
    gap = r.choice(['', ' ', '  '])
    return f'{number(r, depth - 1)}{gap}{op}{gap}{number(r, depth - 1)}'

def floating(r):
    """Arithmetic with a float: signs of zeros, of remainders and of quotients are Python's."""
    def operand():
        return r.choice([lambda: real(r), lambda: str(r.randrange(300)), lambda: r.choice(['0.0', '-0.0', '1.5', '-2.5', '2', '-3', '0'])])()
    op = r.choice(['+', '-', '*', '//', '%', '**'])
    power = op == '**' and f'{r.choice(["", "-"])}{r.choice(["2", "0.5", "3", "0", "0.0", "1"])}'
    return f'({r.choice([real(r), f"-{real(r)}", operand()])}) {op} ({power or operand()})'

LETTERS = 'abcXYZ 019 _-.:/éß€中😀'

def one_string(r, binary):
    prefix = r.choice(['b', 'B'] if binary else ['', '', '', 'u', 'U'])
    raw = r.random() < 0.2
    if raw:
        prefix = r.choice(['rb', 'bR', 'Br', 'RB'] if binary else ['r', 'R'])
    quote = r.choice(["'", '"', "'''", '"""'])
    escapes = ['\\n', '\\t', '\\r', '\\\\', "\\'", '\\"', '\\0', '\\x41', '\\x7f', '\\101', '\\7', '\\a', '\\b', '\\f', '\\v', '\\\n']
    if not binary:
        escapes += ['\\u20ac', '\\U0001F600', '\\U0010ffff', '\\ud7ff', '\\ue000']
    else:
        escapes += ['\\xff', '\\377', '\\x00']
    parts = []
    for _ in range(r.randrange(8)):
        pick = r.random()
        if pick < 0.3 and not raw:
            parts.append(r.choice(escapes))
        elif pick < 0.35 and len(quote) == 3:
            parts.append('\n')
        else:
            parts.append(r.choice(LETTERS[:17] if binary else LETTERS))
    return f'{prefix}{quote}{"".join(parts)}{quote}'

def string(r):
    binary = r.random() < 0.5
    text = r.choice([' ', '\n  ', ' # comment\n ', '']).join(one_string(r, binary) for _ in range(r.choice([1, 1, 1, 2, 3])))
    kind = r.random()
    if kind < 0.1:
        return f'({text}) * {r.randrange(5)}'
    if kind < 0.2:
        return f'{text} + {one_string(r, binary)}'
    if binary and kind < 0.3:
        return f"bytes.fromhex('{r.choice([' ', '']).join(f'{r.randrange(256):02x}' for _ in range(r.randrange(6)))}')"
    return text

def expression(r):
    kind = r.random()
    if kind < 0.5:
        return number(r, r.randrange(4))
    if kind < 0.6:
        return r.choice(['', '-', '+']) + real(r)
    if kind < 0.65:
        return r.choice(['True', 'False', 'True & False', 'True ^ True', 'True | 2', '-True', '2 ** -1', '4 ** -2', 'False ** 0',
                         '(-1) ** 5', '(-1) ** 4', '0 ** 3', '0 << 200', '81.25 // 0.7', '-81.25 // 0.7', "2 * 'ab'", "b'ab' * 2", "True * 'ab'", "-1 * 'ab'"])
    if kind < 0.75:
        return floating(r)
    return string(r)

def has(value):
    """Is it a value that LwM2M has?"""
    if isinstance(value, int):
        return -2 ** 63 <= value < 2 ** 64
    return math.isfinite(value) if isinstance(value, float) else isinstance(value, (str, bytes))

def value_of(text):
    try:
        return eval(f'({text})', {'__builtins__': {'bytes': bytes}}), None # what Python itself says: this is the oracle
    except Exception as error:
        return None, error

def run(text, folder, limit=()):
    """ptool in a folder of its own: code, packet, what it says, processor time."""
    with tempfile.TemporaryDirectory(dir=folder) as cwd:
        with open(f'{cwd}/cfg', 'wb') as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        p = subprocess.Popen([*limit, PTOOL, '-c', 'cfg', '--no-check'], cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
        said = p.stdout.read()
        _, status, usage = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
        path = f'{cwd}/SenMLCBOR'
        return p.returncode, open(path, 'rb').read() if os.path.exists(path) else None, said.decode('utf-8', 'replace'), usage

def check_batch(batch, folder):
    good = [(text, value) for text, value, error in batch if error is None and has(value)]
    entries = ',\n'.join(f'{i}: {text}' for i, (text, _) in enumerate(good))
    code, made, said, _ = run(HEAD + entries + '}}}', folder)
    want = packet(HEAD_RECORDS + [(f'/9999/0/{i}', value) for i, (_, value) in enumerate(good)])
    if code == 0 and made == want:
        return []
    found, alone = [], 0
    for text, value in good: # which one was it?
        code, made, said, _ = run(HEAD + '0: ' + text + '}}}', folder)
        want = packet(HEAD_RECORDS + [('/9999/0/0', value)])
        if code in (1, 2) and 'the result is too large' in said and ('*' in text or '<<' in text):
            alone += 1
            continue # on the way to its value Python is at a number that is larger than Signet goes
        if code != 0:
            found.append(f'{text!r} is {value!r}, and is refused: {said.strip().splitlines()[0]}')
        elif made != want:
            found.append(f'{text!r} is {value!r}, and became {made[-40:].hex()}')
    return found if found or alone else [f'together only: {said.strip()[:200]}']

def check_refused(item, folder):
    text, value, error = item
    code, made, said, _ = run(HEAD + '0: ' + text + '}}}', folder)
    if code in (1, 2) and made is None and 'cfg:' in said:
        return []
    return [f'{text!r} is {error or value!r}, and is taken (exit {code}): {said.strip()[:200]}']

HOSTILE = {
    'nested': '[' * 100000, 'braces': '{1:' * 100000, 'parentheses': '(' * 500000 + '1',
    'unary': HEAD + '0: ' + '-' * 500000 + '1}}}', 'tildes': HEAD + '0: ' + '~' * 900000 + '1}}}',
    'power': HEAD + '0: 2 ** 2 ** 2 ** 2 ** 2 ** 2}}}', 'power2': HEAD + '0: 9 ** 999999999}}}',
    'shift': HEAD + '0: 1 << 999999999999}}}', 'repeat': HEAD + "0: 'A' * 10 ** 9}}}", 'repeat2': HEAD + "0: b'A' * 4096 * 4096}}}",
    'digits': HEAD + '0: ' + '9' * 900000 + '}}}', 'float': HEAD + '0: 1e' + '9' * 800000 + '}}}',
    'call': "{1: __import__('os').system('touch pwned')}", 'lambda': '(lambda: 1)()', 'f-string': HEAD + "0: f'{1}'}}}",
    'comprehension': '{x: x for x in range(10)}', 'attribute': HEAD + "0: 'a'.__class__}}}", 'walrus': HEAD + '0: (x := 1)}}}',
    'long text': "{1: '" + 'x' * 1048570 + "'", 'too long': '#' * 1048577, 'unclosed': "{1: '''" + 'x\n' * 400000,
    'nul': b'{1: \0}', 'utf8': b"{1: '\xff'}", 'surrogate': HEAD + "0: '\\ud800'}}}", 'bom': b'\xff\xfe{\0',
    'values': HEAD + ', '.join(f'{i}: 1' for i in range(65535)) + '}, 1: {0: 1, 1: 1, 2: 1}}}',
    'concatenation': HEAD + '0: ' + "'a' " * 250000 + '+ 1}}}', 'sum': HEAD + '0: ' + '1+' * 520000 + "'a'}}}",
    'instances': '{9999: {' + ', '.join(f'{i}: {{0: 1}}' for i in range(65000)) + '}, 5: 1}',
    'duplicates': HEAD + '0: 1, ' * 100000 + '0: 1}}}', 'merge': '{' + '**{1: {}}, ' * 80000 + '1: {}}',
    'comment': '#' + 'x' * 1000000, 'blank': ' ' * 1000000, 'continuation': '{' + '\\\n' * 400000 + '}',
}

def check_hostile(item, folder):
    name, text = item
    code, made, said, usage = run(text, folder, ['prlimit', f'--data={32 << 20}'])
    if code not in (1, 2) or made is not None or 'error:' not in said or len(said) > 4000 or 'memory' in said:
        return [f'hostile {name}: exit {code}: {said[:200]}']
    if usage.ru_utime > 10: # a second, on a machine ten times slower
        return [f'hostile {name}: {usage.ru_utime} s']
    return []

def main():
    warnings.simplefilter('ignore') # of Python, about escapes
    r = random.Random(SEED)
    items = [(text, *value_of(text)) for text in (expression(r) for _ in range(COUNT))]
    good = [item for item in items if item[2] is None and has(item[1])]
    bad = [item for item in items if item not in good][:400]
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(check_batch, good[i:i + PER_FILE], folder) for i in range(0, len(good), PER_FILE)]
        jobs += [pool.submit(check_refused, item, folder) for item in bad]
        jobs += [pool.submit(check_hostile, item, folder) for item in HOSTILE.items()]
        for job in jobs:
            failures.extend(job.result())
    print('\n'.join(failures[:40]))
    print(f'{len(good)} expressions with a value, {len(bad)} without, {len(HOSTILE)} hostile files: {len(failures)} failures')
    assert len(good) > COUNT // 2 and bad
    sys.exit(bool(failures))

main()
