# SPDX-License-Identifier: Apache-2.0
"""scripts/check-doors on small trees: each of its rules is broken once, and named."""
import os, re, subprocess, sys, tempfile

source = os.environ['SIGNET_SOURCE']

def check(files, same_names=0):
    """What check-doors says of a tree with these files, a path and its text each, where so many names may be shared."""
    with tempfile.TemporaryDirectory() as top:
        os.makedirs(f'{top}/scripts')
        with open(f'{source}/scripts/check-doors', encoding='utf-8') as f:
            script, n = re.subn(r'^SAME_NAMES = \d+', f'SAME_NAMES = {same_names}', f.read(), flags=re.M)
        assert n == 1
        with open(f'{top}/scripts/check-doors', 'w', encoding='utf-8') as f:
            f.write(script)
        for path, text in {'src/base/base.h': '#include <string.h>\n', **files}.items():
            folder, name = os.path.split(path)
            os.makedirs(f'{top}/{folder}', exist_ok=True)
            with open(f'{top}/{path}', 'w', encoding='utf-8') as f:
                f.write(text)
            if name.endswith('.c') and not text.startswith('#'):
                objects = f'{top}/build/{folder}/CMakeFiles/room.dir'
                os.makedirs(objects, exist_ok=True)
                subprocess.run(['cc', '-w', '-c', '-o', f'{objects}/{name}.o', f'{top}/{path}'], check=True)
        run = subprocess.run([sys.executable, f'{top}/scripts/check-doors', 'build'], cwd=top,
                             capture_output=True, text=True)
        return run.returncode, run.stdout.splitlines()

def says(line, files):
    rc, out = check(files)
    assert rc == 1 and line in out, f'{line!r} is missing in:\n' + '\n'.join(out)

def calls(name, *others):
    return f'void {name}(void) {{ ' + ' '.join(f'{other}();' for other in others) + ' }\n'

# circles: the shortest way round, through functions and through tables
says('a circle of 2 files: src/base/a.c -> src/base/b.c (b) -> src/base/a.c (a)',
     {'src/base/a.c': calls('a', 'b'), 'src/base/b.c': calls('b', 'a')})
says('a circle of 4 files: cli/c.c -> cli/d.c (d) -> cli/c.c (c)',
     {'cli/a.c': calls('a', 'b'), 'cli/b.c': calls('b', 'c'), 'cli/c.c': calls('c', 'd'),
      'cli/d.c': calls('d', 'c', 'a')})
says('a circle of 2 files: sim/one.c -> sim/table.c (table) -> sim/one.c (one)',
     {'sim/one.c': 'extern void *table[]; void one(void *p) { table[0] = p; }\n',
      'sim/table.c': 'void one(void *); void *table[] = {one};\n'})
straight = {'src/base/a.c': calls('a', 'b', 'c'), 'src/base/b.c': calls('b', 'c'), 'src/base/c.c': calls('c')}
assert not [line for line in check(straight)[1] if 'circle' in line]
same = {'src/base/a.c': 'static void s(void) {}\n' + calls('a', 's', 'b'),  # a static is nobody else's
        'src/base/b.c': 'static void s(void) {}\n' + calls('b', 's')}
assert not [line for line in check(same)[1] if 'circle' in line]

# names of static functions
says('s is static in src/base/a.c, and is also in src/base/b.c', same)
says('2 static functions share their name, 0 may: give new ones the prefix of their file', same)
assert not [line for line in check(same, 2)[1] if 'static' in line]
says('warn is static in cli/a.c, and is also in src/base/w.c',  # the other one is not static; an attribute, long lists
     {'cli/a.c': '__attribute__((format(printf, 1, 3))) static struct s *warn(const char *text,\n'
                 '    int (*each)(void *), ...)\n{\n}\n', 'src/base/w.c': 'int warn(void)\n{\n    return 0;\n}\n'})
apart = {'src/base/a.c': 'static int s(void);\n/* static int t(void)\n{ */\nstatic int s(void)\n{\n    return 0;\n}\n' +
         'int a(void)\n{\n    return s();\n}\n', 'src/base/b.c': 'int s(void);\nint t(void)\n{\n    return 0;\n}\n'}
assert not [line for line in check(apart)[1] if 'static' in line]

# calls and includes between rooms
says('base calls f of smp', {'src/base/a.c': calls('a', 'f'), 'src/smp/f.c': calls('f')})
says('src/lwm2m/a.c:1: config/json.h is inside another room; its door is config/config.h',
     {'src/lwm2m/a.c': '#include "config/json.h"\n'})
says('src/lwm2m/a.c:1: base/base.h brings <string.h>', {'src/lwm2m/a.c': '#include <string.h>\n'})
says('src/lwm2m/a.c:1: lwm2m may not open the door of config', {'src/lwm2m/a.c': '#include "config/config.h"\n'})
says('src/pki/a.c:1: <curl/curl.h> is seen by http_client only', {'src/pki/a.c': '#include <curl/curl.h>\n'})
says('cli/a.c:1: cli/ uses include/signet/ only, not pki/pki.h', {'cli/a.c': '#include "pki/pki.h"\n'})
says('include/signet/a.h:1: a public header includes base/base.h', {'include/signet/a.h': '#include "base/base.h"\n'})
says('src/cellar/a.c: the room cellar is not in scripts/check-doors', {'src/cellar/a.c': calls('a')})
says('scripts/check-doors: smp does not use link', straight)
says('build: no build there', {})

# this tree, as it is built
build = os.environ['SIGNET_BUILD']
run = subprocess.run([sys.executable, f'{source}/scripts/check-doors', build], capture_output=True, text=True)
assert run.returncode == 0, run.stdout + run.stderr
